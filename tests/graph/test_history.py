"""Two thousand random edits, inside groups too, undone to the start and redone to the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal

import pytest

from core.errors import EditError, UnknownKindError
from core.graph.content import problems_of, to_content
from core.graph.document import Document
from core.graph.edits import (
    DEFAULT,
    AddCode,
    AddDefinitions,
    AddNodes,
    BindData,
    Connect,
    Describe,
    DescribeGroup,
    Disconnect,
    Edit,
    GroupNodes,
    InsertOnLink,
    MoveNodes,
    PromotePort,
    RemoveCode,
    RemoveGroup,
    RemoveNodes,
    Rename,
    RenameCode,
    RenameGroup,
    SetCode,
    SetField,
    SetGroupParameters,
    SetGroupWeights,
    SetKind,
    SetLabel,
    SetMode,
    SetParameters,
    SetRepeat,
    SetSplit,
    SetTraining,
    SetVariables,
    SetWeights,
    ShareLayer,
    Together,
    Ungroup,
    Within,
)
from core.graph.files import project_from_text, project_to_text
from core.graph.jsontext import frozen
from core.graph.names import unique_name
from core.graph.order import downstream, upstream
from core.graph.project import (
    DataBinding,
    End,
    Field,
    Group,
    GroupParameter,
    Node,
    Project,
    PythonLayer,
    Split,
    TrainingSettings,
)
from core.layers import catalogue
from tests.graph.building import chain, graph

Maker = Callable[[random.Random, Project], Edit]


def _some(draw: random.Random, project: Project) -> str:
    return draw.choice(sorted(project.graph.nodes))


def _place(draw: random.Random) -> tuple[float, float]:
    return (draw.randrange(9999) / 10, draw.randrange(9999) / 10)


def _fresh(draw: random.Random, project: Project) -> Node:
    own = [f"group:{_a_group(draw, project)}", "group:NotThere", "python:Mine"]
    kind = draw.choice([draw.choice(list(catalogue.entries)), draw.choice(own), "NotInstalled"])
    name = unique_name(kind.lower().replace(":", "_"), project.graph.nodes)
    return Node(name, kind, {"p": draw.randrange(9)}, "", _place(draw), extra={"later": (1, 2)})


def _a_group(draw: random.Random, project: Project) -> str:
    return draw.choice(sorted(project.groups) or ["None"])


def _class(draw: random.Random) -> str:
    return draw.choice(["Block", "Stage", "Head", "Mine", "Yours", "block", "Net"])


def _parameters(draw: random.Random) -> tuple[GroupParameter, ...]:
    return tuple(GroupParameter(name, draw.randrange(9)) for name in draw.choice(["", "a", "ab", "abc"]))


def _within(draw: random.Random, project: Project) -> Edit:
    """An edit of the inside of a group, most often one that there is."""
    name = _a_group(draw, project)
    if name not in project.groups or not project.groups[name].graph.nodes:
        return Within(name, AddNodes((Node("x", "Input"), Node("relu1", "ReLU"))))
    return Within(name, draw.choice(_MAKERS)(draw, project.inside(name)))


def _definitions(draw: random.Random, project: Project) -> Edit:
    groups = (Group("Block", graph("a1:Input b1:group:Stage")), Group("Stage", graph("a1:Input", "")))
    node = Node(unique_name("added", project.graph.nodes), "group:Block")
    return AddDefinitions(groups, (PythonLayer("Mine", draw.choice("xy")),), (node,))


def _group(draw: random.Random, project: Project) -> Edit:
    names = frozenset(_some(draw, project) for _ in range(draw.randrange(1, 5)))
    names |= downstream(project.graph, names) & upstream(project.graph, names)
    return GroupNodes(names, f"Part{draw.randrange(99)}", unique_name("part", project.graph.nodes))


def _used(draw: random.Random, project: Project) -> str:
    return draw.choice([node.name for node in project.graph.nodes.values() if node.group] or ["none"])


def _share(draw: random.Random, project: Project) -> Edit:
    node = _some(draw, project)
    same = [each.name for each in project.graph.of_kind(project.graph.nodes[node].kind)]
    return ShareLayer(node, draw.choice([*same, ""]))


def _promote(draw: random.Random, project: Project) -> Edit:
    side: Literal["input", "output"] = draw.choice(["input", "output"])
    return PromotePort(End(_some(draw, project), side), side)


def _link(draw: random.Random, project: Project) -> Edit:
    source, target = _some(draw, project), _some(draw, project)
    port = draw.choice(["input", "inputs.0", "inputs.1", "inputs.2"])
    return Connect(End(source, "output"), End(target, port))


def _linked(draw: random.Random, project: Project) -> End:
    return draw.choice(sorted(project.graph.links, key=str) or [End("nothing1", "input")])


def _set_parameter(draw: random.Random, project: Project) -> Edit:
    name, key = _some(draw, project), draw.choice("pqr")
    value = draw.choice([1, 2.5, "2*width", (3, 3), None, True, DEFAULT])
    return SetParameters({name: {key: value}}, merge_key=draw.choice(["", f"{name}.{key}"]))


_FIELDS = (Field("a", "number"), Field("b", "category", "target", categories=("x", "y")))
_MAKERS: tuple[Maker, ...] = (
    lambda draw, project: AddNodes((_fresh(draw, project),)),
    lambda draw, project: AddNodes((_fresh(draw, project),)),
    lambda draw, project: RemoveNodes(frozenset({_some(draw, project)}), draw.random() < 0.5),
    lambda draw, project: MoveNodes({_some(draw, project): _place(draw), _some(draw, project): _place(draw)}),
    _link,
    _link,
    _link,
    lambda draw, project: Disconnect(frozenset({_linked(draw, project)})),
    lambda draw, project: InsertOnLink(_fresh(draw, project), _linked(draw, project)),
    _set_parameter,
    _set_parameter,
    lambda draw, project: Rename(_some(draw, project), f"name{draw.randrange(99)}"),
    lambda draw, project: SetLabel(_some(draw, project), draw.choice(["", "größer", "x\ny"]), draw.choice(["", "l"])),
    lambda draw, project: SetKind(_some(draw, project), draw.choice(list(catalogue.entries)), frozenset("p")),
    lambda draw, project: BindData(DataBinding("csv", {"path": f"{draw.randrange(9)}.csv"}, _FIELDS)),
    lambda draw, project: SetField(draw.choice([Field("a", "category"), Field("c", "number")])),
    lambda draw, project: SetSplit(Split(seed=draw.randrange(9)), merge_key="split"),
    lambda draw, project: SetTraining(TrainingSettings(epochs=draw.randrange(1, 9)), merge_key="training"),
    lambda draw, project: SetVariables({draw.choice(["width", "depth", "to"]): draw.randrange(9)}),
    lambda draw, project: Describe(draw.choice("ab"), draw.choice("cd")),
    lambda draw, project: Together((_set_parameter(draw, project), _link(draw, project)), "Both"),
    _definitions,
    _group,
    _share,
    _share,
    _promote,
    lambda draw, project: Ungroup(_used(draw, project)),
    lambda draw, project: Ungroup(_used(draw, project)),
    lambda draw, project: SetMode(frozenset({_some(draw, project)}), draw.choice(["", "mute", "bypass"])),
    lambda draw, project: SetRepeat(_used(draw, project), draw.choice([1, 2, 3, "depth"]), draw.random() < 0.5),
    lambda draw, project: RenameGroup(_a_group(draw, project), _class(draw)),
    lambda draw, project: RemoveGroup(_a_group(draw, project)),
    lambda draw, project: SetGroupParameters(_a_group(draw, project), _parameters(draw), {"a": "b"}),
    lambda draw, project: DescribeGroup(_a_group(draw, project), draw.choice("xy")),
    lambda draw, project: SetGroupWeights(_a_group(draw, project), draw.choice(["", "a.safetensors"])),
    lambda draw, project: SetWeights(draw.choice(["", "a.safetensors"])),
    lambda draw, project: AddCode(_class(draw), "pass"),
    lambda draw, project: SetCode(_class(draw), draw.choice("xyz"), merge_key="code"),
    lambda draw, project: RenameCode(_class(draw), _class(draw)),
    lambda draw, project: RemoveCode(_class(draw)),
    *[_within] * 12,
)


def _play(document: Document, draw: random.Random, edits: int) -> int:
    """Apply random edits, some in macros, some merging, with undo and redo in between; return how many fitted."""
    fitted = 0
    for _ in range(edits):
        if draw.random() < 0.05:
            draw.choice([document.undo, document.redo, document.end_merge])()
        try:
            if draw.random() < 0.1:
                with document.macro("Several"):
                    for _ in range(3):
                        document.apply(draw.choice(_MAKERS)(draw, document.project))
            else:
                document.apply(draw.choice(_MAKERS)(draw, document.project))
            fitted += 1
            assert fitted % 5 or problems_of(frozen(to_content(document.project))) == []
        except (EditError, UnknownKindError):
            continue
    return fitted


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_random_edits_can_be_undone_and_redone_without_a_trace(seed: int) -> None:
    draw = random.Random(seed)
    start = Project(chain().name, graph=chain().graph, extra={"data": {"fields": {"a": {"new": 1}}}})
    document = Document(start)
    first_text = project_to_text(start)
    followed = [start]
    document.changed.connect(lambda change: followed.append(change.apply(followed.pop())))

    assert _play(document, draw, 1_000) > 400
    end, last_text = document.project, project_to_text(document.project)
    assert len(end.graph.nodes) > 20
    assert len(end.groups) > 3
    assert followed == [end]

    while document.undo_label is not None:
        document.undo()
    assert document.project == start == followed[0]
    assert project_to_text(document.project) == first_text

    while document.redo_label is not None:
        document.redo()
    assert document.project == end == followed[0]
    assert project_to_text(document.project) == last_text
    assert project_from_text(last_text, "text") == end
