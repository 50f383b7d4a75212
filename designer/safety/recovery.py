"""What was not saved when the program ended: cards on the start page, and the document that comes back from one."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.errors import ProjectError, reason_of
from core.graph.document import Document
from core.graph.edits import ReplaceProject
from core.graph.files import load_project, project_from_text
from core.graph.journal import Recovered, Slot, journal_folder, left_journals
from core.graph.on_disk import digest_of
from core.graph.project import Project
from designer.safety import asking
from designer.theme import SPACE
from designer.widgets import Card, ElidedLabel, IconLabel, PrimaryButton, bold, heading, muted

log = logging.getLogger(__name__)


def found_for(path: Path) -> Recovered | None:
    """Return the newest unsaved changes that were left of a file."""
    resolved = path.resolve()
    return next((each for each in left_journals(journal_folder()) if each.path == resolved), None)


def restored(found: Recovered, label: str) -> Document:
    """Return the project as it was: modified, with its file; where that still says what it said, one step after it.

    Raises:
        ProjectError: what the journal holds is no project.
    """
    project = project_from_text(found.text, str(found.journal))
    before = _saved(found)
    if before is None:
        document = Document(project, found.path)
        document.mark_unsaved()
        return document
    document = Document(before, found.path)
    document.apply(ReplaceProject(project, label))
    return document


def _saved(found: Recovered) -> Project | None:
    if found.path is None:
        return Project()
    if not found.digest or digest_of(found.path) != found.digest:
        return None
    try:
        return load_project(found.path)
    except ProjectError as error:
        log.warning("%s", error)
        return None


class RecoverySection(QWidget):
    """Hidden where nothing was left unsaved."""

    recover_requested = Signal(object)
    """The Recovered that shall be opened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recovery")
        self.setAccessibleName(self.tr("Unsaved work"))
        self._shown: list[RecoveryCard] = []
        self._cards = QVBoxLayout()
        self._cards.setSpacing(SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(heading(self.tr("Unsaved work"), 1.15))
        column.addWidget(muted(self.tr("Layerwright ended before this was saved. At most the last seconds are lost.")))
        column.addLayout(self._cards)
        self.refresh()

    @property
    def cards(self) -> list[RecoveryCard]:
        """One card for every project that was left unsaved, the newest first."""
        return list(self._shown)

    def refresh(self) -> None:
        """Show what there is now. Journals of programs that still run are left alone."""
        for old in self._shown:
            self._cards.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._shown.clear()
        for found in left_journals(journal_folder()):
            card = RecoveryCard(found)
            card.recover.clicked.connect(lambda _checked=False, found=found: self.recover_requested.emit(found))
            card.discard.clicked.connect(lambda _checked=False, found=found: self._on_discard(found))
            self._cards.addWidget(card)
            self._shown.append(card)
        self.setVisible(bool(self._shown))

    def _on_discard(self, found: Recovered) -> None:
        if asking.ask_discard(self, found):
            slot = Slot(found.journal)
            try:
                if slot.take():
                    slot.remove()
            except OSError as error:
                log.warning("journal %s: %s", found.journal, reason_of(error))
        self.refresh()


class RecoveryCard(Card):
    """One project that was left unsaved."""

    def __init__(self, found: Recovered) -> None:
        super().__init__()
        self.found = found
        self.setObjectName("recovery_card")
        name = asking.title(found)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE * 2, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(IconLabel("warning", "warning", 22))
        texts = QVBoxLayout()
        texts.setSpacing(1)
        self.name = ElidedLabel(name)
        self.name.setFont(bold(self.name.font()))
        where = str(found.path) if found.path is not None else self.tr("not in a file yet")
        self.text = ElidedLabel(f"{asking.describe(found)}  ·  {where}", role=QPalette.ColorRole.PlaceholderText)
        texts.addWidget(self.name)
        texts.addWidget(self.text)
        row.addLayout(texts, 1)
        self.recover = PrimaryButton(self.tr("Recover"))
        self.discard = QPushButton(self.tr("Discard…"))
        for button, verb in ((self.recover, self.tr("Recover")), (self.discard, self.tr("Discard"))):
            button.setAccessibleName(f"{verb} {name}")
            button.setAccessibleDescription(self.text.text())
            button.setAutoDefault(True)
            row.addWidget(button)
