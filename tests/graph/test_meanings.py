"""Meanings as declared: complete, consistent, and the shapes that follow from options."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from core.errors import ModelError
from core.graph.binding import InputSignature, entry_of, input_signature, names_of, target_field, target_problem
from core.graph.meanings import meanings
from core.graph.meanings._kind import MeaningKind
from core.graph.project import DataBinding, Field, Graph, Meaning, Node, Project, Role, Window
from core.parameters import check_value

FIELDS = (
    Field("size", "number"),
    Field("day", "date", encoding="parts"),
    Field("town", "category", categories=("a", "b"), encoding="index"),
    Field("tags", "labels", categories=("a", "b", "c")),
    Field("review", "text", encoding="word"),
    Field("signal", "sequence", shape=(0, 3)),
    Field("scan", "array", shape=(2, 5)),
    Field("photo", "image", shape=(3, 0, 0)),
    Field("thumb", "image", shape=(3, 0, 0), options={"height": 8, "width": 6, "channels": "1"}),
    Field("mask", "mask", shape=(8, 6), categories=("sky", "road")),
    Field("voice", "audio", shape=(1, 0), encoding="waveform"),
    Field("pitch", "audio", shape=(1, 0), encoding="mel spectrogram", options={"rate": 16000, "seconds": 1.0}),
    Field("code", "identifier"),
    Field("review.length", "number"),
)


def signature(*names: str, window: int = 0) -> InputSignature:
    project = Project(data=DataBinding("csv", fields=FIELDS, window=Window(window)))
    return input_signature(project, Node("x", "Input", {"fields": names}))


def test_every_meaning_is_declared() -> None:
    assert {kind.id for kind in meanings} == set(get_args(Meaning))


@pytest.mark.parametrize("kind", tuple(meanings), ids=lambda kind: kind.id)
def test_declarations_hold_together(kind: MeaningKind) -> None:
    assert kind.help.endswith(".")
    assert kind.encodings
    assert kind.missing
    assert set(kind.roles) <= set(get_args(Role))
    assert "ignore" in kind.roles
    for option in kind.options:
        assert option.help.endswith(".")
        assert not check_value(option, option.default), option.name


@pytest.mark.parametrize(
    ("names", "dtype", "shape"),
    [
        (("size", "day", "tags"), "float32", (11,)),
        (("town",), "int64", (1,)),
        (("review",), "int64", ("T",)),
        (("review.mask",), "bool", ("T",)),
        (("signal",), "float32", ("T2", 3)),
        (("signal.length",), "int64", ()),
        (("signal.mask",), "bool", ("T2",)),
        (("scan",), "float32", (2, 5)),
        (("thumb",), "float32", (1, 8, 6)),
        (("mask",), "float32", (1, 8, 6)),
        (("voice",), "float32", (1, "T3")),
        (("voice.mask",), "bool", ("T3",)),
        (("pitch",), "float32", (64, 63)),
        (("review.length",), "float32", (1,)),
    ],
)
def test_an_input_gives_what_its_fields_say(names: tuple[str, ...], dtype: str, shape: tuple[Any, ...]) -> None:
    assert signature(*names) == InputSignature(dtype, shape)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "window", "words"),
    [
        (("photo",), 0, "'photo' holds images of different sizes. Set their height"),
        (("code",), 0, "'code' holds identifiers"),
        (("review", "size"), 0, "cannot be joined: give each field with a shape of its own"),
        (("review", "size"), 3, "'review' cannot be taken in windows"),
        (("scan.length",), 0, "There is no data field 'scan.length'."),
        (("town", "size"), 3, "'town' gives category indices"),
    ],
)
def test_what_cannot_enter_is_refused_with_the_reason(names: tuple[str, ...], window: int, words: str) -> None:
    assert words in signature(*names, window=window).problem


def test_windows_add_a_dimension_of_time() -> None:
    assert signature("size", "day", "tags", window=5) == InputSignature("float32", (5, 11))
    assert signature("town", window=5) == InputSignature("int64", (5, 1))


def test_a_field_whose_name_looks_like_a_part_is_the_field() -> None:
    found = entry_of(FIELDS, "review.length")
    assert found is not None
    assert (found.field.name, found.part) == ("review.length", "")
    assert names_of(FIELDS[5]) == ("signal", "signal.length", "signal.mask")


def outputs(target: str, *inputs: str) -> tuple[Project, Node]:
    node = Node("y", "Output", {"target": target})
    graph = Graph({"x": Node("x", "Input", {"fields": inputs}), "y": node})
    return Project(data=DataBinding("csv", fields=FIELDS), graph=graph), node


def test_a_target_is_a_field_an_input_or_the_next_token() -> None:
    assert target_field(*outputs("size", "day")) == FIELDS[0]
    entering = target_field(*outputs("input:x", "signal"))
    assert entering is not None
    assert (entering.name, entering.meaning, entering.shape) == ("input:x", "array", (0, 3))
    following = target_field(*outputs("next:review", "review"))
    assert following is not None
    assert (following.name, following.meaning, following.encoding) == ("next:review", "text", "word")
    for target in ("", "nothing", "input:y", "next:size"):
        assert target_field(*outputs(target, "size")) is None
        assert target_problem(*outputs(target, "size"))


@pytest.mark.parametrize(
    ("target", "inputs", "words"),
    [
        ("input:x", ("review",), "it takes indices, not numbers"),
        ("input:x", ("photo",), "cannot be learnt: 'photo' holds images of different sizes"),
        ("day", ("size",), "'day' holds dates, which cannot be predicted"),
        ("code", ("size",), "'code' holds identifiers"),
        ("town", ("size",), ""),
        ("mask", ("thumb",), ""),
        ("input:x", ("size", "day"), ""),
    ],
)
def test_what_cannot_be_learnt_is_said(target: str, inputs: tuple[str, ...], words: str) -> None:
    problem = target_problem(*outputs(target, *inputs))
    assert words in problem
    assert bool(problem) == bool(words)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (Field("c", "category"), "has no values"),
        (Field("s", "sequence", shape=(0, 0)), "a sequence has steps"),
        (Field("i", "image", shape=(8, 8)), "an image has channels, height and width"),
        (Field("m", "mask", shape=(8,)), "a mask has height and width"),
        (Field("a", "audio", shape=(0, 0), encoding="waveform"), "different numbers of channels"),
        (Field("a", "audio", shape=(1, 0), encoding="waveform", options={"seconds": 1.0}), "but no rate"),
        (Field("a", "array", shape=(2, -1)), "impossible shape"),
        (Field("d", "date", options=dict.fromkeys(("year", "month", "weekday", "hour"), False)), "No part"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(field: Field, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        meanings[field.meaning].as_input(field)


def test_the_number_of_classes_follows_from_the_field() -> None:
    counts = {name: meanings[meaning].classes(Field(name, meaning, categories=("a", "b", "c"), encoding=encoding))
              for name, meaning, encoding in (
                  ("number", "number", "none"), ("category", "category", "index"), ("flag", "flag", "none"),
                  ("labels", "labels", "multi-hot"), ("mask", "mask", "none"), ("text", "text", "word"),
                  ("byte", "text", "byte"))}  # fmt: skip
    assert counts == {"number": 0, "category": 3, "flag": 2, "labels": 3, "mask": 3, "text": 5000, "byte": 258}
