"""What can be done on the canvas besides dragging: each command makes one edit and asks the session to apply it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication

from core.errors import EditError
from core.graph.edits import Disconnect, Edit, RemoveDrawn, Rename
from core.graph.kinds import kind_named, kind_of
from core.graph.layout import NODE_SIZE
from core.graph.order import execution_order
from core.graph.project import End, Graph, Node
from core.kinds import LayerKind
from designer.canvas import clipboard
from designer.canvas.compose import Box, Spot, add_edit, links_of, removal, snapped, spot_after
from designer.canvas.drawn.places import around, boxes_of
from designer.canvas.face import make_face
from designer.canvas.ranking import Wanted
from designer.canvas.routing import together, without_points
from designer.canvas.walking import neighbour
from designer.data.wiring import wired

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_ASIDE = 40.0


class Commands:
    """The commands of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._scene = view.canvas
        self._session = view.session

    @property
    def _graph(self) -> Graph:
        return self._session.view.graph

    def _apply(self, edit: Edit | None, select: frozenset[str] | None = None) -> bool:
        done = edit is not None and self._session.apply_here(edit)
        if done and select is not None:
            self._session.select(select)
        return done

    # Adding

    def spot_after_selection(self) -> Spot:
        """Return where the next node goes: after the selection, or free where nothing is selected."""
        return spot_after(self._session.view, self._session.selection, self._scene.boxes())

    def wanted(self, spot: Spot) -> Wanted:
        """Return what a kind must be able to do in order to stand at a spot."""
        source = spot.sources[0] if spot.sources else self._graph.links.get(spot.wire) if spot.wire else None
        kind = kind_of(self._session.view, self._graph.nodes[source.node]) if source else None
        into = spot.target or (spot.wire if spot.at is not None and spot.wire in self._graph.links else None)
        fed = kind_of(self._session.view, self._graph.nodes[into.node]) if into else None
        return Wanted(
            takes=1 if source and (spot.at or spot.wire) else 0,
            gives=bool(spot.target) or (bool(spot.wire) and spot.at is not None),
            spec=self._scene.spec_of(source) if source else None,
            after=kind.family if kind else "",
            into=fed.input_port(into.port) if fed and into else None,
            before=fed.family if fed else "",
            ports=bool(self._session.group),
        )

    def add(self, kind_id: str, spot: Spot) -> bool:
        """Add a node of a kind at a spot and select it."""
        kind = kind_named(self._session.view, kind_id)
        if kind is None:
            self._session.refused.emit(self._view.tr("There is no layer kind '{kind}'.").format(kind=kind_id))
            return False
        edit, name = add_edit(self._graph, kind, spot, self._scene.boxes(), self._size(kind))
        done = self._apply(edit if self._session.group else wired(self._session.project, edit), frozenset((name,)))
        if done:
            self._view.navigator.reveal(self._scene.cards([name]))
        return done

    def _size(self, kind: LayerKind) -> tuple[float, float]:
        face = make_face(Node(kind.name_stem, kind.id), kind, (), (), self._scene.style_now)
        return face.width, face.height

    # Deleting, linking, renaming

    def delete(self, *, bridge: bool = False) -> None:
        """Delete what is selected; ``bridge`` links what fed a node to what it fed."""
        label = self._view.tr("Delete")
        wires, points = self._scene.selected_wires, self._scene.points.selected
        gone = wires | links_of(self._graph, self._session.selection)
        edits = without_points(self._graph, {point for point in points if point[0] not in gone}, label)
        nodes = removal(self._session.selection, wires, bridge=bridge)
        drawn = [RemoveDrawn(self._session.drawn)] if self._session.drawn else []
        self._apply(together((*edits, *([nodes] if nodes else []), *drawn), label))

    def disconnect(self) -> None:
        """Take off every link at the selection, and the selected links."""
        ends = links_of(self._graph, self._session.selection) | self._scene.selected_wires
        if ends:
            self._apply(Disconnect(ends))

    def disconnect_wire(self, end: End) -> None:
        """Take one link off."""
        self._apply(Disconnect(frozenset((end,))))

    def rename(self, name: str, new_name: str) -> None:
        """Give a node another name; it stays selected."""
        selected = frozenset(new_name if each == name else each for each in self._session.selection)
        self._apply(Rename(name, new_name), selected)

    # Clipboard

    def copy(self) -> bool:
        """Put the selection on the clipboard; return False where nothing is selected."""
        session = self._session
        if not session.selection and not session.drawn:
            return False
        fragment = clipboard.fragment_of(session.view, session.selection, drawn=session.drawn)
        QGuiApplication.clipboard().setText(clipboard.to_text(fragment))
        return True

    def paste(self, at: QPointF, wires: bool = False) -> None:
        """Add what is on the clipboard with its middle at a point of the scene; ``wires``: linked as it was."""
        try:
            fragment = clipboard.from_text(QGuiApplication.clipboard().text())
        except EditError as error:
            self._session.refused.emit(str(error))
            return
        cards = [Box(*node.position, *NODE_SIZE) for node in fragment.nodes]
        place = around([*cards, *boxes_of(fragment.frames, fragment.notes)])
        if place is None:
            return
        middle = (place.centre, place.y + place.height / 2)
        self._add(fragment, (snapped(at.x() - middle[0]), snapped(at.y() - middle[1])), wires)

    def duplicate(self) -> None:
        """Add a copy of the selection beside it."""
        session = self._session
        fragment = clipboard.fragment_of(session.view, session.selection, keep_sharing=True, drawn=session.drawn)
        boxes = [self._scene.box(node.name) for node in fragment.nodes]
        place = around([*boxes, *boxes_of(fragment.frames, fragment.notes)])
        if place:
            self._add(fragment, (snapped(place.width + _ASIDE), 0.0))

    def _add(self, fragment: clipboard.Fragment, offset: tuple[float, float], wires: bool = False) -> None:
        pasted = clipboard.pasting(self._session.view, fragment, offset, wires)
        if self._apply(pasted.edit):
            self._session.select(pasted.nodes, pasted.drawn)

    # Order and ways

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection by a step."""
        self._view.placing.nudge(dx, dy)

    def walk(self, direction: str, *, extend: bool = False) -> None:
        """Select the neighbour in a direction, along the wires; begin at the first node where nothing is selected."""
        selection = self._session.selection
        order = [name for name in execution_order(self._graph) if name in self._scene.nodes]
        if not order:
            return
        if not selection:
            following: str | None = order[0]
        else:
            rank = {name: number for number, name in enumerate(order)}
            edge = max if direction in ("down", "right") else min
            here = edge(selection, key=lambda name: rank.get(name, 0))
            following = neighbour(self._graph, here, direction, self._scene.boxes())
        if following:
            self._session.select(selection | {following} if extend else [following])
            self._view.navigator.reveal(self._scene.cards([following]))
