"""The canvases of one project: one at first, more where the user splits; the panels follow the one worked on."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from designer.canvas.breadcrumbs import Breadcrumbs
from designer.canvas.find_bar import FindBar
from designer.canvas.heat_map import HeatMap
from designer.canvas.minimap import Minimap
from designer.canvas.view import CanvasView
from designer.definitions import Definitions
from designer.properties.cost import CostWatcher
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import IconButton, muted

_LEAST = 150
"""Width and height, in pixels, under which a canvas is not split any further."""
_BAR = 26


class Pane(QWidget):
    """One canvas with a place of its own, its breadcrumbs, and the commands that act on it."""

    close_requested = Signal()

    def __init__(self, session: Session, folder: Path, blocks: Path, watcher: CostWatcher | None) -> None:
        super().__init__()
        self.setObjectName("pane")
        self.session = session
        self.breadcrumbs = Breadcrumbs(session)
        self.canvas = CanvasView(session)
        self.canvas.structure.blocks = blocks
        self.find_bar = FindBar(self.canvas)
        self.minimap = Minimap(self.canvas)
        self.definitions = Definitions(self.canvas, folder)
        self.heat: HeatMap | None = None
        self._bar = self._make_bar()
        self._is_current = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self.breadcrumbs)
        column.addWidget(self.canvas, 1)
        if watcher is not None:
            self.watch_costs(watcher)

    def watch_costs(self, watcher: CostWatcher) -> None:
        """Colour the nodes by what they cost as soon as that is asked for, and tell it in their tool tips."""
        self.canvas.canvas.costs = watcher
        self.heat = HeatMap(self.canvas, watcher)

    def show_state(self, *, alone: bool, current: bool) -> None:
        """Show which of several views the panels follow; one that is alone needs no bar."""
        self._bar.setVisible(not alone)
        self._is_current = current
        self._title.setText(self.tr("The panels follow this view") if current else self.tr("View"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a line in the accent colour above the view that is worked on."""
        super().paintEvent(event)
        if self._bar.isVisible() and self._is_current:
            painter = QPainter(self)
            painter.fillRect(0, 0, self.width(), 3, self.palette().highlight())
            painter.end()

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        bar.setObjectName("pane_bar")
        bar.setFixedHeight(_BAR)
        row = QHBoxLayout(bar)
        row.setContentsMargins(SPACE, 3, 2, 0)
        self._title = muted(wrap=False)
        row.addWidget(self._title, 1)
        close = IconButton("close", self.tr("Close this view (Ctrl+Shift+W)"))
        close.setObjectName("close_pane")
        close.clicked.connect(self.close_requested)
        row.addWidget(close)
        bar.hide()
        return bar


class Panes(QWidget):
    """Holds the panes, at least one. ``session`` is that of the panels: it looks through the current pane's place."""

    current_changed = Signal()
    zoom_changed = Signal(float)
    """The zoom of the current canvas."""
    added = Signal(object)
    """A Pane."""

    def __init__(self, session: Session, folder: Path, blocks: Path) -> None:
        super().__init__()
        self.setObjectName("panes")
        self._session, self._folder, self._blocks = session, folder, blocks
        self._watcher: CostWatcher | None = None
        self._panes: list[Pane] = []
        self._root = QSplitter()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._root)
        own = session.place
        self.current = self._make()
        session.look_through(self.current.session.place)
        own.leave()
        self._root.addWidget(self.current)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    @property
    def panes(self) -> tuple[Pane, ...]:
        """All panes, in the order in which they were opened."""
        return tuple(self._panes)

    def watch_costs(self, watcher: CostWatcher) -> None:
        """Let every canvas colour its nodes by what they cost."""
        self._watcher = watcher
        for pane in self._panes:
            pane.watch_costs(watcher)

    def split(self, orientation: Qt.Orientation) -> Pane | None:
        """Open another view of the project beside the current one (horizontal) or below it; None without room."""
        current = self.current
        room = current.width() if orientation is Qt.Orientation.Horizontal else current.height()
        if room < 2 * _LEAST:
            self._session.refused.emit(self.tr("There is no room for another view here. Make this one larger first."))
            return None
        pane = self._make()
        splitter = current.parentWidget()
        assert isinstance(splitter, QSplitter)
        if splitter.count() == 1:
            splitter.setOrientation(orientation)
        elif splitter.orientation() is not orientation:
            splitter = self._nest(splitter, orientation)
        at = splitter.indexOf(current)
        sizes, zoom = splitter.sizes(), current.canvas.zoom
        middle = current.canvas.mapToScene(current.canvas.viewport().rect().center())
        splitter.insertWidget(at + 1, pane)
        splitter.setSizes([*sizes[:at], room // 2, room - room // 2, *sizes[at + 1 :]])
        if current.heat is not None and pane.heat is not None:
            pane.heat.show_measure(current.heat.measure)
        self.added.emit(pane)
        self.activate(pane)
        pane.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, pane, lambda: _show_alike((current.canvas, pane.canvas), zoom, middle))
        return pane

    def close_pane(self, pane: Pane) -> None:
        """Close a view; the last one stays."""
        if len(self._panes) == 1:
            return
        at = self._panes.index(pane)
        self._panes.remove(pane)
        if pane is self.current:
            self.activate(self._panes[max(at - 1, 0)])
        splitter = pane.parentWidget()
        pane.hide()
        pane.setParent(None)
        pane.session.close()
        pane.deleteLater()
        if isinstance(splitter, QSplitter):
            self._tidy(splitter)
        self._show_states()
        self.current.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def activate(self, pane: Pane) -> None:
        """Let the panels follow a view."""
        if pane is not self.current:
            self.current = pane
            self._session.look_through(pane.session.place)
            self._show_states()
            self.current_changed.emit()
            self.zoom_changed.emit(pane.canvas.zoom)

    def focus_next(self) -> None:
        """Go to the next view."""
        pane = self._panes[(self._panes.index(self.current) + 1) % len(self._panes)]
        self.activate(pane)
        pane.canvas.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _make(self) -> Pane:
        pane = Pane(self._session.beside(), self._folder, self._blocks, self._watcher)
        self._panes.append(pane)
        pane.close_requested.connect(lambda: self.close_pane(pane))
        pane.canvas.zoom_changed.connect(lambda zoom: self._on_zoom(pane, zoom))
        return pane

    def _on_zoom(self, pane: Pane, zoom: float) -> None:
        if pane is self.current:
            self.zoom_changed.emit(zoom)

    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        for pane in self._panes:
            if now is not None and pane.isAncestorOf(now):
                self.activate(pane)

    def _show_states(self) -> None:
        for pane in self._panes:
            pane.show_state(alone=len(self._panes) == 1, current=pane is self.current)

    def _nest(self, splitter: QSplitter, orientation: Qt.Orientation) -> QSplitter:
        """Put a splitter of the other orientation where the current pane was, with the pane in it."""
        at, sizes = splitter.indexOf(self.current), splitter.sizes()
        inner = QSplitter(orientation)
        splitter.insertWidget(at, inner)
        inner.addWidget(self.current)
        splitter.setSizes(sizes)
        return inner

    def _tidy(self, splitter: QSplitter) -> None:
        """Take out a splitter that holds one thing only."""
        outer = splitter.parentWidget()
        only = splitter.widget(0)
        if splitter.count() == 1 and only is not None and isinstance(outer, QSplitter):
            sizes = outer.sizes()
            outer.insertWidget(outer.indexOf(splitter), only)
            splitter.setParent(None)
            splitter.deleteLater()
            outer.setSizes(sizes)


def _show_alike(canvases: tuple[CanvasView, ...], zoom: float, middle: QPointF) -> None:
    """Let canvases that have their sizes now show the same part of the network."""
    for canvas in canvases:
        canvas.set_zoom(zoom)
        canvas.navigator.centre(middle)
