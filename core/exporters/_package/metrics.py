"""Writes ``metrics.py``: the metrics that a project has chosen, and no others, as sums over the batches of an epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from torch import Tensor

from core.exporters._bundle_parts import reads
from core.exporters._package.gathered import gathered
from core.exporters._pruned import module_text
from core.training.metrics import MetricKind
from core.training.objective import OutputObjective
from core.training.statistics import STATISTICS, Head

_WITHOUT = ("state", "load_state", "add_state", "note")
"""What the application keeps with a checkpoint, and tells of an estimate."""
_CLASS = '''class Metrics:
    """The metrics of every output over an epoch, however it is cut into batches."""

    def __init__(self, device: torch.device) -> None:
MADE

    def add(self, raw: Sequence[Tensor], batch: Part) -> None:
        """Add a batch: what the network gave for it, an entry an output."""
ADDED

    def values(self) -> dict[str, float]:
        """Return the metrics by name; NaN where one is undefined."""
READ
        return {
VALUES
        }'''


@dataclass(frozen=True)
class Measured:
    """An output whose metrics are written.

    ``arranged`` are the lines that bring ``outputs`` before ``targets``, as its loss needs them.
    """

    objective: OutputObjective
    head: Head
    arranged: tuple[str, ...]


def metrics_text(measured: Sequence[Measured], *, weighted: bool) -> str:
    """Return ``metrics.py``, or an empty string where no metric is chosen."""
    if not any(each.objective.metrics for each in measured):
        return ""
    return _Writer(measured, weighted).text()


def unwritten_metrics(objectives: Sequence[OutputObjective]) -> list[str]:
    """Return which metrics cannot be written, in plain words: those that are not of this application."""
    return [
        f"'{objective.output}' is measured by '{metric.title}', which comes from a plug-in, and a package holds the "
        "source of this application alone. Take the metric away, and train again."
        for objective in objectives
        for metric in objective.metrics
        if not _function(metric.compute).__module__.startswith("core.")
    ]


def _function(compute: Callable[[Tensor], float]) -> Any:
    """Return the function itself, of one whose arguments are given in part."""
    return compute.func if isinstance(compute, partial) else compute


class _Writer:
    """Writes the class that measures all outputs."""

    def __init__(self, measured: Sequence[Measured], weighted: bool) -> None:
        self.measured = [(at, each) for at, each in enumerate(measured) if each.objective.metrics]
        self.weights = ", batch.weights" if weighted else ""
        self.wanted: list[tuple[str, str]] = []

    def text(self) -> str:
        made, added, read, values = [], [], [], []
        for at, each in self.measured:
            statistics = self._statistics(each.objective)
            made += self._made(each, statistics)
            added += self._added(at, each, statistics)
            read += [f"{_name(each, name)} = self.{_name(each, name)}.result()" for name in statistics]
            values += [self._value(each, metric) for metric in each.objective.metrics]
        parts = {"MADE": made, "ADDED": added, "READ": read, "VALUES": [f"    {line}" for line in values]}
        text = _CLASS
        for name, lines in parts.items():
            text = text.replace(f"\n{name}", "\n" + "\n".join(f"        {line}" for line in lines))
        left = gathered(self.wanted, _WITHOUT)
        imports = ["from collections.abc import Sequence", "import torch", "from torch import Tensor"]
        imports += ["from data import Part"]
        imports += ["from torch.nn import functional"] if "functional." in text else []
        docstring = (
            "The metrics of an epoch: sums that grow with every batch, and what follows from them.\n\n"
            "Outputs have the samples first. Class indices below 0 and NaN in targets do not count.\n"
        )
        return module_text(docstring, [*imports, *left.imports], [*left.definitions, text])

    def _statistics(self, objective: OutputObjective) -> list[str]:
        return list(dict.fromkeys(each.statistic_for(objective.loss.target) for each in objective.metrics))

    def _made(self, each: Measured, statistics: Sequence[str]) -> list[str]:
        head = f"{each.objective.output}_head"
        lines = [f"{head} = Head(", *(f"    {given}," for given in _given(each.head)), ")"]
        for name in statistics:
            kind = STATISTICS[name]
            self.wanted.append((kind.__module__, kind.__name__))
            lines.append(f"self.{_name(each, name)} = {kind.__name__}({head}, device)")
        return lines

    def _added(self, at: int, each: Measured, statistics: Sequence[str]) -> list[str]:
        output = each.objective.output
        lines = [f'outputs, targets = raw[{at}].detach(), batch.targets["{output}"]', *each.arranged]
        lines += _reading(reads(each.objective.loss, dict(each.objective.options)))
        return [
            *lines,
            *(f"self.{_name(each, name)}.update(outputs, targets{self.weights})" for name in statistics),
        ]

    def _value(self, each: Measured, metric: MetricKind) -> str:
        sums = _name(each, metric.statistic_for(each.objective.loss.target))
        return f'"{each.objective.output}/{metric.id}": {self._call(metric.compute, sums)},'

    def _call(self, compute: Callable[[Tensor], float], sums: str) -> str:
        function = _function(compute)
        given: dict[str, Any] = compute.keywords if isinstance(compute, partial) else {}
        self.wanted.append((function.__module__, function.__name__))
        arguments = [sums]
        for name, value in given.items():
            if callable(value):
                self.wanted.append((value.__module__, value.__name__))
            shown = value.__name__ if callable(value) else f'"{value}"' if isinstance(value, str) else repr(value)
            arguments.append(f"{name}={shown}")
        return f"{function.__name__}({', '.join(arguments)})"


def _name(each: Measured, statistic: str) -> str:
    return f"{each.objective.output}_{statistic}"


def _given(head: Head) -> list[str]:
    """Return what a head is made with: its target, and what differs from the defaults."""
    return [
        f"{each.name}={getattr(head, each.name)!r}".replace("'", '"')
        for each in fields(head)
        if getattr(head, each.name) != each.default or each.name == "target"
    ]


def _reading(word: Sequence[Any]) -> list[str]:
    """Return the line from outputs as a loss reads them to scores or numbers, where they are not that already."""
    if not word:
        return []
    number = word[1] if len(word) > 1 else 0.0
    text = {
        "cosine": f"functional.cosine_similarity(outputs[:, 0], outputs[:, 1], dim=-1) - {number!r}",
        "difference": "outputs[:, 0] - outputs[:, 1]",
        "distance": f"{number!r} - outputs",
        "logit": "torch.logit(outputs.double(), eps=1e-12)",
        "first": "outputs[:, 0]",
        "exp": "outputs.exp()",
    }[word[0]]
    return [f"outputs = {text}"]
