"""The preview of a quick line under the palette's field: what is wrong at its place, and every step with its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QInputMethodEvent, QPainter, QPaintEvent, QPolygonF, QTextCharFormat
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.graph.quickline import LineProblem, Token
from designer.canvas.style import style_of
from designer.theme import Theme, current

WIDTH = 480
_ROW, _ROWS, _INDENT = 24, 9, 16
_STEP = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Step:
    """One layer of the line as previewed; ``shape`` is empty while it is not known, ``wrong`` says what is wrong."""

    name: str
    kind: str
    family: str
    parameters: str = ""
    shape: str = ""
    wrong: str = ""
    depth: int = 0
    stale: bool = False


class QuickBoard(QWidget):
    """What stands under the field while a line is typed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.problem = ProblemMark(self)
        self.list = QListWidget(self)
        self.list.setObjectName("quickSteps")
        self.list.setAccessibleName(self.tr("Layers of the line"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(_StepDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addWidget(self.problem)
        rows.addWidget(self.list)

    @property
    def steps(self) -> list[Step]:
        """The steps shown, from the top."""
        return [self.list.item(row).data(_STEP) for row in range(self.list.count())]

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show the layers that the line makes."""
        self.list.clear()
        for step in steps:
            item = QListWidgetItem(", ".join(filter(None, (step.name, step.kind, step.parameters, step.shape))))
            item.setData(_STEP, step)
            item.setToolTip(step.wrong)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, step.wrong)
            self.list.addItem(item)
        self.list.setFixedHeight(_ROW * min(len(steps), _ROWS) + 2)
        self.list.setVisible(bool(steps))
        self.list.scrollToBottom()

    def show_problem(self, problem: LineProblem | None, field: QLineEdit, *, patient: bool) -> None:
        """Say what is wrong, under its place in the field; ``patient``: the line only is not finished yet."""
        self.problem.show_at(problem.message if problem else "", _place_in(field, problem), patient=patient)

    def show_waiting(self, text: str) -> None:
        """Say what the preview waits for."""
        self.problem.show_at(text, 0.0, patient=True)


class ProblemMark(QWidget):
    """A message with a small arrow up to the place in the field that it is about."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("quickProblem")
        self.text = ""
        self._x = 0.0
        self._patient = False
        self.hide()

    def show_at(self, text: str, x: float, *, patient: bool) -> None:
        """Show a text with its arrow at ``x``; hide where there is none."""
        self.text, self._x, self._patient = text, x, patient
        self.setAccessibleName(text)
        self.setToolTip(text)
        if text:
            self.setFixedHeight(self._wrapped().height() + 12)
        self.setVisible(bool(text))
        self.update()

    def _wrapped(self) -> QRect:
        room = QRect(0, 0, WIDTH - 24, 400)
        return self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self.text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrow and the words."""
        theme = current()
        colour = QColor(theme.text_muted if self._patient else theme.error)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = max(8.0, min(self._x, self.width() - 8.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(x - 5, 6), QPointF(x + 5, 6), QPointF(x, 0)]))
        painter.setPen(colour)
        size = self._wrapped()
        left = max(4.0, min(x - 12, self.width() - size.width() - 8.0))
        painter.drawText(QRectF(left, 8, size.width() + 6, size.height() + 2), Qt.TextFlag.TextWordWrap, self.text)
        painter.end()


def _place_in(field: QLineEdit, problem: LineProblem | None) -> float:
    """Return where a problem begins in a field, in its pixels."""
    if problem is None:
        return 0.0
    cursor = field.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    text, at = field.text(), field.cursorPosition()
    metrics = field.fontMetrics()
    start = metrics.horizontalAdvance(text[: problem.start])
    width = metrics.horizontalAdvance(text[problem.start : problem.end])
    return float(cursor.center().x() + start + width / 2 - metrics.horizontalAdvance(text[:at]))


def colour_field(field: QLineEdit, tokens: Sequence[Token], problem: LineProblem | None) -> None:
    """Colour the text of a field by its pieces; the place of a problem gets a wavy line.

    A QLineEdit has no highlighter, but draws the formats that an input method gives it; the text stays as it is.
    """
    theme = current()
    colours = _colours(theme)
    attributes = []
    at = field.cursorPosition()
    for token in tokens:
        look = QTextCharFormat()
        look.setForeground(QColor(colours[token.kind]))
        attributes.append(_attribute(token.start - at, token.end - token.start, look))
    if problem and problem.start < len(field.text()):
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(QColor(theme.error))
        attributes.append(_attribute(problem.start - at, problem.end - problem.start, look))
    QApplication.sendEvent(field, QInputMethodEvent("", attributes))


def _attribute(start: int, length: int, look: QTextCharFormat) -> QInputMethodEvent.Attribute:
    return QInputMethodEvent.Attribute(QInputMethodEvent.AttributeType.TextFormat, start, length, look)


def _colours(theme: Theme) -> Mapping[str, str]:
    return {
        "layer": theme.accent,
        "name": theme.families["Pooling"],
        "value": theme.text,
        "operator": theme.text_muted,
        "times": theme.families["Activation"],
    }


class _StepDelegate(QStyledItemDelegate):
    """Draws one step: icon, name and parameters on the left, the shape or what is wrong on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(WIDTH - 14, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        style, theme = style_of(), current()
        step: Step = index.data(_STEP)
        place = QRectF(option.rect)
        left, right = place.x() + 6 + _INDENT * min(step.depth, 4), place.right() - 8
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        style.draw_icon(painter, step.family, QRectF(left, place.y() + 3, 16, 16))
        painter.setPen(style.text)
        style.draw(painter, step.kind, "name", left + 24, place.y() + 4)
        after = left + 24 + style.width(step.kind, "name") + 10
        painter.setPen(QColor(theme.error) if step.wrong else style.muted if step.stale else style.text)
        room = right - after - (style.width(step.parameters, "chip") + 10 if not step.wrong else 0)
        result = style.elided(step.wrong or step.shape, "chip", max(room, 80.0))
        width = style.width(result, "chip")
        style.draw(painter, result, "chip", right - width, place.y() + 6)
        painter.setPen(style.muted)
        parameters = style.elided(step.parameters, "chip", right - width - after - 8)
        style.draw(painter, parameters, "chip", after, place.y() + 6)
        painter.restore()
