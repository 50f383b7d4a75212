"""Every meaning in every encoding: shapes as announced, nothing learnt outside of training, the same after JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.data import dataset
from core.data.dataset import load
from core.data.preprocessing import Preprocessing
from core.data.source import Column
from core.graph.binding import input_signature
from core.graph.meanings import meanings
from core.graph.project import INPUT, Graph, Node, Project, Split
from tests.data.building import bound, with_field
from tests.data.made import Shelf, made, mixed, objects, sample

ROWS = 60
TARGET = Column(np.arange(ROWS) % 2 * 1.0, "number", role="target")
CASES: list[tuple[str, str, dict[str, Any]]] = [
    (kind.id, encoding, {}) for kind in meanings if kind.id != "identifier" for encoding in kind.encodings
]
CASES += [
    ("number", "standardise", {"log": "signed log", "clip_low": 5.0, "clip_high": 95.0, "indicator": True}),
    ("category", "one-hot", {"unknown": "own category", "rare": 5}),
    ("category", "index", {"unknown": "own category"}),
    ("text", "word", {"length": 4, "vocabulary": 6, "marks": True, "rare": 2}),
    ("sequence", "standardise", {"length": 3}),
    ("image", "standardise", {"height": 4, "width": 5, "channels": "1", "fit": "pad"}),
    ("image", "min-max", {"height": 4, "width": 4, "channels": "3", "fit": "crop"}),
    ("mask", "none", {"height": 3, "width": 4}),
    ("audio", "waveform", {"rate": 4000, "seconds": 0.01, "standardise": True}),
    ("audio", "mel spectrogram", {"rate": 8000, "n_fft": 32, "hop": 8, "mels": 5, "standardise": True}),
    ("audio", "mel spectrogram", {"rate": 8000, "seconds": 0.008, "n_fft": 32, "hop": 8, "mels": 5}),
]


def project_of(
    monkeypatch: pytest.MonkeyPatch, column: Column, encoding: str, options: dict[str, Any], *, lazy: bool = False
) -> Project:
    values = Shelf(np.asarray(column.values)) if lazy else column.values
    shape = column.shape
    column = replace(column, values=values, sample=shape)
    binding = made(monkeypatch, {"x": column, "y": TARGET})
    found = binding.field("x")
    assert found is not None
    binding = with_field(binding, "x", encoding=encoding, options={**found.options, **options})
    parts = {part: Node(part, INPUT, {"fields": (f"x.{part}",)}) for part in meanings[column.meaning].parts}
    project = bound(replace(binding, split=Split("random", 0.2, 0.2)), {"input1": ["x"]}, {"output1": "y"})
    return replace(project, graph=Graph({**project.graph.nodes, **parts}))


@pytest.mark.parametrize(("meaning", "encoding", "options"), CASES)
def test_nothing_outside_of_training_moves_what_was_learnt(
    monkeypatch: pytest.MonkeyPatch, meaning: str, encoding: str, options: dict[str, Any]
) -> None:
    column = sample(meaning, ROWS, 0)
    before = load(project_of(monkeypatch, column, encoding, options))
    others = np.concatenate([before.validation.rows, before.test.rows])
    changed = mixed(column, sample(meaning, ROWS, 1), others)
    after = load(project_of(monkeypatch, changed, encoding, options))
    assert before.preprocessing == after.preprocessing
    values = before.training.inputs["input1"], after.training.inputs["input1"]
    assert torch.equal(*values)
    if meaning not in ("labels", "flag"):
        assert not all(
            part.shape == other.shape and torch.equal(part, other)
            for part, other in zip(
                (before.validation.inputs["input1"], before.test.inputs["input1"]),
                (after.validation.inputs["input1"], after.test.inputs["input1"]),
                strict=True,
            )
        )


@pytest.mark.parametrize(("meaning", "encoding", "options"), CASES)
def test_tensors_are_as_the_input_announces_and_the_same_when_streamed(
    monkeypatch: pytest.MonkeyPatch, meaning: str, encoding: str, options: dict[str, Any]
) -> None:
    lazy = meaning in ("text", "sequence", "array", "image", "mask", "audio")
    project = project_of(monkeypatch, sample(meaning, ROWS, 0), encoding, options, lazy=lazy)
    prepared = load(project)
    held = prepared.training
    for node in project.graph.of_kind(INPUT):
        signature, tensor = input_signature(project, node), held.inputs[node.name]
        assert not signature.problem
        assert str(tensor.dtype) == f"torch.{signature.dtype}"
        assert len(tensor.shape) == len(signature.shape) + 1
        assert all(size == own for size, own in zip(signature.shape, tensor.shape[1:], strict=True) if size != "T")
        assert tensor.isfinite().all()
    monkeypatch.setattr(dataset, "HELD_BYTES", 0)
    streamed = load(project).training
    assert streamed.streamed
    assert not held.streamed
    everything = np.arange(len(held))
    for got, kept in zip(streamed.read(everything), held.read(everything), strict=True):
        assert got.keys() == kept.keys()
        assert all(torch.equal(got[name], kept[name]) for name in kept)
    few = streamed.read(np.array([5, 0]))[0]["input1"]
    short = tuple(slice(size) for size in few.shape[1:])
    assert torch.equal(few, held.inputs["input1"][torch.tensor([5, 0])][:, *short])


@pytest.mark.parametrize(("meaning", "encoding", "options"), CASES)
def test_preparation_travels_as_json_and_prepares_new_rows_alike(
    monkeypatch: pytest.MonkeyPatch, meaning: str, encoding: str, options: dict[str, Any]
) -> None:
    column = sample(meaning, ROWS, 0)
    prepared = load(project_of(monkeypatch, column, encoding, options))
    text = json.dumps(prepared.preprocessing.to_json(), allow_nan=False)
    again = Preprocessing.from_json(json.loads(text))
    assert again == prepared.preprocessing
    fresh = again.transform({"x": np.asarray(column.values)[prepared.training.rows]})
    assert torch.equal(fresh.inputs["input1"], prepared.training.inputs["input1"])


@pytest.mark.parametrize("meaning", ["number", "category", "flag", "labels", "array", "image", "text", "sequence"])
def test_a_field_that_is_a_target_too_comes_in_the_form_that_losses_take(
    monkeypatch: pytest.MonkeyPatch, meaning: str
) -> None:
    column = replace(sample(meaning, ROWS, 0), role="target")
    binding = made(monkeypatch, {"x": column, "y": replace(TARGET, role="input")})
    project = bound(replace(binding, split=Split("random")), {"input1": ["y"]}, {"output1": "x"})
    target = load(project).training.targets["output1"]
    shapes = {"number": (1,), "category": (), "flag": (), "labels": (4,), "array": (2, 5), "image": (3, 8, 8)}
    shapes |= {"text": (6 + 1,), "sequence": (5, 3)}
    assert target.shape == (48, *shapes[meaning])
    whole = meaning in ("category", "flag", "text")
    assert target.dtype == (torch.int64 if whole else torch.float32)
    if meaning == "text":
        assert (target == -100).any()
    if meaning == "sequence":
        assert target.isnan().any()


def test_a_mask_is_a_class_for_every_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    column = sample("mask", ROWS, 0)
    values = np.asarray(column.values).copy()
    values[:, 0, 0] = 255
    binding = made(
        monkeypatch, {"m": replace(column, values=values, role="target"), "y": replace(TARGET, role="input")}
    )
    target = load(bound(binding, {"input1": ["y"]}, {"output1": "m"})).training.targets["output1"]
    assert target.dtype == torch.int64
    assert target.shape == (48, 6, 8)
    assert (target[:, 0, 0] == -100).all()
    assert set(target.flatten().tolist()) == {-100, 0, 1, 2}


@pytest.mark.parametrize(("meaning", "encoding", "options"), CASES)
def test_a_part_without_rows_has_tensors_of_the_same_kind(
    monkeypatch: pytest.MonkeyPatch, meaning: str, encoding: str, options: dict[str, Any]
) -> None:
    project = project_of(monkeypatch, sample(meaning, ROWS, 0), encoding, options)
    prepared = load(replace(project, data=replace(project.data, split=Split("random", 0.2, 0.0))))
    for name, tensor in prepared.training.inputs.items():
        empty = prepared.test.inputs[name]
        assert len(empty) == 0
        assert (empty.ndim, empty.dtype) == (tensor.ndim, tensor.dtype)


def test_new_rows_may_be_plain_lists_of_different_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    for meaning, encoding in (("labels", "multi-hot"), ("sequence", "none"), ("audio", "waveform")):
        column = sample(meaning, ROWS, 0)
        prepared = load(project_of(monkeypatch, column, encoding, {}))
        rows = list(np.asarray(column.values)[[3, 7]])
        fresh = prepared.preprocessing.transform({"x": rows}).inputs["input1"]
        assert len(fresh) == 2
        assert torch.equal(fresh, prepared.preprocessing.transform({"x": objects(rows)}).inputs["input1"])
