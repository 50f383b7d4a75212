"""What a form says of nodes that are switched off, and the button that switches them on again."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.graph.edits import SetMode
from core.graph.project import Mode
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import ElidedButton, muted


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModeNote", text)


class ModeNote(QWidget):
    """Hidden while all of the nodes run."""

    def __init__(self, session: Session, names: tuple[str, ...]) -> None:
        super().__init__()
        self._session, self._names = session, names
        self.text = muted()
        self.text.setObjectName("mode_note")
        self.button = ElidedButton(_tr("Switch on again"))
        self.button.setObjectName("switch_on")
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._switch_on)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.text)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.refresh()

    def refresh(self) -> None:
        """Show what the document says now."""
        off = self._off()
        self.text.setText(self._told(off))
        self.setVisible(bool(off))

    def _off(self) -> dict[str, Mode]:
        nodes = self._session.view.graph.nodes
        return {name: nodes[name].mode for name in self._names if name in nodes and nodes[name].mode}

    def _told(self, off: dict[str, Mode]) -> str:
        texts = {
            "bypass": _tr("Bypassed: what arrives is passed on as it is."),
            "mute": _tr("Muted: it gives nothing, and what needs it is left out."),
        }
        if len(self._names) == 1:
            return texts.get(next(iter(off.values()), ""), "")
        several = {
            "bypass": _tr("{count} of {all} bypassed: {names}."),
            "mute": _tr("{count} of {all} muted: {names}."),
        }
        lines = []
        for mode, text in several.items():
            names = [name for name, each in off.items() if each == mode]
            if names:
                lines.append(text.format(count=len(names), all=len(self._names), names=", ".join(names)))
        return "\n".join(lines)

    def _switch_on(self) -> None:
        self._session.apply_here(SetMode(frozenset(self._off()), ""))
