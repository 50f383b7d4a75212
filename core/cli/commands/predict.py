"""``layerwright predict``: what a trained network says of rows in a file, of images or of sounds."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core import units
from core.cli.command import DONE, FAILED, Command, UsageError, add_json, note, print_json
from core.errors import DataError
from core.training.runs import Run

if TYPE_CHECKING:
    from core.training.results.incoming import Incoming
    from core.training.results.predicting import Predictions

_SHOWN = 5


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument(
        "input",
        type=Path,
        metavar="INPUT",
        help="a table (csv, parquet, xlsx …), arrays (npy, npz, idx, h5), an image, a sound, or a folder of them",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="csv, tsv, jsonl, parquet or npz; default: CSV on stdout"
    )
    parser.add_argument("--weights", choices=("best", "last"), default="best", help="which weights of the run")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps", "xpu"), default="auto")
    add_json(parser)


def _predict(options: argparse.Namespace) -> int:
    from core.training.results.incoming import incoming
    from core.training.results.tables import check_suffix, write_predictions
    from core.training.results.trained import open_trained

    run = Run.open(options.run)
    if options.output is not None:
        try:
            check_suffix(options.output)
        except DataError as error:
            raise UsageError(error.message) from error
    trained = open_trained(run, options.weights, options.device)
    given = incoming(trained, options.input)
    predictions = trained.predict(given.columns)
    for text in (*given.notes, *predictions.notes):
        note(text)
    if options.output is not None:
        write_predictions(predictions, options.output, given.names)
        _say_where(predictions, options.output, as_json=options.json)
    else:
        _print(predictions, given, as_json=options.json)
    _say_problems(predictions, given)
    return DONE if len(predictions.rows) or not predictions.count else FAILED


def _say_where(predictions: Predictions, path: Path, *, as_json: bool) -> None:
    if as_json:
        problems = {str(row + 1): text for row, text in predictions.problems.items()}
        print_json(
            {"path": str(path), "rows": predictions.count, "predicted": len(predictions.rows), "problems": problems}
        )
    else:
        print(path)


def _print(predictions: Predictions, given: Incoming, *, as_json: bool) -> None:
    from core.training.results.tables import frame_of

    frame = frame_of(predictions, given.names)
    if as_json:
        for row in frame.iter_rows(named=True):
            print_json(row)
    else:
        sys.stdout.write(frame.write_csv())


def _say_problems(predictions: Predictions, given: Incoming) -> None:
    if not predictions.problems:
        return
    note(f"{units.plural(len(predictions.problems), 'row')} of {predictions.count:,} have no prediction:")
    for row, text in list(predictions.problems.items())[:_SHOWN]:
        note(f"  {given.names[row] if given.names else f'row {row + 1}'}: {text}")
    if len(predictions.problems) > _SHOWN:
        note(f"  and {len(predictions.problems) - _SHOWN:,} more")


KINDS = (Command("predict", "predict rows of a file, images or sounds", _arguments, _predict),)
