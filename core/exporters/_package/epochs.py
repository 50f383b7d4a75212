"""Writes the end of ``train.py``: the epochs, what is kept of them, when they end, and the arguments."""

from __future__ import annotations

from core.exporters._package.facts import Facts

_START = 'network.load_state_dict(torch.load(HERE / "start.pt", weights_only=True))'
_SAVE = '''def save(network: Net, path: Path) -> None:
    """Write the weights to another file first, so that the one of that name is whole at any time."""
    whole = path.with_suffix(".new")
    torch.save(network.state_dict(), whole)
    whole.replace(path)'''
_WRITE = '''def write(curves: list[dict[str, float]], path: Path) -> None:
    """Write a row for every epoch."""
    if curves:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(curves[0]))
            writer.writeheader()
            writer.writerows(curves)'''
_MAIN = '''def main() -> None:
    """Train, and write curves.csv and weights.pt, also where training is stopped early."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE / "data", help="a folder of the same files")
    parser.add_argument("--output", type=Path, default=HERE, help="where curves.csv and weights.pt go")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="EPOCHS_HELP")
    parser.add_argument("--device", default=DEVICE, help="cpu, cuda, cuda:1, mps … (default: %(default)s)")
    options = parser.parse_args()
    if options.epochs < 1:
        parser.error("--epochs must be 1 or more")
    options.output.mkdir(parents=True, exist_ok=True)
    curves: list[dict[str, float]] = []
    try:
        train(options, curves)
    except KeyboardInterrupt:
        said = f"weights.pt holds the best of {len(curves)} epochs" if curves else "weights.pt is what it was"
        raise SystemExit(f"Stopped: {said}.") from None
    finally:
        write(curves, options.output / "curves.csv")'''


def epochs_text(facts: Facts) -> tuple[str, ...]:
    """Return the functions ``save``, ``write``, ``train`` and ``main``."""
    return _SAVE, _WRITE, _Train(facts).text(), _Train(facts).main()


class _Train:
    """Writes ``train`` and ``main`` for one session."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.settings = facts, facts.settings

    def main(self) -> str:
        """Return the function that reads the arguments."""
        planned = ", as scheduled" if self.facts.schedule.functions else ""
        return _MAIN.replace("EPOCHS_HELP", f"how many (default: %(default)s{planned})")

    def text(self) -> str:
        """Return the function that goes through the epochs."""
        body = [*self._setup(), *self._epoch(), *self._nothing()]
        head = [
            "def train(options: argparse.Namespace, curves: list[dict[str, float]]) -> None:",
            '    """Train epoch by epoch: each adds a row to the curves, the best one so far saves its weights."""',
        ]
        return "\n".join([*head, *(f"    {line}" if line else "" for line in body)])

    def _setup(self) -> list[str]:
        made = "optimizers = make_optimizers(network)" if self.facts.several else "optimizer = make_optimizer(network)"
        average = ["average = Average(network)"] if self.settings.average != "none" else []
        return [
            "parts = {name: part.to(options.device) for name, part in load(options.data).items()}",
            'training = parts["training"]',
            *(f"{name}.to(options.device)" for each in self.facts.losses for name in each.instances),
            "torch.manual_seed(SEED)",
            "network = Net().to(options.device)",
            *([_START] if self.facts.starts else []),
            made,
            *self.facts.schedule.setup,
            *average,
            *(
                ["compile_network(network, training.take(torch.arange(min(2, len(training)))))"]
                if self.settings.compile
                else []
            ),
            "torch.manual_seed(SEED)",
            "generator = torch.Generator().manual_seed(SEED)",
            f"best = {self._worst}",
            *(["reference, waited = best, 0"] if self.settings.patience else []),
        ]

    @property
    def _worst(self) -> str:
        return "-math.inf" if self.facts.rises else "math.inf"

    def _epoch(self) -> list[str]:
        optimizer = "optimizers" if self.facts.several else "optimizer"
        average = ", average" if self.settings.average == "ema" else ""
        means = ", ".join(name for name, _kind, _made in self.facts.kept)
        each_step = [*self.facts.schedule.after_step]
        lines = [
            "for epoch in range(1, options.epochs + 1):",
            *(f"    {name} = {made.replace('PART', 'training')}" for name, _kind, made in self.facts.kept),
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
        if self.settings.average == "swa":
            given = ", network, training" if self.facts.measures_statistics else ""
            lines.append(f"    average.after_epoch(epoch{given})")
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
            'shown = "  ".join(f"{name} {value:.6g}" for name, value in values.items())',
            'print(f"epoch {epoch}/{options.epochs}  {shown}", flush=True)',
            f'current = values["{self.facts.curve}"]',
            *self.facts.schedule.after_epoch,
            f"if current {better} best:",
            "    best = current",
        ]
        save = 'save(network, options.output / "weights.pt")'
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

    def _nothing(self) -> list[str]:
        """Return the lines for a curve that never was a number."""
        return [
            f"if best == {self._worst}:",
            f'    raise SystemExit("{self.facts.curve} was no number in any epoch, so no weights were written.")',
        ]
