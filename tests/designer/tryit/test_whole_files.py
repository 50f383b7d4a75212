"""From the Try it panel to a whole file: the network and the weights that are tried there are asked."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from core.training.runs import Run
from designer.predicting.dialog import PredictDialog
from tests.designer.shell.conftest import Hands, hands

from .conftest import WAIT, Try

__all__ = ["hands"]


@pytest.mark.parametrize("which", ["best", "last"])
def test_a_whole_file_is_asked_of_the_network_that_is_tried(
    qtbot: QtBot, trial: Try, digits_run: Run, hands: Hands, which: str
) -> None:
    panel = trial(digits_run)
    panel.which.setCurrentIndex(panel.which.findData(which))
    seen = []

    def answer(dialog: QDialog) -> bool:
        assert isinstance(dialog, PredictDialog)
        if dialog.run.ready:
            seen.append((dialog.run.folder, dialog.which.currentData()))
            dialog.close_button.click()
        return bool(seen)

    hands.expect(answer)
    panel.whole.click()
    assert seen == [(digits_run.path, which)]
    qtbot.waitUntil(lambda: not panel.busy, timeout=WAIT)
