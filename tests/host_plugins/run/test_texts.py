import logging
import re
from pathlib import Path

import pytest

from bridge.errors import ConnectionLost, RequestError, ServerError
from host_plugins.run.problems import Problems, together
from host_plugins.run.texts import told, unexpected

KNOBS = Path(__file__).parents[3] / "host_plugins" / "nuke_panel" / "knobs.py"
LABELS = set(re.findall(r'label="([^"]+)"', KNOBS.read_text()))


@pytest.fixture(autouse=True)
def no_server_for_all(monkeypatch):
    monkeypatch.delenv("VOID_SERVER", raising=False)


def no_plate():
    return RequestError("plate", "nothing is connected", "Pass one.", code="no_plate")


def no_matte():
    return RequestError("matte", "nothing is connected", "Pass --matte.", code="no_matte")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (no_plate(), 'Connect a plate to input "plate". [no_plate]'),
        (no_matte(), 'Connect a matte to input "remove". White = remove. [no_matte]'),
        (
            ConnectionLost("server tcp://gpu:5599", "it does not answer", code="server_down"),
            "Can't reach the VOID server at tcp://gpu:5599. Start it with void-server, or set the "
            "address in the Server tab. Your script was not changed. [server_down]",
        ),
        (
            RequestError("sh010 matte", "it is empty on every frame", code="empty_matte"),
            "sh010 matte: it is empty on every frame. Check the roto's frame range and that it "
            "writes alpha. [empty_matte]",
        ),
        (
            RequestError("/jobs", "there is no room", "Pass --out.", code="disk_full"),
            "/jobs: there is no room. Make room, or choose another results folder in Advanced. "
            "Finished frames are kept; press the button again to go on. [disk_full]",
        ),
        (
            ServerError("disk", "it is full", code="disk_full"),
            "disk: it is full. Have room made on the server (void purge). Finished frames are "
            "kept; press the button again to go on. [disk_full]",
        ),
        (
            RequestError("grow", "it is too large", "Take a smaller one.", code="anything"),
            "grow: it is too large. Take a smaller one. [anything]",
        ),
        (
            RequestError("plate", "it has two views", "Pass --view.", code="view"),
            "plate: it has two views. [view]",
        ),
        (
            ServerError("spool", "it is full", "Raise --spool-limit.", code="spool_full"),
            "spool: it is full. Raise --spool-limit. [spool_full]",
        ),
        (
            RequestError(
                "plate", "frame 3 is missing", "Pass --missing hold.", code="missing_frames"
            ),
            'plate: frame 3 is missing. Render them, or set "Missing frames" to Hold in the '
            "Remove tab. [missing_frames]",
        ),
    ],
    ids=lambda value: value.code if hasattr(value, "code") else "",
)
def test_an_error_is_said_in_the_nodes_words(error, text):
    assert told(error) == text


def test_an_address_that_has_no_say_is_not_what_to_mend(monkeypatch):
    """Source: VOID_SERVER wins over the node."""
    monkeypatch.setenv("VOID_SERVER", "tcp://gpu:5599")
    lost = ConnectionLost("server tcp://gpu:5599", "it does not answer", code="server_down")
    assert "correct VOID_SERVER, which wins over the Server tab" in told(lost)
    assert "set the address" not in told(lost)


def test_labels_of_knobs_are_said_as_the_node_says_them():
    """An artist looks for the label; names of knobs are nowhere on the screen."""
    for code in ("missing_frames", "outside_roots"):
        said = told(RequestError("plate", "it will not do", code=code))
        quoted = re.findall(r'"([^"]+)"', said)
        assert quoted
        assert all(label in LABELS for label in quoted), quoted


def test_several_problems_are_one_error_with_a_line_each():
    problems = together([no_plate(), together([no_matte(), no_plate()])])
    assert isinstance(problems, RequestError)
    assert problems.code == "several_problems"
    assert [error.code for error in problems.errors] == ["no_plate", "no_matte", "no_plate"]
    assert told(problems).splitlines()[:2] == [
        'Connect a plate to input "plate". [no_plate]',
        'Connect a matte to input "remove". White = remove. [no_matte]',
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
        f"{tmp_path / 'void.log'}. [unexpected]"
    )
    assert "KeyError" in (tmp_path / "void.log").read_text()
