"""The process of ``test_fine_screen``: opens the designer, measures what it shows, works with the mouse, says JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolBar, QToolButton, QWidget

from core.graph.document import Document
from core.graph.project import End, Graph, Node, Project
from designer import theme
from designer.app import make_application
from designer.canvas.view import CanvasView
from designer.settings import Settings
from designer.window import Window


def project() -> Project:
    """Return two nodes without a link between them."""
    nodes = (Node("image", "Input", {"shape": (1, 8, 8)}), Node("relu1", "ReLU", position=(0, 160)))
    return Project(graph=Graph({node.name: node for node in nodes}))


def softened(image: QImage) -> QImage:
    """Return a picture drawn at half its size and blown up."""
    smooth, whole = Qt.TransformationMode.SmoothTransformation, Qt.AspectRatioMode.IgnoreAspectRatio
    half = image.scaled(image.width() // 2, image.height() // 2, whole, smooth)
    return half.scaled(image.width(), image.height(), whole, smooth)


def detail(image: QImage) -> float:
    """Return how much a picture loses when it is halved and blown up again, as the sum of squares of its lightness."""
    other = softened(image)
    places = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return float(sum((image.pixelColor(*at).lightness() - other.pixelColor(*at).lightness()) ** 2 for at in places))


def parts(window: Window) -> dict[str, tuple[QWidget, QRect]]:
    """Return what is looked at closely: widgets, and the part of each that has something to read."""
    workspace = window.workspace
    assert workspace is not None
    bar = workspace.findChild(QToolBar, "tool_bar")
    assert isinstance(bar, QToolBar)
    save = bar.widgetForAction(window.actions_by_id["save"])
    close = workspace.docks["inspector"].titleBarWidget().findChild(QToolButton, "close_dock")
    assert isinstance(close, QToolButton)
    canvas = window.canvas
    node = canvas.mapFromScene(canvas.canvas.cards(["relu1"])).boundingRect()
    return {
        "icon": (save, save.rect()),
        "menus": (window.menuBar(), QRect(0, 0, 120, window.menuBar().height())),
        "tabs": (workspace.inspector.bar, workspace.inspector.bar.tabRect(0)),
        "library": (workspace.library, QRect(0, 60, 120, 60)),
        "node": (canvas.viewport(), node),
        "close_dock": (close, close.rect()),
        "properties": (workspace.properties, QRect(0, 0, 160, 60)),
    }


def measure(window: Window) -> dict[str, dict[str, float]]:
    """Return size and detail of what the window shows."""
    picture = window.grab()
    found: dict[str, dict[str, float]] = {"detail": {}, "blown up": {}}
    found["window"] = {"ratio": picture.devicePixelRatio(), "width": picture.width(), "height": picture.height()}
    for name, (widget, place) in parts(window).items():
        image = widget.grab(place).toImage()
        found["detail"][name] = detail(image)
        found["blown up"][name] = detail(softened(image))
    return found


def drag(canvas: CanvasView, start: QPointF, to: QPointF) -> None:
    """Drag with the left button from one place of the scene to another."""
    port = canvas.viewport()
    pixels = canvas.mapFromScene(start), canvas.mapFromScene(to)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixels[0])
    QTest.mouseMove(port, (pixels[0] + pixels[1]) / 2)
    QTest.mouseMove(port, pixels[1] - QPoint(1, 1))
    QTest.mouseMove(port, pixels[1])
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixels[1])


def use_mouse(canvas: CanvasView) -> dict[str, float]:
    """Link the two nodes by their ports, then move the second by its card; return what came of it."""
    session, nodes = canvas.session, canvas.canvas.nodes
    drag(canvas, nodes["image"].port_place(End("image", "output")), nodes["relu1"].port_place(End("relu1", "input")))
    linked = session.project.graph.links == {End("relu1", "input"): End("image", "output")}
    middle = nodes["relu1"].scene_card().center()
    drag(canvas, middle, middle + QPointF(60, 20))
    x, y = session.project.graph.nodes["relu1"].position
    return {"linked": linked, "selected": session.selection == {"relu1"}, "moved_x": x, "moved_y": y - 160}


def main() -> int:
    """Look and work, and print what was found."""
    application: QApplication = make_application([])
    with tempfile.TemporaryDirectory() as folder:
        theme.switch.apply(application, "light")
        window = Window(Settings(Path(folder, "designer.ini")))
        window.resize(1366, 768)
        window.show()
        window.projects.show(Document(project()))
        window.canvas.set_zoom(1.0)
        application.processEvents()
        found = measure(window)
        found["mouse"] = use_mouse(window.canvas)
        document = window.canvas.session.document
        while document.is_modified:
            document.undo()
        window.close()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
