"""``layerwright import``: a network of another framework, or in Python, as a project with its weights beside it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import trust, units
from core.cli.command import (
    DONE,
    Command,
    UsageError,
    add_json,
    note,
    print_json,
    report_plugins,
)
from core.cli.commands.trust import ask_trust
from core.errors import ImportFailed
from core.graph.counting import count_layers
from core.graph.files import SUFFIX
from core.progress import watching

if TYPE_CHECKING:
    from core.graph.project import Project
    from core.importers import Imported

_LINE = 100
_DTYPES = ("float32", "int64", "bool")


def _shape(text: str) -> tuple[int, ...]:
    from core.importers._reading import parse_shape

    try:
        return parse_shape(text)
    except ValueError as error:
        message = f"must be the sizes of one sample without the batch, such as 3,224,224, not '{text}'"
        raise argparse.ArgumentTypeError(message) from error


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a file (onnx, pt2, keras …), or python:package.module:factory, which is run once you trust it",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help=f"the project ({SUFFIX})")
    parser.add_argument(
        "--shape",
        action="append",
        default=[],
        type=_shape,
        metavar="SIZES",
        help="sizes of one sample, such as 3,224,224, where the source does not say them; once for each input",
    )
    parser.add_argument(
        "--dtype", action="append", default=[], choices=_DTYPES, help="what an input holds; once for each; float32"
    )
    parser.add_argument("--trust", action="store_true", help="trust the code of a python: source without being asked")
    add_json(parser)


def _import(options: argparse.Namespace) -> int:
    from core.importers import ImportRequest, importers
    from core.importers._reading import importer_of, read_network, save_imported

    report_plugins(importers.failures)
    output: Path = options.output
    if output.suffix != SUFFIX:
        output = output.with_name(output.name + SUFFIX)
    if not output.parent.is_dir():
        raise UsageError(f"There is no folder '{output.parent}'.")
    kind = importer_of(options.source)
    if kind is not None and kind.runs_code:
        sys.path.insert(0, str(Path.cwd()))  # as where Python itself runs a module
        _require_trust(options.source, given=options.trust)
    request = ImportRequest(options.source, tuple(options.shape), tuple(options.dtype))
    with _told():
        imported = read_network(request)
    project = save_imported(imported, output)
    if options.json:
        print_json(_content(imported, project, output))
    else:
        _print(imported, project, output)
    return DONE


def _require_trust(source: str, *, given: bool) -> None:
    """Ask for trust in every text that would run.

    Raises:
        ImportFailed: somebody said no, or there is nobody to ask.
    """
    from core.importers._reading import code_of

    for name, text in code_of(source).items():
        if trust.is_trusted(text):
            continue
        if not given and not sys.stdin.isatty():
            raise ImportFailed(
                f"'{name}' would run on this computer with your rights, and nobody is there to be asked. Read it, then "
                "give --trust, or run this in a terminal."
            )
        if not given and not ask_trust(name, text):
            raise ImportFailed(f"'{name}' was not run, and nothing was imported: it is not trusted.")
        trust.trust(text)


@contextmanager
def _told() -> Iterator[None]:
    """Show on one line of a terminal how far the work inside the block is."""
    if not sys.stderr.isatty():
        yield
        return

    def told(done: int, total: int, what: str) -> bool:
        share = f"{100 * done // total:3d} %  " if total else ""
        print(f"{share}{what}"[:_LINE].ljust(_LINE), end="\r", file=sys.stderr, flush=True)
        return True

    try:
        with watching(told):
            yield
    finally:
        print(" " * _LINE, end="\r", file=sys.stderr, flush=True)


def _content(imported: Imported, project: Project, output: Path) -> dict[str, Any]:
    from core.importers._reading import count_parameters

    return {
        "path": str(output),
        "weights": str(output.with_name(project.weights)) if project.weights else None,
        "layers": count_layers(project),
        "parameters": count_parameters(project),
        "groups": len(project.groups),
        "opaque": list(imported.opaque),
        "notes": list(imported.notes),
    }


def _print(imported: Imported, project: Project, output: Path) -> None:
    from core.importers._reading import count_parameters

    layers, numbers = count_layers(project), count_parameters(project)
    print(f"{units.plural(layers, 'layer')}, {units.plural(numbers, 'parameter')}")
    for text in imported.notes:
        note(f"note: {text}")
    if imported.opaque:
        note(f"without a kind of their own, kept as they are: {', '.join(imported.opaque)}")
    print(output)


KINDS = (Command("import", "import a network of another framework, with its weights", _arguments, _import),)
