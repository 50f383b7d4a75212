"""What a sub-command is, and how its results and its failures reach the terminal."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from core.errors import LayerwrightError
from core.registry import LoadFailure

DONE, FAILED, BAD_USAGE = 0, 1, 2
"""Exit statuses of every command; one that a signal ended gives 128 and the signal's number, as shells do."""


class UsageError(LayerwrightError):
    """The command line itself asks for something that does not exist or makes no sense."""


@dataclass(frozen=True)
class Command:
    """A sub-command: its name, one line of help, the arguments it takes and what it does (returning an exit status).

    ``run`` prints results on stdout (with ``--json`` one JSON object per line and nothing else) and remarks on stderr.
    It raises UsageError where the command line is wrong, any other LayerwrightError where the work failed.
    """

    id: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json`` to a command."""
    parser.add_argument("--json", action="store_true", help="print one JSON object per line instead of text")


def whole_number(minimum: int, maximum: int = 2**63 - 1) -> Callable[[str], int]:
    """Return the type of an option that takes a whole number within these bounds."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"must be a whole number, not '{text}'") from error
        if not minimum <= number <= maximum:
            bound = f"at least {minimum}" if number < minimum else f"at most {maximum}"
            raise argparse.ArgumentTypeError(f"must be {bound}, not {number}")
        return number

    return parse


# --- output -----------------------------------------------------------------------------------------------------------


def print_json(value: Mapping[str, Any], stdout: TextIO | None = None) -> None:
    """Print one JSON object on one line of stdout, at once; numbers that JSON does not know (NaN) become null.

    ``stdout`` is the one before it was redirected.
    """
    print(json.dumps(_finite(value), allow_nan=False), flush=True, file=stdout)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def note(text: str) -> None:
    """Print a remark on stderr, where it does not disturb what is piped on."""
    print(text, file=sys.stderr, flush=True)


def report_error(error: LayerwrightError, *, as_json: bool) -> None:
    """Print an error on stderr in plain words; with ``--json`` also on stdout, as the last object."""
    note(f"layerwright: {error}")
    if as_json:
        print_json({"error": error.message, "problems": list(error.problems), "node": error.node})


def report_plugins(failures: Iterable[LoadFailure]) -> None:
    """Print on stderr which plug-ins could not be loaded, and why."""
    for failure in failures:
        note(f"layerwright: the plug-in {failure.entry_point} could not be loaded: {failure.error}")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Print rows in aligned columns under their headings; columns listed in ``right`` are aligned to the right."""
    rows = [tuple(row) for row in rows]
    to_right = frozenset(right)
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    for row in (headings, tuple("─" * width for width in widths), *rows):
        cells = (
            cell.rjust(width) if column in to_right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip())
