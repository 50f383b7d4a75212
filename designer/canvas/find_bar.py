"""The find bar over the canvas: what is found is lit, the rest steps back, and Enter walks from one to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QSizePolicy

from designer import theme
from designer.announcing import announce
from designer.canvas.find import Facts, Index, Place
from designer.icons import family_icon, icon
from designer.widgets import ElidedLabel, IconButton, muted

if TYPE_CHECKING:
    from core.graph.project import Project
    from core.training.check import CheckReport
    from designer.canvas.view import CanvasView

_WIDTH, _TOP = 560, 10
_PAUSE = 120
"""Milliseconds without a change of the project after which the search is done again."""
_WIRE_FADED, _DRAWN_FADED = 0.25, 0.4
_PICTURE = 16


class FindBar(QFrame):
    """A field with "3 of 12" beside it. Esc goes back to where one was, Ctrl+Enter stays where the search led."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.setObjectName("find_bar")
        self.setAccessibleName(self.tr("Find in the network"))
        self._view = view
        self._session = view.session
        self.found: list[Place] = []
        self.at = -1
        self._index: tuple[Project, CheckReport | None, Index] | None = None
        self._before: tuple[tuple[str, ...], float, QPointF, frozenset[str]] | None = None
        self.field = QLineEdit()
        self.field.setObjectName("find_field")
        self.field.setPlaceholderText(self.tr("Name, kind, shape 64×56×56, rank 4, words of a problem, frame or note"))
        self.field.setAccessibleName(self.tr("Find nodes, frames and notes"))
        self.field.setClearButtonEnabled(True)
        self.count = muted(wrap=False)
        self.count.setObjectName("find_count")
        self.where = ElidedLabel(mode=Qt.TextElideMode.ElideLeft)
        self.where.setObjectName("find_place")
        self.picture = QLabel()
        self.picture.setObjectName("find_picture")
        self.picture.setFixedSize(_PICTURE, _PICTURE)
        self._lay_out()
        self._again = QTimer(self, singleShot=True, interval=_PAUSE)
        self._again.timeout.connect(self._refresh)
        self.field.textChanged.connect(lambda _text: self._search())
        self.field.installEventFilter(self)
        view.installEventFilter(self)
        for signal in (self._session.changed, self._session.report_changed):
            signal.connect(self._on_changed)
        self._session.view_changed.connect(self._light)
        self._session.here_changed.connect(self._on_here_changed)
        theme.switch.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 4, 4)
        row.setSpacing(6)
        row.addWidget(self.field, 3)
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.count)
        row.addWidget(self.picture)
        row.addWidget(self.where, 2)
        for name, text, act in (
            ("chevron-up", self.tr("Previous (Shift+Enter)"), lambda: self.walk(-1)),
            ("chevron-down", self.tr("Next (Enter)"), lambda: self.walk(1)),
            ("close", self.tr("Close and stay here"), self.stay),
        ):
            button = IconButton(name, text)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(act)
            row.addWidget(button)

    def _restyle(self) -> None:
        colours = theme.current()
        self.setAutoFillBackground(True)
        self.setStyleSheet(
            f"#find_bar {{ background: {colours.raised}; border: 1px solid {colours.border}; border-radius: 7px; }}"
        )
        self._show_place()

    # --- opening and closing ------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Show the bar with what was looked for last, ready to be typed over."""
        if not self.isVisible():
            view, session = self._view, self._session
            middle = view.mapToScene(view.viewport().rect().center())
            self._before = session.path, view.zoom, middle, session.selection
            self._place()
            self.show()
            self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._search()

    def go_back(self) -> None:
        """Close, and show what was shown before."""
        before, self._before = self._before, None
        self._close()
        if before is not None and self._session.go_to(before[0]):
            self._view.navigator.zoom_to(before[1])
            self._view.navigator.centre(before[2])
            self._view.zoom_changed.emit(self._view.zoom)
            self._session.select(before[3])

    def stay(self) -> None:
        """Close, and leave the view where the search led."""
        self._close()

    def _close(self) -> None:
        self.hide()
        self._again.stop()
        self.found, self.at, self._index = [], -1, None
        self._light()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- searching ----------------------------------------------------------------------------------------------------

    def _search(self) -> None:
        self.at = -1
        self._refresh()
        here = [place for place in self.found if place.path == self._session.path]
        if self.found:
            self._say(len(here))
        elif self.field.text().strip():
            announce(self.field, self.tr("Nothing found."))

    def _say(self, here: int) -> None:
        text = self.tr("{count} found, {here} of them here").format(count=len(self.found), here=here)
        announce(self.field, text)

    def _refresh(self) -> None:
        """Look again, and stay at what was being looked at."""
        current = _key(self.found[self.at]) if self.at >= 0 else None
        self.found = self._read().find(self.field.text())
        keys = list(map(_key, self.found))
        self.at = keys.index(current) if current in keys else -1
        self._show_count()
        self._light()

    def _read(self) -> Index:
        """Return what can be found now, read anew where project or report are others than at the last key."""
        report, project = self._session.report, self._session.project
        if self._index is None or self._index[0] is not project or self._index[1] is not report:
            facts = Facts(report.problems, report.shapes) if report else Facts()
            self._index = project, report, Index(project, facts)
        return self._index[2]

    def walk(self, step: int) -> None:
        """Go to the next (1) or the previous (-1) of what was found, round and round."""
        if not self.isVisible():
            self.open()
        if not self.found:
            return
        self.at = self._first() if self.at < 0 and step > 0 else (max(self.at, 0) + step) % len(self.found)
        place = self.found[self.at]
        self._session.reveal(place.name, place.path, drawn=bool(place.drawn))
        self._show_count()
        announce(self.field, f"{self.count.text()}: {self._view.accessibleDescription()}")

    def _first(self) -> int:
        """Return where to begin: at the first that is in the graph that is looked at."""
        return next((at for at, place in enumerate(self.found) if place.path == self._session.path), 0)

    def _show_count(self) -> None:
        total = len(self.found)
        text = ""
        if self.field.text().strip():
            text = self.tr("{at} of {count}").format(at=self.at + 1, count=total) if self.at >= 0 else ""
            text = text or (self.tr("{count} found").format(count=total) if total else self.tr("nothing found"))
        self.count.setText(text)
        self._show_place()

    def _show_place(self) -> None:
        """Show what is being looked at: its icon and the way to it."""
        place = self.found[self.at] if self.at >= 0 else None
        self.where.setText(place.written if place else "")
        self.picture.setVisible(place is not None)
        if place is not None:
            picture = icon(place.drawn) if place.drawn else family_icon(place.kind.family if place.kind else "")
            self.picture.setPixmap(picture.pixmap(_PICTURE, _PICTURE))

    def _light(self, _what: object = None) -> None:
        """Let everything that was not found step back, in the graph that is looked at."""
        scene, path = self._view.canvas, self._session.path
        depth, lit, drawn = len(path), set(), set()
        for place in self.found:
            if place.path == path and place.drawn:
                drawn.add(place.name)
            elif place.path[:depth] == path:
                lit.add(place.path[depth] if len(place.path) > depth else place.name)
        dim = self.isVisible() and bool(self.field.text().strip())
        for name, item in scene.nodes.items():
            item.set_faded(dim and name not in lit)
        for each in scene.drawn.items():
            each.setOpacity(_DRAWN_FADED if dim and each.name not in drawn else 1.0)
        for target, wire in scene.wires.items():
            faded = dim and not (target.node in lit and wire.source.node in lit)
            if faded is (wire.opacity() == 1.0):
                wire.setOpacity(_WIRE_FADED if faded else 1.0)

    def _on_changed(self, _what: object = None) -> None:
        if self.isVisible():
            self._again.start()

    def _on_here_changed(self, _change: object) -> None:
        if self.isVisible():
            self._light()

    # --- keys, place --------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter walks, Esc goes back; the bar keeps to the upper edge of the canvas."""
        if watched is self._view and event.type() is QEvent.Type.Resize:
            self._place()
        elif watched is self.field and isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.KeyPress:
                return self._key(event)
            if event.type() is QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.stay()
            else:
                self.walk(-1 if back else 1)
        elif event.key() == Qt.Key.Key_F3:
            self.walk(-1 if back else 1)
        elif event.key() == Qt.Key.Key_Escape:
            self.go_back()
        else:
            return False
        return True

    def _place(self) -> None:
        width = min(_WIDTH, self._view.width() - 2 * _TOP)
        self.setFixedWidth(max(width, 120))
        self.adjustSize()
        self.move((self._view.width() - self.width()) // 2, _TOP)


def _key(place: Place) -> tuple[tuple[str, ...], str, str]:
    """Return by what a place is known again after a change."""
    return place.path, place.name, place.drawn
