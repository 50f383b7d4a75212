"""Try it: hand a trained network a drawing, values, a file or a sample, and see at once what it makes of it."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import DataError, LayerwrightError
from core.loading import imports
from core.training.events import CheckpointSaved
from designer.data.notice import Notice, WorkBar
from designer.data.reading import watched
from designer.files import choose_existing
from designer.jobs import Lane
from designer.predicting.dialog import PredictDialog
from designer.results.run_choice import RunChoice
from designer.results.sample_view import SampleView
from designer.results.showing import answer_text
from designer.theme import SPACE
from designer.tryit.answer import AnswerView
from designer.tryit.asking import Reply, ask
from designer.tryit.form import Form, one_row
from designer.tryit.opening import Ready, open_ready
from designer.tryit.saliency_bar import SaliencyBar
from designer.widgets import ElidedLabel, IconButton, empty_page, muted

if TYPE_CHECKING:
    from core.training.results.incoming import Incoming
    from designer.training.runner import TrainingRunner

_NARROW = 560
"""Width in pixels below which the parts stand below one another."""
_WIDE = 900
"""Width in pixels from which on there is room for the text of every button in one line."""


class TryPanel(QWidget):
    """Asks a run's network, by default with its best weights; one that is being trained by its last checkpoint."""

    def __init__(self, runner: TrainingRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("try_panel")
        self.setAccessibleName(self.tr("Try it"))
        self.setAcceptDrops(True)
        self._runner = runner
        self.ready: Ready | None = None
        self.form: Form | None = None
        self.reply: Reply | None = None
        self._truth: dict[str, str] = {}
        self._file: Incoming | None = None
        self._pending = self._stale = False
        self._opening, self._asking = Lane(self, "try-open"), Lane(self, "try-ask")
        self._reading = Lane(self, "try-read")
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._ask)
        self.run = RunChoice(runner)
        self.which, self.row = QComboBox(), QSpinBox()
        self.take, self.open = QPushButton(self.tr("Take a sample")), QPushButton(self.tr("Open…"))
        self.whole = IconButton("table", self.tr("Predict a file…"))
        self.bar, self.notice, self.work = SaliencyBar(), Notice("try_notice"), WorkBar()
        self.sample, self.answer, self.hint, self.notes = SampleView(), AnswerView(), muted(), ElidedLabel()
        self.empty_text, self.empty_button = muted(), QPushButton(self.tr("Train"))
        self._parts, self._seen = QSplitter(Qt.Orientation.Horizontal), QWidget()
        self._stack, self._answers = QStackedWidget(), QStackedWidget()
        self._build()
        self._connect()
        self._show_state()

    # --- layout -------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.run.setObjectName("try_run")
        self.which.setObjectName("try_weights")
        self.which.setAccessibleName(self.tr("Weights"))
        self.which.addItem(self.tr("Best weights"), "best")
        self.which.addItem(self.tr("Last weights"), "last")
        self.take.setObjectName("try_sample")
        self.take.setToolTip(self.tr("A sample of the validation part, drawn by chance"))
        self.open.setObjectName("try_open")
        self.open.setToolTip(self.tr("An image, a sound, or a table with a row; it can also be dropped here"))
        self.whole.setObjectName("try_whole")
        self.whole.setText(self.tr("Predict a file…"))
        self.whole.setToolTip(self.tr("Predict a file: all rows of a table, or all files of a folder, to be saved"))
        self.row.setObjectName("try_row")
        self.row.setAccessibleName(self.tr("Row of the file"))
        self.row.setPrefix(self.tr("row "))
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        first = QHBoxLayout()
        first.setSpacing(SPACE // 2)
        for each in (self.run, self.which, self.take, self.open, self.row, self.whole):
            first.addWidget(each)
        self._lines.addLayout(first)
        self._lines.addWidget(self.bar, 1)
        self._lines.setContentsMargins(SPACE, 3, SPACE, 3)
        self._lines.setSpacing(SPACE // 2)
        self._build_parts()
        self._stack.addWidget(self._make_empty())
        self._stack.addWidget(self._parts)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(self._lines)
        column.addWidget(self.work)
        column.addWidget(self.notice)
        column.addWidget(self._stack, 1)

    def _build_parts(self) -> None:
        self.hint.setObjectName("try_hint")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.notes.setObjectName("try_notes")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.answer)
        said = QWidget()
        column = QVBoxLayout(said)
        column.setContentsMargins(SPACE, 0, SPACE, 0)
        column.addWidget(scroll, 1)
        column.addWidget(self.notes)
        self._answers.addWidget(self.hint)
        self._answers.addWidget(said)
        self._parts.setChildrenCollapsible(False)
        given = QWidget()
        self._values = QVBoxLayout(given)
        self._values.setContentsMargins(SPACE, 0, 0, 0)
        self._parts.addWidget(given)
        seen = QVBoxLayout(self._seen)
        seen.setContentsMargins(0, 0, 0, 0)
        seen.setSpacing(2)
        seen.addWidget(self.sample, 1)
        seen.addWidget(self.bar.told)
        self._parts.addWidget(self._seen)
        self._parts.addWidget(self._answers)

    def _make_empty(self) -> QWidget:
        self.empty_text.setObjectName("try_empty")
        self.empty_button.setObjectName("try_do")
        return empty_page(self.empty_text, self.empty_button)

    def minimumSizeHint(self) -> QSize:
        """Leave the room to the canvas."""
        return QSize(300, 140)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the parts below one another where it is narrow."""
        super().resizeEvent(event)
        styles = Qt.ToolButtonStyle
        wide = self.width() >= _WIDE
        self.whole.setToolButtonStyle(styles.ToolButtonTextBesideIcon if wide else styles.ToolButtonIconOnly)
        narrow = self.width() < _NARROW
        self._parts.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        across = self.width() < self._lines.minimumSize().width() + 60 if not narrow else True
        ways = QBoxLayout.Direction
        self._lines.setDirection(ways.TopToBottom if across or narrow else ways.LeftToRight)

    def _connect(self) -> None:
        self._runner.event_received.connect(self._on_event)
        self._runner.state_changed.connect(lambda _state: self._follow())
        self.run.chosen.connect(self._on_run)
        self.which.activated.connect(lambda _place: self._follow())
        self.take.clicked.connect(self.take_sample)
        self.open.clicked.connect(self._on_open)
        self.whole.clicked.connect(self._on_whole)
        self.row.valueChanged.connect(self._on_row)
        self.bar.changed.connect(self.ask)
        self.empty_button.clicked.connect(self._runner.start)
        self._opening.progressed.connect(self.work.progress)
        self.work.cancelled.connect(self._on_cancelled)

    # --- which network ------------------------------------------------------------------------------------------------

    def _on_run(self) -> None:
        if self.ready is not None and self.ready.run != self.run.folder:
            self._drop()
            with QSignalBlocker(self.which):
                self.which.setCurrentIndex(self.which.findData("last" if self.run.is_live else "best"))
        elif self.ready is None and self.run.is_live:
            self.which.setCurrentIndex(self.which.findData("last"))
        self._follow()

    def _follow(self) -> None:
        """Open the network that is chosen, where it is not open as it is now, once this is seen."""
        folder, which = self.run.folder, self.which.currentData()
        fits = self.ready is not None and (self.ready.run, self.ready.which) == (folder, which) and not self._stale
        if folder is None or fits or not self.isVisible() or self._opening.busy:
            self._show_state()
            return
        if self.run.is_live and not (folder / "checkpoints" / f"{which}.safetensors").is_file():
            self._show_state()
            return
        self._stale = False
        if self.ready is None:
            self.work.begin(self.tr("Opening the network"))
        self.notice.say("")
        self._opening.submit(
            watched(partial(open_ready, folder, which, self.ready)), self._on_ready, self._on_not_ready
        )
        self._show_state()

    def _on_ready(self, ready: Ready) -> None:
        self.work.hide()
        if (ready.run, ready.which) != (self.run.folder, self.which.currentData()):
            self._follow()
            return
        again = self.ready is not None and self.ready.run == ready.run
        self.ready = ready
        if not again or self.form is None:
            self._make_form(ready)
        self.bar.set_network(ready.trained)
        self._show_state()
        self.ask()
        if self._stale:
            self._follow()

    def _on_not_ready(self, error: Exception) -> None:
        self.work.hide()
        self._drop()
        self._told(error)
        self._show_state()

    def _on_cancelled(self) -> None:
        self._opening.cancel()
        self.work.hide()
        self._show_state()

    def _drop(self) -> None:
        """Forget the network that was open."""
        self._opening.cancel()
        self._asking.cancel()
        self.ready, self.reply, self._truth, self._file = None, None, {}, None
        self.notice.say("")

    def _make_form(self, ready: Ready) -> None:
        self._truth, self._file, self.reply = {}, None, None
        before, self.form = self.form, Form(ready)
        self.form.changed.connect(self._on_edited)
        if before is not None:
            before.hide()
            before.deleteLater()
        self._values.addWidget(self.form)
        self.sample.show_sample(())
        self._parts.setSizes([400, 200, 360])

    def _on_event(self, event: object) -> None:
        if isinstance(event, CheckpointSaved) and event.which == self.which.currentData() and self.run.is_live:
            self._stale = True
            self._follow()

    # --- what is asked ------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """True while a network is opened or asked."""
        return self._opening.busy or self._asking.busy or self._reading.busy or self._later.isActive()

    def ask(self) -> None:
        """Ask the network about what is given now, as soon as it has answered what it was asked before."""
        self._later.start()

    def _ask(self) -> None:
        if self.ready is None or self.form is None:
            return
        if self._asking.busy:
            self._pending = True
            return
        columns = self.form.columns()
        if columns is None:
            self.reply = None
            self.sample.show_sample(())
            self._show_state()
            return
        work = partial(ask, self.ready.trained, columns, self.bar.wish, self.ready.lock)
        self._asking.submit(watched(work), self._on_reply, self._on_no_reply)

    def _on_reply(self, reply: Reply) -> None:
        self.reply = reply
        self.notice.say(reply.problem)
        self.sample.show_sample(reply.shown, reply.heat)
        pictures = [each.content for each in reply.shown if each.form == "picture"]
        self.answer.show_answers(reply.answers, self._truth, pictures)
        self.notes.setText(" ".join(reply.notes))
        self.notes.setVisible(bool(reply.notes))
        self.bar.tell(reply.explained)
        self._show_state()
        self._ask_again()

    def _on_no_reply(self, error: Exception) -> None:
        self.reply = None
        self._told(error)
        self._show_state()
        self._ask_again()

    def _ask_again(self) -> None:
        if self._pending:
            self._pending = False
            self.ask()

    def _told(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self.notice.say(" ".join((error.message, *error.problems)))

    def _on_edited(self) -> None:
        self._truth = {}
        self.ask()

    def take_sample(self) -> None:
        """Show a sample of the validation part, another one each time."""
        ready = self.ready
        if ready is None or ready.samples is None or not len(ready.rows):
            return
        self._file = None
        row = int(random.choice(ready.rows))
        samples = ready.samples
        targets = {
            each.output: each.objective.target.name
            for each in ready.trained.readers
            if each.kind not in ("mask", "values")
        }

        def work() -> tuple[dict[str, Any], dict[str, str]]:
            truth = {output: samples.value(row, target) for output, target in targets.items()}
            return samples.columns(row), {name: answer_text(each) for name, each in truth.items() if each is not None}

        self._reading.submit(watched(work), self._on_sample, self._on_no_reply)

    def _on_sample(self, found: tuple[dict[str, Any], dict[str, str]]) -> None:
        columns, truth = found
        if self.form is not None:
            self.form.put(columns)
            self._truth = truth
            self._show_state()
            self.ask()

    # --- files --------------------------------------------------------------------------------------------------------

    def _on_open(self) -> None:
        path = choose_existing(self, self.tr("Open what is to be predicted"), Path.home(), [self.tr("All files (*)")])
        if path is not None:
            self.take_file(path)

    def _on_whole(self) -> None:
        """Ask about whole files, with the network that is tried here."""
        if self.run.folder is None:
            return
        dialog = PredictDialog(self._runner, self._runner.session.base or Path.home(), self.window())
        dialog.run.choose(self.run.folder)
        dialog.which.setCurrentIndex(dialog.which.findData(self.which.currentData()))
        dialog.exec()
        dialog.deleteLater()

    def take_file(self, path: Path, under: QWidget | None = None) -> None:
        """Ask about what a file holds: the value of a field, or the first row of a table."""
        if self.ready is None or self.form is None:
            return
        self._truth, self._file = {}, None
        self.notice.say("")
        if not self.form.take_file(path, under):
            work = partial(_incoming, self.ready, path)
            self._reading.submit(watched(work), self._on_file, self._on_no_reply)
        self._show_state()

    def _on_file(self, found: Incoming) -> None:
        count = min((len(values) for values in found.columns.values()), default=0)
        if not count:
            self._told(DataError("There are no rows in this file."))
            return
        self._file = found
        with QSignalBlocker(self.row):
            length = self.form.length if self.form is not None else 0
            self.row.setRange(1, count)
            self.row.setValue(min(length, count) if length else 1)
        self._on_row()

    def _on_row(self) -> None:
        if self._file is None or self.form is None:
            return
        try:
            needed = {name: self._file.columns[name] for name in self.form.fields if name in self._file.columns}
            missing = [name for name in self.form.fields if name not in needed]
            if missing:
                names = ", ".join(f"'{each}'" for each in missing)
                raise DataError(f"The file has no column {names}, which the network needs.")
            self.form.put(one_row(needed, self.row.value() - 1, self.form.length))
        except DataError as error:
            self._file = None
            self._told(error)
            self._show_state()
            return
        self._truth = {}
        self._show_state()
        self.ask()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files where there is a network that could be asked about them."""
        if self.ready is not None and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask about a file that was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.take_file(paths[0], self.childAt(event.position().toPoint()))

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _show_state(self) -> None:
        ready = self.ready
        self._stack.setCurrentIndex(0 if ready is None else 1)
        with_samples = ready is not None and ready.samples is not None and bool(len(ready.rows))
        self.which.setEnabled(self.run.folder is not None)
        self.take.setEnabled(with_samples)
        self.open.setEnabled(ready is not None)
        self.whole.setEnabled(ready is not None)
        self.bar.setEnabled(ready is not None)
        self.row.setVisible(self._file is not None and self.row.maximum() > 1)
        if ready is None:
            self._show_empty()
            return
        if ready.doubt:
            self.take.setToolTip(self.tr("The data cannot be read: {0}").format(ready.doubt))
        self._answers.setCurrentIndex(1 if self.reply is not None else 0)
        self.hint.setText(self.form.hint if self.form is not None else "")
        self._seen.setVisible(self._worth_seeing())

    def _worth_seeing(self) -> bool:
        """Return True where what enters the network is more than what stands in the form.

        Of drawings it is so before there is one: what is drawn on must not move under the pen.
        """
        reply = self.reply
        drawn = self.form is not None and self.form.with_pictures
        if reply is None:
            return drawn
        return drawn or bool(reply.heat) or any(each.form not in ("cells", "text") for each in reply.shown)

    def _show_empty(self) -> None:
        if self.run.folder is None:
            text = self.tr("Train the network, then try it on drawings, values or files of your own.")
        elif self.run.is_live:
            text = self.tr("The network can be tried from its first checkpoint on.")
        else:
            text = "" if self._opening.busy else self.tr("Choose a run that can be opened.")
        if self._runner.active and self.run.folder is None:
            text = self.tr("The network can be tried from its first checkpoint on.")
        self.empty_text.setText(text)
        self.empty_button.setVisible(self.run.folder is None and not self._runner.active)

    def showEvent(self, event: QShowEvent) -> None:
        """List the runs, and open the one that is chosen."""
        super().showEvent(event)
        if not event.spontaneous():
            self.run.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Open nothing that is not seen."""
        super().hideEvent(event)
        if not event.spontaneous() and self._opening.busy:
            self._opening.cancel()
            self.work.hide()
            self._stale = True

    def close_jobs(self) -> None:
        """End all work in the background."""
        for lane in (self._opening, self._asking, self._reading):
            lane.close()
        self.run.close_jobs()


def _incoming(ready: Ready, path: Path) -> Incoming:
    with imports:
        from core.training.results.incoming import incoming
    return incoming(ready.trained, path)
