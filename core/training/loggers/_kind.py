"""What a logger is: something outside of Layerwright that is told of a run while it is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from core.graph.project import Project
from core.kinds import Parameter, Value
from core.training.events import Event


class Logger(Protocol):
    """Writes down what it is told. It lives in a thread of its own, and may be slow and raise anything."""

    def log(self, event: Event) -> None:
        """Take an event; ``Finished`` or ``Failed`` is the last, where there is one."""
        ...

    def close(self) -> None:
        """Write what is pending and let go of everything."""
        ...


@dataclass(frozen=True)
class Opened:
    """What a logger begins with: the run folder, the project that is trained, and the options, all filled in."""

    run: Path
    project: Project
    options: Mapping[str, Value]


@dataclass(frozen=True)
class LoggerKind:
    """A logger, declared once. ``open`` may raise anything.

    ``package`` is what it needs, in dotted notation; the extra of Layerwright that installs it is called ``extra``.
    """

    id: str
    title: str
    help: str
    package: str
    extra: str
    open: Callable[[Opened], Logger]
    parameters: tuple[Parameter, ...] = ()

    @property
    def is_installed(self) -> bool:
        """True where its package is there; it is not loaded for that."""
        return find_spec(self.package) is not None

    def options(self, chosen: Mapping[str, Value]) -> dict[str, Value]:
        """Return all options, the default where none was chosen."""
        return {each.name: chosen.get(each.name, each.default) for each in self.parameters}
