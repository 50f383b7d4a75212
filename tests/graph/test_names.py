"""Node names: what is refused and why, numbering, and natural order."""

from __future__ import annotations

import pytest

from core.errors import EditError
from core.graph.names import (
    RESERVED,
    check_class_name,
    check_name,
    free_class_name,
    free_name,
    natural_key,
    unique_name,
)


@pytest.mark.parametrize("name", ["conv1", "x", "größe", "层1", "Conv_2"])
def test_identifiers_are_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "letters, digits"),
        ("1conv", "letters, digits"),
        ("a b", "letters, digits"),
        ("a.b", "letters, digits"),
        ("ﬁlter", "letters, digits"),  # Python would read the ligature as "fi"
        ("class", "Python or PyTorch"),
        ("forward", "Python or PyTorch"),
        ("_hidden", "Python or PyTorch"),
        ("a" * 101, "101 characters"),
    ],
)
def test_what_cannot_be_a_name_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        check_name(name)


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(EditError, match="already a node named 'conv1'"):
        check_name("conv1", {"conv1"})


def test_every_public_attribute_of_a_module_is_reserved() -> None:
    from torch import nn

    attributes = {name for name in dir(nn.Module()) if not name.startswith("_")}
    assert attributes - RESERVED == set()


def test_a_unique_name_has_the_lowest_free_number() -> None:
    assert unique_name("conv", {"conv1", "conv3"}) == "conv2"
    assert unique_name("conv7", {"conv1"}) == "conv2"
    assert unique_name("12", ()) == "node1"


def test_numbers_in_names_sort_by_value_and_no_two_names_share_a_key() -> None:
    names = ["conv10", "conv2", "conv", "conv02", "b"]
    assert sorted(names, key=natural_key) == ["b", "conv", "conv02", "conv2", "conv10"]
    assert len({natural_key(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["Block", "ResNet18", "Größe", "A_b"])
def test_a_class_is_named_with_a_capital(name: str) -> None:
    check_class_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("basic_block", "starts with a capital. Try 'BasicBlock'"),
        ("_Block", "starts with a capital. Try 'Block'"),
        ("None", "the network's source uses it"),
        ("Net", "the network's source uses it"),
        ("F", "the network's source uses it"),
        ("Basic Block", "use letters, digits and underscores"),
        ("", "use letters"),
        ("A" * 101, "it has 101 characters"),
        ("Taken", "already a group or Python layer named 'Taken'"),
    ],
)
def test_what_cannot_name_a_class_says_why(name: str, reason: str) -> None:
    with pytest.raises(EditError) as caught:
        check_class_name(name, {"Taken"})
    assert reason in str(caught.value)


def test_a_definition_gets_the_lowest_number_from_two_on() -> None:
    assert free_class_name("ResNet18", ()) == "ResNet18"
    assert free_class_name("Block", {"Block", "Block2", "Block4"}) == "Block3"


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("lstm1_hidden", "lstm1_hidden"),
        ("split1_outputs.0", "split1_outputs_0"),
        ("taken", "taken1"),
        ("state_dict", "state_dict1"),
        ("a b-c", "a_b_c"),
        ("ﬁ", "fi"),
        ("1st", "node_1st"),
        ("", "node"),
        ("a" * 300, "a" * 91),
    ],
)
def test_any_text_leads_to_a_name_that_a_node_can_have(stem: str, name: str) -> None:
    found = free_name(stem, {"taken"})
    check_name(found, {"taken"})
    assert found == name
    assert len(unique_name("a" * 100, ())) <= 100
