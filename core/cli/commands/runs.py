"""``layerwright evaluate``, ``export`` and ``runs``: what became of a training run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import units
from core.cli.command import (
    DONE,
    Command,
    UsageError,
    add_json,
    note,
    print_json,
    print_table,
    report_plugins,
    whole_number,
)
from core.cli.progress import short_names, shown_progress, values_line
from core.errors import ExportError, TrainingError
from core.exporters import ExportRequest, exporters
from core.graph.files import load_project
from core.graph.groups import with_weights_beside
from core.graph.project import Project
from core.training.runs import Run, RunListing, Which, list_runs

if TYPE_CHECKING:
    from core.data.splits import PartName
    from core.training.session import Session

_WIDEST = 40


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument("--split", choices=("training", "validation", "test"), default="validation")
    parser.add_argument("--weights", choices=("best", "last"), default="best", help="which weights of the run")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps", "xpu"), default="auto")
    parser.add_argument(
        "--worst", type=whole_number(1), metavar="N", help="also name the N samples with the highest loss by output"
    )
    add_json(parser)


def _evaluate(options: argparse.Namespace) -> int:
    from core.training.evaluate import measured
    from core.training.results.trained import open_measured

    run = Run.open(options.run)
    session = open_measured(run, options.weights, device=options.device)
    values = measured(session, options.split)
    worst = _worst(session, options.split, options.worst) if options.worst else {}
    if options.json:
        common = {"run": str(options.run), "split": options.split, "weights": options.weights, "values": values}
        print_json({**common, "worst": worst} if options.worst else common)
        return DONE
    rows = [(name, f"{value:.6g}") for name, value in short_names(values).items()]
    print_table(("measure", options.split), rows, right=(1,))
    for output, wrong in worst.items():
        lines = [
            (str(each["row"]), f"{each['loss']:.4g}", _short(each["truth"]), _short(each["predicted"]))
            for each in wrong
        ]
        print(f"\nworst of {output}:")
        print_table(("row", "loss", "is", "predicted"), lines, right=(0, 1))
    return DONE


def _worst(session: Session, split: PartName, count: int) -> dict[str, list[dict[str, Any]]]:
    """Return the samples with the highest loss of every output; rows count from 1, as in a table."""
    from core.training.results.examining import examine
    from core.training.results.outcome import plain

    return {
        name: [
            {
                "row": each.row + 1,
                "loss": each.loss,
                "truth": plain(each.truth),
                "predicted": plain(each.predicted),
                "probability": each.probability,
            }
            for each in found.worst
        ]
        for name, found in examine(session, split, count).outputs.items()
    }


def _short(value: object) -> str:
    """Write a value of an answer so that it fits into a table."""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", type=Path, metavar="RUN|FILE", help="a run's folder, or a project file (weights that it starts from)"
    )
    parser.add_argument("--to", required=True, choices=sorted(kind.id for kind in exporters), help="the format")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="PATH", help="the file to write")
    parser.add_argument("--weights", choices=("best", "last"), default="best", help="which weights of a run")
    add_json(parser)


def _export(options: argparse.Namespace) -> int:
    report_plugins(exporters.failures)
    request = _request(options.source, options.output, options.weights)
    with shown_progress():
        written = exporters[options.to].export(request)
    for text in written.notes:
        note(text)
    if request.run is None:
        note(f"'{options.source}' is a project, not a run: {_where_from(request.project)}")
    if options.json:
        notes = {"notes": list(written.notes)} if written.notes else {}
        print_json({"format": options.to, "path": str(written.path), **notes})
    else:
        print(written.path)
    return DONE


def _where_from(project: Project) -> str:
    """Say which weights a project is exported with that no run trained."""
    files = list(dict.fromkeys(filter(None, (project.weights, *(each.weights for each in project.groups.values())))))
    if not files:
        return "its weights are fresh, not trained."
    names = ", ".join(Path(each).name for each in files)
    return f"its weights are those that it starts from ({names}), and fresh ones where these have none."


def _request(source: Path, output: Path, which: Which) -> ExportRequest:
    if not source.exists():
        raise ExportError(f"There is no run or project '{source}'.")
    if source.is_dir():
        return ExportRequest.of_run(Run.open(source), output, which)
    project = with_weights_beside(load_project(source), source.parent)
    if output.exists() and output.samefile(source):
        raise UsageError(f"'{output}' is the project itself, which the export would replace: choose another file.")
    return ExportRequest(project, output)


def _runs_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: runs")
    add_json(parser)


def _listing(run: RunListing) -> dict[str, Any]:
    summary = run.summary.to_json() if run.summary else None
    common = {"run": str(run.path), "project": run.project, "created": run.created, "status": run.status}
    return {**common, "summary": summary, "problem": run.problem or None}


def _row(run: RunListing) -> tuple[str, ...]:
    if run.summary is None:
        return (run.name, run.status, "", "", "", run.problem.partition("\n")[0])
    done = run.summary
    best = str(done.best_epoch) if done.best_epoch else ""
    values = values_line(done.best)
    return (run.name, run.status, str(done.epochs), best, units.duration(done.seconds), values)


def _runs(options: argparse.Namespace) -> int:
    folder = options.folder or Path("runs")
    if options.folder and not folder.is_dir():
        raise TrainingError(f"There is no folder '{folder}'.")
    if (folder / "run.json").is_file():
        raise TrainingError(f"'{folder}' is a run itself: name the folder that holds it, '{folder.absolute().parent}'.")
    listed = list_runs(folder)
    if options.json:
        for run in listed:
            print_json(_listing(run))
    elif listed:
        headings = ("run", "status", "epochs", "best", "time", "at the best epoch")
        print_table(headings, [_row(run) for run in listed], right=(2, 3))
    else:
        print(f"There are no runs in '{folder}'.")
    return DONE


KINDS = (
    Command("evaluate", "measure a run's weights on a split of its data", _evaluate_arguments, _evaluate),
    Command("export", "export a network in one of many formats", _export_arguments, _export),
    Command("runs", "list the runs in a folder", _runs_arguments, _runs),
)
