"""The README of a package: what it is, how to run it, and what came of the run that it was exported from."""

from __future__ import annotations

from collections.abc import Iterable

from core.exporters._bundle_parts import model_card
from core.exporters._kind import ExportRequest
from core.exporters._network import Exportable
from core.training.results.reading import OutputReader
from core.training.runs import Run

_USE = """
## Use

    pip install -r requirements.txt
    python train.py
    python train.py --epochs 5 --device cpu --output elsewhere
    python predict.py example.csv
    python predict.py input.csv -o answers.csv

`train.py` trains from fresh weights with the settings of the run, prints the losses and metrics of every epoch, writes
them to `curves.csv` and the weights of the best epoch to `weights.pt`; Ctrl-C stops it and keeps both. `--help` lists
what may be given. On the CPU it follows the curve of the run: the losses below came of the same seed. `predict.py`
reads `weights.pt`, which holds the weights of the run until you train.

| file | what it is |
|---|---|
| `model.py` | the network |
| `data.py` | reads the folder `data`, prepares it, and cuts it into batches |
| `preprocess.py` | how raw values become numbers |
| `preprocessing.json` | what that learnt from the training rows |
| `train.py` | the loop: losses, optimizer, schedule |
MODULES| `predict.py` | predicts rows of a table or files |
| `outputs.json` | what the outputs mean: classes, units |
| `data/` | the raw columns, and in `split.npz` which rows are for training, validation and testing |
| `weights.pt` | a state dict |
| `example.csv` | rows to try, some with a missing value or an unknown word |
"""


_MODULES = {
    "augment.py": "how training samples are changed by chance",
    "losses.py": "losses that PyTorch lacks",
    "metrics.py": "what is measured of every epoch",
}
_OWN = "a loss of your own"


def package_readme(
    network: Exportable, request: ExportRequest, run: Run, readers: tuple[OutputReader, ...], modules: Iterable[str]
) -> str:
    """Return README.md; ``modules`` are the files that train.py imports besides those that every package has."""
    rows = "".join(f"| `{name}` | {_MODULES.get(name, _OWN)} |\n" for name in sorted(modules))
    use = _USE.replace("MODULES", rows)
    return model_card(network, request, run, readers, use + _curve(run))


def _curve(run: Run) -> str:
    """Return the losses of the run's epochs as a table."""
    epochs = run.epochs()
    if not epochs:
        return ""
    rows = ["", "## The curve of the run", "", "| epoch | training loss | validation loss |", "|---|---|---|"]
    for each in epochs:
        validation = f"{each.validation['loss']:.9g}" if "loss" in each.validation else ""
        rows.append(f"| {each.epoch} | {each.training['loss']:.9g} | {validation} |")
    return "\n".join(rows) + "\n"
