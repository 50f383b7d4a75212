"""The values between a network's nodes, to say at which node a conversion fails or first computes something else."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from core.exporters._network import TOLERANCE, Inputs, distance
from core.model.build import Built

_KEPT = "values_by_node"


def nodes_of(built: Built) -> tuple[str, ...]:
    """Return the nodes that have a value of their own in ``forward``, in the order of its lines."""
    return tuple(name for name, _line in _assigned(_forward(built)[1], built))


def with_values(built: Built, nodes: tuple[str, ...]) -> nn.Module:
    """Return the network, sharing its weights, with a ``forward`` that returns the values of these nodes by name.

    It computes nothing that comes after the last of them.
    """
    tree, forward = _forward(built)
    lines = dict(_assigned(forward, built))
    body: list[ast.stmt] = [*ast.parse(f"{_KEPT} = {{}}").body]
    last = max((lines[name] for name in nodes), default=0)
    by_line = {lines[name]: name for name in nodes}
    for statement in forward.body:
        if statement.lineno > last:
            break
        body.append(statement)
        if (node := by_line.get(statement.lineno)) and isinstance(statement, ast.Assign):
            body += ast.parse(f"{_KEPT}[{node!r}] = {_first_name(statement)}").body
    forward.body = [*body, *ast.parse(f"return {_KEPT}").body]
    network = copy.copy(built.module)
    network.__class__ = _class(tree, built)
    return network


def _forward(built: Built) -> tuple[ast.Module, ast.FunctionDef]:
    tree = ast.parse(built.source)
    network = next(each for each in reversed(tree.body) if isinstance(each, ast.ClassDef))
    functions = (each for each in network.body if isinstance(each, ast.FunctionDef) and each.name == "forward")
    return tree, next(functions)


def _assigned(forward: ast.FunctionDef, built: Built) -> list[tuple[str, int]]:
    found = {}
    for statement in forward.body:
        node = built.nodes_by_line.get(statement.lineno)
        if node is not None and isinstance(statement, ast.Assign) and _first_name(statement):
            found[node] = statement.lineno
    return list(found.items())


def _first_name(statement: ast.Assign) -> str:
    target = statement.targets[0]
    first = target.elts[0] if isinstance(target, ast.Tuple) else target
    return first.id if isinstance(first, ast.Name) else ""


def _class(tree: ast.Module, built: Built) -> type[nn.Module]:
    """Return the network's class with another ``forward``; everything else of it stays what it was."""
    namespace: dict[str, Any] = {"__name__": "layerwright_network"}
    exec(compile(ast.fix_missing_locations(tree), built.filename, "exec"), namespace)
    changed: type[nn.Module] = namespace[type(built.module).__name__]
    return changed


Convert = Callable[[nn.Module, Sequence[str]], object]


def first_failing(built: Built, convert: Convert, errors: tuple[type[Exception], ...]) -> str:
    """Return the first node with which the network cannot be converted, found by halving; empty where none is it.

    ``convert`` takes a network that returns values by node, and their names; it raises one of ``errors``.
    """
    nodes = nodes_of(built)
    low, high = 0, len(nodes)
    while low < high:
        middle = (low + high) // 2
        some = nodes[: middle + 1]
        try:
            convert(with_values(built, some), some)
            low = middle + 1
        except errors:
            high = middle
    return nodes[low] if low < len(nodes) else ""


def first_differing(
    network: nn.Module, run: Callable[[Inputs], Mapping[str, Tensor]], batches: Sequence[Inputs]
) -> str:
    """Return the first node whose value differs once a network ``with_values`` is converted; empty where none does."""
    for inputs in batches:
        with torch.inference_mode():
            wanted, found = network(*inputs), run(inputs)
        for name, expected in wanted.items():
            if isinstance(expected, Tensor) and name in found and distance(expected, found[name]) > TOLERANCE:
                return str(name)
    return ""
