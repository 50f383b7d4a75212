"""The bar that trains: start, pause, stop, how far it is, how fast, how long it will take, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.machine import device_title
from core.training.events import Failed, Finished, Progress, RunStarted
from designer import theme
from designer.icons import icon
from designer.plots.style import quantity_text, value_text
from designer.training.advice import open_folder
from designer.training.controls import LiveControls
from designer.training.runner import MORE_EPOCHS, STEERED, TrainingRunner
from designer.training.takeover import ask_takeover
from designer.widgets import ElidedLabel, IconButton, PrimaryButton

_MORE = (1, 5, MORE_EPOCHS, 20, 50, 100)
_MOST_MORE = 100_000


class ThinProgress(QProgressBar):
    """A progress bar without text, four pixels high; nothing at all while there is nothing to show."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(False)
        self.setFixedHeight(4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the track and the part that is done."""
        share = self.value() / self.maximum() if self.maximum() else 0.0
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(self.rect())
        painter.setBrush(self.palette().mid())
        painter.drawRoundedRect(whole, 2, 2)
        painter.setBrush(self.palette().highlight())
        painter.drawRoundedRect(QRectF(0, 0, whole.width() * share, whole.height()), 2, 2)
        painter.end()


class TrainBar(QWidget):
    """Shows the runner's state and asks it to change. One line of text above a thin progress bar."""

    def __init__(self, runner: TrainingRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train_bar")
        self.setAccessibleName(self.tr("Training"))
        self._runner = runner
        self._device = ""
        self._progress: Progress | None = None
        self.train = self._button("train", "play", self.tr("Train"), runner.start, PrimaryButton)
        self.pause = self._button("pause", "pause", self.tr("Pause"), self._on_pause)
        self.stop = self._button("stop", "stop", self.tr("Stop"), runner.stop)
        self.changed = self._button("take_over", "fix", self.tr("Go on with changes…"), self.ask_takeover)
        self.more = QToolButton()
        self.adjust = IconButton("sliders", self.tr("Change learning rate, epochs or layers of the run"))
        self.folder = IconButton("folder", self.tr("Open run folder"))
        self.controls = LiveControls(runner, self)
        self.status = ElidedLabel()
        self.figures = ElidedLabel(role=QPalette.ColorRole.PlaceholderText)
        self.progress = ThinProgress()
        self._lay_out()
        runner.event_received.connect(self._on_event)
        runner.drained.connect(self._show)
        runner.state_changed.connect(self._on_state)
        runner.session.report_changed.connect(lambda _report: self._on_state(runner.state))
        runner.session.changed.connect(lambda _change: self._show_changed())
        theme.switch.changed.connect(self._restyle)
        self._restyle()
        self._on_state(runner.state)

    def _button(
        self, name: str, picture: str, text: str, act: Callable[[], object], made: type[QPushButton] = QPushButton
    ) -> QPushButton:
        button = made(text, self)
        button.setIcon(icon(picture))
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setAutoDefault(False)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it was
        button.setIconSize(QSize(16, 16))
        button.clicked.connect(lambda: act())
        return button

    def _make_more(self) -> None:
        """The button that goes on with a run, and its menu of how far."""
        more = self.more
        more.setObjectName("train_more")
        more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        more.clicked.connect(lambda: self._on_more())
        menu = QMenu(more)
        for epochs in _MORE:
            entry = menu.addAction(self.tr("{0} more").format(units.plural(epochs, self.tr("epoch"))))
            entry.triggered.connect(partial(self._train_more, epochs))
        menu.addAction(self.tr("Other…")).triggered.connect(lambda _checked=False: self.ask_more())
        more.setMenu(menu)

    def _lay_out(self) -> None:
        self._make_more()
        self.adjust.setObjectName("adjust")
        self.adjust.clicked.connect(lambda: self.open_controls())
        self.folder.setObjectName("open_run")
        self.folder.clicked.connect(lambda: self._on_open_folder())
        small: tuple[QToolButton, ...] = (self.adjust, self.folder, self.more)
        for each in small:
            each.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName(self.tr("Progress of training"))
        self.status.setObjectName("train_status")
        self.figures.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.figures.setObjectName("train_figures")
        texts = QHBoxLayout()
        texts.setSpacing(theme.SPACE)
        texts.addWidget(self.status, 1)
        texts.addWidget(self.figures, 1)
        middle = QVBoxLayout()
        middle.setSpacing(3)
        middle.addLayout(texts)
        middle.addWidget(self.progress)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        layout.setSpacing(theme.SPACE // 2)
        for button in (self.train, self.pause, self.stop, self.changed, self.adjust):
            layout.addWidget(button)
        layout.addSpacing(theme.SPACE)
        layout.addLayout(middle, 1)
        layout.addSpacing(theme.SPACE)
        layout.addWidget(self.more)
        layout.addWidget(self.folder)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    # --- the runner ---------------------------------------------------------------------------------------------------

    def _on_pause(self) -> None:
        if self._runner.state == "paused":
            self._runner.go_on()
        else:
            self._runner.pause()

    def _on_open_folder(self) -> None:
        if self._runner.run is not None:
            open_folder(self._runner.run)

    def open_controls(self) -> None:
        """Show what can be changed of the running training."""
        if self._runner.state in STEERED:
            self.controls.open_below(self.adjust)

    def ask_takeover(self) -> None:
        """Show what the changed network would keep, and go on with it where that is wanted."""
        if self._runner.can_take_over:
            ask_takeover(self._runner, self.window())

    def ask_more(self) -> None:
        """Ask how many more epochs the last run shall train."""
        title, text = self.tr("Train more"), self.tr("Epochs to train on top of those done:")
        epochs, given = QInputDialog.getInt(self.window(), title, text, MORE_EPOCHS, 1, _MOST_MORE)
        if given:
            self._runner.train_more(epochs)

    def _train_more(self, epochs: int, _checked: bool = False) -> None:
        self._runner.train_more(epochs)

    def _on_more(self) -> None:
        runner = self._runner
        if self._is_complete:
            runner.train_more()
        elif runner.run is not None:
            runner.resume(runner.run, isolated=runner.isolated)

    @property
    def _is_complete(self) -> bool:
        result = self._runner.result
        return isinstance(result, Finished) and result.reason != "stopped"

    def _on_event(self, event: object) -> None:
        if isinstance(event, RunStarted):
            self._device = event.device
            self._progress = None
            self.progress.setValue(0)
        elif isinstance(event, Progress):
            self._progress = event

    def _on_state(self, state: str) -> None:
        reasons = self._runner.reasons()
        self.train.setEnabled(state in ("idle", "finished", "failed"))
        self.train.setToolTip(self.tr("Cannot train yet. {0}").format(reasons[0]) if reasons else self.tr("Train"))
        self.pause.setEnabled(state in ("running", "paused"))
        paused = state == "paused"
        text = self.tr("Continue") if paused else self.tr("Pause")
        self.pause.setText(text)
        self.pause.setAccessibleName(text)
        self.pause.setIcon(icon("play" if paused else "pause"))
        self.stop.setEnabled(state in ("starting", "running", "paused"))
        self.adjust.setVisible(state in STEERED)
        run = self._runner.run
        self.folder.setVisible(state != "starting" and run is not None and run.is_dir())
        self.folder.setToolTip(self.tr("Open run folder") + (f"\n{run}" if run is not None else ""))
        if state == "starting":
            self._progress = None
        self._show_more()
        self._show_changed()
        self._show()

    def _show_more(self) -> None:
        self.more.setVisible(self._runner.can_resume)
        resume, more = self.tr("Resume"), units.plural(MORE_EPOCHS, self.tr("epoch"))
        text = self.tr("{0} more").format(more) if self._is_complete else resume
        tip = self.tr("Go on with the last run, with the network as it was trained")
        self.more.setText(text)
        self.more.setToolTip(tip)
        self.more.setAccessibleName(text)
        self.more.setAccessibleDescription(tip)

    def _show_changed(self) -> None:
        self.changed.setVisible(self._runner.can_take_over)
        self.changed.setToolTip(self.tr("Keep the weights of every layer that still fits; shown before it is applied"))

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        state, progress = self._runner.state, self._progress
        figures = ""
        if state in ("finished", "failed"):
            text = self._result()
        elif state in ("running", "paused", "stopping") and progress is None:
            text, figures = self.tr("Epoch 1/{0}").format(self._runner.live.epochs), self._figures(None)
        elif state in ("running", "paused", "stopping") and progress is not None:
            text = self.tr("Epoch {0}/{1} · step {2:,}/{3:,}").format(
                progress.epoch, progress.epochs, progress.step, progress.steps
            )
            figures = self._figures(progress)
            self.progress.setValue(round(1000 * progress.step / max(1, progress.steps)))
        else:
            text = self._waiting(state)
        if state in ("paused", "stopping"):
            text = f"{self.tr('Paused') if state == 'paused' else self.tr('Stopping…')} · {text}"
        failed = state == "failed"
        self.status.setForegroundRole(QPalette.ColorRole.BrightText if failed else QPalette.ColorRole.WindowText)
        self.status.setText(text)
        self.figures.setText(figures)
        self.figures.setVisible(bool(figures))
        if state in ("idle", "starting"):
            self.progress.setValue(0)
        self.progress.setVisible(state != "idle")

    def _waiting(self, state: str) -> str:
        if state != "idle":
            return self.tr("Starting…")
        reasons = self._runner.reasons()
        if self._runner.session.report is None:
            return self.tr("Loading PyTorch…")
        return self.tr("Cannot train yet. {0}").format(reasons[0]) if reasons else self.tr("Ready to train")

    def _figures(self, progress: Progress | None) -> str:
        texts: list[str] = []
        live = self._runner.live
        if live.given_rate is not None:
            texts.append(self.tr("rate {0}").format(f"{live.rate:.3g}"))
        if live.frozen:
            texts.append(self.tr("{0} frozen").format(len(live.frozen)))
        if progress is not None:
            left = units.duration(progress.seconds_left)
            rate = units.count(progress.samples_per_second)
            texts.append(self.tr("{0} samples/s · {1} left · {2}").format(rate, left, device_title(self._device)))
        return " · ".join(texts)

    def _result(self) -> str:
        result = self._runner.result
        if isinstance(result, Failed):
            return self.tr("Failed: {0}").format(result.message.splitlines()[0])
        if not isinstance(result, Finished):
            return ""
        if result.reason == "completed":
            self.progress.setValue(1000)
        parts = [self._best(result), units.duration(result.seconds)]
        if result.reason == "stopped":
            parts.insert(0, self.tr("Stopped after {0}").format(units.plural(result.epochs, self.tr("epoch"))))
        return " · ".join(part for part in parts if part)

    def _best(self, result: Finished) -> str:
        """Return the values of the best epoch, those of metrics where there are some: "97.8 % accuracy at epoch 17"."""
        names = [name for name in result.best if not name.endswith("loss")] or [n for n in result.best if n == "loss"]
        if not names or not result.best_epoch:
            return ""
        values = []
        for name in names[:3]:
            output, _, quantity = name.rpartition("/")
            text = f"{value_text(quantity, result.best[name], digits=3)} {_amid_words(quantity_text(quantity))}"
            several = len({each.rpartition("/")[0] for each in names}) > 1
            values.append(f"{output} {text}" if several else text)
        return self.tr("{0} at epoch {1}").format(", ".join(values), result.best_epoch)

    def _restyle(self) -> None:
        self.train.setIcon(icon("play", theme.current().on_accent))
        self.stop.setIcon(icon("stop"))
        self.changed.setIcon(icon("fix"))
        self._on_state(self._runner.state)


def _amid_words(name: str) -> str:
    """Return a metric's name as it stands within a line: "accuracy", but "MAE" and "F1 score"."""
    first, space, rest = name.partition(" ")
    return name if first == first.upper() else first.lower() + space + rest
