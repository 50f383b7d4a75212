"""The shape check: what flows through every link of a project, as PyTorch itself answers, and what does not fit.

A pure function with a memory: a layer is run once for its kind, its parameters and what arrives; after an edit every
unchanged layer costs a look-up. So does a group whose definition, parameters and inputs are those of another use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from core import trust
from core.errors import ExpressionError
from core.expressions import evaluate
from core.graph.active import effective
from core.graph.binding import input_signature
from core.graph.edits import Within
from core.graph.groups import DEEPEST
from core.graph.kinds import kind_of
from core.graph.order import execution_order, incoming
from core.graph.project import INPUT, OUTPUT, End, Graph, Node, Project
from core.kinds import LayerKind, Value
from core.memo import Memo
from core.model import findings
from core.model.case import Case
from core.model.explain import explain
from core.model.preconditions import Trouble
from core.model.probe import run_layer
from core.model.problems import Fix, Problem
from core.model.reports import NodeReport, ShapeReport
from core.model.specs import BATCH, MAX_NAMES, TensorSpec, input_spec
from core.parameters import ParameterProblem, resolve
from core.weights import TRAINING_NAMES

MOST_REPEATS = 1000
MOST_LAYERS = 20_000
"""How many layers a group may come to, those inside it counted for every use and repetition."""


@dataclass(frozen=True)
class _Settled:
    """A node's own values. It holds on to what it was made from, so that their identities stay theirs."""

    params: Mapping[str, Value]
    variables: Mapping[str, int | float]
    values: Mapping[str, Value]
    problems: tuple[ParameterProblem, ...]
    key: str


@dataclass(frozen=True)
class _Plan:
    """What follows from links and kinds alone, and so outlasts every change of a parameter or position."""

    links: Mapping[End, End]
    kinds: Mapping[str, LayerKind | None]
    steps: tuple[tuple[str, LayerKind | None, tuple[tuple[str, End], ...], tuple[Problem, ...]], ...]
    """By node in order: name, kind, slots with what feeds them, problems with the links."""
    stuck: frozenset[str]
    problems: tuple[Problem, ...]
    order: tuple[str, ...] = ()


class _Seen(NamedTuple):
    """The last visit of an ordinary layer, kept under the identity of its parameters, which it holds on to."""

    params: Mapping[str, Value]
    kind: LayerKind
    variables: Mapping[str, int | float]
    names: tuple[str, ...]
    arriving: tuple[TensorSpec, ...]
    slots: tuple[tuple[str, End], ...]
    report: NodeReport
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True)
class _Inside:
    """A group that was run. It holds on to all definitions that it is made of, so that their identities stay theirs."""

    definitions: tuple[object, ...]
    report: ShapeReport


_MOST_SEEN = 50_000
_seen: dict[int, _Seen] = {}
"""A layer that is the same object, with the same objects arriving, is what it was: to see that costs little."""
_plans: Memo[_Plan] = Memo(512)
_settled: Memo[_Settled] = Memo(40_000)
_checked: Memo[tuple[NodeReport, tuple[Trouble, ...]]] = Memo(40_000)
_insides: Memo[_Inside] = Memo(4_000)
_environments: Memo[Mapping[str, int | float]] = Memo(1_000)


def check(project: Project) -> ShapeReport:
    """Run every node on PyTorch's ``meta`` device in the order of execution and report shapes and problems.

    Nodes behind an error are unknown, which is not reported again. May be called from any thread.
    """
    graph = effective(project)
    signatures = {node.name: input_signature(project, node) for node in graph.of_kind(INPUT)}
    words = {size for each in signatures.values() for size in each.shape if isinstance(size, str)}
    names = tuple(sorted(words - {BATCH}))[:MAX_NAMES]
    surplus = words - {BATCH, *names}
    given: dict[str, TensorSpec] = {}
    problems = []
    for name, signature in signatures.items():
        problem = signature.problem
        if not problem and surplus.intersection(signature.shape):
            problem = f"A network has at most {MAX_NAMES} named open dimensions."
        if problem:
            problems.append(Problem("error", problem, name))
        else:
            given[name] = input_spec(signature.dtype, signature.shape, names)
    return _Walk(project, graph, given, names).report(problems)


def forget() -> None:
    """Empty the memory of earlier checks (a benchmark starts cold)."""
    for memory in (_plans, _settled, _checked, _insides):
        memory.clear()
    _seen.clear()


class _Walk:
    """One check of one graph: the project's (``depth`` 0), or a group's with what arrives at its ports."""

    def __init__(
        self,
        project: Project,
        graph: Graph,
        given: Mapping[str, TensorSpec],
        names: tuple[str, ...],
        depth: int = 0,
        outer: Mapping[str, int | float] | None = None,
    ) -> None:
        variables = project.variables
        self.outer = variables if outer is None else outer  # the network's own: all that a group sees besides its own
        key = tuple(sorted(variables.items()))
        known = _environments.get(key)  # the same object for equal variables, none of them too: others go by identity
        self.variables = _environments.put(key, variables) if known is None else known
        self.project = replace(project, graph=graph, variables=self.variables)
        self.given = given
        self.names = names
        self.depth = depth
        self.plan = _plan(self.project)
        self.nodes: dict[str, NodeReport] = {}
        self.problems: list[Problem] = list(self.plan.problems)
        self.whole = project.graph
        self._said: set[tuple[str, str, str]] = set()

    def report(self, problems: list[Problem] | None = None) -> ShapeReport:
        self.problems += problems or []
        nodes = self.project.graph.nodes
        for name, kind, linked, found in self.plan.steps:
            node = nodes[name]
            if not found and self._as_before(node, kind, linked):
                continue
            self.problems += found
            if kind is None:
                self.nodes[name] = NodeReport()
            elif kind.id == INPUT:
                self._visit_input(node, kind)
            elif kind.id == OUTPUT and self.depth:
                self.nodes[name] = NodeReport(self._arriving(linked), ok=not found)
            else:
                self._visit(node, kind, linked, bool(found))
        for name in self.plan.stuck:
            self.nodes[name] = NodeReport()
        for name in self.whole.nodes.keys() - nodes.keys():
            self.nodes[name] = NodeReport(self._bypassed(name), ok=True, off=True)
        self.problems += self._unequal_shares()
        everything = findings.with_sources(self.project, self.problems, self._spec)
        layers = sum(_layers(node) for node in self.nodes.values())
        return ShapeReport(self.nodes, everything, self.plan.order, self.project.graph, layers)

    def _as_before(self, node: Node, kind: LayerKind | None, linked: tuple[tuple[str, End], ...]) -> bool:
        """Take over the last visit of a layer where nothing is different."""
        last = _seen.get(id(node.params))
        if last is None or last.params is not node.params or last.kind is not kind or last.slots != linked:
            return False
        if last.variables is not self.variables or last.names != self.names or node.shares:
            return False
        for (_slot, source), spec in zip(linked, last.arriving, strict=True):
            if self.nodes[source.node].outputs.get(source.port) is not spec:
                return False
        self.nodes[node.name] = last.report
        if last.troubles:
            self._explain(node, last.kind, last.report, linked, last.troubles)
        return True

    def _spec(self, source: End) -> TensorSpec | None:
        feeding = self.nodes.get(source.node)
        return feeding.outputs.get(source.port) if feeding else None

    def _arriving(self, linked: tuple[tuple[str, End], ...]) -> dict[str, TensorSpec]:
        inputs = {}
        for slot, source in linked:
            spec = self._spec(source)
            if spec is not None:
                inputs[slot] = spec
        return inputs

    def _bypassed(self, name: str) -> dict[str, TensorSpec]:
        """Return what arrives at a node that does not run, as far as it comes from nodes that do."""
        links = [(target.port, source) for target, source in self.whole.links.items() if target.node == name]
        return self._arriving(tuple(links))

    def _visit(self, node: Node, kind: LayerKind, linked: tuple[tuple[str, End], ...], broken: bool) -> None:
        inputs = self._arriving(linked)
        owner = self.project.graph.nodes.get(node.shares) if node.shares else None
        settled = _settle(kind, (owner or node).params, self.variables)
        if settled.problems and owner is None:
            self.problems += [
                Problem("error", each.message, node.name, parameter=each.name) for each in settled.problems
            ]
        broken = broken or self._report_missing(node, linked)
        complete = not settled.problems and not broken and len(inputs) == len(linked)
        if kind.group:
            self._visit_group(node, kind, settled.values, inputs, complete)
            return
        if not complete:
            self.nodes[node.name] = NodeReport(inputs, arguments=settled.values)
            return
        report, troubles = try_layer(kind, settled.values, inputs, self.names, settled.key)
        self.nodes[node.name] = report
        if troubles:
            self._explain(node, kind, report, linked, troubles)
        if not kind.code and not node.shares:
            if len(_seen) > _MOST_SEEN:
                _seen.clear()
            arriving = tuple(inputs.values())
            _seen[id(node.params)] = _Seen(
                node.params, kind, self.variables, self.names, arriving, linked, report, troubles
            )

    def _explain(
        self,
        node: Node,
        kind: LayerKind,
        report: NodeReport,
        linked: tuple[tuple[str, End], ...],
        troubles: tuple[Trouble, ...],
    ) -> None:
        case = Case(
            *(self.project, node, kind, report.arguments, report.inputs, dict(linked), self.names),
            inside=self.depth > 0,
            spec_of=self._spec,
        )
        self.problems += [explain(case, trouble) for trouble in troubles]

    def _report_missing(self, node: Node, linked: tuple[tuple[str, End], ...]) -> bool:
        """Report links from slots that a node has no longer, such as the fourth of three parts."""
        missing = []
        for slot, source in linked:
            feeding = self.nodes.get(source.node)
            if feeding and feeding.ok and not feeding.inner and source.port not in feeding.outputs:
                missing.append(findings.missing_output(node, slot, source, feeding.outputs))
        self.problems += missing
        return bool(missing)

    def _visit_input(self, node: Node, kind: LayerKind) -> None:
        arguments = _settle(kind, node.params, self.variables).values
        spec = self.given.get(node.name)
        if spec is None:
            self.nodes[node.name] = NodeReport(arguments=arguments)
        else:
            self.nodes[node.name] = NodeReport({}, {kind.outputs[0].name: spec}, arguments, {}, True)

    # Groups

    def _visit_group(
        self, node: Node, kind: LayerKind, values: Mapping[str, Value], inputs: dict[str, TensorSpec], complete: bool
    ) -> None:
        owner = self.project.graph.nodes.get(node.shares, node)
        repeat, problem = _times(owner, kind, self.variables)
        if not problem and self.depth >= DEEPEST:
            problem = f"Groups are nested more than {DEEPEST} deep."
        if problem:
            self.problems.append(Problem("error", problem, node.name))
            self.nodes[node.name] = NodeReport(inputs, arguments=values)
            return
        reports, outputs, arriving = self._repetitions(kind, values, inputs, repeat if complete else 1)
        last = reports[-1]
        self._bubble(node, kind, last)
        layers = last.layers * repeat
        if layers > MOST_LAYERS:
            text = f"'{node.name}' comes to {layers:,} layers, with all groups inside it; {MOST_LAYERS:,} are possible."
            self.problems.append(Problem("error", text, node.name))
            self.nodes[node.name] = NodeReport(inputs, arguments=values)
            return
        ok = complete and last.ok and len(reports) == repeat
        if ok and owner.tied and any(_insides_of(each) != _insides_of(last) for each in reports):
            self.problems.append(findings.unequal_calls(node, owner, repeat, inputs, arriving))
            ok = False
        if complete and last.ok:
            self.problems += _silent(node, kind, last) if repeat > 1 else ()
        own = outputs if complete and last.ok else {}
        self.nodes[node.name] = NodeReport(inputs, own, values, {}, ok, reports, repeat)

    def _repetitions(
        self, kind: LayerKind, values: Mapping[str, Value], inputs: Mapping[str, TensorSpec], repeat: int
    ) -> tuple[tuple[ShapeReport, ...], dict[str, TensorSpec], dict[str, TensorSpec]]:
        """Run a group again and again, until one repetition has an error or gives less than the next one needs.

        Returns the reports, what the last one gives by port, and what would arrive at the next.
        """
        reports: list[ShapeReport] = []
        arriving, outputs = dict(inputs), dict[str, TensorSpec]()
        for _ in range(repeat):
            inner = self._inside(kind.group, values, arriving)
            reports.append(inner)
            outputs = {
                port: spec for port in _names(kind, "outputs") if (spec := inner.nodes[port].inputs.get("input"))
            }
            if not inner.ok or len(outputs) < len(kind.outputs):
                break
            arriving |= dict(zip(_names(kind, "inputs"), outputs.values(), strict=False))
        return tuple(reports), outputs, arriving

    def _inside(self, group: str, values: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> ShapeReport:
        own = {name: value for name, value in values.items() if name not in TRAINING_NAMES}
        inner = replace(self.project, variables=self.outer).inside(group, own)
        environment = tuple(tuple(sorted(each.items())) for each in (inner.variables, self.outer))
        definitions = _definitions(inner, group)
        trusted = trust.changes() if inner.code else 0
        key = (tuple(map(id, definitions)), group, environment, tuple(inputs.items()), self.names, self.depth, trusted)
        known = _insides.get(key)
        if known is None:
            walk = _Walk(inner, effective(inner), inputs, self.names, self.depth + 1, self.outer)
            known = _insides.put(key, _Inside(definitions, walk.report()))
        return known.report

    def _bubble(self, node: Node, kind: LayerKind, inner: ShapeReport) -> None:
        """Take over what was found inside a group; of uses of the same group, only the first one says it."""
        for problem in inner.problems:
            place = (kind.group, problem.place, problem.message)
            if place in self._said:
                continue
            self._said.add(place)
            fixes = problem.fixes
            if not problem.path:
                fixes = tuple(Fix(each.label, Within(kind.group, each.edit)) for each in fixes)
            self.problems.append(replace(problem, path=(node.name, *problem.path), fixes=fixes))

    # Shared layers

    def _unequal_shares(self) -> Iterator[Problem]:
        """Report calls of a shared layer for which it would have to be made differently."""
        for node in self.project.graph.nodes.values():
            owner = self.nodes.get(node.shares) if node.shares else None
            report = self.nodes[node.name]
            if owner is None or not owner.ok or not report.ok:
                continue
            one, other = _made(owner), _made(report)
            if one != other:
                yield findings.unequal_share(self.project, node, owner.inputs, report.inputs)


def _made(report: NodeReport) -> tuple[object, ...]:
    """Return all that the construction of a node takes from what arrives, inside groups too."""
    return tuple(sorted(report.derived.items())), tuple(_insides_of(each) for each in report.inner)


def _layers(report: NodeReport) -> int:
    return sum(each.layers for each in report.inner) if report.inner else 1


def _insides_of(report: ShapeReport) -> tuple[object, ...]:
    return tuple(_made(each) for _name, each in sorted(report.nodes.items()))


def _names(kind: LayerKind, side: str) -> tuple[str, ...]:
    return tuple(port.name for port in (kind.inputs if side == "inputs" else kind.outputs))


def _silent(node: Node, kind: LayerKind, inner: ShapeReport) -> Iterator[Problem]:
    """Yield what a repeated group does not give: the next repetition would need it."""
    for port in kind.outputs:
        if inner.nodes[port.name].off or "input" not in inner.nodes[port.name].inputs:
            yield Problem("error", f"'{node.name}' gives nothing at '{port.name}': inside, it is off.", node.name)


def _times(node: Node, kind: LayerKind, variables: Mapping[str, int | float]) -> tuple[int, str]:
    """Return how often a group is repeated, and what is wrong with that."""
    count: int | float | str = node.repeat
    if isinstance(count, str):
        try:
            count = evaluate(count, variables)
        except ExpressionError as error:
            return 0, f"The number of repetitions of '{node.name}' is unknown: {error.message}"
    if not isinstance(count, int) or not 1 <= count <= MOST_REPEATS:
        return 0, f"'{node.name}' must be repeated from 1 to {MOST_REPEATS} times, not {count}."
    if count > 1 and not len(kind.inputs) >= len(kind.outputs) > 0:
        return 0, (
            f"'{node.name}' cannot be repeated: each repetition feeds the next, so that a group needs at least as many "
            f"inputs as outputs. {kind.display} has {len(kind.inputs)} and {len(kind.outputs)}."
        )
    return count, ""


def _definitions(project: Project, group: str) -> tuple[object, ...]:
    """Return every definition that a group is made of, itself first."""
    found: dict[str, object] = {}
    waiting = [group]
    while waiting:
        name = waiting.pop()
        definition = project.groups.get(name)
        if name not in found and definition is not None:
            found[name] = definition
            waiting += sorted(definition.uses)
    return (*found.values(), project.code)


def _plan(project: Project) -> _Plan:
    """Return the order of a graph and what is wrong with its links, from memory where both are known."""
    graph = project.graph
    kinds = {name: kind_of(project, node) for name, node in graph.nodes.items()}
    known = _plans.get(id(graph.links))
    if known is not None and known.kinds == kinds:
        return known
    order = tuple(name for name in execution_order(graph) if name in graph.nodes)
    feeding = incoming(graph)
    steps = []
    for name in order:
        node, kind, linked = graph.nodes[name], kinds[name], tuple(feeding[name])
        problems = findings.links(project, node, kind, linked) if kind else (findings.unknown_kind(project, node),)
        steps.append((name, kind, linked, tuple(problems)))
    stuck = frozenset(graph.nodes).difference(order)
    general = (*findings.dangling(graph), *findings.loops(graph, stuck), *findings.lost_owner(graph))
    return _plans.put(id(graph.links), _Plan(graph.links, kinds, tuple(steps), stuck, general, order))


def _settle(kind: LayerKind, params: Mapping[str, Value], variables: Mapping[str, int | float]) -> _Settled:
    key = (kind, id(params), id(variables))
    found = _settled.get(key)
    if found is None:
        values, problems = resolve(kind, params, variables)
        found = _settled.put(key, _Settled(params, variables, values, problems, _said(values)))
    return found


def _said(values: Mapping[str, Value]) -> str:
    return repr(sorted(values.items()))


def try_layer(
    kind: LayerKind,
    values: Mapping[str, Value],
    inputs: Mapping[str, TensorSpec],
    names: tuple[str, ...],
    said: str = "",
) -> tuple[NodeReport, tuple[Trouble, ...]]:
    """Return what comes of a layer and what is wrong with it, from memory where the same was tried before.

    ``values`` are its resolved parameters without the derived ones, ``inputs`` are by slot, ``names`` those of the open
    dimensions; ``said`` are the values in writing, where the caller has them.
    """
    trusted = trust.is_trusted(kind.code) if kind.code else True
    key = (kind, said or _said(values), tuple(inputs.items()), names, trusted)
    return _checked.get(key) or _checked.put(key, _run(kind, values, inputs, names))


def _run(
    kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec], names: tuple[str, ...]
) -> tuple[NodeReport, tuple[Trouble, ...]]:
    outcome = run_layer(kind, arguments, inputs, names)
    ok = not any(trouble.severity == "error" for trouble in outcome.troubles)
    outputs = outcome.outputs if ok else {}
    return NodeReport(inputs, outputs, {**arguments, **outcome.derived}, outcome.derived, ok), outcome.troubles
