"""What it means to run a Python layer, said above its code."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout

from designer.theme import SPACE
from designer.widgets import Card, IconLabel, TextLabel

State = Literal["came", "written", "trusted"]
_MARKS: dict[State, tuple[str, str]] = {
    "came": ("warning", "warning"),
    "written": ("info", "accent"),
    "trusted": ("check", "success"),
}


class TrustBanner(Card):
    """Says where the code came from and what running it means."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("python_banner")
        self.text = TextLabel()
        self._mark = IconLabel("warning", "warning", 18)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)

    def show_state(self, state: State) -> None:
        """Show that the code came with the file, is being written, or is trusted."""
        texts: dict[State, str] = {
            "came": self.tr(
                "This code came with the file. It runs on your computer with your rights. It can read, change and send "
                "your files: trust it only if you have read it and know who wrote it. Until then it is not run."
            ),
            "written": self.tr(
                "This code runs on your computer with your rights, at every check and in training. It is not run "
                "before you trust it, and every change asks again."
            ),
            "trusted": self.tr("You have trusted this code. It runs on your computer with your rights."),
        }
        self.text.setText(texts[state])
        self._mark.set_icon(*_MARKS[state])
