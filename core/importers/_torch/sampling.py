"""Finds where a variational autoencoder draws its sample, ``mu + randn_like(std) * std``, and makes one layer of it.

The layer draws while training and gives the mean in prediction, where most sources draw, too: there is nothing that
could be compared otherwise, nor would anybody want another answer each time.
"""

from __future__ import annotations

from typing import Any

from torch import fx

from core.importers._torch.aliases import ALIASES
from core.importers._torch.targets import name_of
from core.modules.reparameterise import Reparameterise

_STEM = "sample"


def with_samplers(graph: fx.GraphModule) -> tuple[str, ...]:
    """Replace what draws a sample in a graph by layers; return what they are called in it."""
    found: list[str] = []
    for node in list(graph.graph.nodes):
        if _name(node) != "randn_like" or len(node.users) != 1:
            continue
        (product,) = node.users
        if _name(product) != "mul" or len(product.users) != 1:
            continue
        (total,) = product.users
        variance, mean = _variance(_other(product, node)), _other(total, product)
        if _name(total) != "add" or variance is None or not isinstance(mean, fx.Node) or total.kwargs:
            continue
        name = f"{_STEM}{len(found) + 1}" if found else _STEM
        graph.add_module(name, Reparameterise().eval())
        with graph.graph.inserting_before(total):
            layer = graph.graph.call_module(name, (mean, variance))
        layer.meta = dict(total.meta)
        total.replace_all_uses_with(layer)
        for each in (total, product, node):
            graph.graph.erase_node(each)
        found.append(name)
    if found:
        graph.graph.eliminate_dead_code()
    return tuple(found)


def _name(node: Any) -> str:
    if not isinstance(node, fx.Node) or node.op not in ("call_function", "call_method"):
        return ""
    name = name_of(node.target)[0]
    return ALIASES.get(name, name)


def _other(node: fx.Node, one: object) -> object:
    """Return what a call of two things is given besides one; None where there is more, or less."""
    left = [each for each in node.args if each is not one]
    return left[0] if len(left) == 1 and len(node.args) == 2 else None


def _variance(deviation: object) -> fx.Node | None:
    """Return the logarithm of a variance of which this is the standard deviation: exp(0.5 * logarithm)."""
    if not isinstance(deviation, fx.Node) or _name(deviation) != "exp" or not deviation.args:
        return None
    half = deviation.args[0]
    if not isinstance(half, fx.Node) or len(half.args) != 2:
        return None
    one, two = half.args
    wanted = {"mul": 0.5, "true_divide": 2, "div": 2}.get(_name(half))
    if isinstance(one, fx.Node) and two == wanted:
        return one
    return two if isinstance(two, fx.Node) and one == 0.5 and wanted == 0.5 else None
