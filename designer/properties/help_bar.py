"""The line at the bottom of the properties: what the parameter means that the mouse or the keyboard is on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from core.kinds import Parameter
from designer.properties.rows import facts
from designer.theme import SPACE, scaled_font
from designer.widgets import ElidedLabel, Rule, TextLabel, muted

_LINES = 2
_SMALL = 0.92


class HelpBar(QWidget):
    """The name with its bounds and default, and two lines of help; the tool tip has the whole."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("parameter_help")
        self.setAutoFillBackground(True)
        self.title = ElidedLabel()
        self.title.setFont(scaled_font(self.font(), _SMALL, bold=True))
        self.text: TextLabel = muted()
        self.text.setFont(scaled_font(self.font(), _SMALL))
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.text.setFixedHeight(self.text.fontMetrics().lineSpacing() * _LINES + 1)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, SPACE // 2)
        column.setSpacing(0)
        column.addWidget(Rule())
        inner = QVBoxLayout()
        inner.setContentsMargins(SPACE * 2 - 4, SPACE // 2, SPACE, 0)
        inner.setSpacing(1)
        inner.addWidget(self.title)
        inner.addWidget(self.text)
        column.addLayout(inner)
        self.show_parameter(None)

    def show_parameter(self, parameter: Parameter | None) -> None:
        """Explain a parameter, or how parameters are entered where there is none."""
        if parameter is None:
            self.title.setText(self.tr("Ctrl+Shift+F searches, Esc takes back"))
            told = self.tr("Drag a name to change its number. Up and Down step, Alt+Up doubles, Alt+Down halves.")
        else:
            self.title.setText("  ·  ".join((parameter.name, *facts(parameter))))
            told = parameter.help or self.tr("There is no explanation of this one.")
        self.text.setText(told)
        self.text.setToolTip(told)
