"""Constructors and docstrings of PyTorch, read as parameters."""

from __future__ import annotations

import pytest
from torch import nn

from core.kinds import REQUIRED
from core.signatures import argument_help, constructor, plain_text, read_parameter


def test_an_overloaded_constructor_is_read_from_its_first_overload() -> None:
    assert list(constructor(nn.GRU).parameters)[:3] == ["input_size", "hidden_size", "num_layers"]


@pytest.mark.parametrize(
    ("module", "name", "kind", "length", "optional"),
    [
        (nn.Conv1d, "kernel_size", "ints", 1, False),
        (nn.Conv2d, "kernel_size", "ints", 2, False),
        (nn.Conv3d, "stride", "ints", 3, False),
        (nn.MaxPool2d, "stride", "ints", 2, True),
        (nn.AvgPool1d, "stride", "ints", 1, True),
        (nn.LayerNorm, "normalized_shape", "ints", 0, False),
        (nn.Linear, "bias", "bool", 0, False),
        (nn.BatchNorm1d, "momentum", "float", 0, True),
        (nn.Conv2d, "padding_mode", "choice", 0, False),
        (nn.GELU, "approximate", "text", 0, False),
    ],
)
def test_annotations_become_types(module: type, name: str, kind: str, length: int, optional: bool) -> None:
    found = read_parameter(module, name)
    assert (found.type, found.length, found.optional) == (kind, length, optional)


def test_words_come_with_their_sizes_only_where_the_annotation_has_text() -> None:
    assert read_parameter(nn.Conv2d, "padding").choices == ("valid", "same")
    assert read_parameter(nn.MaxPool2d, "padding").choices == ()
    assert read_parameter(nn.Conv2d, "kernel_size").default is REQUIRED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("size of each output sample", "Size of each output sample."),
        ("Stride of the convolution. Default: 1", "Stride of the convolution."),
        ("If ``True``, adds a bias. Default: ``True``", "If True, adds a bias."),
        ("first dim to flatten (default = 1).", "First dim to flatten."),
        ("the window. Default value is :attr:`kernel_size`", "The window. Default value is kernel_size."),
        ("the size :math:`L_{out}`.", "The size."),
        ("Used by\n    :class:`~torch.nn.Linear` layers", "Used by Linear layers."),
        ("A. See Notes for more.", "A."),
        ("One. Two. Three.", "One. Two."),
        (
            "input shape of size\n\n        .. math::\n            [* \\times 3]\n\n        If so.",
            "Input shape of size If so.",
        ),
        ("", ""),
    ],
)
def test_docstring_markup_becomes_plain_text(text: str, expected: str) -> None:
    assert plain_text(text) == expected


def test_help_covers_every_argument_of_a_well_documented_module() -> None:
    assert set(constructor(nn.Conv2d).parameters) - {"device", "dtype"} == set(argument_help(nn.Conv2d))
