"""Augmentation of a field: switches and options as edits, and samples before and after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from designer.data.augment_strip import as_image
from designer.data.panel import DataPanel
from designer.session import Session

from .conftest import Make, classifier, field_of, settled

Open = Callable[..., Session]


@pytest.fixture
def digits(qtbot: QtBot, make: Make, open_session: Open) -> DataPanel:
    panel = make(open_session(classifier(bind("digits", {}), classes=10)))
    settled(qtbot, panel)
    return panel


def switch(qtbot: QtBot, panel: DataPanel, kind: str) -> None:
    box = panel.settings.augment.rows[kind].box
    place = box.rect().center()
    place.setX(8)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=place)
    settled(qtbot, panel)


def test_what_suits_an_image_is_offered_in_a_fixed_order(digits: DataPanel) -> None:
    form = digits.settings.augment
    shown = [box.text() for box in form.findChildren(QCheckBox) if box.objectName().startswith("augment_")]
    assert "Flip left and right" in shown
    assert "Rotate" in shown
    assert "Forget tokens" not in shown
    places = [form._column.itemAt(place).widget().objectName for place in range(form._column.count())]
    assert len(places) == len(form.rows)
    assert not form.strip.isVisible()


def test_a_switch_is_an_edit_and_shows_samples_before_and_after(qtbot: QtBot, digits: DataPanel) -> None:
    before = digits._session.project
    switch(qtbot, digits, "rotate")
    strip = digits.settings.augment.strip
    assert field_of(digits, "image").augment == {"rotate": {}}
    assert strip.isVisible()
    assert strip.shown is not None
    assert len(strip.shown.before) == len(strip.shown.after) == 4
    assert not np.array_equal(strip.shown.before[0], strip.shown.after[0])
    digits._session.document.undo()
    assert digits._session.project == before
    assert not strip.isVisible()
    settled(qtbot, digits)


def test_another_draw_shows_the_same_samples_changed_otherwise(qtbot: QtBot, digits: DataPanel) -> None:
    switch(qtbot, digits, "rotate")
    first = digits.settings.augment.strip.shown
    digits.settings.augment._again.click()
    settled(qtbot, digits)
    second = digits.settings.augment.strip.shown
    assert first is not None
    assert second is not None
    assert np.array_equal(first.before[0], second.before[0])
    assert not np.array_equal(first.after[0], second.after[0])


def test_typing_an_option_is_one_step(qtbot: QtBot, digits: DataPanel) -> None:
    switch(qtbot, digits, "rotate")
    line = digits.settings.augment.rows["rotate"].form.editors["degrees"].findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "45")
    assert field_of(digits, "image").augment == {"rotate": {"degrees": 45.0}}
    digits._session.document.undo()
    assert field_of(digits, "image").augment == {"rotate": {}}
    settled(qtbot, digits)


def test_several_fields_get_it_together_and_numbers_are_shown_as_text(
    qtbot: QtBot, make: Make, open_session: Open
) -> None:
    panel = make(open_session(classifier(bind("iris", {}))))
    settled(qtbot, panel)
    names = [field.name for field in panel.fields.fields]
    panel.table.select_names(names[:1])
    switch(qtbot, panel, "noise")
    panel.table.select_names(names[:2])
    assert panel.settings.augment.rows["noise"].box.checkState() is Qt.CheckState.PartiallyChecked
    switch(qtbot, panel, "noise")
    assert [field_of(panel, name).augment for name in names[:3]] == [{"noise": {}}, {"noise": {}}, {}]
    shown = panel.settings.augment.strip.shown
    assert shown is not None
    assert shown.form == "text"
    assert all(float(str(each)) > 0 for each in shown.before)
    panel.table.select_names(["species"])
    assert not panel.settings.augment.isVisible()


def test_only_one_way_of_blending_is_said_to_be_done(qtbot: QtBot, digits: DataPanel) -> None:
    switch(qtbot, digits, "mixup")
    assert not digits.settings.augment._mixing.isVisible()
    switch(qtbot, digits, "cutmix")
    assert digits.settings.augment._mixing.isVisible()


def test_an_encoding_that_an_augmentation_does_not_suit_takes_it_away(
    qtbot: QtBot, make: Make, open_session: Open
) -> None:
    panel = make(open_session(classifier(bind("tones", {}), classes=4)))
    settled(qtbot, panel)
    name = next(field.name for field in panel.fields.fields if field.meaning == "audio")
    panel.table.select_names([name])
    panel.settings.encoding[1].textActivated.emit("waveform")
    switch(qtbot, panel, "gain")
    switch(qtbot, panel, "noise")
    assert panel.settings.augment.strip.shown is not None
    assert panel.settings.augment.strip.shown.form == "curve"
    panel.settings.encoding[1].textActivated.emit("mel spectrogram")
    assert set(field_of(panel, name).augment) == {"noise"}
    assert "mels" in panel.settings.options.editors
    settled(qtbot, panel)
    assert panel.settings.augment.strip.shown.form == "picture"


def test_a_size_that_cannot_be_is_told_below_the_switches(
    qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path
) -> None:
    session = open_session(classifier(bind("digits", {}), classes=10))
    panel = make(session)
    settled(qtbot, panel)
    switch(qtbot, panel, "flip")
    panel.settings.change_requested.emit(lambda field: _shaped(field), "")
    settled(qtbot, panel)
    assert panel.settings.augment.problem.isVisible()


def _shaped(field: object) -> object:
    from dataclasses import replace

    from core.graph.project import Field

    assert isinstance(field, Field)
    return replace(field, shape=(8, 8))


def test_images_of_bytes_become_pictures_with_their_pixels() -> None:
    grey = as_image(np.arange(6, dtype=np.uint8).reshape(2, 3))
    assert (grey.width(), grey.height()) == (3, 2)
    assert grey.pixelColor(2, 1).red() == 5
    colour = as_image(np.array([[[255, 0, 7]]], dtype=np.uint8))
    assert colour.pixelColor(0, 0).getRgb()[:3] == (255, 0, 7)
