"""The cost of a network as a table: a row for every node, those inside groups below them, and the table as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core import units
from core.graph.kinds import kind_of
from core.graph.project import Project
from core.model.cost import CostReport, NodeCost
from core.model.memory import MemoryReport, Path
from core.model.reports import ShapeReport
from core.model.specs import TensorSpec

TIMES = "\N{MULTIPLICATION SIGN}"
UNITS = "Multiply-adds (FLOPs ÷ 2) and the memory that training keeps for backward are for one sample."


@dataclass(frozen=True)
class CostRow:
    """One node. Its figures hold for all its repetitions; ``inner`` are the rows of one repetition (the first).

    ``path`` ends with the node's name and begins with the groups around it. ``kind`` is the kind's id, ``title`` what
    people read, with repetition and sharing. ``memory`` are the bytes that training keeps of one sample for backward,
    inside a repeated group those of an average repetition. A node that was not counted (an Output) has zeros.
    """

    path: Path
    kind: str
    title: str
    repeat: int
    outputs: tuple[TensorSpec, ...]
    cost: NodeCost
    memory: float = 0.0
    inner: tuple[CostRow, ...] = ()

    @property
    def name(self) -> str:
        """The node's name, after the groups around it: ``stage1/conv1``."""
        return "/".join(self.path)

    @property
    def output(self) -> str:
        """The shapes that it gives, as text."""
        return "; ".join(map(str, self.outputs))

    @property
    def multiply_adds(self) -> int:
        """Multiplications with addition for one sample, forward."""
        return self.cost.flops // 2


def cost_rows(project: Project, shapes: ShapeReport, costs: CostReport, memory: MemoryReport) -> tuple[CostRow, ...]:
    """Return the rows of a checked project in the order of execution; nodes that are switched off are left out."""
    kept: dict[Path, float] = {}
    for path, size in memory.nodes.items():
        for depth in range(1, len(path) + 1):
            kept[path[:depth]] = kept.get(path[:depth], 0.0) + size
    return _Rows(kept).of(project, shapes, costs, (), 1)


@dataclass(frozen=True)
class _Rows:
    """Walks through a project and its groups. ``kept`` is the memory by path, of groups with all inside.

    ``without`` are figures that count elsewhere (those of a shared layer) or not at all (those of a frozen one).
    """

    kept: Mapping[Path, float]
    without: frozenset[str] = frozenset()

    def of(
        self, project: Project, shapes: ShapeReport, costs: CostReport | None, around: Path, times: int
    ) -> tuple[CostRow, ...]:
        """Return the rows of one graph, of which ``times`` copies run."""
        return tuple(self._row(project, shapes, costs, (*around, name), times) for name in shapes.order)

    def _row(self, project: Project, shapes: ShapeReport, costs: CostReport | None, path: Path, times: int) -> CostRow:
        name = path[-1]
        node, found = shapes.graph.nodes[name], shapes.nodes[name]
        kind = kind_of(project, node)
        cost = costs.nodes.get(name) if costs else None
        inner: tuple[CostRow, ...] = ()
        if kind is not None and kind.group and found.inner:
            without = self.without
            if node.shares:
                without |= {"parameters", "parameter_bytes", "trainable"}
            elif found.arguments.get("frozen"):
                without |= {"trainable"}
            inside = costs.inner.get(name) if costs else None
            deeper = replace(self, without=without)
            inner = deeper.of(project.inside(kind.group), found.inner[0], inside, path, times * found.repeat)
        title = kind.display if kind else node.kind
        if found.repeat > 1:
            title += f" {TIMES}{found.repeat}" + (" tied" if node.tied else "")
        if node.shares:
            title += f" = {node.shares}"
        figures = replace(cost or NodeCost(), **dict.fromkeys(self.without, 0))
        outputs = tuple(found.outputs.values())
        return CostRow(path, node.kind, title, found.repeat, outputs, figures, self.kept.get(path, 0.0) / times, inner)


def flat(rows: Iterable[CostRow]) -> Iterator[CostRow]:
    """Yield every row, followed by what is inside of it."""
    for row in rows:
        yield row
        yield from flat(row.inner)


# --- as text ----------------------------------------------------------------------------------------------------------

_HEADINGS = ("node", "kind", "output", "parameters", "trainable", "multiply-adds", "memory")
_NUMBERS = 4
"""So many columns at the end are numbers."""


def as_csv(rows: Iterable[CostRow], costs: CostReport, memory: MemoryReport) -> str:
    """Return the table with plain numbers (memory in bytes), for programs; the last line is the total."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    names = ("node", "kind", "repeat", "output", "parameters", "trainable", "multiply_adds", "training_bytes")
    writer.writerow(names)
    for row in flat(rows):
        numbers = (row.cost.parameters, row.cost.trainable, row.multiply_adds, round(row.memory))
        writer.writerow((row.name, row.title, row.repeat, row.output, *numbers))
    total = (costs.parameters, costs.trainable, costs.flops // 2, round(memory.per_sample))
    writer.writerow(("total", "", "", "", *total))
    return written.getvalue()


def as_markdown(rows: Iterable[CostRow], costs: CostReport, memory: MemoryReport) -> str:
    """Return the table for a README or an issue."""
    *lines, total = _cells(rows, costs, memory)
    strong = tuple(f"**{cell}**" if cell else "" for cell in total)
    rules = ("---",) * (len(_HEADINGS) - _NUMBERS) + ("---:",) * _NUMBERS
    written = [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
        for line in (_HEADINGS, rules, *lines, strong)
    ]
    return "\n".join((*written, "", UNITS, ""))


def as_latex(rows: Iterable[CostRow], costs: CostReport, memory: MemoryReport) -> str:
    """Return the table for a paper; it needs the package booktabs."""
    *lines, total = _cells(rows, costs, memory)

    def line(cells: Sequence[str]) -> str:
        return "    " + " & ".join(map(_escaped, cells)) + r" \\"

    columns = "l" * (len(_HEADINGS) - _NUMBERS) + "r" * _NUMBERS
    parts = (
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "  \\centering",
        f"  \\caption{{{_escaped(UNITS)}}}",
        f"  \\begin{{tabular}}{{{columns}}}",
        "    \\toprule",
        line(_HEADINGS),
        "    \\midrule",
        *map(line, lines),
        "    \\midrule",
        line(total),
        "    \\bottomrule",
        "  \\end{tabular}",
        "\\end{table}",
    )
    return "\n".join((*parts, ""))


AsText = Callable[[Iterable[CostRow], CostReport, MemoryReport], str]
FORMATS: Mapping[str, AsText] = {"csv": as_csv, "markdown": as_markdown, "latex": as_latex}
"""The kinds of text by name."""

_TEX = {
    **{each: "\\" + each for each in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    TIMES: r"$\times$",
    "÷": r"$\div$",
}


def _escaped(text: str) -> str:
    return "".join(_TEX.get(each, each) for each in text)


def _cells(rows: Iterable[CostRow], costs: CostReport, memory: MemoryReport) -> Iterator[tuple[str, ...]]:
    """Yield the lines as people read them, the total last."""
    for row in flat(rows):
        cost = row.cost
        yield row.name, row.title, row.output, *_written(cost.parameters, cost.trainable, row.multiply_adds, row.memory)
    yield "total", "", "", *_written(costs.parameters, costs.trainable, costs.flops // 2, memory.per_sample)


def _written(parameters: int, trainable: int, multiply_adds: int, memory: float) -> tuple[str, str, str, str]:
    return f"{parameters:,}", f"{trainable:,}", f"{multiply_adds:,}", units.size(memory)
