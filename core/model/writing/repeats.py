"""Writes the construction of a group: once, as a row of equal ones, or as a row in which sizes grow."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise

from core.errors import ModelError
from core.graph.project import Node
from core.kinds import Value
from core.model.lines import Written, literal, written
from core.model.writing.expressions import bracketed, holds
from core.model.writing.group import Argument, WrittenClass
from core.model.writing.scope import Scope, as_value, same
from core.model.writing.uses import Use

_SHORTEST_RUN = 3
_COUNTERS = ("i", "j", "k", "index", "number")


class Split(Exception):
    """No error: the uses of a group cannot share one class, but those with equal keys may."""

    def __init__(self, keys: Sequence[Hashable]) -> None:
        super().__init__("The uses of this group cannot share one class.")
        self.keys = tuple(keys)


def count_of(scope: Scope, node: Node) -> Value:
    """Return how often a group is repeated, as it is to be written."""
    counts = [use.report.nodes[node.name].repeat for use in scope.uses]
    return scope.number(scope.owner(node).repeat, counts, f"{scope.owner(node).name}_repeat", node.name)


def is_row(scope: Scope, node: Node) -> bool:
    """True where a group is several modules in a row."""
    count = count_of(scope, node)
    return not scope.owner(node).tied and (isinstance(count, Written) or count > 1)


def is_loop(scope: Scope, node: Node) -> bool:
    """True where ``forward`` needs a loop: for a tied group, and for one with several inputs or outputs."""
    count, kind = count_of(scope, node), scope.kinds[node.name]
    if not isinstance(count, Written) and count == 1:
        return False
    return scope.owner(node).tied or not len(kind.inputs) == len(kind.outputs) == 1


def construction(scope: Scope, node: Node) -> str:
    """Write ``Block(channels=64)`` or ``nn.Sequential(*(Block(channels=64) for _ in range(3)))``.

    Raises:
        Split: the uses of the class that holds the node need different code.
        ModelError: a tied group would need different sizes from call to call.
    """
    return _Row(scope, node).text()


class _Row:
    """The repetitions of one group node, in all uses of the class that holds it."""

    def __init__(self, scope: Scope, node: Node) -> None:
        self.scope = scope
        self.node = node
        self.kind = scope.kinds[node.name]
        self.runs = [use.inner[node.name] for use in scope.uses]
        if any(len({_class(use) for use in run}) > 1 for run in zip(*self.runs, strict=False)):
            raise Split([tuple(_class(use).name for use in run) for run in self.runs])
        self.first = self.runs[0]

    def text(self) -> str:
        if self.scope.owner(self.node).tied:
            if not all(_class(use) is _class(run[0]) and use.given == run[0].given for run in self.runs for use in run):
                raise unlike_calls(self.node.name, [use.given for use in self.first])
            return self.call(0)
        if not is_row(self.scope, self.node):
            return self.call(0)
        modules = self.modules()
        if not is_loop(self.scope, self.node):
            return f"nn.Sequential({', '.join(modules)})"
        alone = len(modules) == 1 and modules[0].startswith("*(")
        return f"nn.ModuleList({modules[0][2:-1] if alone else '[' + ', '.join(modules) + ']'})"

    def modules(self) -> list[str]:
        """Write each repetition, or several by one generator."""
        count = count_of(self.scope, self.node)
        if len({_class(use) for run in self.runs for use in run}) == 1:
            if all(use.given == run[0].given for run in self.runs for use in run):
                return [f"*({self.call(0)} for _ in range({literal(count)}))"]
            growing = self.growing()
            if growing:
                return [growing]
            if all(use.given == run[1].given for run in self.runs if len(run) > 1 for use in run[1:]):
                return self.first_and_rest(count)
        if not same([len(run) for run in self.runs]) or isinstance(count, Written):
            self.refuse()
        return self.listed()

    def refuse(self) -> None:
        """Let uses of different length have classes of their own; alone, each is written out."""
        keys = [tuple(tuple(use.given.items()) for use in run) for run in self.runs]
        if len(set(keys)) > 1:
            raise Split(keys)

    def first_and_rest(self, count: Value) -> list[str]:
        """Write the first repetition, and all others by one generator."""
        if not isinstance(count, Written) and count == 2:
            return [self.call(0), self.call(1)]
        less = f"{bracketed(count.text)} - 1" if isinstance(count, Written) else str(count - 1)
        return [self.call(0), f"*({self.call(1)} for _ in range({less}))"]

    def listed(self) -> list[str]:
        """Write every module, equal neighbours together."""
        found, start = [], 0
        rows = [[(_class(run[place]), run[place].given) for run in self.runs] for place in range(len(self.first))]
        while start < len(rows):
            end = start + 1
            while end < len(rows) and rows[end] == rows[start]:
                end += 1
            if end - start >= _SHORTEST_RUN:
                found.append(f"*({self.call(start)} for _ in range({end - start}))")
            else:
                found += [self.call(place) for place in range(start, end)]
            start = end
        return found

    def growing(self) -> str:
        """Write ``*(Layer(in_channels=64 + 32 * i) for i in range(6))`` where sizes grow evenly; else nothing."""
        count = count_of(self.scope, self.node)
        if max(map(len, self.runs)) < _SHORTEST_RUN:
            return ""
        taken = {*self.scope.names, *(str(each) for each in self.scope.names.values()), *self.scope.constants}
        counter = next(name for name in _COUNTERS if name not in taken)
        values: dict[str, Value] = {}
        for argument in _class(self.first[0]).arguments:
            start = self.value(argument, 0)
            columns = [[use.given[argument.name] for use in run] for run in self.runs]
            if all(same(column) for column in columns):
                values[argument.name] = start
                continue
            text = self.step(columns)
            if not text:
                return ""
            product = counter if text == "1" else f"{bracketed(text)} * {counter}"
            values[argument.name] = written(columns[0][0], f"{literal(start)} + {product}")
        return f"*({_call(_class(self.first[0]), values)} for {counter} in range({literal(count)}))"

    def step(self, columns: Sequence[Sequence[Value]]) -> str:
        """Return by how much a size grows from one repetition to the next; empty where it does not grow evenly."""
        steps: list[int] = []
        for column in columns:
            if len(column) < 2:
                return ""
            found = {after - before for before, after in pairwise(column)}
            if len(found) > 1 or not all(isinstance(value, int) for value in column):
                return ""
            steps += found
        own = self.scope.arguments(self.node).values()
        texts = [value.text for value in own if isinstance(value, Written)]
        text = next((each for each in texts if holds(each, steps, self.scope.environments)), "")
        return text or (str(steps[0]) if same(steps) else "")

    def call(self, place: int) -> str:
        """Write the construction of one repetition."""
        made = _class(self.first[place])
        return _call(made, {argument.name: self.value(argument, place) for argument in made.arguments})

    def value(self, argument: Argument, place: int) -> Value:
        """Return an argument of one repetition as it is to be written."""
        if argument.parameter:
            return self.scope.arguments(self.node)[argument.parameter]
        values = [run[min(place, len(run) - 1)].given[argument.name] for run in self.runs]
        text = self.arriving(argument, place, values)
        if text and holds(text, values, self.scope.environments):
            return as_value(text, values[0])
        return values[0] if same(values) else self.scope.own(argument.name, values, self.node.name)

    def arriving(self, argument: Argument, place: int, values: Sequence[Value]) -> str:
        """Return the expression for the size that an argument stands for, as it arrives at one repetition."""
        if not argument.port:
            return ""
        index = next(number for number, port in enumerate(self.kind.inputs) if port.name == argument.port)
        if place and index < len(self.kind.outputs):
            return self.scope.made_inside(self.node, self.kind.outputs[index].name, argument.axis)
        source = dict(self.scope.incoming[self.node.name])[argument.port]
        if self.scope.sizes(source, argument.axis) != list(values):
            return ""
        return self.scope.trace(source, argument.axis, argument.name)


def unlike_calls(node: str, given: Sequence[Mapping[str, Value]]) -> ModelError:
    """Return the error for a layer with one set of weights whose calls would need it to be of different sizes."""
    values = {name: list(dict.fromkeys(literal(each[name]) for each in given)) for name in given[0]}
    unlike = "; ".join(f"{name} {' and '.join(found)}" for name, found in values.items() if len(found) > 1)
    return ModelError(
        f"'{node}' has one set of weights for several calls, but they need different sizes"
        f"{f' ({unlike})' if unlike else ''}. Give each call weights of its own, or bring what arrives to one size.",
        node=node,
    )


def _class(use: Use) -> WrittenClass:
    assert use.written is not None, "groups are written before those that use them"
    return use.written


def _call(made: WrittenClass, values: Mapping[str, Value]) -> str:
    return f"{made.name}({', '.join(f'{name}={literal(value)}' for name, value in values.items())})"
