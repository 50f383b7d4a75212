"""Two thousand random edits, undone to the start and redone to the end."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from core.errors import EditError, UnknownKindError
from core.graph.document import Document
from core.graph.edits import (
    DEFAULT,
    AddNodes,
    BindData,
    Connect,
    Describe,
    Disconnect,
    Edit,
    InsertOnLink,
    MoveNodes,
    RemoveNodes,
    Rename,
    SetField,
    SetKind,
    SetLabel,
    SetParameters,
    SetSplit,
    SetTraining,
    SetVariables,
    Together,
)
from core.graph.files import project_from_text, project_to_text
from core.graph.names import unique_name
from core.graph.project import DataBinding, End, Field, Node, Project, Split, TrainingSettings
from core.layers import catalogue
from tests.graph.building import chain

Maker = Callable[[random.Random, Project], Edit]


def _some(draw: random.Random, project: Project) -> str:
    return draw.choice(sorted(project.graph.nodes))


def _place(draw: random.Random) -> tuple[float, float]:
    return (draw.randrange(9999) / 10, draw.randrange(9999) / 10)


def _fresh(draw: random.Random, project: Project) -> Node:
    kind = draw.choice([*catalogue.entries, "NotInstalled"])
    name = unique_name(kind.lower(), project.graph.nodes)
    return Node(name, kind, {"p": draw.randrange(9)}, "", _place(draw), {"later": (1, 2)})


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
