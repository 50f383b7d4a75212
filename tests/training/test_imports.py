"""What the window needs at start does not load torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LIGHT = (
    "core.training.check",
    "core.training.control",
    "core.training.events",
    "core.training.job",
    "core.training.losses",
    "core.training.metrics",
    "core.training.optimizers",
    "core.training.monitor",
    "core.training.runs",
    "core.training.schedules",
    "core.training.settings_check",
    "core.exporters",
)


def test_declarations_and_checks_load_no_torch() -> None:
    script = f"""
import importlib, sys
for name in {LIGHT}:
    importlib.import_module(name)
from core.exporters import exporters
from core.training.losses import losses
from core.training.metrics import metrics
from core.training.optimizers import optimizers
from core.training.schedules import schedules
for registry in (exporters, losses, metrics, optimizers, schedules):
    assert list(registry)
sys.exit("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0
