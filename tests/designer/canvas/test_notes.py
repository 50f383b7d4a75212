"""Notes: written, rendered, edited, resized; their links are opened only when asked for, and nothing else ever is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPointF, QSize, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QColor, QDesktopServices, QFont, QImage, QTextDocument
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from core.graph.project import Graph, Note, Project
from designer import theme
from designer.canvas.drawn.markdown import address_of, note_text
from designer.canvas.drawn.naming import note_name
from designer.canvas.style import style_of
from designer.canvas.thumbnail import graph_thumbnail
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain
from tests.designer.canvas.drawing import framed_chain, in_group, rect_of, reloaded

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LINKED = "See [the paper](https://example.org/paper?id=1)"


def write(bot: QtBot, view: CanvasView, text: str) -> None:
    """Type into the open editor and keep the text."""
    assert view.drawn.note_editor.isVisible()
    bot.keyClicks(view.drawn.note_editor, text)
    bot.keyClick(view.drawn.note_editor, Qt.Key.Key_Return, CONTROL)


def begin_note(bot: QtBot, view: CanvasView) -> None:
    bot.keyClick(view, Qt.Key.Key_P, SHIFT)
    bot.waitUntil(lambda: view.drawn.note_editor.isVisible())


def noted(make_canvas: MakeCanvas, text: str) -> CanvasView:
    note = Note("note1", text, (200.0, 100.0), (260.0, 140.0))
    return make_canvas(replace(chain(), notes={"note1": note}))


def pieces(document: QTextDocument) -> dict[str, tuple[bool, bool, str]]:
    """Return the pieces of a document by their text: bold, fixed width, address."""
    found = {}
    block = document.begin()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            look = fragment.charFormat()
            fixed = theme.monospace().family() in (look.fontFamilies() or [])
            found[fragment.text()] = (look.fontWeight() >= QFont.Weight.Bold, fixed, look.anchorHref())
            iterator += 1
        block = block.next()
    return found


def test_shift_p_writes_a_note_as_one_step(qtbot: QtBot, canvas: CanvasView) -> None:
    before = canvas.session.project
    begin_note(qtbot, canvas)
    assert canvas.session.project == before
    write(qtbot, canvas, "# Idea")
    (note,) = canvas.session.project.graph.notes.values()
    assert note.text == "# Idea"
    assert canvas.session.drawn == {note.name}
    assert not canvas.drawn.note_editor.isVisible()
    written = canvas.session.project
    canvas.session.document.undo()
    assert canvas.session.project == before
    assert not canvas.canvas.drawn.notes
    canvas.session.document.redo()
    assert canvas.session.project == written


def test_p_without_shift_begins_a_layers_name(qtbot: QtBot, canvas: CanvasView) -> None:
    qtbot.keyClick(canvas, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: canvas.palette_box.isVisible())
    assert not canvas.drawn.note_editor.isVisible()


def test_nothing_written_leaves_no_note(qtbot: QtBot, canvas: CanvasView) -> None:
    begin_note(qtbot, canvas)
    qtbot.keyClick(canvas.drawn.note_editor, Qt.Key.Key_Return, CONTROL)
    begin_note(qtbot, canvas)
    qtbot.keyClicks(canvas.drawn.note_editor, "not this")
    qtbot.keyClick(canvas.drawn.note_editor, Qt.Key.Key_Escape)
    assert not canvas.session.project.graph.notes
    assert canvas.session.document.undo_label is None


def test_a_double_click_edits_and_a_click_elsewhere_keeps_the_text(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view = noted(make_canvas, "old")
    hand = Hand(qtbot, view)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=hand.at(rect_of(view, "note1").center()))
    assert view.drawn.note_editor.toPlainText() == "old"
    qtbot.keyClicks(view.drawn.note_editor, "new")
    view.drawn.finish_editing()
    assert view.session.project.graph.notes["note1"].text == "new"
    assert view.canvas.drawn.notes["note1"].text.toPlainText() == "new"
    view.session.document.undo()
    assert view.session.project.graph.notes["note1"].text == "old"
    assert view.canvas.drawn.notes["note1"].text.toPlainText() == "old"


def test_zooming_keeps_what_is_being_written(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view = noted(make_canvas, "old")
    view.drawn.edit("note1")
    qtbot.keyClicks(view.drawn.note_editor, "half a sent")
    view.zoom_by(0.8)
    assert view.session.project.graph.notes["note1"].text == "half a sent"


def test_markdown_is_rendered(qtbot: QtBot) -> None:
    text = "# Head\n\n**bold** and `code`\n\n- one\n- two\n\n```\nblock\n```\n\n[link](https://example.org)"
    found = pieces(note_text(text, style_of(), 300))
    assert found["Head"][0]
    assert found["bold"][0]
    assert found["code"][1]
    assert found["block"][1]
    assert found["link"][2] == "https://example.org"
    document = note_text(text, style_of(), 300)
    block, lists = document.begin(), 0
    while block.isValid():
        lists += block.textList() is not None
        block = block.next()
    assert lists == 2


def test_html_stays_text_and_pictures_are_never_loaded(qtbot: QtBot, tmp_path: Path) -> None:
    picture = QImage(300, 300, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    path = tmp_path / "red.png"
    assert picture.save(str(path))
    text = f'<img src="{path}"><b>x</b> ![A red square]({path}) ![]({QUrl.fromLocalFile(str(path)).toString()})'
    document = note_text(text, style_of(), 300)
    shown = document.toPlainText()
    assert "<b>x</b>" in shown
    assert "[A red square]" in shown
    assert "\ufffc" not in shown
    assert document.size().height() < 200
    assert document.resource(QTextDocument.ResourceType.ImageResource, QUrl.fromLocalFile(str(path))) is None


@pytest.mark.parametrize(
    "text", [">" * 5000 + " deep", "*" * 5000, "[" * 5000, "- " * 3000, "`" * 5001, "a\n" * 30_000]
)
def test_odd_texts_are_laid_out(qtbot: QtBot, make_canvas: MakeCanvas, text: str) -> None:
    view = noted(make_canvas, text)
    view.grab()
    assert view.canvas.drawn.notes["note1"].needed_height() > 0


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "javascript:alert(1)", "relative/path", "", "data:text/html,x"]
)
def test_only_addresses_of_web_and_mail_are_opened(address: str) -> None:
    assert address_of(address) is None


class Browser(QObject):
    """Stands where the system's browser would: Qt hands it the addresses that are opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        """Remember an address."""
        self.opened.append(url.toString())


def answer(bot: QtBot, view: CanvasView, place: QPointF, *, opening: bool) -> str:
    """Ctrl+click at a place, answer the question, and return what it said."""
    said: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        said.append(box.text())
        role = QMessageBox.ButtonRole.AcceptRole if opening else QMessageBox.ButtonRole.RejectRole
        next(button for button in box.buttons() if box.buttonRole(button) is role).click()

    QTimer.singleShot(0, press)
    Hand(bot, view).click(place, CONTROL)
    return said[0] if said else ""


def test_a_link_is_opened_by_control_click_after_its_address_was_shown(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view, browser = noted(make_canvas, LINKED), Browser()
    link = rect_of(view, "note1").topLeft() + QPointF(60, 16)
    assert view.canvas.drawn.notes["note1"].link_at(link) == "https://example.org/paper?id=1"
    QDesktopServices.setUrlHandler("https", browser, "open")
    try:
        Hand(qtbot, view).click(link)
        assert browser.opened == []
        assert "https://example.org/paper?id=1" in answer(qtbot, view, link, opening=False)
        assert browser.opened == []
        answer(qtbot, view, link, opening=True)
        assert browser.opened == ["https://example.org/paper?id=1"]
    finally:
        QDesktopServices.unsetUrlHandler("https")


def test_a_link_elsewhere_is_told_and_not_opened(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view, told = noted(make_canvas, "See [the paper](file:///etc/passwd)"), list[str]()
    view.session.told.connect(told.append)
    Hand(qtbot, view).click(rect_of(view, "note1").topLeft() + QPointF(60, 16), CONTROL)
    assert "file:///etc/passwd" in told[0]


def test_a_note_is_dragged_and_resized(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view = make_canvas(framed_chain())
    before, hand = view.session.project, Hand(qtbot, view)
    place = rect_of(view, "note1").center()
    hand.drag(place, place + QPointF(40, 60))
    assert view.session.project.graph.notes["note1"].position == (340, 160)
    corner = rect_of(view, "note1").bottomRight()
    hand.drag(corner, corner + QPointF(20, 20))
    assert view.session.project.graph.notes["note1"].size == (220, 120)
    view.session.document.undo()
    view.session.document.undo()
    assert view.session.project == before
    assert rect_of(view, "note1").topLeft() == QPointF(300, 100)


def test_a_box_selects_notes_and_delete_deletes_them(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view = make_canvas(framed_chain())
    hand = Hand(qtbot, view)
    hand.drag(QPointF(520, 220), QPointF(480, 180))
    assert view.session.drawn == {"note1"}
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert not view.session.project.graph.notes
    assert not view.canvas.drawn.notes
    view.session.document.undo()
    assert view.canvas.drawn.notes.keys() == {"note1"}


def test_notes_inside_a_group(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view = make_canvas(project=in_group(chain()))
    before = view.session.project
    view.session.open_group("stem1")
    begin_note(qtbot, view)
    write(qtbot, view, "inside")
    assert [note.text for note in view.session.project.groups["Stem"].graph.notes.values()] == ["inside"]
    assert not view.session.project.graph.notes
    view.session.document.undo()
    assert view.session.project == before
    assert not view.canvas.drawn.notes
    view.session.document.redo()
    assert len(view.canvas.drawn.notes) == 1


def test_a_note_follows_its_node_when_nodes_are_laid_out(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    graph = chain()
    nodes = {**graph.nodes, "flatten1": replace(graph.nodes["flatten1"], position=(400.0, 900.0))}
    note = Note("note1", "here", (400.0, 980.0), (160.0, 60.0))
    view = make_canvas(replace(graph, nodes=nodes, notes={"note1": note}))
    qtbot.keyClick(view, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: view.session.document.undo_label == "Lay out")
    node = view.session.project.graph.nodes["flatten1"].position
    placed = view.session.project.graph.notes["note1"].position
    assert (placed[0] - node[0], placed[1] - node[1]) == (0, 80)


def test_notes_come_back_from_the_file(make_canvas: MakeCanvas, tmp_path: Path) -> None:
    view = make_canvas(framed_chain())
    assert reloaded(view.session.project, tmp_path).graph.notes == view.session.project.graph.notes


def test_a_note_is_named_after_its_first_words() -> None:
    assert note_name(Note("note1", "\n## **Why** this\nmore")) == "Why** this"
    assert note_name(Note("note1", "  \n---\n")) == "note1"
    assert note_name(Note("note1", "word " * 40)).endswith("…")


def test_the_thumbnail_shows_notes(qtbot: QtBot) -> None:
    size = QSize(200, 120)
    empty = graph_thumbnail(Project(), size, theme.LIGHT).toImage()
    only = Project(graph=Graph(notes={"note1": Note("note1", "# Big words")}))
    assert graph_thumbnail(only, size, theme.LIGHT).toImage() != empty
