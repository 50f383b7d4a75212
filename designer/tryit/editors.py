"""An editor for the value of each field: spin boxes, choices, texts, a sheet to draw on, files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.data.fitted import FittedField
from core.data.folders import FAMILIES
from core.errors import DataError
from designer.files import choose_existing
from designer.results.showing import cell_text, one
from designer.theme import SPACE
from designer.tryit.canvas import Sheet
from designer.tryit.opening import DrawingFacts, NumberFacts, Ready, drawable, frame_of
from designer.widgets import ElidedLabel, IconButton

_FAMILY = {"image": "image", "audio": "sound"}
_DIGITS = 4


class Editor(QWidget):
    """Edits one field. ``changed`` comes with every change by hand; a ``large`` one needs more than a line."""

    changed = Signal()
    large = False

    def __init__(self, fitted: FittedField) -> None:
        super().__init__()
        self.fitted = fitted
        self.setObjectName(f"try_{fitted.name}")
        self.setAccessibleName(fitted.name)

    def value(self) -> Any:
        """Return the raw value; None where there is none yet."""
        raise NotImplementedError

    def put(self, value: Any) -> None:
        """Show a raw value, of a sample or a file; this is no change by hand."""
        raise NotImplementedError

    def _line(self, *widgets: QWidget) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for place, widget in enumerate(widgets):
            row.addWidget(widget, 1 if place == 0 else 0)
            widget.setAccessibleName(self.fitted.name)


class NumberEditor(Editor):
    """A number; steps and digits follow from the range in the data."""

    def __init__(self, fitted: FittedField, facts: NumberFacts) -> None:
        super().__init__(fitted)
        self.box = QDoubleSpinBox()
        span = (facts.high - facts.low) or max(abs(facts.high), 1.0)
        step = 10.0 ** np.floor(np.log10(span / 20))
        decimals = 0 if facts.whole else int(max(_DIGITS - 1 - np.floor(np.log10(span)), 0))
        self.box.setDecimals(min(decimals, 9))
        self.box.setRange(facts.low - 100 * span, facts.high + 100 * span)
        self.box.setSingleStep(max(float(step), 1.0) if facts.whole else float(step))
        self.box.setValue(facts.middle)
        self.box.setToolTip(self.tr("In the data from {0} to {1}").format(cell_text(facts.low), cell_text(facts.high)))
        self.box.valueChanged.connect(lambda _value: self.changed.emit())
        self._line(self.box)

    def value(self) -> float:
        """Return the number."""
        return self.box.value()

    def put(self, value: Any) -> None:
        """Show a number."""
        with QSignalBlocker(self.box):
            try:
                self.box.setValue(float(value))
            except (TypeError, ValueError):
                self.box.setValue(self.box.minimum())


class CategoryEditor(Editor):
    """One of the values that the training data had, or another one."""

    def __init__(self, fitted: FittedField) -> None:
        super().__init__(fitted)
        self.box = QComboBox()
        self.box.addItems(list(fitted.field.categories))
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(6)
        self.box.currentIndexChanged.connect(lambda _place: self.changed.emit())
        self._line(self.box)

    def value(self) -> str | None:
        """Return the category."""
        return self.box.currentText() or None

    def put(self, value: Any) -> None:
        """Show a category; one that is not known is added."""
        with QSignalBlocker(self.box):
            text = "" if value is None else str(value)
            if self.box.findText(text) < 0:
                self.box.addItem(text)
            self.box.setCurrentIndex(self.box.findText(text))


class FlagEditor(Editor):
    """Yes or no, in the words of the data."""

    def __init__(self, fitted: FittedField) -> None:
        super().__init__(fitted)
        self._words = (
            (*fitted.field.categories, "no", "yes")[:2]
            if len(fitted.field.categories) < 2
            else (fitted.field.categories[:2])
        )
        self.box = QCheckBox(self._words[0])
        self.box.toggled.connect(self._on_toggled)
        self._line(self.box)

    def _on_toggled(self, on: bool) -> None:
        self.box.setText(self._words[int(on)])
        self.changed.emit()

    def value(self) -> str:
        """Return the word for what is chosen."""
        return self._words[int(self.box.isChecked())]

    def put(self, value: Any) -> None:
        """Show a flag."""
        with QSignalBlocker(self.box):
            self.box.setChecked(str(value) == self._words[1])
            self.box.setText(self._words[int(self.box.isChecked())])


class LineEditor(Editor):
    """A date, an identifier, labels or a sequence of numbers, typed into a line."""

    def __init__(self, fitted: FittedField) -> None:
        super().__init__(fitted)
        self.box = QLineEdit()
        hints = {
            "date": self.tr("2024-01-31"),
            "labels": self.tr("labels, parted by commas"),
            "sequence": self.tr("numbers, parted by commas"),
        }
        self.box.setPlaceholderText(hints.get(fitted.field.meaning, ""))
        self.box.textChanged.connect(lambda _text: self.changed.emit())
        self._line(self.box)

    def value(self) -> Any:
        """Return what was typed."""
        text = self.box.text().strip()
        if self.fitted.field.meaning == "labels":
            return tuple(each.strip() for each in text.split(",") if each.strip())
        if self.fitted.field.meaning == "sequence":
            try:
                return np.array([float(each) for each in text.replace(";", ",").split(",")], dtype=np.float32)
            except ValueError:
                return None
        return text or None

    def put(self, value: Any) -> None:
        """Show a value."""
        with QSignalBlocker(self.box):
            if isinstance(value, np.ndarray):
                self.box.setText(", ".join(f"{float(each):.6g}" for each in value.reshape(-1)))
            else:
                self.box.setText("" if value is None else cell_text(value))


class TextEditor(Editor):
    """A text of any length."""

    large = True

    def __init__(self, fitted: FittedField) -> None:
        super().__init__(fitted)
        self.box = QPlainTextEdit()
        self.box.setPlaceholderText(self.tr("Type a text"))
        self.box.setTabChangesFocus(True)
        self.box.setMinimumSize(140, 48)
        self.box.textChanged.connect(self.changed)
        self._line(self.box)

    def value(self) -> str | None:
        """Return the text."""
        return self.box.toPlainText() or None

    def put(self, value: Any) -> None:
        """Show a text."""
        with QSignalBlocker(self.box):
            self.box.setPlainText("" if value is None else str(value))


class FileEditor(Editor):
    """An image, a sound or an array from a file."""

    large = True

    def __init__(self, fitted: FittedField) -> None:
        super().__init__(fitted)
        self._value: Any = None
        self.button = QPushButton(self.tr("Open a file…"))
        self.told = ElidedLabel(self.tr("or drop one here"))
        self.button.clicked.connect(self._on_open)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.column.addWidget(self.button)
        self.column.addWidget(self.told)
        self.column.addStretch(1)
        self.setMinimumWidth(120)

    def value(self) -> Any:
        """Return the path, or the array of a sample."""
        return self._value

    def put(self, value: Any) -> None:
        """Take a path or an array."""
        self._value = value
        if isinstance(value, str | Path):
            self.told.setText(Path(value).name)
        else:
            shape = np.asarray(value).shape if value is not None else ()
            self.told.setText(" × ".join(map(str, shape)))

    def _on_open(self) -> None:
        path = ask_for_file(self, self.fitted)
        if path is not None:
            self.put(path)
            self.changed.emit()


class DrawingEditor(Editor):
    """A sheet to draw on, with pen, eraser and clear; a file or a sample can be put on it."""

    large = True

    def __init__(self, fitted: FittedField, facts: DrawingFacts) -> None:
        super().__init__(fitted)
        self.sheet = Sheet(frame_of(fitted), facts)
        self.sheet.setAccessibleName(self.tr("Draw {0} here").format(fitted.name))
        self._value: Any = None
        self.pen = IconButton("pen", self.tr("Pen"))
        self.eraser = IconButton("eraser", self.tr("Eraser (or the right mouse button)"))
        self.clear = IconButton("delete", self.tr("Clear the sheet"))
        self.open = IconButton("open", self.tr("Open an image…"))
        self.fit = IconButton("zoom-fit", self.tr("Scale and centre the drawing as the images of the data are"))
        for name, button in (("pen", self.pen), ("eraser", self.eraser), ("fit", self.fit)):
            button.setCheckable(True)
            button.setObjectName(f"draw_{name}")
        self.pen.setAutoExclusive(True)
        self.eraser.setAutoExclusive(True)
        self.pen.setChecked(True)
        self.fit.setChecked(True)
        self.fit.setAutoExclusive(False)
        self.clear.setObjectName("draw_clear")
        self._lay_out()
        self.eraser.toggled.connect(self._on_erasing)
        self.fit.toggled.connect(self._on_fit)
        self.clear.clicked.connect(self._on_clear)
        self.open.clicked.connect(self._on_open)
        self.sheet.changed.connect(self._on_drawn)

    def _lay_out(self) -> None:
        tools = QVBoxLayout()
        tools.setSpacing(0)
        for button in (self.pen, self.eraser, self.clear, self.open, self.fit):
            tools.addWidget(button)
        tools.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.sheet, 1)
        row.addLayout(tools)

    def value(self) -> Any:
        """Return what was drawn, or the file or sample on the sheet."""
        if self._value is not None:
            return self._value
        return None if self.sheet.blank else self.sheet.pixels()

    def put(self, value: Any) -> None:
        """Put a file or a sample on the sheet."""
        self._value = value
        try:
            values = np.empty(1, dtype=object)
            values[0] = value
            _form, picture = one(self.fitted, values)
        except DataError:
            return  # asking the network says what is wrong with it
        self.sheet.put(picture)

    def _on_drawn(self) -> None:
        if self.sheet.given is None:
            self._value = None
        self.changed.emit()

    def _on_erasing(self, on: bool) -> None:
        self.sheet.erasing = on

    def _on_fit(self, on: bool) -> None:
        self.sheet.fit = on
        self.changed.emit()

    def _on_clear(self) -> None:
        self._value = None
        self.sheet.clear()

    def _on_open(self) -> None:
        path = ask_for_file(self, self.fitted)
        if path is not None:
            self.put(path)
            self.changed.emit()


def ask_for_file(parent: QWidget, fitted: FittedField) -> Path | None:
    """Ask for a file that a field's value can be read from."""
    family = _FAMILY.get(fitted.field.meaning)
    endings = " ".join(f"*{each}" for each in (*(FAMILIES[family] if family else ()), ".npy"))
    return choose_existing(parent, parent.tr("Open a file"), Path.home(), [f"{fitted.name} ({endings})"])


def takes_file(fitted: FittedField, path: Path) -> bool:
    """Return True for a file that is one value of a field: an image, a sound, an array."""
    family = _FAMILY.get(fitted.field.meaning)
    endings = FAMILIES[family] if family else ()
    arrays = (".npy",) if fitted.field.meaning in ("image", "audio", "array", "sequence", "mask") else ()
    return path.name.lower().endswith((*endings, *arrays)) and bool(endings or arrays)


_SIMPLE: dict[str, Callable[[FittedField], Editor]] = {
    "category": CategoryEditor,
    "flag": FlagEditor,
    "date": LineEditor,
    "identifier": LineEditor,
    "labels": LineEditor,
    "text": TextEditor,
    "mask": FileEditor,
    "audio": FileEditor,
    "array": FileEditor,
    "image": FileEditor,
}


def make_editor(fitted: FittedField, ready: Ready) -> Editor:
    """Return the editor that suits a field."""
    field = fitted.field
    if field.meaning == "number":
        return NumberEditor(fitted, ready.numbers.get(field.name, _guessed(fitted)))
    if drawable(fitted):
        return DrawingEditor(fitted, ready.drawings.get(field.name, DrawingFacts()))
    if field.meaning == "sequence":
        return LineEditor(fitted) if len(field.shape) == 1 else FileEditor(fitted)
    return _SIMPLE[field.meaning](fitted)


def _guessed(fitted: FittedField) -> NumberFacts:
    """Return a range from how a number is scaled, where the data cannot be read."""
    offset, scale = fitted.linear
    return NumberFacts(offset - 2 * abs(scale), offset + 2 * abs(scale), offset)


def placed(label: str) -> ElidedLabel:
    """Return the label beside an editor."""
    made = ElidedLabel(label)
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    made.setMinimumWidth(SPACE * 6)
    return made
