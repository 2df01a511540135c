import json
import logging

from void_server.broker.journal import journal

log = logging.getLogger("void_server.test")


def test_each_record_is_one_line_of_json(tmp_path):
    with journal(tmp_path, "INFO"):
        log.info("job %s\nis done", "abc")
        log.debug("too fine")
    (line,) = (tmp_path / "server.log").read_text().splitlines()
    record = json.loads(line)
    assert (record["level"], record["where"]) == ("INFO", "void_server.test")
    assert record["text"] == "job abc\nis done"
    assert record["time"].endswith("+00:00")


def test_a_trace_comes_along(tmp_path):
    with journal(tmp_path, "INFO"):
        try:
            1 / 0  # noqa: B018
        except ZeroDivisionError:
            log.exception("it failed")
    record = json.loads((tmp_path / "server.log").read_text())
    assert "ZeroDivisionError" in record["trace"]


def test_after_the_end_nothing_is_written(tmp_path):
    with journal(tmp_path, "INFO"):
        pass
    log.warning("late")
    assert (tmp_path / "server.log").read_text() == ""
