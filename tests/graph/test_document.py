"""The document: undo, redo, merging, macros, the signals, and what counts as modified."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import EditError
from core.graph.change import Change
from core.graph.document import Document
from core.graph.edits import AddNodes, Describe, MoveNodes, RemoveNodes, Rename, SetLabel, SetParameters
from core.graph.project import Node, Project
from tests.graph.building import chain


def _width(value: int) -> SetParameters:
    return SetParameters({"linear1": {"out_features": value}}, merge_key="linear1.out_features")


def test_undo_restores_the_links_of_a_deleted_node() -> None:
    document = Document(chain())
    document.apply(RemoveNodes(frozenset({"relu1"})))
    document.undo()
    assert document.project == chain()
    document.redo()
    assert "relu1" not in document.project.graph.nodes


def test_labels_name_what_undo_and_redo_would_do() -> None:
    document = Document(chain())
    assert (document.undo_label, document.redo_label) == (None, None)
    document.apply(Rename("relu1", "act1"))
    assert document.undo_label == "Rename relu1"
    document.undo()
    assert (document.undo_label, document.redo_label) == (None, "Rename relu1")


def test_undo_and_redo_with_no_history_do_nothing() -> None:
    document = Document(chain())
    document.undo()
    document.redo()
    assert document.project == chain()


def test_an_edit_that_changes_nothing_is_no_step() -> None:
    document = Document(chain())
    assert not document.apply(_width(8))
    assert document.undo_label is None


def test_a_refused_edit_leaves_project_and_history_alone() -> None:
    document = Document(chain())
    with pytest.raises(EditError):
        document.apply(Rename("relu1", "linear1"))
    assert document.project == chain()
    assert document.undo_label is None


def test_a_new_edit_forgets_what_was_undone() -> None:
    document = Document(chain())
    document.apply(Rename("relu1", "act1"))
    document.undo()
    document.apply(Describe("new", ""))
    assert document.redo_label is None


def test_edits_with_the_same_key_are_one_step() -> None:
    document = Document(chain())
    for value in (9, 10, 11):
        document.apply(_width(value))
    document.undo()
    assert document.project == chain()
    document.redo()
    assert document.project.graph.nodes["linear1"].params["out_features"] == 11


def test_merged_edits_that_return_to_the_start_leave_no_step() -> None:
    document = Document(chain())
    document.apply(_width(9))
    document.apply(_width(8))
    assert document.undo_label is None


@pytest.mark.parametrize("interruption", ["end_merge", "other edit", "undo of another"])
def test_after_an_interruption_the_same_key_starts_a_step_of_its_own(interruption: str) -> None:
    document = Document(chain())
    document.apply(_width(9))
    if interruption == "end_merge":
        document.end_merge()
    else:
        document.apply(Describe("between", ""))
    if interruption == "undo of another":
        document.undo()
    document.apply(_width(10))
    document.undo()
    assert document.project.graph.nodes["linear1"].params["out_features"] == 9


def test_a_macro_is_one_step_and_so_is_a_macro_inside_it() -> None:
    document = Document(chain())
    with document.macro("Tidy up"):
        document.apply(MoveNodes({"relu1": (1.0, 1.0)}))
        with document.macro("Inner"):
            document.apply(SetLabel("relu1", "x"))
            document.apply(RemoveNodes(frozenset({"linear1"})))
    assert document.undo_label == "Tidy up"
    document.undo()
    assert document.project == chain()
    assert document.undo_label is None


def test_a_macro_that_raises_takes_all_of_it_back_and_tells_listeners() -> None:
    document = Document(chain())
    followed = [document.project]
    document.changed.connect(lambda change: followed.append(change.apply(followed[-1])))

    def fail() -> None:
        with document.macro("Fails"):
            document.apply(SetLabel("relu1", "x"))
            document.apply(Rename("relu1", "linear1"))

    with pytest.raises(EditError):
        fail()
    assert document.project == chain() == followed[-1]
    assert document.undo_label is None


def test_a_macro_that_does_nothing_is_no_step() -> None:
    document = Document(chain())
    with document.macro("Nothing"):
        pass
    assert document.undo_label is None


def test_listeners_can_follow_the_project_by_its_changes() -> None:
    document = Document(chain())
    followed: list[Project] = [document.project]

    def follow(change: Change) -> None:
        followed.append(change.apply(followed[-1]))
        assert followed[-1] == document.project

    document.changed.connect(follow)
    document.apply(AddNodes((Node("relu2", "ReLU"),)))
    document.apply(Rename("relu2", "act2"))
    document.undo()
    document.undo()
    document.redo()
    assert len(followed) == 6


def test_modified_means_different_from_what_was_saved() -> None:
    document = Document(chain())
    assert not document.is_modified
    document.apply(Describe("new", ""))
    assert document.is_modified
    document.mark_saved(Path("new.layerwright"))
    assert not document.is_modified
    assert document.path == Path("new.layerwright")
    document.undo()
    assert document.is_modified
    document.redo()
    assert not document.is_modified


def test_a_project_from_a_template_is_modified_until_it_is_saved() -> None:
    document = Document(chain())
    document.mark_unsaved()
    assert document.is_modified


def test_saving_ends_a_merge() -> None:
    document = Document(chain())
    document.apply(_width(9))
    document.mark_saved(Path("a.layerwright"))
    document.apply(_width(10))
    document.undo()
    assert not document.is_modified
