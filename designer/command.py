"""What a row of the table of commands is, and the menus there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

if TYPE_CHECKING:
    from designer.window import Window

Run = Callable[["Window"], object]
When = Callable[["Window"], bool]
Shortcut = QKeySequence.StandardKey | str


def always(_window: Window) -> bool:
    """Hold for every window."""
    return True


MENUS = ("&File", "&Edit", "&View", "&Go", "&Network", "&Training", "&Help")
FILE, EDIT, VIEW, GO, NETWORK, TRAINING, HELP = MENUS


@dataclass(frozen=True)
class Command:
    """One row; ``text`` is translated in the context "Actions".

    ``menu`` names the menu; ``separated`` draws a line above; ``canvas`` keys act only on the canvas.

    ``tool_bar`` puts it on the tool bar, ``group`` makes it one of several of which exactly one is chosen.
    """

    id: str
    menu: str
    text: str
    run: Run
    shortcut: Shortcut | tuple[str, ...] = ""
    icon: str = ""
    when: When = always
    separated: bool = False
    canvas: bool = False
    tool_bar: bool = False
    group: str = ""
    submenu: str = ""
    """The menu in ``menu`` that it stands in, where no ``group`` says so."""
    shown: Callable[[Window], str] | None = None
    """What the row says besides its text once its menu opens; such a row is listed only where it can be run."""
