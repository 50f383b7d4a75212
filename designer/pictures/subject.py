"""Takes from a canvas what a picture shall show, at once, so that the picture itself can be made in a thread."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QCoreApplication, QRectF
from PySide6.QtGui import QGuiApplication

from core.pictures.publication import publication
from designer import theme
from designer.canvas.drawn.places import box_of
from designer.canvas.scene import CanvasScene
from designer.canvas.style import WireState
from designer.canvas.wire_item import WireItem
from designer.pictures.choices import Choices
from designer.pictures.picture import CanvasPicture, DrawnPicture, Picture, measure, stripped

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_MARGIN = 16.0


def picture_of(view: CanvasView, choices: Choices) -> Callable[[], Picture]:
    """Return what makes the picture, in any thread; all that it needs has been taken from the canvas.

    Raises:
        ValueError: there is nothing to show: nothing is selected, or the window shows no node.
    """
    path = () if choices.part == "all" else view.session.path
    names = _names(view, choices.part)
    if choices.look == "canvas":
        shown = _as_on_canvas(view, choices, path, names)
        return lambda: shown
    session = view.session
    project = session.view if path else session.project
    shapes = session.report.shapes.inside(path) if session.report else None
    what = choices.publication
    return lambda: DrawnPicture(publication(project, shapes, what, names=names, measure=measure))


def _names(view: CanvasView, part: str) -> frozenset[str] | None:
    """Return the nodes to be shown; None stands for all."""
    if part == "selection":
        if not view.session.selection:
            raise ValueError(_tr("Nothing is selected: select the nodes that the picture shall show."))
        return view.session.selection
    if part == "visible":
        area = visible(view)
        names = {name for name, item in view.canvas.nodes.items() if item.scene_card().intersects(area)}
        if not names:
            raise ValueError(_tr("The window shows no node now: move the canvas, or choose another part."))
        return frozenset(names)
    if not (view.session.view if part == "here" else view.session.project).graph.nodes:
        raise ValueError(_tr("There is nothing to draw yet: the graph has no nodes."))
    return None


def visible(view: CanvasView) -> QRectF:
    """Return the part of the scene that the window shows."""
    return view.mapToScene(view.viewport().rect()).boundingRect()


def _as_on_canvas(
    view: CanvasView, choices: Choices, path: tuple[str, ...], names: Collection[str] | None
) -> CanvasPicture:
    if path == view.session.path:
        return _taken(view, view.canvas, choices, names)
    beside = view.session.beside()
    beside.go_to(path)
    scene = CanvasScene(beside)
    try:
        scene.hide_unused(view.canvas.unused_hidden)
        return _taken(view, scene, choices, names)
    finally:
        shiboken6.delete(scene)
        beside.close()


def _taken(view: CanvasView, scene: CanvasScene, choices: Choices, names: Collection[str] | None) -> CanvasPicture:
    """Return what a scene shows now, of the named nodes only where they are given."""
    seen = visible(view) if choices.part == "visible" else None
    chosen = scene.nodes.keys() if names is None or seen is not None else names
    items = sorted((scene.nodes[name] for name in chosen), key=lambda item: item.zValue())
    wires = [wire for wire in scene.wires.values() if {wire.source.node, wire.target.node} <= set(chosen)]
    graph, drawn = scene.session.view.graph, scene.session.drawn
    every = names is None or seen is not None
    frames = tuple(each for each in graph.frames.values() if every or each.name in drawn)
    notes = tuple(each for each in graph.notes.values() if every or each.name in drawn)
    rects = [item.sceneBoundingRect() for item in (*items, *wires)]
    rects += [QRectF(box.x, box.y, box.width, box.height) for box in (*map(box_of, frames), *map(box_of, notes))]
    area = QRectF()
    for rect in rects:
        area = area.united(rect)
    area.adjust(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    return CanvasPicture(
        area if seen is None else seen,
        scene.session.project.name,
        _tr("The network as on the canvas, with {count} nodes.").format(count=len(items)),
        theme.current() if choices.colours == "now" else theme.THEMES[choices.colours],
        QGuiApplication.font(),
        choices.background == "transparent",
        tuple((item.pos(), item.face, stripped(item.look)) for item in items),
        tuple((wire.path(), _state(scene, wire)) for wire in wires),
        frames,
        notes,
    )


def _state(scene: CanvasScene, wire: WireItem) -> WireState:
    return "error" if wire.target in scene.wrong_ends else "normal"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Pictures", text)
