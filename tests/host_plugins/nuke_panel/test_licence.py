"""Nuke Non-commercial and Indie are told apart, and the way with files is said whole."""

import pytest

from bridge.errors import RequestError
from host_plugins.run.texts import told


@pytest.fixture
def licence(nuke):
    from host_plugins.nuke_panel import licence

    return licence


def test_a_commercial_licence_passes(licence):
    licence.check()


@pytest.mark.parametrize(("kind", "name"), [("nc", "Non-commercial"), ("indie", "Indie")])
def test_a_licence_of_ten_nodes_is_refused_with_the_way_out(start, kind, name):
    start(licence=kind)
    from host_plugins.nuke_panel import licence

    with pytest.raises(RequestError) as caught:
        licence.check()
    assert caught.value.code == "nuke_licence"
    assert f"Nuke {name}" in told(caught.value)
    assert "void remove 'PLATE.####.exr' --matte 'MATTE.####.exr'" in told(caught.value)
    assert "VOID > Help" in told(caught.value)


def test_the_command_names_the_files_of_the_reads_that_are_connected(licence, nuke, rig):
    group = nuke.nodes.Group()
    with group:
        for name, number in (("plate", 0), ("remove", 1)):
            nuke.nodes.Input(name=name)["number"].setValue(number)
    group.setInput(0, rig.plate(1))
    folder = rig.folder.as_posix()
    assert licence.command(group) == (
        f"void remove {folder}/plate.%04d.exr --matte 'MATTE.####.exr'"
    )
