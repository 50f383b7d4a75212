"""A designer that was killed: a real process ends in the middle of work, and the next start gives the work back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.edits import AddNodes, Edit, SetParameters
from core.graph.files import load_project, project_to_text, save_project
from core.graph.journal import Journal, Unsaved, journal_folder, left_journals
from core.graph.on_disk import digest_of
from core.graph.project import Node, Project
from core.graph.templates import templates
from designer.settings import Settings
from designer.window import Window
from tests.designer.shell.conftest import Hands, discard, iris, saved

_ROOT = Path(__file__).parents[3]
_LOST = 2.0
"""Seconds of work that a crash may cost at most."""
Buttons = QMessageBox.StandardButton
MakeWindow = Callable[[], Window]


def edit(index: int) -> Edit:
    """The edit that the process makes at its step ``index``, counted from 1."""
    if index % 5 == 0:
        return AddNodes((Node(f"added{index}", "ReLU", position=(index * 10.0, 5.0)),))
    return SetParameters({"hidden": {"out_features": index}})


def after(project: Project, steps: int) -> str:
    """Return the text of the project after that many steps."""
    document = Document(project)
    for index in range(1, steps + 1):
        document.apply(edit(index))
    return project_to_text(document.project)


# What a user does: a project is opened, a template beside it, and both are changed. Every step is told.
_WORK = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from core.graph.templates import templates
from designer.app import make_application
from designer.settings import Settings
from designer.window import Window
from core.graph.edits import Describe
from tests.designer.shell.test_recovery import edit

application = make_application([])
window = Window(Settings(Path(sys.argv[1], "designer.ini")))
window.show()
window.open_template(next(each.load() for each in templates() if each.id == "digits"))
window.workspace.session.apply(Describe("From a template", "never saved"))
window.open_path(Path(sys.argv[2]))
session = window.workspace.session
done = 0

def work():
    global done
    done += 1
    session.apply(edit(done))
    if done % 7 == 0:
        session.document.undo()
        session.document.redo()
    print(done, time.time(), flush=True)

timer = QTimer()
timer.timeout.connect(work)
timer.start(40)
application.exec()
"""


@dataclass
class Killed:
    """What a killed process had done: the number and time of each step, and when it was killed."""

    steps: list[tuple[int, float]]
    at: float
    seen_while_running: int


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test alone, in this process and in those it starts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def make_window(qtbot: QtBot, qapp: QApplication, tmp_path: Path, state: Path) -> Iterator[MakeWindow]:
    made: list[Window] = []

    def make() -> Window:
        window = Window(Settings(tmp_path / f"config{len(made)}" / "designer.ini"))
        made.append(window)
        window.resize(1280, 760)
        window.show()
        qtbot.waitExposed(window)
        return window

    yield make
    for window in made:
        for workspace in window.projects.open_ones:
            document = workspace.session.document
            document.mark_saved(document.path or Path("discarded.layerwright"))
        discard(window)
        window.close()
        window.deleteLater()
    qapp.processEvents()


def work_until_killed(path: Path, folder: Path) -> Killed:
    """Let a designer work on a file for three seconds in a process of its own, then kill it."""
    kinds = ("CONFIG", "DATA", "CACHE")
    folders = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in kinds}
    process = subprocess.Popen(
        [sys.executable, "-c", _WORK, str(folder), str(path)],
        cwd=_ROOT,
        env={**os.environ, **folders, "PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    steps = []
    with process.stdout:
        for line in process.stdout:
            step, at = line.split()
            steps.append((int(step), float(at)))
            if steps[-1][1] - steps[0][1] > 3.0:
                break
        running = len(left_journals(journal_folder()))
        process.kill()
        killed = time.time()
        process.wait()
        steps += [(int(line.split()[0]), float(line.split()[1])) for line in process.stdout if line.endswith("\n")]
    return Killed(steps, killed, running)


@pytest.mark.slow
def test_the_work_of_a_killed_designer_comes_back(make_window: MakeWindow, hands: Hands, tmp_path: Path) -> None:
    path = saved(iris(), tmp_path / "flowers.layerwright")
    killed = work_until_killed(path, tmp_path / "killed")
    assert killed.seen_while_running == 0
    assert load_project(path) == iris()

    window = make_window()
    cards = window.start.recovery.cards
    assert window.start.recovery.isVisible()
    assert [card.name.text() for card in cards] == ["flowers", "From a template"]
    assert "changes not saved, the last " in cards[0].text.text()
    assert str(path) in cards[0].text.text()
    assert "1 change not saved" in cards[1].text.text()

    cards[0].recover.click()
    assert window.workspace is not None
    document = window.workspace.session.document
    assert document.path == path
    assert document.is_modified
    assert window.isWindowModified()
    text = project_to_text(document.project)
    came_back = next(step for step in range(killed.steps[-1][0] + 2) if after(iris(), step) == text)
    expected = max(step for step, at in killed.steps if at <= killed.at - _LOST)
    assert came_back >= expected
    assert document.undo_label == "Recover unsaved changes"
    document.undo()
    assert document.project == iris()
    document.redo()
    assert window.save()
    assert project_to_text(load_project(path)) == text

    window.show_start()
    window.start.recovery.refresh()
    (card,) = window.start.recovery.cards
    hands.press(Buttons.Cancel)
    card.discard.click()
    assert len(window.start.recovery.cards) == 1
    hands.press("Discard")
    window.start.recovery.cards[0].discard.click()
    assert not window.start.recovery.cards
    assert not window.start.recovery.isVisible()


def leave(project: Project, path: Path | None, steps: int = 14) -> None:
    """Leave a journal as a process that was killed does: without its lock."""
    journal = Journal(journal_folder(), pytest.fail, every=0.0)
    journal.note(Unsaved(project, path, digest_of(path) if path is not None else "", steps))
    assert journal.settle()
    content, name = journal.path.read_bytes(), journal.path
    journal.close()
    name.write_bytes(content)


def test_a_template_comes_back_without_a_file_and_is_asked_about_at_closing(
    make_window: MakeWindow, hands: Hands, state: Path
) -> None:
    template = next(each.load() for each in templates() if each.id == "digits")
    leave(template, None)
    window = make_window()
    window.start.recovery.cards[0].recover.click()
    assert window.workspace is not None
    document = window.workspace.session.document
    assert (document.path, document.project, document.is_modified) == (None, template, True)
    assert not left_journals(journal_folder())
    hands.press(Buttons.Cancel)
    assert not window.close()
    hands.press(Buttons.Discard)
    assert window.close()
    assert not list(journal_folder().iterdir())


def test_opening_the_file_itself_offers_what_was_left_of_it(
    make_window: MakeWindow, hands: Hands, tmp_path: Path
) -> None:
    path = saved(iris(), tmp_path / "flowers.layerwright")
    leave(iris(hidden=9), path)
    window = make_window()
    hands.press(Buttons.Cancel)
    assert not window.open_path(path)
    assert "“flowers”" in hands.seen[0]
    assert "14 changes not saved" in hands.seen[0]
    hands.press("Recover")
    assert window.open_path(path)
    assert window.workspace is not None
    assert window.workspace.session.project == iris(hidden=9)
    assert window.isWindowModified()


def test_what_was_saved_can_be_opened_and_the_rest_stays_on_offer(
    make_window: MakeWindow, hands: Hands, tmp_path: Path
) -> None:
    path = saved(iris(), tmp_path / "flowers.layerwright")
    leave(iris(hidden=9), path)
    window = make_window()
    hands.press("Open what was saved")
    assert window.open_path(path)
    assert window.workspace is not None
    assert window.workspace.session.project == iris()
    assert len(left_journals(journal_folder())) == 1


@pytest.mark.parametrize("now", ["changed", "gone"])
def test_it_comes_back_even_where_the_file_is_another_or_no_more(
    make_window: MakeWindow, tmp_path: Path, state: Path, now: str
) -> None:
    path = saved(iris(), tmp_path / "flowers.layerwright")
    leave(iris(hidden=9), path)
    if now == "gone":
        path.unlink()
    else:
        save_project(iris(hidden=3), path)
    window = make_window()
    window.start.recovery.cards[0].recover.click()
    assert window.workspace is not None
    assert window.workspace.session.project == iris(hidden=9)
    assert window.workspace.session.document.is_modified
    assert window.workspace.keeper.state == now


def test_saving_undoing_and_closing_take_the_journal_away(
    make_window: MakeWindow, hands: Hands, tmp_path: Path, state: Path
) -> None:
    window = make_window()
    window.open_path(saved(iris(), tmp_path / "flowers.layerwright"))
    assert window.workspace is not None
    session, journal = window.workspace.session, window.workspace.keeper.journal

    def settled() -> bool:
        assert journal.settle()
        return journal.path.exists()

    assert not settled()
    session.apply(edit(1))
    assert settled()
    session.document.undo()
    assert not settled()
    session.document.redo()
    assert settled()
    assert window.save()
    assert not settled()
    session.apply(edit(2))
    assert settled()
    hands.press(Buttons.Discard)
    assert window.close()
    assert not list(journal_folder().iterdir())


def test_an_untouched_template_leaves_no_journal(make_window: MakeWindow) -> None:
    window = make_window()
    window.open_template(iris())
    assert window.workspace is not None
    assert window.workspace.keeper.journal.settle()
    assert not window.workspace.keeper.journal.path.exists()


def test_where_no_journal_can_be_kept_the_user_is_told(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, state: Path
) -> None:
    window = make_window()
    window.open_path(saved(iris(), tmp_path / "flowers.layerwright"))
    assert window.workspace is not None
    journal_folder().parent.mkdir(parents=True, exist_ok=True)
    journal_folder().write_text("a file where a folder is needed")
    with qtbot.waitSignal(window.workspace.session.told, timeout=10_000) as told:
        window.workspace.session.apply(edit(1))
    assert "could not be recovered" in told.args[0]
    journal_folder().unlink()
