"""Networks that come back from their source: what a text says, how it fails, and that nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core import trust
from core.errors import ImportFailed
from core.graph.adopting import adopt, described
from core.graph.edits import SetParameters
from core.graph.order import execution_order
from core.graph.project import INPUT, Graph, Node, Project, PythonLayer
from core.graph.templates import template, templates
from core.importers._source.parts import Given
from core.importers._source.taking import from_source, known_classes, taken_back
from core.importers._source.text import default_network, networks, problem_of, unchanged
from core.model.build import build
from core.model.shapes import check
from core.model.source import Source, compose
from tests.graph.building import end

Change = Callable[[str], str]

_HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n"
_BLOCK = """class Block(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x):
        return F.gelu(self.linear(x)) + x


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.one = Block()
        self.two = Block()
        self.last = nn.Linear(8, 3)

    def forward(self, features):
        return self.last(self.two(self.one(self.first(features).relu())))
"""
PLAIN = _HEAD + _BLOCK


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def written(project: Project) -> tuple[Source, list[Given]]:
    """Return a project's source, and what enters it."""
    report = check(project)
    source = compose(project, report)
    given = []
    for name in source.inputs:
        spec = next(iter(report.nodes[name].outputs.values()))
        given.append(Given(name, tuple(dim.at(2, 8) for dim in spec.dims[1:]), spec.dtype))
    return source, given


def edited(project: Project, change: Change) -> tuple[Project, list[str]]:
    """Return a project after its source was changed and taken back, and what was said of that."""
    source, given = written(project)
    text = change(source.text)
    trust.trust(text)
    adopted = taken_back(project, text, given, source)
    return adopted.project, list(described(adopted))


def read_anew(project: Project) -> tuple[Project, Source]:
    """Return what the importer makes of every class of a project's source, though none has changed."""
    source, given = written(project)
    text = "MARK = 1\n" + source.text.replace("        super().__init__()", "        super().__init__()\n        MARK")
    trust.trust(text)
    seen: list[Project] = []
    adopted = taken_back(project, text, given, source)
    seen.append(adopted.project)
    return seen[0], source


_QUICK = ("two-task", "lenet5", "siamese", "digits", "ctc-reader", "transformer-encoder", "autoencoder-variational")


@pytest.mark.parametrize("name", _QUICK)
def test_a_source_that_was_read_anew_gives_the_same_project(name: str) -> None:
    project = template(name).load()
    assert read_anew(project)[0] == project


@pytest.mark.long
@pytest.mark.parametrize("name", [each.id for each in templates() if each.id not in _QUICK])
def test_every_template_comes_back_as_it_was(name: str) -> None:
    project = template(name).load()
    assert read_anew(project)[0] == project


def test_the_network_that_came_back_has_the_weights_and_outputs_of_the_source() -> None:
    project = Project("Small")
    trust.trust(PLAIN)
    new = from_source(PLAIN, [Given("x", (4,))]).project
    after = adopt(project, new).project
    module = build(after).module
    names: dict[str, object] = {}
    exec(PLAIN, names)
    own = names["Model"]()  # type: ignore[operator]
    assert module.state_dict().keys() == own.state_dict().keys()
    own.load_state_dict(module.state_dict())
    values = torch.randn(5, 4)
    torch.testing.assert_close(module.eval()(values), own.eval()(values))


def test_classes_of_a_text_become_groups() -> None:
    trust.trust(PLAIN)
    found = from_source(PLAIN, [Given("x", (4,))]).project
    assert set(found.groups) == {"Block"}
    assert {node.kind for node in found.groups["Block"].graph.nodes.values()} == {
        "Input",
        "Linear",
        "GELU",
        "Add",
        "Output",
    }
    assert {name: node.kind for name, node in found.graph.nodes.items() if node.kind != "ReLU"} == {
        "features": "Input",
        "first": "Linear",
        "one": "group:Block",
        "two": "group:Block",
        "last": "Linear",
        "output": "Output",
    }
    assert found.graph.nodes["features"].params["shape"] == (4,)


def test_an_edit_in_the_class_of_a_group_changes_the_group_and_keeps_its_parameters() -> None:
    project = template("siamese").load()
    after, said = edited(
        project,
        lambda text: (
            text.replace("out_channels=16, kernel_size=3", "out_channels=24, kernel_size=3")
            .replace("num_features=16", "num_features=24")
            .replace("in_channels=16", "in_channels=24")
        ),
    )
    assert said == ["Changed in Encoder: conv1, out_channels: 16 → 24"]
    assert after == replace(project, groups=after.groups)
    before, now = project.groups["Encoder"], after.groups["Encoder"]
    assert now.parameters == before.parameters
    assert now.graph.nodes["conv1"].params == {**before.graph.nodes["conv1"].params, "out_channels": 24}


def test_a_layer_that_is_put_in_stands_in_the_wire() -> None:
    def change(text: str) -> str:
        text = text.replace(
            "        self.relu1 = nn.ReLU()\n", "        self.norm = nn.LayerNorm(32)\n        self.relu1 = nn.ReLU()\n"
        )
        return text.replace("self.relu1(trunk1)", "self.relu1(self.norm(trunk1))")

    project = template("two-task").load()
    after, said = edited(project, change)
    assert said == ["Added: norm (LayerNorm)", "Wired differently: relu1"]
    assert after.graph.nodes["norm"].kind == "LayerNorm"
    assert after.graph.links[end("relu1.input")] == end("norm.output")
    assert all(after.graph.nodes[name] == node for name, node in project.graph.nodes.items())
    assert check(after).ok


def test_a_renamed_layer_and_a_renamed_input_keep_what_they_had() -> None:
    project = template("two-task").load()
    after, said = edited(project, lambda text: text.replace("trunk1", "body").replace("measurements", "sizes"))
    assert sorted(said) == ["Renamed: measurements → sizes", "Renamed: trunk1 → body"]
    assert replace(project.graph.nodes["measurements"], name="sizes") == after.graph.nodes["sizes"]
    assert replace(project.graph.nodes["trunk1"], name="body") == after.graph.nodes["body"]


def test_how_often_a_group_repeats_is_read() -> None:
    project = template("transformer-encoder").load()
    after, said = edited(project, lambda text: text.replace("range(4)", "range(6)"))
    assert said == ["Changed: blocks, repeat: blocks → 6"]
    assert after.graph.nodes["blocks"].repeat == 6


def test_comments_and_spaces_change_nothing() -> None:
    project = template("siamese").load()
    after, said = edited(project, lambda text: text.replace("\n\n\nclass", "\n\n\n# a remark\nclass"))
    assert (after, said) == (project, [])


def test_a_python_layer_is_changed_where_its_class_is() -> None:
    code = "from torch import nn\n\n\nclass Half(nn.Module):\n    def forward(self, x):\n        return x / 2\n"
    nodes = [Node("x", INPUT, {"shape": (4,)}), Node("half1", "python:Half"), Node("y", "Output")]
    links = {end("half1.x"): end("x.output"), end("y.input"): end("half1.output")}
    project = Project(graph=Graph({each.name: each for each in nodes}, links), code={"Half": PythonLayer("Half", code)})
    trust.trust(code)
    after, said = edited(project, lambda text: text.replace("x / 2", "x / 3"))
    assert said == ["Changed: Python layer Half"]
    assert after.code["Half"].source == code.replace("x / 2", "x / 3")
    assert after.graph == project.graph
    assert not trust.is_trusted(after.code["Half"].source)


def test_another_network_in_place_of_ours_keeps_input_and_output() -> None:
    project = template("moons").load()
    source, given = written(project)
    text = PLAIN.replace("nn.Linear(4, 8)", "nn.Linear(2, 8)").replace("nn.Linear(8, 3)", "nn.Linear(8, 1)")
    trust.trust(text)
    after = taken_back(project, text, given, source).project
    assert [each.params for each in after.graph.of_kind("Output")] == [
        each.params for each in project.graph.of_kind("Output")
    ]
    assert [each.position for each in after.graph.of_kind(INPUT)] == [
        each.position for each in project.graph.of_kind(INPUT)
    ]
    assert {node.kind for node in after.graph.nodes.values()} >= {"group:Block", "Linear"}
    places = [node.position for node in after.graph.nodes.values()]
    assert len(set(places)) == len(places)


# What a text says before it runs


def test_the_network_is_ours_by_name_else_the_last_that_nobody_uses() -> None:
    assert default_network(networks(PLAIN)) == "Model"
    assert (
        default_network(networks(PLAIN.replace("class Model", "class Net") + "\n\nclass Other(nn.Module):\n    pass\n"))
        == "Net"
    )
    helper = PLAIN + "\n\nclass Unused(Block):\n    pass\n"
    found = networks(helper)
    assert [(each.name, each.used, each.inputs) for each in found] == [
        ("Block", True, ("x",)),
        ("Model", False, ("features",)),
        ("Unused", False, ("x",)),
    ]
    assert networks("x = 1") == ()


def test_a_class_is_unchanged_only_with_all_that_it_uses() -> None:
    assert unchanged(PLAIN, PLAIN) == {"Block", "Model"}
    assert unchanged(PLAIN.replace("gelu", "relu"), PLAIN) == frozenset()
    assert unchanged(PLAIN.replace("8, 3", "8, 4"), PLAIN) == {"Block"}
    assert (
        unchanged(
            "WIDTH = 2\n" + PLAIN.replace("width=8", "width=WIDTH"),
            "WIDTH = 3\n" + PLAIN.replace("width=8", "width=WIDTH"),
        )
        == frozenset()
    )


def test_a_mistake_in_the_text_is_found_at_its_line() -> None:
    found = problem_of("import torch\nclass A(:\n    pass\n")
    assert found is not None
    assert found.line == 2
    assert problem_of(PLAIN) is None


# What goes wrong


def refused(text: str, *shapes: tuple[int, ...], network: str = "") -> str:
    trust.trust(text)
    with pytest.raises(ImportFailed) as caught:
        from_source(text, [Given(f"x{index}", shape) for index, shape in enumerate(shapes)], network)
    return caught.value.message


def test_nothing_runs_before_it_is_trusted(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with pytest.raises(ImportFailed, match="look at it and trust it"):
        from_source(f"open({str(mark)!r}, 'w')\n" + PLAIN, [Given("x", (4,))])
    assert not mark.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("super().__init__()\n        self.first", "super().__init__()\n        wrong\n        self.first"),
            "Line 18: NameError",
        ),
        (("return F.gelu(self.linear(x)) + x", "return F.gelu(self.linear(x)) + missing"), "Line 12: NameError"),
        (("def __init__(self):", "def __init__(self, size):"), "cannot be built without size"),
        (("def forward(self, features):", "def forward(self, features, more):"), "takes 2 inputs (features, more)"),
        (("nn.Linear(4, 8)", "nn.Linear(5, 8)"), "Line 24: RuntimeError"),
        (("def forward(self, features):", "def forward(self, features:"), "Python cannot read this"),
    ],
)
def test_what_fails_is_said_with_its_line(change: tuple[str, str], said: str) -> None:
    assert said in refused(PLAIN.replace(*change), (4,))


def test_a_text_without_the_network_says_so() -> None:
    assert "There is no class" in refused("x = 1\n", (4,))
    assert "There are: Block, Model" in refused(PLAIN + "# once more\n", (4,), network="Nobody")


def test_classes_of_the_project_are_known_by_their_names() -> None:
    project = template("transformer-encoder").load()
    known = known_classes(project, written(project)[0])
    assert known["EncoderBlock"] == "group:EncoderBlock"
    assert known["PositionalEncoding"] == "PositionalEncoding"


def test_a_change_of_the_project_meanwhile_is_kept() -> None:
    project = template("two-task").load()
    source, given = written(project)
    later = SetParameters({"trunk2": {"out_features": 48}}).apply(project)
    text = source.text.replace("self.relu1 = nn.ReLU()", "self.relu1 = nn.GELU()")
    trust.trust(text)
    after = taken_back(later, text, given, source).project
    assert after.graph.nodes["trunk2"].params["out_features"] == 48
    assert after.graph.nodes["relu1"].kind == "GELU"


def test_a_network_that_replaces_most_of_ours_is_laid_out_as_a_whole() -> None:
    project = template("digits").load()
    source, given = written(project)
    text = "import torch\nfrom torch import nn\n\n\nclass Deep(nn.Module):\n    def __init__(self):\n"
    text += "        super().__init__()\n        self.layers = nn.Sequential(\n            nn.Flatten(),\n"
    text += "".join(f"            nn.Linear({size}, 64), nn.GELU(),\n" for size in (64,) * 8)
    text += "            nn.Linear(64, 10))\n\n    def forward(self, image):\n        return self.layers(image)\n"
    trust.trust(text)
    after = taken_back(project, text, given, source).project
    (image,) = after.graph.of_kind(INPUT)
    assert image.position == project.graph.of_kind(INPUT)[0].position
    down = [after.graph.nodes[name].position[1] for name in execution_order(after.graph)]
    assert down == sorted(down)
    assert len({node.position for node in after.graph.nodes.values()}) == len(after.graph.nodes)
