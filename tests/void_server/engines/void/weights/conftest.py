"""A hub on loopback that speaks as much of the real one as a fetch needs, and refuses the rest."""

import contextlib
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from void_server.engines.void.weights.catalogue import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LATER = "89abcdef0123456789abcdef0123456789abcdef"

BASE = Source(
    repository="someone/base",
    revision=COMMIT,
    folder="base",
    licence="A licence",
    patterns=("config.json", "model*.safetensors"),
    rarely=("rare.safetensors",),
)
PASSES = Source(
    repository="someone/passes",
    revision=None,
    folder="",
    licence="Another licence",
    patterns=("void_pass1.safetensors",),
)


class FakeHub:
    """Repositories by name: revision -> files. Large files have SHA-256, others git's digest.

    Attributes:
        asked: What was asked for, as ``METHOD path``, with the range of a download.
        break_after: Bytes after which a download of a file name breaks off, once for each entry.
        lie: Content by file name that is sent in place of the promised one, of the same length.
        promise: SHA-256 by file name that is promised in place of the real one.
        ranges: Whether it goes on in the middle of a file.
        stalled: Bytes by file name after which a download waits until `go_on` is set.
        failing: Status by file name that is answered in place of the file, once for each entry.
    """

    def __init__(self):
        self.repositories = {}
        self.branches = {}
        self.asked = []
        self.headers = []
        self.break_after = {}
        self.lie = {}
        self.promise = {}
        self.failing = {}
        self.stalled = {}
        self.go_on = threading.Event()
        self.ranges = True
        self.elsewhere = ""
        self.endpoint = ""

    def add(self, repository, commit, files, *, branch="main"):
        """Publish files and move the branch there."""
        self.repositories.setdefault(repository, {})[commit] = dict(files)
        self.branches[repository, branch] = commit

    def commit(self, repository, revision):
        """The commit of a branch or commit; None when there is none."""
        if revision in self.repositories.get(repository, {}):
            return revision
        return self.branches.get((repository, revision))

    def info(self, repository, revision):
        """The answer of the hub's model API with blobs."""
        commit = self.commit(repository, revision)
        files = self.repositories[repository][commit]
        siblings = [self._sibling(name, data) for name, data in files.items()]
        return {"_id": "1", "id": repository, "sha": commit, "siblings": siblings, "tags": []}

    def _sibling(self, name, data):
        found = {"rfilename": name, "size": len(data), "blobId": git_blob(data)}
        if name.endswith(".safetensors"):
            sha256 = self.promise.get(name, hashlib.sha256(data).hexdigest())
            found["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
        return found


def git_blob(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


API = re.compile(r"/api/models/([\w.-]+/[\w.-]+)/revision/([\w.]+)\?blobs=(?:True|true)")
RESOLVE = re.compile(r"/([\w.-]+/[\w.-]+)/resolve/([0-9a-f]{40})/([\w./-]+)")


class Handler(BaseHTTPRequestHandler):
    @property
    def hub(self):
        return self.server.hub

    def do_GET(self):
        self.hub.asked.append(f"GET {self.path} {self.headers.get('Range', '')}".strip())
        self.hub.headers.append(dict(self.headers))
        if found := API.fullmatch(self.path):
            self._api(*found.groups())
        elif found := RESOLVE.fullmatch(self.path):
            self._resolve(*found.groups())
        else:
            self.send_error(400, f"this hub does not know {self.path}")

    def _api(self, repository, revision):
        if repository not in self.hub.repositories:
            self._none("RepoNotFound")
        elif self.hub.commit(repository, revision) is None:
            self._none("RevisionNotFound")
        else:
            self._send(200, json.dumps(self.hub.info(repository, revision)).encode())

    def _resolve(self, repository, commit, name):
        if self.hub.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.hub.elsewhere + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.hub.failing.get(name):
            self.send_error(self.hub.failing[name].pop(0))
            return
        data = self.hub.lie.get(name, self.hub.repositories[repository][commit][name])
        start = self._start(len(data))
        if start >= len(data):
            self.send_error(416)
            return
        self._file(name, data, start)

    def _start(self, length):
        asked = self.headers.get("Range")
        if asked is None or not self.hub.ranges:
            return 0
        return int(re.fullmatch(r"bytes=(\d+)-", asked).group(1))

    def _file(self, name, data, start):
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        breaks = self.hub.break_after.get(name)
        data = data[start : start + breaks.pop(0)] if breaks else data[start:]
        waits = self.hub.stalled.pop(name, len(data))
        self.wfile.write(data[:waits])
        if waits < len(data):
            self.wfile.flush()
            self.hub.go_on.wait()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data[waits:])
        self.close_connection = True

    def _none(self, code):
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status, data):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def serving(hub):
    """The hub's address while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.hub = hub
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        hub.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hub(monkeypatch):
    """A hub with two repositories; `endpoint` is its address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("VOID_NO_NETWORK", raising=False)
    monkeypatch.setenv("HF_TOKEN", "")
    found = FakeHub()
    found.add(
        BASE.repository,
        COMMIT,
        {
            "README.md": b"words",
            "config.json": b'{"a": 1}',
            "model-00001-of-00002.safetensors": b"first" * 1000,
            "model-00002-of-00002.safetensors": b"second" * 1000,
            "rare.safetensors": b"rare" * 10,
            "pytorch_model.bin": b"a pickle",
        },
    )
    found.add(PASSES.repository, COMMIT, {"void_pass1.safetensors": bytes(range(256)) * 4000})
    with serving(found) as found.endpoint:
        yield found


@pytest.fixture
def second_hub():
    """Another server, for redirects."""
    found = FakeHub()
    with serving(found) as found.endpoint:
        yield found


class Said:
    """What the user was told."""

    def __init__(self):
        self.lines = []
        self.bars = {}

    def note(self, text):
        self.lines.append(text)

    @contextmanager
    def bar(self, stage, total):
        self.bars[stage] = [0, total]

        def advanced(count):
            self.bars[stage][0] += count

        yield advanced


@pytest.fixture
def sources():
    """What the hub's repositories are to a fetch."""
    return BASE, PASSES


@pytest.fixture
def said():
    """Collects lines and bars."""
    return Said()
