"""What one does next with an imported network, offered above its canvas: choose data, and what may learn from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.errors import LayerwrightError
from core.graph.edits import Edit
from core.importers._kind import entering
from core.loading import imports
from designer.data.reading import watched
from designer.jobs import Lane
from designer.session import Session
from designer.training.notice import Notice, NoticeBar, Offer

if TYPE_CHECKING:
    from core.graph.project import Project
    from core.training.pretrained.adoption import Learning

TOPIC = "imported"


class NextSteps(QObject):
    """Tells of the next steps in the bar above a canvas, to which it belongs; ``show_data`` shows the Data panel."""

    def __init__(self, session: Session, bar: NoticeBar, show_data: Callable[[], object]) -> None:
        super().__init__(bar)
        self._session, self._bar, self._show_data = session, bar, show_data
        self._lane = Lane(self, "fine-tune")
        self._has_data = bool(session.project.data.source)
        self._done = ""
        session.changed.connect(self._on_changed)
        self._tell()

    def _tell(self) -> None:
        project = self._session.project
        head = self.tr("Imported with its weights.") if project.weights else self.tr("Imported without weights.")
        parts = [self._done or head]
        if not self._has_data:
            parts.append(self.tr("To train it, choose data for {0}.").format(entering(project)))
        if project.weights and not self._done:
            parts.append(self.tr("To fine-tune it, say what may learn."))
        offers = [] if self._has_data else [self._data_offer()]
        offers += self._tuning_offers() if project.weights else []
        self._bar.tell(Notice(TOPIC, " ".join(parts), offers=tuple(offers)))

    def _data_offer(self) -> Offer:
        def act() -> None:
            self._show_data()
            self._tell()

        tip = self.tr("Shows the Data panel: a file, a folder or a data set")
        return Offer(self.tr("Choose data…"), act, tip, primary=True, stays=True)

    def _tuning_offers(self) -> list[Offer]:
        frozen = self.tr("Freezes all layers with weights but those next to the outputs")
        slow = self.tr("A tenth of the learning rate for all layers with weights but those next to the outputs")
        return [
            Offer(self.tr("Only the last layer learns"), lambda: self._tune("frozen"), frozen, stays=True),
            Offer(self.tr("Earlier layers learn slowly"), lambda: self._tune("slow"), slow, stays=True),
        ]

    def _on_changed(self, _change: object) -> None:
        """Follow the data: once there is some, none has to be chosen."""
        has_data = bool(self._session.project.data.source)
        if has_data != self._has_data:
            self._has_data = has_data
            if self._bar.notice is not None and self._bar.notice.topic == TOPIC:
                self._tell()

    @property
    def busy(self) -> bool:
        """True while it is found out what may learn."""
        return self._lane.busy

    def _tune(self, learning: Learning) -> None:
        work = partial(_fine_tuning, self._session.project, learning)
        self._lane.submit(watched(work), partial(self._on_found, learning), self._on_failed)

    def _on_found(self, learning: Learning, found: tuple[Edit, tuple[str, ...]]) -> None:
        edit, last = found
        if not self._session.apply(edit):
            return
        text = (
            self.tr("Only {0} learns now; all other layers with weights are frozen. Ctrl+Z takes that back.")
            if learning == "frozen"
            else self.tr("{0} learns as before, all other layers a tenth as fast. Ctrl+Z takes that back.")
        )
        self._done = text.format(", ".join(f"“{name}”" for name in last))
        self._tell()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self._session.refused.emit(error.message)


def _fine_tuning(project: Project, learning: Learning) -> tuple[Edit, tuple[str, ...]]:
    with imports:
        from core.training.pretrained.adoption import fine_tuning
    return fine_tuning(project, learning)
