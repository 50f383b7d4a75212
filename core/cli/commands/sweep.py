"""``layerwright sweep``: many trials of a project with other values, by several workers, in a terminal."""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import units
from core.cli.command import DONE, Command, UsageError, add_json, note, print_json, print_table, whole_number
from core.cli.interrupts import Interrupts
from core.cli.settings import override
from core.errors import SearchError
from core.graph.edits.search import with_dimension
from core.graph.files import load_project, save_project
from core.graph.project import Project
from core.training.control import Control

if TYPE_CHECKING:
    from core.search.folder import Sweep
    from core.search.sweep import SweepRun, TrialTold
    from core.search.table import TrialRow

_SHOWN = 10
"""How many trials the closing table has."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", type=Path, nargs="?", metavar="FILE|FOLDER", help="a project file; or a sweep's folder, to look at it"
    )
    parser.add_argument("--trials", type=whole_number(1), metavar="N", help="how many trials there shall be in all")
    parser.add_argument("--workers", type=whole_number(1, 256), default=1, metavar="K", help="trials at the same time")
    parser.add_argument("--metric", metavar="CURVE", help="what is made best, such as validation/species/accuracy")
    parser.add_argument("--sampler", metavar="NAME", help="tpe, random, grid, quasi, gp, genetic or cma-es")
    parser.add_argument("--pruner", metavar="NAME", help="what ends bad trials early: median, halving, hyperband, none")
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="PLACE=RANGE",
        help="search this too, or otherwise: training/learning_rate=1e-4..1e-1:log, node/conv1/out_channels=8..64:8, "
        "variable/width=16..256, node/act1/kind=ReLU,GELU, node/block1/repeat=1..6, node/drop1/mode=run,bypass "
        "(node/pad1/node.mode=… where the layer has a parameter mode), "
        "inside of a group node/Block:conv1/out_channels=8,16; may be repeated",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="as in 'layerwright train', for all trials"
    )
    parser.add_argument("--seed", type=whole_number(0), metavar="N", help="seed that the trials are drawn from")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps", "xpu"), help="where to train")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="PATH", help="the sweep's folder (default: a new one in runs/ beside FILE)"
    )
    parser.add_argument(
        "--continue", dest="folder", type=Path, metavar="FOLDER", help="go on with the sweep in FOLDER, as it was begun"
    )
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--best", action="store_true", help="write the best trial of FOLDER as a project to -o FILE")
    one.add_argument("--trial", type=whole_number(0), metavar="N", help="write trial N of FOLDER as a project")
    add_json(parser)


def _sweep(options: argparse.Namespace) -> int:
    source = options.folder or options.source
    if source is None or (options.folder is not None and options.source is not None):
        raise UsageError("Name a project FILE, a sweep's FOLDER, or --continue FOLDER; one of them.")
    if options.best or options.trial is not None:
        return _write_trial(options, source)
    if options.folder is None and source.is_dir():
        return _look(options, source)
    sweep = _continued(options, source) if options.folder is not None else _begun(options, source)
    return _run(sweep, options)


def _begun(options: argparse.Namespace, file: Path) -> Sweep:
    from core.search.folder import make_sweep

    project = _project(options, file)
    folder = options.output or file.parent / "runs" / f"{datetime.now():%Y-%m-%d-%H%M%S}-sweep-{file.stem}"
    return make_sweep(folder, project, file.parent, options.device)


def _project(options: argparse.Namespace, file: Path) -> Project:
    from core.search.dimensions import parse_dimension

    project = override(load_project(file), options.set)
    given = {name: getattr(options, name) for name in ("trials", "metric", "sampler", "pruner", "seed")}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    project = replace(project, search=replace(project.search, **changes))
    problems = []
    for text in options.vary:
        try:
            project = replace(project, search=with_dimension(project.search, parse_dimension(project, text)))
        except SearchError as error:
            problems.append(f"{text}: {error}")
    if problems:
        raise UsageError("--vary cannot be applied.", problems=problems)
    return project


def _continued(options: argparse.Namespace, folder: Path) -> Sweep:
    from core.search.folder import open_sweep

    names = ("metric", "sampler", "pruner", "seed", "device", "output")
    given = [f"--{name}" for name in names if getattr(options, name) is not None]
    given += [f"--{name}" for name in ("vary", "set") if getattr(options, name)]
    if given:
        raise UsageError(f"--continue goes on with the sweep as it was begun: {', '.join(given)} needs a new one.")
    sweep = open_sweep(folder)
    return sweep.with_trials(options.trials) if options.trials is not None else sweep


def _run(sweep: Sweep, options: argparse.Namespace) -> int:
    from core.search.sweep import SweepRun
    from core.search.table import done_count

    run = SweepRun(sweep, options.workers)
    note(f"sweep of {len(sweep.search.dimensions)} places for {_direction(sweep)} {sweep.metric}, in {sweep.path}")
    with Interrupts(_Stop(run)) as interrupts:
        run.run(_Reporter(sweep, as_json=options.json))
    rows = _close(sweep, as_json=options.json)
    if interrupts.received and done_count(rows) < sweep.trials:
        again = ["layerwright", "sweep", "--continue", str(sweep.path)]
        note(f"to go on: {shlex.join([*again, *(['--workers', str(run.count)] if run.count > 1 else [])])}")
        return 128 + interrupts.received
    return DONE


def _direction(sweep: Sweep) -> str:
    return "the highest" if sweep.higher else "the lowest"


class _Stop(Control):
    """Hands the stop that Ctrl-C asks for on to the workers."""

    def __init__(self, run: SweepRun) -> None:
        super().__init__()
        self._run = run

    def stop(self) -> None:
        """Interrupt the trials that are being trained."""
        self._run.stop()


class _Reporter:
    """Says in a line how each trial ended."""

    def __init__(self, sweep: Sweep, *, as_json: bool) -> None:
        self._sweep, self._as_json = sweep, as_json
        self._best: float | None = None

    def __call__(self, told: TrialTold) -> None:
        if self._as_json:
            value = {"trial": told.number, "outcome": told.outcome, "value": told.value, "reason": told.reason}
            print_json(value)
        if told.outcome == "running":
            return
        text = f"trial {told.number:>{len(str(self._sweep.trials))}}  {told.outcome:<11}"
        if told.value is not None:
            text += f"  {told.value:#.5g}"
            if self._sweep.is_better(told.value, self._best):
                self._best = told.value
                text += "  best so far"
        note(text if not told.reason else f"{text}  {told.reason.partition(chr(10))[0]}")


# --- afterwards -------------------------------------------------------------------------------------------------------


def _look(options: argparse.Namespace, folder: Path) -> int:
    from core.search.folder import open_sweep

    _close(open_sweep(folder), as_json=options.json)
    return DONE


def _close(sweep: Sweep, *, as_json: bool) -> tuple[TrialRow, ...]:
    """Print what the sweep came to; return its trials."""
    from core.search.table import Table, best_of

    table = Table(sweep)
    rows, importances = table.rows(), table.importances()
    best = best_of(sweep, rows)
    if as_json:
        listed = [_listing(each) for each in rows]
        closing = {"sweep": str(sweep.path), "metric": sweep.metric, "best": best.number if best else None}
        print_json({**closing, "trials": listed, "importance": importances})
        return rows
    _print_best(sweep, rows)
    counts = Counter(each.outcome for each in rows)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()) or "no trials yet")
    if died := [str(each.number) for each in rows if each.died]:
        print(f"workers that died: {len(died)}, at trial {', '.join(died)}")
    if importances:
        print("what matters: " + ", ".join(f"{place} {share:.0%}" for place, share in importances.items()))
    if best is not None:
        print(f"best: trial {best.number}, {best.run}")
    return rows


def _print_best(sweep: Sweep, rows: Sequence[TrialRow]) -> None:
    from core.search.places import spot
    from core.search.table import ranked

    done = ranked(sweep, rows)
    if not done:
        return
    spots = [spot(sweep.project, each.place) for each in sweep.search.dimensions]
    headings = ("trial", sweep.metric, "epochs", "time", *(each.title for each in spots))
    lines = [
        (
            str(each.number),
            f"{each.value:#.5g}",
            str(each.epochs),
            units.duration(each.seconds),
            *(where.text(each.values[where.place]) for where in spots),
        )
        for each in done[:_SHOWN]
    ]
    print_table(headings, lines, right=(0, 1, 2, 3))


def _listing(row: TrialRow) -> dict[str, Any]:
    return {
        "trial": row.number,
        "outcome": row.outcome,
        "value": row.value,
        "epochs": row.epochs,
        "seconds": row.seconds,
        "values": dict(row.values),
        "run": str(row.run) if row.run else None,
        "reason": row.reason or None,
        "worker_died": row.died,
    }


def _write_trial(options: argparse.Namespace, folder: Path) -> int:
    from core.search.folder import open_sweep
    from core.search.table import Table, best_of, project_of, row_numbered

    if options.output is None:
        raise UsageError("-o FILE is missing: where shall the project be written to?")
    sweep = open_sweep(folder)
    rows = Table(sweep).rows()
    row = best_of(sweep, rows) if options.best else row_numbered(rows, options.trial)
    if row is None:
        raise SearchError(f"No trial of '{folder}' has been completed yet.")
    save_project(project_of(sweep, row), options.output)
    if options.json:
        print_json({**_listing(row), "path": str(options.output)})
    else:
        print(options.output)
    return DONE


KINDS = (Command("sweep", "try many settings of a project and find the best", _arguments, _sweep),)
