"""The mouse on the canvas: which gesture a button begins where, and what the pointer shows while it rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from core.graph.project import End
from designer.canvas.compose import Spot
from designer.canvas.drawn import touch
from designer.canvas.gestures.bundle import BundleGesture
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.gestures.link import LinkGesture
from designer.canvas.gestures.marquee import MarqueeGesture
from designer.canvas.gestures.move import MoveGesture
from designer.canvas.gestures.pan import PanGesture
from designer.canvas.gestures.point import PointGesture
from designer.canvas.gestures.stroke import CutGesture, PointsGesture

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_WIRE_REACH = 7.0
"""How far from a wire, in pixels, the pointer still touches it."""


class Mouse:
    """What the buttons of one canvas do. At most one gesture is under way."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._gesture: Gesture | None = None
        self._button, self._pressed = Qt.MouseButton.NoButton, QPointF()
        self._space_held = self._space_used = False
        self._knife_held = self._knife_used = False
        self._hot_node: str | None = None

    @property
    def gesture(self) -> Gesture | None:
        """The gesture under way."""
        return self._gesture

    @property
    def busy(self) -> bool:
        """True while a gesture is under way."""
        return self._gesture is not None

    def wire_at(self, place: QPointF) -> End | None:
        """Return the input end of the wire at a point of the scene."""
        return self._view.canvas.wire_at(place, _WIRE_REACH / self._view.zoom)

    # --- buttons ------------------------------------------------------------------------------------------------------

    def press(self, event: QMouseEvent) -> None:
        """Begin the gesture that the button and the place under it stand for."""
        if self._gesture is not None:
            return
        gesture = self._gesture_for(event)
        if gesture:
            self._gesture, self._button, self._pressed = gesture, event.button(), event.position()
            self._view.canvas.hover_wire(None)
            if gesture.cursor is not None:
                self._view.viewport().setCursor(gesture.cursor)
            gesture.start(self._pointer(event))

    def _gesture_for(self, event: QMouseEvent) -> Gesture | None:
        view = self._view
        if event.button() is Qt.MouseButton.MiddleButton or self._space_held:
            self._space_used = True
            return PanGesture(view)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() is Qt.MouseButton.RightButton and (control or shift):
            return CutGesture(view) if control else PointsGesture(view)
        if event.button() is not Qt.MouseButton.LeftButton:
            return None
        if self._knife_held:
            self._knife_used = True
            return CutGesture(view)
        place = view.mapToScene(event.position().toPoint())
        port = view.canvas.port_to_grab(place, view.zoom)
        if port:
            moves_all = control and port.side == "output" and port.linked
            return BundleGesture(view, port.end) if moves_all else LinkGesture(view, port)
        node = view.canvas.node_at(place)
        if node:
            return touch.node_gesture(view, node, event.modifiers()) or MoveGesture(view, node)
        point = view.canvas.points.at(place, view.zoom)
        if point:
            return PointGesture(view, point)
        on_note = touch.gesture_above(view, place, event.modifiers())
        if on_note:
            return on_note
        wire = self.wire_at(place)
        if wire:
            chosen = view.canvas.selected_wires
            view.session.select(())
            view.canvas.select_wires(chosen ^ {wire} if control else chosen | {wire} if shift else [wire])
            return None
        return touch.gesture_below(view, place) or MarqueeGesture(view)

    def is_stroke(self, event: QContextMenuEvent) -> bool:
        """True where the right button was pressed for a stroke across wires, so that no menu shall open."""
        return bool(event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))

    def move(self, event: QMouseEvent) -> None:
        """Let the gesture follow, or show what is under the pointer."""
        if self._gesture:
            self._gesture.update(self._pointer(event))
        else:
            self._hover(self._view.mapToScene(event.position().toPoint()))

    def release(self, event: QMouseEvent) -> None:
        """Finish the gesture."""
        gesture = self._gesture
        if gesture and event.button() is self._button:
            self._gesture = None
            self.rest()
            away = (event.position() - self._pressed).manhattanLength()
            (gesture.finish if away >= QApplication.startDragDistance() else gesture.click)(self._pointer(event))

    def cancel(self) -> bool:
        """Take back the gesture under way; False where there is none."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        self.rest()
        return True

    def forget(self) -> None:
        """Let go of everything: another graph is looked at."""
        self._gesture, self._hot_node = None, None
        self.rest()

    def double_click(self, event: QMouseEvent) -> None:
        """On the empty canvas: the add palette; on a group: its inside; on another node: its parameters.

        On a wire it adds a point that leads the wire; on such a point it takes it away.
        """
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        pixel = event.position().toPoint()
        place = self._view.mapToScene(pixel)
        node = self._view.canvas.node_at(place)
        if node:
            self._view.enter(node.name)
            return
        point, wire = self._view.canvas.points.at(place, self._view.zoom), self.wire_at(place)
        if point:
            self._view.wiring.remove_points({point})
        elif touch.edit_at(self._view, place, behind=wire is None):
            return
        elif wire:
            self._view.wiring.add_point(wire, place)
        else:
            self._view.open_palette(pixel, Spot((place.x(), place.y())))

    # --- the space bar, which makes every drag a pan ------------------------------------------------------------------

    def hold_space(self) -> None:
        """The space bar went down."""
        self._space_held, self._space_used = True, False
        self.rest()

    def let_space_go(self) -> bool:
        """The space bar came up; True where it was tapped: held, and used for nothing."""
        tapped = self._space_held and not self._space_used
        self._space_held = False
        if self._gesture is None:
            self.rest()
        return tapped

    # --- the key that makes a drag a cut (Y) --------------------------------------------------------------------------

    def hold_knife(self) -> None:
        """The key went down."""
        self._knife_held, self._knife_used = True, False
        if self._gesture is None:
            self._view.viewport().setCursor(Qt.CursorShape.CrossCursor)

    def let_knife_go(self) -> bool:
        """The key came up; True where it was used."""
        used = self._knife_held and self._knife_used
        self._knife_held = False
        if self._gesture is None:
            self.rest()
        return used

    # --- the pointer --------------------------------------------------------------------------------------------------

    def _pointer(self, event: QMouseEvent) -> Pointer:
        place = event.position().toPoint()
        return Pointer(self._view.mapToScene(place), place, event.modifiers())

    def _hover(self, place: QPointF) -> None:
        canvas = self._view.canvas
        port = canvas.port_to_grab(place, self._view.zoom)
        for name in {self._hot_node, port.end.node if port else None} - {None}:
            item = canvas.nodes.get(str(name))
            if item:
                item.set_look(hot=port.end if port and port.end.node == name else None)
        self._hot_node = port.end.node if port else None
        over = port or canvas.node_at(place)
        canvas.hover_wire(None if over else self.wire_at(place))
        if not self._space_held and not self._knife_held:
            resting = Qt.CursorShape.ArrowCursor if over else touch.cursor_at(self._view, place)
            self._view.viewport().setCursor(Qt.CursorShape.CrossCursor if port else resting)

    def rest(self) -> None:
        """Show the pointer as it is between gestures."""
        shape = Qt.CursorShape.OpenHandCursor if self._space_held else Qt.CursorShape.ArrowCursor
        self._view.viewport().setCursor(shape)
