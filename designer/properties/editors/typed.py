"""The part that editors of typed values share: parse at every keystroke, explain, step by keys, wheel and drag."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from core.graph.edits import DEFAULT
from core.kinds import REQUIRED, Parameter, Value
from core.parameters import format_value, parse_value
from designer.properties.editors.base import Context, Editor, QuietSpinBox, Shown, Silenced, Special
from designer.properties.editors.completion import NameList
from designer.properties.editors.unit import UnitLabel
from designer.widgets import muted

_SCALES = {Qt.Key.Key_Up: 2.0, Qt.Key.Key_Down: 0.5}
_WIDEST = 12
"""Characters of a value that stand beside its expression; the tool tip has the whole."""


class TypedEditor(Editor):
    """A line that is parsed while typing. Nothing typed means the default; expressions are allowed in numbers.

    Up and Down go by one step, Page Up and Page Down by ten, Alt+Up doubles, Alt+Down halves; Esc takes back what was
    typed since the field was entered or confirmed.
    """

    shifted = Signal(object, bool)
    """The nodes differ and each is to go on from its own value: a function for that, and whether it counts from where
    the entry began."""
    cancelled = Signal()
    """What was there before the entry is wanted back."""

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parameter, context, parent)
        self._widget, self.line = self._make()
        self.setFocusProxy(self._widget)
        self._refused = self._touched = False
        self._shown: Shown = Special.UNSET
        self._base: Value = None
        self.refused.connect(self._on_refused)
        self.edited.connect(self._on_accepted)
        self._placeholder = self._default_text()
        self.line.setPlaceholderText(self._placeholder)
        self.unit = UnitLabel(self.line, parameter.unit) if parameter.unit else None
        self.names = NameList(self.line, self._words)
        self.names.chosen.connect(self._on_text_edited)
        self.result = muted(wrap=False)
        self.result.setObjectName("result")
        self.result.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.result.hide()
        for each in {self.line, self._widget}:
            each.installEventFilter(self)
        self.line.textEdited.connect(self._on_text_edited)
        self.line.textEdited.connect(self.names.follow)
        self.line.editingFinished.connect(self._on_finished)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._widget, 1)
        row.addWidget(self.result)

    def _make(self) -> tuple[QWidget, QLineEdit]:
        box = QuietSpinBox()
        box.stepped.connect(self._on_stepped)
        box.editingFinished.connect(self._on_finished)  # Enter: the line says it only when it is left
        return box, box.lineEdit()

    def _default_text(self) -> str:
        if self.parameter.required:
            return self.tr("needed")
        return format_value(self.parameter.default) or self.tr("none")

    def _words(self) -> Iterable[str]:
        return (*self.parameter.choices, *sorted(self.context.names(), key=str.lower))

    def show_value(self, value: Shown) -> None:
        """Show the value; the default stands greyed in an empty field."""
        self._shown = value
        self._touched = False
        self._mark_refused(False)
        mixed = value is Special.MIXED
        self.line.setPlaceholderText(self.several_values() if mixed else self._placeholder)
        text = "" if isinstance(value, Special) else format_value(value)
        if value is None and self.parameter.default is not None:
            text = "None"
        with Silenced(self.line, self._widget):
            self.line.setText(text)
            self.line.setCursorPosition(len(text) if self.line.hasFocus() else 0)
        if self.unit is not None:
            self.unit.settle()
        self._show_result(value)

    def refresh(self) -> None:
        """Variables may have changed: show what the expression comes to now."""
        if not self._refused:
            self._show_result(self._shown)

    def _show_result(self, value: Shown) -> None:
        """Show beside an expression what it comes to."""
        found = None if isinstance(value, Special) or not _is_open(value) else self.context.value(value)
        text = format_value(found)
        shown = bool(text) and text != format_value(value) and value not in self.parameter.choices
        self.result.setText(f"= {text}" if len(text) <= _WIDEST else f"= {text[: _WIDEST - 1]}…")
        self.result.setToolTip(f"{format_value(value)} = {text}")
        self.result.setVisible(shown)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys that are the editor's; leave undo and redo to the document, unless what stands is not in it."""
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                if not self._refused and _is_undo(event):
                    event.ignore()
                    return True
                if self._takes(event):
                    event.accept()
                    return True
            elif event.type() == QEvent.Type.KeyPress and self._takes(event):
                self._take(event)
                return True
        elif event.type() in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self.names.close_list()
        return super().eventFilter(watched, event)

    def _takes(self, event: QKeyEvent) -> bool:
        if self.names.takes(event):
            return True
        if event.key() == Qt.Key.Key_Escape:
            return self._touched
        scales = event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in _SCALES
        return bool(scales) and isinstance(self._widget, QuietSpinBox)

    def _take(self, event: QKeyEvent) -> None:
        if self.names.takes(event):
            self.names.press(event)
        elif event.key() == Qt.Key.Key_Escape:
            self._touched = False
            self.cancelled.emit()
        else:
            factor = _SCALES[Qt.Key(event.key())]
            self._go_on(lambda value: self.scaled(value, factor))

    # --- numbers that go up and down ----------------------------------------------------------------------------------

    def step(self, value: Value, steps: int) -> Value:
        """Return the value ``steps`` steps further."""
        raise NotImplementedError

    def slid(self, value: Value, steps: float) -> Value:
        """Return the value after a drag over so many steps."""
        return self.step(value, round(steps))

    def scaled(self, value: Value, factor: float) -> Value:
        """Return the value times 2 or ½: whole numbers stay whole; words, names and expressions stay."""
        if isinstance(value, tuple):
            return tuple(self.scaled(each, factor) for each in value)
        if isinstance(value, bool) or not isinstance(value, int | float) or self.stands_for_more(value):
            return value
        return int(value * factor) if isinstance(value, int) else float(f"{value * factor:.10g}")

    def stands_for_more(self, value: Value) -> bool:
        """Return True for the -1 of a shape, which is no number to count with."""
        return self.parameter.wildcard == "-1" and value == -1

    def begin_slide(self) -> None:
        """Remember the value that a drag begins with."""
        self._base = self._standing()

    def slide(self, steps: float) -> None:
        """Show and say the value so many steps from where the drag began."""
        self._go_on(lambda value: self.slid(value, steps), from_start=True)

    def _standing(self) -> Value:
        """Return the value in the field, the default where it is empty, None where that is no value."""
        if not self.line.text():
            return None if self.parameter.default is REQUIRED else self.parameter.default
        try:
            return parse_value(self.parameter, self.line.text())
        except ValueError:
            return None

    def _on_stepped(self, steps: int) -> None:
        self._go_on(lambda value: self.step(value, steps))

    def _go_on(self, further: Callable[[Value], Value], *, from_start: bool = False) -> None:
        if self._shown is Special.MIXED and not self.line.text():
            self._touched = True
            self.shifted.emit(lambda value: self.bounded(further(value)), from_start)
            return
        value = self._base if from_start else self._standing()
        if value is None:
            return
        stepped, now = self.bounded(further(value)), self._standing()
        if stepped is not None and stepped != now and not self.context.check(stepped):
            self.line.setText(format_value(stepped))
            self._shown = stepped
            self._touched = True
            self.edited.emit(stepped)

    def bounded(self, value: Value) -> Value:
        """Return the value within the bounds of the parameter; what is no number stays."""
        if isinstance(value, tuple):
            return tuple(self.bounded(each) for each in value)
        if isinstance(value, bool) or not isinstance(value, int | float) or self.stands_for_more(value):
            return value
        low, high, gap = self.parameter.minimum, self.parameter.maximum, 0
        if self.parameter.exclusive:
            if isinstance(value, float):
                return value  # there is no nearest number within: the check refuses it
            gap = 1
        if low is not None and value < low + gap:
            return type(value)(low + gap)
        return type(value)(high - gap) if high is not None and value > high - gap else value

    # --- text ---------------------------------------------------------------------------------------------------------

    def _on_text_edited(self, text: str) -> None:
        self._touched = True
        if not text.strip():
            if self.parameter.required:
                self.refused.emit(self.tr("{name} needs a value.").format(name=self.parameter.name))
            else:
                self._shown = Special.UNSET
                self.edited.emit(DEFAULT)
            return
        try:
            value = parse_value(self.parameter, text)
        except ValueError as error:
            self.refused.emit(str(error))
            return
        message = self.context.check(value)
        if message:
            self.refused.emit(message)
        else:
            self._shown = value
            self.edited.emit(value)

    def _on_finished(self) -> None:
        self._touched = False
        self.finished.emit()

    def _on_refused(self) -> None:
        self._mark_refused(True)
        self.result.hide()

    def _on_accepted(self) -> None:
        self._mark_refused(False)
        self._show_result(self._shown)

    def _mark_refused(self, refused: bool) -> None:
        """Show what is no value in the colour of errors."""
        if refused == self._refused:
            return
        self._refused = refused
        palette = QPalette()
        if refused:
            palette = QPalette(self.palette())
            palette.setColor(QPalette.ColorRole.Text, palette.color(QPalette.ColorRole.BrightText))
        self.line.setPalette(palette)


def _is_open(value: Value) -> bool:
    """Return True where a value is, or holds, a text: an expression perhaps."""
    return isinstance(value, str) or (isinstance(value, tuple) and any(isinstance(each, str) for each in value))


def _is_undo(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
