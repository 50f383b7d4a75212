"""One's own blocks: groups in files of a folder, for use in any project, and whole projects as groups.

A block file is a project file that holds a group named like the project, and the definitions that it needs. Variables
of the project that the group uses become parameters of it, so that it depends on nothing outside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import EditError, ProjectError
from core.graph.binding import input_signature
from core.graph.edits import AddDefinitions
from core.graph.files import load_project, save_project
from core.graph.formulas import free_names
from core.graph.groups import group_id, needed, python_layers
from core.graph.names import check_class_name, free_class_name, natural_key, snake_case, unique_name
from core.graph.project import INPUT, OUTPUT, Graph, Group, GroupParameter, Node, Project, PythonLayer

SUFFIX = ".layerblock"


@dataclass(frozen=True)
class Block:
    """A block file; ``problem`` says why it cannot be used, or is empty."""

    name: str
    path: Path
    help: str = ""
    problem: str = ""


def save_block(project: Project, group: str, folder: Path) -> Path:
    """Write a group with all that it needs to ``<folder>/<group>.layerblock`` and return the path.

    A block of that name that is there already is replaced.

    Raises:
        EditError: there is no such group.
        SaveError: the file cannot be written; what was there before is intact.
    """
    groups, code = _self_contained(project, group)
    path = folder / f"{group}{SUFFIX}"
    block = Project(name=group, groups={each.name: each for each in groups}, code={each.name: each for each in code})
    save_project(block, path)
    return path


def blocks(folder: Path) -> tuple[Block, ...]:
    """Return the blocks in a folder by name, the damaged ones with their problem; none where there is no folder."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}"), key=lambda each: natural_key(each.name)):
        try:
            _project, group = _read(path)
            found.append(Block(group.name, path, group.help))
        except ProjectError as error:
            found.append(Block(path.stem, path, problem=str(error)))
    return tuple(found)


def load_block(project: Project, path: Path, position: tuple[float, float] = (0.0, 0.0)) -> AddDefinitions:
    """Return the edit that adds a block's definitions and a node that uses it.

    Raises:
        ProjectError: the file cannot be read or is no block.
    """
    block, group = _read(path)
    name = unique_name(snake_case(group.name), project.graph.nodes)
    node = Node(name, group_id(group.name), position=position)
    return AddDefinitions(tuple(block.groups.values()), tuple(block.code.values()), (node,))


def _read(path: Path) -> tuple[Project, Group]:
    project = load_project(path)
    group = project.groups.get(project.name)
    if group is None:
        raise ProjectError(f"'{path}' is no block: it holds no group named '{project.name}' like the file's project.")
    return project, group


def project_as_group(project: Project, name: str, weights: str = "") -> AddDefinitions:
    """Return the edit that adds a whole project as a group of that name (another one where that is taken).

    Its Inputs and Outputs become the ports, the variables that it uses parameters; ``weights`` is the path of a file
    that every use starts from. Data, losses and metrics stay behind.

    Raises:
        EditError: the name cannot be the name of a group.
    """
    check_class_name(name)
    own = free_class_name(name, {*project.groups, *project.code})
    nodes = {each.name: _as_port(project, each) for each in project.graph.nodes.values()}
    graph = Graph(nodes, project.graph.links)
    group = Group(own, graph, help=project.notes.partition("\n")[0] or project.name, weights=weights)
    return AddDefinitions(*_self_contained(replace(project, groups={**project.groups, own: group}), own))


def _as_port(project: Project, node: Node) -> Node:
    """Return a node as it stands in a group: an Input says its shape itself, an Output has neither target nor loss."""
    if node.kind == OUTPUT:
        return replace(node, params={})
    if node.kind != INPUT:
        return node
    signature = input_signature(project, node)
    if signature.problem:
        return replace(node, params={key: value for key, value in node.params.items() if key != "fields"})
    return replace(node, params={"shape": signature.shape, "dtype": signature.dtype})


def _self_contained(project: Project, name: str) -> tuple[tuple[Group, ...], tuple[PythonLayer, ...]]:
    """Return a group and all definitions that it needs, the project's variables made parameters; the group is last."""
    if name not in project.groups:
        raise EditError(f"There is no group '{name}'.")
    names = needed(project.groups, [name])
    free = free_names(project, names)
    groups = tuple(_lifted(project, project.groups[each], free) for each in names)
    layers = python_layers(group.graph for group in groups) & project.code.keys()
    return groups, tuple(project.code[each] for each in sorted(layers, key=natural_key))


def _lifted(project: Project, group: Group, free: dict[str, frozenset[str]]) -> Group:
    """Return a group with the variables that it and its inner groups need as parameters, which it passes on."""
    more = tuple(GroupParameter(name, project.variables[name]) for name in sorted(free[group.name], key=natural_key))
    nodes = {
        node.name: replace(node, params={**{key: key for key in free[node.group] & free[group.name]}, **node.params})
        if node.group in free and not node.shares
        else node
        for node in group.graph.nodes.values()
    }
    return replace(group, graph=replace(group.graph, nodes=nodes), parameters=(*group.parameters, *more))
