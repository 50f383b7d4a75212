"""A class for every pixel of an image."""

from __future__ import annotations

from core.errors import ModelError
from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import sizes_known, values, with_classes
from core.graph.meanings.image import SIZE
from core.graph.project import Field

OPTIONS = SIZE


def _size(field: Field) -> tuple[int, ...]:
    if len(field.shape) != 2:
        raise ModelError(f"'{field.name}' has the shape {field.shape}: a mask has height and width.")
    chosen = values(field, OPTIONS)
    size = (chosen["height"] or field.shape[0], chosen["width"] or field.shape[1])
    option = "Set the height and width that its images have in the data panel."
    return sizes_known(Field(field.name, "mask", shape=size), "masks", option)


def _as_input(field: Field) -> Sample:
    return Sample("float32", (1, *_size(field)))


def _as_target(field: Field) -> Sample:
    with_classes(field)
    return Sample("int64", _size(field))


KINDS = (
    MeaningKind(
        "mask",
        "Mask",
        "The class of every pixel of an image. It is resized without mixing classes: give it the size of its image.",
        ("none",),
        ("drop row",),
        _as_input,
        _as_target,
        options=OPTIONS,
        classes=lambda field: len(field.categories),
    ),
)
