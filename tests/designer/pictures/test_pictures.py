"""Pictures from a real window: what they show, the files they become, the dialog and the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QByteArray, QSizeF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from core.errors import SaveError
from core.graph.project import Note, Project
from core.graph.templates import template
from designer.pictures.choices import Choices, remembered, to_remember
from designer.pictures.commands import copy_picture
from designer.pictures.dialog import PictureDialog
from designer.pictures.picture import Picture
from designer.pictures.subject import picture_of
from designer.pictures.writing import as_bytes, image, pixels, size_mm
from designer.settings import Settings
from designer.theme import DARK, LIGHT
from designer.window import Window
from tests.designer.shell.conftest import Hands, wait_for_check

Open = Callable[[Project], Window]
_SVG = "{http://www.w3.org/2000/svg}"
_WAIT = 30_000


@pytest.fixture
def resnet(qtbot: QtBot, open_project: Open) -> Window:
    """ResNet-18, checked, with a note."""
    project = template("resnet18").load()
    note = Note("note1", "Read **this**", (-400.0, 0.0), (200.0, 80.0))
    window = open_project(replace(project, graph=replace(project.graph, notes={"note1": note})))
    wait_for_check(qtbot, window)
    return window


def made(window: Window, choices: Choices) -> Picture:
    assert window.workspace is not None
    return picture_of(window.workspace.canvas, choices)()


def svg_texts(content: bytes) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(content).iter(f"{_SVG}text")]


def dialog_of(qtbot: QtBot, window: Window) -> PictureDialog:
    assert window.workspace is not None
    dialog = PictureDialog(window.workspace, window.settings, window)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.preview.image is not None, timeout=_WAIT)
    return dialog


CANVAS = Choices(look="canvas")


def test_as_on_the_canvas_shows_nodes_notes_and_shapes_as_text(resnet: Window) -> None:
    shown = svg_texts(as_bytes(made(resnet, CANVAS), CANVAS))
    assert {"stage1", "BasicBlock", "N × 64 × 56 × 56"} <= set(shown)
    assert {"Read", "this"} <= {text.strip() for text in shown}


def test_drawings_hold_no_pixels(resnet: Window) -> None:
    content = as_bytes(made(resnet, CANVAS), CANVAS)
    assert b"<image" not in content
    assert b"/Subtype /Image" not in as_bytes(made(resnet, CANVAS), replace(CANVAS, format="pdf"))


def test_the_selection_is_not_seen_in_a_picture(resnet: Window) -> None:
    before = as_bytes(made(resnet, CANVAS), CANVAS)
    assert resnet.workspace is not None
    resnet.workspace.canvas.select_all()
    assert as_bytes(made(resnet, CANVAS), CANVAS) == before


def test_the_whole_network_is_drawn_from_inside_a_group_too(resnet: Window) -> None:
    whole = svg_texts(as_bytes(made(resnet, CANVAS), CANVAS))
    assert resnet.workspace is not None
    session = resnet.workspace.canvas.session
    assert session.open_group("stem")
    assert svg_texts(as_bytes(made(resnet, CANVAS), CANVAS)) == whole
    assert session.path == ("stem",)
    for look in ("canvas", "publication"):
        inside = svg_texts(as_bytes(made(resnet, Choices(look=look, part="here")), CANVAS))
        assert "MaxPool2d" in inside
        assert "N × 64 × 56 × 56".replace(" " if look == "publication" else "-", "") in inside


@pytest.mark.parametrize("look", ["canvas", "publication"])
def test_the_selection_alone(resnet: Window, look: str) -> None:
    assert resnet.workspace is not None
    with pytest.raises(ValueError, match="Nothing is selected"):
        made(resnet, Choices(look=look, part="selection"))
    resnet.workspace.canvas.session.select(["stem", "stage1"])
    shown = svg_texts(as_bytes(made(resnet, Choices(look=look, part="selection")), CANVAS))
    assert any("Stem" in text for text in shown)
    assert not any("Head" in text for text in shown)


def test_what_the_window_shows(resnet: Window) -> None:
    assert resnet.workspace is not None
    canvas = resnet.workspace.canvas
    canvas.set_zoom(1.0)
    canvas.navigator.centre(canvas.canvas.nodes["image"].scene_card().center())
    picture = made(resnet, Choices(look="canvas", part="visible"))
    view = canvas.viewport()
    assert (picture.width, picture.height) == pytest.approx((view.width(), view.height()), abs=2)
    assert "head" not in svg_texts(as_bytes(made(resnet, Choices(part="visible", names=True)), CANVAS))


@pytest.mark.parametrize("look", ["canvas", "publication"])
def test_a_png_has_the_pixels_asked_for_and_shows_what_the_svg_does(resnet: Window, look: str) -> None:
    choices = Choices(look=look, format="png", resolution=192)
    picture = made(resnet, choices)
    found = QImage.fromData(as_bytes(picture, choices))
    assert (found.width(), found.height()) == pixels(picture, choices)
    assert found.width() == pytest.approx(2 * picture.width, abs=1)
    other = QImage(found.size(), QImage.Format.Format_ARGB32_Premultiplied)
    other.fill(QColor(0, 0, 0, 0))
    painter = QPainter(other)
    QSvgRenderer(QByteArray(as_bytes(picture, replace(choices, format="svg")))).render(painter)
    painter.end()
    small = [each.scaled(24, 48, mode=Qt.TransformationMode.SmoothTransformation) for each in (found, other)]
    places = [(x, y) for x in range(24) for y in range(48)]
    assert max(abs(small[0].pixelColor(*at).lightness() - small[1].pixelColor(*at).lightness()) for at in places) < 100


def test_colours_and_grounds(resnet: Window) -> None:
    for colours, theme in (("light", LIGHT), ("dark", DARK)):
        choices = Choices(look="canvas", colours=colours)
        assert image(made(resnet, choices), choices).pixelColor(2, 2).name() == theme.canvas
    for look in ("canvas", "publication"):
        choices = Choices(look=look, background="transparent")
        assert image(made(resnet, choices), choices).pixelColor(2, 2).alpha() == 0
    assert image(made(resnet, Choices()), Choices()).pixelColor(2, 2).name() == "#ffffff"


@pytest.mark.parametrize("look", ["canvas", "publication"])
def test_a_pdf_is_one_page_as_large_as_the_picture_with_its_fonts(resnet: Window, look: str) -> None:
    picture = made(resnet, Choices(look=look))
    content = as_bytes(picture, Choices(look=look, format="pdf", width_mm=84))
    assert content.count(b"/Type /Page\n") == 1
    box = content.split(b"/MediaBox [")[1].split(b"]")[0].split()
    size = QSizeF(float(box[2]), float(box[3])) / 72 * 25.4
    assert (size.width(), size.height()) == pytest.approx(size_mm(picture, 84), abs=0.5)
    assert b"/FontFile" in content


def test_what_is_too_large_is_refused_in_plain_words(resnet: Window) -> None:
    picture = made(resnet, CANVAS)
    with pytest.raises(SaveError, match="pixels are too many"):
        as_bytes(picture, Choices(look="canvas", format="png", resolution=600, width_mm=2000))
    with pytest.raises(SaveError, match="more than a PDF can have"):
        as_bytes(picture, Choices(look="canvas", format="pdf", width_mm=6000))


def test_the_dialog_previews_and_saves_what_is_chosen(
    qtbot: QtBot, resnet: Window, hands: Hands, tmp_path: Path, settings: Settings
) -> None:
    dialog = dialog_of(qtbot, resnet)
    first = dialog.preview.image
    form = dialog.form
    form.combos["direction"].setCurrentIndex(form.combos["direction"].findData("right"))
    qtbot.waitUntil(lambda: dialog.preview.image is not first, timeout=_WAIT)
    assert dialog.preview.image is not None
    assert dialog.preview.image.width() > dialog.preview.image.height()
    assert "mm" in dialog.size_line.text()
    for format_ in ("svg", "pdf", "png"):
        form.combos["format"].setCurrentIndex(form.combos["format"].findData(format_))
        path = tmp_path / f"net.{format_}"
        hands.choose(path)
        dialog.save_button.click()
        qtbot.waitUntil(lambda path=path: str(path) in dialog.message.text(), timeout=_WAIT)
        assert path.stat().st_size > 1000
    dialog.close()
    assert remembered(settings.picture).direction == "right"
    assert remembered(settings.picture).format == "png"
    again = dialog_of(qtbot, resnet)
    assert again.form.choices.format == "png"
    again.reject()


def test_the_form_asks_only_for_what_matters(qtbot: QtBot, resnet: Window) -> None:
    dialog = dialog_of(qtbot, resnet)
    form = dialog.form
    assert form.ticks["shapes"].isVisible()
    assert not form.combos["resolution"].isVisible()
    form.combos["look"].setCurrentIndex(form.combos["look"].findData("canvas"))
    form.combos["format"].setCurrentIndex(form.combos["format"].findData("png"))
    assert not form.ticks["shapes"].isVisible()
    assert form.combos["colours"].isVisible()
    assert form.combos["resolution"].isVisible()
    dialog.close()


def test_a_picture_that_cannot_be_written_is_told_and_the_dialog_stays(
    qtbot: QtBot, resnet: Window, tmp_path: Path
) -> None:
    dialog = dialog_of(qtbot, resnet)
    dialog.save(tmp_path / "nowhere" / "net.svg")
    qtbot.waitUntil(lambda: "could not be written" in dialog.message.text(), timeout=_WAIT)
    assert dialog.save_button.isEnabled()
    dialog.close()


def test_copy_puts_pixels_and_a_drawing_on_the_clipboard(qtbot: QtBot, resnet: Window) -> None:
    dialog = dialog_of(qtbot, resnet)
    QGuiApplication.clipboard().clear()
    dialog.copy_button.click()
    qtbot.waitUntil(lambda: "Copied" in dialog.message.text(), timeout=_WAIT)
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    assert "BasicBlock ×2" in svg_texts(bytes(data.data("image/svg+xml").data()))
    dialog.close()


def test_copy_as_picture_takes_what_is_selected(resnet: Window) -> None:
    assert resnet.workspace is not None
    resnet.workspace.canvas.session.select(["head"])
    copy_picture(resnet)
    shown = svg_texts(bytes(QGuiApplication.clipboard().mimeData().data("image/svg+xml").data()))
    assert "Head" in shown
    assert "Stem" not in shown


def test_the_summary_table_is_saved_from_the_dialog(qtbot: QtBot, resnet: Window, hands: Hands, tmp_path: Path) -> None:
    workspace = resnet.workspace
    assert workspace is not None
    qtbot.waitUntil(lambda: workspace.properties.cost.is_current, timeout=_WAIT)
    dialog = dialog_of(qtbot, resnet)
    assert dialog.table_button.isEnabled()
    for action, suffix in zip(dialog.table_button.menu().actions(), ("csv", "md", "tex"), strict=True):
        path = tmp_path / f"table.{suffix}"
        hands.choose(path)
        action.trigger()
        assert "head/scores" in path.read_text(encoding="utf-8")
    dialog.close()


def test_choices_that_make_no_sense_are_forgotten() -> None:
    choices = Choices(look="canvas", format="png", resolution=600, width_mm=84, names=True, caption="x")
    assert remembered(to_remember(choices)) == replace(choices, caption="")
    odd: dict[str, object] = {"look": "cubist", "width_mm": -1, "shapes": "yes", "resolution": 7, "format": ["svg"]}
    assert remembered(odd) == Choices()


def test_an_icon_is_drawn_in_its_familys_colour(resnet: Window) -> None:
    assert LIGHT.families["Groups"] in as_bytes(made(resnet, CANVAS), CANVAS).decode()
