"""The theme of the system: the whole window follows it while it is open, unless the user chose a theme.

The signals are those of Qt's own style hints. No platform without a screen has a theme that would send them by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QStyleHints
from PySide6.QtWidgets import QApplication

from core.graph.project import Project
from designer import theme
from designer.window import Window
from tests.designer.shell.conftest import iris

_Scheme = Qt.ColorScheme


@pytest.fixture(scope="module")
def hints(qapp: QApplication) -> QStyleHints:
    theme.switch.follow_system(qapp)
    return qapp.styleHints()


@pytest.fixture
def window(qapp: QApplication, open_project: Callable[[Project], Window]) -> Iterator[Window]:
    window = open_project(iris())
    window.set_theme("system")
    yield window
    theme.switch.apply(qapp, "light")


def is_dark(colour: QColor) -> bool:
    return colour.lightness() < 128


def parts(window: Window) -> dict[str, str]:
    """Return what is painted "dark" and what "light": the canvas, panels, the menus, an icon's ground by its ink."""
    workspace = window.workspace
    assert workspace is not None
    QApplication.processEvents()
    found = {}
    for name, widget in {
        "canvas": window.canvas.viewport(),
        "library": workspace.library,
        "properties": workspace.properties,
        "menus": window.menuBar(),
    }.items():
        image = widget.grab().toImage()
        found[name] = is_dark(image.pixelColor(QPoint(image.width() - 3, image.height() - 3)))
    image = window.actions_by_id["save"].icon().pixmap(16, 16).toImage()
    points = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    found["icon"] = not is_dark(max(points, key=lambda colour: colour.alpha()))
    return {name: "dark" if dark else "light" for name, dark in found.items()}


def test_all_of_an_open_window_follows_the_system_there_and_back(window: Window, hints: QStyleHints) -> None:
    assert set(parts(window).values()) == {"light"}
    hints.colorSchemeChanged.emit(_Scheme.Dark)
    assert theme.current() is theme.DARK
    assert set(parts(window).values()) == {"dark"}, parts(window)
    hints.colorSchemeChanged.emit(_Scheme.Light)
    assert set(parts(window).values()) == {"light"}
    assert theme.switch.choice == "system"
    assert window.actions_by_id["theme_system"].isChecked()


def test_a_theme_that_the_user_chose_stays(window: Window, hints: QStyleHints) -> None:
    window.set_theme("light")
    hints.colorSchemeChanged.emit(_Scheme.Dark)
    assert set(parts(window).values()) == {"light"}
    window.set_theme("dark")
    hints.colorSchemeChanged.emit(_Scheme.Light)
    assert set(parts(window).values()) == {"dark"}, parts(window)


def test_a_wish_for_high_contrast_is_followed(window: Window, hints: QStyleHints) -> None:
    accessibility = hints.accessibility()
    accessibility.contrastPreferenceChanged.emit(Qt.ContrastPreference.HighContrast)
    assert theme.current() is theme.CONTRAST
    assert set(parts(window).values()) == {"dark"}, parts(window)
    accessibility.contrastPreferenceChanged.emit(Qt.ContrastPreference.NoPreference)
    assert set(parts(window).values()) == {"light"}
