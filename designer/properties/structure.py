"""What a form says of a node beyond its parameters: the group or code behind it, repetitions, shared weights, off."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.graph.edits import SetRepeat, ShareLayer
from core.graph.project import Node
from core.kinds import LayerKind, Parameter, Value
from core.parameters import check_value, format_value, resolve
from designer.properties.editors.base import Context, Special
from designer.properties.editors.integer import IntegerEditor
from designer.properties.modes import ModeNote
from designer.properties.section import NAME_WIDTH, Section
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import ElidedButton, ElidedLabel, breakable, failing, muted

_REPEAT = Parameter("repeat", "int", 1, minimum=1, maximum=1000)
_PROBE = LayerKind("probe", "", "", parameters=(_REPEAT,))


def _tr(text: str) -> str:
    return QCoreApplication.translate("StructureSection", text)


class StructureSection(QWidget):
    """The uncommon sides of one node; empty (and without height) for an ordinary layer."""

    def __init__(self, session: Session, name: str, kind: LayerKind) -> None:
        super().__init__()
        self.setObjectName("structure_section")
        self._session, self._name, self._kind = session, name, kind
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        self._mode = ModeNote(session, (name,))
        column.addWidget(self._mode)
        self._repeat: IntegerEditor | None = None
        self._shown: int | str | None = None
        self._before: int | str | None = None
        node = self._node
        if node.shares:
            self._add_sharing(column, node)
        elif kind.group:
            self._add_group(column)
        elif kind.code:
            self._add_code(column)
        self.refresh()

    @property
    def _node(self) -> Node:
        return self._session.view.graph.nodes[self._name]

    def refresh(self) -> None:
        """Show what the document says now."""
        node = self._node
        self._mode.refresh()
        if self._repeat is not None:
            self._repeat.refresh()
            if node.repeat != self._shown:
                self._show_repeat()
            self._tied.setVisible(node.repeat != 1)
            self._tied.blockSignals(True)
            self._tied.setChecked(node.tied)
            self._tied.blockSignals(False)
        self.setVisible(bool(node.mode or node.shares or self._kind.group or self._kind.code))

    def _add_sharing(self, column: QVBoxLayout, node: Node) -> None:
        text = _tr("Another call of “{owner}”: both use the same weights and parameters.").format(owner=node.shares)
        column.addWidget(muted(breakable(text)))
        row = QHBoxLayout()
        row.addWidget(self._button(_tr("Go to {owner}").format(owner=node.shares), self._go_to_owner, "go_to_owner"))
        row.addWidget(self._button(_tr("Own weights"), self._own_weights, "own_weights"))
        row.addStretch(1)
        column.addLayout(row)

    def _add_group(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.addWidget(self._button(_tr("Open group"), self._open, "open_group"))
        row.addStretch(1)
        column.addLayout(row)
        section = Section()
        self._message = failing()
        self._message.setObjectName("repeat_message")
        self._message.hide()
        context = Context(self._session, (self._name,), self._check_repeat, self._variables, self._repeat_of)
        self._repeat = IntegerEditor(_REPEAT, context)
        self._repeat.setObjectName("repeat")
        self._repeat.setAccessibleName(_tr("repeat"))
        self._repeat.setToolTip(_tr("How many times the group is stacked: each repetition feeds the next."))
        self._tied = QCheckBox(_tr("all with the same weights"))
        self._tied.setObjectName("tied")
        line = section.grid.rowCount()
        label = ElidedLabel(_tr("repeat"))
        label.setFixedWidth(NAME_WIDTH)
        label.setToolTip(self._repeat.toolTip())
        label.setBuddy(self._repeat)
        section.grid.addWidget(label, line, 0)
        section.grid.addWidget(self._repeat, line, 1)
        section.grid.addWidget(self._message, line + 1, 1, 1, 2)
        section.grid.addWidget(self._tied, line + 2, 1, 1, 2)
        column.addWidget(section)
        self._repeat.edited.connect(self._on_repeat)
        self._repeat.refused.connect(self._on_repeat_refused)
        self._repeat.finished.connect(self._on_repeat_finished)
        self._repeat.cancelled.connect(self._on_repeat_cancelled)
        self._tied.toggled.connect(self._on_tied)

    def _add_code(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.addWidget(self._button(_tr("Edit code…"), self._edit_code, "edit_code"))
        row.addStretch(1)
        column.addLayout(row)

    def _button(self, text: str, slot: Callable[[], None], name: str) -> QPushButton:
        button = ElidedButton(text)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    def _variables(self) -> Iterable[str]:
        return self._session.view.variables

    def _repeat_of(self, value: Value) -> Value:
        values, _problems = resolve(_PROBE, {"repeat": value}, self._session.view.variables)
        return values.get("repeat")

    def _check_repeat(self, value: Value) -> str:
        _values, problems = resolve(_PROBE, {"repeat": value}, self._session.view.variables)
        return problems[0].message if problems else check_value(_REPEAT, value)

    def _show_repeat(self) -> None:
        assert self._repeat is not None
        self._shown, self._before = self._node.repeat, None
        self._repeat.show_value(Special.UNSET if self._shown == 1 else self._shown)
        self._say("")

    def _on_repeat(self, value: Value) -> None:
        self._say("")
        if self._before is None:
            self._before = self._node.repeat
        self._set_repeat(value if isinstance(value, int | str) else 1)

    def _on_repeat_refused(self, message: str) -> None:
        """Explain, and take back what a shorter text, valid by itself, has set on the way here."""
        before = self._node.repeat if self._before is None else self._before
        self._set_repeat(before)
        told = _tr("{message} Until then it stays {value}.").format(message=message, value=format_value(before))
        self._say(told)

    def _set_repeat(self, repeat: int | str) -> None:
        self._shown = repeat
        self._session.apply_here(SetRepeat(self._name, repeat, self._node.tied, merge_key=f"{self._name}.repeat"))

    def _on_repeat_finished(self) -> None:
        self._session.document.end_merge()
        if self._name in self._session.view.graph.nodes:
            self._show_repeat()

    def _on_repeat_cancelled(self) -> None:
        if self._before is not None:
            self._set_repeat(self._before)
        self._on_repeat_finished()

    def _on_tied(self, tied: bool) -> None:
        self._session.apply_here(SetRepeat(self._name, self._node.repeat, tied))

    def _say(self, message: str) -> None:
        self._message.setText(message)
        self._message.setVisible(bool(message))

    def _own_weights(self) -> None:
        self._session.apply_here(ShareLayer(self._name, ""))

    def _go_to_owner(self) -> None:
        self._session.reveal(self._node.shares, self._session.path)

    def _open(self) -> None:
        self._session.open_group(self._name)

    def _edit_code(self) -> None:
        from designer.python.dialog import edit_python_layer

        edit_python_layer(self._session, self._node.python, self.window())
