"""One parameter as a row of a form: name, editor, reset button, and a message underneath where something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy

from core.graph.edits import DEFAULT, SetParameters
from core.kinds import LayerKind, Parameter, Value
from core.parameters import format_value, resolve
from designer.properties.editors.base import Context, Shown, Special
from designer.properties.editors.table import EDITORS
from designer.properties.section import NAME_WIDTH, RESET_WIDTH
from designer.session import Session
from designer.widgets import ElidedLabel, IconButton, failing


@dataclass(frozen=True)
class Scope:
    """What a form edits: these nodes, all of one kind."""

    session: Session
    names: tuple[str, ...]
    kind: LayerKind

    @property
    def exists(self) -> bool:
        """False once one of the nodes is gone."""
        return all(name in self.session.view.graph.nodes for name in self.names)

    @property
    def shares(self) -> bool:
        """True where the nodes are further calls of other nodes' layers: they have no parameters of their own."""
        nodes = self.session.view.graph.nodes
        return any(nodes[name].shares for name in self.names)

    def params(self) -> list[Mapping[str, Value]]:
        """Return what is set on each node."""
        return [self.session.view.graph.nodes[name].params for name in self.names]

    def shown(self, parameter: str) -> Shown:
        """Return the common value of a parameter, UNSET where it is the default, MIXED where the nodes differ."""
        values = [params.get(parameter, Special.UNSET) for params in self.params()]
        same = all(type(value) is type(values[0]) and value == values[0] for value in values)
        return values[0] if same else Special.MIXED

    def check(self, parameter: Parameter, value: Value) -> str:
        """Return what is wrong with a value in this project, expressions evaluated, or an empty string."""
        _values, problems = resolve(self.kind, {parameter.name: value}, self.session.view.variables)
        return next((each.message for each in problems if each.name == parameter.name), "")


@dataclass(frozen=True)
class _Before:
    """What the nodes had before an entry began: by node, and as the form showed it."""

    values: Mapping[str, Value]
    shown: Shown


class ParameterRow(QObject):
    """Adds a parameter to a grid of three columns and keeps it in step with the document."""

    def __init__(self, parameter: Parameter, scope: Scope, grid: QGridLayout, parent: QObject) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._scope = scope
        self._shown: Shown = object()
        self._typed_problem = ""
        self._before: _Before | None = None
        self.label = ElidedLabel(parameter.name)
        self.label.setToolTip(explanation(parameter))
        self.label.setFixedWidth(NAME_WIDTH)
        self.editor = EDITORS[parameter.type](
            parameter, Context(scope.session, scope.names, partial(scope.check, parameter))
        )
        self.editor.setObjectName(f"editor_{parameter.name}")
        self.editor.setToolTip(explanation(parameter))
        self.reset = IconButton("reset", self.tr("Back to the default"))
        self.reset.setFixedWidth(RESET_WIDTH)
        self.reset.setObjectName(f"reset_{parameter.name}")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.message = failing()
        self.message.setObjectName(f"message_{parameter.name}")
        self.message.hide()
        self._name_for_screen_readers()
        self._place(grid)
        self.editor.edited.connect(self._on_edited)
        self.editor.refused.connect(self._on_refused)
        self.editor.finished.connect(self._on_finished)
        self.reset.clicked.connect(self._on_reset)
        self.refresh()

    def refresh(self) -> None:
        """Show what the document says, unless the field already does."""
        value = self._scope.shown(self.parameter.name)
        if type(value) is not type(self._shown) or value != self._shown:
            self._shown = value
            self._before = None
            self._typed_problem = ""
            self.editor.show_value(value)
            self._say("")
        self.editor.refresh()
        self.reset.setVisible(value is not Special.UNSET and not self.parameter.required)

    def show_problem(self, message: str) -> None:
        """Show what the check says about the stored value; what is being typed has precedence."""
        if not self._typed_problem:
            self._say(message)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the whole row."""
        self.label.setVisible(visible)
        self.editor.setVisible(visible)
        if not visible:
            self.reset.hide()
            self.message.hide()

    def _name_for_screen_readers(self) -> None:
        target = self.editor.focusProxy() or self.editor
        target.setAccessibleName(self.parameter.name)
        target.setAccessibleDescription(self.parameter.help)
        self.label.setBuddy(target)

    def _place(self, grid: QGridLayout) -> None:
        row = grid.rowCount()
        tall = self.parameter.type in ("fields", "metrics")
        side = Qt.AlignmentFlag.AlignTop if tall else Qt.AlignmentFlag.AlignVCenter
        self.label.setMinimumHeight(self.editor.sizeHint().height() if not tall else 22)
        self.editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        grid.addWidget(self.label, row, 0, side)
        grid.addWidget(self.editor, row, 1)
        grid.addWidget(self.reset, row, 2, side)
        grid.addWidget(self.message, row + 1, 1, 1, 2)

    def _on_edited(self, value: Value) -> None:
        default = self.parameter.default
        if type(value) is type(default) and value == default:
            value = DEFAULT
        self._remember()
        self._typed_problem = ""
        self._say("")
        self._apply(dict.fromkeys(self._scope.names, value), Special.UNSET if value is DEFAULT else value)

    def _on_refused(self, message: str) -> None:
        """Explain, and take back what a shorter text, valid by itself, has set on the way here."""
        before = self._remember()
        self._apply(before.values, before.shown)
        self._typed_problem = message
        if not isinstance(before.shown, Special):
            message = self.tr("{message} Until then it stays {value}.").format(
                message=message, value=format_value(before.shown) or self.tr("none")
            )
        self._say(message)

    def _remember(self) -> _Before:
        """Return what the nodes had before this entry began."""
        if self._before is None:
            name = self.parameter.name
            nodes = zip(self._scope.names, self._scope.params(), strict=True)
            values = {node: params.get(name, DEFAULT) for node, params in nodes}
            self._before = _Before(values, self._scope.shown(name))
        return self._before

    def _apply(self, values: Mapping[str, Value], shown: Shown) -> None:
        self._shown = shown
        name = self.parameter.name
        edit = SetParameters({node: {name: value} for node, value in values.items()}, f"{self._scope.names}.{name}")
        self._scope.session.apply_here(edit)

    def _on_finished(self) -> None:
        self._scope.session.document.end_merge()
        self._before = None
        if not self._typed_problem and self._scope.exists:
            self.editor.show_value(self._scope.shown(self.parameter.name))

    def _on_reset(self) -> None:
        self._on_edited(DEFAULT)
        self._scope.session.document.end_merge()
        self._shown = object()
        self.refresh()

    def _say(self, message: str) -> None:
        self.message.setText(message)
        self.message.setVisible(bool(message))


def explanation(parameter: Parameter) -> str:
    """Return help, default and bounds of a parameter as rich text for a tool tip."""
    lines = [f"<b>{parameter.name}</b>"]
    if parameter.help:
        lines.append(parameter.help)
    if parameter.choices:
        lines.append(", ".join(parameter.choices))
    low, high = parameter.minimum, parameter.maximum
    less, more = ("&lt;", "&gt;") if parameter.exclusive else ("≤", "≥")
    if low is not None:
        lines.append(f"{more} {low:g}" + (f", {less} {high:g}" if high is not None else ""))
    elif high is not None:
        lines.append(f"{less} {high:g}")
    if not parameter.required and parameter.type not in ("fields", "metrics"):
        shown = format_value(parameter.default) or "–"
        lines.append(QCoreApplication.translate("ParameterRow", "Default: {value}").format(value=shown))
    return f"<p>{'<br>'.join(lines)}</p>"
