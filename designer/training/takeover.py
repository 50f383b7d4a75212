"""Edit while paused: shows what a changed network keeps of what was learned, before anything is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import LayerwrightError
from core.loading import imports
from core.units import plural
from designer import theme
from designer.icons import icon
from designer.jobs import Lane, Progress
from designer.training.runner import TrainingRunner
from designer.widgets import PrimaryButton, heading, muted

if TYPE_CHECKING:
    from core.training.transfer import Transfer

_LEAST_COLUMN = 120


class TakeoverDialog(QDialog):
    """Lists every layer with what becomes of it; "Go on" applies it."""

    def __init__(self, runner: TrainingRunner, parent: QWidget) -> None:
        super().__init__(parent)
        self._runner = runner
        self._lane = Lane(self, "transfer")
        self._kept: tuple[str, ...] = ()
        self.setObjectName("takeover_dialog")
        self.setWindowTitle(self.tr("Go on with the changed network"))
        self.resize(480, 420)
        self.summary = heading(self.tr("Comparing the networks…"), 1.1)
        self.note = muted()
        self.table = QTableWidget(0, 2)
        self.apply = PrimaryButton(self.tr("Go on with these weights"))
        self.cancel = QPushButton(self.tr("Cancel"))
        self._lay_out()
        self._compare()

    def _lay_out(self) -> None:
        table = self.table
        table.setObjectName("takeover_table")
        table.setAccessibleName(self.tr("Layers with weights"))
        table.setHorizontalHeaderLabels([self.tr("Layer"), self.tr("Its weights")])
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.horizontalHeader().setMinimumSectionSize(_LEAST_COLUMN)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + theme.SPACE)
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.apply.setEnabled(False)
        self.apply.setDefault(True)
        self.apply.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * theme.SPACE,) * 4)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.summary)
        column.addWidget(table, 1)
        column.addWidget(self.note)
        column.addLayout(buttons)

    def _compare(self) -> None:
        old, new = self._runner.trained, self._runner.session.project
        assert old is not None
        reasons = self._runner.reasons()
        if reasons:
            self._refuse(self.tr("The network cannot be trained as it is now"), "\n".join(reasons[:5]))
            return

        def work(_progress: Progress) -> Transfer:
            with imports:
                from core.training.transfer import plan_transfer
            return plan_transfer(old, new)

        self._lane.submit(work, self._show, self._on_failed)

    def _show(self, found: Transfer) -> None:
        texts = (
            (found.kept, "check", "success", self.tr("kept")),
            (found.changed, "reset", "warning", self.tr("start fresh: their shapes changed")),
            (found.new, "plus", "accent", self.tr("new: start fresh")),
            (found.gone, "minus", "text_muted", self.tr("gone with the layer")),
        )
        rows = [(layer, *row) for layers, *row in texts for layer in layers]
        self.table.setRowCount(len(rows))
        for at, (layer, picture, role, text) in enumerate(rows):
            self.table.setItem(at, 0, QTableWidgetItem(layer))
            self.table.setItem(at, 1, QTableWidgetItem(icon(picture, getattr(theme.current(), role)), text))
        if not found.kept:
            self._refuse(
                self.tr("No layer fits the weights so far"), self.tr("Start a new run instead, with Training, Train.")
            )
            return
        whole = len(found.kept) + len(found.changed) + len(found.new)
        kept = self.tr("{0} of {1} keep their weights").format(len(found.kept), plural(whole, self.tr("layer")))
        self.summary.setText(kept)
        self.note.setText(self._notes(found))
        self._kept = found.kept
        self.apply.setEnabled(True)

    def _notes(self, found: Transfer) -> str:
        lines = []
        if not found.optimizer:
            lines.append(self.tr("The optimizer starts fresh: it is another one."))
        lines.append(self.tr("The run goes on in a folder of its own; the one until now stays as it is."))
        return "\n".join(lines)

    def _refuse(self, text: str, why: str) -> None:
        self.summary.setText(text)
        self.note.setText(why)

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self._refuse(self.tr("The networks cannot be compared"), str(error))

    def done(self, result: int) -> None:
        """Close, and apply it where that was chosen."""
        self._lane.close()
        super().done(result)
        if result == QDialog.DialogCode.Accepted:
            self._runner.take_over(self._kept)


def ask_takeover(runner: TrainingRunner, parent: QWidget) -> TakeoverDialog:
    """Show the dialog over a window, without waiting for its answer."""
    dialog = TakeoverDialog(runner, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog
