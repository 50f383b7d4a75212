"""What a trained network gets right and wrong: pictures of a part of the data, and the samples behind them."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.atomic import write_atomically
from core.errors import LayerwrightError
from core.training.events import Confused, RunStarted
from designer.data.notice import Notice, WorkBar
from designer.data.reading import watched
from designer.files import choose_new
from designer.jobs import Lane
from designer.plots.exporting import save_png
from designer.results.detail import SampleDialog
from designer.results.gallery import Gallery
from designer.results.gallery_model import Item
from designer.results.heading import Heading
from designer.results.looking import Looked, Request, look
from designer.results.views import CLASSES, CONFUSION, NUMBERS, WORST, Page, Views, cell_items, point_item, worst_items
from designer.theme import SPACE
from designer.widgets import empty_page, muted

if TYPE_CHECKING:
    from core.training.results.outcome import OutputOutcome
    from designer.training.runner import TrainingRunner

_TALL = 420
"""Height in pixels from which on samples stand below a picture instead of beside it."""
_LIST = 104


class ResultsPanel(QWidget):
    """Looks at a run when it is seen; while the run is training, its confusion matrix grows epoch by epoch."""

    def __init__(self, runner: TrainingRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("results_panel")
        self.setAccessibleName(self.tr("Results"))
        self._runner = runner
        self.looked: Looked | None = None
        self.live: dict[str, Confused] = {}
        self._failed: Request | None = None
        self._wanted_page = CONFUSION
        self.heading = Heading(runner)
        self.views = Views()
        self.gallery = Gallery("results_samples")
        self.notice, self.work = Notice("results_notice"), WorkBar()
        self.list = QListWidget()
        self.empty_text, self.empty_button = muted(), QPushButton()
        self._lane = Lane(self, "results")
        self._pictures, self._stack = QStackedWidget(), QStackedWidget()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._build()
        self._connect()
        self._show_state()

    # --- layout -------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.list.setObjectName("results_views")
        self.list.setAccessibleName(self.tr("Pictures"))
        self.list.setFixedWidth(_LIST)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        for page in self.views.pages:
            item = QListWidgetItem(page.title)
            item.setData(Qt.ItemDataRole.UserRole, page.name)
            item.setSizeHint(QSize(0, self.list.fontMetrics().lineSpacing() + SPACE - 2))
            self.list.addItem(item)
            if page.widget is not None:
                self._pictures.addWidget(page.widget)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._pictures)
        self._split.addWidget(self.gallery)
        self._split.setSizes([600, 400])
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.list)
        row.addWidget(self._split, 1)
        self._stack.addWidget(self._make_empty())
        self._stack.addWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for widget in (self.heading, self.work, self.notice):
            column.addWidget(widget)
        column.addWidget(self._stack, 1)

    def _make_empty(self) -> QWidget:
        self.empty_text.setObjectName("results_empty")
        self.empty_button.setObjectName("results_do")
        return empty_page(self.empty_text, self.empty_button)

    def minimumSizeHint(self) -> QSize:
        """Leave the room to the canvas."""
        return QSize(320, 140)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the samples below the picture where there is the height for it."""
        super().resizeEvent(event)
        tall = self.height() > _TALL
        self._split.setOrientation(Qt.Orientation.Vertical if tall else Qt.Orientation.Horizontal)

    def _connect(self) -> None:
        self._runner.event_received.connect(self._on_event)
        self._runner.state_changed.connect(self._on_state_changed)
        self.heading.request_changed.connect(self._on_request_changed)
        self.heading.output_changed.connect(self._show_output)
        self.heading.again.connect(self.look)
        self.heading.export.connect(self._on_export)
        self._lane.progressed.connect(self.work.progress)
        self.work.cancelled.connect(self.cancel)
        self.list.currentItemChanged.connect(lambda *_items: self._on_page_chosen())
        self.views.confusion.item.chosen.connect(self._on_cell)
        self.views.numbers.scatter.chosen.connect(self._on_point)
        self.views.texts.opened.connect(self._on_text)
        self.views.classes.clicked.connect(lambda index: self._on_class(index.siblingAtColumn(0).data()))
        self.gallery.opened.connect(self.open_sample)
        self.empty_button.clicked.connect(self._on_empty_button)

    # --- what is looked at --------------------------------------------------------------------------------------------

    @property
    def request(self) -> Request | None:
        """What the choosers ask for."""
        folder = self.heading.run.folder
        if folder is None:
            return None
        return Request(folder, self.heading.which.currentData(), self.heading.split.currentData())

    @property
    def output(self) -> OutputOutcome | None:
        """What was found of the chosen output; None where nothing was looked at."""
        if self.looked is None:
            return None
        outputs = self.looked.outcome.outputs
        return outputs.get(self.heading.output.currentText()) or next(iter(outputs.values()), None)

    @property
    def busy(self) -> bool:
        """True while a part of the data is looked at."""
        return self._lane.busy

    def look(self) -> None:
        """Look at what the choosers ask for."""
        request = self.request
        if request is None:
            return
        self._failed = None
        self.notice.say("")
        self.work.begin(self.tr("Reading the data"))
        self._lane.submit(watched(partial(look, request, self.looked)), self._on_looked, self._on_failed)
        self._show_state()

    def cancel(self) -> None:
        """Look no further; what was seen before is still there."""
        self._lane.cancel()
        self._failed = self.request
        self.work.hide()
        self._show_state()

    def close_jobs(self) -> None:
        """End all work in the background."""
        self._lane.close()
        self.gallery.close_jobs()
        self.heading.run.close_jobs()
        for dialog in self.findChildren(SampleDialog):
            dialog.close()

    def _on_looked(self, looked: Looked) -> None:
        self.work.hide()
        self.looked = looked
        self.heading.set_outputs(tuple(looked.outcome.outputs))
        self._show_output()

    def _on_failed(self, error: Exception) -> None:
        self.work.hide()
        self._failed = self.request
        self.looked = None
        if not isinstance(error, LayerwrightError):
            raise error
        self.notice.say(" ".join((str(error.message), *error.problems)))
        self._show_state()

    def _on_request_changed(self) -> None:
        self._lane.cancel()
        self.work.hide()
        self.notice.say("")
        if self.looked is not None and self.looked.request != self.request:
            live = self.heading.run.is_live
            self.gallery.show_items("", (), None)
            if live or self.looked.request.run != self.heading.run.folder:
                self.looked = None
        self._follow()

    def _follow(self) -> None:
        """Look by itself at a run that is not being trained, once this is seen."""
        request = self.request
        fresh = self.looked is None or self.looked.request != request
        wanted = request is not None and fresh and request != self._failed and not self.heading.run.is_live
        if wanted and self.isVisible() and not self._lane.busy:
            self.look()
        else:
            self._show_state()

    def showEvent(self, event: QShowEvent) -> None:
        """List the runs, and look at the one that is chosen."""
        super().showEvent(event)
        if not event.spontaneous():
            self.heading.run.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the rest of the machine to what is seen."""
        super().hideEvent(event)
        if not event.spontaneous() and self._lane.busy:
            self._lane.cancel()
            self.work.hide()

    # --- training -----------------------------------------------------------------------------------------------------

    def _on_event(self, event: object) -> None:
        if isinstance(event, RunStarted):
            self.live = {}
            self.looked = self._failed = None
        elif isinstance(event, Confused):
            self.live[event.output] = event
            if self.heading.run.is_live and self.looked is None:
                self._show_live()

    def _on_state_changed(self, state: str) -> None:
        if state in ("finished", "failed"):
            if self.looked is not None and self.looked.request.run == self._runner.run:
                self.looked = None
            self._follow()
        else:
            self._show_state()

    def _show_live(self) -> None:
        """Show the confusion matrix that the last validation pass counted."""
        self.heading.set_outputs(tuple(self.live))
        chosen = self.live.get(self.heading.output.currentText()) or next(iter(self.live.values()))
        self.views.confusion.item.show_counts(chosen.classes, chosen.counts)
        self._show_state()
        self.heading.told.setText(self.tr("validation after epoch {0}, while training").format(chosen.epoch))

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _show_output(self) -> None:
        output = self.output
        if output is None:
            if self.live and self.heading.run.is_live:
                self._show_live()
            return
        assert self.looked is not None
        self.views.show(output)
        self.gallery.show_items("", (), self.looked.samples)
        self._show_state()
        self._on_page_chosen()
        notes = " ".join(output.notes)
        samples = self.tr("{0} samples").format(f"{self.looked.outcome.samples:,}")
        self.heading.told.setText(f"{samples}. {notes}" if notes else samples)

    @property
    def page(self) -> Page:
        """The picture that is shown."""
        item = self.list.currentItem()
        name = item.data(Qt.ItemDataRole.UserRole) if item is not None else CONFUSION
        return next(each for each in self.views.pages if each.name == name)

    def show_page(self, name: str) -> None:
        """Show another picture."""
        self._wanted_page = name
        for place, page in enumerate(self.views.pages):
            if page.name == name:
                self.list.setCurrentRow(place)

    def _pages(self) -> list[str]:
        output = self.output
        if output is not None:
            return [page.name for page in self.views.pages if page.applies(output)]
        return [CONFUSION] if self.live and self.heading.run.is_live else []

    def _show_state(self) -> None:
        names = self._pages()
        for place, page in enumerate(self.views.pages):
            self.list.item(place).setHidden(page.name not in names)
        self._stack.setCurrentIndex(1 if names else 0)
        self.heading.refresh.setEnabled(self.request is not None and not self.busy)
        self.heading.save.setEnabled(bool(names))
        if not names:
            self._show_empty()
            return
        if self.page.name not in names or self.list.currentItem() is None:
            self.list.setCurrentRow(next(at for at, page in enumerate(self.views.pages) if page.name == names[0]))
        self.gallery.setVisible(self.output is not None and self.page.name in (CONFUSION, CLASSES, NUMBERS, WORST))

    def _show_empty(self) -> None:
        self.heading.told.setText("")
        self.empty_button.setVisible(not self.busy)
        if self.request is None:
            text = self.tr("Train the network to see what it gets right and wrong.")
            action = self.tr("Train")
            if self._runner.active:
                text, action = self.tr("Results appear here with the first checkpoint."), ""
        elif self.heading.run.is_live:
            text = self.tr("A confusion matrix appears here after the first epoch, where classes are learned.")
            action = self.tr("Look at the last checkpoint now")
        else:
            text = "" if self.busy else self.tr("What the network gets right and wrong of this part of the data.")
            action = self.tr("Look at it")
        self.empty_text.setText(text)
        self.empty_button.setText(action)
        self.empty_button.setVisible(bool(action) and not self.busy)

    def _on_empty_button(self) -> None:
        if self.request is None:
            self._runner.start()
            return
        if self.heading.run.is_live:
            self.heading.which.setCurrentIndex(self.heading.which.findData("last"))
        self.look()

    def _on_page_chosen(self) -> None:
        page, output = self.page, self.output
        if page.widget is not None:
            self._pictures.setCurrentWidget(page.widget)
        self._pictures.setVisible(page.widget is not None)
        self.gallery.setVisible(output is not None and page.name in (CONFUSION, CLASSES, NUMBERS, WORST))
        if output is None or self.looked is None:
            return
        if page.name == WORST:
            items = worst_items(output)
            title = self.tr("The {0} samples with the highest loss").format(len(items))
            self.gallery.show_items(title, items, self.looked.samples)
            return
        tips = {
            CONFUSION: self.tr("Click a cell to see its samples."),
            CLASSES: self.tr("Click a class to see which of its samples were taken for another."),
            NUMBERS: self.tr("Click a point to see its sample."),
        }
        self.gallery.show_items(tips.get(page.name, ""), (), self.looked.samples)
        if page.name == CONFUSION and self.views.confusion.item.at is not None:
            self._on_cell(*self.views.confusion.item.at)

    # --- samples ------------------------------------------------------------------------------------------------------

    def _on_cell(self, true: int, predicted: int) -> None:
        output = self.output
        if output is None or output.confusion is None or self.looked is None:
            return
        items = cell_items(output, [(true, predicted)])
        self.gallery.show_items(self.views.confusion.item.said(true, predicted), items, self.looked.samples)

    def _on_class(self, name: str) -> None:
        output = self.output
        if output is None or output.confusion is None or self.looked is None:
            return
        true = output.confusion.classes.index(name)
        others = [(true, each) for each in range(len(output.confusion.classes)) if each != true]
        items = cell_items(output, others)
        title = self.tr("“{0}” taken for another: {1}").format(name, len(items))
        self.gallery.show_items(title, items, self.looked.samples)

    def _on_point(self, place: int) -> None:
        output = self.output
        if output is not None and self.looked is not None:
            item = point_item(output, place)
            title = self.tr("Row {0}: {1}, predicted {2}").format(item.row + 1, item.truth, item.predicted)
            self.gallery.show_items(title, [item], self.looked.samples)

    def _on_text(self, row: int) -> None:
        output = self.output
        if output is not None and output.texts is not None:
            pair = next(each for each in output.texts.pairs if each.row == row)
            self.open_sample(Item(row, pair.truth, pair.predicted))

    def open_sample(self, item: Item) -> SampleDialog | None:
        """Open a sample large, with what its answer rests on."""
        output = self.output
        if self.looked is None or output is None:
            return None
        dialog = SampleDialog(self.looked, output.output, item, self)
        dialog.show()
        return dialog

    # --- files --------------------------------------------------------------------------------------------------------

    def _on_export(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Save the table (CSV)…"), lambda: self._save("csv"))
        menu.addAction(self.tr("Save the picture (PNG)…"), lambda: self._save("png"))
        menu.popup(self.heading.save.mapToGlobal(self.heading.save.rect().bottomLeft()))

    def _save(self, kind: str) -> None:
        folder = self.heading.run.folder
        base = folder.parent if folder is not None else Path.home()
        filters = {"csv": self.tr("Tables (*.csv)"), "png": self.tr("Pictures (*.png)")}
        path = choose_new(self, self.tr("Save"), base / f"{self.page.name}.{kind}", [filters[kind]], suffix=f".{kind}")
        if path is None:
            return
        self._runner.session.save(path, lambda: self.export(kind, path))

    def export(self, kind: str, path: Path) -> None:
        """Write what is shown as a table ("csv") or as it is seen ("png").

        Raises:
            SaveError: the file could not be written.
        """
        page = self.page
        if kind == "png":
            save_png(page.widget or self.gallery, path)
            return
        rows = page.rows() if page.rows is not None else self.gallery.model.csv_rows()
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        write_atomically(path, text.getvalue().encode())
