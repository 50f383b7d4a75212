"""Every declared kind is held against the real PyTorch module: the catalogue is the test list."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from core.errors import ModelError
from core.graph.names import check_name, unique_name
from core.kinds import FAMILIES, REQUIRED, Call, LayerKind, Shape, Value
from core.layers import catalogue
from core.layers.input_output import KINDS as INPUT_OUTPUT
from core.parameters import check_value, derived_of, parameters_of, resolve, torch_class, torch_defaults
from core.signatures import constructor

ICONS = Path(__file__).parents[2] / "resources" / "icons"

KINDS = [pytest.param(kind, id=kind.id) for kind in catalogue]
MODULES = [pytest.param(kind, id=kind.id) for kind in catalogue if kind.torch_class]
OPERATIONS = [pytest.param(kind, id=kind.id) for kind in catalogue if not kind.torch_class]
RUNNING = [
    (kind, sample, f"{kind.id}-{index}")
    for kind in catalogue
    if kind not in INPUT_OUTPUT
    for index, sample in enumerate(kind.samples)
]
SAMPLES = [pytest.param(kind, sample, id=name) for kind, sample, name in RUNNING]
SHORTENED = [pytest.param(kind, sample, id=name) for kind, sample, name in RUNNING if kind.short_axis]


def arriving(kind: LayerKind, sample: tuple[Shape, ...]) -> dict[str, list[Shape]]:
    """Share a sample's shapes out to the ports: one each, the rest to the variadic one."""
    shapes = list(sample)
    return {port.name: [shapes.pop(0) for _ in range(len(shapes) if port.variadic else 1)] for port in kind.inputs}


def tensor(kind: LayerKind, port: str, shape: Shape, params: dict[str, Value]) -> torch.Tensor:
    declared = kind.input_port(port) or kind.input_port(f"{port}.0")
    assert declared is not None
    if declared.dtype == "int":
        return torch.randint(0, params["num_embeddings"], shape)
    return torch.randn(shape)


def arguments(kind: LayerKind, sample: tuple[Shape, ...], params: dict[str, Value]) -> dict[str, Value]:
    """Constructor arguments: parameters but our own, and what is derived from the sample's shapes."""
    shapes = {port: found[0] for port, found in arriving(kind, sample).items()}
    given = {name: value for name, value in params.items() if name not in kind.own}
    return given | {name: kind.derived[name](shapes, params) for name in derived_of(kind)}


def run(kind: LayerKind, sample: tuple[Shape, ...], params: dict[str, Value]) -> dict[str, torch.Tensor]:
    """Construct the real module, execute the line that the kind writes, return what each output port carries."""
    values, problems = resolve(kind, params, {})
    assert not problems
    shapes = arriving(kind, sample)
    scope: dict[str, Any] = {"torch": torch}
    inputs = {port: tuple(f"{port}_{index}" for index in range(len(found))) for port, found in shapes.items()}
    for port, variables in inputs.items():
        scope |= {name: tensor(kind, port, shape, values) for name, shape in zip(variables, shapes[port], strict=True)}
    if kind.torch_class:
        scope["layer"] = torch_class(kind)(**arguments(kind, sample, values))
    outputs = {port.name: f"result_{port.name}" for port in kind.outputs}
    call = Call("layer" if kind.torch_class else "", inputs, outputs, values)
    exec(kind.call(call), scope)
    return {port: scope[variable] for port, variable in outputs.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_can_be_found_and_read_about(kind: LayerKind) -> None:
    assert kind.help[0].isupper()
    assert kind.help.endswith(".")
    assert len(kind.help) <= 130
    assert kind.keywords
    assert all(word == word.lower() for word in kind.keywords)
    assert kind.samples
    assert all(len(shape) > 1 or kind.id == "Embedding" for sample in kind.samples for shape in sample)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_belongs_to_a_family_with_an_icon(kind: LayerKind) -> None:
    assert kind.family in FAMILIES
    assert "currentColor" in (ICONS / f"{kind.icon}.svg").read_text(encoding="utf-8")


def test_every_family_in_the_palettes_order_has_a_kind() -> None:
    assert {kind.family for kind in catalogue} == set(FAMILIES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_face_shows_parameters_that_exist(kind: LayerKind) -> None:
    assert set(kind.face) <= {parameter.name for parameter in parameters_of(kind)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_node_gets_a_valid_name(kind: LayerKind) -> None:
    check_name(unique_name(kind.name_stem, ()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_newly_added_layer_is_valid(kind: LayerKind) -> None:
    values, problems = resolve(kind, {}, {})

    assert problems == ()
    assert list(values) == [parameter.name for parameter in parameters_of(kind)]
    for parameter in parameters_of(kind):
        assert parameter.default is not REQUIRED
        assert check_value(parameter, parameter.default) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_explained_in_plain_text(kind: LayerKind) -> None:
    for parameter in parameters_of(kind):
        line = parameter.help
        assert line.endswith("."), (parameter.name, line)
        markup = [piece for piece in ("`", "\\", "\n", ":attr:", ":math:", "Default:", "  ") if piece in line]
        assert not markup, (parameter.name, line)
        assert len(line) <= 200, (parameter.name, line)


@pytest.mark.parametrize("kind", KINDS)
def test_choices_include_the_default_and_bounds_are_in_order(kind: LayerKind) -> None:
    for parameter in parameters_of(kind):
        if parameter.type == "choice":
            assert parameter.default in parameter.choices
        if parameter.minimum is not None and parameter.maximum is not None:
            assert parameter.minimum < parameter.maximum


@pytest.mark.parametrize("kind", MODULES)
def test_the_class_is_a_module_of_torch_with_a_page(kind: LayerKind) -> None:
    assert issubclass(torch_class(kind), nn.Module)
    assert kind.documentation.endswith(f"/{kind.torch_class}.html")


@pytest.mark.parametrize("kind", MODULES)
def test_every_argument_of_the_constructor_is_accounted_for(kind: LayerKind) -> None:
    names = {name for name in constructor(torch_class(kind)).parameters if not name.startswith("_")}
    editable = {parameter.name for parameter in parameters_of(kind)}

    assert names - {"device", "dtype"} == (editable - set(kind.own)) | set(kind.derived) | set(kind.hidden) & names
    assert not editable & (set(kind.derived) | set(kind.hidden))
    assert derived_of(kind) == tuple(name for name in constructor(torch_class(kind)).parameters if name in kind.derived)
    assert set(kind.own) <= {parameter.name for parameter in kind.parameters}


@pytest.mark.parametrize("kind", MODULES)
def test_torch_defaults_are_those_of_the_constructor(kind: LayerKind) -> None:
    signature = constructor(torch_class(kind))
    for name, value in torch_defaults(kind).items():
        assert signature.parameters[name].default == value


@pytest.mark.parametrize("kind", OPERATIONS)
def test_an_operation_has_no_class_and_no_defaults_of_torch(kind: LayerKind) -> None:
    assert torch_defaults(kind) == {}
    assert kind.documentation == ""
    with pytest.raises(ModelError, match="has no module class"):
        torch_class(kind)


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_a_sample_fits_the_ports(kind: LayerKind, sample: tuple[Shape, ...]) -> None:
    for port in kind.inputs:
        for shape in arriving(kind, sample)[port.name]:
            assert not port.ranks or len(shape) in port.ranks


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_the_written_line_runs_the_real_module_with_defaults(kind: LayerKind, sample: tuple[Shape, ...]) -> None:
    outputs = run(kind, sample, {})

    assert list(outputs) == [port.name for port in kind.outputs]
    for port in kind.outputs:
        assert outputs[port.name].isfinite().all()
        if port.dtype == "float":
            assert outputs[port.name].dtype is torch.float32
    assert outputs[kind.outputs[0].name].shape[0] == sample[0][0], "the batch stays in front"


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_the_written_line_runs_the_real_module_with_the_sample_parameters(
    kind: LayerKind, sample: tuple[Shape, ...]
) -> None:
    run(kind, sample, dict(kind.sample_parameters))


@pytest.mark.parametrize(("kind", "sample"), SHORTENED)
def test_a_short_axis_changes_nothing_but_its_own_length(kind: LayerKind, sample: tuple[Shape, ...]) -> None:
    assert kind.short_axis is not None
    port, index = kind.short_axis
    place = [each.name for each in kind.inputs].index(port)
    full = sample[place]
    short = tuple(1 if number == index else size for number, size in enumerate(full))

    long_outputs = run(kind, sample, {})
    short_outputs = run(kind, (*sample[:place], short, *sample[place + 1 :]), {})

    for name, found in long_outputs.items():
        expected = tuple(1 if size == full[index] else size for size in found.shape)
        assert tuple(short_outputs[name].shape) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_unread_outputs_are_written_as_an_underscore(kind: LayerKind) -> None:
    if len(kind.outputs) > 1:
        outputs = {port.name: "_" for port in kind.outputs} | {kind.outputs[0].name: "x1"}
        line = kind.call(Call("self.x1", {kind.inputs[0].name: ("x",)}, outputs, {}))
        compile(line, "line", "exec")
        assert line.startswith("x1, ")
        assert line.endswith(" = self.x1(x)")


def test_an_lstm_unpacks_its_two_states() -> None:
    outputs = {"output": "lstm1", "hidden": "lstm1_hidden", "cell": "_"}
    line = catalogue["LSTM"].call(Call("self.lstm1", {"input": ("x",)}, outputs, {}))
    assert line == "lstm1, (lstm1_hidden, _) = self.lstm1(x)"


def test_a_layer_norm_never_takes_in_the_batch() -> None:
    derive = catalogue["LayerNorm"].derived["normalized_shape"]

    assert derive({"input": (2, 5, 7)}, {"trailing_dims": 2}) == (5, 7)
    with pytest.raises(ModelError, match="at most 2 for an input of 3 dimensions"):
        derive({"input": (2, 5, 7)}, {"trailing_dims": 3})


def test_the_catalogue_and_its_parameters_do_not_import_torch() -> None:
    script = (
        "import sys; import core.parameters; from core.layers import catalogue; kinds = list(catalogue);"
        "assert kinds and 'torch' not in sys.modules, 'torch was imported'"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ICONS.parents[1])
    assert done.returncode == 0, done.stderr
