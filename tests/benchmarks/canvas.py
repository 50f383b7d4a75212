"""How fast the canvas is: opening, panning, zooming, a step of a drag and the layout, for networks of three sizes.

Everything is drawn offscreen by Qt's raster engine, as on a screen; a step is measured until it has been painted.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.graph.document import Document
from core.graph.layout import layered_layout
from core.graph.project import End, Graph, Node, Project
from tests.benchmarks.table import Row

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from designer.canvas.view import CanvasView
    from designer.session import Session

SIZES = (500, 2000, 5000)
STEPS = 30
WIDTH, HEIGHT = 1366, 768
PATIENCE = 120.0
"""Seconds that the first check may take: it also loads PyTorch."""
_REPAINT = {500: 8.0, 2000: 25.0}
_DRAG = {500: 8.0, 2000: 20.0}
_BLOCKS = 40
"""Blocks that stand below each other; the next ones stand beside them."""


def network(count: int) -> Graph:
    """Return about ``count`` nodes: columns of residual blocks, each a convolution, an activation and an addition."""
    nodes: dict[str, Node] = {}
    links: dict[End, End] = {}
    before = ""
    for number in range(count // 3):
        if number % _BLOCKS == 0:
            before = f"image{number}"
            nodes[before] = Node(before, "Input", {"shape": (8, 16, 16)})
        conv, relu, add = (f"{stem}{number}" for stem in ("conv", "relu", "add"))
        nodes[conv] = Node(conv, "Conv2d", {"out_channels": 8, "kernel_size": (3, 3), "padding": 1})
        nodes[relu], nodes[add] = Node(relu, "ReLU"), Node(add, "Add")
        links[End(conv, "input")] = End(before, "output")
        links[End(relu, "input")] = End(conv, "output")
        links[End(add, "inputs.0")] = End(relu, "output")
        links[End(add, "inputs.1")] = End(before, "output")
        before = add
    return Graph(nodes, links)


def _application() -> QApplication:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    running = QApplication.instance()
    return running if isinstance(running, QApplication) else QApplication([])


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _checked(application: QApplication, project: Project) -> Session:
    """Return a session once its check has answered, so that nothing else runs while something is measured."""
    from designer.session import Session

    session = Session(Document(project))
    until = time.perf_counter() + PATIENCE
    while session.report is None:
        if time.perf_counter() > until:
            session.close()
            raise TimeoutError(f"the check has not answered within {PATIENCE:g} s")
        application.processEvents()
        time.sleep(0.01)
    return session


def _shown(session: Session) -> CanvasView:
    from designer.canvas.view import CanvasView

    view = CanvasView(session)
    view.resize(WIDTH, HEIGHT)
    view.show()
    view.viewport().repaint()
    return view


@dataclass(frozen=True)
class _Step:
    """Milliseconds until a step is done, and until it has been painted too."""

    moved: float
    painted: float


def _steps(view: CanvasView, step: Callable[[int], object]) -> _Step:
    """Return how long a step takes, the median of several."""
    from PySide6.QtWidgets import QApplication

    moved, painted = [], []
    for number in range(STEPS):
        QApplication.processEvents()
        began = time.perf_counter()
        step(number)
        moved.append((time.perf_counter() - began) * 1000)
        QApplication.processEvents()
        painted.append((time.perf_counter() - began) * 1000)
    return _Step(statistics.median(moved), statistics.median(painted))


def _drag(view: CanvasView, names: Collection[str]) -> _Step:
    """Return how long a step of a drag of the named nodes takes, by the gesture that the mouse leads."""
    from PySide6.QtCore import QPoint

    from designer.canvas.gestures.gesture import Pointer
    from designer.canvas.gestures.move import MoveGesture

    view.session.select(names)
    item = view.canvas.nodes[min(names)]
    middle = view.mapFromScene(item.scene_card().center())
    gesture = MoveGesture(view, item)

    def pointer(x: int, y: int) -> Pointer:
        pixel = middle + QPoint(x, y)
        return Pointer(view.mapToScene(pixel), pixel)

    gesture.start(pointer(0, 0))
    gesture.update(pointer(30, 30))
    taken = _steps(view, lambda number: gesture.update(pointer(40 + 25 * (number % 8), 30 + 11 * (number % 5))))
    gesture.cancel()
    return taken


def _measure(application: QApplication, count: int) -> list[Row]:
    graph = network(count)
    places: dict[str, tuple[float, float]] = {}
    layout = _seconds(lambda: places.update(layered_layout(graph)))
    nodes = {name: replace(node, position=places[name]) for name, node in graph.nodes.items()}
    session = _checked(application, Project("large", graph=replace(graph, nodes=nodes)))
    began = time.perf_counter()
    view = _shown(session)
    opened = time.perf_counter() - began
    try:
        return [
            Row(f"canvas: open {count:,} nodes", opened, "s", 0.5 if count == 2000 else None),
            Row(f"canvas: layout of {count:,} nodes", layout, "s", 0.1 if count == 500 else None),
            *_moving(view, count),
        ]
    finally:
        view.close()
        session.close()
        view.deleteLater()
        application.processEvents()


def _moving(view: CanvasView, count: int) -> list[Row]:
    names = list(view.canvas.nodes)
    view.zoom_to_fit()
    repaint = _steps(view, lambda _number: view.viewport().repaint())
    zoom = _steps(view, lambda number: view.zoom_by(1.02 if number % 2 else 1 / 1.02))
    everything = _drag(view, names)
    view.set_zoom(1.0)
    some = names[:300]
    view.navigator.centre(view.canvas.cards(some).center())
    pan = _steps(view, lambda number: view.navigator.pan(*((9, 5) if number % 2 else (-9, -5))))
    one, three_hundred, all_near = (_drag(view, each) for each in (names[150:151], some, names))
    most = _REPAINT.get(count)
    return [
        Row(f"canvas: repaint of {count:,} nodes, all in view", repaint.painted, "ms", most),
        Row(f"canvas: zoom step, {count:,} nodes in view", zoom.painted, "ms", most),
        Row(f"canvas: pan step at 100 %, {count:,} nodes", pan.painted, "ms", 8.0),
        Row(f"canvas: drag step of one of {count:,} nodes, at 100 %", one.painted, "ms", 8.0),
        Row(f"canvas: drag step of 300 of {count:,} nodes, at 100 %", three_hundred.painted, "ms", 8.0),
        Row(f"canvas: drag step of {count:,} nodes, moving them", max(everything.moved, all_near.moved), "ms", 8.0),
        Row(f"canvas: drag step of {count:,} nodes, all in view, painted", everything.painted, "ms", _DRAG.get(count)),
    ]


def measure() -> list[Row]:
    """Return the times for every size."""
    application = _application()
    return [row for count in SIZES for row in _measure(application, count)]
