import pytest

from bridge.errors import ConnectionLost, RequestError, ServerError
from host_plugins.panel.error_text import details, said


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ServerError("disk", "it is full", "Make room."), "disk: it is full. Make room."),
        (ServerError("disk", "it is full"), "disk: it is full."),
        (RequestError("plate", "no roots", "Start it with --roots."), "plate: no roots."),
        (
            RequestError("a.exr", "it stands there", "Pass --new-version.", code="would_overwrite"),
            "a.exr: it stands there. Move it away, or collect into another folder.",
        ),
    ],
    ids=["with advice", "without", "an option is no advice here", "advice for a panel"],
)
def test_an_error_is_said_with_advice_for_a_panel(error, text):
    assert said(error) == text


def test_a_longer_look_names_the_code_and_who_can_do_something():
    assert details(RequestError("a", "b", code="bad_name")) == "code bad_name (you)"
    assert details(ConnectionLost("a", "b", code="server_down")) == "code server_down (it may pass)"
