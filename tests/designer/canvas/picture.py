"""Whether what a canvas shows is what its document says."""

from __future__ import annotations

from dataclasses import fields, replace

import shiboken6
from PySide6.QtWidgets import QGraphicsItem

from core.graph.project import Point
from designer.canvas.scene import CanvasScene
from designer.canvas.view import CanvasView


def _near(shown: object, said: Point) -> bool:
    x, y = shown.x(), shown.y()  # type: ignore[attr-defined]
    return bool(abs(x - said[0]) < 1e-3 and abs(y - said[1]) < 1e-3)


def check_picture(view: CanvasView) -> None:
    """Every node, wire, frame and note has its item in its place, and nothing else is in the scene."""
    canvas, graph = view.canvas, view.session.view.graph
    assert canvas.nodes.keys() == graph.nodes.keys()
    assert {target: wire.source for target, wire in canvas.wires.items()} == dict(graph.links)
    assert canvas.drawn.frames.keys() == graph.frames.keys()
    assert canvas.drawn.notes.keys() == graph.notes.keys()
    for name, item in canvas.nodes.items():
        assert replace(item.face.node, position=graph.nodes[name].position) == graph.nodes[name]
        assert _near(item.pos(), graph.nodes[name].position), name
        assert item.look.selected is (name in view.session.selection), name
        assert not item.look.faded, name
    for frame in canvas.drawn.frames.values():
        said = graph.frames[frame.name]
        assert frame.frame == said
        assert _near(frame.scene_rect().topLeft(), said.position), frame.name
    for note in canvas.drawn.notes.values():
        said_note = graph.notes[note.name]
        assert note.note == said_note
        assert _near(note.scene_rect().topLeft(), said_note.position), note.name
    for drawn in canvas.drawn.items():
        assert drawn.selected is (drawn.name in view.session.drawn), drawn.name
    for target, wire in canvas.wires.items():
        assert wire.isVisible(), target
        assert len(wire.childItems()) == len(graph.routes.get(target, ())), target
    _check_nothing_else(canvas)
    _check_as_new(view)


def _check_nothing_else(canvas: CanvasScene) -> None:
    """Only what the document says is in the scene: no preview, guide or carrier has been left behind."""
    known: list[QGraphicsItem] = [*canvas.nodes.values(), *canvas.wires.values(), *canvas.drawn.items()]
    shown = [item for item in canvas.items() if item.parentItem() is None]
    assert {id(item) for item in shown} == {id(item) for item in known}, shown
    assert len(shown) == len(known)


def _check_as_new(view: CanvasView) -> None:
    """A scene that is made anew looks the same: following changes step by step has missed nothing."""
    canvas = view.canvas
    fresh = CanvasScene(view.session)
    if canvas.unused_hidden:
        fresh.hide_unused(True)
    try:
        for name, item in canvas.nodes.items():
            face, new_face = item.face, fresh.nodes[name].face  # a face does not know where it is
            differ = [each.name for each in fields(face) if getattr(face, each.name) != getattr(new_face, each.name)]
            assert not set(differ) - {"node"}, (name, differ)
        for target, wire in canvas.wires.items():
            new = fresh.wires[target]
            for at in (0, 1):
                gap = wire.path().pointAtPercent(at) - new.path().pointAtPercent(at)
                assert gap.manhattanLength() < 1e-3, target
    finally:
        view.session.drawn_changed.disconnect(fresh.drawn.show_selected)
        shiboken6.delete(fresh)
