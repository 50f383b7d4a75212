"""What is drawn can be seen: boxes and fields stand out from what they lie on, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QPushButton,
    QRadioButton,
    QScrollBar,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from core.kinds import FAMILIES, family_icon_name
from designer import theme
from designer.icons import icon
from designer.resources import resource


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    theme.switch.apply(qapp, request.param)
    yield request.param
    theme.switch.apply(qapp, "light")


def luminance(colour: QColor) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def strongest_contrast(widget: QWidget, part: float = 1.0) -> float:
    """Contrast between the widget's surroundings and the pixel of its left part that stands out most from them."""
    image = widget.grab().toImage()
    ground = luminance(widget.palette().window().color())
    middle = image.height() // 2
    return max(contrast(ground, luminance(image.pixelColor(x, middle))) for x in range(int(image.width() * part)))


@pytest.mark.parametrize("make", [QCheckBox, QRadioButton])
def test_an_empty_box_stands_out(themed: str, make: type[QWidget], qtbot: QtBot) -> None:
    box = make()
    qtbot.addWidget(box)
    assert strongest_contrast(box) >= 3


@pytest.mark.parametrize("make", [QPushButton, QComboBox, QScrollBar, QSlider])
def test_what_is_pressed_and_dragged_stands_out_in_high_contrast(
    qapp: QApplication, make: type[QWidget], qtbot: QtBot
) -> None:
    theme.switch.apply(qapp, "contrast")
    try:
        widget = make()
        qtbot.addWidget(widget)
        if isinstance(widget, QScrollBar):
            widget.setRange(0, 1)
        if isinstance(widget, QSlider):
            widget.setOrientation(Qt.Orientation.Horizontal)
            widget.setInvertedAppearance(True)
        widget.resize(100, 60)
        assert strongest_contrast(widget, 0.3) >= 3
    finally:
        theme.switch.apply(qapp, "light")


def test_text_stands_out_from_fields_and_windows(themed: str, qtbot: QtBot) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    palette = field.palette()
    for ground in (palette.base(), palette.window()):
        for text in (palette.text(), palette.placeholderText()):
            assert contrast(luminance(ground.color()), luminance(text.color())) >= 4.5


def test_the_colours_of_families_and_curves_stand_out_from_the_canvas(themed: str) -> None:
    tokens = theme.current()
    for ground in (tokens.canvas, tokens.surface):
        for colour in (*tokens.families.values(), *tokens.series, tokens.error, tokens.warning, tokens.success):
            assert contrast(luminance(QColor(ground)), luminance(QColor(colour))) >= 3


def test_every_family_has_an_icon_and_a_colour_of_its_own(themed: str) -> None:
    families = theme.current().families
    assert set(families) >= set(FAMILIES)
    assert len(set(families.values())) == len(families)
    for family in FAMILIES:
        assert resource("icons", f"{family_icon_name(family)}.svg").is_file()


def ink(button: QToolButton) -> QRect:
    """Return what a button paints on its ground."""
    image = button.grab().toImage()
    ground = image.pixelColor(0, 0)
    points = [(x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y) != ground]
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    return QRect(QPoint(min(xs), min(ys)), QPoint(max(xs), max(ys)))


def test_the_arrow_of_a_button_with_a_menu_stands_beside_its_icon_at_half_its_height(themed: str, qtbot: QtBot) -> None:
    plain, opener = QToolButton(), QToolButton()
    for button in (plain, opener):
        qtbot.addWidget(button)
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        button.setIcon(icon("export"))
    opener.setMenu(QMenu(opener))
    opener.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    assert opener.sizeHint().width() > plain.sizeHint().width() + 8
    assert opener.sizeHint().height() == plain.sizeHint().height()
    for button in (plain, opener):
        button.resize(button.sizeHint())
    with_icon = ink(opener)
    opener.setIcon(QIcon())
    arrow = ink(opener)
    assert arrow.left() > with_icon.left() + 14
    assert abs(arrow.center().y() - opener.rect().center().y()) <= 1
    assert arrow.right() < opener.width() - 2


def test_a_menu_and_its_parts_stand_out_in_every_theme(qapp: QApplication, qtbot: QtBot) -> None:
    try:
        for name, used in theme.THEMES.items():
            theme.switch.apply(qapp, name)
            menu = QMenu()
            qtbot.addWidget(menu)
            menu.addAction("One")
            line = menu.addSeparator()
            menu.addAction("Two")
            menu.resize(menu.sizeHint())
            image = menu.grab().toImage()
            places = [menu.actionGeometry(line).center(), QPoint(menu.width() - 1, menu.height() // 2)]
            for place in places:
                assert image.pixelColor(place) == QColor(used.border), (name, place)
    finally:
        theme.switch.apply(qapp, "light")


@pytest.mark.parametrize("make", [QComboBox, QSpinBox])
def test_the_field_with_the_keyboard_is_outlined_in_the_accent(
    qapp: QApplication, make: type[QWidget], qtbot: QtBot
) -> None:
    theme.switch.apply(qapp, "contrast")
    try:
        window = QWidget()
        qtbot.addWidget(window)
        other, field = QPushButton(window), make(window)
        field.setGeometry(0, 40, 120, 30)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        shown = []
        for each in (other, field):
            each.setFocus(Qt.FocusReason.MouseFocusReason)
            shown.append(field.grab().toImage().pixelColor(60, 0).name())
        assert shown[0] != theme.CONTRAST.accent
        assert shown[1] == theme.CONTRAST.accent
    finally:
        theme.switch.apply(qapp, "light")
