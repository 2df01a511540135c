from void_server.broker.schedule import Idle, Waiting, after_death, assign

GPU = Idle("cuda0", frozenset({"void", "cleanplate"}))
CPU = Idle("cpu", frozenset({"cleanplate"}))


def jobs(*rows: str) -> list[Waiting]:
    return [Waiting(*row.split()) for row in rows]


def test_the_oldest_job_comes_first():
    assert assign(jobs("a auto anna", "b auto anna"), [CPU], running={}) == [("a", "cpu")]


def test_each_worker_gets_one_job_and_each_job_one_worker():
    given = assign(jobs("a auto anna", "b auto anna", "c auto anna"), [GPU, CPU], running={})
    assert given == [("a", "cuda0"), ("b", "cpu")]


def test_a_job_waits_for_a_worker_that_has_its_engine():
    queue = jobs("a void anna", "b cleanplate anna")
    assert assign(queue, [CPU], running={}) == [("b", "cpu")]


def test_a_worker_without_engines_gets_nothing():
    assert assign(jobs("a auto anna"), [Idle("cpu", frozenset())], running={}) == []


def test_a_single_job_is_not_held_up_by_another_users_fifty():
    queue = [Waiting(f"a{n}", "auto", "anna") for n in range(50)] + jobs("b auto ben")
    assert assign(queue, [CPU], running={"anna": 1}) == [("b", "cpu")]
    assert assign(queue, [GPU, CPU], running={}) == [("a0", "cuda0"), ("b", "cpu")]


def test_a_job_that_a_worker_still_holds_is_not_begun_elsewhere():
    queue = jobs("a auto anna", "b auto anna")
    assert assign(queue, [CPU], running={}, held={"a"}) == [("b", "cpu")]


def test_without_idle_workers_nothing_begins():
    assert assign(jobs("a auto anna"), [], running={}) == []


def test_a_job_is_begun_again_until_it_has_lost_as_many_workers_as_it_may():
    assert [after_death(deaths, attempts=2) for deaths in (1, 2, 3)] == [
        "queued",
        "failed",
        "failed",
    ]
