"""One problem as a row: severity, where it is, what is wrong, and a button for every fix."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.model.problems import Fix, Problem
from designer.icons import icon
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import ElidedButton, IconLabel, TextLabel, bold, breakable, paint_card

SEVERITY_ICONS = {"error": ("error", "error"), "warning": ("warning", "warning"), "info": ("info", "accent")}
"""Icon and theme colour of each severity; the shape differs too, so that colour is not all there is."""


class _FixButton(ElidedButton):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setIcon(icon("fix"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.setIcon(icon("fix"))
        super().changeEvent(event)


class ProblemRow(QWidget):
    """Shows one problem. A click, Enter or Space brings its node into view; a fix is one undoable edit."""

    def __init__(self, problem: Problem, session: Session, *, show_node: bool = True) -> None:
        super().__init__()
        self.problem = problem
        self._session = session
        self._hovered = False
        self.setObjectName("problem_row")
        self.setAccessibleName(f"{problem.severity}: {problem.place} {problem.message}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if problem.node and show_node:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE - 2, SPACE, SPACE - 2)
        row.setSpacing(SPACE)
        row.addWidget(IconLabel(*SEVERITY_ICONS[problem.severity], size=18), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._texts(show_node), 1)

    def _texts(self, show_node: bool) -> QVBoxLayout:
        problem = self.problem
        column = QVBoxLayout()
        column.setSpacing(2)
        if problem.node and show_node:
            place = f"{problem.place}.{problem.parameter}" if problem.parameter else problem.place
            name = TextLabel(breakable(place))
            name.setFont(bold(name.font()))
            column.addWidget(name)
        column.addWidget(TextLabel(breakable(problem.message).replace(" × ", "\u00a0×\u00a0")))  # shapes in one piece
        if problem.fixes:
            buttons = QVBoxLayout() if not show_node else QHBoxLayout()
            buttons.setContentsMargins(0, 4, 0, 0)
            for fix in problem.fixes:
                buttons.addWidget(self._button(fix), 0, Qt.AlignmentFlag.AlignLeft)
            if isinstance(buttons, QHBoxLayout):
                buttons.addStretch(1)
            column.addLayout(buttons)
        return column

    def _button(self, fix: Fix) -> QPushButton:
        button = _FixButton(fix.label)
        button.setObjectName("fix_button")
        button.setAccessibleName(self.tr("Fix: {label}").format(label=fix.label))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._session.apply(fix.edit))
        return button

    def reveal(self) -> None:
        """Bring the problem's node into view."""
        if self.problem.node:
            self._session.reveal(self.problem.node, self.problem.path)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click anywhere but on a fix goes to the node."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.reveal()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space go to the node; up and down to the neighbouring problems."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.reveal()
        elif event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: object) -> None:
        """Show that the row can be clicked."""
        self._hovered = True
        self.update()

    def leaveEvent(self, event: object) -> None:
        """The pointer has left."""
        self._hovered = False
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The focus has gone."""
        self.update()
        super().focusOutEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the card; its border tells of hover and focus."""
        painter = QPainter(self)
        active = self._hovered or self.hasFocus()
        border = QPalette.ColorRole.Highlight if active else QPalette.ColorRole.Mid
        paint_card(painter, QRectF(self.rect()), self.palette(), border=border, width=2 if self.hasFocus() else 1)
        painter.end()
