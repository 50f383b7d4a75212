"""The source panel: the network as Python while it is drawn, and the way back from Python to the canvas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.atomic import write_atomically
from core.errors import SaveError
from core.importers._source.text import NetworkClass, default_network, networks, obstacle_of, open_choice
from designer.python.find_bar import FindBar
from designer.session import Session
from designer.source.apply_dialog import ApplyDialog, Attempt
from designer.source.places import Places, places_of, way_to
from designer.source.view import SourceView
from designer.source.writer import SourceWriter, Written
from designer.theme import SPACE
from designer.widgets import Card, ElidedComboBox, IconButton, IconLabel, PrimaryButton, TextLabel

_READ_AFTER = 120
"""Milliseconds without a key after which the text is read."""


class SourcePanel(QWidget):
    """Shows ``model.py`` and marks what is selected; ``edit`` lets it be written, ``apply`` takes it to the canvas."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("source_panel")
        self.session = session
        self.writer = SourceWriter(session, self)
        self.text = SourceView()
        self.search = FindBar(self.text)
        self.notice = _Notice()
        self.classes, self.classes_row = ElidedComboBox(), QWidget()
        self.edit_button = QPushButton(self.tr("Edit"))
        self.apply_button = PrimaryButton(self.tr("Apply…"))
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self._places: Places | None = None
        self._shown_for = ""
        self._started_with: Written | None = None
        self._left: Attempt | None = None
        """What was written and not applied, until the text is edited again."""
        self._found: tuple[NetworkClass, ...] = ()
        self._edit_when_written = False
        self._choosing = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_READ_AFTER)
        self._lay_out()
        self._connect()
        self._show_state()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(self._bar())
        column.addWidget(self.classes_row)
        column.addWidget(self.notice)
        column.addWidget(self.search)
        column.addWidget(self.text, 1)
        self.setFocusProxy(self.text)
        for widget, name, text in (
            (self.edit_button, "source_edit", self.tr("Edit the source")),
            (self.apply_button, "source_apply", self.tr("Apply the source to the network (Ctrl+Enter)")),
            (self.cancel_button, "source_cancel", self.tr("Leave the network as it is")),
            (self.classes, "source_class", self.tr("Which class is the network")),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(text)
            widget.setToolTip(text)
        self.classes.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.classes.setMinimumContentsLength(8)
        self.classes.mode = Qt.TextElideMode.ElideMiddle
        row = QHBoxLayout(self.classes_row)
        row.setContentsMargins(SPACE, 0, SPACE, 0)
        row.setSpacing(SPACE)
        label = QLabel(self.tr("The &network is"))
        label.setBuddy(self.classes)
        row.addWidget(label)
        row.addWidget(self.classes, 1)

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(SPACE, SPACE // 2, SPACE // 2, 0)
        row.setSpacing(SPACE // 2)
        for widget in (self.edit_button, self.apply_button, self.cancel_button):
            row.addWidget(widget)
        row.addStretch(1)
        buttons: tuple[tuple[str, str, str, Callable[[], object]], ...] = (
            ("search", "source_find", self.tr("Find (Ctrl+F)"), self.search.open),
            ("copy", "source_copy", self.tr("Copy all"), self.copy),
            ("save", "source_save", self.tr("Save as a file…"), self.save),
        )
        for icon, name, text, act in buttons:
            button = IconButton(icon, text)
            button.setObjectName(name)
            button.clicked.connect(act)
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        session = self.session
        self.writer.changed.connect(self._on_written)
        session.selection_changed.connect(lambda _names: self._follow_selection())
        session.view_changed.connect(self._on_view)
        self.text.lines_chosen.connect(self._on_lines)
        self.text.find_requested.connect(self.search.open)
        self.text.step_requested.connect(self.search.step)
        self.text.apply_requested.connect(self.apply)
        self.text.leave_requested.connect(self.cancel_button.setFocus)
        self.text.textChanged.connect(self._on_text)
        self._timer.timeout.connect(self._read)
        self.edit_button.clicked.connect(self.edit)
        self.apply_button.clicked.connect(self.apply)
        self.cancel_button.clicked.connect(self.cancel)
        self.classes.activated.connect(lambda _row: self._show_state())
        self.notice.button.clicked.connect(self._on_notice)

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def editing(self) -> bool:
        """True while the text is written and does not follow the network."""
        return not self.text.isReadOnly()

    @property
    def unapplied(self) -> bool:
        """True where something was written that is not on the canvas."""
        return self.editing and self.text.toPlainText() != self._begun_with

    @property
    def _begun_with(self) -> str:
        return self._started_with.source.text if self._started_with else ""

    @property
    def places(self) -> Places | None:
        """Which lines are whose; None while no source has been written yet."""
        return self._places

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the network again."""
        super().showEvent(event)
        self.writer.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the work until somebody looks."""
        super().hideEvent(event)
        self.writer.watch(False)

    def close_jobs(self) -> None:
        """End the work in the background and wait for its end."""
        self.writer.close_jobs()

    def _on_written(self) -> None:
        written = self.writer.written
        if written is not None and not self.editing and self._shown_for != written.source.text:
            self._shown_for = written.source.text
            self.text.show_text(written.source.text)
        if written is not None:
            self._places = places_of(written.source, written.project)
        self._show_state()
        self._follow_selection(scroll=False)
        if self._edit_when_written:
            self.edit()

    def _show_state(self) -> None:
        """Show the buttons there is a use for, and what has to be said above the text."""
        written, trouble, editing = self.writer.written, self.writer.trouble, self.editing
        self.edit_button.setVisible(not editing)
        self.apply_button.setVisible(editing)
        self.cancel_button.setVisible(editing)
        self.classes_row.setVisible(editing and self.classes.count() > 1)
        self.text.set_stale(not editing and trouble is not None and written is not None)
        self.text.setPlaceholderText(
            self.tr("Paste or write an nn.Module here.")
            if editing
            else self.tr("The source appears here as soon as the network can be built.")
        )
        if editing:
            self._show_editing()
        elif trouble is not None:
            before = self.tr("This is the source before the last changes.") if written else ""
            more = self.tr(" ({0} more)").format(trouble.more) if trouble.more else ""
            self.notice.say("warning", " ".join(filter(None, (trouble.message + more, before))), self.tr("Show"))
            self.notice.button.setVisible(bool(trouble.problem and trouble.problem.node))
        elif self._left is not None:
            self.notice.say("info", self.tr("What you wrote was not applied."), self.tr("Bring it back"))
        else:
            self.notice.hide()

    def _show_editing(self) -> None:
        problem = obstacle_of(self.text.toPlainText())
        chosen = next((each for each in self._found if each.name == self.classes.currentText()), None)
        self.text.set_problems({problem.line: problem.message} if problem else {})
        if problem is not None:
            self.notice.say("error", self.tr("Line {0}: {1}").format(problem.line, problem.message), self.tr("Show"))
        elif not self.classes.count() and self.text.toPlainText().strip():
            self.notice.say(
                "error",
                self.tr(
                    "There is no class here that derives from nn.Module. The network has to be one: "
                    "class Net(nn.Module) with __init__ and forward. Or give it a name: net = nn.Sequential(…)."
                ),
            )
        elif chosen is not None and chosen.lacking:
            self.notice.say("error", chosen.lacking, self.tr("Show"))
        elif chosen is not None and open_choice(self._found):
            self.notice.say(
                "info",
                self.tr(
                    "No other class here uses {0}, so it is taken as the network; that holds for others, too. Choose "
                    "above which one it is."
                ).format(chosen.name),
            )
        else:
            self.notice.say(
                "info",
                self.tr(
                    "Change the source, or paste another nn.Module over it. Apply shows what would change on the "
                    "canvas before anything does."
                ),
            )
        self.apply_button.setEnabled(problem is None and chosen is not None and not chosen.lacking)

    def _on_notice(self) -> None:
        """Do what the button of the notice offers."""
        if self.editing:
            lacking = (each.line for each in self._found if each.name == self.classes.currentText())
            self.text.go_to_line(next(iter(self.text.problems), next(lacking, 1)))
        elif self.writer.trouble is None and self._left is not None:
            left = self._left
            self.edit()
            self._started_with = left.before
            self.text.replace_text(left.text)
            self.text.own = left.own
        elif self.writer.trouble is not None and self.writer.trouble.problem is not None:
            problem = self.writer.trouble.problem
            self.session.reveal(problem.node, problem.path)

    # --- lines and nodes ----------------------------------------------------------------------------------------------

    def _follow_selection(self, *, scroll: bool = True) -> None:
        if self._places is None or self.editing:
            return
        lines = tuple(self._places.lines(self.session.group, self.session.selection))
        self.text.set_marked(lines)
        if scroll and not self._choosing:
            self.text.bring_into_view(lines)

    def _on_view(self) -> None:
        """Mark what is selected in the graph that is looked at now, and show its class."""
        self._follow_selection()
        head = self._places.heads.get(self.session.group) if self._places else None
        if head is not None and not self.text.marked and not self._choosing and not self.editing:
            self.text.bring_into_view((head,))

    def _on_lines(self, lines: tuple[int, ...]) -> None:
        """Select the nodes of the lines that the user went to, in the group whose class that is."""
        if self._places is None or self.editing:
            return
        group, names = self._places.nodes(lines)
        path = way_to(self.session.project, group, self.session.path) if names else None
        if path is None:
            return
        self._choosing = True
        if len(names) == 1:
            self.session.reveal(names[0], path)
        elif self.session.go_to(path):
            self.session.select(names)
        self._choosing = False
        self._follow_selection(scroll=False)

    # --- what is done -------------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copy the whole text."""
        QApplication.clipboard().setText(self.text.toPlainText())
        self.session.told.emit(self.tr("The source was copied."))

    def save(self) -> None:
        """Ask for a file and write the text into it."""
        base = self.session.base or Path.home()
        title, kinds = self.tr("Save the source"), self.tr("Python (*.py)")
        name, _kind = QFileDialog.getSaveFileName(self, title, str(base / "model.py"), kinds)
        if not name:
            return
        path = Path(name) if Path(name).suffix else Path(name).with_suffix(".py")
        try:
            write_atomically(path, self.text.toPlainText().encode())
        except SaveError as error:
            self.session.refused.emit(error.message)
        else:
            self.session.told.emit(self.tr("The source was saved in {0}.").format(path.name))

    def edit(self) -> None:
        """Let the text be written, once it is there; it does not follow the network until it is applied or left."""
        self._edit_when_written = self.writer.written is None and self.writer.trouble is None
        if self.editing or self._edit_when_written:
            self.text.setFocus()
            return
        self._left = None
        self._started_with = self.writer.written
        self.text.set_marked(())
        self.text.set_editable(True)
        self.text.begin_own()
        self._read()
        self.text.setFocus()

    def cancel(self) -> None:
        """Show the network's own source again; what was written can be brought back."""
        left = self._attempt() if self.unapplied else None
        self._end_editing()
        self._left = left
        self._show_state()

    def _end_editing(self) -> None:
        self._timer.stop()
        self.classes.clear()
        self.text.set_problems({})
        self.text.set_editable(False)
        self._shown_for = self.writer.written.source.text if self.writer.written else ""
        self.text.show_text(self._shown_for)
        self._show_state()
        self._follow_selection(scroll=False)

    def apply(self) -> ApplyDialog | None:
        """Show what the text would change and, where the user agrees, change it; None where it cannot be read."""
        self._read()
        if not self.apply_button.isEnabled():
            return None
        dialog = ApplyDialog(self.session, self._attempt(), self.window())
        dialog.applied.connect(self._end_editing)
        dialog.line_wanted.connect(self.text.go_to_line)
        dialog.failed_at.connect(self.text.set_problems)
        dialog.open()
        return dialog

    def _attempt(self) -> Attempt:
        return Attempt(self.text.toPlainText(), self.classes.currentText(), self._started_with, self.text.own)

    def _on_text(self) -> None:
        if self.editing:
            self._timer.start()

    def _read(self) -> None:
        """Read the text that is written: what is wrong with it, and which classes it has."""
        self._timer.stop()
        if not self.editing:
            return
        text = self.text.toPlainText()
        if obstacle_of(text) is None:
            self._found = networks(text)
            self._list_classes(self._found)
        self._show_state()

    def _list_classes(self, found: tuple[NetworkClass, ...]) -> None:
        names = [each.name for each in found]
        if names != [self.classes.itemText(row) for row in range(self.classes.count())]:
            chosen = self.classes.currentText()
            self.classes.clear()
            self.classes.addItems(names)
            self.classes.setCurrentText(chosen if chosen in names else default_network(found))


class _Notice(Card):
    """A line above the text: what is wrong or what can be done, with a button to go there."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("source_notice")
        self.text = TextLabel()
        self.button = QPushButton()
        self._mark = IconLabel("info", "accent", 16)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        row.setSpacing(SPACE)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def say(self, icon: str, text: str, action: str = "") -> None:
        """Show a text, with a button where there is something to be done."""
        self._mark.set_icon(icon, {"info": "accent"}.get(icon, icon))
        self.text.setText(text)
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self.show()
