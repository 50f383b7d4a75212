"""The samples as they come out of the data pipeline: in a table, as images, sounds, tokens or curves."""

from __future__ import annotations

import logging

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from core.data.preview import FieldFacts
from core.data.sample_arrangement import PartChoice, Pipeline, pipeline
from core.data.samples import Overview, SampleField, locate, overview, part_facts
from core.errors import LayerwrightError
from core.graph.change import Change
from designer import theme
from designer.data.notice import WorkBar
from designer.data.reading import watched
from designer.jobs import Lane
from designer.samples.bar import SamplesBar, ViewName, views_for
from designer.samples.dialog import SampleDialog
from designer.samples.legend import ClassLegend
from designer.samples.loader import Loader
from designer.samples.table import SamplesModel
from designer.samples.table_view import SamplesTable
from designer.samples.views import CurveLines, ImageGrid, SoundLines, TextLines
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconLabel, PrimaryButton, TextLabel, empty_page, muted

_SETTLE_MS = 120
"""Pause in changes of the project after which samples are read anew."""
_BAR_MS = 300
log = logging.getLogger(__name__)


class SamplesPanel(QWidget):
    """Reads nothing while it is hidden. What is read for data that has changed meanwhile is dropped."""

    data_wanted = Signal()
    """Data is to be chosen: there is none yet."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("samples_panel")
        self.setAccessibleName(self.tr("Samples"))
        self.session = session
        self._seen: Pipeline | None = None
        self._facts_of: tuple[Pipeline, PartChoice] | None = None
        self.overview: Overview | None = None
        self._lane, self._facts_lane, self._row_lane = (
            Lane(self, "overview"),
            Lane(self, "facts"),
            Lane(self, "locate"),
        )
        self.loader = Loader(self)
        self.model = SamplesModel(self.loader.row)
        self.table = SamplesTable(self.model)
        self.grid = ImageGrid(self.loader.row)
        self.sounds = SoundLines(self.loader.row)
        self.texts = TextLines(self.loader.row)
        self.curves = CurveLines(self.loader.row)
        self._make_parts()
        self._lay_out()
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._late = QTimer(self, singleShot=True, interval=_BAR_MS)
        self._connect()
        self._show_state()

    @property
    def busy(self) -> bool:
        """True while something is read or about to be."""
        lanes = (self._lane, self._facts_lane, self._row_lane)
        return any(lane.busy for lane in lanes) or self.loader.busy or self._settle.isActive()

    @property
    def seen_current(self) -> bool:
        """True where the samples shown are those of the project as it is."""
        return self._seen == pipeline(self.session.project)

    @property
    def view(self) -> SamplesTable | ImageGrid | SoundLines | TextLines | CurveLines:
        """The view that is shown."""
        return self._views[self.bar.view_name]

    def close_jobs(self) -> None:
        """End what is being read; the panel is of no use afterwards."""
        self._settle.stop()
        for lane in (self._lane, self._facts_lane, self._row_lane, self.loader.lane):
            lane.close()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self._views: dict[ViewName, SamplesTable | ImageGrid | SoundLines | TextLines | CurveLines] = {
            "table": self.table,
            "images": self.grid,
            "sounds": self.sounds,
            "texts": self.texts,
            "curves": self.curves,
        }
        self.bar = SamplesBar()
        self.work = WorkBar()
        self.problem = ElidedLabel()
        self.legend = ClassLegend()
        self.nothing = muted(self.tr("There is no sample to show."))
        self.empty_text: TextLabel = muted()
        self.choose = PrimaryButton(self.tr("Choose data"))
        self.again = QPushButton(self.tr("Read again"))
        self._stack = QStackedWidget()
        self._pages = QStackedWidget()

    def _lay_out(self) -> None:
        for view in self._views.values():
            self._pages.addWidget(view)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages.addWidget(self.nothing)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._make_warning())
        column.addWidget(self.legend)
        column.addWidget(self._pages, 1)
        self._stack.addWidget(self._make_empty())
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.work)
        outer.addWidget(self._stack, 1)

    def _make_warning(self) -> QWidget:
        self._warning = QWidget()
        row = QHBoxLayout(self._warning)
        row.setContentsMargins(SPACE, 0, SPACE, 4)
        row.addWidget(IconLabel("warning", "warning"))
        row.addWidget(self.problem, 1)
        self.problem.setObjectName("samples_problem")
        self._warning.hide()
        return self._warning

    def _make_empty(self) -> QWidget:
        self.empty_text.setObjectName("samples_empty")
        self.choose.setObjectName("samples_choose")
        self.again.setObjectName("samples_again")
        return empty_page(self.empty_text, self.choose, self.again)

    def _connect(self) -> None:
        self.choose.clicked.connect(self.data_wanted)
        self.again.clicked.connect(self._read_again)
        self._settle.timeout.connect(self._refresh)
        self._late.timeout.connect(lambda: self.work.begin(self.tr("Reading samples")))
        self.work.cancelled.connect(self.cancel)
        self.loader.counted.connect(self._on_counted)
        self.loader.arrived.connect(self._on_arrived)
        self.loader.failed.connect(self._on_failed)
        for lane in (self._lane, self._facts_lane, self._row_lane, self.loader.lane):
            lane.busy_changed.connect(self._on_busy)
            lane.progressed.connect(self.work.progress)
        for view in self._views.values():
            view.opened.connect(self.open_sample)
            view.wanted.connect(self.loader.want)
        self.bar.choice_changed.connect(self._on_choice)
        self.bar.view_chosen.connect(self._on_view)
        self.bar.row_wanted.connect(self.go_to)
        self.bar.side_changed.connect(self.grid.set_side)
        self.bar.overlay_changed.connect(self._on_overlay)
        self.bar.prepared_changed.connect(self._on_prepared)
        self.session.changed.connect(self._on_changed)
        theme.switch.changed.connect(self._restyle)

    def minimumSizeHint(self) -> QSize:
        """Leave the room to the canvas."""
        return QSize(300, 120)

    # --- following the project ----------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Read what changed while it was hidden."""
        super().showEvent(event)
        self._settle.start()

    def _on_changed(self, _change: Change) -> None:
        if self.isVisible():
            self._settle.start()

    def _refresh(self) -> None:
        """Look at the data where what comes out of it may be different now."""
        project, base = self.session.project, self.session.base
        if not self.isVisible():
            return
        wanted = pipeline(project)
        if wanted == self._seen:
            return
        if self._seen is None or (wanted.binding.source, wanted.binding.options) != self._source(self._seen):
            self.overview = None
            self.loader.forget()
        self._seen = wanted
        self._show_state()
        self._facts_lane.cancel()
        if wanted.binding.source:
            self._lane.submit(watched(lambda: overview(project, base)), self._on_overview, self._on_failed)
        else:
            self._lane.cancel()

    @staticmethod
    def _source(seen: Pipeline) -> tuple[str, object]:
        return seen.binding.source, seen.binding.options

    def _read_again(self) -> None:
        self._seen = None
        self.loader.forget()
        self._refresh()

    def cancel(self) -> None:
        """End what is being read, and say so."""
        for lane in (self._lane, self._facts_lane, self._row_lane):
            lane.cancel()
        self.loader.forget()
        self._say(self.tr("Reading was stopped."))

    def _show_state(self, failure: str = "") -> None:
        """Show samples, or why there are none and what to do."""
        bound = bool(self.session.project.data.source)
        self.choose.setVisible(not bound)
        self.again.setVisible(bound and bool(failure))
        if not bound:
            failure = self.tr("Here you see what your network will learn from, once the project has data.")
        self.empty_text.setText(failure)
        self._stack.setCurrentIndex(1 if bound and not failure and self.overview is not None else 0)

    def _say(self, failure: str) -> None:
        self.overview = None
        self._show_state(failure)

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            log.error("reading samples failed", exc_info=error)
        self._say(str(error) or type(error).__name__)

    def _on_overview(self, found: Overview) -> None:
        project = self.session.project
        before = self.overview
        self.overview, self._facts_of = found, None
        same = before is not None and _forms(before.fields) == _forms(found.fields)
        windowed = bool(project.data.window.length) and not found.problem
        self.bar.show_parts(found.counts)
        self.bar.show_fields(found.fields, views_for(found.fields, windowed=windowed), keep=same)
        self.problem.setText(" ".join(found.problem.split()))
        self._warning.setVisible(bool(found.problem))
        self.legend.show_fields(found.fields)
        self.model.show_fields(found.fields)
        for view in self._tiles:
            view.show_fields(found.fields)
        self._show_state()
        self._on_view(self.bar.view_name)
        self._on_choice()

    @property
    def _tiles(self) -> tuple[ImageGrid | SoundLines | TextLines | CurveLines, ...]:
        return self.grid, self.sounds, self.texts, self.curves

    # --- showing ------------------------------------------------------------------------------------------------------

    def _on_choice(self) -> None:
        if self.overview is None:
            return
        self.loader.show(self.session.project, self.session.base, self.bar.choice)
        self._read_facts()
        self._update_views()

    def _read_facts(self) -> None:
        """Find out what the header of the table says, once for every part."""
        seen, part = self._seen, self.bar.choice.part
        if seen is None or self.bar.view_name != "table" or self._facts_of == (seen, part):
            return
        project, base = self.session.project, self.session.base
        self.model.show_facts({})

        def done(facts: dict[str, FieldFacts]) -> None:
            self._facts_of = (seen, part)
            self.model.show_facts(facts)

        self._facts_lane.submit(watched(lambda: part_facts(project, base, part)), done, self._on_failed)

    def _on_view(self, _name: str) -> None:
        self._show_pages()
        self.legend.setVisible(self.bar.view_name == "images" and self.legend.has_classes)
        self._read_facts()
        self.view.viewport().update()
        if self.loader.count:
            self.loader.want(*self.view.visible())

    def _show_pages(self) -> None:
        nothing = self.loader.count == 0 and not self.loader.busy
        self._pages.setCurrentWidget(self.nothing if nothing else self.view)

    def _on_counted(self, count: int) -> None:
        self.model.show_count(count)
        for view in self._tiles:
            view.show_count(count)

    def _on_arrived(self, first: int, last: int) -> None:
        if first == 0:
            self.grid.relay()
        self._show_pages()
        for each in (self.model, *self._tiles):
            each.rows_arrived(first, last)
        if self.loader.count:
            self.loader.want(*self.view.visible())

    def _update_views(self) -> None:
        for view in self._views.values():
            view.viewport().update()

    def _on_overlay(self) -> None:
        self.grid.set_overlay(shown=self.bar.overlay.isChecked(), opacity=self.bar.opacity.value() / 100)

    def _on_prepared(self, prepared: bool) -> None:
        self.model.show_prepared(prepared=prepared)
        self.table.fit_anew()

    def _restyle(self) -> None:
        self.bar.restyle()
        self._update_views()
        self.table.horizontalHeader().viewport().update()

    def _on_busy(self, _busy: bool) -> None:
        lanes = (self._lane, self._facts_lane, self._row_lane, self.loader.lane)
        if not any(lane.busy for lane in lanes):
            self._late.stop()
            self.work.hide()
        elif self.work.isHidden() and not self._late.isActive():
            self._late.start()

    # --- one sample ---------------------------------------------------------------------------------------------------

    def go_to(self, row: int) -> None:
        """Show a row of the source (from 0), in whichever part it is."""
        project, base = self.session.project, self.session.base
        choice = self.bar.choice
        if choice.part == "all" and choice.only is None:
            self._on_located(("all", row)) if row < self.loader.count else self.session.refused.emit(
                self.tr("There is no row {0:,}: the data has {1:,} rows.").format(row + 1, self.loader.count)
            )
            return
        self._row_lane.submit(watched(lambda: locate(project, base, row)), self._on_located, self._on_not_located)

    def _on_not_located(self, error: Exception) -> None:
        self.session.refused.emit(str(error))

    def _on_located(self, found: tuple[PartChoice, int]) -> None:
        part, place = found
        if self.bar.choice.part != part or self.bar.choice.only is not None:
            self.bar.choose_part(part)
            count = self.overview.counts.get(part, 0) if self.overview is not None else 0
            self.loader.expect(count)
        self.view.show_place(place)
        self.view.setFocus()

    def open_sample(self, place: int) -> None:
        """Show one sample large, with all its fields before and after."""
        if self.overview is None:
            return
        dialog = SampleDialog(self, self.session.project, self.session.base, self.bar.choice, self.overview.fields)
        dialog.show_place(place, self.loader.count)
        dialog.show()


def _forms(fields: tuple[SampleField, ...]) -> list[tuple[str, str, str]]:
    return [(each.field.name, each.use, each.form) for each in fields]
