"""The thin lines that show what a dragged selection is in line with."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas.compose import Box
from designer.canvas.guides import Guides

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_REACH = 5.0
"""How near (in pixels) an edge or centre must come to a neighbour's to jump there."""
_TICK = 4.0


class GuideLines:
    """The guides of one drag, among the nodes that were in view when it began."""

    def __init__(self, view: CanvasView, moving: Collection[str]) -> None:
        self._scene = view.canvas
        seen = view.mapToScene(view.viewport().rect()).boundingRect()
        boxes = []
        for name, item in view.canvas.nodes.items():
            card = item.scene_card()
            if name not in moving and seen.intersects(card):
                boxes.append(Box(card.x(), card.y(), card.width(), card.height()))
        self._guides = Guides(boxes)
        pen = QPen(QColor(self._scene.style_now.theme.accent), 1.0)
        pen.setCosmetic(True)
        self._item = QGraphicsPathItem()
        self._item.setPen(pen)
        self._item.setZValue(25)
        self._scene.addItem(self._item)

    @property
    def drawn(self) -> QPainterPath:
        """The lines that are shown now."""
        return self._item.path()

    def step(self, box: Box, zoom: float) -> tuple[float | None, float | None]:
        """Return by how much a box has to go aside and down to be in line (None: nothing is near)."""
        return self._guides.step(box, _REACH / zoom)

    def show(self, box: Box | None) -> None:
        """Show what a box is in line with."""
        path = QPainterPath()
        if box is not None:
            for x1, y1, x2, y2 in self._guides.lines(box):
                path.moveTo(x1, y1)
                path.lineTo(x2, y2)
            for x1, y1, x2, y2 in self._guides.gaps(box):
                aside, down = (0.0, _TICK) if y1 == y2 else (_TICK, 0.0)
                for x, y in ((x1, y1), (x2, y2)):
                    path.moveTo(x - aside, y - down)
                    path.lineTo(x + aside, y + down)
                path.moveTo(x1, y1)
                path.lineTo(x2, y2)
        if path != self._item.path():
            self._item.setPath(path)

    def hide(self) -> None:
        """Take the lines away for good."""
        self._scene.removeItem(self._item)
