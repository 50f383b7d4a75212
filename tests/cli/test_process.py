"""The installed command as a process: what it loads, pipes that close, Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Drive

_COMMAND = str(Path(sys.executable).with_name("layerwright"))

_WITHOUT_TORCH = """
import sys
from core.cli.main import main
for line in ("--help", "--version", "templates", "new digits -o a.layerwright", "layers", "schema", "runs",
             "train --help", "train a.layerwright --epochs 0", "check gone"):
    words = line.split()
    main(words)
    loaded = {"torch", "sklearn", "polars", "PySide6"} & set(sys.modules)
    assert not loaded, (words, loaded)
"""


def _run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_COMMAND, *words], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


def test_what_needs_no_torch_does_not_load_it(tmp_path: Path) -> None:
    path = {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", _WITHOUT_TORCH]
    done = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_command_answers_with_its_exit_status(tmp_path: Path) -> None:
    assert _run("--version", folder=tmp_path).stdout.startswith("layerwright ")
    assert _run("new", "moons", "-o", "größe.layerwright", folder=tmp_path).stdout == "größe.layerwright\n"
    refused = _run("new", "moons", "-o", "größe.layerwright", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert _run("check", "gone.layerwright", folder=tmp_path).returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [_COMMAND, "layers"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_keeps_the_run_which_then_goes_on(cli: Drive, flowers: Path, tmp_path: Path) -> None:
    command = [_COMMAND, "train", str(flowers), "--run", "run", "--epochs", "1000000", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while json.loads(process.stdout.readline()).get("event") != "epoch-ended":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    summary = json.loads(out.splitlines()[-1])["summary"]
    assert summary["status"] == "stopped"
    assert "Traceback" not in err
    assert "--resume" in err
    assert cli("runs", ".", "--json").objects[0]["status"] == "stopped"
    gone_on = cli("train", flowers, "--run", "run", "--resume", "--epochs", summary["epochs"] + 2, "--json")
    assert gone_on.objects[-1]["summary"]["status"] == "completed"
    assert gone_on.objects[-1]["summary"]["epochs"] == summary["epochs"] + 2
