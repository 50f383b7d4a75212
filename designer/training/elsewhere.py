"""Running a training on other machines: a folder with all it needs is written, and what to type there is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.errors import LayerwrightError
from core.graph.project import Project
from core.loading import imports
from core.progress import watching
from designer import theme
from designer.data.notice import Notice, WorkBar
from designer.files import choose_folder
from designer.importing.telling import error_text
from designer.jobs import Lane, Progress
from designer.session import Session
from designer.training.following import follow
from designer.widgets import PrimaryButton, TextLabel, heading, muted

if TYPE_CHECKING:
    from core.training.elsewhere import Parcel
    from designer.window import Window

_WIDTH = 620
_MOST_NAMED = 6


class ElsewhereDialog(QDialog):
    """Writes the open project's folder; ``follow_requested`` gives the folder of the run that will be made there."""

    follow_requested = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.parcel: Parcel | None = None
        self._lane = Lane(self, "elsewhere")
        self.setObjectName("elsewhere_dialog")
        self.setWindowTitle(self.tr("Run elsewhere"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.folder = QLineEdit(str(_suggested(session)))
        self.browse = QPushButton(self.tr("Browse…"))
        self.copy_data = QCheckBox(self.tr("Copy the data into it"))
        self.processes = _count(64)
        self.machines = _count(64)
        self.host = QLineEdit("first-machine")
        self.write = PrimaryButton(self.tr("Write the folder"))
        self.command = QPlainTextEdit()
        self.copy_command = QPushButton(self.tr("Copy"))
        self.note = muted()
        self.message, self.problem, self.work = TextLabel(), Notice("elsewhere_problem"), WorkBar()
        self.open_folder = QPushButton(self.tr("Open folder"))
        self.follow = QPushButton(self.tr("Follow its run"))
        self.close_button = QPushButton(self.tr("Close"))
        self._lay_out()
        self._connect()
        self._show()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * theme.SPACE,) * 4)
        column.setSpacing(theme.SPACE)
        text = self.tr(
            "Writes the project, its data and the weights it starts from into a folder that can go anywhere."
        )
        column.addWidget(muted(text))
        form = QFormLayout()
        form.setHorizontalSpacing(2 * theme.SPACE)
        label = QLabel(self.tr("&Folder"))
        label.setBuddy(self.folder)
        form.addRow(label, _row(self.folder, self.browse))
        form.addRow("", self.copy_data)
        column.addLayout(form)
        column.addLayout(_row_layout(self.write, stretch=True))
        column.addWidget(self.message)
        column.addWidget(self.problem)
        column.addWidget(self.work)
        column.addSpacing(theme.SPACE)
        column.addWidget(heading(self.tr("What to type in that folder")))
        how = QFormLayout()
        how.setHorizontalSpacing(2 * theme.SPACE)
        how.addRow(self.tr("Machines"), _row(self.machines, stretch=True))
        how.addRow(self.tr("Processes on each"), _row(self.processes, stretch=True))
        how.addRow(self.tr("Address of the first"), self.host)
        column.addLayout(how)
        column.addWidget(self.command)
        column.addLayout(_row_layout(self.copy_command, stretch=True))
        column.addWidget(self.note)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_folder)
        buttons.addWidget(self.follow)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column.addLayout(buttons)
        self._name()
        self.resize(_WIDTH, self.sizeHint().height())

    def _name(self) -> None:
        self.copy_data.setChecked(True)
        self.write.setDefault(True)
        for each in (self.browse, self.copy_command, self.open_folder, self.follow, self.close_button):
            each.setAutoDefault(False)
        self.command.setReadOnly(True)
        self.command.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.command.setFixedHeight(4 * self.command.fontMetrics().lineSpacing())
        self.command.setTabChangesFocus(True)
        self.message.setObjectName("elsewhere_message")
        names = {
            self.folder: self.tr("Folder"),
            self.machines: self.tr("Machines"),
            self.processes: self.tr("Processes on each machine"),
            self.host: self.tr("Address of the first machine"),
            self.command: self.tr("What to type in that folder"),
        }
        for widget, name in names.items():
            widget.setAccessibleName(name)
        self.processes.setToolTip(self.tr("One for each GPU, or on the CPU for some of its cores."))

    def _connect(self) -> None:
        self.browse.clicked.connect(self._ask_folder)
        self.write.clicked.connect(self._write)
        self.copy_command.clicked.connect(self._copy)
        self.open_folder.clicked.connect(self._open)
        self.follow.clicked.connect(self._follow)
        self.close_button.clicked.connect(self.reject)
        for box in (self.machines, self.processes):
            box.valueChanged.connect(self._show)
        self.host.textChanged.connect(self._show)
        self.folder.textChanged.connect(self._forget)
        self._lane.busy_changed.connect(self._on_busy)
        self._lane.progressed.connect(self.work.progress)
        self.work.cancelled.connect(self._on_cancelled)

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        from core.training.elsewhere import Places, command_line, other_lines

        written = self.parcel is not None
        several = self.machines.value() > 1
        self.host.setEnabled(several)
        self.write.setEnabled(not (self._lane.busy or written) and bool(self.folder.text().strip()))
        self.copy_command.setText(self.tr("Copy"))
        for each in (self.command, self.copy_command, self.open_folder, self.follow):
            each.setEnabled(written)
        if self.parcel is None:
            self.command.setPlainText("")
            self.note.setText(self.tr("The command lines are shown once the folder is written."))
            return
        host = self.host.text().strip() or "first-machine"
        places = Places(self.processes.value(), self.machines.value(), host)
        self.command.setPlainText(command_line(self.parcel, places))
        told = [self.tr("The same line on every machine.")] if several else []
        told += [self.tr("Or: {0}").format(line) for line in other_lines(self.parcel, places).values()]
        extra = "[distributed]" if several or places.processes > 1 else ""
        told.append(self.tr("Layerwright has to be installed there: pip install layerwright{0}").format(extra))
        self.note.setText("\n".join(told))

    def _forget(self) -> None:
        self.parcel = None
        self.message.setText("")
        self.problem.say("")
        self._show()

    def _tell(self, parcel: Parcel) -> None:
        count = units.plural(len(parcel.files), self.tr("file"))
        if not parcel.files:
            text = self.tr("Written. The data comes with Layerwright or from the internet: nothing has to be copied.")
        elif parcel.copied:
            text = self.tr("Written, with {0} of data.").format(count)
        else:
            named = [f"{source} → {target}" for source, target in parcel.files[:_MOST_NAMED]]
            rest = len(parcel.files) - len(named)
            named += [self.tr("and {0} more").format(rest)] if rest else []
            text = "\n".join([self.tr("Written. Copy into it ({0}):").format(count), *named])
        self.message.setText(text)

    # --- deeds --------------------------------------------------------------------------------------------------------

    def _ask_folder(self) -> None:
        chosen = choose_folder(self, self.tr("Choose an empty folder"), Path(self.folder.text()).parent)
        if chosen is not None:
            self.folder.setText(str(chosen))

    def _write(self) -> None:
        project, base = self._session.project, self._session.base
        folder, copy = Path(self.folder.text().strip()).expanduser(), self.copy_data.isChecked()
        self.problem.say("")
        self.work.begin(self.tr("Writing"))

        def work(progress: Progress) -> Parcel:
            return _packed(project, base, folder, copy, progress)

        self._lane.submit(work, self._on_written, self._on_failed)

    def _on_written(self, parcel: Parcel) -> None:
        self.parcel = parcel
        self._tell(parcel)
        self._show()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self.problem.say(error_text(error))
        self.folder.setFocus()
        self._show()

    def _on_cancelled(self) -> None:
        self._lane.cancel()
        self.message.setText(self.tr("Cancelled: the folder is not complete."))

    def _on_busy(self, busy: bool) -> None:
        self.work.setVisible(busy)
        self._show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command.toPlainText())
        self.copy_command.setText(self.tr("Copied"))

    def _open(self) -> None:
        if self.parcel is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.parcel.folder)))

    def _follow(self) -> None:
        if self.parcel is not None:
            self.follow_requested.emit(self.parcel.folder / self.parcel.run)
            self.accept()  # what is followed is shown in the window behind

    def done(self, result: int) -> None:
        """End the work in the background."""
        self._lane.close()
        super().done(result)


def _packed(project: Project, base: Path | None, folder: Path, copy: bool, progress: Progress) -> Parcel:
    with imports:
        from core.training.elsewhere import pack

    def tell(done: int, total: int, text: str) -> bool:
        progress.report(done / max(total, 1), text)
        return not progress.cancelled

    with watching(tell):
        return pack(project, base, folder, copy_data=copy)


def ask_elsewhere(window: Window) -> ElsewhereDialog:
    """Open the dialog for the project that is shown."""
    dialog = ElsewhereDialog(window.runner.session, window)
    dialog.follow_requested.connect(lambda folder: follow(window, folder))
    dialog.open()
    return dialog


def _suggested(session: Session) -> Path:
    """Return a folder beside the project that does not exist yet."""
    base = session.base or Path.home()
    name, number = "elsewhere", 2
    while (base / name).exists():
        name, number = f"elsewhere-{number}", number + 1
    return base / name


def _count(most: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(1, most)
    return box


def _row_layout(*widgets: QWidget, stretch: bool = False) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    for each in widgets:
        row.addWidget(each)
    if stretch:
        row.addStretch(1)
    return row


def _row(*widgets: QWidget, stretch: bool = False) -> QWidget:
    held = QWidget()
    held.setLayout(_row_layout(*widgets, stretch=stretch))
    return held
