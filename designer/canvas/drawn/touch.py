"""What the pointer does with frames and notes: which gesture begins on them, which shape it has, which menu opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt

from designer.canvas.drawn.carry import CarryGesture
from designer.canvas.drawn.items import DrawnItem, NoteItem
from designer.canvas.drawn.stretch import StretchGesture, cursor_of
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.menus import CanvasMenu, offer_colour
from designer.canvas.node_item import NodeItem

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class FollowGesture(Gesture):
    """Ctrl+click on a link: once the button is up, the user is asked whether the address shall be opened."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, view: CanvasView, note: NoteItem) -> None:
        super().__init__(view)
        self._note = note

    def finish(self, pointer: Pointer) -> None:
        """Ask, where the pointer is still on a link."""
        self.view.drawn.follow_link(self._note, pointer.scene)


def node_gesture(view: CanvasView, node: NodeItem, modifiers: Qt.KeyboardModifier) -> Gesture | None:
    """Return the gesture for a node that is, or with these keys will be, selected with frames or notes; else None."""
    adds = bool(modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
    together = view.session.drawn and (adds or node.name in view.session.selection)
    return CarryGesture(view, node) if together else None


def gesture_above(view: CanvasView, place: QPointF, modifiers: Qt.KeyboardModifier) -> Gesture | None:
    """Return the gesture that begins on a note, which lies above the wires."""
    edge = view.canvas.drawn.edge_at(place, view.zoom)
    if edge and isinstance(edge[0], NoteItem):
        return StretchGesture(view, *edge)
    note = view.canvas.drawn.note_at(place)
    if note is None:
        return None
    follows = modifiers & Qt.KeyboardModifier.ControlModifier and note.link_at(place)
    return FollowGesture(view, note) if follows else CarryGesture(view, note)


def gesture_below(view: CanvasView, place: QPointF) -> Gesture | None:
    """Return the gesture that begins on a frame, which lies behind the wires: on its edge or its title."""
    edge = view.canvas.drawn.edge_at(place, view.zoom)
    if edge:
        return StretchGesture(view, *edge)
    frame = view.canvas.drawn.frame_at(place, view.zoom)
    return CarryGesture(view, frame) if frame else None


def _at(view: CanvasView, place: QPointF, *, behind: bool) -> DrawnItem | None:
    """Return the note or, where nothing lies above it, the frame whose title or edge is at a point."""
    drawn = view.canvas.drawn
    note = drawn.note_at(place)
    if note or not behind:
        return note
    edge = drawn.edge_at(place, view.zoom)
    return edge[0] if edge else drawn.frame_at(place, view.zoom)


def cursor_at(view: CanvasView, place: QPointF) -> Qt.CursorShape:
    """Return the pointer's shape over frames and notes."""
    edge = view.canvas.drawn.edge_at(place, view.zoom)
    if edge:
        return cursor_of(edge[1])
    note = view.canvas.drawn.note_at(place)
    return Qt.CursorShape.PointingHandCursor if note and note.link_at(place) else Qt.CursorShape.ArrowCursor


def edit_at(view: CanvasView, place: QPointF, *, behind: bool) -> bool:
    """Edit the note or the frame's title at a point (``behind``: no wire lies there); False where there is none."""
    item = _at(view, place, behind=behind)
    if item:
        view.drawn.edit(item.name)
    return item is not None


def tooltip_at(view: CanvasView, place: QPointF) -> str:
    """Return the address of the link at a point, and how it is opened."""
    note = view.canvas.drawn.note_at(place)
    address = note.link_at(place) if note else ""
    return view.tr("{address}\nCtrl+click opens it.").format(address=address) if address else ""


def menu_at(view: CanvasView, pixel: QPoint, *, behind: bool) -> CanvasMenu | None:
    """Return the menu of the note or frame at a pixel (``behind``: no wire lies there); it is selected first."""
    item = _at(view, view.mapToScene(pixel), behind=behind)
    return menu_of(view, item, pixel) if item else None


def menu_of(view: CanvasView, item: DrawnItem, pixel: QPoint | None = None) -> CanvasMenu:
    """Return the menu of a frame or note (its colours at a pixel, else beside it); it is selected first."""
    if item.name not in view.session.drawn:
        view.canvas.select_wires(())
        view.session.select((), [item.name])
    menu, tools = CanvasMenu(view), view.drawn
    if isinstance(item, NoteItem):
        menu.offer(view.tr("Edit text"), "F2", "note", lambda: tools.edit(item.name))
        menu.offer(view.tr("Fit to text"), "", "", tools.fit)
    else:
        menu.offer(view.tr("Rename…"), "F2", "frame", lambda: tools.edit(item.name))
        menu.offer(view.tr("Fit to content"), "", "", tools.fit)
        menu.offer(view.tr("Select content"), "", "select-all", tools.select_content)
    offer_colour(menu, view, pixel)
    menu.addSeparator()
    menu.offer(view.tr("Duplicate"), "Ctrl+D", "duplicate", view.duplicate)
    menu.offer(view.tr("Copy"), "Ctrl+C", "copy", view.copy)
    menu.offer(view.tr("Cut"), "Ctrl+X", "cut", view.cut)
    menu.addSeparator()
    if view.structure.can_group():
        menu.offer(view.tr("Group…"), "Ctrl+G", "group", view.structure.ask_group)
    menu.offer(view.tr("Delete"), "Del", "delete", view.delete)
    return menu
