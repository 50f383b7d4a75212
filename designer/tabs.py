"""The tabs of the window: the start page and the open projects, with what is unsaved and how far training is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from designer.widgets import IconButton

UNSAVED = "•"
_TRACK = 3


class ProjectTabBar(QTabBar):
    """A tab bar that closes with the middle button and draws progress along the lower edge of a tab."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("project_tabs")
        self.setAccessibleName(self.tr("Open projects"))
        self.setDocumentMode(True)
        self.setDrawBase(False)
        self.setMovable(True)
        self.setExpanding(False)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUsesScrollButtons(True)
        self.setIconSize(QSize(16, 16))
        self._shares: dict[QWidget, float] = {}

    def page(self, at: int) -> QWidget | None:
        """Return the page of a tab."""
        page = self.tabData(at)
        return page if isinstance(page, QWidget) else None

    def show_share(self, page: QWidget, share: float | None) -> None:
        """Draw how far the training of a page is (0 to 1), or nothing (None)."""
        if share is None:
            self._shares.pop(page, None)
        else:
            self._shares[page] = share
        self.update()

    def share(self, page: QWidget) -> float | None:
        """Return how far the training of a page is drawn to be."""
        return self._shares.get(page)

    def tabSizeHint(self, index: int) -> QSize:
        """Leave long names some room, but not the whole bar."""
        size = super().tabSizeHint(index)
        return QSize(min(size.width(), 240), size.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The middle button closes the tab under it."""
        if event.button() is Qt.MouseButton.MiddleButton:
            at = self.tabAt(event.position().toPoint())
            if at >= 0:
                self.tabCloseRequested.emit(at)
            event.accept()
            return
        super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tabs, then the progress of those that train."""
        super().paintEvent(event)
        painter = QPainter(self)
        for at in range(self.count()):
            page = self.page(at)
            share = self._shares.get(page) if page is not None else None
            if share is not None:
                place = self.tabRect(at).adjusted(2, 0, -2, 0)
                track = QRect(place.left(), place.bottom() - _TRACK + 1, place.width(), _TRACK)
                painter.fillRect(track, self.palette().mid())
                painter.fillRect(QRect(track.topLeft(), QSize(round(track.width() * share), _TRACK)),
                                 self.palette().highlight())  # fmt: skip
        painter.end()


class Tabs(QWidget):
    """Pages under a tab bar; the bar hides where the start page is all there is."""

    current_changed = Signal()
    """Another page is shown, or there is one fewer."""
    leaving = Signal(object)
    """The page that is shown, before another one is."""
    close_requested = Signal(object)
    """A page is to be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = ProjectTabBar()
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        self.bar.currentChanged.connect(self._on_current)
        self.bar.tabCloseRequested.connect(self._on_close)

    @property
    def current(self) -> QWidget | None:
        """The page that is shown."""
        return self.bar.page(self.bar.currentIndex())

    @property
    def pages(self) -> tuple[QWidget, ...]:
        """All pages, in the order of their tabs."""
        found = (self.bar.page(at) for at in range(self.bar.count()))
        return tuple(page for page in found if page is not None)

    def add(self, page: QWidget, title: str, *, at: int = -1) -> None:
        """Add a page with a tab and a close button, and show it."""
        self._stack.addWidget(page)
        self.bar.blockSignals(True)
        index = self.bar.insertTab(at if at >= 0 else self.bar.count(), title)
        self.bar.setTabData(index, page)
        self.bar.blockSignals(False)
        close = IconButton("close", self.tr("Close (Ctrl+W)"))
        close.setObjectName("close_tab")
        close.clicked.connect(lambda: self.close_requested.emit(page))
        close.setFixedSize(20, 20)
        self.bar.setTabButton(index, QTabBar.ButtonPosition.RightSide, close)
        self._show_bar()
        self.show_page(page)

    def show_page(self, page: QWidget) -> None:
        """Go to a page."""
        at = self.pages.index(page)
        if self.bar.currentIndex() == at:
            self._on_current(at)
        else:
            self.bar.setCurrentIndex(at)

    def step(self, by: int) -> None:
        """Go to the next tab (1) or the one before (-1), round and round."""
        if self.bar.count():
            self.bar.setCurrentIndex((self.bar.currentIndex() + by) % self.bar.count())

    def remove(self, page: QWidget) -> None:
        """Take a page out; it is not deleted."""
        at = self.pages.index(page)
        self.bar.show_share(page, None)
        self.bar.removeTab(at)
        self._stack.removeWidget(page)
        page.hide()
        self._show_bar()
        self.current_changed.emit()

    def describe(
        self, page: QWidget, title: str, tip: str, *, unsaved: bool = False, share: float | None = None
    ) -> None:
        """Show a page's name, whether it is unsaved, and how far its training is."""
        at = self.pages.index(page)
        told = title.replace("&", "&&")
        percent = self.tr("  {percent} %").format(percent=int(share * 100)) if share is not None else ""
        self.bar.setTabText(at, f"{UNSAVED} {told}{percent}" if unsaved else f"{told}{percent}")
        self.bar.setTabToolTip(at, tip)
        self.bar.setAccessibleTabName(at, self.tr("{name}, unsaved").format(name=title) if unsaved else title)
        self.bar.show_share(page, share)

    def _show_bar(self) -> None:
        self.bar.setVisible(
            self.bar.count() > 1 or (self.bar.count() == 1 and self.pages[0].objectName() == "workspace")
        )

    def _on_current(self, at: int) -> None:
        page = self.bar.page(at)
        if page is not None:
            before = self._stack.currentWidget()
            if before is not page and before is not None:
                self.leaving.emit(before)
            self._stack.setCurrentWidget(page)
            self.current_changed.emit()

    def _on_close(self, at: int) -> None:
        page = self.bar.page(at)
        if page is not None:
            self.close_requested.emit(page)

    def changeEvent(self, event: QEvent) -> None:
        """Repaint the progress in the colours of a new theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self.bar.update()
        super().changeEvent(event)
