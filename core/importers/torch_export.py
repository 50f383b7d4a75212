"""PyTorch programs (``torch.export``, ``.pt2``) as projects. Reading one runs no code of the file."""

from __future__ import annotations

from pathlib import Path

from core.errors import ImportFailed
from core.importers._kind import Imported, ImporterKind, ImportRequest


def _read(request: ImportRequest) -> Imported:
    import torch

    from core.importers._draft import Draft
    from core.importers._torch.archive import Archive
    from core.importers._torch.calls import translate
    from core.importers._torch.graph import Reader
    from core.importers._torch.modules import tensors_in
    from core.importers._torch.network import BATCHES, drawn, finished
    from core.importers._torch.program import failed, program
    from core.importers._torch.translations import NoWords
    from core.model.probe import TORCH_ERRORS, quietly

    path = Path(request.source)
    with Archive(path) as archive, torch.no_grad(), quietly():
        found = program(archive)
        fixed = {shape[0] for shape in found.shapes if shape and shape[0] is not None}
        first, second = (*fixed, *fixed) if len(fixed) == 1 else BATCHES
        sizes = (first, second)
        shapes = [tuple(size or 1 for size in shape[1:]) for shape in found.shapes]
        names = [str(each).removeprefix("torch.") for each in found.dtypes]
        batches = drawn(shapes, names, [found.rows] * len(shapes), sizes)
        draft = Draft(path.stem)
        reader = Reader(draft, translate, batch=sizes)
        ends = [draft.input(name, shape, dtype) for name, shape, dtype in zip(found.inputs, shapes, names, strict=True)]
        given = [[each.clone() for each in batch] for batch in batches]
        for one, two, end in zip(*given, ends, strict=True):
            reader.given(one, two, end)
        try:
            outs = reader.read(found.graph, given[0], given[1])
            outputs = [
                draft.output(label, reader.end(each))
                for label, each in zip(found.outputs, tensors_in(outs[0]), strict=True)
            ]
        except NoWords as error:
            raise ImportFailed(f"'{path}' was not opened: it gives {error}.") from error
        except (*TORCH_ERRORS, MemoryError, NotImplementedError) as error:
            raise failed(archive, error) from error
        if fixed:
            draft.note(f"The program was exported for batches of {sizes[0]} only; it was compared with such batches.")
        if found.open_lengths:
            draft.note("Some lengths besides the batch were open in the file. Here they are those of its example.")
        pairs = [(batch, list(tensors_in(out))) for batch, out in zip(batches, outs, strict=True)]
        return finished(reader, ends, outputs, pairs)


KINDS = (
    ImporterKind(
        "pt2",
        "PyTorch program (torch.export)",
        "Operators and weights in one file, as torch.export.save writes it. Nothing of the file is run as code.",
        _read,
        suffixes=(".pt2",),
    ),
)
