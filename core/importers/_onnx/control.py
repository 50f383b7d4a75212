"""Graphs inside operations – If, Loop, Scan: taken out and, where they run a number of times known ahead, unrolled."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.graph.project import End
from core.importers._onnx.arranging import pairs, reshaped, unsqueezed
from core.importers._onnx.file import array_of
from core.importers._onnx.known import Known, constant
from core.importers._onnx.model import Op, Refused

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow, Result

    Held = Known | End

Walk = Callable[[Sequence[Any], dict[str, str]], None]
"""Walks through the nodes of a graph; what its values are called in it, by what they are called in the walk."""
MOST_TURNS = 256
"""How often a graph may run that is unrolled."""


def taken_out(flow: Flow, op: Op, names: Mapping[str, str], walk: Walk) -> tuple[Result | None, ...]:
    """Return what an operation gives that holds graphs; ``names`` are those of the graph around it.

    Raises:
        Refused: which graph runs, or how often, depends on values that arrive, and no layer says the same.
    """
    if op.type == "If":
        return _branches(flow, op, names, walk)
    if op.type == "Loop":
        return _loop(flow, op, names, walk)
    if op.type == "Scan" and op.version >= 9:
        return _scan(flow, op, names, walk)
    raise Refused("it runs a graph of its own for each of its values")


def _place(op: Op) -> str:
    """Return what the values of an operation's graphs are called by, unlike those of any other."""
    return f"within {next(filter(None, op.outputs), op.name)}"


def _run(
    flow: Flow, op: Op, graph: Any, names: Mapping[str, str], walk: Walk, given: Mapping[str, str]
) -> tuple[str, ...]:
    """Walk through a graph once and return the names of what it gives; ``given`` names what it takes."""
    own = {**names, **given}
    flow.count_handed(len(own) + len(graph.output))
    for each in graph.initializer:
        own[each.name] = f"{_place(op)}/{each.name}"
        if own[each.name] not in flow.values:
            held = array_of(each)
            flow.fold(held.size)
            flow.values[own[each.name]] = constant(held, each.name)
    walk(graph.node, own)
    return tuple(own.get(each.name, each.name) for each in graph.output)


def _handed(flow: Flow, op: Op, names: Sequence[str]) -> tuple[Result | None, ...]:
    """Return the values of these names as those that an operation gives; sequences of values are handed on here."""
    for output, name in zip(op.outputs, names, strict=False):
        if output and name in flow.lists:
            flow.lists[output] = flow.lists[name]
    return tuple(flow.values.get(name) for name in names)


def _branches(flow: Flow, op: Op, names: Mapping[str, str], walk: Walk) -> tuple[Result | None, ...]:
    """Take the branch whose condition is known ahead; else both, and one or the other result as values arrive."""
    condition = flow.fixed(op, 0)
    if condition is not None:
        graph = op.get("then_branch" if bool(condition.reshape(-1)[0]) else "else_branch")
        return _handed(flow, op, _run(flow, op, graph, names, walk, {}))
    asked = flow.end(op, 0)
    if any(math.prod(pair[which] for pair in pairs(flow, asked)) != 1 for which in (0, 1)):
        raise Refused("its condition is more than one value")
    both = [_run(flow, op, op.get(name), names, walk, {}) for name in ("then_branch", "else_branch")]
    if len(both[0]) != len(both[1]) or any(name in flow.lists for part in both for name in part):
        raise Refused("its branches give different things, and which of them runs depends on values that arrive")
    asked = reshaped(flow, asked, [])
    flow.draft.note(f"Both branches of '{op.place}' are computed each time, and the values of one are taken.")
    return tuple(_either(flow, asked, one, two) for one, two in zip(*both, strict=True))


def _either(flow: Flow, asked: End, one: str, two: str) -> End:
    first, second = flow.placed(flow.values[one]), flow.placed(flow.values[two])
    if flow.spec(first).dtype != flow.spec(second).dtype or pairs(flow, first) != pairs(flow, second):
        raise Refused(
            f"its branches give {flow.spec(first)} and {flow.spec(second)}, and which of them runs depends on values "
            "that arrive"
        )
    return flow.add("Where", {}, {"condition": asked, "a": first, "b": second})


def _loop(flow: Flow, op: Op, names: Mapping[str, str], walk: Walk) -> tuple[Result | None, ...]:
    """Unroll a loop whose end is known ahead."""
    limit, go = flow.fixed(op, 0), flow.fixed(op, 1)
    if (op.has(0) and limit is None) or (op.has(1) and go is None):
        raise Refused("how often it runs depends on values that arrive")
    body, carried = op.get("body"), tuple(op.inputs[2:])
    if len(body.input) != 2 + len(carried) or len(body.output) < 1 + len(carried):
        raise Refused("its graph takes other values than it is given")
    rows: list[tuple[str, ...]] = []
    going = go is None or bool(go.reshape(-1)[0])
    while going and (limit is None or len(rows) < int(limit.reshape(-1)[0])):
        if len(rows) == MOST_TURNS:
            raise Refused(f"it runs more than {MOST_TURNS} times")
        turn = {"number": np.array(len(rows)), "condition": np.array(True)}
        flow.values.update({f"{_place(op)} {key}": constant(each) for key, each in turn.items()})
        taken = (f"{_place(op)} number", f"{_place(op)} condition", *carried)
        given = {each.name: name for each, name in zip(body.input, taken, strict=True)}
        made = _run(flow, op, body, names, walk, given)
        again = flow.values.get(made[0])
        if not isinstance(again, Known) or not again.fixed:
            raise Refused("whether it runs once more depends on values that arrive")
        going = bool(again.first.reshape(-1)[0])
        carried = _settled(flow, op, made[1 : 1 + len(carried)], f"{len(rows)} carried")
        rows.append(_settled(flow, op, made[1 + len(carried) :], f"{len(rows)} given"))
    columns = len(body.output) - 1 - len(carried)
    stacked = [_stacked(flow, [row[index] for row in rows], 0) for index in range(columns)]
    return (*_handed(flow, op, carried), *stacked)


def _settled(flow: Flow, op: Op, made: Sequence[str], turn: str) -> tuple[str, ...]:
    """Keep values under names that the next turn does not use again."""
    found = []
    for index, name in enumerate(made):
        kept = f"{_place(op)} {turn}.{index}"
        if name in flow.lists:
            flow.lists[kept] = flow.lists[name]
        else:
            flow.values[kept] = flow.values[name]
        found.append(kept)
    return tuple(found)


def _scan(flow: Flow, op: Op, names: Mapping[str, str], walk: Walk) -> tuple[Result | None, ...]:
    """Unroll a graph that runs once for each place along a dimension of fixed length."""
    body, count = op.get("body"), int(op.get("num_scan_inputs", 0))
    if not 0 < count <= len(op.inputs) or len(body.input) != len(op.inputs):
        raise Refused("its graph takes other values than it is given")
    states = tuple(op.inputs[:-count])
    sources = [flow.values[name] for name in op.inputs[-count:]]
    axes = _each(op, "scan_input_axes", count)
    backwards = _each(op, "scan_input_directions", count)
    lengths = {_length(flow, source, axis) for source, axis in zip(sources, axes, strict=True)}
    if len(lengths) != 1:
        raise Refused("what it goes through is of different lengths")
    (length,) = lengths
    if length > MOST_TURNS:
        raise Refused(f"it runs {length:,} times; {MOST_TURNS} are possible")
    rows = []
    for turn in range(length):
        places = [length - 1 - turn if back else turn for back in backwards]
        taken = list(states)
        for index, source in enumerate(sources):
            taken.append(f"{_place(op)} place {index}")
            flow.values[taken[-1]] = _at(flow, source, axes[index], places[index])
        made = _run(
            flow, op, body, names, walk, {each.name: name for each, name in zip(body.input, taken, strict=True)}
        )
        states = _settled(flow, op, made[: len(states)], f"{turn} carried")
        rows.append(_settled(flow, op, made[len(states) :], f"{turn} given"))
    columns = len(body.output) - len(states)
    into, turned = _each(op, "scan_output_axes", columns), _each(op, "scan_output_directions", columns)
    stacked = [
        _stacked(flow, [row[index] for row in (rows[::-1] if turned[index] else rows)], into[index])
        for index in range(columns)
    ]
    return (*_handed(flow, op, states), *stacked)


def _each(op: Op, name: str, count: int) -> tuple[int, ...]:
    """Return a number for each value that goes through a scan, 0 where nothing is said."""
    found = tuple(op.get(name, ())) or (0,) * count
    if len(found) != count:
        raise Refused(f"it says {len(found)} {name}, but {count} are needed")
    return found


def _length(flow: Flow, source: Held, axis: int) -> int:
    if isinstance(source, Known):
        sizes = {array.shape[axis] for array in (source.first, source.second)}
        if len(sizes) > 1:
            raise Refused("how often it runs depends on a length that stays open")
        return int(sizes.pop())
    return flow.fixed_sizes(source, (flow.axis(source, axis),))[0]


def _at(flow: Flow, source: Held, axis: int, place: int) -> Held:
    if isinstance(source, Known):
        first = np.take(source.first, place, axis)
        return Known(first, first if source.first is source.second else np.take(source.second, place, axis))
    return flow.add("Select", {"dim": flow.axis(source, axis), "index": place}, [source], suffix="_at")


def _stacked(flow: Flow, names: Sequence[str], axis: int) -> Held:
    """Return the values of all turns along a new dimension."""
    if not names:
        raise Refused("it never runs, so that nothing is gathered")
    values = [flow.values[name] for name in names]
    known = [each for each in values if isinstance(each, Known)]
    if len(known) == len(values):
        flow.fold(2 * sum(each.first.size for each in known))
        return Known(np.stack([each.first for each in known], axis), np.stack([each.second for each in known], axis))
    ends = [flow.placed(each) for each in values]
    axis = flow.axis(ends[0], axis, new=1)
    rows = [unsqueezed(flow, end, (axis,)) for end in ends]
    return rows[0] if len(rows) == 1 else flow.add("Concatenate", {"dim": axis}, rows)
