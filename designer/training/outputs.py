"""What each output learns: target, loss, weight and metrics, with what "automatic" comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QMenu, QVBoxLayout, QWidget

from core.graph.edits import SetParameters
from core.graph.project import OUTPUT, Node
from core.kinds import Value
from core.layers import catalogue
from core.parameters import check_value
from core.training.metrics import metrics
from designer import theme
from designer.options_form import LABEL_WIDTH
from designer.properties.editors.base import Context, Editor, QuietComboBox, Special
from designer.properties.editors.table import EDITORS
from designer.session import Session
from designer.widgets import ElidedLabel, bold, muted

if TYPE_CHECKING:
    from core.training.objective import OutputObjective

AUTOMATIC = "auto"


class MetricsBox(QuietComboBox):
    """Looks like a combo box, tells the chosen metrics, and opens a menu to tick others; "Automatic" stands alone."""

    chosen = Signal(object)
    """The new tuple of metric ids."""

    def __init__(self) -> None:
        super().__init__()
        self._ids: tuple[str, ...] = (AUTOMATIC,)
        self._objective: OutputObjective | None = None
        self.menu = QMenu(self)
        self.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.addItem("")

    def show_metrics(self, ids: tuple[str, ...], objective: OutputObjective | None) -> None:
        """Show the metrics chosen for an output."""
        self._ids, self._objective = ids, objective
        titles = [kind.title if (kind := metrics.find(each)) else each for each in ids if each != AUTOMATIC]
        if AUTOMATIC in ids:
            resolved = ", ".join(each.title for each in objective.metrics) if objective else ""
            titles = [self.tr("Automatic: {0}").format(resolved) if resolved else self.tr("Automatic")]
        text = ", ".join(titles) or self.tr("None")
        self.setToolTip(text)
        self.setItemText(0, text)

    def showPopup(self) -> None:
        """Open the menu in place of the list."""
        self.fill()
        self.menu.setMinimumWidth(self.width())
        self.menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def fill(self) -> None:
        """Fill the menu: "Automatic", then every metric that says something about the output's target."""
        menu = self.menu
        menu.clear()
        menu.setToolTipsVisible(True)
        self._add(self.tr("Automatic"), self.tr("Chosen by the kind of target."), AUTOMATIC)
        menu.addSeparator()
        for kind in metrics:
            if self._objective is None or kind.suits(self._objective.loss.target):
                self._add(kind.title, kind.help, kind.id)

    def _add(self, title: str, tip: str, metric: str) -> None:
        action = self.menu.addAction(title)
        action.setToolTip(tip)
        action.setCheckable(True)
        action.setChecked(metric in self._ids)
        action.triggered.connect(lambda on: self._toggle(metric, on=on))

    def _toggle(self, metric: str, *, on: bool) -> None:
        if metric == AUTOMATIC:
            self.chosen.emit((AUTOMATIC,) if on else ())
            return
        kept = tuple(each for each in self._ids if each not in (AUTOMATIC, metric))
        self.chosen.emit((*kept, metric) if on else kept)


class OutputCard(QWidget):
    """The objective of one output, editable. Every choice is an edit of the Output node."""

    def __init__(self, session: Session, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.name = name
        self.setObjectName(f"objective_{name}")
        self.editors: dict[str, Editor] = {}
        self.metrics = MetricsBox()
        self._resolved = muted()
        self._weight_label = _label(self.tr("Weight"))
        title = ElidedLabel(name)
        title.setFont(bold(title.font()))
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE)
        self._grid.setVerticalSpacing(theme.SPACE // 2)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._add(0, _label(self.tr("Target")), self._editor("target"))
        self._add(1, _label(self.tr("Loss")), self._editor("loss"))
        self._grid.addWidget(self._resolved, 2, 1)
        self._add(3, self._weight_label, self._editor("loss_weight"))
        self._add(4, _label(self.tr("Metrics")), self.metrics)
        self.metrics.setObjectName(f"metrics_{name}")
        self.metrics.setAccessibleName(self.tr("Metrics of {0}").format(name))
        self.metrics.chosen.connect(lambda ids: self._set("metrics", ids, ""))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(title)
        layout.addLayout(self._grid)

    def _add(self, row: int, label: QWidget, widget: QWidget) -> None:
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(widget, row, 1)

    def _editor(self, name: str) -> Editor:
        parameter = next(each for each in catalogue[OUTPUT].parameters if each.name == name)
        editor = EDITORS[parameter.type](
            parameter, Context(self._session, (self.name,), lambda value: check_value(parameter, value))
        )
        editor.setToolTip(parameter.help)
        focus = editor.focusProxy()
        if focus is not None:
            focus.setAccessibleName(f"{name} {self.name}")
        editor.edited.connect(lambda value: self._set(name, value, f"{self.name}.{name}"))
        editor.finished.connect(self._session.document.end_merge)
        self.editors[name] = editor
        return editor

    def _set(self, name: str, value: Value, merge_key: str) -> None:
        self._session.apply(SetParameters({self.name: {name: value}}, merge_key=merge_key))

    def refresh(self, node: Node, *, several: bool) -> None:
        """Show the node's parameters and what the latest check made of them."""
        for name, editor in self.editors.items():
            editor.refresh()
            focus = editor.focusProxy()
            if name != "loss_weight" or focus is None or not focus.hasFocus():
                editor.show_value(node.params.get(name, Special.UNSET))
        for widget in (self._weight_label, self.editors["loss_weight"]):
            widget.setVisible(several)
        report = self._session.report
        found = [each for each in report.objectives if each.output == self.name] if report else []
        objective = found[0] if found else None
        automatic = node.params.get("loss", AUTOMATIC) == AUTOMATIC
        self._resolved.setVisible(objective is not None)
        if objective is not None:
            loss = objective.loss
            self._resolved.setText(f"{loss.title}: {loss.help}" if automatic else loss.help)
        self.metrics.show_metrics(tuple(node.params.get("metrics", (AUTOMATIC,))), objective)


def _label(text: str) -> ElidedLabel:
    label = ElidedLabel(text)
    label.setFixedWidth(LABEL_WIDTH)
    return label
