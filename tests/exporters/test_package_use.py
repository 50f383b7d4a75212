"""A package in the hands of who got it: its arguments, Ctrl-C, and data or tables that are not as they should be."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.exporters import ExportRequest, exporters
from tests.exporters.packages import curves, written
from tests.exporters.test_elsewhere import penguins
from tests.training.building import with_params, with_training

_EACH = """
import io, json, runpy, sys
from contextlib import redirect_stderr, redirect_stdout
import torch
torch.set_num_threads(1)
said = {}
for name, (file, *arguments) in json.loads(sys.argv[1]).items():
    sys.argv, sys.path[0:0], out, code = [file, *arguments], [file.rpartition("/")[0]], io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(out):
        try:
            runpy.run_path(file, run_name="__main__")
        except SystemExit as error:
            code = error.code if isinstance(error.code, int | None) else 1
            print(error.code)
    said[name] = code or 0, out.getvalue()
    del sys.path[0]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A package and a bundle of one run; to be read only."""
    folder = tmp_path_factory.mktemp("made")
    run = written(with_params(with_training(penguins(), epochs=2, batch_size=64), "out", metrics=("accuracy",)), folder)
    return folder / "package", exporters["bundle"].export(ExportRequest.of_run(run, folder / "bundle")).path


def wrong_data(package: Path, folder: Path) -> dict[str, list[str]]:
    """Return calls of train.py with data that it cannot train with."""
    table = (package / "data" / "rows.csv").read_text()
    head, _, rows = table.partition("\n")
    texts = {
        "no rows": "",
        "few rows": "\n".join(table.splitlines()[:9]),
        "no column": table.replace("island", "shore", 1),
        "other class": f"{head}\n{rows.replace('Adelie', 'Emperor')}",
    }
    for name, text in texts.items():
        shutil.copytree(package / "data", folder / name)
        (folder / name / "rows.csv").write_text(text)
    (folder / "nothing").mkdir()
    train = str(package / "train.py")
    return {name: [train, "--data", str(folder / name)] for name in ("nothing", *texts)}


def wrong_tables(bundle: Path, folder: Path) -> dict[str, list[str]]:
    """Return calls of predict.py with files that it cannot predict."""
    head, *rows = (bundle / "example.csv").read_text().splitlines()
    files = {
        "empty": b"",
        "only names": head.encode(),
        "other names": "\n".join([head.replace("island", "shore"), *rows]).encode(),
        "no text": b"island;year\n\xff\xfe;1\n",
    }
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content)
    (folder / "arrays.npz").write_bytes(b"no arrays")
    predict = str(bundle / "predict.py")
    return {
        "arrays": [predict, str(folder / "arrays.npz")],
        **{name: [predict, str(folder / f"{name}.csv")] for name in files},
    }


@pytest.mark.slow
def test_what_comes_wrong_is_told_in_a_line_and_what_is_asked_for_is_done(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    package, bundle = shutil.copytree(made[0], tmp_path / "package"), made[1]
    (tmp_path / "wrong").mkdir()
    train, bold = package / "train.py", package / "bold.py"
    bold.write_text(train.read_text().replace("LEARNING_RATE = 0.001", "LEARNING_RATE = 1e30"))
    calls = {
        "help": [str(train), "--help"],
        "no epochs": [str(train), "--epochs", "0"],
        "three": [str(train), "--epochs", "3", "--device", "cpu", "--output", str(tmp_path / "new" / "three")],
        "bold": [str(bold), "--output", str(tmp_path / "bold")],
        **wrong_data(package, tmp_path / "wrong"),
        **wrong_tables(bundle, tmp_path / "wrong"),
    }
    command = [sys.executable, "-I", "-c", _EACH, json.dumps(calls)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    texts = {name: text for name, (_code, text) in said.items()}
    assert {name for name, (code, _text) in said.items() if code == 0} == {"help", "three"}
    assert all(option in texts["help"] for option in ("--epochs", "--device", "--output", "--data", "default: 2"))
    assert "1 or more" in texts["no epochs"]
    assert [row["epoch"] for row in curves(tmp_path / "new" / "three")] == [1, 2, 3]
    assert torch.load(tmp_path / "new" / "three" / "weights.pt", weights_only=True)
    assert "smaller learning rate" in texts["bold"]
    assert "cannot be read" in texts["nothing"]
    assert "rows.csv is empty" in texts["no rows"]
    assert "names rows beyond the 8 that there are" in texts["few rows"]
    assert "lacks the columns island" in texts["no column"]
    assert "'species' has Emperor; its classes are Adelie" in texts["other class"]
    assert "has no rows" in texts["empty"]
    assert "has no rows" in texts["only names"]
    assert "these columns are missing: island; there are: " in texts["other names"]
    assert "UTF-8" in texts["no text"]
    assert "arrays.npz cannot be read" in texts["arrays"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends the signal of Ctrl-C")
def test_ctrl_c_keeps_the_curve_and_the_best_weights(made: tuple[Path, Path], tmp_path: Path) -> None:
    path = shutil.copytree(made[0], tmp_path / "package")
    command = [sys.executable, "-I", "-c", "import runpy, sys; sys.path.insert(0, sys.argv[1]); "]
    command[-1] += "sys.argv = ['train.py', '--epochs', '1000000']; runpy.run_path('train.py', run_name='__main__')"
    with subprocess.Popen([*command, str(path)], cwd=path, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        _rest, errors = process.communicate()
    assert lines[1].startswith("epoch 2/1000000")
    assert process.returncode == 1
    assert errors.startswith("Stopped: weights.pt holds the best of ")
    found = curves(path)
    assert [row["epoch"] for row in found] == [*range(1, len(found) + 1)]
    assert len(found) >= 2
    assert torch.load(path / "weights.pt", weights_only=True)
