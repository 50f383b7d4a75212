"""Writes ``train.py``: a plain loop with a project's own settings, which follows the same curve from the same seed.

What it computes says ``core.training``; only what the project uses is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import ExportError
from core.exporters._package.augment import augment_text, unwritten
from core.exporters._package.epochs import epochs_text
from core.exporters._package.facts import Facts
from core.exporters._package.gathered import gathered
from core.exporters._package.metrics import unwritten_metrics
from core.exporters._package.optimizer import optimizer_text
from core.exporters._package.sums import AUTOCAST, MEAN, average_text
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
    if problems:
        raise ExportError("This project's training cannot be written as plain PyTorch yet.", problems=problems)


class _Writer:
    """Writes the loop for one session."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.session, self.network, self.settings = facts.session, facts.network, facts.settings
        self.measuring = gathered([("core.training.averaging", "measured_anew")] if facts.measures_statistics else [])

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
            *self.measuring.imports,
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
        lines += ["from data import BATCH_SIZE"] if self.facts.measures_statistics else []
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
            *self.measuring.definitions,
            *average_text(self.settings, statistics=self.facts.measures_statistics),
            optimizer_text(self.facts.optimizers),
            *self.facts.schedule.functions,
            *([self._blended()] if self.facts.blends else []),
            self._counts(),
            self._forward(),
            *([self._compiled()] if self.settings.compile else []),
            self._step(),
            self._measure(),
            self._named(),
            *epochs_text(self.facts),
        ]

    # --- computing ----------------------------------------------------------------------------------------------------

    def _each_output(self, function: str, first: Sequence[str] = ()) -> str:
        """Return the list of what a function of every output gives for the targets of ``batch``.

        ``first`` are the outputs themselves, where it takes them.
        """
        last = ", batch.weights" if self.facts.weighted else ""
        calls = [
            f'{output}_{function}({values}batch.targets["{output}"]{last})'
            for output, values in zip(self.facts.outputs, first or [""] * len(self.facts.outputs), strict=True)
        ]
        return _listed(calls)

    def _blended(self) -> str:
        own, rest = _WEIGHED_SHARES if self.facts.weighted else _SHARES
        return _BLENDED.replace("OWN", own).replace("REST", rest)

    def _counts(self) -> str:
        """Return the function that says by how much the losses of a batch count in the means of an epoch."""
        lines = [
            "def counts_of(batch: Part) -> list[Tensor | float]:",
            '    """Return of how much the loss of every output is the mean."""',
        ]
        plain = f"return {self._each_output('count')}"
        if not self.facts.blends:
            return "\n".join([*lines, f"    {plain}"])
        blended = _listed(
            [f'sum({output}_count(*each) for each in blended(batch, "{output}"))' for output in self.facts.outputs]
        )
        lines += ["    if batch.shares is None:", f"        {_deeper(plain)}", f"    return {blended}"]
        return "\n".join(lines)

    def _forward(self) -> str:
        """Return the function from a batch to the losses of all outputs."""
        given, doc = "list[Tensor]", "Return the loss of every output for a batch."
        if self.facts.measures:
            given = "tuple[list[Tensor], list[Tensor]]"
            doc = "Return what the network gives for a batch, and the loss of every output."
        lines = [f"def losses_of(network: Net, batch: Part) -> {given}:", f'    """{doc}"""']
        mixed = self.settings.precision == "bfloat16"
        run = "outputs = network(*batch.inputs)"
        lines += [f"    with {AUTOCAST}:", f"        {run}"] if mixed else [f"    {run}"]
        raw = ["outputs"] if self.facts.single else [f'outputs["{output}"]' for output in self.facts.outputs]
        raw = [f"{each}.float()" for each in raw] if mixed else raw
        if self.facts.measures:
            lines.append(f"    raw = [{', '.join(raw)}]")
            raw = [f"raw[{at}]" for at in range(len(raw))]
        losses = self._each_output("loss", [f"{each}, " for each in raw])
        first = "raw, " if self.facts.measures else ""
        if not self.facts.blends:
            return "\n".join([*lines, f"    return {first}{losses}"])
        blended = [
            f'sum({output}_values({values}, *each).sum() for each in blended(batch, "{output}"))'
            for output, values in zip(self.facts.outputs, raw, strict=True)
        ]
        lines += [
            "    if batch.shares is None:",
            f"        return {first}{_deeper(losses)}",
            f"    sums = {_listed(blended)}",
            "    pairs = zip(sums, counts_of(batch), strict=True)",
            f"    return {first}[total / max(count, 1e-30) for total, count in pairs]",
        ]
        return "\n".join(lines)

    def _compiled(self) -> str:
        losses = "losses_of(network, example)[1]" if self.facts.measures else "losses_of(network, example)"
        return _COMPILE.replace("LOSSES", losses)

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
        lines = ["network.zero_grad()", f"{self.facts.found} = losses_of(network, batch)", *self._total("losses")]
        if self.facts.penalised:
            lines += ["penalty = network.penalty()", "total = total + penalty"]
        lines += ["total.backward()", *_FINITE, *self._clip(), *self._move(), *self._after()]
        return [*lines, *self._added()]

    def _move(self) -> list[str]:
        return ["for optimizer in optimizers:", "    optimizer.step()"] if self.facts.several else ["optimizer.step()"]

    def _added(self, counts: str = "counts_of(batch)") -> list[str]:
        """Return the lines that add a batch to what the epoch keeps."""
        lines = [
            f"for mean, loss, count in zip(means, losses, {counts}, strict=True):",
            "    mean.add(loss, count)",
        ]
        lines += ["penalty_mean.add(penalty, len(batch))"] if self.facts.penalised else []
        lines += ["metrics.add(raw, batch)"] if self.facts.measures else []
        return lines

    def _together(self) -> list[str]:
        """Several batches make one step: each mean is weighed by its part of what the mean over all divides by."""
        first, kept = (
            ("batch, counts, raw", "batch, counts, [each.detach() for each in raw]")
            if self.facts.measures
            else ("batch, counts",) * 2
        )
        lines = [
            "network.zero_grad()",
            "counted = [counts_of(batch) for batch in window]",
            "wholes = [sum(counts) for counts in zip(*counted, strict=True)]",
            "found = []",
            "for batch, counts in zip(window, counted, strict=True):",
            f"    {self.facts.found} = losses_of(network, batch)",
            "    shares = [count / max(whole, 1e-30) for count, whole in zip(counts, wholes, strict=True)]",
            "    parts = [share * loss for share, loss in zip(shares, losses, strict=True)]",
            *(f"    {line}" for line in self._total("parts")),
            "    total.backward()",
            *(f"    {line}" for line in _FINITE),
            f"    found.append(({kept}, [each.detach() for each in losses]))",
        ]
        if self.facts.penalised:
            lines += ["penalty = network.penalty()", "penalty.backward()"]
        lines += [*self._clip(), *self._move(), *self._after(), f"for {first}, losses in found:"]
        return [*lines, *(f"    {line}" for line in self._added("counts"))]

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
        run = f"({kept})" if "," in kept else kept
        lines += [f"    runs.append({run})", "    return total", "", "optimizer.step(closure)", *self._after()]
        return [*lines, f"{kept} = runs[0]", *self._added()]

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
            *(f"        {line}" for line in self._added()),
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


_BLENDED = '''def blended(batch: Part, output: str) -> list[tuple[Tensor, Tensor]]:
    """Return an output's targets, and how much each counts, of blended samples: their own, and their partners'."""
    targets, partners = batch.targets[output], batch.targets[output].index_select(0, batch.partners)
    return [(targets, OWN), (partners, REST)]'''
_SHARES = ("batch.shares", "1 - batch.shares")
_WEIGHED_SHARES = ("batch.shares * batch.weights", "(1 - batch.shares) * batch.weights")
_COMPILE = '''def compile_network(network: Net, example: Part) -> None:
    """Compile the network where this machine can; else say why, and train it as it is."""
    before = {name: each.clone() for name, each in network.state_dict().items()}
    network.forward = torch.compile(network.forward)
    try:
        torch.stack(LOSSES).sum().backward()
        network.eval()
        with torch.inference_mode():
            losses_of(network, example)
    except Exception as error:
        del network.forward
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"torch.compile does not work here, so the network is trained as it is. {reason}")
    network.train()
    network.zero_grad()
    network.load_state_dict(before)'''


def _listed(entries: Sequence[str]) -> str:
    """Return a list as it stands in a function: a single entry on the same line, several below one another."""
    return (
        f"[{entries[0]}]" if len(entries) == 1 else "\n".join(["[", *(f"        {each}," for each in entries), "    ]"])
    )


def _deeper(text: str) -> str:
    return text.replace("\n", "\n    ")


_FASTEST = 'str(torch.accelerator.current_accelerator(check_available=True) or "cpu")'
_FINITE = (
    "if not torch.isfinite(total):",
    '    raise SystemExit("The loss is not finite any more: try a smaller learning rate.")',
)
