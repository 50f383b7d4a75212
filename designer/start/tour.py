"""The tour: five steps that show a newcomer where things are. It can be skipped at every one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from designer.theme import RADIUS, SPACE
from designer.widgets import Card, PrimaryButton, TextLabel, heading, muted

if TYPE_CHECKING:
    from designer.workspace import Workspace

_WIDTH = 340
_GAP = 14
_DIM = 150
"""How much the rest of the window is darkened, of 255."""
_KEYS: dict[int, int] = {
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Return: 1,
    Qt.Key.Key_Enter: 1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Escape: 0,
}
"""Keys, and by how many steps each goes on; Esc ends the tour."""


@dataclass(frozen=True)
class Step:
    """One stop: what is said, and which part of the workspace is pointed at."""

    title: str
    text: str
    target: Callable[[Workspace], QWidget]


STEPS = (
    Step(
        "Layers are in the library",
        "Drag a layer to the canvas, or press Tab on the canvas and type its name: it is added after what is selected.",
        lambda each: each.docks["library"],
    ),
    Step(
        "The network is drawn here",
        "Drag from one port to another to link them. Every wire shows the shape of its tensor. "
        "The wheel zooms, the middle button pans, Ctrl+Z takes anything back.",
        lambda each: each.panes,
    ),
    Step(
        "Everything can be set here",
        "Properties belong to what is selected. Data is what the network learns from, Training how it learns.",
        lambda each: each.docks["inspector"],
    ),
    Step(
        "Problems, curves and cost",
        "What does not fit is explained here, often with a fix to press. "
        "While training runs the curves are drawn here.",
        lambda each: each.docks["results"],
    ),
    Step(
        "Train, then take the code with you",
        "Train starts as soon as there is data and no error is left. File, Export gives plain PyTorch code.",
        lambda each: each.train_bar,
    ),
)


class Tour(QWidget):
    """Lies over the window, dims it but for what the step is about, and takes all keys: Enter, arrows, Esc."""

    ended = Signal()
    """The last step was left, or the tour was skipped."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("tour")
        self.setAccessibleName(self.tr("Tour"))
        self._workspace = workspace
        self.at = 0
        self._bubble = Card(self)
        self._title = heading("", 1.15)
        self._text = TextLabel()
        self._count = muted(wrap=False)
        self.skip = self._button(QPushButton(self.tr("Skip the tour")), "tour_skip", self.finish)
        self.back = self._button(QPushButton(self.tr("Back")), "tour_back", lambda: self.go(self.at - 1))
        self.next = self._button(PrimaryButton(self.tr("Next")), "tour_next", lambda: self.go(self.at + 1))
        self._lay_out()
        parent.installEventFilter(self)
        workspace.destroyed.connect(self.deleteLater)
        self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        self.go(0)

    def go(self, at: int) -> None:
        """Show a step; past the last one the tour ends."""
        if at >= len(STEPS):
            self.finish()
            return
        self.at = max(at, 0)
        step = STEPS[self.at]
        self._title.setText(_tr(step.title))
        self._text.setText(_tr(step.text))
        self._count.setText(self.tr("{at} of {all}").format(at=self.at + 1, all=len(STEPS)))
        self.back.setEnabled(self.at > 0)
        last = self.at == len(STEPS) - 1
        self.next.setText(self.tr("Done") if last else self.tr("Next"))
        self.setAccessibleDescription(f"{self._title.text()}. {self._text.text()}")
        self._place()
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def finish(self) -> None:
        """End the tour, wherever it is."""
        self._over.removeEventFilter(self)
        self.hide()
        self.ended.emit()
        self.deleteLater()

    @property
    def spot(self) -> QRect:
        """What the step is about, in the tour's own pixels; empty where it is not to be seen."""
        target = STEPS[self.at].target(self._workspace)
        if not target.isVisible() or target.window() is not self.window():
            return QRect()
        return QRect(target.mapTo(self.window(), QPoint(0, 0)), target.size()).intersected(self.rect())

    # --- events -------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the window whatever its size; take the keys that the buttons would use otherwise."""
        if watched is self._over:
            if event.type() == QEvent.Type.Resize:
                self.setGeometry(self._over.rect())
                self._place()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _KEYS:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(watched, QPushButton):
                watched.click()
            else:
                self.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc skips, Enter and the arrows step."""
        if event.key() == Qt.Key.Key_Escape:
            self.finish()
        elif event.key() in _KEYS:
            self.go(self.at + _KEYS[event.key()])

    def event(self, event: QEvent) -> bool:
        """Keep keys from the shortcuts of the window while the tour is on."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def focusNextPrevChild(self, following: bool) -> bool:
        """Go round between the buttons."""
        buttons = [each for each in (self.skip, self.back, self.next) if each.isEnabled()]
        here = next((at for at, each in enumerate(buttons) if each.hasFocus()), -1)
        buttons[(here + (1 if following else -1)) % len(buttons)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press beside the bubble does nothing: the tour is left by its buttons or Esc."""
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Dim everything but the spot, and outline that."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade = QPainterPath()
        shade.addRect(QRectF(self.rect()))
        hole = QPainterPath()
        spot = QRectF(self.spot)
        if not spot.isEmpty():
            hole.addRoundedRect(spot.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        painter.fillPath(shade.subtracted(hole), QColor(0, 0, 0, _DIM))
        painter.setPen(QPen(self.palette().highlight().color(), 2))
        painter.drawPath(hole)
        painter.end()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _button(self, button: QPushButton, name: str, act: Callable[[], object]) -> QPushButton:
        button.setObjectName(name)
        button.setAutoDefault(True)
        button.clicked.connect(lambda: act())
        button.installEventFilter(self)
        return button

    def _lay_out(self) -> None:
        self._bubble.setObjectName("tour_bubble")
        self._bubble.setFixedWidth(_WIDTH)
        column = QVBoxLayout(self._bubble)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(self._title)
        column.addWidget(self._text)
        row = QHBoxLayout()
        row.addWidget(self._count)
        row.addStretch(1)
        for button in (self.skip, self.back, self.next):
            row.addWidget(button)
        column.addSpacing(SPACE // 2)
        column.addLayout(row)

    def _place(self) -> None:
        """Put the bubble beside the spot, on the side that has room; in the middle where there is no spot."""
        layout = self._bubble.layout()
        height = layout.totalHeightForWidth(_WIDTH) if layout is not None else 0
        self._bubble.setFixedHeight(max(height, self._bubble.minimumSizeHint().height()))
        size, spot, room = self._bubble.size(), self.spot, self.rect()
        if spot.isEmpty():
            spot = QRect(room.center(), room.center())
        centre = spot.center() - QPoint(size.width() // 2, size.height() // 2)
        places = (
            QPoint(spot.right() + _GAP, centre.y()),
            QPoint(spot.left() - _GAP - size.width(), centre.y()),
            QPoint(centre.x(), spot.top() - _GAP - size.height()),
            QPoint(centre.x(), spot.bottom() + _GAP),
            centre,
        )
        inner = room.adjusted(SPACE, SPACE, -SPACE, -SPACE)
        fitting = next((at for at in places if _fits(inner, at, size.width(), size.height(), spot)), centre)
        x = min(max(fitting.x(), inner.left()), inner.right() - size.width())
        y = min(max(fitting.y(), inner.top()), inner.bottom() - size.height())
        self._bubble.move(x, y)
        self.update()


def _fits(room: QRect, at: QPoint, width: int, height: int, spot: QRect) -> bool:
    """True where a bubble there, moved along the side if need be, lies in the window and beside the spot."""
    x = min(max(at.x(), room.left()), room.right() - width)
    y = min(max(at.y(), room.top()), room.bottom() - height)
    return not QRect(x, y, width, height).intersects(spot)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Tour", text)
