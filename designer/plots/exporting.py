"""Plots as files: every point as CSV, and what is shown as a PNG picture or an SVG drawing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from core.atomic import write_atomically
from core.errors import SaveError
from designer import theme
from designer.plots.curves import RunCurves, csv_lines
from designer.plots.plot import QuantityPlot


def save_csv(runs: Iterable[RunCurves], path: Path) -> None:
    """Write every point of every run as a table.

    Raises:
        SaveError: the file could not be written.
    """
    write_atomically(path, ("\n".join(csv_lines(runs)) + "\n").encode())


def save_png(plots: QWidget, path: Path) -> None:
    """Write the plots as they are shown, at twice the resolution.

    Raises:
        SaveError: the file could not be written.
    """
    picture = QPixmap(plots.size() * 2)
    picture.setDevicePixelRatio(2.0)
    picture.fill(theme.current().surface)
    plots.render(picture)
    if not picture.save(str(path), "PNG"):
        raise SaveError(f"'{path}' could not be written as a PNG picture. Choose another folder or name.")


def save_svg(plots: QWidget, shown: Iterable[QuantityPlot], path: Path) -> None:
    """Write the plots that are shown on a widget, as lines and text that can be scaled and edited.

    Raises:
        SaveError: the file could not be written.
    """
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    drawing = QSvgGenerator()
    drawing.setOutputDevice(buffer)
    drawing.setSize(plots.size())
    drawing.setViewBox(plots.rect())
    painter = QPainter(drawing)
    painter.fillRect(plots.rect(), theme.current().surface)
    for plot in shown:
        painter.save()
        painter.translate(plot.pos())
        plot.draw(painter)
        painter.restore()
    painter.end()
    buffer.close()
    write_atomically(path, bytes(content.data()))
