"""How sounds, curves, tokens and captions of samples are painted, in a tile, in a line and large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from core.data.sample_batch import SampleRow
from core.data.sample_forms import Curve, Sound, Token, Tokens
from core.data.samples import SampleField
from core.data.values import parse_number
from designer import theme
from designer.samples.pictures import image_of

_PAD = 3.0
_MOST_CURVES = 8
_FIGURES = 52.0
"""Room for the least and the greatest number beside a curve."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Samples", text)


def caption(row: SampleRow, fields: Sequence[SampleField]) -> str:
    """Return what a sample is to be told as: the values of its targets."""
    return " · ".join(words for each in fields if each.use == "target" and (words := answer(row, each)))


def answer(row: SampleRow, shown: SampleField) -> str:
    """Return the value of a target in words; nothing of what is painted instead."""
    cell = row.cells[shown.field.name]
    if shown.form not in ("cell", "text"):
        return ""
    if cell.missing:
        return _tr("missing")
    number = parse_number(cell.raw) if shown.field.meaning == "number" else math.nan
    return cell.raw if math.isnan(number) else f"{number:.5g}"


def paint_caption(painter: QPainter, area: QRectF, text: str, *, warn: bool = False) -> None:
    """Paint one line in the middle, cut where it is too long."""
    colours = theme.current()
    painter.setPen(QColor(colours.error if warn else colours.text))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), shown)


def paint_problem(painter: QPainter, area: QRectF, text: str) -> None:
    """Paint why there is nothing, in as many lines as there is room for."""
    painter.setPen(QColor(theme.current().error))
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)


# --- sounds and curves ------------------------------------------------------------------------------------------------


def paint_wave(painter: QPainter, area: QRectF, shown: Sound) -> None:
    """Paint a waveform between -1 and 1, or as far as it goes where that is more or much less."""
    colours = theme.current()
    middle = area.center().y()
    painter.setPen(QPen(QColor(colours.border), 1))
    painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))
    count = len(shown.wave)
    if not count:
        return
    most = float(np.abs(shown.wave).max()) or 1.0
    xs = area.left() + (np.arange(count) + 0.5) * area.width() / count
    tops = middle - shown.wave[:, 1] / most * area.height() / 2
    bottoms = middle - shown.wave[:, 0] / most * area.height() / 2
    outline = [QPointF(x, y) for x, y in zip(xs.tolist(), tops.tolist(), strict=True)]
    outline += [QPointF(x, y) for x, y in zip(xs[::-1].tolist(), bottoms[::-1].tolist(), strict=True)]
    accent = QColor(colours.accent)
    painter.setPen(QPen(accent, 1))
    painter.setBrush(accent)
    painter.drawPolygon(QPolygonF(outline))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_spectrogram(painter: QPainter, area: QRectF, shown: Sound) -> None:
    """Paint a spectrogram over the whole area: time to the right, pitch upwards."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(area, image_of(shown))


def paint_curve(painter: QPainter, area: QRectF, shown: Curve, *, figures: bool = True) -> None:
    """Paint the features of a sequence over its steps, all by one scale, with its least and greatest number."""
    colours = theme.current()
    points = shown.points
    present = points[np.isfinite(points)]
    if not present.size:
        return
    low, high = float(present.min()), float(present.max())
    span = high - low or 1.0
    whole = area
    if figures:
        area = area.adjusted(0, 0, -_FIGURES, 0)
    painter.setPen(QPen(QColor(colours.border), 1))
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    xs = area.left() + np.arange(len(points)) * (area.width() / max(1, len(points) - 1))
    for feature in range(min(points.shape[1], _MOST_CURVES)):
        ys = area.bottom() - (points[:, feature] - low) / span * area.height()
        painter.setPen(QPen(QColor(colours.series[feature % len(colours.series)]), 1.3))
        _paint_line(painter, xs, ys)
    if figures:
        painter.setPen(QColor(colours.text_muted))
        painter.drawText(whole, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight), f"{high:.4g}")
        painter.drawText(whole, int(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight), f"{low:.4g}")


def _paint_line(painter: QPainter, xs: np.ndarray, ys: np.ndarray) -> None:
    """Paint a line that is broken where there is no number."""
    run: list[QPointF] = []
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        if np.isfinite(y):
            run.append(QPointF(x, y))
        elif run:
            _paint_run(painter, run)
            run = []
    if run:
        _paint_run(painter, run)


def _paint_run(painter: QPainter, run: list[QPointF]) -> None:
    if len(run) > 1:
        painter.drawPolyline(QPolygonF(run))
    else:
        painter.drawPoint(run[0])


# --- tokens -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    """A token and where it stands; the last one may be "…", which is no token."""

    area: QRectF
    text: str
    token: Token | None
    number: int


def visible_text(token: Token) -> str:
    """Return a token with signs for what cannot be seen."""
    return token.text.replace("\n", "↵").replace("\t", "⇥").replace(" ", "\u00a0") or "∅"


def laid_out(shown: Tokens, area: QRectF, metrics: QFontMetricsF) -> list[Placed]:
    """Return the tokens line by line, as many as there is room for."""
    height = metrics.height() + 2 * _PAD
    more = metrics.horizontalAdvance("…") + 2 * _PAD
    x, y = area.left(), area.top()
    placed: list[Placed] = []
    for number, token in enumerate(shown.tokens):
        text = visible_text(token)
        width = min(metrics.horizontalAdvance(text) + 2 * _PAD, area.width() - more)
        last = y + 2 * height > area.bottom()
        if x + width > area.right() - (more if last else 0.0):
            if last:
                return [*placed, Placed(QRectF(x, y, more, height - 2), "…", None, number)]
            x, y = area.left(), y + height
        placed.append(Placed(QRectF(x, y, width, height - 2), text, token, number))
        x += width + 1
    if shown.count > len(shown.tokens):
        placed.append(Placed(QRectF(x, y, more, height - 2), "…", None, len(shown.tokens)))
    return placed


def lines_needed(shown: Tokens, width: float, metrics: QFontMetricsF) -> float:
    """Return the height that all tokens take in lines of a width."""
    placed = laid_out(shown, QRectF(0, 0, width, 1e9), metrics)
    return placed[-1].area.bottom() + _PAD if placed else metrics.height()


def paint_tokens(painter: QPainter, area: QRectF, shown: Tokens) -> None:
    """Paint tokens on tints that take turns; unknown ones are red and underlined, special ones muted."""
    colours = theme.current()
    tints = [_tint(colours.series[0]), _tint(colours.series[3 % len(colours.series)])]
    for each in laid_out(shown, area, QFontMetricsF(painter.font())):
        painter.setPen(Qt.PenStyle.NoPen)
        token = each.token
        if token is not None:
            painter.setBrush(_tint(colours.error, 70) if token.unknown else tints[each.number % 2])
            if token.special:
                painter.setBrush(_tint(colours.text_muted, 40))
            painter.drawRoundedRect(each.area, 3, 3)
        quiet = token is None or token.special
        painter.setPen(QColor(colours.text_muted if quiet else colours.text))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        room = int(each.area.width() - 2 * _PAD) + 1
        text = painter.fontMetrics().elidedText(each.text, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(each.area, int(Qt.AlignmentFlag.AlignCenter), text)
        if token is not None and token.unknown:
            painter.setPen(QPen(QColor(colours.error), 1.4, Qt.PenStyle.DotLine))
            painter.drawLine(each.area.bottomLeft(), each.area.bottomRight())


def _tint(colour: str, alpha: int = 46) -> QColor:
    tint = QColor(colour)
    tint.setAlpha(alpha)
    return tint


def token_tip(placed: Placed) -> str:
    """Return what is told of a token."""
    token = placed.token
    if token is None:
        return ""
    if token.unknown:
        return _tr("Token {0}: not in the vocabulary, index {1}").format(placed.number + 1, token.index)
    return _tr("Token {0}: “{1}”, index {2}").format(placed.number + 1, token.text, token.index)
