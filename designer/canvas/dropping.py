"""Layers dragged from the library: dropped on the canvas they stand there, dropped on a wire they go into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF

from core.graph.project import End
from core.kinds import LayerKind
from core.layers import catalogue
from designer.canvas.compose import Spot

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

KIND_MIME = "application/x-layerwright-kind"
"""Mime type of a dragged layer kind; the data is the kind's id."""
_REACH = 12.0
_HALF_CARD = 26.0


def kind_in(data: QMimeData) -> LayerKind | None:
    """Return the layer kind that is being dragged, if any."""
    if not data.hasFormat(KIND_MIME):
        return None
    return catalogue.find(bytes(data.data(KIND_MIME).data()).decode("utf-8", "replace"))


def wire_for(view: CanvasView, kind: LayerKind, place: QPointF) -> End | None:
    """Return the wire that a kind dropped at a point goes into."""
    if not kind.inputs or not kind.outputs:
        return None
    return view.canvas.wire_at(place, _REACH / view.zoom)


def drop(view: CanvasView, kind: LayerKind, place: QPointF) -> None:
    """Add a node of the kind with its middle at a point."""
    wire = wire_for(view, kind, place)
    view.commands.add(kind.id, Spot((place.x(), place.y() - _HALF_CARD), wire=wire))
