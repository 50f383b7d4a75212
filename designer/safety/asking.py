"""The questions that are asked before something of the user's could be lost."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from core.graph.journal import Recovered
from designer.start.cards import when


class Choice(Enum):
    """What the user chose; ``CANCEL`` changes nothing."""

    FIRST = "first"
    SECOND = "second"
    CANCEL = "cancel"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Safety", text)


def ask_changed(parent: QWidget, name: str) -> Choice:
    """Ask before a file is replaced that another program has changed: FIRST replaces it, SECOND saves elsewhere."""
    return _ask(
        parent,
        "file_changed",
        _tr("The file has changed"),
        _tr("“{name}” was changed by another program since it was opened or saved here.").format(name=name),
        _tr("Saving replaces what the other program wrote."),
        (_tr("Replace it"), _tr("Save as…")),
    )


def ask_replace_open(parent: QWidget, name: str) -> Choice:
    """Ask before a file is replaced that another window has open: FIRST replaces it, SECOND saves elsewhere."""
    return _ask(
        parent,
        "file_open_elsewhere",
        _tr("The file is open"),
        _tr("“{name}” is open in another Layerwright window.").format(name=name),
        _tr("Saving replaces it under the other window, which will say so there."),
        (_tr("Replace it"), _tr("Save as…")),
    )


def ask_open_elsewhere(parent: QWidget, name: str) -> Choice:
    """Ask about opening a file that another window has open: FIRST opens it read-only, SECOND opens it anyway."""
    return _ask(
        parent,
        "open_elsewhere",
        _tr("The project is open already"),
        _tr("“{name}” is open in another Layerwright window.").format(name=name),
        _tr("Opened read-only, it can be changed and tried, and saved under another name."),
        (_tr("Open read-only"), _tr("Open anyway")),
    )


def ask_recover(parent: QWidget, found: Recovered) -> Choice:
    """Ask about unsaved changes of a file that is being opened: FIRST recovers them, SECOND opens what was saved."""
    return _ask(
        parent,
        "recover",
        _tr("Unsaved changes"),
        _tr("Layerwright ended before “{name}” was saved: {what}.").format(name=title(found), what=describe(found)),
        _tr("What is not recovered now stays on the start page until it is recovered or discarded."),
        (_tr("Recover"), _tr("Open what was saved")),
    )


def ask_discard(parent: QWidget, found: Recovered) -> bool:
    """Ask whether unsaved changes shall be deleted for good."""
    answer = _ask(
        parent,
        "discard_recovery",
        _tr("Discard unsaved changes?"),
        _tr("Delete the unsaved changes of “{name}” ({what})?").format(name=title(found), what=describe(found)),
        _tr("They cannot be brought back. What was saved stays as it is."),
        (_tr("Discard"), ""),
    )
    return answer is Choice.FIRST


def title(found: Recovered) -> str:
    """Return what to call the project."""
    return found.name or _tr("Untitled")


def describe(found: Recovered) -> str:
    """Say how much was not saved and from when it is: "14 changes not saved, the last 3 minutes ago"."""
    count = _tr("1 change not saved") if found.steps == 1 else _tr("{n:,} changes not saved").format(n=found.steps)
    return _tr("{count}, the last {when}").format(count=count, when=ago(datetime.fromtimestamp(found.at).astimezone()))


def ago(moment: datetime) -> str:
    """Say how long ago that was, to the second and minute within an hour."""
    seconds = int((datetime.now().astimezone() - moment).total_seconds())
    if 0 <= seconds < 2:
        return _tr("just now")
    if 0 <= seconds < 60:
        return _tr("{n} s ago").format(n=seconds)
    if 0 <= seconds < 3600:
        return _tr("{n} min ago").format(n=seconds // 60)
    return when(moment)


def _ask(parent: QWidget, name: str, title: str, text: str, more: str, choices: tuple[str, str]) -> Choice:
    box = QMessageBox(parent)
    box.setObjectName(name)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(title)
    box.setText(text)
    box.setInformativeText(more)
    first = box.addButton(choices[0], QMessageBox.ButtonRole.AcceptRole)
    second = box.addButton(choices[1], QMessageBox.ButtonRole.ActionRole) if choices[1] else None
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel if name == "discard_recovery" else first)
    box.setEscapeButton(cancel)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    if clicked is first:
        return Choice.FIRST
    return Choice.SECOND if second is not None and clicked is second else Choice.CANCEL
