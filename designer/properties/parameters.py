"""The parameters of a form: the layer's own and the folded sections, searched, thinned out, and set back at once."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from core.graph.edits import SetParameters
from core.graph.project import INPUT
from core.kinds import Parameter, Value
from core.kinds import Section as Part
from core.parameters import derived_of, format_value
from designer.properties.rows import ParameterRow
from designer.properties.scope import Scope
from designer.properties.section import Fold, Section
from designer.theme import SPACE
from designer.widgets import IconButton, Rule, TextLabel, heading, muted

_MANY = 8
"""More parameters than these get a search field."""
_SHAPE_OF_DATA = frozenset({"shape", "dtype"})
"""Parameters of an input that its data decides once it is bound."""


@dataclass
class Filter:
    """Which parameters are wanted; kept while one form takes the place of another."""

    search: str = ""
    changed_only: bool = False


class ParametersPart(QWidget):
    """A heading with its commands, a search field where there are many, and the rows."""

    pointed_at = Signal(object)
    """The ParameterRow whose help is wanted, or None."""

    def __init__(self, scope: Scope, wanted: Filter) -> None:
        super().__init__()
        self.setObjectName("parameters_part")
        self._scope, self._wanted = scope, wanted
        self.rows: list[ParameterRow] = []
        self._folds: list[tuple[Fold, list[ParameterRow]]] = []
        self._derived: dict[str, TextLabel] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE)
        self._add_head()
        self._add_rows()
        self.search.setVisible(len(self.rows) > _MANY or bool(wanted.search))
        self.search.textChanged.connect(self._on_searched)
        self.search.returnPressed.connect(self.focus_first)
        self.search.installEventFilter(self)
        self.only.toggled.connect(self._on_only_toggled)
        self.all.clicked.connect(self._reset_all)
        for row in self.rows:
            row.pointed_at.connect(self.pointed_at)
        if not (self.rows or self._derived):
            self.hide()  # to show it here, where it has no parent yet, would open a window

    def _add_head(self) -> None:
        self.only = QToolButton()
        self.only.setObjectName("changed_only")
        self.only.setAutoRaise(True)
        self.only.setCheckable(True)
        self.only.setChecked(self._wanted.changed_only)
        self.only.setText(self.tr("Changed"))
        self.only.setToolTip(self.tr("Show only what differs from its default, what is needed, and what is wrong."))
        self.all = IconButton("reset", self.tr("All back to their defaults"))
        self.all.setObjectName("reset_all")
        row = QHBoxLayout()
        row.setSpacing(SPACE // 2)
        row.addWidget(heading(self.tr("Parameters")), 1)
        row.addWidget(self.only)
        row.addWidget(self.all)
        self.search = QLineEdit(self._wanted.search)
        self.search.setObjectName("parameter_search")
        self.search.setPlaceholderText(self.tr("Search parameters"))
        self.search.setAccessibleName(self.tr("Search parameters"))
        self.search.setClearButtonEnabled(True)
        self.note = muted()
        self.note.setObjectName("parameter_note")
        self._column.addWidget(Rule())
        self._column.addLayout(row)
        self._column.addWidget(self.search)
        self._column.addWidget(self.note)

    def _add_rows(self) -> None:
        parameters = self._scope.parameters
        own = Section()
        self._column.addWidget(own)
        self._fill([each for each in parameters if not each.section], own)
        kind = self._scope.kind
        self._sizes = Section()
        for name in derived_of(kind) if kind is not None and not self._scope.shares and not self._scope.is_port else ():
            self._derived[name] = self._sizes.add_value(name, "", muted=True)
            self._derived[name].setToolTip(self.tr("Filled in from the incoming shape."))
        own.setVisible(bool(self.rows))
        self._column.addWidget(self._sizes)
        titles: dict[Part, str] = {"Weights": self.tr("Weights"), "Training": self.tr("Training")}
        for part, title in titles.items():
            members = [each for each in parameters if each.section == part]
            if members:
                fold = Fold(title, part)
                self._folds.append((fold, self._fill(members, fold.section)))
                self._column.addWidget(fold)

    def _fill(self, parameters: list[Parameter], section: Section) -> list[ParameterRow]:
        rows = [ParameterRow(each, self._scope, section.grid, section) for each in parameters]
        self.rows += rows
        return rows

    def refresh(self, problems: dict[str, str], derived: list[dict[str, Value]]) -> None:
        """Show what the document says now, the problems by parameter, and the sizes found at each node."""
        for row in self.rows:
            row.refresh()
            row.show_problem(problems.get(row.parameter.name, ""))
        for name, label in self._derived.items():
            texts = {format_value(each.get(name)) or "–" for each in derived}
            label.setText(texts.pop() if len(texts) == 1 else self.tr("several values") if texts else "–")
        for fold, rows in self._folds:
            fold.show_count(sum(row.is_changed for row in rows))
        self._show_commands()
        self._show_wanted()

    def _show_commands(self) -> None:
        """Offer what can be done with the parameters that were changed, where there are any."""
        count = sum(row.is_changed for row in self.rows)
        self.only.setText(self.tr("Changed · {count}").format(count=count) if count else self.tr("Changed"))
        self.only.setVisible(bool(count) or self._wanted.changed_only)
        self.all.setVisible(bool(count))

    def focus_first(self) -> bool:
        """Put the cursor into the first parameter that is shown; False where there is none."""
        first = next((row for row in self.rows if not row.editor.isHidden()), None)
        if first is not None:
            first.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        return first is not None

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.show()
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search field Esc shows all again, and Down goes to the first that was found."""
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            pressed = event.type() == QEvent.Type.KeyPress
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                event.accept()
                if pressed:
                    self.search.clear()
                return True
            if event.key() == Qt.Key.Key_Down and pressed:
                self.focus_first()
                return True
        return super().eventFilter(watched, event)

    # --- which are shown ----------------------------------------------------------------------------------------------

    def _show_wanted(self) -> None:
        search, only = self._wanted.search.strip(), self._wanted.changed_only
        hidden = _SHAPE_OF_DATA if self._bound else frozenset()
        shown = 0
        for row in self.rows:
            wanted = row.matches(search) and (not only or row.is_noted or row.has_focus())
            row.label.mark_found(next(iter(search.split()), ""))
            row.set_visible(wanted and row.editor.applies and row.parameter.name not in hidden)
            shown += not row.editor.isHidden()
        for fold, rows in self._folds:
            fold.setVisible(any(not row.editor.isHidden() for row in rows))
            fold.hold_open(bool(search) or only)
        self._sizes.setVisible(bool(self._derived) and not search and not only)
        self.note.setText(self._why_empty(search) if self.rows and not shown else "")
        self.note.setVisible(bool(self.note.text()))

    @property
    def _bound(self) -> bool:
        kind = self._scope.kind
        return kind is not None and kind.id == INPUT and any(params.get("fields") for params in self._scope.params())

    def _why_empty(self, search: str) -> str:
        if search:
            return self.tr("No parameter matches “{search}”. Esc shows all.").format(search=search)
        return self.tr("Everything is at its default.")

    def _on_searched(self, text: str) -> None:
        self._wanted.search = text
        self._show_wanted()

    def _on_only_toggled(self, only: bool) -> None:
        self._wanted.changed_only = only
        self._show_commands()
        self._show_wanted()

    def _reset_all(self) -> None:
        values: dict[str, dict[str, Value]] = {}
        for row in self.rows:
            for node, value in self._scope.changed(row.parameter.name).items():
                values.setdefault(node, {})[row.parameter.name] = value
        session = self._scope.session
        session.document.end_merge()
        if values:
            session.apply_here(SetParameters(values))
