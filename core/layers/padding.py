"""Padding: what is put around a signal, an image or a volume, so that filters reach its edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from core.kinds import LayerKind, Parameter, Port, Rule, Shape, Value

_FAMILY = "Padding"
_AXES = {1: "length", 2: "height × width", 3: "depth × height × width"}
_NOUNS = {1: "a signal", 2: "an image", 3: "a volume"}
_SIDES = {1: "left, right", 2: "left, right, top, bottom", 3: "left, right, top, bottom, front, back"}
_SAMPLES: dict[int, Shape] = {1: (2, 4, 9), 2: (2, 3, 5, 6), 3: (2, 2, 4, 5, 6)}
_CROPS = -(2**53)
"""A negative padding cuts off, as far as the edges go, which the run itself tells; this is the least whole number."""
_MOST_RANKS = 8
_VALUE = Parameter("value", "float", 0.0, "The number that is put around.")


def _padding(dimensions: int) -> Parameter:
    return Parameter(
        "padding",
        "ints",
        1,
        f"How many positions are added, one number for every side or {_SIDES[dimensions]}; negative cuts off.",
        minimum=_CROPS,
    )


def _sides(shapes: Mapping[str, Shape], padding: Value, dimensions: int) -> Iterator[tuple[int, int, int]]:
    """Yield size, padding before and padding after, of every padded dimension, the last one first."""
    sizes = shapes["input"][::-1][:dimensions]
    each = padding if isinstance(padding, tuple) else (padding,) * 2 * dimensions
    yield from zip(sizes, each[::2], each[1::2], strict=True)


def _fits(dimensions: int, most: Callable[[int, int], int] | None = None, source: str = "") -> Rule:
    """Return the rule that something is left of every dimension, and that it holds what it is padded with.

    ``most`` tells how many positions may be put on a side, from a dimension's size and from what a crop leaves of it.
    """

    def rule(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
        for size, before, after in _sides(shapes, values["padding"], dimensions):
            if size + before + after < 1:
                return f"padding cuts off {-before - after} positions of a dimension, which leaves nothing of it."
            if most and max(before, after) > most(size, size + min(before, 0) + min(after, 0)):
                return (
                    f"padding {max(before, after)} is more than what arrives can give: the margin is taken from "
                    f"{source}, which has fewer positions. Choose a smaller padding, or ConstantPad."
                )
        return ""

    return rule


def _constant(name: str, dimensions: int, summary: str, *words: str) -> LayerKind:
    """Declare a padding with one number, which takes any number of dimensions before those it pads."""
    ranks = tuple(range(dimensions + 1, _MOST_RANKS + 1))
    filled = (_VALUE,) if name == "Constant" else ()
    return LayerKind(
        f"{name}Pad{dimensions}d",
        _FAMILY,
        summary.format(_NOUNS[dimensions]),
        f"torch.nn.{name}Pad{dimensions}d",
        stem="pad",
        inputs=(Port("input", f"Batch × … × {_AXES[dimensions]}.", dtype="any", ranks=ranks, unbatched=(dimensions,)),),
        outputs=(Port("output", dtype="any"),),
        parameters=(_padding(dimensions), *filled),
        face=("padding", *(each.name for each in filled)),
        keywords=(*words, "pad", "border", "margin", "crop"),
        samples=((_SAMPLES[dimensions],),),
        sample_parameters={"padding": (1, -1, 2, 0, 0, 3)[: 2 * dimensions]},
        rules=(_fits(dimensions),),
        formula="out = in + padding before + padding after",
    )


def _from_within(name: str, dimensions: int, rule: Rule, summary: str, *words: str) -> LayerKind:
    """Declare a padding with values of the signal itself, which has channels before the dimensions it pads."""
    return LayerKind(
        f"{name}Pad{dimensions}d",
        _FAMILY,
        summary.format(_NOUNS[dimensions]),
        f"torch.nn.{name}Pad{dimensions}d",
        stem="pad",
        inputs=(
            Port(
                "input",
                f"Batch × channels × {_AXES[dimensions]}.",
                dtype="any",
                ranks=(dimensions + 2,),
                unbatched=(dimensions + 1,),
                refuses=() if name == "Circular" else ("bool",),
            ),
        ),
        outputs=(Port("output", dtype="any"),),
        parameters=(_padding(dimensions),),
        face=("padding",),
        keywords=(*words, "pad", "border", "margin"),
        samples=((_SAMPLES[dimensions],),),
        sample_parameters={"padding": (1, 0, 2, 2, 0, 3)[: 2 * dimensions]},
        rules=(rule,),
        formula="out = in + padding before + padding after",
    )


_NUMBER = "Puts a margin of one number of your choice around {}; negative sizes cut off."
_ZERO = "Puts a margin of zeros around {}; negative sizes cut off."
_REFLECTION = "Puts a margin around {} that mirrors what lies inside, without repeating the edge."
_REPLICATION = "Puts a margin around {} that repeats the value at the edge."
_CIRCULAR = "Puts a margin around {} with what lies at the opposite side, as if it went round."
_NUMBERS = (1, 2, 3)


def _inside(size: int, _left: int) -> int:
    return size - 1


def _whole(_size: int, left: int) -> int:
    """A margin longer than what is left would be read while it is written; PyTorch notices that only at times."""
    return left


def _reflection(dimensions: int) -> LayerKind:
    rule = _fits(dimensions, _inside, "what lies inside the edge")
    return _from_within("Reflection", dimensions, rule, _REFLECTION, "mirror", "reflect", "symmetric")


def _replication(dimensions: int) -> LayerKind:
    return _from_within("Replication", dimensions, _fits(dimensions), _REPLICATION, "replicate", "repeat", "edge")


def _circular(dimensions: int) -> LayerKind:
    rule = _fits(dimensions, _whole, "the opposite side")
    return _from_within("Circular", dimensions, rule, _CIRCULAR, "wrap", "periodic", "circular")


KINDS = (
    *(_constant("Zero", number, _ZERO, "zero padding", "zeropadding") for number in _NUMBERS),
    *(_constant("Constant", number, _NUMBER, "constant", "fill", "padarray") for number in _NUMBERS),
    *(_reflection(number) for number in _NUMBERS),
    *(_replication(number) for number in _NUMBERS),
    *(_circular(number) for number in _NUMBERS),
)
