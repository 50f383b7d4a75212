"""Library, problems, start page, theme and help, in the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from core.graph.templates import templates
from core.layers import catalogue
from designer import theme
from designer.library.model import KIND, MIME
from designer.library.panel import LibraryPanel
from designer.problems.row import ProblemRow
from designer.settings import Settings
from designer.start.cards import RecentCard, TemplateCard
from designer.window import Window
from tests.designer.shell.conftest import image_network, iris, saved, wait_for_check

Open = Callable[[Project], Window]


def shown_kinds(library: LibraryPanel) -> list[str]:
    return [str(index.data(KIND)) for index in library.shown.matches()]


def test_the_library_offers_every_kind(qtbot: QtBot) -> None:
    library = LibraryPanel()
    qtbot.addWidget(library)
    assert sorted(shown_kinds(library)) == sorted(kind.id for kind in catalogue)


def test_the_search_looks_at_names_families_keywords_and_help(qtbot: QtBot) -> None:
    library = LibraryPanel()
    qtbot.addWidget(library)
    qtbot.keyClicks(library.search_field, "conv2")
    assert shown_kinds(library)[0] == "Conv2d"
    library.search_field.setText("pooling")
    assert "MaxPool2d" in shown_kinds(library)
    assert "Linear" not in shown_kinds(library)
    library.search_field.setText("no such layer")
    assert shown_kinds(library) == []


def test_enter_in_the_search_and_a_double_click_ask_for_the_layer(qtbot: QtBot) -> None:
    library = LibraryPanel()
    qtbot.addWidget(library)
    library.show()
    asked: list[str] = []
    library.add_requested.connect(asked.append)
    qtbot.keyClicks(library.search_field, "linear")
    qtbot.keyClick(library.search_field, Qt.Key.Key_Return)
    index = library.view.currentIndex()
    library.view.doubleClicked.emit(index)
    assert asked == ["Linear", "Linear"]


def test_a_dragged_layer_carries_its_id(qtbot: QtBot) -> None:
    library = LibraryPanel()
    qtbot.addWidget(library)
    data = library.shown.mimeData([library.shown.matches()[0]])
    assert bytes(data.data(MIME).data()).decode() == library.shown.matches()[0].data(KIND)


def test_a_family_folds_on_a_click(qtbot: QtBot) -> None:
    library = LibraryPanel()
    qtbot.addWidget(library)
    family = library.shown.index(0, 0, QModelIndex())
    library.view.clicked.emit(family)
    assert not library.view.isExpanded(family)


def test_the_library_adds_after_the_selection(open_project: Open) -> None:
    window = open_project(image_network())
    assert window.workspace is not None
    session = window.workspace.session
    session.select(["linear1"])
    window.workspace.library.add_requested.emit("ReLU")
    added = set(session.project.graph.nodes) - set(image_network().graph.nodes)
    assert len(added) == 1
    assert any(
        source.node == "linear1" for target, source in session.project.graph.links.items() if target.node in added
    )


def problem_rows(window: Window) -> list[ProblemRow]:
    assert window.workspace is not None
    return [row for row in window.workspace.problems.findChildren(ProblemRow) if not row.isHidden()]


def test_a_click_on_a_problem_selects_its_node(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(image_network())
    assert window.workspace is not None
    row = next(row for row in problem_rows(window) if row.problem.node == "linear1")
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert window.workspace.session.selection == {"linear1"}
    assert window.workspace.results.title(window.workspace.problems) == f"Problems ({len(problem_rows(window))})"


def test_a_fix_is_applied_and_can_be_undone(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(image_network())
    assert window.workspace is not None
    session = window.workspace.session
    buttons = [button for row in problem_rows(window) for button in row.findChildren(QPushButton, "fix_button")]
    next(button for button in buttons if button.text() == "Insert Flatten").click()
    assert session.project.graph.of_kind("Flatten")
    wait_for_check(qtbot, window)
    assert problem_rows(window) == []
    window.actions_by_id["undo"].trigger()
    assert not session.project.graph.of_kind("Flatten")


def test_a_project_without_problems_says_so(open_project: Open) -> None:
    window = open_project(iris())
    assert window.workspace is not None
    assert problem_rows(window) == []
    said = window.workspace.problems.findChildren(QLabel, "problems_empty")
    assert [label.text() for label in said if label.isVisible()] == ["No problems: the network can be trained."]


def cards(window: Window) -> list[TemplateCard]:
    return window.start.findChildren(TemplateCard)


def test_the_start_page_shows_every_template(qtbot: QtBot, window: Window) -> None:
    qtbot.waitUntil(lambda: window.start.loaded, timeout=20000)
    assert {card.objectName() for card in cards(window)} == {f"template_{each.id}" for each in templates()}


def test_a_template_opens_as_an_unsaved_copy_by_keyboard(qtbot: QtBot, window: Window) -> None:
    qtbot.waitUntil(lambda: window.start.loaded, timeout=20000)
    card = next(card for card in cards(window) if card.objectName() == "template_digits")
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert window.workspace is not None
    assert window.workspace.session.document.path is None
    assert window.isWindowModified()
    assert window.workspace.session.project.name == card.text()


def test_recent_projects_are_listed_and_missing_ones_can_be_removed(
    window: Window, settings: Settings, qapp: QApplication, tmp_path: Path
) -> None:
    settings.add_recent(saved(iris(), tmp_path / "here.layerwright"), "Flowers")
    settings.add_recent(tmp_path / "gone.layerwright", "Gone")
    window.start.refresh_recent()
    qapp.processEvents()
    gone, here = (card for card in window.start.findChildren(RecentCard) if not card.isHidden())
    assert gone.missing
    assert not here.missing
    forget = gone.findChild(QToolButton, "forget_recent")
    assert forget is not None
    forget.click()
    assert [each.path.name for each in settings.recent()] == ["here.layerwright"]
    here.click()
    assert window.workspace is not None


def test_the_theme_is_switched_and_remembered(window: Window, settings: Settings, qapp: QApplication) -> None:
    window.actions_by_id["theme_dark"].trigger()
    assert theme.current() is theme.DARK
    assert qapp.palette().window().color().name() == theme.DARK.window
    assert settings.theme == "dark"
    assert window.actions_by_id["theme_dark"].isChecked()


def test_commands_that_need_a_project_are_disabled_without_one(window: Window) -> None:
    for name in ("save", "export", "undo", "paste", "zoom_fit", "train"):
        assert not window.actions_by_id[name].isEnabled()
    assert window.actions_by_id["open"].isEnabled()
