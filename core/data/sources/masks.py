"""Images with a mask each: the class of every pixel, as grey values, a palette or colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.folders import Files, list_files, named, watched
from core.data.pictures import Sizes, ends_well, examine, files_column, read_header, read_indices, together, uniform
from core.data.source import Array, Column, Lazy, RawData, SourceKind
from core.data.sources._table import path_of
from core.data.splits import part_of
from core.errors import DataError
from core.kinds import Parameter, Value
from core.progress import report

NOWHERE = 255
"""The index in a mask of pixels that count nowhere."""
_IMAGES = ("images", "image", "imgs", "img", "inputs", "photos")
_MASKS = ("masks", "mask", "labels", "annotations", "segmentations", "segmentation", "gt", "ground_truth", "targets")
_ENDING = re.compile(r"[ _.-](mask|masks|seg|segmentation|label|labels|gt|groundtruth|image|img|sat)$", re.IGNORECASE)
_SAMPLED = 400
_MOST_CLASSES = 255
_SPARSE = 8

Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MaskFiles(Lazy):
    """Masks, read when they are asked for; ``indices`` are the classes of the stored values ``codes`` (ascending)."""

    files: Files
    sizes: Sizes
    codes: Codes
    indices: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.files)

    def take(self, rows: NDArray[np.int64]) -> Array:
        """Return the class of every pixel, uint8 ``(rows, height, width)``, or objects where sizes differ."""
        return together([self._classes(row) for row in rows.tolist()], uniform(self.sizes))

    def _classes(self, row: int) -> Array:
        name = self.describe(row)
        stored = packed(read_indices(self.files.path(row), name)[0])
        place = np.minimum(np.searchsorted(self.codes, stored), len(self.codes) - 1)
        strange = self.codes[place] != stored
        if strange.any():
            value = int(stored[strange][0])
            raise DataError(
                f"{name} has pixels of the value {value}, which is none of the classes "
                f"{', '.join(map(str, self.codes[:10].tolist()))}. Masks in JPEG have such; save them as PNG."
            )
        return self.indices[place]

    def describe(self, row: int) -> str:
        """Return a mask's name."""
        return self.files.names[row]

    def digest(self) -> str:
        """Return a text that changes with names and sizes of the files, and with the classes."""
        return f"{self.files.digest} {self.codes.tolist()} {self.indices.tolist()}"


def packed(stored: Array) -> Codes:
    """Return one number a pixel: what is stored, or red · 65536 + green · 256 + blue."""
    numbers: Codes = stored.astype(np.int64)
    return numbers if numbers.ndim == 2 else (numbers[..., 0] << 16) + (numbers[..., 1] << 8) + numbers[..., 2]


@dataclass(frozen=True)
class _Pairs:
    """Files of images and of masks, row by row, and the folder of each that says its part."""

    images: Files
    masks: Files
    parts: tuple[str | None, ...]
    notes: tuple[str, ...]


def _pairs(files: Files) -> _Pairs:
    """Match images and masks by their names.

    Raises:
        DataError: nothing matches.
    """
    kinds = [_kind(name) for name in files.names]
    masks: dict[tuple[str, ...], int] = {}
    for row, (is_mask, key) in enumerate(kinds):
        if is_mask:
            masks[key] = row
    rows, lonely = [], []
    for row, (is_mask, key) in enumerate(kinds):
        if not is_mask and key in masks:
            rows.append((row, masks[key]))
        elif not is_mask:
            lonely.append(files.names[row])
    if not rows:
        raise DataError(
            f"{files.root} has no image with a mask of the same name. Put them into the folders 'images' and 'masks', "
            "named alike (cat1.jpg and cat1.png), or side by side as cat1.jpg and cat1_mask.png."
        )
    used = {mask for _, mask in rows}
    unused = [files.names[row] for row in masks.values() if row not in used]
    notes = [f"{units.plural(len(lonely), 'image')} without a mask left out: {named(lonely)}."] if lonely else []
    notes += [f"{units.plural(len(unused), 'mask')} without an image left out: {named(unused)}."] if unused else []
    images = files.only([row for row, _ in rows])
    parts = tuple(next((part for part in name.split("/")[:-1] if part_of(part)), None) for name in images.names)
    return _Pairs(images, files.only([row for _, row in rows]), parts, tuple(notes))


def _kind(name: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a file is a mask, and what it shares with its partner: its folders and its name."""
    *folders, last = name.split("/")
    stem = last.rpartition(".")[0]
    ending = _ENDING.search(stem)
    plain = _ENDING.sub("", stem)
    lowered = [folder.lower() for folder in folders]
    rest = tuple(folder for folder in lowered if folder not in (*_IMAGES, *_MASKS))
    if any(folder in _MASKS for folder in lowered):
        return True, (*rest, plain)
    if any(folder in _IMAGES for folder in lowered):
        return False, (*rest, plain)
    is_mask = ending is not None and ending[1].lower() not in ("image", "img", "sat")
    return is_mask, (*rest, plain)


def is_masks(path: Path) -> bool:
    """True where a folder holds images and masks by the names of its folders."""
    if not path.is_dir():
        return False
    try:
        below = [each for each in path.iterdir() if each.is_dir()]
        names = {each.name.lower() for each in below}
        names |= {each.name.lower() for folder in below if part_of(folder.name) for each in folder.iterdir()}
    except OSError:
        return False
    return bool(names & set(_IMAGES)) and bool(names & set(_MASKS))


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    pairs = _pairs(list_files(path_of(options, base), "image"))
    examined = examine(len(pairs.images), pairs.images.path, pairs.images.names.__getitem__)
    masks = pairs.masks.only(examined.rows)
    rows, sizes, wrong = _matching(masks, examined.sizes)
    if not rows:
        raise DataError("No image has the size of its mask.", problems=wrong[:10])
    notes = [*pairs.notes, *examined.notes]
    if wrong:
        notes.append(f"{units.plural(len(wrong), 'pair')} left out: {' '.join(wrong[:5])}")
    left = replace(
        examined,
        rows=tuple(examined.rows[row] for row in rows),
        headers=tuple(examined.headers[row] for row in rows),
    )
    image = files_column(pairs.images, left)
    mask, told = _mask_column(masks.only(rows), sizes, _chosen_names(options))
    notes += told
    columns = {"image": image, "mask": replace(mask, options=image.options)}
    parts = [pairs.parts[row] for row in left.rows]
    known = tuple(dict.fromkeys(part for part in parts if part))
    if len(known) > 1:
        words = np.array(parts, dtype=object)
        columns["split"] = Column(words, "category", known, f"the folder above: {', '.join(known)}", "split")
    return RawData(columns, tuple(notes))


def _matching(masks: Files, sizes: Sizes) -> tuple[list[int], Sizes, list[str]]:
    """Return the rows whose mask is as large as its image, their sizes, and what is wrong with the others."""
    rows, wrong = [], []
    for row in range(len(masks)):
        if row % 64 == 0:
            report(row, len(masks), "looking at the masks")
        name = masks.names[row]
        height, width = sizes[row].tolist()
        try:
            header = read_header(masks.path(row), name)
            if not ends_well(masks.path(row)):
                read_indices(masks.path(row), name)
        except DataError as error:
            wrong.append(error.message)
            continue
        if (header.height, header.width) == (height, width):
            rows.append(row)
        else:
            size = f"{header.height} by {header.width} pixels, but its image {height} by {width}"
            wrong.append(f"{name} has {size}.")
    return rows, sizes[rows], wrong


def _chosen_names(options: Mapping[str, Value]) -> tuple[str, ...]:
    return tuple(name.strip() for name in str(options["classes"]).split(",") if name.strip())


def _mask_column(files: Files, sizes: Sizes, names: tuple[str, ...]) -> tuple[Column, list[str]]:
    codes, how, looked = _codes(files)
    classes, indices = _classes(codes, how)
    notes = []
    if looked < len(files):
        notes.append(f"The classes were found in {looked:,} of {len(files):,} masks.")
    if NOWHERE in indices:
        notes.append("Pixels of the value 255 count as unknown: they are neither learnt nor measured.")
    if len(names) > len(classes) and how != "colours" and not (codes[-1] > len(names) and NOWHERE not in indices):
        classes = tuple(map(str, range(len(names))))  # not every class is in the masks that were looked at
        codes = np.union1d(codes, np.arange(len(names)))
        indices = np.where(codes == NOWHERE, NOWHERE, codes).astype(np.uint8)
    if names and len(names) != len(classes):
        raise DataError(
            f"{len(names)} names of classes were given, but the masks have {len(classes)} classes: "
            f"{', '.join(classes[:20])}."
        )
    values = MaskFiles(files, sizes, codes, indices)
    reason = f"{len(classes):,} {'class' if len(classes) == 1 else 'classes'} by {how}"
    return Column(values, "mask", names or classes, reason, "target", uniform(sizes)), notes


def _codes(files: Files) -> tuple[Codes, str, int]:
    """Return the different values in the masks, what they are, and how many masks were looked at."""
    found: set[int] = set()
    palettes = colours = 0
    rows = np.unique(np.linspace(0, len(files) - 1, min(_SAMPLED, len(files))).astype(np.int64)).tolist()
    for count, row in enumerate(rows):
        report(count, len(rows), "finding the classes")
        stored, by_palette = read_indices(files.path(row), files.names[row])
        palettes += by_palette
        colours += stored.ndim == 3
        found.update(np.unique(packed(stored)).tolist())
        if len(found) > _MOST_CLASSES + 1:
            raise DataError(
                f"The masks have more than {_MOST_CLASSES} different values; {files.names[row]} is one of them. Masks "
                "hold one value for each class: JPEG blurs them, so save them as PNG."
            )
    if 0 < colours < len(rows):
        raise DataError("Some masks are grey and others coloured: save all of them in the same way.")
    how = "colours" if colours else "palette" if palettes else "grey values"
    return np.array(sorted(found), dtype=np.int64), how, len(rows)


def _classes(codes: Codes, how: str) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """Return the names of the classes, and the index that each stored value means (255: none).

    Values 0, 1, 2… are indices themselves, and 255 beside them is no class. Other grey values, such as 0 and 255, and
    colours are classes in ascending order.
    """
    if how == "colours":
        return tuple(f"#{code:06x}" for code in codes.tolist()), np.arange(len(codes), dtype=np.uint8)
    inner = codes[codes != NOWHERE]
    dense = len(inner) and inner[-1] < NOWHERE and (how == "palette" or inner[-1] < len(inner) + _SPARSE)
    if dense and inner.tolist() != [0]:
        return tuple(map(str, range(int(inner[-1]) + 1))), codes.astype(np.uint8)
    names = ("background", "object") if codes.tolist() == [0, NOWHERE] else tuple(map(str, codes.tolist()))
    return names, np.arange(len(codes), dtype=np.uint8)


def _files(options: Mapping[str, Value], base: Path | None) -> tuple[Path, ...]:
    return watched(path_of(options, base))


KINDS = (
    SourceKind(
        "image_masks",
        "Images with masks",
        "Images and, for each, a mask of the same name: the class of every pixel. They are in the folders images and "
        "masks, or side by side with _mask behind the name.",
        _read,
        (
            Parameter(
                "path",
                "text",
                help="The folder with images and masks; a relative path starts from the project file's folder.",
            ),
            Parameter(
                "classes", "text", "", "Names of the classes in order, with commas between; empty: as they are stored."
            ),
        ),
        _files,
        is_masks,
    ),
)
