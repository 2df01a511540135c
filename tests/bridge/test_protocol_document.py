"""docs/protocol.md says what the code does."""

import hashlib
import json
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from bridge import envelope, messages, shot
from bridge.errors import ErrorRecord
from void_server.broker import control
from void_server.spool import bulk, spool

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("|")]

STRUCTURES = (
    *get_args(messages.Message),
    shot.Request,
    shot.Shot,
    shot.OcioConfig,
    shot.Matte,
    shot.Sequence,
    shot.SourceFile,
    messages.EngineInfo,
    messages.ParameterInfo,
    messages.JobStatus,
    messages.Preview,
    messages.Result,
    ErrorRecord,
)


def row_of(name: str) -> str:
    rows = [row for row in ROWS if re.match(rf"\| [→← ]*`{name}`", row)]
    assert len(rows) == 1, f"{name} has {len(rows)} rows"
    return rows[0]


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda structure: structure.__name__)
def test_every_field_of_every_message_is_described(structure):
    row = row_of(structure.__name__)
    if structure is messages.Chunk:
        assert "as `Put`" in row
        assert structure.__struct_fields__ == messages.Put.__struct_fields__
        return
    fields = [field.name for field in msgspec.structs.fields(structure)]
    assert [name for name in fields if f"`{name}`" not in row] == []


def test_no_message_is_described_that_does_not_exist():
    described = set(re.findall(r"^\| [→←] `(\w+)`", TEXT, re.MULTILINE))
    assert described == {message.__name__ for message in get_args(messages.Message)}


def test_the_version_is_the_one_spoken():
    major, minor = envelope.PROTOCOL
    assert TEXT.startswith(f"# Protocol {major}.{minor}\n")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (envelope.MAX_CHUNK, "| payload | 1 MiB (`max_chunk`) |"),
        (envelope.MAX_HEADER, "| header | 4 MiB,"),
        (envelope.CREDIT, "| under way | 10 chunks (`credit`)"),
        (spool.FILE_LIMIT, "| file | 64 GiB,"),
        (messages.PREVIEW_LIMIT, "| preview | 16 MiB |"),
        (bulk.MAX_DIGESTS, "| digests in a `Stat` | 10,000 |"),
        (control.RESULTS_AT_ONCE, "| results in a `Status` | 8,000;"),
        (control.JOBS_AT_ONCE, "| jobs in a `Jobs` | 1,000 |"),
        (spool.KEEP_PARTIAL_SECONDS / 86400, "removed after 7 days"),
    ],
)
def test_the_limits_are_those_of_the_code(value, words):
    assert words in TEXT
    number = int(re.search(r"[\d,]+", words).group().replace(",", ""))
    assert value in (number, number << 20, number << 30)


def test_every_code_of_the_transport_is_described():
    files = ["bridge/envelope.py", "void_server/spool/bulk.py", "void_server/spool/spool.py"]
    files += ["void_server/spool/disk.py"]
    used = set()
    for file in files:
        used |= set(re.findall(r'code="(\w+)"', (ROOT / file).read_text(encoding="utf-8")))
    described = set(re.findall(r"^\| `(\w+)` \| (?:request|server) \|", TEXT, re.MULTILINE))
    assert used - described == set()


def test_the_example_is_what_is_sent():
    first, header = envelope.encode(messages.Ping(), None, bytes(range(16)))
    assert first.hex(" ") == "56 4f 49 44 01 " + " ".join(f"{n:02x}" for n in range(16))
    assert header == b"\x81\xa4type\xa4Ping"
    assert "56 4f 49 44 01  00 01 02" in TEXT


def test_the_job_id_is_reproducible_from_the_description():
    file = shot.SourceFile("plate.1001.exr", 3, "0" * 64, "/somewhere/plate.1001.exr")
    plate = shot.Sequence("plate.%04d.exr", "stills", (file,), (1001,))
    plain = shot.Request(
        shot.Shot("sh010", plate, (shot.Matte("remove", plate),), 1001, 1001),
        parameters={"b": 1, "a": 0.5},
    )
    listed = {"label": "plate.%04d.exr", "kind": "stills", "files": [], "frames": [1001]}
    listed["files"] = [{"name": "plate.1001.exr", "size": 3, "sha256": "0" * 64, "path": ""}]
    described = {
        "shot": {
            "name": "sh010",
            "plate": listed,
            "mattes": [{"role": "remove", "sequence": listed, "channel": ""}],
            "first_frame": 1001,
            "last_frame": 1001,
            "colorspace": "",
            "missing": "refuse",
        },
        "engine": "auto",
        "prompt": "",
        "seed": 0,
        "grow": 8.0,
        "feather": 6.0,
        "output": "comp",
        "parameters": {"a": 0.5, "b": 1},
        "schema": 1,
    }
    assert _id(described) == shot.job_id(plain)

    config = shot.OcioConfig("show.ocio", "$OCIO", shot.SourceFile("show.ocio", 9, "1" * 64, "/x"))
    newer = msgspec.structs.replace(plain.shot, view="right", config=config)
    told = {"name": "show.ocio", "size": 9, "sha256": "1" * 64, "path": ""}
    described["shot"] |= {
        "view": "right",
        "config": {"name": "show.ocio", "origin": "", "file": told},
    }
    assert _id(described) == shot.job_id(msgspec.structs.replace(plain, shot=newer))


def _id(described):
    text = json.dumps(described, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def test_the_config_that_nobody_chose_is_named():
    from ocio.convert import BUILTIN_CONFIG

    assert f"`{BUILTIN_CONFIG}`" in TEXT
