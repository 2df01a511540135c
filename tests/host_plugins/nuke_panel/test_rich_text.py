"""Words from elsewhere, where Nuke takes them for HTML."""

import pytest


@pytest.fixture
def rich_text(session):
    from host_plugins.nuke_panel import rich_text

    return rich_text


def test_on_a_knob_every_letter_is_shown_and_lines_stay(rich_text):
    assert rich_text.shown('a < b & "c"\n<img>') == 'a &lt; b &amp; "c"<br>&lt;img&gt;'


@pytest.mark.parametrize("tag", ["<img src='x'>", "< img>", "</b>", "<!-- -->", "<?x?>"])
def test_in_a_dialog_nothing_looks_like_a_tag(rich_text, tag):
    assert "<" not in rich_text.untagged(tag)


@pytest.mark.parametrize("text", ["1 <= 2", "1 < 2", "<1001>", "a\nb"])
def test_in_a_dialog_what_is_no_tag_stays_as_it_is(rich_text, text):
    assert rich_text.untagged(text) == text
