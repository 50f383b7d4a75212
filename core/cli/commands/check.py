"""``layerwright check`` and ``layerwright summary``: shapes, problems and costs of project files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import units
from core.cli.command import DONE, FAILED, Command, add_json, note, print_json, print_table
from core.errors import ModelError, ProjectError
from core.graph.files import load_project

if TYPE_CHECKING:
    from core.graph.project import Project
    from core.model.cost import CostReport, NodeCost
    from core.model.shapes import NodeReport, ShapeReport
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


def _as_json(file: Path, report: CheckReport) -> dict[str, Any]:
    return {
        "file": str(file),
        "ok": report.ok,
        "nodes": {name: _node(node) for name, node in report.shapes.nodes.items()},
        "problems": [
            {
                "severity": problem.severity,
                "node": problem.node or None,
                "message": problem.message,
                "fixes": [fix.label for fix in problem.fixes],
            }
            for problem in report.problems
        ],
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
            report = check_project(load_project(file))
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
    add_json(parser)


def _summary(options: argparse.Namespace) -> int:
    from core.model.cost import cost
    from core.training.check import check_project

    project = load_project(options.file)
    shapes = check_project(project).shapes
    if not shapes.ok:
        errors = [each for each in shapes.problems if each.severity == "error"]
        messages = [each.sentence for each in errors]
        raise ModelError(f"'{options.file}' has errors; mend them first.", problems=messages)
    costs = cost(project, shapes)
    if options.json:
        _summary_as_json(project, shapes, costs)
    else:
        _print_summary(project, shapes, costs)
    return DONE


def _summary_as_json(project: Project, shapes: ShapeReport, costs: CostReport) -> None:
    from core.model.cost import NodeCost

    nothing = NodeCost()  # an Output computes nothing
    for name in shapes.order:
        found = costs.nodes.get(name, nothing)
        print_json(
            {
                "node": name,
                "kind": project.graph.nodes[name].kind,
                "out": [list(spec.shape) for spec in shapes.nodes[name].outputs.values()],
                "parameters": found.parameters,
                "flops": found.flops,
                "activation_bytes": found.activation_bytes,
            }
        )
    measures = ("parameters", "trainable", "flops", "parameter_bytes", "activation_bytes")
    print_json({"total": {each: getattr(costs, each) for each in measures}})


def _print_summary(project: Project, shapes: ShapeReport, costs: CostReport) -> None:
    from core.model.cost import NodeCost

    rows, nothing = [], NodeCost()
    for name in shapes.order:
        outputs = "; ".join(str(spec) for spec in shapes.nodes[name].outputs.values())
        rows.append((name, project.graph.nodes[name].kind, outputs, *_measures(costs.nodes.get(name, nothing))))
    rows.append(("total", "", "", *_measures(costs)))
    print_table(("node", "kind", "output", "parameters", "FLOPs", "activations"), rows, right=(3, 4, 5))
    print(f"\nFLOPs and activations are for one sample, forward. Weights take {units.size(costs.parameter_bytes)}.")


def _measures(found: NodeCost | CostReport) -> tuple[str, str, str]:
    return f"{found.parameters:,}", f"{found.flops:,}", units.size(found.activation_bytes)


KINDS = (
    Command("check", "check shapes and settings of project files", _arguments, _check),
    Command("summary", "parameters, FLOPs and memory per node and in total", _summary_arguments, _summary),
)
