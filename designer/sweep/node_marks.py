"""What a sweep may vary of a node beside its parameters: its kind, whether it is passed by, its repetitions."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from core.errors import LayerwrightError
from core.graph.project import Project
from core.search.dimensions import searched
from core.search.places import KIND, MODE, REPEAT, spot, structure_place
from designer.session import Session
from designer.sweep.marking import Badge
from designer.theme import SPACE
from designer.widgets import IconButton


def structure_titles() -> dict[str, str]:
    """Return what the menus call the things that may be searched of a node itself."""
    return {
        KIND: QCoreApplication.translate("Sweep", "Other kinds of layer…"),
        MODE: QCoreApplication.translate("Sweep", "With and without it (bypass)…"),
        REPEAT: QCoreApplication.translate("Sweep", "Number of repetitions…"),
    }


def structure_offered(project: Project, group: str, node: str) -> dict[str, str]:
    """Return the places of a node itself that can be searched, by "kind", "mode" and "repeat"."""
    found = {what: structure_place(project, group, node, what) for what in (KIND, MODE, REPEAT)}
    return {what: place for what, place in found.items() if _is_there(project, place)}


def _is_there(project: Project, place: str) -> bool:
    try:
        spot(project, place)
    except LayerwrightError:
        return False
    return True


class NodeMarks(QWidget):
    """A button with a menu of what can be searched, and a badge for all that is."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__()
        self._session, self._name = session, name
        self.button = IconButton("search", self.tr("Search structure: other kinds, bypass, repetitions"))
        self.button.setObjectName("search_structure")
        self.button.clicked.connect(self._open_menu)
        self._badges: dict[str, Badge] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE // 2)
        self.refresh()

    def add_button(self, row: QHBoxLayout) -> None:
        """Put the button where the node's title is."""
        row.addWidget(self.button)

    def refresh(self) -> None:
        """Show what is searched now."""
        search, shown = self._session.project.search, False
        names = {KIND: self.tr("kind: "), MODE: self.tr("mode: "), REPEAT: self.tr("repeat: ")}
        offered = structure_offered(self._session.project, self._session.group, self._name)
        for what, prefix in names.items():
            place = offered.get(what, "")
            dimension = searched(search, place)
            if dimension is not None:
                if what not in self._badges:
                    self._badges[what] = Badge(self._session, place)
                    self._column.addWidget(self._badges[what])
                self._badges[what].show_dimension(dimension, prefix)
                shown = True
            if what in self._badges:
                self._badges[what].setVisible(dimension is not None)
        self.setVisible(shown)

    def menu(self) -> QMenu:
        """Return what can be searched of the node."""
        made = QMenu(self.button)
        titles = structure_titles()
        for what, place in structure_offered(self._session.project, self._session.group, self._name).items():
            action = made.addAction(titles[what])
            action.setObjectName(f"search_{what}")
            action.triggered.connect(lambda _checked=False, place=place: self._ask(place))
        return made

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))
        menu.aboutToHide.connect(menu.deleteLater)

    def _ask(self, place: str) -> None:
        from designer.sweep.dialog import ask_dimension

        ask_dimension(self._session, place, self.window())
