"""The properties of the selection: the form that fits, rebuilt only when another one is needed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from core.graph.kinds import kind_of
from core.graph.project import Node
from core.kinds import LayerKind
from core.parameters import format_value
from designer import theme
from designer.properties.cost import CostWatcher
from designer.properties.group_form import GroupForm
from designer.properties.help_bar import HelpBar
from designer.properties.node_form import NodeForm
from designer.properties.parameters import Filter
from designer.properties.project_form import ProjectForm
from designer.properties.rows import ParameterRow
from designer.properties.scope import Scope
from designer.properties.section import Section
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import heading, muted

Form = NodeForm | ProjectForm | GroupForm


class PropertiesPanel(QScrollArea):
    """Shows the project's form, the form of the selected nodes, or says why there is none."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("properties_panel")
        self.setAccessibleName(self.tr("Properties"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._session = session
        self._key: object = None
        self._form: Form | None = None
        self._filter = Filter()
        self._filtered: set[LayerKind | None] = set()
        self.help = HelpBar(self)
        self.cost = CostWatcher(session, self)
        self.cost.changed.connect(self._refresh)
        self.cost.went_stale.connect(self._refresh)
        session.changed.connect(self._on_changed)
        session.selection_changed.connect(self._on_changed)
        session.view_changed.connect(lambda: self._on_changed(None))
        session.report_changed.connect(self._on_changed)
        theme.switch.changed.connect(self._on_theme_changed)
        self._rebuild()

    @property
    def form(self) -> Form | None:
        """The form shown, or None where the selection has none."""
        return self._form

    def focus_first(self) -> None:
        """Put the cursor into the first field of the form."""
        if self._form is not None:
            self._form.focus_first()

    def search(self) -> None:
        """Put the cursor into the search field of the parameters, where there are any."""
        if isinstance(self._form, NodeForm) and self._form.parameters is not None:
            self._form.parameters.focus_search()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the help at the bottom."""
        super().resizeEvent(event)
        height = self.help.sizeHint().height()
        self.help.setGeometry(0, self.height() - height, self.viewport().width(), height)

    def _show_help_bar(self, shown: bool) -> None:
        self.help.setVisible(shown)
        self.help.show_parameter(None)
        self.setViewportMargins(0, 0, 0, self.help.sizeHint().height() if shown else 0)

    def _on_pointed_at(self, row: ParameterRow | None) -> None:
        """Explain the parameter under the mouse, or else the one with the keyboard."""
        if row is None and isinstance(self._form, NodeForm) and self._form.parameters is not None:
            row = next((each for each in self._form.parameters.rows if each.has_focus()), None)
        self.help.show_parameter(row.parameter if row is not None else None)

    def close_jobs(self) -> None:
        """End the work in the background."""
        self.cost.close()

    def _nodes(self) -> list[Node]:
        nodes = self._session.view.graph.nodes
        return [nodes[name] for name in sorted(self._session.selection) if name in nodes]

    def _wanted(self) -> object:
        loading = self._session.report is None
        nodes = self._nodes()
        kinds = tuple((node.name, kind_of(self._session.view, node), node.shares) for node in nodes)
        return loading, self._session.group, kinds

    def _on_changed(self, _what: object) -> None:
        if len(self._nodes()) != len(self._session.selection):
            return
        if self._wanted() != self._key:
            self._rebuild()
        else:
            self._refresh()

    def _on_theme_changed(self) -> None:
        self._rebuild()

    def _refresh(self) -> None:
        if self._form is not None:
            self._form.refresh()

    def _rebuild(self) -> None:
        self._key = self._wanted()
        widget = self._make()
        self._form = widget if isinstance(widget, NodeForm | ProjectForm | GroupForm) else None
        self._show_help_bar(isinstance(widget, NodeForm) and widget.parameters is not None)
        old = self.takeWidget()
        self.setWidget(widget)
        if old is not None:
            old.hide()
            old.deleteLater()

    def _make(self) -> QWidget:
        nodes = self._nodes()
        if not nodes and self._session.group:
            return GroupForm(self._session)
        if not nodes:
            return ProjectForm(self._session, self.cost)
        kinds = tuple(kind_of(self._session.view, node) for node in nodes)
        if None in kinds and len({node.kind for node in nodes}) == 1:
            return self._unknown(nodes[0])
        names = tuple(node.name for node in nodes)
        alike = self._filtered == set(kinds)
        self._filtered = set(kinds)
        if not alike:
            self._filter.search = ""
        form = NodeForm(Scope(self._session, names, kinds), self.cost, self._filter)
        form.pointed_at.connect(self._on_pointed_at)
        return form

    def _unknown(self, node: Node) -> QWidget:
        page, column = _page()
        column.addWidget(heading(node.name, 1.15))
        text = self.tr("The layer kind “{kind}” is not installed. The node is kept as it is and saved back unchanged.")
        column.addWidget(muted(text.format(kind=node.kind)))
        section = Section(self.tr("Parameters"))
        for name, value in node.params.items():
            section.add_value(name, format_value(value), muted=True)
        column.addWidget(section)
        column.addStretch(1)
        return page


def _page() -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(SPACE * 2 - 4, SPACE * 2 - 4, SPACE * 2 - 4, SPACE * 2)
    column.setSpacing(SPACE + 4)
    return page, column
