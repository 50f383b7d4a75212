"""Makes nodes and links of a quick line: which kinds, with which parameters, linked how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import LayerwrightError, did_you_mean
from core.expressions import evaluate
from core.graph.names import unique_name
from core.graph.project import INPUT, End, Node, Project
from core.graph.quickline.arguments import count_of, read_arguments
from core.graph.quickline.naming import PASS_ON, find_kind, known_words, plain
from core.graph.quickline.ranks import rank_after
from core.graph.quickline.syntax import Branches, Chain, Item, Layer, LineProblem, Times, Token, parse
from core.kinds import LayerKind

MOST_NODES = 300
_MOST_STEPS = 5_000


@dataclass(frozen=True)
class Source:
    """An output end of the graph that feeds the line; its ``rank`` (batch included) where it is known."""

    end: End
    rank: int | None = None


@dataclass(frozen=True)
class Line:
    """What a line comes to. With a ``problem`` it holds what could be made of the text before it.

    ``links`` are pairs of source and target, those from the sources included. ``ends`` are the outputs that the line
    ends in. ``places`` says from which character to which a node stands in the text, ``depths`` in how many branches.
    """

    text: str
    tokens: tuple[Token, ...] = ()
    nodes: tuple[Node, ...] = ()
    links: tuple[tuple[End, End], ...] = ()
    ends: tuple[End, ...] = ()
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    depths: Mapping[str, int] = field(default_factory=dict)
    problem: LineProblem | None = None


def read_line(
    text: str,
    project: Project,
    kinds: Sequence[LayerKind],
    sources: Sequence[Source] = (),
    *,
    input_rank: int | None = None,
) -> Line:
    """Return what a line comes to in the project's graph; never raises.

    ``kinds`` are those that may be used; of twins for one, two and three dimensions the rank of what arrives decides.
    Several sources feed as many inputs of the first layer as it has (or one branch each). ``input_rank`` is the rank
    (batch included) of what an Input of which nothing is said will give.
    """
    parsed = parse(text)
    builder = _Builder(project, tuple(kinds), parsed.problem, input_rank)
    flow = builder.chain(parsed.chain, tuple(sources), outer=True)
    if not builder.nodes and builder.problem is None:
        builder.fail(parsed.chain, "This line adds no layer.")
    return Line(
        text,
        parsed.tokens,
        tuple(builder.nodes),
        tuple(builder.links),
        tuple(source.end for source in flow),
        builder.places,
        builder.depths,
        builder.problem,
    )


_Flow = tuple[Source, ...]
"""What arrives at an item: the open ends before it."""


class _Builder:
    """Walks the tree once. After the first problem it does nothing more."""

    def __init__(
        self, project: Project, kinds: tuple[LayerKind, ...], unread: LineProblem | None, input_rank: int | None
    ) -> None:
        self.project = project
        self.kinds = kinds
        self.names = set(project.graph.nodes)
        self.nodes: list[Node] = []
        self.links: list[tuple[End, End]] = []
        self.places: dict[str, tuple[int, int]] = {}
        self.depths: dict[str, int] = {}
        self._found: LineProblem | None = None
        self._unread = unread
        self._input_rank = input_rank
        self._steps = 0
        self._depth = 0

    @property
    def problem(self) -> LineProblem | None:
        """The problem that stands first in the line."""
        found = [each for each in (self._found, self._unread) if each]
        return min(found, key=lambda each: each.start) if found else None

    def fail(self, item: Item | LineProblem, message: str) -> _Flow:
        """Note a problem at an item."""
        self._found = self._found or LineProblem(item.start, max(item.end, item.start + 1), message)
        return ()

    def chain(self, chain: Chain, flow: _Flow, *, outer: bool = False) -> _Flow:
        """Make one item after the other; return what leaves the last."""
        for index, item in enumerate(chain.items):
            if index and not flow and not self._found:
                return self.fail(item, "Nothing arrives here: what stands before it gives nothing on.")
            flow = self._item(item, flow, first=index == 0, outer=outer and index == 0)
            if self._found:
                return ()
        return flow

    def _item(self, item: Item, flow: _Flow, *, first: bool, outer: bool) -> _Flow:
        self._steps += 1
        if len(self.nodes) > MOST_NODES or self._steps > _MOST_STEPS:
            return self.fail(item, f"A line adds at most {MOST_NODES} layers.")
        if isinstance(item, Chain):
            return self.chain(item, flow, outer=outer)
        if isinstance(item, Branches):
            return self._branches(item, flow)
        if isinstance(item, Times):
            return self._times(item, flow, first=first, outer=outer)
        return self._layer(item, flow, first=first, outer=outer)

    def _branches(self, item: Branches, flow: _Flow) -> _Flow:
        lanes = len(flow) == len(item.chains) > 1
        if len(flow) > 1 and not lanes:
            return self.fail(item, f"{len(flow)} ends arrive here: join them first, with add or concat.")
        leaving: list[Source] = []
        self._depth += 1
        for index, chain in enumerate(item.chains):
            if not chain.items and not flow:
                self._depth -= 1
                return self.fail(chain, "Nothing arrives here that an empty branch could pass on: begin with input.")
            leaving += self.chain(chain, flow[index : index + 1] if lanes else flow)
        self._depth -= 1
        return tuple(leaving)

    def _times(self, item: Times, flow: _Flow, *, first: bool, outer: bool) -> _Flow:
        variables = self.project.variables
        try:
            count = count_of(item.count, variables)
            number = evaluate(count, variables) if isinstance(count, str) else count
        except (ValueError, LayerwrightError) as error:
            return self.fail(item, str(error))
        if not isinstance(number, int) or not 1 <= number <= MOST_NODES:
            return self.fail(item, f"Repetitions are a whole number from 1 to {MOST_NODES}, not {number}.")
        inner = item.item
        if isinstance(inner, Chain) and len(inner.items) == 1:
            inner = inner.items[0]
        if isinstance(inner, Layer) and inner.name.lower() not in PASS_ON:
            kind = find_kind(inner.name, self.kinds, flow[0].rank if flow else None)
            if isinstance(kind, LayerKind) and kind.group:
                return self._layer(inner, flow, first=first, outer=outer, repeat=count)
        for turn in range(number):
            if turn and not flow and not self._found:
                return self.fail(item, "It cannot be repeated: it gives nothing on.")
            flow = self._item(item.item, flow, first=first and not turn, outer=outer and not turn)
            if self._found:
                break
        return flow

    def _layer(self, item: Layer, flow: _Flow, *, first: bool, outer: bool, repeat: int | str = 1) -> _Flow:
        if item.name.lower() in PASS_ON and not item.arguments:
            return flow or self.fail(item, "Nothing arrives here to pass on: begin with input.")
        kind = find_kind(item.name, self.kinds, flow[0].rank if flow else None)
        named = LineProblem(item.start, item.start + len(item.name), "")
        if isinstance(kind, str):
            return self.fail(named, kind)
        why_not = self._why_not(kind, flow, repeat, first=first, outer=outer)
        if why_not:
            return self.fail(named, why_not)
        try:
            params, problem = read_arguments(kind, item.arguments, self.project.variables)
        except LayerwrightError as error:
            return self.fail(named, str(error))
        if problem:
            word = item.text_at(problem)
            forgotten = plain(word) in known_words(self.kinds)
            return self.fail(problem, f"'>' is expected before '{word}'." if forgotten else problem.message)
        name = unique_name(kind.name_stem, self.names)
        self.names.add(name)
        self.nodes.append(Node(name, kind.id, params, repeat=repeat))
        self.places[name], self.depths[name] = (item.start, item.end), self._depth
        for source, slot in zip(flow, kind.input_slots(len(flow)), strict=False):
            self.links.append((source.end, End(name, slot)))
        return self._leaving(item, kind, name, flow)

    def _leaving(self, item: Layer, kind: LayerKind, name: str, flow: _Flow) -> _Flow:
        if not kind.outputs:
            return self.fail(item, f"{kind.display} has no output.") if item.output else ()
        params = self.nodes[-1].params
        rank = rank_after(kind, params, tuple(each.rank for each in flow))
        if kind.id == INPUT and not params and self._input_rank:
            rank = self._input_rank
        slot = output_slot(kind, item.output)
        if not slot:
            known = [each.name for each in kind.outputs]
            hint = did_you_mean(item.output, known) or f" It has: {', '.join(known)}."
            return self.fail(item, f"{kind.display} has no output '{item.output}'.{hint}")
        return (Source(End(name, slot), rank),)

    def _why_not(self, kind: LayerKind, flow: _Flow, repeat: int | str, *, first: bool, outer: bool) -> str:
        """Return why a kind cannot stand here, or nothing."""
        if not kind.inputs:
            return "" if first else f"{kind.display} takes nothing in: it can only begin a line or a branch."
        if repeat != 1 and len(kind.inputs) < len(kind.outputs):
            return f"{kind.display} cannot be repeated: it gives more than it takes."
        room = None if any(port.variadic for port in kind.inputs) else len(kind.inputs)
        if room is not None and len(flow) > room and not outer:
            inputs = "one input" if room == 1 else f"{room} inputs"
            return f"{len(flow)} branches arrive here, and {kind.display} has {inputs}: put add or concat between."
        return ""


def output_slot(kind: LayerKind, name: str) -> str:
    """Return the slot of an output by its name or, of a variadic port, by its number; the first for an empty name."""
    for port in kind.outputs:
        if port.variadic and (not name or (name.isascii() and name.isdecimal())):
            return f"{port.name}.{int(name or 0)}"
        if not port.variadic and name in ("", port.name):
            return port.name
    return ""
