"""Pictures: channels, height and width, resized and scaled."""

from __future__ import annotations

from core.errors import ModelError
from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import sizes_known, values
from core.graph.project import Field
from core.kinds import Parameter

SIZE = (
    Parameter("height", "int", 0, "Height that every image gets; 0: as it is.", minimum=0, unit="pixels"),
    Parameter("width", "int", 0, "Width that every image gets; 0: as it is.", minimum=0, unit="pixels"),
    Parameter(
        "fit",
        "choice",
        "stretch",
        "How an image of other proportions is made to fit: stretched, cropped to its middle, or padded with black.",
        choices=("stretch", "crop", "pad"),
    ),
)
OPTIONS = (
    *SIZE,
    Parameter(
        "channels",
        "choice",
        "keep",
        "Colour channels that every image gets: 1 for grey, 3 for red, green and blue.",
        choices=("keep", "1", "3"),
    ),
)


def _pixels(field: Field) -> Sample:
    if len(field.shape) != 3:
        raise ModelError(
            f"'{field.name}' has the shape {field.shape}: an image has channels, height and width. Read the data again."
        )
    chosen = values(field, OPTIONS)
    channels = field.shape[0] if chosen["channels"] == "keep" else int(chosen["channels"])
    known = sizes_known(
        Field(
            field.name, "image", shape=(channels, chosen["height"] or field.shape[1], chosen["width"] or field.shape[2])
        ),
        "images",
        "Set their height, width and channels in the data panel.",
    )
    return Sample("float32", known)


_SCALERS = ("none", "standardise", "min-max", "imagenet")

KINDS = (
    MeaningKind(
        "image",
        "Image",
        "Pictures, as values from 0 to 1 for each pixel and channel: then left so, standardised for each channel, "
        "stretched to their whole range, or scaled by the statistics of ImageNet as pretrained networks need it.",
        _SCALERS,
        ("drop row",),
        _pixels,
        _pixels,
        _SCALERS,
        OPTIONS,
    ),
)
