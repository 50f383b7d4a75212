"""Of how many tiles the pictures of a layer are made, as the last check of the network knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.inside.images import Sheet, sheet_of
from designer.inside.places import place_of

if TYPE_CHECKING:
    from core.model.reports import NodeReport
    from core.training.diagnostics.pictures import Picture
    from designer.session import Session

_HEADS = ("num_heads", "nhead")
_IMAGE, _VOLUME = 4, 5
"""Dimensions of what layers of images and of volumes give, samples and channels among them."""


def tiles_of(session: Session, picture: Picture) -> Sheet | None:
    """Return how the tiles of a picture lie; None where it is not made of any, or of the network as it was."""
    place = place_of(picture.node)
    shapes = session.report.shapes.inside(place[:-1]) if session.report else None
    node = shapes.nodes.get(place[-1]) if shapes else None
    return sheet_of(picture, _count(picture, node)) if node is not None else None


def _count(picture: Picture, node: NodeReport) -> int:
    if picture.kind == "attention":
        heads = (node.arguments.get(key) for key in _HEADS)
        return next((each for each in heads if isinstance(each, int)), 1)
    given = _channels(next(iter(node.outputs.values()), None))
    if picture.kind != "filters" or picture.values.ndim != 2:
        return given
    groups = node.arguments.get("groups", 1)
    taken = _channels(next(iter(node.inputs.values()), None))
    return given * taken // groups if isinstance(groups, int) and groups else 0


def _channels(spec: object) -> int:
    """Return the channels of an image's or a volume's shape; 0 of any other."""
    shape = tuple(getattr(spec, "shape", ()))
    return shape[1] if len(shape) in (_IMAGE, _VOLUME) and isinstance(shape[1], int) else 0
