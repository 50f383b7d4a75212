"""The data panel: what the network learns from, what its fields mean, and how samples are divided and drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from core.data.bind import Refreshed, bind, refresh
from core.data.meaning import with_meaning
from core.data.preview import Preview, preview
from core.data.reading import read, source_for
from core.data.sources import sources
from core.data.wiring import bind_edit
from core.errors import DataError, LayerwrightError
from core.graph.change import Change
from core.graph.project import DataBinding, Field, Meaning, Project
from core.kinds import Value
from designer import theme
from designer.data.changes import Changed, to_role
from designer.data.field_settings import FieldSettings
from designer.data.fields_model import FieldColumn, FieldsModel
from designer.data.fields_view import FieldsList
from designer.data.notice import Notice, WorkBar
from designer.data.reading import watched
from designer.data.sampling_form import SamplingForm
from designer.data.source_card import SourceCard
from designer.data.source_choice import SourceChoice
from designer.data.source_kinds import PATH, group_of, has_path, lacking, shown_path, takes_folder
from designer.data.split_form import SplitForm
from designer.data.wiring import fields_edit
from designer.jobs import Lane
from designer.session import Session
from designer.widgets import IconButton, Rule, TextLabel, failing, heading

_SETTLE_MS = 250
"""Pause in changing options after which data is read again."""
_LOOK_MS = 60
_BAR_MS = 200
"""Work that is done sooner shows no bar."""
log = logging.getLogger(__name__)


class DataPanel(QScrollArea):
    """Binds data to the project and shows it. Reading is done in jobs; each answer is applied as one edit."""

    samples_wanted = Signal()
    """The samples themselves shall be shown."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted: tuple[str, dict[str, Value]] | None = None
        self._preview: Preview | None = None
        self._changes: tuple[str, ...] = ()
        self._seen: DataBinding | None = None
        self.setObjectName("data_panel")
        self.setAccessibleName(self.tr("Data"))
        self.setAcceptDrops(True)
        self._binding_lane = Lane(self, "bind")
        self._fields_lane = Lane(self, "fields")
        self._preview_lane = Lane(self, "preview")
        self._make_parts()
        self._lay_out()
        self._settle = _single_shot(self, _SETTLE_MS, self._bind_wanted)
        self._look = _single_shot(self, _LOOK_MS, self._start_preview)
        self._late = _single_shot(self, _BAR_MS, self._show_work)
        self._connect()
        self._show_project()

    @property
    def busy(self) -> bool:
        """True while data is being read or looked at."""
        lanes = (self._binding_lane, self._fields_lane, self._preview_lane)
        return (
            any(lane.busy for lane in lanes)
            or self._settle.isActive()
            or self._look.isActive()
            or self.settings.augment.busy
        )

    @property
    def rows_shown(self) -> int:
        """The number of rows of the data that is shown; 0 until it has been looked at."""
        return self._preview.rows if self._preview is not None else 0

    # --- parts --------------------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.empty = SourceChoice()
        self.card = SourceCard(self._session)
        self.fields = FieldsModel(self._on_cell)
        self.list = FieldsList(self.fields)
        self.table = self.list.table
        self.settings = FieldSettings(self._session)
        self.field_problem: TextLabel = failing()
        self.split = SplitForm(self._session)
        self.sampling = SamplingForm(self._session)
        self.notice = Notice("data_notice")
        self.work = WorkBar()
        self._bound = QWidget()
        self._details = QWidget()
        """What there is to see once data is bound."""

    def _lay_out(self) -> None:
        details = QVBoxLayout(self._details)
        details.setContentsMargins(0, 0, 0, 0)
        details.setSpacing(theme.SPACE // 2)
        for title, widgets in (
            (self.tr("Fields"), (self.list, self.field_problem, self.settings)),
            (self.tr("Split"), (self.split,)),
            (self.tr("Sampling"), (self.sampling,)),
        ):
            details.addSpacing(theme.SPACE // 2)
            details.addWidget(Rule())
            details.addLayout(self._samples_row(title) if self.list in widgets else _heading_row(title))
            for widget in widgets:
                details.addWidget(widget)
        column = QVBoxLayout(self._bound)
        column.setContentsMargins(0, theme.SPACE // 2, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(self.card)
        column.addWidget(self._details)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(theme.SPACE + 2, 2, theme.SPACE + 2, theme.SPACE)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(self.work)
        layout.addWidget(self.notice)
        layout.addWidget(self.empty)
        layout.addWidget(self._bound)
        layout.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(280)

    def _samples_row(self, title: str) -> QHBoxLayout:
        row = _heading_row(title)
        button = IconButton("table", self.tr("Look at the samples"))
        button.setObjectName("data_samples")
        button.clicked.connect(self.samples_wanted)
        row.addWidget(button)
        return row

    def _connect(self) -> None:
        self.empty.chosen.connect(self.choose_source)
        self.empty.file_wanted.connect(lambda: self._open(folder=False))
        self.empty.folder_wanted.connect(lambda: self._open(folder=True))
        self.empty.back.connect(lambda: self._show_page(chooser=False))
        self.card.change_requested.connect(lambda: self._show_page(chooser=True))
        self.card.options_changed.connect(self._on_options_changed)
        self.card.reread_requested.connect(self.read_again)
        self.card.remove_requested.connect(self.remove_data)
        self.card.keep_requested.connect(self.forget)
        self.list.selection_changed.connect(self._show_settings)
        self.settings.change_requested.connect(self._on_settings)
        self.split.role_requested.connect(lambda name, role: self._change((name,), to_role(role)))
        self.work.cancelled.connect(self.cancel)
        for lane in (self._binding_lane, self._fields_lane, self._preview_lane):
            lane.busy_changed.connect(self._on_busy)
            lane.progressed.connect(self.work.progress)
        self._session.changed.connect(self._on_changed)

    def _on_busy(self, _busy: bool) -> None:
        busy = self._binding_lane.busy or self._fields_lane.busy or self._preview_lane.busy
        if not busy:
            self._late.stop()
            self.work.hide()
        elif self.work.isHidden() and not self._late.isActive():
            self._late.start()

    def _show_work(self) -> None:
        self.work.begin(self.tr("Reading the data") if self._binding_lane.busy else self.tr("Looking at the data"))

    # --- binding ------------------------------------------------------------------------------------------------------

    def choose_source(self, source: str) -> None:
        """Bind a source with its default options; one that reads a file or folder asks for it first."""
        kind = sources[source]
        if group_of(kind) == "hub":
            self._propose(source, {})
            return
        options: dict[str, Value] = {}
        if has_path(kind):
            path = self.card.ask(kind, folder=takes_folder(kind))
            if path is None:
                return
            options = {PATH: shown_path(path, self._session.base)}
        self.bind_source(source, options)

    def _open(self, *, folder: bool) -> None:
        path = self.card.ask(None, folder=folder)
        if path is not None:
            self.bind_file(path)

    def bind_file(self, path: Path) -> None:
        """Bind a file or folder by the source that reads it; its path is kept relative to the project's folder."""
        try:
            source, options = source_for(path)
        except DataError as error:
            self.notice.say(str(error))
            return
        self.bind_source(source, {**options, PATH: shown_path(path, self._session.base)})

    def bind_source(self, source: str, options: Mapping[str, Value]) -> None:
        """Read a source in a job and bind it; where it cannot be read, say why and leave the project as it is."""
        self._wanted = (source, dict(options))
        self._bind_wanted()

    def remove_data(self) -> None:
        """Bind no data."""
        self._binding_lane.cancel()
        if self._session.project.data.source:
            self._wanted = None
            self._session.apply(bind_edit(self._session.project, DataBinding(), self.tr("Remove data")))
        else:
            self.forget()

    def read_again(self) -> None:
        """Read what is bound as it is now, and say what is different; what the user chose stays where it can."""
        if self._wanted is not None:
            self._bind_wanted()
            return
        data, base = self._session.project.data, self._session.base
        self._binding_lane.submit(watched(lambda: (data, refresh(data, base))), self._on_read_again, self._on_not_read)

    def _on_read_again(self, answer: tuple[DataBinding, Refreshed]) -> None:
        before, found = answer
        project = self._session.project
        if project.data != before:
            return  # it was changed meanwhile: what was found belongs to something else
        self.card.notice.say("")
        if found.binding != before:
            self._session.apply(bind_edit(project, found.binding, self.tr("Read the data again")))
        self._changes = found.changes
        if not found.changes:
            self._session.told.emit(self.tr("The columns are as they were."))
        self._look.start()

    def cancel(self) -> None:
        """End what is being read; what was bound before stays."""
        self._settle.stop()
        self._fields_lane.cancel()
        self._preview_lane.cancel()
        if self._binding_lane.busy:
            self._binding_lane.cancel()
            self.forget()

    def forget(self) -> None:
        """Show what is bound again, instead of what could not be read."""
        self._wanted = None
        self._seen = None
        self._show_project()

    def _propose(self, source: str, options: Mapping[str, Value]) -> None:
        """Show a source whose options have to be set before it can be read."""
        self._wanted = (source, dict(options))
        self._say("")
        self.card.show_source(source, options)
        bound = bool(self._session.project.data.source)
        self.card.show_summary(self.tr("Set what is needed to read it."), keep=bound)
        self._show_page(chooser=False)
        self._details.hide()

    def _on_options_changed(self, options: dict[str, Value]) -> None:
        source = self._wanted[0] if self._wanted else self._session.project.data.source
        if PATH in options:
            options[PATH] = shown_path(Path(str(options[PATH])), self._session.base)
        self._wanted = (source, options)
        self._settle.start()

    def _bind_wanted(self) -> None:
        if self._wanted is None:
            return
        source, options = self._wanted
        if lacking(sources[source], options):
            self._propose(source, options)
            return
        project, base = self._session.project, self._session.base
        self.notice.say("")
        self._binding_lane.submit(
            watched(lambda: _bound(project, source, options, base)), self._on_bound, self._on_not_read
        )

    def _on_bound(self, binding: DataBinding) -> None:
        self._wanted = None
        self._seen = None  # also what was shown of a source that could not be read has to go
        title = sources[binding.source].title
        project = self._session.project
        same = project.data.source == binding.source
        label = self.tr("Change options of {0}") if same else self.tr("Use {0}")
        if not self._session.apply(bind_edit(project, binding, label.format(title))) or project.data == binding:
            self._show_project()

    def _on_not_read(self, error: Exception) -> None:
        if self._wanted is not None:
            self._show_page(chooser=False)
            self.card.show_source(*self._wanted)
        bound = bool(self._session.project.data.source)
        self._details.setVisible(bound)
        self.card.show_failure(_told(error), bound=bound)

    def _say(self, text: str) -> None:
        """Say what is wrong, beside what is bound and above all; or that nothing is any more."""
        self.notice.say(text)
        self.card.notice.say("")

    # --- fields -------------------------------------------------------------------------------------------------------

    def _on_cell(self, names: tuple[str, ...], column: FieldColumn, value: str) -> None:
        if column is FieldColumn.ROLE:
            self._change(names, to_role(value))
        elif column is FieldColumn.MEANING:
            self._change_meaning(names, cast("Meaning", value))

    def _on_settings(self, change: Changed, merge_key: str) -> None:
        self._change(tuple(field.name for field in self.table.selected), change, merge_key)

    def _change(self, names: tuple[str, ...], change: Changed, merge_key: str = "") -> None:
        """Change fields at once, as one step."""
        project = self._session.project
        try:
            changed = [change(field) for field in self._named(names)]
        except DataError as error:
            self._tell_field(str(error))
            return
        self._tell_field("")
        if changed:
            self._session.apply(fields_edit(project, changed, merge_key))

    def _named(self, names: tuple[str, ...]) -> list[Field]:
        data = self._session.project.data
        return [field for name in names if (field := data.field(name)) is not None]

    def _change_meaning(self, names: tuple[str, ...], meaning: Meaning) -> None:
        """Change meanings in a job, as the data must be looked at for it."""
        data, base = self._session.project.data, self._session.base
        fields = self._named(names)

        def work() -> tuple[tuple[Field, Field], ...]:
            return tuple((field, _with_meaning(data, base, field, meaning)) for field in fields)

        self._fields_lane.submit(watched(work), self._on_meanings, lambda error: self._tell_field(_told(error)))

    def _on_meanings(self, pairs: tuple[tuple[Field, Field], ...]) -> None:
        self._tell_field("")
        project = self._session.project
        # What was changed otherwise meanwhile is not what was looked at.
        fresh = [new for old, new in pairs if project.data.field(old.name) == old]
        if fresh:
            self._session.apply(fields_edit(project, fresh))

    def _tell_field(self, text: str) -> None:
        self.field_problem.setText(text)
        self.field_problem.setVisible(bool(text))

    def _show_settings(self) -> None:
        self.settings.show_fields(self.table.selected, self._preview.facts if self._preview else {})

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show_page(self, *, chooser: bool) -> None:
        self.empty.show_bound(bound=bool(self._session.project.data.source))
        self.empty.setVisible(chooser)
        self._bound.setVisible(not chooser)
        self.verticalScrollBar().setValue(0)
        if chooser and self.isVisible():
            self.empty.search.setFocus()

    def _on_changed(self, change: Change) -> None:
        if "data" in change.parts:
            self._show_project()

    def _show_project(self) -> None:
        data = self._session.project.data
        if data == self._seen:
            return
        fresh = self._seen is None or (data.source, data.options) != (self._seen.source, self._seen.options)
        self._seen = data
        if fresh:
            self._wanted = None
            self._settle.stop()
            self._binding_lane.cancel()
            self._changes = ()
            self._show_page(chooser=not data.source)
            self._say("")
            self._tell_field("")
            self._preview = None
            self.split.show_preview(None)
            self.card.show_summary("")
        self._details.setVisible(bool(data.source))
        if not data.source:
            self._preview_lane.cancel()
            return
        if self._wanted is None:  # else what is about to be read, or could not be, stays in sight
            self.card.show_source(data.source, data.options)
        self.list.show_fields(data.fields)
        self.split.refresh()
        self.sampling.refresh()
        self._look.start()

    def _start_preview(self) -> None:
        data, base = self._session.project.data, self._session.base
        if data.source:
            self._preview_lane.submit(watched(lambda: preview(data, base)), self._on_preview, self._on_not_seen)

    def _on_not_seen(self, error: Exception) -> None:
        self.card.notice.say(_told(error))

    def _on_preview(self, found: Preview) -> None:
        self._preview = found
        self.fields.show_missing({name: facts.missing for name, facts in found.facts.items()})
        if self._wanted is None:
            inputs, targets = (len(self._session.project.data.with_role(role)) for role in ("input", "target"))
            text = self.tr("{0:,} rows · {1} in, {2} to predict").format(found.rows, inputs, targets)
            self.card.show_summary(text, (*self._changes, *found.notes))
            self.card.notice.say("")
        self.split.show_preview(found)
        self._tell_field(found.problem)
        self._show_settings()

    # --- dropping a file or folder ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a file or folder."""
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Bind what was dropped."""
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.bind_file(path)


def _heading_row(title: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(heading(title), 1)
    return row


def _single_shot(parent: QWidget, milliseconds: int, act: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(act)
    return timer


def _told(error: Exception) -> str:
    """Return what is said of an error; one that nobody raised on purpose goes into the log with its traceback."""
    if not isinstance(error, LayerwrightError):
        log.error("work on data failed", exc_info=error)
    return str(error) or type(error).__name__


def _bound(project: Project, source: str, options: Mapping[str, Value], base: Path | None) -> DataBinding:
    """Bind a source; where only options of the bound one change, what the user chose for its fields stays."""
    data = project.data
    if data.source != source or data.options.get(PATH) != options.get(PATH):
        return bind(source, options, base)
    changed = DataBinding(source, dict(options), data.fields, data.split, data.window, data.sampling)
    return refresh(changed, base).binding


def _with_meaning(data: DataBinding, base: Path | None, field: Field, meaning: Meaning) -> Field:
    raw = read(data.source, data.options, base)
    if field.name not in raw.columns:
        raise DataError(f"The column '{field.name}' is not in the data any more. Choose the source again.")
    return with_meaning(field, meaning, raw.columns[field.name])


def _dropped(event: QDropEvent) -> Path | None:
    """Return the one file or folder that is dragged."""
    urls = event.mimeData().urls()
    path = Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
    return path if path is not None and path.exists() else None
