"""Places to come back to: kept in the project under the digits 1 to 9, in groups too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from core.graph.edits import SetBookmark, Together
from core.graph.edits.drawing import DIGITS
from core.graph.project import Bookmark, Graph, Project
from designer.canvas.glide import Glide
from designer.canvas.navigation import FARTHEST, NEAREST

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_FARTHEST = 1e6
_BEHIND = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
_CARD = (80.0, 27.0)
"""From a node's corner to about its middle."""


class Bookmarks:
    """The bookmarks of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._session = view.session
        self._glide = Glide(view, view.navigator)
        self.commands: Mapping[str, Callable[[], object]] = {
            **{f"go_bookmark_{digit}": partial(self.go, digit) for digit in DIGITS},
            **{f"set_bookmark_{digit}": partial(self.set, digit) for digit in DIGITS},
        }
        """By the ids of their rows in the table of keys."""

    @property
    def gliding(self) -> bool:
        """True while the view is on its way to a bookmark."""
        return self._glide.state() is Glide.State.Running

    def has(self, digit: str) -> bool:
        """True where a place is kept under a digit."""
        return digit in self._session.project.bookmarks

    def set(self, digit: str) -> None:
        """Keep what is looked at under a digit."""
        centre, zoom = self._glide.camera()
        place = Bookmark(self._session.path, (round(centre.x(), 1), round(centre.y(), 1)), round(zoom, 4))
        if self._session.apply(SetBookmark(digit, place)):
            text = self._view.tr("Bookmark {digit}: {name}. Ctrl+{digit} comes back here.")
            self._session.told.emit(text.format(digit=digit, name=self.name(digit)))

    def go(self, digit: str) -> None:
        """Look at the place that is kept under a digit."""
        found = self._session.project.bookmarks.get(digit)
        if found is None:
            text = self._view.tr("There is no bookmark {digit} yet: Ctrl+Shift+{digit} keeps the place that is seen.")
            self._session.told.emit(text.format(digit=digit))
            return
        elsewhere = self._session.path != found.path
        if not self._session.go_to(found.path):
            text = self._view.tr("Bookmark {digit} leads into a group that is no longer there: {path}.")
            self._session.told.emit(text.format(digit=digit, path=_BEHIND.join(found.path)))
            return
        x, y = (min(max(value, -_FARTHEST), _FARTHEST) for value in found.centre)
        zoom = min(max(found.zoom, FARTHEST), NEAREST)
        self._glide.go(QPointF(x, y), zoom, smooth=not elsewhere)
        self._view.zoom_changed.emit(zoom)

    def forget_all(self) -> None:
        """Forget all bookmarks, as one undo step."""
        edits = tuple(SetBookmark(digit, None) for digit in self._session.project.bookmarks)
        if edits:
            self._session.apply(Together(edits, self._view.tr("Remove all bookmarks")))

    def name(self, digit: str) -> str:
        """Return what a bookmark is called: the groups that lead there, and the node nearest to its middle."""
        found = self._session.project.bookmarks.get(digit)
        if found is None:
            return ""
        nearest = _nearest(_graph_at(self._session.project, found.path), found.centre)
        return _BEHIND.join((*found.path, nearest) if nearest else found.path) or self._view.tr("empty place")


def _graph_at(project: Project, path: tuple[str, ...]) -> Graph:
    """Return the graph that a path of group nodes leads to; an empty one where it leads nowhere."""
    graph = project.graph
    for name in path:
        node = graph.nodes.get(name)
        if node is None or node.group not in project.groups:
            return Graph()
        graph = project.groups[node.group].graph
    return graph


def _nearest(graph: Graph, place: tuple[float, float]) -> str:
    def away(name: str) -> tuple[float, str]:
        x, y = graph.nodes[name].position
        return (x + _CARD[0] - place[0]) ** 2 + (y + _CARD[1] - place[1]) ** 2, name

    return min(graph.nodes, key=away, default="")
