from msgspec.structs import replace

from bridge.messages import EngineInfo, Welcome
from host_plugins.panel import server_text

WELCOME = Welcome(
    (1, 2),
    "0.4.0",
    "epoch",
    1,
    1,
    False,
    (
        EngineInfo("void", "VOID", "", "cuda:0", (), False, "the model's files are not there"),
        EngineInfo("cleanplate", "Clean plate", "", "cpu"),
    ),
    ("cuda:0", "cpu"),
    1,
)


def test_a_server_is_told_with_its_version_devices_and_protocol():
    assert server_text.heading(WELCOME) == "void-server 0.4.0 on cuda:0, cpu, protocol 1.2"


def test_an_engine_that_is_not_there_comes_with_the_reason():
    assert server_text.lines(WELCOME) == [
        "void: not here: the model's files are not there",
        "cleanplate: runs on cpu",
    ]


def test_a_server_whose_workers_are_not_up_yet_says_so():
    starting = replace(WELCOME, engines=(), devices=())
    assert server_text.heading(starting) == "void-server 0.4.0, protocol 1.2"
    assert server_text.lines(starting) == ["its workers are starting"]


def test_silence_is_told_with_the_time_since_the_last_answer():
    assert server_text.silence(None) == "no server answers there"
    assert "for 12 s; the list is as it was then" in server_text.silence(12.2)
