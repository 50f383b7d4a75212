"""``layerwright train`` and ``layerwright demo``: the training loop in a terminal."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.command import DONE, Command, UsageError, add_json, note, print_json, whole_number
from core.cli.interrupts import Interrupts
from core.cli.progress import TrainingReporter
from core.cli.settings import override
from core.errors import TrainingError
from core.exporters import ExportRequest, exporters
from core.graph.files import load_project, save_project
from core.graph.project import Project
from core.graph.templates import template
from core.training.control import Control
from core.training.job import Job
from core.training.runs import Run, new_run_folder
from core.training.summary import Summary

if TYPE_CHECKING:
    from core.training.distributed import Team


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a project file")
    parser.add_argument(
        "--run", type=Path, metavar="DIR", help="the run's folder (default: a new one in runs/ beside FILE)"
    )
    parser.add_argument("--epochs", type=whole_number(1), metavar="N", help="how many epochs, not the project's number")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps", "xpu"), help="where to train")
    parser.add_argument("--seed", type=whole_number(0), metavar="N", help="seed of weights and batches")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a project variable, a training setting (learning_rate, batch_size, schedule, clip, patience, …), or "
        "an option of the optimizer or the schedule; may be repeated",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in DIR, which was stopped or killed, as the project was when it started",
    )
    parser.add_argument(
        "--processes",
        type=whole_number(1),
        default=1,
        metavar="N",
        help="train in N processes of this machine together, one for each GPU (needs layerwright[distributed]); for "
        "several machines start it with torchrun or accelerate launch on each",
    )
    add_json(parser)


def _train(options: argparse.Namespace) -> int:
    from core.cli.processes import follow_launcher, leave

    follow_launcher()
    from core.training.distributed import joined, processes_around

    if options.processes > 1 and processes_around() == 1:
        return _train_in_processes(options)
    device = options.device or load_project(options.file).training.device
    with joined(device) as team:
        status = _train_here(options, team)
        if team is not None:
            team.part()
            leave(status)
    return status


def _train_in_processes(options: argparse.Namespace) -> int:
    """Start processes that train together, once it is known that there is something to be trained."""
    from core.cli.processes import run_together

    _project_to_resume(options) if options.resume else _project_to_start(options)
    folder = options.run or new_run_folder(options.file.parent / "runs", options.file.stem)
    status = run_together(options.processes, arguments_of(options, folder))
    if status and (folder / "checkpoints" / "last.state.pt").is_file():
        note(f"to go on: {_again(options, folder)}")
    return status


def arguments_of(options: argparse.Namespace, folder: Path) -> list[str]:
    """Return the arguments with which one of several processes trains the same."""
    found = ["train", str(options.file), "--run", str(folder)]
    for name in ("epochs", "device", "seed"):
        if getattr(options, name) is not None:
            found += [f"--{name}", str(getattr(options, name))]
    found += [f"--set={each}" for each in options.set]
    return found + ["--resume"] * options.resume + ["--json"] * options.json


def _again(options: argparse.Namespace, folder: Path) -> str:
    processes = ["--processes", str(options.processes)] if options.processes > 1 else []
    return shlex.join(["layerwright", "train", str(options.file), "--run", str(folder), "--resume", *processes])


def _train_here(options: argparse.Namespace, team: Team | None) -> int:
    """Train in this process, alone or as one of a team, whose main process alone looks at folders and prints."""
    is_main = team is None or team.is_main

    def choose() -> tuple[Project, Path]:
        if options.resume:
            return _project_to_resume(options), options.run
        project = _project_to_start(options)
        return project, options.run or new_run_folder(options.file.parent / "runs", options.file.stem)

    project, folder = choose() if team is None else team.by_main(choose)
    job = Job(project, folder, options.file.parent, device=options.device, epochs=options.epochs, resume=options.resume)
    summary, status = _train_job(job, as_json=options.json, team=team)
    if not is_main:
        return status
    if options.json:
        print_json({"run": str(folder), "summary": summary.to_json()})
    else:
        print(folder)
    if summary.status == "stopped" and team is None:
        note(f"to go on: {_again(options, folder)}")
    return status


def _project_to_start(options: argparse.Namespace) -> Project:
    folder = options.run
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"'{folder}' holds something already. Choose another --run, or go on with it by --resume.")
    project = override(load_project(options.file), options.set)
    if options.seed is not None:
        project = replace(project, training=replace(project.training, seed=options.seed))
    return project


def _project_to_resume(options: argparse.Namespace) -> Project:
    if options.run is None:
        raise UsageError("--resume needs --run DIR: which run shall go on?")
    if options.set or options.seed is not None:
        raise UsageError("--resume goes on with the run as it was started: --set and --seed need a new run.")
    project = Run.open(options.run).project()
    if load_project(options.file) != project:
        note(f"'{options.file}' differs from the project stored in the run; the run goes on with its own.")
    return project


def _train_job(job: Job, *, as_json: bool, team: Team | None = None) -> tuple[Summary, int]:
    """Train with progress in the terminal; return how it ended, and the exit status."""
    control = Control()
    with TrainingReporter(control, as_json=as_json) as reporter:
        from core.training.loop import train

        run: Callable[[Job, TrainingReporter, Control], Summary] = partial(train, team=team)
        if job.project.training.process and team is None:
            from core.training.process import train_isolated

            run = train_isolated
        with Interrupts(control, quiet=team is not None and not team.is_main) as interrupts:
            try:
                summary = run(job, reporter, control)
            except TrainingError:
                if reporter.run:
                    note(f"what was trained so far is in {reporter.run}")
                raise
    stopped = summary.status == "stopped" and interrupts.received
    return summary, 128 + interrupts.received if stopped else DONE


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="where the project, the run and the exports go; they are replaced"
    )
    parser.add_argument("--epochs", type=whole_number(1), metavar="N", help="how many epochs, not the project's number")
    add_json(parser)


def _demo(options: argparse.Namespace) -> int:
    """Train the digits template and export it: what the designer shows, where there is no screen."""
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    project = template("digits").load()
    save_project(project, folder / "digits.layerwright")
    run = new_run_folder(folder / "runs", "digits")
    summary, status = _train_job(Job(project, run, folder, epochs=options.epochs), as_json=options.json)
    made = {"project": folder / "digits.layerwright", "run": run}
    if summary.best_epoch:
        request = ExportRequest.of_run(Run.open(run), folder / "digits.safetensors")
        made["weights"] = exporters["safetensors"].export(request).path
        made["source"] = exporters["python"].export(replace(request, path=folder / "model.py")).path
    if options.json:
        print_json({"summary": summary.to_json(), **{what: str(path) for what, path in made.items()}})
        return status
    if summary.best_epoch:
        print(f"{'validation accuracy':<19}  {summary.best['digit/accuracy']:.1%}")
    for what, path in made.items():
        print(f"{what:<19}  {path}")
    return status


KINDS = (
    Command("train", "train a project", _arguments, _train),
    Command("demo", "train the digits example and export it", _demo_arguments, _demo),
)
