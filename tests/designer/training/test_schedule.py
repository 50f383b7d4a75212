"""The schedule: all kinds, the presets first, their options, and the curve that is drawn as it will be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from core.graph.edits import SetTraining
from core.graph.project import Project
from core.training.schedule import preview
from core.training.schedules import schedules
from designer.session import Session
from designer.training.panel import TrainingPanel
from designer.training.rate_curve import RateCurve, rate_curve
from tests.designer.panels.conftest import change, classifier

from .conftest import WAIT, MakePanel, MakeRunner, Open, box, checked, choose, editor, entry, judged, line, type_into


def set_training(session: Session, **changes: object) -> None:
    change(session, SetTraining(replace(session.project.training, **changes)))  # type: ignore[arg-type]


def drawn(qtbot: QtBot, panel: TrainingPanel) -> RateCurve:
    """Return the curve of the project as it is, once it was worked out."""
    schedule, training = panel.schedule, panel._session.project.training
    wanted = rate_curve(training, 120, lambda: True)
    assert wanted is not None

    def is_shown() -> bool:
        curve = schedule.plot.curve
        if curve is None or curve.rates is None or curve.samples != 120 or curve.note != wanted.note:
            return False
        return wanted.rates is not None and np.array_equal(curve.rates, wanted.rates)

    qtbot.waitUntil(is_shown, timeout=WAIT)
    assert schedule.plot.curve is not None
    return schedule.plot.curve


def test_all_schedules_are_listed_the_presets_first(panel: TrainingPanel) -> None:
    combo = box(panel, "schedule")
    titles = [text for row in range(combo.count()) if (text := combo.itemText(row))]
    assert titles[:5] == ["Constant", "Warm-up + cosine", "1cycle", "Step", "Plateau"]
    assert sorted(titles) == sorted(kind.title for kind in schedules)
    judged(combo)
    assert schedules["StepLR"].help in entry(combo, "Step")[1]


@pytest.mark.parametrize("schedule", [kind.id for kind in schedules])
def test_each_schedule_shows_its_own_options_and_its_curve(
    qtbot: QtBot, panel: TrainingPanel, iris: Session, schedule: str
) -> None:
    set_training(iris, schedule=schedule)
    assert set(panel.schedule.options.rows) == {each.name for each in schedules[schedule].options}
    curve = drawn(qtbot, panel)
    assert curve.steps_per_epoch == 4
    assert curve.rates is not None
    assert np.array_equal(curve.rates, preview(iris.project.training, 4, 6))
    assert ("follows what is measured" in panel.schedule.note.text()) == schedules[schedule].watches


def test_another_schedule_is_one_undo_step_and_drops_old_options(panel: TrainingPanel, iris: Session) -> None:
    set_training(iris, schedule="StepLR", schedule_options={"gamma": 0.5})
    before = iris.project.training
    choose(box(panel, "schedule"), "1cycle")
    assert iris.project.training.schedule == "OneCycleLR"
    assert iris.project.training.schedule_options == {}
    iris.document.undo()
    assert iris.project.training == before
    assert box(panel, "schedule").currentText() == "Step"


def test_an_option_changes_the_curve_in_one_undo_step(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    set_training(iris, schedule="StepLR")
    type_into(qtbot, line(panel, "gamma"), "0.25")
    assert iris.project.training.schedule_options == {"gamma": 0.25}
    assert drawn(qtbot, panel).rates is not None
    iris.document.undo()
    assert iris.project.training.schedule_options == {}


def test_a_formula_without_a_value_is_told_beside_it_and_in_the_picture(
    qtbot: QtBot, panel: TrainingPanel, iris: Session
) -> None:
    set_training(iris, schedule="LambdaLR", schedule_options={"expression": "1 / epoch"})
    checked(qtbot, iris)
    qtbot.waitUntil(lambda: bool(panel.schedule.plot.curve and panel.schedule.plot.curve.reason), timeout=WAIT)
    assert panel.schedule.options.rows["expression"].message.text()


def test_the_mouse_and_the_keys_tell_the_rate_of_a_step(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    set_training(iris, schedule="ExponentialLR", schedule_options={"gamma": 0.5})
    curve, plot = drawn(qtbot, panel), panel.schedule.plot
    assert curve.rates is not None
    panel.ensureWidgetVisible(plot)
    qtbot.mouseMove(plot, QPoint(plot.width() - 12, 60))
    qtbot.waitUntil(lambda: plot.told().startswith("epoch 6, step 24"), timeout=WAIT)
    assert plot.told().endswith(f"{curve.rates[23]:.4g}")
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert plot.told() == f"epoch 1, step 1: {curve.rates[0]:.4g}"
    qtbot.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert plot.told() == f"epoch 2, step 5: {curve.rates[4]:.4g}"
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert plot.told().startswith("epoch 1, step 4")
    assert plot.accessibleDescription().startswith("Begins at 0.01")


def test_without_data_the_curve_says_what_it_assumes(qtbot: QtBot, open_session: Open, make_panel: MakePanel) -> None:
    project: Project = classifier(None, schedule="OneCycleLR")
    panel = make_panel(open_session(project))
    qtbot.waitUntil(lambda: panel.schedule.plot.curve is not None, timeout=WAIT)
    assert "100 steps an epoch" in panel.schedule.note.text()
    assert panel.schedule.samples == 0


def test_a_panel_that_nobody_sees_reads_no_data(qtbot: QtBot, iris: Session, make_runner: MakeRunner) -> None:
    panel = TrainingPanel(iris, make_runner(iris))
    qtbot.addWidget(panel)
    checked(qtbot, iris)
    assert not panel.schedule._timer.isActive()
    assert panel.schedule.plot.curve is None
    panel.show()
    assert drawn(qtbot, panel).samples == 120


def test_a_very_long_training_is_drawn_in_part_and_says_so(iris: Session) -> None:
    settings = replace(iris.project.training, epochs=1000, batch_size=1, schedule="warm_up_cosine")
    curve = rate_curve(settings, 1000, lambda: True)
    assert curve is not None
    assert curve.rates is not None
    assert len(curve.rates) == 200_000
    assert "first 200 epochs" in curve.note
    assert rate_curve(settings, 1000, lambda: False) is None


def test_the_rate_moves_the_curve_without_reading_the_data_again(
    qtbot: QtBot, panel: TrainingPanel, iris: Session
) -> None:
    drawn(qtbot, panel)
    type_into(qtbot, line(panel, "learning_rate"), "0.5")
    curve = drawn(qtbot, panel)
    assert curve.rates is not None
    assert curve.rates.max() == 0.5
    assert editor(panel, "schedule").isVisibleTo(panel)
