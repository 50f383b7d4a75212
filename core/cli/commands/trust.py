"""``layerwright trust``: look at the Python layers of a project, and let them run on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core import trust
from core.cli.command import DONE, FAILED, Command, add_json, note, print_json
from core.graph.files import load_project


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a project file")
    parser.add_argument("--yes", action="store_true", help="trust every layer without asking")
    add_json(parser)


def _trust(options: argparse.Namespace) -> int:
    layers = load_project(options.file).code.values()
    for layer in layers:
        if not trust.is_trusted(layer.source) and (options.yes or ask_trust(layer.name, layer.source)):
            trust.trust(layer.source)
    for layer in layers:
        trusted = trust.is_trusted(layer.source)
        if options.json:
            print_json({"layer": layer.name, "trusted": trusted})
        else:
            print(f"{layer.name}: {'trusted' if trusted else 'not trusted'}")
    if not layers:
        note(f"'{options.file}' has no Python layers.")
    return DONE if all(trust.is_trusted(layer.source) for layer in layers) else FAILED


def ask_trust(name: str, source: str) -> bool:
    """Show a source and ask; anything but a clear yes, and an input that has ended, is a no."""
    note(f"--- {name} ---\n{_visible(source.rstrip())}\n---")
    note("This code would run on this computer with your rights. Trust it? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _visible(source: str) -> str:
    """Return a source with what a terminal would obey or hide (escapes, changes of direction) written out."""
    return "".join(each if each.isprintable() or each in "\n\t" else ascii(each)[1:-1] for each in source)


KINDS = (Command("trust", "look at the Python layers of a project and let them run", _arguments, _trust),)
