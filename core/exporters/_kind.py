"""What an exporter is, and what it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.graph.project import Project
from core.training.runs import Run, Which


@dataclass(frozen=True)
class ExportRequest:
    """Export a project's network to ``path``: with the weights of ``run``, or fresh ones where there is none."""

    project: Project
    path: Path
    run: Run | None = None
    which: Which = "best"

    @classmethod
    def of_run(cls, run: Run, path: Path, which: Which = "best") -> ExportRequest:
        """Return the request to export a run's network with its best (or last) weights.

        Raises:
            ProjectError: the project in the run folder is missing or damaged.
        """
        return cls(run.project(), path, run, which)


@dataclass(frozen=True)
class Exported:
    """What an export wrote, and in ``notes`` what the user should know of it, a sentence each."""

    path: Path
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExporterKind:
    """An export format, declared once. ``suffix`` is the usual ending of its file.

    ``export`` writes the file and says where it is. What it wrote was read back and gave the same outputs as the
    network before it replaced anything. It reports through ``core.progress``, and raises Cancelled where whoever
    watches wants it to end, ExportError, and ModelError where the network cannot be built.
    ``trained_only`` formats need a run: they hold what was learnt from the data.
    """

    id: str
    title: str
    suffix: str
    help: str
    export: Callable[[ExportRequest], Exported]
    trained_only: bool = False
