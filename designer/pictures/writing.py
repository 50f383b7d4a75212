"""Turns a picture into a file's bytes: SVG and PDF keep lines and texts, PNG has as many pixels as asked."""

from __future__ import annotations

import re
from pathlib import Path
from xml.sax.saxutils import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QMimeData, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from core.atomic import write_atomically
from core.errors import SaveError
from core.pictures.drawing import UNITS_PER_MM
from core.pictures.svg import as_svg
from designer.pictures.choices import Choices
from designer.pictures.picture import DrawnPicture, Picture

_UNITS_PER_INCH = 96
_MM_PER_INCH = 25.4
_MOST_PIXELS, _LONGEST_SIDE = 150_000_000, 30_000
_LONGEST_PAGE = 5080.0
"""Millimetres: 200 inches, more than which PDF readers do not show."""
SUFFIXES = {"svg": ".svg", "pdf": ".pdf", "png": ".png"}
_HINTS = QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform


def write(picture: Picture, choices: Choices, path: Path) -> Path:
    """Write a picture in the chosen format and size; return where it is.

    Raises:
        SaveError: it is too large for the format, or the file could not be written.
    """
    write_atomically(path, as_bytes(picture, choices))
    return path


def as_bytes(picture: Picture, choices: Choices) -> bytes:
    """Return the content of a file.

    Raises:
        SaveError: the picture is too large for the format.
    """
    if choices.format == "svg":
        return svg(picture, choices.width_mm)
    return pdf(picture, choices.width_mm) if choices.format == "pdf" else png(picture, choices)


def size_mm(picture: Picture, width_mm: float = 0.0) -> tuple[float, float]:
    """Return how wide and high a picture gets; ``width_mm`` 0 asks for its natural size."""
    width = width_mm or picture.width / UNITS_PER_MM
    return width, width * picture.height / picture.width


def pixels(picture: Picture, choices: Choices) -> tuple[int, int]:
    """Return how many pixels a PNG of the picture has."""
    width, height = size_mm(picture, choices.width_mm)
    return tuple(max(1, round(each / _MM_PER_INCH * choices.resolution)) for each in (width, height))  # type: ignore[return-value]


def svg(picture: Picture, width_mm: float = 0.0) -> bytes:
    """Return an SVG file."""
    if isinstance(picture, DrawnPicture):
        return as_svg(picture.drawing, width_mm or None).encode()
    content = QByteArray()
    buffer = QBuffer(content)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(_resolution())
    generator.setSize(QSize(round(picture.width), round(picture.height)))
    generator.setViewBox(QRectF(0, 0, picture.width, picture.height))
    generator.setTitle(escape(picture.title))
    generator.setDescription(escape(picture.description))
    painter = QPainter(generator)
    _fill(painter, picture)
    picture.paint(painter)
    painter.end()
    width, height = size_mm(picture, width_mm)
    text = bytes(content.data()).decode()
    return re.sub(
        r'<svg width="[^"]*" height="[^"]*"', f'<svg width="{width:.2f}mm" height="{height:.2f}mm"', text, count=1
    ).encode()


def pdf(picture: Picture, width_mm: float = 0.0) -> bytes:
    """Return a PDF file of one page that is as large as the picture."""
    width, height = size_mm(picture, width_mm)
    if max(width, height) > _LONGEST_PAGE:
        raise SaveError(
            f"A page of {width:,.0f} mm × {height:,.0f} mm is more than a PDF can have ({_LONGEST_PAGE:,.0f} mm). "
            f"Choose a smaller width, or SVG."
        )
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_resolution())
    page = QPageSize(QSizeF(width, height), QPageSize.Unit.Millimeter, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageSize(page)
    writer.setPageMargins(QMarginsF())
    writer.setTitle(picture.title)
    writer.setCreator("Layerwright")
    painter = QPainter(writer)
    scale = writer.width() / picture.width
    painter.scale(scale, scale)
    _fill(painter, picture)
    picture.paint(painter)
    painter.end()
    return bytes(content.data())


def png(picture: Picture, choices: Choices) -> bytes:
    """Return a PNG file."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image(picture, choices))
    return bytes(content.data())


def image(picture: Picture, choices: Choices) -> QImage:
    """Return the picture in pixels.

    Raises:
        SaveError: it would have too many.
    """
    width, height = pixels(picture, choices)
    if width * height > _MOST_PIXELS or max(width, height) > _LONGEST_SIDE:
        raise SaveError(
            f"{width:,} × {height:,} pixels are too many for one image. Choose a lower resolution, a smaller width, "
            f"or SVG or PDF, which have no pixels."
        )
    made = drawn(picture, width, height)
    per_metre = round(choices.resolution / _MM_PER_INCH * 1000)
    made.setDotsPerMeterX(per_metre)
    made.setDotsPerMeterY(per_metre)
    return made


def drawn(picture: Picture, width: int, height: int) -> QImage:
    """Return the picture in so many pixels."""
    made = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(QColor(0, 0, 0, 0))
    made.setDotsPerMeterX(round(_resolution() / _MM_PER_INCH * 1000))
    made.setDotsPerMeterY(round(_resolution() / _MM_PER_INCH * 1000))
    painter = QPainter(made)
    painter.setRenderHints(_HINTS)
    painter.scale(width / picture.width, height / picture.height)
    _fill(painter, picture)
    picture.paint(painter)
    painter.end()
    return made


def for_clipboard(picture: Picture, choices: Choices) -> tuple[QImage, bytes]:
    """Return the picture in pixels and as SVG: programs take from the clipboard what they can use."""
    return image(picture, choices), svg(picture, choices.width_mm)


def mime(pixels_: QImage, drawing: bytes) -> QMimeData:
    """Return what is put on the clipboard."""
    data = QMimeData()
    data.setImageData(pixels_)
    data.setData("image/svg+xml", QByteArray(drawing))
    return data


def _fill(painter: QPainter, picture: Picture) -> None:
    if picture.background:
        painter.fillRect(QRectF(0, 0, picture.width, picture.height), QColor(picture.background))


def _resolution() -> int:
    """Return the dots per inch in which the canvas's fonts were measured, so that texts keep their places."""
    return QImage(1, 1, QImage.Format.Format_ARGB32).logicalDpiX() or _UNITS_PER_INCH
