"""Results of the kinds that protocol 1.1 does not know."""

import pytest

from bridge.client import Client
from bridge.messages import Cancel, GetStatus
from bridge.sequence import PICTURE_KINDS

FRAMES = range(1001, 1006)


@pytest.fixture
def asked(served, settings, asker, request_for):
    """A client, a job with page and strips, and where its server listens."""
    endpoint = served(settings).endpoint
    ask = asker(endpoint)
    job = ask.submit(request_for({"page": "<!doctype html>"}))
    ask.wait(job)
    return ask, job, endpoint


def kinds(results):
    return [(result.kind, result.frame) for result in results]


def test_page_and_strips_are_told_to_a_client_that_asks_for_them(asked):
    ask, job, _ = asked
    told = kinds(ask(GetStatus(job, report=True)).results)
    frames = [(kind, frame) for frame in FRAMES for kind in ("comp", "strip")]
    assert told == [*frames, ("sidecar", None), ("report", None)]


def test_a_client_that_knows_nothing_of_them_gets_every_other_result(asked):
    ask, job, _ = asked
    seen = []
    while True:  # as a client of protocol 1.1 does it
        answer = ask(GetStatus(job, len(seen)))
        if not answer.results:
            break
        seen += answer.results
    assert set(kinds(seen)) == {*(("comp", frame) for frame in FRAMES), ("sidecar", None)}


def test_our_own_client_is_told_of_them(asked):
    _, job, endpoint = asked
    with Client(endpoint) as client:
        results = [result for status in client.watch(job) for result in status.results]
    assert ("report", None) in kinds(results)


OF_1_1 = {"comp", "patch", "sidecar"}
"""Every kind that a client of protocol 1.1 can decode."""


def test_pictures_that_1_1_does_not_know_are_told_only_to_who_asks(
    served, settings, asker, request_for
):
    ask = asker(served(settings).endpoint)
    job = ask.submit(request_for(output=PICTURE_KINDS))
    last = ask.wait(job)
    cancelled = ask(Cancel(job))
    assert {kind for kind, _ in kinds(last.results)} == OF_1_1
    assert cancelled.results == last.results
    told = {kind for kind, _ in kinds(ask(GetStatus(job, report=True)).results)}
    assert told == {*PICTURE_KINDS, "sidecar"}
