"""Taking over from an earlier result what has to be the same again.

The other eye of a stereo pair and the next range of a long shot match only if nothing is chosen
anew for them: exposure, peak and region belong to the shot, and a model that sees another
exposure paints another wall. An earlier result's sidecar says what was asked and what was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bridge.errors import RequestError
from bridge.sequence import Version
from bridge.shot import Parameter
from bridge.user_path import user_path

AUTO = "auto"
"""Value of an engine parameter that leaves the choice to the engine."""


class _Ran(msgspec.Struct, frozen=True):
    """What of a sidecar is needed here."""

    engine: str
    prompt: str
    seed: int
    grow: float
    feather: float
    parameters: dict[str, Parameter]
    engine_facts: dict[str, Parameter] = {}


def same_again(sidecar: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `bridge.shot.Request` that make another shot match an earlier result.

    A parameter that was left to the engine becomes what the engine then chose, where it has
    noted a fact of the same name.

    Args:
        sidecar: An earlier result's sidecar, parsed.

    Returns:
        ``engine``, ``prompt``, ``seed``, ``grow``, ``feather`` and ``parameters``.

    Raises:
        msgspec.ValidationError: It is no sidecar of a finished job.
    """
    ran = msgspec.convert(sidecar, _Ran)
    chosen = {
        name: _as_text(ran.engine_facts[name])
        for name, value in ran.parameters.items()
        if value == AUTO and name in ran.engine_facts
    }
    fields = msgspec.structs.asdict(ran)
    del fields["engine_facts"]
    return fields | {"parameters": ran.parameters | chosen}


def read(path: Path) -> dict[str, Any]:
    """`same_again` of a sidecar, or of the one in a version folder.

    Raises:
        RequestError: There is none, or its job is not finished, or this can be no path.
    """
    path = user_path(path, subject="--like")
    subject = f"--like {path}"
    file = Version(folder=path).sidecar if path.is_dir() else path
    try:
        return same_again(msgspec.json.decode(file.read_bytes(), type=dict[str, Any]))
    except OSError as error:
        raise RequestError(
            subject,
            f"{file.name} cannot be read ({error.strerror})",
            "Pass a version folder, such as sh010_void_v001, or the JSON file in it.",
            code="like",
        ) from error
    except msgspec.DecodeError as error:
        raise RequestError(
            subject,
            f"{file.name} does not say how a result was made ({error})",
            "Pass a result that is finished.",
            code="like",
        ) from error


def _as_text(fact: Parameter) -> str:
    return str(fact).lower() if isinstance(fact, bool) else str(fact)
