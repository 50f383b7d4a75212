"""Training tells at every epoch which class was taken for which."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.training.events import Confused, EpochEnded
from core.training.results.examining import examine
from core.training.results.trained import open_measured
from core.training.runs import Run
from tests.training.building import diabetes, digits, trained


def test_the_matrix_of_every_epoch_is_told_and_logged(tmp_path: Path) -> None:
    _, events = trained(digits(), tmp_path / "run")
    told = [each for each in events if isinstance(each, Confused)]
    assert [(each.epoch, each.output) for each in told] == [(1, "out"), (2, "out"), (3, "out")]
    assert told[0].classes == tuple(str(digit) for digit in range(10))
    logged = Run.open(tmp_path / "run").events()
    assert [each for each in logged if isinstance(each, Confused)] == told
    for each in told:
        curve = next(one for one in events if isinstance(one, EpochEnded) and one.epoch == each.epoch)
        counts = np.array(each.counts)
        assert counts.trace() / counts.sum() == curve.validation["out/accuracy"]
    last = examine(open_measured(Run.open(tmp_path / "run"), "last")).outputs["out"].confusion
    assert last is not None
    assert last.counts.tolist() == [list(row) for row in told[-1].counts]


def test_numbers_have_no_matrix(tmp_path: Path) -> None:
    _, events = trained(diabetes(), tmp_path / "run")
    assert not [each for each in events if isinstance(each, Confused)]
