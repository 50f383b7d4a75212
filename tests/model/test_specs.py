"""Open dimensions and the expressions they are written as."""

from __future__ import annotations

import pytest

from core.expressions import evaluate
from core.memo import Memo
from core.model.specs import Dim, TensorSpec, fit, input_spec, probes

NAMES = ("S", "T")


@pytest.mark.parametrize(
    "text",
    "N 2*N T T-2 T+4 T-60 S 3*T 64*T 32*T-1920 T//2 (T-1)//2 (T+5)//2 (T-13)//2 T//3 T//4 T//8 N*T 8*S*T".split(),
)
def test_an_open_size_is_written_as_the_expression_it_came_from(text: str) -> None:
    dims = probes(NAMES)
    a, b = (int(evaluate(text, {name: dim[which] for name, dim in dims.items()})) for which in (0, 1))
    assert str(fit(a, b, NAMES)) == text


def test_a_size_that_two_runs_cannot_pin_down_is_written_as_an_approximation() -> None:
    dim = probes(("T",))["T"]
    fitted = fit((dim.a - 2) // 5, (dim.b - 2) // 5, ("T",))
    assert str(fitted) == "≈T/5"
    assert fitted.at(batch=1, length=50) == 10


def test_a_size_that_follows_from_no_name_is_a_question_mark() -> None:
    assert fit(1013, 17, ()).size == "?"


def test_sizes_that_only_happen_to_lie_on_a_line_are_not_taken_for_one() -> None:
    dim = probes(("T",))["T"]
    squared = fit((dim.a + 4) ** 2, (dim.b + 4) ** 2, ("T",))
    assert squared.size == "?"


def test_equal_sizes_are_fixed() -> None:
    assert fit(7, 7, NAMES) == Dim(7, 7)
    assert Dim(7, 7).fixed


def test_a_spec_reads_as_names_and_sizes() -> None:
    spec = input_spec("float32", ("T", 7), ("T",))
    assert str(spec) == "N × T × 7"
    assert spec.shape == ("N", "T", 7)
    assert spec.rank == 3
    assert spec.starts_with_batch
    assert spec.item_size == 4


def test_sizes_takes_the_batch_and_a_length_for_what_is_open() -> None:
    spec = TensorSpec("int64", (fit(53, 59, ("T",)), fit(240 - 2, 479 - 2, ("T",)), Dim(3, 3)))
    assert spec.sizes(4, 10) == (4, 8, 3)
    assert spec.item_size == 8


def test_the_probe_sizes_of_different_names_differ() -> None:
    dims = probes(tuple("ABCDEFGH")).values()
    assert len({dim.a for dim in dims} | {dim.b for dim in dims}) == 2 * len(dims)


def test_a_memo_drops_what_was_unused_for_longest() -> None:
    memo: Memo[int] = Memo(2)
    memo.put("a", 1)
    memo.put("b", 2)
    assert memo.get("a") == 1
    memo.put("c", 3)
    assert memo.get("b") is None
    assert (memo.get("a"), memo.get("c"), len(memo)) == (1, 3, 2)
