"""What is to be trained, where, and into which folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.graph.project import Project


@dataclass(frozen=True)
class Job:
    """A training run to be made, or with ``resume`` one to be continued from ``run``.

    ``base`` is the folder that file names in the project are relative to (the project file's). ``device`` and
    ``epochs`` take precedence over the project's settings. A resumed run uses the project stored in its folder;
    ``project`` is not looked at. ``threads`` limits torch's threads on the CPU (None: as they are, or on a resume as
    they were). ``checkpoint_seconds`` is how much work a crash may cost at most. ``start_from`` is the folder of
    another run, whose weights and optimizer a new one takes over as far as they fit (``core.training.transfer``).
    """

    project: Project
    run: Path
    base: Path | None = None
    device: str | None = None
    epochs: int | None = None
    resume: bool = False
    threads: int | None = None
    checkpoint_seconds: float = 10.0
    start_from: Path | None = None


def threads_beside_a_window() -> int:
    """Return how many threads leave one processor core to the window."""
    return max(1, (os.cpu_count() or 1) - 1)
