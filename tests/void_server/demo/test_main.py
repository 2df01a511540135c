import os
import subprocess
import sys


def test_the_demo_films_removes_measures_and_reports(tmp_path):
    command = [sys.executable, "-m", "bridge.cli", "demo"]
    command += ["--out", "shot", "--size", "240x136", "--frames", "8"]
    environ = os.environ | {"VOID_DATA_DIR": str(tmp_path / "data")}
    ran = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "values changed outside the composite alpha    0" in ran.stdout
    assert "dB" in ran.stdout
    folder = tmp_path / "shot"
    assert len(list(folder.glob("demo_void_v001/demo_void_v001.*.exr"))) == 8
    assert len(list(folder.glob("plate/*.exr"))) == 8
    for name in ("contact_sheet.png", "before_matte_after.png", "report.html"):
        assert (folder / name).stat().st_size > 1000
