"""A picture of a layer, large: what value stands at a pixel, and for attention which token looks at which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from designer import theme
from designer.canvas.snapshot import fitted, paint_pixels
from designer.canvas.style import style_of
from designer.inside.images import Sheet, colours_of, image_of, is_stretched, value_at

if TYPE_CHECKING:
    from core.training.diagnostics.pictures import Picture

_PAD = 6.0
_SCALE = 100.0
_LEAST_LINE = 11.0
"""Tokens are written where rows are at least so high, in pixels."""
_KEYS, _HIGH = 64.0, 240
"""Room for tokens below the image, and from which height on there is so much."""
_LABELS = 0.24
"""Of the width, as much may be taken by tokens."""


class LargePicture(QWidget):
    """Shows a picture as large as fits; a click on one of its tiles shows that alone, another one all again."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("large_picture")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.picture: Picture | None = None
        self.sheet: Sheet | None = None
        self.tile: int | None = None
        """The tile that is shown alone."""
        self.tokens: tuple[str, ...] = ()
        self._image: QImage | None = None

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(120, 60)

    def show_picture(self, picture: Picture | None, sheet: Sheet | None, tokens: Sequence[str] = ()) -> None:
        """Show a picture of such tiles; ``tokens`` stand along the axes of attention, where they are known."""
        if (
            picture is None
            or self.picture is None
            or (picture.node, picture.kind)
            != (
                self.picture.node,
                self.picture.kind,
            )
        ):
            self.tile = None
        self.picture = picture
        self.sheet = sheet
        if self.sheet is None or (self.tile or 0) >= self.sheet.count:
            self.tile = None
        self.tokens = tuple(tokens)
        self._image = image_of(picture, sheet) if picture is not None else None
        self.update()

    def shown_image(self) -> QImage | None:
        """Return the image, or the one tile of it, at its own size."""
        if self._image is None or self.sheet is None or self.tile is None:
            return self._image
        row, column = divmod(self.tile, self.sheet.columns)
        left, top = column * (self.sheet.width + 1), row * (self.sheet.height + 1)
        return self._image.copy(left, top, self.sheet.width, self.sheet.height)

    # --- painting -----------------------------------------------------------------------------------------------------

    def place(self) -> QRectF:
        """Return where the image is."""
        image = self.shown_image()
        foot = self.fontMetrics().height() + (_KEYS if self._has_key_labels() else 0)
        left = _PAD + (self.width() * _LABELS if self._has_labels() else 0)
        room = QRectF(left, _PAD, self.width() - left - _PAD, self.height() - 2 * _PAD - foot)
        if image is None or self.picture is None:
            return room
        return fitted(QSizeF(image.size()), room, stretched=is_stretched(self.picture, self.sheet))

    def _has_labels(self) -> bool:
        attention = self.picture is not None and self.picture.kind == "attention"
        return attention and self._single() and bool(self.tokens)

    def _has_key_labels(self) -> bool:
        return self._has_labels() and self.height() >= _HIGH

    def _single(self) -> bool:
        return self.sheet is not None and (self.tile is not None or self.sheet.count == 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the image, the scale below it, and tokens beside it."""
        image = self.shown_image()
        if image is None or self.picture is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = self.place()
        paint_pixels(painter, image, place)
        style = style_of()
        painter.setFont(style.fonts["chip"])
        painter.setPen(QColor(theme.current().text_muted))
        if self._has_labels():
            self._paint_tokens(painter, place)
        if self._has_key_labels():
            self._paint_keys(painter, place)
        self._paint_scale(painter, self.picture)
        painter.end()

    def _paint_tokens(self, painter: QPainter, place: QRectF) -> None:
        assert self.sheet is not None
        height = place.height() / self.sheet.height
        every = max(1, round(_LEAST_LINE / height + 0.49))
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        metrics = painter.fontMetrics()
        room = place.left() - 2 * _PAD
        for number, token in enumerate(self.tokens[: self.sheet.height]):
            if number % every == 0:
                text = metrics.elidedText(token, Qt.TextElideMode.ElideRight, round(room))
                painter.drawText(
                    QRectF(0, place.top() + number * height, room + _PAD, height).adjusted(0, -4, 0, 4), flags, text
                )

    def _paint_keys(self, painter: QPainter, place: QRectF) -> None:
        """Write the tokens that are looked at below the image, from above to below."""
        assert self.sheet is not None
        width = place.width() / self.sheet.width
        every = max(1, round(_LEAST_LINE / width + 0.49))
        for number, token in enumerate(self.tokens[: self.sheet.width]):
            if number % every == 0:
                text = painter.fontMetrics().elidedText(token, Qt.TextElideMode.ElideRight, round(_KEYS - _PAD))
                painter.save()
                painter.translate(place.left() + (number + 0.5) * width, place.bottom() + 3)
                painter.rotate(90)
                painter.drawText(QRectF(0, -8, _KEYS, 16), int(Qt.AlignmentFlag.AlignVCenter), text)
                painter.restore()

    def _paint_scale(self, painter: QPainter, picture: Picture) -> None:
        """Draw the colours from the least to the greatest value, and what the axes are."""
        height = self.fontMetrics().height()
        line = QRectF(_PAD, self.height() - height - _PAD / 2, self.width() - 2 * _PAD, height)
        low, high, words = f"{picture.low:.3g}", f"{picture.high:.3g}", self._axes()
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(line, middle | int(Qt.AlignmentFlag.AlignRight), words)
        metrics, table = painter.fontMetrics(), colours_of(picture)
        x = line.left()
        painter.drawText(line, middle, low)
        x += metrics.horizontalAdvance(low) + _PAD
        width = min(_SCALE, line.width() / 4)
        for number in range(0, len(table), 4):
            part = QRectF(x + width * number / len(table), line.top() + 4, width * 4 / len(table) + 1, height - 8)
            painter.fillRect(part, QColor.fromRgba(table[number]))
        painter.drawText(QRectF(x + width + _PAD, line.top(), line.width(), height), middle, high)

    def _axes(self) -> str:
        if self.picture is None:
            return ""
        if self.picture.kind == "attention":
            number = f" · {self.tr('head {n}').format(n=self.tile + 1)}" if self.tile is not None else ""
            return self.tr("queries ↓, keys →") + number
        if self.tile is not None:
            what = self.tr("filter {n}") if self.picture.kind == "filters" else self.tr("channel {n}")
            return what.format(n=self.tile + 1)
        sequence = self.sheet is None and self.picture.kind == "map" and self.picture.values.shape[0] > 1
        return self.tr("positions →, features ↓") if sequence else ""

    # --- what is under the pointer ------------------------------------------------------------------------------------

    def _pixel(self, point: QPointF) -> tuple[int, int] | None:
        """Return the pixel of the whole picture at a point."""
        image, place = self.shown_image(), self.place()
        if image is None or not place.contains(point):
            return None
        x = min(int((point.x() - place.left()) / place.width() * image.width()), image.width() - 1)
        y = min(int((point.y() - place.top()) / place.height() * image.height()), image.height() - 1)
        if self.tile is not None and self.sheet is not None:
            row, column = divmod(self.tile, self.sheet.columns)
            return column * (self.sheet.width + 1) + x, row * (self.sheet.height + 1) + y
        return x, y

    def said_at(self, point: QPointF) -> str:
        """Return in words what is at a point of the widget; empty where nothing is."""
        pixel = self._pixel(point)
        if pixel is None or self.picture is None:
            return ""
        value = f"{value_at(self.picture, *pixel):.3g}"
        at = self.sheet.at(*pixel) if self.sheet is not None else None
        if self.sheet is None:
            return value
        if at is None:
            return ""
        tile, row, column = at
        if self.picture.kind == "attention":
            return self.tr("head {head}: query {query} takes {share} of key {key}").format(
                head=tile + 1, query=self._token(row), key=self._token(column), share=value
            )
        what = self.tr("filter {n}") if self.picture.kind == "filters" else self.tr("channel {n}")
        where = self.tr("row {row}, column {column}").format(row=row + 1, column=column + 1)
        return f"{what.format(n=tile + 1)}, {where}: {value}"

    def _token(self, number: int) -> str:
        return f"{number + 1} “{self.tokens[number]}”" if number < len(self.tokens) else str(number + 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show one tile alone, or all of them again."""
        pixel = self._pixel(event.position())
        at = self.sheet.at(*pixel) if self.sheet is not None and pixel is not None else None
        if self.tile is not None:
            self.tile = None
        elif at is not None and self.sheet is not None and self.sheet.count > 1:
            self.tile = at[0]
        self.update()

    def event(self, event: QEvent) -> bool:
        """Tell the value under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.said_at(QPointF(event.pos())), self)
            return True
        return super().event(event)
