"""The bar above the canvas that says what happened to a training, with a button for each thing that can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from designer.theme import SPACE
from designer.widgets import Card, IconButton, IconLabel, PrimaryButton, TextLabel, breakable

_DETAILS_LINES = 8


@dataclass(frozen=True)
class Offer:
    """A button: what it says and does. It leaves the notice unless it ``stays``, ticked off, with others to follow."""

    text: str
    act: Callable[[], object]
    tip: str = ""
    primary: bool = False
    stays: bool = False


@dataclass(frozen=True)
class Notice:
    """What is told. ``topic`` says what about, so that it can be taken back; ``details`` are for who wants to know."""

    topic: str
    text: str
    severity: Literal["info", "warning", "error"] = "info"
    offers: tuple[Offer, ...] = ()
    details: str = ""


class NoticeBar(Card):
    """Shows one notice at a time; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training_notice")
        self.notice: Notice | None = None
        self.buttons: list[QPushButton] = []
        self.text = TextLabel()
        self.text.setObjectName("notice_text")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._icon = IconLabel("info", "accent", 18)
        self.close_button = IconButton("close", self.tr("Close"))
        self.more = QPushButton(self.tr("Details"))
        self.details = QPlainTextEdit()
        self._row = QHBoxLayout()
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        self.close_button.clicked.connect(lambda: self.clear())
        self.more.setCheckable(True)
        self.more.setObjectName("notice_details_button")
        self.more.toggled.connect(self._on_more)
        self.details.setObjectName("notice_details")
        self.details.setAccessibleName(self.tr("Details"))
        self.details.setReadOnly(True)
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setFixedHeight(_DETAILS_LINES * self.details.fontMetrics().lineSpacing())
        self.details.hide()
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.text, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self._row.setSpacing(SPACE)
        self._row.setContentsMargins(18 + SPACE, 0, 0, 0)
        self._row.addStretch(1)
        self._row.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + 4, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(top)
        column.addLayout(self._row)
        column.addWidget(self.details)

    def tell(self, notice: Notice) -> None:
        """Show a notice in place of whatever was shown."""
        self.notice = notice
        role = {"info": "accent", "warning": "warning", "error": "error"}[notice.severity]
        self._icon.set_icon(notice.severity, role)
        self.text.setText(breakable(notice.text))
        self.setAccessibleName(notice.text)
        self._take_buttons()
        for offer in notice.offers:
            self._add_button(offer)
        self.more.setChecked(False)
        self.more.setVisible(bool(notice.details))
        self.details.setPlainText(notice.details)
        self.show()

    def clear(self, topic: str | None = None) -> None:
        """Show nothing; with a topic, only where the notice is about that."""
        if self.notice is not None and topic in (None, self.notice.topic):
            self.notice = None
            self.hide()

    def _take_buttons(self) -> None:
        for button in self.buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []

    def _add_button(self, offer: Offer) -> None:
        button = PrimaryButton(offer.text) if offer.primary else QPushButton(offer.text)
        button.setToolTip(offer.tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._on_offer(offer, button))
        self._row.insertWidget(len(self.buttons), button)
        button.show()  # at once: a layout shows what it was given only with the next events
        self.buttons.append(button)

    def _on_offer(self, offer: Offer, button: QPushButton) -> None:
        if offer.stays:
            button.setEnabled(False)
        else:
            self.clear()
        offer.act()

    def _on_more(self, shown: bool) -> None:
        self.details.setVisible(shown)
