"""Stream transport on loopback against a plain socket that copies the same bytes in the same run.

    python tests/benchmarks/transport.py [--frames 24] [--size 66355200] [--repeats 3]

Sender and receiver are two processes. One frame is as large as a 3840x2160 RGBA half picture.

memory to memory: bytes are in one buffer at the sender and end in one at the receiver. Ours adds
    typed headers, a CRC-32 of each chunk, checked, and an answer to each chunk.
disk to disk: one file per frame at the sender, one synced (fsync) file at the receiver. Ours is
    `Client.upload` into a `BulkDesk` and its spool, and `Client.download` out of it, which add the
    SHA-256 of each file, checked, resuming, and renaming. "sha256" is the plain socket with just
    that digest added, in the same thread.

Variants take turns within each repeat, after one round that does not count; the table shows
medians, and the peak resident memory of each process (VmHWM), some 35 MB of which are the
interpreter and its imports. Use an idle machine: ours needs more cores than a plain socket does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.client import Client
from bridge.messages import Control, Credit, Hello, Put, Result, Welcome
from bridge.shot import SourceFile
from bridge.wire import CREDIT, MAX_CHUNK, PROTOCOL, Dealer, Router
from void_server.spool.bulk import BulkDesk
from void_server.spool.spool import Spool

BLOCK = 1 << 20
ACK = b"!"


# --- plain sockets ---------------------------------------------------------------------------


def raw_listen() -> tuple[socket.socket, int]:
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


def raw_memory_receiver(frames: int, size: int, _: Path) -> None:
    listener, port = raw_listen()
    buffer = memoryview(bytearray(size))
    say(port=port)
    with listener, listener.accept()[0] as line:
        for _ in range(frames):
            receive_into(line, buffer)
        line.sendall(ACK)


def raw_memory_sender(port: int, frames: int, size: int, _: Path) -> float:
    buffer = os.urandom(size)
    with socket.create_connection(("127.0.0.1", port)) as line:
        began = time.perf_counter()
        for _ in range(frames):
            line.sendall(buffer)
        line.recv(1)
        return time.perf_counter() - began


def raw_disk_receiver(frames: int, size: int, folder: Path, *, digest: bool = False) -> None:
    listener, port = raw_listen()
    block = memoryview(bytearray(BLOCK))
    say(port=port)
    with listener, listener.accept()[0] as line:
        for frame in range(frames):
            summed = hashlib.sha256()
            with (folder / f"in.{frame}").open("wb", buffering=0) as file:
                left = size
                while left:
                    count = line.recv_into(block[: min(BLOCK, left)])
                    file.write(block[:count])
                    if digest:
                        summed.update(block[:count])
                    left -= count
                os.fsync(file.fileno())
        line.sendall(ACK)


def raw_sha_receiver(frames: int, size: int, folder: Path) -> None:
    raw_disk_receiver(frames, size, folder, digest=True)


def raw_disk_sender(port: int, frames: int, size: int, folder: Path) -> float:
    with socket.create_connection(("127.0.0.1", port)) as line:
        began = time.perf_counter()
        for frame in range(frames):
            with (folder / f"frame.{frame}").open("rb", buffering=0) as file:
                while block := file.read(BLOCK):
                    line.sendall(block)
        line.recv(1)
        return time.perf_counter() - began


def receive_into(line: socket.socket, buffer: memoryview) -> None:
    filled = 0
    while filled < len(buffer):
        filled += line.recv_into(buffer[filled:])


# --- ours ------------------------------------------------------------------------------------


def wire_receiver(frames: int, size: int, _: Path) -> None:
    buffer = bytearray(size)
    router = Router("tcp://127.0.0.1:0", receives=Put, hwm=4)
    say(port=router.port)
    left = frames * size
    while left:
        incoming = router.receive(10)
        assert incoming is not None
        put, payload = incoming.message, incoming.payload
        assert payload is not None
        assert zlib.crc32(payload) == put.crc32
        end = put.offset + len(payload)
        buffer[put.offset : end] = payload
        router.send(incoming.peer, incoming.request, Credit(put.sha256, end))
        left -= len(payload)
    sys.stdin.readline()  # the last answer must leave before the socket goes
    router.close()


def wire_sender(port: int, frames: int, size: int, _: Path) -> float:
    buffer = memoryview(os.urandom(size))
    dealer = Dealer(f"tcp://127.0.0.1:{port}")
    began = time.perf_counter()
    under_way = 0
    for _ in range(frames):
        for offset in range(0, size, MAX_CHUNK):
            payload = buffer[offset : offset + MAX_CHUNK]
            dealer.send(Put("0" * 64, size, offset, zlib.crc32(payload)), payload)
            under_way += 1
            if under_way == CREDIT:
                assert dealer.receive(10)
                under_way -= 1
    while under_way:
        assert dealer.receive(10)
        under_way -= 1
    seconds = time.perf_counter() - began
    dealer.close()
    return seconds


def desk_receiver(frames: int, size: int, folder: Path) -> None:
    with desk(folder / "spool", 2 * frames * size) as control:
        say(port=control.port)
        sys.stdin.readline()


@contextmanager
def desk(folder: Path, limit: int) -> Iterator[Router]:
    """A bulk desk, with the little of a broker that a client needs to find it."""
    spool = Spool(folder, limit)
    bulk = BulkDesk("tcp://127.0.0.1:0", spool)
    control = Router("tcp://127.0.0.1:0", receives=Control)
    over = threading.Event()
    thread = threading.Thread(target=greet, args=(control, bulk.port, over))
    bulk.start()
    thread.start()
    try:
        yield control
    finally:
        over.set()
        thread.join()
        bulk.stop()
        control.close()
        spool.close()


def greet(control: Router, bulk_port: int, over: threading.Event) -> None:
    welcome = Welcome(PROTOCOL, "", "", MAX_CHUNK, CREDIT, False, (), (), bulk_port)
    while not over.is_set():
        incoming = control.receive(0.1)
        if incoming is not None and isinstance(incoming.message, Hello):
            control.send(incoming.peer, incoming.request, welcome)


def upload(port: int, frames: int, size: int, folder: Path) -> float:
    files = sources(folder, frames, size)
    with Client(f"tcp://127.0.0.1:{port}") as client:
        client.hello()
        began = time.perf_counter()
        client.upload(files)
        return time.perf_counter() - began


def download(port: int, frames: int, size: int, folder: Path) -> float:
    files = sources(folder, frames, size)
    with Client(f"tcp://127.0.0.1:{port}") as client:
        client.upload(files)
        began = time.perf_counter()
        for frame, (source, _) in enumerate(files):
            client.download(
                Result("comp", frame, source.sha256, source.size), folder / f"out.{frame}"
            )
        return time.perf_counter() - began


def sources(folder: Path, frames: int, size: int) -> list[tuple[SourceFile, Path]]:
    digests = (folder / "digests").read_text().split()
    paths = [folder / f"frame.{frame}" for frame in range(frames)]
    return [
        (SourceFile(path.name, size, digest), path)
        for path, digest in zip(paths, digests, strict=True)
    ]


# --- the run ---------------------------------------------------------------------------------

Sender = Callable[[int, int, int, Path], float]
Receiver = Callable[[int, int, Path], None]

VARIANTS: dict[str, tuple[str, Sender, Receiver, str]] = {
    "raw-memory": ("plain socket, memory to memory", raw_memory_sender, raw_memory_receiver, ""),
    "wire": ("ours, memory to memory", wire_sender, wire_receiver, "raw-memory"),
    "raw-disk": ("plain socket, disk to disk", raw_disk_sender, raw_disk_receiver, ""),
    "raw-sha": (
        "plain socket, disk to disk, sha256",
        raw_disk_sender,
        raw_sha_receiver,
        "raw-disk",
    ),
    "upload": ("ours, upload, disk to disk", upload, desk_receiver, "raw-disk"),
    "download": ("ours, download, disk to disk", download, desk_receiver, "raw-disk"),
}


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def peak() -> int:
    """Peak resident memory of this process, bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def once(variant: str, frames: int, size: int, folder: Path) -> tuple[float, int, int]:
    """MB/s, and peak memory of sender and receiver in MB."""
    arguments = [str(frames), str(size), str(folder)]
    command = [sys.executable, __file__, "--as", variant]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen([*command, "receiver", "0", *arguments], **pipes) as receiver,
        subprocess.Popen(
            [*command, "sender", str(json.loads(receiver.stdout.readline())["port"]), *arguments],
            **pipes,
        ) as sender,
    ):
        sent = json.loads(sender.stdout.readline())
        receiver.stdin.write("\n")
        receiver.stdin.flush()
        received = json.loads(receiver.stdout.readline())
    for leftover in (*folder.glob("in.*"), *folder.glob("out.*")):
        leftover.unlink()
    shutil.rmtree(folder / "spool", ignore_errors=True)
    return (
        frames * size / sent["seconds"] / 1e6,
        round(sent["peak"] / 1e6),
        round(received["peak"] / 1e6),
    )


def child(variant: str, role: str, port: int, frames: int, size: int, folder: Path) -> None:
    _, sender, receiver, _ = VARIANTS[variant]
    if role == "sender":
        seconds = sender(port, frames, size, folder)
        say(seconds=seconds, peak=peak())
    else:
        receiver(frames, size, folder)
        say(peak=peak())


def make_frames(folder: Path, frames: int, size: int) -> None:
    digests = []
    for frame in range(frames):
        content = os.urandom(size)
        (folder / f"frame.{frame}").write_bytes(content)
        digests.append(hashlib.sha256(content).hexdigest())
    (folder / "digests").write_text("\n".join(digests))
    os.sync()


def table(results: dict[str, list[tuple[float, int, int]]]) -> None:
    medians = {name: statistics.median(run[0] for run in runs) for name, runs in results.items()}
    print("| | MB/s (median) | runs | of the plain socket | sender peak MB | receiver peak MB |")
    print("|---|---|---|---|---|---|")
    for name, runs in results.items():
        title, _, _, baseline = VARIANTS[name]
        share = f"{medians[name] / medians[baseline]:.0%}" if baseline in medians else ""
        speeds = ", ".join(f"{run[0]:.0f}" for run in runs)
        print(
            f"| {title} | {medians[name]:.0f} | {speeds} | {share} "
            f"| {max(run[1] for run in runs)} | {max(run[2] for run in runs)} |"
        )


def main() -> None:
    if sys.argv[1:2] == ["--as"]:
        variant, role, port, frames, size, folder = sys.argv[2:]
        child(variant, role, int(port), int(frames), int(size), Path(folder))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--size", type=int, default=3840 * 2160 * 4 * 2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; a real disk")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        make_frames(Path(folder), options.frames, options.size)
        results = {name: [] for name in options.only}
        for repeat in range(-1, options.repeats):
            for name in options.only:
                run = once(name, options.frames, options.size, Path(folder))
                results[name] += [run] if repeat >= 0 else []
    table(results)


if __name__ == "__main__":
    main()
