from bridge.messages import Hello, Ping, Pong, Status, Submit, Submitted, Welcome


def test_a_job_runs_from_submission_to_done(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    welcome = ask(Hello("test", "1", (1, 1)))
    assert isinstance(welcome, Welcome)
    job = ask.submit(request_for())
    end = ask.wait(job)
    assert end.status.state == "done"
    assert end.status.finished == 5
    assert end.status.engine == "scripted"
    assert [r.frame for r in end.results] == [1001, 1002, 1003, 1004, 1005, None]
