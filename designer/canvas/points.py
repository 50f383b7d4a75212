"""The points that lead wires: where they are, the dots that show them, and which of them are selected.

A dot is a child of its wire, painted by Qt alone; only wires that are led through points have any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QBrush, QColor, QPen
from PySide6.QtWidgets import QGraphicsEllipseItem

from core.graph.change import Change
from core.graph.project import End, Point
from designer.canvas.routing import Spot
from designer.canvas.wire_item import WireItem

if TYPE_CHECKING:
    from designer.canvas.scene import CanvasScene

_RADIUS = 4.5
_GRAB, _FARTHEST_GRAB = 9.0, 14.0
"""How near a press must be to a point: in pixels, and at most in scene units."""


class RoutePoints:
    """The points of all wires of one scene."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self.selected: frozenset[Spot] = frozenset()
        self._moved: Mapping[End, tuple[Point, ...]] = {}
        self._dots: dict[End, list[QGraphicsEllipseItem]] = {}

    def of(self, target: End) -> tuple[Point, ...]:
        """Return the points of a wire, as they are dragged where a gesture drags them."""
        moved = self._moved.get(target) if self._moved else None
        if moved is not None:
            return moved
        routes = self._scene.session.view.graph.routes
        return routes.get(target, ()) if routes else ()

    def changed(self, change: Change) -> Set[End]:
        """Return the wires that a change leads through other points, and forget what is no longer there."""
        before, after = change.parts.get("graph.routes", ({}, {}))
        found = {target for target in before.keys() | after.keys() if before.get(target) != after.get(target)}
        if found or change.links:
            self.select(self.selected)
        return found

    def forget(self) -> None:
        """Another graph is looked at."""
        self.selected = frozenset()
        self._moved = {}
        self._dots.clear()

    def gone(self, target: End) -> None:
        """A wire was removed, and its dots with it."""
        self._dots.pop(target, None)

    def preview(self, moved: Mapping[End, tuple[Point, ...]]) -> None:
        """Show wires as they would run through other points; nothing shows them as they are."""
        again = self._moved.keys() | moved.keys()
        self._moved = moved
        for target in again & self._scene.wires.keys():
            self._scene.lay_wire(self._scene.wires[target], around=True)

    def show(self, wire: WireItem) -> None:
        """Put the dots of a wire where its points are."""
        points = self.of(wire.target)
        dots = self._dots.get(wire.target, []) if self._dots else []
        if not points and not dots:
            return
        while len(dots) > len(points):
            self._scene.removeItem(dots.pop())
        while len(dots) < len(points):
            dots.append(QGraphicsEllipseItem(wire))
        self._dots[wire.target] = dots
        if not dots:
            del self._dots[wire.target]
        for index, ((x, y), dot) in enumerate(zip(points, dots, strict=True)):
            dot.setRect(QRectF(x - _RADIUS, y - _RADIUS, 2 * _RADIUS, 2 * _RADIUS))
            self._colour(dot, (wire.target, index) in self.selected, wire.pen().color())

    def recolour(self, wire: WireItem) -> None:
        """Give the dots of a wire the colour of the wire, or that of what is selected."""
        for index, dot in enumerate(self._dots.get(wire.target, ()) if self._dots else ()):
            self._colour(dot, (wire.target, index) in self.selected, wire.pen().color())

    def _colour(self, dot: QGraphicsEllipseItem, selected: bool, colour: QColor) -> None:
        style = self._scene.style_now
        accent = QColor(style.theme.accent)
        dot.setBrush(QBrush(accent if selected else style.canvas.color()))
        dot.setPen(QPen(accent if selected else colour, 2.0))

    def select(self, spots: Iterable[Spot]) -> None:
        """Select exactly these points (those that do not exist are left out)."""
        routes = self._scene.session.view.graph.routes
        before = self.selected
        self.selected = frozenset(spot for spot in spots if spot[1] < len(routes.get(spot[0], ())))
        for target in {target for target, _index in before ^ self.selected} & self._scene.wires.keys():
            self.recolour(self._scene.wires[target])

    def at(self, place: QPointF, zoom: float) -> Spot | None:
        """Return the point under a place of the scene."""
        best, nearest = None, min(_GRAB / zoom, _FARTHEST_GRAB)
        for target, points in self._scene.session.view.graph.routes.items():
            for index, (x, y) in enumerate(points):
                distance = ((x - place.x()) ** 2 + (y - place.y()) ** 2) ** 0.5
                if distance <= nearest and target in self._scene.wires:
                    best, nearest = (target, index), distance
        return best

    def inside(self, box: QRectF) -> frozenset[Spot]:
        """Return the points in a rectangle of the scene."""
        routes = self._scene.session.view.graph.routes
        return frozenset(
            (target, index)
            for target, points in routes.items()
            for index, (x, y) in enumerate(points)
            if box.contains(x, y)
        )
