"""The form of a group, shown while its inside is looked at and nothing is selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from core.errors import EditError
from core.expressions import Number
from core.graph.edits import DescribeGroup, RenameGroup, SetGroupParameters, SetGroupWeights
from core.graph.formulas import Use, where_used
from core.graph.project import Group, GroupParameter
from designer import files
from designer.properties.numbers import Numbers, NumbersTable
from designer.properties.places import go_to
from designer.properties.section import NAME_WIDTH, Section
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import ElidedLabel, failing, heading, muted


class Parameters(Numbers):
    """The parameters of a group, by their defaults."""

    def __init__(self, session: Session, group: str) -> None:
        self._session, self._group = session, group
        self.hint = session.tr("Numbers that every use may set: define channels = 64 and write 2*channels inside.")
        self.first = "channels"
        self.value_title = session.tr("default")

    def _known(self) -> Mapping[str, GroupParameter]:
        group = self._session.project.groups.get(self._group)
        return {each.name: each for each in group.parameters} if group else {}

    def read(self) -> Mapping[str, Number]:
        """Return the defaults."""
        return {name: each.default for name, each in self._known().items()}

    def write(self, numbers: Mapping[str, Number], renamed: Mapping[str, str]) -> None:
        """Set the parameters; expressions inside and the uses of the group follow a new name."""
        known = self._known()
        old = {new: name for name, new in renamed.items()}
        parameters = (
            replace(known.get(old.get(name, name), GroupParameter(name)), name=name, default=value)
            for name, value in numbers.items()
        )
        self._session.document.apply(SetGroupParameters(self._group, tuple(parameters), renamed))

    def help_of(self, name: str) -> str | None:
        """Return what is said of a parameter where the group is used."""
        known = self._known().get(name)
        return known.help if known else None

    def explain(self, name: str, text: str) -> None:
        """Say something else of a parameter."""
        parameters = (replace(each, help=text) if each.name == name else each for each in self._known().values())
        self._session.apply(SetGroupParameters(self._group, tuple(parameters)))

    def places(self, name: str) -> Sequence[Use]:
        """Return where inside of the group a parameter is used."""
        if self._session.report is None:
            return ()  # parameters are read from torch, which the check's thread is loading
        return [replace(use, group="") for use in where_used(self._session.project, name, self._group)]

    def show(self, use: Use) -> None:
        """Bring the node of a use into view."""
        go_to(self._session, replace(use, group=self._group))


class GroupForm(QWidget):
    """Edits the name, the explanation, the parameters and the starting weights of the group that is open."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("group_form")
        self._session = session
        self._name = session.group
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2 - 4, SPACE * 2 - 4, SPACE * 2 - 4, SPACE * 2)
        column.setSpacing(SPACE + 4)
        column.addWidget(heading(self.tr("Group"), 1.15))
        column.addWidget(muted(self.tr("Its Input and Output nodes are its ports. A change here changes every use.")))
        self.name = QLineEdit()
        self.name.setObjectName("group_name")
        self.name.setAccessibleName(self.tr("Name of the group"))
        self.name.setToolTip(self.tr("The name of its class in the source."))
        self.message = failing()
        self.message.hide()
        self.help = QPlainTextEdit()
        self.help.setObjectName("group_help")
        self.help.setAccessibleName(self.tr("Explanation"))
        self.help.setPlaceholderText(self.tr("What it does, in a line"))
        self.help.setTabChangesFocus(True)
        self.help.setFixedHeight(self.help.fontMetrics().lineSpacing() * 3 + 12)
        column.addWidget(self.name)
        column.addWidget(self.message)
        column.addWidget(self.help)
        section = Section(self.tr("Parameters"))
        self.parameters = NumbersTable(Parameters(session, self._name))
        self.parameters.setObjectName("group_parameters")
        section.column.addWidget(self.parameters)
        column.addWidget(section)
        column.addWidget(self._weights_section())
        column.addStretch(1)
        self.name.editingFinished.connect(self._on_named)
        self.help.textChanged.connect(self._on_described)
        self.refresh()

    @property
    def _group(self) -> Group | None:
        return self._session.project.groups.get(self._name)

    def refresh(self) -> None:
        """Show what the document says now."""
        group = self._group
        if group is None:
            return
        if not self.name.hasFocus():
            self.name.setText(group.name)
        if self.help.toPlainText() != group.help:
            self.help.blockSignals(True)
            self.help.setPlainText(group.help)
            self.help.blockSignals(False)
        self.parameters.refresh()
        self.weights.setText(Path(group.weights).name or self.tr("fresh"))
        self.weights.setToolTip(group.weights)
        self.forget.setVisible(bool(group.weights))

    def focus_first(self) -> None:
        """Put the cursor into the name."""
        self.name.setFocus()

    def _weights_section(self) -> Section:
        section = Section(self.tr("Weights"))
        title = ElidedLabel(self.tr("start from"), role=QPalette.ColorRole.PlaceholderText)
        title.setFixedWidth(NAME_WIDTH)
        self.weights = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.weights.setObjectName("group_weights")
        self.weights.setAccessibleName(title.text())
        section.grid.addWidget(title, 0, 0)
        section.grid.addWidget(self.weights, 0, 1, 1, 2)
        row = QHBoxLayout()
        self.choose = QPushButton(self.tr("Choose trained weights…"))
        self.choose.setObjectName("choose_weights")
        self.forget = QPushButton(self.tr("Start fresh"))
        self.forget.setObjectName("start_fresh")
        for button in (self.choose, self.forget):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        section.column.addLayout(row)
        self.choose.clicked.connect(self._on_choose)
        self.forget.clicked.connect(lambda: self._set_weights(""))
        return section

    def _on_choose(self) -> None:
        title, filters = self.tr("Choose trained weights"), [self.tr("Weights (*.safetensors)")]
        path = files.choose_existing(self, title, self._session.base or Path.home(), filters)
        if path is not None:
            base = self._session.base
            beside = base is not None and path.is_relative_to(base)
            self._set_weights(str(path.relative_to(base) if base and beside else path))

    def _set_weights(self, path: str) -> None:
        self._session.apply(SetGroupWeights(self._name, path))

    def _on_named(self) -> None:
        group, text = self._group, self.name.text().strip()
        if group is None or text == group.name:
            self._say("")
            return
        try:
            self._session.document.apply(RenameGroup(group.name, text))
        except EditError as error:
            self._say(str(error))
            self.name.setText(group.name)
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._say("")

    def _on_described(self) -> None:
        self._session.apply(DescribeGroup(self._name, self.help.toPlainText(), f"{self._name}.help"))

    def _say(self, message: str) -> None:
        self.message.setText(message)
        self.message.setVisible(bool(message))
