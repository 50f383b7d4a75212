"""Fields with a role of their own: weights, groups, parts and times; and what cannot have which role."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data import arrange, dataset
from core.data.dataset import load
from core.data.meaning import ROLES, meanings_for, with_meaning, with_role
from core.data.source import Column
from core.errors import Cancelled, DataError
from core.graph.project import Field, Graph, Node, Project, Split
from core.progress import watching
from tests.data.building import bound, field, with_field
from tests.data.made import Shelf, made, objects, sample

ROWS = 40
X = Column(np.arange(ROWS) + 0.5, "number")
Y = Column(objects(list("ab" * (ROWS // 2))), "category", ("a", "b"), role="target")


def test_weights_come_with_the_samples_that_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.arange(ROWS, dtype=np.float64)
    weights[7] = np.nan
    binding = made(monkeypatch, {"x": X, "y": Y, "w": Column(weights, "number", role="weight")})
    prepared = load(bound(binding))
    part = prepared.training
    assert part.weights is not None
    assert part.weights.dtype == torch.float32
    np.testing.assert_array_equal(part.weights.numpy(), part.rows)
    assert prepared.notes[0] == "1 of 40 rows left out: the weight 'w' is missing in 1."
    assert load(bound(made(monkeypatch, {"x": X, "y": Y}))).training.weights is None


@pytest.mark.parametrize(
    ("weight", "words"), [(-1.0, r"'w' is -1 in row 1: a weight is 0 or more"), (0.0, "0 in every row")]
)
def test_impossible_weights_are_refused(monkeypatch: pytest.MonkeyPatch, weight: float, words: str) -> None:
    column = Column(np.full(ROWS, weight), "number", role="weight")
    with pytest.raises(DataError, match=words):
        load(bound(made(monkeypatch, {"x": X, "y": Y, "w": column})))


def test_roles_are_refused_where_a_meaning_cannot_have_them() -> None:
    with pytest.raises(DataError, match=r"'c' is category and cannot have the role weight: only number can"):
        with_role(Field("c", "category"), "weight")
    with pytest.raises(DataError, match="only date, identifier or number can"):
        with_role(Field("c", "text"), "time")
    assert with_role(Field("c", "identifier", "ignore"), "group").role == "group"
    assert "target" not in ROLES["date"]


def test_two_fields_with_a_role_for_one_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {name: Column(np.ones(ROWS), "number", role="weight") for name in ("v", "w")}
    with pytest.raises(DataError, match="'v' and 'w' have the role weight: only one field can"):
        load(bound(made(monkeypatch, {"x": X, "y": Y, **both})))


@pytest.mark.parametrize(("role", "method"), [("split", "column"), ("group", "group"), ("time", "time")])
def test_a_source_that_suggests_a_role_is_split_by_it(monkeypatch: pytest.MonkeyPatch, role: str, method: str) -> None:
    words = objects(["train", "test", "val", "train"] * (ROWS // 4))
    columns = {
        "split": Column(words, "category", ("test", "train", "val"), role="split"),
        "group": Column(objects([f"g{row // 4}" for row in range(ROWS)]), "identifier", role="group"),
        "time": Column(objects([f"2024-01-{1 + row // 2:02d}" for row in range(ROWS)]), "date", role="time"),
    }
    binding = made(monkeypatch, {"x": X, "y": Y, "r": columns[role]})
    assert binding.split.method == method
    prepared = load(bound(binding))
    if role == "split":
        assert prepared.counts == {"training": 20, "validation": 10, "test": 10}
    elif role == "group":
        assert not set(prepared.training.rows // 4) & set(prepared.validation.rows // 4)
    else:
        assert prepared.validation.rows.tolist() == list(range(32, 40))


def test_rows_without_a_group_are_groups_of_their_own_and_those_without_a_part_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = objects([None if row < 2 else f"g{row // 8}" for row in range(ROWS)])
    binding = made(monkeypatch, {"x": X, "y": Y, "g": Column(groups, "identifier", role="group")})
    assert "2 rows without 'g' are groups of their own." in load(bound(binding)).notes
    parts = objects([None if row == 3 else ("train", "val")[row % 2] for row in range(ROWS)])
    binding = made(monkeypatch, {"x": X, "y": Y, "p": Column(parts, "category", ("train", "val"), role="split")})
    prepared = load(bound(binding))
    assert prepared.dropped == 1
    assert prepared.notes[0] == "1 of 40 rows left out: the part 'p' is missing in 1."


def test_class_counts_are_known_for_each_part_and_an_absent_class_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    times = Column(np.arange(ROWS, dtype=np.float64), "number", role="time")
    late = replace(Y, values=objects(["a"] * 30 + ["b"] * 10))
    prepared = load(bound(made(monkeypatch, {"x": X, "y": late, "t": times})))
    assert prepared.class_counts == {
        "output1": {"training": (30, 2), "validation": (0, 8), "test": (0, 0)},
    }
    assert prepared.notes == ("The validation part has no sample of 'y' 'a'.",)
    assert prepared.training.classes is not None
    assert prepared.training.classes.tolist() == [0] * 30 + [1] * 2


def test_columns_read_row_by_row_are_learnt_from_a_few_rows_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).random((ROWS, 1, 4, 4)).astype(np.float32)
    shelf = Shelf(images)
    binding = made(monkeypatch, {"x": Column(shelf, "image", sample=(1, 4, 4)), "y": Y})
    monkeypatch.setattr(arrange, "MOST_FITTED", 10)
    monkeypatch.setattr(dataset, "HELD_BYTES", 100)
    binding = with_field(binding, "x", encoding="standardise")
    prepared = load(bound(binding))
    assert "What 'x' needs was learnt from 10 of its 32 training rows." in prepared.notes
    assert prepared.training.streamed
    assert shelf.taken <= 20
    again = load(bound(binding))
    assert again.preprocessing == prepared.preprocessing
    inputs, targets = prepared.validation.read(np.array([2]))
    assert inputs["input1"].shape == (1, 1, 4, 4)
    assert targets["output1"].tolist() == [int(prepared.validation.rows[2]) % 2]


def test_preparing_can_be_watched_and_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    project = bound(made(monkeypatch, {"x": X, "y": Y}))
    seen = []

    def told(done: int, total: int, what: str) -> bool:
        seen.append((done, total, what))
        return False

    with watching(told), pytest.raises(Cancelled):
        load(project)
    assert seen == [(0, 32, "Preparing the training part")]


def test_what_enters_at_an_input_can_be_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = made(monkeypatch, {"x": X, "z": replace(X, values=np.asarray(X.values) * 2), "y": Y})
    prepared = load(bound(binding, {"input1": ["x", "z"]}, {"output1": "input:input1"}))
    assert prepared.training.targets["output1"] is prepared.training.inputs["input1"]
    assert prepared.classes == {"output1": ()}
    assert prepared.target_scale("output1") == (0.0, 1.0)
    alone = load(bound(binding, {"input1": ["x"]}, {"output1": "input:input1"}))
    assert alone.target_scale("output1") == alone.preprocessing.fields["x"].linear


def test_the_next_token_can_be_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Column(objects(["one two three", "two one"] * (ROWS // 2)), "text")
    prepared = load(bound(made(monkeypatch, {"t": texts}), {"input1": ["t"]}, {"output1": "next:t"}))
    part = prepared.training
    tokens, following = part.inputs["input1"], part.targets["output1"]
    long = int((tokens != 0).sum(1).argmax())
    assert following[long].tolist() == [*tokens[long, 1:].tolist(), -100]
    short = int((tokens != 0).sum(1).argmin())
    assert following[short].tolist() == [int(tokens[short, 1]), -100, -100]
    assert prepared.classes["output1"][:2] == ("<pad>", "<unknown>")


def test_cells_can_be_taken_for_any_meaning_that_they_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = Column(objects(["1,2", "2", "1", None] * 10), "text")
    binding = made(monkeypatch, {"c": cells, "y": Y})
    taken = with_meaning(field(binding, "c"), "labels", cells)
    assert (taken.categories, taken.encoding) == (("1", "2"), "multi-hot")
    assert with_meaning(taken, "text", cells).encoding == "word"
    with pytest.raises(DataError, match=r"cannot mean date: none of its 40 cells is one such as '1,2'"):
        with_meaning(taken, "date", cells)
    array = Column(np.zeros((4, 3, 8, 8), dtype=np.float32), "array")
    image = with_meaning(Field("a", "array", shape=(3, 8, 8)), "image", array)
    assert (image.meaning, image.encoding) == ("image", "none")
    assert meanings_for(image) == ("array", "image")
    with pytest.raises(DataError, match=r"holds arrays: it cannot mean number\. It can mean array, image"):
        with_meaning(image, "number", array)


def test_images_of_different_sizes_and_sounds_start_with_options_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = made(monkeypatch, {"i": sample("image", ROWS, 0), "a": sample("audio", ROWS, 0), "y": Y})
    assert field(binding, "i").options == {"height": 8, "width": 8}
    assert field(binding, "a").options == {"rate": 8000}
    assert load(bound(binding, {"input1": ["i"]})).training.inputs["input1"].shape == (32, 3, 8, 8)


def test_an_option_or_encoding_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = made(monkeypatch, {"x": X, "y": Y})
    with pytest.raises(DataError, match=r"has no option 'logs'\. Did you mean 'log'"):
        load(bound(with_field(binding, "x", options={"logs": "log1p"})))
    with pytest.raises(DataError, match="the encoding 'one-hot', which number does not have: standardise"):
        load(bound(with_field(binding, "x", encoding="one-hot")))


def test_a_million_rows_are_prepared_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 1_000_000
    random = np.random.default_rng(0)
    columns = {f"x{number}": Column(random.random(rows), "number") for number in range(8)}
    words = np.array(["a", "b", "c", "d"], dtype=object)[random.integers(0, 4, rows)]
    binding = made(monkeypatch, {**columns, "w": Column(words, "category", ("a", "b", "c", "d"), role="target")})
    project = bound(replace(binding, split=Split("stratified", 0.2, 0.1)))
    tracemalloc.start()
    prepared = load(project)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert prepared.counts == {"training": 700_000, "validation": 200_000, "test": 100_000}
    assert most < 4 * rows * 8 * 8
    monkeypatch.setattr(dataset, "HELD_BYTES", 2**20)
    streamed = load(project).training
    few = np.array([699_999, 0, 5])
    assert torch.equal(streamed.read(few)[0]["input1"], prepared.training.inputs["input1"][few])


def test_a_project_with_an_unknown_target_says_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = made(monkeypatch, {"x": X, "y": Y})
    nodes = {"input1": Node("input1", "Input", {"fields": ("x",)})}
    for target, words in (
        ("input:input2", "there is no such Input. Did you mean 'input:input1'"),
        ("next:x", "there is no text 'x'"),
        ("z", "there is no such data field"),
    ):
        graph = Graph({**nodes, "output1": Node("output1", "Output", {"target": target})})
        with pytest.raises(DataError, match=words.replace("?", ".")):
            load(Project(data=binding, graph=graph))
