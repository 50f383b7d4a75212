"""Loading weights into the open network: a report before anything is changed, then one step that can be undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from core.graph.groups import with_weights_beside
from core.graph.project import Project
from core.model.build import build
from designer.importing.keeping import is_kept
from designer.importing.weights_dialog import WeightsDialog
from designer.window import Window
from tests.designer.importing.conftest import other_weights, wait_for
from tests.designer.shell.conftest import Hands, iris, wait_for_check
from tests.designer.shell.test_dropping_files import drop

Open = Callable[[Project], Window]


def opened(qtbot: QtBot, window: Window, path: Path) -> WeightsDialog:
    assert window.workspace is not None
    made = WeightsDialog(window.workspace.session, path.parent, window, path)
    qtbot.addWidget(made)
    made.show()
    wait_for(qtbot, lambda: made.adoption is not None or bool(made.message.text()))
    return made


def test_the_report_names_every_tensor_and_can_be_filtered(qtbot: QtBot, open_project: Open, weights: Path) -> None:
    made = opened(qtbot, open_project(iris()), weights)
    assert made.summary.text() == "3 of 4 tensors fit, 1 of another shape, 1 not used"
    model = made.model
    cells = [[model.index(row, column).data() for column in range(5)] for row in range(model.rowCount())]
    assert ["fits", "hidden.weight", "5 × 4", "hidden.weight", "5 × 4"] in cells
    assert ["another shape, stays fresh", "logits.weight", "3 × 5", "logits.weight", "9 × 9"] in cells
    assert ["not used", "", "", "more", "3"] in cells
    made.filter.setCurrentIndex(1)
    assert model.rowCount() == 2
    made.reject()


def test_loading_is_one_step_that_can_be_undone(
    qtbot: QtBot, open_project: Open, weights: Path, tmp_path: Path
) -> None:
    window = open_project(iris())
    made = opened(qtbot, window, weights)
    made.learning.setCurrentIndex(1)
    made.go.click()
    assert window.workspace is not None
    session = window.workspace.session
    wait_for(qtbot, lambda: bool(session.project.weights))
    assert session.project.weights == "project.safetensors"
    assert session.project.graph.nodes["hidden"].params["frozen"] is True
    assert "frozen" not in session.project.graph.nodes["logits"].params
    found = build(with_weights_beside(session.project, tmp_path)).module.state_dict()
    assert torch.equal(found["hidden.weight"], other_weights(iris())["hidden.weight"])
    wait_for_check(qtbot, window)
    assert session.report is not None
    assert any("project.safetensors" in each.message for each in session.report.problems)
    window.undo()
    assert session.project == iris()


def test_before_the_first_save_the_weights_are_kept_elsewhere(
    qtbot: QtBot, window: Window, weights: Path, hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    window.open_template(iris())
    made = opened(qtbot, window, weights)
    made.go.click()
    assert window.workspace is not None
    session = window.workspace.session
    wait_for(qtbot, lambda: bool(session.project.weights))
    assert is_kept(session.project.weights)
    (tmp_path / "mine").mkdir()
    hands.choose(tmp_path / "mine" / "flowers.layerwright")
    assert window.save()
    assert session.project.weights == "flowers.safetensors"
    window.undo()
    window.redo()
    assert session.project.weights == "flowers.safetensors"


def test_a_file_that_cannot_be_read_changes_nothing(qtbot: QtBot, open_project: Open, tmp_path: Path) -> None:
    window = open_project(iris())
    (tmp_path / "bad.pt").write_bytes(b"no weights")
    made = opened(qtbot, window, tmp_path / "bad.pt")
    assert "damaged" in made.message.text()
    assert not made.go.isEnabled()
    made.reject()
    assert window.workspace is not None
    assert window.workspace.session.project == iris()


def test_another_path_forgets_what_was_read(qtbot: QtBot, open_project: Open, weights: Path) -> None:
    made = opened(qtbot, open_project(iris()), weights)
    made.path.setText(str(weights.with_name("other.pt")))
    assert not made.go.isEnabled()
    assert made.model.rowCount() == 0
    made.reject()


def test_weights_dropped_on_a_network_are_loaded(qtbot: QtBot, open_project: Open, weights: Path, hands: Hands) -> None:
    window = open_project(iris())

    def load(found: object) -> bool:
        assert isinstance(found, WeightsDialog)
        if found.adoption is None:
            return False
        found.go.click()
        return True

    hands.expect(load)
    assert drop(window, weights)
    assert window.workspace is not None
    session = window.workspace.session
    wait_for(qtbot, lambda: bool(session.project.weights))


def test_weights_without_a_network_are_told_what_they_need(
    qtbot: QtBot, window: Window, weights: Path, hands: Hands
) -> None:
    hands.press("OK")
    assert drop(window, weights)
    wait_for(qtbot, lambda: bool(hands.seen))
    assert "w.pt" in hands.seen[0]
    assert "Open their network first." in hands.seen[0]
