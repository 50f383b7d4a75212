"""Weights of other programs in a network that is there: read safely, matched, started from, kept through changes."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.data.relocate import relocated
from core.errors import ImportFailed, ModelError
from core.graph.document import Document
from core.graph.edits import GroupNodes, Rename, SetWeights, Ungroup, Within
from core.graph.files import project_from_text, project_to_text
from core.graph.groups import with_weights_beside, without_weights
from core.graph.project import Project
from core.model.build import build
from core.model.shapes import check
from core.model.tensors import shapes_in, tensor_shapes
from core.training.check import check_project
from core.training.pretrained.adoption import SLOWER, Adoption, free_beside, plan_adoption
from core.training.pretrained.matching import match
from tests.model.building import chain, given, layer
from tests.model.grouping import group, out, port, project, use

State = dict[str, Tensor]


def network(classes: int = 3, seed: int = 0) -> Project:
    """Return a network of two layers and a normalisation."""
    made = chain(
        given(4),
        layer("first", "Linear", out_features=6),
        layer("norm", "BatchNorm1d"),
        layer("last", "Linear", out_features=classes),
        out(),
    )
    return replace(made, training=replace(made.training, seed=seed))


def state_of(project: Project) -> State:
    return dict(build(project).module.state_dict())


def other_state() -> State:
    """Return weights that the network does not start with by itself."""
    return state_of(network(seed=7))


def stored(tmp_path: Path, content: Any, name: str = "w.pt") -> Path:
    path = tmp_path / name
    torch.save(content, path)
    return path


def same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# --- what is read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": {f"module.{name}": each for name, each in state.items()}},
        lambda state: {f"_orig_mod.module.{name}": each for name, each in state.items()},
    ],
)
def test_state_dicts_are_read_however_they_are_wrapped(tmp_path: Path, wrap: Any) -> None:
    found = plan_adoption(network(), stored(tmp_path, wrap(other_state())))
    assert found.count("") == len(found.rows)
    assert same(dict(found.tensors), other_state())


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(other_state(), tmp_path / "w.safetensors")
    assert same(dict(plan_adoption(network(), tmp_path / "w.safetensors").tensors), other_state())


class _Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_would_run_a_command_runs_nothing(tmp_path: Path, *, zipped: bool) -> None:
    path, mark = tmp_path / "w.pt", tmp_path / "mark"
    if zipped:
        torch.save({"weight": _Hostile(mark)}, path)
    else:
        path.write_bytes(pickle.dumps(_Hostile(mark)))
    with pytest.raises(ImportFailed, match="would run 'posix.system'" if zipped else "damaged"):
        plan_adoption(network(), path)
    assert not mark.exists()


def test_a_whole_network_in_a_pickle_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"would run.*Linear.*torch\.save\(model\.state_dict\(\), path\)"):
        plan_adoption(network(), stored(tmp_path, torch.nn.Linear(4, 6)))


def test_a_tensor_that_claims_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="larger than what is in it"):
        plan_adoption(network(), stored(tmp_path, {"first.weight": torch.zeros(1).expand(10**9)}))


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors", "w.bin"])
@pytest.mark.parametrize("content", [b"", b"junk" * 50, b'\x08\0\0\0\0\0\0\0{"a":1}  '])
def test_damaged_files_are_refused_in_plain_words(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportFailed, match=r"damaged|no file of weights"):
        plan_adoption(network(), tmp_path / name)


def test_files_of_other_kinds_and_none_at_all_are_named(tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("weights")
    with pytest.raises(ImportFailed, match="no file of weights"):
        plan_adoption(network(), tmp_path / "w.txt")
    with pytest.raises(ImportFailed, match="There is no file"):
        plan_adoption(network(), tmp_path / "gone.pt")


def test_a_list_of_tensors_is_no_state_dict(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="no state dict"):
        plan_adoption(network(), stored(tmp_path, [torch.zeros(3)]))


# --- what is matched --------------------------------------------------------------------------------------------------


def ways(adoption: Adoption) -> set[str | None]:
    return {each.way for each in adoption.rows}


def test_names_with_something_in_front_are_found(tmp_path: Path) -> None:
    state = {f"net.backbone.{name}": each for name, each in other_state().items()}
    found = plan_adoption(network(), stored(tmp_path, state))
    assert same(dict(found.tensors), other_state())
    assert ways(found) == {"place"}


def test_a_part_of_a_larger_network_is_found_and_the_rest_told(tmp_path: Path) -> None:
    state = {f"encoder.{name}": each for name, each in other_state().items()}
    found = plan_adoption(network(), stored(tmp_path, state | {"decoder.weight": torch.zeros(2, 2)}))
    assert found.count("") == len(other_state())
    assert [(each.stored, each.problem) for each in found.rows if each.problem] == [("decoder.weight", "unused")]


def test_other_names_in_the_same_order_are_found(tmp_path: Path) -> None:
    layers: dict[str, str] = {}
    state = {}
    for name, each in other_state().items():
        owner, _, tensor = name.rpartition(".")
        state[f"{layers.setdefault(owner, f'{len(layers)}')}.{tensor}"] = each
    found = plan_adoption(network(), stored(tmp_path, state))
    assert same(dict(found.tensors), other_state())
    assert ways(found) == {"order"}


def test_where_the_order_is_lost_only_the_one_layer_of_its_shapes_is_found(tmp_path: Path) -> None:
    sizes = {"a": 4, "b": 4, "c": 2}
    made = chain(given(4), *(layer(name, "Linear", out_features=size) for name, size in sizes.items()), out())
    names = {"a": "z", "b": "y", "c": "x"}
    state = {f"{names[name[0]]}{name[1:]}": each for name, each in state_of(made).items()}
    save_file(state, tmp_path / "w.safetensors")
    found = plan_adoption(made, tmp_path / "w.safetensors")
    assert {(each.name, each.stored, each.way) for each in found.rows if each.way} == {
        ("c.weight", "x.weight", "shape"),
        ("c.bias", "x.bias", "shape"),
    }


def test_what_could_be_two_is_neither() -> None:
    shapes = shapes_in({"a.lin.weight": torch.zeros(2, 2)})
    twice = shapes_in({"b.lin.weight": torch.zeros(2, 2), "c.lin.weight": torch.zeros(2, 2)})
    assert match(shapes, twice, ordered=True) == {}


def test_shapes_that_differ_and_tensors_that_are_missing_are_told(tmp_path: Path) -> None:
    state = other_state()
    del state["first.bias"]
    found = plan_adoption(network(classes=5), stored(tmp_path, state | {"more.weight": torch.zeros(7)}))
    problems = {each.name or each.stored: each.problem for each in found.rows if each.problem}
    assert problems == {
        "first.bias": "missing",
        "last.weight": "shape",
        "last.bias": "shape",
        "more.weight": "unused",
    }
    assert found.text == "6 of 9 tensors loaded, 2 of another shape, 1 not in the file, 1 not used."


def test_a_file_of_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="Nothing in"):
        plan_adoption(network(), stored(tmp_path, {"x": torch.zeros(99)}))


# --- taking it over ---------------------------------------------------------------------------------------------------


def adopted(tmp_path: Path, project: Project, learning: Any = "all", name: str = "p.layerwright") -> Project:
    """Return a project that starts from the other weights, in a file beside it."""
    adoption = plan_adoption(project, stored(tmp_path, other_state()))
    path = free_beside(tmp_path / name)
    adoption.save(path)
    return adoption.edit(project, path.name, learning).apply(project)


def test_a_network_starts_from_its_file_and_undo_takes_that_back(tmp_path: Path) -> None:
    document = Document(network())
    adoption = plan_adoption(network(), stored(tmp_path, other_state()))
    adoption.save(tmp_path / "w.safetensors")
    document.apply(adoption.edit(document.project, "w.safetensors", "frozen"))
    assert document.undo_label == "Load weights from w.pt"
    assert same(state_of(with_weights_beside(document.project, tmp_path)), other_state())
    document.undo()
    assert document.project == network()


def test_what_was_loaded_can_be_frozen_or_learn_slowly(tmp_path: Path) -> None:
    frozen = adopted(tmp_path, network(classes=5), "frozen")
    assert {name: node.params.get("frozen") for name, node in frozen.graph.nodes.items()} == {
        "x": None,
        "first": True,
        "norm": True,
        "last": None,
        "y": None,
    }
    slow = adopted(tmp_path, network(), "slow")
    assert slow.graph.nodes["last"].params["learning_rate_factor"] == SLOWER
    learns = {name: each.requires_grad for name, each in build(without_weights(frozen)).module.named_parameters()}
    assert [name for name, each in learns.items() if each] == ["last.weight", "last.bias"]


def test_inside_a_group_that_was_loaded_in_part_its_loaded_layers_are_frozen(tmp_path: Path) -> None:
    block = group(
        "Block",
        (port(), layer("a", "Linear", out_features=4), layer("b", "Linear", out_features=4), out()),
        "x > a",
        "a > b",
        "b > y",
    )
    made = project((block,), (given(4), use("block", "Block"), out()), "x > block.x", "block.y > y")
    state = {name: each for name, each in state_of(made).items() if name.startswith("block.a")}
    adoption = plan_adoption(made, stored(tmp_path, state))
    after = adoption.edit(made, "w.safetensors", "frozen").apply(made)
    inside = after.groups["Block"].graph.nodes
    assert (inside["a"].params.get("frozen"), inside["b"].params.get("frozen")) == (True, None)
    assert "frozen" not in after.graph.nodes["block"].params


def test_weights_beside_never_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "p.safetensors").write_bytes(b"mine")
    assert free_beside(tmp_path / "p.layerwright").name == "p-2.safetensors"


# --- starting from a file ---------------------------------------------------------------------------------------------


def started(tmp_path: Path, project: Project, state: State) -> Project:
    save_file(state, tmp_path / "w.safetensors")
    return SetWeights(str(tmp_path / "w.safetensors")).apply(project)


def test_only_what_fits_is_loaded_and_the_check_names_the_rest_once(tmp_path: Path) -> None:
    made = started(tmp_path, network(classes=5), other_state() | {"more.weight": torch.zeros(7)})
    found = state_of(made)
    assert torch.equal(found["first.weight"], other_state()["first.weight"])
    assert torch.equal(found["last.weight"], state_of(network(classes=5))["last.weight"])
    (told,) = [each for each in check_project(made).problems if each.parameter == "weights"]
    assert told.severity == "info"
    assert told.node == "last"
    assert "7 of its 9 tensors" in told.message
    assert "'last'" in told.message
    assert "'more'" in told.message


def test_a_file_that_fits_wholly_is_not_worth_a_word(tmp_path: Path) -> None:
    made = started(tmp_path, network(), other_state())
    assert not [each for each in check_project(made).problems if each.parameter == "weights"]


def test_a_missing_or_useless_file_is_told_with_a_way_out_and_training_refuses(tmp_path: Path) -> None:
    gone = SetWeights("gone.safetensors").apply(network())
    (told,) = [each for each in check_project(gone, tmp_path).problems if each.parameter == "weights"]
    assert told.severity == "warning"
    assert "there is no such file" in told.message
    assert told.fixes[0].edit.apply(gone) == network()
    with pytest.raises(ModelError, match="there is no such file"):
        build(with_weights_beside(gone, tmp_path))
    (tmp_path / "gone.safetensors").write_bytes(b"no such thing")
    (told,) = [each for each in check_project(gone, tmp_path).problems if each.parameter == "weights"]
    assert "no .safetensors file" in told.message
    useless = started(tmp_path, network(), {"x": torch.zeros(99)})
    (told,) = [each for each in check_project(useless).problems if each.parameter == "weights"]
    assert told.severity == "warning"
    assert "Nothing in 'w.safetensors' fits" in told.message


def test_a_groups_own_file_outranks_that_of_the_project(tmp_path: Path) -> None:
    block = group("Block", (port(), layer("a", "Linear", out_features=4), out()), "x > a", "a > y")
    made = project((block,), (given(4), use("block", "Block"), out()), "x > block.x", "block.y > y")
    ones = {name: torch.ones_like(each) for name, each in state_of(made).items()}
    own = {name.removeprefix("block."): 2 * each for name, each in ones.items()}
    save_file(own, tmp_path / "own.safetensors")
    made = started(tmp_path, made, ones)
    assert torch.equal(state_of(made)["block.a.bias"], torch.ones(4))
    made = replace(made, groups={"Block": replace(block, weights=str(tmp_path / "own.safetensors"))})
    assert torch.equal(state_of(made)["block.a.bias"], 2 * torch.ones(4))


def test_renaming_grouping_and_ungrouping_keep_the_weights(tmp_path: Path) -> None:
    made = started(tmp_path, network(), other_state())
    wanted = list(state_of(made).values())
    steps = (
        Rename("first", "entry"),
        GroupNodes(frozenset({"entry", "norm"}), "Stem", "stem"),
        Within("Stem", Rename("norm", "scale")),
        Rename("stem", "trunk"),
    )
    for step in steps:
        made = step.apply(made)
        assert all(torch.equal(*pair) for pair in zip(state_of(made).values(), wanted, strict=True)), step.label
    assert project_from_text(project_to_text(made), "copy") == made
    made = Ungroup("trunk").apply(made)
    found = state_of(made)
    assert torch.equal(found["entry.weight"], other_state()["first.weight"])
    assert torch.equal(found["scale.running_var"], other_state()["norm.running_var"])
    made = Rename("scale", "norm").apply(Rename("entry", "first").apply(made))
    assert {node.weights for node in made.graph.nodes.values()} == {""}


def test_another_file_forgets_what_nodes_were_called_in_the_one_before(tmp_path: Path) -> None:
    made = Rename("first", "entry").apply(started(tmp_path, network(), other_state()))
    assert made.graph.nodes["entry"].weights == "first"
    assert SetWeights("b.safetensors").apply(made).graph.nodes["entry"].weights == ""


def test_a_repeated_group_finds_its_weights_after_its_layer_was_renamed(tmp_path: Path) -> None:
    block = group("Block", (port(), layer("a", "Linear", out_features=4), out()), "x > a", "a > y")
    made = project((block,), (given(4), use("blocks", "Block", repeat=2), out()), "x > blocks.x", "blocks.y > y")
    state = {name: torch.full_like(each, number) for number, (name, each) in enumerate(state_of(made).items())}
    made = Within("Block", Rename("a", "dense")).apply(started(tmp_path, made, state))
    found = state_of(made)
    assert torch.equal(found["blocks.1.dense.bias"], state["blocks.1.a.bias"])


def test_the_path_follows_the_project_to_another_folder(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    save_file(other_state(), tmp_path / "one" / "w.safetensors")
    made = SetWeights("w.safetensors").apply(network())
    moved = relocated(made, tmp_path / "one", tmp_path / "two")
    assert moved.weights == "../one/w.safetensors"
    assert same(state_of(with_weights_beside(moved, tmp_path / "two")), other_state())


def test_tensors_are_known_without_memory_for_them() -> None:
    huge = chain(given(4), layer("a", "Linear", out_features=10**10), layer("b", "Linear", out_features=2), out())
    shapes = tensor_shapes(huge, check(huge))
    assert shapes is not None
    assert shapes["a.weight"].sizes == (10**10, 4)
