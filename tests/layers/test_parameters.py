"""What may be typed into a parameter, and what it comes to."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.errors import ModelError
from core.kinds import LayerKind, Parameter, Value
from core.layers import catalogue
from core.parameters import check_value, format_value, parameters_of, parse_value, resolve

EVERY = [(f"{kind.id}.{parameter.name}", parameter) for kind in catalogue for parameter in parameters_of(kind)]
NUMBERS = [(name, parameter) for name, parameter in EVERY if parameter.type in ("int", "float", "ints")]


def parameter(kind: str, name: str) -> Parameter:
    return next(each for each in parameters_of(catalogue[kind]) if each.name == name)


def problem(kind: str, params: dict[str, Any], **variables: float) -> str:
    """Return the message of the only problem."""
    values, problems = resolve(catalogue[kind], params, variables)
    assert len(problems) == 1
    assert problems[0].name not in values
    return problems[0].message


def value(kind: str, name: str, given: Value, **variables: float) -> Value:
    values, problems = resolve(catalogue[kind], {name: given}, variables)
    assert problems == ()
    return values[name]


# --- texts and values -------------------------------------------------------------------------------------------------


def test_a_default_survives_being_shown_and_typed_again() -> None:
    for name, each in EVERY:
        assert parse_value(each, format_value(each.default)) == each.default, name


def test_a_wrong_type_is_refused_with_the_parameters_name() -> None:
    for name, each in EVERY:
        for wrong in ({"a": 1}, object()):
            assert each.name in check_value(each, wrong), name
        assert bool(check_value(each, None)) is not each.optional, name


def test_numbers_are_neither_flags_nor_infinite() -> None:
    for name, each in NUMBERS:
        for wrong in (True, False, float("nan"), float("inf"), -float("inf"), 10**400, "2*", "print()"):
            assert check_value(each, wrong), (name, wrong)
            if each.type == "ints":
                assert check_value(each, (wrong,) * (each.length or 1)), (name, wrong)
        for text in ("nan", "inf", "-inf", "1e999", "2*", "f(2)", "a.b", "[", "9" * 300):
            with pytest.raises(ValueError, match=r"must be a finite number|is neither|at most 200 characters"):
                pytest.fail(f"{name} takes {text}: {parse_value(each, text)}")


@pytest.mark.parametrize(
    ("kind", "name", "text", "expected"),
    [
        ("Linear", "out_features", " 12 ", 12),
        ("Linear", "out_features", "12.0", 12),
        ("Linear", "out_features", "2*width", "2*width"),
        ("Linear", "out_features", "2*3", "2*3"),
        ("Linear", "bias", "False", False),
        ("Linear", "bias", "yes", True),
        ("Dropout", "p", "0.25", 0.25),
        ("Dropout", "p", "1", 1.0),
        ("Dropout", "p", "1e-3", 0.001),
        ("Dropout", "p", "rate/2", "rate/2"),
        ("Conv2d", "kernel_size", "3", 3),
        ("Conv2d", "kernel_size", "(3)", 3),
        ("Conv2d", "kernel_size", "3, 5", (3, 5)),
        ("Conv2d", "kernel_size", "(3, 5)", (3, 5)),
        ("Conv2d", "kernel_size", "3x5", (3, 5)),
        ("Conv2d", "kernel_size", "3 × 5", (3, 5)),
        ("Conv2d", "kernel_size", "[k, (k+1)*2]", ("k", "(k+1)*2")),
        ("Conv2d", "padding", "same", "same"),
        ("Conv2d", "padding", "'Same'", "same"),
        ("Conv2d", "padding_mode", "Circular", "circular"),
        ("MaxPool2d", "stride", "", None),
        ("MaxPool2d", "stride", "None", None),
        ("BatchNorm2d", "momentum", "", None),
        ("Reshape", "shape", "-1", (-1,)),
        ("Reshape", "shape", "8, -1", (8, -1)),
        ("Input", "shape", "T, 16", ("T", 16)),
        ("Input", "fields", 'age, "height, m", weight', ("age", "height, m", "weight")),
        ("Input", "fields", "", ()),
        ("Output", "target", " species ", "species"),
        ("Output", "loss_options", "", ()),
        ("Output", "loss_options", "gamma=2.5, full=True, mode=abs", (("gamma", 2.5), ("full", True), ("mode", "abs"))),
        ("Output", "loss_options", "betas=(0.5, 1), eps=None", (("betas", (0.5, 1)), ("eps", None))),
        ("Output", "class_weights", "balanced", "balanced"),
        ("Output", "class_weights", "1, 2.5", (1.0, 2.5)),
    ],
)
def test_typed_texts_become_values(kind: str, name: str, text: str, expected: Value) -> None:
    found = parse_value(parameter(kind, name), text)

    assert found == expected
    assert type(found) is type(expected)
    assert parse_value(parameter(kind, name), format_value(found)) == expected


@pytest.mark.parametrize(
    ("kind", "name", "text", "message"),
    [
        ("Linear", "out_features", "", "out_features needs a value."),
        ("Linear", "out_features", "2.5", "out_features must be a whole number, not 2.5."),
        ("Linear", "out_features", "2*", "'2*' is neither a whole number nor an expression such as 2*width."),
        ("Linear", "bias", "maybe", "bias must be True or False, not 'maybe'."),
        ("Dropout", "p", "inf", "p must be a finite number, not inf."),
        ("Conv2d", "kernel_size", "3,,5", "'3,,5' is neither a size such as 3 or 3, 5 nor an expression"),
        ("Conv2d", "padding_mode", "zeroes", "Did you mean 'zeros'?"),
        ("Output", "loss_options", "gamma 2", "loss_options takes options such as gamma=2, full=True, not 'gamma 2'."),
        ("Output", "loss_options", "2, gamma=1", "loss_options takes options such as gamma=2, full=True"),
    ],
)
def test_texts_that_stand_for_nothing_are_refused_in_plain_words(kind: str, name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_value(parameter(kind, name), text)


@pytest.mark.parametrize(
    ("kind", "name", "given", "message"),
    [
        ("Conv2d", "kernel_size", 0, "kernel_size must be at least 1, not 0."),
        ("Conv2d", "kernel_size", (3, 0), "kernel_size must be at least 1, not 0."),
        ("Conv2d", "kernel_size", (3, 3, 3), "kernel_size takes one whole number, or 2 of them, not 3: 3, 3, 3."),
        ("Conv1d", "kernel_size", (3, 3), "kernel_size takes one whole number, not 2: 3, 3."),
        ("Conv2d", "stride", -1, "stride must be at least 1, not -1."),
        ("Conv2d", "padding", -1, "padding must be at least 0, not -1."),
        ("Conv2d", "dilation", 0, "dilation must be at least 1, not 0."),
        ("Conv2d", "groups", 0, "groups must be at least 1, not 0."),
        ("Conv2d", "padding", "smae", "padding must be a number, 'valid' or 'same', not 'smae'. Did you mean 'same'?"),
        ("Conv2d", "padding_mode", "mirror", "padding_mode must be 'zeros' or 'reflect' or"),
        ("Linear", "out_features", 2.0, "out_features must be a whole number, not 2.0."),
        ("Linear", "out_features", True, "out_features must be a whole number, not True."),
        ("Linear", "bias", 1, "bias must be True or False, not 1."),
        ("Dropout", "p", 1.5, "p must be between 0 and 1, not 1.5."),
        ("BatchNorm2d", "eps", 0, "eps must be greater than 0, not 0."),
        ("Output", "loss_weight", -1, "loss_weight must be at least 0, not -1."),
        ("Output", "metrics", "auto", "metrics must be a list of names, not 'auto'."),
        ("Flatten", "start_dim", 0, "start_dim must be at least 1, not 0."),
        ("Reshape", "shape", (-1, -1), "shape may hold -1 only once: only one size can be worked out from the others."),
        ("Reshape", "shape", (4, 0), "shape must be at least 1, not 0."),
        ("Input", "shape", ("N", 3), "shape is the shape of one sample: N stands for the batch and is left out."),
        ("Linear", "out_features", None, "out_features needs a value."),
    ],
)
def test_values_out_of_range_are_refused_in_plain_words(kind: str, name: str, given: Value, message: str) -> None:
    assert message in problem(kind, {name: given})


@pytest.mark.parametrize(
    ("kind", "name", "given"),
    [
        ("Dropout", "p", 0.0),
        ("Dropout", "p", 1.0),
        ("Conv2d", "padding", 0),
        ("Conv2d", "padding", "same"),
        ("Embedding", "padding_idx", None),
        ("Embedding", "padding_idx", -1),
        ("Input", "shape", ()),
        ("Input", "shape", ("T", 16)),
        ("AvgPool2d", "divisor_override", None),
    ],
)
def test_values_at_the_edge_of_the_range_are_accepted(kind: str, name: str, given: Value) -> None:
    assert value(kind, name, given) == given


# --- what they come to in a project -----------------------------------------------------------------------------------


def test_expressions_are_evaluated_wherever_a_number_may_stand() -> None:
    assert value("Linear", "out_features", "2*width", width=16) == 32
    assert value("Linear", "out_features", "width/2", width=16) == 8
    assert value("Conv2d", "kernel_size", "k", k=5) == 5
    assert value("Conv2d", "kernel_size", ("k", "k-2"), k=5) == (5, 3)
    assert value("Dropout", "p", "rate", rate=0.25) == 0.25
    assert value("Reshape", "shape", ("c", -1), c=4) == (4, -1)
    assert value("Reshape", "shape", "c", c=4) == (4,)


def test_a_name_in_a_shape_is_an_open_dimension_unless_it_is_a_variable() -> None:
    assert value("Input", "shape", ("T", "width"), width=16) == ("T", 16)
    assert value("Input", "shape", ("T", "width"), T=3, width=16) == (3, 16)


def test_whole_numbers_become_floats_where_floats_are_wanted_and_lists_become_tuples() -> None:
    assert type(value("Dropout", "p", 1)) is float
    assert value("Conv2d", "kernel_size", [3, 5]) == (3, 5)


def test_what_an_expression_comes_to_is_checked_and_shown() -> None:
    assert problem("Linear", {"out_features": "width-2"}, width=2) == (
        "out_features must be at least 1, not 0. (width-2 is 0.)"
    )
    assert "must be a whole number, not 1.5. (width/2 is 1.5.)" in problem(
        "Linear", {"out_features": "width/2"}, width=3
    )


def test_an_unknown_variable_offers_the_nearest() -> None:
    message = problem("Linear", {"out_features": "2*widht"}, width=2)
    assert message == "out_features: There is no variable 'widht'. Did you mean 'width'?"


def test_an_unknown_parameter_offers_the_nearest() -> None:
    assert problem("Linear", {"out_feature": 3}) == (
        "Linear has no parameter 'out_feature'. Did you mean 'out_features'?"
    )


def test_a_derived_parameter_cannot_be_set() -> None:
    assert problem("Linear", {"in_features": 3}) == "in_features is filled in from what arrives at Linear: remove it."


def test_all_problems_are_reported_at_once() -> None:
    _, problems = resolve(catalogue["Conv2d"], {"kernel_size": 0, "stride": 0, "colour": 1, "groups": "x"}, {})
    assert [each.name for each in problems] == ["kernel_size", "stride", "colour", "groups"]


def test_a_required_parameter_without_a_value_is_a_problem() -> None:
    kind = LayerKind("Bilinear", "Core", "Help.", "torch.nn.Bilinear", derived={"in1_features": lambda *_: 1})
    values, problems = resolve(kind, {"in2_features": 3}, {})

    assert [each.message for each in problems] == ["out_features needs a value."]
    assert values == {"in2_features": 3, "bias": True}


def test_a_class_that_cannot_be_imported_is_reported_with_its_path() -> None:
    for path in ("torch.nn.Nothing", "no_such_package.Layer"):
        with pytest.raises(ModelError, match=f"needs {path}, which cannot be imported"):
            parameters_of(LayerKind("Missing", "Core", "Help.", path))


def test_an_argument_of_unknown_type_has_to_be_declared_or_hidden() -> None:
    path = "torch.nn.TransformerEncoder"
    with pytest.raises(TypeError, match="declare the parameter or hide it"):
        parameters_of(LayerKind("Encoder", "Core", "Help.", path))

    declared = LayerKind("Encoder", "Core", "Help.", path, parameters=(Parameter("encoder_layer", "text", ""),))
    hidden = LayerKind("Encoder", "Core", "Help.", path, hidden=("encoder_layer", "norm"))
    assert "encoder_layer" not in {each.name for each in parameters_of(hidden)}
    with pytest.raises(TypeError, match="norm"):
        parameters_of(declared)


def test_a_declared_parameter_keeps_what_it_leaves_open_from_torch() -> None:
    declared = Parameter("kernel_size", "ints", 5)
    kind = LayerKind(
        "C", "Core", "H.", "torch.nn.Conv2d", parameters=(declared,), derived={"in_channels": lambda *_: 1}
    )
    found = {each.name: each for each in parameters_of(kind)}["kernel_size"]

    assert (found.default, found.minimum, found.length) == (5, 1, 2)
    assert found.help == "Size of the convolving kernel."


@pytest.mark.parametrize(
    ("kind", "name", "unit"),
    [
        ("Dropout", "p", "0–1"),
        ("LSTM", "dropout", "0–1"),
        ("LSTM", "hidden_size", "features"),
        ("Embedding", "num_embeddings", "rows"),
        ("PixelShuffle", "upscale_factor", "×"),
        ("Conv2d", "kernel_size", ""),
    ],
)
def test_a_number_has_a_unit_where_its_name_leaves_one_to_guess(kind: str, name: str, unit: str) -> None:
    assert parameter(kind, name).unit == unit


@pytest.mark.parametrize("each", [pytest.param(each, id=name) for name, each in EVERY if each.unit == "0–1"])
def test_a_share_is_bounded_by_what_its_unit_says(each: Parameter) -> None:
    assert (each.minimum, each.maximum) == (0, 1)
