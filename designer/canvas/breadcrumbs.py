"""The way from the project to the graph that is looked at, as a slim bar of buttons above the canvas."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from core.graph.groups import group_id, users
from core.graph.project import Project
from designer.canvas.face import TIMES
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconButton, TextLabel, muted

_HEIGHT = 34
_STEP = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


class Breadcrumbs(QWidget):
    """Hidden at the root. A press on a name looks at its graph; the last is where one is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("breadcrumbs")
        self.setAccessibleName(self.tr("Where you are"))
        self.setAutoFillBackground(True)
        self.setFixedHeight(_HEIGHT)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(SPACE, 2, SPACE + 2, 2)
        self._row.setSpacing(2)
        self._shown: object = None
        session.view_changed.connect(self.refresh)
        session.changed.connect(self.refresh)
        session.report_changed.connect(self.refresh)
        self.refresh()

    @property
    def texts(self) -> list[str]:
        """What the bar says, from the left."""
        return [label.text() for label in self.findChildren(QWidget) if isinstance(label, QToolButton | QLabel)
                and label.text()]  # fmt: skip

    def refresh(self, _what: object = None) -> None:
        """Show where the user is now."""
        session = self._session
        steps = self._steps()
        uses = places_of(session.project, session.group) if session.group else 0
        wanted = (session.path, session.group, tuple(steps), uses)
        self.setVisible(bool(session.path))
        if wanted == self._shown:
            return
        self._shown = wanted
        self._clear()
        if not session.path:
            return
        leave = IconButton("leave", self.tr("Leave the group (Alt+Up)"))
        leave.setObjectName("leave_group")
        leave.clicked.connect(session.leave_group)
        self._row.addWidget(leave)
        for depth, text in enumerate(steps):
            if depth:
                self._row.addWidget(muted(_STEP, wrap=False))
            self._row.addWidget(self._crumb(text, depth, last=depth == len(steps) - 1))
        self._row.addSpacing(SPACE * 2)
        told = ElidedLabel(self._told(uses), role=QPalette.ColorRole.PlaceholderText)
        told.setObjectName("group_uses")
        told.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(told, 1)

    def _steps(self) -> list[str]:
        """Return the project's name and the group nodes on the path, with how often each is stacked."""
        session = self._session
        steps = [session.project.name or self.tr("Untitled")]
        graph = session.project.graph
        for depth, name in enumerate(session.path):
            node = graph.nodes[name]
            shapes = session.report.shapes.inside(session.path[:depth]) if session.report else None
            found = shapes.nodes.get(name) if shapes else None
            repeat = node.repeat if isinstance(node.repeat, int) else found.repeat if found else node.repeat
            steps.append(name if repeat == 1 else f"{name} {TIMES}{repeat}")
            graph = session.project.groups[node.group].graph
        return steps

    def _crumb(self, text: str, depth: int, *, last: bool) -> QWidget:
        if last:
            label = TextLabel(text, bold=True, wrap=False)
            label.setObjectName("crumb_here")
            label.setToolTip(self._session.group)
            label.setContentsMargins(4, 0, 4, 0)
            return label
        button = QToolButton()
        button.setObjectName(f"crumb_{depth}")
        button.setAutoRaise(True)
        button.setText(text)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setToolTip(self.tr("Go to {name}").format(name=text))
        button.clicked.connect(partial(self._session.go_to, self._session.path[:depth]))
        return button

    def _told(self, uses: int) -> str:
        told = self.tr("Group {name}").format(name=self._session.group)
        if uses > 1:
            changes = self.tr("used in {count} places: a change here changes all of them").format(count=uses)
            told = f"{told}, {changes}"
        return told

    def _clear(self) -> None:
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()


def places_of(project: Project, group: str) -> int:
    """Return how many nodes use a group, in the network and in all groups."""
    return sum(len(names) for _graph, names in users(project, group_id(group)))
