"""Project files: what is written comes back, what is unknown is kept, and what is wrong is said all at once."""

from __future__ import annotations

import dataclasses
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ProjectError, SaveError
from core.graph import project as elements
from core.graph.content import FORMAT
from core.graph.files import (
    LARGEST,
    MIGRATIONS,
    json_schema,
    load_project,
    migrate,
    project_from_text,
    project_to_text,
    save_project,
)
from core.graph.project import (
    DataBinding,
    Dimension,
    End,
    Field,
    Graph,
    Group,
    Node,
    Project,
    PythonLayer,
    Search,
    Split,
    TrainingSettings,
)
from core.layers import catalogue
from tests.graph.building import block, chain, end, graph


def _full() -> Project:
    nodes = {
        "in1": Node("in1", "Input", {"fields": ("a", "größe")}, "Eingang\n„1“", (12.5, -3.0)),
        "conv1": Node("conv1", "Conv2d", {"kernel_size": (3, "width"), "bias": False, "padding": "same"}),
        "far1": Node("far1", "FromElsewhere", {"deep": {"list": (1, (2.5, None))}}, extra={"added later": (True,)}),
        "block1": Node("block1", "group:Block", {"width": "2*width"}, repeat="width", tied=True, mode="mute"),
        "block2": Node("block2", "group:Block", shares="block1", mode="bypass"),
        "none1": Node("none1", "group:NotThere", repeat=3),
    }
    return Project(
        name="Größe \u2028 🙂",
        notes="two\nlines",
        variables={"width": 3, "rate": 0.1},
        data=DataBinding(
            "csv",
            {"path": "a.csv"},
            (Field("a", "number", encoding="standardise"), Field("größe", "category", "target", (), ("x", "y"))),
            Split("random", 0.25, 0.1, 7),
        ),
        graph=Graph(nodes, {end("conv1.input"): end("in1.output"), end("far1.x.1"): end("conv1.output")}),
        training=TrainingSettings("AdamW", 0.01, {"betas": (0.9, 0.99)}, 16, 5, "cpu", 3),
        groups={
            "Block": replace(block(), help="zwei\nSchichten", weights="a.safetensors", extra={"later": (1,)}),
            "Outer10": Group("Outer10", graph("b1:group:Block p1:python:Mine")),
            "Outer9": Group("Outer9"),
        },
        code={
            "Mine": PythonLayer("Mine", "class Mine(nn.Module):\r\n    größe = 1\n\n", {"later": 1}),
            "No": PythonLayer("No"),
        },
        extra={"from": "the future"},
    )


def _text(**parts: Any) -> str:
    return json.dumps({"format": 1, **parts})


def _problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ProjectError) as caught:
        project_from_text(text, "some.layerwright")
    assert "some.layerwright" in caught.value.message
    return caught.value.problems or (caught.value.message,)


# ---- the way there and back


def test_a_project_comes_back_equal_and_its_text_the_same() -> None:
    text = project_to_text(_full())
    back = project_from_text(text, "text")
    assert back == _full()
    assert project_to_text(back) == text


def test_a_file_comes_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "größe.layerwright"
    save_project(_full(), path)
    assert load_project(path) == _full()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_every_kind_of_the_catalogue_comes_back(tmp_path: Path) -> None:
    nodes = {f"n{number}": Node(f"n{number}", kind.id, kind.sample_parameters) for number, kind in enumerate(catalogue)}
    project = Project(graph=Graph(nodes))
    assert project_from_text(project_to_text(project), "text") == project


def test_the_text_has_one_node_and_one_link_a_line_in_execution_order() -> None:
    lines = [line.strip() for line in project_to_text(chain()).splitlines()]
    start = lines.index('"nodes": [')
    assert [json.loads(line.rstrip(","))["name"] for line in lines[start + 1 : start + 5]] == [
        "image1",
        "linear1",
        "relu1",
        "output1",
    ]
    assert '{"from": "linear1.output", "to": "relu1.input"},' in lines
    assert list(json.loads(project_to_text(chain()))) == [
        *("format", "application", "name", "notes", "variables", "data", "graph", "groups", "code", "training")
    ]


def test_equal_projects_give_equal_text_whatever_their_history() -> None:
    one = _full()
    nodes = {name: dataclasses.replace(node) for name, node in reversed(list(one.graph.nodes.items()))}
    nodes["conv1"] = Node("conv1", "Conv2d", dict(reversed(list(nodes["conv1"].params.items()))))
    links = dict(reversed(list(one.graph.links.items())))
    other = dataclasses.replace(one, graph=Graph(nodes, links), variables={"rate": 0.1, "width": 3})
    assert other == one
    assert project_to_text(other) == project_to_text(one)


def test_positions_are_rounded_and_whole_numbers_where_a_fraction_belongs_stay_stable() -> None:
    project = Project(
        graph=Graph({"a1": Node("a1", "ReLU", position=(0.04, -0.01))}),
        data=DataBinding(split=Split(validation=0)),
        training=TrainingSettings(learning_rate=1),
    )
    text = project_to_text(project)
    assert '"position": [0.0, 0.0]' in text
    assert project_to_text(project_from_text(text, "text")) == text


def test_an_almost_empty_file_is_an_empty_project() -> None:
    assert project_from_text('{"format": 1}', "text") == Project()


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.layerwright"
    path.write_bytes(b"\xef\xbb\xbf" + project_to_text(_full()).replace("\n", "\r\n").encode())
    assert load_project(path) == _full()


def test_what_this_version_does_not_know_is_kept_wherever_it_stands() -> None:
    content = json.loads(project_to_text(_full()))
    content["new"] = content["graph"]["new"] = content["data"]["new"] = content["training"]["new"] = [1, {"a": []}]
    content["data"]["split"]["new"] = content["data"]["fields"][1]["new"] = content["graph"]["links"][0]["new"] = {}
    content["graph"]["nodes"][2]["new"] = {"deep": [[1.5]]}
    group = content["groups"][0]
    group["new"] = group["nodes"][0]["new"] = group["links"][0]["new"] = group["parameters"][0]["new"] = [{"a": 1}]
    content["code"][0]["new"] = {"a": []}
    content["links"], content["fields"] = [], {}
    back = json.loads(project_to_text(project_from_text(json.dumps(content), "text")))
    assert back == content


def test_what_is_unknown_about_a_link_goes_with_the_link() -> None:
    content = json.loads(project_to_text(chain()))
    content["graph"]["links"][0]["new"] = 1
    project = project_from_text(json.dumps(content), "text")
    unlinked = dataclasses.replace(project, graph=Graph(project.graph.nodes, {}))
    assert json.loads(project_to_text(unlinked))["graph"]["links"] == []


def test_loops_and_ports_that_a_kind_lacks_can_be_loaded_and_saved_back() -> None:
    loop = Project(graph=graph("a1:ReLU b1:ReLU", "a1.output>b1.input b1.output>a1.nonsense"))
    text = project_to_text(loop)
    assert project_from_text(text, "text") == loop
    assert project_to_text(project_from_text(text, "text")) == text


# ---- what is wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ('{"format": 1, "graph": {"nodes": [', "ends too early"),
        ('{"format": 1, "name": "abc', "ends too early or a quote is missing"),
        ('{"format": 1,}', "This is not JSON"),
        ('{"format": 1} {}', "Extra data, line 1, column 15"),
        ("{'format': 1}", "This is not JSON"),
        ("[1]", "it holds a list where an object should be"),
        ("null", "it holds null"),
        ("3", "it holds a number"),
        ('{\n<<<<<<< ours\n"format": 1', "Line 2 begins a merge conflict"),
        ("[" * 100_000, "nested deeper than 64 levels"),
        ('{"format": 1, "x": ' + "[" * 70 + "]" * 70 + "}", "nested deeper than 64 levels"),
        ('{"format": ' + "[" * 70 + "]" * 70 + "}", "nested deeper than 64 levels"),
        ('{"format": 1, "x": ' + "9" * 5_000 + "}", "too many digits"),
        ("{}", "format: is missing. Is this a project file?"),
        ('{"format": "1"}', 'format: must be a whole number from 1 on, not "1"'),
        ('{"format": true}', "not true"),
        ('{"format": 0}', "not 0"),
        ('{"format": 5}', "newer version of Layerwright (file format 5; this version reads up to 4)"),
        ('{"format": 1, "name": "a", "name": "b"}', "name: is given more than once"),
        ('{"format": 1, "variables": {"a": NaN}}', "variables.a: is nan, which is no finite number"),
        ('{"format": 1, "x": [1, -Infinity]}', "x[1]: is -inf"),
        ('{"format": 1, "training": {"learning_rate": 1e999}}', "training.learning_rate: is inf"),
        (r'{"format": 1, "notes": "\ud800"}', "notes: holds half a character"),
        (r'{"format": 1, "x": {"\udfff": 1}}', "which is no text"),
        (_text(name=3), "name: must be a text, not 3."),
        (_text(variables=[]), "variables: must be an object, not []."),
        (_text(variables={"a": "1"}), 'variables.a: must be a number, not "1".'),
        (_text(variables={"a": True}), "variables.a: must be a number, not true."),
        (_text(variables={"lambda": 1}), "variables.lambda: 'lambda' cannot be a name"),
        (_text(graph=[]), "graph: must be an object"),
        (_text(graph={"nodes": {}}), "graph.nodes: must be a list"),
        (_text(graph={"nodes": [3]}), "graph.nodes[0]: must be an object, not 3"),
        (_text(graph={"nodes": [{"name": "a"}]}), "graph.nodes[0].kind (a): is missing."),
        (_text(graph={"nodes": [{"name": "a", "kind": "ReLU", "params": []}]}), "params (a): must be an object"),
        (_text(graph={"nodes": [{"name": "a", "kind": "ReLU", "position": [1]}]}), "position (a): has too few items"),
        (_text(graph={"nodes": [{"name": "a", "kind": "ReLU", "position": [1, 2, 3]}]}), "has 3 items, 2 are expected"),
        (_text(graph={"nodes": [{"name": "a", "kind": "ReLU", "position": [1, 10**400]}]}), "must be a number"),
        (_text(graph={"nodes": [{"name": "a b", "kind": "ReLU"}]}), "graph.nodes[0].name: 'a b' cannot be a name"),
        (_text(graph={"nodes": [{"name": "a" * 5_000, "kind": "ReLU"}]}), "it has 5000 characters"),
        (_text(graph={"nodes": [{"name": "a", "kind": "ReLU"}] * 2}), "nodes[1].name: There is already a node"),
        (_text(graph={"links": [{"from": "a.output"}]}), "graph.links[0].to: is missing"),
        (_text(graph={"links": [{"from": "a", "to": ".x"}]}), "must name a node and its port, such as 'conv1.output'"),
        (_text(graph={"links": [{"from": "a.o", "to": "b.i"}]}), "graph.links[0].from: there is no node 'a'."),
        (_text(data={"fields": [{"name": "a", "meaning": "numbr"}]}), "data.fields[0].meaning (a): must be 'number'"),
        (_text(data={"fields": [{"name": "a", "meaning": "numbr"}]}), "Did you mean 'number'?"),
        (
            _text(data={"fields": [{"name": "a", "meaning": "image", "shape": [8, 8.5]}]}),
            "shape[1] (a): must be a whole",
        ),
        (_text(training={"epochs": 2.5}), "training.epochs: must be a whole number, not 2.5."),
        (_text(training={"epochs": True}), "training.epochs: must be a whole number, not true."),
        (_text(training={"device": "gpu"}), "training.device: must be 'auto', 'cpu', 'cuda', 'mps' or 'xpu'"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words_with_its_place(text: str, said: str) -> None:
    assert said in "\n".join(_problems(text))


def test_two_links_into_one_input_are_refused() -> None:
    content = json.loads(project_to_text(chain()))
    content["graph"]["links"].append({"from": "image1.output", "to": "relu1.input"})
    assert _problems(json.dumps(content)) == (
        "graph.links[3].to: 'relu1.input' is fed by links[1] already; an input takes one link.",
    )


def test_all_problems_are_reported_at_once_and_each_once() -> None:
    problems = _problems(
        '{"format": 1, "name": 3, "notes": "a", "notes": "b", "variables": {"a": null},'
        ' "graph": {"nodes": [{"name": 3, "kind": 4}]}, "training": {"seed": NaN}}'
    )
    assert len(problems) == 7
    assert len(set(problems)) == 7


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (r'{"format": 1, "a\ud800": 1}', 1),
        (r'{"format": 1, "graph": {"nodes": [{"name": "\udc00"}, {"name": "a\nb"}]}}', 3),
        (r'{"format": 1, "training": {"device": "\udc00"}}', 1),
        (r'{"format": 1, "variables": {"\udc00": 1}}', 2),
    ],
)
def test_messages_about_text_that_is_none_can_be_printed(text: str, number: int) -> None:
    problems = _problems(text)
    "\n".join(problems).encode()
    assert len(problems) == number


def test_names_and_links_are_reported_together() -> None:
    nodes = [{"name": "class", "kind": "ReLU"}, {"name": "relu1", "kind": "ReLU"}]
    problems = _problems(_text(graph={"nodes": nodes, "links": [{"from": "rellu1.output", "to": "relu1.input"}]}))
    assert len(problems) == 2
    assert "Did you mean 'relu1'?" in problems[1]


def test_a_flood_of_problems_is_cut_short() -> None:
    problems = _problems(_text(graph={"nodes": [3] * 1_000}))
    assert len(problems) == 51
    assert problems[-1] == "… and 950 more."


def test_no_file_a_folder_bytes_and_size_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="There is no file"):
        load_project(tmp_path / "none.layerwright")
    with pytest.raises(ProjectError, match="is not a file but a folder"):
        load_project(tmp_path)
    with pytest.raises(ProjectError, match="cannot be read"):
        load_project(tmp_path / "a\0b")
    path = tmp_path / "bad.layerwright"
    path.write_bytes(b'{"format": 1, "name": "\xff"}')
    with pytest.raises(ProjectError, match=r"not UTF-8 text \(byte 23\)"):
        load_project(path)
    path.write_bytes('{"format": 1}'.encode("utf-16"))
    with pytest.raises(ProjectError, match="not UTF-8 text"):
        load_project(path)
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(ProjectError, match="larger than 64 MiB"):
        load_project(path)


def test_any_truncation_of_a_file_is_a_project_error() -> None:
    text = project_to_text(_full()).rstrip()
    for length in range(len(text)):
        with pytest.raises(ProjectError):
            project_from_text(text[:length], "text")


def test_a_damaged_file_is_a_project_or_a_project_error_and_never_anything_else() -> None:
    draw = random.Random(0)
    text = project_to_text(_full())
    pieces = ['"', "{", "}", "[", "]", ",", ":", "null", "-1", "1e999", "\\", "\\ud800", "NaN", "true", "é", "\0"]
    refused = 0
    for _ in range(500):
        start = draw.randrange(len(text))
        damaged = text[:start] + draw.choice(pieces) + text[start + draw.randrange(12) :]
        try:
            project_to_text(project_from_text(damaged, "text"))
        except ProjectError:
            refused += 1
    assert refused > 300


# ---- what cannot be written


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"x": float("nan")}, "graph.nodes[0].params.x: is nan"),
        ({"x": (1, float("inf"))}, "graph.nodes[0].params.x[1]: is inf"),
        ({"x": "\ud800"}, "holds half a character"),
        ({"x": Path("a")}, "which a project file cannot hold"),
        ({3: 1}, "which is no text"),
        ({"x": 10**5_000}, "cannot be written"),
    ],
)
def test_a_value_that_a_file_cannot_hold_is_refused_before_the_old_file_is_touched(
    params: dict[Any, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.layerwright"
    save_project(chain(), path)
    with pytest.raises(SaveError) as caught:
        save_project(Project(graph=Graph({"a1": Node("a1", "ReLU", params)})), path)
    assert said in str(caught.value)
    assert load_project(path) == chain()


def test_values_nested_too_deeply_are_refused() -> None:
    value: Any = ()
    for _ in range(100):
        value = (value,)
    with pytest.raises(SaveError, match="nested deeper"):
        project_to_text(Project(extra={"x": value}))


# ---- formats


def test_there_is_a_migration_from_every_older_format() -> None:
    assert set(MIGRATIONS) == set(range(1, FORMAT))


def test_migrations_run_one_after_another_up_to_the_newest() -> None:
    steps = {
        1: lambda content: {**content, "name": content["title"]},
        2: lambda content: {**content, "name": content["name"].upper()},
    }
    assert migrate({"format": 1, "title": "a"}, steps, 3) == {"format": 3, "title": "a", "name": "A"}
    assert migrate({"format": 2, "name": "a"}, steps, 3) == {"format": 3, "name": "A"}
    assert migrate({"format": 3, "name": "a"}, steps, 3) == {"format": 3, "name": "a"}


def test_the_switch_for_tensorboard_became_a_logger() -> None:
    def read(training: str) -> Project:
        return project_from_text(f'{{"format": 3, "training": {{{training}}}}}', "text")

    assert read('"tensorboard": true, "epochs": 3').training == TrainingSettings(epochs=3, loggers=("tensorboard",))
    assert read('"tensorboard": false').training == TrainingSettings()


def test_weights_and_what_a_sweep_tries_are_kept() -> None:
    places = (Dimension("variable/width", 8, 64, 8), Dimension("node/act1/kind", choices=("ReLU", "GELU")))
    project = Project(weights="net.safetensors", search=Search(places, trials=7, sampler="random"))
    assert project_from_text(project_to_text(project), "text") == project
    assert "search" not in project_to_text(Project())
    newer = project_to_text(project).replace('"trials": 7', '"trials": 7, "budget": 3')
    assert '"budget": 3' in project_to_text(project_from_text(newer, "text"))


def test_the_schema_names_every_key_that_is_written() -> None:
    schema = json_schema()
    assert schema["properties"]["format"]["const"] == FORMAT
    marked = Project(bookmarks={"1": elements.Bookmark()}, weights="a.safetensors", search=elements.Search(trials=3))
    assert set(json.loads(project_to_text(marked))) == set(schema["properties"])
    definitions = schema["$defs"]
    for kind, name in (
        (elements.Field, "FieldModel"),
        (elements.Split, "SplitModel"),
        (elements.TrainingSettings, "TrainingModel"),
        (elements.GroupParameter, "GroupParameterModel"),
        (elements.Frame, "FrameModel"),
        (elements.Note, "NoteModel"),
        (elements.Bookmark, "BookmarkModel"),
    ):
        assert {each.name for each in dataclasses.fields(kind)} == set(definitions[name]["properties"])
    assert set(definitions["LinkModel"]["properties"]) == {"from", "to", "route"}
    kept = {each.name for each in dataclasses.fields(elements.Node)} - {"extra"}
    assert kept == set(definitions["NodeModel"]["properties"])
    content = json.loads(project_to_text(_full()))
    drawn = {"frames", "annotations"}  # written where there are any
    assert set(content["groups"][1]) | drawn == set(definitions["GroupModel"]["properties"])
    assert set(content["code"][1]) == set(definitions["PythonLayerModel"]["properties"])
    json.dumps(schema)


def test_the_defaults_of_the_schema_are_those_of_a_project() -> None:
    assert project_from_text(_text(data={}, graph={}, training={}, notes=""), "text") == Project()
    assert project_from_text(_text(data={"fields": [{"name": "a", "meaning": "flag"}]}), "text").data.fields == (
        Field("a", "flag"),
    )


def test_an_end_reads_back_whatever_its_port() -> None:
    assert project_from_text(
        _text(graph={"nodes": [{"name": "a", "kind": "X"}], "links": [{"from": "a.b.c", "to": "a.d.0"}]}), "text"
    ).graph.links == {End("a", "d.0"): End("a", "b.c")}
