"""The library of layers: search it, drag a layer out, or double-click to add it after the selection."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QMenu, QTreeView, QVBoxLayout, QWidget

from core.graph.blocks import Block, blocks
from core.graph.change import Change
from core.graph.kinds import own_kinds
from core.kinds import LayerKind
from core.layers import catalogue
from designer import theme
from designer.canvas.dropping import BLOCK_PREFIX
from designer.icons import icon
from designer.library.delegate import LibraryDelegate
from designer.library.menu import row_menu
from designer.library.model import BLOCKS, FAMILY, KIND, LibraryModel, LibrarySearch, explanation
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import failing, muted

_OPEN = ("Input & output", "Core", "Activation", "Convolution", "Groups", "Python", BLOCKS)
"""The families that are unfolded at first."""


class LibraryPanel(QWidget):
    """Shows the catalogue, what the session's project defines itself, and the blocks in a folder of the user's.

    ``add_requested`` gives the id of a kind that shall be added after the selection, ``block_requested`` the path of
    the file of a block.
    """

    add_requested = Signal(str)
    block_requested = Signal(object)

    def __init__(
        self, session: Session | None = None, blocks: Path | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("library_panel")
        self.setAccessibleName(self.tr("Library of layers"))
        self._session, self._folder = session, blocks
        self._unfolded = set(_OPEN)
        self._unfolding = False
        self._own = self._told()
        self.model = LibraryModel(self._kinds(), self._blocks())
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
        self._unfold()
        self._report_failures(column)
        theme.switch.changed.connect(self._on_theme_changed)
        if session is not None:
            session.changed.connect(self._on_changed)

    def refresh(self) -> None:
        """Show what the project defines and which blocks there are now; what is marked and in view stays so."""
        kind, place = self.view.currentIndex().data(KIND), self.view.verticalScrollBar().value()
        self._own = self._told()
        self.model.show_kinds(self._kinds(), self._blocks())
        self.shown.search(self.search_field.text())
        self._unfold()
        index = next((each for each in self.shown.matches() if kind and each.data(KIND) == kind), QModelIndex())
        self.view.setCurrentIndex(index)
        self.view.verticalScrollBar().setValue(place)
        self._nothing.setVisible(self.shown.rowCount() == 0)

    def _told(self) -> tuple[tuple[str, str], ...]:
        """Return what is shown of the project's own layers."""
        own = own_kinds(self._session.project) if self._session else ()
        return tuple((kind.id, explanation(kind)) for kind in own)

    def _kinds(self) -> tuple[LayerKind, ...]:
        return (*catalogue, *(own_kinds(self._session.project) if self._session else ()))

    def _blocks(self) -> tuple[Block, ...]:
        return blocks(self._folder) if self._folder is not None else ()

    def _on_changed(self, change: Change) -> None:
        if change.parts.keys() & {"groups", "code"} and self._told() != self._own:
            self.refresh()

    def _unfold(self) -> None:
        """Unfold every family while something is searched, else those that the user left open."""
        searching = bool(self.search_field.text().strip())
        self._unfolding = True
        for row in range(self.shown.rowCount()):
            index = self.shown.index(row, 0)
            self.view.setExpanded(index, searching or str(index.data(FAMILY)) in self._unfolded)
        self._unfolding = False

    def _remember(self, index: QModelIndex, unfolded: bool) -> None:
        """Keep what the user folded, by mouse or by key; while something is searched everything is unfolded anyway."""
        if not self._unfolding and not self.search_field.text().strip():
            (self._unfolded.add if unfolded else self._unfolded.discard)(str(index.data(FAMILY)))

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
                self._on_entered(self.view.currentIndex())
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
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._on_menu)
        view.expanded.connect(lambda index: self._remember(index, True))
        view.collapsed.connect(lambda index: self._remember(index, False))
        view.clicked.connect(self._on_clicked)
        view.doubleClicked.connect(self._on_activated)
        view.installEventFilter(self)
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
        self._unfold()
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

    def menu_of(self, index: QModelIndex) -> QMenu | None:
        """Return what can be done with a row; None for a family."""
        return row_menu(self, self._session, index, lambda: self._on_activated(index), self.refresh)

    def _on_menu(self, place: QPoint) -> None:
        menu = self.menu_of(self.view.indexAt(place))
        if menu is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(place))

    def _on_entered(self, index: QModelIndex) -> None:
        """Enter adds a layer, and folds or unfolds a family."""
        self._on_clicked(index)
        self._on_activated(index)

    def _on_activated(self, index: QModelIndex) -> None:
        kind = str(index.data(KIND) or "")
        if kind.startswith(BLOCK_PREFIX):
            self.block_requested.emit(Path(kind.removeprefix(BLOCK_PREFIX)))
        elif kind:
            self.add_requested.emit(kind)

    def _on_theme_changed(self) -> None:
        self.search_field.actions()[0].setIcon(icon("search", theme.current().text_muted))
        self.view.viewport().update()
