"""One sample large: what entered the network, its answer against the truth, and what the answer rests on."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from designer import theme
from designer.data.notice import Notice
from designer.data.reading import watched
from designer.jobs import Lane
from designer.results.gallery_model import Item
from designer.results.looking import Looked
from designer.results.sample_view import SampleView
from designer.tryit.answer import AnswerView
from designer.tryit.asking import Reply, Wish, ask
from designer.tryit.saliency_bar import SaliencyBar
from designer.widgets import heading


class SampleDialog(QDialog):
    """Shows a sample of what was looked at."""

    def __init__(self, looked: Looked, output: str, item: Item, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sample_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Row {0}").format(item.row + 1))
        self._looked, self._output, self._item = looked, output, item
        self._lane = Lane(self, "sample")
        self.sample, self.answer = SampleView(), AnswerView()
        self.truth_heading = heading(self.tr("Truth"))
        self.truth_heading.hide()
        self.notice = Notice("sample_notice")
        self.bar = SaliencyBar()
        self.bar.set_network(looked.trained, output)
        self.bar.changed.connect(self.refresh)
        self._lay_out()
        self.refresh()

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.answer)
        right = QWidget()
        answers = QVBoxLayout(right)
        answers.setContentsMargins(theme.SPACE, 0, 0, 0)
        answers.addWidget(heading(self.tr("Answer")))
        answers.addWidget(scroll, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        left = QWidget()
        seen = QVBoxLayout(left)
        seen.setContentsMargins(0, 0, 0, 0)
        seen.addWidget(self.truth_heading)
        seen.addWidget(self.sample, 1)
        seen.addWidget(self.bar.told)
        split.addWidget(left)
        split.addWidget(right)
        split.setSizes([420, 280])
        top = QHBoxLayout()
        top.addWidget(self.bar, 1)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.notice)
        column.addWidget(split, 1)
        self.resize(720, 460)

    @property
    def busy(self) -> bool:
        """True while the network is asked."""
        return self._lane.busy

    def refresh(self) -> None:
        """Ask the network again."""
        work = partial(_ask, self._looked, self._item.row, self.bar.wish)
        self._lane.submit(watched(work), self._on_reply, self._on_failed)

    def _on_reply(self, reply: Reply) -> None:
        mask = self._item.masks[0] if self._item.masks and not reply.heat else None
        self.sample.show_sample(reply.shown, reply.heat, mask)
        self.truth_heading.setVisible(mask is not None)
        pictures = [each.content for each in reply.shown if each.form == "picture"]
        self.answer.show_answers(reply.answers, {self._output: self._item.truth}, pictures)
        self.notice.say(reply.problem)
        self.bar.tell(reply.explained)

    def _on_failed(self, error: Exception) -> None:
        self.notice.say(str(error))

    def done(self, result: int) -> None:
        """Stop asking."""
        self._lane.close()
        super().done(result)


def _ask(looked: Looked, row: int, wish: Wish | None) -> Reply:
    return ask(looked.trained, looked.samples.columns(row), wish, looked.lock)
