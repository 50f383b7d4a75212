"""The part that editors of typed values share: parse at every keystroke, explain, step with the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QWidget

from core.graph.edits import DEFAULT
from core.kinds import Parameter, Value
from core.parameters import format_value, parse_value
from designer.properties.editors.base import Context, Editor, QuietSpinBox, Shown, Silenced, Special


class TypedEditor(Editor):
    """A line that is parsed while typing. Nothing typed means the default; expressions are allowed in numbers."""

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parameter, context, parent)
        self._widget, self.line = self._make()
        self.setFocusProxy(self._widget)
        self._refused = False
        self.refused.connect(self._on_refused)
        self.edited.connect(self._on_accepted)
        self._placeholder = self._default_text()
        self.line.setPlaceholderText(self._placeholder)
        if parameter.choices:
            completer = QCompleter(list(parameter.choices), self.line)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.activated.connect(self._on_text_edited)
            self.line.setCompleter(completer)
        self.line.installEventFilter(self)
        self.line.textEdited.connect(self._on_text_edited)
        self.line.editingFinished.connect(self.finished)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._widget)

    def _make(self) -> tuple[QWidget, QLineEdit]:
        box = QuietSpinBox()
        box.stepped.connect(self._on_stepped)
        return box, box.lineEdit()

    def _default_text(self) -> str:
        if self.parameter.required:
            return self.tr("needed")
        return format_value(self.parameter.default) or self.tr("none")

    def show_value(self, value: Shown) -> None:
        """Show the value; the default stands greyed in an empty field."""
        self._refused = False
        mixed = value is Special.MIXED
        self.line.setPlaceholderText(self.several_values() if mixed else self._placeholder)
        text = "" if isinstance(value, Special) else format_value(value)
        if value is None and self.parameter.default is not None:
            text = "None"
        with Silenced(self.line, self._widget):
            self.line.setText(text)
            self.line.setCursorPosition(len(text) if self.line.hasFocus() else 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave undo and redo to the document, unless what stands here is not in it."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and not self._refused:
            undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
            if event.matches(undo) or event.matches(redo):
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def step(self, value: Value, steps: int) -> Value:
        """Return the value ``steps`` steps further."""
        raise NotImplementedError

    def _on_text_edited(self, text: str) -> None:
        if not text.strip():
            if self.parameter.required:
                self.refused.emit(self.tr("{name} needs a value.").format(name=self.parameter.name))
            else:
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
            self.edited.emit(value)

    def _on_refused(self) -> None:
        self._refused = True

    def _on_accepted(self) -> None:
        self._refused = False

    def _on_stepped(self, steps: int) -> None:
        text = self.line.text() or ("" if self.parameter.required else format_value(self.parameter.default))
        try:
            value = parse_value(self.parameter, text)
        except ValueError:
            return
        stepped = self.step(value, steps)
        if stepped is not None and stepped != value and not self.context.check(stepped):
            self.line.setText(format_value(stepped))
            self.edited.emit(stepped)
