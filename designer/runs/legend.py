"""The legend of the difference on the canvas: what each sign stands for, how often, and how to get out."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.training.run_comparison import GraphDifference
from core.units import plural
from designer.runs.marks import paint_sign
from designer.theme import SPACE
from designer.widgets import Card, ElidedLabel, IconButton, TextLabel, bold, muted

_WIDTH = 290
_NAMED = 12


class Sign(QWidget):
    """One sign as it stands at nodes and wires."""

    def __init__(self, fate: str) -> None:
        super().__init__()
        self._fate = fate
        self.setFixedSize(QSize(22, 22))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the sign in the theme's colour of now."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_sign(painter, self.rect().toRectF().center(), self._fate)
        painter.end()


class DifferenceLegend(Card):
    """Floats in the upper left corner of a canvas. ``close_requested``: the difference is to be left."""

    close_requested = Signal()

    def __init__(self, canvas: QWidget, run: str) -> None:
        super().__init__(canvas)
        self._run = run
        self.setObjectName("difference_legend")
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        title = ElidedLabel(self.tr("Compared with {run}").format(run=run), Qt.TextElideMode.ElideMiddle)
        title.setFont(bold(title.font()))
        close = IconButton("close", self.tr("Leave the comparison (Esc)"))
        close.setObjectName("leave_difference")
        close.clicked.connect(self.close_requested)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(close)
        self.lines = {fate: TextLabel() for fate in ("added", "changed", "removed")}
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (fate, label) in enumerate(self.lines.items()):
            grid.addWidget(Sign(fate), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label, row, 1)
        self.remark = muted()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE // 2, SPACE // 2, SPACE)
        column.setSpacing(SPACE // 2)
        column.addLayout(head)
        column.addLayout(grid)
        column.addWidget(self.remark)

    def show_difference(self, found: GraphDifference, *, unknown: str = "") -> None:
        """Say how much there is of everything; name what is no longer there.

        ``unknown`` is the group that is looked at, where the run had none of that name.
        """
        nodes, links = Counter(found.nodes.values()), Counter(found.links.values())
        texts = {
            "added": self.tr("only here"),
            "changed": self.tr("different"),
            "removed": self.tr("only in the run"),
        }
        for fate, label in self.lines.items():
            label.setText(self._line(texts[fate], nodes[fate], links[fate]))  # type: ignore[index]
        names = sorted(name for name, fate in found.nodes.items() if fate == "removed")
        more = "…" if len(names) > _NAMED else ""
        gone = self.tr("Gone: {names}").format(names=", ".join(names[:_NAMED]) + more) if names else ""
        alike = "" if found.nodes or found.links else self.tr("The networks are the same.")
        inside = self.tr("The run had no group {name}.").format(name=unknown) if unknown else ""
        self.remark.setText("\n".join(filter(None, (inside, alike, gone, self.tr("Esc leaves.")))))
        self.setAccessibleName(self.tr("Compared with {run}").format(run=self._run))
        self.setAccessibleDescription("; ".join([label.text() for label in self.lines.values()] + [gone]))
        self.settle()

    def _line(self, text: str, nodes: int, links: int) -> str:
        return f"{text}: {plural(nodes, self.tr('node'))}, {plural(links, self.tr('wire'))}"

    def settle(self) -> None:
        """Take the corner, in the size of the texts."""
        self.setFixedWidth(_WIDTH)
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.resize(_WIDTH, layout.totalHeightForWidth(_WIDTH))
        self.move(SPACE, SPACE)
        self.show()
        self.raise_()
