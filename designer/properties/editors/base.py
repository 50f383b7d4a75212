"""What every property editor has in common: it shows a value, says what was typed, and refuses what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from core.kinds import Parameter, Value
from designer.session import Session
from designer.widgets import ElidedComboBox

_NOTCH = 120
"""What a mouse wheel reports for one notch, in eighths of a degree."""


class Special(Enum):
    """What an editor may be asked to show besides a value."""

    UNSET = "unset"
    """The parameter has its default."""
    MIXED = "mixed"
    """The selected nodes differ."""


Shown = Value | Special


def _no_names() -> Iterable[str]:
    return ()


def _no_value(_value: Value) -> Value:
    return None


@dataclass(frozen=True)
class Context:
    """What an editor knows of its surroundings. ``check`` says what is wrong with a value in the project as it is.

    ``names`` are those that an expression may use, ``value`` evaluates one; without them there are no expressions.
    """

    session: Session
    nodes: tuple[str, ...]
    check: Callable[[Value], str]
    names: Callable[[], Iterable[str]] = _no_names
    value: Callable[[Value], Value] = _no_value


def automatic(found: str = "") -> str:
    """Return what a choice is called that is made by itself, with what it comes to where that is known."""
    told = QCoreApplication.translate("Editor", "Automatic")
    return f"{told} ({found})" if found else told


class Editor(QWidget):
    """Edits one parameter of the context's nodes."""

    edited = Signal(object)
    """A valid value, or DEFAULT, at every keystroke."""
    refused = Signal(str)
    """What was typed is no value; the text says why."""
    finished = Signal()
    """The field was left or confirmed: the undo step is complete."""
    tall = False
    """True where the editor takes several lines, so that its name stands at the top."""

    @property
    def applies(self) -> bool:
        """False while there is nothing to choose, because of what is set elsewhere: the row is then left out."""
        return True

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.context = context

    def show_value(self, value: Shown) -> None:
        """Show a value, the default (UNSET), or that the nodes differ (MIXED); emits nothing."""
        raise NotImplementedError

    def refresh(self) -> None:
        """The project or the report has changed: show what the choices are now."""

    def several_values(self) -> str:
        """Return what stands in the field while the selected nodes differ."""
        return QCoreApplication.translate("Editor", "several values")


class QuietComboBox(ElidedComboBox):
    """A combo box that leaves the wheel to the form: scrolling past must not change a value."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the form scroll."""
        event.ignore()


class QuietSpinBox(QAbstractSpinBox):
    """A field with up and down buttons for any text; the wheel steps while it has the keyboard, else it scrolls."""

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setKeyboardTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel alone must not give it the keyboard
        self._turned = 0

    def stepBy(self, steps: int) -> None:
        """Leave it to the editor what a step is."""
        self.stepped.emit(steps)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Allow steps in both directions; bounds are the editor's affair."""
        return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept any text: the editor explains what is wrong with it."""
        return (QValidator.State.Acceptable, text, position)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step by whole notches, or let the form scroll past."""
        if not self.hasFocus():
            event.ignore()
            return
        self._turned += event.angleDelta().y()
        steps = int(self._turned / _NOTCH)
        self._turned -= steps * _NOTCH
        if steps:
            self.stepBy(steps)
        event.accept()


class Silenced:
    """Blocks the signals of widgets while a value is being shown."""

    def __init__(self, *objects: QObject) -> None:
        self._objects = objects

    def __enter__(self) -> None:
        for each in self._objects:
            each.blockSignals(True)

    def __exit__(self, *_error: object) -> None:
        for each in self._objects:
            each.blockSignals(False)
