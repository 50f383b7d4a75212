"""The canvas coloured by cost: which nodes, how strongly, and whether they can still be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core import units
from core.graph.edits import AddNodes, SetParameters
from core.graph.project import Node
from designer import theme
from designer.canvas.heat import STEPS, block_brush, card_brush, figure_place
from designer.canvas.style import BLOCKS_BELOW, style_of
from designer.canvas.view import CanvasView
from designer.window import Window
from tests.designer.costs.conftest import wait_for_cost
from tests.designer.shell.test_style import contrast, luminance

_MEASURES = ("parameters", "multiply_adds", "memory")


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    theme.switch.apply(qapp, request.param)
    yield request.param
    theme.switch.apply(qapp, "light")


def canvas_of(window: Window) -> CanvasView:
    assert window.workspace is not None
    return window.workspace.canvas


def ground(view: CanvasView, name: str) -> QColor:
    """Return the colour of a node's card as it is on the screen, left of its icon."""
    item = view.canvas.nodes[name]
    view.navigator.zoom_to(1.0)
    view.navigator.centre(item.scene_card().center())
    place = view.mapFromScene(item.scenePos() + QPointF(8, item.face.height / 2))
    return view.viewport().grab().toImage().pixelColor(place)


def choose(window: Window, measure: str) -> None:
    window.actions_by_id[f"heat_{measure}"].trigger()


def test_the_largest_node_is_the_most_coloured_and_off_takes_all_away(stages: Window) -> None:
    view = canvas_of(stages)
    plain = ground(view, "layer2")
    choose(stages, "parameters")
    nodes = view.canvas.nodes
    heats = {name: item.look.heat for name, item in nodes.items()}
    assert heats["layer2"] == 1.0
    assert heats["pool"] == 0.0
    assert all(heat is not None and 0 <= heat <= 1 for heat in heats.values())
    assert ground(view, "layer2") != plain
    assert ground(view, "pool") == plain
    assert stages.actions_by_id["heat_parameters"].isChecked()
    choose(stages, "off")
    assert all(item.look.heat is None and not item.look.figure for item in nodes.values())
    assert ground(view, "layer2") == plain
    assert stages.actions_by_id["heat_off"].isChecked()


@pytest.mark.parametrize("measure", _MEASURES)
def test_every_card_has_its_figure_and_the_legend_the_largest(stages: Window, measure: str) -> None:
    workspace = stages.workspace
    assert workspace is not None
    choose(stages, measure)
    figures = {
        row.path[-1]: {
            "parameters": units.count(row.cost.parameters),
            "multiply_adds": units.count(row.multiply_adds),
            "memory": units.size(row.memory),
        }[measure]
        for row in workspace.properties.cost.rows()
    }
    shown = {name: item.look.figure for name, item in canvas_of(stages).canvas.nodes.items() if item.look.figure}
    assert shown
    assert shown.items() <= figures.items()
    legend = workspace.heat.legend
    assert legend.isVisible()
    strongest = next(name for name, item in canvas_of(stages).canvas.nodes.items() if item.look.heat == 1.0)
    assert legend.most == figures[strongest]
    assert canvas_of(stages).rect().contains(legend.geometry())


def test_inside_a_group_nodes_are_compared_with_each_other(stages: Window) -> None:
    workspace = stages.workspace
    assert workspace is not None
    choose(stages, "parameters")
    workspace.session.open_group("layer1")
    looks = {name: item.look for name, item in canvas_of(stages).canvas.nodes.items()}
    assert looks["conv1"].heat == looks["conv2"].heat == 1.0
    assert looks["conv1"].figure == str(8 * 8 * 9)
    assert looks["relu1"].heat == 0.0
    workspace.session.leave_group()
    assert canvas_of(stages).canvas.nodes["layer2"].look.heat == 1.0


def test_colours_follow_edits(qtbot: QtBot, stages: Window) -> None:
    workspace = stages.workspace
    assert workspace is not None
    choose(stages, "parameters")
    workspace.session.apply(SetParameters({"head": {"out_features": 4000}}))
    wait_for_cost(qtbot, stages)
    nodes = canvas_of(stages).canvas.nodes
    assert nodes["head"].look.heat == 1.0
    assert nodes["head"].look.figure == units.count(4000 * 17)
    layer2 = nodes["layer2"].look.heat
    assert layer2 is not None
    assert layer2 < 1.0


def test_a_network_with_errors_has_no_colours_until_it_is_mended(qtbot: QtBot, stages: Window) -> None:
    workspace = stages.workspace
    assert workspace is not None
    choose(stages, "memory")
    workspace.session.apply(AddNodes((Node("lonely", "Linear"),)))
    wait_for_cost(qtbot, stages)
    assert {item.look.heat for item in canvas_of(stages).canvas.nodes.values()} == {None}
    assert "not known" in workspace.heat.legend.most
    workspace.session.document.undo()
    wait_for_cost(qtbot, stages)
    assert canvas_of(stages).canvas.nodes["stem"].look.heat is not None


def test_colours_are_those_of_the_theme(stages: Window, qapp: QApplication) -> None:
    view = canvas_of(stages)
    choose(stages, "parameters")
    light = ground(view, "layer2")
    theme.switch.apply(qapp, "dark")
    assert ground(view, "layer2") == card_brush(1.0, style_of()).color() != light


def test_far_out_nodes_are_blocks_of_their_colour(stages: Window) -> None:
    view = canvas_of(stages)
    choose(stages, "parameters")
    view.navigator.zoom_to(BLOCKS_BELOW / 1.5)
    item = view.canvas.nodes["layer2"]
    view.navigator.centre(item.scene_card().center())
    image = view.viewport().grab().toImage()
    assert image.pixelColor(view.mapFromScene(item.scene_card().center())) == block_brush(1.0, style_of()).color()


def test_a_figure_lies_on_no_port(stages: Window) -> None:
    choose(stages, "memory")
    for item in canvas_of(stages).canvas.nodes.values():
        place = figure_place(item.face, item.look.figure or "100 MiB", style_of())
        assert not any(place.contains(port.centre) for port in item.face.ports)
        assert item.boundingRect().contains(place)


def test_texts_can_be_read_on_every_colour(themed: str) -> None:
    style = style_of()
    for step in range(STEPS):
        card = luminance(card_brush(step / (STEPS - 1), style).color())
        for text in (style.theme.text, style.theme.text_muted):
            assert contrast(card, luminance(QColor(text))) >= 4.5
    canvas = luminance(QColor(style.theme.canvas))
    assert contrast(canvas, luminance(block_brush(1.0, style).color())) >= 3


def test_the_steps_of_the_scale_look_alike(themed: str) -> None:
    """Neighbours differ by about as much everywhere, in CIELAB, which is not the space that the scale is made in."""
    style = style_of()
    colours = [_cielab(card_brush(step / (STEPS - 1), style).color()) for step in range(STEPS)]
    steps = [sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5 for pair in pairwise(colours)]
    mean = sum(steps) / len(steps)
    assert all(0.5 * mean < step < 1.7 * mean for step in steps)


def _cielab(colour: QColor) -> tuple[float, float, float]:
    """CIELAB under D65, from the sRGB primaries of IEC 61966-2-1."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (each ** (1 / 3) if each > 216 / 24389 else (24389 / 27 * each + 16) / 116 for each in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
