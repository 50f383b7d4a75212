"""What stands above a dock, in one row: its title or the tabs of its panels, and buttons to float and to close it.

Docks that lie on top of each other share the row of tabs that Qt gives them; the buttons stand in that row then.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QTabBar, QWidget

from designer.panel_tabs import PanelTabs
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconButton, bold

_BUTTON = 20
_GRIP = 2 * SPACE
"""The least width of what a dock is dragged by, in pixels."""


class DockButtons(QWidget):
    """Buttons that float and close one dock."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._dock: QDockWidget | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 2, 0)
        row.setSpacing(0)
        self.float_button = IconButton("float", "")
        self.float_button.setObjectName("float_dock")
        self.float_button.clicked.connect(self._float)
        self.close_button = IconButton("close", "")
        self.close_button.setObjectName("close_dock")
        self.close_button.clicked.connect(self._close)
        for button in (self.float_button, self.close_button):
            button.setFixedSize(_BUTTON, _BUTTON)
            button.setIconSize(QSize(14, 14))
            row.addWidget(button)

    def serve(self, dock: QDockWidget) -> None:
        """Act on a dock from now on."""
        if dock is not self._dock:
            self._dock = dock
            name = dock.windowTitle()
            for button, text in (
                (self.float_button, self.tr("Make {name} a window of its own")),
                (self.close_button, self.tr("Close {name}")),
            ):
                button.setToolTip(text.format(name=name))
                button.setAccessibleName(text.format(name=name))

    def _float(self) -> None:
        if self._dock is not None:
            self._dock.setFloating(not self._dock.isFloating())

    def _close(self) -> None:
        if self._dock is not None:
            self._dock.close()


class TitleBar(QWidget):
    """The row above a dock. What is free of it moves the dock when it is dragged, and floats it on a double click."""

    def __init__(self, dock: QDockWidget, panels: PanelTabs | None) -> None:
        super().__init__(dock)
        self.setObjectName("dock_title")
        self._panels = panels
        self._shared = False
        self.name = _title_label(dock.windowTitle()) if panels is None else panels.bar
        self.buttons = DockButtons(self)
        self.buttons.serve(dock)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE if panels is None else 0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.name, 1 if panels is None else 0)
        if panels is not None:
            panels.bar.setAccessibleName(dock.windowTitle())
            row.addStretch(1)
            row.addSpacing(_GRIP)
        row.addWidget(self.buttons)

    def share(self, shared: bool) -> None:
        """Give way to the row of tabs of several docks, which has title and buttons too; or stand alone again."""
        if shared is not self._shared:
            self._shared = shared
            self.buttons.setVisible(not shared)
            self.name.setVisible(not shared or self._panels is not None)
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Take no height where title and buttons are elsewhere."""
        return self._folded(super().sizeHint())

    def minimumSizeHint(self) -> QSize:
        """Take no height where title and buttons are elsewhere."""
        return self._folded(super().minimumSizeHint())

    def _folded(self, size: QSize) -> QSize:
        return QSize(size.width(), 0) if self._shared and self._panels is None else size

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line on which the tabs stand, and the dots by which the dock is dragged."""
        super().paintEvent(event)
        if self._panels is None:
            return
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, self.palette().color(QPalette.ColorRole.Mid))
        if not self._shared:
            x, middle = self.buttons.x() - SPACE, self.height() // 2
            for column in (0, 4):
                for line in (-4, 0, 4):
                    painter.fillRect(x + column - 4, middle + line, 2, 2, self.palette().placeholderText())
        painter.end()


def _title_label(title: str) -> ElidedLabel:
    label = ElidedLabel(title)
    label.setFont(bold(label.font()))
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return label


class SharedRows(QObject):
    """Puts the buttons of docks that lie on top of each other into the row of their tabs."""

    def __init__(self, window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._docks = {dock.windowTitle(): dock for dock in docks.values()}
        self._buttons: dict[QTabBar, DockButtons] = {}
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._arrange)
        window.installEventFilter(self)
        for dock in docks.values():
            dock.topLevelChanged.connect(lambda _floating: self._later.start(0))
            dock.visibilityChanged.connect(lambda _visible: self._later.start(0))
        self._later.start(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look again whenever the docks are laid out anew, and keep the buttons at the end of their row."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.Show):
            self._later.start(0)
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        shared: set[QDockWidget] = set()
        rows = self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        for row in rows:
            docks = [dock for at in range(row.count()) if (dock := self._docks.get(row.tabText(at))) is not None]
            if len(docks) > 1:  # Qt keeps the row of a dock that is left alone, out of sight
                self._place_buttons(row)
                if not self._buttons[row].isHidden():
                    shared.update(docks)
        for dock in self._docks.values():
            title = dock.titleBarWidget()
            assert isinstance(title, TitleBar)
            title.share(dock in shared and not dock.isFloating())

    def _place_buttons(self, row: QTabBar) -> None:
        """Put the buttons of the dock in front at the end of its row of tabs; hide them where there is no room."""
        buttons = self._buttons.get(row)
        if buttons is None:
            buttons = self._buttons[row] = DockButtons(row)
            row.installEventFilter(self)
            row.currentChanged.connect(lambda _at: self._later.start(0))
            row.destroyed.connect(partial(self._buttons.pop, row, None))
        front = self._docks.get(row.tabText(row.currentIndex()))
        if front is not None:
            buttons.serve(front)
        size = buttons.sizeHint()
        buttons.setGeometry(
            row.width() - size.width(), (row.height() - size.height()) // 2, size.width(), size.height()
        )
        buttons.setVisible(row.tabRect(row.count() - 1).right() < buttons.x())
