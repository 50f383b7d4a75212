"""The dialogs around files: choose one, save changes?, and errors that say what to do."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QLineEdit, QListView, QMessageBox, QPushButton, QWidget

from core.errors import LayerwrightError
from core.graph.files import SUFFIX

_SHOWN_PROBLEMS = 12


class Answer(Enum):
    """What to do with unsaved changes."""

    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Files", text)


def choose_to_open(parent: QWidget, folder: Path) -> Path | None:
    """Ask for a project file to open; None where the user cancelled."""
    return choose_existing(parent, _tr("Open a project"), folder, [_project_filter(), _tr("All files (*)")])


def choose_to_save(parent: QWidget, suggestion: Path) -> Path | None:
    """Ask where to save; the ending is added where it is missing, and an existing file is asked about."""
    return choose_new(parent, _tr("Save the project as"), suggestion, [_project_filter()], suffix=SUFFIX)


def choose_existing(parent: QWidget, title: str, folder: Path, filters: list[str]) -> Path | None:
    """Ask for a file that exists; None where the user cancelled."""
    dialog = QFileDialog(parent, title, str(folder))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(filters)
    return _run(dialog)


def choose_folder(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Ask for a folder that exists; None where the user cancelled."""
    dialog = QFileDialog(parent, title, str(folder))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    return _run(dialog)


def choose_new(parent: QWidget, title: str, suggestion: Path, filters: list[str], *, suffix: str = "") -> Path | None:
    """Ask for a file to write; an existing one is asked about, and a missing ending added where ``suffix`` is given."""
    dialog = QFileDialog(parent, title, str(suggestion.parent))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix.removeprefix("."))
    dialog.setNameFilters(filters)
    dialog.selectFile(suggestion.name)
    _let_the_typed_name_win(dialog)
    return _run(dialog)


def _project_filter() -> str:
    return _tr("Layerwright projects (*{suffix})").format(suffix=SUFFIX)


def ask_unsaved(parent: QWidget, name: str) -> Answer:
    """Ask what to do with the changes of a project that is about to be closed."""
    box = QMessageBox(parent)
    box.setObjectName("unsaved_changes")
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(_tr("Save changes?"))
    box.setText(_tr("Save the changes to “{name}” before it is closed?").format(name=name))
    box.setInformativeText(_tr("Without saving they are lost."))
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    answers = {buttons.Save.value: Answer.SAVE, buttons.Discard.value: Answer.DISCARD}
    answer = answers.get(box.exec(), Answer.CANCEL)
    box.deleteLater()
    return answer


def ask_stop_training(parent: QWidget) -> bool:
    """Ask whether a running training shall be stopped; its best and last weights are kept."""
    box = _question(parent, "training_runs", _tr("Training is running"), _tr("Stop the training and close?"))
    box.setInformativeText(_tr("The best and the last weights so far are kept in the run's folder."))
    return _agreed(box, box.addButton(_tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole))


def ask_stop_sweep(parent: QWidget, done: int, trials: int) -> bool:
    """Ask whether a running sweep shall be stopped; what has ended stays, and it can be continued."""
    box = _question(parent, "sweep_runs", _tr("A sweep is running"), _tr("Stop the sweep and close?"))
    box.setInformativeText(
        _tr(
            "{done} of {all} trials have ended and are kept. Those that are running are trained again when the sweep "
            "is continued."
        ).format(done=done, all=trials)
    )
    return _agreed(box, box.addButton(_tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole))


def ask_leave_source(parent: QWidget) -> bool:
    """Ask whether a source that was edited and not applied to the network may be lost."""
    title, text = _tr("The source was not applied"), _tr("Close without the changes to the source?")
    box = _question(parent, "unapplied_source", title, text)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setInformativeText(
        _tr("What you wrote in the source panel is not on the canvas, so it is not saved with the project.")
    )
    leave = box.addButton(_tr("Close without them"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    return _agreed(box, leave)


def _question(parent: QWidget, name: str, title: str, text: str) -> QMessageBox:
    """Return a question that can be cancelled."""
    box = QMessageBox(parent)
    box.setObjectName(name)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setText(text)
    box.addButton(QMessageBox.StandardButton.Cancel)
    return box


def _agreed(box: QMessageBox, button: QPushButton) -> bool:
    """Ask, and say whether it was this button that was pressed."""
    box.exec()
    pressed = box.clickedButton() is button
    box.deleteLater()
    return pressed


def show_error(parent: QWidget, title: str, error: LayerwrightError, advice: str = "") -> None:
    """Show an error with everything that was found, and what can be done."""
    box = QMessageBox(parent)
    box.setObjectName("error_box")
    box.setIcon(QMessageBox.Icon.Critical)
    box.setWindowTitle(title)
    box.setText(error.message)
    lines = [f"•  {problem}" for problem in error.problems[:_SHOWN_PROBLEMS]]
    if len(error.problems) > _SHOWN_PROBLEMS:
        lines.append(_tr("… and {count} more").format(count=len(error.problems) - _SHOWN_PROBLEMS))
    if advice:
        lines += ["", advice] if lines else [advice]
    box.setInformativeText("\n".join(lines))
    if error.problems:
        box.setDetailedText(str(error))
    box.exec()
    box.deleteLater()


def _let_the_typed_name_win(dialog: QFileDialog) -> None:
    """Unmark the file in the list once another name is typed: Qt would ask to replace the marked one."""
    field, files = dialog.findChild(QLineEdit, "fileNameEdit"), dialog.findChild(QListView, "listView")
    if field is None or files is None:
        return  # the system's own dialog

    def compare(text: str) -> None:
        marked = [str(index.data()) for index in files.selectionModel().selectedIndexes() if index.column() == 0]
        if marked and text not in marked:
            files.clearSelection()

    field.textChanged.connect(compare)


def _run(dialog: QFileDialog) -> Path | None:
    # Not selectedFiles(): that prefers the file marked in the list, which may not be the one whose name was typed.
    chosen: list[str] = []
    dialog.fileSelected.connect(chosen.append)
    dialog.exec()
    dialog.deleteLater()
    return Path(chosen[0]) if chosen else None
