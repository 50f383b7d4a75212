"""Panels that share a dock: one is shown, and the row of their tabs stands where the dock has its title."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QTabBar, QWidget


class PanelTabs(QStackedWidget):
    """A stack of panels with a tab for each in ``bar``, which whoever lays this out puts where it belongs."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QTabBar()
        self.bar.setDocumentMode(True)
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setElideMode(Qt.TextElideMode.ElideNone)
        self.bar.currentChanged.connect(self.setCurrentIndex)
        self.currentChanged.connect(self.bar.setCurrentIndex)

    def add(self, panel: QWidget, title: str) -> None:
        """Put a panel behind the others."""
        self.addWidget(panel)
        self.bar.addTab(title)

    def name(self, panel: QWidget, title: str) -> None:
        """Give the tab of a panel another text."""
        self.bar.setTabText(self.indexOf(panel), title)

    def title(self, panel: QWidget) -> str:
        """Return the text on the tab of a panel."""
        return self.bar.tabText(self.indexOf(panel))
