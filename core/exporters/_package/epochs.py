"""Writes ``main`` of ``train.py``: the epochs, what is kept of them, and when they end."""

from __future__ import annotations

from core.exporters._package.facts import Facts

_START = 'network.load_state_dict(torch.load(HERE / "start.pt", weights_only=True))'
_ENDING = (
    'with (options.output / "curves.csv").open("w", newline="", encoding="utf-8") as file:',
    "    writer = csv.DictWriter(file, list(curves[0]))",
    "    writer.writeheader()",
    "    writer.writerows(curves)",
)


def epochs_text(facts: Facts) -> str:
    """Return the function ``main``."""
    return _Main(facts).text()


class _Main:
    """Writes ``main`` for one session."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.settings = facts, facts.settings

    def text(self) -> str:
        """Return the function."""
        body = [*self._setup(), *self._epoch(), *_ENDING]
        head = ["def main() -> None:", '    """Train, and write curves.csv and weights.pt."""']
        return "\n".join([*head, *(f"    {line}" if line else "" for line in body)])

    def _setup(self) -> list[str]:
        made = "optimizers = make_optimizers(network)" if self.facts.several else "optimizer = make_optimizer(network)"
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
            *([_START] if self.facts.starts else []),
            made,
            *self.facts.schedule.setup,
            *average,
            "torch.manual_seed(SEED)",
            "generator = torch.Generator().manual_seed(SEED)",
            f"best = {'-' if self.facts.rises else ''}math.inf",
            *(["reference, waited = best, 0"] if self.settings.patience else []),
            "curves: list[dict[str, float]] = []",
        ]

    def _epoch(self) -> list[str]:
        optimizer = "optimizers" if self.facts.several else "optimizer"
        average = ", average" if self.settings.average == "ema" else ""
        means = ", ".join(name for name, _kind, _made in self.facts.kept)
        each_step = [*self.facts.schedule.after_step]
        lines = [
            "for epoch in range(1, options.stop + 1):",
            *(f"    {name} = {made}" for name, _kind, made in self.facts.kept),
        ]
        batches = f"batches(training, generator{', epoch - 1' if self.facts.augments else ''})"
        if self.facts.accumulates:
            lines += [
                f"    waiting = list({batches})",
                "    for start in range(0, len(waiting), ACCUMULATE):",
                f"        step(network, {optimizer}{average}, waiting[start : start + ACCUMULATE], {means})",
            ]
        else:
            lines += [
                f"    for batch in {batches}:",
                f"        step(network, {optimizer}{average}, batch, {means})",
            ]
        lines += [f"        {line}" for line in each_step]
        lines += ["    average.after_epoch(epoch)"] if self.settings.average == "swa" else []
        lines += [f'    values = {{f"training/{{name}}": value for name, value in named({means}).items()}}']
        if self.facts.validated:
            measured = 'measure(network, parts["validation"])'
            update = f'values |= {{f"validation/{{name}}": value for name, value in {measured}.items()}}'
            if self.settings.average != "none":
                lines += ["    with average.used():", f"        {update}"]
            else:
                lines.append(f"    {update}")
        return [*lines, *(f"    {line}" for line in self._judged())]

    def _judged(self) -> list[str]:
        """Return the lines that keep the best weights, move the schedule on and end where nothing gets better."""
        better = ">" if self.facts.rises else "<"
        lines = [
            'curves.append({"epoch": epoch, **values})',
            'print(f"epoch {epoch}/{EPOCHS}  " + "  ".join(f"{name} {value:.6g}" for name, value in values.items()))',
            f'current = values["{self.facts.curve}"]',
            *self.facts.schedule.after_epoch,
            f"if current {better} best:",
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
                f"if current {better} reference {'+' if self.facts.rises else '-'} MIN_DELTA:",
                "    reference, waited = current, 0",
                "if waited >= PATIENCE:",
                '    print(f"nothing got better for {PATIENCE} epochs")',
                "    break",
            ]
        return lines
