"""Python layers in the check: run only when trusted, on meta where they can, with errors by line."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import torch

from core import trust
from core.errors import ModelError
from core.graph.project import End, Graph, Group, Node, Project, PythonLayer
from core.model import patience, python_code
from core.model.build import build
from core.model.cost import cost
from core.model.problems import Problem
from core.model.seeding import Seeded
from core.model.shapes import check
from tests.model.building import errors, given, layer, net, shape

BODY = """
import torch
from torch import nn

class Layer(nn.Module):
    def __init__(self, in_features: int, width: int = 4):
        super().__init__()
        self.linear = nn.Linear(in_features, width)

    def forward(self, x):
        {0}
        return self.linear(x)
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def project(source: str, *sizes: int | str, trusted: bool = True, **params: Any) -> Project:
    """Return a project with one Python layer between an Input and an Output."""
    source = dedent(source)
    if trusted:
        trust.trust(source)
    nodes = (given(*sizes or (6,)), layer("n", "python:Layer", **params), layer("y", "Output"))
    return net(nodes, "x > n.x", "n > y", code={"Layer": PythonLayer("Layer", source)})


def forward(line: str) -> str:
    return BODY.format(line)


def only_error(made: Project) -> str:
    (problem,) = errors(made)
    assert problem.node == "n"
    return problem.message


# --- trust ------------------------------------------------------------------------------------------------------------


def test_an_untrusted_layer_is_not_run(tmp_path: Path) -> None:
    written = tmp_path / "written"
    source = f"open({str(written)!r}, 'w').close()\n" + forward("pass")
    made = project(source, trusted=False)
    assert only_error(made) == "The Python layer 'Layer' has not been run: look at its code and trust it."
    assert not written.exists()
    trust.trust(made.code["Layer"].source)
    assert errors(made) == []
    assert written.exists()


def test_trust_taken_back_makes_a_placeholder_again() -> None:
    made = project(forward("pass"))
    assert errors(made) == []
    trust.forget(made.code["Layer"].source)
    assert "has not been run" in only_error(made)


def test_trust_reaches_into_groups() -> None:
    source = forward("pass")
    inside = Graph(
        {"a": given(6, name="a"), "n": Node("n", "python:Layer"), "z": Node("z", "Output")},
        {End("n", "x"): End("a", "output"), End("z", "input"): End("n", "output")},
    )
    code = {"Layer": PythonLayer("Layer", source)}
    nodes = (given(6), layer("block", "group:Block"), layer("y", "Output"))
    made = net(nodes, "x > block.a", "block.z > y", groups={"Block": Group("Block", inside)}, code=code)
    (problem,) = errors(made)
    assert (problem.path, problem.node) == (("block",), "n")
    trust.trust(source)
    assert errors(made) == []
    trust.forget(source)
    assert errors(made) == [problem]


# --- shapes -----------------------------------------------------------------------------------------------------------


def test_a_trusted_layer_gives_shapes_and_fills_in_its_sizes() -> None:
    made = project(forward("pass"), "T", 6, width=9)
    assert errors(made) == []
    assert shape(made, "n") == ("N", "T", 9)
    assert check(made).nodes["n"].derived == {"in_features": 6}


def test_several_outputs_and_free_inputs() -> None:
    source = """
    class Layer(nn.Module):
        def forward(self, x, mask=None, *more):
            gate = x.mean(1)
            return x if mask is None else x * mask, gate
    """
    made = project(source, 3, 6)
    links = {**made.graph.links}
    links[End("y", "input")] = End("n", "gate")
    made = Project(graph=Graph(made.graph.nodes, links), code=made.code)
    assert errors(made) == []
    assert shape(made, "n", "gate") == ("N", 6)


def test_a_parameter_named_dim_is_the_users_own() -> None:
    source = """
    class Layer(nn.Module):
        def __init__(self, dim: int = 64):
            super().__init__()
            self.dim = dim

        def forward(self, x):
            return x.repeat(1, self.dim)
    """
    made = project(source)
    assert check(made).problems == ()
    assert shape(made, "n") == ("N", 384)


@pytest.mark.parametrize(
    "line",
    [
        "x.sum().item()",
        "x.detach().numpy()",
        "x.tolist()",
        "if x.sum() > 0: x = x + 1",
        "f'{x.sum():.2f}'",
        "x = x * torch.from_numpy(x.detach().numpy() > 0)",
        "x.nonzero()",
        "x = x[torch.arange(len(x))] + torch.zeros(6)",
        "torch.unique(x)",
    ],
)
def test_code_that_needs_numbers_is_run_with_numbers(line: str) -> None:
    made = project(forward(line))
    assert errors(made) == []
    assert shape(made, "n") == ("N", 4)
    assert cost(made, check(made)).nodes["n"].parameters == 28


def test_a_constructor_that_needs_numbers_is_run_with_numbers() -> None:
    source = """
    class Layer(nn.Module):
        def __init__(self, depth: int = 3):
            super().__init__()
            self.rates = [each.item() for each in torch.linspace(0, 1, depth)]
            self.linear = nn.Linear(6, depth)

        def forward(self, x):
            return self.linear(x) * sum(self.rates)
    """
    made = project(source)
    assert errors(made) == []
    assert cost(made, check(made)).nodes["n"].parameters == 21


def test_code_that_needs_too_many_numbers_is_refused_in_plain_words() -> None:
    source = """
    class Layer(nn.Module):
        def forward(self, x):
            return x * x.sum().item()
    """
    message = only_error(project(source, 1024, 2048))
    assert "line 4" in message
    assert "the check needs inputs of 472 MiB, more than the 256 MiB" in message


def test_the_random_state_is_left_alone() -> None:
    source = """
    START = torch.randn(3)

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(6, 6)

        def forward(self, x):
            x.sum().item()
            torch.randint(3, (2,)) + torch.randperm(2)
            return self.linear(x) + torch.randn_like(x) + nn.functional.dropout(x, 0.5, self.training)
    """
    before = torch.get_rng_state()
    assert errors(project(source)) == []
    assert torch.equal(torch.get_rng_state(), before)


def test_a_source_is_run_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    source = f"open({str(count)!r}, 'a').write('x')\n" + forward("pass")
    for width in (3, 4, 5):
        assert errors(project(source, width=width)) == []
    assert count.read_text() == "x"


def test_what_a_layer_prints_stays_out_of_our_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors(project("print('at the top')\n" + forward("print('shape', x.shape)"))) == []
    out, err = capsys.readouterr()
    assert out == ""
    assert "at the top" in err
    assert "shape" in err


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("y = missing", "line 11: NameError: name 'missing' is not defined"),
        ("x.nothing", "line 11: AttributeError: 'Tensor' object has no attribute 'nothing'"),
        ("raise KeyError('key')", "line 11: KeyError: 'key'"),
        ("assert x.ndim == 4, 'four wanted'", "line 11: AssertionError: four wanted"),
        ("raise SystemExit(3)", "line 11: SystemExit: 3"),
        ("import no_such_package_at_all", "line 11: ModuleNotFoundError: No module named 'no_such_package_at_all'"),
        ("def f(): return f()\n        f()", "line 11: RecursionError: maximum recursion depth exceeded"),
        ("class Odd(Exception): pass\n        raise Odd('said')", "Odd: said"),
    ],
)
def test_what_the_code_raises_is_a_problem_with_its_line(line: str, message: str) -> None:
    assert message in only_error(project(forward(line)))


def test_an_error_of_torch_has_the_line_too() -> None:
    message = only_error(project(forward("x = x @ torch.zeros(5, 5)")))
    assert "ine 11: RuntimeError: " in message


def test_an_error_in_the_constructor_and_at_the_top_have_their_lines() -> None:
    broken = forward("pass").replace("super().__init__()", "super().__init__(); 1 / 0")
    assert only_error(project(broken)) == "line 7: ZeroDivisionError: division by zero"
    assert only_error(project("\n{}['x']\n" + forward("pass"))) == "line 2: KeyError: 'x'"


def test_a_size_that_cannot_be_filled_in_is_explained() -> None:
    source = "class Layer(nn.Module):\n    def __init__(self, in_channels):\n        super().__init__()\n"
    source += "    def forward(self, x):\n        return x\n"
    trust.trust(source)
    nodes = (layer("p", "FreeParameter", shape=(6,)), layer("n", "python:Layer"))
    made = net(nodes, "p > n.x", code={"Layer": PythonLayer("Layer", source)})
    (problem,) = [each for each in errors(made) if each.node == "n"]
    assert "in_channels is filled in from dimension 1 of the first input, but that has 1 dimensions" in problem.message
    assert problem.parameter == "in_channels"


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("None", "forward returned nothing (None), but one tensor must come out"),
        ("list(x)", "forward returned a list of 53"),
        ("dict(a=x)", "forward returned a dict"),
        ("nn.LSTM(6, 6)(x)", "forward returned a tuple of 2"),
        ("(x, 3)", "forward returned a tuple of 2, but 2 tensors must come out"),
    ],
)
def test_what_is_no_tensor_is_explained(returned: str, words: str) -> None:
    source = f"class Layer(nn.Module):\n    def forward(self, x):\n        return {returned}\n"
    if returned.startswith("("):
        made = project(source)
        links = {End("n", "x"): End("x", "output"), End("y", "input"): End("n", "output2")}
        made = Project(graph=Graph(made.graph.nodes, links), code=made.code)
        assert words in only_error(made)
    else:
        assert words in only_error(project(source))


def test_a_lazy_module_is_refused_with_a_way_out() -> None:
    source = forward("pass").replace("nn.Linear(in_features, width)", "nn.LazyLinear(width)")
    assert "lazy module" in only_error(project(source))


def test_a_layer_that_works_for_some_sizes_only_says_so() -> None:
    message = only_error(project(forward("assert x.shape[1] % 2 == 0, x.shape"), "T", 6))
    assert message.startswith("It works for some sizes of the open dimensions only: line 11: AssertionError")


def test_a_mistake_that_only_training_meets_is_found() -> None:
    assert "line 11" in only_error(project(forward("assert not self.training, 'not for training'")))


def test_problems_of_the_source_are_problems_of_the_node() -> None:
    made = project("class Layer(nn.Module):\n    def forward(self, x:\n        return x\n")
    found: list[Problem] = errors(made)
    assert [(each.node, each.message) for each in found] == [
        ("n", "line 2: Python cannot read this: '(' was never closed.")
    ]


def test_a_layer_that_is_not_linked_is_not_run() -> None:
    made = project(forward("raise ValueError"))
    made = Project(graph=Graph(made.graph.nodes, {}), code=made.code)
    assert not any("ValueError" in each.message for each in errors(made))


def test_the_lines_of_the_source_are_shown_in_tracebacks() -> None:
    import traceback

    source = forward("raise ValueError('seen')")
    trust.trust(source)
    made = python_code.construct(source, "Layer(in_features=6)", False, "cpu")
    with pytest.raises(ValueError, match="seen") as caught:
        made(torch.zeros(2, 6))
    assert "raise ValueError('seen')" in "".join(traceback.format_exception(caught.value))


def test_every_way_to_draw_is_seeded() -> None:
    def draw() -> list[torch.Tensor]:
        x = torch.zeros(9)
        with Seeded(5), torch.no_grad():
            whole = [torch.randint(99, (9,)), torch.randint(3, 99, (9,)), torch.randperm(9)]
            return [*whole, torch.randn(9), torch.rand(9), torch.randn_like(x), torch.rand_like(x), x.clone().normal_()]

    before = torch.get_rng_state()
    assert all(map(torch.equal, draw(), draw()))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_built_network_is_the_code_and_starts_from_the_seed() -> None:
    source = "from __future__ import annotations\n" + forward("pass").replace(
        "self.linear = nn.Linear(in_features, width)",
        "self.linear = nn.Linear(in_features, width)\n        self.scale = nn.Parameter(torch.randn(width))",
    )
    made = project(source)
    one, two = (build(made).module.state_dict() for _ in range(2))
    assert one.keys() == {"n.scale", "n.linear.weight", "n.linear.bias"}
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert "class Layer(nn.Module):" in build(made).source


def test_an_untrusted_layer_is_not_built() -> None:
    with pytest.raises(ModelError, match="has a problem"):
        build(project(forward("x = x - 0"), trusted=False))


def test_code_that_was_exchanged_or_distrusted_after_the_check_is_not_built() -> None:
    made = project(forward("pass"))
    report = check(made)
    build(made, report)
    other = net(
        tuple(made.graph.nodes.values()), "x > n.x", "n > y", code={"Layer": PythonLayer("Layer", forward("0"))}
    )
    with pytest.raises(ModelError, match="look at its code and trust it"):
        build(other, report)
    trust.forget(made.code["Layer"].source)
    with pytest.raises(ModelError, match="look at its code and trust it"):
        build(made, report)


# --- code that never ends ---------------------------------------------------------------------------------------------

_ENDLESS = """
        while True:
            try:
                x = x + 1
            except Exception:
                pass
"""


@pytest.mark.parametrize(
    "source",
    [
        BODY.replace("        {0}", _ENDLESS),
        BODY.replace("{0}", "pass").replace("super().__init__()", "super().__init__()\n        while True: pass"),
        BODY.replace("{0}", "pass") + "while True:\n    pass\n",
    ],
    ids=["forward", "constructor", "module"],
)
def test_code_that_never_ends_is_stopped_and_the_rest_is_checked(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST", 1.0)
    made = project(source)
    nodes = {**made.graph.nodes, "other": layer("other", "ReLU"), "z": Node("z", "Output")}
    links = {**made.graph.links, End("other", "input"): End("x", "output"), End("z", "input"): End("other", "output")}
    made = replace(made, graph=Graph(nodes, links))
    message = only_error(made)
    assert re.fullmatch(
        r"line \d+: The code was still running after 1 seconds\. It was stopped, so that the check of the network "
        r"can go on\. Look for a loop that never ends\.",
        message,
    )
    assert shape(made, "other", "output") == ("N", 6)
    assert errors(project(forward("pass"))) == []
    assert sys.stdout is not sys.stderr


def test_what_ends_in_time_is_left_alone() -> None:
    for _ in range(50):
        assert patience.at_most(30.0, lambda: 7) == 7
    with pytest.raises(KeyError):
        patience.at_most(30.0, lambda: {}["nothing"])


def test_who_catches_everything_is_stopped_again() -> None:
    caught = []

    def stubborn() -> None:
        while len(caught) < 3:
            try:
                while True:
                    pass
            except BaseException as error:
                caught.append(error)
        while True:
            pass

    with pytest.raises(patience.TooLong):
        patience.at_most(0.1, stubborn)
    assert len(caught) == 3
