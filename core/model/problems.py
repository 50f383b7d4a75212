"""What the checks find: a message in plain words, where it belongs, and edits that would put it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.graph.edits import Edit

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Fix:
    """A way out: an ordinary, undoable edit under a label such as "Insert Flatten"."""

    label: str
    edit: Edit


@dataclass(frozen=True)
class Problem:
    """One finding about a node (or one of its ports or parameters); only errors keep a network from being built."""

    severity: Severity
    message: str
    node: str = ""
    port: str = ""
    parameter: str = ""
    fixes: tuple[Fix, ...] = ()

    @property
    def sentence(self) -> str:
        """The message as it reads on its own: with the node in front where the message does not name it."""
        named = not self.node or f"'{self.node}'" in self.message
        return self.message if named else f"{self.node}: {self.message}"
