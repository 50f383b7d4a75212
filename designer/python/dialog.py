"""The window in which a Python layer is written, looked at, and trusted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core import trust
from core.errors import EditError
from core.graph.edits import AddCode, SetCode
from core.graph.project import Project
from core.graph.python_source import SourceProblem, read_source
from designer.python.banner import TrustBanner
from designer.python.code_editor import CodeEditor
from designer.python.find_bar import FindBar
from designer.python.template import CLASS_NAME, TEMPLATE
from designer.session import Session
from designer.theme import SPACE
from designer.trusting import trust_or_warn
from designer.widgets import IconButton, PrimaryButton, failing, muted

if TYPE_CHECKING:
    from core.model.problems import Problem

_READ_AFTER = 120
"""Milliseconds without a key after which the text is read."""
_LINE = re.compile(r"\bline (\d+): ")


def new_python_layer(session: Session, parent: QWidget | None = None) -> PythonDialog:
    """Open the window with the beginning of a new layer; ``applied`` tells its name once it is in the project."""
    dialog = PythonDialog(session, "", parent)
    dialog.open()
    return dialog


def edit_python_layer(session: Session, name: str, parent: QWidget | None = None) -> PythonDialog:
    """Open the window with the code of a Python layer of the project.

    Raises:
        KeyError: there is none of that name.
    """
    dialog = PythonDialog(session, name, parent)
    dialog.open()
    return dialog


class PythonDialog(QDialog):
    """Edits one Python layer; an empty ``name`` makes a new one.

    After "Trust and apply" the layer is checked; the window closes where its nodes run, and tells what went wrong
    where they do not. What is applied without trust is kept and not run.
    """

    applied = Signal(str)
    """The name of the layer, after its code went into the project."""

    def __init__(self, session: Session, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("python_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session = session
        self._layer = name
        self._named = bool(name)
        self._waiting = False
        self._sound = False
        stem = _free_name(session.project)
        self._before = session.project.code[name].source if name else ""
        self.name = QLineEdit(name or stem)
        self.code = CodeEditor()
        self.search = FindBar(self.code)
        self.banner = TrustBanner()
        self.messages = QListWidget()
        self.ports = muted()
        self.failure = failing()
        self.trust = PrimaryButton(self.tr("Trust and apply"))
        self.apply = QPushButton(self.tr("Apply"))
        self.cancel = QPushButton(self.tr("Cancel"))
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_READ_AFTER)
        self.code.setPlainText(self._before or TEMPLATE.format(name=stem))
        self._opened_with = self.code.toPlainText()
        self._connect()
        self._read()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        title = self.tr("Python layer {name}").format(name=self._layer) if self._layer else self.tr("New Python layer")
        self.setWindowTitle(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addLayout(self._top_row())
        column.addWidget(self.banner)
        column.addWidget(self.search)
        column.addWidget(self.code, 1)
        column.addWidget(self.messages)
        column.addWidget(self.ports)
        column.addWidget(self.failure)
        column.addLayout(self._buttons())
        self.failure.hide()
        self.messages.setMaximumHeight(6 * self.fontMetrics().lineSpacing())
        self.messages.setWordWrap(True)
        for widget, name, text in (
            (self.name, "python_name", self.tr("Name of the layer")),
            (self.messages, "python_messages", self.tr("Problems in the code")),
            (self.trust, "python_trust", self.tr("Trust and apply")),
            (self.apply, "python_apply", self.tr("Apply")),
            (self.cancel, "python_cancel", self.tr("Cancel")),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(text)
        self.resize(820, 720)
        self.code.setFocus()

    def _top_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(muted(self.tr("Name"), wrap=False))
        row.addWidget(self.name, 1)
        button = IconButton("search", self.tr("Find (Ctrl+F)"))
        button.clicked.connect(self.search.open)
        row.addWidget(button)
        self.name.setReadOnly(bool(self._layer))
        return row

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addStretch(1)
        for button in (self.cancel, self.apply, self.trust):
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        self.code.textChanged.connect(self._on_code_changed)
        self.code.find_requested.connect(self.search.open)
        self._timer.timeout.connect(self._read)
        self.name.textEdited.connect(self._on_name_edited)
        self.messages.itemClicked.connect(self._on_message_chosen)
        self.messages.itemActivated.connect(self._on_message_chosen)
        self.trust.clicked.connect(self._on_trust)
        self.apply.clicked.connect(self._on_apply)
        self.cancel.clicked.connect(self.reject)
        self._session.report_changed.connect(self._on_report_changed)
        for keys, step in (("F3", 1), ("Shift+F3", -1)):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda step=step: self.search.step(step))

    # --- what is written ----------------------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The text as it is now."""
        return self.code.toPlainText()

    def _on_name_edited(self) -> None:
        self._named = True
        self._read()

    def _on_code_changed(self) -> None:
        self._timer.start()
        self._show_trust()

    def _read(self) -> None:
        """Read the text, show what is wrong with it, and else what it makes."""
        found = read_source(self.name.text(), self.source)
        if not self._named and found.class_name.isidentifier() and not found.problems:
            self.name.setText(found.class_name)
        self._tell([*found.problems, *self._run_problems()])
        self._sound = not found.problems
        parameters = ", ".join(each.parameter.name for each in found.arguments) or self.tr("none")
        text = self.tr("Inputs: {0}. Outputs: {1}. Parameters: {2}.")
        inputs, outputs = (", ".join(port.name for port in ports) for ports in (found.inputs, found.outputs))
        self.ports.setText(text.format(inputs, outputs, parameters))
        self.ports.setVisible(self._sound)
        self._show_trust()

    def _tell(self, problems: list[SourceProblem]) -> None:
        by_line: dict[int, str] = {}
        self.messages.clear()
        for each in problems:
            text = self.tr("Line {0}: {1}").format(each.line, each.message) if each.line else each.message
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, each.line)
            self.messages.addItem(item)
            if each.line:
                by_line[each.line] = f"{by_line[each.line]}\n{each.message}" if each.line in by_line else each.message
        self.messages.setVisible(bool(problems))
        self.code.set_problems(by_line)

    def _show_trust(self) -> None:
        """Show what running means, and the button that there is a use for."""
        trusted = trust.is_trusted(self.source)
        came = bool(self._layer) and self.source == self._opened_with
        self.banner.show_state("trusted" if trusted else "came" if came else "written")
        self.trust.setText(self.tr("Apply") if trusted else self.tr("Trust and apply"))
        self.apply.setText(self.tr("Apply without running"))
        self.apply.setVisible(not trusted)
        self.trust.setEnabled(self._sound)
        why = self.tr("Put right what is listed below first.")
        self.trust.setToolTip("" if self._sound else why)
        self.apply.setToolTip(self.tr("Keeps the code in the project. Its nodes stay unknown until you trust it."))

    def _on_message_chosen(self, item: QListWidgetItem) -> None:
        line = item.data(Qt.ItemDataRole.UserRole)
        if line:
            self.code.go_to_line(line)

    # --- what is done -------------------------------------------------------------------------------------------------

    def _on_apply(self) -> None:
        if self._put():
            self.accept()

    def _on_trust(self) -> None:
        self._read()
        if not self._sound:
            return
        trust_or_warn(self.source, self)
        self._waiting = True
        if self._put():
            self._session.check_again()
        else:
            self._waiting = False

    def _put(self) -> bool:
        """Put the text into the project; False where the project refuses it, which is then shown."""
        name = self._layer or self.name.text().strip()
        document, project = self._session.document, self._session.project
        try:
            if not self._layer:
                document.apply(AddCode(name, self.source))
            elif name not in project.code or project.code[name].source != self.source:
                document.apply(SetCode(name, self.source))
        except EditError as error:
            self.failure.setText(error.message)
            self.failure.show()
            return False
        self.failure.hide()
        self._layer = name
        self._before = self.source
        self._opened_with = self.source
        self.name.setReadOnly(True)
        self.setWindowTitle(self.tr("Python layer {name}").format(name=name))
        self.applied.emit(name)
        return True

    def _on_report_changed(self) -> None:
        problems = self._run_problems()
        if self._waiting:
            self._waiting = False
            if not problems and self.source == self._before:
                self.accept()
                return
        self._read()

    def _run_problems(self) -> list[SourceProblem]:
        """Return what the check found when it ran the text as it is now."""
        if self._session.report is None or not self._session.report_is_current or self.source != self._before:
            return []
        if not trust.is_trusted(self.source):
            return []
        told: dict[str, SourceProblem] = {}
        for problem in _problems_of(self._session, self._layer):
            line = _LINE.search(problem.message)
            message = problem.message[line.end() :] if line and not line.start() else problem.message
            told[problem.message] = SourceProblem(int(line[1]) if line else 0, message)
        return list(told.values())

    def reject(self) -> None:
        """Close; ask first where what was written would be lost."""
        if self.source != self._opened_with and not self._agree_to_lose():
            return
        super().reject()

    def _agree_to_lose(self) -> bool:
        box = QMessageBox(self)
        box.setObjectName("python_discard")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setText(self.tr("Discard the changes to the code?"))
        box.setInformativeText(self.tr("They are not in the project yet."))
        box.setStandardButtons(QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        return box.exec() == QMessageBox.StandardButton.Discard


def _free_name(project: Project) -> str:
    taken = {*project.code, *project.groups}
    number, name = 1, CLASS_NAME
    while name in taken:
        number += 1
        name = f"{CLASS_NAME}{number}"
    return name


def _problems_of(session: Session, layer: str) -> Iterator[Problem]:
    """Yield the errors of the nodes that use a Python layer, wherever they are."""
    if session.report is None:
        return
    for problem in session.report.problems:
        graph = session.project.graph
        for name in problem.path:
            group = session.project.groups.get(graph.nodes[name].group) if name in graph.nodes else None
            graph = group.graph if group else type(graph)()
        node = graph.nodes.get(problem.node)
        if node and node.python == layer and problem.severity == "error" and not problem.parameter:
            yield problem
