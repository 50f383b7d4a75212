"""The parts of a bundle: what the outputs mean, an example of what to put in, and the model card."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from core import units
from core.data.fitted import FittedField
from core.data.preprocessing import Preprocessing
from core.data.source import Array
from core.errors import TrainingError
from core.exporters._kind import ExportRequest
from core.exporters._network import Exportable
from core.exporters._rows import Columns
from core.graph.meanings.text import MARKS, SPECIAL
from core.loading import load
from core.training.kinds import LossKind
from core.training.results.reading import OutputReader
from core.training.runs import Run
from core.training.summary import Summary

MISSING_WORDS = ("", "NA", "N/A", "NaN", "null", "?")
_FILED = ("image", "array", "sequence")


# --- what the outputs mean --------------------------------------------------------------------------------------------


def outputs_json(network: Exportable, request: ExportRequest, readers: tuple[OutputReader, ...]) -> dict[str, Any]:
    """Return what ``predict.py`` needs to know of inputs and outputs."""
    words = request.project.data.options.get("missing_words")
    missing = ["", *(each.strip() for each in words.split(","))] if isinstance(words, str) else list(MISSING_WORDS)
    return {
        "format": 1,
        "project": request.project.name,
        "inputs": list(network.built.inputs),
        "missing_words": missing,
        "text_input": _text_input(network),
        "outputs": [_output(each) for each in readers],
    }


def _text_input(network: Exportable) -> str:
    """Return the Input whose tokens say where a text that is predicted ends; empty where there is not one."""
    preprocessing = network.preprocessing
    assert preprocessing is not None
    texts = []
    for name in network.built.inputs:
        entries = [preprocessing.entry(each) for each in preprocessing.inputs[name]]
        if len(entries) == 1 and entries[0].field.meaning == "text" and not entries[0].part:
            texts.append(name)
    return texts[0] if len(texts) == 1 else ""


def _output(reader: OutputReader) -> dict[str, Any]:
    text = _text(reader.units) if reader.kind == "text" and reader.units is not None else None
    return {
        "name": reader.output,
        "target": reader.objective.target.name,
        "kind": reader.kind,
        "scores": reader.target,
        "reads": reads(reader.objective.loss, dict(reader.objective.options)),
        "classes": list(reader.classes),
        "units": reader.units.to_json() if reader.units is not None and reader.kind == "number" else None,
        **({"text": text} if text is not None else {}),
    }


def _text(fitted: FittedField) -> dict[str, Any]:
    """Return how indices become a text."""
    encoding = fitted.field.encoding
    first = len(SPECIAL) + len(MARKS) * bool(fitted.field.options.get("marks", False))
    tokens = list(fitted.classes) if encoding in ("word", "character") else []
    between = " " if encoding == "word" else ""
    return {"tokens": tokens, "first": first, "between": between, "tokenizer": fitted.state.get("tokenizer", "")}


def reads(loss: LossKind, options: Mapping[str, Any]) -> list[Any]:
    """Return in a word what ``core.training.statistics.reading`` does to an output, and the number that it needs."""
    if loss.target == "binary" and loss.form == "pair":
        return ["cosine", (1 + float(options.get("margin", 0.0))) / 2]
    if loss.target == "binary" and loss.form == "two":
        return ["difference"]
    if loss.gives == "distance":
        return ["distance", float(options.get("margin", 1.0)) / 2]
    if loss.gives == "probabilities":
        return ["logit"]
    if loss.target == "number" and loss.form == "two":
        return ["first"]
    logarithm = {"log-rates": options.get("log_input", True), "log-probabilities": not options.get("log_target", False)}
    return ["exp"] if loss.target == "number" and logarithm.get(loss.gives, False) else []


def requirements(preprocessing: Preprocessing) -> str:
    """Return requirements.txt: what it takes to predict."""
    import torch

    pillow = any(preprocessing.fields[name].field.meaning == "image" for name in preprocessing.needed)
    pieces = any(each.field.encoding == "bpe" for each in preprocessing.fields.values())
    lines = [f"torch>={torch.__version__.partition('+')[0]}", "numpy>=1.26", *(["pillow"] if pillow else [])]
    lines += ["tokenizers"] if pieces else []
    return "\n".join(lines) + "\n"


# --- an example -------------------------------------------------------------------------------------------------------


def example_files(preprocessing: Preprocessing, columns: Columns) -> dict[str, bytes]:
    """Return the rows as ``example.csv``, with a file under ``example/`` for each image, array or sequence."""
    files: dict[str, bytes] = {}
    table: dict[str, list[str]] = {}
    for number, (name, values) in enumerate(columns.items()):
        fitted = preprocessing.fields[name]
        if fitted.field.meaning not in _FILED:
            table[name] = [_cell(fitted, value) for value in values]
            continue
        table[name] = []
        for row, value in enumerate(values):
            if value is None:
                table[name].append("")
                continue
            suffix, content = _file(fitted, np.asarray(value))
            path = f"example/{number}-{row}{suffix}"
            files[path] = content
            table[name].append(path)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return {"example.csv": text.getvalue().encode(), **files}


def _cell(fitted: FittedField, value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "NA"
    return repr(float(value)) if fitted.field.meaning == "number" and isinstance(value, int | float) else str(value)


def _file(fitted: FittedField, value: Array) -> tuple[str, bytes]:
    """Return an image as PNG where that keeps it as it is, and numbers as ``.npy``."""
    buffer = io.BytesIO()
    if fitted.field.meaning == "image" and value.dtype == np.uint8 and value.shape[0] == fitted.field.shape[0]:
        pillow: Any = load("PIL.Image")
        pixels = value[0] if len(value) == 1 else np.moveaxis(value, 0, -1)
        if len(value) in (1, 3):
            pillow.fromarray(pixels).save(buffer, "PNG")
            return ".png", buffer.getvalue()
    np.save(buffer, value, allow_pickle=False)
    return ".npy", buffer.getvalue()


# --- the model card ---------------------------------------------------------------------------------------------------

_USE = """
## Use

    pip install -r requirements.txt
    python predict.py example.csv
    python predict.py input.csv -o answers.csv

`predict.py` reads a table with a column for each input below. Images, arrays and sequences are files that the table
names. Missing cells are empty or NA. Dates are written as year-month-day. In Python: `predict.predict(columns)`.

| file | what it is |
|---|---|
| `model.py` | the network as PyTorch source |
| `weights.safetensors` | its weights; the header holds the design and the preprocessing |
| `preprocessing.json` | how columns become numbers, learnt from the training rows |
| `preprocess.py` | the code that does it |
| `outputs.json` | what the outputs mean: classes, units |
| `example.csv` | rows to try, some with a missing value or an unknown word |
"""


def model_card(
    network: Exportable, request: ExportRequest, run: Run, readers: tuple[OutputReader, ...], use: str = _USE
) -> str:
    """Return README.md: what the network does, from which data, how well, how it was trained, and its ``use``."""
    preprocessing = network.preprocessing
    assert preprocessing is not None
    count = sum(each.numel() for each in network.built.module.parameters())
    lines = [f"# {request.project.name}", "", f"A PyTorch network with {count:,} weights, made with Layerwright.", ""]
    lines += ["## What goes in", "", "| column | meaning | missing values |", "|---|---|---|"]
    for name in preprocessing.needed:
        field = preprocessing.fields[name].field
        lines.append(f"| {name} | {field.meaning} ({field.encoding}) | {field.missing} |")
    lines += ["", "## What comes out", "", "| output | what | learnt with |", "|---|---|---|"]
    for reader in readers:
        classes = f": {', '.join(reader.classes[:20])}" if reader.classes else ""
        what = f"{reader.kind} of {reader.objective.target.name}{classes}"
        lines.append(f"| {reader.output} | {what} | {reader.objective.loss.id} |")
    lines += ["", "## Data", "", *_data(request, run), "", "## How well", "", *_measures(run)]
    lines += ["", "## How it was trained", "", *_training(request, run)]
    return "\n".join(lines) + "\n" + use


def _data(request: ExportRequest, run: Run) -> list[str]:
    data = request.project.data
    lines = [f"- Source: {data.source}", f"- SHA-256 of what was read: `{run.settings.get('data_hash', 'unknown')}`"]
    try:
        with np.load(run.path / "splits.npz", allow_pickle=False) as splits:
            lines += [f"- {name.capitalize()} rows: {len(splits[name]):,}" for name in splits.files]
    except (OSError, ValueError, KeyError, EOFError):
        lines.append("- How many rows there were is not known any more.")
    return lines


def _measures(run: Run) -> list[str]:
    summary = _summary(run)
    if summary is None or not summary.best:
        return ["Nothing was measured."]
    lines = [f"Of the best epoch ({summary.best_epoch}), on the validation rows:", "", "| measure | value |"]
    return [*lines, "|---|---|", *(f"| {name} | {value:.6g} |" for name, value in summary.best.items())]


def _summary(run: Run) -> Summary | None:
    try:
        return run.summary()
    except TrainingError:
        return None


def _training(request: ExportRequest, run: Run) -> list[str]:
    settings, summary = run.settings, _summary(run)
    lines = [
        f"- Optimizer: {settings.get('optimizer')}, learning rate {settings.get('learning_rate')}, "
        f"batch size {settings.get('batch_size')}, seed {settings.get('seed')}",
        f"- Started: {settings.get('created', 'unknown')}, on {settings.get('device', 'unknown')}",
        f"- Weights: {request.which}",
    ]
    if summary is not None:
        took = units.duration(summary.seconds)
        lines.append(f"- {units.plural(summary.epochs, 'epoch')} in {took} ({summary.status})")
    versions = settings.get("versions", {})
    return [*lines, f"- Versions: {', '.join(f'{name} {each}' for name, each in versions.items())}"]
