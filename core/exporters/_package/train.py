"""Writes ``train.py``: a plain loop with a project's own settings, which follows the same curve from the same seed.

What it computes says ``core.training``; only what the project uses is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import ExportError
from core.exporters._package.augment import augment_text, unwritten
from core.exporters._package.epochs import epochs_text
from core.exporters._package.facts import Facts
from core.exporters._package.metrics import unwritten_metrics
from core.exporters._package.optimizer import optimizer_text
from core.exporters._package.sums import MEAN, average_text
from core.exporters._pruned import module_text
from core.training.session import Session


@dataclass(frozen=True)
class PackageTrain:
    """The text of ``train.py``, and of the modules that it imports besides ``data.py`` and ``model.py``, by file."""

    train: str
    modules: Mapping[str, str]
    starts: bool
    """Whether it starts from weights that are to lie in ``start.pt``."""


def package_train(session: Session, epochs: int) -> PackageTrain:
    """Return the loop that trains the session's network.

    Raises:
        ExportError: a setting cannot be written plainly; the message names it.
    """
    _refuse(session)
    return _Writer(Facts(session, epochs)).written()


def _refuse(session: Session) -> None:
    training = session.project.training
    problems = [*unwritten(session), *unwritten_metrics(session.network.objectives)]
    if training.precision == "float16":
        problems.append("precision: float16 needs scaled gradients. Choose bfloat16 or float32.")
    if training.compile:
        problems.append("compile: train.py runs the network as it is. Switch compilation off.")
    if training.average == "swa" and session.network.has_batch_norm:
        problems.append("average: the mean over epochs needs batch normalisation to be measured anew. Choose ema.")
    if problems:
        raise ExportError("This project's training cannot be written as plain PyTorch yet.", problems=problems)


class _Writer:
    """Writes the loop for one session."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.session, self.network, self.settings = facts.session, facts.network, facts.settings

    def written(self) -> PackageTrain:
        shown = "".join(each if each.isprintable() else " " for each in self.session.project.name)
        name = " ".join(shown.replace("\\", "/").replace('"', "'").split())
        docstring = (
            f"Trains the network of '{name}': python train.py.\n\nIt prints the losses of every epoch, writes them to "
            "curves.csv, and keeps the weights of the best epoch in\nweights.pt, from which predict.py predicts. "
            "Ctrl-C stops it; what was learnt until then is kept.\n"
        )
        imports, pieces = self._imports(), self._pieces()
        text = module_text(docstring, imports, pieces)
        text += '\n\nif __name__ == "__main__":\n    main()\n'
        return PackageTrain(text, self._modules(), self.facts.starts)

    def _modules(self) -> dict[str, str]:
        found = {}
        modules = [each.modules for each in self.facts.losses if each.modules is not None]
        if modules:
            definitions = dict.fromkeys(part for each in modules for part in each.definitions)
            lines = [line for each in modules for line in each.imports]
            found["losses.py"] = module_text("Losses that PyTorch lacks.", lines, definitions)
        found |= dict(each.own for each in self.facts.losses if each.own[0])
        if self.facts.augments:
            found["augment.py"] = augment_text(self.session)
        if self.facts.measures:
            found["metrics.py"] = self.facts.metrics_text()
        return found

    def _imports(self) -> list[str]:
        lines = [
            "import argparse",
            "import csv",
            "import math",
            "from pathlib import Path",
            "import torch",
            "from torch import Tensor",
            "from data import Part, batches, load",
            "from model import Net",
            *(line for each in self.facts.losses for line in each.imports),
            *self.facts.schedule.imports,
        ]
        functions = "\n".join(text for each in self.facts.losses for text in each.functions)
        if "nn." in functions.replace("nn.functional", "") or self.settings.clip != "none":
            lines.append("from torch import nn")
        own = [each.modules for each in self.facts.losses if each.modules is not None]
        names = {
            definition.split()[1].partition("(")[0].rstrip(":")
            for each in own
            for definition in each.definitions
            if definition.startswith("class ")
        }
        used = sorted(name for name in names if f"{name}(" in functions)
        lines += [f"from losses import {', '.join(used)}"] if used else []
        lines += ["from metrics import Metrics"] if self.facts.measures else []
        if self.settings.average != "none":
            lines += ["from collections.abc import Iterator", "from contextlib import contextmanager"]
        return lines

    # --- the pieces ---------------------------------------------------------------------------------------------------

    def _pieces(self) -> list[str]:
        settings = self.settings
        constants = {
            "HERE": "Path(__file__).resolve().parent",
            "SEED": settings.seed,
            "EPOCHS": self.facts.epochs,
            "LEARNING_RATE": settings.learning_rate,
        }
        if self.facts.accumulates:
            constants["ACCUMULATE"] = settings.accumulate
        if self.facts.schedule.functions and any(each.factor != 1.0 for each in self.facts.groups):
            constants["FACTORS"] = tuple(each.factor for each in self.facts.groups)
        if settings.patience:
            constants |= {"PATIENCE": settings.patience, "MIN_DELTA": settings.min_delta}
        constants["DEVICE"] = _FASTEST if settings.device == "auto" else f'"{settings.device}"'
        return [
            *(f"{name} = {value}" for name, value in constants.items()),
            *(text for each in self.facts.losses for text in each.functions),
            MEAN,
            *average_text(self.settings),
            optimizer_text(self.facts.optimizers),
            *self.facts.schedule.functions,
            self._forward(),
            self._step(),
            self._measure(),
            self._named(),
            *epochs_text(self.facts),
        ]

    # --- computing ----------------------------------------------------------------------------------------------------

    def _given(self, output: str, values: str, batch: str) -> str:
        return f'{values}, {batch}.targets["{output}"]' + (f", {batch}.weights" if self.facts.weighted else "")

    def _forward(self) -> str:
        """Return the function from a batch to the losses of all outputs and what each is the mean of."""
        given = "tuple[list[Tensor], list[Tensor | float]]"
        doc = "Return the loss of every output for a batch, and how much each is the mean of."
        if self.facts.measures:
            given = given.replace("[list[Tensor]", "[list[Tensor], list[Tensor]")
            doc = (
                "Return what the network gives for a batch, the loss of every output, and of how much each is the mean."
            )
        lines = [f"def losses_of(network: Net, batch: Part) -> {given}:", f'    """{doc}"""']
        run = "network(*batch.inputs)"
        if self.settings.precision == "bfloat16":
            lines += ["    with torch.autocast(batch.device.type, torch.bfloat16):", f"        outputs = {run}"]
        else:
            lines.append(f"    outputs = {run}")
        losses, counts = [], []
        raw = ["outputs" if self.facts.single else f'outputs["{output}"]' for output in self.facts.outputs]
        raw = [f"{each}.float()" for each in raw] if self.settings.precision == "bfloat16" else raw
        if self.facts.measures:
            lines.append(f"    raw = [{', '.join(raw)}]")
            raw = [f"raw[{at}]" for at in range(len(raw))]
        for output, values in zip(self.facts.outputs, raw, strict=True):
            losses.append(f"{output}_loss({self._given(output, values, 'batch')})")
            counts.append(f"{output}_count({self._given(output, '', 'batch').removeprefix(', ')})")
        lines += (
            ["    losses = [", *(f"        {each}," for each in losses), "    ]"]
            if len(losses) > 1
            else [f"    losses = [{losses[0]}]"]
        )
        lines += (
            ["    counts: list[Tensor | float] = [", *(f"        {each}," for each in counts), "    ]"]
            if len(counts) > 1
            else [f"    counts: list[Tensor | float] = [{counts[0]}]"]
        )
        return "\n".join([*lines, f"    return {self.facts.found}"])

    def _total(self, losses: str) -> list[str]:
        if self.facts.weights == [1.0]:
            return [f"total = {losses}[0]"]
        terms = ", ".join(f"{weight!r} * {losses}[{at}]" for at, weight in enumerate(self.facts.weights))
        return [f"total = torch.stack([{terms}]).sum()"]

    def _clip(self) -> list[str]:
        if self.settings.clip == "none":
            return []
        function = f"clip_grad_{self.settings.clip}_"
        weights = "network.parameters()"
        if self.facts.several:
            weights = (
                '[each for optimizer in optimizers for group in optimizer.param_groups for each in group["params"]]'
            )
        elif len(self.facts.groups) > 1:
            weights = '[each for group in optimizer.param_groups for each in group["params"]]'
        return [f"nn.utils.{function}({weights}, {self.settings.clip_at!r})"]

    def _after(self) -> list[str]:
        lines = ["network.constrain()"] if self.facts.constrained else []
        return [*lines, *(["average.after_step()"] if self.settings.average == "ema" else [])]

    def _step(self) -> str:
        average = ", average: Average" if self.settings.average == "ema" else ""
        optimizer = (
            "optimizers: list[torch.optim.Optimizer]" if self.facts.several else "optimizer: torch.optim.Optimizer"
        )
        means = ", ".join(f"{name}: {kind}" for name, kind, _made in self.facts.kept)
        batch = "window: list[Part]" if self.facts.accumulates else "batch: Part"
        head = f"def step(network: Net, {optimizer}{average}, {batch}, {means}) -> None:"
        if len(head) > 118:
            arguments = ["network: Net", optimizer, *([average[2:]] if average else []), batch, *means.split(", ")]
            head = "\n".join(["def step(", *(f"    {each}," for each in arguments), ") -> None:"])
        body = self._search() if self.facts.closure else self._together() if self.facts.accumulates else self._alone()
        doc = '    """Move the weights by what a batch says, and add its losses to the means of the epoch."""'
        return "\n".join([head, doc, *(f"    {line}" if line else "" for line in body)])

    def _alone(self) -> list[str]:
        lines = [*self._clear(), f"{self.facts.found} = losses_of(network, batch)", *self._total("losses")]
        if self.facts.penalised:
            lines += ["penalty = network.penalty()", "total = total + penalty"]
        lines += ["total.backward()", *_FINITE, *self._clip(), *self._move(), *self._after()]
        return [*lines, *self._added("losses", "counts", "batch", "")]

    def _clear(self) -> list[str]:
        return ["network.zero_grad()"]

    def _move(self) -> list[str]:
        return ["for optimizer in optimizers:", "    optimizer.step()"] if self.facts.several else ["optimizer.step()"]

    def _added(self, losses: str, counts: str, batch: str, indent: str) -> list[str]:
        lines = [
            f"for mean, loss, count in zip(means, {losses}, {counts}, strict=True):",
            "    mean.add(loss, count)",
        ]
        lines += [f"penalty_mean.add(penalty, len({batch}))"] if self.facts.penalised else []
        lines += [f"metrics.add(raw, {batch})"] if self.facts.measures else []
        return [f"{indent}{line}" for line in lines]

    def _together(self) -> list[str]:
        """Several batches make one step: each mean is weighed by its part of what the mean over all divides by."""
        counted = [
            f"{output}_count({self._given(output, '', 'batch').removeprefix(', ')})" for output in self.facts.outputs
        ]
        lines = [*self._clear()]
        for at, each in enumerate(counted):
            lines.append(f"whole_{at} = sum({each} for batch in window)")
        wholes = ", ".join(f"whole_{at}" for at in range(len(counted)))
        first = "batch, " if self.facts.penalised or self.facts.measures else ""
        raw, kept = ("raw, ", "[each.detach() for each in raw], ") if self.facts.measures else ("", "")
        lines += [
            "found = []",
            "for batch in window:",
            f"    {self.facts.found} = losses_of(network, batch)",
            f"    wholes = [{wholes}]",
            "    shares = [count / max(whole, 1e-30) for count, whole in zip(counts, wholes, strict=True)]",
            "    parts = [share * loss for share, loss in zip(shares, losses, strict=True)]",
            *(f"    {line}" for line in self._total("parts")),
            "    total.backward()",
            *(f"    {line}" for line in _FINITE),
            f"    found.append(({first}{kept}[each.detach() for each in losses], counts))",
        ]
        if self.facts.penalised:
            lines += ["penalty = network.penalty()", "penalty.backward()"]
        lines += [*self._clip(), *self._move(), *self._after(), f"for {first}{raw}losses, counts in found:"]
        return [*lines, *self._added("losses", "counts", "batch", "    ")]

    def _search(self) -> list[str]:
        """An optimizer that runs the network itself: the means get the first of its runs."""
        lines = [
            "runs = []",
            "",
            "def closure() -> Tensor:",
            "    network.zero_grad()",
            f"    {self.facts.found} = losses_of(network, batch)",
            *(f"    {line}" for line in self._total("losses")),
        ]
        kept = self.facts.found
        if self.facts.penalised:
            lines += ["    penalty = network.penalty()", "    total = total + penalty"]
            kept += ", penalty"
        lines += ["    total.backward()", *(f"    {line}" for line in (*_FINITE, *self._clip()))]
        lines += [f"    runs.append(({kept}))", "    return total", "", "optimizer.step(closure)", *self._after()]
        return [*lines, f"{kept} = runs[0]", *self._added("losses", "counts", "batch", "")]

    def _measure(self) -> str:
        lines = [
            "@torch.inference_mode()",
            "def measure(network: Net, part: Part) -> dict[str, float]:",
            '    """Return the losses over a part of the data, in evaluation mode."""',
            "    network.eval()",
            *(f"    {name} = {made.replace('PART', 'part')}" for name, _kind, made in self.facts.kept),
            *(["    penalty = network.penalty()"] if self.facts.penalised else []),
        ]
        size = max(self.settings.batch_size, 256)
        lines += [
            f"    for rows in torch.arange(len(part)).split({size}):",
            "        batch = part.take(rows)",
            f"        {self.facts.found} = losses_of(network, batch)",
            *self._added("losses", "counts", "batch", "        "),
            "    network.train()",
            f"    return named({', '.join(name for name, _kind, _made in self.facts.kept)})",
        ]
        return "\n".join(lines)

    def _named(self) -> str:
        given = ", ".join(f"{name}: {kind}" for name, kind, _made in self.facts.kept)
        total = " + ".join(
            f"means[{at}].value()" if weight == 1 else f"{weight!r} * means[{at}].value()"
            for at, weight in enumerate(self.facts.weights)
        )
        total += " + penalty_mean.value()" if self.facts.penalised else ""
        entries = [
            f'"loss": {total}',
            *(f'"{output}/loss": means[{at}].value()' for at, output in enumerate(self.facts.outputs)),
        ]
        entries += ['"penalty": penalty_mean.value()'] if self.facts.penalised else []
        entries += ["**metrics.values()"] if self.facts.measures else []
        what = "the total, and its parts" + ("; and its metrics" if self.facts.measures else "")
        return "\n".join(
            [
                f"def named({given}) -> dict[str, float]:",
                f'    """Return the losses of an epoch by name: {what}."""',
                "    return {",
                *(f"        {each}," for each in entries),
                "    }",
            ]
        )


_FASTEST = 'str(torch.accelerator.current_accelerator(check_available=True) or "cpu")'
_FINITE = (
    "if not torch.isfinite(total):",
    '    raise SystemExit("The loss is not finite any more: try a smaller learning rate.")',
)
