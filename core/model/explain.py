"""Puts a trouble into plain words – what came, what is needed, what to do – and adds the ways out."""

from __future__ import annotations

import re
from collections.abc import Callable

from core.graph.project import End
from core.model import fixes, translate
from core.model.case import Case
from core.model.preconditions import Trouble
from core.model.problems import Fix, Problem
from core.model.words import merges, sizes, windows
from core.model.words.translation import Translation

_Words = tuple[str, tuple[Fix, ...]]


def explain(case: Case, trouble: Trouble) -> Problem:
    """Return the problem of a node that a trouble amounts to."""
    found = _translated(case, trouble)
    parameter = found.parameter or trouble.parameter
    port = trouble.port or ("" if parameter else case.slot)
    return Problem(trouble.severity, found.message, case.node.name, port, parameter, found.fixes)


def _translated(case: Case, trouble: Trouble) -> Translation:
    if trouble.rule == "said":
        return _said(case, trouble)
    rule = _RULES.get(trouble.rule)
    return translate.torch_error(case, trouble) if rule is None else _plain(rule(case, trouble))


def _plain(words: _Words) -> Translation:
    return Translation(words[0], fixes=words[1])


def _said(case: Case, trouble: Trouble) -> Translation:
    """What a rule of the kind says in words of its own, or the user's code; for some there are ways out."""
    if case.kind.code:
        return sizes.made_for(case, translate.cleaned(case, trouble.text)) or Translation(trouble.text)
    if trouble.parameter == "max_length":
        return Translation(trouble.text, fixes=fixes.for_length(case))
    if not case.inputs:
        return Translation(trouble.text)
    if "trailing_dims" in case.arguments:
        return Translation(trouble.text, "trailing_dims", fixes.fewer_dimensions(case))
    if case.kind.id == "MatMul" and trouble.text.startswith("The last dimension"):
        both = " and ".join(case.gives(slot) for slot in ("a", "b"))
        return Translation(f"{trouble.text} {both[0].upper()}{both[1:]}.", fixes=merges.inner_sizes(case))
    parameter, ways = sizes.divided(case)
    came = f" {case.gives()}." if ways else ""
    return Translation(f"{trouble.text}{came}", parameter, ways)


def _rank(case: Case, trouble: Trouble) -> _Words:
    port, spec = case.kind.input_port(trouble.port), case.inputs[trouble.port]
    ranks = port.ranks if port else ()
    if port and port.help and port.name != case.kind.inputs[0].name:
        return (
            f"{case.name} ({case.kind.display}) needs {' or '.join(map(str, ranks))} dimensions at {port.name}, but "
            f"{case.giver(trouble.port)} gives {spec.rank}: {spec}. {port.help}",
            fixes.for_rank(case, trouble.port),
        )
    wanted = " or ".join(f"{rank} ({case.axes(rank)})" for rank in ranks if rank <= max(4, ranks[0]))
    if len(ranks) > 1 and ranks == tuple(range(ranks[0], ranks[-1] + 1)) and ranks[-1] > 4:
        wanted = f"{ranks[0]} or more ({case.axes(ranks[0])})"
    first, _, rest = wanted.partition(" (")
    return (
        f"{case.name} ({case.kind.display}) needs {first} dimensions ({rest}, but {case.giver(trouble.port)} gives "
        f"{spec.rank}: {spec}.",
        fixes.for_rank(case, trouble.port),
    )


def _float_wanted(case: Case, trouble: Trouble) -> _Words:
    return (
        f"{case.name} ({case.kind.display}) computes with fractions (float32), but {case.giver(trouble.port)} gives "
        f"{_numbers(case, trouble)}",
        fixes.for_dtype(case, trouble.port, "float32"),
    )


def _numbers(case: Case, trouble: Trouble) -> str:
    dtype = case.inputs[trouble.port].dtype
    if dtype == "bool":
        return "yes and no (bool). Put a Cast in between."
    return (
        f"whole numbers ({dtype}). Put an Embedding in between, or choose one-hot for the category in the data panel."
    )


def _int_wanted(case: Case, trouble: Trouble) -> _Words:
    return (
        f"{case.name} ({case.kind.display}) looks up whole numbers (int64), such as category indices, but "
        f"{case.giver(trouble.port)} gives {case.inputs[trouble.port].dtype}.",
        fixes.for_dtype(case, trouble.port, "int64"),
    )


def _bool_wanted(case: Case, trouble: Trouble) -> _Words:
    return (
        f"{case.name} ({case.kind.display}) takes a mask of yes and no (bool) here, but {case.giver(trouble.port)} "
        f"gives {case.inputs[trouble.port].dtype}. A comparison makes a mask.",
        fixes.for_dtype(case, trouble.port, "bool"),
    )


def _dtype_refused(case: Case, trouble: Trouble) -> _Words:
    found = case.inputs[trouble.port].dtype
    return (
        f"{case.name} ({case.kind.display}) does not compute with {found}, which is what {case.giver(trouble.port)} "
        "gives. Turn it into float32 first.",
        fixes.for_dtype(case, trouble.port, "float32"),
    )


def _axis(case: Case, trouble: Trouble) -> _Words:
    spec = max(case.inputs.values(), key=lambda each: each.rank)
    return (
        f"{trouble.parameter} of {case.name} is {case.arguments[trouble.parameter]}, but what arrives has only the "
        f"dimensions 0 to {spec.rank - 1} (or -{spec.rank} to -1): {spec}.",
        (fixes.set_parameter(case.node.name, trouble.parameter, -1),),
    )


def _batch_axis(case: Case, trouble: Trouble) -> _Words:
    least = min(spec.rank for spec in case.inputs.values())
    return (
        f"{case.name} works along dimension 0, the batch: it mixes the samples of a batch with each other. "
        f"Set {trouble.parameter} to 1 or more.",
        (fixes.set_parameter(case.node.name, trouble.parameter, 1),) if least > 1 else (),
    )


def _output_padding(case: Case, trouble: Trouble) -> _Words:
    return (
        f"output_padding of {case.name} must be smaller than its stride or its dilation "
        f"(stride {case.arguments.get('stride')}, dilation {case.arguments.get('dilation')}).",
        (fixes.set_parameter(case.node.name, trouble.parameter, 0),),
    )


def _batch_first(case: Case, trouble: Trouble) -> _Words:
    return (
        "The first dimension of an output must be the batch (N), one prediction per sample: "
        f"{case.gives(trouble.port)}.",
        (),
    )


def _open(case: Case, trouble: Trouble) -> _Words:
    open_dims = [dim.name for dim in case.spec.dims[1:] if not dim.fixed]
    names = sorted({name for text in open_dims for name in re.findall(r"[^\W\d]\w*", text)})
    varies = f"varies with {' and '.join(names)}" if names else "varies"
    return (
        f"{case.name} needs a fixed size here (for {trouble.parameter}), but {case.gives()}, which {varies}. Reduce it "
        "first: adaptive pooling or the last time step gives a fixed size.",
        (),
    )


def _some_sizes(case: Case, trouble: Trouble) -> _Words:
    said = f" PyTorch says: {translate.cleaned(case, trouble.text)}" if trouble.text else ""
    return f"{case.name} works for some sizes of the open dimensions only: {case.gives()}.{said}", ()


def _empty(case: Case, _trouble: Trouble) -> _Words:
    passing = len(case.kind.inputs) == 1 and not case.kind.weights
    ways = (fixes.remove(case),) if passing and case.kind.outputs else ()
    return f"Nothing would be left after {case.name}: a dimension becomes 0. {case.gives()}.", ways


def _spread(case: Case, _trouble: Trouble) -> _Words:
    arriving = ", ".join(case.gives(slot) for slot in case.inputs)
    return (
        f"{case.name} combines every sample with every other one: {arriving}. Give all branches the same number of "
        "dimensions.",
        merges.spread(case),
    )


def _time_first(case: Case, trouble: Trouble) -> _Words:
    slot = trouble.port
    return (
        f"{case.name} ({case.kind.display}) takes the first dimension as the batch and the second as time, but "
        f"{case.gives(slot)}: it would mix the samples of a batch with each other.",
        (fixes.insert(case.project, "Transpose", End(case.node.name, slot), {"dim0": 0, "dim1": 1}),),
    )


def _note(case: Case, trouble: Trouble) -> _Words:
    return f"{case.name}: {translate.cleaned(case, trouble.text)}", ()


def _feature_map(case: Case, trouble: Trouble) -> _Words:
    return (
        f"{case.name} works along the last dimension only ({case.spec.dims[-1]} of {case.spec}), at every position "
        "alike. To connect all values, flatten them first.",
        (fixes.insert(case.project, "Flatten", End(case.node.name, trouble.port)),),
    )


def _uneven_same(case: Case, _trouble: Trouble) -> _Words:
    return (
        f"{case.name} has an even kernel_size, so padding 'same' puts one zero more at the end than at the start, for "
        "which PyTorch may copy what arrives. An odd kernel_size pads alike on both sides.",
        windows.uneven_same(case),
    )


_RULES: dict[str, Callable[[Case, Trouble], _Words]] = {
    "rank": _rank,
    "float wanted": _float_wanted,
    "int wanted": _int_wanted,
    "bool wanted": _bool_wanted,
    "dtype refused": _dtype_refused,
    "axis": _axis,
    "batch axis": _batch_axis,
    "output padding": _output_padding,
    "batch first": _batch_first,
    "open": _open,
    "some sizes": _some_sizes,
    "empty": _empty,
    "spread": _spread,
    "note": _note,
    "feature map": _feature_map,
    "uneven same": _uneven_same,
    "time first": _time_first,
}
