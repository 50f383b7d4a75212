"""Loading a project's data: tensors that fit the Input nodes, and every mismatch named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.bind import bind
from core.data.dataset import load
from core.data.meaning import with_meaning, with_role
from core.data.reading import read
from core.errors import DataError
from core.graph.binding import input_signature
from core.graph.project import INPUT, DataBinding, Graph, Node, Project, Split
from tests.data.building import PENGUINS, bind_text, bound, exchange, field, with_field, write


@pytest.fixture
def penguins() -> DataBinding:
    return bind("csv", {"path": str(PENGUINS)})


def assert_signatures_hold(project: Project) -> None:
    prepared = load(project)
    for node in project.graph.of_kind(INPUT):
        signature = input_signature(project, node)
        tensor = prepared.training.inputs[node.name]
        assert not signature.problem
        assert tuple(tensor.shape[1:]) == signature.shape
        assert str(tensor.dtype) == f"torch.{signature.dtype}"


def test_digits_become_image_and_class_tensors() -> None:
    prepared = load(bound(bind("digits", {})))
    assert prepared.training.inputs["input1"].shape == (1438, 1, 8, 8)
    assert prepared.training.inputs["input1"].dtype == torch.float32
    assert prepared.training.targets["output1"].shape == (1438,)
    assert prepared.training.targets["output1"].dtype == torch.int64
    assert prepared.counts == {"training": 1438, "validation": 359, "test": 0}
    assert prepared.classes == {"output1": tuple("0123456789")}
    assert len(prepared.data_hash) == 64


def test_penguins_load_with_their_gaps_filled(penguins: DataBinding) -> None:
    prepared = load(bound(penguins))
    # island 3, four measurements, sex 2, year
    assert prepared.training.inputs["input1"].shape == (34, 10)
    assert prepared.training.inputs["input1"].isfinite().all()
    assert prepared.dropped == 0
    assert prepared.notes == ()


def test_tensors_have_the_signature_that_the_graph_expects(penguins: DataBinding) -> None:
    assert_signatures_hold(bound(penguins))
    assert_signatures_hold(bound(penguins, {"a": ["year"], "b": ["island", "body_mass_g"], "c": ["sex"]}))
    by_index = with_field(with_field(penguins, "island", encoding="index"), "sex", encoding="index")
    assert_signatures_hold(bound(by_index, {"a": ["island", "sex"], "b": ["year"]}))
    assert_signatures_hold(bound(bind("digits", {})))
    assert_signatures_hold(bound(bind("breast_cancer", {})))


def test_fields_stand_in_the_order_in_which_an_input_names_them(penguins: DataBinding) -> None:
    forth = load(bound(penguins, {"input1": ["year", "island"]})).training.inputs["input1"]
    back = load(bound(penguins, {"input1": ["island", "year"]})).training.inputs["input1"]
    assert torch.equal(forth[:, :1], back[:, 3:])
    assert torch.equal(forth[:, 1:], back[:, :3])


def test_rows_keep_inputs_and_targets_together(penguins: DataBinding) -> None:
    raw = read("csv", {"path": str(PENGUINS)})
    prepared = load(bound(penguins, {"input1": ["island"]}))
    for part in (prepared.training, prepared.validation):
        species = np.array(prepared.classes["output1"], dtype=object)[part.targets["output1"].numpy()]
        assert species.tolist() == raw.columns["species"].values[part.rows].tolist()
        islands = np.array(["Biscoe", "Dream", "Torgersen"], dtype=object)[part.inputs["input1"].argmax(1).numpy()]
        assert islands.tolist() == raw.columns["island"].values[part.rows].tolist()


def test_a_number_target_is_standardised_and_can_be_brought_back() -> None:
    prepared = load(bound(bind("diabetes", {})))
    target = prepared.training.targets["output1"]
    assert target.shape == (354, 1)
    assert target.dtype == torch.float32
    assert target.mean().item() == pytest.approx(0, abs=1e-5)
    assert target.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    mean, deviation = prepared.target_scale("output1")
    original = read("diabetes", {}).columns["progression"].values[prepared.training.rows]
    np.testing.assert_allclose(target[:, 0].numpy() * deviation + mean, original, rtol=1e-5)
    assert load(bound(bind("iris", {}))).target_scale("output1") == (0.0, 1.0)


def test_several_outputs_each_have_their_target(penguins: DataBinding) -> None:
    both = exchange(penguins, with_role(field(penguins, "sex"), "target"))
    prepared = load(bound(both, {"input1": ["year"]}, {"sex1": "sex", "species1": "species"}))
    assert prepared.classes == {"sex1": ("female", "male"), "species1": ("Adelie", "Chinstrap", "Gentoo")}
    assert prepared.dropped == 4
    assert prepared.notes[0].startswith("4 of 42 rows left out: the target 'sex' is missing in 4")


def test_rows_without_a_target_and_rows_that_shall_be_dropped_are_left_out(tmp_path: Path) -> None:
    rows = [f"{'' if n % 10 == 0 else n / 2},{'' if n % 15 == 7 else 'ab'[n % 2]}" for n in range(60)]
    binding = with_field(bind_text(tmp_path, "\n".join(["x,class", *rows])), "x", missing="drop row")
    prepared = load(bound(binding))
    assert prepared.dropped == 10
    assert prepared.notes == ("10 of 60 rows left out: 'x' is missing in 6, the target 'class' is missing in 4.",)
    rows_used = np.concatenate([prepared.training.rows, prepared.validation.rows])
    assert not {0, 10, 7, 22} & set(rows_used.tolist())


def test_the_split_is_stratified_seeded_and_has_a_test_part(penguins: DataBinding) -> None:
    split = replace(penguins, split=Split("stratified", 0.2, 0.2, 5))
    first, again = load(bound(split)), load(bound(split))
    assert first.counts == {"training": 26, "validation": 8, "test": 8}
    np.testing.assert_array_equal(first.test.rows, again.test.rows)
    assert torch.bincount(first.validation.targets["output1"], minlength=3).min() >= 1


def test_stratifying_by_a_number_is_random_and_says_so() -> None:
    prepared = load(bound(replace(bind("diabetes", {}), split=Split("stratified"))))
    assert any("The split is random" in note for note in prepared.notes)


def test_another_value_changes_the_data_hash(tmp_path: Path) -> None:
    text = "x,class\n" + "".join(f"{n}.5,{'ab'[n % 2]}\n" for n in range(20))
    binding = bind_text(tmp_path, text)
    first = load(bound(binding)).data_hash
    write(tmp_path, text.replace("3.5", "3.25"))
    assert load(bound(binding)).data_hash != first


def test_all_that_is_not_bound_is_reported_at_once(penguins: DataBinding) -> None:
    project = bound(penguins, {"a": [], "b": ["yaer"], "c": ["year"]}, {"o": "", "p": "specie"})
    with pytest.raises(DataError) as caught:
        load(project)
    assert len(caught.value.problems) == 4
    text = str(caught.value)
    assert "The Input 'a' takes no data field" in text
    assert "Did you mean 'year'" in text
    assert "The Output 'o' has no target" in text
    assert "Did you mean 'species'" in text


def test_a_project_without_data_inputs_or_outputs_is_refused(penguins: DataBinding) -> None:
    with pytest.raises(DataError, match="No data is bound"):
        load(Project())
    with pytest.raises(DataError, match=r"There is no Input[^$]*There is no Output"):
        load(Project(data=penguins, graph=Graph({"relu1": Node("relu1", "ReLU")})))


def test_columns_that_changed_in_the_file_are_all_reported(tmp_path: Path) -> None:
    text = "length,width,class\n" + "".join(f"{n}.5,{n * 2}.5,{'ab'[n % 2]}\n" for n in range(20))
    binding = bind_text(tmp_path, text)
    write(tmp_path, text.replace("length,", "lengths,").replace("b\n", "c\n"))
    with pytest.raises(DataError) as caught:
        load(bound(binding))
    assert caught.value.problems[0] == "There is no column 'length' any more. Did you mean 'lengths'?"
    assert "The target 'class' has values that are not among its classes: 'c'" in caught.value.problems[1]


def test_new_values_of_an_input_category_are_noted(tmp_path: Path) -> None:
    text = "colour,class\n" + "".join(f"{('red', 'blue')[n % 2]},{'ab'[n // 2 % 2]}\n" for n in range(20))
    binding = bind_text(tmp_path, text)
    write(tmp_path, text.replace("blue,a", "green,a"))
    prepared = load(bound(binding))
    assert prepared.notes == ("'colour' has values that are not among its categories: 'green'.",)
    assert prepared.training.inputs["input1"].sum(1).min() == 0


def test_texts_and_identifiers_cannot_be_inputs(tmp_path: Path) -> None:
    text = "code,x,class\n" + "".join(f"A{n}B,{n}.5,{'ab'[n % 2]}\n" for n in range(20))
    with pytest.raises(DataError, match="'code' holds identifiers"):
        load(bound(bind_text(tmp_path, text), {"input1": ["code", "x"]}))


def test_when_every_row_is_dropped_the_reason_is_told(tmp_path: Path) -> None:
    binding = bind_text(tmp_path, "\n".join(["x,z,class", *(f"{n}.5,{n}.25,{'ab'[n % 2]}" for n in range(20))]))
    binding = with_field(with_field(binding, "x", missing="drop row"), "z", missing="drop row")
    write(tmp_path, "\n".join(["x,z,class", *(f"{n}.5,,a\n,{n}.5,b" for n in range(20))]))
    with pytest.raises(DataError, match="None of the 40 rows can be used"):
        load(bound(binding))


def test_an_image_can_be_its_own_target() -> None:
    binding = bind("digits", {})
    prepared = load(bound(binding, {"input1": ["image"]}, {"output1": "image"}))
    assert torch.equal(prepared.training.inputs["input1"], prepared.training.targets["output1"])


def test_a_number_column_can_be_taken_as_category(penguins: DataBinding) -> None:
    column = read("csv", {"path": str(PENGUINS)}).columns["year"]
    changed = exchange(penguins, with_meaning(field(penguins, "year"), "category", column))
    prepared = load(bound(changed, {"input1": ["year"]}))
    assert prepared.training.inputs["input1"].shape[1] == 3
    assert (prepared.training.inputs["input1"].sum(1) == 1).all()


def test_a_relative_path_starts_from_the_projects_folder(tmp_path: Path) -> None:
    write(tmp_path, PENGUINS.read_text(), "p.csv")
    binding = bind("csv", {"path": "p.csv"}, tmp_path)
    assert binding.options == {"path": "p.csv"}
    assert load(bound(binding), tmp_path).rows == 42
