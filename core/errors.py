"""Every error that Layerwright raises on purpose.

    LayerwrightError
    ├── ProjectError        a project file cannot be read, or says something impossible
    ├── SaveError           a file could not be written; what was there before is intact
    ├── EditError           an edit does not apply to this project
    │   └── LinkError       two ports cannot be linked
    ├── ExpressionError     an expression in a parameter cannot be evaluated
    ├── UnknownKindError    a layer, source, loss… of that name does not exist
    ├── ModelError          the graph cannot be built into a module
    ├── DataError           data cannot be read, or does not fit the project
    ├── TrainingError       training cannot start, or failed
    ├── SearchError         a sweep cannot be made, or a trial of it is impossible
    ├── ExportError         an export failed or was refused
    ├── ImportFailed        a network could not be imported; the open project is as it was
    └── Cancelled           whoever asked for a long job wants it no longer

A message says what came, what was expected and what to do. Several findings are reported together:
``problems`` holds one line each.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LayerwrightError(Exception):
    """Base of all errors with a message meant for the user."""

    def __init__(self, message: str, *, problems: Iterable[str] = (), node: str | None = None) -> None:
        self.message = message
        self.problems = tuple(problems)
        self.node = node
        super().__init__("\n  - ".join((message, *self.problems)))


class ProjectError(LayerwrightError):
    """A project file cannot be read, or says something impossible."""


class SaveError(LayerwrightError):
    """A file could not be written; what was there before is intact."""


class EditError(LayerwrightError):
    """An edit does not apply to this project."""


class LinkError(EditError):
    """Two ports cannot be linked."""


class ExpressionError(LayerwrightError):
    """An expression in a parameter cannot be evaluated."""


class UnknownKindError(LayerwrightError):
    """A layer, source, loss… of that name does not exist."""


class ModelError(LayerwrightError):
    """The graph cannot be built into a module."""


class DataError(LayerwrightError):
    """Data cannot be read, or does not fit the project."""


class TrainingError(LayerwrightError):
    """Training cannot start, or failed."""


class SearchError(LayerwrightError):
    """A sweep cannot be made or gone on with, or the values of a trial fit no network."""


class ExportError(LayerwrightError):
    """An export failed or was refused."""


class ImportFailed(LayerwrightError):
    """A network could not be imported; the open project is as it was."""


class Cancelled(LayerwrightError):
    """Whoever asked for a long job wants it no longer: nothing is wrong."""


def reason_of(error: Exception) -> str:
    """Return why a file could not be read or written, in the system's words, without the path and the full stop."""
    return ((error.strerror if isinstance(error, OSError) else "") or str(error)).rstrip(" .")


def sentence(text: str) -> str:
    """End what others wrote with a full stop, unless it ends as a sentence already: ``oh`` → ``oh.``; ``oh?`` stays."""
    text = text.rstrip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` (with a leading space) for the nearest known word, else an empty string."""
    known = tuple(known)
    lowered = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f" Did you mean '{lowered[near[0]]}'?" if near else ""
