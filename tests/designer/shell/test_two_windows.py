"""Two windows, or another program, on one file: nobody's work is replaced without a question."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.files import load_project, save_project
from core.graph.on_disk import is_open_elsewhere
from designer.safety.bar import CompareDialog, FileBar
from designer.window import Window
from designer.workspace import Workspace
from tests.designer.shell.conftest import Hands, iris, saved
from tests.designer.shell.test_recovery import MakeWindow, edit, make_window, state

__all__ = ["make_window", "state"]  # fixtures

_ROOT = Path(__file__).parents[3]


def open_in(window: Window, path: Path) -> Workspace:
    assert window.open_path(path)
    assert window.workspace is not None
    return window.workspace


def bar_of(workspace: Workspace) -> FileBar:
    bar = workspace.findChild(FileBar)
    assert isinstance(bar, FileBar)
    return bar


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return saved(iris(), tmp_path / "flowers.layerwright")


def test_a_change_by_another_program_is_told_and_reloading_can_be_undone(
    make_window: MakeWindow, path: Path, qtbot: QtBot
) -> None:
    workspace = open_in(make_window(), path)
    bar, document = bar_of(workspace), workspace.session.document
    assert not bar.isVisible()
    workspace.session.apply(edit(7))
    mine = document.project
    save_project(iris(hidden=3), path)
    qtbot.waitUntil(bar.isVisible, timeout=10_000)
    assert bar.text.text() == "This file was changed by another program."
    bar.reload.click()
    assert document.project == iris(hidden=3)
    assert not document.is_modified
    assert not bar.isVisible()
    document.undo()
    assert document.project == mine
    assert document.is_modified


def test_keeping_mine_counts_as_unsaved_and_then_saves_without_a_question(
    make_window: MakeWindow, path: Path, qtbot: QtBot
) -> None:
    window = make_window()
    workspace = open_in(window, path)
    bar = bar_of(workspace)
    save_project(iris(hidden=3), path)
    qtbot.waitUntil(bar.isVisible, timeout=10_000)
    bar.keep.click()
    assert not bar.isVisible()
    assert window.isWindowModified()
    assert window.save()
    assert load_project(path) == iris()


def test_what_differs_is_listed_before_one_chooses(make_window: MakeWindow, path: Path, qtbot: QtBot) -> None:
    workspace = open_in(make_window(), path)
    bar = bar_of(workspace)
    workspace.session.apply(edit(5))
    save_project(iris(hidden=3), path)
    qtbot.waitUntil(bar.isVisible, timeout=10_000)
    dialog = CompareDialog(workspace.keeper.differences(), workspace)
    texts = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert texts == ["Removed node: added5", "Changed node: hidden"]
    dialog.deleteLater()


def test_a_file_written_anew_with_the_same_text_is_no_change(make_window: MakeWindow, path: Path) -> None:
    workspace = open_in(make_window(), path)
    path.write_bytes(path.read_bytes())
    assert workspace.keeper.look() == "same"
    path.unlink()
    assert workspace.keeper.look() == "gone"
    assert "save it again" in bar_of(workspace).text.text()
    save_project(iris(), path)
    assert workspace.keeper.look() == "same"


def test_what_cannot_be_read_is_explained_and_nothing_changes(
    make_window: MakeWindow, path: Path, hands: Hands
) -> None:
    workspace = open_in(make_window(), path)
    path.write_text('<<<<<<< ours\n{"format": 2}')
    assert workspace.keeper.look() == "changed"
    hands.press("OK")
    bar_of(workspace).reload.click()
    assert "merge conflict" in hands.seen[0]
    assert workspace.session.project == iris()
    assert bar_of(workspace).isVisible()


def test_saving_over_a_changed_file_asks(make_window: MakeWindow, path: Path, hands: Hands) -> None:
    window = make_window()
    workspace = open_in(window, path)
    workspace.session.apply(edit(7))
    save_project(iris(hidden=3), path)
    hands.press("Cancel")
    assert not window.save()
    assert load_project(path) == iris(hidden=3)
    assert window.isWindowModified()
    hands.press("Save as…")
    hands.choose(path.with_name("mine.layerwright"))
    assert window.save()
    assert load_project(path) == iris(hidden=3)
    assert load_project(path.with_name("mine.layerwright")) == workspace.session.project


def test_saving_over_a_changed_file_may_replace_it(make_window: MakeWindow, path: Path, hands: Hands) -> None:
    window = make_window()
    workspace = open_in(window, path)
    workspace.session.apply(edit(7))
    save_project(iris(hidden=3), path)
    hands.press("Replace it")
    assert window.save()
    assert load_project(path) == workspace.session.project
    assert not bar_of(workspace).isVisible()


def test_a_second_window_opens_read_only_and_saves_elsewhere(make_window: MakeWindow, path: Path, hands: Hands) -> None:
    first, second = make_window(), make_window()
    open_in(first, path)
    hands.press("Cancel")
    assert not second.open_path(path)
    assert "open in another Layerwright window" in hands.seen[0]
    hands.press("Open read-only")
    workspace = open_in(second, path)
    assert "read-only" in second.windowTitle()
    workspace.session.apply(edit(7))
    hands.choose(path.with_name("copy.layerwright"))
    assert second.save()
    assert "read-only" not in second.windowTitle()
    assert load_project(path) == iris()
    assert load_project(path.with_name("copy.layerwright")) == workspace.session.project


def test_windows_that_share_a_file_see_each_others_saves(
    make_window: MakeWindow, path: Path, hands: Hands, qtbot: QtBot
) -> None:
    first, second = make_window(), make_window()
    mine = open_in(first, path)
    hands.press("Open anyway")
    theirs = open_in(second, path)
    theirs.session.apply(edit(7))
    assert second.save()
    qtbot.waitUntil(bar_of(mine).isVisible, timeout=10_000)
    assert not bar_of(theirs).isVisible()


def test_the_mark_goes_with_the_project_and_moves_with_save_as(
    make_window: MakeWindow, path: Path, hands: Hands
) -> None:
    window = make_window()
    workspace = open_in(window, path)
    assert is_open_elsewhere(path)
    link = path.with_name("link.layerwright")
    link.symlink_to(path)
    assert is_open_elsewhere(link)
    other = path.with_name("other.layerwright")
    hands.choose(other)
    assert window.save_as()
    assert not is_open_elsewhere(path)
    assert is_open_elsewhere(other)
    assert window.projects.close(workspace)
    QApplication.processEvents()
    assert not is_open_elsewhere(other)


@pytest.mark.slow
def test_the_mark_of_a_killed_process_does_not_count(path: Path, state: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from core.graph.on_disk import OpenMark\n"
        "mark = OpenMark(Path(sys.argv[1])); print(mark.set(), flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        assert process.stdout.readline() == "True\n"
        assert is_open_elsewhere(path)
        process.kill()
        process.wait()
    assert not is_open_elsewhere(path)
