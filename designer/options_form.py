"""A form made from declared parameters, such as the options of a data source, with the editors of the properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from core.graph.edits import DEFAULT
from core.kinds import Parameter, Value
from designer import theme
from designer.properties.editors.base import Context, Editor, Special
from designer.properties.editors.options import check_plain
from designer.properties.editors.table import EDITORS
from designer.properties.editors.typed import TypedEditor
from designer.session import Session
from designer.widgets import ElidedLabel, TextLabel, failing


class OptionsForm(QWidget):
    """One row per parameter: its name and its editor, and below it what is wrong with what was typed."""

    edited = Signal(str, object)
    """A parameter's name and its new value, or DEFAULT."""
    finished = Signal()
    """A field was left or confirmed."""

    def __init__(
        self,
        session: Session,
        parent: QWidget | None = None,
        *,
        special: Mapping[str, type[Editor]] | None = None,
        titles: Mapping[str, str] | None = None,
    ) -> None:
        """Make an empty form; ``special`` names editors for some parameters, ``titles`` how some are called."""
        super().__init__(parent)
        self._session = session
        self._special = special or {}
        self._titles = titles or {}
        self._parameters: tuple[Parameter, ...] = ()
        self.editors: dict[str, Editor] = {}
        self._messages: dict[str, TextLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE)
        self._grid.setVerticalSpacing(theme.SPACE // 2)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)

    def show_parameters(self, parameters: Iterable[Parameter], values: Mapping[str, Value]) -> None:
        """Show these parameters with these values; those without a value show their default."""
        parameters = tuple(parameters)
        if parameters != self._parameters:
            self._rebuild(parameters)
        for name, editor in self.editors.items():
            if not self._typing(editor):
                editor.show_value(values.get(name, Special.UNSET))
                self._messages[name].hide()
        self.setVisible(bool(parameters))

    def message(self, name: str) -> str:
        """Return what is wrong with what was typed for a parameter, or an empty string."""
        label = self._messages[name]
        return "" if label.isHidden() else label.text()

    def _typing(self, editor: Editor) -> bool:
        """Return True while the user is typing into this editor, so that the text must stay as it is."""
        focus = editor.focusProxy()
        return focus is not None and focus.hasFocus() and isinstance(editor, TypedEditor)

    def _rebuild(self, parameters: tuple[Parameter, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._parameters = parameters
        self.editors.clear()
        self._messages.clear()
        for row, parameter in enumerate(parameters):
            self._add(2 * row, parameter)

    def _add(self, row: int, parameter: Parameter) -> None:
        label = ElidedLabel(self._titles.get(parameter.name, parameter.name))
        label.setToolTip(parameter.help or parameter.name)
        label.setFixedWidth(LABEL_WIDTH)
        made = self._special.get(parameter.name, EDITORS[parameter.type])
        editor = made(parameter, Context(self._session, (), lambda value: check_plain(parameter, value)))
        editor.setObjectName(f"option_{parameter.name}")
        editor.setToolTip(parameter.help)
        focus = editor.focusProxy()
        if focus is not None:
            focus.setAccessibleName(label.text())
            focus.setAccessibleDescription(" ".join(filter(None, (parameter.help, parameter.unit))))
        message = failing()
        message.hide()
        editor.edited.connect(lambda value: self._on_edited(parameter.name, value))
        editor.refused.connect(lambda text: self._on_refused(parameter.name, text))
        editor.finished.connect(self._on_finished)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(editor, row, 1)
        self._grid.addWidget(message, row + 1, 1)
        self.editors[parameter.name] = editor
        self._messages[parameter.name] = message

    def _on_finished(self) -> None:
        self._session.document.end_merge()
        self.finished.emit()

    def _on_edited(self, name: str, value: Value) -> None:
        self._messages[name].hide()
        self.edited.emit(name, value)

    def _on_refused(self, name: str, text: str) -> None:
        message = self._messages[name]
        message.setText(text)
        message.show()


LABEL_WIDTH = 104
"""Width of the names, in pixels; forms that stand below one another share it, so that their fields line up."""


def with_value(values: Mapping[str, Value], name: str, value: Value) -> dict[str, Value]:
    """Return the values with one changed; DEFAULT takes it out."""
    changed = {**values, name: value}
    return {key: each for key, each in changed.items() if each is not DEFAULT}
