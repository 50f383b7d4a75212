"""What may be said of a layer besides its constructor, as lines of source: start, penalties, constraints, freezing.

Norms are taken for every output unit, over all weights that arrive at it, as in Srivastava et al., "Dropout", 2014, and
in Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from core.kinds import LayerKind, Value
from core.model.lines import Written, literal
from core.weights import option_names

if TYPE_CHECKING:
    import torch
    from torch import nn

_SPREAD = 0.05
"""Standard deviation of normal, and bound of uniform, where none is given: that of Keras."""
_OFF: Mapping[str, Value] = {
    "weight_constraint": "none",
    "l1": 0.0,
    "l2": 0.0,
    "frozen": False,
}

# By initialiser: the fewest and most dimensions of a tensor that it can fill.
_MATRIX, _SQUARE, _KERNEL, _ANY = (2, 99), (2, 2), (3, 5), (0, 99)
_RANKS = {
    "xavier_uniform": _MATRIX,
    "xavier_normal": _MATRIX,
    "he_uniform": _MATRIX,
    "he_normal": _MATRIX,
    "orthogonal": _MATRIX,
    "identity": _SQUARE,
    "dirac": _KERNEL,
}
_NEEDS = {
    _MATRIX: "weights of two dimensions or more",
    _SQUARE: "a matrix, as that of a Linear layer",
    _KERNEL: "the weights of a convolution",
}


def any_set(kind: LayerKind, arguments: Mapping[str, Value]) -> bool:
    """True where any option of a layer differs from its default, so that the lines below may say something."""
    if _penalises(kind, arguments):
        return True
    for name in option_names(kind) & arguments.keys():
        value = arguments[name]
        if name.endswith("_init"):
            if value != "default":
                return True
        elif value != _OFF.get(name, value) or isinstance(value, Written):
            return True
    return False


def _penalises(kind: LayerKind, arguments: Mapping[str, Value]) -> bool:
    """True where the module has a penalty of its own, and it counts."""
    weight = arguments.get(kind.penalty, 0.0)
    return isinstance(weight, Written) or bool(weight)


def option_problems(
    kind: LayerKind, arguments: Mapping[str, Value], module: nn.Module | torch.Tensor | None
) -> list[tuple[str, str]]:
    """Return what is wrong with a layer's options, as (parameter, message); ``module`` is the layer on ``meta``."""
    if not any_set(kind, arguments):
        return []
    problems = []
    for stem in kind.weights:
        choice, value = arguments.get(f"{stem}_init", "default"), arguments.get(f"{stem}_init_value")
        tensors = _tensors(module, stem)
        if choice == "default" or not tensors:
            continue
        low, high = _RANKS.get(choice, _ANY)
        if not any(low <= each.dim() <= high for each in tensors.values()):
            shapes = " and ".join(dict.fromkeys(" × ".join(map(str, each.shape)) for each in tensors.values()))
            problems.append(
                (f"{stem}_init", f"{choice} needs {_NEEDS[low, high]}, but the {stem} of this layer is {shapes}.")
            )
        if choice in ("normal", "truncated_normal", "uniform") and value is not None and value <= 0:
            problems.append((f"{stem}_init_value", f"{stem}_init_value must be greater than 0 for {choice}."))
    constraint = arguments.get("weight_constraint", "none")
    weights = _tensors(module, "weight")
    if constraint in ("max_norm", "unit_norm") and weights and all(each.dim() < 2 for each in weights.values()):
        problems.append(
            (
                "weight_constraint",
                f"{constraint} holds the weights that arrive at each output, but this layer has one weight for each. "
                "non_negative is possible.",
            )
        )
    return problems


def has_mode(kind: LayerKind, arguments: Mapping[str, Value], module: nn.Module | torch.Tensor | None) -> bool:
    """True where a frozen layer is to be kept in evaluation mode.

    A tensor has no mode. A recurrent layer without dropout does not care, and on a GPU it passes gradients on in
    training mode only.
    """
    from torch import nn

    recurrent = kind.torch_class in ("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU") and not arguments.get("dropout")
    return bool(kind.group or kind.code) or (isinstance(module, nn.Module) and not recurrent)


def starting_lines(
    kind: LayerKind, target: str, arguments: Mapping[str, Value], module: nn.Module | torch.Tensor | None
) -> list[str]:
    """Return the lines after a layer's constructor: how its tensors start."""
    lines = []
    for stem in kind.weights:
        choice = arguments.get(f"{stem}_init", "default")
        if choice != "default":
            low, high = _RANKS.get(choice, _ANY)
            wanted = {name: each for name, each in _tensors(module, stem).items() if low <= each.dim() <= high}
            fill = _fill(choice, arguments.get(f"{stem}_init_value"), arguments)
            lines += _for_each(target, stem, wanted, _tensors(module, stem), _alone(fill))
    return lines


def _alone(line: Callable[[str], str]) -> Callable[[str, torch.Tensor], list[str]]:
    return lambda name, _tensor: [line(name)]


def _fill(choice: str, value: Value, arguments: Mapping[str, Value]) -> Callable[[str], str]:
    """Return the writer of the line that fills a tensor."""
    given = literal(value)
    spread = literal(_SPREAD) if value is None else given
    gain = "" if value is None else f", gain={given}"
    slope = ', nonlinearity="relu"' if value is None else f", a={given}"
    groups = arguments.get("groups", 1)
    twice = _times(2, value) if value is not None else literal(2 * _SPREAD)
    texts = {
        "xavier_uniform": f"nn.init.xavier_uniform_({{}}{gain})",
        "xavier_normal": f"nn.init.xavier_normal_({{}}{gain})",
        "he_uniform": f"nn.init.kaiming_uniform_({{}}{slope})",
        "he_normal": f"nn.init.kaiming_normal_({{}}{slope})",
        "orthogonal": f"nn.init.orthogonal_({{}}{gain})",
        "normal": f"nn.init.normal_({{}}, std={spread})",
        "truncated_normal": f"nn.init.trunc_normal_({{}}, std={spread}, a=-{twice}, b={twice})",
        "uniform": f"nn.init.uniform_({{}}, -{_bracketed(spread)}, {spread})",
        "constant": f"nn.init.constant_({{}}, {literal(value or 0.0) if value is None else given})",
        "zeros": "nn.init.zeros_({})",
        "ones": "nn.init.ones_({})",
        "identity": "nn.init.eye_({})",
        "dirac": "nn.init.dirac_({}" + (f", groups={literal(groups)})" if groups != 1 else ")"),
    }
    return texts[choice].format


def _times(factor: int, value: Value) -> str:
    return f"{factor} * {_bracketed(value.text)}" if isinstance(value, Written) else literal(factor * value)


def _bracketed(text: str) -> str:
    return text if all(each.isalnum() or each in "._" for each in text) else f"({text})"


def penalty_terms(
    kind: LayerKind, target: str, arguments: Mapping[str, Value], module: nn.Module | torch.Tensor | None
) -> list[str]:
    """Return the terms of a layer's penalty: items of a list of single numbers."""
    terms = [f"{target}.penalty()"] if _penalises(kind, arguments) else []
    weights = _tensors(module, "weight")
    for name, power in (("l1", "abs()"), ("l2", "square()")):
        factor = arguments.get(name, 0.0)
        if not weights or not (isinstance(factor, Written) or factor):
            continue
        head = f"{_bracketed(literal(factor))} * " if isinstance(factor, Written) else f"{literal(factor)} * "
        if len(weights) == 1:
            terms.append(f"{head}{_path(target, next(iter(weights)))}.{power}.sum()")
        else:
            pairs = f'for name, parameter in {target}.named_parameters() if "weight" in name'
            terms.append(f"*({head}parameter.{power}.sum() {pairs})")
    return terms


def constraint_lines(
    kind: LayerKind, target: str, arguments: Mapping[str, Value], module: nn.Module | torch.Tensor | None
) -> list[str]:
    """Return the lines that bring a layer's weights back to what holds them."""
    choice = arguments.get("weight_constraint", "none")
    if choice == "none" or "weight" not in kind.weights:
        return []
    weights = _tensors(module, "weight")
    unit = 1 if "ConvTranspose" in kind.torch_class else 0  # its weights are sorted by input first
    if choice == "non_negative":
        return _for_each(target, "weight", weights, weights, lambda name, _tensor: [f"{name}.clamp_(min=0)"])
    most = literal(arguments["max_norm_value"])
    wanted = {name: each for name, each in weights.items() if each.dim() > 1}

    def hold(name: str, tensor: torch.Tensor) -> list[str]:
        if choice == "max_norm":
            return [f"{name}.renorm_(p=2, dim={unit}, maxnorm={most})"]
        axes = tuple(axis for axis in range(tensor.dim()) if axis != unit)
        return [f"{name}.div_(torch.linalg.vector_norm({name}, dim={axes}, keepdim=True).clamp_(min=1e-12))"]

    return _for_each(target, "weight", wanted, weights, hold)


def _for_each(
    target: str,
    stem: str,
    wanted: Mapping[str, torch.Tensor],
    having: Mapping[str, torch.Tensor],
    lines: Callable[[str, torch.Tensor], Sequence[str]],
) -> list[str]:
    """Return the lines for every tensor of a layer: of a single one, or a loop over all whose names hold the stem."""
    if not wanted:
        return []
    first = next(iter(wanted.values()))
    if len(having) == 1 or len({each.dim() for each in wanted.values()}) > 1:
        return [line for name, tensor in wanted.items() for line in lines(_path(target, name), tensor)]
    matching = {each.dim() for each in having.values()} == {first.dim()}
    condition = "" if matching else f" and parameter.dim() == {first.dim()}"
    return [
        f"for name, parameter in {target}.named_parameters():",
        f'    if "{stem}" in name{condition}:',
        *(f"        {line}" for line in lines("parameter", first)),
    ]


def _tensors(module: nn.Module | torch.Tensor | None, stem: str) -> dict[str, torch.Tensor]:
    """Return the learned tensors of a layer whose names hold the stem, by name; "" is the layer that is one itself."""
    from torch import nn

    if isinstance(module, nn.Module):
        return {name: each for name, each in module.named_parameters() if stem in name}
    return {"": module} if isinstance(module, nn.Parameter) and stem == "weight" else {}


def _path(target: str, name: str) -> str:
    if any(part.isdecimal() for part in name.split(".")):
        return f'{target}.get_parameter("{name}")'
    return f"{target}.{name}" if name else target
