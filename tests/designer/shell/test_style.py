"""What is drawn can be seen: boxes and fields stand out from what they lie on, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from core.kinds import FAMILIES, family_icon_name
from designer import theme
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


def strongest_contrast(widget: QWidget) -> float:
    """Contrast between the widget's surroundings and the pixel that stands out most from them."""
    image = widget.grab().toImage()
    ground = luminance(widget.palette().window().color())
    middle = image.height() // 2
    return max(contrast(ground, luminance(image.pixelColor(x, middle))) for x in range(image.width()))


@pytest.mark.parametrize("make", [QCheckBox, QRadioButton])
def test_an_empty_box_stands_out(themed: str, make: type[QWidget], qtbot: QtBot) -> None:
    box = make()
    qtbot.addWidget(box)
    assert strongest_contrast(box) >= 3


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
