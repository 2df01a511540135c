from pathlib import Path

from void_server.broker.devices import resolved


def test_devices_that_are_named_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "nvidia0").touch()
    assert resolved(("cpu", "cuda:1"), folder=tmp_path) == ("cpu", "cuda:1")


def test_auto_takes_every_gpu_by_its_device_file(tmp_path: Path) -> None:
    for name in ("nvidia3", "nvidia7", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert resolved(("auto",), folder=tmp_path) == ("cuda:0", "cuda:1")


def test_auto_takes_the_cpu_where_there_is_no_gpu(tmp_path: Path) -> None:
    assert resolved(("auto",), folder=tmp_path) == ("cpu",)
