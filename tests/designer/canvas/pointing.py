"""A mouse with every button, which may hold keys while it moves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.graph.project import End
from designer.canvas.view import CanvasView

NONE = Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class Pointing:
    """Presses, moves and releases at places of the scene."""

    def __init__(self, view: CanvasView, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NONE) -> None:
        self.view = view
        self.button = button
        self.keys = keys

    def at(self, x: float, y: float) -> QPoint:
        """Return the pixel of a place of the scene."""
        return self.view.mapFromScene(QPointF(x, y))

    def _send(self, kind: QEvent.Type, pixel: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        port = self.view.viewport()
        event = QMouseEvent(kind, QPointF(pixel), QPointF(port.mapToGlobal(pixel)), button, held, self.keys)
        QApplication.sendEvent(port, event)

    def press(self, x: float, y: float) -> None:
        """Press the button."""
        self._send(QEvent.Type.MouseButtonPress, self.at(x, y), self.button, self.button)

    def move(self, x: float, y: float) -> None:
        """Move with the button down."""
        self._send(QEvent.Type.MouseMove, self.at(x, y), Qt.MouseButton.NoButton, self.button)

    def release(self, x: float, y: float) -> None:
        """Release the button."""
        self._send(QEvent.Type.MouseButtonRelease, self.at(x, y), self.button, Qt.MouseButton.NoButton)

    def drag(self, *places: tuple[float, float]) -> None:
        """Press at the first place, move over the others, and release at the last."""
        self.press(*places[0])
        for place in places[1:]:
            self.move(*place)
        self.release(*places[-1])

    def click(self, x: float, y: float) -> None:
        """Press and release."""
        self.drag((x, y))

    def double_click(self, x: float, y: float) -> None:
        """Click twice."""
        self.click(x, y)
        self._send(QEvent.Type.MouseButtonDblClick, self.at(x, y), self.button, self.button)
        self.release(x, y)


def port(view: CanvasView, text: str) -> tuple[float, float]:
    """Return the place of a port (``conv1.output``)."""
    node, _, name = text.partition(".")
    place = view.canvas.nodes[node].port_place(End(node, name))
    return place.x(), place.y()


def middle(view: CanvasView, node: str) -> tuple[float, float]:
    """Return the middle of a node's card."""
    place = view.canvas.nodes[node].scene_card().center()
    return place.x(), place.y()


def on_wire(view: CanvasView, target: str, share: float = 0.5) -> tuple[float, float]:
    """Return a place on the wire that ends at an input (``relu1.input``)."""
    node, _, name = target.partition(".")
    place = view.canvas.wires[End(node, name)].path().pointAtPercent(share)
    return place.x(), place.y()


def links(view: CanvasView) -> dict[str, str]:
    """Return the links of the graph that is looked at, as text."""
    return {str(target): str(source) for target, source in view.session.view.graph.links.items()}


def places(view: CanvasView) -> dict[str, tuple[float, float]]:
    """Return the nodes' places in the graph that is looked at."""
    return {name: node.position for name, node in view.session.view.graph.nodes.items()}


def routes(view: CanvasView) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the points of wires in the graph that is looked at."""
    return {str(target): points for target, points in view.session.view.graph.routes.items()}


def undo_and_redo(view: CanvasView) -> None:
    """Take the last step back and do it again: the document comes out the same, and it is one step."""
    document = view.session.document
    after = document.project
    label = document.undo_label
    assert label
    document.undo()
    assert document.undo_label is None
    document.redo()
    assert document.project == after
    assert document.undo_label == label
