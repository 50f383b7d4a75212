"""The editor of a loss's own options: a field for each, below its name, as far as the loss has any."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.graph.edits import DEFAULT
from core.kinds import Parameter, Value
from core.parameters import check_value
from core.training.kinds import LossKind
from core.training.losses import losses
from designer.properties.editors.base import Context, Editor, Shown, Special
from designer.properties.editors.typed import TypedEditor
from designer.widgets import ElidedLabel, failing, muted


def loss_of(context: Context) -> LossKind | None:
    """Return the loss of the outputs as the last check found it; None where they differ or none is known.

    Where the check found something wrong with an output, it is the loss that was chosen for it.
    """
    report = context.session.report
    found = {each.output: each.loss for each in report.objectives} if report is not None else {}
    nodes = context.session.project.graph.nodes
    chosen = {name: losses.find(str(nodes[name].params.get("loss", ""))) for name in context.nodes if name in nodes}
    kinds = {kind.id if kind else "": kind for name in context.nodes for kind in [found.get(name) or chosen.get(name)]}
    return next(iter(kinds.values())) if len(kinds) == 1 else None


def named_options(value: Shown) -> dict[str, Value]:
    """Return pairs of a name and a value by name; what is none is left out."""
    return {str(pair[0]): pair[1] for pair in value if len(pair) == 2} if isinstance(value, tuple | list) else {}


class OptionsEditor(Editor):
    """Edits a tuple of pairs, name and value; options at their default are not among them."""

    tall = True

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parameter, context, parent)
        self.editors: dict[str, Editor] = {}
        self._parameters: tuple[Parameter, ...] | None = None
        self._shown: Shown = Special.UNSET
        self._page = QWidget()
        self._note = muted()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._page)
        self._column.addWidget(self._note)
        self.refresh()

    @property
    def applies(self) -> bool:
        """Only losses with options have something to set; what is set of others can be taken back."""
        return bool(self._parameters) or bool(named_options(self._shown)) or self._shown is Special.MIXED

    def refresh(self) -> None:
        """Offer the options of the loss that is chosen now."""
        from core.training.loss_options import options_of

        loss = loss_of(self.context)
        parameters = options_of(loss) if loss is not None else self._parameters or ()
        if parameters != self._parameters:
            self._rebuild(parameters)

    def show_value(self, value: Shown) -> None:
        """Show what is set."""
        self._shown = value
        options = named_options(value)
        for name, editor in self.editors.items():
            focus = editor.focusProxy()
            if not (isinstance(editor, TypedEditor) and focus is not None and focus.hasFocus()):
                editor.show_value(Special.MIXED if value is Special.MIXED else options.get(name, Special.UNSET))
        strange = [name for name in options if name not in self.editors]
        self._note.setText(self.tr("Not an option of this loss: {names}").format(names=", ".join(strange)))
        self._note.setVisible(bool(strange))

    def _rebuild(self, parameters: tuple[Parameter, ...]) -> None:
        old, self._page = self._page, QWidget()
        self._column.replaceWidget(old, self._page)
        self._page.show()  # at once: a layout shows what it was given only with the next events
        old.hide()
        old.deleteLater()
        self._parameters = parameters
        self.editors.clear()
        column = QVBoxLayout(self._page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for parameter in parameters:
            self._add(parameter, column)
        for editor in list(self.editors.values())[:1]:
            self.setFocusProxy(editor)
        self.show_value(self._shown)

    def _add(self, parameter: Parameter, column: QVBoxLayout) -> None:
        from designer.properties.editors.table import editor_of  # the table has this editor, too

        editor = editor_of(parameter)(
            parameter, Context(self.context.session, (), lambda value: check_plain(parameter, value))
        )
        editor.setObjectName(f"loss_option_{parameter.name}")
        editor.setToolTip(parameter.help)
        name, message = ElidedLabel(parameter.name), failing()
        name.setToolTip(parameter.help)
        message.hide()
        focus = editor.focusProxy()
        if focus is not None:
            focus.setAccessibleName(parameter.name)
            focus.setAccessibleDescription(parameter.help)

        def on_edited(value: Value) -> None:
            message.hide()
            self._on_edited(parameter.name, value)

        def on_refused(text: str) -> None:
            message.setText(text)
            message.show()

        editor.edited.connect(on_edited)
        editor.refused.connect(on_refused)
        editor.finished.connect(self.finished)
        for each in (name, editor, message):
            column.addWidget(each)
        self.editors[parameter.name] = editor

    def _on_edited(self, name: str, value: Value) -> None:
        options = {**named_options(self._shown), name: value}
        left = tuple((key, each) for key, each in options.items() if each is not DEFAULT)
        self._shown = left
        self.edited.emit(left or DEFAULT)


def check_plain(parameter: Parameter, value: Value) -> str:
    """Return what is wrong with a value where, unlike in a layer, a number cannot be an expression."""
    if (
        isinstance(value, str)
        and parameter.type in ("int", "float", "ints", "floats")
        and value not in parameter.choices
    ):
        return f"'{value}' is not a number."
    return check_value(parameter, value)
