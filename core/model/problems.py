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
    """One finding about a node (or one of its ports or parameters); only errors keep a network from being built.

    ``path`` are the group nodes to be opened, from the root on, to come to ``node``.
    """

    severity: Severity
    message: str
    node: str = ""
    port: str = ""
    parameter: str = ""
    fixes: tuple[Fix, ...] = ()
    path: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The node with the groups that it is in: ``stage1 / block / conv1``."""
        return " / ".join((*self.path, self.node) if self.node else self.path)

    @property
    def sentence(self) -> str:
        """The message as it reads on its own: with the node in front where the message does not name it."""
        named = not self.node or (not self.path and f"'{self.node}'" in self.message)
        return self.message if named else f"{self.place}: {self.message}"
