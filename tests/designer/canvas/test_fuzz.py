"""Thousands of random gestures and edits on a real canvas: every one can be undone, and the picture stays true.

``FUZZ_SEEDS="1 2 3" FUZZ_BATCHES=50`` plays other and longer games; of a failure, the last moves are printed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import pytest
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from tests.designer.canvas.conftest import MakeCanvas
from tests.designer.canvas.drawing import framed_chain, in_group
from tests.designer.canvas.player import Player


@pytest.fixture
def uncaught() -> Iterator[list[BaseException]]:
    """What reached the last hook: nothing may."""
    found: list[BaseException] = []
    before = sys.excepthook

    def note(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        found.append(error)

    sys.excepthook = note
    yield found
    sys.excepthook = before


def _play(qtbot: QtBot, player: Player, uncaught: list[BaseException], batches: int, steps: int) -> None:
    document, start = player.document, player.document.project
    for _ in range(batches):
        qtbot.waitUntil(lambda: player.session.report_is_current, timeout=60_000)
        player.batch(steps)
    end, done = document.project, document.position
    while document.undo_label:
        document.undo()
    assert document.project == start
    player.check()
    while document.position < done:
        document.redo()
    assert document.project == end
    player.check()
    assert not uncaught


def _project(where: str) -> Project:
    project = in_group(framed_chain())
    return replace(project, graph=framed_chain()) if where == "at the root" else project


_SEEDS = [int(each) for each in os.environ.get("FUZZ_SEEDS", "1 2").split()]
_BATCHES = int(os.environ.get("FUZZ_BATCHES", "8"))


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("where", ["at the root", "inside a group"])
def test_random_play_can_be_undone(
    qtbot: QtBot,
    make_canvas: MakeCanvas,
    tmp_path: Path,
    uncaught: list[BaseException],
    where: str,
    seed: int,
) -> None:
    view = make_canvas(project=_project(where))
    if where == "inside a group":
        view.session.open_group("stem1")
    player = Player(view, seed, tmp_path, uncaught)
    try:
        _play(qtbot, player, uncaught, _BATCHES, 60)
    except BaseException:
        print("\n".join(player.log[-12:]))
        raise
