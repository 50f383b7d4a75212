"""In which parts of its source each operation of an ONNX model stands, as exporters note it.

PyTorch's exporter keeps the names and classes of the modules that an operation is in beside it; older ones, and those
of other frameworks, call operations by their path: ``/encoder/block.0/linear/MatMul``.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from core.importers._folding import Scope
from core.importers._onnx.model import Op

_NAMES = "pkg.torch.onnx.name_scopes"
_CLASSES = "pkg.torch.onnx.class_hierarchy"
_CONTAINERS = "torch.nn.modules.container."
_MOST_CHARACTERS = 4000
_DEEPEST = 16


def scopes_of(op: Op) -> tuple[Scope, ...]:
    """Return the parts that an operation stands in, from the outermost in; none where the model does not say."""
    modules = _modules(op)
    if not modules:
        return _by_path(op.name)
    return tuple(
        Scope(name, kind.rpartition(".")[2])
        for name, kind in modules
        if name and (not kind.startswith("torch.") or kind.startswith(_CONTAINERS))
    )


def module_of(op: Op) -> str:
    """Return the path of the module that an operation was written by; empty where the model does not say."""
    modules = _modules(op)
    return modules[-1][0] if modules else ""


def _modules(op: Op) -> list[tuple[str, str]]:
    """Return the paths and classes of the modules around an operation, the network itself left out."""
    noted = {each.key: each.value for each in op.proto.metadata_props} if hasattr(op.proto, "metadata_props") else {}
    names, classes = _words(noted.get(_NAMES, "")), _words(noted.get(_CLASSES, ""))
    if len(names) != len(classes):
        return []
    return list(zip(_paths(names[1:-1]), classes[1:-1], strict=True))[:_DEEPEST]


def _by_path(name: str) -> tuple[Scope, ...]:
    """Return the parts that a path names, whose last word is the operation."""
    if "/" not in name or len(name) > _MOST_CHARACTERS:
        return ()
    parts = [each for each in name.split("/") if each][:-1][:_DEEPEST]
    return tuple(Scope(path, "") for path in _paths(parts))


def _paths(parts: Sequence[str]) -> list[str]:
    """Return the whole path of each part; what a part is called may repeat the path before it."""
    found: list[str] = []
    for part in parts:
        before = found[-1] if found else ""
        found.append(part if not before or part.startswith(f"{before}.") else f"{before}.{part}")
    return found


def _words(text: str) -> Sequence[str]:
    """Return the strings in a list as Python writes it; none where it is anything else."""
    if not text or len(text) > _MOST_CHARACTERS:
        return ()
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    return found if isinstance(found, list) and all(isinstance(each, str) for each in found) else ()
