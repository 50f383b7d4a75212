"""The code that an import would run, shown before it runs."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from designer.python.code_editor import CodeEditor
from designer.theme import SPACE
from designer.widgets import Card, ElidedLabel, IconLabel, TextLabel, heading

_MARK = 18


class TrustPage(QWidget):
    """Shows every text that would run, one at a time; ``texts`` are those that are not trusted yet."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: Mapping[str, str] = {}
        self.title = heading(self.tr("This code would run"), 1.15)
        self.said = TextLabel(
            self.tr(
                "To read the network, this code has to run on your computer with your rights. It can read, change and "
                "send your files: trust it only if you have read it and know who wrote it."
            )
        )
        self.file = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle, role=QPalette.ColorRole.PlaceholderText)
        self.which = QComboBox()
        self.which.setObjectName("import_code_file")
        self.which.setAccessibleName(self.tr("File"))
        self.code = CodeEditor()
        self.code.setObjectName("import_code")
        self.code.setReadOnly(True)
        card = Card()
        row = QHBoxLayout(card)
        row.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(IconLabel("warning", "warning", _MARK), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.said, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.title)
        column.addWidget(card)
        column.addWidget(self.file)
        column.addWidget(self.which)
        column.addWidget(self.code, 1)
        self.which.currentTextChanged.connect(self._show)

    def show_texts(self, texts: Mapping[str, str]) -> None:
        """Show these texts, by the names of their files."""
        self.texts = dict(texts)
        self.which.clear()
        self.which.addItems(list(texts))
        self.which.setVisible(len(texts) > 1)
        self._show(self.which.currentText())

    def _show(self, name: str) -> None:
        self.file.setText(name)
        self.file.setVisible(len(self.texts) == 1)
        self.code.setPlainText(self.texts.get(name, ""))
