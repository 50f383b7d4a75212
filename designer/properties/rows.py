"""One parameter as a row of a form: name, editor, reset button, and a message underneath where something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from core.graph.edits import DEFAULT
from core.kinds import REQUIRED, Parameter, Value
from core.parameters import format_value
from designer.properties.editors.base import Context, Editor, Shown, Special
from designer.properties.editors.table import editor_of
from designer.properties.editors.typed import TypedEditor
from designer.properties.label import ParameterLabel
from designer.properties.scope import Values
from designer.properties.section import RESET_WIDTH
from designer.sweep.marking import Marking
from designer.widgets import IconButton, failing

_NUMERIC = ("int", "float", "ints", "floats")
_LISTS = ("fields", "metrics", "options")

Make = Callable[[Parameter, Context], Editor]


class ParameterRow(QObject):
    """Adds a parameter to a grid of three columns and keeps it in step with the document."""

    pointed_at = Signal(object)
    """The row whose help is wanted, because the mouse is over it or it has the keyboard; None where no longer."""

    def __init__(
        self,
        parameter: Parameter,
        scope: Values,
        grid: QGridLayout,
        parent: QObject,
        *,
        title: str = "",
        make: Make | None = None,
    ) -> None:
        """Add the row; ``title`` is what it is called (else by its name), ``make`` makes another editor than usual."""
        super().__init__(parent)
        self.parameter = parameter
        self.title = title or parameter.name
        self.scope = self._scope = scope
        self._shown: Shown = object()
        self._typed_problem = ""
        self._checked_problem = ""
        self._before: Mapping[str, Value] | None = None
        self._applying = False
        self._visible = True
        self.label = ParameterLabel(self.title)
        self.label.setToolTip(explanation(parameter, self.title))
        self.editor = (make or editor_of(parameter))(parameter, self._context())
        self.editor.setObjectName(f"editor_{parameter.name}")
        self.editor.setToolTip(explanation(parameter, self.title))
        self.reset = IconButton("reset", self.tr("Back to the default"))
        self.reset.setToolTip(self.tr("Back to the default (Alt+Del in the field)"))
        self.reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes from field to field; Alt+Del is for the keyboard
        self.reset.setFixedWidth(RESET_WIDTH)
        self.reset.setObjectName(f"reset_{parameter.name}")
        self._keep_room(True)
        self.message = failing()
        self.message.setObjectName(f"message_{parameter.name}")
        self.message.hide()
        self._name_for_screen_readers()
        self._place(grid)
        self.marking = Marking(scope, parameter, grid, grid.rowCount(), self)
        self._connect()
        self.refresh()

    def _context(self) -> Context:
        scope, name = self._scope, self.parameter.name
        check = partial(scope.check, name)
        if self.parameter.type not in _NUMERIC:
            return Context(scope.session, scope.names, check)
        return Context(scope.session, scope.names, check, self._variables, partial(scope.value_of, name))

    def _variables(self) -> Iterable[str]:
        return self._scope.variables

    def _connect(self) -> None:
        self.editor.edited.connect(self._on_edited)
        self.editor.refused.connect(self._on_refused)
        self.editor.finished.connect(self._on_finished)
        self.reset.clicked.connect(self._on_reset)
        if isinstance(self.editor, TypedEditor):
            self.editor.shifted.connect(self._on_shifted)
            self.editor.cancelled.connect(self._on_cancelled)
            if self.parameter.type in _NUMERIC:
                self.label.let_slide()
                self.label.slide_began.connect(self._on_slide_began)
                self.label.slid.connect(self.editor.slide)
                self.label.slide_ended.connect(self._on_slide_ended)
        for each in (self.label, self.editor, *self.editor.findChildren(QWidget)):
            each.installEventFilter(self)

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def is_changed(self) -> bool:
        """True where the parameter differs from its default on a node."""
        return bool(self._scope.changed(self.parameter.name))

    @property
    def is_noted(self) -> bool:
        """True where the row must be seen when only what differs from the usual is: changed, needed, or wrong."""
        return self.parameter.required or bool(self.message.text()) or self.is_changed

    def matches(self, search: str) -> bool:
        """Return True where name or help hold all words that are searched for."""
        told = f"{self.title} {self.parameter.name} {self.parameter.help}".lower()
        return all(word in told for word in search.lower().split())

    def refresh(self) -> None:
        """Show what the document says, unless the field already does."""
        if not self._applying:
            value = self._scope.shown(self.parameter.name)
            if type(value) is not type(self._shown) or value != self._shown:
                self._shown = value
                self._before = None
                self._typed_problem = ""
                self.editor.show_value(value)
                self._say(self._checked_problem)
        self.editor.refresh()
        changed = self.is_changed
        self.label.mark_changed(changed)
        self.label.setAccessibleName(self.tr("{name}, changed").format(name=self.title) if changed else "")
        self.reset.setVisible(changed and self._visible)
        self.marking.refresh()

    def show_problem(self, message: str) -> None:
        """Show what the check says about the stored value; what is being typed has precedence."""
        self._checked_problem = message
        if not self._typed_problem:
            self._say(message)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the whole row."""
        self._visible = visible
        self._keep_room(visible)
        self.label.setVisible(visible)
        self.editor.setVisible(visible)
        self.reset.setVisible(visible and self.is_changed)
        self.message.setVisible(visible and bool(self.message.text()))
        self.marking.set_visible(visible)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell when help is wanted, set back on Alt+Del, and let it be searched."""
        kind = event.type()
        if self.marking.takes(watched, event):
            return True
        if kind in (QEvent.Type.FocusIn, QEvent.Type.Enter):
            self.pointed_at.emit(self)
        elif kind in (QEvent.Type.FocusOut, QEvent.Type.Leave):
            self.pointed_at.emit(None)
        elif kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and isinstance(event, QKeyEvent):
            alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
            if event.key() == Qt.Key.Key_Delete and alt and not self.parameter.required:
                event.accept()
                if kind == QEvent.Type.KeyPress:
                    self._on_reset()
                return True
        return super().eventFilter(watched, event)

    def has_focus(self) -> bool:
        """Return True where the field has the keyboard."""
        return any(each.hasFocus() for each in (self.editor, *self.editor.findChildren(QWidget)))

    def _keep_room(self, kept: bool) -> None:
        """Keep the place of the reset button while it is hidden, so that fields do not jump."""
        policy = self.reset.sizePolicy()
        if policy.retainSizeWhenHidden() != kept:
            policy.setRetainSizeWhenHidden(kept)
            self.reset.setSizePolicy(policy)

    def _name_for_screen_readers(self) -> None:
        target = self.editor.focusProxy() or self.editor
        target.setAccessibleName(self.title)
        target.setAccessibleDescription(" ".join(filter(None, (self.parameter.help, self.parameter.unit))))
        self.label.setBuddy(target)

    def _place(self, grid: QGridLayout) -> None:
        row = grid.rowCount()
        tall = self.editor.tall
        side = Qt.AlignmentFlag.AlignTop if tall else Qt.AlignmentFlag.AlignVCenter
        self.label.setMinimumHeight(self.editor.sizeHint().height() if not tall else 22)
        self.editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        grid.addWidget(self.label, row, 0, side)
        grid.addWidget(self.editor, row, 1)
        grid.addWidget(self.reset, row, 2, side)
        grid.addWidget(self.message, row + 1, 1, 1, 2)

    # --- what is entered ----------------------------------------------------------------------------------------------

    def _on_edited(self, value: Value) -> None:
        self._remember()
        self._typed_problem = ""
        self._say("")
        self._apply(self._scope.assigned(self.parameter.name, value))

    def _on_refused(self, message: str) -> None:
        """Explain, and take back what a shorter text, valid by itself, has set on the way here."""
        self._take_back()
        self._typed_problem = message
        if not isinstance(self._shown, Special):
            message = self.tr("{message} Until then it stays {value}.").format(
                message=message, value=format_value(self._shown) or self.tr("none")
            )
        self._say(message)

    def _on_shifted(self, further: Callable[[Value], Value], from_start: bool) -> None:
        """Let each node go on from its own value; one that cannot stays."""
        before = self._remember()
        name, values = self.parameter.name, self._scope.effective(self.parameter.name)
        if from_start:
            values = {node: values[node] if value is DEFAULT else value for node, value in before.items()}
        known = {node: value for node, value in values.items() if value is not None and value is not REQUIRED}
        shifted = {node: further(value) for node, value in known.items()}
        good = {node: value for node, value in shifted.items() if not self._scope.check(name, value)}
        self._apply({node: self._scope.assigned(name, value)[node] for node, value in good.items()})

    def _remember(self) -> Mapping[str, Value]:
        """Return what the nodes had before this entry began, by node."""
        if self._before is None:
            self._before = self._scope.stored(self.parameter.name)
        return self._before

    def _take_back(self) -> None:
        self._apply(self._remember())

    def _apply(self, values: Mapping[str, Value]) -> None:
        name = self.parameter.name
        self._applying = True
        try:
            self._scope.store(name, values)
        finally:
            self._applying = False
        if self._scope.exists:
            self._shown = self._scope.shown(name)

    def _on_finished(self) -> None:
        self._end_step()
        if not self._typed_problem and self._scope.exists:
            self.editor.show_value(self._scope.shown(self.parameter.name))

    def _on_cancelled(self) -> None:
        """Put back what was there before the entry, as if nothing had been typed."""
        self._take_back()
        self._end_step()
        self._show_again()

    def _on_slide_began(self) -> None:
        self._end_step()
        if isinstance(self.editor, TypedEditor):
            self._remember()
            self.editor.begin_slide()

    def _on_slide_ended(self, kept: bool) -> None:
        if kept:
            self._on_finished()
        else:
            self._on_cancelled()

    def _end_step(self) -> None:
        self._scope.session.document.end_merge()
        self._before = None

    def _on_reset(self) -> None:
        self._end_step()
        changed = self._scope.changed(self.parameter.name)
        if changed:
            self._apply(changed)
        self._end_step()
        self._show_again()

    def _show_again(self) -> None:
        self._typed_problem = ""
        self._shown = object()
        self.refresh()

    def _say(self, message: str) -> None:
        known = f"{self.parameter.name} "
        if message.startswith(known):  # it is called here as its row is
            message = f"{self.title} {message.removeprefix(known)}"
        self.message.setText(message)
        self.message.setVisible(bool(message) and self._visible)


def facts(parameter: Parameter) -> list[str]:
    """Return the choices, the bounds and the default of a parameter, as far as there are any."""
    found = []
    if parameter.choices:
        found.append(", ".join(parameter.choices))
    low, high = parameter.minimum, parameter.maximum
    less, more = ("<", ">") if parameter.exclusive else ("≤", "≥")
    if low is not None:
        found.append(f"{more} {low:g}" + (f", {less} {high:g}" if high is not None else ""))
    elif high is not None:
        found.append(f"{less} {high:g}")
    if not parameter.required and parameter.type not in _LISTS:
        shown = format_value(parameter.default) or "–"
        found.append(QCoreApplication.translate("ParameterRow", "Default: {value}").format(value=shown))
    return found


def explanation(parameter: Parameter, title: str = "") -> str:
    """Return help, default and bounds of a parameter as rich text for a tool tip."""
    told = [each.replace("<", "&lt;").replace(">", "&gt;") for each in (parameter.help, *facts(parameter)) if each]
    return f"<p>{'<br>'.join((f'<b>{title or parameter.name}</b>', *told))}</p>"
