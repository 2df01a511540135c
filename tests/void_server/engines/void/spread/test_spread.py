"""Several ranks denoise as one does, and stop, fail and end together."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from bridge.errors import ServerError
from void_server.engines.void.predict import Text


class Cancelled(Exception):
    """As an engine's callback raises it."""


def the_same(found, wanted):
    return [f.start for f in found] == [w.start for w in wanted] and all(
        torch.equal(f.latents, w.latents) for f, w in zip(found, wanted, strict=True)
    )


def cancel_at(step):
    def on_step(at, *_):
        if at == step:
            raise Cancelled

    return on_step


def test_two_ranks_give_the_bits_of_one_for_three_windows(shot, passes, pair):
    case = shot(passes.one, 20)
    assert the_same(case.spread(pair), case.alone())


def test_two_ranks_give_the_bits_of_one_for_two_prompts(shot, passes, pair):
    case = shot(passes.two, 8)
    assert the_same(case.spread(pair), case.alone())


def test_two_prompts_at_once_and_one_after_the_other_differ_by_rounding_only(shot, passes, pair):
    case = shot(passes.two, 8)
    (together,), (apart,) = case.alone(branch_by_branch=False), case.spread(pair)
    assert (together.latents - apart.latents).abs().max() < 1e-4


def test_chunks_are_joined_as_on_one_device(shot, passes, pair):
    case = shot(passes.two, 22, chunk=14).with_noise_by_index()
    found = case.spread(pair)
    assert len(found) == 2
    assert the_same(found, case.alone())


def test_three_ranks_give_the_bits_of_one(shot, passes, trio):
    for case in (shot(passes.one, 20), shot(passes.two, 20, chunk=14), shot(passes.one, 6)):
        assert the_same(case.spread(trio), case.alone())


def test_every_step_is_told_in_order_with_the_same_estimate(shot, passes, pair):
    case = shot(passes.one, 22, chunk=14)
    told, alone = [], []
    case.spread(pair, lambda *said: told.append(said))
    case.alone(lambda *said: alone.append(said))
    assert [said[:4] for said in told] == [said[:4] for said in alone]
    assert all(torch.equal(a[4], b[4]) for a, b in zip(told, alone, strict=True))


@pytest.mark.parametrize("step", [1, 3, 4])
def test_a_cancelled_shot_leaves_the_ranks_ready_for_the_next(step, shot, passes, pair):
    pids = pair.pids
    with pytest.raises(Cancelled):
        shot(passes.one, 22, chunk=14).spread(pair, cancel_at(step))
    case = shot(passes.two, 20, seed=1)
    assert the_same(case.spread(pair), case.alone())
    assert pair.pids == pids


def test_a_shot_that_is_given_up_between_chunks_leaves_the_ranks_ready(shot, passes, pair):
    case = shot(passes.one, 22, chunk=14)
    finals = pair.denoise(case.conditioning, **case.arguments)
    next(finals)
    finals.close()
    assert the_same(case.spread(pair), case.alone())


def test_a_result_that_is_not_a_number_is_named_with_its_step(shot, passes, trio):
    case = shot(passes.one, 20)
    case.conditioning.plate[0, 19, 3, 2, 1] = torch.nan
    with pytest.raises(ServerError, match=r"pass 1: .*NaN or Inf at step 1 of 4"):
        case.spread(trio)
    sound = shot(passes.one, 20)
    assert the_same(sound.spread(trio), sound.alone())


def test_a_rank_that_fails_is_quoted_and_works_again(shot, passes, scripted):
    case = shot(passes.one, 20)
    with pytest.raises(ServerError, match="device cpu: ValueError: scripted"):
        case.spread(scripted(error="ValueError", call=3))
    assert the_same(case.spread(scripted()), case.alone())


def test_a_rank_without_memory_is_as_this_device_without_memory(shot, passes, scripted):
    ranks = scripted(error="OutOfMemoryError", call=2)
    with pytest.raises(torch.OutOfMemoryError, match="scripted"):
        shot(passes.one, 20).spread(ranks)
    assert ranks.usable


def test_a_rank_that_cannot_load_is_quoted_and_may_try_again(shot, passes, scripted):
    case = shot(passes.one, 6)
    with pytest.raises(ServerError, match="device cpu: ValueError: scripted"):
        case.spread(scripted(error="ValueError", call=0))
    assert the_same(case.spread(scripted()), case.alone())


def test_a_failure_of_all_ranks_is_the_one_seen_here_and_leaves_them_ready(shot, passes, pair):
    case = shot(passes.one, 20)
    text = case.arguments["text"]
    case.arguments["text"] = Text(prompt=text.prompt[..., :31])
    with pytest.raises(RuntimeError, match="31"):
        case.spread(pair)
    case.arguments["text"] = text
    assert the_same(case.spread(pair), case.alone())


def test_a_rank_that_dies_is_reported_within_seconds(shot, passes, trio, runs):
    pids, died = trio.pids, []

    def kill(step, *_):
        if step == 2 and not died:
            os.kill(pids[1], signal.SIGKILL)
            died.append(time.monotonic())

    with pytest.raises(ServerError) as caught:
        shot(passes.one, 20).spread(trio, kill)
    assert time.monotonic() - died[0] < 10
    assert caught.value.code == "device_lost"
    assert "cpu ended with signal 9" in caught.value.text
    assert not trio.usable
    assert not any(map(runs, pids))
    with pytest.raises(ServerError, match="ended with signal 9"):
        shot(passes.one, 20).spread(trio)


def test_a_rank_that_dies_between_shots_is_reported(shot, passes, pair):
    case = shot(passes.one, 6)
    case.spread(pair)
    os.kill(pair.pids[0], signal.SIGKILL)
    with pytest.raises(ServerError) as caught:
        case.spread(pair)
    assert caught.value.code == "device_lost"


def test_a_rank_that_cannot_start_is_reported(shot, passes, start):
    ranks = start(2, command=(sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(ServerError, match="cpu ended with exit code 3"):
        shot(passes.one, 6).spread(ranks)


def test_closing_ends_the_processes_and_removes_their_folder(start, runs):
    ranks = start(3)
    folder = ranks.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(map(runs, ranks.pids))
    ranks.close()
    ranks.close()
    assert not any(map(runs, ranks.pids))
    assert not folder.exists()


_PARENT = """
import os, subprocess, sys
command = [sys.executable, "-m", "void_server.engines.void.spread.rank", str(os.getpid())]
rank = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(rank.pid, rank.stdout.readline(), flush=True)
sys.stdin.read()
"""


def test_a_rank_ends_with_a_parent_that_was_killed(runs):
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        pid, hello = parent.stdout.readline().split(maxsplit=1)
        assert b"hello" in hello
        assert runs(int(pid))
        parent.kill()
    deadline = time.monotonic() + 10
    while runs(int(pid)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
