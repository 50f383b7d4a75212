"""Groups, sharing and repetition in the written source: it reads as by hand and does what the graph says."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core import trust
from core.errors import EditError, ModelError
from core.graph.kinds import kind_of
from core.graph.names import check_name
from core.graph.order import incoming, upstream
from core.graph.project import INPUT, OUTPUT, GroupParameter, Node, Project, PythonLayer
from core.model.build import build, node_of_error
from core.model.layout import WIDTH
from core.model.probe import call_layer
from core.model.reports import ShapeReport
from core.model.shapes import check
from core.model.source import compose, write_source
from core.modules import layer_scale
from tests.model.building import given, layer
from tests.model.group_cases import PROJECTS, SWISH, tied_repeat, two_streams
from tests.model.grouping import (
    BLOCK,
    DENSE_LAYER,
    dense_block,
    group,
    inception,
    nested,
    out,
    port,
    project,
    siamese,
    use,
)


@pytest.fixture(autouse=True)
def _trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    trust.trust(SWISH)


def text_of(made: Project) -> str:
    return write_source(made, check(made))


def tensors_for(report: ShapeReport, names: tuple[str, ...], batch: int) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {name: torch.randn(report.nodes[name].outputs["output"].sizes(batch, 7)) for name in names}


def interpreted(made: Project, report: ShapeReport, module: nn.Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Run the graph node by node with the modules of a built network: what the written ``forward`` must come to."""
    values: dict[tuple[str, str], Tensor] = {(name, "output"): tensor for name, tensor in given.items()}
    results = {}
    feeding = incoming(report.graph)
    reached = upstream(report.graph, [node.name for node in report.graph.of_kind(OUTPUT)])
    for name in (name for name in report.order if name in reached):
        node, found = report.graph.nodes[name], report.nodes[name]
        arriving = {slot: values[end.node, end.port] for slot, end in feeding[name]}
        if node.kind == INPUT:
            continue
        if node.kind == OUTPUT:
            results[name] = arriving["input"]
            continue
        kind = kind_of(replace(made, graph=report.graph), node)
        assert kind is not None
        owner = report.graph.nodes[node.shares] if node.shares else node
        own = getattr(module, owner.name, None)
        if not kind.group:
            given_here = call_layer(kind, own, found.arguments, arriving)
        else:
            current = [arriving[each.name] for each in kind.inputs]
            for place, inner in enumerate(found.inner):
                part = own[place] if isinstance(own, nn.Sequential | nn.ModuleList) else own
                names = dict(zip((each.name for each in kind.inputs), current, strict=True))
                inside = interpreted(made.inside(kind.group), inner, part, names)
                given_here = {each.name: inside[each.name] for each in kind.outputs}
                current = [*given_here.values(), *current[len(given_here) :]]
        values |= {(name, slot): tensor for slot, tensor in given_here.items()}
    return results


@pytest.mark.parametrize("name", PROJECTS)
def test_the_network_does_what_the_graph_says(name: str) -> None:
    made = PROJECTS[name]()
    report = check(made)
    assert report.problems == ()
    built = build(made, report)
    inputs = tensors_for(report, built.inputs, 3)
    for training in (False, True):
        built.module.train(training)
        with torch.no_grad():
            result = built.module(**inputs)
        outputs = result if isinstance(result, dict) else {built.outputs[0]: result}
        for output in built.outputs:
            assert tuple(outputs[output].shape) == report.nodes[output].inputs["input"].sizes(3, 7)
    built.module.eval()
    with torch.no_grad():
        result = built.module(**inputs)
        expected = interpreted(made, report, built.module, inputs)
    outputs = result if isinstance(result, dict) else {built.outputs[0]: result}
    assert outputs.keys() == expected.keys()
    for each in outputs:
        torch.testing.assert_close(outputs[each], expected[each], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", PROJECTS)
def test_two_builds_are_the_same_to_the_bit(name: str) -> None:
    first, second = build(PROJECTS[name]()), build(PROJECTS[name]())
    assert first.source == second.source
    weights = [each.module.state_dict() for each in (first, second)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][each], weights[1][each]) for each in weights[0])


@pytest.mark.parametrize("name", PROJECTS)
def test_no_line_is_too_long_and_only_what_is_used_is_imported(name: str) -> None:
    source = text_of(PROJECTS[name]())
    copied = f"{SWISH}{inspect.getsource(layer_scale)}".splitlines()
    assert max(len(line) for line in source.splitlines() if line not in copied) <= WIDTH
    assert not re.search(r"\b_in_\d", source)
    assert ("F." in source) == ("from torch.nn import functional as F" in source)
    assert ("math." in source) == ("import math" in source)


def test_the_source_is_laid_out_as_ruff_does(tmp_path: Path) -> None:
    for name, make in PROJECTS.items():
        text = re.sub(r"(\S) +# ", r"\1  # ", text_of(make()))  # but for the alignment of comments
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", f"--line-length={WIDTH}", "--diff"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_group_is_written_once_and_used_often() -> None:
    assert (
        text_of(tied_and_plain())
        == '''"""A neural network designed with Layerwright. It needs nothing but PyTorch."""

import torch
from torch import nn


class Refine(nn.Module):
    """Corrects what it is given.

    Inputs:
        x: N × 6, float32

    Outputs:
        y: N × 6, float32
    """

    def __init__(self, in_features: int, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(in_features=in_features, out_features=width)
        self.back = nn.Linear(in_features=width, out_features=6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fc = self.fc(x)       # N × width
        back = self.back(fc)  # N × 6
        add = x + back        # N × 6
        return add


class Net(nn.Module):
    """9 layers; N is the batch size.

    Inputs:
        x: N × 6, float32

    Outputs:
        z: N × 6, float32
    """

    def __init__(self) -> None:
        super().__init__()
        self.row = nn.Sequential(*(Refine(in_features=6, width=8) for _ in range(2)))
        self.again = Refine(in_features=6, width=4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        row = self.row(x)              # N × 6
        again = row
        for _ in range(3):
            again = self.again(again)  # N × 6
        return again
'''
    )


def tied_and_plain() -> Project:
    block = group(
        "Refine",
        (
            port(),
            layer("fc", "Linear", out_features="width"),
            layer("back", "Linear", out_features=6),
            layer("add", "Add"),
            out(),
        ),
        *("x > fc", "fc > back", "x > add.inputs.0", "back > add.inputs.1", "add > y"),
        width=4,
    )
    return project(
        (replace(block, help="Corrects what it is given."),),
        (given(6), use("row", "Refine", 2, width=8), use("again", "Refine", 3, True), out("z")),
        *("x > row.x", "row.y > again.x", "again.y > z"),
    )


def test_sizes_that_grow_are_written_as_they_grow() -> None:
    source = text_of(dense_block())
    assert "*(DenseLayer(in_channels=12 + 4 * i, growth=4) for i in range(6))" in source
    assert "self.norm1 = nn.BatchNorm2d(num_features=in_channels)" in source
    assert "self.conv1 = nn.Conv2d(in_channels=in_channels, out_channels=4 * growth, kernel_size=1)" in source


def test_a_dense_block_of_any_depth_is_one_class() -> None:
    source = text_of(PROJECTS["dense_net"]())
    assert "def __init__(self, in_channels: int, depth: int, rate: int) -> None:" in source
    assert "*(DenseLayer(in_channels=in_channels + rate * i, growth=rate) for i in range(depth))" in source
    assert "GROWTH = 4\n" in source
    assert "self.block1 = DenseBlock(in_channels=3, depth=3, rate=GROWTH)" in source


def test_the_first_of_a_row_may_differ() -> None:
    source = text_of(PROJECTS["uneven_row"]())
    assert "            BasicBlock(in_channels=3, channels=16, stride=1),\n" in source
    assert "            *(BasicBlock(in_channels=16, channels=16, stride=1) for _ in range(3)),\n" in source


def test_widths_inside_follow_from_the_parameters() -> None:
    source = text_of(inception())
    assert "nn.Conv2d(in_channels=in_channels, out_channels=c3 // 2, kernel_size=1)" in source
    assert "nn.Conv2d(in_channels=c3 // 2, out_channels=c3, kernel_size=3, padding=1)" in source
    assert "nn.BatchNorm2d(num_features=c1 + c3 + 4)" in source


def test_parameters_and_constants_are_passed_down() -> None:
    source = text_of(nested())
    assert "\nBASE = 4\n" in source
    assert "unused" not in source
    assert "self.first = BasicBlock(in_channels=in_channels, channels=2 * width, stride=stride)" in source
    assert "self.stage2 = Stage(in_channels=2 * BASE, width=2 * BASE, depth=1, stride=2)" in source
    assert "self.fc = nn.Linear(in_features=4 * BASE, out_features=BASE)" in source


def test_the_state_dict_is_named_after_nodes_and_repetitions() -> None:
    names = build(PROJECTS["residual_stages"]()).module.state_dict().keys()
    assert {
        "layer1.0.conv1.weight",
        "layer1.1.norm2.running_mean",
        "down.shortcut.weight",
        "layer2.2.conv1.weight",
    } <= (names)
    assert "refine.fc.weight" in build(tied_repeat()).module.state_dict()


def test_a_shared_group_is_constructed_once() -> None:
    source = text_of(siamese())
    assert source.count("Encoder(in_features=6)") == 1
    assert "again = self.encoder(right)" in source


def test_a_shared_layer_is_constructed_even_where_its_owner_reaches_no_output() -> None:
    nodes = (given(4), layer("fc", "Linear", out_features=4), Node("twice", "Linear", shares="fc"), out("z"))
    made = project((), nodes, "x > fc", "x > twice", "twice > z")
    source = text_of(made)
    assert "self.fc = nn.Linear(in_features=4, out_features=4)" in source
    assert "twice = self.fc(x)" in source
    assert build(made).module(torch.randn(2, 4)).shape == (2, 4)


def test_repetitions_with_several_ends_take_turns_in_a_loop() -> None:
    source = text_of(two_streams())
    assert "self.steps = nn.ModuleList(Exchange(width=5) for _ in range(3))" in source
    assert "        steps, steps_v = p, q\n        for block in self.steps:\n" in source
    assert "            steps, steps_v = block(steps, steps_v, weight)  # N × 5; N × 5\n" in source
    tied = text_of(two_streams(tied=True))
    assert "self.steps = Exchange(width=5)" in tied
    assert "        for _ in range(3):\n            steps, steps_v = self.steps(steps, steps_v, weight)" in tied


def test_what_is_off_or_leads_nowhere_is_not_written() -> None:
    source = text_of(PROJECTS["switched_off"]())
    assert not any(word in source for word in ("drop", "fc2", "lost", "ReLU"))


def test_numbers_that_forward_needs_are_kept() -> None:
    source = text_of(PROJECTS["reshaping"]())
    assert "fold = x.reshape(x.shape[0], self.rows, self.columns * 2)  # N × rows × columns*2" in source
    assert "        self.rows = rows\n" in source


def test_uses_that_no_class_can_serve_get_one_each() -> None:
    composed = compose(PROJECTS["uneven_parts"](), check(PROJECTS["uneven_parts"]()))
    assert composed.classes == {"Parts": "Parts", "Parts2": "Parts"}
    assert composed.text.count("Parts2(") == 3  # the class and its two uses


def test_a_python_layer_is_copied_once_with_its_imports_at_the_top() -> None:
    source = text_of(PROJECTS["python_layer"]())
    assert source.count("class Swish(nn.Module):") == 1
    assert "import math\n\nimport torch\nfrom torch import nn\n\n\nclass Swish" in source
    assert "Swish with a slope" not in source


def test_a_module_of_our_own_is_copied() -> None:
    source = text_of(PROJECTS["own_module"]())
    assert source.count("class LayerScale(nn.Module):") == 1
    assert "core" not in source
    assert "self.two = nn.Sequential(*(Branch(in_features=4, width=4) for _ in range(2)))" in source


def test_python_layers_that_define_one_name_twice_are_refused() -> None:
    other = SWISH.replace("Swish", "Bend").replace("class Bend", "def helper():\n    pass\n\n\nclass Bend")
    trust.trust(other)
    both = SWISH.replace("class Swish", "def helper():\n    return 1\n\n\nclass Swish")
    trust.trust(both)
    made = replace(
        project(
            (),
            (given(3), Node("a", "python:Swish"), Node("b", "python:Bend"), out("z")),
            *("x > a.x", "a > b.x", "b > z"),
        ),
        code={"Swish": PythonLayer("Swish", both), "Bend": PythonLayer("Bend", other)},
    )
    with pytest.raises(ModelError, match="both define 'helper'"):
        text_of(made)


def test_one_set_of_weights_cannot_have_two_sizes() -> None:
    block = group("Widen", (port(), layer("fc", "Linear", out_features=6), out()), "x > fc", "fc > y")
    made = project((block,), (given(4), use("steps", "Widen", 2, True), out("z")), *("x > steps.x", "steps.y > z"))
    with pytest.raises(ModelError) as caught:
        text_of(made)
    assert caught.value.node == "steps"


def test_names_never_clash() -> None:
    awkward = group(
        "LayerScale",
        (
            port(),
            layer("range", "LayerScale"),
            layer("fold", "Reshape", shape=("i", "torch", -1)),
            layer("flat", "Flatten"),
            layer("math", "Linear", out_features="i*torch"),
            layer("range_", "ReLU"),
            use("inner", "Repeated", 2, True),
            out(),
        ),
        *(
            "x > range",
            "range > fold",
            "fold > flat",
            "flat > math",
            "math > range_",
            "range_ > inner.x",
            "inner.y > y",
        ),
        i=2,
        torch=3,
    )
    inner = group("Repeated", (port(), layer("fc", "Linear", out_features=6), out()), "x > fc", "fc > y")
    made = project(
        (awkward, inner),
        (given(12), use("block", "LayerScale"), use("blocks", "LayerScale", i=3, torch=2), out("z")),
        *("x > block.x", "block.y > blocks.x", "blocks.y > z"),
    )
    built = build(made)
    assert "class LayerScaleGroup(nn.Module):" in built.source
    assert "range__ = self.range(x)" in built.source
    assert "range_ = self.range_(math_)" in built.source
    assert built.module(torch.randn(2, 12)).shape == (2, 6)


@pytest.mark.parametrize("text", ['"""\nimport os', "\\", 'ends with "', "a\x00b\u2028c", "\ud800"])
def test_what_a_user_writes_about_a_group_stays_a_text(text: str) -> None:
    made = tied_and_plain()
    made = replace(made, groups={"Refine": replace(made.groups["Refine"], help=text, weights=f"{text}.safetensors")})
    source = text_of(made)
    compile(source, "model.py", "exec")
    assert "\nimport os" not in source


@pytest.mark.parametrize("name", ["import os", "x=__import__('os')", "class", "_in_0", ""])
def test_a_group_or_parameter_that_is_no_name_never_reaches_the_source(name: str) -> None:
    made = tied_and_plain()
    sly = replace(made.groups["Refine"], parameters=(GroupParameter(name), GroupParameter("width", 4)))
    with pytest.raises(ModelError, match="cannot be the name"):
        text_of(replace(made, groups={"Refine": sly}))
    nodes = {each: replace(node, kind=node.kind.replace("Refine", name)) for each, node in made.graph.nodes.items()}
    called = replace(
        made, graph=replace(made.graph, nodes=nodes), groups={name: replace(sly, name=name, parameters=())}
    )
    with pytest.raises(ModelError):
        text_of(called)


@pytest.mark.parametrize("name", ["penalty", "constrain"])
def test_no_node_is_called_like_a_method_of_the_source(name: str) -> None:
    with pytest.raises(EditError, match="Python or PyTorch uses it"):
        check_name(name)


def test_an_error_inside_a_group_names_the_node_of_the_network() -> None:
    built = build(nested())
    with pytest.raises(RuntimeError) as caught:
        built.module(torch.randn(2, 5, 8, 8))
    assert node_of_error(built, caught.value) == "stage1"
    lines = built.source.splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.strip().startswith("conv2 = "))
    assert built.group_lines[line] == ("BasicBlock", "conv2")
    assert line not in built.nodes_by_line


def test_a_use_alone_is_no_different_from_many() -> None:
    made = project(
        (BLOCK,),
        (given(3, 8, 8), use("only", "BasicBlock", channels=5), out("z")),
        *("x > only.x", "only.y > z"),
    )
    assert "def __init__(self, in_channels: int, channels: int, stride: int) -> None:" in text_of(made)


def test_a_row_that_neither_repeats_nor_grows_is_listed() -> None:
    weighted = group(
        "Weighted",
        (port(), layer("norm", "LayerNorm"), layer("pick", "Chunk", chunks=2), out()),
        *("x > norm", "norm > pick", "pick.outputs.0 > y"),
    )
    made = project((weighted,), (given(16), use("row", "Weighted", 3), out("z")), "x > row.x", "row.y > z")
    source = text_of(made)
    assert "Weighted(in_features=16), Weighted(in_features=8), Weighted(in_features=4)" in source
    assert build(made).module(torch.randn(2, 16)).shape == (2, 2)


def test_a_variable_used_once_is_written_as_its_value() -> None:
    made = project(
        (DENSE_LAYER,),
        (given(3, 8, 8), use("dense", "DenseLayer", growth="rate"), out("z")),
        *("x > dense.x", "dense.y > z"),
        variables={"rate": 6},
    )
    assert "DenseLayer(in_channels=3, growth=6)" in text_of(made)
