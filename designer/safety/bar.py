"""The bar above the canvas that says that the project's file is no longer what was opened, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QListWidget, QPushButton, QVBoxLayout, QWidget

from core.errors import ProjectError
from designer import files
from designer.safety.keeper import Keeper
from designer.theme import SPACE
from designer.widgets import Card, IconLabel, TextLabel, heading, muted


class FileBar(Card):
    """Hidden while the file is what was read from it or written to it."""

    def __init__(self, keeper: Keeper) -> None:
        super().__init__()
        self._keeper = keeper
        self.setObjectName("file_bar")
        self.setAccessibleName(self.tr("The project's file has changed"))
        self.text = TextLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + 4, SPACE // 2, SPACE, SPACE // 2)
        row.setSpacing(SPACE)
        row.addWidget(IconLabel("warning", "warning", 18), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.text, 1)
        self.reload = self._button(row, self.tr("&Reload"), self.tr("Take over what the file says; can be undone"))
        self.keep = self._button(row, self.tr("&Keep mine"), self.tr("Keep what is open; saving will replace the file"))
        self.compare = self._button(row, self.tr("C&ompare…"), self.tr("Show what differs"))
        self.reload.clicked.connect(self._on_reload)
        self.keep.clicked.connect(keeper.keep_mine)
        self.compare.clicked.connect(self._on_compare)
        keeper.state_changed.connect(self._on_state_changed)
        self._on_state_changed(keeper.state)

    def _button(self, row: QHBoxLayout, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        row.addWidget(button)
        return button

    def _on_state_changed(self, state: str) -> None:
        gone = state == "gone"
        self.text.setText(
            self.tr("This file was moved or deleted by another program. What is open here is not lost: save it again.")
            if gone
            else self.tr("This file was changed by another program.")
        )
        self.reload.setVisible(not gone)
        self.compare.setVisible(not gone)
        self.setVisible(state != "same")

    def _on_reload(self) -> None:
        try:
            self._keeper.reload()
        except ProjectError as error:
            advice = self.tr("What is open here is as it was.")
            files.show_error(self, self.tr("The file cannot be read as it is now"), error, advice)

    def _on_compare(self) -> None:
        try:
            lines = self._keeper.differences()
        except ProjectError as error:
            files.show_error(self, self.tr("The file cannot be read as it is now"), error)
            return
        dialog = CompareDialog(lines, self)
        dialog.exec()
        choice = dialog.choice
        dialog.deleteLater()
        if choice == "reload":
            self._on_reload()
        elif choice == "keep":
            self._keeper.keep_mine()


class CompareDialog(QDialog):
    """Lists what differs; ``choice`` is "reload", "keep" or nothing."""

    def __init__(self, lines: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.choice = ""
        self.setObjectName("compare_dialog")
        self.setWindowTitle(self.tr("The file and what is open"))
        self.resize(520, 320)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addWidget(heading(self.tr("What the file says, against what is open here"), 1.1))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Differences"))
        self.list.setWordWrap(True)
        self.list.addItems(lines or [self.tr("Both say the same; only the way it is written differs.")])
        column.addWidget(self.list, 1)
        column.addWidget(muted(self.tr("Reloading is a step that can be undone; nothing is lost by it.")))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for text, choice in ((self.tr("&Reload"), "reload"), (self.tr("&Keep mine"), "keep")):
            button = buttons.addButton(text, QDialogButtonBox.ButtonRole.AcceptRole)
            button.clicked.connect(lambda _checked=False, choice=choice: self._choose(choice))
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _choose(self, choice: str) -> None:
        self.choice = choice
        self.accept()
