"""Choosing data: search, files, folders, dropping, options, progress, cancel, and what cannot be read."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.data.source import Column, RawData, SourceKind
from core.data.sources import sources
from core.data.wiring import bind_edit
from core.graph.project import DataBinding, Project
from core.kinds import Parameter, Value
from core.progress import report
from designer.data.source_kinds import GROUPS, grouped_sources
from designer.session import Session

from .conftest import WAIT, Make, classifier, drop, settled

Open = Callable[..., Session]


def test_every_source_is_offered_in_a_group_with_a_line_about_it(make: Make, open_session: Open) -> None:
    panel = make(open_session(Project()))
    assert panel.empty.isVisible()
    assert {row.objectName() for row in panel.empty.rows} == {f"source_{kind.id}" for kind in sources}
    assert all(row.toolTip() and row.accessibleDescription() for row in panel.empty.rows)
    groups = {group: {kind.id for kind in kinds} for group, kinds in grouped_sources()}
    assert set(groups) == set(GROUPS)
    assert {"csv", "parquet", "npz"} <= groups["files"]
    assert {"images", "audio", "image_masks"} <= groups["folders"]
    assert {"digits", "iris"} <= groups["bundled"]
    assert "moons" in groups["generated"]
    assert groups["hub"] == {"hub"}


def test_typing_narrows_the_sources_and_enter_takes_the_first(qtbot: QtBot, make: Make, open_session: Open) -> None:
    session = open_session(classifier(classes=3))
    panel = make(session)
    panel.empty.search.setFocus()
    qtbot.keyClicks(panel.empty.search, "flowers")
    assert [row.kind.id for row in panel.empty.rows if row.isVisible()] == ["iris"]
    qtbot.keyClick(panel.empty.search, Qt.Key.Key_Return)
    settled(qtbot, panel)
    assert session.project.data.source == "iris"


def test_one_click_binds_digits_and_wires_the_network(qtbot: QtBot, make: Make, open_session: Open) -> None:
    session = open_session(classifier(classes=10))
    panel = make(session)
    qtbot.mouseClick(panel.empty.findChild(QToolButton, "source_digits"), Qt.MouseButton.LeftButton)
    settled(qtbot, panel)
    assert session.project.graph.nodes["features"].params["fields"] == ("image",)
    assert session.project.graph.nodes["answer"].params["target"] == "digit"
    assert "1,797 rows" in panel.card.summary.text()
    session.document.undo()
    assert session.project == classifier(classes=10)
    assert panel.empty.isVisible()


def test_other_data_can_be_looked_for_and_left_alone(qtbot: QtBot, make: Make, open_session: Open) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    settled(qtbot, panel)
    before = session.project
    qtbot.mouseClick(panel.card.findChild(QPushButton, "data_change"), Qt.MouseButton.LeftButton)
    assert panel.empty.isVisible()
    qtbot.mouseClick(panel.empty.findChild(QToolButton, "data_back"), Qt.MouseButton.LeftButton)
    assert panel.card.isVisible()
    assert session.project == before


def test_a_folder_of_images_is_bound_by_dropping_it(
    qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path
) -> None:
    for number in range(12):
        folder = tmp_path / "shapes" / ("light" if number % 2 else "dark")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((9 + number, 12, 3), 20 * number, dtype=np.uint8)).save(folder / f"{number}.png")
    session = open_session(classifier(classes=2), tmp_path / "net.layerwright")
    panel = make(session)
    assert drop(panel, tmp_path / "shapes")
    settled(qtbot, panel)
    assert session.project.data.source == "images"
    assert session.project.data.options == {"path": "shapes"}
    assert panel._preview is not None
    assert panel._preview.facts["image"].measure == "brightness"


def test_what_no_source_reads_is_told_and_changes_nothing(
    qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path
) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    settled(qtbot, panel)
    before = session.project
    odd = tmp_path / "program.exe"
    odd.write_bytes(b"MZ\0\1" * 40)
    assert drop(panel, odd)
    assert "program.exe" in panel.notice.text()
    assert session.project == before
    assert not drop(panel, tmp_path / "not there")


@pytest.mark.parametrize(("content", "told"), [("a,b\n1,2\n1,2,3\n", "broken"), ("a,b\n", "no rows"), ("", "empty")])
def test_a_broken_table_is_told_beside_its_path_and_the_old_data_stays(
    qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path, content: str, told: str
) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    settled(qtbot, panel)
    before = session.project
    path = tmp_path / "broken.csv"
    path.write_text(content)
    panel.bind_file(path)
    qtbot.waitUntil(lambda: bool(panel.card.notice.text()) and not panel.busy, timeout=WAIT)
    assert told in panel.card.notice.text()
    assert session.project == before
    assert panel.card.path.text() == str(path)
    panel.split.seed.setValue(7)
    settled(qtbot, panel)
    assert panel.card.path.text() == str(path)
    assert told in panel.card.notice.text()
    session.document.undo()
    panel.card.keep.click()
    assert panel.card.notice.text() == ""
    assert panel.card._title.text() == "Iris flowers"
    settled(qtbot, panel)
    path.write_text("a,b\n" + "1,x\n2,y\n" * 10)
    panel.bind_file(path)
    qtbot.waitUntil(lambda: session.project.data.source == "csv" and not panel.busy, timeout=WAIT)
    assert panel.card.notice.text() == ""


def test_a_reader_that_is_not_installed_is_told_with_its_command_to_copy(
    qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "h5py":
            raise ImportError(name)
        return real(name, *arguments, **named)

    for name in [each for each in sys.modules if each.partition(".")[0] == "h5py"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(builtins, "__import__", without)
    path = tmp_path / "set.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    panel = make(open_session(classifier()))
    panel.bind_file(path)
    qtbot.waitUntil(lambda: bool(panel.card.notice.text()) and not panel.busy, timeout=WAIT)
    assert panel.card.notice.copy.isVisible()
    panel.card.notice.copy.click()
    assert QGuiApplication.clipboard().text() == "pip install layerwright[data]"
    assert panel.card.notice.copy.text() == "Copied"


def test_options_of_a_source_bind_it_again_and_keep_what_was_chosen(
    qtbot: QtBot, make: Make, open_session: Open
) -> None:
    session = open_session(classifier(bind("moons", {}), classes=2))
    panel = make(session)
    settled(qtbot, panel)
    panel.settings.encoding[1].textActivated.emit("min-max")
    assert session.project.data.fields[0].encoding == "min-max"
    samples = panel.card.form.editors["samples"].findChild(QLineEdit)
    assert isinstance(samples, QLineEdit)
    samples.setFocus()
    samples.selectAll()
    qtbot.keyClicks(samples, "120")
    qtbot.waitUntil(lambda: session.project.data.options.get("samples") == 120, timeout=WAIT)
    qtbot.waitUntil(lambda: "96 training" in panel.split.counts_text and not panel.busy, timeout=WAIT)
    assert session.project.data.fields[0].encoding == "min-max"
    session.document.undo()
    assert session.project.data.options == {}
    settled(qtbot, panel)


def test_words_are_read_only_once_they_are_confirmed(qtbot: QtBot, make: Make, open_session: Open, table: Path) -> None:
    session = open_session(classifier(bind("csv", {"path": str(table)}), classes=2))
    panel = make(session)
    settled(qtbot, panel)
    panel.card.findChild(QToolButton, "data_options").click()
    words = panel.card.form.editors["missing_words"].findChild(QLineEdit)
    assert isinstance(words, QLineEdit)
    words.setFocus()
    words.selectAll()
    qtbot.keyClicks(words, "red")
    assert not panel.busy
    qtbot.keyClick(words, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.project.data.options.get("missing_words") == "red", timeout=WAIT)
    settled(qtbot, panel)
    assert panel._preview is not None
    assert panel._preview.facts["colour"].missing == 8


def test_a_source_that_needs_more_than_a_click_waits_for_it(qtbot: QtBot, make: Make, open_session: Open) -> None:
    session = open_session(classifier())
    panel = make(session)
    panel.choose_source("hub")
    assert panel.card.isVisible()
    assert not panel.busy
    assert "needed" in panel.card.summary.text()
    assert session.project.data.source == ""


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> str:
    """A source that reads for as long as nobody cancels it, and tells how far it is."""

    def read(_options: Mapping[str, Value], _base: Path | None) -> RawData:
        step = 0
        while True:
            step += 1
            report(step % 100, 100, "reading slowly")

    kind = SourceKind("slow", "Slow", "Never ends.", read, (Parameter("number", "int", 0, "Which one."),))
    monkeypatch.setitem(sources.entries, "slow", kind)
    return "slow"


def test_reading_shows_how_far_it_is_and_can_be_cancelled(
    qtbot: QtBot, make: Make, open_session: Open, slow: str
) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    settled(qtbot, panel)
    before = session.project
    panel.bind_source(slow, {})
    qtbot.waitUntil(lambda: panel.work.isVisible() and panel.work.text.text() == "Reading slowly", timeout=WAIT)
    assert panel.work.bar.maximum() > 0
    qtbot.mouseClick(panel.work.findChild(QToolButton, "data_cancel"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel.work.isVisible(), timeout=WAIT)
    settled(qtbot, panel)
    assert session.project == before
    assert panel.card._title.text() == "Iris flowers"


def test_a_table_with_a_note_shows_it(qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes("size;name\n1,5;Käse\n2,5;Brot\n".encode("latin-1") + "3,5;Käse\n".encode("latin-1") * 6)
    panel = make(open_session(classifier(classes=2)))
    panel.bind_file(path)
    settled(qtbot, panel)
    assert panel._preview is not None
    assert panel.card.notes.isVisible() == bool(panel._preview.notes)
    assert panel.card.notes.text().replace("\u200b", "") == "\n".join(panel._preview.notes)


def test_a_panel_that_is_closed_while_reading_leaves_no_thread(make: Make, open_session: Open) -> None:
    panel = make(open_session(classifier()))
    panel.choose_source("breast_cancer")
    assert panel.busy


def test_removing_data_is_one_step(qtbot: QtBot, make: Make, open_session: Open) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    settled(qtbot, panel)
    before = session.project
    qtbot.mouseClick(panel.card.findChild(QToolButton, "data_remove"), Qt.MouseButton.LeftButton)
    assert panel.empty.isVisible()
    session.document.undo()
    assert session.project == before
    assert panel.card.isVisible()
    settled(qtbot, panel)


def test_a_source_without_options_is_a_bundled_set(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = RawData({"x": Column(np.arange(3.0), "number")})
    kind = SourceKind("bare", "Bare", "Without options.", lambda _options, _base: raw)
    monkeypatch.setitem(sources.entries, "bare", kind)
    assert "bare" in {each.id for each in dict(grouped_sources())["bundled"]}


def test_a_file_that_has_changed_is_read_again_and_the_differences_are_told(
    qtbot: QtBot, make: Make, open_session: Open, table: Path
) -> None:
    session = open_session(classifier(bind("csv", {"path": str(table)}), classes=2))
    panel = make(session)
    settled(qtbot, panel)
    panel.table.select_names(["size"])
    panel.settings.encoding[1].textActivated.emit("min-max")
    before = session.project
    head, *rows = table.read_text().splitlines()
    table.write_text("\n".join([f"{head},extra", *(f"{row},{place}" for place, row in enumerate(rows * 2))]) + "\n")
    button = panel.card.findChild(QToolButton, "data_reread")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "40 rows" in panel.card.summary.text() and not panel.busy, timeout=WAIT)
    assert "'extra' is new" in panel.card.notes.text()
    found = session.project.data.field("size")
    assert found is not None
    assert found.encoding == "min-max"
    session.document.undo()
    assert session.project == before
    settled(qtbot, panel)
    told: list[str] = []
    session.told.connect(told.append)
    session.document.redo()
    settled(qtbot, panel)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    settled(qtbot, panel)


def test_a_choice_that_was_not_finished_can_be_left(qtbot: QtBot, make: Make, open_session: Open) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    settled(qtbot, panel)
    panel.choose_source("hub")
    assert panel.card.keep.isVisible()
    panel.card.keep.click()
    assert panel.card._title.text() == "Iris flowers"
    settled(qtbot, panel)
    session.apply(bind_edit(session.project, DataBinding(), "Remove data"))
    panel.choose_source("hub")
    assert not panel.card.keep.isVisible()
    qtbot.mouseClick(panel.card.findChild(QToolButton, "data_remove"), Qt.MouseButton.LeftButton)
    assert panel.empty.isVisible()
