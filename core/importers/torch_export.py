"""PyTorch programs (``torch.export``, ``.pt2``) as projects. Reading one runs no code of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ImportFailed
from core.importers._kind import Imported, ImporterKind, ImportRequest

if TYPE_CHECKING:
    from torch import Tensor

    from core.graph.project import End
    from core.importers._torch.graph import Reader
    from core.importers._torch.program import Program
    from core.importers._torch.ties import Ties


def _read(request: ImportRequest) -> Imported:
    import torch

    from core.importers._torch.archive import Archive
    from core.importers._torch.bounds import Bounded
    from core.importers._torch.modules import tensors_in
    from core.importers._torch.network import BATCHES, drawn, finished
    from core.importers._torch.program import failed, program
    from core.importers._torch.records import ChangedInPlace
    from core.importers._torch.ties import Ties
    from core.importers._torch.translations import NoWords
    from core.model.probe import TORCH_ERRORS, quietly

    path = Path(request.source)
    with Archive(path) as archive, torch.no_grad(), quietly(), Bounded(path.name):
        found = program(archive)
        fixed = {shape[0] for shape in found.shapes if shape and shape[0] is not None}
        one, two = (*fixed, *fixed) if len(fixed) == 1 else BATCHES
        shapes = [tuple(size or 1 for size in shape[1:]) for shape in found.shapes]
        names = [str(each).removeprefix("torch.") for each in found.dtypes]
        try:
            batches = drawn(shapes, names, [found.rows] * len(shapes), (one, two))
            through = _through(found, batches, path.stem, Ties())
            first, again = through.reader.ties, through.reader.ties.found()
            through = through if again is None else _through(found, batches, path.stem, again)
        except (NoWords, ChangedInPlace) as error:
            raise ImportFailed(f"'{path}' was not opened: {error}.") from error
        except (*TORCH_ERRORS, LookupError, AttributeError, MemoryError, NotImplementedError) as error:
            raise failed(archive, error) from error
        draft = through.reader.draft
        through.reader.ties.tell(draft.note, first)
        if fixed:
            draft.note(f"The program was exported for batches of {one} only; it was compared with such batches.")
        if found.open_lengths:
            draft.note("Some lengths besides the batch were open in the file. Here they are those of its example.")
        pairs = [(batch, list(tensors_in(out))) for batch, out in zip(batches, through.outs, strict=True)]
        return finished(through.reader, through.ends, through.outputs, pairs)


@dataclass(frozen=True)
class _Through:
    """A program that was read: where its inputs enter, what its output nodes are called, what it gave."""

    reader: Reader
    ends: list[End]
    outputs: list[str]
    outs: tuple[Any, Any]


def _through(found: Program, batches: Sequence[Sequence[Tensor]], name: str, ties: Ties) -> _Through:
    """Read a program once with both batches."""
    from core.importers._draft import Draft
    from core.importers._torch.calls import translate
    from core.importers._torch.graph import Reader
    from core.importers._torch.modules import tensors_in

    draft = Draft(name)
    reader = Reader(draft, translate, batch=(len(batches[0][0]), len(batches[1][0])), ties=ties)
    given = [[each.clone() for each in batch] for batch in batches]
    ends = [
        draft.input(called, tuple(tensor.shape[1:]), str(tensor.dtype).removeprefix("torch."))
        for called, tensor in zip(found.inputs, given[0], strict=True)
    ]
    for one, two, end in zip(*given, ends, strict=True):
        reader.given(one, two, end)
    outs = reader.read(found.graph, given[0], given[1])
    labels = zip(found.outputs, tensors_in(outs[0]), strict=True)
    return _Through(reader, ends, [draft.output(label, reader.end(each)) for label, each in labels], outs)


KINDS = (
    ImporterKind(
        "pt2",
        "PyTorch program (torch.export)",
        "Operators and weights in one file, as torch.export.save writes it. Nothing of the file is run as code.",
        _read,
        suffixes=(".pt2",),
    ),
)
