"""Trains projects here and their packages in a Python that has only torch, and compares the curves and weights."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.exporters._folder import unpack
from core.exporters._package.data import package_data
from core.exporters._package.train import package_train
from core.graph.project import Project
from core.training.runs import Run
from core.training.session import open_session
from tests.training.building import trained

ONLY_TORCH = """
import importlib.abc, sys

class OnlyTorch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"core", "designer", "layerwright", "tests", "safetensors", "polars", "PySide6"}:
            raise ImportError(f"{name} is not to be needed")

sys.meta_path.insert(0, OnlyTorch())
"""
"""The first lines of a Python that has no other package that we use."""
ALONE = (
    ONLY_TORCH
    + """
import runpy
import torch
torch.set_num_threads(1)
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    sys.argv = ["train.py"]
    runpy.run_path(f"{folder}/train.py", run_name="__main__")
    sys.path.remove(folder)
    files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    for name in [name for name, file in files.items() if file.startswith(folder)]:
        del sys.modules[name]
"""
)


def written(project: Project, folder: Path) -> Run:
    """Train a project, and write its package without the proofs, which are what is tested here."""
    trained(project, folder / "run")
    run = Run.open(folder / "run")
    session = open_session(run.project(), run.base, "cpu")
    texts, files = package_train(session, session.project.training.epochs), package_data(session, run.base)
    content = {
        "model.py": session.network.built.source,
        "data.py": files.data,
        "preprocess.py": files.preprocess,
        "train.py": texts.train,
        "preprocessing.json": json.dumps(run.preprocessing()),
        **texts.modules,
    }
    unpack(folder / "package", {name: text.encode() for name, text in content.items()} | dict(files.files))
    return run


def curves(folder: Path) -> list[dict[str, float]]:
    with (folder / "curves.csv").open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def compare(run: Run, package: Path, near: float = 1e-6) -> None:
    found, epochs = curves(package), run.epochs()
    assert len(found) == len(epochs)
    for row, epoch in zip(found, epochs, strict=True):
        parts = {"training": epoch.training, "validation": epoch.validation}
        wanted = {f"{part}/{name}": value for part, values in parts.items() for name, value in values.items()}
        for name, value in row.items():
            if name != "epoch":
                expected = wanted.pop(name, math.nan)
                assert value == pytest.approx(expected, rel=near, abs=1e-9, nan_ok=True), (name, epoch.epoch)
        assert not wanted
    weights, kept = torch.load(package / "weights.pt", weights_only=True), load_file(run.weights("best"))
    for name, tensor in kept.items():
        torch.testing.assert_close(weights[name], tensor, rtol=10 * near, atol=near / 10)


def follow(projects: Mapping[str, Project], folder: Path) -> None:
    """Train projects here, then their packages one after another in a Python that has only torch; compare them."""
    runs = {}
    for name, project in projects.items():
        (folder / name).mkdir()
        runs[name] = written(project, folder / name)
    packages = [str(folder / name / "package") for name in projects]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, *packages], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    for name, run in runs.items():
        compare(run, folder / name / "package")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,W,I,B,UP", "--line-length", "120"]
    for package in packages:
        checked = subprocess.run([*ruff, "."], cwd=package, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout
