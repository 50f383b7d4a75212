"""The samples panel in the real window: what is chosen by itself, read only when seen, and follows the project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.data.sample_forms import Picture, Tokens
from core.graph.edits import BindData
from core.graph.project import DataBinding, Project, Split
from designer.samples.dialog import SampleDialog
from designer.samples.drawing import laid_out
from designer.samples.loader import PAGE
from designer.samples.panel import SamplesPanel
from designer.window import Window
from tests.data.building import with_field

from .conftest import WAIT, Sessions, Show, settled

OpenProject = Callable[[Project], Window]


def cell(panel: SamplesPanel, row: int, column: int, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> object:
    return panel.model.index(row, column).data(role)


def choose(qtbot: QtBot, panel: SamplesPanel, part: str) -> None:
    panel.bar.part.setCurrentIndex(panel.bar.part.findData(part))
    settled(qtbot, panel)


def look(qtbot: QtBot, panel: SamplesPanel, view: str) -> None:
    panel.bar.view.setCurrentIndex(panel.bar.view.findData(view))
    settled(qtbot, panel)


def edit(qtbot: QtBot, panel: SamplesPanel, data: DataBinding) -> None:
    assert panel.session.apply(BindData(data))
    qtbot.waitUntil(lambda: panel.busy, timeout=WAIT)
    settled(qtbot, panel)


def opened(qtbot: QtBot, panel: SamplesPanel) -> SampleDialog:
    dialog = panel.findChildren(SampleDialog)[-1]
    qtbot.waitUntil(lambda: not dialog.busy, timeout=WAIT)
    return dialog


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_without_data_one_button_leads_to_the_data_panel(qtbot: QtBot, open_project: OpenProject) -> None:
    workspace = open_project(Project()).workspace
    assert workspace is not None
    workspace.show_panel(workspace.samples)
    assert workspace.samples.choose.isVisible()
    assert not workspace.samples.bar.isVisible()
    qtbot.mouseClick(workspace.samples.choose, Qt.MouseButton.LeftButton)
    assert workspace.inspector.currentWidget() is workspace.data


@pytest.mark.parametrize(
    ("source", "view"),
    [
        ("digits", "images"),
        ("shapes", "images"),
        ("tones", "sounds"),
        ("copying", "texts"),
        ("adding", "curves"),
        ("iris", "table"),
    ],
)
def test_the_view_that_suits_the_data_is_chosen_and_the_table_is_always_there(
    qtbot: QtBot, show: Show, source: str, view: str
) -> None:
    panel = show(bind(source, {}))
    assert panel.bar.view_name == view
    assert panel.view.isVisible()
    blank = panel.view.viewport().grab().toImage()
    assert len({blank.pixelColor(x, y).name() for x in range(0, 400, 3) for y in range(0, 90, 3)}) > 3
    look(qtbot, panel, "table")
    assert panel.table.isVisible()
    assert panel.model.rowCount() == panel.loader.count > 0


def test_the_panel_reads_nothing_until_it_is_seen(qtbot: QtBot, session_of: Sessions) -> None:
    session = session_of(Project(data=bind("iris", {})))
    panel = SamplesPanel(session)
    qtbot.addWidget(panel)
    assert session.apply(BindData(bind("wine", {})))
    qtbot.waitUntil(lambda: session.report_is_current, timeout=WAIT)
    assert panel.overview is None
    assert not panel.busy
    panel.show()
    settled(qtbot, panel)
    assert panel.overview is not None
    assert panel.overview.rows == 178
    panel.close_jobs()


def test_a_table_marks_missing_cells_and_shows_what_the_network_gets(qtbot: QtBot, show: Show, table: Path) -> None:
    panel = show(bind("csv", {"path": str(table)}))
    names = [panel.model.headerData(column, Qt.Orientation.Horizontal) for column in range(3)]
    weight = names.index("weight")
    choose(qtbot, panel, "all")
    assert panel.model.headerData(3, Qt.Orientation.Vertical) == "4"
    assert cell(panel, 3, weight) == "missing"
    assert cell(panel, 3, weight, Qt.ItemDataRole.BackgroundRole) is not None
    assert cell(panel, 4, weight, Qt.ItemDataRole.BackgroundRole) is None
    assert cell(panel, 4, weight) == "104"
    qtbot.mouseClick(panel.bar.prepared, Qt.MouseButton.LeftButton)
    assert cell(panel, 3, weight) == "0"
    assert "that is" in str(cell(panel, 3, weight, Qt.ItemDataRole.ToolTipRole))
    assert float(str(cell(panel, 4, weight))) < 0
    qtbot.mouseClick(panel.bar.prepared, Qt.MouseButton.LeftButton)
    assert cell(panel, 4, weight) == "104"


def test_the_header_knows_the_facts_of_the_part(qtbot: QtBot, show: Show, table: Path) -> None:
    panel = show(bind("csv", {"path": str(table)}))
    training = panel.model.facts["weight"]
    choose(qtbot, panel, "all")
    whole = panel.model.facts["weight"]
    assert whole.missing == 12
    assert whole.rows == 120
    assert training.rows == 96
    assert whole.histogram is not None
    column = [each.field.name for each in panel.model.fields].index("weight")
    tip = str(panel.model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole))
    assert "12 missing (10 %)" in tip


def test_parts_and_classes_choose_the_samples(qtbot: QtBot, show: Show, table: Path) -> None:
    panel = show(bind("csv", {"path": str(table)}))
    assert panel.bar.part.currentText() == "Training · 96"
    choose(qtbot, panel, "validation")
    assert panel.loader.count == 24
    panel.bar.only.setCurrentIndex(panel.bar.only.findText("colour: green"))
    settled(qtbot, panel)
    assert panel.loader.count == 8
    rows = [panel.loader.row(place) for place in range(8)]
    assert {row.cells["colour"].raw for row in rows if row is not None} == {"green"}


def test_the_last_choice_counts_when_several_are_made_at_once(qtbot: QtBot, show: Show, table: Path) -> None:
    panel = show(bind("csv", {"path": str(table)}))
    for part in ("all", "validation", "training", "validation"):
        panel.bar.part.setCurrentIndex(panel.bar.part.findData(part))
    settled(qtbot, panel)
    assert panel.loader.count == 24
    rows = [panel.loader.row(place) for place in range(24)]
    assert {row.part for row in rows if row is not None} == {"validation"}


def test_a_row_is_found_in_whichever_part_it_is(qtbot: QtBot, show: Show, table: Path) -> None:
    panel = show(bind("csv", {"path": str(table)}))
    choose(qtbot, panel, "validation")
    row = panel.loader.row(20)
    assert row is not None
    choose(qtbot, panel, "training")
    panel.bar.row.setText(str(row.row + 1))
    qtbot.keyClick(panel.bar.row, Qt.Key.Key_Return)
    settled(qtbot, panel)
    assert panel.bar.choice.part == "validation"
    assert panel.table.current == 20
    panel.bar.row.setText("9999")
    with qtbot.waitSignal(panel.session.refused, timeout=WAIT) as said:
        qtbot.keyClick(panel.bar.row, Qt.Key.Key_Return)
    assert "9,999" in str(said.args)


def test_of_many_rows_only_those_in_view_are_read(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("x,y\n" + "".join(f"{row},{row % 2}\n" for row in range(200_000)))
    panel = show(bind("csv", {"path": str(path)}))
    choose(qtbot, panel, "all")
    assert panel.model.rowCount() == 200_000
    assert panel.loader.row(100_000) is None
    panel.table.scrollToBottom()
    settled(qtbot, panel)
    column = [each.field.name for each in panel.model.fields].index("x")
    assert cell(panel, 199_999, column) == "199999"
    assert panel.loader.row(100_000) is None


def first_rows(panel: SamplesPanel) -> list[int]:
    return [row.row for place in range(20) if (row := panel.loader.row(place)) is not None]


# --- following the project --------------------------------------------------------------------------------------------


def test_another_split_and_undo_are_followed(qtbot: QtBot, show: Show, table: Path) -> None:
    data = bind("csv", {"path": str(table)})
    panel = show(data)
    before = first_rows(panel)
    edit(qtbot, panel, DataBinding(data.source, data.options, data.fields, Split("random", 0.5, seed=4)))
    assert panel.bar.part.currentText() == "Training · 60"
    assert before != first_rows(panel)
    panel.session.document.undo()
    qtbot.waitUntil(lambda: panel.busy, timeout=WAIT)
    settled(qtbot, panel)
    assert first_rows(panel) == before


def test_a_split_that_is_not_possible_is_told_and_rows_are_shown_as_read(qtbot: QtBot, show: Show, table: Path) -> None:
    data = bind("csv", {"path": str(table)})
    panel = show(data)
    edit(qtbot, panel, DataBinding(data.source, data.options, data.fields, Split("group")))
    assert panel.problem.isVisible()
    assert "group" in panel.problem.text()
    assert panel.bar.part.currentText() == "All rows · 120"
    assert cell(panel, 0, 0) == "red"


def test_data_that_is_gone_is_told_and_can_be_read_again(qtbot: QtBot, show: Show, table: Path) -> None:
    data = bind("csv", {"path": str(table)})
    panel = show(data)
    aside = table.rename(table.with_name("aside.csv"))
    edit(qtbot, panel, with_field(data, "size", encoding="min-max"))
    assert "table.csv" in panel.empty_text.text()
    assert not panel.choose.isVisible()
    aside.rename(table)
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    settled(qtbot, panel)
    assert panel.table.isVisible()


def test_stopping_leaves_a_button_to_go_on(qtbot: QtBot, show: Show) -> None:
    panel = show(bind("iris", {}))
    panel.cancel()
    assert "stopped" in panel.empty_text.text()
    assert not panel.busy
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    settled(qtbot, panel)
    assert panel.table.isVisible()
    assert panel.loader.count == 120


# --- images, tokens, masks --------------------------------------------------------------------------------------------


def test_images_of_different_sizes_have_one_and_tell_about_themselves(
    qtbot: QtBot, show: Show, pictures: DataBinding
) -> None:
    panel = show(pictures)
    row = panel.loader.row(0)
    assert row is not None
    tip = panel.grid.tip(row, QRectF(), QPoint())
    assert tip.startswith(f"Row {row.row + 1}")
    assert "label: cat" in tip
    columns = panel.grid.columns
    panel.bar.side.setValue(30)
    assert panel.grid.columns > columns
    qtbot.keyClick(panel.grid, Qt.Key.Key_End)
    assert panel.grid.current == panel.loader.count - 1
    settled(qtbot, panel)
    assert panel.loader.row(panel.grid.current) is not None


def test_augmentation_can_be_stepped_through_epoch_by_epoch(qtbot: QtBot, show: Show, pictures: DataBinding) -> None:
    panel = show(pictures)
    assert not panel.bar.augmented.isEnabled()
    assert "data panel" in panel.bar.augmented.toolTip()
    edit(qtbot, panel, with_field(pictures, "image", augment={"rotate": {}}))
    plain = pixels(panel)
    panel.bar.augmented.click()
    settled(qtbot, panel)
    first = pixels(panel)
    panel.bar.epoch.stepUp()
    assert panel.loader.row(0) is not None, "the old samples stay until the new ones are there"
    settled(qtbot, panel)
    second = pixels(panel)
    assert not np.array_equal(plain, first)
    assert not np.array_equal(first, second)
    panel.bar.epoch.stepDown()
    settled(qtbot, panel)
    assert np.array_equal(first, pixels(panel))
    choose(qtbot, panel, "validation")
    assert "training" in panel.bar.augmented.toolTip()


def pixels(panel: SamplesPanel) -> np.ndarray:
    row = panel.loader.row(0)
    assert row is not None
    shown = row.cells["image"].shown
    assert isinstance(shown, Picture)
    return shown.pixels


def test_an_image_that_cannot_be_read_is_named(qtbot: QtBot, show: Show, pictures: DataBinding) -> None:
    broken = Path(str(pictures.options["path"])) / "dog" / "4.png"
    data = broken.read_bytes()
    broken.write_bytes(data[:60] + bytes(len(data) - 80) + data[-20:])  # its end is that of a whole file
    panel = show(pictures)
    choose(qtbot, panel, "all")
    rows = [row for place in range(20) if (row := panel.loader.row(place)) is not None]
    bad = next(row for row in rows if row.problems)
    assert "4.png" in panel.grid.tip(bad, QRectF(), QPoint())
    assert f"Row {bad.row + 1}" in panel.grid.tip(bad, QRectF(), QPoint())
    look(qtbot, panel, "table")
    column = [each.field.name for each in panel.model.fields].index("image")
    assert cell(panel, bad.row, column) == "cannot be read"


def test_masks_lie_over_their_images_as_opaque_as_wanted(qtbot: QtBot, show: Show) -> None:
    panel = show(bind("shapes", {}))
    assert [word for _colour, word in panel.legend.classes] == ["background", "circle", "square", "triangle"]
    assert panel.legend.isVisible()

    def painted() -> object:
        return panel.grid.viewport().grab(panel.grid.area_of(0)).toImage()

    half = painted()
    panel.bar.opacity.setValue(100)
    full = painted()
    assert half != full
    width = panel.grid.area_of(0).width()
    panel.bar.overlay.click()
    assert panel.grid.area_of(0).width() > width, "the mask stands beside its image"
    assert not panel.bar.opacity.isVisible()


def test_a_token_tells_its_index_and_whether_it_is_known(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    lines = [f"the cat {row} sat on the mat and slept well,{('yes', 'no')[row % 2]}" for row in range(60)]
    path.write_text("\n".join(["text,answer", *lines]))
    data = with_field(bind("csv", {"path": str(path)}), "text", meaning="text", options={"rare": 5}, encoding="word")
    panel = show(data)
    look(qtbot, panel, "texts")
    row = panel.loader.row(0)
    assert row is not None
    shown = row.cells["text"].shown
    assert isinstance(shown, Tokens)
    area = QRectF(panel.texts.area_of(0))
    room = panel.texts.room(area)
    first = panel.texts.tip(row, area, QPoint(int(room.left()) + 6, int(room.top()) + 6))
    assert first == f"Token 1: “the”, index {shown.tokens[0].index}"
    tips = {panel.texts.tip(row, area, QPoint(int(room.left()) + x, int(room.top()) + 6)) for x in range(0, 200, 4)}
    assert "Token 3: not in the vocabulary, index 1" in tips


# --- one sample -------------------------------------------------------------------------------------------------------


def test_a_double_click_shows_a_sample_before_and_after(qtbot: QtBot, show: Show, pictures: DataBinding) -> None:
    panel = show(pictures)
    place = panel.grid.area_of(1).center()
    qtbot.mouseDClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    dialog = opened(qtbot, panel)
    row = panel.loader.row(1)
    assert row is not None
    assert dialog.title.text() == f"Row {row.row + 1:,}"
    shapes = [box.shown.pixels.shape for box in dialog.boxes() if isinstance(box.shown, Picture)]
    assert len(shapes) == 2, "as read, and as the network gets it"
    assert f"{shapes[0][1]} × {shapes[0][0]}" == row.cells["image"].raw
    qtbot.keyClick(dialog, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: not dialog.busy, timeout=WAIT)
    following = panel.loader.row(2)
    assert following is not None
    assert dialog.title.text() == f"Row {following.row + 1:,}"
    dialog.close()


@pytest.mark.parametrize("source", ["tones", "adding", "copying", "shapes", "iris"])
def test_enter_opens_the_current_sample_of_every_view(qtbot: QtBot, show: Show, source: str) -> None:
    panel = show(bind(source, {}))
    panel.view.show_place(3)
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    dialog = opened(qtbot, panel)
    row = panel.loader.row(3)
    assert row is not None
    assert dialog.title.text() == f"Row {row.row + 1:,}"
    dialog.grab()
    dialog.close()


def test_a_long_text_is_shown_whole(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    lines = [f"{' '.join(f'word{(row * each) % 50}' for each in range(150))},{'yn'[row % 2]}" for row in range(60)]
    path.write_text("\n".join(["text,answer", *lines]))
    panel = show(bind("csv", {"path": str(path)}))
    assert panel.bar.view_name == "texts"
    panel.open_sample(0)
    dialog = opened(qtbot, panel)
    box = dialog.boxes()[-1]
    assert isinstance(box.shown, Tokens)
    assert len(box.shown.tokens) == 150
    dialog.resize(560, 400)
    qtbot.waitUntil(lambda: box.height() > 200, timeout=WAIT)
    area = QRectF(box.rect()).adjusted(1, 1, -1, -1)
    placed = laid_out(box.shown, area, QFontMetricsF(box.font()))
    assert [each.token for each in placed] == list(box.shown.tokens)
    dialog.close()


def test_the_arrow_keys_go_from_image_to_image(qtbot: QtBot, show: Show) -> None:
    panel = show(bind("digits", {}))
    panel.grid.setFocus()
    columns = panel.grid.columns
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(panel.grid, key)
    assert panel.grid.current == 2 * columns
    qtbot.keyClick(panel.grid, Qt.Key.Key_End)
    settled(qtbot, panel)
    assert panel.grid.current == panel.loader.count - 1 > 10 * PAGE
    row = panel.loader.row(panel.grid.current)
    assert row is not None
    assert f"Row {row.row + 1:,}" in panel.grid.accessibleDescription()
    QApplication.processEvents()
