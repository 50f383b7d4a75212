"""The shape check: what flows through every link of a project, as PyTorch itself answers, and what does not fit.

A pure function with a memory: a layer is run once for its kind, its parameters and what arrives; after an edit every
unchanged layer costs a look-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.graph.binding import input_signature
from core.graph.order import execution_order, incoming
from core.graph.project import INPUT, End, Node, Project
from core.kinds import LayerKind, Value
from core.layers import catalogue
from core.model import findings
from core.model.case import Case
from core.model.explain import explain
from core.model.memo import Memo
from core.model.preconditions import Trouble
from core.model.probe import run_layer
from core.model.problems import Problem
from core.model.specs import BATCH, MAX_NAMES, TensorSpec, input_spec
from core.parameters import ParameterProblem, resolve


@dataclass(frozen=True)
class NodeReport:
    """What is known of one node: specs at its input slots and output ports, and the values of its parameters.

    ``arguments`` hold every value, ``derived`` those filled in from what arrives. Where ``ok`` is false the node, or
    one that feeds it, has an error, and ``outputs`` is empty.
    """

    inputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    outputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    arguments: Mapping[str, Value] = field(default_factory=dict)
    derived: Mapping[str, Value] = field(default_factory=dict)
    ok: bool = False


@dataclass(frozen=True)
class ShapeReport:
    """The nodes by name, all problems in the order of the nodes, and the order in which nodes run."""

    nodes: Mapping[str, NodeReport]
    problems: tuple[Problem, ...]
    order: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """True where there is no error (warnings allowed)."""
        return not any(problem.severity == "error" for problem in self.problems)

    def spec(self, end: End) -> TensorSpec | None:
        """Return what an output end gives, or None where that is not known."""
        node = self.nodes.get(end.node)
        return node.outputs.get(end.port) if node else None


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
    kinds: Mapping[str, str]
    steps: tuple[tuple[str, LayerKind | None, tuple[tuple[str, End], ...], tuple[Problem, ...]], ...]
    """By node in order: name, kind, slots with what feeds them, problems with the links."""
    stuck: frozenset[str]
    problems: tuple[Problem, ...]


_plans: Memo[_Plan] = Memo(32)
_settled: Memo[_Settled] = Memo(20_000)
_checked: Memo[tuple[NodeReport, tuple[Trouble, ...]]] = Memo(20_000)


def check(project: Project) -> ShapeReport:
    """Run every node on PyTorch's ``meta`` device in the order of execution and report shapes and problems.

    Nodes behind an error are unknown, which is not reported again. May be called from any thread.
    """
    return _Walk(project).report()


def forget() -> None:
    """Empty the memory of earlier checks (a benchmark starts cold)."""
    _plans.clear()
    _settled.clear()
    _checked.clear()


class _Walk:
    """One check of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.plan = _plan(project)
        self.nodes: dict[str, NodeReport] = {}
        self.problems: list[Problem] = list(self.plan.problems)
        self.signatures = {node.name: input_signature(project, node) for node in project.graph.of_kind(INPUT)}
        words = {size for each in self.signatures.values() for size in each.shape if isinstance(size, str)}
        self.names = tuple(sorted(words - {BATCH}))[:MAX_NAMES]
        self.surplus = words - {BATCH, *self.names}

    def report(self) -> ShapeReport:
        nodes = self.project.graph.nodes
        for name, kind, linked, problems in self.plan.steps:
            self.problems += problems
            if kind is None:
                self.nodes[name] = NodeReport()
            elif kind.id == INPUT:
                self._visit_input(nodes[name], kind)
            else:
                self._visit(nodes[name], kind, linked, bool(problems))
        for name in self.plan.stuck:
            self.nodes[name] = NodeReport()
        return ShapeReport(self.nodes, tuple(self.problems), tuple(step[0] for step in self.plan.steps))

    def _visit(self, node: Node, kind: LayerKind, linked: tuple[tuple[str, End], ...], broken: bool) -> None:
        inputs = {}
        for slot, source in linked:
            feeding = self.nodes.get(source.node)
            spec = feeding.outputs.get(source.port) if feeding else None
            if spec is not None:
                inputs[slot] = spec
        settled = _settle(kind, node, self.project.variables)
        if settled.problems or broken or len(inputs) < len(linked):
            self.problems += [
                Problem("error", each.message, node.name, parameter=each.name) for each in settled.problems
            ]
            self.nodes[node.name] = NodeReport(inputs, arguments=settled.values)
            return
        key = (kind.id, settled.key, tuple(inputs.items()), self.names)
        found = _checked.get(key)
        if found is None:
            found = _checked.put(key, _run(kind, settled.values, inputs, self.names))
        report, troubles = found
        self.nodes[node.name] = report
        if troubles:
            case = Case(self.project, node, kind, report.arguments, inputs, dict(linked), self.names)
            self.problems += [explain(case, trouble) for trouble in troubles]

    def _visit_input(self, node: Node, kind: LayerKind) -> None:
        signature = self.signatures[node.name]
        arguments = _settle(kind, node, self.project.variables).values
        problem = signature.problem
        if not problem and self.surplus.intersection(signature.shape):
            problem = f"A network has at most {MAX_NAMES} named open dimensions."
        if problem:
            self.problems.append(Problem("error", problem, node.name))
            self.nodes[node.name] = NodeReport(arguments=arguments)
            return
        spec = input_spec(signature.dtype, signature.shape, self.names)
        self.nodes[node.name] = NodeReport({}, {kind.outputs[0].name: spec}, arguments, {}, True)


def _plan(project: Project) -> _Plan:
    """Return the order of a graph and what is wrong with its links, from memory where both are known."""
    graph = project.graph
    kinds = {name: node.kind for name, node in graph.nodes.items()}
    known = _plans.get(id(graph.links))
    if known is not None and known.kinds == kinds:
        return known
    order = tuple(name for name in execution_order(graph) if name in graph.nodes)
    feeding = incoming(graph)
    steps = []
    for name in order:
        node, kind, linked = graph.nodes[name], catalogue.find(kinds[name]), tuple(feeding[name])
        problems = findings.links(project, node, kind, linked) if kind else (findings.unknown_kind(node),)
        steps.append((name, kind, linked, tuple(problems)))
    stuck = frozenset(graph.nodes).difference(order)
    general = (*findings.dangling(graph), *findings.loops(graph, stuck))
    return _plans.put(id(graph.links), _Plan(graph.links, kinds, tuple(steps), stuck, general))


def _settle(kind: LayerKind, node: Node, variables: Mapping[str, int | float]) -> _Settled:
    key = (kind, id(node.params), id(variables))
    found = _settled.get(key)
    if found is None:
        values, problems = resolve(kind, node.params, variables)
        found = _settled.put(key, _Settled(node.params, variables, values, problems, repr(sorted(values.items()))))
    return found


def _run(
    kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec], names: tuple[str, ...]
) -> tuple[NodeReport, tuple[Trouble, ...]]:
    outcome = run_layer(kind, arguments, inputs, names)
    ok = not any(trouble.severity == "error" for trouble in outcome.troubles)
    outputs = outcome.outputs if ok else {}
    return NodeReport(inputs, outputs, {**arguments, **outcome.derived}, outcome.derived, ok), outcome.troubles
