"""Samples as images, sounds, coloured tokens and curves: what each view paints of one sample."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from core.data.sample_batch import SampleRow
from core.data.sample_forms import Classes, Curve, Picture, Sound, Tokens
from core.data.samples import SampleField
from designer import theme
from designer.samples import drawing
from designer.samples.pictures import class_colour, paint_image, paint_overlay
from designer.samples.tiles import Rows, Tiles

_GAP = 4.0
_CAPTION = 18.0
_LEFT = 132.0
"""Width of the column with number and answer of a line."""
_MOST_BESIDE = 3


def _tr(text: str) -> str:
    return QCoreApplication.translate("Samples", text)


def _row_tip(row: SampleRow, fields: Sequence[SampleField]) -> str:
    lines = [_tr("Row {0:,}").format(row.row + 1)]
    for each in fields:
        cell = row.cells[each.field.name]
        if cell.problem:
            lines.append(f"{each.field.name}: {cell.problem}")
        elif each.use and cell.raw:
            lines.append(f"{each.field.name}: {cell.raw[:120]}")
    if row.mixed:
        lines.append(_tr("Blended: {0}").format(row.mixed))
    return "\n".join(lines)


class _FieldTiles(Tiles):
    """Tiles that know the fields they show."""

    def __init__(self, rows: Rows, name: str) -> None:
        super().__init__(rows, name)
        self.fields: tuple[SampleField, ...] = ()

    def show_fields(self, fields: Sequence[SampleField]) -> None:
        """Show these fields."""
        self.fields = tuple(fields)
        self.relay()

    def relay(self) -> None:
        """Take the size that the fields need."""

    def of_form(self, *forms: str) -> list[SampleField]:
        """Return the fields to be painted: those that the network uses, else all of the form."""
        found = [each for each in self.fields if each.form in forms]
        return [each for each in found if each.use] or found

    def tip(self, row: SampleRow, area: QRectF, point: QPoint) -> str:
        """Tell the row, the values of its fields, and what is wrong."""
        del area, point
        return _row_tip(row, self.fields)


class ImageGrid(_FieldTiles):
    """Images in a grid, with the answer under each and masks laid over them."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _tr("Images"))
        self._side = 72
        self.overlay = True
        self.opacity = 0.5

    @property
    def side(self) -> int:
        """The height of an image in pixels."""
        return self._side

    def set_side(self, side: int) -> None:
        """Paint images of another height."""
        self._side = side
        self.relay()

    def set_overlay(self, *, shown: bool, opacity: float) -> None:
        """Lay masks over the images, so opaque from 0 to 1; or show them beside."""
        self.overlay, self.opacity = shown, opacity
        self.relay()
        self.viewport().update()

    def _painted(self) -> tuple[list[SampleField], list[SampleField]]:
        """Return the fields that stand side by side, and the masks that lie over the first."""
        pictures, masks = self.of_form("picture"), self.of_form("mask")
        if pictures and self.overlay:
            return pictures[:_MOST_BESIDE], masks[:1]
        return (pictures + masks)[:_MOST_BESIDE], []

    def relay(self) -> None:
        """Make room for all images of a sample, in the middle of their proportions."""
        beside = max(1, len(self._painted()[0]))
        width = round(beside * (self._side * self._proportion() + _GAP) + _GAP)
        self.set_tile(QSize(max(width, 44), round(self._side + _CAPTION + 2 * _GAP)))

    def _proportion(self) -> float:
        pictures = self._painted()[0]
        row = self.rows(0)
        for each in pictures if row else []:
            shown = row.cells[each.field.name].shown if row else None
            if isinstance(shown, Picture | Classes):
                pixels = shown.pixels if isinstance(shown, Picture) else shown.indices
                return float(max(0.5, min(4.0, pixels.shape[1] / max(1, pixels.shape[0]))))
        return 1.0

    def paint_tile(self, painter: QPainter, area: QRectF, row: SampleRow) -> None:
        """Paint the images of a sample side by side, and its answer."""
        beside, over = self._painted()
        width = (area.width() - _GAP) / max(1, len(beside)) - _GAP
        for number, each in enumerate(beside):
            left = area.left() + _GAP + number * (width + _GAP)
            self._paint_cell(painter, QRectF(left, area.top() + _GAP, width, self._side), row, each, over)
        base = QRectF(area.left() + 2, area.bottom() - _CAPTION - 1, area.width() - 4, _CAPTION)
        painter.setFont(theme.scaled_font(self.font(), 0.92))
        drawing.paint_caption(painter, base, drawing.caption(row, self.fields) or f"{row.row + 1:,}")

    def _paint_cell(
        self, painter: QPainter, area: QRectF, row: SampleRow, field: SampleField, over: list[SampleField]
    ) -> None:
        cell = row.cells[field.field.name]
        if isinstance(cell.shown, Picture | Classes):
            place = paint_image(painter, area, cell.shown)
            for each in over:
                mask = row.cells[each.field.name].shown
                if isinstance(mask, Classes):
                    paint_overlay(painter, place, mask, self.opacity)
        else:
            painter.setFont(theme.scaled_font(self.font(), 0.85))
            drawing.paint_problem(painter, area, _tr("cannot be read") if cell.problem else _tr("missing"))


class _Lines(_FieldTiles):
    """One sample a line: its number and answer to the left, what it is to the right."""

    def paint_tile(self, painter: QPainter, area: QRectF, row: SampleRow) -> None:
        """Paint a line."""
        colours = theme.current()
        painter.setPen(QColor(colours.border))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        left = QRectF(area.left() + 2 * _GAP, area.top() + _GAP, _LEFT - 3 * _GAP, area.height() - 2 * _GAP)
        top = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        painter.setPen(QColor(colours.text_muted))
        painter.drawText(left, top, f"{row.row + 1:,}")
        said = drawing.caption(row, [each for each in self.fields if each.form == "cell"])
        painter.setPen(QColor(colours.text))
        under = left.adjusted(0, painter.fontMetrics().height(), 0, 0)
        metrics = painter.fontMetrics()
        painter.drawText(under, top, metrics.elidedText(said, Qt.TextElideMode.ElideRight, int(under.width())))
        if row.problems:
            room = area.adjusted(_LEFT, _GAP, -_GAP, -_GAP)
            drawing.paint_problem(painter, room, row.problems[0])
        else:
            self.paint_line(painter, self.room(area), row)

    def room(self, area: QRectF) -> QRectF:
        """Return where a line has its content."""
        return area.adjusted(_LEFT, 2 * _GAP, -2 * _GAP, -_GAP)

    def paint_line(self, painter: QPainter, area: QRectF, row: SampleRow) -> None:
        """Paint what the sample is."""
        raise NotImplementedError


def _title(painter: QPainter, area: QRectF, text: str) -> QRectF:
    """Paint a small title above; return what is left."""
    painter.save()
    painter.setFont(theme.scaled_font(painter.font(), 0.85))
    painter.setPen(QColor(theme.current().text_muted))
    painter.drawText(area, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft), text)
    height = painter.fontMetrics().height()
    painter.restore()
    return area.adjusted(0, height, 0, 0)


class SoundLines(_Lines):
    """Sounds: the waveform, and beside it the mel spectrogram."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _tr("Sounds"))

    def relay(self) -> None:
        """Give every sound a line of its own."""
        self.set_tile(QSize(0, 16 + 60 * max(1, len(self.of_form("sound")))))

    def paint_line(self, painter: QPainter, area: QRectF, row: SampleRow) -> None:
        """Paint waveform and spectrogram of each sound."""
        fields = self.of_form("sound")
        height = area.height() / max(1, len(fields))
        for number, each in enumerate(fields):
            shown = row.cells[each.field.name].shown
            part = QRectF(area.left(), area.top() + number * height, area.width(), height - _GAP)
            if not isinstance(shown, Sound):
                drawing.paint_problem(painter, part, _tr("missing"))
                continue
            told = _tr("{0} · {1:.4g} s · {2:,} Hz").format(each.field.name, shown.seconds, shown.rate)
            part = _title(painter, part, told)
            half = (part.width() - 3 * _GAP) / 2
            drawing.paint_wave(painter, QRectF(part.left(), part.top(), half, part.height()), shown)
            right = QRectF(part.right() - half, part.top(), half, part.height())
            drawing.paint_spectrogram(painter, right, shown)


class TextLines(_Lines):
    """Texts as coloured tokens, three lines of each; the tool tip of a token tells its index."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _tr("Texts"))

    def relay(self) -> None:
        """Give every text three lines."""
        lines = 3 if len(self.of_form("text")) < 2 else 2
        height = QFontMetricsF(self.font()).height() + 6
        titles = QFontMetricsF(self.font()).height() if len(self.of_form("text")) > 1 else 0
        self.set_tile(QSize(0, round((lines * height + titles + 4) * max(1, len(self.of_form("text"))) + 14)))

    def _parts(self, area: QRectF) -> list[tuple[SampleField, QRectF]]:
        fields = self.of_form("text")
        height = area.height() / max(1, len(fields))
        return [
            (each, QRectF(area.left(), area.top() + number * height, area.width(), height))
            for number, each in enumerate(fields)
        ]

    def _below_title(self, part: QRectF) -> QRectF:
        small = QFontMetricsF(theme.scaled_font(self.font(), 0.85)).height()
        return part.adjusted(0, small if len(self.of_form("text")) > 1 else 0, 0, 0)

    def paint_line(self, painter: QPainter, area: QRectF, row: SampleRow) -> None:
        """Paint the tokens of each text."""
        parts = self._parts(area)
        for each, part in parts:
            cell = row.cells[each.field.name]
            if len(parts) > 1:
                _title(painter, part, each.field.name)
            if isinstance(cell.shown, Tokens) and cell.shown.tokens:
                drawing.paint_tokens(painter, self._below_title(part), cell.shown)
            else:
                painter.setPen(QColor(theme.current().text_muted))
                told = _tr("missing") if cell.missing else cell.raw
                painter.drawText(self._below_title(part), int(Qt.TextFlag.TextWordWrap), told or _tr("empty"))

    def tip(self, row: SampleRow, area: QRectF, point: QPoint) -> str:
        """Tell the token under the pointer; else the sample."""
        for each, part in self._parts(self.room(area)):
            shown = row.cells[each.field.name].shown
            if isinstance(shown, Tokens):
                for placed in drawing.laid_out(shown, self._below_title(part), QFontMetricsF(self.font())):
                    if placed.area.contains(point):
                        return drawing.token_tip(placed)
        return super().tip(row, area, point)


class CurveLines(_Lines):
    """Sequences and arrays as small plots, those of a sample side by side."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _tr("Sequences"))

    def relay(self) -> None:
        """All lines have one height."""
        self.set_tile(QSize(0, 76))

    def paint_line(self, painter: QPainter, area: QRectF, row: SampleRow) -> None:
        """Paint each sequence over its steps."""
        fields = [each for each in self.fields if isinstance(row.cells[each.field.name].shown, Curve)]
        fields = [each for each in fields if each.use] or fields
        width = area.width() / max(1, len(fields))
        for number, each in enumerate(fields):
            shown = row.cells[each.field.name].shown
            part = QRectF(area.left() + number * width, area.top(), width - 3 * _GAP, area.height() - _GAP)
            if isinstance(shown, Curve):
                told = _tr("{0} · {1:,} steps").format(each.field.name, shown.count)
                drawing.paint_curve(painter, _title(painter, part, told), shown)


def class_legend(fields: Sequence[SampleField]) -> list[tuple[QColor, str]]:
    """Return the colours of the classes of the first mask."""
    mask = next((each for each in fields if each.form == "mask"), None)
    words = mask.field.categories if mask else ()
    return [(class_colour(index), word) for index, word in enumerate(words)]
