"""What can be done in the curves: axes, zoom by keys and rectangle, following, legend, marks, several runs, SVG."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.project import Project
from core.training.events import Changed, CheckpointSaved, EpochEnded, Event, Finished, RunStarted, StepEnded
from designer.plots.curves import RATE, CurveKey
from designer.plots.loading import read_new
from designer.plots.panel import CurvesPanel
from designer.plots.plot import QuantityPlot
from designer.plots.readout import told_apart
from designer.session import Session
from designer.training.runner import TrainingRunner

WAIT = 60_000
TRAINING, VALIDATION = CurveKey("loss", "", "training"), CurveKey("loss", "", "validation")


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[TrainingRunner]:
    session = Session(Document(Project()))
    session.texts = []  # type: ignore[attr-defined]
    session.refused.connect(session.texts.append)  # type: ignore[attr-defined]
    made = TrainingRunner(session, runs_root=tmp_path / "runs")
    yield made
    made.close()
    session.close()
    made.deleteLater()
    session.deleteLater()


@pytest.fixture
def panel(qtbot: QtBot, runner: TrainingRunner) -> Iterator[CurvesPanel]:
    made = CurvesPanel(runner)
    qtbot.addWidget(made)
    made.resize(1000, 320)
    made.show()
    yield made
    made.close_jobs()


def events(count: int, name: str = "run", first: int = 1) -> list[Event]:
    found: list[Event] = [RunStarted(name, 50, 10, "cpu", 5, 320, 80)] if first == 1 else []
    for epoch in range(first, count + 1):
        found.append(StepEnded(epoch * 10 - 5, epoch, {"loss": 2.0 / epoch}, 0.1 / epoch))
        found.append(EpochEnded(epoch, epoch * 10, {"loss": 1.0 / epoch}, {"loss": 2.0 / epoch}, 2.0, 160.0))
    return found


def tell(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, *told: Event) -> QuantityPlot:
    for event in told:
        runner.event_received.emit(event)
    runner.drained.emit()
    qtbot.waitUntil(lambda: "loss" in panel.plots and panel.is_current)
    QApplication.processEvents()
    return panel.plots["loss"]


def write(folder: Path, *told: Event) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"format": 1, "project": "P", "epochs": 50, "device": "cpu", "threads": None, "base": None}
    (folder / "run.json").write_text(json.dumps(settings))
    with (folder / "metrics.jsonl").open("a") as file:
        file.writelines(json.dumps(event.to_json()) + "\n" for event in told)
    return folder


@pytest.mark.parametrize(
    ("axis", "places"), [("samples", [320, 640, 960]), ("time", [2, 4, 6]), ("step", [10, 20, 30])]
)
def test_every_axis_can_be_chosen(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, axis: str, places: list[float]
) -> None:
    plot = tell(qtbot, panel, runner, *events(3))
    panel.controls.axis.setCurrentIndex(panel.controls.axis.findData(axis))
    assert plot.drawn[0, TRAINING].points[0].tolist() == places


def test_the_x_axis_can_be_logarithmic(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    plot = tell(qtbot, panel, runner, *events(10))
    panel.controls.log_x.click()
    assert plot.drawn[0, TRAINING].places[0] == pytest.approx(np.log10(np.arange(1, 11)))
    plot.pointed.emit(10.0)
    assert "epoch 10" in plot.readout


def test_the_learning_rate_is_a_plot_of_its_own(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    tell(qtbot, panel, runner, *events(3))
    plot = panel.plots[RATE]
    assert plot.drawn[0, CurveKey(RATE, "", "steps")].points[1].tolist() == pytest.approx([0.1, 0.05, 0.1 / 3])
    plot.pointed.emit(0.5)
    assert "0.1" in plot.readout


def test_changes_are_marked_and_read_at_the_crosshair(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    change = Changed("learning-rate", 0.01, "learning rate 0.01", 3, 20)
    plot = tell(qtbot, panel, runner, *events(4), change)
    [mark] = plot.marks.placed
    assert mark.x == 2.0
    plot.pointed.emit(2.0)
    assert "learning rate 0.01" in plot.readout
    plot.pointed.emit(4.0)
    assert "learning rate 0.01" not in plot.readout
    panel.controls.set_axis("step")
    assert plot.marks.placed[0].x == 20


def test_the_pointer_on_a_flag_says_what_was_changed(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    plot = tell(qtbot, panel, runner, *events(4), Changed("freeze", "conv1", "conv1 frozen", 3, 20))
    assert "conv1 frozen" in plot.tip_at(2.0)
    assert plot.tip_at(3.5) == ""


def test_a_click_in_the_legend_hides_a_curve_and_another_shows_it(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    plot = tell(qtbot, panel, runner, *events(3))
    plot.legend.repaint()

    def click() -> None:
        place = plot.legend.place_of(VALIDATION).center().toPoint()
        qtbot.mouseClick(plot.legend, Qt.MouseButton.LeftButton, pos=place)
        plot.legend.repaint()

    click()
    assert (0, VALIDATION) not in plot.drawn
    assert [entry.hidden for entry in plot.legend.entries if entry.key == VALIDATION] == [True]
    click()
    assert (0, VALIDATION) in plot.drawn


def test_keys_pan_zoom_and_show_everything(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    plot = tell(qtbot, panel, runner, *events(20))
    low, high = plot.x_range
    qtbot.keyClick(plot._plot, Qt.Key.Key_Plus)
    assert plot.x_range[1] - plot.x_range[0] < high - low
    assert panel.plots[RATE].x_range == pytest.approx(plot.x_range)
    before = plot.x_range[0]
    qtbot.keyClick(plot._plot, Qt.Key.Key_Right)
    assert plot.x_range[0] > before
    qtbot.keyClick(plot._plot, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: plot.x_range == pytest.approx((low, high)))


def test_shift_and_a_drag_zoom_into_a_rectangle(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    plot = tell(qtbot, panel, runner, *events(20))
    area = plot._box.mapRectToScene(plot._box.rect())
    start = area.topLeft() + QPointF(area.width() * 0.25, area.height() * 0.2)
    stop = area.topLeft() + QPointF(area.width() * 0.75, area.height() * 0.8)
    low, high = plot.x_range
    drag(plot, start.toPoint(), stop.toPoint())
    width = high - low
    assert plot.x_range == pytest.approx((low + width * 0.25, low + width * 0.75), abs=width * 0.03)


def drag(plot: QuantityPlot, start: QPoint, stop: QPoint) -> None:
    """Drag with Shift held, as a mouse does it."""
    viewport, left = plot._plot.viewport(), Qt.MouseButton.LeftButton
    middle = (start + stop) / 2
    moments = [
        (QEvent.Type.MouseButtonPress, start, left),
        (QEvent.Type.MouseMove, middle, Qt.MouseButton.NoButton),
        (QEvent.Type.MouseMove, stop, Qt.MouseButton.NoButton),
        (QEvent.Type.MouseButtonRelease, stop, left),
    ]
    for kind, place, button in moments:
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else left
        at = QPointF(place)
        event = QMouseEvent(kind, at, viewport.mapToGlobal(at), button, held, Qt.KeyboardModifier.ShiftModifier)
        QApplication.sendEvent(viewport, event)


def test_a_stretch_follows_the_run_where_that_is_wanted(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    plot = tell(qtbot, panel, runner, *events(20))
    plot.set_x_range(15.0, 20.0)
    tell(qtbot, panel, runner, *events(22, first=21))
    assert plot.x_range == pytest.approx((15.0, 20.0))
    panel.controls.follow.click()
    tell(qtbot, panel, runner, *events(24, first=23))
    assert plot.x_range == pytest.approx((19.0, 24.0))


def test_runs_in_the_overlay_are_all_of_full_strength_and_one_that_trains_stands_out(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, tmp_path: Path
) -> None:
    ended = Finished("completed", 3, 3, {"loss": 0.5}, 6.0)
    for name in ("a", "b"):
        panel.load_run(write(tmp_path / "runs" / name, *events(3, name), CheckpointSaved("best", 3), ended))
    qtbot.waitUntil(lambda: len(panel.runs) == 2, timeout=WAIT)
    alphas = [item.pen.color().alpha() for (_run, key), item in panel.plots["loss"].drawn.items() if key == TRAINING]
    assert alphas == [255, 255]
    tell(qtbot, panel, runner, *events(2, "live"))
    alphas = [item.pen.color().alpha() for (_run, key), item in panel.plots["loss"].drawn.items() if key == TRAINING]
    assert sorted(alphas)[1] < 255 == max(alphas)


def test_the_single_steps_of_all_runs_can_be_shown(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        panel.load_run(write(tmp_path / "runs" / name, *events(3, name)))
    qtbot.waitUntil(lambda: len(panel.runs) == 2, timeout=WAIT)
    steps = CurveKey("loss", "", "steps")
    assert [run for run, key in panel.plots["loss"].drawn if key == steps] == [1]
    panel.choice.set_all_steps(True)
    assert sorted(run for run, key in panel.plots["loss"].drawn if key == steps) == [0, 1]


def test_what_others_add_to_a_run_is_read_on_from_where_it_was_left(
    qtbot: QtBot, panel: CurvesPanel, tmp_path: Path
) -> None:
    folder = write(tmp_path / "runs" / "a", *events(3))
    panel.load_run(folder)
    qtbot.waitUntil(lambda: len(panel.runs) == 1, timeout=WAIT)
    write(folder, *events(5, first=4))
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"event": "epoch-en')
    panel.catch_up()
    qtbot.waitUntil(lambda: len(panel.runs[0].series[TRAINING]) == 5, timeout=WAIT)
    assert panel.plots["loss"].drawn[0, TRAINING].points[0].tolist() == [1, 2, 3, 4, 5]


def test_a_log_that_has_become_shorter_is_read_anew(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", *events(3))
    whole = read_new(folder, 0)
    assert len(whole.events) == 7
    assert read_new(folder, whole.end).events == ()
    (folder / "metrics.jsonl").unlink()
    write(folder, *events(1))
    again = read_new(folder, whole.end)
    assert (again.start, len(again.events)) == (0, 3)


def test_a_run_that_goes_on_keeps_its_curve_and_colour(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, tmp_path: Path
) -> None:
    folder = write(tmp_path / "runs" / "a", *events(3))
    panel.load_run(folder)
    qtbot.waitUntil(lambda: len(panel.runs) == 1, timeout=WAIT)
    colour = panel.colour_of(folder)
    runner.run = folder
    plot = tell(qtbot, panel, runner, RunStarted(str(folder), 6, 10, "cpu", 5, 320, 80), *events(5, first=4))
    assert len(panel.runs) == 1
    assert plot.drawn[0, TRAINING].points[0].tolist() == [1, 2, 3, 4, 5]
    assert panel.colour_of(folder) == colour


def test_a_drawing_has_the_curves_as_lines_and_the_words_as_text(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner, tmp_path: Path
) -> None:
    tell(qtbot, panel, runner, *events(5))
    panel.export("svg", tmp_path / "curves.svg")
    drawing = (tmp_path / "curves.svg").read_text()
    assert drawing.count("<path") + drawing.count("<polyline") > 4
    assert "Learning rate" in drawing
    assert "<image" not in drawing


def test_a_long_curve_is_read_right_under_the_crosshair_though_few_points_are_drawn(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    many = [EpochEnded(epoch, epoch, {"loss": float(epoch % 7)}, {}, 0.1, 1.0) for epoch in range(1, 20_001)]
    plot = tell(qtbot, panel, runner, RunStarted("run", 20_000, 1, "cpu", 5, 1, 0), *many)
    plot.pointed.emit(12_345.2)
    assert "epoch 12,345" in plot.readout
    assert f"{12_345 % 7}" in plot.readout


def test_the_learning_rate_stands_behind_metrics_that_come_later(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    started: list[Event] = [RunStarted("run", 50, 10, "cpu", 5, 320, 80), StepEnded(5, 1, {"loss": 2.0}, 0.1)]
    tell(qtbot, panel, runner, *started)
    measured = {"loss": 1.0, "accuracy": 0.5}
    tell(qtbot, panel, runner, EpochEnded(1, 10, measured, measured, 2.0, 160.0))
    places = [panel.plots[name].x() for name in ("loss", "accuracy", RATE)]
    assert places == sorted(set(places))


def test_a_level_rate_is_not_drawn_at_nought(qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner) -> None:
    level = [replace(each, learning_rate=0.001) if isinstance(each, StepEnded) else each for each in events(4)]
    tell(qtbot, panel, runner, *level)
    _x, (low, high) = panel.plots[RATE]._plot.viewRange()
    assert 0 < low < 0.001 < high < 0.002


def test_where_the_legend_is_narrow_the_value_of_validation_stays(
    qtbot: QtBot, panel: CurvesPanel, runner: TrainingRunner
) -> None:
    plot = tell(qtbot, panel, runner, *events(3))
    plot.legend.setFixedWidth(130)
    plot.legend.grab()
    assert not plot.legend.place_of(VALIDATION).isEmpty()
    assert plot.legend.place_of(TRAINING).isEmpty()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["2026-11-21-193534-net", "2026-11-21-193452-net"], ["193534", "193452"]),
        (["first", "second"], ["first", "second"]),
        (["run", "run-2"], ["run", "run-2"]),
        (["day-a-net", "day-b-net", "day-c"], ["a-net", "b-net", "c"]),
        (["one"], ["one"]),
    ],
)
def test_names_of_runs_keep_what_tells_them_apart(names: list[str], told: list[str]) -> None:
    assert list(told_apart(names).values()) == told
