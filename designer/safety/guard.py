"""What is asked and found out before a project file is opened, recovered or written to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from core.errors import ProjectError, reason_of
from core.graph.document import Document
from core.graph.files import load_project
from core.graph.journal import Recovered, Slot
from core.graph.on_disk import digest_of, is_open_elsewhere
from designer.safety import asking
from designer.safety.asking import Choice
from designer.safety.keeper import Keeper, Opening
from designer.safety.recovery import found_for, restored


@dataclass(frozen=True)
class Plan:
    """A document that is ready to be shown, and how it comes to be open."""

    document: Document
    opening: Opening


def plan_to_open(parent: QWidget, path: Path) -> Plan | None:
    """Read a project file, asking about changes that were left unsaved and about other windows; None: cancelled.

    Raises:
        ProjectError: it cannot be read.
    """
    found = found_for(path)
    if found is not None:
        choice = asking.ask_recover(parent, found)
        if choice is not Choice.SECOND:
            return plan_to_recover(parent, found) if choice is Choice.FIRST else None
    digest = digest_of(path)  # before reading: what changes in between is noticed
    document = Document(load_project(path), path.resolve())
    read_only = _ask_read_only(parent, path)
    return None if read_only is None else Plan(document, Opening(digest, read_only))


def plan_to_recover(parent: QWidget, found: Recovered) -> Plan | None:
    """Read what was left unsaved; None: cancelled, and it stays where it is.

    Raises:
        ProjectError: it cannot be read, or another window is recovering it.
    """
    read_only = False if found.path is None else _ask_read_only(parent, found.path)
    if read_only is None:
        return None
    slot = Slot(found.journal)
    try:
        taken = slot.take()
    except OSError as error:
        raise ProjectError(f"'{found.journal}' cannot be taken over: {reason_of(error)}.") from error
    if not taken or not found.journal.exists():
        slot.leave()
        raise ProjectError(f"“{asking.title(found)}” has been recovered or discarded in another window already.")
    try:
        document = restored(found, QCoreApplication.translate("Safety", "Recover unsaved changes"))
    except ProjectError:
        slot.leave()
        raise
    return Plan(document, Opening(found.digest, read_only, slot))


def ask_to_write(parent: QWidget, keeper: Keeper, path: Path) -> Choice:
    """Ask where writing to a file would undo what others do: FIRST writes, SECOND saves elsewhere."""
    match keeper.in_the_way(path):
        case "changed":
            return asking.ask_changed(parent, path.name)
        case "open":
            return asking.ask_replace_open(parent, path.name)
        case _:
            return Choice.FIRST


def _ask_read_only(parent: QWidget, path: Path) -> bool | None:
    if not is_open_elsewhere(path):
        return False
    answers = {Choice.FIRST: True, Choice.SECOND: False}
    return answers.get(asking.ask_open_elsewhere(parent, path.name))
