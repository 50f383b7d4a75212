"""Real networks, tried by drawing, typing, dropping and taking samples."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QFont, QFontMetrics
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from core.training.events import EpochEnded
from core.training.results.trained import open_trained
from core.training.runs import Run
from designer.training.runner import TrainingRunner
from designer.tryit.answer import name_room
from designer.tryit.asking import Reply
from designer.tryit.canvas import Sheet
from designer.tryit.editors import CategoryEditor, DrawingEditor, NumberEditor
from designer.tryit.panel import TryPanel
from tests.training.building import digits, with_training

from .conftest import WAIT, Try

ONE = ((0.5, 0.12), (0.5, 0.88))


def stroke(qtbot: QtBot, sheet: Sheet, *places: tuple[float, float]) -> None:
    """Draw a line through places (across, down; shares of the sheet) with the left mouse button."""
    area = sheet.area()
    points = [QPoint(round(area.left() + x * area.width()), round(area.top() + y * area.height())) for x, y in places]
    qtbot.mousePress(sheet, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        move(sheet, point)
    qtbot.mouseRelease(sheet, Qt.MouseButton.LeftButton, pos=points[-1])


def move(sheet: Sheet, point: QPoint) -> None:
    """Move the mouse with its left button held, which ``qtbot.mouseMove`` does not tell."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place = QPointF(point)
    QApplication.sendEvent(
        sheet, QMouseEvent(QEvent.Type.MouseMove, place, sheet.mapToGlobal(place), Qt.MouseButton.NoButton, left, none)
    )


def answered(qtbot: QtBot, panel: TryPanel) -> Reply:
    """Wait until nothing is asked any more, and return the reply."""
    qtbot.waitUntil(lambda: not panel.busy and panel.reply is not None, timeout=WAIT)
    assert panel.reply is not None
    return panel.reply


def drawing(panel: TryPanel) -> DrawingEditor:
    assert panel.form is not None
    (editor,) = (each for each in panel.form.editors.values() if isinstance(each, DrawingEditor))
    return editor


def test_a_one_that_is_drawn_is_read_while_it_is_drawn(qtbot: QtBot, trial: Try, digits_run: Run) -> None:
    panel = trial(digits_run)
    assert panel.reply is None
    assert "Draw" in panel.hint.text()
    sheet = drawing(panel).sheet
    stroke(qtbot, sheet, *ONE)
    reply = answered(qtbot, panel)
    assert reply.answers[0].values[0] == "1"
    pixels = sheet.pixels()
    assert pixels.shape == (1, 8, 8)
    there = pixels[0] > 0.3
    assert there.any(axis=1).sum() >= 7, "the drawing is as high as the digits of the data"
    assert there.any(axis=0).sum() <= 3
    assert panel.answer.accessibleDescription().startswith("out: 1 (")
    assert not panel.grab().isNull()


def test_the_names_of_classes_are_not_cut_where_there_is_room(qapp: QApplication) -> None:
    names = ("versicolor", "Iris setosa", "W", "illicit", "naïve Bayes")
    for size in range(12, 60):
        font = QFont(qapp.font())
        font.setPointSizeF(size / 2)
        metrics = QFontMetrics(font)
        for name in names:
            room = name_room(metrics, [name]) - 6
            assert metrics.elidedText(name, Qt.TextElideMode.ElideRight, room) == name


def test_a_drawing_is_scaled_and_centred_unless_that_is_switched_off(qtbot: QtBot, trial: Try, digits_run: Run) -> None:
    panel = trial(digits_run)
    editor = drawing(panel)
    stroke(qtbot, editor.sheet, (0.1, 0.1), (0.1, 0.3))
    fitted = editor.sheet.pixels()[0]
    qtbot.mouseClick(editor.fit, Qt.MouseButton.LeftButton)
    as_drawn = editor.sheet.pixels()[0]
    assert fitted[:, 3:5].sum() > fitted[:, :2].sum()
    assert as_drawn[:4, :3].sum() == pytest.approx(as_drawn.sum())
    assert fitted[6:].sum() > 0


def test_the_eraser_and_clear_take_ink_away(qtbot: QtBot, trial: Try, digits_run: Run) -> None:
    panel = trial(digits_run)
    editor = drawing(panel)
    stroke(qtbot, editor.sheet, *ONE)
    answered(qtbot, panel)
    before = editor.sheet.pixels().sum()
    qtbot.mouseClick(editor.fit, Qt.MouseButton.LeftButton)
    before = editor.sheet.pixels().sum()
    qtbot.mouseClick(editor.eraser, Qt.MouseButton.LeftButton)
    stroke(qtbot, editor.sheet, (0.5, 0.12), (0.5, 0.4))
    assert 0 < editor.sheet.pixels().sum() < before
    qtbot.mouseClick(editor.clear, Qt.MouseButton.LeftButton)
    assert editor.sheet.blank
    qtbot.waitUntil(lambda: not panel.busy and panel.reply is None, timeout=WAIT)


def test_a_sample_comes_with_its_truth_and_drawing_replaces_it(qtbot: QtBot, trial: Try, digits_run: Run) -> None:
    panel = trial(digits_run)
    qtbot.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    answered(qtbot, panel)
    assert panel.answer.truth["out"] in "0123456789"
    sheet = drawing(panel).sheet
    assert sheet.given is not None
    stroke(qtbot, sheet, *ONE)
    assert sheet.given is None
    qtbot.waitUntil(lambda: not panel.busy and not panel.answer.truth, timeout=WAIT)


def drop(panel: TryPanel, under: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    place = QPointF(under.mapTo(panel, under.rect().center()))
    action, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    panel.dropEvent(QDropEvent(place, action, data, left, Qt.KeyboardModifier.NoModifier))


def test_an_image_that_is_dropped_is_answered(qtbot: QtBot, trial: Try, digits_run: Run, tmp_path: Path) -> None:
    panel = trial(digits_run)
    picture = np.zeros((8, 8), dtype=np.uint8)
    picture[:, 3:5] = 255
    Image.fromarray(picture).save(tmp_path / "one.png")
    drop(panel, drawing(panel).sheet, tmp_path / "one.png")
    reply = answered(qtbot, panel)
    expected = open_trained(digits_run).predict({"image": [tmp_path / "one.png"]}).answers["out"]
    np.testing.assert_allclose(reply.answers[0].probabilities, expected.probabilities)
    assert drawing(panel).sheet.given is not None


def test_what_cannot_be_read_is_said(qtbot: QtBot, trial: Try, digits_run: Run, tmp_path: Path) -> None:
    panel = trial(digits_run)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    panel.take_file(tmp_path / "broken.png")
    qtbot.waitUntil(lambda: bool(panel.notice.text()), timeout=WAIT)
    assert "broken.png" in panel.notice.text()


def test_numbers_are_typed_within_the_range_of_the_data(qtbot: QtBot, trial: Try, diabetes_run: Run) -> None:
    panel = trial(diabetes_run)
    first = answered(qtbot, panel)
    assert panel.form is not None
    editor = panel.form.editors["body mass index"]
    assert isinstance(editor, NumberEditor)
    assert "In the data from" in editor.box.toolTip()
    editor.box.selectAll()
    qtbot.keyClicks(editor.box, editor.box.textFromValue(editor.box.value() + 3 * editor.box.singleStep()))
    qtbot.waitUntil(lambda: not panel.busy and panel.reply is not first, timeout=WAIT)
    columns = panel.form.columns()
    assert columns is not None
    expected = open_trained(diabetes_run).predict(columns).answers["out"]
    assert panel.reply is not None
    np.testing.assert_allclose(panel.reply.answers[0].values, expected.values, rtol=1e-6)


def test_categories_are_chosen_and_every_output_answers(qtbot: QtBot, trial: Try, penguins_run: Run) -> None:
    panel = trial(penguins_run)
    first = answered(qtbot, panel)
    assert [each.kind for each in first.answers] == ["class", "number"]
    assert panel.form is not None
    editor = next(each for each in panel.form.editors.values() if isinstance(each, CategoryEditor))
    assert tuple(editor.box.itemText(place) for place in range(editor.box.count())) == editor.fitted.field.categories
    editor.box.setCurrentIndex((editor.box.currentIndex() + 1) % editor.box.count())
    qtbot.waitUntil(lambda: not panel.busy and panel.reply is not first, timeout=WAIT)
    assert panel.reply is not None
    before, after = (each.answers[0].probabilities for each in (first, panel.reply))
    assert not np.array_equal(np.asarray(before), np.asarray(after))


def test_the_rows_of_a_table_are_gone_through(qtbot: QtBot, trial: Try, diabetes_run: Run, tmp_path: Path) -> None:
    panel = trial(diabetes_run)
    assert panel.form is not None
    names = list(panel.form.fields)
    rows = [[float(place + 10 * row) for place in range(len(names))] for row in range(3)]
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "new.csv").write_text("\n".join(lines) + "\n")
    panel.take_file(tmp_path / "new.csv")
    qtbot.waitUntil(lambda: panel.row.isVisible() and not panel.busy, timeout=WAIT)
    assert panel.row.maximum() == 3
    panel.row.setValue(2)
    columns = panel.form.columns()
    assert columns is not None
    assert [values[0] for values in columns.values()] == pytest.approx(rows[1])


def test_a_table_without_the_columns_is_refused(qtbot: QtBot, trial: Try, diabetes_run: Run, tmp_path: Path) -> None:
    panel = trial(diabetes_run)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n3,4\n")
    panel.take_file(tmp_path / "other.csv")
    qtbot.waitUntil(lambda: bool(panel.notice.text()), timeout=WAIT)
    assert "'age'" in panel.notice.text()


@pytest.mark.parametrize("source", ["shapes", "topics", "tones", "spelling", "sentences", "regions"])
def test_every_kind_of_sample_is_shown_and_answered(
    qtbot: QtBot, trial: Try, make_run: Callable[[str], Run], source: str
) -> None:
    panel = trial(make_run(source))
    qtbot.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    reply = answered(qtbot, panel)
    assert not panel.notice.text()
    assert all(each.form != "nothing" for each in reply.shown)
    assert not panel.grab().isNull()


def test_what_an_answer_rests_on_is_laid_over_it(qtbot: QtBot, trial: Try, digits_run: Run) -> None:
    panel = trial(digits_run)
    qtbot.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    answered(qtbot, panel)
    for place in (1, 2):
        panel.bar.method.setCurrentIndex(place)
        qtbot.waitUntil(
            lambda: not panel.busy and panel.reply is not None and panel.reply.heat is not None, timeout=WAIT
        )
        assert panel.reply is not None
        assert panel.reply.heat is not None
        (heat,) = panel.reply.heat.values()
        assert heat.values.shape == (8, 8)
        assert not panel.grab().isNull()
    chosen = panel.reply.explained
    panel.bar.target.setCurrentIndex(panel.bar.target.findData("7" if chosen != "7" else "3"))
    qtbot.waitUntil(
        lambda: not panel.busy and panel.reply is not None and panel.reply.explained not in ("", chosen), timeout=WAIT
    )
    panel.bar.method.setCurrentIndex(0)
    qtbot.waitUntil(lambda: not panel.busy and panel.reply is not None and panel.reply.heat is None, timeout=WAIT)


def test_grad_cam_looks_at_the_layer_that_is_chosen(qtbot: QtBot, trial: Try, make_run: Callable[[str], Run]) -> None:
    panel = trial(make_run("shapes"))
    panel.bar.method.setCurrentIndex(3)
    assert [panel.bar.layer.itemData(place) for place in range(panel.bar.layer.count())] == ["", "conv1", "conv2"]
    panel.bar.layer.setCurrentIndex(1)
    qtbot.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    reply = answered(qtbot, panel)
    assert reply.heat is not None
    assert not panel.notice.text()


def test_without_captum_the_command_is_told(
    qtbot: QtBot, trial: Try, digits_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = trial(digits_run)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    monkeypatch.setitem(sys.modules, "captum", None)
    panel.bar.method.setCurrentIndex(1)
    qtbot.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    reply = answered(qtbot, panel)
    assert "pip install layerwright[explain]" in panel.notice.text()
    assert panel.notice.copy.isVisible()
    assert reply.answers, "there is an answer all the same"


def test_a_running_training_is_tried_by_its_last_checkpoint(
    qtbot: QtBot, open_project: Callable[..., TrainingRunner], make_panel: Callable[[TrainingRunner], TryPanel]
) -> None:
    project: Project = with_training(digits(), epochs=100_000)
    runner = open_project(project)
    panel = make_panel(runner)
    qtbot.waitUntil(lambda: runner.session.report_is_current and panel.run.ready, timeout=WAIT)
    buttons = [each for each in panel.findChildren(QPushButton) if each.isVisible() and each.isEnabled()]
    assert [each.text() for each in buttons] == ["Train"]
    qtbot.mouseClick(panel.empty_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.ready is not None, timeout=WAIT)
    assert panel.ready is not None
    assert panel.ready.which == "last"
    stroke(qtbot, drawing(panel).sheet, *ONE)
    first = panel.ready
    ended: list[EpochEnded] = []
    runner.event_received.connect(lambda event: ended.append(event) if isinstance(event, EpochEnded) else None)
    qtbot.waitUntil(lambda: panel.ready is not first and panel.reply is not None, timeout=WAIT)
    assert not drawing(panel).sheet.blank, "what was drawn is asked again"
    runner.stop()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)


def test_a_damaged_run_is_said_and_another_can_be_chosen(
    qtbot: QtBot, trial: Try, diabetes_run: Run, tmp_path: Path
) -> None:
    panel = trial(diabetes_run)
    panel.run.choose(tmp_path / "gone")
    qtbot.waitUntil(lambda: bool(panel.notice.text()), timeout=WAIT)
    assert panel.ready is None
    panel.run.choose(diabetes_run.path)
    qtbot.waitUntil(lambda: panel.ready is not None, timeout=WAIT)
    assert not panel.notice.text()
