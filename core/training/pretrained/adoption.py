"""Weights from a file for a network that is there: the report of what fits, the file it starts from, and the edit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.atomic import write_atomically
from core.errors import ImportFailed, ModelError
from core.graph.edits import Edit, SetParameters, SetWeights, Together, Within
from core.graph.groups import users, without_weights
from core.graph.kinds import kind_of
from core.graph.names import natural_key
from core.graph.order import incoming
from core.graph.project import OUTPUT, Graph, Node, Project
from core.kinds import Value
from core.model.build import build
from core.model.shapes import check
from core.model.tensors import Shapes, TensorShape, shapes_in, tensor_shapes
from core.model.weight_files import fit_of, stored_shapes
from core.parameters import parameters_of
from core.training.checkpoints import weights_bytes
from core.training.pretrained.matching import Way, match
from core.training.pretrained.reading import SAFE, read_stored
from core.units import plural
from core.weights import FROZEN, LEARNING_RATE_FACTOR

if TYPE_CHECKING:
    from torch import Tensor

Learning = Literal["all", "frozen", "slow"]
"""What the layers that were loaded do in training: learn as all others, stay as they are, or learn more slowly."""
SLOWER = 0.1
"""What the learning rate is multiplied by for layers that are to learn slowly."""
Problem = Literal["", "shape", "missing", "unused"]


@dataclass(frozen=True)
class Row:
    """One tensor: ``name`` in the network, ``stored`` in the file ("" where there is none there).

    ``problem`` "shape": the file has it in another one; "missing": the file lacks it, so that it starts fresh;
    "unused": the network has none such. Where there is none, ``way`` says how the two were brought together.
    """

    name: str
    stored: str
    here: TensorShape | None
    there: TensorShape | None
    way: Way | None = None
    problem: Problem = ""


@dataclass(frozen=True, eq=False)
class Adoption:
    """What a network takes of a file. ``tensors`` are those that fit, by the network's names."""

    source: Path
    rows: tuple[Row, ...]
    tensors: Mapping[str, Tensor]
    notes: tuple[str, ...] = ()

    def count(self, problem: Problem) -> int:
        """Return how many tensors have a problem ("": none)."""
        return sum(each.problem == problem for each in self.rows)

    @property
    def text(self) -> str:
        """One sentence for people."""
        whole = self.count("") + self.count("shape") + self.count("missing")
        parts = [f"{self.count('')} of {plural(whole, 'tensor')} loaded"]
        others: tuple[tuple[Problem, str], ...] = (
            ("shape", "of another shape"),
            ("missing", "not in the file"),
            ("unused", "not used"),
        )
        for problem, what in others:
            if number := self.count(problem):
                parts.append(f"{number} {what}")
        return ", ".join(parts) + "."

    def save(self, path: Path) -> None:
        """Write what fits as a ``.safetensors`` file for the network to start from.

        Raises:
            SaveError: it cannot be written.
        """
        write_atomically(path, weights_bytes(self.tensors, {"application": "layerwright", "source": self.source.name}))

    def edit(self, project: Project, weights: str, learning: Learning = "all") -> Edit:
        """Return the edit that lets a project start from a file that was saved, its loaded layers learning so."""
        edits = [SetWeights(weights), *_learning_edits(project, self.tensors.keys(), learning)]
        return Together(tuple(edits), f"Load weights from {self.source.name}")


def fine_tuning(project: Project, learning: Learning) -> tuple[Edit, tuple[str, ...]]:
    """Return the edit that lets a network's weights stay or learn slowly, but for those next to its outputs.

    The names are those of the nodes that learn as before: the last ones with weights on the way to each output.

    Raises:
        ModelError: the network cannot be built.
    """
    names = _wanted(project).keys()
    last = _last_with(project.graph, {name.partition(".")[0] for name in names})
    told = {name for name in names if name.partition(".")[0] not in last}
    whole = _whole_nodes(project, project.graph, "", names, told)
    option: dict[str, Value] = {
        FROZEN.name: learning == "frozen",
        LEARNING_RATE_FACTOR.name: SLOWER if learning == "slow" else 1.0,
    }
    return Together(tuple(_set_everywhere(whole, option)), "Set up fine-tuning"), tuple(sorted(last, key=natural_key))


def _last_with(graph: Graph, owners: Collection[str]) -> set[str]:
    """Return the nodes among the owners from which an output is reached without passing another one."""
    before = incoming(graph)
    todo, seen, last = [node.name for node in graph.of_kind(OUTPUT)], set[str](), set[str]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        owner = graph.nodes[name].shares or name
        if owner in owners:
            last.add(owner)
        else:
            todo += [end.node for _port, end in before[name]]
    return last


def free_beside(path: Path) -> Path:
    """Return where weights go beside a project's file: under its name, or with a number where such a file is there."""
    found, number = path.with_suffix(SAFE), 2
    while found.exists():
        found, number = path.with_name(f"{path.stem}-{number}{SAFE}"), number + 1
    return found


def plan_adoption(project: Project, path: Path) -> Adoption:
    """Bring the weights in a file together with a network's tensors; nothing is changed or written.

    Raises:
        ImportFailed: the file cannot be read, or nothing in it fits.
        ModelError: the network cannot be built.
    """
    stored = read_stored(path)
    wanted, there = _wanted(project), shapes_in(stored.tensors)
    if not wanted:
        raise ImportFailed("The network has no weights yet that could be loaded: add layers first.")
    matches = match(wanted, there, ordered=stored.ordered)
    rows = tuple(_rows(wanted, there, matches))
    if not matches:
        raise ImportFailed(
            f"Nothing in '{path}' fits this network.",
            problems=[f"'{name}' is {shape.text} in the file." for name, shape in list(there.items())[:8]],
        )
    tensors = {name: stored.tensors[source] for name, (source, _way) in matches.items()}
    return Adoption(path, rows, tensors, stored.notes)


def starts_whole(project: Project) -> bool:
    """Return whether the file that a network starts from is all of it: every tensor by its own name, and no other.

    Such a file also fits the group that is made of the network. Its path is absolute.
    """
    if any(group.weights for group in project.groups.values()):
        return False  # what these start from stands in the place of the network's own
    try:
        fit = fit_of(project, _wanted(project), stored_shapes(Path(project.weights)))
    except ModelError:
        return False
    return not fit.fresh and not fit.unused and all(name == other for name, other in fit.found.items())


def _wanted(project: Project) -> Shapes:
    project = without_weights(project)
    report = check(project)
    found = tensor_shapes(project, report)
    return shapes_in(build(project, report).module.state_dict()) if found is None else found


def _rows(wanted: Shapes, there: Shapes, matches: Mapping[str, tuple[str, Way]]) -> Iterator[Row]:
    used = {source for source, _way in matches.values()}
    for name, shape in wanted.items():
        if name in matches:
            source, way = matches[name]
            yield Row(name, source, shape, there[source], way)
        elif name in there and name not in used:
            yield Row(name, name, shape, there[name], problem="shape")
        else:
            yield Row(name, "", shape, None, problem="missing")
    for name, shape in there.items():
        if name not in used and name not in wanted:
            yield Row("", name, None, shape, problem="unused")


# --- what loaded layers do in training --------------------------------------------------------------------------------


def _learning_edits(project: Project, loaded: Collection[str], learning: Learning) -> list[Edit]:
    """Return the edits of the nodes all of whose tensors were loaded; of a group in part, of those inside."""
    wanted = _wanted(project) if learning != "all" else {}
    nodes = _whole_nodes(project, project.graph, "", wanted.keys(), loaded)
    option: dict[str, Value] = {FROZEN.name: True} if learning == "frozen" else {LEARNING_RATE_FACTOR.name: SLOWER}
    return _set_everywhere(nodes, option)


def _set_everywhere(nodes: Mapping[str, Sequence[str]], option: Mapping[str, Value]) -> list[Edit]:
    """Return the edits that set parameters of nodes by group ("" at the root)."""
    return [
        Within(group, SetParameters(dict.fromkeys(names, option)))
        if group
        else SetParameters(dict.fromkeys(names, option))
        for group, names in nodes.items()
    ]


def _whole_nodes(
    project: Project, graph: Graph, group: str, names: Collection[str], loaded: Collection[str], prefix: str = ""
) -> dict[str, list[str]]:
    """Return by group ("" at the root) the nodes whose tensors were all loaded and that can be told how to learn."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        start = f"{prefix}{node.name}."
        own = [name for name in names if name.startswith(start)]
        if not own or node.shares:
            continue
        if all(name in loaded for name in own):
            if _can_be_told(project, node):
                found.setdefault(group, []).append(node.name)
        elif node.group in project.groups and node.repeat == 1 and _uses(project, node) == 1:
            inner = project.groups[node.group]
            within = _whole_nodes(project.inside(inner.name), inner.graph, inner.name, names, loaded, start)
            for name, each in within.items():
                found.setdefault(name, []).extend(each)
    return found


def _can_be_told(project: Project, node: Node) -> bool:
    kind = kind_of(project, node)
    return kind is not None and any(each.name == FROZEN.name for each in parameters_of(kind))


def _uses(project: Project, node: Node) -> int:
    return sum(len(nodes) for _graph, nodes in users(project, node.kind))
