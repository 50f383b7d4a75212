"""What the network costs, node by node, and whether training it fits into the machine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.atomic import write_atomically
from core.graph.edits import SetTraining
from core.machine import device_title
from designer import theme
from designer.costs.model import CostModel
from designer.costs.view import CostView, TotalsBar
from designer.files import choose_new
from designer.icons import icon
from designer.properties.cost import CostWatcher
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconLabel, muted

if TYPE_CHECKING:
    from core.training.budget import Budget

_SUFFIXES = {"csv": ".csv", "markdown": ".md", "latex": ".tex"}


class CostPanel(QWidget):
    """Follows a CostWatcher. The selection goes both ways between canvas and table."""

    def __init__(self, session: Session, watcher: CostWatcher) -> None:
        super().__init__()
        self.setObjectName("cost_panel")
        self.setAccessibleName(self.tr("Cost"))
        self._session, self._watcher = session, watcher
        self.model = CostModel()
        self.view = CostView(self.model)
        self.totals = TotalsBar(self.view)
        self.headline, self.detail = ElidedLabel(), ElidedLabel(role=QPalette.ColorRole.PlaceholderText)
        self.sign = IconLabel("warning", "warning")
        self.use = QPushButton()
        self.search = QLineEdit()
        self.export_button = QToolButton()
        self.empty = muted()
        self._stack = QStackedWidget()
        self._set_up()
        self._lay_out()
        watcher.went_stale.connect(self._show_stale)
        watcher.changed.connect(self.refresh)
        session.report_changed.connect(self._on_report_changed)
        session.selection_changed.connect(self._follow_selection)
        session.view_changed.connect(self._follow_selection)
        theme.switch.changed.connect(self._show_budget)
        self.refresh()

    def _set_up(self) -> None:
        self.headline.setObjectName("cost_headline")
        self.detail.setObjectName("cost_detail")
        self.use.setObjectName("use_largest_batch")
        self.use.setAutoDefault(False)
        self.use.clicked.connect(self._on_use)
        self.search.setObjectName("cost_search")
        self.search.setPlaceholderText(self.tr("Search nodes"))
        self.search.setAccessibleName(self.tr("Search nodes"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(120)
        self.search.textChanged.connect(self.view.search)
        menu = QMenu(self.export_button)
        for name, title in (("csv", "CSV…"), ("markdown", "Markdown…"), ("latex", "LaTeX…")):
            menu.addAction(title, partial(self._ask_file, name, title))
        self.export_button.setObjectName("export_costs")
        self.export_button.setToolTip(self.tr("Save the table to a file"))
        self.export_button.setAccessibleName(self.tr("Save the table to a file"))
        self.export_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.export_button.setIconSize(QSize(16, 16))
        self.export_button.setIcon(icon("export"))
        self.export_button.setAutoRaise(True)
        self.export_button.setMenu(menu)
        self.export_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.empty.setObjectName("cost_empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.view.chosen.connect(lambda path: self._session.reveal(path[-1], path[:-1]))

    def _lay_out(self) -> None:
        lines = QVBoxLayout()
        lines.setSpacing(1)
        lines.addWidget(self.headline)
        lines.addWidget(self.detail)
        row = QHBoxLayout()
        row.setContentsMargins(SPACE, 4, SPACE, 4)
        row.setSpacing(SPACE)
        row.addWidget(self.sign)
        row.addLayout(lines, 1)
        for each in (self.use, self.search, self.export_button):
            row.addWidget(each)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        column.addWidget(self.totals)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def minimumSizeHint(self) -> QSize:
        """Leave the room to the canvas."""
        return QSize(300, 120)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what was found last."""
        rows = self._watcher.rows()
        self.model.show_rows(rows)
        self._show_stale()
        self._show_budget()
        self.empty.setText(self._why_empty())
        self._stack.setCurrentIndex(1 if rows else 0)
        if not self.view.selected_paths():
            self._follow_selection()

    def _why_empty(self) -> str:
        report = self._session.report
        if report is None:
            return self.tr("Loading PyTorch to work out the cost…")
        if not self._session.project.graph.nodes:
            return self.tr("The canvas is empty: there is nothing to count yet.")
        if not report.shapes.ok:
            return self.tr("The network has errors. What it costs is shown once they are mended: see Problems.")
        return self._watcher.reason or self.tr("Counting…")

    def _on_report_changed(self, report: object) -> None:
        """Say at once that there are errors: what was found for an earlier network no longer counts."""
        if self._stack.currentIndex() == 0:
            self.empty.setText(self._why_empty())

    def _show_stale(self) -> None:
        stale = self._watcher.is_stale
        self.view.set_stale(stale)
        self.totals.update()
        self.headline.setEnabled(not stale)
        self.detail.setEnabled(not stale)

    def _show_budget(self) -> None:
        found = self._watcher.found
        budget = found.budget if found else None
        fits = budget is None or budget.fits
        self.headline.setText(self._headline(budget) if budget else found.reason if found else "")
        self.detail.setText(self._detail(budget) if budget else "")
        self.sign.setVisible(not fits or bool(found and found.reason))
        palette = QPalette(self.palette())
        if not fits:
            palette.setColor(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText, QColor(theme.current().warning))
            palette.setColor(
                QPalette.ColorGroup.Inactive, QPalette.ColorRole.WindowText, QColor(theme.current().warning)
            )
        self.headline.setPalette(palette)
        size = _round_batch(budget)
        self.use.setVisible(not fits and size > 0)
        self.use.setText(self.tr("Use {size}").format(size=f"{size:,}"))
        self.use.setToolTip(self.tr("Set the batch size to {size}, which fits.").format(size=f"{size:,}"))

    def _headline(self, budget: Budget) -> str:
        known = {
            "samples": units.plural(budget.batch, "sample"),
            "device": device_title(budget.device),
            "need": units.size(budget.needed),
            "all": units.size(budget.capacity),
            "most": f"{budget.largest_batch or 0:,}",
        }
        if budget.largest_batch is None:
            text = self.tr("Training with {samples} on {device}: {need}.")
        elif budget.fits:
            text = self.tr("Training with {samples} on {device}: {need} of {all}. Largest batch ≈ {most}.")
        elif budget.largest_batch:
            text = self.tr("Does not fit: {samples} on {device} take {need} of {all}. At most ≈ {most}.")
        else:
            text = self.tr("Does not fit, not even a single sample: {samples} on {device} take {need} of {all}.")
        return text.format(**known)

    def _detail(self, budget: Budget) -> str:
        memory = budget.memory
        return self.tr(
            "weights {weights}  ·  gradients {gradients}  ·  {name} {optimizer}  ·  per sample {sample}"
        ).format(
            weights=units.size(memory.weights),
            gradients=units.size(memory.gradients),
            name=self._session.project.training.optimizer,
            optimizer=units.size(memory.optimizer),
            sample=units.size(memory.per_sample),
        )

    def changeEvent(self, event: QEvent) -> None:
        """Take the icon in the new theme's colour."""
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "export_button"):
            self.export_button.setIcon(icon("export"))
        super().changeEvent(event)

    # --- what is done -------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Take on the selection: while it cannot be seen, the table does not follow."""
        super().showEvent(event)
        self._follow_selection()

    def _follow_selection(self, _what: object = None) -> None:
        if not self.isVisible():
            return
        path = self._session.path
        self.view.select_paths([(*path, name) for name in sorted(self._session.selection)])

    def _on_use(self) -> None:
        size = _round_batch(self._watcher.budget)
        if size:
            self._session.apply(SetTraining(replace(self._session.project.training, batch_size=size)))

    def _ask_file(self, name: str, title: str) -> None:
        suffix = _SUFFIXES[name]
        shown = [f"{title.removesuffix('…')} (*{suffix})"]
        path = choose_new(self, self.tr("Save the table"), Path(f"cost{suffix}"), shown, suffix=suffix)
        if path is not None:
            self.save(path, name)

    def save(self, path: Path, name: str) -> None:
        """Write the table as "csv", "markdown" or "latex"; where that fails, say why."""
        from core.model.cost_table import FORMATS

        found = self._watcher.found
        if found is None or found.memory is None:
            return
        text = FORMATS[name](found.rows, found.report, found.memory)
        self._session.save(path, lambda: write_atomically(path, text.encode()))


def _round_batch(budget: Budget | None) -> int:
    """Return the largest power of two that fits as a batch size; 0 where none does, or nothing is known."""
    largest = budget.largest_batch if budget else None
    return 1 << (largest.bit_length() - 1) if largest else 0
