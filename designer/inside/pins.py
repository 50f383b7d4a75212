"""The pinned nodes of a project.

They are how one user looks at a network, not what the network is: a pin is no edit, does not make a file count as
changed, and is not handed on with it. So they are kept in the user's settings, by the project's file.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from core.graph.change import Change
from designer.inside.places import Place
from designer.session import Session
from designer.settings import Settings

MOST = 12
"""Of the 16 nodes that training watches at once some are left for the answers and the layer chosen in the panel."""


class Pins(QObject):
    """The places that are pinned, in the order in which they were; they follow a node that gets another name."""

    changed = Signal()

    def __init__(self, session: Session, settings: Settings | None) -> None:
        super().__init__(session)
        self._session, self._settings = session, settings
        self._file = session.document.path
        self.places: tuple[Place, ...] = self._stored()
        session.here_changed.connect(self._follow_names)
        session.history_changed.connect(self._follow_file)

    def __contains__(self, place: Place) -> bool:
        return place in self.places

    def toggle(self, places: Iterable[Place]) -> None:
        """Pin all these places, or none of them where all are pinned; say so where there are too many."""
        wanted = tuple(places)
        if all(each in self.places for each in wanted):
            self._set(tuple(each for each in self.places if each not in wanted))
            return
        new = tuple(dict.fromkeys((*self.places, *wanted)))
        there = [each for each in new if self._exists(each)]
        if len(there) > MOST:
            self._session.refused.emit(
                self.tr("{count} pictures are too many to make while training: pin at most {most} layers.").format(
                    count=len(there), most=MOST
                )
            )
            return
        self._set(new)

    def _exists(self, place: Place) -> bool:
        project = self._session.project
        graph = project.graph
        for name in place[:-1]:
            node = graph.nodes.get(name)
            if node is None or node.group not in project.groups:
                return False
            graph = project.groups[node.group].graph
        return place[-1] in graph.nodes

    def existing(self) -> tuple[Place, ...]:
        """Return the places that there are nodes at."""
        return tuple(each for each in self.places if self._exists(each))

    def _set(self, places: tuple[Place, ...]) -> None:
        self.places = places
        self._keep()
        self.changed.emit()

    def _stored(self) -> tuple[Place, ...]:
        if self._settings is None or self._file is None:
            return ()
        return tuple(tuple(each.split("/")) for each in self._settings.pins(str(self._file)))

    def _keep(self) -> None:
        if self._settings is not None and self._file is not None:
            self._settings.set_pins(str(self._file), ["/".join(each) for each in self.places])

    def _follow_file(self) -> None:
        """Keep the pins for the file that a project was saved in."""
        if self._session.document.path != self._file:
            self._file = self._session.document.path
            if self.places:
                self._keep()

    def _follow_names(self, change: Change) -> None:
        gone = [old for old, new in change.nodes.values() if old and new is None]
        come = [new for old, new in change.nodes.values() if new and old is None]
        if len(gone) != 1 or len(come) != 1 or (gone[0].kind, gone[0].position) != (come[0].kind, come[0].position):
            return
        before, after = (*self._session.path, gone[0].name), (*self._session.path, come[0].name)
        moved = tuple(after + each[len(before) :] if each[: len(before)] == before else each for each in self.places)
        if moved != self.places:
            self._set(moved)
