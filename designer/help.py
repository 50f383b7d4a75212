"""What this application is."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from designer.icons import application_icon
from designer.theme import SPACE
from designer.widgets import heading, muted


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
