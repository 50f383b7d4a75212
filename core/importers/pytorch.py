"""PyTorch modules as projects: layers, wiring, sharing, constructor arguments and trained weights.

``module_to_draft(module, inputs)`` imports a module that is already there: ``inputs`` are example tensors, batch first,
or the shapes of one sample each. ``python:package.module:factory`` and ``python:/path/file.py:factory`` name one that
is made by code, which runs only once its text is trusted: ``source_text`` gives that text, for the user to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import ImportFailed
from core.importers._kind import Imported, ImporterKind, ImportRequest, entering
from core.importers._torch.source import made, source_text

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["KINDS", "module_to_draft", "source_text"]

_SAYS_NOTHING = frozenset(("make", "build", "create", "get", "net", "network", "model", "factory"))
"""Names of functions that tell less about a network than its class does."""

Inputs = Sequence["Tensor"] | Sequence[Sequence[int]]


def module_to_draft(
    module: nn.Module, inputs: Inputs = (), dtypes: Sequence[str] = (), *, name: str = "", verify: bool = True
) -> Imported:
    """Return a module as a project with its weights.

    ``inputs`` are tensors, batch first, or the shapes of one sample each, without the batch (and ``dtypes`` their kinds
    of number); without them, they are guessed from the first layer. The module is left in the mode that it was in.
    With ``verify`` the project is built and its outputs compared with the module's for two batches.

    Raises:
        ImportFailed: the module does not run on such inputs, or the project would give other numbers.
    """
    from core.importers._torch.network import imported

    return imported(module, inputs, dtypes, name or type(module).__name__, verify)


def _read(request: ImportRequest) -> Imported:
    module, name = made(request.source)
    if name in _SAYS_NOTHING:
        name = type(module).__name__
    try:
        imported = module_to_draft(module, request.shapes, request.dtypes, name=name)
    except ImportFailed as error:
        raise ImportFailed(f"'{request.source}' was not imported. {error.message}", problems=error.problems) from error
    return imported if request.shapes else replace(imported, notes=(_guess(imported), *imported.notes))


def _guess(imported: Imported) -> str:
    """Return the note that says which sizes the network was tried with, where nobody gave them."""
    found = entering(imported.project)
    return f"The sizes of one sample were guessed: {found}. If yours differ, import again and give them."


KINDS = (
    ImporterKind(
        "pytorch",
        "PyTorch module",
        "A module, class or function of yours that makes a network: python:package.module:factory, or "
        "python:/path/file.py:factory. Its code runs once you have trusted it.",
        _read,
        prefix="python:",
        runs_code=True,
    ),
)
