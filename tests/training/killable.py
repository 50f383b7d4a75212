"""Trains until it is done or killed: ``python -m tests.training.killable PROJECT RUN [--resume]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from core.graph.files import load_project
from core.training.control import Control
from core.training.job import Job
from core.training.loop import train


def main(project: str, run: str, *options: str) -> None:
    """Train, and print every event as a line of JSON."""
    job = Job(load_project(Path(project)), Path(run), resume="--resume" in options, threads=1, checkpoint_seconds=0.05)
    train(job, lambda event: print(json.dumps(event.to_json()), flush=True), Control())


if __name__ == "__main__":
    main(*sys.argv[1:])
