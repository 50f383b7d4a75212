"""Recurrent layers that feed one another and are alike become one layer of several, as PyTorch has them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from core.graph.project import Graph
from core.importers._draft import Draft

_KINDS = ("LSTM", "GRU", "RNN")
_FIRST = re.compile(r"_l0(?=_|$)")


def stack(draft: Draft) -> None:
    """Join the recurrent layers of a draft that feed nothing but the next one, where they are alike."""
    follows = _follows(draft.graph)
    behind = set(follows.values())
    for name in [each for each in follows if each not in behind]:
        row = [name]
        while row[-1] in follows:
            row.append(follows[row[-1]])
        _join(draft, row)


def _follows(graph: Graph) -> dict[str, str]:
    """Return which recurrent layer comes behind which: nothing else is linked with the two, and both are alike."""
    readers = Counter(graph.links.values())
    sharing = {node.shares for node in graph.nodes.values()}
    ports: dict[str, set[str]] = {}
    for target, source in graph.links.items():
        ports.setdefault(target.node, set()).add(f"to {target.port}")
        ports.setdefault(source.node, set()).add(f"from {source.port}")
    found = {}
    for target, source in graph.links.items():
        one, other = graph.nodes[source.node], graph.nodes[target.node]
        if one.kind not in _KINDS or (one.kind, one.params) != (other.kind, other.params) or readers[source] > 1:
            continue
        shared = one.shares or other.shares or one.name in sharing or other.name in sharing
        if not shared and ports[one.name] | ports[other.name] == {"to input", "from output"}:
            found[one.name] = other.name
    return found


def _join(draft: Draft, row: Sequence[str]) -> None:
    graph, first, last = draft.graph, row[0], row[-1]
    node = graph.nodes[first]
    node = replace(node, params={**node.params, "num_layers": len(row)})
    nodes = {key: node if key == first else each for key, each in graph.nodes.items() if key not in row[1:]}
    links = {
        target: replace(source, node=first) if source.node == last else source
        for target, source in graph.links.items()
        if target.node not in row[1:]
    }
    draft.project = replace(draft.project, graph=replace(graph, nodes=nodes, links=links))
    for layer, name in enumerate(row[1:], 1):
        for key in [each for each in draft.weights if each.partition(".")[0] == name]:
            own = f"{first}.{_FIRST.sub(f'_l{layer}', key.partition('.')[2])}"
            draft.weights[own] = draft.weights.pop(key)
            draft.names[own] = draft.names.pop(key)
