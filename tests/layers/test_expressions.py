"""Arithmetic over project variables."""

from __future__ import annotations

import pytest

from core.errors import ExpressionError
from core.expressions import evaluate, is_expression, names_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*width", 64),
        ("width / 2", 16),
        ("width // 5", 6),
        ("width % 5", 2),
        ("-(width - 40) * 0.5", 4),
        ("+1", 1),
        ("rate", 0.25),
        ("1/3", 1 / 3),
    ],
)
def test_arithmetic_is_evaluated_and_whole_results_stay_whole(text: str, expected: float) -> None:
    found = evaluate(text, {"width": 32, "rate": 0.25})
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2*", "is not an arithmetic expression"),
        ("", "is not an arithmetic expression"),
        ("2**3", "is not allowed"),
        ("width.real", "is not allowed"),
        ("__import__('os')", "is not allowed"),
        ("True", "is not allowed"),
        ("'a'", "is not allowed"),
        ("1 if width else 2", "is not allowed"),
        ("widht", "There is no variable 'widht'. Did you mean 'width'?"),
        ("1/(width-32)", "divides by zero"),
        ("width//0", "divides by zero"),
        ("9999999999999999*10", "must stay within"),
        ("1e400", "must stay within"),
        ("huge", "must stay within"),
        ("huge/2", "must stay within"),
        ("nan", "must stay within"),
        ("1" * 201, "at most 200 characters"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, {"width": 32, "huge": 10**400, "nan": float("nan")})
    assert message in caught.value.message


def test_an_expression_is_recognised_without_its_variables() -> None:
    assert all(map(is_expression, ("2*w", "w", "3", "-(a+b)//2", "1/0")))
    assert not any(map(is_expression, ("", "2*", "f(2)", "a.b", "True", "'a'", "2**8", "[1]", "1" * 201)))


def test_names_are_the_variables_that_occur() -> None:
    assert names_in("2*a + b//a") == {"a", "b"}
    assert names_in("2*") == frozenset()
