"""The kinds among the selected nodes: who they are, what else can be set on them, and a way to select only those."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolButton

from core.parameters import parameters_of
from designer.properties.scope import Scope
from designer.properties.section import Section
from designer.theme import SPACE
from designer.widgets import TextLabel, breakable, muted

_MOST = 6
"""More further parameters than these are not listed by name."""


def kinds_list(scope: Scope) -> Section:
    """Return a section with an entry for each kind among the nodes."""
    tr = QCoreApplication.translate
    nodes = scope.session.view.graph.nodes
    section = Section(tr("KindsList", "Selected"))
    section.column.setSpacing(SPACE // 2)
    shared = {each.name for each in scope.parameters}
    for kind_id in sorted({nodes[name].kind for name in scope.names}):
        names = tuple(name for name in scope.names if nodes[name].kind == kind_id)
        kind = scope.kinds[scope.names.index(names[0])]
        title = kind.display if kind is not None else kind_id
        link = _Link(tr("KindsList", "{count} × {kind}").format(count=len(names), kind=title))
        link.setObjectName(f"only_{kind_id}")
        link.setToolTip(tr("KindsList", "Select only these"))
        link.clicked.connect(lambda _checked=False, names=names: scope.session.select(names))
        section.column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        section.column.addWidget(TextLabel(breakable(", ".join(names))))
        own = kind is not None and (kind.torch_class == "" or scope.session.report is not None)
        rest = [each.name for each in parameters_of(kind) if each.name not in shared] if kind and own else []
        if rest:
            more = tr("KindsList", " and {count} more").format(count=len(rest) - _MOST) if len(rest) > _MOST else ""
            listed = ", ".join(rest[:_MOST])
            section.column.addWidget(muted(tr("KindsList", "Further: {names}").format(names=listed) + more))
    return section


class _Link(QToolButton):
    """A button that looks like a link in a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.setText(text)
        self.setAutoRaise(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Be as large as the text."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 4, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        """Give way to a narrow form."""
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the text, and a frame around it while it has the keyboard."""
        painter = QPainter(self)
        font = QFont(self.font())
        font.setUnderline(self.underMouse())
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.Link))
        room = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, room)
        if self.hasFocus():
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
