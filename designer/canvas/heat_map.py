"""Shows on the canvas which nodes have most of something: colours, figures and a legend, for one measure at a time.

What nodes cost is always known; what is seen of them while they learn comes from ``Measure``s that are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from core.graph.change import Change
from designer import theme
from designer.canvas.heat import paint_scale
from designer.canvas.style import Style, style_of
from designer.costs.model import FIGURES, CostColumn, titles, written
from designer.theme import RADIUS, SPACE

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView
    from designer.properties.cost import CostWatcher

MEASURES = {
    "parameters": CostColumn.PARAMETERS,
    "multiply_adds": CostColumn.MULTIPLY_ADDS,
    "memory": CostColumn.MEMORY,
}
"""What nodes can be coloured by."""


@dataclass(frozen=True)
class Measure:
    """Something of which nodes have more or less, but never less than 0.

    ``figures`` returns it by node of the graph at a path; ``written`` writes one. Only what is ``summed`` can be added
    up: the legend then tells how much all nodes have together.
    """

    title: str
    figures: Callable[[tuple[str, ...]], Mapping[str, float]]
    written: Callable[[float], str]
    summed: bool = False


class HeatMap(QObject):
    """Colours the nodes of the graph that is looked at by their share of the largest one there."""

    changed = Signal()

    def __init__(self, view: CanvasView, watcher: CostWatcher) -> None:
        super().__init__(view)
        self.measure = ""
        """A key of MEASURES or of ``others``, or nothing where nodes are not coloured."""
        self.others: Mapping[str, Measure] = {}
        """What nodes can be coloured by besides."""
        self.legend = Legend(view)
        self._view, self._watcher = view, watcher
        watcher.changed.connect(self._refresh)
        view.session.view_changed.connect(self._refresh)
        view.session.here_changed.connect(self._on_changed)
        theme.switch.changed.connect(self.legend.update)
        view.installEventFilter(self)

    def show_measure(self, measure: str) -> None:
        """Colour by a measure, or no longer ("")."""
        if measure != self.measure:
            self.measure = measure
            self._refresh()
            self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the legend in its corner."""
        if event.type() == QEvent.Type.Resize:
            self.legend.settle()
        return super().eventFilter(watched, event)

    def _on_changed(self, change: Change) -> None:
        if self.measure and not change.only_positions:
            self._refresh()

    def refresh(self) -> None:
        """Colour by the figures of now."""
        if self.measure:
            self._refresh()

    def _chosen(self) -> Measure | None:
        column = MEASURES.get(self.measure)
        if column is None:
            return self.others.get(self.measure)

        def figures(path: tuple[str, ...]) -> dict[str, float]:
            return {row.path[-1]: FIGURES[column](row) for row in self._watcher.rows(path)}

        return Measure(titles()[column], figures, partial(written, column), summed=True)

    def _refresh(self) -> None:
        measure = self._chosen()
        figures = measure.figures(self._view.session.path) if measure is not None else {}
        most = max(figures.values(), default=0.0)
        for name, item in self._view.canvas.nodes.items():
            figure = figures.get(name)
            heat = None if figure is None else figure / most if most else 0.0
            text = measure.written(figure) if measure is not None and figure else ""
            item.set_look(heat=heat, figure=text)
        self.legend.setVisible(measure is not None)
        if measure is not None:
            self.legend.show_scale(measure, most, sum(figures.values()), known=bool(figures))


class Legend(QWidget):
    """The scale of colours with its ends, in the lower left corner of the canvas."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = parent
        self.setObjectName("heat_legend")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.title = self.least = self.most = self.whole = ""
        self.hide()

    def show_scale(self, measure: Measure, most: float, whole: float, *, known: bool) -> None:
        """Show what the colours stand for, the figure of the strongest one, and the sum of all nodes."""
        self.title = measure.title
        self.least = "0" if known else ""
        self.most = measure.written(most) if known else self.tr("not known yet")
        summed = known and measure.summed
        self.whole = self.tr("{sum} in all").format(sum=measure.written(whole)) if summed else ""
        self.setAccessibleName(f"{self.title}: {self.least} – {self.most}, {self.whole}")
        self.settle()
        self.update()

    def settle(self) -> None:
        """Take the size of the texts, and the corner."""
        style = style_of()
        row = style.metrics["chip"].height()
        head = style.width(self.title, "name") + 3 * SPACE + style.width(self.whole, "chip")
        self.resize(round(max(180, head + 2 * SPACE)), round(style.metrics["name"].height() + row + 10 + 3 * SPACE))
        self.move(SPACE, self._view.height() - self.height() - SPACE)
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the card."""
        style = style_of()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(style.theme.border), 1))
        painter.setBrush(QColor(style.theme.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        self._paint_content(painter, style)
        painter.end()

    def _paint_content(self, painter: QPainter, style: Style) -> None:
        right = self.width() - SPACE
        painter.setPen(style.text)
        style.draw(painter, self.title, "name", SPACE, SPACE)
        painter.setPen(style.muted)
        lower = SPACE + style.metrics["name"].ascent() - style.metrics["chip"].ascent()
        style.draw(painter, self.whole, "chip", right - style.width(self.whole, "chip"), lower)
        y = SPACE + style.metrics["name"].height() + SPACE / 2
        bar = QRectF(SPACE, y, self.width() - 2 * SPACE, 10)
        paint_scale(painter, bar, style)
        painter.setPen(style.border)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        painter.setPen(style.muted)
        y = bar.bottom() + 3
        style.draw(painter, self.least, "chip", SPACE, y)
        style.draw(painter, self.most, "chip", right - style.width(self.most, "chip"), y)
