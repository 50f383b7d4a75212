"""Contrast of the colour tokens, and the choices of look: themes, high contrast, motion."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer import motion, theme
from designer.icons import family_icon, icon
from designer.settings import Settings
from designer.widgets import PrimaryButton
from designer.window import Window
from tests.designer.shell.conftest import image_network
from tests.designer.shell.test_style import contrast, luminance

THEMES = [pytest.param(each, id=name) for name, each in theme.THEMES.items()]
TEXT = {"light": 4.5, "dark": 4.5, "contrast": 7.0}
"""What WCAG 2.2 asks for: AA, and AAA where high contrast was chosen."""


def ratio(one: str, other: str) -> float:
    return contrast(luminance(QColor(one)), luminance(QColor(other)))


def grounds(used: theme.Theme) -> tuple[str, ...]:
    return used.window, used.surface, used.raised, used.canvas


@pytest.mark.parametrize("used", THEMES)
def test_text_can_be_read_on_everything_it_is_written_on(used: theme.Theme) -> None:
    least = TEXT[used.name]
    for ground in grounds(used):
        for text in (used.text, used.text_muted):
            assert ratio(text, ground) >= least, (text, ground)
    assert ratio(used.text, used.heat_card) >= least
    assert ratio(used.on_accent, used.accent) >= least
    assert ratio(used.text_muted, used.grid) >= least, "a disabled primary button"


@pytest.mark.parametrize("used", THEMES)
def test_what_is_wrong_or_right_can_be_read(used: theme.Theme) -> None:
    least = TEXT[used.name]
    for colour in (used.error, used.warning, used.success):
        for ground in (used.window, used.surface, used.raised):
            assert ratio(colour, ground) >= least, (colour, ground)


@pytest.mark.parametrize("used", THEMES)
def test_lines_that_mean_something_can_be_seen(used: theme.Theme) -> None:
    lines = (used.wire, used.wire_hover, used.accent, used.heat, *used.families.values(), *used.series)
    for line in lines:
        for ground in (used.canvas, used.raised, used.surface):
            assert ratio(line, ground) >= 3, (line, ground)


def test_high_contrast_draws_its_borders_to_be_seen() -> None:
    for ground in grounds(theme.CONTRAST):
        assert ratio(theme.CONTRAST.border, ground) >= 3


def test_the_families_are_told_apart_in_every_theme() -> None:
    for used in theme.THEMES.values():
        assert len(set(used.families.values())) == len(used.families)


@pytest.fixture
def usual(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    theme.switch.apply(qapp, "light")
    motion.switch.apply("full")


def test_high_contrast_is_chosen_in_the_menu_and_remembered(
    window: Window, usual: QApplication, settings: Settings
) -> None:
    window.actions_by_id["theme_contrast"].trigger()
    assert theme.current() is theme.CONTRAST
    assert usual.palette().color(QPalette.ColorRole.Window).name() == "#000000"
    assert settings.theme == "contrast"
    assert window.actions_by_id["theme_contrast"].isChecked()


def test_the_theme_of_the_system_is_one_of_ours(window: Window, usual: QApplication) -> None:
    window.actions_by_id["theme_system"].trigger()
    assert theme.switch.choice == "system"
    assert theme.current() in theme.THEMES.values()


def test_reduced_motion_is_remembered_and_stills_the_docks(window: Window, usual: QApplication) -> None:
    window.new_project()
    workspace = window.workspace
    assert workspace is not None
    animated = workspace.DockOption.AnimatedDocks
    assert workspace.dockOptions() & animated
    window.actions_by_id["motion_reduced"].trigger()
    assert window.settings.motion == "reduced"
    assert motion.switch.reduced
    assert not workspace.dockOptions() & animated
    window.actions_by_id["motion_full"].trigger()
    assert workspace.dockOptions() & animated


def test_what_the_platform_asks_for_is_a_yes_or_a_no() -> None:
    assert motion.platform_reduces_motion() in (True, False)


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # of the offscreen platform
def test_icons_can_be_seen_after_a_change_of_theme(
    open_project: Callable[[Project], Window], qapp: QApplication, qtbot: QtBot
) -> None:
    window = open_project(image_network())
    before = theme.current().name

    def icons() -> dict[str, QIcon]:
        found = window.findChildren(QAbstractButton)
        plain = [each for each in found if each.objectName() and not isinstance(each, PrimaryButton)]
        return {each.objectName(): each.icon() for each in plain if not each.icon().isNull()}

    def unseen() -> list[str]:
        ours = {name: each for name, each in icons().items() if not name.startswith("qt_")}
        return [name for name, each in ours.items() if most_contrast(each, theme.current().window) < 3]

    assert {"fold_training_optimizer", "fix_button", "close_dock"} <= icons().keys()
    for used in (theme.DARK, theme.LIGHT):
        theme.switch.apply(qapp, used.name)
        qtbot.waitUntil(lambda: not unseen(), timeout=30_000)
    theme.switch.apply(qapp, before)


@pytest.mark.parametrize("used", THEMES)
def test_the_icon_of_a_chosen_row_can_be_seen(used: theme.Theme, usual: QApplication) -> None:
    theme.switch.apply(usual, used.name)
    for each in (icon("save"), family_icon("Core")):
        assert most_contrast(each, used.accent, QIcon.Mode.Selected) >= 3


def most_contrast(shown: QIcon, ground: str, mode: QIcon.Mode = QIcon.Mode.Normal) -> float:
    """Return the contrast of the colour that an icon is drawn in with a ground."""
    image = shown.pixmap(16, 16, mode).toImage()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    drawn = max(pixels, key=QColor.alphaF)
    return contrast(luminance(drawn), luminance(QColor(ground)))
