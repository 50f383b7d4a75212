"""The curves panel: it grows with a run, reads under the crosshair, overlays runs, loads and exports them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.training.events import CheckpointSaved, EpochEnded, Finished, RunStarted
from designer import theme
from designer.plots.curves import CurveKey
from designer.plots.panel import CurvesPanel
from designer.session import Session
from designer.training.runner import TrainingRunner

from .conftest import WAIT, checked

Make = Callable[[Session], TrainingRunner]
TRAINING = CurveKey("loss", "", "training")
VALIDATION = CurveKey("loss", "", "validation")


@pytest.fixture
def runner(iris: Session, make_runner: Make) -> TrainingRunner:
    return make_runner(iris)


@pytest.fixture
def panel(qtbot: QtBot, runner: TrainingRunner) -> CurvesPanel:
    panel = CurvesPanel(runner)
    qtbot.addWidget(panel)
    panel.resize(800, 230)
    panel.show()
    return panel


def tell(runner: TrainingRunner, *events: object) -> None:
    """Hand events to the listeners as the runner does."""
    for event in events:
        runner.event_received.emit(event)
    runner.drained.emit()


def epochs(count: int, first: float = 1.0, run: str = "run") -> list[object]:
    started = RunStarted(run, count, 10, "cpu", 10, 100, 20)
    ended = [
        EpochEnded(epoch, epoch * 10, {"loss": first / epoch, "y/accuracy": 0.5}, {"loss": first / epoch + 1}, 1.0, 1.0)
        for epoch in range(1, count + 1)
    ]
    return [started, *ended, CheckpointSaved("best", count)]


def drawn(panel: CurvesPanel, key: CurveKey, run: int = 0) -> np.ndarray:
    x, y = panel.plots[key.quantity].drawn[run, key].points
    return np.stack((x, y))


def test_before_training_the_panel_says_what_will_be_there(panel: CurvesPanel) -> None:
    assert panel.plots == {}
    assert not panel.controls.log.isEnabled()
    assert panel.controls.load.isEnabled()


def test_curves_grow_while_a_real_run_goes_on(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, iris: Session
) -> None:
    checked(qtbot, iris)
    runner.start()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    qtbot.waitUntil(lambda: "accuracy" in panel.plots, timeout=WAIT)
    qtbot.waitUntil(lambda: drawn(panel, TRAINING).shape == (2, 6), timeout=WAIT)
    assert drawn(panel, VALIDATION)[0].tolist() == [1, 2, 3, 4, 5, 6]
    assert isinstance(runner.result, Finished)
    assert panel.runs[0].best_epoch == runner.result.best_epoch
    assert "%" in panel.runs[0].note


def test_every_batch_of_events_lengthens_the_curve(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    start, *ended = epochs(4)
    tell(runner, start, *ended[:2])
    qtbot.waitUntil(lambda: "loss" in panel.plots and drawn(panel, TRAINING).shape[1] == 2)
    tell(runner, *ended[2:])
    qtbot.waitUntil(lambda: drawn(panel, TRAINING).shape[1] == 4)


def test_a_hidden_panel_catches_up_when_it_is_shown(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    panel.hide()
    tell(runner, *epochs(3))
    qtbot.wait(150)
    assert panel.plots == {}
    panel.show()
    assert drawn(panel, TRAINING).shape[1] == 3


def test_the_step_axis_and_the_log_axis_change_what_is_drawn(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    tell(runner, *epochs(3))
    qtbot.waitUntil(lambda: "loss" in panel.plots)
    panel.controls.set_axis("step")
    assert drawn(panel, TRAINING)[0].tolist() == [10, 20, 30]
    panel.controls.log.click()
    item = panel.plots["loss"].drawn[0, TRAINING]
    assert item.places[1] == pytest.approx(np.log10([1, 1 / 2, 1 / 3]))


def test_smoothing_changes_the_curve_and_not_the_numbers(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    tell(runner, *epochs(5))
    qtbot.waitUntil(lambda: "loss" in panel.plots)
    before = drawn(panel, TRAINING)[1].copy()
    panel.controls.slider.setValue(80)
    assert drawn(panel, TRAINING)[1][-1] > before[-1]
    assert panel.runs[0].series[TRAINING].values.tolist() == before.tolist()


def test_unticking_hides_a_curve_and_then_its_plot(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    tell(runner, *epochs(3))
    qtbot.waitUntil(lambda: "accuracy" in panel.plots)
    panel.choice.set_curve(VALIDATION, visible=False)
    assert (0, VALIDATION) not in panel.plots["loss"].drawn
    panel.choice.set_curve(CurveKey("accuracy", "", "training"), visible=False)
    assert not panel.plots["accuracy"].isVisible()
    panel.choice.set_curve(VALIDATION, visible=True)
    assert (0, VALIDATION) in panel.plots["loss"].drawn


def test_an_earlier_run_stays_behind_the_new_one_and_can_be_unticked(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    tell(runner, *epochs(3), Finished("completed", 3, 3, {"y/accuracy": 0.5}, 1.0))
    tell(runner, *epochs(2, first=5.0, run="other"))
    qtbot.waitUntil(lambda: "loss" in panel.plots and (1, TRAINING) in panel.plots["loss"].drawn)
    items = panel.plots["loss"].drawn
    assert items[0, TRAINING].pen.color().alpha() < items[1, TRAINING].pen.color().alpha()
    assert items[0, TRAINING].pen.color().name() != items[1, TRAINING].pen.color().name()
    panel.choice.set_run(panel.runs[0], visible=False)
    assert (0, TRAINING) not in panel.plots["loss"].drawn


def test_training_and_validation_share_the_hue_and_differ_in_the_line(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    tell(runner, *epochs(3))
    qtbot.waitUntil(lambda: "loss" in panel.plots)
    solid, dashed = (panel.plots["loss"].drawn[0, key].pen for key in (TRAINING, VALIDATION))
    assert solid.color() == dashed.color()
    assert solid.style() != dashed.style()
    assert solid.width() == 1


def test_the_crosshair_reads_all_curves_at_the_nearest_epoch_in_every_plot(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    tell(runner, *epochs(4))
    qtbot.waitUntil(lambda: "accuracy" in panel.plots)
    panel.plots["loss"].pointed.emit(2.2)
    read = panel.plots["loss"].readout
    assert "epoch 2" in read
    assert "0.5" in read
    assert "1.5" in read
    assert "50 %" in panel.plots["accuracy"].readout
    panel.plots["loss"].pointed.emit(None)
    assert panel.plots["loss"].readout == ""


def test_zooming_one_plot_takes_the_others_along_and_reset_shows_all(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    tell(runner, *epochs(8))
    qtbot.waitUntil(lambda: "accuracy" in panel.plots)
    panel.plots["loss"].zoomed.emit(2.0, 4.0)
    assert panel.plots["accuracy"].x_range == pytest.approx((2.0, 4.0))
    panel.controls.reset.click()
    qtbot.waitUntil(lambda: panel.plots["accuracy"].x_range[1] >= 8)


def test_a_run_of_yesterday_is_loaded_from_its_folder(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, iris: Session, make_runner: Make
) -> None:
    checked(qtbot, iris)
    runner.start()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    other = CurvesPanel(make_runner(iris))
    qtbot.addWidget(other)
    assert runner.run is not None
    other.load_run(runner.run)
    qtbot.waitUntil(lambda: bool(other.runs), timeout=WAIT)
    assert other.runs[0].series[VALIDATION].values.tolist() == panel.runs[0].series[VALIDATION].values.tolist()
    assert other.runs[0].name == runner.run.name


def test_a_folder_that_is_no_run_is_refused_in_words(
    qtbot: QtBot, panel: CurvesPanel, iris: Session, tmp_path: Path
) -> None:
    panel.load_run(tmp_path)
    qtbot.waitUntil(lambda: bool(iris.refused_texts), timeout=WAIT)  # type: ignore[attr-defined]
    assert str(tmp_path) in iris.refused_texts[0]  # type: ignore[attr-defined]
    assert panel.runs == []


def test_numbers_and_picture_are_exported(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, tmp_path: Path
) -> None:
    tell(runner, *epochs(3))
    qtbot.waitUntil(lambda: "loss" in panel.plots)
    panel.export("csv", tmp_path / "curves.csv")
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 1 + 3 * 3
    panel.export("png", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_an_export_that_cannot_be_written_is_told(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, iris: Session, tmp_path: Path
) -> None:
    tell(runner, *epochs(1))
    qtbot.waitUntil(lambda: "loss" in panel.plots)
    panel.controls.export_requested.emit("csv", tmp_path / "nowhere" / "curves.csv")
    panel.controls.export_requested.emit("png", tmp_path / "nowhere" / "curves.png")
    assert len(iris.refused_texts) == 2  # type: ignore[attr-defined]


def test_the_plots_follow_a_change_of_theme(
    qtbot: QtBot, qapp: QApplication, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    tell(runner, *epochs(3))
    qtbot.waitUntil(lambda: "loss" in panel.plots)
    theme.switch.apply(qapp, "dark")
    try:
        assert panel.plots["loss"].drawn[0, TRAINING].pen.color().name() == theme.DARK.series[0]
    finally:
        theme.switch.apply(qapp, "light")
    assert panel.plots["loss"].drawn[0, TRAINING].pen.color().name() == theme.LIGHT.series[0]
