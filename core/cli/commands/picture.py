"""``layerwright picture``: the network as SVG for a paper, drawn without a window."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.atomic import write_atomically
from core.cli.command import DONE, Command, UsageError, add_json, note, print_json
from core.graph.files import load_project

_SUFFIX = ".svg"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a project file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="SVG", help="the file to write: *.svg")
    parser.add_argument(
        "--direction", choices=("tb", "lr"), default="tb", help="top to bottom (default) or left to right"
    )
    parser.add_argument("--width", type=_width, metavar="MM", help="width in millimetres (default: its natural size)")
    parser.add_argument("--caption", default="", metavar="TEXT", help="a text below the picture")
    parser.add_argument("--names", action="store_true", help="write the names of the nodes as well")
    parser.add_argument("--expand", action="store_true", help="show the inside of groups, one level deep")
    parser.add_argument("--transparent", action="store_true", help="leave the background out")
    for what in ("shapes", "parameters", "legend"):
        parser.add_argument(f"--no-{what}", action="store_true", help=f"leave the {what} out")
    add_json(parser)


def _width(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a number of millimetres, not '{text}'") from error
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"must be from 1 to 10,000 millimetres, not {text}")
    return number


def _picture(options: argparse.Namespace) -> int:
    from core.model.shapes import check
    from core.pictures.levels import Publication
    from core.pictures.publication import publication
    from core.pictures.svg import as_svg

    path: Path = options.output
    if path.suffix.lower() != _SUFFIX:
        raise UsageError(
            f"'{path}' must end in {_SUFFIX}: PNG and PDF are made in the designer (File, Export picture)."
        )
    project = load_project(options.file)
    if not project.graph.nodes:
        raise UsageError(f"'{options.file}' has no nodes: there is nothing to draw.")
    what = Publication(
        direction="right" if options.direction == "lr" else "down",
        shapes=not options.no_shapes,
        parameters=not options.no_parameters,
        legend=not options.no_legend,
        names=options.names,
        expanded=options.expand,
        background="" if options.transparent else "#ffffff",
        caption=options.caption,
    )
    drawing = publication(project, check(project), what)
    write_atomically(path, as_svg(drawing, options.width).encode())
    if options.json:
        print_json({"file": str(path), "nodes": len(project.graph.nodes)})
    else:
        note(f"Written to {path}.")
    return DONE


KINDS = (Command("picture", "draw the network as SVG for a paper", _arguments, _picture),)
