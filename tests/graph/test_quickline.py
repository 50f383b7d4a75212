"""The quick line: what it makes, what it says about mistakes and where, and that no text upsets it."""

from __future__ import annotations

import random

import pytest

from core.graph.document import Document
from core.graph.files import project_from_text, project_to_text
from core.graph.project import End, Graph, Group, Node, Project, PythonLayer
from core.graph.quickline import Line, Source, add_line, parse, read_line
from core.graph.quickline.naming import ABBREVIATIONS, find_kind, known_words
from core.kinds import LayerKind
from core.layers import catalogue
from core.parameters import parameters_of
from tests.graph.building import end

IMAGE = Source(End("image", "output"), 4)
BLOCK = Group(
    "ConvBlock",
    Graph(
        {"x": Node("x", "Input"), "conv1": Node("conv1", "Conv2d"), "y": Node("y", "Output")},
        {end("conv1.input"): end("x.output"), end("y.input"): end("conv1.output")},
    ),
)
GATE = PythonLayer(
    "Gate",
    "from torch import Tensor, nn\n\n\nclass Gate(nn.Module):\n    def __init__(self, slope: float = 1.0) -> None:\n"
    "        super().__init__()\n        self.slope = slope\n\n"
    "    def forward(self, x: Tensor) -> Tensor:\n        return x * self.slope\n",
)
PROJECT = Project(
    variables={"width": 16, "depth": 2, "w2": 7},
    graph=Graph({"image": Node("image", "Input", {"shape": (3, 32, 32)}, position=(0, 0))}),
    groups={"ConvBlock": BLOCK},
    code={"Gate": GATE},
)


def read(text: str, *sources: Source, project: Project = PROJECT) -> Line:
    from core.graph.kinds import own_kinds

    return read_line(text, project, (*own_kinds(project), *catalogue), sources)


def shown(line: Line) -> list[str]:
    """Return the nodes as ``kind name=value …``."""
    return [" ".join((node.kind, *(f"{k}={v}" for k, v in node.params.items()))) for node in line.nodes]


def linked(line: Line) -> list[str]:
    return [f"{source} > {target}" for source, target in line.links]


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("conv 32", ["Conv2d out_channels=32"]),
        ("conv 32 k3 p1", ["Conv2d out_channels=32 kernel_size=3 padding=1"]),
        ("conv 32 3 2 1", ["Conv2d out_channels=32 kernel_size=3 stride=2 padding=1"]),
        ("CONV2D 32", ["Conv2d out_channels=32"]),
        ("conv1d 8 d2 g4", ["Conv1d out_channels=8 dilation=2 groups=4"]),
        ("conv 32 same bias=no", ["Conv2d out_channels=32 padding=same bias=False"]),
        ("conv 32 no-bias relu", ["Conv2d out_channels=32 bias=False activation=relu"]),
        ("conv 32 k3x5", ["Conv2d out_channels=32 kernel_size=(3, 5)"]),
        ("conv 32 k(3, 5)", ["Conv2d out_channels=32 kernel_size=(3, 5)"]),
        ("conv(32, k3, padding=1)", ["Conv2d out_channels=32 kernel_size=3 padding=1"]),
        ("conv 2*width", ["Conv2d out_channels=2*width"]),
        ("conv width k3", ["Conv2d out_channels=width kernel_size=3"]),
        ("conv w2", ["Conv2d out_channels=w2"]),
        ("conv (2 * width) k = 3", ["Conv2d out_channels=(2 * width) kernel_size=3"]),
        ("conv 32 kernel=5 pad=2", ["Conv2d out_channels=32 kernel_size=5 padding=2"]),
        ("upconv 16 s2", ["ConvTranspose2d out_channels=16 stride=2"]),
        ("maxpool 2", ["MaxPool2d kernel_size=2"]),
        ("pool 3 2", ["MaxPool2d kernel_size=3 stride=2"]),
        ("avgpool 2", ["AvgPool2d kernel_size=2"]),
        ("gap", ["AdaptiveAvgPool2d"]),
        ("bn", ["BatchNorm2d"]),
        ("ln", ["LayerNorm"]),
        ("gn 8", ["GroupNorm num_groups=8"]),
        ("in", ["InstanceNorm2d"]),
        ("fc 10 softmax", ["Linear out_features=10 activation=softmax"]),
        ("dense 10", ["Linear out_features=10"]),
        ("dropout 0.1", ["Dropout p=0.1"]),
        ("do p0.25", ["Dropout p=0.25"]),
        ("drop p=.5", ["Dropout p=0.5"]),
        ("emb 1000 64", ["Embedding num_embeddings=1000 embedding_dim=64"]),
        ("mha h4 dropout=0.1", ["MultiheadAttention num_heads=4 dropout=0.1"]),
        ("mha heads=4", ["MultiheadAttention num_heads=4"]),
        ("lstm 64 n2 bidirectional", ["LSTM hidden_size=64 num_layers=2 bidirectional=True"]),
        ("lstm 64 bidir", ["LSTM hidden_size=64 bidirectional=True"]),
        ("up 2", ["Upsample scale_factor=(2.0,)"]),
        ("leaky-relu 0.2", ["LeakyReLU negative_slope=0.2"]),
        ("layer_norm eps=1e-6", ["LayerNorm eps=1e-06"]),
        ('compare ">" value=0.5', ["Compare comparison=> value=0.5"]),
        ("input 3x32x32", ["Input shape=(3, 32, 32)"]),
        ("permute (0,2,1)", ["Permute order=(0, 2, 1)"]),
        ("conv 32 -> relu → tanh", ["Conv2d out_channels=32", "ReLU", "Tanh"]),
        ("(conv 8 > relu) x2", ["Conv2d out_channels=8", "ReLU"] * 2),
        ("fc 8 x3", ["Linear out_features=8"] * 3),
        ("(fc 8 x2 > relu) x2", (["Linear out_features=8"] * 2 + ["ReLU"]) * 2),
        ("relu x(depth+1)", ["ReLU"] * 3),
        ("relu > skip > tanh", ["ReLU", "Tanh"]),
        ("gate 2", ["python:Gate slope=2.0"]),
        ("Gate slope=2", ["python:Gate slope=2.0"]),
    ],
)
def test_a_line_makes_these_layers(text: str, nodes: list[str]) -> None:
    line = read(text, IMAGE)
    assert line.problem is None
    assert shown(line) == nodes


@pytest.mark.parametrize(
    ("text", "rank", "kinds"),
    [
        ("conv 8 > bn > pool", 3, ["Conv1d", "BatchNorm1d", "MaxPool1d"]),
        ("conv 8 > bn > pool", 4, ["Conv2d", "BatchNorm2d", "MaxPool2d"]),
        ("conv 8 > bn > pool", 5, ["Conv3d", "BatchNorm3d", "MaxPool3d"]),
        ("conv 8", None, ["Conv2d"]),
        ("flatten > fc 8 > bn", 4, ["Flatten", "Linear", "BatchNorm1d"]),
        ("emb 100 16 > conv 8", 2, ["Embedding", "Conv1d"]),
        ("unsqueeze > conv 8", 3, ["Unsqueeze", "Conv2d"]),
        ("input 16x100 > conv 8", None, ["Input", "Conv1d"]),
        ("conv1d 8 > bn", None, ["Conv1d", "BatchNorm1d"]),
        ("fc 8 > bn", None, ["Linear", "BatchNorm1d"]),
        ("lstm 8 > conv 4", 3, ["LSTM", "Conv1d"]),
        ("mean dim=2x3 > bn", 4, ["Mean", "BatchNorm1d"]),
    ],
)
def test_the_dimensions_of_a_layer_follow_what_arrives(text: str, rank: int | None, kinds: list[str]) -> None:
    line = read(text, Source(IMAGE.end, rank))
    assert line.problem is None
    assert [node.kind for node in line.nodes] == kinds


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("conv 8 > relu", ["image.output > conv1.input", "conv1.output > relu1.input"]),
        (
            "[conv 64 k3 p1 > bn | ] > add",
            [
                "image.output > conv1.input",
                "conv1.output > norm1.input",
                "norm1.output > add1.inputs.0",
                "image.output > add1.inputs.1",
            ],
        ),
        (
            "[relu | tanh | id] > concat",
            [
                "image.output > relu1.input",
                "image.output > tanh1.input",
                "relu1.output > concat1.inputs.0",
                "tanh1.output > concat1.inputs.1",
                "image.output > concat1.inputs.2",
            ],
        ),
        (
            "[relu | [tanh | skip] > add] > sub",
            [
                "image.output > relu1.input",
                "image.output > tanh1.input",
                "tanh1.output > add1.inputs.0",
                "image.output > add1.inputs.1",
                "relu1.output > subtract1.a",
                "add1.output > subtract1.b",
            ],
        ),
        (
            "[relu|tanh] > [sigmoid|elu] > mul",
            [
                "image.output > relu1.input",
                "image.output > tanh1.input",
                "relu1.output > sigmoid1.input",
                "tanh1.output > elu1.input",
                "sigmoid1.output > multiply1.inputs.0",
                "elu1.output > multiply1.inputs.1",
            ],
        ),
        ("chunk 2 :1 > relu", ["image.output > chunk1.input", "chunk1.outputs.1 > relu1.input"]),
        ("lstm 8 :cell > relu", ["image.output > lstm1.input", "lstm1.cell > relu1.input"]),
        ("input 4 > relu", ["input1.output > relu1.input"]),
    ],
)
def test_a_line_makes_these_links(text: str, links: list[str]) -> None:
    line = read(text, IMAGE)
    assert line.problem is None
    assert linked(line) == links


def test_a_line_without_a_source_stands_by_itself() -> None:
    line = read("conv 8 > relu")
    assert linked(line) == ["conv1.output > relu1.input"]
    assert [str(each) for each in line.ends] == ["relu1.output"]


def test_several_sources_feed_a_merge_or_a_branch_each() -> None:
    other = Source(End("other", "output"), 4)
    assert linked(read("concat > relu", IMAGE, other))[:2] == [
        "image.output > concat1.inputs.0",
        "other.output > concat1.inputs.1",
    ]
    assert linked(read("[relu | tanh] > add", IMAGE, other))[:2] == [
        "image.output > relu1.input",
        "other.output > tanh1.input",
    ]
    assert linked(read("relu", IMAGE, other)) == ["image.output > relu1.input"]


def test_a_group_is_repeated_as_one_node_and_named_as_in_the_project() -> None:
    for text in ("convblock x3 > relu", "conv_block x3 > relu", "(ConvBlock) x3 > relu"):
        line = read(text, IMAGE)
        assert line.problem is None
        assert [(node.kind, node.repeat) for node in line.nodes] == [("group:ConvBlock", 3), ("ReLU", 1)]
    assert read("convblock x(2*depth)", IMAGE).nodes[0].repeat == "2*depth"
    assert len(read("(convblock > relu) x2", IMAGE).nodes) == 4


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", 0, "A layer is expected"),
        ("conv 32 >", 9, "A layer is expected"),
        ("conv 32 > > relu", 10, "not '>'"),
        ("con 32", 0, "Did you mean 'conv'?"),
        ("relu > batchnrom", 7, "Did you mean 'batchnorm'?"),
        ("residual", 0, "may mean several layers"),
        ("conv 32 q7", 8, "k for kernel_size"),
        ("conv 32 strode=2", 8, "Did you mean 'stride'?"),
        ("conv 32 in_channels=3", 8, "filled in from what arrives"),
        ("conv 32 1 1 1 9", 14, "one too many"),
        ("conv 32 k3 k5", 11, "twice"),
        ("conv widht", 5, "Did you mean 'width'?"),
        ("conv 2*widht", 5, "There is no variable 'widht'"),
        ("conv 0", 5, "at least 1"),
        ("conv 1.5", 5, "whole number"),
        ("conv 32 k3x3x3", 8, "2 of them"),
        ("dropout p=1.5", 8, "between 0 and 1"),
        ("conv 32 bias=perhaps", 8, "True or False"),
        ("conv 32 p=", 8, "A value is expected after 'p='"),
        ("relu relu", 5, "'>' is expected before 'relu'"),
        ("conv [relu]", 5, "'>' is expected before '['"),
        ("(conv 8 > relu", 0, "')' is expected"),
        ("[relu | tanh > add", 0, "']' is expected"),
        ("relu)", 4, "closes nothing"),
        ("relu ]", 5, "closes nothing"),
        ("[relu | tanh] add", 14, "'>' is expected"),
        ("conv 'same", 5, "quote is not closed"),
        ("[relu | tanh] > sigmoid", 16, "put add or concat between"),
        ("[relu | tanh] > [elu | selu | mish]", 16, "join them first"),
        ("output > relu", 9, "gives nothing on"),
        ("relu > input 4", 7, "can only begin"),
        ("lstm 8 :hiden > relu", 0, "Did you mean 'hidden'?"),
        ("relu x0", 5, "from 1 to 300"),
        ("relu x301", 5, "from 1 to 300"),
        ("relu x(deep)", 5, "There is no variable 'deep'"),
        ("(relu x200) x200", 1, "at most 300 layers"),
        ("(skip x300) x300", 1, "300"),
        ("output x2", 7, "gives nothing on"),
        ("skip", 0, "adds no layer"),
        ("[" * 30, 21, "deep"),
        ("relu > " * 400, 2000, "at most 2000 characters"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: int, words: str) -> None:
    problem = read(text, IMAGE).problem
    assert problem is not None
    assert words in problem.message
    assert problem.start == place
    assert problem.end > problem.start


def test_an_empty_branch_needs_something_to_pass_on() -> None:
    problem = read("[conv 64 | ] > add").problem
    assert problem is not None
    assert "begin with input" in problem.message


def test_a_group_that_gives_more_than_it_takes_is_not_repeated() -> None:
    graph = Graph({"x": Node("x", "Input"), "a": Node("a", "Output"), "b": Node("b", "Output")})
    line = read("two x2", IMAGE, project=Project(groups={"Two": Group("Two", graph)}))
    assert line.problem is not None
    assert "cannot be repeated" in line.problem.message


def test_what_can_be_read_before_a_mistake_is_there_for_the_preview() -> None:
    line = read("conv 32 > bn > rel", IMAGE)
    assert [node.kind for node in line.nodes] == ["Conv2d", "BatchNorm2d"]
    assert line.problem is not None


def test_every_piece_is_coloured_by_what_it_is() -> None:
    text = "(conv 32 k=3 > relu) x3"
    tokens = [(text[each.start : each.end], each.kind) for each in parse(text).tokens]
    assert tokens == [
        ("(", "operator"),
        ("conv", "layer"),
        ("32", "value"),
        ("k", "name"),
        ("3", "value"),
        (">", "operator"),
        ("relu", "layer"),
        (")", "operator"),
        ("x3", "times"),
    ]


def test_every_kind_is_found_by_its_own_name_and_every_abbreviation_leads_somewhere() -> None:
    for kind in catalogue:
        assert find_kind(kind.id, tuple(catalogue), None) is kind
        assert find_kind(kind.display.replace(" ", "-"), tuple(catalogue), None) is kind
    for word in (*ABBREVIATIONS, *known_words(catalogue)):
        assert isinstance(find_kind(word, tuple(catalogue), None), LayerKind)


def test_a_definition_of_the_project_goes_before_a_layer_of_the_same_name() -> None:
    project = Project(groups={"ReLU": Group("ReLU", BLOCK.graph)})
    assert read("relu", project=project).nodes[0].kind == "group:ReLU"


def test_names_of_nodes_are_free_ones() -> None:
    graph = Graph({"conv1": Node("conv1", "Conv2d"), "relu1": Node("relu1", "ReLU")})
    line = read("conv 8 > relu x2", project=Project(graph=graph))
    assert [node.name for node in line.nodes] == ["conv2", "relu2", "relu3"]


def test_the_edit_places_the_chain_below_its_source_and_branches_side_by_side() -> None:
    line = read("[conv 8 > bn | conv 8] > add > relu", IMAGE)
    added = add_line(line, {}, {"image": (0, 0, 160, 54)})
    at = {node.name: node.position for node in added.nodes}
    assert at["conv1"][1] == at["conv2"][1] > 54
    assert abs(at["conv1"][0] - at["conv2"][0]) >= 200
    assert at["norm1"][1] > at["conv1"][1]
    assert at["relu1"][1] > at["add1"][1] > at["norm1"][1]
    assert (at["conv1"][0] + at["conv2"][0]) / 2 == pytest.approx(0, abs=40)


def test_the_edit_stands_on_nothing_that_is_there() -> None:
    standing = {"image": (0.0, 0.0, 160.0, 54.0), "other": (0.0, 100.0, 160.0, 400.0)}
    added = add_line(read("conv 8 > relu > tanh", IMAGE), {}, standing)
    assert all(node.position[0] >= 200 for node in added.nodes)


def test_the_edit_is_one_step_and_undo_takes_all_of_it_back() -> None:
    document = Document(PROJECT)
    document.apply(add_line(read("[conv 8 k3 p1 > bn | ] > add > convblock x2", IMAGE), {}, {"image": (0, 0, 160, 54)}))
    built = document.project
    assert len(built.graph.nodes) == 5
    assert project_from_text(project_to_text(built), "memory") == built
    document.undo()
    assert document.project == PROJECT
    document.redo()
    assert document.project == built


def test_no_text_upsets_it() -> None:
    dice = random.Random(7)
    words = [
        *"conv bn relu fc 32 k3 p1 k3x5 2*width same bias=no p=0.5 :hidden x3 x(depth) > -> | [ ] ( ) , = :".split(),
        *"skip id convblock gate input output 3x8x8 add concat lstm chunk é ² ٣ → × 1e999 -1 ** // x x²".split(),
        *('"', "'", "\x00", "\n", "\t", "9" * 40),
        *(kind.id for kind in list(catalogue)[::9]),
    ]
    for _turn in range(3000):
        pieces = [dice.choice(words) for _ in range(dice.randrange(1, 14))]
        text = dice.choice((" ", "")).join(pieces)
        line = read(text, *((IMAGE,) if dice.random() < 0.5 else ()))
        if line.problem is None:
            assert Document(PROJECT).apply(add_line(line, {}, {"image": (0, 0, 160, 54)}))
        else:
            assert 0 <= line.problem.start < line.problem.end
            assert line.problem.message.endswith((".", "?"))


def test_no_characters_upset_it() -> None:
    dice = random.Random(11)
    letters = "conv relu x3>[]|()=,:.'\"-+*/%k1 2é\\{}#@\u2028\U0001f600"
    for _turn in range(3000):
        text = "".join(dice.choice(letters) for _ in range(dice.randrange(0, 40)))
        read(text, IMAGE)


def test_every_layer_can_be_typed_with_what_it_has() -> None:
    """Each numeric parameter with a default can be written by its name, and comes out as it was."""
    for kind in catalogue:
        for parameter in parameters_of(kind):
            if parameter.type in ("int", "float") and isinstance(parameter.default, int | float):
                line = read(f"{kind.id} {parameter.name}={parameter.default}")
                assert line.problem is None, (kind.id, parameter.name, line.problem)
                assert line.nodes[0].params[parameter.name] == parameter.default
