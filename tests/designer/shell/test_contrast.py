"""Contrast of the colour tokens, and the choices of look: themes, high contrast, motion."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from designer import motion, theme
from designer.settings import Settings
from designer.window import Window
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
