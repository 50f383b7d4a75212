"""The written source: what an engineer would have written, and all that a fresh Python needs."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.errors import ModelError
from core.graph.project import INPUT, OUTPUT, Graph, Node, Project
from core.kinds import Call
from core.layers import catalogue
from core.model.build import build
from core.model.layout import WIDTH, wrapped
from core.model.lines import literal
from core.model.shapes import check
from core.model.source import write_source
from tests.model.building import around, chain, for_each_sample, given, layer, net
from tests.model.group_cases import free_values, frozen, own_module, two_streams
from tests.model.grouping import dense_net, nested, siamese, unet

_RUN = """
import sys, torch
assert not [name for name in sys.modules if name.split(".")[0] in ("core", "designer")]
torch.set_num_threads(1)
for case in torch.load(sys.argv[1], weights_only=True):
    namespace = {}
    exec(compile(case["source"], "model.py", "exec"), namespace)
    module = namespace["Net"]()
    module.load_state_dict(case["weights"])
    module.eval()
    results = module(**case["inputs"])
    results = results if isinstance(results, dict) else {"": results}
    assert results.keys() == case["outputs"].keys()
    for name, result in results.items():
        torch.testing.assert_close(result, case["outputs"][name], rtol=1e-5, atol=1e-6)
print("same")
"""


def two_branches() -> Project:
    """Two inputs, a merge, two heads, and a branch that reaches no output."""
    return net(
        (
            given(3, 8, 8, name="image"),
            given(5, name="table"),
            given(2, name="unused"),
            layer("conv1", "Conv2d", out_channels=8, padding=1),
            layer("norm1", "BatchNorm2d"),
            layer("conv2", "Conv2d", out_channels=8, kernel_size=(3, 3), padding="same"),
            layer("add1", "Add"),
            layer("flat1", "Flatten"),
            layer("concat1", "Concatenate"),
            layer("dense1", "Linear", out_features=4, bias=False),
            layer("dense2", "Linear", out_features=1),
            layer("tanh1", "Tanh"),
            Node("kind", "Output"),
            Node("price", "Output"),
        ),
        *("image > conv1", "conv1 > norm1", "norm1 > conv2", "conv2 > add1.inputs.0", "norm1 > add1.inputs.1"),
        *("add1 > flat1", "flat1 > concat1.inputs.0", "table > concat1.inputs.1", "concat1 > dense1"),
        *("concat1 > dense2", "dense1 > kind", "dense2 > price", "unused > tanh1"),
    )


def sequence() -> Project:
    """A recurrent layer of which only the last state is read."""
    return net(
        (
            given("T", name="words", dtype="int64"),
            layer("look", "Embedding", num_embeddings=20, embedding_dim=6),
            layer("lstm1", "LSTM", hidden_size=5, num_layers=2),
            layer("last", "LastStep"),
            layer("mixed", "Multiply"),
            layer("gru1", "GRU", hidden_size=5),
            layer("last2", "LastStep"),
            Node("y", "Output"),
        ),
        *("words > look", "look > lstm1", "lstm1 > last", "look > gru1", "gru1 > last2"),
        *("last > mixed.inputs.0", "last2 > mixed.inputs.1", "mixed > y"),
    )


def test_the_source_reads_as_written_by_hand() -> None:
    project = chain(
        given(1, 8, 8, name="image"),
        layer("conv1", "Conv2d", out_channels=16, padding=1),
        layer("relu1", "ReLU"),
        layer("flat1", "Flatten"),
        layer("dense1", "Linear", out_features=10),
        Node("digit", "Output"),
    )
    assert (
        write_source(project, check(project), "Digits")
        == '''"""A neural network designed with Layerwright. It needs nothing but PyTorch."""

import torch
from torch import nn


class Digits(nn.Module):
    """4 layers; N is the batch size.

    Inputs:
        image: N × 1 × 8 × 8, float32

    Outputs:
        digit: N × 10, float32
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=3, padding=1)
        self.relu1 = nn.ReLU()
        self.flat1 = nn.Flatten()
        self.dense1 = nn.Linear(in_features=1024, out_features=10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        conv1 = self.conv1(image)    # N × 16 × 8 × 8
        relu1 = self.relu1(conv1)    # N × 16 × 8 × 8
        flat1 = self.flat1(relu1)    # N × 1024
        dense1 = self.dense1(flat1)  # N × 10
        return dense1
'''
    )


def test_several_inputs_and_heads_read_by_name() -> None:
    source = write_source(two_branches(), check(two_branches()))
    assert "def forward(self, image: torch.Tensor, table: torch.Tensor) -> dict[str, torch.Tensor]:" in source
    assert 'return {"kind": dense1, "price": dense2}' in source
    assert "add1 = conv2 + norm1" in source
    assert "concat1 = torch.cat([flat1, table], dim=1)" in source
    assert "self.dense1 = nn.Linear(in_features=517, out_features=4, bias=False)" in source


def test_what_reaches_no_output_is_left_out() -> None:
    source = write_source(two_branches(), check(two_branches()))
    assert "tanh1" not in source
    assert "unused" not in source


def test_an_output_that_nobody_reads_is_an_underscore() -> None:
    source = write_source(sequence(), check(sequence()))
    assert "lstm1, (_, _) = self.lstm1(look)" in source
    assert "gru1, _ = self.gru1(look)" in source
    assert "T may vary" in source


def test_a_secondary_output_is_named_after_its_port_and_never_clashes() -> None:
    project = net(
        (given("T", 4), layer("lstm1", "LSTM"), layer("lstm1_hidden", "ReLU"), Node("y", "Output")),
        *("x > lstm1", "lstm1.hidden > lstm1_hidden", "lstm1_hidden > y"),
    )
    written = write_source(project, replace(check(project), problems=()))  # the batch does not come first in it
    assert "_, (lstm1_hidden_, _) = self.lstm1(x)" in written
    assert "lstm1_hidden = self.lstm1_hidden(lstm1_hidden_)" in written


def test_an_input_may_be_the_output() -> None:
    project = chain(given(3), Node("y", "Output"))
    source = write_source(project, check(project))
    assert "return x" in source
    x = torch.randn(2, 3)
    assert build(project).module(x) is x


def test_the_source_is_the_same_every_time_and_needs_no_order_of_the_nodes() -> None:
    project = two_branches()
    turned = Project(
        graph=Graph(dict(reversed(project.graph.nodes.items())), dict(reversed(project.graph.links.items())))
    )
    assert write_source(turned, check(turned)) == write_source(project, check(project))


def test_long_lines_are_broken() -> None:
    names = [f"a_rather_long_input_name_{index}" for index in range(9)]
    nodes = (
        *(given(4, name=name) for name in names),
        layer("all", "Concatenate"),
        layer("sum", "Add"),
        Node("y", "Output"),
    )
    links = [f"{name} > {target}.inputs.{index}" for index, name in enumerate(names) for target in ("all", "sum")]
    project = net((*nodes, Node("z", "Output")), *links, "all > y", "sum > z")
    built = build(project)
    assert max(map(len, built.source.splitlines())) <= WIDTH
    tensors = {name: torch.randn(2, 4) for name in names}
    results = built.module(**tensors)
    assert torch.equal(results["y"], torch.cat(list(tensors.values()), dim=1))
    assert torch.equal(results["z"], sum(tensors.values()))


def test_breaking_a_line_does_not_change_what_it_says() -> None:
    line = f"x = torch.cat([{', '.join(f'variable_{index}' for index in range(30))}], dim=1)"
    assert ast.dump(ast.parse("\n".join(wrapped(line, 0)))) == ast.dump(ast.parse(line))


@pytest.mark.parametrize(
    "line",
    [
        f"""x = torch.einsum("a(b,{"c" * 90}", {", ".join(f"value_{index}" for index in range(9))})""",
        f"x = nn.Sequential(*(Block({', '.join(f'size_{index}=1' for index in range(12))}) for _ in range(3)))",
        f"terms = [*(0.5 * {'long' * 12}.sum() for name, parameter in self.layer.named_parameters() if 'w' in name)]",
    ],
)
def test_texts_and_generators_are_broken_where_python_allows(line: str) -> None:
    lines = wrapped(line, 0)
    assert len(lines) > 1
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(line))


@pytest.mark.parametrize("name", ["import os", "class", "x)", "self", "ﬁ"])
def test_a_name_that_is_no_identifier_never_reaches_the_source(name: str) -> None:
    project = chain(given(3, name=name), Node("y", "Output"))
    with pytest.raises(ModelError, match="cannot be"):
        write_source(project, check(project))


@pytest.mark.parametrize("value", [object(), ["x"], {"a": 1}, (1, [2]), type("Sly", (str,), {})("x")])
def test_only_plain_values_reach_the_source(value: object) -> None:
    with pytest.raises(ModelError, match="cannot be written"):
        literal(value)


@pytest.mark.parametrize(
    "value", [None, True, -3, 0.1, 1e-5, "it's", 'a "word"', "\n", (1,), (1, (2, "x")), float("inf")]
)
def test_a_written_value_reads_back_as_itself(value: object) -> None:
    assert eval(literal(value)) == value


def test_errors_are_all_listed_before_anything_is_written() -> None:
    project = chain(given(8), layer("conv", "Conv2d"), layer("relu", "ReLU"), Node("y", "Output"))
    lonely = replace(project, graph=replace(project.graph, nodes={**project.graph.nodes, "a": layer("a", "Add")}))
    with pytest.raises(ModelError, match="it has 2 problems") as caught:
        write_source(lonely, check(lonely))
    assert len(caught.value.problems) == 2


def test_a_network_without_an_output_says_so() -> None:
    project = chain(given(8), layer("relu", "ReLU"))
    with pytest.raises(ModelError, match="has no Output"):
        write_source(project, check(project))


def test_calls_get_their_variables_by_port() -> None:
    call = Call("self.a", {"input": ("x",), "other": ("y", "z")}, {"output": "a"}, {})
    assert catalogue["Linear"].call(call) == "a = self.a(x, y, z)"


def test_the_source_and_weights_give_the_same_outputs_where_only_torch_is_known(tmp_path: Path) -> None:
    projects = [two_branches(), sequence()]
    single = [around(kind, kind.samples[0], {}) for kind in catalogue if kind.id not in (INPUT, OUTPUT)]
    projects += map(for_each_sample, single)
    projects += [make() for make in (dense_net, unet, siamese, two_streams, nested, free_values, own_module, frozen)]
    cases = []
    for project in projects:
        built = build(project)
        built.module.eval()
        specs = {name: built.report.nodes[name].outputs["output"] for name in built.inputs}
        inputs = {
            name: torch.zeros(spec.sizes(3), dtype=torch.int64)
            if spec.dtype == "int64"
            else torch.rand(spec.sizes(3)) + 0.1  # positive, so that roots and logarithms are numbers
            for name, spec in specs.items()
        }
        with torch.no_grad():
            results = built.module(**inputs)
        outputs = results if isinstance(results, dict) else {"": results}
        weights = dict(built.module.state_dict())
        cases.append({"source": built.source, "weights": weights, "inputs": inputs, "outputs": outputs})
    torch.save(cases, tmp_path / "cases.pt")
    command = [sys.executable, "-I", "-c", _RUN, str(tmp_path / "cases.pt")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout.strip(), done.returncode) == ("same", 0), done.stderr
