"""What can be bound to keys, and where it acts: the commands of the menus, and what only the canvas or a panel knows.

Menus, the canvas and every help read this table, through the keymap, which knows the user's own choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from PySide6.QtCore import QCoreApplication, QKeyCombination
from PySide6.QtGui import QKeySequence

CANVAS, OUTLINE, ADDING, FINDING, LISTING, FIELDS = "canvas", "outline", "adding", "finding", "listing", "fields"
"""Places: the canvas, the outline, the add palette, the find bar, any other list or table, and the fields of a layer's
parameters. "" is everywhere."""
_SPECIAL_KEYS = (*range(0x0100003C, 0x01000053), *range(0x01000060, 0x01000200))
"""Keys that few keyboards have (F13 and more, "Save", "Back"…): no command of ours waits for them."""


@dataclass(frozen=True)
class Binding:
    """One row: what is done (``text``), in which place, under which heading, by which keys (portable text).

    The keys of a ``fixed`` row are shown in the help and cannot be changed.
    """

    id: str
    text: str
    place: str
    section: str
    keys: tuple[str, ...]
    fixed: bool = False


_Row = tuple[str, str, tuple[str, ...]]

_ON_CANVAS: tuple[_Row, ...] = (
    ("add_after", "Add a layer after the selection", ("Tab",)),
    ("enter", "Edit the parameters, open the group", ("Return", "Enter")),
    ("rename", "Rename", ("F2",)),
    ("walk_up", "Go up along the wire", ("Up",)),
    ("walk_down", "Go down along the wire", ("Down",)),
    ("walk_left", "Go to the branch on the left", ("Left",)),
    ("walk_right", "Go to the branch on the right", ("Right",)),
    ("extend_up", "Select up along the wire too", ("Ctrl+Shift+Up",)),
    ("extend_down", "Select down along the wire too", ("Ctrl+Shift+Down",)),
    ("extend_left", "Select the branch on the left too", ("Ctrl+Shift+Left",)),
    ("extend_right", "Select the branch on the right too", ("Ctrl+Shift+Right",)),
    ("nudge_up", "Move up a step", ("Ctrl+Up",)),
    ("nudge_down", "Move down a step", ("Ctrl+Down",)),
    ("nudge_left", "Move left a step", ("Ctrl+Left",)),
    ("nudge_right", "Move right a step", ("Ctrl+Right",)),
    ("cut_wires", "Hold and drag: cut the wires that are crossed", ("Y",)),
)
_FIXED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (CANVAS, "Type a name: add that layer", ("A … Z",)),
    (CANVAS, "Add a layer at the pointer (tap), pan (hold and drag)", ("Space",)),
    (CANVAS, "Cancel, select nothing, leave the group", ("Esc",)),
    (ADDING, "Go through the list", ("Up", "Down")),
    (ADDING, "Add the layer", ("Return", "Tab")),
    (ADDING, "Close", ("Esc",)),
    (FINDING, "Next", ("Return", "F3")),
    (FINDING, "Previous", ("Shift+Return", "Shift+F3")),
    (FINDING, "Stay where the search led", ("Ctrl+Return",)),
    (FINDING, "Close, and go back to where you were", ("Esc",)),
    (OUTLINE, "Go through the nodes", ("Up", "Down")),
    (OUTLINE, "Show or hide what is inside a group", ("Right", "Left")),
    (OUTLINE, "Go to the node on the canvas", ("Esc",)),
    (LISTING, "Go through the rows", ("Up", "Down")),
    (LISTING, "Edit or open the row", ("Return", "F2")),
    (LISTING, "Type: go to the row that begins so", ("A … Z",)),
    (FIELDS, "One step up or down", ("Up", "Down")),
    (FIELDS, "Ten steps up or down", ("PgUp", "PgDown")),
    (FIELDS, "Twice or half as much", ("Alt+Up", "Alt+Down")),
    (FIELDS, "Keep what was entered", ("Return",)),
    (FIELDS, "Take back what was entered", ("Esc",)),
    (FIELDS, "Back to the default", ("Alt+Del",)),
)
BORROWED = ("rename", "enter", "delete", "delete_and_bridge", "bypass", "mute", "add_after")
"""What the canvas's keys do in the outline too."""


@cache
def bindings() -> tuple[Binding, ...]:
    """Return all rows: the menus' in their order, the canvas's own, then the fixed ones."""
    found = list(_menu_rows())
    own = own_section()
    for name, text, keys in _ON_CANVAS:
        found.append(Binding(name, QCoreApplication.translate("Keys", text), CANVAS, own, keys))
    for place, text, keys in _FIXED:
        found.append(Binding("", QCoreApplication.translate("Keys", text), place, own, keys, fixed=True))
    return tuple(found)


def own_section() -> str:
    """Return the heading of what no menu has."""
    return QCoreApplication.translate("Keys", "On the canvas")


def portable(sequence: QKeySequence) -> str:
    """Return a key as it is stored: ``Ctrl+K`` in every language."""
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)


def written(key: str) -> str:
    """Return a stored key as the user reads it on this system."""
    native = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) if "…" not in key else ""
    return native or key


def common(sequences: Iterable[QKeySequence]) -> tuple[str, ...]:
    """Return keys as they are stored, without those that few keyboards have."""
    return tuple(portable(each) for each in sequences if combination(each).key().value not in _SPECIAL_KEYS)


def combination(sequence: QKeySequence) -> QKeyCombination:
    """Return the first key of a sequence with its modifiers."""
    first: QKeyCombination = sequence[0]  # type: ignore[index]
    return first


def _menu_rows() -> tuple[Binding, ...]:
    """Return the menus' rows. They are asked for by name: they know the window, which knows all that has keys."""
    rows: tuple[Binding, ...] = import_module("designer.actions").bindings()
    return rows
