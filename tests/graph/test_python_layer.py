"""What is read of a Python layer without running it: parameters, ports, lines written, and what is wrong."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from core.errors import ModelError
from core.graph.project import PythonLayer
from core.graph.python_layer import python_kind, source_problems
from core.kinds import Call, LayerKind, Parameter
from core.parameters import derived_of, parameters_of, resolve
from core.weights import TRAINING_NAMES

GATE = '''
"""A text with everything around the layer."""
from __future__ import annotations

import math
from typing import Literal, Optional

import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 64
LARGE = 2 * WIDTH


def scaled(x, by=1.0):
    return x * by


class Helper(nn.Module):
    def forward(self, x):
        return x


class Gate(nn.Module):
    """Lets a part of each value through.

    More about it.

    Args:
        in_features: Size of the last dimension.
        width (int): How wide it is. Default: 64
    """

    def __init__(
        self,
        in_features: int,
        width: int = WIDTH,
        large: int = LARGE + 1,
        *,
        share: float = 0.5,
        mode: Literal["soft", "hard"] = "soft",
        pair: tuple[int, int] = (1, 2),
        kernel: int | tuple[int, int] = 3,
        shape: tuple[int, ...] = (),
        limit: Optional[int] = None,
        word: "str" = "x",
        bias=True,
        act: nn.Module = nn.ReLU(),
        device=None,
    ) -> None:
        super().__init__()
        self.helper = Helper()

    def forward(self, x: Tensor, mask: Tensor | None = None, *others: Tensor, scale: float = 1.0, memory=None):
        """Compute it.

        Args:
            x: What is gated.
        """

        def inner():
            return 1, 2, 3

        gate = x
        return x * gate, gate
'''


def kind(source: str, name: str = "Layer") -> LayerKind:
    return python_kind(PythonLayer(name, source))


def module(init: str = "", forward: str = "self, x", body: str = "return x", returns: str = "") -> str:
    """Return a layer with these arguments of ``__init__`` and ``forward``, and this annotation of what it returns."""
    lines = ["class Layer(nn.Module):"]
    if init:
        lines += [f"    def __init__(self, {init}):", "        super().__init__()"]
    return "\n".join(
        [*lines, f"    def forward({forward}){f' -> {returns}' if returns else ''}:", f"        {body}", ""]
    )


def parameter(declaration: str) -> Parameter:
    found = kind(module(declaration))
    assert source_problems(found) == ()
    return next(each for each in parameters_of(found) if each.name not in TRAINING_NAMES)


def problems(source: str, name: str = "Layer") -> list[str]:
    return [str(each) for each in source_problems(kind(source, name))]


# --- parameters -------------------------------------------------------------------------------------------------------


def test_a_source_with_helpers_imports_and_constants_is_read() -> None:
    gate = kind(GATE, "Gate")
    assert source_problems(gate) == ()
    assert (gate.id, gate.display, gate.family, gate.name_stem) == ("python:Gate", "Gate", "Python", "gate")
    assert gate.help == "Lets a part of each value through."
    assert gate.code == GATE
    assert gate.has_module


def test_arguments_of_the_constructor_are_parameters_with_their_defaults() -> None:
    values, wrong = resolve(kind(GATE, "Gate"), {}, {})
    assert wrong == ()
    assert values == {
        "width": 64,
        "large": 129,
        "share": 0.5,
        "mode": "soft",
        "pair": (1, 2),
        "kernel": 3,
        "shape": (),
        "limit": None,
        "word": "x",
        "bias": True,
        "frozen": False,
        "learning_rate_factor": 1.0,
    }


def test_help_comes_from_the_docstring() -> None:
    gate = kind(GATE, "Gate")
    assert {each.name: each.help for each in gate.parameters}["width"] == "How wide it is."
    assert gate.inputs[0].help == "What is gated."


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("n: int", ("int", 0, (), False)),
        ("n: int | None = None", ("int", 0, (), True)),
        ("n: Optional[float] = 1.0", ("float", 0, (), True)),
        ("n: int | float = 1", ("float", 0, (), False)),
        ("n: bool = False", ("bool", 0, (), False)),
        ("n: str", ("text", 0, (), False)),
        ("n: 'int | None'", ("int", 0, (), True)),
        ("n: typing.Literal['a', 'b'] = 'a'", ("choice", 0, ("a", "b"), False)),
        ("n: tuple[int, ...]", ("ints", 0, (), False)),
        ("n: list[int] = [1, 2]", ("ints", 0, (), False)),
        ("n: Union[int, Tuple[int, int, int]] = 1", ("ints", 3, (), False)),
        ("n: tuple[float, float] = (0.9, 0.99)", ("floats", 2, (), False)),
        ("n=0.1", ("float", 0, (), False)),
        ("n=(1, 2)", ("ints", 2, (), False)),
        ("n='same'", ("text", 0, (), False)),
        ("n: int = 0.5", ("float", 0, (), False)),
        ("n=-1", ("int", 0, (), False)),
    ],
)
def test_annotations_and_defaults_give_the_type(declaration: str, expected: tuple[Any, ...]) -> None:
    found = parameter(declaration)
    assert (found.type, found.length, found.choices, found.optional) == expected


@pytest.mark.parametrize(
    "declaration", ["n=None", "n: nn.Module = nn.ReLU()", "n=math.pi", "device=None", "*rest", "**n"]
)
def test_what_cannot_be_set_keeps_its_default(declaration: str) -> None:
    found = kind(module(declaration))
    assert source_problems(found) == ()
    assert [each.name for each in found.parameters] == ["frozen", "learning_rate_factor"]
    assert found.construct is not None
    assert found.construct({"frozen": False}) == "Layer()"


@pytest.mark.parametrize(
    ("name", "size"),
    [("in_features", 7), ("input_size", 7), ("embed_dim", 7), ("d_model", 7), ("in_channels", 3), ("num_features", 3)],
)
def test_usual_sizes_are_filled_in_from_the_first_input(name: str, size: int) -> None:
    found = kind(module(f"{name}: int", forward="self, x, y=None"))
    assert derived_of(found) == (name,)
    assert [each.name for each in found.parameters] == ["frozen", "learning_rate_factor"]
    assert found.derived[name]({"y": (1, 1, 1), "x": (2, 3, 7)}, {}) == size
    with pytest.raises(ModelError, match=f"{name} is filled in from"):
        found.derived[name]({"x": (2,)}, {})


def test_a_size_with_a_default_is_an_ordinary_parameter() -> None:
    assert parameter("in_features: int = 4").default == 4
    assert parameter("in_features: tuple[int, ...]").type == "ints"


def test_the_constructor_names_sizes_and_what_differs_from_the_defaults() -> None:
    gate = kind(GATE, "Gate")
    assert gate.construct is not None
    values, _ = resolve(gate, {}, {})
    assert gate.construct({**values, "in_features": 5}) == "Gate(in_features=5)"
    changed = {"width": 8, "mode": "hard", "pair": 4, "kernel": 5, "shape": (1,), "word": 'a"b', "bias": False}
    written = gate.construct({**values, **changed, "frozen": True, "in_features": 5})
    call = ast.parse(written, mode="eval").body
    assert isinstance(call, ast.Call)
    found = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
    assert found == {**changed, "in_features": 5, "pair": (4, 4)}


# --- ports ------------------------------------------------------------------------------------------------------------


def test_arguments_of_forward_are_inputs() -> None:
    found = {each.name: (each.optional, each.variadic) for each in kind(GATE, "Gate").inputs}
    assert found == {"x": (False, False), "mask": (True, False), "others": (True, True), "memory": (True, False)}


def test_a_setting_of_forward_with_a_default_is_no_input() -> None:
    found = kind(module(forward="self, x, scale=1.0, steps: int = 3, hidden: Optional[Tensor] = None"))
    assert [each.name for each in found.inputs] == ["x", "hidden"]


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"x": ("a",)}, "y, _ = self.g(a)"),
        ({"x": ("a",), "memory": ("m",)}, "y, _ = self.g(a, memory=m)"),
        ({"x": ("a",), "mask": ("k",)}, "y, _ = self.g(a, mask=k)"),
        ({"x": ("a",), "others": ("b", "c")}, "y, _ = self.g(a, None, b, c)"),
        ({"x": ("a",), "mask": ("k",), "others": ("b",), "memory": ("m",)}, "y, _ = self.g(a, k, b, memory=m)"),
    ],
)
def test_free_inputs_are_left_out_of_the_call(inputs: dict[str, tuple[str, ...]], line: str) -> None:
    assert kind(GATE, "Gate").call(Call("self.g", inputs, {"x": "y", "gate": "_"}, {})) == line


@pytest.mark.parametrize(
    ("body", "returns", "names"),
    [
        ("return x", "", ["output"]),
        ("return x", "Tensor", ["output"]),
        ("return x, x + 1", "", ["x", "output2"]),
        ("y, s = f(x); return y, s", "tuple[torch.Tensor, torch.Tensor]", ["y", "s"]),
        ("return x, x", "", ["output1", "output2"]),
        ("return f(x)", "tuple[Tensor, Tensor]", ["output1", "output2"]),
        ("return f(x)", "'Tuple[Tensor, Tensor]'", ["output1", "output2"]),
        ("return lambda: (1, 2)", "", ["output"]),
    ],
)
def test_what_forward_returns_are_outputs(body: str, returns: str, names: list[str]) -> None:
    found = kind(module(body=body, returns=returns))
    assert source_problems(found) == ()
    assert [each.name for each in found.outputs] == names


def test_methods_come_from_base_classes_in_the_same_text() -> None:
    source = module("width: int = 4", "self, x, y") + "class Child(Layer):\n    pass\n"
    found = kind(source, "Child")
    assert source_problems(found) == ()
    assert [each.name for each in found.inputs] == ["x", "y"]
    assert parameters_of(found)[0].default == 4


def test_the_class_named_like_the_definition_is_the_layer_else_the_last_one() -> None:
    two = "class A(nn.Module):\n    def forward(self, a): return a\n"
    two += "class B(nn.Module):\n    def __init__(self):\n        self.a = A()\n    def forward(self, b): return b\n"
    assert kind(two, "A").inputs[0].name == "a"
    assert kind(two, "C").inputs[0].name == "b"
    assert problems(two, "A") == problems(two, "C") == []


@pytest.mark.parametrize(
    "head", ["import torch as t\nclass L(t.nn.Module):", "from torch.nn import Module as M\nclass L(M):"]
)
def test_the_base_class_is_known_by_whatever_name_it_is_imported(head: str) -> None:
    assert problems(f"{head}\n    def forward(self, x): return x\n", "L") == []


# --- problems ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("x = 1\nclass A(nn.Module):\n    x = (", 3, "was never closed"),
        ("def f():\n    pass\nreturn 3", 3, "'return' outside function"),
        ("x = 1", 1, "There is no layer"),
        ("", 1, "There is no layer"),
        ("class A:\n    def forward(self, x): return x", 1, "derives from nn.Module"),
        ("class A(nn.Module):\n    pass", 1, "no forward method"),
        ("class A(nn.Linear):\n    def forward(self, x): return x", 1, "takes its __init__ from nn.Linear"),
        (module(forward="self"), 2, "takes no tensor"),
        (module(forward="self, x, n: int"), 2, "only tensors flow"),
        (module("n"), 2, "its type is unknown"),
        (module("n: dict"), 2, "its type dict cannot be set"),
        (module("n: int, /"), 2, "only be given by its place"),
        (module("frozen: bool = True"), 2, "another name"),
        (module(body="pass"), 2, "returns nothing"),
        (module(body="return {'a': x}"), 3, "returns a dict"),
        (module(body="return [x]"), 3, "returns a list"),
        (module(body="return *x, x"), 3, "How many tensors"),
        (module(body="if x: return x\n        return x, x"), 4, "another number of values here than in line 3"),
        (module(returns="dict[str, Tensor]"), 2, "returns a dict"),
        (module(returns="None"), 2, "says None"),
        (module(returns="tuple[Tensor, ...]"), 2, "Say how many"),
        (module().replace("Layer", "Net"), 1, "name of the written network"),
        ("\0", 1, "null bytes"),
        ("x = " + "(" * 300 + ")" * 300, 1, "too many nested"),
        ("x = " + "1+" * 5000 + "1", 1, "recursion"),
    ],
)
def test_problems_name_the_line_and_what_is_needed(source: str, line: int, words: str) -> None:
    found = source_problems(kind(source))
    assert any(each.line == line and words in each.message for each in found), [str(each) for each in found]


def test_two_classes_that_could_be_the_layer_are_a_problem() -> None:
    two = "".join(f"class {name}(nn.Module):\n    def forward(self, x): return x\n" for name in "AB")
    (problem,) = problems(two, "C")
    assert problem.startswith("line 3: Both A and B could be the layer")
    assert problems(two, "A") == []


def test_a_kind_with_problems_keeps_the_ports_that_could_be_read() -> None:
    found = kind(module("n: dict", "self, left, right", "return left, right"))
    assert source_problems(found)
    assert [each.name for each in found.inputs] == ["left", "right"]
    assert [each.name for each in found.outputs] == ["left", "right"]


def test_every_problem_is_told_at_once() -> None:
    assert len(problems(module("a, b: set", "self, x, n: int"))) == 3


def test_equal_definitions_are_one_kind_and_reading_runs_nothing() -> None:
    source = "raise SystemExit(1)\n" + module()
    assert kind(source) is kind(source)
    assert source_problems(kind(source)) == ()
