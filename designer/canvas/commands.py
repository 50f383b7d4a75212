"""What can be done on the canvas besides dragging: each command makes one edit and asks the session to apply it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication

from core.errors import EditError
from core.graph.edits import Disconnect, Edit, MoveNodes, Rename
from core.graph.kinds import kind_named, kind_of
from core.graph.layout import layered_layout
from core.graph.order import execution_order
from core.graph.project import End, Graph, Node
from core.kinds import LayerKind
from designer.canvas import clipboard
from designer.canvas.compose import Spot, add_edit, links_of, neighbour, removal, snapped, spot_after
from designer.canvas.face import make_face
from designer.canvas.ranking import Wanted

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
        return Wanted(
            takes=1 if source and (spot.at or spot.wire) else 0,
            gives=bool(spot.target) or (bool(spot.wire) and spot.at is not None),
            spec=self._scene.spec_of(source) if source else None,
            after=kind.family if kind else "",
        )

    def add(self, kind_id: str, spot: Spot) -> bool:
        """Add a node of a kind at a spot and select it."""
        kind = kind_named(self._session.view, kind_id)
        if kind is None:
            self._session.refused.emit(self._view.tr("There is no layer kind '{kind}'.").format(kind=kind_id))
            return False
        edit, name = add_edit(self._graph, kind, spot, self._scene.boxes(), self._size(kind))
        done = self._apply(edit, frozenset((name,)))
        if done:
            self._view.navigator.reveal(self._scene.cards([name]))
        return done

    def _size(self, kind: LayerKind) -> tuple[float, float]:
        face = make_face(Node(kind.name_stem, kind.id), kind, (), (), self._scene.style_now)
        return face.width, face.height

    # Deleting, linking, renaming

    def delete(self, *, bridge: bool = False) -> None:
        """Delete what is selected; ``bridge`` links what fed a node to what it fed."""
        self._apply(removal(self._session.selection, self._scene.selected_wires, bridge=bridge))

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
        if not self._session.selection:
            return False
        fragment = clipboard.fragment_of(self._session.view, self._session.selection)
        QGuiApplication.clipboard().setText(clipboard.to_text(fragment))
        return True

    def paste(self, at: QPointF) -> None:
        """Add what is on the clipboard with its middle at a point of the scene."""
        try:
            fragment = clipboard.from_text(QGuiApplication.clipboard().text())
        except EditError as error:
            self._session.refused.emit(str(error))
            return
        if not fragment.nodes:
            return
        xs, ys = zip(*(node.position for node in fragment.nodes), strict=True)
        middle = ((min(xs) + max(xs)) / 2 + 80, (min(ys) + max(ys)) / 2 + 27)
        self._add(fragment, (snapped(at.x() - middle[0]), snapped(at.y() - middle[1])))

    def duplicate(self) -> None:
        """Add a copy of the selection beside it."""
        if self._session.selection:
            fragment = clipboard.fragment_of(self._session.view, self._session.selection, keep_sharing=True)
            boxes = [self._scene.box(node.name) for node in fragment.nodes]
            width = max(box.x + box.width for box in boxes) - min(box.x for box in boxes)
            self._add(fragment, (snapped(width + _ASIDE), 0.0))

    def _add(self, fragment: clipboard.Fragment, offset: tuple[float, float]) -> None:
        edit = clipboard.paste_edit(self._session.view, fragment, offset)
        self._apply(edit, frozenset(node.name for node in edit.nodes))

    # Order and ways

    def layout(self) -> None:
        """Lay out the selection (two or more nodes) or everything; the uppermost node stays where it is."""
        selection = self._session.selection
        names = selection if len(selection) > 1 else frozenset(self._graph.nodes)
        if not names:
            return
        part = Graph(
            {name: node for name, node in self._graph.nodes.items() if name in names},
            {t: s for t, s in self._graph.links.items() if t.node in names and s.node in names},
        )
        boxes = {name: self._scene.box(name) for name in names}
        places = layered_layout(part, {name: (box.width, box.height) for name, box in boxes.items()})
        anchor = min(names, key=lambda name: (boxes[name].y, boxes[name].x, name))
        dx, dy = snapped(boxes[anchor].x - places[anchor][0]), snapped(boxes[anchor].y - places[anchor][1])
        moved = {name: (x + dx, y + dy) for name, (x, y) in places.items()}
        self._apply(MoveNodes(moved, self._view.tr("Lay out")))

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection by a step."""
        nodes = self._graph.nodes
        moved = {name: (nodes[name].position[0] + dx, nodes[name].position[1] + dy) for name in self._session.selection}
        if moved:
            self._apply(MoveNodes(moved, merge_key="nudge"))

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
