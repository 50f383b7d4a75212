"""PyTorch programs (``torch.export``, ``.pt2``) as projects. Reading one runs no code of the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ImportFailed
from core.importers._kind import Imported, ImporterKind, ImportRequest

if TYPE_CHECKING:
    from torch import Tensor

    from core.importers._torch.network import Found
    from core.importers._torch.program import Program
    from core.importers._torch.ties import Ties


def _read(request: ImportRequest) -> Imported:
    import torch

    from core.importers._torch.archive import Archive
    from core.importers._torch.bounds import Bounded
    from core.importers._torch.modules import dtype_name
    from core.importers._torch.network import BATCHES, drawn, finished
    from core.importers._torch.program import failed, program
    from core.importers._torch.records import ChangedInPlace
    from core.importers._torch.ties import read_tied
    from core.importers._torch.translations import NoWords
    from core.model.probe import TORCH_ERRORS, quietly

    path = Path(request.source)
    with Archive(path) as archive, torch.no_grad(), quietly(), Bounded(path.name):
        found = program(archive)
        fixed = {shape[0] for shape in found.shapes if shape and shape[0] is not None}
        one, two = (*fixed, *fixed) if len(fixed) == 1 else BATCHES
        shapes = [tuple(size or 1 for size in shape[1:]) for shape in found.shapes]
        names = [dtype_name(each) for each in found.dtypes]
        try:
            batches = drawn(shapes, names, [found.rows] * len(shapes), (one, two))
            read = read_tied(
                lambda ties: _read_as(found, batches, path.stem, ties), lambda made: made.reader.draft.note
            )
        except (NoWords, ChangedInPlace) as error:
            raise ImportFailed(f"'{path}' was not opened: {error}.") from error
        except (*TORCH_ERRORS, LookupError, AttributeError, MemoryError, NotImplementedError) as error:
            raise failed(archive, error) from error
        draft = read.reader.draft
        if fixed:
            draft.note(f"The program was exported for batches of {one} only; it was compared with such batches.")
        if found.open_lengths:
            draft.note("Some lengths besides the batch were open in the file. Here they are those of its example.")
        return finished(read, found.outputs, batches)


def _read_as(found: Program, batches: Sequence[Sequence[Tensor]], name: str, ties: Ties) -> Found:
    """Read a program once with both batches."""
    from core.importers._draft import Draft
    from core.importers._torch.calls import translate
    from core.importers._torch.graph import Reader
    from core.importers._torch.modules import tensors_in
    from core.importers._torch.network import Found

    reader = Reader(Draft(name), translate, batch=(len(batches[0][0]), len(batches[1][0])), ties=ties)
    ends, outs = reader.read_whole(found.graph, found.inputs, batches)
    given = zip(found.outputs, tensors_in(outs[0]), strict=True)
    return Found(reader, ends, [reader.end(each) for _name, each in given], outs)


KINDS = (
    ImporterKind(
        "pt2",
        "PyTorch program (torch.export)",
        "Operators and weights in one file, as torch.export.save writes it. Nothing of the file is run as code.",
        _read,
        suffixes=(".pt2",),
    ),
)
