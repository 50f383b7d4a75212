"""The user's own loss: a Python layer of the project whose ``forward`` takes an output and its target."""

from __future__ import annotations

from core.errors import did_you_mean
from core.graph.project import PYTHON_PREFIX, Project
from core.graph.python_layer import python_kind
from core.kinds import LayerKind
from core.model.python_code import blocked
from core.training.kinds import LossKind, TargetType
from core.weights import TRAINING_NAMES

_SHAPE = "def forward(self, output: Tensor, target: Tensor) -> Tensor"


def is_own(name: str) -> bool:
    """True where the name of a loss means a Python layer."""
    return name.startswith(PYTHON_PREFIX)


def own_loss(project: Project, name: str, wanted: TargetType) -> tuple[LossKind | None, str]:
    """Return the loss that ``python:Name`` stands for, or None and why there is none."""
    layer = project.code.get(name.removeprefix(PYTHON_PREFIX))
    if layer is None:
        own = [PYTHON_PREFIX + each for each in project.code]
        return None, f"The project has no Python layer '{name.removeprefix(PYTHON_PREFIX)}'.{did_you_mean(name, own)}"
    kind = python_kind(layer)
    message = _unfit(kind) or " ".join(each.text for each in blocked(kind))
    return (None, message) if message else (_loss(kind, wanted), "")


def usable(project: Project) -> tuple[str, ...]:
    """Return the names of the Python layers that can be a loss, as an Output holds them: ``python:MyLoss``."""
    kinds = (python_kind(layer) for layer in project.code.values())
    return tuple(kind.id for kind in kinds if not _unfit(kind))


def _unfit(kind: LayerKind) -> str:
    """Return why a Python layer can be no loss, or an empty string."""
    plain = [port for port in kind.inputs if not port.variadic and not port.optional]
    if len(plain) != 2 or len(kind.inputs) != 2 or len(kind.outputs) != 1:
        return f"'{kind.display}' cannot be a loss: its forward has to be {_SHAPE}."
    if kind.derived:
        names = " and ".join(kind.derived)
        return f"'{kind.display}' cannot be a loss: nothing fills in {names} of its __init__. Give it a default."
    if any(each.required for each in kind.parameters):
        names = " and ".join(each.name for each in kind.parameters if each.required)
        return f"'{kind.display}' cannot be a loss: {names} of its __init__ needs a default."
    return ""


def _loss(kind: LayerKind, wanted: TargetType) -> LossKind:
    return LossKind(
        kind.id,
        kind.display,
        kind.help,
        "",
        target=wanted,
        form="own",
        gives="scores" if wanted in ("class", "binary", "labels", "text") else "values",
        expects="what its forward takes as output",
        options=tuple(each for each in kind.parameters if each.name not in TRAINING_NAMES),
        code=kind.code,
        expression=kind.construct,
    )
