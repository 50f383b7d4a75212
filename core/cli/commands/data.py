"""``layerwright data``: what a file or folder of data holds, and what its fields seem to mean."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core import units
from core.cli.command import DONE, Command, UsageError, add_json, note, print_json, print_table, report_plugins
from core.data.reading import find_source, read, source_for
from core.data.source import Column, RawData
from core.data.sources import sources
from core.kinds import Value
from core.parameters import parse_value


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="FILE-or-FOLDER", help="a table, arrays, or a folder of files")
    parser.add_argument("--source", default="", metavar="KIND", help="the kind of source, where its name does not tell")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the source")
    add_json(parser)


def _field(name: str, column: Column) -> dict[str, Any]:
    return {
        "field": name,
        "meaning": column.meaning,
        "role": column.role,
        "shape": list(column.shape),
        "categories": list(column.categories),
        "reason": column.reason,
    }


def source_options(source: str, texts: list[str]) -> dict[str, Value]:
    """Return ``NAME=VALUE`` texts as options of a source."""
    known = {parameter.name: parameter for parameter in find_source(source).parameters}
    options: dict[str, Value] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise UsageError(f"--option {text}: the options of '{source}' are {', '.join(known)}, each as NAME=VALUE.")
        try:
            options[name] = parse_value(known[name], value)
        except ValueError as error:
            raise UsageError(f"--option {text}: {error}") from error
    return options


def _print(source: str, raw: RawData) -> None:
    rows = []
    for name, column in raw.columns.items():
        shape = " × ".join(str(size) if size else "any" for size in column.shape)
        rows.append((name, f"{column.meaning} {shape}".rstrip(), column.role, column.reason))
    print_table(("field", "meaning", "role", "why"), rows)
    note(f"{units.plural(raw.rows, 'row')}, {units.plural(len(rows), 'field')}, read as {find_source(source).title}")
    for each in raw.notes:
        note(each)


def _run(options: argparse.Namespace) -> int:
    source, chosen = (options.source, {"path": str(options.path)}) if options.source else source_for(options.path)
    raw = read(source, {**chosen, **source_options(source, options.option)})
    if options.json:
        print_json({"source": source, "rows": raw.rows, "notes": list(raw.notes)})
        for name, column in raw.columns.items():
            print_json(_field(name, column))
    else:
        _print(source, raw)
    report_plugins(sources.failures)
    return DONE


KINDS = (Command("data", "show the fields of a file or folder of data", _arguments, _run),)
