"""Where a small window that floats over the canvas goes so that the node it is about can still be seen."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize

GAP = 6
"""Pixels between a node and what floats beside it."""
EDGE = 4
"""Pixels that stay free along the edge of the canvas."""


def beside(size: QSize, least: int, node: QRect, room: QRect) -> QRect | None:
    """Return the place for a window of a size: right of a node, else below, left or above it; None without room.

    All is in pixels of ``room``, which the window does not leave. At the sides it may be as narrow as ``least``.
    """
    free = room.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    node = node.intersected(room)
    if size.height() > free.height():
        return None
    y = max(free.top(), min(node.top(), free.bottom() + 1 - size.height()))
    x = max(free.left(), min(node.left(), free.right() + 1 - size.width()))
    right, left = free.right() - node.right() - GAP, node.left() - GAP - free.left()
    if right >= least:
        return QRect(node.right() + 1 + GAP, y, min(size.width(), right), size.height())
    if free.bottom() - node.bottom() - GAP >= size.height():
        return QRect(QPoint(x, node.bottom() + 1 + GAP), size)
    if left >= least:
        width = min(size.width(), left)
        return QRect(node.left() - GAP - width, y, width, size.height())
    if node.top() - GAP - free.top() >= size.height():
        return QRect(QPoint(x, node.top() - GAP - size.height()), size)
    return None
