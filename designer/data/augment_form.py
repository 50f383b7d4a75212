"""What may be done to the training samples of a field: a switch and options for each way, and what comes of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from core.data.augment import augmentations
from core.data.augment._kind import AugmentKind
from core.data.augment_preview import BeforeAfter, before_and_after
from core.data.augmenting import suits
from core.errors import LayerwrightError
from core.graph.project import DataBinding, Field
from core.kinds import Value
from designer import theme
from designer.data.augment_strip import Strip
from designer.data.changes import Changed
from designer.data.reading import watched
from designer.jobs import Lane
from designer.options_form import OptionsForm, with_value
from designer.properties.editors.base import Silenced, Special
from designer.session import Session
from designer.widgets import IconButton, TextLabel, failing, heading, muted

_SETTLE_MS = 150
_INDENT = 22
log = logging.getLogger(__name__)


class _Row(QWidget):
    """One augmentation: its switch, and its options while it is on."""

    switched = Signal(bool)

    def __init__(self, session: Session, kind: AugmentKind) -> None:
        super().__init__()
        self.kind = kind
        self.box = QCheckBox(kind.title)
        self.box.setObjectName(f"augment_{kind.id}")
        self.box.setToolTip(kind.help)
        self.box.setAccessibleDescription(kind.help)
        titles = {each.name: each.name.replace("_", " ").capitalize() for each in kind.options}
        self.form = OptionsForm(session, titles=titles)
        self.form.setContentsMargins(_INDENT, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.box)
        layout.addWidget(self.form)
        self.box.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        on = self.box.checkState() is not Qt.CheckState.Unchecked
        self.box.setTristate(False)
        self.box.setChecked(on)
        self.switched.emit(on)

    def show_fields(self, fields: tuple[Field, ...]) -> None:
        """Show what these fields say of it."""
        set_by = [field.augment.get(self.kind.id) for field in fields]
        on = [each is not None for each in set_by]
        with Silenced(self.box):
            mixed = any(on) and not all(on)
            self.box.setTristate(mixed)
            state = Qt.CheckState.PartiallyChecked if mixed else Qt.CheckState.Checked if all(on) else None
            self.box.setCheckState(state or Qt.CheckState.Unchecked)
        if not all(on):
            self.form.hide()
            return
        values: dict[str, Value] = {}
        for each in self.kind.options:
            given = [options.get(each.name, Special.UNSET) for options in set_by if options is not None]
            shown = given[0] if all(one == given[0] for one in given) else Special.MIXED
            if shown is not Special.UNSET:
                values[each.name] = shown
        self.form.show_parameters(self.kind.options, values)


class AugmentForm(QWidget):
    """Offers the augmentations that suit all selected inputs, in the order in which they are done."""

    change_requested = Signal(object, str)
    """A ``Changed`` for every selected field, and the merge key."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment_form")
        self._session = session
        self._fields: tuple[Field, ...] = ()
        self._asked: tuple[DataBinding, str, int, int] | None = None
        self.draw = 0
        self.rows: dict[str, _Row] = {}
        self._lane = Lane(self, "augment")
        self._title = heading(self.tr("Augmentation"))
        self._again = IconButton("repeat", self.tr("Another draw"))
        self._tip = muted(self.tr("Changes training samples at random: the network learns what does not matter."))
        self._mixing = muted(self.tr("Of those that blend samples only the first is done."))
        self.problem: TextLabel = failing()
        self.strip = Strip()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._start)
        self._column = QVBoxLayout()
        self._lay_out()

    def _lay_out(self) -> None:
        self._again.setObjectName("augment_again")
        self._again.clicked.connect(self.draw_again)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._again)
        self._column.setSpacing(2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE // 2, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(head)
        layout.addWidget(self._tip)
        layout.addLayout(self._column)
        layout.addWidget(self._mixing)
        layout.addWidget(self.strip)
        layout.addWidget(self.problem)

    @property
    def busy(self) -> bool:
        """True while samples are being made."""
        return self._lane.busy or self._settle.isActive()

    def show_fields(self, fields: tuple[Field, ...]) -> None:
        """Show what can be done to these fields; nothing where they are no inputs."""
        self._fields = fields
        inputs = bool(fields) and all(field.role == "input" for field in fields)
        kinds = [kind for kind in augmentations if inputs and all(suits(kind, field) for field in fields)]
        self.setVisible(bool(kinds))
        wanted = {kind.id for kind in kinds}
        for kind in kinds:
            if kind.id not in self.rows:
                self._add(kind)
        for name, row in self.rows.items():
            row.setVisible(name in wanted)
            if name in wanted:
                row.show_fields(fields)
        on = [kind for kind in kinds if any(kind.id in field.augment for field in fields)]
        self._tip.setVisible(not on)
        self._again.setVisible(bool(on))
        self._mixing.setVisible(sum(kind.mix is not None for kind in on) > 1)
        self._refresh(bool(on))

    def _add(self, kind: AugmentKind) -> None:
        row = self.rows[kind.id] = _Row(self._session, kind)
        row.switched.connect(lambda on: self.change_requested.emit(_switched(kind.id, on), ""))
        row.form.edited.connect(lambda name, value: self._on_option(kind.id, name, value))
        order = [each.id for each in augmentations]
        place = sum(order.index(name) < order.index(kind.id) for name in self.rows)
        self._column.insertWidget(place, row)

    def _on_option(self, kind: str, name: str, value: Value) -> None:
        names = ",".join(field.name for field in self._fields)
        self.change_requested.emit(_with_option(kind, name, value), f"augment.{names}.{kind}.{name}")

    # --- what comes of it ---------------------------------------------------------------------------------------------

    def draw_again(self) -> None:
        """Show the same samples as another epoch would have them."""
        self.draw += 1
        self._refresh(shown=True)

    def _refresh(self, shown: bool) -> None:
        if not shown or not self._fields:
            self._asked = None
            self._settle.stop()
            self._lane.cancel()
            self._show(None, "")
            return
        project = self._session.project
        asked = (project.data, self._fields[0].name, project.training.seed, self.draw)
        if asked != self._asked:
            self._asked = asked
            self._settle.start()

    def _start(self) -> None:
        if self._asked is None:
            return
        data, name, seed, draw = self._asked
        base = self._session.base
        self._lane.submit(
            watched(lambda: before_and_after(data, name, seed, draw, base)),
            lambda found: self._show(found, ""),
            self._on_failed,
        )

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            log.error("augmenting samples failed", exc_info=error)
        self._show(None, str(error) or type(error).__name__)

    def _show(self, found: BeforeAfter | None, problem: str) -> None:
        self.strip.show_samples(found)
        self.strip.setVisible(found is not None)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))


def _switched(kind: str, on: bool) -> Changed:
    def change(field: Field) -> Field:
        others: Mapping[str, Mapping[str, Value]] = {
            name: options for name, options in field.augment.items() if name != kind
        }
        return replace(field, augment={**others, kind: field.augment.get(kind, {})} if on else others)

    return change


def _with_option(kind: str, name: str, value: Value) -> Changed:
    def change(field: Field) -> Field:
        options = with_value(field.augment.get(kind, {}), name, value)
        return replace(field, augment={**field.augment, kind: options})

    return change
