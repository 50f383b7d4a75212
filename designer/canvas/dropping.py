"""Layers dragged from the library: dropped on the canvas they stand there, dropped on a wire they go into it.

A block that is dragged is only known by its file; who reads blocks is told by the view's ``block_dropped``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF

from core.graph.kinds import kind_named
from core.graph.project import End
from core.kinds import LayerKind
from designer.canvas.compose import Spot

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

KIND_MIME = "application/x-layerwright-kind"
"""Mime type of a dragged layer kind; the data is the kind's id."""
BLOCK_PREFIX = "block:"
"""What the data begins with where a block of the user's is dragged; the path of its file follows."""
_REACH = 12.0
_HALF_CARD = 26.0


def kind_in(view: CanvasView, data: QMimeData) -> LayerKind | None:
    """Return the layer kind that is being dragged, if any."""
    if not data.hasFormat(KIND_MIME):
        return None
    name = bytes(data.data(KIND_MIME).data()).decode("utf-8", "replace")
    return LayerKind(name, "", "") if name.startswith(BLOCK_PREFIX) else kind_named(view.session.view, name)


def wire_for(view: CanvasView, kind: LayerKind, place: QPointF) -> End | None:
    """Return the wire that a kind dropped at a point goes into."""
    if not kind.inputs or not kind.outputs:
        return None
    return view.canvas.wire_at(place, _REACH / view.zoom)


def drop(view: CanvasView, kind: LayerKind, place: QPointF) -> None:
    """Add a node of the kind with its middle at a point."""
    if kind.id.startswith(BLOCK_PREFIX):
        path = Path(kind.id.removeprefix(BLOCK_PREFIX))
        view.block_dropped.emit(path, place - QPointF(0, _HALF_CARD))
        return
    wire = wire_for(view, kind, place)
    view.commands.add(kind.id, Spot((place.x(), place.y() - _HALF_CARD), wire=wire))
