"""The editor of yes or no."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from core.kinds import Parameter
from designer.properties.editors.base import Context, Editor, Shown, Silenced, Special


class BooleanEditor(Editor):
    """A check box; half ticked while the selected nodes differ."""

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parameter, context, parent)
        self.box = QCheckBox()
        self.setFocusProxy(self.box)
        self.box.clicked.connect(self._on_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        row.addStretch(1)

    def show_value(self, value: Shown) -> None:
        """Show the value, or the default."""
        mixed = value is Special.MIXED
        with Silenced(self.box):
            self.box.setTristate(mixed)
            if mixed:
                self.box.setCheckState(Qt.CheckState.PartiallyChecked)
            else:
                self.box.setChecked(bool(self.parameter.default if value is Special.UNSET else value))
        self.box.setText(self.several_values() if mixed else "")

    def _on_clicked(self) -> None:
        checked = self.box.checkState() is not Qt.CheckState.Unchecked
        self.box.setTristate(False)
        self.box.setChecked(checked)
        self.edited.emit(checked)
        self.finished.emit()
