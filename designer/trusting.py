"""Trust given in a window: what is told where it cannot be kept is worded once, for every window that asks for it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from core import trust
from core.errors import SaveError


def trust_all(sources: Iterable[str]) -> str:
    """Let sources run from now on; return what the user has to know where that cannot be kept, else nothing."""
    problem = ""
    for source in sources:
        try:
            trust.trust(source)
        except SaveError as error:
            problem = _tr("The trust holds until Layerwright is closed: {0}").format(error.message)
    return problem


def trust_or_warn(source: str, parent: QWidget) -> None:
    """Let a source run from now on, with a message above ``parent`` where that cannot be kept."""
    if problem := trust_all([source]):
        QMessageBox.warning(parent, _tr("Trust"), problem)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Trusting", text)
