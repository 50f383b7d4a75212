"""The results of real runs, looked at in the panel."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.training.results.outcome import Points
from core.training.runs import Run
from designer.results.confusion import ConfusionPage
from designer.results.detail import SampleDialog
from designer.results.edits import marks
from designer.results.gallery_model import LOSS, SHOWN_ROLE
from designer.results.numbers import NumbersView
from designer.results.panel import ResultsPanel
from designer.results.texts import marked
from designer.results.views import CALIBRATION, CLASSES, CONFUSION, CURVES, NUMBERS, TEXTS, WORST
from tests.training.building import digits, with_training
from tests.training.results.nets import one_epoch

from .conftest import WAIT, Make, Open, OpenProject


def pages(panel: ResultsPanel) -> list[str]:
    shown = zip(panel.views.pages, range(panel.list.count()), strict=True)
    return [page.name for page, place in shown if not panel.list.item(place).isHidden()]


def test_a_classifier_gets_the_pictures_that_apply(results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    assert pages(panel) == [CONFUSION, CLASSES, WORST, CURVES, CALIBRATION]
    assert panel.page.name == CONFUSION
    item = panel.views.confusion.item
    assert item.classes == tuple("0123456789")
    assert panel.looked is not None
    assert item.counts.sum() == panel.looked.outcome.samples
    for name in pages(panel):
        panel.show_page(name)
        assert panel.page.name == name
        assert not panel.grab().isNull()


def test_a_click_on_a_cell_lists_its_samples_with_their_pictures(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    item = panel.views.confusion.item
    true = int(np.argmax(np.diag(item.counts)))
    qtbot.mouseClick(item, Qt.MouseButton.LeftButton, pos=item.cell_rect(true, true).center().toPoint())
    assert item.at == (true, true)
    samples = panel.gallery.model.items
    assert len(samples) == item.counts[true, true]
    assert {(each.truth, each.predicted) for each in samples} == {(str(true), str(true))}
    losses = [each.loss for each in samples]
    assert losses == sorted(losses, key=lambda loss: -(loss or 0))
    first = panel.gallery.model.index(0, 0)
    qtbot.waitUntil(lambda: bool(first.data(SHOWN_ROLE)), timeout=WAIT)
    assert first.data(SHOWN_ROLE)[0].content.shape == (8, 8)


def test_the_matrix_is_walked_with_the_arrow_keys(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    item = panel.views.confusion.item
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(item, key)
    assert item.at == (2, 0)
    assert "“2”" in item.accessibleDescription()
    assert "“0”" in item.accessibleDescription()


def test_the_mouse_is_told_the_counts_and_shares_can_be_shown(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    page = panel.views.confusion
    where = page.item.cell_rect(3, 3).center().toPoint()
    qtbot.mouseMove(page.item, where)
    qtbot.mouseMove(page.item, where + QPoint(1, 0))
    whole = page.item.counts[3].sum()
    assert page.told.text().startswith(f"{page.item.counts[3, 3]:g} of {whole:g} × “3” recognised")
    counts = page.item.cell_text(3, 3)
    page.mode.setCurrentIndex(1)
    assert page.item.cell_text(3, 3) == f"{page.item.counts[3, 3] / whole * 100:.0f}"
    assert counts == f"{page.item.counts[3, 3]:g}"


def test_the_worst_come_with_the_highest_loss_first(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    panel.show_page(WORST)
    items = panel.gallery.model.items
    assert len(items) == 50
    losses = [each.loss or 0.0 for each in items]
    assert losses == sorted(losses, reverse=True)
    assert all(each.probability is not None for each in items)


def test_a_class_lists_what_was_taken_for_another(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    panel.show_page(CLASSES)
    table = panel.views.classes
    counts = panel.views.confusion.item.counts
    wrong = counts.sum(axis=1) - np.diag(counts)
    true = int(np.argmax(wrong))
    cell = table.visualRect(table.model().index(true, 0)).center()
    table.scrollTo(table.model().index(true, 0))
    cell = table.visualRect(table.model().index(true, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    assert len(panel.gallery.model.items) == wrong[true]
    assert {each.truth for each in panel.gallery.model.items} <= {str(true)}


def test_a_class_is_chosen_for_the_curves(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    panel.show_page(CURVES)
    view = panel.views.curves
    assert "mean area" in view.roc.title.text()
    view.choice.setCurrentIndex(4)
    assert f"{view.curves[3].auroc:.4f}" in view.roc.title.text()
    assert f"{view.curves[3].average_precision:.4f}" in view.recall.title.text()
    assert "“3”" in view.areas.text()


def test_another_part_and_other_weights_are_looked_at(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    before = panel.looked
    assert before is not None
    split, which = panel.heading.split, panel.heading.which
    split.setCurrentIndex(split.findData("training"))
    split.activated.emit(split.currentIndex())
    qtbot.waitUntil(lambda: panel.looked is not None and panel.looked.request.split == "training", timeout=WAIT)
    assert panel.looked is not None
    assert panel.looked.outcome.samples > before.outcome.samples
    assert panel.looked.session is before.session
    which.setCurrentIndex(which.findData("last"))
    which.activated.emit(which.currentIndex())
    qtbot.waitUntil(lambda: panel.looked is not None and panel.looked.request.which == "last", timeout=WAIT)


def test_an_empty_part_says_so_beside_what_was_chosen(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    split = panel.heading.split
    split.setCurrentIndex(split.findData("test"))
    split.activated.emit(split.currentIndex())
    qtbot.waitUntil(lambda: bool(panel.notice.text()), timeout=WAIT)
    assert "no test rows" in panel.notice.text()
    assert panel.looked is None
    assert panel.empty_button.text() == "Look at it"


def test_looking_can_be_cancelled(qtbot: QtBot, results: Open, digits_run: Run) -> None:
    panel = results(digits_run)
    before = panel.looked
    panel.look()
    assert panel.busy
    assert panel.work.isVisible()
    qtbot.mouseClick(panel.work.button, Qt.MouseButton.LeftButton)
    assert not panel.busy
    assert not panel.work.isVisible()
    assert panel.looked is before


def test_numbers_are_plotted_against_the_truth_and_points_open_samples(
    qtbot: QtBot, results: Open, diabetes_run: Run
) -> None:
    panel = results(diabetes_run)
    assert pages(panel) == [NUMBERS, WORST]
    scatter = panel.views.numbers.scatter
    assert scatter.points is not None
    panel.grab()  # pyqtgraph finds its ranges when it paints
    place = int(np.argmax(scatter.points.truth))
    where = scatter.place_of(place).toPoint()
    qtbot.mouseMove(scatter.plot.viewport(), where + QPoint(4, 4))
    qtbot.mouseMove(scatter.plot.viewport(), where)
    assert "residual" in scatter.note.text()
    qtbot.mouseClick(scatter.plot.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert scatter.at is not None
    assert [each.row for each in panel.gallery.model.items] == [int(scatter.points.rows[scatter.at])]
    assert panel.gallery.view is panel.gallery.table
    before = scatter.at
    qtbot.keyClick(scatter.plot, Qt.Key.Key_Left)
    assert scatter.points.truth[scatter.at] <= scatter.points.truth[before]
    assert scatter.at != before
    assert "deviation" in panel.views.numbers.residuals.title.text()


def test_the_worst_rows_of_a_table_stand_in_a_table(qtbot: QtBot, results: Open, diabetes_run: Run) -> None:
    panel = results(diabetes_run)
    panel.show_page(WORST)
    model = panel.gallery.model
    assert panel.gallery.view is panel.gallery.table
    assert "body mass index" in model.fields
    index = model.index(0, model.columnCount() - 1)
    assert model.index(0, LOSS).data()
    qtbot.waitUntil(lambda: bool(index.data()), timeout=WAIT)


def test_a_double_click_opens_the_sample_with_what_its_answer_rests_on(
    qtbot: QtBot, results: Open, digits_run: Run
) -> None:
    panel = results(digits_run)
    panel.show_page(WORST)
    tiles = panel.gallery.tiles
    where = tiles.visualRect(panel.gallery.model.index(0, 0)).center()
    qtbot.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=where)
    dialog = panel.findChild(SampleDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: bool(dialog.answer.answers), timeout=WAIT)
    item = panel.gallery.model.items[0]
    assert dialog.answer.truth == {"out": item.truth}
    assert dialog.answer.answers[0].values[0] == item.predicted
    dialog.bar.method.setCurrentIndex(1)
    qtbot.waitUntil(lambda: bool(dialog.sample.heat) or bool(dialog.notice.text()), timeout=WAIT)
    assert not dialog.notice.text()
    (heat,) = dialog.sample.heat.values()
    assert heat.values.shape == (8, 8)
    assert np.abs(heat.values).max() == 1
    assert not dialog.grab().isNull()
    dialog.close()


def test_tables_and_pictures_are_saved(results: Open, digits_run: Run, tmp_path: Path) -> None:
    panel = results(digits_run)
    for name in pages(panel):
        panel.show_page(name)
        panel.export("csv", tmp_path / f"{name}.csv")
        panel.export("png", tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 500
    with (tmp_path / "confusion.csv").open() as file:
        rows = list(csv.reader(file))
    counts = panel.views.confusion.item.counts
    assert rows[0][1:] == list("0123456789")
    assert [[float(each) for each in row[1:]] for row in rows[1:]] == counts.tolist()
    with (tmp_path / "worst.csv").open() as file:
        assert len(list(csv.reader(file))) == 51


def test_without_a_run_there_is_one_button(
    qtbot: QtBot, open_project: OpenProject, make_panel: Make, tmp_path: Path
) -> None:
    runner = open_project(digits(), tmp_path / "runs")
    panel = make_panel(runner)
    qtbot.waitUntil(lambda: panel.heading.run.ready, timeout=WAIT)
    buttons = [each for each in panel.findChildren(QPushButton) if each.isVisible()]
    assert [each.text() for each in buttons] == ["Train"]
    heading = panel.heading
    assert heading.run.placeholderText() == "No run yet"
    assert not any(each.isEnabled() for each in (heading.run, heading.which, heading.split))


def test_the_matrix_of_a_running_training_grows_and_its_end_is_looked_at(
    qtbot: QtBot, open_project: OpenProject, make_panel: Make, tmp_path: Path
) -> None:
    runner = open_project(with_training(digits(), epochs=100_000), tmp_path / "runs")
    panel = make_panel(runner)
    qtbot.waitUntil(lambda: panel.heading.run.ready and runner.session.report_is_current, timeout=WAIT)
    qtbot.mouseClick(panel.empty_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(panel.live), timeout=WAIT)
    assert pages(panel) == [CONFUSION]
    assert panel.heading.run.is_live
    first = panel.live["out"]
    assert panel.views.confusion.item.counts.sum() == sum(map(sum, first.counts))
    qtbot.waitUntil(lambda: panel.live["out"].epoch > first.epoch, timeout=WAIT)
    assert f"epoch {panel.live['out'].epoch}" in panel.heading.told.text()
    assert panel.looked is None
    runner.stop()
    qtbot.waitUntil(lambda: panel.looked is not None, timeout=WAIT)
    assert pages(panel) == [CONFUSION, CLASSES, WORST, CURVES, CALIBRATION]


def test_a_hundred_classes_stay_readable_and_are_scrolled_to(qtbot: QtBot) -> None:
    page = ConfusionPage()
    qtbot.addWidget(page)
    page.resize(420, 200)
    page.show()
    counts = np.diag(np.arange(100) * 1234.0)
    page.item.show_counts([f"class {place}" for place in range(100)], counts)
    assert page.item.cell_rect(0, 0).width() >= 9
    assert not page.grab().isNull()
    page.item.setFocus()
    qtbot.keyClick(page.item, Qt.Key.Key_Home)
    for _ in range(60):
        qtbot.keyClick(page.item, Qt.Key.Key_Down)
    assert page.item.at == (60, 0)
    seen = page.item.visibleRegion().boundingRect()
    assert seen.contains(page.item.cell_rect(60, 0).center().toPoint())


def test_two_classes_and_a_mode_fit_into_a_low_panel(qtbot: QtBot) -> None:
    page = ConfusionPage()
    qtbot.addWidget(page)
    page.resize(400, 150)
    page.show()
    page.item.show_counts(["no", "yes"], [[12, 3], [4, 11]])
    assert page.item.size().height() <= page.view.maximumViewportSize().height()
    assert page.item.cell_text(0, 1) == "3"
    page.item.choose(1, 0)
    assert page.told.text() == "4 of 15 × “yes” taken for “no” (26.7 %)"


def test_a_matrix_fits_without_scroll_bars_in_rooms_of_any_shape(qtbot: QtBot) -> None:
    page = ConfusionPage()
    qtbot.addWidget(page)
    page.show()
    page.item.show_counts([str(digit) for digit in range(10)], np.eye(10) * 36)
    for width, height in ((390, 160), (390, 260), (390, 400), (800, 200)):
        page.resize(width, height)
        room = page.view.maximumViewportSize()
        assert page.item.width() <= room.width(), (width, height)
        assert page.item.height() <= room.height(), (width, height)
        assert page.item.rect().contains(page.item.cell_rect(9, 9).toAlignedRect())


def test_edits_between_texts_are_marked() -> None:
    assert list(marks("house", "hose")) == [("same", "ho"), ("missing", "u"), ("same", "se")]
    assert list(marks("cat", "cart")) == [("same", "ca"), ("added", "r"), ("same", "t")]
    assert list(marks("a", "b")) == [("missing", "a"), ("added", "b")]


def test_texts_and_masks_have_their_own_pictures(
    qtbot: QtBot, results: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    panel = results(one_epoch("spelling", tmp_path_factory.mktemp("spelling") / "run"))
    panel.show_page(TEXTS)
    pairs = panel.views.texts.model.pairs
    assert pairs[0].edits >= pairs[-1].edits
    assert "line-through" in marked(pairs[0])
    assert "edits in" in panel.views.texts.summary.text()
    assert not panel.grab().isNull()
    masks = results(one_epoch("shapes", tmp_path_factory.mktemp("shapes") / "run"))
    masks.show_page(WORST)
    first = masks.gallery.model.items[0]
    assert first.masks is not None
    assert first.masks[0].shape == first.masks[1].shape
    index = masks.gallery.model.index(0, 0)
    qtbot.waitUntil(lambda: bool(index.data(SHOWN_ROLE)), timeout=WAIT)
    assert not masks.grab().isNull()
    truth, said = first.masks
    right = np.mean(truth[truth >= 0] == said[truth >= 0])
    assert first.predicted == f"{right * 100:.0f} % right"
    assert masks.looked is not None
    dialog = SampleDialog(masks.looked, next(iter(masks.looked.outcome.outputs)), first)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not dialog.busy, timeout=WAIT)
    assert dialog.truth_heading.isVisible()
    assert np.array_equal(dialog.sample.mask, truth)


def test_residuals_far_from_zero_are_bars_that_can_be_seen(qtbot: QtBot) -> None:
    view = NumbersView()
    qtbot.addWidget(view)
    truth = np.array([40.0, 41.0, 42.0])
    view.show_points(Points(np.arange(3), truth, truth - np.array([20.0, 20.1, 20.2])))
    bars = [item for item in view.residuals.plot.getPlotItem().items if isinstance(item, pg.BarGraphItem)]
    width = float(np.min(bars[0].opts["x1"] - bars[0].opts["x0"]))
    assert sum(bars[0].opts["height"]) == 3
    assert width > 20 / 100, "not a hundredth of the way to zero"
