"""Chooses the run that is looked into: the one being trained, or one of those that were kept."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal

from core.training.runs import run_folders
from designer.inside.watcher import InsideWatcher
from designer.widgets import ElidedComboBox

_WIDTH = 156


class RunChoice(ElidedComboBox):
    """Lists the runs beside the project, the newest first, whenever it is opened."""

    mode = Qt.TextElideMode.ElideMiddle
    """Their beginning and their end tell runs apart."""
    run_chosen = Signal(object)
    """The folder of a run."""

    def __init__(self, watcher: InsideWatcher) -> None:
        super().__init__()
        self.setObjectName("inside_run")
        self.setAccessibleName(self.tr("Run"))
        self.setFixedWidth(_WIDTH)
        self._watcher = watcher
        self.activated.connect(lambda row: self.run_chosen.emit(self.itemData(row)))
        watcher.record_changed.connect(self.refresh)
        watcher.runner.state_changed.connect(lambda _state: self.refresh())
        self.refresh()

    def showPopup(self) -> None:
        """List the runs that there are now."""
        self.refresh()
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)
        super().showPopup()

    def refresh(self) -> None:
        """List the runs, the shown one chosen."""
        shown, live = self._watcher.record.path, self._watcher.live
        folders: list[Path] = sorted(run_folders(self._watcher.runner.runs_root), reverse=True)
        folders += [each for each in (shown,) if each is not None and each not in folders]
        with QSignalBlocker(self):
            self.clear()
            for folder in folders:
                training = live is not None and folder == live.path and self._watcher.runner.active
                self.addItem(self.tr("{run} (training)").format(run=folder.name) if training else folder.name, folder)
            self.setCurrentIndex(folders.index(shown) if shown is not None else -1)
        self.setPlaceholderText(self.tr("Choose a run") if folders else self.tr("No run yet"))
        self.setToolTip(str(shown or ""))
        self.setEnabled(bool(folders))
