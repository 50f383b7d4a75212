"""The commands that make pictures, for the menus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication

from core.errors import SaveError
from designer.command import EDIT, FILE, Command
from designer.conditions import any_nodes, not_empty

if TYPE_CHECKING:
    from designer.window import Window


def export_picture(window: Window) -> None:
    """Show the dialog."""
    from designer.pictures.dialog import PictureDialog

    if window.workspace is not None:
        dialog = PictureDialog(window.workspace, window.settings, window)
        dialog.exec()
        dialog.deleteLater()


def copy_picture(window: Window) -> None:
    """Put a picture of what is selected, else of the graph that is looked at, on the clipboard, as last chosen."""
    from designer.pictures.choices import remembered
    from designer.pictures.subject import picture_of
    from designer.pictures.writing import for_clipboard, mime

    if window.workspace is None:
        return
    session = window.workspace.canvas.session
    choices = replace(remembered(window.settings.picture), part="selection" if session.selection else "here")
    try:
        made = for_clipboard(picture_of(window.workspace.canvas, choices)(), choices)
    except SaveError as error:
        session.refused.emit(str(error))
        return
    QGuiApplication.clipboard().setMimeData(mime(*made))
    session.told.emit(QCoreApplication.translate("Pictures", "Copied as an image and as SVG"))


EXPORT_PICTURE = Command("export_picture", FILE, "Export pict&ure…", export_picture, "Ctrl+Shift+E", "image", any_nodes)
COPY_PICTURE = Command("copy_picture", EDIT, "Copy as p&icture", copy_picture, "Ctrl+Shift+C", "image", not_empty)
