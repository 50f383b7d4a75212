"""A titled part of a form, which can be folded, and the read-only rows in it."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QGridLayout,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from designer.icons import icon
from designer.settings import Settings
from designer.theme import SPACE
from designer.widgets import ElidedLabel, Rule, TextLabel, bold, heading

NAME_WIDTH = 104
"""Width of the column of names, in pixels; longer names are cut and told by the tool tip."""
RESET_WIDTH = 24
"""Width of the column of reset buttons, in pixels; kept free in every form, so that fields line up."""
_BESIDE_TITLE = 32
"""What the arrow of a fold and the gaps beside its title take, in pixels."""


class Section(QWidget):
    """A thin line, a heading, and a grid of names and values below."""

    def __init__(self, title: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        if title:
            column.addWidget(Rule())
            column.addWidget(heading(title))
        self.grid = QGridLayout()
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(SPACE)
        self.grid.setVerticalSpacing(SPACE - 2)
        self.grid.setColumnMinimumWidth(0, NAME_WIDTH)
        self.grid.setColumnMinimumWidth(2, RESET_WIDTH)
        self.grid.setColumnStretch(1, 1)
        self.column = column
        column.addLayout(self.grid)

    def add_value(self, name: str, text: str, *, muted: bool = False) -> TextLabel:
        """Add a read-only row; the returned label can be given another text."""
        row = self.grid.rowCount()
        title = ElidedLabel(name, role=QPalette.ColorRole.PlaceholderText)
        title.setFixedWidth(NAME_WIDTH)
        role = QPalette.ColorRole.PlaceholderText if muted else QPalette.ColorRole.WindowText
        value = TextLabel(text, role)
        value.setAccessibleName(name)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        self.grid.addWidget(value, row, 1, 1, 2)
        return value


class _FoldButton(QToolButton):
    def show_arrow(self) -> None:
        self.setIcon(icon("chevron-down" if self.isChecked() else "chevron-right"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.show_arrow()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.state &= ~QStyle.StateFlag.State_On  # the arrow says that it is open
        room = self.width() - _BESIDE_TITLE
        option.text = option.fontMetrics.elidedText(option.text, Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class Fold(QWidget):
    """A section behind its title: a click, Space or Enter on the title shows or hides it.

    The title says how much of what is inside was set, or to what, so that it is known while the fold is closed. What
    the user chose holds for every fold of that key from then on (``use`` says where it is kept).
    """

    _open: ClassVar[dict[str, bool]] = {}
    _settings: ClassVar[Settings | None] = None

    @classmethod
    def use(cls, settings: Settings | None) -> None:
        """Take which folds are open from these settings, and keep it there from now on (None: the usual, for a run)."""
        cls._settings = settings
        cls._open = settings.folds if settings is not None else {}

    def __init__(self, title: str, key: str, *, is_open: bool = False) -> None:
        super().__init__()
        self._key, self._title, self._usually = key, title, is_open
        self.section = Section()
        self.button = _FoldButton()
        self.button.setObjectName(f"fold_{key}")
        self.button.setText(title)
        self.button.setAutoRaise(True)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.button.setFont(bold(self.button.font()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE - 2)
        column.addWidget(Rule())
        column.addWidget(self.button)
        column.addWidget(self.section)
        self.button.toggled.connect(self._show)
        self.button.clicked.connect(self._remember)
        self._held = False
        self.button.setChecked(self._open.get(key, is_open))
        self._show(self.button.isChecked())

    def show_count(self, count: int) -> None:
        """Say how many of the values inside are set."""
        self.tell(self.tr("{count} set").format(count=count) if count else "")

    def tell(self, text: str) -> None:
        """Say beside the title what stands inside."""
        title = f"{self._title} · {text}" if text else self._title
        self.button.setText(title)
        self.button.setToolTip(title)
        self.button.setAccessibleName(title)

    def hold_open(self, held: bool) -> None:
        """Show what is inside while something is searched for; afterwards it is as the user left it."""
        if held != self._held:
            self._held = held
            self.button.setChecked(held or self._open.get(self._key, self._usually))

    def _show(self, shown: bool) -> None:
        self.button.show_arrow()
        self.section.setVisible(shown)

    def _remember(self, shown: bool) -> None:
        if not self._held:
            self._open[self._key] = shown
            if self._settings is not None:
                self._settings.folds = self._open
