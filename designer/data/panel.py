"""The data panel: what the network learns from, what its fields mean, how it is divided, and what it looks like."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from core.data.bind import bind, refresh
from core.data.meaning import with_meaning, with_role
from core.data.preview import Preview, preview
from core.data.reading import read
from core.data.sources import sources
from core.errors import DataError, LayerwrightError
from core.graph.change import Change
from core.graph.project import DataBinding, Field, Meaning, Project, Role
from core.kinds import Value
from designer import theme
from designer.data.field_facts import FieldFacts
from designer.data.fields_model import FieldColumn, FieldsModel
from designer.data.fields_view import FieldsView
from designer.data.preview_view import PreviewView
from designer.data.source_card import SourceCard, shown_path
from designer.data.source_choice import SourceChoice
from designer.data.split_form import SplitForm
from designer.data.wiring import bind_edit, fields_edit
from designer.jobs import Lane
from designer.session import Session
from designer.widgets import Card, IconLabel, TextLabel, heading

_TABLES = frozenset({".csv", ".tsv", ".txt"})
_SETTLE_MS = 250
"""Pause in typing after which data is read again."""
log = logging.getLogger(__name__)


class DataPanel(QScrollArea):
    """Binds data to the project and shows it. Reading is done in jobs; each answer is applied as one edit."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted: tuple[str, dict[str, Value]] | None = None
        self._preview: Preview | None = None
        self._seen: DataBinding | None = None
        self.setObjectName("data_panel")
        self.setAccessibleName(self.tr("Data"))
        self.setAcceptDrops(True)
        self._binding_lane = Lane(self, "bind")
        self._preview_lane = Lane(self, "preview")
        self._make_parts()
        self._lay_out()
        self._connect()
        self._settle = _single_shot(self, _SETTLE_MS, self._bind_wanted)
        self._look = _single_shot(self, 60, self._start_preview)
        self._show_project()

    @property
    def busy(self) -> bool:
        """True while data is being read or looked at."""
        return self._binding_lane.busy or self._preview_lane.busy or self._settle.isActive() or self._look.isActive()

    @property
    def rows_shown(self) -> int:
        """The number of rows in the preview; 0 until it has been read."""
        return self.preview.rows.rowCount() if self._preview is not None else 0

    # --- parts --------------------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.empty = SourceChoice()
        self.card = SourceCard(self._session)
        self.fields = FieldsModel(self._change_fields)
        self.table = FieldsView(self.fields)
        self.facts = FieldFacts(self.fields)
        self.split = SplitForm(self._session)
        self.preview = PreviewView()
        self.notice = TextLabel()
        self.notice.setObjectName("data_problem")
        self._notice_card = Card()
        self._busy = QProgressBar()
        self._stack = QStackedWidget()
        self._details = QWidget()
        """What there is to see once data is bound."""

    def _lay_out(self) -> None:
        row = QHBoxLayout(self._notice_card)
        row.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        row.addWidget(IconLabel("error", "error", 18), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.notice, 1)
        self._notice_card.hide()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedHeight(3)
        policy = self._busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._busy.setSizePolicy(policy)
        self._busy.hide()
        self._lay_out_details()
        bound = QWidget()
        column = QVBoxLayout(bound)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.card)
        column.addWidget(self._details, 1)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(bound)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(theme.SPACE + 2, 2, theme.SPACE + 2, theme.SPACE)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(self._busy)
        layout.addWidget(self._notice_card)
        layout.addWidget(self._stack, 1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(280)

    def _lay_out_details(self) -> None:
        details = QVBoxLayout(self._details)
        details.setContentsMargins(0, 0, 0, 0)
        details.setSpacing(theme.SPACE)
        for title, widgets in (
            (self.tr("Fields"), (self.table, self.facts)),
            (self.tr("Split"), (self.split,)),
            (self.tr("Preview"), (self.preview,)),
        ):
            details.addSpacing(theme.SPACE // 2)
            details.addWidget(heading(title))
            for widget in widgets:
                details.addWidget(widget, 1 if widget is self.preview else 0)

    def _connect(self) -> None:
        self.empty.chosen.connect(self.choose_source)
        self.card.source_chosen.connect(self.choose_source)
        self.card.options_changed.connect(self._on_options_changed)
        self.card.path_chosen.connect(self.bind_file)
        self.card.remove_requested.connect(self.remove_data)
        self.table.current_changed.connect(lambda _name: self._show_facts())
        self.facts.chosen.connect(self.table.change_selected)
        self._binding_lane.busy_changed.connect(self._on_busy)
        self._preview_lane.busy_changed.connect(self._on_busy)
        self._session.changed.connect(self._on_changed)

    def _on_busy(self, _busy: bool) -> None:
        self._busy.setVisible(self._binding_lane.busy or self._preview_lane.busy)

    # --- binding ------------------------------------------------------------------------------------------------------

    def choose_source(self, source: str) -> None:
        """Bind a source with its default options; one that reads a file asks for it first."""
        kind = sources[source]
        if any(parameter.name == "path" for parameter in kind.parameters):
            self.card.browse()
        else:
            self.bind_source(source, {})

    def bind_file(self, path: Path) -> None:
        """Bind a CSV file; its path is kept relative to the project's folder where it lies within it."""
        data = self._session.project.data
        options = data.options if data.source == "csv" else {}
        self.bind_source("csv", {**options, "path": shown_path(path, self._session.base)})

    def bind_source(self, source: str, options: Mapping[str, Value]) -> None:
        """Read a source in a job and bind it; where it cannot be read, say why and leave the project as it is."""
        self._wanted = (source, dict(options))
        self._bind_wanted()

    def remove_data(self) -> None:
        """Bind no data."""
        self._wanted = None
        self._binding_lane.cancel()
        self._session.apply(bind_edit(self._session.project, DataBinding(), self.tr("Remove data")))

    def _on_options_changed(self, options: dict[str, Value]) -> None:
        source = self._wanted[0] if self._wanted else self._session.project.data.source
        self._wanted = (source, options)
        self._settle.start()

    def _bind_wanted(self) -> None:
        if self._wanted is None:
            return
        source, options = self._wanted
        project, base = self._session.project, self._session.base
        self._binding_lane.submit(
            lambda _progress: _bound(project, source, options, base), self._on_bound, self._on_failed
        )

    def _on_bound(self, binding: DataBinding) -> None:
        self._wanted = None
        self._say("")
        title = sources[binding.source].title
        project = self._session.project
        same = project.data.source == binding.source
        label = self.tr("Change options of {0}") if same else self.tr("Use {0}")
        if not self._session.apply(bind_edit(project, binding, label.format(title))) or project.data == binding:
            self._show_project()

    def _on_failed(self, error: Exception) -> None:
        if self._wanted is not None:
            self.card.show_binding(*self._wanted, self._session.project.data)
            self._stack.setCurrentIndex(1)
            bound = bool(self._session.project.data.source)
            kept = self.tr("Not read. The data from before is kept.")
            self.card.show_failure(kept if bound else self.tr("Not read."))
        if not isinstance(error, LayerwrightError):
            log.error("reading data failed", exc_info=error)
        self._say(str(error) or type(error).__name__)

    def _say(self, text: str) -> None:
        self.notice.setText(text)
        self._notice_card.setVisible(bool(text))

    # --- fields -------------------------------------------------------------------------------------------------------

    def _change_fields(self, names: tuple[str, ...], column: FieldColumn, value: str) -> None:
        data, base = self._session.project.data, self._session.base
        fields = [field for name in names if (field := data.field(name)) is not None]

        def work(_progress: object) -> tuple[Field, ...]:
            return tuple(_changed(data, base, field, column, value) for field in fields)

        self._binding_lane.submit(work, self._on_fields_changed, self._on_failed)

    def _on_fields_changed(self, fields: tuple[Field, ...]) -> None:
        self._say("")
        project = self._session.project
        known = [field for field in fields if project.data.field(field.name) is not None]
        if known:
            self._session.apply(fields_edit(project, known))

    def _show_facts(self) -> None:
        row = self.table.currentIndex().row()
        field = self.fields.fields[row] if 0 <= row < len(self.fields.fields) else None
        columns = self._preview.columns if self._preview else ()
        found = next((each for each in columns if field is not None and each.field.name == field.name), None)
        self.facts.show_field(row, found)

    # --- showing ------------------------------------------------------------------------------------------------------

    def _on_changed(self, change: Change) -> None:
        if "data" in change.parts:
            self._show_project()

    def _show_project(self) -> None:
        data = self._session.project.data
        if data == self._seen:
            return
        fresh = self._seen is None or (data.source, data.options) != (self._seen.source, self._seen.options)
        self._seen = data
        self._stack.setCurrentIndex(1 if data.source else 0)
        self._details.setVisible(bool(data.source))
        if fresh:
            self._say("")
            self._preview = None
        if data.source:
            self.card.show_binding(data.source, data.options, data)
            self.fields.show_fields(data.fields)
            self.split.refresh()
            self._show_facts()
            self._look.start()
        else:
            self._preview_lane.cancel()

    def _start_preview(self) -> None:
        data, base = self._session.project.data, self._session.base
        if data.source:
            self._preview_lane.submit(lambda _progress: preview(data, base), self._on_preview, self._on_failed)

    def _on_preview(self, found: Preview) -> None:
        self._preview = found
        self.fields.show_missing({column.field.name: column.missing for column in found.columns})
        self.table.arrange()
        if not self.table.currentIndex().isValid() and self.fields.fields:
            self.table.setCurrentIndex(self.fields.index(0, 0))
        inputs, targets = (len(self._session.project.data.with_role(role)) for role in ("input", "target"))
        self.card.show_summary(self.tr("{0:,} rows · {1} in, {2} to predict").format(found.rows, inputs, targets))
        self.split.show_counts(found.split_counts, found.dropped)
        self.preview.show_preview(found)
        self._say(found.problem)
        self._show_facts()

    # --- dropping a file ----------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a table in a file."""
        if _dropped_table(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Bind the file that was dropped."""
        path = _dropped_table(event)
        if path is not None:
            event.acceptProposedAction()
            self.bind_file(path)


def _single_shot(parent: QWidget, milliseconds: int, act: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(act)
    return timer


def _bound(project: Project, source: str, options: Mapping[str, Value], base: Path | None) -> DataBinding:
    """Bind a source; where only options of the bound one change, what the user chose for its fields stays."""
    data = project.data
    if data.source != source or data.options.get("path") != options.get("path"):
        return bind(source, options, base)
    changed = DataBinding(source, dict(options), data.fields, data.split)
    return refresh(changed, base).binding


def _changed(data: DataBinding, base: Path | None, field: Field, column: FieldColumn, value: str) -> Field:
    if column is FieldColumn.MEANING:
        raw = read(data.source, data.options, base)
        if field.name not in raw.columns:
            raise DataError(f"The column '{field.name}' is not in the data any more. Choose the source again.")
        return with_meaning(field, cast("Meaning", value), raw.columns[field.name])
    if column is FieldColumn.ROLE:
        return with_role(field, cast("Role", value))
    name = "encoding" if column is FieldColumn.ENCODING else "missing"
    changes: dict[str, Any] = {name: value}
    return replace(field, **changes)


def _dropped_table(event: QDropEvent) -> Path | None:
    for url in event.mimeData().urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile() and path.suffix.lower() in _TABLES:
            return path
    return None
