"""What a sweep may vary of a node beside its parameters: its kind, whether it is passed by, its repetitions."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from core.errors import LayerwrightError
from core.graph.project import Project
from core.search.dimensions import searched
from core.search.places import KIND, MODE, REPEAT, node_place, spot
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


def offers(project: Project, place: str, what: str) -> bool:
    """Return whether a place is about the node itself: some kinds have a parameter of that name."""
    try:
        where = spot(project, place)
    except LayerwrightError:
        return False
    return what != MODE or "bypass" in where.parameter.choices


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
        for what, prefix in names.items():
            place = node_place(self._session.group, self._name, what)
            dimension = searched(search, place) if offers(self._session.project, place, what) else None
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
        for what, title in structure_titles().items():
            place = node_place(self._session.group, self._name, what)
            if offers(self._session.project, place, what):
                action = made.addAction(title)
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
