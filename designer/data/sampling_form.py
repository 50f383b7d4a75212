"""Which rows make a sample, and how often an epoch draws each: windows over time, balanced classes, weights."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.graph.edits import SetSampling
from core.graph.project import DataBinding, Sampling, Window
from designer import theme
from designer.data.boxes import CountBox, Rows
from designer.properties.editors.base import QuietComboBox, Silenced
from designer.session import Session
from designer.widgets import muted

_SAMPLINGS: tuple[Sampling, ...] = ("shuffle", "balanced")
_USUAL_LENGTH = 16
_CLASSES = ("category", "flag")
_IN_WINDOWS = ("number", "flag", "category", "date")


class SamplingForm(QWidget):
    """Edits sampling and window; windows are offered where there is something that can follow in time."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.sampling = QuietComboBox()
        self.sampling.addItems(
            [self.tr("Shuffled: each sample once an epoch"), self.tr("Balanced: each class equally often")]
        )
        self.sampling.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.windows = QCheckBox(self.tr("Samples are windows over rows in time"))
        self.windows.setObjectName("window_on")
        self.length = CountBox(1, 1_000_000)
        self.horizon = CountBox(0, 1_000_000)
        self.stride = CountBox(1, 1_000_000)
        self.order = muted()
        self.weights = muted()
        self._draw, self._window = Rows(), Rows()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._draw.add("sampling", self.tr("Drawing"), self.sampling)
        add = self._window.add
        add("window_length", self.tr("Length, rows"), self.length, self.tr("How many rows the network sees at once."))
        add(
            "window_horizon",
            self.tr("Horizon, rows"),
            self.horizon,
            self.tr("The target is the value so many rows after the last; 0: at the last."),
        )
        add("window_stride", self.tr("Stride, rows"), self.stride, self.tr("A sample begins every so many rows."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(self._draw)
        layout.addWidget(self.windows)
        layout.addLayout(self._window)
        layout.addWidget(self.order)
        layout.addWidget(self.weights)

    def _connect(self) -> None:
        self.sampling.activated.connect(lambda at: self._apply(self._data.window, _SAMPLINGS[at]))
        self.windows.clicked.connect(self._switch)
        self.length.valueChanged.connect(lambda value: self._edit(replace(self._data.window, length=value), "length"))
        self.horizon.valueChanged.connect(
            lambda value: self._edit(replace(self._data.window, horizon=value), "horizon")
        )
        self.stride.valueChanged.connect(lambda value: self._edit(replace(self._data.window, stride=value), "stride"))
        for box in (self.length, self.horizon, self.stride):
            box.editingFinished.connect(self._session.document.end_merge)

    @property
    def _data(self) -> DataBinding:
        return self._session.project.data

    def _switch(self, on: bool) -> None:
        self._apply(replace(self._data.window, length=_USUAL_LENGTH if on else 0), self._data.sampling)

    def _edit(self, window: Window, name: str) -> None:
        self._apply(window, self._data.sampling, f"window.{name}")

    def _apply(self, window: Window, sampling: Sampling, merge_key: str = "") -> None:
        self._session.apply(SetSampling(window, sampling, merge_key=merge_key))

    def refresh(self) -> None:
        """Show the project's sampling and window."""
        data = self._data
        window = data.window
        with Silenced(self.sampling, self.windows, self.length, self.horizon, self.stride):
            self.sampling.setCurrentIndex(_SAMPLINGS.index(data.sampling))
            self.windows.setChecked(window.length > 0)
            self.length.setValue(max(window.length, 1))
            self.horizon.setValue(window.horizon)
            self.stride.setValue(window.stride)
        classes = any(field.meaning in _CLASSES for field in data.with_role("target"))
        self._draw.show_row(self.sampling, classes or data.sampling != "shuffle")
        self.windows.setVisible(window.length > 0 or _in_time(data))
        for box in (self.length, self.horizon, self.stride):
            self._window.show_row(box, window.length > 0)
        time = next(iter(data.with_role("time")), None)
        told = (
            self.tr("Rows follow one another by '{0}'.").format(time.name)
            if time
            else self.tr("No field has the role time: rows follow one another as they stand.")
        )
        self.order.setText(told)
        self.order.setVisible(window.length > 0)
        weight = next(iter(data.with_role("weight")), None)
        self.weights.setText(self.tr("Each sample counts by '{0}' in the loss.").format(weight.name) if weight else "")
        self.weights.setVisible(weight is not None)


def _in_time(data: DataBinding) -> bool:
    """Say whether windows could be laid: there is a time, or all inputs are cells and one is a number."""
    inputs = data.with_role("input")
    numbers = any(field.meaning == "number" for field in inputs)
    return bool(data.with_role("time")) or (numbers and all(field.meaning in _IN_WINDOWS for field in inputs))
