"""From values to an ordinary project: numbers, structure, settings; and what is impossible, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.data.augment import augmentations
from core.errors import SearchError
from core.graph.project import Dimension, Node
from core.search.applying import apply
from core.search.dimensions import parse_dimension, search_problems
from core.search.places import node_place, spot, structure_place
from core.training.check import check_project
from tests.search.conftest import flowers, searching


def test_values_stand_where_they_belong_and_the_rest_stays() -> None:
    before = flowers()
    after = apply(
        before,
        {
            "variable/width": 12,
            "node/Block:drop/p": 0.25,
            "node/block/repeat": 3,
            "node/act/kind": "Tanh",
            "node/Block:drop/mode": "bypass",
            "training/learning_rate": 0.02,
            "training/optimizer_options/weight_decay": 0.1,
        },
    )
    assert after.variables == {"width": 12, "rate": 0.5}
    assert after.groups["Block"].graph.nodes["drop"].params == {"p": 0.25}
    assert after.groups["Block"].graph.nodes["drop"].mode == "bypass"
    assert after.graph.nodes["block"].repeat == 3
    assert after.graph.nodes["act"].kind == "Tanh"
    assert after.graph.links == before.graph.links
    assert after.training == replace(before.training, learning_rate=0.02, optimizer_options={"weight_decay": 0.1})
    assert check_project(after).ready


def test_a_layer_with_a_mode_of_its_own_is_searched_for_that_and_for_its_bypass() -> None:
    project = flowers()
    nodes = {**project.graph.nodes, "act": Node("act", "Pad", {"pad": (0, 0)})}
    padded = replace(project, graph=replace(project.graph, nodes=nodes))
    bypass, own = structure_place(padded, "", "act", "mode"), node_place("", "act", "mode")
    assert (bypass, own) == ("node/act/node.mode", "node/act/mode")
    assert structure_place(project, "", "act", "mode") == own
    drawn = [
        parse_dimension(padded, f"{place}={values}")
        for place, values in ((bypass, "run,bypass"), (own, "constant,reflect"))
    ]
    search = replace(padded.search, dimensions=tuple(drawn))
    assert search_problems(replace(padded, search=search)) == ()
    found = apply(padded, {bypass: "bypass", own: "reflect"}).graph.nodes["act"]
    assert (found.mode, found.params["mode"]) == ("bypass", "reflect")
    assert spot(padded, bypass).text("") == "run"


def test_another_optimizer_keeps_the_options_that_it_knows() -> None:
    project = searching(
        Dimension("training/optimizer", choices=("Adam", "SGD")),
        Dimension("training/optimizer_options/momentum", 0.1, 0.9),
    )
    values = {"training/optimizer_options/momentum": 0.5}
    assert apply(project, {**values, "training/optimizer": "SGD"}).training.optimizer_options == {"momentum": 0.5}
    assert apply(project, {**values, "training/optimizer": "Adam"}).training.optimizer_options == {}


def test_a_parameter_that_the_drawn_kind_has_not_is_left_out() -> None:
    project = searching(
        Dimension("node/act/kind", choices=("ReLU", "LeakyReLU")), Dimension("node/act/negative_slope", 0.01, 0.3)
    )
    values = {"node/act/negative_slope": 0.2}
    assert apply(project, {**values, "node/act/kind": "LeakyReLU"}).graph.nodes["act"].params == {"negative_slope": 0.2}
    assert apply(project, {**values, "node/act/kind": "ReLU"}).graph.nodes["act"].params == {}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"variable/height": 3}, "no variable 'height'"),
        ({"node/Block:drop/p": 2.0}, "between 0 and 1"),
        ({"node/block/repeat": 0}, "between 1 and 1000"),
        ({"node/act/kind": "Nothing"}, "no layer kind 'Nothing'"),
        ({"node/act/kind": "Bilinear"}, "would find no port"),
        ({"node/features/mode": "bypass"}, "cannot be bypassed"),
        ({"training/optimizer": "Best"}, "Best"),
    ],
)
def test_what_fits_no_project_is_refused_with_the_reason(values: dict[str, object], why: str) -> None:
    with pytest.raises(SearchError, match=why):
        apply(flowers(), values)


def test_the_strength_of_an_augmentation_can_be_searched() -> None:
    kind = next(each for each in augmentations if any(option.type == "float" for option in each.options))
    option = next(each for each in kind.options if each.type == "float")
    project = flowers()
    field = replace(project.data.fields[0], augment={kind.id: {}})
    changed = replace(project, data=replace(project.data, fields=(field, *project.data.fields[1:])))
    value = option.maximum if option.maximum is not None else option.default
    found = apply(changed, {f"data/{field.name}/{kind.id}/{option.name}": value})
    assert found.data.fields[0].augment == {kind.id: {option.name: value}}
