"""The name and label fields of a node."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QLineEdit

from core.errors import EditError
from core.graph.edits import Rename, SetLabel
from core.graph.names import check_name
from core.graph.project import INPUT, OUTPUT
from designer.properties.section import NAME_WIDTH, Section
from designer.session import Session
from designer.widgets import ElidedLabel, failing


class Naming(QObject):
    """The name is checked while typing and given when the field is left; the label follows every keystroke."""

    def __init__(self, session: Session, node: str, section: Section) -> None:
        super().__init__(section)
        self._session = session
        self._node = node
        self.name = QLineEdit(node)
        self.name.setCursorPosition(0)
        self.name.setObjectName("node_name")
        self.label = QLineEdit(session.view.graph.nodes[node].label)
        self.label.setObjectName("node_label")
        self.message = failing()
        self.message.setObjectName("node_name_message")
        self.message.hide()
        translate = QCoreApplication.translate
        self.label.setPlaceholderText(translate("Naming", "none"))
        _add(section.grid, translate("Naming", "name"), self.name)
        section.grid.addWidget(self.message, section.grid.rowCount(), 1, 1, 2)
        _add(section.grid, translate("Naming", "label"), self.label)
        is_port = bool(session.group) and session.view.graph.nodes[node].kind in (INPUT, OUTPUT)
        told = (
            translate("Naming", "The name of the port. Every use of the group follows.")
            if is_port
            else translate("Naming", "The layer's attribute in the source and prefix in the state dict.")
        )
        self.name.setToolTip(told)
        self.label.setToolTip(translate("Naming", "A free text shown with the name."))
        self.name.textEdited.connect(self._on_name_edited)
        self.name.editingFinished.connect(self._on_name_finished)
        self.label.textEdited.connect(self._on_label_edited)
        self.label.editingFinished.connect(session.document.end_merge)

    def refresh(self) -> None:
        """Show what the document says, unless it is being typed."""
        text = self._session.view.graph.nodes[self._node].label
        if text != self.label.text():
            self.label.setText(text)

    def _reason(self, text: str) -> str:
        if text == self._node:
            return ""
        try:
            check_name(text, self._session.view.graph.nodes)
        except EditError as error:
            return str(error)
        return ""

    def _on_name_edited(self, text: str) -> None:
        reason = self._reason(text)
        self.message.setText(reason)
        self.message.setVisible(bool(reason))

    def _on_name_finished(self) -> None:
        text = self.name.text()
        if self._node not in self._session.view.graph.nodes or text == self._node:
            return
        if self._reason(text):
            self.name.setText(self._node)
            self._on_name_edited(self._node)
        else:
            self._session.apply_here(Rename(self._node, text))

    def _on_label_edited(self, text: str) -> None:
        self._session.apply_here(SetLabel(self._node, text, f"{self._node}.label"))


def _add(grid: QGridLayout, title: str, field: QLineEdit) -> None:
    row = grid.rowCount()
    label = ElidedLabel(title, role=QPalette.ColorRole.WindowText)
    label.setBuddy(field)
    label.setFixedWidth(NAME_WIDTH)
    field.setAccessibleName(title)
    grid.addWidget(label, row, 0)
    grid.addWidget(field, row, 1)
