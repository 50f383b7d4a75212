"""``layerwright templates`` and ``layerwright new``: start from an example."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.command import DONE, Command, UsageError, add_json, print_json, print_table
from core.errors import UnknownKindError
from core.graph.files import save_project
from core.graph.templates import template, templates


def _list(options: argparse.Namespace) -> int:
    loaded = [(each.id, each.load()) for each in templates()]
    if options.json:
        for name, project in loaded:
            print_json({"name": name, "title": project.name, "description": project.notes})
    else:
        print_table(("name", "description"), [(name, project.notes.partition("\n")[0]) for name, project in loaded])
    return DONE


def _new_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("template", help="name of a template; 'layerwright templates' lists them")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the project file to write")
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")
    add_json(parser)


def _new(options: argparse.Namespace) -> int:
    try:
        chosen = template(options.template)
    except UnknownKindError as error:
        raise UsageError(error.message) from error
    if options.output.is_file() and not options.force:
        raise UsageError(f"'{options.output}' exists already; --force replaces it.")
    save_project(chosen.load(), options.output)
    if options.json:
        print_json({"template": chosen.id, "path": str(options.output)})
    else:
        print(options.output)
    return DONE


KINDS = (
    Command("templates", "list the templates", add_json, _list),
    Command("new", "write a new project from a template", _new_arguments, _new),
)
