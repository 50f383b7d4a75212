"""Canvases of real sessions, and a hand that drags on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.project import End, Graph, Group, Node, Project
from designer.canvas.view import CanvasView
from designer.session import Session

MakeCanvas = Callable[..., CanvasView]


def end(text: str) -> End:
    """``add1.inputs.0`` → End("add1", "inputs.0")."""
    node, _, port = text.partition(".")
    return End(node, port)


def graph_of(nodes: dict[str, Node], *links: str) -> Graph:
    """Return a graph; a link reads ``conv1.output > relu1.input``."""
    pairs = [link.split(" > ") for link in links]
    return Graph(nodes, {end(target): end(source) for source, target in pairs})


def chain() -> Graph:
    """Image → conv1 → relu1 → flatten1, one under the other."""
    nodes = {
        "image": Node("image", "Input", {"shape": (1, 8, 8)}, position=(0, 0)),
        "conv1": Node("conv1", "Conv2d", {"padding": 1}, position=(0, 120)),
        "relu1": Node("relu1", "ReLU", position=(0, 240)),
        "flatten1": Node("flatten1", "Flatten", position=(0, 360)),
    }
    links = ("image.output > conv1.input", "conv1.output > relu1.input", "relu1.output > flatten1.input")
    return graph_of(nodes, *links)


def around(inside: Graph) -> Graph:
    """Return a graph whose node block1 uses the group Block and is fed what the group's inputs are when alone."""
    inputs = [node for node in inside.nodes.values() if node.kind == "Input"]
    nodes = {f"{each.name}_": replace(each, name=f"{each.name}_") for each in inputs}
    links = {End("block1", each.name): End(f"{each.name}_", "output") for each in inputs}
    return Graph({"block1": Node("block1", "group:Block"), **nodes}, links)


class Hand:
    """Presses, drags and releases on a canvas at places of the scene."""

    def __init__(self, bot: QtBot, view: CanvasView) -> None:
        self.bot = bot
        self.view = view

    def at(self, place: QPointF | str) -> QPoint:
        """Return the pixel of a place, a node's middle (``conv1``) or a port (``conv1.output``)."""
        return self.view.mapFromScene(self.place(place))

    def place(self, place: QPointF | str) -> QPointF:
        """Return a place in the scene."""
        if isinstance(place, QPointF):
            return place
        item = self.view.canvas.nodes[place.partition(".")[0]]
        if "." in place:
            return item.port_place(end(place))
        return item.scene_card().center()

    def press(self, place: QPointF | str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press the left button."""
        self.bot.mousePress(self.view.viewport(), Qt.MouseButton.LeftButton, modifier, self.at(place))

    def move(self, place: QPointF | str) -> None:
        """Move the pointer in two steps."""
        pixel = self.at(place)
        self.bot.mouseMove(self.view.viewport(), pixel + QPoint(7, 7))
        self.bot.mouseMove(self.view.viewport(), pixel)

    def release(self, place: QPointF | str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Release the left button."""
        self.bot.mouseRelease(self.view.viewport(), Qt.MouseButton.LeftButton, modifier, self.at(place))

    def drag(self, start: QPointF | str, to: QPointF | str) -> None:
        """Drag from one place to another."""
        self.press(start)
        self.move(to)
        self.release(to)

    def escape(self) -> None:
        """Press Esc."""
        self.bot.keyClick(self.view, Qt.Key.Key_Escape)

    def click(self, place: QPointF | str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press and release."""
        self.press(place, modifier)
        self.release(place, modifier)


@pytest.fixture
def make_canvas(qtbot: QtBot) -> Iterator[MakeCanvas]:
    """Make the canvas of a graph, shown at 100 %, or of a ``project``; ``inside``: it is the inside of a group."""
    sessions = []

    def make(graph: Graph | None = None, *, inside: bool = False, project: Project | None = None) -> CanvasView:
        project = project or Project(graph=graph or Graph())
        if inside:
            project = Project(graph=around(project.graph), groups={"Block": Group("Block", project.graph)})
        session = Session(Document(project))
        session.go_to(("block1",) if inside else ())
        sessions.append(session)
        view = CanvasView(session)
        qtbot.addWidget(view)
        view.resize(900, 700)
        view.show()
        view.set_zoom(1.0)
        view.navigator.centre(QPointF(80, 250))
        view.setFocus()
        return view

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def canvas(make_canvas: MakeCanvas) -> CanvasView:
    """The canvas of the chain."""
    return make_canvas(chain())


@pytest.fixture
def hand(qtbot: QtBot, canvas: CanvasView) -> Hand:
    """A hand on the canvas of the chain."""
    return Hand(qtbot, canvas)


@pytest.fixture
def checked(qtbot: QtBot, canvas: CanvasView) -> CanvasView:
    """The canvas of the chain once the first check has answered."""
    qtbot.waitUntil(lambda: canvas.session.report is not None, timeout=30_000)
    return canvas
