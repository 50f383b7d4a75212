"""What can be changed of a training while it runs: a small sheet below its button in the bar that trains."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from designer import theme
from designer.training.runner import STEERED, TrainingRunner
from designer.widgets import ElidedLabel, TextLabel, failing, heading, muted

_FACTOR = 2.0
_MOST_EPOCHS = 1_000_000
_MOST_ROWS = 6
_WIDTH = 320
_FACTOR_WIDTH = 48


class LiveControls(QFrame):
    """Changes the run of a runner. It closes by a click elsewhere or Esc."""

    def __init__(self, runner: TrainingRunner, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._runner = runner
        self.setObjectName("live_controls")
        self.setAccessibleName(self.tr("Change the running training"))
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setFixedWidth(_WIDTH)
        self.rate = QLineEdit()
        self.halve = self._button("÷ 2", self.tr("Halve the learning rate"), lambda: self._scale(1 / _FACTOR))
        self.double = self._button("× 2", self.tr("Double the learning rate"), lambda: self._scale(_FACTOR))
        self.epochs = QSpinBox()
        self.error = failing()
        self.layer = ElidedLabel()
        self.freeze = self._button(self.tr("Freeze"), "", self._on_freeze)
        self.frozen = QVBoxLayout()
        self._rows: dict[str, QWidget] = {}
        self.save = self._button(
            self.tr("Take a checkpoint now"), self.tr("Write weights and state to the run's folder"), self._on_save
        )
        self.last = muted()
        self._lay_out()
        self._connect()
        self.refresh()

    def _button(self, text: str, tip: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip or text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: act())
        return button

    def _lay_out(self) -> None:
        self.rate.setObjectName("live_rate")
        self.rate.setAccessibleName(self.tr("Learning rate"))
        self.rate.setToolTip(self.tr("Counts from the next step on. A schedule goes on from there in proportion."))
        self.epochs.setObjectName("live_epochs")
        self.epochs.setRange(1, _MOST_EPOCHS)
        self.epochs.setAccessibleName(self.tr("Epochs"))
        self.epochs.setKeyboardTracking(False)
        self.epochs.setToolTip(self.tr("After how many epochs in all the training ends"))
        self.freeze.setObjectName("live_freeze")
        self.save.setObjectName("live_checkpoint")
        self.error.hide()
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE)
        grid.setColumnStretch(1, 1)
        rate = QHBoxLayout()
        rate.setSpacing(theme.SPACE // 2)
        rate.addWidget(self.rate, 1)
        for button in (self.halve, self.double):
            button.setFixedWidth(_FACTOR_WIDTH)
            rate.addWidget(button)
        layer = QHBoxLayout()
        layer.setSpacing(theme.SPACE // 2)
        layer.addWidget(self.layer, 1)
        layer.addWidget(self.freeze)
        for row, (title, content) in enumerate(((self.tr("Learning rate"), rate), (self.tr("Layer"), layer))):
            grid.addWidget(TextLabel(title, wrap=False), 2 * row, 0)
            grid.addLayout(content, 2 * row, 1)
        grid.addWidget(TextLabel(self.tr("Epochs"), wrap=False), 1, 0)
        grid.addWidget(self.epochs, 1, 1)
        self.frozen.setSpacing(theme.SPACE // 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE + 4, theme.SPACE, theme.SPACE + 4, theme.SPACE + 4)
        column.setSpacing(theme.SPACE)
        column.addWidget(heading(self.tr("From the next step on")))
        column.addLayout(grid)
        column.addWidget(self.error)
        column.addLayout(self.frozen)
        column.addWidget(self.save)
        column.addWidget(self.last)

    def _connect(self) -> None:
        runner = self._runner
        self.rate.returnPressed.connect(self._on_rate)
        self.epochs.valueChanged.connect(self._on_epochs)
        runner.live_changed.connect(self._on_live)
        runner.state_changed.connect(self._on_state)
        runner.session.selection_changed.connect(lambda _names: self._on_live())

    def open_below(self, button: QWidget) -> None:
        """Open below a button, within its screen."""
        self.refresh()
        self.adjustSize()
        place = button.mapToGlobal(QPoint(0, button.height() + 2))
        room = button.screen().availableGeometry()
        self.move(min(place.x(), room.right() - self.width()), min(place.y(), room.bottom() - self.height()))
        self.show()
        self.rate.setFocus(Qt.FocusReason.PopupFocusReason)
        self.rate.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close by Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    # --- showing ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what the run is at; a field in which something is being typed keeps it."""
        live = self._runner.live
        if not (self.rate.hasFocus() and self.rate.isModified()):
            self.rate.setText(f"{live.rate:.6g}")
        if live.epochs and not self.epochs.hasFocus():
            self.epochs.blockSignals(True)
            self.epochs.setValue(live.epochs)
            self.epochs.blockSignals(False)
        self._show_layer()
        self._show_frozen(sorted(live.frozen))
        last = live.last
        self.last.setVisible(last is not None)
        if last is not None:
            self.last.setText(self.tr("Last, from step {0:,}: {1}").format(last.step + 1, last.text))

    def _on_live(self) -> None:
        if self.isVisible():
            self.refresh()

    def _show_layer(self) -> None:
        layers = self._runner.selected_layers()
        none = self.tr("none selected")
        self.layer.setText(", ".join(layers) if layers else none)
        self.freeze.setEnabled(bool(layers))
        self.freeze.setToolTip("" if layers else self.tr("Select layers on the canvas to freeze them"))
        frees = bool(layers) and all(each in self._runner.live.frozen for each in layers)
        self.freeze.setText(self.tr("Let learn") if frees else self.tr("Freeze"))
        self.freeze.setAccessibleName(self.freeze.text())

    def _show_frozen(self, layers: Iterable[str]) -> None:
        shown = list(layers)[:_MOST_ROWS]
        if shown == list(self._rows):
            return
        for row in self._rows.values():
            self.frozen.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = {layer: self._row(layer) for layer in shown}
        for row in self._rows.values():
            self.frozen.addWidget(row)
        self.adjustSize()

    def _row(self, layer: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(ElidedLabel(self.tr("{0} is frozen").format(layer)), 1)
        tip = self.tr("Let {0} learn").format(layer)
        line.addWidget(self._button(self.tr("Let learn"), tip, lambda: self._runner.freeze(layer, frozen=False)))
        return row

    def _on_state(self, state: str) -> None:
        if state not in STEERED:
            self.close()

    # --- changing -----------------------------------------------------------------------------------------------------

    def _scale(self, factor: float) -> None:
        self._set_rate(float(f"{self._runner.live.rate * factor:.6g}"))

    def _on_rate(self) -> None:
        try:
            rate = float(self.rate.text().strip().replace(",", "."))
        except ValueError:
            rate = math.nan
        self._set_rate(rate)

    def _set_rate(self, rate: float) -> None:
        possible = math.isfinite(rate) and rate > 0
        self.error.setText("" if possible else self.tr("A learning rate is a number above 0, such as 0.001."))
        self.error.setVisible(not possible)
        if possible and self._runner.set_learning_rate(rate):
            self.rate.setText(f"{rate:.6g}")
            self.rate.setModified(False)

    def _on_epochs(self, epochs: int) -> None:
        self._runner.set_epochs(epochs)

    def _on_freeze(self) -> None:
        self._runner.toggle_frozen(self._runner.selected_layers())

    def _on_save(self) -> None:
        self._runner.checkpoint()
