"""Which key does what on the canvas: one table, and a wait that lets a letter be a command or begin a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_SECOND_LETTER = 350
"""Milliseconds in which a second letter turns a command's letter into the beginning of a layer's name."""
_ARROWS = {Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down", Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right"}
_STEPS = {"up": (0.0, -20.0), "down": (0.0, 20.0), "left": (-20.0, 0.0), "right": (20.0, 0.0)}


class Keys(QObject):
    """Answers the keys of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._waiting = ""
        self._timer = QTimer(self, singleShot=True, interval=_SECOND_LETTER)
        self._timer.timeout.connect(self._run_waiting)
        document = view.session.document
        self._table: dict[str, Callable[[], object]] = {
            "Del": view.delete,
            "Backspace": view.delete,
            "Ctrl+Del": view.delete_and_bridge,
            "Ctrl+Backspace": view.delete_and_bridge,
            "Ctrl+D": view.duplicate,
            "Ctrl+C": view.copy,
            "Ctrl+X": view.cut,
            "Ctrl+V": view.paste,
            "Ctrl+A": view.select_all,
            "Ctrl+Z": document.undo,
            "Ctrl+Shift+Z": document.redo,
            "Ctrl+Y": document.redo,
            "Home": view.zoom_to_fit,
            "1": lambda: view.set_zoom(1.0),
            "Ctrl+0": lambda: view.set_zoom(1.0),
            "Ctrl++": lambda: view.zoom_by(1.25),
            "Ctrl+=": lambda: view.zoom_by(1.25),
            "Ctrl+-": lambda: view.zoom_by(0.8),
            "F2": view.rename_selected,
            "Return": view.enter_selected,
            "Enter": view.enter_selected,
            "Ctrl+Return": view.structure.open,
            "Alt+Up": view.structure.leave,
            "Ctrl+G": view.structure.ask_group,
            "Ctrl+Shift+G": view.structure.ungroup,
            "Ctrl+R": view.structure.ask_repeat,
            "Ctrl+Shift+D": view.structure.duplicate_shared,
            "Tab": view.open_palette_after_selection,
        }
        self._letters: dict[str, Callable[[], object]] = {
            "f": view.zoom_to_fit,
            "l": view.layout,
            "b": lambda: view.structure.toggle("bypass"),
            "m": lambda: view.structure.toggle("mute"),
        }

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; return False where it stands for nothing."""
        if event.key() in _ARROWS and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            return self._arrow(_ARROWS[Qt.Key(event.key())], event.modifiers())
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self.is_letter(event):
            self._letter(event.text())
            return True
        pressed = QKeySequence(modifiers.value | event.key()).toString(QKeySequence.SequenceFormat.PortableText)
        command = self._table.get(pressed)
        if command is None:
            return False
        command()
        return True

    def is_letter(self, event: QKeyEvent) -> bool:
        """True where a key types a letter: it may begin a layer's name, so no shortcut of a menu may take it."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        return plain and len(event.text()) == 1 and event.text().isalpha()

    def _arrow(self, direction: str, modifiers: Qt.KeyboardModifier) -> bool:
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self._view.commands.nudge(*_STEPS[direction])
        else:
            self._view.commands.walk(direction, extend=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        return True

    def _letter(self, letter: str) -> None:
        if self._waiting or letter.lower() not in self._letters:
            text, self._waiting = self._waiting + letter, ""
            self._timer.stop()
            self._view.open_palette_after_selection(text)
        else:
            self._waiting = letter
            self._timer.start()

    def _run_waiting(self) -> None:
        letter, self._waiting = self._waiting, ""
        if letter:
            self._letters[letter.lower()]()
