"""What may be searched, what is refused and why, and how a dimension is written and proposed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import SearchError
from core.graph.document import Document
from core.graph.edits import Rename, RenameGroup, SetSearch, SetVariables, Within
from core.graph.edits.search import with_dimension, without_dimension
from core.graph.project import Dimension, Project, Search
from core.search.dimensions import (
    dimension_problem,
    dimension_text,
    grid,
    grid_values,
    parse_dimension,
    proposed,
    search_problems,
)
from core.search.places import places, spot
from tests.search.conftest import KIND, RATE, flowers, searching


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("variable/width", 8),
        ("node/linear1/out_features", "width"),
        ("node/Block:inner/out_features", "width"),
        ("node/Block:drop/p", 0.5),
        ("node/block/repeat", 1),
        ("node/act/kind", "ReLU"),
        ("node/Block:drop/mode", ""),
        ("training/learning_rate", 1e-3),
        ("training/optimizer", "Adam"),
        ("training/optimizer_options/weight_decay", 0.0),
    ],
)
def test_a_place_says_what_stands_there(place: str, value: object) -> None:
    assert spot(flowers(), place).value == value


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("variable/widht", "Did you mean 'width'"),
        ("node/linear9/out_features", "no node 'linear9'"),
        ("node/Blok:inner/out_features", "no group 'Blok'"),
        ("node/linear1/out_feature", "out_features"),
        ("node/linear1/repeat", "Only a group can be repeated"),
        ("training/learning_rat", "learning_rate"),
        ("training/optimizer_options/beta9", "no option of the optimizer 'beta9'"),
        ("training/loggers", "no training setting"),
        ("somewhere/else", "Places are variable/NAME"),
        ("data/species/crop/size", "no augmentation"),
        ("data/nothing/crop/size", "data/FIELD/AUGMENTATION/OPTION"),
    ],
)
def test_an_unknown_place_is_refused_with_what_there_is(place: str, why: str) -> None:
    assert why in dimension_problem(flowers(), Dimension(place, 1, 2))


@pytest.mark.parametrize(
    ("dimension", "why"),
    [
        (Dimension("variable/width", 8, 4), "must rise"),
        (Dimension("variable/width", 1.5, 4), "whole numbers"),
        (Dimension("variable/width", 1, 8, -1), "step must be above 0"),
        (Dimension("variable/width", 1, 8, 9), "larger than the range"),
        (Dimension("variable/rate", 0.0, 1.0, log=True), "above 0"),
        (Dimension("variable/rate", 0.1, 1.0, 0.1, log=True), "has no steps"),
        (Dimension("variable/rate", 0.1, float("inf")), "finite"),
        (Dimension("training/learning_rate", 0.0, 1.0), "greater than 0"),
        (Dimension("training/batch_size", 0, 8), "at least 1"),
        (Dimension("node/Block:drop/p", 0.0, 1.5), "between 0 and 1"),
        (Dimension("node/act/kind", 1, 2), "choices in place of a range"),
        (Dimension("node/act/kind", choices=("ReLU", "ReLUU")), "no layer kind 'ReLUU'"),
        (Dimension("node/act/kind", choices=("ReLU",)), "at least two"),
        (Dimension("training/batch_size", choices=(8, 16, 8)), "stands twice"),
        (Dimension("node/act/mode", choices=("", "of")), "bypass"),
        (Dimension("training/optimizer", choices=("Adam", "Adamm")), "Adamm"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_plain_words(dimension: Dimension, why: str) -> None:
    assert why in dimension_problem(flowers(), dimension)


def test_a_search_names_all_that_is_wrong_with_it() -> None:
    assert "Nothing is searched yet" in search_problems(flowers())[0]
    twice = searching(RATE, RATE, trials=0)
    assert [each.split(" ")[0] for each in search_problems(twice)] == ["training/learning_rate", "The"]
    assert search_problems(searching(RATE, KIND)) == ()


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("training/learning_rate=1e-4..1e-1:log", Dimension("training/learning_rate", 1e-4, 0.1, log=True)),
        ("learning_rate=1e-4..1e-1:log", Dimension("training/learning_rate", 1e-4, 0.1, log=True)),
        ("width=8..64:8", Dimension("variable/width", 8, 64, 8)),
        ("node/act/kind=ReLU, GELU", Dimension("node/act/kind", choices=("ReLU", "GELU"))),
        ("node/act/mode=run,bypass", Dimension("node/act/mode", choices=("", "bypass"))),
        ("batch_size=8,16", Dimension("training/batch_size", choices=(8, 16))),
        ("node/linear1/bias=yes,no", Dimension("node/linear1/bias", choices=(True, False))),
    ],
)
def test_a_dimension_is_read_from_a_line(text: str, dimension: Dimension) -> None:
    assert parse_dimension(flowers(), text) == dimension


@pytest.mark.parametrize("text", ["width", "width=", "width=a..b", "widht=1..2", "width=8..4", "node/act/kind=ReLU,No"])
def test_a_line_that_stands_for_no_dimension_is_refused(text: str) -> None:
    with pytest.raises(SearchError):
        parse_dimension(flowers(), text)


def test_a_dimension_is_written_as_people_read_it() -> None:
    project = flowers()
    assert dimension_text(project, RATE) == "0.001 … 0.1, log"
    assert dimension_text(project, Dimension("variable/width", 8, 64, 8)) == "8 … 64, step 8"
    assert dimension_text(project, Dimension("node/act/mode", choices=("", "bypass"))) == "run, bypass"


def test_what_is_proposed_for_a_place_can_be_searched() -> None:
    project = flowers()
    refused = {}
    for place in places(project):
        where = spot(project, place)
        first = proposed(where)
        if where.draws == "choice" and len(first.choices) < 2:
            continue  # words that one writes oneself
        if problem := dimension_problem(project, first):
            refused[place] = problem
    assert refused == {}


def test_a_grid_takes_steps_choices_and_five_values_of_a_plain_range() -> None:
    project = searching(Dimension("variable/width", 4, 9, 2), RATE, KIND)
    values = [grid_values(spot(project, each.place), each) for each in project.search.dimensions]
    assert values[0] == (4, 6, 8)
    assert len(values[1]) == 5
    assert values[1][0] == 1e-3
    assert values[1][-1] == 0.1
    assert values[1][2] == pytest.approx(0.01)
    assert values[2] == ("ReLU", "Tanh")
    assert len(grid(project)) == 30


def test_the_search_is_changed_by_an_edit_that_can_be_taken_back() -> None:
    document = Document(flowers())
    document.apply(SetSearch(with_dimension(document.project.search, RATE)))
    wider = replace(RATE, high=1.0)
    document.apply(SetSearch(with_dimension(document.project.search, wider)))
    assert document.project.search.dimensions == (wider,)
    document.apply(SetSearch(without_dimension(document.project.search, RATE.place)))
    assert document.project.search == Search()
    document.undo()
    document.undo()
    assert document.project.search.dimensions == (RATE,)


def test_a_parameter_of_a_kind_that_is_only_searched_can_be_searched_too() -> None:
    slope = Dimension("node/act/negative_slope", 0.01, 0.3)
    assert "no parameter 'negative_slope'" in dimension_problem(flowers(), slope)
    project: Project = searching(Dimension("node/act/kind", choices=("ReLU", "LeakyReLU")), slope)
    assert search_problems(project) == ()


def test_what_is_searched_keeps_its_place_where_names_change() -> None:
    project = searching(
        Dimension("variable/width", 4, 8),
        Dimension("node/linear1/out_features", 2, 8),
        Dimension("node/linear2/bias", choices=(True, False)),
        Dimension("node/Block:inner/out_features", 2, 8),
        Dimension("node/Block:drop/p", 0.1, 0.5),
    )
    document = Document(project)
    document.apply(SetVariables({"wide": 8, "rate": 0.5}, {"width": "wide"}))
    document.apply(Rename("linear1", "first"))
    document.apply(Within("Block", Rename("inner", "core")))
    document.apply(RenameGroup("Block", "Stage"))
    found = [each.place for each in document.project.search.dimensions]
    assert found == [
        "variable/wide",
        "node/first/out_features",
        "node/linear2/bias",
        "node/Stage:core/out_features",
        "node/Stage:drop/p",
    ]
    assert search_problems(document.project) == ()
    for _ in range(4):
        document.undo()
    assert document.project == project
