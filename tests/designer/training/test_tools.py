"""Trying a network out: finder, one batch by heart, dry run. Nothing in the project or in torch is moved by them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from core import trust
from core.graph.edits import BindData
from core.graph.project import DataBinding
from designer.session import Session
from designer.training.tools.dry_run import DryRunDialog
from designer.training.tools.overfit import OverfitDialog
from designer.training.tools.rate_finder import RateFinder
from designer.training.tools.trial import TrialDialog
from tests.designer.panels.conftest import change, checked

from .conftest import Open
from .running import WAIT, flowers, with_layer

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen platform

Show = Callable[[TrialDialog], None]


@pytest.fixture
def show(qtbot: QtBot) -> Show:
    """Show a dialog, and wait until it has found what it looks for."""

    def open_it(dialog: TrialDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(dialog)
        checked(qtbot, dialog.session)
        dialog.open()
        dialog.begin()
        qtbot.waitUntil(lambda: not dialog.lane.busy, timeout=WAIT)

    return open_it


def test_the_finder_marks_a_rate_and_uses_it_as_one_step(iris: Session, show: Show) -> None:
    before, random = iris.project, torch.get_rng_state()
    finder = RateFinder(iris)
    show(finder)
    assert torch.equal(torch.get_rng_state(), random)
    assert iris.project is before
    assert len(finder.plot.curve.points[0]) > 50
    found = finder.value
    assert found is not None
    assert 1e-4 < found < 10
    assert finder.plot.mark == pytest.approx(found, rel=0.1)
    assert "falls most steeply" in finder.verdict.text()
    finder.use.click()
    assert iris.project.training.learning_rate == found
    iris.document.undo()
    assert iris.project == before


def test_the_marker_moves_by_keys_and_by_typing(iris: Session, show: Show) -> None:
    finder = RateFinder(iris)
    show(finder)
    place = finder.plot.mark
    QTest.keyClick(finder.plot, Qt.Key.Key_Left)
    assert finder.plot.mark == pytest.approx(place / 10**0.05)
    assert finder.value == pytest.approx(finder.plot.mark, rel=0.1)
    finder.rate.selectAll()
    QTest.keyClicks(finder.rate, "0.02")
    assert finder.plot.mark == pytest.approx(0.02)
    finder.rate.selectAll()
    QTest.keyClicks(finder.rate, "x")
    assert not finder.use.isEnabled()
    finder.close()


def test_a_batch_is_learned_by_heart(open_session: Open, show: Show) -> None:
    session = open_session(flowers(learning_rate=0.05))
    dialog = OverfitDialog(session)
    show(dialog)
    assert dialog.verdict.text().startswith("The batch was learned")
    assert len(dialog.plot.curve.points[0]) == 200
    dialog.again.click()
    assert dialog.lane.busy
    dialog.close()


def test_a_batch_that_cannot_be_learned_is_said_so(open_session: Open, show: Show) -> None:
    dialog = OverfitDialog(open_session(flowers(learning_rate=1e-9)))
    show(dialog)
    assert "only fell" in dialog.verdict.text()
    dialog.close()


def test_stopping_shows_what_was_found_so_far(qtbot: QtBot, open_session: Open, show: Show) -> None:
    slow = _SOURCE.replace("BODY", "time.sleep(0.01)")
    trust.trust(slow)
    dialog = OverfitDialog(open_session(with_layer(slow, learning_rate=0.05)))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    checked(qtbot, dialog.session)
    dialog.open()
    dialog.begin()
    qtbot.waitUntil(lambda: dialog.progress.value() > 0, timeout=WAIT)
    assert len(dialog.plot.curve.points[0]) < 200, "it is drawn while it goes on"
    dialog.stop.click()
    qtbot.waitUntil(lambda: not dialog.lane.busy, timeout=WAIT)
    assert 0 < len(dialog.plot.curve.points[0]) < 200
    dialog.close()


_SOURCE = '''
import time

import torch
from torch import nn


class Own(nn.Module):
    """Does something in training."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if self.training and len(input) > 8:
            BODY
        return input
'''


def cells(table: QTableWidget) -> dict[str, str]:
    texts = [[table.item(row, column) for column in (0, 1)] for row in range(table.rowCount())]
    return {name.text(): value.text() for name, value in texts if name is not None and value is not None}


def test_a_dry_run_lists_time_memory_and_shapes(iris: Session, show: Show) -> None:
    dialog = DryRunDialog(iris)
    show(dialog)
    assert dialog.verdict.text() == "Training can begin."
    facts = cells(dialog.facts)
    assert list(facts) == ["One step", "An epoch of training", "Memory for a step", "Loss before training"]
    assert facts["One step"].endswith("s")
    assert cells(dialog.shapes)["linear1"] == "N × 8"
    assert dialog.show_node.isHidden()
    dialog.close()


def test_a_dry_run_names_the_first_bad_node(open_session: Open, show: Show) -> None:
    broken = _SOURCE.replace("BODY", "raise RuntimeError('too many')")
    trust.trust(broken)
    session = open_session(with_layer(broken))
    dialog = DryRunDialog(session)
    show(dialog)
    assert "too many" in dialog.verdict.text()
    assert not dialog.show_node.isHidden()
    dialog.show_node.click()
    assert session.selection == {"own"}


def test_a_project_that_cannot_be_trained_says_why(iris: Session, show: Show) -> None:
    change(iris, BindData(DataBinding()))
    dialog = DryRunDialog(iris)
    show(dialog)
    assert "cannot be trained yet" in dialog.verdict.text()
    dialog.close()


@pytest.mark.parametrize("kind", [RateFinder, OverfitDialog])
def test_a_layer_that_fails_in_a_trial_is_named(
    open_session: Open, show: Show, kind: type[RateFinder | OverfitDialog]
) -> None:
    late = _SOURCE.replace("BODY", "if torch.is_grad_enabled() and input.any(): raise RuntimeError('too late')")
    trust.trust(late)
    session = open_session(with_layer(late))
    dialog = kind(session)
    show(dialog)
    assert "too late" in dialog.verdict.text()
    dialog.show_node.click()
    assert session.selection == {"own"}
