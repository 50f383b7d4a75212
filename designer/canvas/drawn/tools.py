"""What can be done with frames and notes besides dragging: each command is one undo step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox

from core.graph.edits import Edit, SetCollapsed, SetColour, SetFrames, SetNotes, Together, Within
from core.graph.project import Colour, Frame, Graph, Note
from designer.canvas.compose import Box, snapped
from designer.canvas.drawn.editors import NoteEditor, TitleEditor
from designer.canvas.drawn.markdown import address_of, note_text
from designer.canvas.drawn.places import (
    around,
    box_of,
    boxes_of,
    content_box,
    drawn_edits,
    drawn_of,
    framed,
    inside,
    new_name,
)
from designer.canvas.drawn.swatches import Swatches

if TYPE_CHECKING:
    from designer.canvas.drawn.items import NoteItem
    from designer.canvas.view import CanvasView

_NEW_FRAME = (320.0, 240.0)
_NEW_NOTE = (240.0, 120.0)


class DrawnTools:
    """The commands about frames, notes, colours and folded nodes of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._scene = view.canvas
        self._session = view.session
        self.title_editor = TitleEditor(view)
        self.note_editor = NoteEditor(view)
        self.swatches = Swatches(view)
        self.swatches.chosen.connect(self.colour)
        self.commands: Mapping[str, Callable[[], object]] = {
            "frame": self.add_frame,
            "note": self.add_note,
            "colour": self.ask_colour,
            "collapse": self.toggle_collapsed,
            "hide_unused": self.toggle_unused,
            "fit_frame": self.fit,
        }
        """By the ids of their rows in the table of keys."""
        self._session.view_changed.connect(self.finish_editing)
        view.zoom_changed.connect(self.finish_editing)
        for bar in (view.horizontalScrollBar(), view.verticalScrollBar()):
            bar.valueChanged.connect(self.finish_editing)

    @property
    def _graph(self) -> Graph:
        return self._session.view.graph

    def finish_editing(self, _what: object = None) -> None:
        """Take the title or text that is being edited: the canvas moves, or another graph is looked at."""
        self.title_editor.finish()
        self.note_editor.finish()
        self.swatches.hide()

    # --- making -------------------------------------------------------------------------------------------------------

    def add_frame(self, at: QPointF | None = None) -> None:
        """Put a frame around the selection, or an empty one at a place (by default the pointer); edit its title."""
        graph, session = self._graph, self._session
        boxes = [self._box(name) for name in session.selection]
        frames, notes = drawn_of(graph, session.drawn)
        content = around([*boxes, *boxes_of(frames, notes)])
        frame = Frame(new_name(graph, "frame"), self._view.tr("Frame"))
        if content:
            frame = framed(frame, content)
        else:
            at = at or self._view.pointer_place()
            frame = replace(frame, position=(snapped(at.x() - _NEW_FRAME[0] / 2), snapped(at.y())), size=_NEW_FRAME)
        key = f"new {frame.name}"
        self._session.document.end_merge()
        if session.apply_here(SetFrames((frame,), self._view.tr("Add frame"), key)):
            session.select((), [frame.name])
            self.edit_title(frame.name, key)

    def _box(self, name: str) -> Box:
        """Return a node's place with what is written around it."""
        rect = self._scene.nodes[name].sceneBoundingRect()
        card = self._scene.box(name)
        return Box(card.x, card.y, card.width, max(card.height, rect.bottom() - card.y - 12))

    def add_note(self, at: QPointF | None = None) -> None:
        """Let the user write a note at a place (by default the pointer); it is there once something is written."""
        at = at or self._view.pointer_place()
        note = Note(new_name(self._graph, "note"), position=(snapped(at.x()), snapped(at.y())), size=_NEW_NOTE)
        self._write(note, self._view.tr("Add note"))

    # --- editing ------------------------------------------------------------------------------------------------------

    def edit_selected(self) -> bool:
        """Edit the one selected frame's title or note's text; False where something else is selected."""
        session = self._session
        if session.selection or len(session.drawn) != 1:
            return False
        self.edit(next(iter(session.drawn)))
        return True

    def edit(self, name: str) -> None:
        """Let the user edit a frame's title or a note's text in its place."""
        if name in self._graph.notes:
            self._view.navigator.reveal(self._scene.drawn.notes[name].scene_rect())
            self._write(self._graph.notes[name], self._view.tr("Change note"))
        elif name in self._graph.frames:
            self.edit_title(name)

    def edit_title(self, name: str, merge_key: str = "") -> None:
        """Let the user type another title for a frame."""
        item, view = self._scene.drawn.frames[name], self._view
        view.navigator.reveal(item.title_place(view.zoom))
        group = self._session.group

        def use(title: str) -> None:
            frame = self._inside(group).frames.get(name)
            if frame is not None and frame.title != title:
                label = view.tr("Add frame") if merge_key else view.tr("Rename frame")
                self._apply_in(group, SetFrames((replace(frame, title=title),), label, merge_key))
            self._session.document.end_merge()

        place = view.mapFromScene(item.title_place(view.zoom)).boundingRect()
        self.title_editor.open(item.frame.title, place, use)

    def _write(self, note: Note, label: str) -> None:
        view, group, new = self._view, self._session.group, note.name not in self._graph.notes

        def use(text: str) -> None:
            now = note if new else self._inside(group).notes.get(note.name)
            if now is None or text == now.text:
                return
            changed = replace(now, text=text)
            edit = SetNotes((self._grown(changed) if new else changed,), label)
            if self._apply_in(group, edit) and self._session.group == group:
                self._session.select((), [note.name])

        box = box_of(note)
        corner = view.mapFromScene(QPointF(box.x, box.y))
        size = QPoint(round(box.width * view.zoom), round(box.height * view.zoom))
        self.note_editor.open(note.text, QRect(corner, corner + size), use)

    def _grown(self, note: Note) -> Note:
        """Return a new note as high as its text needs."""
        text = note_text(note.text, self._scene.style_now, note.size[0] - 20)
        lines = 20 * -(-(text.size().height() + 16) // 20)
        return replace(note, size=(note.size[0], min(max(60.0, lines), 600.0)))

    def _inside(self, group: str) -> Graph:
        project = self._session.project
        if not group:
            return project.graph
        return project.groups[group].graph if group in project.groups else Graph()

    def _apply_in(self, group: str, edit: Edit) -> bool:
        """Apply an edit to the graph in which editing began, whatever is looked at now."""
        if group and group not in self._session.project.groups:
            return False
        return self._session.apply(Within(group, edit) if group else edit)

    # --- frames -------------------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Let the selected frames stand closely around what they hold, and notes be as high as their text."""
        graph, boxes = self._graph, self._scene.boxes()
        frames, notes = drawn_of(graph, self._session.drawn)
        around_nodes = {name: self._box(name) for name in boxes}
        found = []
        for frame in frames:
            box = content_box(graph, inside(graph, frame, boxes), around_nodes)
            if box:
                found.append(framed(frame, box))
        fitted = [
            replace(note, size=(note.size[0], self._scene.drawn.notes[note.name].needed_height())) for note in notes
        ]
        edits = drawn_edits(found, fitted)
        if edits:
            self._session.apply_here(Together(tuple(edits), self._view.tr("Fit to content")))

    def select_content(self) -> None:
        """Select what the selected frames hold, too."""
        graph, session, boxes = self._graph, self._session, self._scene.boxes()
        nodes, drawn = session.selection, session.drawn
        for frame in drawn_of(graph, session.drawn)[0]:
            content = inside(graph, frame, boxes)
            nodes, drawn = nodes | content.nodes, drawn | content.drawn
        session.select(nodes, drawn)

    # --- colours, folding ---------------------------------------------------------------------------------------------

    def ask_colour(self, place: QPoint | None = None) -> None:
        """Show the swatches at a pixel of the view, or beside the selection."""
        if self._session.selection or self._session.drawn:
            self.swatches.ask(place or self._beside_selection(), self._colours())

    def _colours(self) -> set[Colour]:
        graph = self._graph
        frames, notes = drawn_of(graph, self._session.drawn)
        nodes = {graph.nodes[name].colour for name in self._session.selection}
        return nodes | {frame.colour for frame in frames} | {note.colour for note in notes}

    def _beside_selection(self) -> QPoint:
        rect = self._scene.extent(self._session.selection, self._session.drawn)
        return self._view.mapFromScene(rect.topRight()) + QPoint(8, 4)

    def colour(self, colour: Colour) -> None:
        """Mark everything that is selected with a colour; "" takes the mark away."""
        session = self._session
        frames, notes = drawn_of(self._graph, session.drawn)
        label = self._view.tr("Change colour")
        edits: list[Edit] = [SetColour(session.selection, colour)] if session.selection else []
        edits += drawn_edits(
            [replace(frame, colour=colour) for frame in frames], [replace(note, colour=colour) for note in notes]
        )
        if edits:
            session.apply_here(Together(tuple(edits), label))

    def toggle_collapsed(self) -> None:
        """Show only the names of the selected nodes, or all of them again where that is so already."""
        nodes = [self._graph.nodes[name] for name in self._session.selection]
        if nodes:
            collapse = not all(node.collapsed for node in nodes)
            self._session.apply_here(SetCollapsed(frozenset(node.name for node in nodes), collapse))

    def toggle_unused(self) -> None:
        """Hide the ports that nothing needs and nothing is linked to, or show them again; the document stays."""
        self._scene.hide_unused(not self._scene.unused_hidden)
        hidden = self._scene.unused_hidden
        self._session.told.emit(
            self._view.tr("Optional ports that nothing is linked to are hidden.")
            if hidden
            else self._view.tr("All ports are shown.")
        )

    # --- links --------------------------------------------------------------------------------------------------------

    def follow_link(self, note: NoteItem, place: QPointF) -> bool:
        """Ask whether the link at a point of the scene shall be opened; False where there is none."""
        href = note.link_at(place)
        if not href:
            return False
        url = address_of(href)
        if url is None:
            text = self._view.tr("This link is not opened: only addresses of the web and of mail are. It is: {address}")
            self._session.told.emit(text.format(address=href))
        elif may_open(self._view, url.toDisplayString(url.ComponentFormattingOption.FullyEncoded)):
            QDesktopServices.openUrl(url)
        return True


def may_open(view: CanvasView, address: str) -> bool:
    """Show an address and ask whether it shall be opened."""
    box = QMessageBox(QMessageBox.Icon.Question, view.tr("Open the link?"), "", parent=view)
    box.setObjectName("may_open")
    box.setTextFormat(box.textFormat().PlainText)
    box.setText(view.tr("The note links to this address:\n\n{address}").format(address=_broken(address)))
    opening = box.addButton(view.tr("Open in the browser"), QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    answer = box.clickedButton() is opening
    box.deleteLater()
    return answer


def _broken(address: str, width: int = 70) -> str:
    """Return a long address in lines, so that all of it can be seen."""
    return "\n".join(address[start : start + width] for start in range(0, min(len(address), 20 * width), width))
