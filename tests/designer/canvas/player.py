"""Somebody who plays on a canvas at random, from a seed: drags, keys, menus, names, values, wherever they lead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from core.graph.change import difference
from core.graph.edits import DEFAULT, Edit, SetGroupParameters, SetLabel, SetParameters, SetVariables
from core.graph.files import load_project, save_project
from core.graph.kinds import kind_of
from core.graph.project import GroupParameter, Project
from core.parameters import parameters_of
from designer.canvas.drawn.swatches import Swatch
from designer.canvas.view import CanvasView
from tests.designer.canvas.picture import check_picture

_KEYS = Qt.KeyboardModifier
_BUTTONS = Qt.MouseButton
_HELD = (
    *(_KEYS.NoModifier,) * 5,
    _KEYS.ShiftModifier,
    _KEYS.ControlModifier,
    _KEYS.AltModifier,
    _KEYS.ControlModifier | _KEYS.ShiftModifier,
)
_LAYERS = (*"conv2d relu add concat linear flatten lstm output input split block xyz".split(), "")
_LINES = (
    "conv 8 k3 p1 > bn > relu",
    "conv 4 > (relu > bn) x2 > maxpool 2",
    "relu > ",
    "linear 10 > softmax",
    "conv 8 + skip",
    "nothing 3 > relu",
)
_NAMES = ("a1", "conv1", "Stem", "Block", "relu_9", "two words", "class", "", "Head2", "main")
_NOTES = ("# Why\n\n**Because**", "", "- one\n- two", "plain")
_VALUES = (0, 1, 2, 3, 8, True, False, "same", "width*2", 0.5, (3, 3), DEFAULT, DEFAULT)
_UNDOING = {"undo", "redo"}
_MOST_NODES = 45


class Player:
    """Plays on one canvas. ``log`` says what has been done, so that a failure can be played again."""

    def __init__(self, view: CanvasView, seed: int, folder: Path, uncaught: list[BaseException]) -> None:
        self.view = view
        self.session = view.session
        self.document = view.session.document
        self.random = Random(seed)
        self.log: list[str] = []
        self._uncaught = uncaught
        self._file = folder / "played.layerwright"
        self._base = 0
        moves: tuple[tuple[int, Callable[[], None]], ...] = (
            (30, self._drag),
            (6, self._click),
            (5, self._double_click),
            (14, self._press_key),
            (8, self._add),
            (4, self._menu),
            (8, self._select),
            (5, self._clipboard),
            (4, self._group),
            (5, self._go_in_or_out),
            (6, self._edit),
            (4, self._undo_some),
            (2, self._look_elsewhere),
            (2, self._draw_by_keys),
            (1, self._save_and_load),
            (1, self._thin_out),
        )
        self._moves = [move for _weight, move in moves]
        self._weights = [weight for weight, _move in moves]

    # --- what is asserted ---------------------------------------------------------------------------------------------

    def batch(self, steps: int) -> None:
        """Play a number of steps; then all of them can be taken back and done again, with nothing else changed."""
        document, before = self.document, self.document.project
        self._base = document.position
        document.end_merge()
        for _ in range(steps):
            self.step()
        after, done = document.project, document.position
        self._take_back(self._base)
        assert document.project == before, difference(before, document.project)
        self.check()
        while document.position < done:
            document.redo()
        assert document.project == after, difference(after, document.project)
        self.check()
        self._save_and_load()

    def _take_back(self, position: int) -> None:
        """Undo step by step, and look at the picture now and then."""
        while self.document.position > position:
            self.document.undo()
            if self.document.position % 7 == 0:
                self.check()

    def check(self) -> None:
        """The picture is that of the document, and no gesture is under way."""
        assert not self.view.mouse.busy
        check_picture(self.view)

    def step(self) -> None:
        """Do one thing: it makes at most one undo step."""
        move = self.random.choices(self._moves, self._weights)[0]
        self.log.append(move.__name__.strip("_"))
        before, steps = self.document.project, self.document.position
        move()
        self._settle()
        if self._uncaught:
            raise self._uncaught[0]
        if self.document.project is not before and move != self._undo_some:
            made = [self.document.step_label(each) for each in range(steps, self.document.position)]
            assert len(made) <= 1, made
        if self.random.random() < 0.2:
            self.check()

    def _say(self, text: str) -> None:
        self.log[-1] += f" {text}"

    # --- the mouse ----------------------------------------------------------------------------------------------------

    def _place(self) -> QPoint:
        """Return a pixel on a port, a node, a wire, a point, a frame, a note, or anywhere."""
        canvas, choose = self.view.canvas, self.random.choice
        places: list[Callable[[], QPointF]] = [self._anywhere]
        if canvas.nodes:
            item = choose(list(canvas.nodes.values()))
            places += [item.scene_card().center] * 2
            if item.face.ports:
                port = choose(list(item.face.ports))
                places += [lambda: item.port_place(port.end)] * 3
        if canvas.wires:
            wire = choose(list(canvas.wires.values()))
            places += [lambda: wire.path().pointAtPercent(self.random.random())] * 2
        routes = self.session.view.graph.routes
        if routes:
            places.append(lambda: QPointF(*choose(choose(list(routes.values())))))
        if canvas.drawn.items():
            rect = choose(canvas.drawn.items()).scene_rect()
            corners = (rect.topLeft(), rect.bottomRight(), rect.center(), rect.topLeft() + QPointF(20, 8))
            places += [lambda: choose(corners)] * 2
        return self.view.mapFromScene(choose(places)())

    def _anywhere(self) -> QPointF:
        area = self.view.viewport().rect()
        return self.view.mapToScene(self.random.randrange(area.width()), self.random.randrange(area.height()))

    def _send(self, kind: QEvent.Type, at: QPoint, button: _BUTTONS, held: _BUTTONS, keys: _KEYS) -> None:
        port = self.view.viewport()
        event = QMouseEvent(kind, QPointF(at), QPointF(port.mapToGlobal(at)), button, held, keys)
        QApplication.sendEvent(port, event)

    def _drag(self) -> None:
        choose = self.random.choice
        button = choose((_BUTTONS.LeftButton,) * 8 + (_BUTTONS.RightButton,) * 2 + (_BUTTONS.MiddleButton,))
        held, cuts = choose(_HELD), self.random.random() < 0.04
        before, selected = self.document.project, (self.session.selection, self.session.drawn)
        if cuts:
            self.view.mouse.hold_knife()
        start, places = self._place(), [self._place() for _ in range(self.random.randint(1, 3))]
        if self.random.random() < 0.4:
            places = [start + QPoint(self.random.randint(-80, 80), self.random.randint(-80, 80))]
        self._say(f"{button.name} {held} {start} {places}")
        self._send(QEvent.Type.MouseButtonPress, start, button, button, held)
        self._say(type(self.view.mouse.gesture).__name__)
        for place in places:
            self._send(QEvent.Type.MouseMove, place, _BUTTONS.NoButton, button, held)
            assert self.document.project is before
        if self.view.mouse.busy and self.random.random() < 0.2:
            self._say("cancelled")
            self._key(self.view, Qt.Key.Key_Escape)
            assert self.document.project is before
            assert (self.session.selection, self.session.drawn) == selected
            check_picture(self.view)
        self._send(QEvent.Type.MouseButtonRelease, places[-1], button, _BUTTONS.NoButton, held)
        if cuts:
            self.view.mouse.let_knife_go()

    def _click(self) -> None:
        place, held = self._place(), self.random.choice(_HELD)
        self._say(f"{place} {held}")
        self._send(QEvent.Type.MouseButtonPress, place, _BUTTONS.LeftButton, _BUTTONS.LeftButton, held)
        self._send(QEvent.Type.MouseButtonRelease, place, _BUTTONS.LeftButton, _BUTTONS.NoButton, held)

    def _double_click(self) -> None:
        place = self._place()
        self._say(str(place))
        left, none = _BUTTONS.LeftButton, _BUTTONS.NoButton
        for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._send(kind, place, left, left, _KEYS.NoModifier)
            self._send(QEvent.Type.MouseButtonRelease, place, left, none, _KEYS.NoModifier)

    def _look_elsewhere(self) -> None:
        at = QPointF(self._place())
        delta = QPoint(0, self.random.choice((-240, -120, 120, 240)))
        event = QWheelEvent(
            at, at, QPoint(), delta, _BUTTONS.NoButton, _KEYS.NoModifier, Qt.ScrollPhase.NoScrollPhase, False
        )
        QApplication.sendEvent(self.view.viewport(), event)
        if not 0.25 < self.view.zoom < 3 or self.random.random() < 0.5:
            self.view.set_zoom(self.random.choice((0.5, 1.0, 1.0, 1.5)))
            self.view.navigator.centre(self.view.canvas.cards().center())

    # --- the keyboard -------------------------------------------------------------------------------------------------

    def _key(self, to: QWidget, key: Qt.Key, held: _KEYS = _KEYS.NoModifier, text: str = "") -> None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(to, QKeyEvent(kind, key, held, text))

    def _press_key(self) -> None:
        names = sorted(self.view.keys.known - _UNDOING - {"link_by_key", "cut_wires"})
        name = self.random.choice(names)
        self._say(name)
        self.view.keys.run(name)

    def _add(self) -> None:
        """Type into the palette: a layer's name or a whole line."""
        if self.random.random() < 0.3:
            self._select()
        self._key(self.view, Qt.Key.Key_Tab)

    def _draw_by_keys(self) -> None:
        self.view.keys.link.begin()
        keys = (Qt.Key.Key_Down, Qt.Key.Key_Up, *(Qt.Key.Key_Return,) * 2, Qt.Key.Key_Escape)
        for _ in range(12):
            if self.view.keys.link.is_active:
                self._key(self.view, self.random.choice(keys))
        if self.view.keys.link.is_active:
            self._key(self.view, Qt.Key.Key_Escape)

    def _settle(self) -> None:
        """Answer what floats over the canvas, or withdraw it."""
        view, choose = self.view, self.random.choice
        name_question, repeat_question = view.structure.questions[:2]
        fields: tuple[tuple[QWidget, QLineEdit, tuple[str, ...]], ...] = (
            (view.palette_box, view.palette_box.field, _LAYERS + _LINES),
            (view.rename_editor, view.rename_editor, _NAMES),
            (name_question, view.structure.name_question.field, _NAMES),
            (view.drawn.title_editor, view.drawn.title_editor, _NAMES),
        )
        for shown, field, texts in fields:
            if shown.isVisible():
                text = choose((*texts, field.text()))
                field.setText(text)
                self._say(f"typed {text!r}")
                self._key(field, choose((Qt.Key.Key_Return,) * 4 + (Qt.Key.Key_Escape,)))
                if shown.isVisible():
                    self._key(field, Qt.Key.Key_Escape)
        if repeat_question.isVisible():
            view.structure.repeat_question.count.setValue(self.random.randint(1, 2))
            view.structure.repeat_question.tied.setChecked(self.random.random() < 0.5)
            key = choose((Qt.Key.Key_Return, Qt.Key.Key_Escape))
            self._key(view.structure.repeat_question.count, key)
        if view.drawn.note_editor.isVisible():
            view.drawn.note_editor.setPlainText(choose(_NOTES))
            self._key(view.drawn.note_editor, choose((Qt.Key.Key_Return, Qt.Key.Key_Escape)), _KEYS.ControlModifier)
        if view.drawn.swatches.isVisible():
            choose(view.drawn.swatches.findChildren(Swatch)).click()
            view.drawn.swatches.hide()
        view.setFocus()

    # --- commands -----------------------------------------------------------------------------------------------------

    def _select(self) -> None:
        graph = self.session.view.graph
        nodes = self.random.sample(sorted(graph.nodes), min(len(graph.nodes), self.random.choice((0, 1, 1, 2, 3, 6))))
        drawn = sorted({**graph.frames, **graph.notes})
        chosen = self.random.sample(drawn, min(len(drawn), self.random.choice((0, 0, 0, 1, 2))))
        self._say(f"{nodes} {chosen}")
        self.session.select(nodes, chosen)

    def _clipboard(self) -> None:
        for name in self.random.choice((("copy", "paste"), ("copy",), ("cut",), ("paste",), ("duplicate",))):
            self._say(name)
            self.view.keys.run(name)

    def _group(self) -> None:
        self._select()
        self.view.keys.run("group")

    def _go_in_or_out(self) -> None:
        groups = [node.name for node in self.session.view.graph.nodes.values() if node.group]
        if groups and len(self.session.path) < 3 and self.random.random() < 0.7:
            name = self.random.choice(sorted(groups))
            self._say(name)
            self.session.open_group(name)
        else:
            self.session.leave_group()

    def _menu(self) -> None:
        """Choose something from the menu of what is under the pointer."""
        menu = self.view.menu_at(self._place())
        entries = [each for each in menu.findChildren(QAction) if each.isEnabled() and each.text() and not each.menu()]
        if entries:
            entry = self.random.choice(entries)
            self._say(entry.text())
            if "ndo" not in entry.text() and "edo" not in entry.text():
                entry.trigger()
        menu.deleteLater()

    def _edit(self) -> None:
        edit = self._some_edit()
        if edit is not None:
            self._say(repr(edit))
            self.session.apply_here(edit)

    def _some_edit(self) -> Edit | None:
        """Return what a panel would do: set a parameter, a label, the project's variables, a group's parameters."""
        choose, graph = self.random.choice, self.session.view.graph
        which = self.random.random()
        if which < 0.1:
            return SetVariables({"width": self.random.randint(1, 16)})
        if which < 0.2 and self.session.group:
            names = self.random.sample(("width", "depth", "size"), self.random.randint(0, 2))
            return SetGroupParameters(self.session.group, tuple(GroupParameter(name, 4) for name in names))
        if not graph.nodes:
            return None
        node = graph.nodes[choose(sorted(graph.nodes))]
        if which < 0.35:
            return SetLabel(node.name, choose(("", "note", "Ärger")))
        kind = kind_of(self.session.view, node)
        known = [each.name for each in parameters_of(kind)] if kind else []
        return SetParameters({node.name: {choose(known): choose(_VALUES)}}) if known else None

    def _undo_some(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            if self.random.random() < 0.5:
                self.document.redo()
            elif self.document.position > self._base:
                self.document.undo()

    def _thin_out(self) -> None:
        """Keep the network small, so that much can be played in little time."""
        nodes = sorted(self.session.view.graph.nodes)
        if len(nodes) > _MOST_NODES:
            self.session.select(self.random.sample(nodes, len(nodes) // 2))
            self.view.keys.run("delete")

    def _save_and_load(self) -> None:
        project: Project = self.document.project
        save_project(project, self._file)
        assert load_project(self._file) == project, difference(project, load_project(self._file))
