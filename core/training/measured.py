"""Which metrics an output is measured by, with those that say nothing about its target left out."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import did_you_mean
from core.graph.edits import SetParameters
from core.graph.project import Field, Node
from core.model.problems import Fix, Problem
from core.training.kinds import TargetType
from core.training.metrics import MetricKind, metrics
from core.training.targets import article, class_count

_AUTO = "auto"


def chosen_metrics(
    node: Node, target: Field, kind: TargetType, names: tuple[str, ...]
) -> tuple[tuple[MetricKind, ...], list[Problem]]:
    """Return the metrics of an output, and the problems with those that do not fit (they are left out)."""
    chosen: dict[str, MetricKind] = {}
    known = (kind, target.meaning, class_count(target))
    problems = []
    automatic = [each for each in metrics if each.chosen(*known)]
    for name in names:
        found: Sequence[MetricKind | None] = automatic if name == _AUTO else [metrics.find(name)]
        for metric in found:
            message = ""
            if metric is None:
                message = f"There is no metric '{name}'.{did_you_mean(name, [_AUTO, *(each.id for each in metrics)])}"
            elif metric.suits(*known):
                chosen[metric.id] = metric
            elif name != _AUTO:
                message = f"{metric.title} says nothing about '{target.name}', which is {article(target)}."
            if message:
                fix = Fix(f"Remove '{name}'", _without_metric(node, name, names))
                problems.append(Problem("warning", message, node.name, parameter="metrics", fixes=(fix,)))
    return tuple(chosen.values()), problems


def _without_metric(node: Node, name: str, names: tuple[str, ...]) -> SetParameters:
    return SetParameters({node.name: {"metrics": tuple(each for each in names if each != name)}})
