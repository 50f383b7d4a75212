"""Copy, cut, paste and duplicate; the clipboard holds text."""

from __future__ import annotations

import json

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from core.errors import EditError
from designer.canvas.clipboard import fragment_of, from_text, to_text
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import chain, end


def test_paste_adds_copies_with_names_of_their_own_and_their_links(canvas: CanvasView) -> None:
    canvas.session.select(["conv1", "relu1"])
    canvas.copy()
    canvas.paste()
    graph = canvas.session.project.graph
    assert canvas.session.selection == {"conv2", "relu2"}
    assert graph.nodes["conv2"].params == {"padding": 1}
    assert graph.links[end("relu2.input")] == end("conv2.output")
    assert end("conv2.input") not in graph.links
    canvas.session.document.undo()
    assert canvas.session.project.graph == chain()


def test_cut_removes_and_paste_brings_back_under_the_same_names(canvas: CanvasView) -> None:
    canvas.session.select(["conv1", "relu1"])
    canvas.cut()
    assert set(canvas.session.project.graph.nodes) == {"image", "flatten1"}
    canvas.paste()
    assert set(canvas.session.project.graph.nodes) == set(chain().nodes)


def test_duplicate_puts_a_copy_beside_without_the_clipboard(canvas: CanvasView) -> None:
    QGuiApplication.clipboard().setText("mine")
    canvas.session.select(["conv1"])
    canvas.duplicate()
    boxes = canvas.canvas.boxes()
    assert not boxes["conv1"].meets(boxes["conv2"], 0)
    assert boxes["conv1"].y == boxes["conv2"].y
    assert QGuiApplication.clipboard().text() == "mine"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no text"),
        ("Dear all,", "no Layerwright nodes"),
        ('{"application": "other"}', "no Layerwright nodes"),
        ('{"application": "layerwright", "content": "nodes", "version": 99}', "another version"),
        ('{"application": "layerwright", "content": "nodes", "version": 1, "nodes": 3, "links": []}', "damaged"),
    ],
)
def test_pasting_something_else_says_why(canvas: CanvasView, qtbot: QtBot, text: str, reason: str) -> None:
    QGuiApplication.clipboard().setText(text)
    with qtbot.waitSignal(canvas.session.refused) as refused:
        canvas.paste()
    assert reason in refused.args[0]
    assert canvas.session.project.graph == chain()


def test_the_text_survives_a_round_trip() -> None:
    fragment = fragment_of(chain(), frozenset(chain().nodes))
    assert from_text(to_text(fragment)) == fragment


def test_a_name_that_python_cannot_hold_is_refused() -> None:
    raw = json.loads(to_text(fragment_of(chain(), {"conv1"})))
    raw["nodes"][0]["name"] = "import os"
    with pytest.raises(EditError, match="cannot be a name"):
        from_text(json.dumps(raw))
