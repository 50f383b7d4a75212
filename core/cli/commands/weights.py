"""``layerwright weights``: let a network start from weights that another program wrote, and say what of them fits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.command import DONE, Command, UsageError, add_json, note, print_json, print_table
from core.graph.files import SUFFIX, load_project, save_project

if TYPE_CHECKING:
    from core.training.pretrained.adoption import Adoption, Learning, Row

_WAYS = {
    "name": "",
    "place": "the same name in another place",
    "order": "by the order of the layers",
    "shape": "the only layer of its shapes",
}
_PROBLEMS = {"shape": "another shape", "missing": "not in the file: fresh", "unused": "not used"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a project file")
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        required=True,
        metavar="WEIGHTS",
        help="safetensors, or a state dict that torch wrote (pt, pth, ckpt, bin); no code in it is run",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help=f"the project to write ({SUFFIX}); default: FILE"
    )
    learning = parser.add_mutually_exclusive_group()
    learning.add_argument("--freeze", action="store_true", help="keep the loaded layers as they are, train only others")
    learning.add_argument(
        "--slow", action="store_true", help="train the loaded layers with a tenth of the learning rate: fine-tuning"
    )
    add_json(parser)


def _weights(options: argparse.Namespace) -> int:
    from core.data.relocate import relocated
    from core.training.pretrained.adoption import free_beside, plan_adoption

    output = options.output or options.file
    if output.suffix != SUFFIX:
        raise UsageError(f"'{output}' must end in {SUFFIX}: the project is written there.")
    project = load_project(options.file)
    adoption = plan_adoption(project, options.source)
    weights = free_beside(output)
    learning: Learning = "frozen" if options.freeze else "slow" if options.slow else "all"
    changed = adoption.edit(project, "", learning).apply(project)
    moved = relocated(changed, options.file.parent.resolve(), output.parent.resolve())
    adoption.save(weights)
    save_project(adoption.edit(moved, weights.name, "all").apply(moved), output)
    for text in adoption.notes:
        note(text)
    if options.json:
        for row in adoption.rows:
            print_json(_content(row))
        print_json({"path": str(output), "weights": str(weights), **_counts(adoption)})
    else:
        _print(adoption, output)
    return DONE


def _counts(adoption: Adoption) -> dict[str, Any]:
    return {
        "matched": adoption.count(""),
        "shape": adoption.count("shape"),
        "missing": adoption.count("missing"),
        "unused": adoption.count("unused"),
    }


def _content(row: Row) -> dict[str, Any]:
    return {
        "name": row.name or None,
        "stored": row.stored or None,
        "shape": list(row.here.sizes) if row.here else None,
        "stored_shape": list(row.there.sizes) if row.there else None,
        "way": row.way,
        "problem": row.problem or None,
    }


def _print(adoption: Adoption, output: Path) -> None:
    told = [row for row in adoption.rows if row.problem or row.way != "name"]
    if told:
        lines = [(row.name, _shape(row.here), row.stored, _shape(row.there), _word(row)) for row in told]
        print_table(("tensor", "shape", "in the file", "shape", ""), lines)
        print()
    print(adoption.text)
    print(output)


def _shape(shape: Any) -> str:
    return shape.text if shape is not None else ""


def _word(row: Row) -> str:
    return _PROBLEMS[row.problem] if row.problem else _WAYS[row.way or "name"]


KINDS = (Command("weights", "start a network from weights of another program", _arguments, _weights),)
