"""What a dimension of a search may be: its check in plain words, its text, and one to begin with for every place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

from core.errors import LayerwrightError, SearchError, did_you_mean
from core.graph.project import Dimension, Project, Search
from core.kinds import Value
from core.search.places import MODE, TRAINING, VARIABLE, Spot, places, spot

GRID_POINTS = 5
"""How many values of a range without a step a grid takes."""
_MOST_GRID = 1_000_000
_LARGEST_LOG = 0.1
"""A number from above 0 to here is first offered on a logarithmic scale."""


# --- the check --------------------------------------------------------------------------------------------------------


def dimension_problem(project: Project, dimension: Dimension) -> str:
    """Return what is wrong with a dimension in this project, in plain words, or an empty string."""
    try:
        where = spot(project, dimension.place)
    except LayerwrightError as error:
        return str(error)
    wrong = _choice_problem(where, dimension.choices) if dimension.choices else _range_problem(where, dimension)
    return f"{where.title}: {wrong}" if wrong else ""


def search_problems(project: Project) -> tuple[str, ...]:
    """Return what keeps the project's search from being run."""
    dimensions = project.search.dimensions
    if not dimensions:
        return ("Nothing is searched yet: mark a number or a choice, or vary one.",)
    found = [wrong for each in dimensions if (wrong := dimension_problem(project, each))]
    seen = [each.place for each in dimensions]
    found += [f"{place} is searched twice." for place in dict.fromkeys(seen) if seen.count(place) > 1]
    if project.search.trials < 1:
        found.append(f"The number of trials must be at least 1, not {project.search.trials}.")
    return tuple(found)


def _choice_problem(where: Spot, choices: Sequence[Value]) -> str:
    texts = [where.text(each) for each in choices]
    twice = next((each for each in texts if texts.count(each) > 1), None)
    if twice is not None:
        return f"'{twice}' stands twice among the choices."
    if len(choices) < 2:
        return "there must be at least two choices."
    return next((message for each in choices if (message := where.check(each))), "")


def _range_problem(where: Spot, dimension: Dimension) -> str:
    low, high, step = dimension.low, dimension.high, dimension.step
    if where.draws == "choice":
        return "this is no number: give choices in place of a range."
    numbers = (low, high, step)
    if any(isinstance(each, bool) or not isinstance(each, int | float) or not math.isfinite(each) for each in numbers):
        return "a range goes from one finite number to another."
    if where.draws == "int" and any(float(each) != int(each) for each in numbers):
        return f"these are whole numbers, and the range {range_text(dimension)} is not."
    if not low < high:
        return f"the range must rise, and {low} is not less than {high}."
    if step < 0:
        return f"the step must be above 0 (0: any number), not {step}."
    if dimension.log and low <= 0:
        return f"a logarithmic scale needs numbers above 0, and the range begins at {low}."
    if dimension.log and step:
        return "a logarithmic scale has no steps: take away one of the two."
    if step > high - low:
        return f"the step {step} is larger than the range."
    return where.check(low) or where.check(high)


# --- its text ---------------------------------------------------------------------------------------------------------


def range_text(dimension: Dimension) -> str:
    """Return a range as the user reads it: ``0.0001 … 0.1, log``."""
    text = f"{dimension.low:g} … {dimension.high:g}"
    if dimension.log:
        return f"{text}, log"
    return f"{text}, step {dimension.step:g}" if dimension.step else text


def dimension_text(project: Project, dimension: Dimension) -> str:
    """Return what is tried at a place: a range, or the choices."""
    if not dimension.choices:
        return range_text(dimension)
    try:
        where = spot(project, dimension.place)
    except LayerwrightError:
        return ", ".join(map(str, dimension.choices))
    return ", ".join(map(where.text, dimension.choices))


def parse_dimension(project: Project, text: str) -> Dimension:
    """Return the dimension that a text stands for.

    ``PLACE=LOW..HIGH``, ``PLACE=LOW..HIGH:STEP``, ``PLACE=LOW..HIGH:log`` or ``PLACE=ONE,OTHER,…``. The place may be
    the bare name of a variable or a training setting.

    Raises:
        SearchError: it stands for none; the message says why.
    """
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not equals or not rest:
        raise SearchError(f"'{text}' says not what is to be tried: write PLACE=LOW..HIGH, …:log, …:STEP or PLACE=A,B.")
    place = _whole_place(project, name)
    where = spot(project, place)
    if ".." in rest:
        dimension = _parsed_range(where, rest)
    else:
        dimension = Dimension(place, choices=tuple(where.read(each) for each in _split(rest)))
    if wrong := dimension_problem(project, dimension):
        raise SearchError(wrong)
    return dimension


def _split(text: str) -> list[str]:
    """Split at commas outside of brackets: ``3,(3,5)``."""
    found, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return [each.strip() for each in found]


def _whole_place(project: Project, name: str) -> str:
    if "/" in name:
        return name
    known = tuple(places(project))
    for place in (f"{VARIABLE}/{name}", f"{TRAINING}/{name}"):
        if place in known:
            return place
    near = did_you_mean(name, (*project.variables, *known))
    raise SearchError(f"There is no variable or training setting '{name}'.{near}")


def _parsed_range(where: Spot, text: str) -> Dimension:
    limits, _, more = (part.strip() for part in text.partition(":"))
    low, _, high = limits.partition("..")
    numbers = [_number(where, each) for each in (low, high)]
    step = _number(where, more) if more and more != "log" else 0
    return Dimension(where.place, numbers[0], numbers[1], step, more == "log")


def _number(where: Spot, text: str) -> int | float:
    try:
        number = float(text)
    except ValueError as error:
        raise SearchError(f"{where.place}: '{text.strip()}' is no number.") from error
    return int(number) if where.draws == "int" and number == int(number) else number


# --- one to begin with ------------------------------------------------------------------------------------------------


def proposed(where: Spot) -> Dimension:
    """Return a dimension around what stands at a place now, to be changed by the user."""
    value, parameter = where.value, where.parameter
    if where.draws == "choice":
        return Dimension(where.place, choices=_first_choices(where))
    low, high = parameter.minimum, parameter.maximum
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else 1
    if where.draws == "int":
        least = int(low) if low is not None else None
        span = (max(1, int(number) // 2), max(2, int(number) * 2)) if number > 0 else (0, 8)
        begin = span[0] if least is None else max(least + parameter.exclusive, span[0])
        end = span[1] if high is None else min(int(high), span[1])
        return Dimension(where.place, begin, max(end, begin + 1))
    if (low is not None and high is not None and number > _LARGEST_LOG) or not number:
        return Dimension(where.place, float(low or 0), float(high if high is not None else 1.0))
    factor = 10.0 if 0 < number <= _LARGEST_LOG else 2.0
    ends = sorted((float(f"{number / factor:.6g}"), float(f"{number * factor:.6g}")))
    return Dimension(where.place, ends[0], ends[1], log=factor > 2 and number > 0)


def _first_choices(where: Spot) -> tuple[Value, ...]:
    parameter = where.parameter
    if parameter.type == "bool":
        return (False, True)
    if where.structure == MODE:
        return ("", "bypass")
    if parameter.choices:
        rest = [each for each in parameter.choices if each != where.value]
        return (where.value, *rest[:2])
    return (where.value,)


# --- the grid ---------------------------------------------------------------------------------------------------------


def grid_values(where: Spot, dimension: Dimension) -> tuple[Value, ...]:
    """Return what a grid tries of a dimension: choices, steps, or evenly spaced numbers of a range without steps."""
    if dimension.choices:
        return dimension.choices
    low, high = dimension.low, dimension.high
    whole = where.draws == "int"
    if dimension.step or (whole and not dimension.log and high - low < GRID_POINTS):
        step = dimension.step or 1
        count = math.floor((high - low) / step + 1e-9) + 1
        found: list[float] = [low + step * index for index in range(count)]
    else:
        shares = [index / (GRID_POINTS - 1) for index in range(GRID_POINTS)]
        found = [low * (high / low) ** s if dimension.log else low + (high - low) * s for s in shares]
        found[-1] = high
    return tuple(dict.fromkeys(round(each) if whole else float(f"{each:.12g}") for each in found))


def grid(project: Project) -> list[tuple[Value, ...]]:
    """Return all combinations that a grid tries, in the order of the dimensions.

    Raises:
        SearchError: there are too many.
    """
    values = [grid_values(spot(project, each.place), each) for each in project.search.dimensions]
    size = math.prod(map(len, values))
    if size > _MOST_GRID:
        raise SearchError(f"The grid would have {size:,} combinations: search fewer places, or draw them at random.")
    return list(product(*values))


def searched(search: Search, place: str) -> Dimension | None:
    """Return the dimension of a place, or None where it is not searched."""
    return next((each for each in search.dimensions if each.place == place), None)
