"""Every declared kind is held against the real PyTorch module: the catalogue is the test list."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from core.errors import ModelError
from core.graph.names import check_name, unique_name
from core.graph.project import Node
from core.kinds import FAMILIES, REQUIRED, Call, LayerKind, Shape, Value
from core.layers import catalogue
from core.layers.input_output import KINDS as INPUT_OUTPUT
from core.model.lines import OWN_MODULES
from core.model.probe import construct
from core.parameters import check_value, derived_of, parameters_of, resolve, torch_class, torch_defaults
from core.signatures import constructor
from core.weights import option_names
from tests.model.building import around, chain, errors, given, layer

ICONS = Path(__file__).parents[2] / "resources" / "icons"

KINDS = [(kind,) for kind in catalogue]
MODULES = [(kind,) for kind in catalogue if kind.torch_class]
OPERATIONS = [(kind,) for kind in catalogue if not kind.torch_class]
SAMPLES = [(kind, sample) for kind in catalogue if kind not in INPUT_OUTPUT for sample in kind.samples]
SHORTENED = [(kind, sample) for kind, sample in SAMPLES if kind.short_axis]


def for_each(cases: Sequence[tuple[Any, ...]]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Make one test of a check that is quick for each of so many cases; what fails is told with its case."""

    def made(check: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            assert cases
            for case in cases:
                try:
                    check(*case)
                except BaseException as error:
                    error.add_note(f"{case[0].id} {case[1:]}")
                    raise

        return test

    return made


def arriving(kind: LayerKind, sample: tuple[Shape, ...]) -> dict[str, list[Shape]]:
    """Share a sample's shapes out to the ports: one each, the rest to the variadic one; optional ones may stay free."""
    shapes, found = list(sample), {}
    spare = len(sample) - sum(not port.optional for port in kind.inputs)
    for port in kind.inputs:
        if not port.optional or spare > 0:
            spare -= port.optional
            found[port.name] = [shapes.pop(0) for _ in range(len(shapes) if port.variadic else 1)]
    return found


def tensor(kind: LayerKind, port: str, shape: Shape, params: dict[str, Value]) -> torch.Tensor:
    declared = kind.input_port(port) or kind.input_port(f"{port}.0")
    assert declared is not None
    if declared.dtype == "int":
        return torch.randint(0, params.get("num_embeddings", 1), shape)
    if declared.dtype == "bool":
        return torch.rand(shape) > 0.5
    return torch.randn(shape).abs() + 0.1  # positive, so that roots and logarithms are finite


def run(kind: LayerKind, sample: tuple[Shape, ...], params: dict[str, Value]) -> dict[str, torch.Tensor]:
    """Construct the real module, execute the line that the kind writes, return what each output port carries."""
    values, problems = resolve(kind, params, {})
    assert not problems
    shapes = arriving(kind, sample)
    scope: dict[str, Any] = {"torch": torch, "nn": nn, "F": functional, "math": math}
    inputs = {port: tuple(f"{port}_{index}" for index in range(len(found))) for port, found in shapes.items()}
    for port, variables in inputs.items():
        scope |= {name: tensor(kind, port, shape, values) for name, shape in zip(variables, shapes[port], strict=True)}
    if kind.has_module:
        first = {port: found[0] for port, found in shapes.items()}
        derived = {name: kind.derived[name](first, values) for name in derived_of(kind)}
        scope["layer"] = construct(kind, {**values, **derived}, training=True, device="cpu")
    outputs = {slot: f"result_{slot.replace('.', '_')}" for slot in kind.output_slots(values)}
    call = Call("layer" if kind.has_module else "", inputs, outputs, values)
    exec(kind.call(call), scope)
    return {slot: scope[variable] for slot, variable in outputs.items()}


@for_each(KINDS)
def test_a_kind_can_be_found_and_read_about(kind: LayerKind) -> None:
    assert kind.help[0].isupper()
    assert kind.help.endswith(".")
    assert len(kind.help) <= 130
    assert kind.keywords
    assert all(word == word.lower() for word in kind.keywords)
    assert kind.samples
    assert all(len(shape) > 1 or kind.id == "Embedding" for sample in kind.samples for shape in sample)


@for_each(KINDS)
def test_a_kind_belongs_to_a_family_with_an_icon(kind: LayerKind) -> None:
    assert kind.family in FAMILIES
    assert "currentColor" in (ICONS / f"{kind.icon}.svg").read_text(encoding="utf-8")


def test_every_family_in_the_palettes_order_has_a_kind() -> None:
    of_projects = {"Groups", "Python"}
    assert {kind.family for kind in catalogue} | of_projects == set(FAMILIES)


@for_each(KINDS)
def test_the_face_shows_parameters_that_exist(kind: LayerKind) -> None:
    assert set(kind.face) <= {parameter.name for parameter in parameters_of(kind)}


@for_each(KINDS)
def test_a_new_node_gets_a_valid_name(kind: LayerKind) -> None:
    check_name(unique_name(kind.name_stem, ()))


@for_each(KINDS)
def test_a_newly_added_layer_is_valid(kind: LayerKind) -> None:
    values, problems = resolve(kind, {}, {})

    assert problems == ()
    assert list(values) == [parameter.name for parameter in parameters_of(kind)]
    for parameter in parameters_of(kind):
        assert parameter.default is not REQUIRED
        assert check_value(parameter, parameter.default) == ""


@for_each(KINDS)
def test_every_parameter_is_explained_in_plain_text(kind: LayerKind) -> None:
    for parameter in parameters_of(kind):
        line = parameter.help
        assert line.endswith("."), (parameter.name, line)
        markup = [piece for piece in ("`", "\\", "\n", ":attr:", ":math:", "Default:", "  ") if piece in line]
        assert not markup, (parameter.name, line)
        assert len(line) <= 200, (parameter.name, line)


@for_each(KINDS)
def test_choices_include_the_default_and_bounds_are_in_order(kind: LayerKind) -> None:
    for parameter in parameters_of(kind):
        if parameter.type == "choice":
            assert parameter.default in parameter.choices
        if parameter.minimum is not None and parameter.maximum is not None:
            assert parameter.minimum < parameter.maximum


@for_each(MODULES)
def test_the_class_is_a_module_and_has_a_page_where_it_is_torchs(kind: LayerKind) -> None:
    assert issubclass(torch_class(kind), nn.Module)
    if kind.torch_class.startswith(OWN_MODULES):
        assert kind.documentation == ""
        assert "Source: " in (torch_class(kind).__doc__ or "")
    else:
        assert kind.documentation.endswith(f"/{kind.docs or kind.torch_class}.html")


@for_each(MODULES)
def test_every_argument_of_the_constructor_is_accounted_for(kind: LayerKind) -> None:
    names = {name for name in constructor(torch_class(kind)).parameters if not name.startswith("_")}
    editable = {parameter.name for parameter in parameters_of(kind)} - option_names(kind)

    derived = set(kind.derived) & names if kind.construct else set(kind.derived)

    assert names - {"device", "dtype"} == (editable - set(kind.own)) | derived | set(kind.hidden) & names
    assert not editable & (set(kind.derived) | set(kind.hidden))
    assert set(derived_of(kind)) == set(kind.derived)
    taken = [name for name in derived_of(kind) if name in derived]
    assert taken == [name for name in constructor(torch_class(kind)).parameters if name in derived]
    assert set(kind.own) <= {parameter.name for parameter in kind.parameters}


@for_each(MODULES)
def test_torch_defaults_are_those_of_the_constructor(kind: LayerKind) -> None:
    signature = constructor(torch_class(kind))
    for name, value in torch_defaults(kind).items():
        assert signature.parameters[name].default == value


@for_each(OPERATIONS)
def test_an_operation_has_no_class_and_no_defaults_of_torch(kind: LayerKind) -> None:
    assert torch_defaults(kind) == {}
    assert kind.documentation.endswith(f"/{kind.docs}.html") if kind.docs else kind.documentation == ""
    with pytest.raises(ModelError, match="has no module class"):
        torch_class(kind)


@for_each(SAMPLES)
def test_a_sample_fits_the_ports(kind: LayerKind, sample: tuple[Shape, ...]) -> None:
    for port in kind.inputs:
        for shape in arriving(kind, sample).get(port.name, []):
            assert not port.ranks or len(shape) in port.ranks


@for_each(SAMPLES)
def test_the_written_line_runs_the_real_module_with_defaults(kind: LayerKind, sample: tuple[Shape, ...]) -> None:
    outputs = run(kind, sample, {})

    for slot, found in outputs.items():
        port = kind.output_port(slot)
        assert port is not None
        assert found.isfinite().all()
        if port.dtype == "float":
            assert found.dtype is torch.float32


@for_each(SAMPLES)
def test_the_batch_stays_in_front_or_the_check_says_that_there_is_none(
    kind: LayerKind, sample: tuple[Shape, ...]
) -> None:
    of_four, of_six = (
        next(
            iter(run(kind, tuple((batch, *shape[1:]) for shape in sample), dict(kind.sample_parameters)).values())
        ).shape
        for batch in (4, 6)
    )
    said = [problem.message for problem in errors(around(kind, sample, {}))]

    if said:
        assert of_four == of_six
        assert len(said) == 1
        assert "The first dimension of an output must be the batch" in said[0]
    else:
        assert (of_four[0], of_six[0]) == (4, 6)
        assert of_four[1:] == of_six[1:]


@for_each(SAMPLES)
def test_the_written_line_runs_the_real_module_with_the_sample_parameters(
    kind: LayerKind, sample: tuple[Shape, ...]
) -> None:
    run(kind, sample, dict(kind.sample_parameters))


@for_each(SHORTENED)
def test_a_short_axis_changes_nothing_but_its_own_length(kind: LayerKind, sample: tuple[Shape, ...]) -> None:
    assert kind.short_axis is not None
    port, index = kind.short_axis
    place = [each.name for each in kind.inputs].index(port)
    full = sample[place]
    short = tuple(1 if number == index % len(full) else size for number, size in enumerate(full))

    long_outputs = run(kind, sample, {})
    short_outputs = run(kind, (*sample[:place], short, *sample[place + 1 :]), {})

    for name, found in long_outputs.items():
        expected = tuple(1 if size == full[index] else size for size in found.shape)
        assert tuple(short_outputs[name].shape) == expected


@for_each(KINDS)
def test_unread_outputs_are_written_as_an_underscore(kind: LayerKind) -> None:
    values, _problems = resolve(kind, dict(kind.sample_parameters), {})
    slots = kind.output_slots(values)
    if len(slots) > 1:
        outputs = dict.fromkeys(slots, "_") | {slots[0]: "x1"}
        inputs = {port.name: ("x",) for port in kind.inputs if not port.optional}
        line = kind.call(Call("self.x1" if kind.has_module else "", inputs, outputs, values))
        compile(line, "line", "exec")
        assert line.startswith("x1, ")
        assert line.partition(" = ")[0].count("_") == len(slots) - 1
        assert f" = {'self.x1' if kind.has_module else 'torch.'}" in line


def test_an_lstm_unpacks_its_two_states() -> None:
    outputs = {"output": "lstm1", "hidden": "lstm1_hidden", "cell": "_"}
    line = catalogue["LSTM"].call(Call("self.lstm1", {"input": ("x",)}, outputs, {}))
    assert line == "lstm1, (lstm1_hidden, _) = self.lstm1(x)"


def test_a_layer_norm_never_takes_in_the_batch() -> None:
    projects = [
        chain(given(5, 7), layer("norm1", "LayerNorm", trailing_dims=count), Node("y", "Output")) for count in (2, 3, 4)
    ]

    assert errors(projects[0]) == []
    for project, count in zip(projects[1:], (3, 4), strict=True):
        (problem,) = errors(project)
        assert f"trailing_dims must be at most 2 for an input of 3 dimensions, not {count}" in problem.message


def test_the_catalogue_and_its_parameters_do_not_import_torch() -> None:
    script = (
        "import sys; import core.parameters; from core.layers import catalogue; kinds = list(catalogue);"
        "assert kinds and 'torch' not in sys.modules, 'torch was imported'"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ICONS.parents[1])
    assert done.returncode == 0, done.stderr
