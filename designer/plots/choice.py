"""The list beside the plots: tick which curves and which runs are drawn. It is also the legend of the runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from designer import theme
from designer.plots import style
from designer.plots.curves import CurveKey, RunCurves, quantities

_ROLE = Qt.ItemDataRole.UserRole
_ALL_STEPS = "all steps"


class CurveChoice(QTreeWidget):
    """Tick boxes for the curves of every quantity, then for the runs, the newest first; all ticked when they appear."""

    choice_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curve_choice")
        self.setAccessibleName(self.tr("Curves and runs"))
        self.setHeaderHidden(True)
        self.setIndentation(12)
        self.setIconSize(QSize(style.SWATCH + 2, 16))
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setRootIsDecorated(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._hidden_curves: set[CurveKey] = set()
        self._hidden_runs: set[int] = set()
        self.all_steps = False
        """True where single steps are shown of all runs, not only of the newest."""
        self._listed: object = None
        self._runs: Sequence[RunCurves] = ()
        self.itemChanged.connect(self._on_item_changed)
        theme.switch.changed.connect(self._fill)

    def shows(self, run: RunCurves, key: CurveKey) -> bool:
        """Return True where both the curve and the run are ticked."""
        return key not in self._hidden_curves and run.index not in self._hidden_runs

    def set_curve(self, key: CurveKey, *, visible: bool) -> None:
        """Tick or untick a curve in all runs."""
        (self._hidden_curves.discard if visible else self._hidden_curves.add)(key)
        self._fill()
        self.choice_changed.emit()

    def set_run(self, run: RunCurves, *, visible: bool) -> None:
        """Tick or untick a run."""
        (self._hidden_runs.discard if visible else self._hidden_runs.add)(run.index)
        self._fill()
        self.choice_changed.emit()

    def forget_run(self, run: RunCurves) -> None:
        """Tick a run again, should it come back."""
        self._hidden_runs.discard(run.index)

    def set_all_steps(self, shown: bool) -> None:
        """Show the single steps of all runs, or of the newest only."""
        self.all_steps = shown
        self._fill()
        self.choice_changed.emit()

    def hides(self, key: CurveKey) -> bool:
        """Return True for a curve that is not ticked."""
        return key in self._hidden_curves

    def hides_run(self, run: RunCurves) -> bool:
        """Return True for a run that is not ticked."""
        return run.index in self._hidden_runs

    def show_runs(self, runs: Sequence[RunCurves]) -> None:
        """List the curves and runs there are; the ticks stay."""
        listed = [(run.index, run.name, run.note, tuple(run.series)) for run in runs]
        if listed != self._listed:
            self._listed = listed
            self._runs = tuple(runs)
            self._fill()

    def _fill(self) -> None:
        self.blockSignals(True)
        scrolled = self.verticalScrollBar().value()
        self.clear()
        if self._runs:
            self._add_curves()
            group = self._group(self.tr("Runs"))
            for run in reversed(self._runs):
                self._add_run(group, run)
            if len(self._runs) > 1:
                item = self._item(group, self.tr("Single steps of all runs"), _ALL_STEPS)
                item.setCheckState(0, _state(self.all_steps))
        self.expandAll()
        self.verticalScrollBar().setValue(scrolled)
        self.blockSignals(False)

    def _group(self, title: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self, [title])
        item.setFont(0, theme.scaled_font(self.font(), 1.0, bold=True))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        return item

    def _add_curves(self) -> None:
        newest = self._runs[-1]
        for quantity in quantities(self._runs):
            group = self._group(style.quantity_text(quantity))
            keys = {key for run in self._runs for key in run.series if key.quantity == quantity}
            for key in sorted(keys, key=lambda each: (each.output, each.part == "steps", each.part)):
                item = self._item(group, style.curve_text(key), key)
                item.setIcon(0, style.swatch(style.pen(theme.current(), newest, key, faint=False)))
                item.setCheckState(0, _state(key not in self._hidden_curves))

    def _add_run(self, group: QTreeWidgetItem, run: RunCurves) -> None:
        text = f"{run.name} · {run.note}" if run.note else run.name
        item = self._item(group, text, run.index)
        key = CurveKey("loss", run.outputs[0] if run.outputs else "", "training")
        item.setIcon(0, style.swatch(style.pen(theme.current(), run, key, faint=False)))
        item.setCheckState(0, _state(run.index not in self._hidden_runs))

    def _item(self, group: QTreeWidgetItem, text: str, what: object) -> QTreeWidgetItem:
        item = QTreeWidgetItem(group, [text])
        item.setToolTip(0, text)
        item.setData(0, _ROLE, what)
        return item

    def _on_item_changed(self, item: QTreeWidgetItem, _column: int) -> None:
        what = item.data(0, _ROLE)
        if what == _ALL_STEPS:
            self.all_steps = item.checkState(0) is Qt.CheckState.Checked
            self.choice_changed.emit()
            return
        hidden: set[Any] = self._hidden_runs if isinstance(what, int) else self._hidden_curves
        if item.checkState(0) is Qt.CheckState.Checked:
            hidden.discard(what)
        else:
            hidden.add(what)
        self.choice_changed.emit()


def _state(on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
