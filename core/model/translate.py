"""PyTorch's messages in our own words: the common mistakes are recognised, anything else is passed on, cleaned."""

from __future__ import annotations

import re
from collections.abc import Callable

from core.errors import sentence
from core.model.case import Case
from core.model.preconditions import Trouble
from core.model.specs import probes
from core.model.words import merges, sizes, windows
from core.model.words.translation import Translation


def torch_error(case: Case, trouble: Trouble) -> Translation:
    """Return in our words what PyTorch said about a node."""
    for pattern, translate in _TABLE:
        if re.search(pattern, trouble.text):
            found = translate(case)
            if found is not None:
                return found
    arriving = f" ({', '.join(case.gives(slot) for slot in case.inputs)})" if case.inputs else ""
    return Translation(f"{case.name} ({case.kind.display}) does not fit{arriving}. {cleaned(case, trouble.text)}")


def cleaned(case: Case, text: str) -> str:
    """Return the first line of a message of PyTorch, with the probed sizes replaced by the names they stand for."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "PyTorch refused it")
    line = re.sub(r"torch\.Size\((\[.*?\])\)", r"\1", line)
    for name, dim in probes(case.names).items():
        line = re.sub(rf"(?<![\w.])({dim.a}|{dim.b})(?![\w.])", name, line)
    line = line[0].upper() + line[1:]
    return sentence(line)


_TABLE: tuple[tuple[str, Callable[[Case], Translation | None]], ...] = (
    (
        r"[Kk]ernel size can't be greater|[Oo]utput size is too small|[Ii]nvalid computed output size",
        windows.window,
    ),
    (r"length must be non-negative|sizes should be greater than 0", windows.vanished),
    (r"negative dimension", windows.nothing_left),
    (r"[Pp]ad(ding)? should be (at most|smaller than or equal to) half", windows.half_kernel),
    (r"padding='same' is not supported for strided", windows.same_padding),
    (r"[Pp]adding size should be less|wrapping around more than once", windows.mirrored),
    (r"divisible by groups", sizes.groups),
    (r"divisible by (num_heads|nhead)", sizes.heads),
    (r"Halving dimension must be even", sizes.halves),
    (r"proj_size has to be smaller", sizes.projection),
    (r"[Pp]adding_idx must be within", sizes.padding_index),
    (
        r"[Ii]nvalid channel dimensions|same reduction dim|cannot be multiplied|to have \d+ channels|should contain",
        sizes.channels,
    ),
    (r"is invalid for input of size|cannot reshape", sizes.reshape),
    (r"start_dim cannot come after end_dim", sizes.flatten_order),
    (r"calculation overflowed|[Oo]verflow when unpacking|too large to convert", sizes.too_large),
    (
        r"first two dimensions of batch2|sequence and batch dims|match value shape|same reduction dim|must match",
        sizes.key_width,
    ),
    (
        r"[Bb]roadcast|must match|do not match|[Nn]umber of dimensions|[Ss]izes of tensors|equal size|"
        r"[Tt]ensors must have same number",
        merges.merge,
    ),
)
