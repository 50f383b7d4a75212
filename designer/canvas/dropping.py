"""Layers dragged from the library: dropped on the canvas they stand there, dropped on a wire they go into it.

A block that is dragged is only known by its file; who reads blocks is told by the view's ``block_dropped``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent

from core.graph.edits import InsertOnLink
from core.graph.kinds import kind_named
from core.graph.names import unique_name
from core.graph.project import End, Node
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


def wire_for(view: CanvasView, kind: LayerKind, event: QDropEvent) -> End | None:
    """Return the wire that a kind goes into where the pointer is; none while Alt is held."""
    if not kind.inputs or not kind.outputs or event.modifiers() & Qt.KeyboardModifier.AltModifier:
        return None
    return view.canvas.wire_at(view.mapToScene(event.position().toPoint()), _REACH / view.zoom)


def hover(view: CanvasView, event: QDropEvent) -> bool:
    """Highlight the wire that a dragged kind would go into and say what it gives there; False for anything else."""
    kind = kind_in(view, event.mimeData())
    wire = wire_for(view, kind, event) if kind else None
    view.canvas.hover_wire(wire)
    if kind and wire:
        name = unique_name(kind.name_stem, view.session.view.graph.nodes)
        edit = InsertOnLink(Node(name, kind.id), wire)
        view.wiring.show_insertion(event.position().toPoint(), name, edit)
    else:
        view.tip.hide()
    return kind is not None


def leave(view: CanvasView) -> None:
    """What was dragged went elsewhere, or was dropped."""
    view.canvas.hover_wire(None)
    view.tip.hide()


def drop(view: CanvasView, kind: LayerKind, event: QDropEvent) -> None:
    """Add a node of the kind with its middle where the pointer is."""
    place = view.mapToScene(event.position().toPoint())
    if kind.id.startswith(BLOCK_PREFIX):
        path = Path(kind.id.removeprefix(BLOCK_PREFIX))
        view.block_dropped.emit(path, place - QPointF(0, _HALF_CARD))
        return
    wire = wire_for(view, kind, event)
    view.commands.add(kind.id, Spot((place.x(), place.y() - _HALF_CARD), wire=wire))
