"""What differs between runs: settings, data, objectives and results side by side, and the networks node by node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from core.graph.change import difference
from core.graph.names import natural_key
from core.graph.project import Graph, Project
from core.training.runs import Run

Fate = Literal["added", "removed", "changed"]
_ABSENT = "–"


@dataclass(frozen=True)
class Row:
    """A line of the table: what it is, in which section, and its value in each run as text ("–": it has none)."""

    section: str
    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """True where not all runs have the same."""
        return len(set(self.values)) > 1


def comparison(runs: Sequence[Run], *, all_rows: bool = False) -> tuple[Row, ...]:
    """Return what differs between runs (or ``all_rows``), sections in a fixed order.

    Raises:
        TrainingError, ProjectError: a run is damaged.
    """
    facts = [dict(_facts(run)) for run in runs]
    names = dict.fromkeys(name for each in facts for name in each)
    order = {section: index for index, section in enumerate(_SECTIONS)}
    rows = [Row(section, name, tuple(each.get((section, name), _ABSENT) for each in facts)) for section, name in names]
    rows.sort(key=lambda row: order[row.section])
    return tuple(row for row in rows if all_rows or row.differs)


_SECTIONS = ("Results", "Training", "Data", "Outputs", "Network", "Machine")


def _facts(run: Run) -> Iterator[tuple[tuple[str, str], str]]:
    project, summary = run.project(), run.summary()
    yield ("Results", "status"), summary.status
    yield ("Results", "epochs"), _text(summary.epochs)
    yield ("Results", "best epoch"), _text(summary.best_epoch)
    yield ("Results", "seconds"), f"{summary.seconds:.1f}"
    for name, value in summary.best.items():
        yield ("Results", name), f"{value:.6g}"
    yield from _settings("Training", project.training)
    yield from _data(project)
    for name, output in sorted(run.settings.get("outputs", {}).items()):
        for key, value in output.items():
            if key != "classes":
                yield ("Outputs", f"{name}: {key}"), _text(value)
    yield from _nodes(project)
    for name in ("device", "threads"):
        yield ("Machine", name), _text(run.settings.get(name))
    for name, version in run.settings.get("versions", {}).items():
        yield ("Machine", name), _text(version)


def _settings(section: str, settings: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for each in fields(settings):
        value = getattr(settings, each.name)
        if isinstance(value, Mapping):
            for name, option in sorted(value.items()):
                yield (section, f"{each.name}: {name}"), _text(option)
        else:
            yield (section, each.name), _text(value)


def _data(project: Project) -> Iterator[tuple[tuple[str, str], str]]:
    data = project.data
    yield ("Data", "source"), data.source
    for name, value in sorted(data.options.items()):
        yield ("Data", name), _text(value)
    yield ("Data", "sampling"), data.sampling
    yield from _settings("Data", data.split)
    for field in data.fields:
        told = [field.meaning, field.role, field.encoding, field.missing]
        told += [f"{name} {_text(value)}" for name, value in sorted(field.options.items())]
        told += sorted(field.augment)
        yield ("Data", f"field {field.name}"), ", ".join(told)


def _nodes(project: Project) -> Iterator[tuple[tuple[str, str], str]]:
    graphs = {"": project.graph} | {f"{name}/": group.graph for name, group in project.groups.items()}
    for where, graph in graphs.items():
        for name in sorted(graph.nodes, key=natural_key):
            node = graph.nodes[name]
            options = ", ".join(f"{key}={_text(value)}" for key, value in sorted(node.params.items()))
            yield ("Network", f"{where}{name}"), f"{node.kind}({options})"


def _text(value: object) -> str:
    if value is None or value == "" or value == ():
        return _ABSENT
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class GraphDifference:
    """How one network differs from another: the fate of nodes and of wires (by their input end, as text).

    ``graph`` is the union that can be drawn: the newer network, and what only the older one has at its old place.
    """

    nodes: Mapping[str, Fate]
    links: Mapping[str, Fate]
    graph: Graph


def graph_difference(old: Project, new: Project) -> GraphDifference:
    """Return how the root graph of ``new`` differs from that of ``old``; positions and marks are no difference.

    A node counts as changed where its kind or parameters differ, or the definition (group, Python layer) that it uses.
    """
    nodes: dict[str, Fate] = {}
    for name, (before, after) in difference(old, new).nodes.items():
        if before is None or after is None:
            nodes[name] = "added" if before is None else "removed"
        elif _works(before) != _works(after):
            nodes[name] = "changed"
    for name, node in new.graph.nodes.items():
        if node.group and name not in nodes and old.groups.get(node.group) != new.groups.get(node.group):
            nodes[name] = "changed"
        if node.python and name not in nodes and old.code.get(node.python) != new.code.get(node.python):
            nodes[name] = "changed"
    links: dict[str, Fate] = {}
    for end in {*old.graph.links, *new.graph.links}:
        before_end, after_end = old.graph.links.get(end), new.graph.links.get(end)
        if before_end != after_end:
            links[str(end)] = "added" if before_end is None else "removed" if after_end is None else "changed"
    gone = {name: old.graph.nodes[name] for name, fate in nodes.items() if fate == "removed"}
    both = Graph({**gone, **new.graph.nodes}, {**old.graph.links, **new.graph.links})
    return GraphDifference(nodes, links, both)


def _works(node: Any) -> tuple[Any, ...]:
    return (node.kind, dict(node.params), node.repeat, node.tied, node.shares, node.mode)
