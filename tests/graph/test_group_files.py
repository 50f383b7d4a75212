"""Project files with groups, Python layers, and nodes that repeat, share or are switched off."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import ProjectError
from core.graph.files import project_from_text, project_to_text
from core.graph.project import Graph, Group, Node, Project, PythonLayer
from tests.graph.building import block, chain


def _text(**parts: Any) -> str:
    return json.dumps({"format": 2, **parts})


def _nodes(*nodes: dict[str, Any]) -> str:
    return _text(graph={"nodes": [{"name": "a", "kind": "A", **node} for node in nodes]})


def _group(**parts: Any) -> str:
    return _text(groups=[{"name": "A", **parts}])


def test_a_group_has_a_line_per_node_and_a_python_layer_one_per_line_and_both_stand_in_natural_order() -> None:
    groups = {name: Group(name) for name in ("Outer10", "Outer9")}
    code = {"Mine": PythonLayer("Mine", "class Mine(nn.Module):\n    größe = 1\n")}
    text = project_to_text(Project(groups={**groups, "Block": block()}, code=code))
    lines = [line.strip() for line in text.splitlines()]
    assert (
        '{"name": "linear1", "kind": "Linear", "params": {"out_features": "2*width"}, "position": [0.0, 0.0]},' in lines
    )
    assert '"    größe = 1",' in lines
    content = json.loads(text)
    assert [each["name"] for each in content["groups"]] == ["Block", "Outer9", "Outer10"]


def test_what_a_node_leaves_at_its_default_is_not_written() -> None:
    text = project_to_text(Project(graph=Graph({"a1": Node("a1", "ReLU"), "b1": Node("b1", "ReLU", tied=True)})))
    nodes = json.loads(text)["graph"]["nodes"]
    assert [sorted(node) for node in nodes] == [
        ["kind", "name", "params", "position"],
        ["kind", "name", "params", "position", "tied"],
    ]


def test_a_file_of_the_first_format_is_read() -> None:
    content = json.loads(project_to_text(chain()))
    del content["groups"], content["code"]
    assert project_from_text(json.dumps({**content, "format": 1}), "text") == chain()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            _nodes({"repeat": 2.5}),
            "repeat (a): must be a whole number or an",
        ),
        (_nodes({"tied": 1}), "tied (a): must be true or false, not 1."),
        (
            _nodes({"mode": "off"}),
            "mode (a): must be '', 'bypass' or 'mute'",
        ),
        (
            _nodes({"shares": "b"}),
            "graph.nodes[0].shares: 'a' cannot share",
        ),
        (
            _nodes({}, {"name": "b", "kind": "B", "shares": "a"}),
            "graph.nodes[1].shares: 'b' cannot share the layer of 'a': the one is of kind B, the other of kind A.",
        ),
        (_text(groups={}), "groups: must be a list"),
        (_text(groups=[{"name": "block"}]), "groups[0].name: 'block' cannot be the name of a group or Python layer"),
        (_text(groups=[{"name": "Net"}]), "groups[0].name: 'Net' cannot be the name"),
        (_text(groups=[{"name": "A"}, {"name": "A"}]), "groups[1].name: There is already a group or Python layer"),
        (_text(groups=[{"name": "A"}], code=[{"name": "A"}]), "code[0].name: There is already a group or Python layer"),
        (
            _group(nodes=[{"name": "b", "kind": 3}]),
            "groups[0].nodes[0].kind (b): must be a text",
        ),
        (
            _group(nodes=[{"name": "1", "kind": "B"}]),
            "groups[0].nodes[0].name: '1' cannot be",
        ),
        (
            _group(links=[{"from": "a.o", "to": "b.i"}]),
            "groups[0].links[0].from: there is no node 'a'.",
        ),
        (
            _group(parameters=[{"name": "b"}, {"name": "b"}]),
            "groups[0].parameters[1].name: There is already a parameter named 'b'.",
        ),
        (
            _group(parameters=[{"name": "b", "default": "c"}]),
            'groups[0].parameters[0].default: must be a number, not "c".',
        ),
        (
            _group(nodes=[{"name": "a", "kind": "group:A"}]),
            "groups: The group A cannot stand inside itself.",
        ),
        (
            _text(
                groups=[
                    {"name": "A", "nodes": [{"name": "a", "kind": "group:B"}]},
                    {"name": "B", "nodes": [{"name": "a", "kind": "group:A"}]},
                ]
            ),
            "would use",
        ),
        (_text(code=[{"name": "Mine", "source": "pass"}]), 'code[0].source: must be a list, not "pass".'),
    ],
)
def test_what_is_wrong_is_said_in_plain_words_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ProjectError) as caught:
        project_from_text(text, "some.layerwright")
    assert said in "\n".join(caught.value.problems)


def test_everything_that_is_wrong_in_groups_is_said_at_once() -> None:
    nodes = [{"name": "a", "kind": "A", "shares": "b"}, {"name": "class", "kind": "A"}]
    groups = [{"name": "One", "nodes": nodes}, {"name": "one", "links": [{"from": "x.y", "to": "y"}]}]
    with pytest.raises(ProjectError) as caught:
        project_from_text(_text(groups=groups, code=[{"name": "One"}]), "some.layerwright")
    assert len(caught.value.problems) == 6


def test_definitions_that_are_not_there_are_kept_as_they_are() -> None:
    nodes = {
        "a1": Node("a1", "group:Gone", {"width": 3}, repeat="depth"),
        "b1": Node("b1", "python:Gone", extra={"later": 1}),
        "c1": Node("c1", "group:Gone", shares="a1"),
    }
    project = Project(graph=Graph(nodes), groups={"Here": Group("Here", Graph(nodes))})
    assert project_from_text(project_to_text(project), "text") == project


def test_names_of_thousands_of_digits_are_refused_and_such_slots_kept() -> None:
    digits = "9" * 5000
    with pytest.raises(ProjectError) as caught:
        project_from_text(_text(groups=[{"name": f"A{digits}"}]), "f")
    assert "100 are allowed" in caught.value.problems[0]
    nodes = [{"name": "a", "kind": "ReLU"}, {"name": "b", "kind": "Add"}]
    text = _text(graph={"nodes": nodes, "links": [{"from": "a.output", "to": f"b.inputs.{digits}"}]})
    assert f"b.inputs.{digits}" in project_to_text(project_from_text(text, "f"))
