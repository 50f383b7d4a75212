"""Strokes across wires: one cuts every wire that it crosses, the other gives each of them a point to be led by."""

from __future__ import annotations

import itertools

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsEllipseItem, QGraphicsPathItem

from core.graph.edits import Disconnect, Edit
from core.graph.project import End
from designer.canvas.course import piece_at
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.routing import together, with_point
from designer.canvas.wire_item import WireItem

_DOT = 4.5


class StrokeGesture(Gesture):
    """A line drawn free-hand; ``crossed`` holds the wires that it has crossed, and where it did so first."""

    cursor = Qt.CursorShape.CrossCursor
    colour = "error"

    def start(self, pointer: Pointer) -> None:
        """Put the pen down."""
        self.crossed: dict[End, QPointF] = {}
        self._lines: dict[End, list[QLineF]] = {}
        self._path = QPainterPath(pointer.scene)
        self._last = pointer.scene
        pen = QPen(self.scene.style_now.wires["cut" if self.colour == "error" else "preview"])
        pen.setCosmetic(True)
        pen.setWidthF(2.0)
        pen.setStyle(Qt.PenStyle.DashLine)
        self._line = QGraphicsPathItem()
        self._line.setPen(pen)
        self._line.setZValue(30)
        self.scene.addItem(self._line)

    def update(self, pointer: Pointer) -> None:
        """Draw on, and note what was crossed on the way."""
        step = QLineF(self._last, pointer.scene)
        if step.isNull():
            return
        self._path.lineTo(pointer.scene)
        self._line.setPath(self._path)
        self._last = pointer.scene
        area = QRectF(step.p1(), step.p2()).normalized().adjusted(-1, -1, 1, 1)
        before = len(self.crossed)
        for item in self.scene.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect):
            if isinstance(item, WireItem) and item.target not in self.crossed:
                place = self._crossing(item, step)
                if place is not None:
                    self.crossed[item.target] = place
        if len(self.crossed) > before:
            self.show()

    def _crossing(self, wire: WireItem, step: QLineF) -> QPointF | None:
        """Return where a straight step crosses a wire."""
        lines = self._lines.get(wire.target)
        if lines is None:
            corners = [corner for polygon in wire.path().toSubpathPolygons() for corner in polygon.toList()]
            lines = [QLineF(one, two) for one, two in itertools.pairwise(corners)]
            self._lines[wire.target] = lines
        for line in lines:
            kind, place = line.intersects(step)
            if kind is QLineF.IntersectionType.BoundedIntersection:
                return place
        return None

    def show(self) -> None:
        """Show what will become of the crossed wires."""

    def edit(self) -> Edit | None:
        """Return the edit that the stroke stands for."""
        raise NotImplementedError

    def finish(self, pointer: Pointer) -> None:
        """Make the edit."""
        self.update(pointer)
        links = self.session.view.graph.links
        self.crossed = {target: place for target, place in self.crossed.items() if target in links}
        self._clean_up()
        edit = self.edit()
        if edit:
            self.session.apply_here(edit)

    def cancel(self) -> None:
        """Leave the wires as they are."""
        self._clean_up()

    def _clean_up(self) -> None:
        self.scene.removeItem(self._line)


class CutGesture(StrokeGesture):
    """Ctrl and the right button, or the left one while Y is held."""

    def show(self) -> None:
        """Show the crossed wires as cut."""
        self.scene.mark_cut(self.crossed)

    def edit(self) -> Edit | None:
        """Return the edit that takes the crossed links off."""
        if not self.crossed:
            return None
        text = self.view.tr("Cut wire") if len(self.crossed) == 1 else self.view.tr("Cut {count} wires")
        return Disconnect(frozenset(self.crossed), text.format(count=len(self.crossed)))

    def _clean_up(self) -> None:
        self.scene.mark_cut(())
        super()._clean_up()


class PointsGesture(StrokeGesture):
    """Shift and the right button."""

    colour = "accent"

    def start(self, pointer: Pointer) -> None:
        """Put the pen down."""
        super().start(pointer)
        self._dots: dict[End, QGraphicsEllipseItem] = {}

    def show(self) -> None:
        """Show where the points will be."""
        for target, place in self.crossed.items():
            if target not in self._dots:
                dot = QGraphicsEllipseItem(-_DOT, -_DOT, 2 * _DOT, 2 * _DOT)
                dot.setPos(place)
                dot.setBrush(self.scene.style_now.wires["preview"].color())
                dot.setPen(QPen(Qt.PenStyle.NoPen))
                dot.setZValue(31)
                self.scene.addItem(dot)
                self._dots[target] = dot

    def edit(self) -> Edit | None:
        """Return the edit that leads every crossed wire through the place where it was crossed."""
        graph, label = self.session.view.graph, self.view.tr("Add points")
        edits = []
        for target, place in sorted(self.crossed.items()):
            index = piece_of(self.scene.wires[target], self.scene.points.of(target), place)
            edits.append(with_point(graph, target, index, (place.x(), place.y()), label))
        return together(edits, label)

    def _clean_up(self) -> None:
        for dot in self._dots.values():
            self.scene.removeItem(dot)
        super()._clean_up()


def piece_of(wire: WireItem, points: tuple[tuple[float, float], ...], place: QPointF) -> int:
    """Return in front of which of a wire's points a place on it lies."""
    path = wire.path()
    ends = path.pointAtPercent(0), path.pointAtPercent(1)
    return piece_at(ends[0], [QPointF(x, y) for x, y in points], ends[1], place)
