"""The columns of the list of runs: what they are called, how their values are written, which are shown at first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from core.training.run_index import COLUMNS, RunEntry, measured
from core.units import duration
from designer.plots import style

NAME, STARRED, TAGS, NOTE, STATUS = "name", "starred", "tags", "note", "status"
FIXED = (NAME,)
"""Columns that cannot be hidden: without them nobody knows which run is which."""
FIRST = (NAME, STARRED, STATUS, "created", "epochs", "loss")
"""What is shown at first, before measured values; then LAST."""
LAST = ("optimizer", "learning_rate", "batch_size", TAGS, NOTE)
EDITABLE = (TAGS, NOTE)
_MEASURED_AT_FIRST = 2


def _tr(text: str) -> str:
    return QCoreApplication.translate("Runs", text)


def title(column: str) -> str:
    """Return the heading of a column: a word for what every run has, else the metric's name with its output."""
    titles = {
        STARRED: "★",
        NAME: _tr("Run"),
        "project": _tr("Project"),
        "created": _tr("Started"),
        STATUS: _tr("Status"),
        TAGS: _tr("Tags"),
        NOTE: _tr("Note"),
        "epochs": _tr("Epochs"),
        "best_epoch": _tr("Best epoch"),
        "seconds": _tr("Time"),
        "optimizer": _tr("Optimizer"),
        "learning_rate": _tr("Learning rate"),
        "batch_size": _tr("Batch"),
        "seed": _tr("Seed"),
        "device": _tr("Device"),
    }
    if column in titles:
        return titles[column]
    output, _, quantity = column.rpartition("/")
    name = style.quantity_text(quantity)
    return f"{name} · {output}" if output else name


def tip(column: str) -> str:
    """Return what a column means, where its heading does not say it all."""
    if column == STARRED:
        return _tr("Stars: a click sets or takes one")
    if column in COLUMNS:
        return title(column)
    return _tr("{value}: in the best epoch, of the validation part where there is one").format(value=title(column))


def text(run: RunEntry, column: str) -> str:
    """Return what stands in a cell; empty where the run has no such value."""
    value = run.value(column)
    if column == STARRED:
        return "★" if value else ""
    if value is None or value == "" or value != value:
        return ""
    if column == STATUS:
        return status_text(str(value))
    if column == "created":
        return _moment(str(value))
    if column == "epochs":
        whole = run.settings.get("epochs")
        return f"{value:g} / {whole}" if isinstance(whole, int) and value != whole else f"{value:g}"
    if column == "seconds" and isinstance(value, int | float):
        return duration(value)
    if isinstance(value, int | float) and column not in COLUMNS:
        return style.value_text(column.rpartition("/")[2], value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def status_text(status: str) -> str:
    """Return how a run went, as the user reads it."""
    texts = {
        "running": _tr("running"),
        "interrupted": _tr("interrupted"),
        "completed": _tr("completed"),
        "stopped": _tr("stopped"),
        "failed": _tr("failed"),
        "damaged": _tr("damaged"),
    }
    return texts.get(status, status)


STATUS_ICONS = {
    "running": ("play", "accent"),
    "completed": ("check", "success"),
    "stopped": ("stop", "text_muted"),
    "interrupted": ("warning", "warning"),
    "failed": ("error", "error"),
    "damaged": ("error", "error"),
}
"""Icon and theme colour of each status; the shapes differ too."""


def _moment(stamp: str) -> str:
    try:
        return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return stamp


def known(runs: Iterable[RunEntry]) -> tuple[str, ...]:
    """Return all columns that these runs can fill, in their usual order."""
    values = [name for name in measured(runs) if not _is_part(name)]
    rest = [name for name in COLUMNS if name not in (*FIRST, *LAST)]
    return tuple(dict.fromkeys((*FIRST, *values, *LAST, *rest)))


def _is_part(name: str) -> bool:
    """True for the loss of a single output: the total says the same where there is only one."""
    return name.endswith("/loss")


def at_first(columns: Sequence[str]) -> frozenset[str]:
    """Return which of the known columns are shown until the user has chosen."""
    values = [name for name in columns if name not in COLUMNS and name != "loss"]
    return frozenset((*FIRST, *values[:_MEASURED_AT_FIRST], *LAST)) & frozenset(columns)


def tags_of(typed: str) -> tuple[str, ...]:
    """Return the tags that were typed, separated by commas or semicolons."""
    return tuple(word for part in re.split("[,;]", typed) if (word := " ".join(part.split())))
