"""Writes a project's network as the Python an engineer would have written: what is trained and what is exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.errors import EditError, ModelError
from core.graph.names import check_name, natural_key
from core.graph.order import incoming, upstream
from core.graph.project import INPUT, OUTPUT, End, Node, Project
from core.kinds import LayerKind
from core.layers import catalogue
from core.model.layout import commented, wrapped
from core.model.lines import by_port, call_line, constructor_line, import_line, quoted
from core.model.shapes import NodeReport, ShapeReport
from core.model.specs import BATCH
from core.units import plural

_HEADER = '"""A neural network designed with Layerwright. It needs nothing but PyTorch."""'


@dataclass(frozen=True)
class Source:
    """The text, the arguments of ``forward``, the names of what it returns, and which node each line belongs to."""

    text: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes_by_line: Mapping[int, str]
    """By line number, counted from 1."""


def write_source(project: Project, report: ShapeReport, class_name: str = "Net") -> str:
    """Return the network as a module of Python with one class, whose ``forward`` takes the Input nodes by name.

    It returns a tensor where there is one Output, else a dictionary by the names of the Outputs. Nodes that reach no
    Output are left out.

    Raises:
        ModelError: the report has errors, there is no Output, or a name cannot be written.
    """
    return compose(project, report, class_name).text


def compose(project: Project, report: ShapeReport, class_name: str = "Net") -> Source:
    """Return the source with its line map; see ``write_source``."""
    _refuse_errors(report)
    if not class_name.isidentifier():
        raise ModelError(f"'{class_name}' cannot be the name of a class.")
    return _Writer(project, report, class_name).source()


def _refuse_errors(report: ShapeReport) -> None:
    errors = [problem for problem in report.problems if problem.severity == "error"]
    if errors:
        count = "a problem" if len(errors) == 1 else f"{len(errors)} problems"
        raise ModelError(
            f"The network cannot be built: it has {count}.",
            problems=[problem.message for problem in errors],
            node=errors[0].node or None,
        )


class _Writer:
    """Writes one source."""

    def __init__(self, project: Project, report: ShapeReport, class_name: str) -> None:
        graph = project.graph
        self.class_name = class_name
        self.report = report
        self.incoming = incoming(graph)
        self.outputs = sorted((node.name for node in graph.of_kind(OUTPUT)), key=natural_key)
        if not self.outputs:
            raise ModelError("The network has no Output: add one and link to it what shall be predicted.")
        reached = upstream(graph, self.outputs)
        self.nodes = [graph.nodes[name] for name in report.order if name in reached]
        self.inputs = sorted((node.name for node in self.nodes if node.kind == INPUT), key=natural_key)
        _check_names(self.nodes)
        self.layers = [node for node in self.nodes if node.kind not in (INPUT, OUTPUT)]
        self.variables = self._variables()

    def source(self) -> Source:
        lines: list[str] = []
        owners: dict[int, str] = {}
        for text, node in self._lines():
            lines.append(text)
            if node:
                owners[len(lines)] = node
        return Source("\n".join(lines) + "\n", tuple(self.inputs), tuple(self.outputs), owners)

    def _variables(self) -> dict[End, str]:
        """Name the variable of every output that is read; others are assigned to ``_``."""
        read = {source for node in self.nodes for _slot, source in self.incoming[node.name]}
        taken = {node.name for node in self.nodes}
        variables = {End(name, catalogue[INPUT].outputs[0].name): name for name in self.inputs}
        for node in self.layers:
            for index, port in enumerate(catalogue[node.kind].outputs):
                name = f"{node.name}_{port.name}" if index else node.name
                while index and name in taken:
                    name += "_"
                taken.add(name)
                end = End(node.name, port.name)
                variables[end] = name if end in read else "_"
        return variables

    def _lines(self) -> Iterator[tuple[str, str]]:
        """Yield every line of the module and the node that it belongs to."""
        yield _HEADER, ""
        yield "", ""
        for line in sorted({"import torch", *(import_line(catalogue[node.kind]) for node in self.layers)} - {""}):
            yield line, ""
        yield "from torch import nn", ""
        yield from (("", ""), ("", ""), (f"class {self.class_name}(nn.Module):", ""))
        for line in self._docstring():
            yield f"    {line}" if line else "", ""
        yield from (("", ""), ("    def __init__(self) -> None:", ""), ("        super().__init__()", ""))
        for node in self.layers:
            kind = catalogue[node.kind]
            if kind.torch_class:
                line = constructor_line(kind, node.name, self.report.nodes[node.name].arguments)
                yield from ((each, node.name) for each in wrapped(line, 8))
        yield "", ""
        yield from self._forward()

    def _docstring(self) -> Iterator[str]:
        yield f'"""{self._summary()}'
        yield ""
        yield "Inputs:"
        yield from (f"    {name}: {self._output(End(name, 'output'))}" for name in self.inputs)
        yield ""
        yield "Outputs:"
        yield from (f"    {name}: {self._output(self._origin(name))}" for name in self.outputs)
        yield '"""'

    def _summary(self) -> str:
        specs = [spec for node in self.nodes for spec in self.report.nodes[node.name].outputs.values()]
        known = {dim.name for spec in specs for dim in spec.dims if dim.name.isidentifier()} - {BATCH}
        lengths = f", {', '.join(sorted(known))} may vary" if known else ""
        return f"{plural(len(self.layers), 'layer')}; {BATCH} is the batch size{lengths}."

    def _output(self, end: End) -> str:
        spec = self.report.spec(end)
        return f"{spec}, {spec.dtype}" if spec else "unknown"

    def _origin(self, output: str) -> End:
        return self.incoming[output][0][1]

    def _forward(self) -> Iterator[tuple[str, str]]:
        arguments = ", ".join(("self", *(f"{name}: torch.Tensor" for name in self.inputs)))
        result = "torch.Tensor" if len(self.outputs) == 1 else "dict[str, torch.Tensor]"
        yield from ((line, "") for line in wrapped(f"def forward({arguments}) -> {result}:", 4))
        statements = [(wrapped(self._call(node), 8), self._comment(node)) for node in self.layers]
        for node, lines in zip(self.layers, commented(statements), strict=True):
            yield from ((line, node.name) for line in lines)
        returned = [self.variables[self._origin(name)] for name in self.outputs]
        pairs = ", ".join(f"{quoted(name)}: {value}" for name, value in zip(self.outputs, returned, strict=True))
        yield from (
            (line, "") for line in wrapped(f"return {returned[0] if len(returned) == 1 else f'{{{pairs}}}'}", 8)
        )

    def _call(self, node: Node) -> str:
        kind = catalogue[node.kind]
        arriving = by_port(kind, {slot: self.variables[source] for slot, source in self.incoming[node.name]})
        leaving = {port.name: self.variables[End(node.name, port.name)] for port in kind.outputs}
        return call_line(kind, node.name, arriving, leaving, self.report.nodes[node.name].arguments)

    def _comment(self, node: Node) -> str:
        kind: LayerKind = catalogue[node.kind]
        report: NodeReport = self.report.nodes[node.name]
        read = [port.name for port in kind.outputs if self.variables[End(node.name, port.name)] != "_"]
        return "; ".join(str(report.outputs[port]) for port in read)


def _check_names(nodes: list[Node]) -> None:
    problems = []
    for node in nodes:
        try:
            check_name(node.name)
        except EditError as error:
            problems.append(error.message)
    if problems:
        raise ModelError("The network cannot be written as Python.", problems=problems)
