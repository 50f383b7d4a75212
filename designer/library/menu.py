"""What the menu of a library row offers: adding it, and deleting or editing what the user made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QModelIndex, Qt
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from core.graph.edits import RemoveCode, RemoveGroup
from core.graph.project import GROUP_PREFIX, PYTHON_PREFIX
from designer.canvas.dropping import BLOCK_PREFIX
from designer.library.model import KIND
from designer.session import Session


def _tr(text: str) -> str:
    return QCoreApplication.translate("LibraryMenu", text)


def row_menu(
    parent: QWidget, session: Session | None, index: QModelIndex, add: Callable[[], object], refresh: Callable[[], None]
) -> QMenu | None:
    """Return the menu of a row; None for a family. ``refresh`` is called after a file of a block was deleted."""
    kind = str(index.data(KIND) or "")
    if not kind:
        return None
    menu = QMenu(parent)
    menu.setObjectName("library_menu")
    action = menu.addAction(_tr("Add after the selection"))
    action.triggered.connect(lambda: add())
    if kind.startswith(BLOCK_PREFIX):
        action.setEnabled(bool(index.flags() & Qt.ItemFlag.ItemIsEnabled))
        path = Path(kind.removeprefix(BLOCK_PREFIX))
        menu.addAction(_tr("Delete block…")).triggered.connect(lambda: _delete_block(parent, session, path, refresh))
    elif session is not None and kind.startswith(GROUP_PREFIX):
        group = RemoveGroup(kind.removeprefix(GROUP_PREFIX))
        menu.addAction(_tr("Delete group")).triggered.connect(lambda: session.apply(group))
    elif session is not None and kind.startswith(PYTHON_PREFIX):
        name = kind.removeprefix(PYTHON_PREFIX)
        menu.addAction(_tr("Edit code…")).triggered.connect(lambda: _edit(session, name, parent))
        menu.addAction(_tr("Delete Python layer")).triggered.connect(lambda: session.apply(RemoveCode(name)))
    return menu


def _edit(session: Session, name: str, parent: QWidget) -> None:
    from designer.python.dialog import edit_python_layer

    edit_python_layer(session, name, parent.window())


def _delete_block(parent: QWidget, session: Session | None, path: Path, refresh: Callable[[], None]) -> None:
    """Delete the file of a block, once the user has agreed: that cannot be undone."""
    box = QMessageBox(QMessageBox.Icon.Question, _tr("Delete the block?"), "", parent=parent.window())
    box.setObjectName("delete_block")
    box.setText(_tr("Delete the block “{name}”?").format(name=path.stem))
    box.setInformativeText(_tr("Projects that use it keep their own copy. The file {path} is gone.").format(path=path))
    delete = box.addButton(_tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    agreed = box.clickedButton() is delete
    box.deleteLater()
    if not agreed:
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        if session is not None:
            told = _tr("The block was not deleted: {reason}").format(reason=error.strerror or error)
            session.refused.emit(told)
    refresh()
