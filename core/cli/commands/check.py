"""``layerwright check`` and ``layerwright summary``: shapes, problems and costs of project files."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import units
from core.cli.command import DONE, FAILED, Command, UsageError, add_json, note, print_json, print_table
from core.errors import ModelError, ProjectError
from core.graph.files import load_project
from core.machine import device_title

if TYPE_CHECKING:
    from core.model.cost import CostReport, NodeCost
    from core.model.cost_table import CostRow
    from core.model.problems import Problem
    from core.model.reports import NodeReport, ShapeReport
    from core.training.budget import Budget
    from core.training.check import CheckReport


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="project files")
    add_json(parser)


def _node(report: NodeReport) -> dict[str, Any]:
    outputs = report.outputs.values()
    return {
        "in": [list(spec.shape) for spec in report.inputs.values()],
        "out": [list(spec.shape) for spec in outputs],
        "dtype": [spec.dtype for spec in outputs],
    }


def _nodes(shapes: ShapeReport, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every node by name; those inside a group, of its first repetition, as ``group/node``."""
    for name, node in shapes.nodes.items():
        yield path + name, _node(node)
        if node.inner:
            yield from _nodes(node.inner[0], f"{path}{name}/")


def _as_json(file: Path, report: CheckReport) -> dict[str, Any]:
    return {
        "file": str(file),
        "ok": report.ok,
        "nodes": dict(_nodes(report.shapes)),
        "problems": [problem_content(problem) for problem in report.problems],
    }


def problem_content(problem: Problem) -> dict[str, Any]:
    """Return a problem as programs get it."""
    return {
        "severity": problem.severity,
        "node": "/".join((*problem.path, problem.node)) if problem.node else None,
        "message": problem.message,
        "fixes": [fix.label for fix in problem.fixes],
    }


def _unreadable(file: Path, error: ProjectError) -> dict[str, Any]:
    messages = error.problems or (error.message,)
    problems: list[dict[str, Any]] = [
        {"severity": "error", "node": None, "message": message, "fixes": []} for message in messages
    ]
    return {"file": str(file), "ok": False, "nodes": {}, "problems": problems}


def _print_report(file: Path, report: CheckReport) -> None:
    print(f"{file}: {'ok' if report.ok else 'has errors'}")
    for problem in report.problems:
        print(f"  {problem.severity}: {problem.sentence}")
        for fix in problem.fixes:
            print(f"    fix: {fix.label}")


def _check(options: argparse.Namespace) -> int:
    from core.training.check import check_project

    all_ok = True
    for file in options.files:
        try:
            report = check_project(load_project(file), file.parent)
        except ProjectError as error:
            all_ok = False
            note(f"layerwright: {error}")
            if options.json:
                print_json(_unreadable(file, error))
            continue
        all_ok = all_ok and report.ok
        if options.json:
            print_json(_as_json(file, report))
        else:
            _print_report(file, report)
    return DONE if all_ok else FAILED


def _summary_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a project file")
    parser.add_argument("--to", choices=("csv", "markdown", "latex"), help="print the table in this format")
    add_json(parser)


def _summary(options: argparse.Namespace) -> int:
    from core.model.cost import cost
    from core.model.cost_table import FORMATS, cost_rows
    from core.training.budget import budget
    from core.training.check import check_project

    if options.to and options.json:
        raise UsageError("--json and --to ask for different formats. Give one of them.")
    project = load_project(options.file)
    shapes = check_project(project).shapes
    if not shapes.ok:
        errors = [each for each in shapes.problems if each.severity == "error"]
        messages = [each.sentence for each in errors]
        raise ModelError(f"'{options.file}' has errors; mend them first.", problems=messages)
    costs = cost(project, shapes)
    found = budget(project, shapes, costs)
    rows = cost_rows(project, shapes, costs, found.memory)
    if options.to:
        print(FORMATS[options.to](rows, costs, found.memory), end="")
    elif options.json:
        _summary_as_json(rows, costs, found)
    else:
        _print_summary(rows, costs, found)
    return DONE


def _summary_as_json(rows: Iterable[CostRow], costs: CostReport, found: Budget) -> None:
    from core.model.cost_table import flat

    for row in flat(rows):
        print_json(
            {
                "node": row.name,
                "kind": row.kind,
                "repeat": row.repeat,
                "out": [list(spec.shape) for spec in row.outputs],
                "parameters": row.cost.parameters,
                "trainable": row.cost.trainable,
                "flops": row.cost.flops,
                "activation_bytes": row.cost.activation_bytes,
                "training_bytes": round(row.memory),
            }
        )
    measures = ("parameters", "trainable", "flops", "parameter_bytes", "activation_bytes")
    training = {
        "batch": found.batch,
        "device": found.device,
        "bytes": found.needed,
        "bytes_per_sample": round(found.memory.per_sample),
        "largest_batch": found.largest_batch,
    }
    print_json({"total": {each: getattr(costs, each) for each in measures} | {"training": training}})


def _print_summary(rows: Iterable[CostRow], costs: CostReport, found: Budget) -> None:
    from core.model.cost_table import flat

    lines = [(row.name, row.title, row.output, *_measures(row.cost)) for row in flat(rows)]
    lines.append(("total", "", "", *_measures(costs)))
    print_table(("node", "kind", "output", "parameters", "FLOPs", "activations"), lines, right=(3, 4, 5))
    print(f"\nFLOPs and activations are for one sample, forward. Weights take {units.size(costs.parameter_bytes)}.")
    _print_budget(found)


def _print_budget(found: Budget) -> None:
    memory = found.memory
    print(
        f"Training with batches of {found.batch} on {device_title(found.device)} takes about "
        f"{units.size(found.needed)}: weights {units.size(memory.weights)}, gradients "
        f"{units.size(memory.gradients)}, optimizer {units.size(memory.optimizer)}, "
        f"and {units.size(round(memory.per_sample))} per sample for backward."
    )
    if found.largest_batch is not None:
        print(f"The largest batch that fits into {units.size(found.capacity)} is about {found.largest_batch:,}.")


def _measures(found: NodeCost | CostReport) -> tuple[str, str, str]:
    return f"{found.parameters:,}", f"{found.flops:,}", units.size(found.activation_bytes)


KINDS = (
    Command("check", "check shapes and settings of project files", _arguments, _check),
    Command("summary", "parameters, FLOPs and memory per node and in total", _summary_arguments, _summary),
)
