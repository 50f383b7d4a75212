"""Small questions asked on the canvas: a name for a group, how often it is stacked. Enter answers, Esc withdraws."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from designer.elsewhere import HideElsewhere
from designer.theme import SPACE, current
from designer.widgets import failing, muted

MOST = 1000
"""The largest number of repetitions that can be asked for here; an expression may come to more."""
_WIDTH = 250


class Question(QFrame):
    """A frame that floats over its parent; the subclass gives it a field and says what the answer does."""

    def __init__(self, parent: QWidget, name: str, title: str) -> None:
        super().__init__(parent)
        self._host = parent
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setAutoFillBackground(True)
        self.setFixedWidth(_WIDTH)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACE + 2, SPACE, SPACE + 2, SPACE + 2)
        self.column.setSpacing(SPACE - 2)
        self.title = muted(title, wrap=False)
        self.column.addWidget(self.title)
        HideElsewhere(self, self.withdraw)
        self.hide()

    def watch(self, *fields: QWidget) -> None:
        """Let Enter and Esc in these fields answer and withdraw."""
        for field in fields:
            field.installEventFilter(self)

    def show_at(self, place: QPoint, field: QWidget) -> None:
        """Show the question near a place of its parent, with the cursor in a field."""
        theme = current()
        look = f"background: {theme.raised}; border: 1px solid {theme.border}; border-radius: 8px;"
        self.setStyleSheet(f"#{self.objectName()} {{ {look} }}")
        self.adjustSize()
        host = self._host
        x = max(4, min(place.x(), host.width() - self.width() - 4))
        y = max(4, min(place.y(), host.height() - self.height() - 4))
        self.move(x, y)
        self.raise_()
        self.show()
        self.setFocusProxy(field)
        field.setFocus(Qt.FocusReason.PopupFocusReason)

    def withdraw(self) -> None:
        """Hide without an answer; the parent gets the keyboard back."""
        if self.isVisible():
            self.hide()
            self._host.setFocus(Qt.FocusReason.PopupFocusReason)

    def answer(self) -> None:
        """Take what was entered as the answer."""
        raise NotImplementedError

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter answers, Esc withdraws; leaving for something outside the question withdraws too."""
        if isinstance(event, QFocusEvent) and event.lostFocus():
            focus = QApplication.focusWidget()
            if event.reason() is not Qt.FocusReason.PopupFocusReason and not (focus and self.isAncestorOf(focus)):
                self.hide()
        elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.answer()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.withdraw()
                return True
        return super().eventFilter(watched, event)


class NameQuestion(Question):
    """Asks for a name and says beforehand why one will not do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "nameQuestion", "")
        self.field = QLineEdit()
        self.field.setObjectName("nameQuestionField")
        self.why_not = failing()
        for widget in (self.field, self.why_not):
            self.column.addWidget(widget)
        self._check: Callable[[str], str] = lambda _name: ""
        self._use: Callable[[str], object] = lambda _name: None
        self.field.textEdited.connect(self._show_why_not)
        self.watch(self.field)

    def ask(
        self, place: QPoint, title: str, name: str, check: Callable[[str], str], use: Callable[[str], object]
    ) -> None:
        """Ask for a name with one proposed; ``check`` says what is wrong with one, ``use`` gets the right one."""
        self._check, self._use = check, use
        self.title.setText(title)
        self.setAccessibleName(title)
        self.field.setAccessibleName(title)
        self.field.setText(name)
        self.field.selectAll()
        self._show_why_not()
        self.show_at(place, self.field)

    def answer(self) -> None:
        """Use the name where nothing is wrong with it; else the question stays."""
        if self._show_why_not():
            self.withdraw()
            self._use(self.field.text().strip())

    def _show_why_not(self) -> bool:
        text = self._check(self.field.text().strip())
        self.why_not.setText(text)
        self.why_not.setVisible(bool(text))
        self.adjustSize()
        return not text


class RepeatQuestion(Question):
    """Asks how often a group is stacked, and whether with one set of weights."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "repeatQuestion", "")
        self.title.setText(self.tr("How often in a row?"))
        self.setAccessibleName(self.title.text())
        self.count = QSpinBox()
        self.count.setObjectName("repeatCount")
        self.count.setAccessibleName(self.tr("Repetitions"))
        self.count.setRange(1, MOST)
        self.count.setPrefix("\N{MULTIPLICATION SIGN} ")
        self.tied = QCheckBox(self.tr("Tied: all with the same weights"))
        self.tied.setObjectName("repeatTied")
        self.button = QPushButton(self.tr("Repeat"))
        self.button.setObjectName("repeatAnswer")
        self.button.clicked.connect(self.answer)
        for widget in (self.count, self.tied, self.button):
            self.column.addWidget(widget)
        self._use: Callable[[int, bool], object] = lambda _count, _tied: None
        self.watch(self.count, self.tied, self.button)

    def ask(self, place: QPoint, count: int, tied: bool, use: Callable[[int, bool], object]) -> None:
        """Ask, beginning with what is set now."""
        self._use = use
        self.count.setValue(count)
        self.tied.setChecked(tied)
        self.count.selectAll()
        self.show_at(place, self.count)

    def answer(self) -> None:
        """Use number and weights."""
        self.count.interpretText()
        self.withdraw()
        self._use(self.count.value(), self.tied.isChecked())


def may_replace(parent: QWidget, title: str, question: str) -> bool:
    """Ask whether something that is there already may be replaced."""
    box = QMessageBox(QMessageBox.Icon.Question, title, question, parent=parent)
    box.setObjectName("may_replace")
    replacing = box.addButton(box.tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    answer = box.clickedButton() is replacing
    box.deleteLater()
    return answer
