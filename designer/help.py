"""The help dialogs: all commands with their keys, and what this application is."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from designer.actions import COMMANDS, MENUS, plain, sequences
from designer.icons import application_icon
from designer.theme import SPACE, monospace
from designer.widgets import heading, muted


class ShortcutsDialog(QDialog):
    """Lists the commands by menu with their keys; a search field narrows the list."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts_dialog")
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.resize(520, 600)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search commands"))
        self.search.setAccessibleName(self.tr("Search commands"))
        self.search.setClearButtonEnabled(True)
        self._rows: list[tuple[str, tuple[QWidget, ...]]] = []
        body = QWidget()
        self._grid = QGridLayout(body)
        self._grid.setColumnStretch(0, 1)
        self._grid.setHorizontalSpacing(SPACE * 3)
        self._fill()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(scroll, 1)
        column.addWidget(buttons)
        self.search.textChanged.connect(self._on_search_changed)

    def _fill(self) -> None:
        for menu in MENUS:
            title = heading(QCoreApplication.translate("Actions", menu).replace("&", ""))
            title.setContentsMargins(0, SPACE, 0, 0)
            self._grid.addWidget(title, self._grid.rowCount(), 0, 1, 2)
            for command in COMMANDS:
                keys = [key.toString(QKeySequence.SequenceFormat.NativeText) for key in sequences(command)]
                if command.menu == menu and keys:
                    self._add(plain(command), ",  ".join(keys))
        self._grid.setRowStretch(self._grid.rowCount(), 1)

    def _add(self, text: str, keys: str) -> None:
        row = self._grid.rowCount()
        name, key = QLabel(text), QLabel(keys)
        key.setFont(monospace())
        key.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(key, row, 1)
        self._rows.append((f"{text} {keys}".lower(), (name, key)))

    def _on_search_changed(self, text: str) -> None:
        words = text.lower().split()
        for searched, widgets in self._rows:
            for widget in widgets:
                widget.setVisible(all(word in searched for word in words))


class AboutDialog(QDialog):
    """Name, version, licence and what it is built on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("about_dialog")
        self.setWindowTitle(self.tr("About Layerwright"))
        picture = QLabel()
        picture.setPixmap(application_icon().pixmap(64, 64))
        texts = QVBoxLayout()
        version = QCoreApplication.applicationVersion()
        texts.addWidget(heading(self.tr("Layerwright {version}").format(version=version), 1.4))
        texts.addWidget(muted(self.tr("Design, train and export neural networks: a node editor for PyTorch.")))
        texts.addWidget(muted(self.tr("Free software under the MIT licence. Built on PyTorch and Qt for Python.")))
        row = QHBoxLayout()
        row.setSpacing(SPACE * 2)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE * 2)
        column.addLayout(row)
        column.addWidget(buttons)
        self.setMinimumWidth(420)
