"""The manual in an install, from a checkout and from an installed package."""

import importlib.metadata
import re

import pytest

import host_plugins
from host_plugins.install import manual, wheels


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """As where the package was installed from a wheel: its documents are files of its own."""
    site = tmp_path / "site-packages"
    about = site / "void_bridge-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: void-bridge\nVersion: 1\n")
    monkeypatch.setattr(host_plugins, "__path__", [str(site / "host_plugins")])
    monkeypatch.setattr(
        wheels, "package", lambda: importlib.metadata.Distribution.at(about), raising=True
    )
    docs = tmp_path / "share" / "doc" / "void-bridge"

    def install(**documents):
        docs.mkdir(parents=True)
        names = [f"../share/doc/void-bridge/{name}.md" for name in documents]
        (about / "RECORD").write_text("".join(f"{name},,\n" for name in names))
        for name, text in documents.items():
            (docs / f"{name}.md").write_text(text)
        return docs

    return install


def linked(page):
    return re.findall(r'(?:href|src)="([^"#:]+)["#]', page.read_text("utf-8"))


def test_every_link_and_picture_of_an_install_leads_somewhere(bare):
    docs = bare.void / "docs"
    pages = sorted(docs.glob("*.html"))

    assert docs / "nuke.html" in pages
    assert len(pages) > 1
    for page in pages:
        assert [name for name in linked(page) if not (docs / name).is_file()] == []


def test_the_documents_of_an_installed_package_are_found(packaged, tmp_path):
    docs = packaged(nuke="[a](a.md#b) [c](c.md) [d](https://d)", a="[c](c.md)", c="")
    (docs / "c.md").unlink()

    manual.write(tmp_path / "made")

    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["a.html", "nuke.html"]
    assert '<p><a href="a.html#b">a</a> c <a href="https://d">d</a></p>' in (
        tmp_path / "made" / "nuke.html"
    ).read_text("utf-8")


def test_without_documents_nothing_is_written(packaged, tmp_path):
    packaged()

    manual.write(tmp_path / "made")

    assert not (tmp_path / "made").exists()
