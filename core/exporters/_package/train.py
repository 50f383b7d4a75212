"""Writes ``train.py``: a plain loop with a project's own settings, which follows the same curve from the same seed.

What it computes says ``core.training``; only what the project uses is written.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from core.errors import ExportError
from core.exporters._package.losses import Example, WrittenLoss, written_loss
from core.exporters._package.optimizer import optimizer_text, written_optimizers
from core.exporters._package.schedule import WrittenSchedule, written_schedule
from core.exporters._package.sums import MEAN, average_text
from core.exporters._pruned import module_text
from core.graph.project import TrainingSettings
from core.training.parameter_groups import parameter_groups
from core.training.parts import counts_of
from core.training.session import Session

_SAMPLES = 4


@dataclass(frozen=True)
class PackageTrain:
    """The text of ``train.py``, and of ``losses.py`` where PyTorch lacks a loss that is used ("" : it lacks none)."""

    train: str
    losses: str
    starts: bool
    """Whether it starts from weights that are to lie in ``start.pt``."""


def package_train(session: Session, epochs: int) -> PackageTrain:
    """Return the loop that trains the session's network.

    Raises:
        ExportError: a setting cannot be written plainly; the message names it.
    """
    _refuse(session)
    return _Writer(session, epochs).written()


def _refuse(session: Session) -> None:
    training = session.project.training
    problems = []
    if training.precision == "float16":
        problems.append("precision: float16 needs scaled gradients. Choose bfloat16 or float32.")
    if training.compile:
        problems.append("compile: train.py runs the network as it is. Switch compilation off.")
    if training.average == "swa" and session.network.has_batch_norm:
        problems.append("average: the mean over epochs needs batch normalisation to be measured anew. Choose ema.")
    if training.monitor.rpartition("/")[2] not in ("", "loss"):
        problems.append(
            f"monitor: '{training.monitor}' is no loss, and train.py computes losses alone. Monitor a loss."
        )
    if problems:
        raise ExportError("This project's training cannot be written as plain PyTorch yet.", problems=problems)


class _Writer:
    """Writes the loop for one session."""

    def __init__(self, session: Session, epochs: int) -> None:
        self.session, self.epochs = session, epochs
        self.network = session.network
        self.settings: TrainingSettings = session.project.training
        self.outputs = [each.output for each in self.network.objectives]
        self.single = len(self.network.built.outputs) == 1
        self.weighted = session.training.part(0, 1).weights is not None
        self.penalised = hasattr(self.network.module, "penalty")
        self.constrained = hasattr(self.network.module, "constrain")
        self.groups = parameter_groups(session.project, self.network.built.report, self.network.module)
        self.closure = session.optimizer_kind.closure
        self.accumulates = self.settings.accumulate > 1 and not self.closure
        self.validated = session.validation is not None
        self.losses = self._losses()
        self.schedule: WrittenSchedule = written_schedule(session, epochs, self.groups)
        self.optimizers = written_optimizers(session)
        self.several = len(self.optimizers) > 1

    def written(self) -> PackageTrain:
        shown = "".join(each if each.isprintable() else " " for each in self.session.project.name)
        name = " ".join(shown.replace("\\", "/").replace('"', "'").split())
        docstring = (
            f"Trains the network of '{name}': python train.py.\n\nIt prints the losses of every epoch, writes them to "
            "curves.csv, and keeps the weights of the best epoch in\nweights.pt, from which predict.py predicts.\n"
        )
        imports, pieces = self._imports(), self._pieces()
        text = module_text(docstring, imports, pieces)
        text += '\n\nif __name__ == "__main__":\n    main()\n'
        modules = [each.modules for each in self.losses if each.modules is not None]
        if not modules:
            return PackageTrain(text, "", self._starts)
        definitions = dict.fromkeys(part for each in modules for part in each.definitions)
        lines = [line for each in modules for line in each.imports]
        return PackageTrain(text, module_text("Losses that PyTorch lacks.", lines, definitions), self._starts)

    def _losses(self) -> list[WrittenLoss]:
        """Write the losses for the shapes that a few samples have."""
        batch = self.session.training.part(0, _SAMPLES)
        module, before = self.network.module, torch.get_rng_state()
        module.eval()
        with torch.no_grad():
            raw = self.network.forward(batch.inputs)
        torch.set_rng_state(before)
        self.network.train()
        weighted = batch.weights is not None
        return [
            written_loss(each, Example(outputs, targets, counts_of(self.session.prepared, each), weighted))
            for each, outputs, targets in zip(self.network.objectives, raw, batch.targets, strict=True)
        ]

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
            *(line for each in self.losses for line in each.imports),
            *self.schedule.imports,
        ]
        functions = "\n".join(text for each in self.losses for text in each.functions)
        if "nn." in functions.replace("nn.functional", "") or self.settings.clip != "none":
            lines.append("from torch import nn")
        own = [each.modules for each in self.losses if each.modules is not None]
        names = {
            definition.split()[1].partition("(")[0].rstrip(":")
            for each in own
            for definition in each.definitions
            if definition.startswith("class ")
        }
        used = sorted(name for name in names if f"{name}(" in functions)
        lines += [f"from losses import {', '.join(used)}"] if used else []
        if self.settings.average != "none":
            lines += ["from collections.abc import Iterator", "from contextlib import contextmanager"]
        return lines

    # --- the pieces ---------------------------------------------------------------------------------------------------

    def _pieces(self) -> list[str]:
        settings = self.settings
        constants = {
            "HERE": "Path(__file__).resolve().parent",
            "SEED": settings.seed,
            "EPOCHS": self.epochs,
            "LEARNING_RATE": settings.learning_rate,
        }
        if self.accumulates:
            constants["ACCUMULATE"] = settings.accumulate
        if self.schedule.functions and any(each.factor != 1.0 for each in self.groups):
            constants["FACTORS"] = tuple(each.factor for each in self.groups)
        if settings.patience:
            constants |= {"PATIENCE": settings.patience, "MIN_DELTA": settings.min_delta}
        device = {"auto": '"cuda" if torch.cuda.is_available() else "cpu"'}.get(
            settings.device, repr(settings.device).replace("'", '"')
        )
        constants["DEVICE"] = device
        return [
            *(f"{name} = {value}" for name, value in constants.items()),
            *(text for each in self.losses for text in each.functions),
            MEAN,
            *average_text(self.settings),
            optimizer_text(self.optimizers),
            *self.schedule.functions,
            self._forward(),
            self._step(),
            self._measure(),
            self._named(),
            self._main(),
        ]

    # --- computing ----------------------------------------------------------------------------------------------------

    def _given(self, output: str, values: str, batch: str) -> str:
        return f'{values}, {batch}.targets["{output}"]' + (f", {batch}.weights" if self.weighted else "")

    def _forward(self) -> str:
        """Return the function from a batch to the losses of all outputs and what each is the mean of."""
        lines = [
            "def losses_of(network: Net, batch: Part) -> tuple[list[Tensor], list[Tensor | float]]:",
            '    """Return the loss of every output for a batch, and how much each is the mean of."""',
        ]
        run = "network(*batch.inputs)"
        if self.settings.precision == "bfloat16":
            lines += ["    with torch.autocast(DEVICE, torch.bfloat16):", f"        outputs = {run}"]
        else:
            lines.append(f"    outputs = {run}")
        losses, counts = [], []
        for output in self.outputs:
            values = "outputs" if self.single else f'outputs["{output}"]'
            values += ".float()" if self.settings.precision == "bfloat16" else ""
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
        return "\n".join([*lines, "    return losses, counts"])

    @property
    def _weights(self) -> list[float]:
        return [each.weight for each in self.network.objectives]

    def _total(self, losses: str) -> list[str]:
        if self._weights == [1.0]:
            return [f"total = {losses}[0]"]
        terms = ", ".join(f"{weight!r} * {losses}[{at}]" for at, weight in enumerate(self._weights))
        return [f"total = torch.stack([{terms}]).sum()"]

    def _clip(self) -> list[str]:
        if self.settings.clip == "none":
            return []
        function = f"clip_grad_{self.settings.clip}_"
        weights = "network.parameters()"
        if self.several:
            weights = (
                '[each for optimizer in optimizers for group in optimizer.param_groups for each in group["params"]]'
            )
        elif len(self.groups) > 1:
            weights = '[each for group in optimizer.param_groups for each in group["params"]]'
        return [f"nn.utils.{function}({weights}, {self.settings.clip_at!r})"]

    def _after(self) -> list[str]:
        lines = ["network.constrain()"] if self.constrained else []
        return [*lines, *(["average.after_step()"] if self.settings.average == "ema" else [])]

    def _step(self) -> str:
        average = ", average: Average" if self.settings.average == "ema" else ""
        optimizer = "optimizers: list[torch.optim.Optimizer]" if self.several else "optimizer: torch.optim.Optimizer"
        means = "means: list[Mean]" + (", penalty_mean: Mean" if self.penalised else "")
        batch = "window: list[Part]" if self.accumulates else "batch: Part"
        head = f"def step(network: Net, {optimizer}{average}, {batch}, {means}) -> None:"
        if len(head) > 118:
            arguments = ["network: Net", optimizer, *([average[2:]] if average else []), batch, *means.split(", ")]
            head = "\n".join(["def step(", *(f"    {each}," for each in arguments), ") -> None:"])
        body = self._search() if self.closure else self._together() if self.accumulates else self._alone()
        doc = '    """Move the weights by what a batch says, and add its losses to the means of the epoch."""'
        return "\n".join([head, doc, *(f"    {line}" if line else "" for line in body)])

    def _alone(self) -> list[str]:
        lines = [*self._clear(), "losses, counts = losses_of(network, batch)", *self._total("losses")]
        if self.penalised:
            lines += ["penalty = network.penalty()", "total = total + penalty"]
        lines += ["total.backward()", *_FINITE, *self._clip(), *self._move(), *self._after()]
        return [*lines, *self._added("losses", "counts", "batch", "")]

    def _clear(self) -> list[str]:
        return ["network.zero_grad()"]

    def _move(self) -> list[str]:
        return ["for optimizer in optimizers:", "    optimizer.step()"] if self.several else ["optimizer.step()"]

    def _added(self, losses: str, counts: str, batch: str, indent: str) -> list[str]:
        lines = [
            f"for mean, loss, count in zip(means, {losses}, {counts}, strict=True):",
            "    mean.add(loss, count)",
        ]
        lines += [f"penalty_mean.add(penalty, len({batch}))"] if self.penalised else []
        return [f"{indent}{line}" for line in lines]

    def _together(self) -> list[str]:
        """Several batches make one step: each mean is weighed by its part of what the mean over all divides by."""
        counted = [f"{output}_count({self._given(output, '', 'batch').removeprefix(', ')})" for output in self.outputs]
        lines = [*self._clear()]
        for at, each in enumerate(counted):
            lines.append(f"whole_{at} = sum({each} for batch in window)")
        wholes = ", ".join(f"whole_{at}" for at in range(len(counted)))
        first = "batch, " if self.penalised else ""
        lines += [
            "found = []",
            "for batch in window:",
            "    losses, counts = losses_of(network, batch)",
            f"    wholes = [{wholes}]",
            "    shares = [count / max(whole, 1e-30) for count, whole in zip(counts, wholes, strict=True)]",
            "    parts = [share * loss for share, loss in zip(shares, losses, strict=True)]",
            *(f"    {line}" for line in self._total("parts")),
            "    total.backward()",
            *(f"    {line}" for line in _FINITE),
            f"    found.append(({first}[each.detach() for each in losses], counts))",
        ]
        if self.penalised:
            lines += ["penalty = network.penalty()", "penalty.backward()"]
        lines += [*self._clip(), *self._move(), *self._after(), f"for {first}losses, counts in found:"]
        return [*lines, *self._added("losses", "counts", "batch", "    ")]

    def _search(self) -> list[str]:
        """An optimizer that runs the network itself: the means get the first of its runs."""
        lines = [
            "runs = []",
            "",
            "def closure() -> Tensor:",
            "    network.zero_grad()",
            "    losses, counts = losses_of(network, batch)",
            *(f"    {line}" for line in self._total("losses")),
        ]
        kept = "losses, counts"
        if self.penalised:
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
            f"    means = [Mean() for _ in range({len(self.outputs)})]",
        ]
        if self.penalised:
            lines += ["    penalty, penalty_mean = network.penalty(), Mean()"]
        size = max(self.settings.batch_size, 256)
        lines += [
            f"    for rows in torch.arange(len(part)).split({size}):",
            "        batch = part.take(rows)",
            "        losses, counts = losses_of(network, batch)",
            *self._added("losses", "counts", "batch", "        "),
            "    network.train()",
            f"    return named(means{', penalty_mean' if self.penalised else ''})",
        ]
        return "\n".join(lines)

    def _named(self) -> str:
        penalty = ", penalty_mean: Mean" if self.penalised else ""
        total = " + ".join(
            f"means[{at}].value()" if weight == 1 else f"{weight!r} * means[{at}].value()"
            for at, weight in enumerate(self._weights)
        )
        total += " + penalty_mean.value()" if self.penalised else ""
        entries = [
            f'"loss": {total}',
            *(f'"{output}/loss": means[{at}].value()' for at, output in enumerate(self.outputs)),
        ]
        entries += ['"penalty": penalty_mean.value()'] if self.penalised else []
        return "\n".join(
            [
                f"def named(means: list[Mean]{penalty}) -> dict[str, float]:",
                '    """Return the losses of an epoch by name: the total, and its parts."""',
                "    return {",
                *(f"        {each}," for each in entries),
                "    }",
            ]
        )

    # --- main ---------------------------------------------------------------------------------------------------------

    def _main(self) -> str:
        body = [*self._setup(), *self._epoch(), *_ENDING]
        head = ["def main() -> None:", '    """Train, and write curves.csv and weights.pt."""']
        return "\n".join([*head, *(f"    {line}" if line else "" for line in body)])

    def _setup(self) -> list[str]:
        made = "optimizers = make_optimizers(network)" if self.several else "optimizer = make_optimizer(network)"
        average = ["average = Average(network)"] if self.settings.average != "none" else []
        return [
            "parser = argparse.ArgumentParser(description=__doc__)",
            'parser.add_argument("--data", type=Path, default=HERE / "data", help="a folder of the same files")',
            'parser.add_argument("--output", type=Path, default=HERE, help="where curves.csv and weights.pt go")',
            'parser.add_argument("--stop", type=int, default=EPOCHS, help="end after so many of the epochs")',
            "options = parser.parse_args()",
            "parts = {name: part.to(DEVICE) for name, part in load(options.data).items()}",
            'training = parts["training"]',
            "torch.manual_seed(SEED)",
            "network = Net().to(DEVICE)",
            *self._start(),
            made,
            *self.schedule.setup,
            *average,
            "torch.manual_seed(SEED)",
            "generator = torch.Generator().manual_seed(SEED)",
            "best = math.inf",
            *(["reference, waited = best, 0"] if self.settings.patience else []),
            "curves: list[dict[str, float]] = []",
        ]

    def _start(self) -> list[str]:
        return ['network.load_state_dict(torch.load(HERE / "start.pt", weights_only=True))'] if self._starts else []

    @property
    def _starts(self) -> bool:
        project = self.session.project
        return bool(project.weights) or any(each.weights for each in project.groups.values())

    def _epoch(self) -> list[str]:
        optimizer = "optimizers" if self.several else "optimizer"
        average = ", average" if self.settings.average == "ema" else ""
        means = "means" + (", penalty_mean" if self.penalised else "")
        each_step = [*self.schedule.after_step]
        lines = [
            "for epoch in range(1, options.stop + 1):",
            f"    means = [Mean() for _ in range({len(self.outputs)})]",
            *(["    penalty_mean = Mean()"] if self.penalised else []),
        ]
        if self.accumulates:
            lines += [
                "    waiting = list(batches(training, generator))",
                "    for start in range(0, len(waiting), ACCUMULATE):",
                f"        step(network, {optimizer}{average}, waiting[start : start + ACCUMULATE], {means})",
            ]
        else:
            lines += [
                "    for batch in batches(training, generator):",
                f"        step(network, {optimizer}{average}, batch, {means})",
            ]
        lines += [f"        {line}" for line in each_step]
        lines += ["    average.after_epoch(epoch)"] if self.settings.average == "swa" else []
        lines += [f'    values = {{f"training/{{name}}": value for name, value in named({means}).items()}}']
        if self.validated:
            measured = 'measure(network, parts["validation"])'
            update = f'values |= {{f"validation/{{name}}": value for name, value in {measured}.items()}}'
            if self.settings.average != "none":
                lines += ["    with average.used():", f"        {update}"]
            else:
                lines.append(f"    {update}")
        return [*lines, *(f"    {line}" for line in self._judged())]

    @property
    def _curve(self) -> str:
        return self.settings.monitor or ("validation/loss" if self.validated else "training/loss")

    def _judged(self) -> list[str]:
        """Return the lines that keep the best weights, move the schedule on and end where nothing gets better."""
        lines = [
            'curves.append({"epoch": epoch, **values})',
            'print(f"epoch {epoch}/{EPOCHS}  " + "  ".join(f"{name} {value:.6g}" for name, value in values.items()))',
            f'current = values["{self._curve}"]',
            *self.schedule.after_epoch,
            "if current < best:",
            "    best = current",
        ]
        save = 'torch.save(network.state_dict(), options.output / "weights.pt")'
        if self.settings.average != "none":
            lines += ["    with average.used():", f"        {save}"]
        else:
            lines.append(f"    {save}")
        if self.settings.patience:
            lines += [
                "waited += 1",
                "if current < reference - MIN_DELTA:",
                "    reference, waited = current, 0",
                "if waited >= PATIENCE:",
                '    print(f"nothing got better for {PATIENCE} epochs")',
                "    break",
            ]
        return lines


_FINITE = (
    "if not torch.isfinite(total):",
    '    raise SystemExit("The loss is not finite any more: try a smaller learning rate.")',
)
_ENDING = (
    'with (options.output / "curves.csv").open("w", newline="", encoding="utf-8") as file:',
    "    writer = csv.DictWriter(file, list(curves[0]))",
    "    writer.writeheader()",
    "    writer.writerows(curves)",
)
