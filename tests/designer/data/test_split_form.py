"""The split and the sampling: every method, what it needs, what comes of it, windows, balance and weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.project import DataBinding, Role, Split, SplitMethod
from designer.data.fields_model import FieldColumn
from designer.data.panel import DataPanel
from designer.data.split_form import _METHODS
from designer.session import Session

from .conftest import WAIT, Make, classifier, settled

Open = Callable[..., Session]


@pytest.fixture
def iris(qtbot: QtBot, make: Make, open_session: Open) -> DataPanel:
    panel = make(open_session(classifier(bind("iris", {}))))
    settled(qtbot, panel)
    return panel


def pick(panel: DataPanel, method: SplitMethod) -> None:
    panel.split.method.setCurrentIndex(_METHODS.index(method))
    panel.split.method.activated.emit(_METHODS.index(method))


def table(folder: Path, roles: Mapping[str, Role], split: Split) -> DataBinding:
    rows = [
        f"{row % 7}.5,patient{row // 4},{('train', 'train', 'train', 'test')[row % 4]},{row},{('a', 'b')[row % 2]}"
        for row in range(40)
    ]
    path = folder / "visits.csv"
    path.write_text("size,patient,part,day,answer\n" + "\n".join(rows) + "\n")
    binding = bind("csv", {"path": str(path)})
    fields = tuple(replace(each, role=roles.get(each.name, "ignore")) for each in binding.fields)
    return replace(binding, fields=fields, split=split)


def test_dragging_a_share_is_one_undo_step_and_the_counts_follow(qtbot: QtBot, iris: DataPanel) -> None:
    for share in (25, 30, 40):
        iris.split.validation.setValue(share)
    assert iris._session.project.data.split.validation == 0.4
    qtbot.waitUntil(lambda: "90 training · 60 validation" in iris.split.counts_text, timeout=WAIT)
    iris._session.document.undo()
    assert iris.split.validation.value() == 20
    qtbot.waitUntil(lambda: "120 training" in iris.split.counts_text and not iris.busy, timeout=WAIT)


def test_bars_show_each_class_in_each_part(iris: DataPanel) -> None:
    rows = iris.split.classes.rows
    assert [row.counts for row in rows] == [(40, 10, 0)] * 3
    assert rows[0].text == "40 / 10"
    assert "40 training · 10 validation" in iris.split.classes.tip_at(QPoint(5, 5))


def test_an_impossible_split_is_told_beside_it_and_the_fields_stay(qtbot: QtBot, iris: DataPanel) -> None:
    iris.split.validation.setValue(90)
    iris.split.test.setValue(20)
    qtbot.waitUntil(lambda: "training" in iris.split.problem.text(), timeout=WAIT)
    assert iris.split.problem.isVisible()
    assert not iris.field_problem.isVisible()
    assert len(iris.fields.fields) == 5
    settled(qtbot, iris)


def test_folds_have_their_own_settings(qtbot: QtBot, iris: DataPanel) -> None:
    assert not iris.split.folds.isVisible()
    pick(iris, "k-fold")
    assert iris.split.folds.isVisible()
    assert not iris.split.validation.isVisible()
    iris.split.folds.setValue(10)
    iris.split.fold.setValue(10)
    assert iris._session.project.data.split == Split("k-fold", 0.2, folds=10, fold=9)
    assert iris.split.fold.text() == "10 of 10"
    iris.split.folds.setValue(3)
    assert iris._session.project.data.split.fold == 2
    qtbot.waitUntil(lambda: "100 training · 50 validation" in iris.split.counts_text, timeout=WAIT)
    settled(qtbot, iris)


def test_a_method_without_its_role_offers_the_fields_that_can_have_it(
    qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path
) -> None:
    data = table(tmp_path, {"size": "input", "answer": "target"}, Split("random"))
    panel = make(open_session(classifier(data, classes=2)))
    settled(qtbot, panel)
    pick(panel, "group")
    assert panel.split.lacking.isVisible()
    assert "group" in panel.split.lacking.text()
    panel.split._fill_menu()
    action = next(each for each in panel.split.menu.actions() if each.text() == "patient")
    assert action.isEnabled()
    action.trigger()
    assert [field.name for field in panel._session.project.data.with_role("group")] == ["patient"]
    assert not panel.split.lacking.isVisible()
    qtbot.waitUntil(lambda: "32 training · 8 validation" in panel.split.counts_text, timeout=WAIT)
    panel._session.document.undo()
    assert panel.split.lacking.isVisible()
    settled(qtbot, panel)


def test_a_split_by_column_says_which_class_a_part_lacks(
    qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path
) -> None:
    data = table(tmp_path, {"size": "input", "answer": "target", "part": "split"}, Split("column", 0.0))
    panel = make(open_session(classifier(data, classes=2)))
    settled(qtbot, panel)
    assert panel.split.validation.isVisible()
    assert not panel.split.test.isVisible()
    assert "30 training · 0 validation · 10 test" in panel.split.counts_text
    lacking = {row.name: row.lacking for row in panel.split.classes.rows}
    assert lacking == {"a": "no sample in test", "b": ""}
    assert "'a'" in panel.split.notes.text()
    assert "no sample in test" in panel.split.classes.tip_at(QPoint(5, 5))
    panel.split.validation.setValue(20)
    qtbot.waitUntil(lambda: "24 training · 6 validation · 10 test" in panel.split.counts_text, timeout=WAIT)
    settled(qtbot, panel)


def test_a_column_that_names_all_parts_leaves_nothing_to_choose(
    qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path
) -> None:
    path = tmp_path / "parts.csv"
    rows = [f"{row % 7}.5,{('train', 'val', 'test')[row % 3]},{('a', 'b')[row % 2]}" for row in range(30)]
    path.write_text("size,part,answer\n" + "\n".join(rows) + "\n")
    panel = make(open_session(classifier(bind("csv", {"path": str(path)}), classes=2)))
    settled(qtbot, panel)
    assert panel._session.project.data.split.method == "column"
    assert not any(box.isVisible() for box in (panel.split.validation, panel.split.test, panel.split.seed))
    assert "10 training · 10 validation · 10 test" in panel.split.counts_text


def test_windows_are_offered_for_numbers_and_divide_by_time(qtbot: QtBot, iris: DataPanel) -> None:
    before = iris._session.project
    assert iris.sampling.windows.isVisible()
    assert not iris.sampling.length.isVisible()
    iris.sampling.windows.click()
    iris.sampling.length.setValue(4)
    iris.sampling.length.setValue(5)
    iris.sampling.horizon.setValue(2)
    iris.sampling.stride.setValue(3)
    window = iris._session.project.data.window
    assert (window.length, window.horizon, window.stride) == (5, 2, 3)
    assert "as they stand" in iris.sampling.order.text()
    qtbot.waitUntil(lambda: not iris.busy and "by time" in iris.split.notes.text(), timeout=WAIT)
    for _step in range(4):
        iris._session.document.undo()
    assert iris._session.project == before
    settled(qtbot, iris)


def test_windows_are_not_offered_for_images(qtbot: QtBot, make: Make, open_session: Open) -> None:
    panel = make(open_session(classifier(bind("digits", {}), classes=10)))
    settled(qtbot, panel)
    assert not panel.sampling.windows.isVisible()


def test_classes_can_be_drawn_equally_often(qtbot: QtBot, iris: DataPanel) -> None:
    iris.sampling.sampling.activated.emit(1)
    assert iris._session.project.data.sampling == "balanced"
    assert iris.sampling.sampling.currentIndex() == 1
    iris._session.document.undo()
    assert iris.sampling.sampling.currentIndex() == 0
    settled(qtbot, iris)


def test_there_is_nothing_to_balance_without_classes(qtbot: QtBot, make: Make, open_session: Open) -> None:
    panel = make(open_session(classifier(bind("diabetes", {}), classes=1)))
    settled(qtbot, panel)
    assert not panel.sampling.sampling.isVisible()
    assert panel.split.classes.rows == ()


def test_rows_that_are_left_out_are_counted(qtbot: QtBot, make: Make, open_session: Open, tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("x,y\n" + "1,a\n2,b\n,a\n4,b\n" * 10)
    panel = make(open_session(classifier(bind("csv", {"path": str(path)}), classes=2)))
    settled(qtbot, panel)
    panel.table.select_names(["x"])
    panel.settings.missing[1].textActivated.emit("drop row")
    qtbot.waitUntil(lambda: "10 left out" in panel.split.counts_text and not panel.busy, timeout=WAIT)
    assert "10 of 40 rows left out" in panel.split.notes.text()


def test_a_field_problem_is_told_with_the_fields(qtbot: QtBot, iris: DataPanel) -> None:
    rows = range(len(iris.fields.fields))
    iris.fields.change(list(rows), FieldColumn.ROLE, "ignore")
    qtbot.waitUntil(lambda: "nothing would be learnt" in iris.field_problem.text() and not iris.busy, timeout=WAIT)
    assert not iris.split.problem.isVisible()
