"""What each of two processes does in the tests of training in several: ``python -m tests.training.together FOLDER``."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from core.data import dataset
from core.graph.project import Node, Project
from core.training.control import Control
from core.training.distributed import Team, joined
from core.training.events import Event
from core.training.job import Job
from core.training.loop import train
from tests.training.building import chain, diabetes, digits, inputs, linear, moons, output, with_training
from tests.training.everything import everything

SHORT = 319
"""A batch size that leaves a last batch of one of the 320 points: one process has nothing of it."""
STOPPED_AT = 7


def exact() -> dict[str, Project]:
    """Return projects whose curves do not depend on the number of processes."""
    weighted = chain(
        inputs("x", "y"),
        linear("hidden", 16),
        linear("head", 2),
        output("class", class_weights=(1.0, 3.0), metrics=("accuracy", "roc_auc", "f1")),
    )
    hidden = replace(weighted.nodes["hidden"], params={"out_features": 16, "l2": 0.01})
    weighted = replace(weighted, nodes={**weighted.nodes, "hidden": hidden})
    return {
        "short": moons(batch_size=SHORT, epochs=3),
        "weighted": replace(
            moons(batch_size=50, accumulate=3, epochs=4, clip="norm", average="ema", patience=1, min_delta=0.05),
            graph=weighted,
        ),
        "lbfgs": moons(batch_size=320, epochs=3, optimizer="LBFGS"),
        "instances": _instances(),
        "streamed": moons(batch_size=37, epochs=2),
    }


def _instances() -> Project:
    """Return a network whose running statistics are means over samples; both processes get equally many."""
    project = digits(head=(Node("flatten", "Flatten"), linear("head", 10)), epochs=2, batch_size=180)
    conv = project.graph.nodes["conv1"]
    conv = replace(conv, params={**conv.params, "bias": False})  # one that is normalised away learns from rounding only
    norm = Node("norm", "InstanceNorm2d", {"track_running_stats": True})
    graph = replace(project.graph, nodes={**project.graph.nodes, "conv1": conv, "norm": norm})
    split = replace(project.data.split, test=0.5)
    return replace(project, graph=graph, data=replace(project.data, split=split))


def exploding() -> Project:
    """Return a project that learns so fast that after some steps numbers run over."""
    return with_training(diabetes(), optimizer="SGD", learning_rate=1e3, batch_size=50)


def stopping() -> Project:
    """Return a project that is stopped within its first epoch, and gone on with."""
    return moons(batch_size=20, epochs=3)


def loose() -> dict[str, Project]:
    """Return projects with random numbers and statistics of each process's own."""
    return {"everything": everything(epochs=2, batch_size=64), "swa": digits(epochs=2, batch_size=200, average="swa")}


class _Together:
    def __init__(self, team: Team, folder: Path) -> None:
        self.team, self.folder = team, folder

    def train(self, name: str, project: Project, control: Control | None = None, *, resume: bool = False) -> None:
        events: list[Event] = []
        job = Job(project, self.folder / name, resume=resume, checkpoint_seconds=0.0)
        train(job, events.append, control or Control(), self.team)
        self.note(f"{name}-{'more' if resume else 'once'}", len(events))

    def note(self, what: str, value: object) -> None:
        (self.folder / f"{what}.{self.team.rank}.json").write_text(json.dumps(value))

    def read_apart(self) -> None:
        """Train what is read when it is asked for, and note how many rows this process has read."""
        read: list[int] = []
        inner = dataset.Reader.read

        def noted(self: dataset.Reader, rows: dataset.Rows) -> tuple[dataset.Tensors, dataset.Tensors]:
            read.append(len(rows))
            return inner(self, rows)

        held, dataset.HELD_BYTES = dataset.HELD_BYTES, 0
        dataset.Reader.read = noted  # type: ignore[method-assign]
        self.train("streamed", with_training(exact()["streamed"], epochs=2))
        dataset.Reader.read, dataset.HELD_BYTES = inner, held  # type: ignore[method-assign]
        self.note("rows", sum(read))

    def fail_apart(self) -> None:
        """Learn until numbers run over."""
        self.outcome("not-finite", lambda: self.train("not-finite", exploding()))

    def outcome(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        # Whatever it is, the test looks at it.
        except Exception as error:
            self.note(what, f"{type(error).__name__}: {error}")


class _AtLook(Control):
    """Stops the training at one of the looks at what is asked, or kills its process there."""

    def __init__(self, look: int, *, kill: bool = False) -> None:
        super().__init__()
        self._left = look
        self._kill = kill

    @property
    def stopping(self) -> bool:
        """Asked at every look."""
        self._left -= 1
        if not self._left and self._kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._left <= 0


def main(folder: str) -> None:
    """Train one project after the other."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun's answer to the one that dies: the command line waits too
    with joined("cpu") as team:
        assert team is not None
        together = _Together(team, Path(folder))
        for name, project in exact().items():
            if name == "streamed":
                together.read_apart()
            else:
                together.train(name, project)
        for name, project in loose().items():
            together.train(name, project)
        together.train("stopped-2", stopping(), _AtLook(3) if team.is_main else None)
        together.train("stopped-1", stopping(), resume=True)
        together.fail_apart()
        last = _AtLook(20, kill=True) if not team.is_main else None
        together.outcome("died", lambda: together.train("died", moons(batch_size=8, epochs=400), last))


if __name__ == "__main__":
    main(*sys.argv[1:])
