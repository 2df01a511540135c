"""Every setting of `void-server`."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import platformdirs
from msgspec import Meta

from bridge.errors import RequestError
from bridge.settings import layered
from void_server.broker.devices import AUTO

APPLICATION = "void-bridge"
"""Name of the folders that the operating system keeps for us."""

TABLE = "server"
"""Table of the settings file."""

_DEVICE = re.compile(r"cpu(\+cpu)*|cuda|cuda:\d{1,3}(\+cuda:\d{1,3})*")


def default_file() -> Path:
    """The settings file that is read, if it exists, when no other is named."""
    return Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "void.toml"


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir(APPLICATION, appauthor=False))


def _default_weights() -> Path:
    return _default_data_dir() / "weights"


def _default_cache_dir() -> Path:
    return Path(platformdirs.user_cache_dir(APPLICATION, appauthor=False))


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings as they apply; the descriptions are what ``void-server --help`` says."""

    host: Annotated[
        str, Meta(description="address to listen on; any but loopback needs CURVE keys")
    ] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65535, description="port of the control connection; 0 takes a free one")
    ] = 5599
    bulk_port: Annotated[
        int, Meta(ge=0, le=65535, description="port of the bulk connection; 0 takes a free one")
    ] = 0
    data_dir: Annotated[
        Path, Meta(description="folder of jobs, spool, results and logs, for one server only")
    ] = msgspec.field(default_factory=_default_data_dir)
    connection_file: Annotated[
        Path | None,
        Meta(
            description="file that tells clients of this user where the server listens; "
            "default: server.json in the data folder"
        ),
    ] = None
    keys_dir: Annotated[
        Path | None,
        Meta(
            description="folder of the CURVE keys that 'void keys' makes; "
            "default: keys in the data folder"
        ),
    ] = None
    require_keys: Annotated[
        bool, Meta(description="ask for CURVE keys on loopback too, for machines with many users")
    ] = False
    roots: Annotated[
        tuple[Path, ...],
        Meta(
            description="folders, separated by commas, whose files may be named by path "
            "instead of being uploaded"
        ),
    ] = ()
    devices: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            description="devices, separated by commas: cpu, cuda, cuda:0; each gets a worker "
            "process, and cuda:0+cuda:1 one process for both; auto takes every GPU, else the CPU",
        ),
    ] = ("auto",)
    weights: Annotated[
        Path, Meta(description="folder of the model's files, which 'void weights fetch' fills")
    ] = msgspec.field(default_factory=_default_weights)
    cache_dir: Annotated[
        Path,
        Meta(description="folder of what makes the next start faster; may be deleted at any time"),
    ] = msgspec.field(default_factory=_default_cache_dir)
    idle_unload: Annotated[
        float,
        Meta(
            ge=0,
            description="seconds without a job after which a worker lets go of device memory; "
            "0 means never",
        ),
    ] = 300.0
    spool_limit: Annotated[
        float,
        Meta(
            gt=0,
            description="most that uploads and results may take, GiB; the oldest finished "
            "jobs are forgotten to stay below it",
        ),
    ] = 200.0
    keep: Annotated[
        float,
        Meta(ge=0, description="minutes for which a finished job is safe from being forgotten"),
    ] = 60.0
    attempts: Annotated[
        int, Meta(ge=1, description="how often a job is begun when its worker keeps dying")
    ] = 2
    max_jobs: Annotated[int, Meta(ge=1, description="most unfinished jobs per client")] = 500
    silence: Annotated[
        float,
        Meta(gt=0, description="seconds without a sign of life after which a worker is killed"),
    ] = 30.0
    start_limit: Annotated[
        float, Meta(gt=0, description="seconds that a worker may take to start")
    ] = 300.0
    grace: Annotated[
        float, Meta(ge=0, description="seconds that a worker may take to drop a cancelled job")
    ] = 10.0
    idle_exit: Annotated[
        float,
        Meta(
            ge=0,
            description="seconds without clients and jobs after which the server ends; "
            "0 means never",
        ),
    ] = 0.0
    parent_pid: Annotated[
        int, Meta(ge=0, description="process to end with, for servers that a client starts")
    ] = 0
    log_level: Annotated[
        str,
        Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR"),
    ] = "INFO"

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any] | None = None,
        *,
        file: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> ServerSettings:
        """Settings from flags, environment, file and defaults.

        Args:
            flags: Values from the command line; None means not given.
            file: The settings file, or None for the default one, which need not exist.
            environ: The environment; this process's own by default.

        Raises:
            RequestError: A setting is unknown, of the wrong type or out of range.
        """
        chosen = file or (default_file() if default_file().is_file() else None)
        settings = layered(
            cls,
            flags=flags or {},
            environ=os.environ if environ is None else environ,
            file=chosen,
            table=TABLE,
        )
        if settings.devices != (AUTO,):
            for device in settings.devices:
                _check_device(device)
        return msgspec.structs.replace(
            settings,
            roots=tuple(_root(r) for r in settings.roots),
            weights=settings.weights.absolute(),
            cache_dir=settings.cache_dir.absolute(),
        )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def notice(self) -> Path:
        """The file that tells clients where the server listens."""
        return self.connection_file or self.data_dir / "server.json"

    @property
    def keys(self) -> Path:
        """The folder of CURVE keys."""
        return self.keys_dir or self.data_dir / "keys"

    @property
    def spool_bytes(self) -> int:
        """`spool_limit` in bytes."""
        return int(self.spool_limit * 2**30)


def _check_device(device: str) -> None:
    members = device.split("+")
    if not _DEVICE.fullmatch(device):
        text = "it is none (expected cpu, cuda, cuda:0, or several as cuda:0+cuda:1"
        raise RequestError(f"device {device}", f"{text}, got {device!r})", code="settings")
    if members[0] != "cpu" and len(set(members)) < len(members):
        raise RequestError(f"device {device}", "it names one device twice", code="settings")


def _root(folder: Path) -> Path:
    """The folder with its links resolved, so that paths can be compared with it."""
    try:
        resolved = folder.resolve(strict=True)
    except OSError as error:
        raise RequestError(
            f"root {folder}", f"it cannot be read ({error.strerror})", code="settings"
        ) from error
    if not resolved.is_dir():
        raise RequestError(f"root {folder}", "it is not a folder", code="settings")
    return resolved
