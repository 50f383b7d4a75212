"""``layerwright bind``: data for a project, so that an imported network can be trained without a window."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import units
from core.cli.command import DONE, Command, UsageError, add_json, note, print_json, report_plugins
from core.cli.commands.check import problem_content
from core.cli.commands.data import source_options
from core.errors import DataError, did_you_mean
from core.graph.files import SUFFIX, load_project, save_project
from core.graph.names import natural_key
from core.graph.project import INPUT, OUTPUT, DataBinding, Project

if TYPE_CHECKING:
    from core.training.check import CheckReport

_NO_FIELD = ("input:", "next:")
"""What begins a target that is no field of its own."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a project file")
    parser.add_argument("data", metavar="SOURCE", help="a table, arrays, a folder of files; or a data set such as iris")
    parser.add_argument(
        "--source", default="", metavar="KIND", help="the kind of source, where the file's name does not tell"
    )
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the source")
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="FIELDS",
        help="the fields that enter, with commas between, where not all shall; INPUT=FIELDS for one of several Inputs",
    )
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="FIELD",
        help="what is predicted, where it is not what seems to be meant; of several Outputs once for each, in their "
        "order, or OUTPUT=FIELD",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="PATH", help=f"the project to write ({SUFFIX}); default: FILE"
    )
    add_json(parser)


def _bind(options: argparse.Namespace) -> int:
    from core.data.reading import read
    from core.data.relocate import relocated
    from core.data.sources import sources
    from core.training.check import check_project

    output: Path = options.output or options.file
    if output.suffix != SUFFIX:
        raise UsageError(f"'{output}' must end in {SUFFIX}: the project is written there.")
    if not output.parent.is_dir():
        raise UsageError(f"There is no folder '{output.parent}'.")
    report_plugins(sources.failures)
    project = load_project(options.file)
    binding = _binding(options)
    raw = read(binding.source, binding.options)
    bound = _bound(project, binding, options)
    there = output.parent.resolve()
    moved = relocated(replace(bound, data=DataBinding()), options.file.parent.resolve(), there)
    data = relocated(Project(data=bound.data), None, there).data
    done = replace(moved, data=data)
    save_project(done, output)
    for text in raw.notes:
        note(text)
    report = check_project(done, output.parent)
    (_print_json if options.json else _print)(done, raw.rows, report, output)
    return DONE


def _binding(options: argparse.Namespace) -> DataBinding:
    """Return what the source seems to hold; its paths start from the current folder."""
    from core.data.bind import bind
    from core.data.reading import find_source, source_for
    from core.data.sources import sources

    text = options.data
    if options.source:
        find_source(options.source)
        source, chosen = options.source, {"path": text}
    elif sources.find(text) is not None and not Path(text).exists():
        source, chosen = text, {}
    else:
        source, chosen = source_for(Path(text).expanduser())
    return bind(source, {**chosen, **source_options(source, options.option)})


def _bound(project: Project, binding: DataBinding, options: argparse.Namespace) -> Project:
    """Return the project with the data, its Inputs and Outputs set to what they are to take and to predict."""
    from core.data.wiring import bind_edit, with_targets

    outputs = _assigned("--target", options.target, [each.name for each in _ends(project, OUTPUT)])
    if outputs:
        binding = with_targets(binding, [each for each in outputs.values() if not each.startswith(_NO_FIELD)])
    known = {each.name for each in binding.fields if each.role == "input"}
    names = [each.name for each in _ends(project, INPUT)]
    inputs = _assigned("--input", options.input, names) or {name: name for name in names if name in known}
    fields = {name: _fields(binding, text) for name, text in inputs.items()}
    bound = bind_edit(project, binding, "Bind data").apply(project)
    bound = _set(bound, "target", outputs)
    return _set(bound, "fields", fields)


def _ends(project: Project, kind: str) -> list[Any]:
    return sorted(project.graph.of_kind(kind), key=lambda node: natural_key(node.name))


def _assigned(option: str, texts: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return what is meant for which node: ``NAME=TEXT``, and a bare ``TEXT`` for the first that is left.

    Raises:
        UsageError: there are more than nodes.
    """
    found: dict[str, str] = {}
    bare = []
    for text in texts:
        name, equals, value = text.partition("=")
        if equals and name.strip() in names:
            found[name.strip()] = value.strip()
        else:
            bare.append(text.strip())
    left = [name for name in names if name not in found]
    if len(bare) > len(left):
        listed = ", ".join(names) or "none"
        raise UsageError(
            f"{option} {bare[len(left)]}: there is nothing left that it could be for (there are: {listed})."
        )
    return found | dict(zip(left, bare, strict=False))


def _fields(binding: DataBinding, text: str) -> tuple[str, ...]:
    from core.graph.binding import entry_of, names_of

    names = tuple(part.strip() for part in text.split(",") if part.strip())
    known = [name for field in binding.fields for name in names_of(field)]
    wrong = [f"There is no field '{name}'.{did_you_mean(name, known)}" for name in names if name not in known]
    entries = [entry for name in names if (entry := entry_of(binding.fields, name)) is not None]
    wrong += [
        f"'{each.field.name}' has the role {each.field.role}, so that it does not enter."
        for each in entries
        if each.field.role != "input"
    ]
    if wrong or not names:
        raise DataError(f"'{text}' cannot be what enters.", problems=wrong)
    return names


def _set(project: Project, parameter: str, values: Mapping[str, object]) -> Project:
    from core.graph.edits import SetParameters

    if not values:
        return project
    return SetParameters({name: {parameter: value} for name, value in values.items()}).apply(project)


# --- what is told -----------------------------------------------------------------------------------------------------


def _told(project: Project) -> tuple[dict[str, list[str]], dict[str, str]]:
    from core.graph.binding import bound_fields, target_of

    inputs = {node.name: list(bound_fields(node)) for node in _ends(project, INPUT)}
    return inputs, {node.name: target_of(node) for node in _ends(project, OUTPUT)}


def _print_json(project: Project, rows: int, report: CheckReport, output: Path) -> None:
    inputs, targets = _told(project)
    print_json(
        {
            "path": str(output),
            "source": project.data.source,
            "options": dict(project.data.options),
            "rows": rows,
            "inputs": inputs,
            "targets": targets,
            "split": project.data.split.method,
            "ready": report.ready,
            "problems": [problem_content(each) for each in report.problems],
        }
    )


def _print(project: Project, rows: int, report: CheckReport, output: Path) -> None:
    inputs, targets = _told(project)
    for name, fields in inputs.items():
        print(f"{name} takes {', '.join(fields) or 'nothing yet'}")
    for name, target in targets.items():
        field = project.data.field(target)
        count = len(field.categories) if field else 0
        classes = f", {count} classes" if count else ""
        meaning = f" ({field.meaning}{classes})" if field else ""
        print(f"{name} predicts {target or 'nothing yet'}{meaning}")
    note(f"{units.plural(rows, 'row')}, split: {project.data.split.method}")
    for each in report.problems:
        note(f"{each.severity}: {each.sentence}")
    if not report.ready:
        note("It cannot be trained yet: see above, and 'layerwright data' for what the source holds.")
    print(output)


KINDS = (Command("bind", "let a project learn from a file, a folder or a data set", _arguments, _bind),)
