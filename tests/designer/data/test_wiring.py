"""Data and the network's ends stay in step: one Input and one Output follow the binding and its fields."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.data.bind import bind
from core.data.meaning import with_role
from core.data.wiring import automatic_fields, bind_edit
from core.graph.document import Document
from core.graph.edits import AddNodes, SetParameters
from core.graph.project import DataBinding, Graph, Node, Project
from designer.data.wiring import fields_edit, filled, wired

from .conftest import classifier


def params(document: Document, node: str, name: str) -> object:
    return document.project.graph.nodes[node].params.get(name)


def test_binding_fills_a_single_input_and_output_in_the_same_undo_step() -> None:
    document = Document(classifier())
    document.apply(bind_edit(document.project, bind("iris", {}), "Use Iris flowers"))
    fields = params(document, "features", "fields")
    assert isinstance(fields, tuple)
    assert len(fields) == 4
    assert params(document, "answer", "target") == "species"
    document.undo()
    assert document.project == classifier()


def test_images_come_before_columns() -> None:
    assert automatic_fields(bind("digits", {}).fields) == ("image",)


def test_other_data_replaces_what_is_gone() -> None:
    document = Document(classifier(bind("iris", {})))
    document.apply(bind_edit(document.project, bind("diabetes", {}), "Use Diabetes"))
    assert params(document, "answer", "target") == "progression"
    assert "body mass index" in str(params(document, "features", "fields"))


def test_two_inputs_are_left_to_the_user() -> None:
    nodes = {name: Node(name, "Input") for name in ("left", "right")}
    document = Document(Project(graph=Graph(nodes)))
    document.apply(bind_edit(document.project, bind("wine", {}), "Use Wine"))
    assert params(document, "left", "fields") is None


def test_a_column_that_is_ignored_leaves_the_input() -> None:
    document = Document(classifier(bind("iris", {})))
    first = document.project.data.fields[0]
    document.apply(fields_edit(document.project, [with_role(first, "ignore")]))
    assert first.name not in str(params(document, "features", "fields"))
    document.apply(fields_edit(document.project, [with_role(document.project.data.fields[0], "input")]))
    assert params(document, "features", "fields") == automatic_fields(document.project.data.fields)


def test_what_the_user_picked_stays_as_far_as_it_is_there() -> None:
    document = Document(classifier(bind("iris", {})))
    names = [field.name for field in document.project.data.fields]
    document.apply(SetParameters({"features": {"fields": (names[0], names[2])}}))
    document.apply(fields_edit(document.project, [with_role(document.project.data.fields[2], "ignore")]))
    assert params(document, "features", "fields") == (names[0],)
    document.apply(fields_edit(document.project, [with_role(document.project.data.fields[1], "ignore")]))
    assert params(document, "features", "fields") == (names[0],)


def test_a_new_target_takes_the_place_of_the_old_one() -> None:
    document = Document(classifier(bind("iris", {})))
    first = document.project.data.fields[0]
    document.apply(fields_edit(document.project, [with_role(first, "target")]))
    assert params(document, "answer", "target") == first.name
    roles = {field.name: field.role for field in document.project.data.fields}
    assert roles["species"] == "ignore"
    assert first.name not in str(params(document, "features", "fields"))


def test_removing_data_leaves_the_network_alone() -> None:
    document = Document(classifier(bind("iris", {})))
    graph = document.project.graph
    document.apply(bind_edit(document.project, DataBinding(), "Remove data"))
    assert document.project.graph == graph
    assert replace(document.project, data=bind("iris", {})) == classifier(bind("iris", {}))


def test_ends_that_are_added_after_the_data_take_it_in_the_same_undo_step() -> None:
    document = Document(Project(data=bind("iris", {})))
    nodes = (Node("features", "Input"), Node("fc", "Linear"), Node("answer", "Output"))
    document.apply(wired(document.project, AddNodes(nodes)))
    assert params(document, "features", "fields") == automatic_fields(document.project.data.fields)
    assert params(document, "answer", "target") == "species"
    assert filled(Project(data=bind("iris", {})), nodes[2]).params == {"target": "species"}
    document.undo()
    assert not document.project.graph.nodes


def test_a_second_input_and_one_with_a_shape_of_its_own_are_left_alone() -> None:
    document = Document(classifier(bind("iris", {})))
    more = AddNodes((Node("more", "Input"),))
    assert wired(document.project, more) is more
    shaped = AddNodes((Node("features", "Input", {"shape": (4,)}),))
    assert wired(Project(data=bind("iris", {})), shaped) is shaped


def test_a_text_that_is_taken_does_not_give_way_to_a_column(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    words = "the film was good and the cast was better than the story"
    rows = [f"{words} {at} times {at * 7},{('bad', 'good')[at % 2]}" for at in range(20)]
    file.write_text("\n".join(["review,feeling", *rows]))
    document = Document(Project(graph=Graph({"text": Node("text", "Input")})))
    document.apply(bind_edit(document.project, bind("csv", {"path": str(file)}), "Use CSV"))
    assert params(document, "text", "fields") == ("review",)
    feeling = document.project.data.field("feeling")
    assert feeling is not None
    document.apply(fields_edit(document.project, [with_role(feeling, "input")]))
    assert params(document, "text", "fields") == ("review",)
