"""The frames and notes of a scene: items that follow the document's changes, and what is where among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from core.graph.change import Change
from core.graph.project import Frame, Note
from designer.canvas.drawn.items import DrawnItem, FrameItem, NoteItem
from designer.canvas.drawn.paint import frame_rect

if TYPE_CHECKING:
    from designer.canvas.scene import CanvasScene

_Pair = tuple[Mapping[str, Frame | Note], Mapping[str, Frame | Note]]


class DrawnLayer:
    """Frame items and note items by name. Names of frames and notes never meet."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self.frames: dict[str, FrameItem] = {}
        self.notes: dict[str, NoteItem] = {}

    def load(self) -> None:
        """Show all frames and notes of the graph that is looked at; the scene is empty."""
        self.frames.clear()
        self.notes.clear()
        graph = self._scene.session.view.graph
        self.apply_change(Change(parts={"graph.frames": ({}, graph.frames), "graph.notes": ({}, graph.notes)}))

    def apply_change(self, change: Change) -> None:
        """Follow a change of the graph: only what differs is made anew."""
        none: _Pair = ({}, {})
        style = self._scene.style_now
        for name, frame in self._follow(self.frames, change.parts.get("graph.frames", none)).items():
            assert isinstance(frame, Frame)
            if name in self.frames:
                self.frames[name].set_frame(frame, style)
            else:
                self.frames[name] = FrameItem(frame, style)
                self._add(self.frames[name])
        for name, note in self._follow(self.notes, change.parts.get("graph.notes", none)).items():
            assert isinstance(note, Note)
            if name in self.notes:
                self.notes[name].set_note(note, style)
            else:
                self.notes[name] = NoteItem(note, style)
                self._add(self.notes[name])

    def _follow(self, items: dict[str, FrameItem] | dict[str, NoteItem], pair: _Pair) -> dict[str, Frame | Note]:
        """Remove the items of what is gone; return what is new or different."""
        before, after = pair
        for name in before.keys() - after.keys():
            item = items.pop(name, None)
            if item is not None:
                self._scene.removeItem(item)
        return {name: each for name, each in after.items() if before.get(name) is not each or name not in items}

    def _add(self, item: DrawnItem) -> None:
        self._scene.addItem(item)
        item.set_selected(item.name in self._scene.session.drawn)

    def follow_theme(self) -> None:
        """Take on the colours of the theme in use."""
        style = self._scene.style_now
        for frame in self.frames.values():
            frame.set_frame(frame.frame, style)
        for note in self.notes.values():
            note.set_note(note.note, style)

    def show_selected(self, names: Collection[str]) -> None:
        """Show exactly these as selected."""
        for item in self.items():
            item.set_selected(item.name in names)

    # --- what is where ------------------------------------------------------------------------------------------------

    def items(self) -> list[DrawnItem]:
        """Return all frames and notes."""
        return [*self.frames.values(), *self.notes.values()]

    def item(self, name: str) -> DrawnItem | None:
        """Return a frame or note by its name."""
        return self.frames.get(name) or self.notes.get(name)

    def bounds(self, names: Collection[str] | None = None) -> QRectF:
        """Return the rectangle around the named frames and notes, by default all."""
        found = QRectF()
        for item in self.items():
            if names is None or item.name in names:
                found = found.united(item.scene_rect())
        return found

    def note_at(self, place: QPointF) -> NoteItem | None:
        """Return the uppermost note under a point of the scene."""
        found = [note for note in self.notes.values() if note.scene_rect().contains(place)]
        return max(found, key=lambda note: note.zValue(), default=None)

    def frame_at(self, place: QPointF, zoom: float) -> FrameItem | None:
        """Return the uppermost frame whose title is under a point of the scene."""
        found = [frame for frame in self.frames.values() if frame.title_at(place, zoom)]
        return max(found, key=lambda frame: frame.zValue(), default=None)

    def edge_at(self, place: QPointF, zoom: float) -> tuple[DrawnItem, frozenset[str]] | None:
        """Return the uppermost frame or note by whose edge it can be resized here, and the edges."""
        near = ((item, item.edges_at(place, zoom)) for item in self.items())
        found = [(item, edges) for item, edges in near if edges]
        return max(found, key=lambda each: (each[0].selected, each[0].zValue()), default=None)

    def touched(self, box: QRectF) -> frozenset[str]:
        """Return what a box drawn with the mouse selects: notes that it touches, frames that it holds."""
        notes = {name for name, note in self.notes.items() if note.scene_rect().intersects(box)}
        return frozenset(notes | {name for name, frame in self.frames.items() if box.contains(frame.scene_rect())})

    def put_back(self) -> None:
        """Show everything where the document says: a gesture has ended."""
        graph = self._scene.session.view.graph
        for name, frame in self.frames.items():
            if name in graph.frames:
                frame.set_rect(frame_rect(graph.frames[name]))
        for name, note in self.notes.items():
            if name in graph.notes:
                note.set_note(graph.notes[name], self._scene.style_now)
