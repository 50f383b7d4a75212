"""Tells those who listen to a screen reader what others see: what was added, linked, deleted, selected, or is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.graph.change import Change
from core.graph.project import Node
from designer.announcing import announce
from designer.canvas import wording

if TYPE_CHECKING:
    from core.training.check import CheckReport
    from designer.canvas.view import CanvasView
    from designer.session import Session

_MOST_NAMED = 3
_TOGETHER = 60
"""Milliseconds in which what happens is said in one go."""


class Announcer(QObject):
    """Puts into words what happens in one session; ``view`` returns the canvas that shows it."""

    said = Signal(str)

    def __init__(self, session: Session, view: Callable[[], CanvasView], parent: QObject) -> None:
        super().__init__(parent)
        self._view = view
        self._session = session
        self._texts: list[str] = []
        self._urgent = False
        self._known: frozenset[str] | None = None
        self._timer = QTimer(self, singleShot=True, interval=_TOGETHER)
        self._timer.timeout.connect(self._speak)
        session.here_changed.connect(self._on_changed)
        session.view_changed.connect(self._on_view_changed)
        session.selection_changed.connect(self._on_selected)
        session.report_changed.connect(self._on_report)
        session.told.connect(self._say)
        session.announced.connect(self._say)
        session.refused.connect(self._on_refused)

    def _say(self, text: str) -> None:
        if text and text not in self._texts:
            self._texts.append(text.rstrip("."))
            self._timer.start()

    def _speak(self) -> None:
        text, self._texts = ". ".join(self._texts), []
        urgent, self._urgent = self._urgent, False
        self.said.emit(text)
        announce(self._view(), text, urgent=urgent)

    def _on_refused(self, text: str) -> None:
        self._urgent = True
        self._say(text)

    def _on_changed(self, change: Change) -> None:
        gone = [old for old, new in change.nodes.values() if old and new is None]
        come = [new for old, new in change.nodes.values() if new and old is None]
        if len(gone) == len(come) == 1 and gone[0].position == come[0].position and gone[0].kind == come[0].kind:
            self._say(self.tr("{old} is called {new} now").format(old=gone[0].name, new=come[0].name))
            return
        self._say_nodes(gone, self.tr("{names} deleted"), self.tr("{count} nodes deleted"))
        self._say_nodes(come, self.tr("{names} added"), self.tr("{count} nodes added"))
        linked = [f"{new.node} → {target.node}" for target, (_old, new) in change.links.items() if new]
        lost = {node.name for node in gone}
        cut = [
            f"{old.node} → {target.node}"
            for target, (old, new) in change.links.items()
            if old and not new and not {old.node, target.node} & lost
        ]
        self._say_names(linked, self.tr("linked {names}"), self.tr("{count} links made"))
        self._say_names(cut, self.tr("link taken off: {names}"), self.tr("{count} links taken off"))
        self._say_modes(change)

    def _say_modes(self, change: Change) -> None:
        words = {"": self.tr("on"), "bypass": self.tr("bypassed"), "mute": self.tr("muted")}
        for name, (old, new) in list(change.nodes.items())[:_MOST_NAMED]:
            if old and new and old.mode != new.mode:
                self._say(f"{name}: {words[new.mode]}")

    def _say_nodes(self, nodes: list[Node], few: str, many: str) -> None:
        self._say_names([f"{node.name} ({node.kind.partition(':')[2] or node.kind})" for node in nodes], few, many)

    def _say_names(self, names: list[str], few: str, many: str) -> None:
        if names:
            text = few.format(names=", ".join(names)) if len(names) <= _MOST_NAMED else many.format(count=len(names))
            self._say(text)

    def _on_view_changed(self) -> None:
        place = " / ".join(self._session.path)
        self._say(self.tr("inside {place}").format(place=place) if place else self.tr("the whole network"))

    def _on_selected(self, names: frozenset[str]) -> None:
        if len(names) > _MOST_NAMED:
            self._say(self.tr("{count} nodes selected").format(count=len(names)))
        else:
            canvas = self._view().canvas
            spoken = wording.spoken(canvas, names & canvas.nodes.keys())
            self._say(self.tr("selected {names}").format(names=spoken) if spoken else self.tr("nothing selected"))

    def _on_report(self, report: CheckReport) -> None:
        now = frozenset(problem.sentence for problem in report.problems if problem.severity != "info")
        before, self._known = self._known, now
        fresh = [each.sentence for each in report.problems if each.sentence in now - (before or frozenset())]
        if fresh:
            count = (
                self.tr("1 new problem")
                if len(fresh) == 1
                else self.tr("{count} new problems").format(count=len(fresh))
            )
            self._say(f"{count}: {fresh[0]}")
        elif before and not now:
            self._say(self.tr("no problems left"))
