"""Graphs with frames and notes, and what tests of them look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF

from core.graph.files import load_project, save_project
from core.graph.project import Frame, Graph, Group, Node, Note, Project
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import chain


def framed_chain() -> Graph:
    """The chain with a frame around conv1 and relu1, a frame in that one around relu1, and a note in it."""
    frames = {
        "frame1": Frame("frame1", "Stem", (-60, 60), (340, 280), "blue"),
        "frame2": Frame("frame2", "Inner", (-40, 200), (300, 120), "green"),
    }
    notes = {"note1": Note("note1", "# Why\n\n**Because** of `padding`.", (300, 100), (200, 100), "yellow")}
    return replace(chain(), frames=frames, notes=notes)


def in_group(graph: Graph) -> Project:
    """Return a project whose node ``stem1`` is a group of this graph."""
    return Project(
        graph=Graph({"stem1": Node("stem1", "group:Stem", position=(0, 0))}), groups={"Stem": Group("Stem", graph)}
    )


def title_of(view: CanvasView, name: str) -> QPointF:
    """Return a place on a frame's title, clear of what may lie in front of it."""
    place = view.canvas.drawn.frames[name].title_place(view.zoom)
    return place.topLeft() + QPointF(20 / view.zoom, place.height() / 2)


def rect_of(view: CanvasView, name: str) -> QRectF:
    """Return where a frame or note is in the scene."""
    item = view.canvas.drawn.item(name)
    assert item is not None
    return item.scene_rect()


def reloaded(project: Project, folder: Path) -> Project:
    """Return a project as it comes back from its file."""
    path = folder / "saved.layerwright"
    save_project(project, path)
    return load_project(path)
