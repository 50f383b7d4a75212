"""What differs between runs, as a table and on the canvas."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.graph.edits import GroupNodes, ReplaceProject, SetParameters
from core.training.runs import Run
from designer.canvas.view import CanvasView
from designer.runs.compare import CompareDialog
from designer.runs.marks import Ghost, NodeMark, WireMark, paint_sign
from designer.runs.on_canvas import CanvasDifference
from designer.runs.panel import RunsPanel
from designer.session import Session

from .conftest import WAIT, changed, choose


@pytest.fixture
def dialog(qtbot: QtBot, panel: RunsPanel) -> CompareDialog:
    choose(panel, "one", "three")
    made = panel.compare()
    qtbot.waitUntil(lambda: made.tree.topLevelItemCount() > 0, timeout=WAIT)
    return made


def lines(dialog: CompareDialog) -> set[str]:
    return {row.name for row in dialog.rows}


def test_only_what_differs_is_listed_until_all_is_asked_for(dialog: CompareDialog) -> None:
    assert {"optimizer", "learning_rate", "batch_size", "linear1"} <= lines(dialog)
    assert "seed" not in lines(dialog)
    dialog.all_rows.click()
    assert "seed" in lines(dialog)
    sections = [dialog.tree.topLevelItem(at).text(0) for at in range(dialog.tree.topLevelItemCount())]  # type: ignore[union-attr]
    assert sections[:3] == ["Results", "Training", "Data"]
    dialog.close()


def test_the_table_is_copied_as_markdown_and_csv(dialog: CompareDialog) -> None:
    buttons = {each.text(): each for each in dialog.findChildren(QPushButton)}
    buttons["Copy as Markdown"].click()
    text = QGuiApplication.clipboard().text()
    assert text.splitlines()[1] == "| --- | --- | --- |"
    assert any("optimizer" in line and "Adam" in line and "SGD" in line for line in text.splitlines())
    buttons["Copy as CSV"].click()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    [found] = [row for row in rows if row["name"] == "optimizer"]
    assert {found["one"], found["three"]} == {"Adam", "SGD"}
    dialog.close()


def test_runs_that_are_alike_say_so(qtbot: QtBot, session: Session, runs: Path, panel: RunsPanel) -> None:
    dialog = CompareDialog([runs / "one", runs / "one"], session, panel)
    dialog.show()
    qtbot.waitUntil(lambda: "do not differ" in dialog._empty.text(), timeout=WAIT)
    dialog.close()


def test_a_run_that_is_damaged_is_named(qtbot: QtBot, session: Session, runs: Path, panel: RunsPanel) -> None:
    (runs / "one" / "project.layerwright").unlink()
    dialog = CompareDialog([runs / "one", runs / "two"], session, panel)
    dialog.show()
    qtbot.waitUntil(lambda: "project.layerwright" in dialog._empty.text(), timeout=WAIT)
    dialog.close()


@pytest.fixture
def difference(canvas: CanvasView, session: Session, runs: Path) -> CanvasDifference:
    project = Run.open(runs / "one").project()
    session.apply(ReplaceProject(changed(session.project), "Change"))
    return CanvasDifference(canvas, project, "one")


def marks(canvas: CanvasView) -> dict[str, list[str]]:
    items = canvas.canvas.items()
    return {
        "nodes": sorted(f"{each.fate} {each.node.name}" for each in items if isinstance(each, NodeMark)),
        "ghosts": sorted(each.face.node.name for each in items if isinstance(each, Ghost)),
        "wires": sorted(each.fate for each in items if isinstance(each, WireMark)),
    }


def test_nodes_and_wires_are_marked_and_what_is_gone_is_a_ghost(
    canvas: CanvasView, difference: CanvasDifference
) -> None:
    found = marks(canvas)
    assert found["nodes"] == ["added tanh1", "changed linear1"]
    assert found["ghosts"] == ["relu1"]
    assert set(found["wires"]) == {"added", "changed", "removed"}
    assert "relu1" in difference.legend.remark.text()
    assert difference.legend.lines["added"].text() == "only here: 1 node, 1 wire"
    difference.leave()


def test_esc_leaves_and_nothing_stays(qtbot: QtBot, canvas: CanvasView, difference: CanvasDifference) -> None:
    with qtbot.waitSignal(difference.left):
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert marks(canvas) == {"nodes": [], "ghosts": [], "wires": []}
    assert not difference.legend.isVisible()


def test_the_marks_follow_edits_and_undo(
    qtbot: QtBot, canvas: CanvasView, session: Session, difference: CanvasDifference
) -> None:
    session.document.undo()
    qtbot.waitUntil(lambda: marks(canvas) == {"nodes": [], "ghosts": [], "wires": []}, timeout=WAIT)
    assert "same" in difference.legend.remark.text()
    session.select(["relu1"])
    canvas.delete()
    qtbot.waitUntil(lambda: marks(canvas)["ghosts"] == ["relu1"], timeout=WAIT)
    difference.leave()


def test_a_node_that_is_dragged_takes_its_mark_along_and_ghosts_cannot_be_clicked(
    qtbot: QtBot, canvas: CanvasView, difference: CanvasDifference
) -> None:
    node = canvas.canvas.nodes["tanh1"]
    [mark] = [each for each in canvas.canvas.items() if isinstance(each, NodeMark) and each.node is node]
    node.setPos(node.pos().x() + 200, node.pos().y())
    qtbot.waitUntil(lambda: mark.pos() == node.pos())
    [ghost] = [each for each in canvas.canvas.items() if isinstance(each, Ghost)]
    assert canvas.canvas.node_at(ghost.sceneBoundingRect().center()) is None
    difference.leave()


def test_inside_a_group_that_the_run_had_not_all_is_new(
    canvas: CanvasView, session: Session, difference: CanvasDifference
) -> None:
    assert session.apply(GroupNodes(frozenset({"linear1", "tanh1"}), "Block", "block1"))
    assert session.open_group("block1")
    assert {"added linear1", "added tanh1"} <= set(marks(canvas)["nodes"])
    assert "no group Block" in difference.legend.remark.text()
    session.leave_group()
    assert "added block1" in marks(canvas)["nodes"]
    difference.leave()


def test_inside_a_group_its_own_difference_is_marked(canvas: CanvasView, session: Session) -> None:
    assert session.apply(GroupNodes(frozenset({"linear1", "relu1"}), "Block", "block1"))
    difference = CanvasDifference(canvas, session.project, "before")
    assert marks(canvas)["nodes"] == []
    assert session.open_group("block1")
    assert session.apply_here(SetParameters({"linear1": {"out_features": 9}}))
    difference.refresh()
    assert marks(canvas)["nodes"] == ["changed linear1"]
    session.leave_group()
    assert marks(canvas)["nodes"] == ["changed block1"]
    difference.leave()


def test_the_three_signs_look_different_without_colour(qtbot: QtBot, difference: CanvasDifference) -> None:
    pictures = []
    for fate in ("added", "changed", "removed"):
        pixmap = QPixmap(24, 24)
        pixmap.fill(Qt.GlobalColor.white)
        painter = QPainter(pixmap)
        paint_sign(painter, QPointF(12, 12), fate)
        painter.end()
        image = pixmap.toImage()
        background = image.pixelColor(5, 12).name()
        shape = [image.pixelColor(x, y).name() == background for x in range(24) for y in range(24)]
        pictures.append(tuple(shape))
    assert len(set(pictures)) == 3
    difference.leave()


def test_the_difference_is_asked_for_in_the_list_and_a_view_that_is_closed_ends_it(
    qtbot: QtBot, panel: RunsPanel, canvas: CanvasView
) -> None:
    choose(panel, "three")
    panel.actions_by_name["difference"].trigger()
    qtbot.waitUntil(lambda: panel.difference is not None, timeout=WAIT)
    assert marks(canvas)["nodes"] == ["changed linear1"]
    panel.show_difference()
    first = panel.difference
    qtbot.waitUntil(lambda: panel.difference is not first, timeout=WAIT)
    assert marks(canvas)["nodes"] == ["changed linear1"]
    assert panel.difference is not None
    panel.difference.deleteLater()
    qtbot.waitUntil(lambda: panel.difference is None, timeout=WAIT)


def test_results_and_settings_are_called_as_in_the_list_of_runs_and_the_training_panel(dialog: CompareDialog) -> None:
    dialog.all_rows.click()
    top = {dialog.tree.topLevelItem(at).text(0): dialog.tree.topLevelItem(at) for at in range(3)}  # type: ignore[union-attr]
    results, training = top["Results"], top["Training"]
    shown = {results.child(at).text(0): results.child(at).text(1) for at in range(results.childCount())}  # type: ignore[union-attr]
    assert {"Status", "Epochs", "Loss", "Time"} <= set(shown)
    accuracy = next(text for name, text in shown.items() if name.startswith("Accuracy"))
    assert accuracy.endswith(" %")
    assert "Learning rate" in {training.child(at).text(0) for at in range(training.childCount())}  # type: ignore[union-attr]
    dialog.close()
