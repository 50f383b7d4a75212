"""The docks around the canvas: one table of what there is and where it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSizePolicy, QTabWidget, QWidget

from designer.dock_title import SharedRows, TitleBar
from designer.panel_tabs import PanelTabs

if TYPE_CHECKING:
    from designer.workspace import Workspace

_AREA = Qt.DockWidgetArea
LEFT, RIGHT, BOTTOM = _AREA.LeftDockWidgetArea, _AREA.RightDockWidgetArea, _AREA.BottomDockWidgetArea


@dataclass(frozen=True)
class DockSpec:
    """One dock: ``make`` returns its widget; ``title`` (context "Docks") is also its entry in the View menu.

    ``width`` is its least width in pixels. A dock that is not ``shown`` waits to be asked for; ``beside`` names the
    dock with which it shares its place, as a tab. One that is not ``in_menu`` has a command of its own.
    """

    name: str
    title: str
    area: Qt.DockWidgetArea
    make: Callable[[Workspace], QWidget]
    shortcut: str = ""
    width: int = 0
    shown: bool = True
    beside: str = ""
    in_menu: bool = True


DOCKS: tuple[DockSpec, ...] = (
    DockSpec("library", "&Library", LEFT, lambda each: each.library, "Alt+1", 190),
    DockSpec("outline", "&Outline", LEFT, lambda each: each.outline, width=190, beside="library", in_menu=False),
    DockSpec("inspector", "&Properties, data, training", RIGHT, lambda each: each.inspector, "Alt+2", 340),
    DockSpec(
        "source", "S&ource", RIGHT, lambda each: each.source, width=340, shown=False, beside="inspector", in_menu=False
    ),
    DockSpec("results", "Problems, &curves, results", BOTTOM, lambda each: each.results, "Alt+3"),
)
"""Another dock is another line here: it gets its menu entry, its place in the layout and its title bar."""


class Dock(QDockWidget):
    """A dock with a title bar in the colours of the theme; it can be moved, floated and closed."""

    def __init__(self, spec: DockSpec, widget: QWidget) -> None:
        title = QCoreApplication.translate("Docks", spec.title).replace("&", "")
        super().__init__(title)
        self.setObjectName(f"dock_{spec.name}")
        self.setAccessibleName(title)
        if spec.area is RIGHT:
            policy = widget.sizePolicy()
            policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
            widget.setSizePolicy(policy)  # the width is the user's: a form that would like more of it does not take it
        self.setWidget(widget)
        self.setTitleBarWidget(TitleBar(self, widget if isinstance(widget, PanelTabs) else None))
        if spec.width:
            self.setMinimumWidth(spec.width)


def add_docks(workspace: Workspace) -> dict[str, QDockWidget]:
    """Give a workspace its docks, each where the table says."""
    docks: dict[str, QDockWidget] = {}
    workspace.setTabPosition(_AREA.AllDockWidgetAreas, QTabWidget.TabPosition.North)
    for spec in DOCKS:
        dock = docks[spec.name] = Dock(spec, spec.make(workspace))
        workspace.addDockWidget(spec.area, dock)
        if spec.beside:
            workspace.tabifyDockWidget(docks[spec.beside], dock)
            docks[spec.beside].raise_()
        dock.setVisible(spec.shown)
    for corner, area in ((Qt.Corner.BottomLeftCorner, LEFT), (Qt.Corner.BottomRightCorner, RIGHT)):
        workspace.setCorner(corner, area)
    SharedRows(workspace, docks)
    return docks


def share_out(window: QMainWindow, docks: dict[str, QDockWidget]) -> None:
    """Give the docks their first sizes, in proportion to the window, so that the canvas keeps most of it."""
    room = window.size()
    widths = [max(220, room.width() // 7), max(340, room.width() // 5)]
    window.resizeDocks([docks["library"], docks["inspector"]], widths, Qt.Orientation.Horizontal)
    window.resizeDocks([docks["results"]], [max(210, room.height() // 5)], Qt.Orientation.Vertical)
