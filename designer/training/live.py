"""What a running training is at now: its rate, its epochs, which layers it holds still, and what was changed last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.graph.change import Change, difference
from core.graph.groups import without_weights
from core.graph.kinds import kind_of
from core.graph.project import PYTHON_PREFIX, Node, Project
from core.model.reports import ShapeReport
from core.training.events import Changed, Progress, RunStarted, StepEnded
from core.weights import FROZEN, option_names

_STEERED = ("learning_rate", "epochs", "process", "loggers", "logger_options", "diagnostics", "device")
"""Settings that make no other network: those that can be changed while it trains, and how it is run and watched."""
_BESIDE = {"name", "notes", "bookmarks", "extra", "training"}
"""Parts of a project that say nothing of what is trained."""


@dataclass
class Live:
    """Follows the events of a run. ``frozen`` are the paths of the layers that do not learn (``block.conv1``).

    ``given_rate`` is the learning rate that was set while it trained, None where its schedule goes on as planned.
    """

    rate: float = 0.0
    epochs: int = 0
    frozen: frozenset[str] = frozenset()
    last: Changed | None = None
    given_rate: float | None = None

    def take(self, event: object) -> bool:
        """Follow an event; return True where something is different now."""
        before = (self.rate, self.epochs, self.frozen, self.last)
        if isinstance(event, RunStarted | Progress):
            self.epochs = event.epochs
        elif isinstance(event, StepEnded):
            self.rate = event.learning_rate
        elif isinstance(event, Changed):
            self._change(event)
        return before != (self.rate, self.epochs, self.frozen, self.last)

    def _change(self, event: Changed) -> None:
        self.last = event
        if event.what == "learning-rate" and isinstance(event.value, int | float):
            self.rate = self.given_rate = float(event.value)
        elif event.what == "epochs" and isinstance(event.value, int | float):
            self.epochs = int(event.value)
        elif event.what in ("freeze", "unfreeze"):
            self.frozen = held(self.frozen, (event,))


def held(frozen: frozenset[str], events: Iterable[object]) -> frozenset[str]:
    """Return which layers are frozen after these events, of those that were before."""
    for event in events:
        if isinstance(event, Changed) and isinstance(event.value, str):
            if event.what == "freeze":
                frozen |= {event.value}
            elif event.what == "unfreeze":
                frozen -= {event.value}
    return frozen


def frozen_in(project: Project) -> frozenset[str]:
    """Return the layers that a project keeps from learning, those inside groups by their paths."""
    return frozenset(_frozen(project, project.graph.nodes, ()))


def _frozen(project: Project, nodes: Mapping[str, Node], path: tuple[str, ...]) -> Iterator[str]:
    for node in nodes.values():
        here = (*path, node.name)
        if node.params.get("frozen") is True:
            yield ".".join(here)
        elif node.group in project.groups and len(path) < len(project.groups):
            yield from _frozen(project, project.groups[node.group].graph.nodes, here)


def layer_paths(project: Project, shapes: ShapeReport, path: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return what a node goes by in training: its path, in a repeated group one path for each repetition.

    Empty where the node has nothing that learns.
    """
    graph, starts, report = project.graph, [""], shapes
    for step in path:
        opened, found = graph.nodes[step], report.nodes.get(step)
        if found is None or not found.inner or opened.group not in project.groups:
            return ()
        stacked = found.repeat > 1 and not opened.tied
        numbers = [f".{number}" for number in range(found.repeat)] if stacked else [""]
        starts = [f"{start}{step}{number}." for start in starts for number in numbers]
        graph, report = project.groups[opened.group].graph, found.inner[0]
    node = graph.nodes.get(name)
    if node is None or node.shares or not _learns(project, node):
        return ()
    return tuple(f"{start}{name}" for start in starts)


def _learns(project: Project, node: Node) -> bool:
    if node.group or node.kind.startswith(PYTHON_PREFIX):
        return True
    kind = kind_of(project, node)
    return kind is not None and FROZEN.name in option_names(kind)


def is_changed(trained: Project, now: Project) -> bool:
    """Return True where a project would be trained to something else than ``trained`` is."""
    change = difference(without_weights(trained), without_weights(now))
    parts = {name: each for name, each in change.parts.items() if name not in _BESIDE}
    if not Change(change.nodes, change.links, parts).only_positions:
        return True
    settings = vars(trained.training), vars(now.training)
    return any(settings[0][name] != settings[1][name] for name in settings[0] if name not in _STEERED)
