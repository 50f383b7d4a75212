"""A file predicted in the window: a job, a table with class names and probabilities, and the whole of it saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from pytestqt.qtbot import QtBot

from core.data.reading import read
from core.graph.document import Document
from core.training.runs import Run
from designer.predicting.dialog import PredictDialog
from designer.session import Session
from designer.training.runner import TrainingRunner
from tests.designer.shell.conftest import Hands, hands, iris
from tests.training.building import trained, with_training

__all__ = ["hands"]
WAIT = 60_000
Open = Callable[[Path], PredictDialog]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three kinds of flowers, learnt in two epochs."""
    folder = tmp_path_factory.mktemp("flowers") / "runs" / "run"
    folder.parent.mkdir()
    trained(with_training(iris(), epochs=2), folder)
    return Run.open(folder)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Measures of flowers without their kinds."""
    raw = read("iris", {})
    columns = {name: column.values[:6] for name, column in raw.columns.items() if column.meaning == "number"}
    frame = pl.DataFrame({name: [str(each) for each in values] for name, values in columns.items()})
    frame.write_csv(tmp_path / "flowers.csv")
    return tmp_path / "flowers.csv"


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Open]:
    """Opens the dialog with the runs of a folder."""
    made: list[tuple[Session, TrainingRunner]] = []

    def open_(runs: Path) -> PredictDialog:
        session = Session(Document(iris(), None))
        runner = TrainingRunner(session, runs_root=runs)
        made.append((session, runner))
        dialog = PredictDialog(runner, tmp_path)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: dialog.run.ready, timeout=WAIT)
        return dialog

    yield open_
    for session, runner in made:
        runner.close()
        runner.deleteLater()
        session.close()
        session.deleteLater()


def test_a_table_is_predicted_and_saved_with_classes_and_probabilities(
    qtbot: QtBot, opened: Open, run: Run, table: Path, hands: Hands, tmp_path: Path
) -> None:
    dialog = opened(run.path.parent)
    assert dialog.run.folder == run.path
    assert not dialog.go.isEnabled()
    dialog.path.setText(str(table))
    dialog.go.click()
    qtbot.waitUntil(lambda: dialog.predicted is not None, timeout=WAIT)
    assert dialog.summary.text() == "6 of 6 rows predicted"
    assert dialog.predicted is not None
    headings = dialog.predicted.headings
    assert headings[:2] == ("row", "species")
    assert len([name for name in headings if name.startswith("species/")]) == 3
    assert dialog.table.rowCount() == 6
    assert dialog.table.horizontalHeaderItem(2).textAlignment() == dialog.table.item(0, 2).textAlignment()
    hands.choose(tmp_path / "out.csv")
    dialog.save.click()
    qtbot.waitUntil(lambda: dialog.summary.text().startswith("Saved to"), timeout=WAIT)
    saved = pl.read_csv(tmp_path / "out.csv")
    assert tuple(saved.columns) == headings
    assert saved["species"].to_list() == [dialog.table.item(row, 1).text() for row in range(6)]
    assert all(abs(sum(row[2:5]) - 1) < 1e-5 for row in saved.iter_rows())
    dialog.path.setText(str(tmp_path / "another.csv"))
    assert (dialog.table.rowCount(), dialog.predicted) == (0, None)
    assert dialog.summary.text() == "Nothing was predicted yet"
    dialog.reject()


def test_what_is_no_input_of_the_network_is_told(qtbot: QtBot, opened: Open, run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("colour\nred\nblue\n")
    dialog = opened(run.path.parent)
    dialog.path.setText(str(tmp_path / "other.csv"))
    dialog.go.click()
    qtbot.waitUntil(lambda: bool(dialog.message.text()), timeout=WAIT)
    assert "sepal length (cm)" in dialog.message.text()
    assert not dialog.save.isEnabled()
    assert dialog.path.hasFocus()
    dialog.path.setText("")
    assert not dialog.message.text()
    dialog.reject()


def test_without_a_run_it_says_what_to_do(opened: Open, tmp_path: Path) -> None:
    dialog = opened(tmp_path / "runs")
    dialog.path.setText(str(tmp_path))
    assert "train first" in dialog.summary.text()
    assert not dialog.go.isEnabled()
    dialog.reject()
