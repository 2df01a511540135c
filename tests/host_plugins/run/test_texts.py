import logging

import pytest

from bridge.errors import ConnectionLost, RequestError, ServerError
from host_plugins.run.problems import Problems, together
from host_plugins.run.texts import told, unexpected


def no_plate():
    return RequestError("plate", "nothing is connected", "Pass one.", code="no_plate")


def no_matte():
    return RequestError("matte", "nothing is connected", "Pass --matte.", code="no_matte")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (no_plate(), 'Connect a plate to input "plate".'),
        (no_matte(), 'Connect a matte to input "remove". White = remove.'),
        (
            ConnectionLost("server tcp://gpu:5599", "it does not answer", code="server_down"),
            "Can't reach the VOID server at tcp://gpu:5599. Start it with void-server, or set the "
            "address in the Server tab. Your script was not changed.",
        ),
        (
            RequestError("sh010 matte", "it is empty on every frame", code="empty_matte"),
            "sh010 matte: it is empty on every frame. Check the roto's frame range and that it "
            "writes alpha.",
        ),
        (
            RequestError("/jobs", "there is no room", "Pass --out.", code="disk_full"),
            "/jobs: there is no room. Make room, or choose another results folder in Advanced. "
            "Finished frames are kept; press the button again to go on.",
        ),
        (
            ServerError("disk", "it is full", code="disk_full"),
            "disk: it is full. Have room made on the server (void purge). Finished frames are "
            "kept; press the button again to go on.",
        ),
        (
            RequestError("grow", "it is too large", "Take a smaller one.", code="anything"),
            "grow: it is too large. Take a smaller one.",
        ),
        (
            RequestError("plate", "it has two views", "Pass --view.", code="view"),
            "plate: it has two views.",
        ),
        (
            ServerError("spool", "it is full", "Raise --spool-limit.", code="spool_full"),
            "spool: it is full. Raise --spool-limit.",
        ),
    ],
    ids=lambda value: value.code if hasattr(value, "code") else "",
)
def test_an_error_is_said_in_the_nodes_words(error, text):
    assert told(error) == text


def test_several_problems_are_one_error_with_a_line_each():
    problems = together([no_plate(), together([no_matte(), no_plate()])])
    assert isinstance(problems, RequestError)
    assert problems.code == "several_problems"
    assert [error.code for error in problems.errors] == ["no_plate", "no_matte", "no_plate"]
    assert told(problems).splitlines()[:2] == [
        'Connect a plate to input "plate".',
        'Connect a matte to input "remove". White = remove.',
    ]
    assert len(str(problems).splitlines()) == 3
    assert problems.record().subject == "3 problems"


def test_a_single_problem_stays_what_it_is():
    only = no_plate()
    assert together([only]) is only
    assert not isinstance(only, Problems)
    with pytest.raises(ValueError, match="no errors"):
        together([])


def test_what_nobody_foresaw_is_one_line_that_names_the_log(tmp_path, caplog):
    handler = logging.FileHandler(tmp_path / "void.log")
    logging.getLogger("void").addHandler(handler)
    try:
        error = unexpected(KeyError("a\nb"))
    finally:
        logging.getLogger("void").removeHandler(handler)
        handler.close()
    assert told(error) == (
        "VOID: something unexpected happened (KeyError: 'a\\nb'). The details are in "
        f"{tmp_path / 'void.log'}."
    )
    assert "KeyError" in (tmp_path / "void.log").read_text()
