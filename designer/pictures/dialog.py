"""The dialog that makes a picture of the network: choices on the left, the picture as it will be on the right."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.errors import LayerwrightError
from core.pictures.levels import SMALL
from designer.files import choose_new
from designer.jobs import Lane
from designer.pictures.choices import Choices, remembered, to_remember
from designer.pictures.form import PictureForm
from designer.pictures.picture import Picture
from designer.pictures.preview import Preview
from designer.pictures.subject import picture_of
from designer.pictures.writing import SUFFIXES, drawn, for_clipboard, mime, pixels, size_mm, write
from designer.theme import SPACE
from designer.widgets import PrimaryButton, TextLabel, muted

if TYPE_CHECKING:
    from designer.settings import Settings
    from designer.workspace import Workspace

_FORM_WIDTH = 300
_PAUSE = 60
"""Milliseconds without another change before the preview is made."""
_POINTS_PER_MM = 72 / 25.4
log = logging.getLogger(__name__)


class PictureDialog(QDialog):
    """Stays open after a picture was saved or copied, so that the next one can be made; Close remembers the choices."""

    def __init__(self, workspace: Workspace, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture_dialog")
        self.setWindowTitle(self.tr("Export a picture"))
        self._workspace, self._settings = workspace, settings
        session = workspace.session
        inside, selected = bool(workspace.canvas.session.path), bool(workspace.canvas.session.selection)
        self.form = PictureForm(remembered(settings.picture), inside=inside, selected=selected)
        self.preview = Preview()
        self.size_line = muted()
        self.message = TextLabel()
        self.save_button = PrimaryButton(self.tr("Save…"))
        self.copy_button = QPushButton(self.tr("Copy"))
        self.table_button = QPushButton(self.tr("Summary table"))
        self.close_button = QPushButton(self.tr("Close"))
        self._look_lane, self._work_lane = Lane(self, "preview"), Lane(self, "picture")
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._draw)
        self._lay_out()
        self._connect()
        session.report_changed.connect(self._timer.start)
        self._timer.start()

    def _lay_out(self) -> None:
        for button, name in (
            (self.save_button, "picture_save"),
            (self.copy_button, "picture_copy"),
            (self.table_button, "picture_table"),
            (self.close_button, "picture_close"),
        ):
            button.setObjectName(name)
        self.copy_button.setToolTip(self.tr("Put the picture on the clipboard, as an image and as SVG"))
        self.table_button.setMenu(self._workspace.costs.export_button.menu())
        self.table_button.setToolTip(self.tr("Save the nodes with their shapes, parameters and cost as a table"))
        self._allow_table()
        self.message.setObjectName("picture_message")
        self.save_button.setDefault(True)
        left = QVBoxLayout()
        self.form.setFixedWidth(_FORM_WIDTH)
        left.addWidget(self.form, 1)
        left.addWidget(self.size_line)
        row = QHBoxLayout()
        row.setSpacing(2 * SPACE)
        row.addLayout(left)
        row.addWidget(self.preview, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.table_button)
        buttons.addWidget(self.message, 1)
        for button in (self.close_button, self.copy_button, self.save_button):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        column.addLayout(row, 1)
        column.addLayout(buttons)
        self.resize(960, 640)

    def _connect(self) -> None:
        self.form.changed.connect(self._on_changed)
        self.preview.resized.connect(self._timer.start)
        self.save_button.clicked.connect(self._ask_file)
        self.copy_button.clicked.connect(self.copy)
        self.close_button.clicked.connect(self.close)
        self._work_lane.busy_changed.connect(self._on_busy)
        self._workspace.properties.cost.changed.connect(self._allow_table)

    def _allow_table(self) -> None:
        self.table_button.setEnabled(bool(self._workspace.properties.cost.rows()))

    # --- the preview --------------------------------------------------------------------------------------------------

    def _on_changed(self) -> None:
        self.message.setText("")
        self._timer.start()

    def _made(self) -> Callable[[], Picture] | None:
        """Return what makes the picture; where there is nothing to show, say why."""
        try:
            return picture_of(self._workspace.canvas, self.form.choices)
        except ValueError as error:
            self._look_lane.cancel()
            self.preview.show_words(str(error))
            self.size_line.setText("")
            return None

    def _draw(self) -> None:
        make = self._made()
        for button in (self.save_button, self.copy_button):
            button.setEnabled(make is not None and not self._work_lane.busy)
        if make is None:
            return
        wide, high = self.preview.room()

        def work(_progress: object) -> tuple[Picture, QImage]:
            picture = make()
            scale = min(wide / picture.width, high / picture.height)
            return picture, drawn(picture, max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))

        self._look_lane.submit(work, self._on_drawn, self._on_failed)

    def _on_drawn(self, found: tuple[Picture, QImage]) -> None:
        self.size_line.setText(self._size_text(found[0], self.form.choices))
        self.preview.show_image(found[1])

    def _size_text(self, picture: Picture, choices: Choices) -> str:
        width, height = size_mm(picture, choices.width_mm)
        text = self.tr("{width:.0f} mm × {height:.0f} mm").format(width=width, height=height)
        if choices.format == "png":
            wide, high = pixels(picture, choices)
            text += self.tr(", {wide:,} × {high:,} pixels").format(wide=wide, high=high)
        if choices.look == "canvas":
            return text
        points = SMALL * width / picture.width * _POINTS_PER_MM
        return text + "\n" + self.tr("The smallest text is {points:.1f} pt high.").format(points=points)

    # --- what is done -------------------------------------------------------------------------------------------------

    def _ask_file(self) -> None:
        suffix = SUFFIXES[self.form.choices.format]
        folder = self._workspace.session.base or self._settings.folder
        stem = re.sub(r"[^\w-]+", "-", self._workspace.session.project.name).strip("-").lower() or "network"
        shown = [f"{suffix[1:].upper()} (*{suffix})"]
        path = choose_new(self, self.tr("Save the picture"), folder / f"{stem}{suffix}", shown, suffix=suffix)
        if path is not None:
            self.save(path)

    def save(self, path: Path) -> None:
        """Write the picture in a job; the dialog stays open and tells how it went."""
        make, choices = self._made(), self.form.choices
        if make is not None:
            self._remember()
            self._work_lane.submit(lambda _progress: write(make(), choices, path), self._on_saved, self._on_failed)

    def _on_saved(self, path: Path) -> None:
        self.message.setText(self.tr("Saved to {path}").format(path=path))

    def copy(self) -> None:
        """Put the picture on the clipboard."""
        make, choices = self._made(), self.form.choices
        if make is not None:
            self._remember()
            work = self._work_lane.submit
            work(lambda _progress: for_clipboard(make(), choices), self._on_copied, self._on_failed)

    def _on_copied(self, made: tuple[QImage, bytes]) -> None:
        QGuiApplication.clipboard().setMimeData(mime(*made))
        self.message.setText(self.tr("Copied as an image and as SVG"))

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError | OSError):
            log.error("the picture failed", exc_info=error)
        self.message.setText(str(error) or type(error).__name__)

    def _on_busy(self, busy: bool) -> None:
        self.save_button.setEnabled(not busy)
        self.copy_button.setEnabled(not busy)
        if busy:
            self.message.setText(self.tr("Drawing…"))

    def _remember(self) -> None:
        self._settings.picture = to_remember(self.form.choices)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the choices, and end the jobs before the dialog is gone."""
        self._end()
        super().closeEvent(event)

    def reject(self) -> None:
        """Leave on Esc, as on Close."""
        self._end()
        super().reject()

    def _end(self) -> None:
        self._remember()
        self._timer.stop()
        self._look_lane.close()
        self._work_lane.close()
