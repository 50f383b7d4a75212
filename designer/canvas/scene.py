"""The picture of the document: items that follow its changes and the check's answers, and hold nothing of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsScene

from core.graph.change import Change
from core.graph.edits.search import searched_nodes
from core.graph.formulas import expressions_of
from core.graph.kinds import kind_of
from core.graph.project import End, Node
from designer.canvas.arriving import as_opened, is_port
from designer.canvas.compose import Box
from designer.canvas.drawn.layer import DrawnLayer
from designer.canvas.face import Circumstances, Face, PortFace, make_face
from designer.canvas.fitting import output_slots
from designer.canvas.node_item import NodeItem
from designer.canvas.points import RoutePoints
from designer.canvas.routing import Spot
from designer.canvas.style import PORT_RADIUS, Style, style_of
from designer.canvas.wire_item import LONG, WireItem

if TYPE_CHECKING:
    from core.model.problems import Problem
    from core.model.reports import NodeReport
    from core.model.specs import TensorSpec
    from core.training.check import CheckReport
    from designer.properties.cost import CostWatcher
    from designer.session import Session

_EXTENT = 64_000.0
_INDEX_DEPTH = 14
_STALE_AFTER = 150
"""Milliseconds without an answer of the check after which shapes turn grey; an answer usually comes sooner."""
_UNKNOWN = "?"
_GRAB, _FARTHEST_GRAB = 11.0, 16.0
"""How near a press must be to a port: in pixels, and at most in scene units."""
_DETOUR = 500.0
_ASIDE = 60.0
_FEW = 40


class CanvasScene(QGraphicsScene):
    """Node items by name and wire items by the input end of their link."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(-_EXTENT, -_EXTENT, 2 * _EXTENT, 2 * _EXTENT, parent)
        self.keep_index()
        self.session = session
        self.style_now: Style = style_of()
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[End, WireItem] = {}
        self.selected_wires: frozenset[End] = frozenset()
        self.hovered_wire: End | None = None
        self.wrong_ends: frozenset[End] = frozenset()
        self.cut_ends: frozenset[End] = frozenset()
        self.points = RoutePoints(self)
        self.drawn = DrawnLayer(self)
        self.unused_hidden = False
        self.costs: CostWatcher | None = None
        """Knows what nodes cost, once there is a panel for that."""
        self.findings: dict[str, tuple[str, ...]] = {}
        """What looks wrong with nodes while they learn, in words."""
        self._at: dict[str, set[End]] = {}
        self._long: set[End] = set()
        self._shown: dict[str, tuple[NodeReport | None, str]] = {}
        self._faced: dict[str, NodeReport | None] = {}
        self._sharers: Counter[str] = Counter()
        self._problems: dict[str, list[Problem]] = {}
        self._stale = QTimer(self, singleShot=True, interval=_STALE_AFTER)
        self._stale.timeout.connect(lambda: self._set_stale(True))
        self._load()
        session.here_changed.connect(self.apply_change)
        session.view_changed.connect(self._show_other)
        session.report_changed.connect(self.apply_report)
        session.selection_changed.connect(self._on_selection_changed)
        session.drawn_changed.connect(self.drawn.show_selected)
        if session.report:
            self.apply_report(session.report)
        self._on_selection_changed(session.selection)

    def keep_index(self) -> None:
        """Keep account of where items are, so that those at a place are found fast (a drag of many goes without)."""
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        self.setBspTreeDepth(_INDEX_DEPTH)
        area = self.sceneRect()
        for each in (area.adjusted(0, 0, 1, 0), area):
            self.setSceneRect(each)  # a new index learns of the area only when it changes

    # What the document says

    def _load(self) -> None:
        graph = self.session.view.graph
        nodes = {name: (None, node) for name, node in graph.nodes.items()}
        links = {target: (None, source) for target, source in graph.links.items()}
        self.apply_change(Change(nodes, links))
        self.drawn.load()

    def _show_other(self) -> None:
        """Show another graph: that of a group, or the one around it."""
        self.hover_wire(None)
        for item in self.items():
            if item.parentItem() is None:
                self.removeItem(item)  # also what a gesture under way has put there
        for known in (self.nodes, self.wires, self._at, self._long, self._shown, self._faced):
            known.clear()
        self.selected_wires = frozenset()
        self.wrong_ends = frozenset()
        self.cut_ends = frozenset()
        self.points.forget()
        self._sharers.clear()
        self._load()
        if self.session.report:
            self.apply_report(self.session.report)
        self._set_stale(not self.session.report_is_current)

    def apply_change(self, change: Change) -> None:
        """Follow a change of the graph that is looked at."""
        self.drawn.apply_change(change)
        faces = {name for name, (old, new) in change.nodes.items() if old and new and not _only_moved(old, new)}
        faces |= self._count_sharers(change) | self._users_of_definitions(change) | self._users_of_variables(change)
        faces |= self._searched(change)
        for target, (old, new) in change.links.items():
            faces |= {end.node for end in (target, old, new) if end}
            self._remove_wire(target)
            if new:
                self._add_wire(new, target)
        places = [self.nodes[name].scene_card() for name in change.nodes if name in self.nodes]
        displaced = set()
        for name, (before, after) in change.nodes.items():
            if before is None or after is None or before.position != after.position:
                displaced.add(name)
            self._apply_node(name, after)
        graph = self.session.view.graph
        added = {name for name, (before, _after) in change.nodes.items() if before is None}
        for name in (faces & self.nodes.keys() & graph.nodes.keys()) - added:
            if self._refresh_face(graph.nodes[name]):
                displaced.add(name)
        self._lay((change.links.keys() | self.points.changed(change)) & self.wires.keys(), displaced, places)
        if not change.only_positions:
            self._stale.start()

    def _count_sharers(self, change: Change) -> set[str]:
        """Follow who shares whose layer; return the owners whose number of sharers has changed."""
        before = self._sharers
        if any(node and node.shares for pair in change.nodes.values() for node in pair):
            self._sharers = Counter(node.shares for node in self.session.view.graph.nodes.values() if node.shares)
        return {name for name in before.keys() | self._sharers.keys() if before[name] != self._sharers[name]}

    def _users_of_definitions(self, change: Change) -> set[str]:
        """Return the nodes whose kind is the project's own, where such definitions have changed."""
        if not change.parts.keys() & {"groups", "code"}:
            return set()
        return {name for name, node in self.session.view.graph.nodes.items() if node.group or node.python}

    def _users_of_variables(self, change: Change) -> set[str]:
        """Return the nodes with an expression among their parameters, where variables have changed."""
        if "variables" not in change.parts:
            return set()
        project = self.session.view
        return {name for name, node in project.graph.nodes.items() if any(expressions_of(project, node))}

    def _searched(self, change: Change) -> set[str]:
        """Return the nodes that a sweep varies from now on, or no longer."""
        pair = change.parts.get("search", (None, None))
        old, new = (searched_nodes(each, self.session.group) if each else frozenset[str]() for each in pair)
        return set(old ^ new)

    def _apply_node(self, name: str, node: Node | None) -> None:
        if node is None:
            self._remove_node(name)
        elif name not in self.nodes:
            self._add_node(node)
        else:
            self.nodes[name].set_place(node.position)

    def _add_node(self, node: Node) -> None:
        item = NodeItem(self._face(node), self.style_now)
        self.nodes[node.name] = item
        self.addItem(item)
        item.set_selected(node.name in self.session.selection)

    def _remove_node(self, name: str) -> None:
        item = self.nodes.pop(name, None)
        self._at.pop(name, None)
        self._shown.pop(name, None)
        self._faced.pop(name, None)
        if item:
            self.removeItem(item)

    def _add_wire(self, source: End, target: End) -> None:
        wire = WireItem(source, target)
        wire.set_pen(self.style_now.wires["normal"])
        self.wires[target] = wire
        if target in self.wrong_ends:
            wire.set_pen(self.style_now.wires["error"])
        for name in (source.node, target.node):
            self._at.setdefault(name, set()).add(target)
        self.addItem(wire)

    def _remove_wire(self, target: End) -> None:
        wire = self.wires.pop(target, None)
        if wire is None:
            return
        for name in (wire.source.node, target.node):
            self._at.get(name, set()).discard(target)
        self._long.discard(target)
        self.points.gone(target)
        self.selected_wires -= {target}
        if self.hovered_wire == target:
            self.hovered_wire = None
        self.removeItem(wire)

    def _face(self, node: Node) -> Face:
        at = self._at.get(node.name, ())
        inputs = {target.port for target in at if target.node == node.name}
        outputs = {self.wires[target].source.port for target in at if self.wires[target].source.node == node.name}
        project, found = self.session.view, self.session.node_report(node.name)
        self._faced[node.name] = found
        kind = kind_of(project, node)
        arguments = found.arguments if found else {}
        around = Circumstances(
            arguments,
            output_slots(project, node, kind, arguments),
            found.repeat if found else 0,
            self._sharers[node.name],
            self.unused_hidden,
            node.name in searched_nodes(project.search, self.session.group),
        )
        return make_face(as_opened(self.session, node), kind, inputs, outputs, self.style_now, around)

    def _refresh_face(self, node: Node) -> bool:
        """Show the node as it is now; return True where its size or its ports have changed."""
        item, face = self.nodes[node.name], self._face(node)
        before = [(port.end, port.centre) for port in item.face.ports], item.face.height
        if face != item.face:
            item.set_face(face, self.style_now)
        return before != ([(port.end, port.centre) for port in face.ports], face.height)

    def _lay(self, ends: Set[End], displaced: Set[str], places: list[QRectF] | None = None) -> None:
        """Lay wires anew: the given ones, those at displaced nodes, and long ones that pass where these are or were."""
        again = set(ends)
        for name in displaced:
            again |= self._at.get(name, set())
        if displaced:
            cards = [*(places or ()), *(self.nodes[name].scene_card() for name in displaced if name in self.nodes)]
            everywhere = len(cards) > _FEW
            for target in self._long:
                bounds = self.wires[target].boundingRect().adjusted(-_ASIDE, 0, _ASIDE, 0)
                if everywhere or any(bounds.intersects(card) for card in cards):
                    again.add(target)
        for target in again:
            self.lay_wire(self.wires[target], around=True)

    def lay_wire(self, wire: WireItem, *, around: bool) -> None:
        """Run a wire between its ports, around the cards in its way or straight (while something is being dragged)."""
        upper, lower = self.nodes.get(wire.source.node), self.nodes.get(wire.target.node)
        if upper is None or lower is None:
            return
        start, end = upper.port_place(wire.source), lower.port_place(wire.target)
        long = end.y() - start.y() >= LONG
        (self._long.add if long else self._long.discard)(wire.target)
        points = self.points.of(wire.target)
        around = around and long and not points
        wire.set_ends(start, end, self._obstacles(start, end, {upper, lower}) if around else (), points)
        self.points.show(wire)

    def _obstacles(self, start: QPointF, end: QPointF, but: Collection[NodeItem]) -> list[QRectF]:
        strip = QRectF(start, end).normalized().adjusted(-_DETOUR, 1, _DETOUR, -1)
        near = self.items(strip, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        return [item.scene_card() for item in near if isinstance(item, NodeItem) and item not in but]

    # What the check says

    def apply_report(self, report: CheckReport) -> None:
        """Show shapes and problems."""
        self._stale.stop()
        before = self.wrong_ends
        self._problems = self.session.problems_here()
        here = (problem for problem in report.problems if problem.path == self.session.path)
        errors = [problem for problem in here if problem.severity == "error"]
        self.wrong_ends = frozenset(End(problem.node, problem.port) for problem in errors if problem.port)
        self._lay(set(), {name for name, item in self.nodes.items() if self._apply_to(name, item)})
        for target in before ^ self.wrong_ends:
            self._pen_wire(target)

    def _apply_to(self, name: str, item: NodeItem) -> bool:
        """Show a node's answer; return True where its size or its ports have changed."""
        found = self.session.node_report(name)
        severities = {problem.severity for problem in self._problems.get(name, ())}
        worst = next((each for each in ("error", "warning") if each in severities), "")
        before, severity = self._shown.get(name, (None, ""))
        if before is not None and before is found and severity == worst:
            item.set_stale(False)
            return False
        self._shown[name] = (found, worst)
        shapes = {port: str(spec) for port, spec in found.outputs.items()} if found else {}
        for port in item.face.outputs:
            shapes.setdefault(port.end.port, _UNKNOWN)
        off = bool(found and found.off)
        item.set_look(shapes={} if off else shapes, severity=worst, stale=False, off=off)
        known = self._faced.get(name)
        alike = known and found and (known.arguments, known.repeat) == (found.arguments, found.repeat)
        arrives = known and found and is_port(self.session, item.face.node) and known.outputs != found.outputs
        if known is found or (alike and not arrives):
            return False
        node = self.session.view.graph.nodes.get(name)
        return node is not None and self._refresh_face(node)

    def _set_stale(self, stale: bool) -> None:
        for item in self.nodes.values():
            item.set_stale(stale)

    def problems_at(self, name: str) -> list[Problem]:
        """Return the problems of a node."""
        return self._problems.get(name, [])

    def spec_of(self, source: End) -> TensorSpec | None:
        """Return what the last check found at an output."""
        found = self.session.node_report(source.node)
        return found.outputs.get(source.port) if found else None

    # Selection, hover, theme

    def hide_unused(self, hidden: bool) -> None:
        """Hide the ports that nothing needs and nothing is linked to, or show them."""
        self.unused_hidden = hidden
        nodes = self.session.view.graph.nodes.values()
        self._lay(set(), {node.name for node in nodes if self._refresh_face(node)})

    def _on_selection_changed(self, names: frozenset[str]) -> None:
        for name, item in self.nodes.items():
            item.set_selected(name in names)

    def select_wires(self, ends: Iterable[End], points: Iterable[Spot] = ()) -> None:
        """Select exactly these links, and these points of links."""
        self.points.select(points)
        before, self.selected_wires = self.selected_wires, frozenset(ends) & self.wires.keys()
        for target in before ^ self.selected_wires:
            self._pen_wire(target)

    def hover_wire(self, target: End | None) -> None:
        """Highlight a wire, or none."""
        before, self.hovered_wire = self.hovered_wire, target
        for each in {before, target} - {None}:
            self._pen_wire(each)  # type: ignore[arg-type]

    def mark_cut(self, ends: Iterable[End]) -> None:
        """Show which wires are about to be cut."""
        before, self.cut_ends = self.cut_ends, frozenset(ends)
        for target in before ^ self.cut_ends:
            self._pen_wire(target)

    def _pen_wire(self, target: End) -> None:
        wire = self.wires.get(target)
        if wire is None:
            return
        pens = self.style_now.wires
        marked = target in self.selected_wires or target == self.hovered_wire
        pen = pens["selected"] if marked else pens["normal"]
        if target in self.wrong_ends:
            pen = pens["error"]
            if marked:
                pen = QPen(pen)
                pen.setWidthF(3.5)
        wire.set_pen(pens["cut"] if target in self.cut_ends else pen)
        self.points.recolour(wire)

    def follow_theme(self) -> None:
        """Take on the colours of the theme in use."""
        self.style_now = style_of()
        self.drawn.follow_theme()
        for node in self.session.view.graph.nodes.values():
            self.nodes[node.name].set_face(self._face(node), self.style_now)
        self._lay(self.wires.keys(), set())
        for target in self.wires:
            self._pen_wire(target)

    # What is where

    def box(self, name: str) -> Box:
        """Return a node's place and size."""
        card = self.nodes[name].scene_card()
        return Box(card.x(), card.y(), card.width(), card.height())

    def boxes(self) -> dict[str, Box]:
        """Return the places and sizes of all nodes."""
        return {name: self.box(name) for name in self.nodes}

    def wires_at(self, name: str) -> frozenset[End]:
        """Return the input ends of the links at a node."""
        return frozenset(self._at.get(name, ()))

    def extent(self, nodes: Collection[str], drawn: Collection[str]) -> QRectF:
        """Return the rectangle around nodes, frames and notes."""
        return self.cards(nodes).united(self.drawn.bounds(drawn))

    def first_selected(self) -> QPointF:
        """Return a place on what is selected: the first node's middle, else the first frame's title or note's edge."""
        if self.session.selection:
            return self.nodes[min(self.session.selection)].scene_card().center()
        item = self.drawn.item(min(self.session.drawn))
        assert item is not None
        return item.scene_rect().topLeft() + QPointF(12, 10)

    def cards(self, names: Collection[str] | None = None) -> QRectF:
        """Return the rectangle around the named nodes with their shapes, by default around all there is."""
        bounds = self.drawn.bounds() if names is None else QRectF()
        for name in self.nodes if names is None else names:
            if name in self.nodes:
                bounds = bounds.united(self.nodes[name].sceneBoundingRect())
        return bounds

    def _near(self, place: QPointF, radius: float) -> list[NodeItem]:
        rect = QRectF(place.x() - radius, place.y() - radius, 2 * radius, 2 * radius)
        found = self.items(rect, Qt.ItemSelectionMode.IntersectsItemBoundingRect, Qt.SortOrder.DescendingOrder)
        return [item for item in found if isinstance(item, NodeItem)]

    def node_at(self, place: QPointF) -> NodeItem | None:
        """Return the uppermost node whose card is under a point."""
        return next((item for item in self._near(place, 1) if item.scene_card().contains(place)), None)

    def port_at(self, place: QPointF, radius: float, side: str = "") -> PortFace | None:
        """Return the port nearest to a point within a radius (of one side only, where given)."""
        best, nearest = None, radius
        for item in self._near(place, radius):
            for port in item.face.ports:
                away = item.scenePos() + port.centre - place
                distance = (away.x() ** 2 + away.y() ** 2) ** 0.5
                if distance <= nearest and side in ("", port.side):
                    best, nearest = port, distance
        return best

    def port_to_grab(self, place: QPointF, zoom: float) -> PortFace | None:
        """Return the port that a press at a point takes hold of; on the card itself only its dot counts."""
        port = self.port_at(place, min(_GRAB / zoom, _FARTHEST_GRAB))
        if port is None:
            return None
        item = self.nodes[port.end.node]
        away = item.scenePos() + port.centre - place
        on_card = self.node_at(place) is not None
        return port if not on_card or (away.x() ** 2 + away.y() ** 2) ** 0.5 <= PORT_RADIUS + 2.5 else None

    def wire_at(self, place: QPointF, tolerance: float) -> End | None:
        """Return the input end of the wire under a point."""
        rect = QRectF(place.x() - tolerance, place.y() - tolerance, 2 * tolerance, 2 * tolerance)
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * tolerance)
        for item in self.items(rect, Qt.ItemSelectionMode.IntersectsItemBoundingRect, Qt.SortOrder.DescendingOrder):
            if isinstance(item, WireItem) and item.isVisible() and stroker.createStroke(item.path()).contains(place):
                return item.target
        return None


def _only_moved(old: Node | None, new: Node) -> bool:
    return old is not None and replace(old, position=new.position) == new
