import pytest

from bridge.errors import RequestError
from ocio.convert import ColorConfig
from ocio.names import ASKED, KNOWN, resolve

CONFIG = ColorConfig()

TRANSLATED = [(h, name, space) for h, names in KNOWN.items() for name, space in names.items()]
OPEN = [(h, name, likely) for h, names in ASKED.items() for name, likely in names.items()]


@pytest.mark.parametrize(("host", "name", "space"), TRANSLATED, ids=lambda value: str(value))
def test_every_name_leads_to_a_space_of_the_pinned_config(host, name, space):
    found = CONFIG.find(space)
    assert space in (found.interop_id, found.name)
    assert not found.display
    meant = resolve(name.upper(), host=host)
    assert (meant.host, meant.name, meant.space) == (host, name, space)


@pytest.mark.parametrize(("host", "name", "likely"), OPEN, ids=lambda value: str(value))
def test_a_name_that_leaves_something_open_is_never_translated(host, name, likely):
    assert name not in KNOWN[host]
    with pytest.raises(RequestError) as caught:
        resolve(name, host=host, subject="sh010 plate")
    assert (caught.value.subject, caught.value.code) == ("sh010 plate", "colorspace")
    assert "--colorspace" in caught.value.hint
    for space in likely:
        CONFIG.find(space)
        assert space in caught.value.hint


def test_nuke_s_linear_is_asked_about_with_both_primaries():
    with pytest.raises(RequestError, match="'linear' leaves it open which primaries") as caught:
        resolve("Linear")
    assert "lin_rec709_scene or lin_ap1_scene" in caught.value.hint


def test_a_name_means_the_same_in_both_hosts_or_is_asked_for():
    for name, space in KNOWN["Nuke"].items():
        both = {other.casefold(): found for other, found in KNOWN["Resolve"].items()}
        assert both.get(name.casefold(), space) == space
        assert name.casefold() not in {other.casefold() for other in ASKED["Resolve"]}


@pytest.mark.parametrize("name", ["ACEScg", "no such space", "", "lin_rec709_scene"])
def test_what_is_no_host_s_word_is_none(name):
    assert resolve(name) is None
    assert resolve("AlexaV3LogC", host="Resolve") is None


def test_no_name_that_the_config_has_itself_is_listed():
    listed = [name for _, name, _ in (*TRANSLATED, *OPEN)]
    assert [name for name in listed if CONFIG.knows(name)] == []
