"""The outline: its rows, selection both ways, what can be done from it; and what is said to a screen reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLineEdit, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from core.graph.edits import RemoveNodes, SetMode
from core.graph.project import Node, Project
from designer.canvas.announcer import Announcer
from designer.canvas.view import CanvasView
from designer.outline.panel import OutlinePanel, row_of
from tests.designer.canvas.conftest import MakeCanvas, chain, end
from tests.designer.canvas.test_find import nested

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def outline_of(qtbot: QtBot, view: CanvasView) -> OutlinePanel:
    panel = OutlinePanel(view.session, lambda: view)
    qtbot.addWidget(panel)
    panel.resize(260, 500)
    panel.show()
    return panel


def names(panel: OutlinePanel) -> list[str]:
    return [row_of(item).name for item in panel.items()]


def spoken(panel: OutlinePanel) -> dict[str, str]:
    role = Qt.ItemDataRole.AccessibleTextRole
    return {row_of(item).name: str(item.data(0, role)) for item in panel.items()}


def item(panel: OutlinePanel, name: str, path: tuple[str, ...] = ()) -> QTreeWidgetItem:
    found = panel.item_of((path, name))
    assert found is not None
    return found


def test_rows_are_in_running_order_and_say_kind_shape_and_problems(checked: CanvasView, qtbot: QtBot) -> None:
    panel = outline_of(qtbot, checked)
    assert names(panel) == ["image", "conv1", "relu1", "flatten1"]
    assert spoken(panel)["conv1"] == "conv1, Conv2d, 32 · 3×3 · s1 p1, gives N × 32 × 8 × 8"
    checked.session.select(["image"])
    checked.delete()
    qtbot.waitUntil(lambda: "1 problem" in spoken(panel)["conv1"], timeout=30_000)
    described = item(panel, "conv1").data(0, Qt.ItemDataRole.AccessibleDescriptionRole)
    assert described
    interface = QAccessible.queryAccessibleInterface(panel)
    assert interface.text(QAccessible.Text.Name) == "Outline of the network"
    text = QAccessible.Text
    rows = [interface.child(at) for at in range(interface.childCount())]
    told = {row.text(text.Name): row.text(text.Description) for row in rows}
    assert told[spoken(panel)["conv1"]] == described


def test_groups_open_in_the_tree_and_follow_changes_inside(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(project=nested())
    panel = outline_of(qtbot, view)
    assert "conv_inside" not in names(panel)
    item(panel, "stage1").setExpanded(True)
    assert names(panel).count("conv_inside") == 1
    assert names(panel).index("x") == names(panel).index("stage1") + 1
    view.session.open_group("stage1")
    view.session.apply_here(SetMode(frozenset(("conv_inside",)), "bypass"))
    inside = ("stage1",)
    qtbot.waitUntil(lambda: "bypassed" in row_of(item(panel, "conv_inside", inside)).spoken)
    view.session.document.undo()
    qtbot.waitUntil(lambda: "bypassed" not in row_of(item(panel, "conv_inside", inside)).spoken)


def test_selection_goes_both_ways_and_into_groups(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(project=nested())
    panel = outline_of(qtbot, view)
    view.session.select(["conv1", "relu1"])
    assert {row_of(each).name for each in panel.selectedItems()} == {"conv1", "relu1"}
    panel.setCurrentItem(item(panel, "flatten1"))
    assert view.session.selection == {"flatten1"}
    item(panel, "stage2").setExpanded(True)
    panel.setCurrentItem(item(panel, "conv_inside", ("stage2",)))
    assert view.session.path == ("stage2",)
    assert view.session.selection == {"conv_inside"}
    view.session.go_to(("stage1",))
    view.session.select(["y"])
    assert [row_of(each).key for each in panel.selectedItems()] == [(("stage1",), "y")]


def test_making_the_rows_anew_leaves_what_is_looked_at(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(project=nested())
    panel = outline_of(qtbot, view)
    panel.setCurrentItem(item(panel, "conv1"))
    view.session.apply(RemoveNodes(frozenset({"conv1"})))
    view.session.open_group("stage1")
    panel.refresh()
    assert view.session.path == ("stage1",)
    assert panel.currentItem() is not None


def test_walking_renaming_deleting_and_bypassing_by_keyboard(canvas: CanvasView, qtbot: QtBot) -> None:
    panel = outline_of(qtbot, canvas)
    panel.setCurrentItem(item(panel, "conv1"))
    qtbot.keyClick(panel, Qt.Key.Key_Down)
    assert canvas.session.selection == {"relu1"}
    qtbot.keyClick(panel, Qt.Key.Key_B)
    assert canvas.session.project.graph.nodes["relu1"].mode == "bypass"
    qtbot.keyClick(panel, Qt.Key.Key_F2)
    editor = panel.findChild(QLineEdit)
    assert editor is not None
    assert editor.selectedText() == "relu1"
    qtbot.keyClicks(editor, "gate")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "gate" in names(panel))
    assert "gate" in canvas.session.project.graph.nodes
    assert canvas.session.selection == {"gate"}
    assert row_of(panel.currentItem()).name == "gate"
    qtbot.keyClick(panel, Qt.Key.Key_Delete, CONTROL)
    qtbot.waitUntil(lambda: "gate" not in names(panel))
    assert canvas.session.project.graph.links[end("flatten1.input")] == end("conv1.output")
    assert panel.currentItem() is not None
    for _step in range(3):
        canvas.session.document.undo()
    assert canvas.session.project.graph == chain()
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert canvas.window().focusWidget() is canvas


def test_enter_asks_for_the_parameters(canvas: CanvasView, qtbot: QtBot) -> None:
    panel = outline_of(qtbot, canvas)
    panel.setCurrentItem(item(panel, "conv1"))
    with qtbot.waitSignal(canvas.edit_requested) as asked:
        qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert asked.args == ["conv1"]


# --- what is said -----------------------------------------------------------------------------------------------------


@pytest.fixture
def said(canvas: CanvasView) -> Iterator[list[str]]:
    announcer = Announcer(canvas.session, lambda: canvas, canvas)
    texts: list[str] = []
    announcer.said.connect(texts.append)
    QAccessible.setActive(True)
    yield texts
    QAccessible.setActive(False)


def test_what_happens_is_said(canvas: CanvasView, said: list[str], qtbot: QtBot) -> None:
    def hears(*words: str) -> None:
        qtbot.waitUntil(lambda: any(all(word in text for word in words) for text in said), timeout=5_000)
        said.clear()

    canvas.session.select(["relu1"])
    hears("selected relu1, ReLU")
    canvas.add_kind("Dropout")
    hears("dropout1 (Dropout) added", "relu1 → dropout1", "selected dropout1")
    canvas.delete()
    hears("dropout1 (Dropout) deleted", "nothing selected")
    canvas.commands.rename("relu1", "gate")
    hears("relu1 is called gate now")
    canvas.commands.disconnect_wire(end("conv1.input"))
    hears("link taken off: image → conv1")
    canvas.session.select(["gate"])
    canvas.structure.toggle("mute")
    hears("gate: muted")
    canvas.commands.rename("gate", "conv1")
    hears("already")


def test_new_problems_are_said(canvas: CanvasView, said: list[str], qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: canvas.session.report_is_current, timeout=30_000)
    canvas.commands.disconnect_wire(end("conv1.input"))
    qtbot.waitUntil(lambda: any("new problem" in text and "conv1" in text for text in said), timeout=30_000)


# --- by keyboard ------------------------------------------------------------------------------------------------------


def branches() -> Project:
    """One input that feeds three branches, which two adds join."""
    from tests.designer.canvas.conftest import graph_of

    nodes = {"start": Node("start", "Input", {"shape": (4,)}, position=(200, 0))}
    for at, name in enumerate(("left", "middle", "right")):
        nodes[name] = Node(name, "ReLU", position=(200 * at, 150))
    nodes["sum"] = Node("sum", "Add", position=(200, 300))
    links = [f"start.output > {name}.input" for name in ("left", "middle", "right")]
    links += [f"{name}.output > sum.inputs.{at}" for at, name in enumerate(("left", "middle", "right"))]
    return Project(graph=graph_of(nodes, *links))


def test_arrows_follow_wires_and_choose_among_branches(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(project=branches())
    visited = []
    key = Qt.Key
    for each in (key.Key_Down, key.Key_Down, key.Key_Right, key.Key_Left, key.Key_Left, key.Key_Down, key.Key_Up):
        qtbot.keyClick(view, each)
        visited.append(next(iter(view.session.selection)))
    assert visited == ["start", "middle", "right", "middle", "left", "sum", "middle"]


def test_nodes_that_no_wire_leads_to_are_reached_too(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    project = branches()
    lonely = Node("lonely", "ReLU", position=(200, 600))
    graph = project.graph
    view = make_canvas(project=Project(graph=type(graph)({**graph.nodes, "lonely": lonely}, graph.links)))
    view.session.select(["sum"])
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.session.selection == {"lonely"}
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.session.selection == {"sum"}


def test_a_wire_is_drawn_by_keys_and_undone_in_one_step(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.commands.disconnect_wire(end("flatten1.input"))
    canvas.session.select(["relu1"])
    before = canvas.session.project.graph
    qtbot.keyClick(canvas, Qt.Key.Key_L, CONTROL | SHIFT)
    assert canvas.keys.link.is_active
    assert canvas.keys.link.chosen == end("relu1.output")
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    offered = []
    for _step in range(2):
        offered.append(canvas.keys.link.chosen)
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert offered[0] == end("flatten1.input")
    assert canvas.tip.isVisible()
    while canvas.keys.link.chosen != end("flatten1.input"):
        qtbot.keyClick(canvas, Qt.Key.Key_Left)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.session.project.graph.links[end("flatten1.input")] == end("relu1.output")
    assert canvas.session.selection == {"flatten1"}
    assert not canvas.tip.isVisible()
    canvas.session.document.undo()
    assert canvas.session.project.graph == before


def test_escape_leaves_no_trace_of_a_wire_drawn_by_keys(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["conv1"])
    before = canvas.session.project
    items = len(canvas.canvas.items())
    for presses in (1, 2):
        qtbot.keyClick(canvas, Qt.Key.Key_L, CONTROL | SHIFT)
        for _time in range(presses - 1):
            qtbot.keyClick(canvas, Qt.Key.Key_Return)
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
        assert not canvas.keys.link.is_active
        assert canvas.session.selection == {"conv1"}
    assert canvas.session.project is before
    assert len(canvas.canvas.items()) == items
    assert not any(item.look.faded or item.look.hot for item in canvas.canvas.nodes.values())


def test_upstream_and_downstream_are_selected(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft, CONTROL)
    assert canvas.session.selection == {"image", "conv1", "relu1"}
    canvas.session.select(["relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_BracketRight, CONTROL)
    assert canvas.session.selection == {"relu1", "flatten1"}
