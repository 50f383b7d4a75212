"""The undo history as a list: where one is, what was saved, and the way to any step with one click."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, QTimer
from PySide6.QtGui import QFocusEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QVBoxLayout, QWidget

from designer.history.model import HistoryModel
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import muted


class HistoryPanel(QWidget):
    """Lists the steps, the oldest first. A click or Enter undoes or redoes up to that step."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = session.document
        self.setObjectName("history_panel")
        self.model = HistoryModel(session, self)
        self.list = _Steps()
        self.list.setModel(self.model)
        self.list.clicked.connect(self._on_chosen)
        self.list.activated.connect(self._on_chosen)
        self.setFocusProxy(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.list, 1)
        hint = muted(self.tr("A click goes to that step. Steps in grey italics are undone; a new change removes them."))
        hint.setContentsMargins(SPACE, 0, SPACE, 0)
        column.addWidget(hint)
        self._shown = -1
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(0)
        self._late.timeout.connect(self.refresh)
        session.history_changed.connect(self._on_history_changed)
        self.refresh()

    def refresh(self) -> None:
        """Show the history as it is now."""
        self.model.refresh()
        if self._shown != self.model.current:
            self._shown = self.model.current
            self.list.setCurrentIndex(self.model.index(self._shown))

    def showEvent(self, event: QShowEvent) -> None:
        """Follow again: what is not seen is not kept up to date."""
        super().showEvent(event)
        self.refresh()

    def _on_chosen(self, index: QModelIndex) -> None:
        if index.isValid():
            self._document.go_to(index.row())

    def _on_history_changed(self) -> None:
        if self.isVisible():
            self._late.start()  # many changes in a row are one new layout of the list


class _Steps(QListView):
    """Rows of one height, so that ten thousand cost as much as those that are seen."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("history_list")
        self.setAccessibleName(self.tr("Undo history"))
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(16, 16))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where one is."""
        super().focusInEvent(event)
        self.scrollTo(self.currentIndex())
