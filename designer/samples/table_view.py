"""The table of samples, and its header: what each field is, how its values are distributed, how many are missing."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from core.data.preview import FieldFacts
from core.data.samples import SampleField
from designer import theme
from designer.icons import icon
from designer.samples.table import SamplesModel
from designer.widgets import bold

_HEIGHT = 56
_PLOT = 20.0
_ICON = 14
_LINE = 26
_LEAST, _MOST = 84, 240
_SAMPLED = 60
"""So many rows are looked at for the width of a column."""
_MOST_BARS = 20


class FieldHeader(QHeaderView):
    """Per field: the icon of its meaning and its name, its histogram, and a bar with the share that is missing."""

    def __init__(self, model: SamplesModel) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._samples = model
        self.setSectionsClickable(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setMinimumSectionSize(_LEAST // 2)

    def sizeHint(self) -> QSize:
        """Two lines of text and a histogram high."""
        return QSize(100, _HEIGHT)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Paint what there is to know of a field."""
        if section >= len(self._samples.fields):
            return
        shown = self._samples.fields[section]
        colours = theme.current()
        painter.save()
        painter.fillRect(rect, QColor(colours.window))
        painter.setPen(QColor(colours.border))
        painter.drawLine(rect.topRight(), rect.bottomRight())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        area = QRectF(rect).adjusted(6, 3, -7, -3)
        self._paint_name(painter, area, shown)
        facts = self._samples.facts.get(shown.field.name)
        if facts is not None:
            _paint_facts(painter, area, facts)
        painter.restore()

    def _paint_name(self, painter: QPainter, area: QRectF, shown: SampleField) -> None:
        colours = theme.current()
        role = {"target": colours.accent, "input": colours.text}.get(shown.use, colours.text_muted)
        mark = QRect(int(area.left()), int(area.top()) + 1, _ICON, _ICON)
        icon(f"meaning_{shown.field.meaning}", role).paint(painter, mark)
        painter.setFont(bold(self.font()) if shown.use == "target" else self.font())
        painter.setPen(QColor(role))
        name = QRectF(area.left() + _ICON + 4, area.top(), area.width() - _ICON - 4, 17)
        text = painter.fontMetrics().elidedText(shown.field.name, Qt.TextElideMode.ElideMiddle, int(name.width()))
        painter.drawText(name, int(Qt.AlignmentFlag.AlignVCenter), text)


def _paint_facts(painter: QPainter, area: QRectF, facts: FieldFacts) -> None:
    colours = theme.current()
    counts = facts.histogram.counts if facts.histogram else tuple(count for _word, count in facts.counts[:_MOST_BARS])
    plot = QRectF(area.left(), area.top() + 19, area.width(), _PLOT)
    most = max(counts, default=0) or 1
    width = min(plot.width() / max(1, len(counts)), 14.0)
    for place, count in enumerate(counts):
        height = plot.height() * count / most
        column = QRectF(plot.left() + place * width, plot.bottom() - height, max(1.0, width - 1), height)
        painter.fillRect(column, QColor(colours.accent))
    base = QRectF(area.left(), area.bottom() - 3, area.width(), 3)
    painter.fillRect(base, QColor(colours.border))
    if facts.missing:
        share = facts.missing / max(1, facts.looked_at)
        painter.fillRect(QRectF(base.left(), base.top(), max(2.0, base.width() * share), 3), QColor(colours.warning))


class SamplesTable(QTableView):
    """The table; Enter or a double click opens a sample."""

    opened = Signal(int)
    wanted = Signal(int, int)

    def __init__(self, model: SamplesModel) -> None:
        super().__init__()
        self._samples = model
        self._fitted = False
        self.setAccessibleName(self.tr("Samples as a table"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalHeader(FieldHeader(model))
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(28, 22))
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_LINE)
        self.verticalHeader().setSectionsClickable(False)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self.verticalScrollBar().valueChanged.connect(self.tell_view)
        model.modelReset.connect(self._on_reset)
        model.dataChanged.connect(self._fit_columns)

    @property
    def current(self) -> int:
        """The place of the current sample."""
        return max(0, self.currentIndex().row())

    def visible(self) -> tuple[int, int]:
        """Return the first and the last place in view."""
        top = self.verticalScrollBar().value()
        last = (top + self.viewport().height()) // _LINE
        most = max(0, self._samples.count - 1)
        return min(top // _LINE, most), min(last, most)

    def show_place(self, place: int) -> None:
        """Select a sample and bring it into view."""
        self.selectRow(place)
        self.scrollTo(self._samples.index(place, 0), QAbstractItemView.ScrollHint.EnsureVisible)
        self.tell_view()

    def tell_view(self) -> None:
        """Ask for the samples in view."""
        if self.isVisible() and self._samples.count:
            self.wanted.emit(*self.visible())

    def _on_reset(self) -> None:
        self._fitted = False
        self.tell_view()

    def _fit_columns(self) -> None:
        """Give the columns the width that their first values need, once."""
        if self._fitted or self._samples.rows(0) is None:
            return
        self._fitted = True
        metrics = self.fontMetrics()
        for column, shown in enumerate(self._samples.fields):
            texts = [str(self._samples.index(row, column).data() or "") for row in range(min(_SAMPLED, self._count()))]
            widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
            room = 48 if shown.form in ("picture", "mask", "sound") else 14
            name = metrics.horizontalAdvance(shown.field.name) * 1.1 + _ICON + 18
            self.setColumnWidth(column, int(max(_LEAST, min(_MOST, max(widest + room, name)))))

    def fit_anew(self) -> None:
        """Give the columns the width that other texts need."""
        self._fitted = False
        self._fit_columns()

    def _count(self) -> int:
        return self._samples.count

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for what came into view."""
        super().resizeEvent(event)
        self.tell_view()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what is in view."""
        super().showEvent(event)
        self.tell_view()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open a sample with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)
