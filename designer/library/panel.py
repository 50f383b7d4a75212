"""The library of layers: search it, drag a layer out, or double-click to add it after the selection."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QTreeView, QVBoxLayout, QWidget

from core.layers import catalogue
from designer import theme
from designer.icons import icon
from designer.library.delegate import LibraryDelegate
from designer.library.model import KIND, LibraryModel, LibrarySearch
from designer.theme import SPACE
from designer.widgets import failing, muted


class LibraryPanel(QWidget):
    """Shows the catalogue. ``add_requested`` gives the id of a kind that shall be added after the selection."""

    add_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("library_panel")
        self.setAccessibleName(self.tr("Library of layers"))
        self.model = LibraryModel(catalogue)
        self.shown = LibrarySearch(self.model)
        self.search_field = self._make_search_field()
        self.view = self._make_view()
        self._nothing = muted(self.tr("No layer matches. Try another word, such as “pool” or “norm”."))
        self._nothing.setContentsMargins(SPACE * 2, SPACE, SPACE * 2, SPACE)
        self._nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE, 0, 0)
        column.setSpacing(SPACE)
        field_row = QVBoxLayout()
        field_row.setContentsMargins(SPACE, 0, SPACE, 0)
        field_row.addWidget(self.search_field)
        column.addLayout(field_row)
        column.addWidget(self._nothing)
        column.addWidget(self.view, 1)
        self._report_failures(column)
        theme.switch.changed.connect(self._on_theme_changed)

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search_field.selectAll()

    def sizeHint(self) -> QSize:
        """Prefer a width at which names and the start of their help can be read."""
        return QSize(250, 500)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys of the search field walk the list, and Enter add from it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if watched is self.search_field and self._on_search_key(event.key()):
                return True
            if watched is self.view and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_activated(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _on_search_key(self, key: int) -> bool:
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            if not self.view.currentIndex().isValid():
                self._select_best()
            self.view.setFocus()
            return True
        if key == Qt.Key.Key_Escape and self.search_field.text():
            self.search_field.clear()
            return True
        return False

    def _make_search_field(self) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName("library_search")
        field.setAccessibleName(self.tr("Search layers"))
        field.setPlaceholderText(self.tr("Search layers"))
        field.setClearButtonEnabled(True)
        field.addAction(icon("search", theme.current().text_muted), QLineEdit.ActionPosition.LeadingPosition)
        field.textChanged.connect(self._on_search_changed)
        field.returnPressed.connect(self._on_search_entered)
        field.installEventFilter(self)
        return field

    def _make_view(self) -> QTreeView:
        view = QTreeView()
        view.setObjectName("library_view")
        view.setAccessibleName(self.tr("Layers"))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setHeaderHidden(True)
        view.setModel(self.shown)
        view.setItemDelegate(LibraryDelegate(view))
        view.setRootIsDecorated(False)
        view.setIndentation(0)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setDragEnabled(True)
        view.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        view.setExpandsOnDoubleClick(False)
        view.clicked.connect(self._on_clicked)
        view.doubleClicked.connect(self._on_activated)
        view.installEventFilter(self)
        view.expandAll()
        return view

    def _report_failures(self, column: QVBoxLayout) -> None:
        if catalogue.failures:
            lines = "\n".join(f"{each.entry_point}: {each.error}" for each in catalogue.failures)
            label = failing(self.tr("These plug-ins could not be loaded:") + "\n" + lines)
            label.setObjectName("library_failures")
            label.setContentsMargins(SPACE, 0, SPACE, SPACE)
            column.addWidget(label)

    def _on_search_changed(self, text: str) -> None:
        self.shown.search(text)
        self.view.expandAll()
        self._nothing.setVisible(self.shown.rowCount() == 0)
        if text.strip():
            self._select_best()
        else:
            self.view.setCurrentIndex(QModelIndex())

    def _select_best(self) -> None:
        matches = self.shown.matches()
        if matches:
            self.view.setCurrentIndex(matches[0])

    def _on_search_entered(self) -> None:
        if self.search_field.text().strip():
            self._on_activated(self.view.currentIndex())

    def _on_clicked(self, index: QModelIndex) -> None:
        if index.data(KIND) is None:
            self.view.setExpanded(index, not self.view.isExpanded(index))

    def _on_activated(self, index: QModelIndex) -> None:
        kind = index.data(KIND)
        if kind:
            self.add_requested.emit(str(kind))

    def _on_theme_changed(self) -> None:
        self.search_field.actions()[0].setIcon(icon("search", theme.current().text_muted))
        self.view.viewport().update()
