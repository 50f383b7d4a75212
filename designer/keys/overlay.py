"""The keys of the place where one is, over the whole window: for whoever has forgotten one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QScrollBar,
    QVBoxLayout,
    QWidget,
)

from designer.keys.keymap import keymap
from designer.keys.table import (
    ADDING,
    BORROWED,
    CANVAS,
    FIELDS,
    FINDING,
    LISTING,
    OUTLINE,
    Binding,
    own_section,
    written,
)
from designer.theme import SPACE, monospace
from designer.widgets import heading, muted, paint_card

_NAMES = {"canvas": CANVAS, "addPalette": ADDING, "find_bar": FINDING, "outline": OUTLINE, "parameters_part": FIELDS}
"""Places by the object name of the widget that the keyboard is in."""
_COLUMNS = 3
_SHADE = 130
_TO = " … "
_SCROLLS = {
    Qt.Key.Key_Up: QScrollBar.SliderAction.SliderSingleStepSub,
    Qt.Key.Key_Down: QScrollBar.SliderAction.SliderSingleStepAdd,
    Qt.Key.Key_PageUp: QScrollBar.SliderAction.SliderPageStepSub,
    Qt.Key.Key_PageDown: QScrollBar.SliderAction.SliderPageStepAdd,
}
_STEP = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
_BOTH = 18
"""Letters that two keys may have together to be shown both."""


def place_of(widget: QWidget | None) -> str:
    """Return the place that a widget belongs to; "" where only the keys of the whole window act."""
    each = widget
    while each is not None:
        if each.objectName() in _NAMES:
            return _NAMES[each.objectName()]
        if isinstance(each, QAbstractItemView):
            return LISTING
        each = each.parentWidget()
    return ""


class KeysOverlay(QWidget):
    """Shades its window and shows the keys on a card. Esc, the key again or a click closes it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("keys_overlay")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Keys of this place"))
        self._window = window
        self._before: QWidget | None = None
        self._card: QWidget | None = None
        self._bar: QScrollBar | None = None
        self.place = ""
        window.installEventFilter(self)
        self.hide()

    def toggle(self) -> None:
        """Show the keys of where the keyboard is, or hide them."""
        if self.isVisible():
            self.close_overlay()
            return
        self._before = self._window.focusWidget()
        self.place = place_of(self._before)
        self._fill()
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_overlay(self) -> None:
        """Hide, and give the keyboard back."""
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def texts(self) -> list[str]:
        """What is written, in order."""
        return [label.text() for label in self.findChildren(QLabel)]

    # --- the card -----------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        if self._card is not None:
            self._card.setParent(None)
            self._card.deleteLater()
        else:
            QHBoxLayout(self).setContentsMargins(SPACE * 6, SPACE * 6, SPACE * 6, SPACE * 6)
        self._card = card = _Card()
        column = QVBoxLayout(card)
        column.setContentsMargins(SPACE * 3, SPACE * 2, SPACE * 3, SPACE * 2)
        top = QHBoxLayout()
        top.addWidget(heading(self._title(), 1.3), 1)
        change = next(iter(keymap.keys("shortcuts")), "")
        hint = self.tr("Esc closes") + (
            self.tr("  ·  {key} changes keys").format(key=written(change)) if change else ""
        )
        top.addWidget(muted(hint, wrap=False))
        column.addLayout(top)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        self._bar = scroll.verticalScrollBar()
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.viewport().setAutoFillBackground(False)
        body = self._body()
        scroll.setWidget(body)
        body.setAutoFillBackground(False)
        column.addWidget(scroll, 1)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(card)
        self.setAccessibleDescription(", ".join(f"{row.text}: {written(row.keys[0])}" for row in self._rows()))

    def _title(self) -> str:
        titles = {
            CANVAS: self.tr("Keys on the canvas"),
            ADDING: self.tr("Keys in the add palette"),
            FINDING: self.tr("Keys while finding"),
            OUTLINE: self.tr("Keys in the outline"),
            LISTING: self.tr("Keys in a list"),
            FIELDS: self.tr("Keys in a parameter's field"),
        }
        return titles.get(self.place, self.tr("Keys"))

    def _rows(self) -> Iterator[Binding]:
        """Yield what has a key here: first what acts in this place alone, then what acts everywhere."""
        rows, own = _without_digits([row for row in keymap.bindings() if row.keys]), own_section()
        yield from (row for row in rows if row.section == own and row.place == self.place)
        borrowed = BORROWED if self.place == OUTLINE else ()
        yield from (replace(row, section=own) for row in rows if row.id in borrowed)
        yield from (row for row in rows if row.section != own and row.place in ("", self.place))

    def _body(self) -> QWidget:
        body = QWidget()
        columns = QHBoxLayout(body)
        columns.setContentsMargins(0, SPACE, SPACE * 2, 0)
        columns.setSpacing(SPACE * 4)
        blocks: dict[str, list[Binding]] = {}
        for row in self._rows():
            blocks.setdefault(self._section(row), []).append(row)
        height = ceil(sum(len(rows) + 1 for rows in blocks.values()) / _COLUMNS)
        grid, filled = self._column(columns), 0
        for title, rows in blocks.items():
            if filled >= height - 1 and columns.count() < _COLUMNS:
                grid, filled = self._column(columns), 0
            name = heading(title)
            name.setContentsMargins(0, SPACE if filled else 0, 0, 2)
            grid.addWidget(name, grid.rowCount(), 0, 1, 2)
            filled += 1
            for row in rows:
                if filled >= height and columns.count() < _COLUMNS:
                    grid, filled = self._column(columns), 0
                self._add(grid, row)
                filled += 1
        return body

    def _column(self, columns: QHBoxLayout) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(0, 1)
        grid.setVerticalSpacing(3)
        side = QVBoxLayout()
        side.addLayout(grid)
        side.addStretch(1)
        columns.addLayout(side, 1)
        return grid

    def _section(self, row: Binding) -> str:
        return self.tr("Here") if row.section == own_section() else row.section.partition(_STEP)[0]

    def _add(self, grid: QGridLayout, row: Binding) -> None:
        at = grid.rowCount()
        first, *others = map(written, row.keys)
        short = [each for each in others[:1] if len(first) + len(each) <= _BOTH]
        key = QLabel("  ".join((first, *short)))
        key.setFont(monospace())
        key.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        text = QLabel(row.text)
        text.setWordWrap(True)
        grid.addWidget(text, at, 0)
        grid.addWidget(key, at, 1)

    # --- closing, following the window --------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the size of the window."""
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Esc closes; arrows and page keys scroll."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.close_overlay()
                return True
            if event.key() in _SCROLLS and self._bar is not None:
                self._bar.triggerAction(_SCROLLS[Qt.Key(event.key())])
                return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click closes."""
        self.close_overlay()
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Shade what lies behind."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, _SHADE))
        painter.end()


def _without_digits(rows: list[Binding]) -> list[Binding]:
    """Return the rows with one in the place of nine that differ in a digit alone: ``Bookmark 1 … 9``."""
    found: list[Binding] = []
    for row in rows:
        before = found[-1] if found else row
        if row.text[-1:] in "23456789" and before.text.startswith(row.text[:-1]) and before.text[-1:].isdecimal():
            key = before.keys[0].partition(_TO)[0]
            found[-1] = replace(
                before, text=f"{row.text[:-1]}1{_TO}{row.text[-1]}", keys=(f"{key}{_TO}{row.text[-1]}",)
            )
        else:
            found.append(row)
    return found


class _Card(QFrame):
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_card(painter, QRectF(self.rect()), self.palette(), border=QPalette.ColorRole.Mid)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Stay open where something on the card is clicked."""
        event.accept()
