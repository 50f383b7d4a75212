"""The keys of the canvas: what they do here; which keys they are, the keymap knows.

A new key of the canvas is a row of ``designer/keys/table.py`` (or a command of ``designer/actions.py`` with ``canvas``)
and, here, what the row's id does. A single letter waits a moment: with a second one it begins a layer's name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence

from designer.canvas.keyboard import KeyLink, select_ways
from designer.keys.keymap import keymap
from designer.keys.table import CANVAS, portable

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_SECOND_LETTER = 350
"""Milliseconds in which a second letter turns a command's letter into the beginning of a layer's name."""
HOLD_TO_CUT = "cut_wires"
"""What a letter is bound to that makes a drag a cut while it is held."""
_STEPS = {"up": (0.0, -20.0), "down": (0.0, 20.0), "left": (-20.0, 0.0), "right": (20.0, 0.0)}


class Keys(QObject):
    """Answers the keys of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._waiting = self._waiting_for = ""
        self._held = 0
        self._timer = QTimer(self, singleShot=True, interval=_SECOND_LETTER)
        self._timer.timeout.connect(self._run_waiting)
        self.link = KeyLink(view)
        document = view.session.document
        self._commands: dict[str, Callable[[], object]] = {
            "delete": view.delete,
            "delete_and_bridge": view.delete_and_bridge,
            "duplicate": view.duplicate,
            "copy": view.copy,
            "cut": view.cut,
            "paste": view.paste,
            "select_all": view.select_all,
            "undo": document.undo,
            "redo": document.redo,
            "zoom_fit": view.zoom_to_fit,
            "zoom_actual": lambda: view.set_zoom(1.0),
            "zoom_in": lambda: view.zoom_by(1.25),
            "zoom_out": lambda: view.zoom_by(0.8),
            "rename": view.rename_selected,
            "enter": view.enter_selected,
            "add_after": view.open_palette_after_selection,
            "layout": view.layout,
            "open_group": view.structure.open,
            "leave_group": view.structure.leave,
            "group": view.structure.ask_group,
            "ungroup": view.structure.ungroup,
            "repeat": view.structure.ask_repeat,
            "duplicate_shared": view.structure.duplicate_shared,
            "bypass": lambda: view.structure.toggle("bypass"),
            "mute": lambda: view.structure.toggle("mute"),
            "change_type": view.swap.ask,
            "pin": view.pin_selected,
            "select_upstream": lambda: select_ways(view, "up"),
            "select_downstream": lambda: select_ways(view, "down"),
            "link_by_key": self.link.begin,
            HOLD_TO_CUT: lambda: None,
            **view.placing.commands,
            **view.drawn.commands,
            **view.bookmarks.commands,
        }
        for direction, step in _STEPS.items():
            self._commands[f"walk_{direction}"] = partial(view.commands.walk, direction)
            self._commands[f"extend_{direction}"] = partial(view.commands.walk, direction, extend=True)
            self._commands[f"nudge_{direction}"] = partial(view.commands.nudge, *step)

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; return False where it stands for nothing."""
        if self.is_letter(event):
            if event.isAutoRepeat() and event.key() == self._held:
                return True
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._letter(event.text(), ("Shift+" if shift else "") + event.text().upper(), event.key())
            return True
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        unshifted = modifiers & ~Qt.KeyboardModifier.ShiftModifier
        found = self.bound_to(_text(modifiers, event.key()))
        if not found and event.text() and event.text().isprintable():
            found = self.bound_to(_text(unshifted, event.key()))  # "?" and "+" are typed with Shift on many keyboards
        if found == HOLD_TO_CUT:
            self._hold(event.key())
        return bool(found) and self.run(found)

    def bound_to(self, key: str) -> str:
        """Return the id of what a key (portable text) does on the canvas, empty where it does nothing."""
        rows = [row for row in keymap.bindings() if key in row.keys and not row.fixed]
        return next(
            (row.id for row in rows if row.id in self._commands or (row.place == CANVAS and self._action(row.id))), ""
        )

    def run(self, name: str) -> bool:
        """Do what an id of the table stands for; return False where nobody here knows it."""
        action = self._action(name)
        if name in self._commands:
            self._commands[name]()
        elif action and action.isEnabled():
            action.trigger()
        return name in self._commands or action is not None

    @property
    def known(self) -> frozenset[str]:
        """The ids of what this canvas does by itself, without a window around it."""
        return frozenset(self._commands)

    def _action(self, name: str) -> QAction | None:
        return next((each for each in self._view.actions() if each.objectName() == f"action_{name}"), None)

    def is_letter(self, event: QKeyEvent) -> bool:
        """True where a key types a letter: it may begin a layer's name, so no shortcut of a menu may take it."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        return plain and len(event.text()) == 1 and event.text().isalpha()

    def _hold(self, key: int) -> None:
        if key != self._held:
            self._held = key
            self._view.mouse.hold_knife()

    def _letter(self, letter: str, key: str, code: int) -> None:
        found = "" if self._waiting else self.bound_to(key)
        if found:
            self._waiting, self._waiting_for = letter, found
            if found == HOLD_TO_CUT:
                self._hold(code)
            else:
                self._timer.start()
        else:
            text, self._waiting = self._waiting + letter, ""
            self._timer.stop()
            self._view.open_palette_after_selection(text)

    def release(self, event: QKeyEvent) -> None:
        """A key that was held came up: where a letter was used for nothing, it begins a layer's name."""
        if event.isAutoRepeat() or event.key() != self._held:
            return
        text, used = self._waiting if self._waiting_for == HOLD_TO_CUT else "", self._view.mouse.let_knife_go()
        self._held = 0
        if text:
            self._waiting = ""
        if text and not used:
            self._view.open_palette_after_selection(text)

    def let_go(self) -> None:
        """Forget a held key: its release goes elsewhere."""
        if self._held:
            self._held = 0
            self._view.mouse.let_knife_go()
            if self._waiting_for == HOLD_TO_CUT:
                self._waiting = ""

    def _run_waiting(self) -> None:
        waited, self._waiting = self._waiting, ""
        if waited:
            self.run(self._waiting_for)


def _text(modifiers: Qt.KeyboardModifier, key: int) -> str:
    return portable(QKeySequence(modifiers.value | key))
