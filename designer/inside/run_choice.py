"""Chooses the run that is looked into: the one being trained, or one of those that were kept."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

from core.training.runs import run_folders
from designer.inside.watcher import InsideWatcher

_WIDTH = 156


class RunChoice(QComboBox):
    """Lists the runs beside the project, the newest first, whenever it is opened."""

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

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a name that is too long shortened in its middle: its beginning and its end tell runs apart."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        text = option.currentText or self.placeholderText()
        option.currentText = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room.width() - 4)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

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
