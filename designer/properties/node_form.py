"""The form of the selected nodes: names, parameters, shapes, cost and problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core import units
from core.graph.project import INPUT, OUTPUT
from core.kinds import LayerKind
from core.parameters import resolve
from designer.icons import family_icon
from designer.problems.row import ProblemRow
from designer.properties.cost import CostWatcher
from designer.properties.curve import CurvePicture
from designer.properties.guidance import GuidanceBox
from designer.properties.kinds_list import kinds_list
from designer.properties.modes import ModeNote
from designer.properties.naming import Naming
from designer.properties.parameters import Filter, ParametersPart
from designer.properties.scope import Scope
from designer.properties.section import Section
from designer.properties.structure import StructureSection
from designer.sweep.node_marks import NodeMarks
from designer.theme import SPACE
from designer.widgets import TextLabel, heading, muted

if TYPE_CHECKING:
    from core.model.problems import Problem
    from core.model.reports import NodeReport

_ENDS = "Input & output"


class NodeForm(QWidget):
    """Edits one node, or what several have in common. The panel calls ``refresh`` after every change."""

    pointed_at = Signal(object)
    """The ParameterRow whose help is wanted, or None."""

    def __init__(self, scope: Scope, cost: CostWatcher, wanted: Filter) -> None:
        super().__init__()
        self.setObjectName("node_form")
        self._session = scope.session
        self._cost = cost
        self._scope = scope
        self._ports: dict[tuple[str, str], TextLabel] = {}
        self._problems: tuple[object, ...] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(SPACE * 2 - 4, SPACE * 2 - 4, SPACE * 2 - 4, SPACE * 2)
        self._column.setSpacing(SPACE + 4)
        self._marks: NodeMarks | None = None
        self._curve = CurvePicture()
        self._curve.setParent(self)
        self._add_header()
        self._naming = self._add_naming()
        self._structure = self._add_structure()
        self.parameters = self._add_parameters(wanted)
        if scope.kind is None:
            self._column.addWidget(kinds_list(scope))
        self._add_shapes()
        self._problem_section = Section(self.tr("Problems"))
        self._column.addWidget(self._problem_section)
        self._column.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        """Show what document, check and cost say now."""
        if not self._scope.exists:
            return
        if self._naming is not None:
            self._naming.refresh()
        self._structure.refresh()
        if self._marks is not None:
            self._marks.refresh()
        self._refresh_rows()
        self._refresh_shapes()
        self._refresh_problems()

    def focus_first(self) -> None:
        """Put the cursor into the first parameter, or into the name where there is none."""
        found = self.parameters is not None and self.parameters.focus_first()
        if not found and self._naming is not None:
            self._naming.name.setFocus()

    def _add_header(self) -> None:
        kind, count = self._scope.kind, len(self._scope.names)
        if kind is None:
            self._column.addWidget(heading(self.tr("{count} nodes selected").format(count=count), 1.15))
            self._column.addWidget(muted(self._common_text()))
            return
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        picture = QLabel()
        picture.setPixmap(family_icon(kind.family).pixmap(20, 20))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        title = kind.display if count == 1 else self.tr("{count} × {kind}").format(count=count, kind=kind.display)
        row.addWidget(heading(title, 1.15), 1)
        self._column.addLayout(row)
        if count == 1 and kind.family != _ENDS:
            self._marks = NodeMarks(self._session, self._scope.names[0])
            self._marks.add_button(row)
            self._column.addWidget(self._marks)
        self._column.addWidget(muted(self._port_text(kind) if self._scope.is_port else kind.help))
        if kind.formula:
            formula = TextLabel(kind.formula)
            formula.setObjectName("formula")
            formula.setAccessibleName(self.tr("Formula"))
            formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._column.addWidget(formula)
        self._column.addWidget(self._curve)
        if kind.documentation:
            link = QLabel(f'<a href="{kind.documentation}">{self.tr("PyTorch documentation")}</a>')
            link.setOpenExternalLinks(True)
            link.setToolTip(kind.documentation)
            link.setTextInteractionFlags(
                Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
            )
            self._column.addWidget(link)

    def _add_naming(self) -> Naming | None:
        if self._scope.kind is None:
            return None
        if len(self._scope.names) > 1:
            names = TextLabel(", ".join(self._scope.names))
            self._column.addWidget(names)
            return None
        section = Section()
        self._column.addWidget(section)
        return Naming(self._session, self._scope.names[0], section)

    def _add_structure(self) -> StructureSection | ModeNote:
        """Add what is said of a use of a group, a Python layer or a shared layer, and of nodes that are off."""
        kind = self._scope.kind
        if len(self._scope.names) > 1 or kind is None:
            note = ModeNote(self._session, self._scope.names)
            self._column.addWidget(note)
            return note
        section = StructureSection(self._session, self._scope.names[0], kind)
        self._column.addWidget(section)
        return section

    def _port_text(self, kind: LayerKind) -> str:
        if kind.id == INPUT:
            return self.tr("A port of the group, by its name: what is linked to it outside arrives here.")
        return self.tr("A port of the group, by its name: what arrives here leaves the group.")

    def _common_text(self) -> str:
        """Say what is edited where the nodes are of several kinds."""
        if self._is_loading:
            return self.tr("They are of different kinds.")
        if self._scope.parameters:
            return self.tr("They are of different kinds: what they have in common is changed on all of them at once.")
        return self.tr("They are of different kinds and have no parameter in common.")

    @property
    def _is_loading(self) -> bool:
        """True while torch, from which parameters are read, is not there yet."""
        kinds = self._scope.kinds
        return self._session.report is None and any(kind is not None and kind.torch_class for kind in kinds)

    def _add_parameters(self, wanted: Filter) -> ParametersPart | None:
        if self._is_loading and not self._scope.shares and not self._scope.is_port:
            label = muted(self.tr("Loading PyTorch…"))
            label.setObjectName("loading")
            self._column.addWidget(label)
        if self._is_loading or self._scope.shares or self._scope.is_port:
            return None
        if self._scope.kind is not None and self._scope.kind.id == OUTPUT and len(self._scope.names) == 1:
            self._column.addWidget(GuidanceBox(self._session, self._scope.names[0]))
        part = ParametersPart(self._scope, wanted)
        part.pointed_at.connect(self.pointed_at)
        self._column.addWidget(part)
        return part

    def _add_shapes(self) -> None:
        if len(self._scope.names) > 1:
            return
        self._port_section = Section(self.tr("Shapes and cost"))
        cost = Section()
        self._parameters = cost.add_value(self.tr("parameters"), "–")
        self._flops = cost.add_value(self.tr("per sample"), "–")
        self._column.addWidget(self._port_section)
        self._column.addWidget(cost)

    def _refresh_rows(self) -> None:
        if self.parameters is not None:
            wrong = [each for each in self._own_problems() if each.parameter and each.severity != "info"]
            problems = {each.parameter: each.message for each in wrong}
            self.parameters.refresh(problems, [dict(report.derived) for report in self._node_reports()])
        self._refresh_curve()

    def _refresh_curve(self) -> None:
        """Draw the activation with the parameters as they are, linked or not, once torch is there."""
        kind = self._scope.kind
        if kind is None or kind.family != "Activation" or self._session.report is None or self._scope.shares:
            return
        from core.model.curve import activation_curve

        values, problems = resolve(kind, self._scope.params()[0], self._session.view.variables)
        derived = [report.derived for report in self._node_reports()[:1]]
        alike = all(params == self._scope.params()[0] for params in self._scope.params())
        arguments = {**values, **(derived[0] if derived else {})}
        self._curve.show_curve(activation_curve(kind, arguments) if alike and not problems else None)

    def _node_reports(self) -> list[NodeReport]:
        found = (self._session.node_report(name) for name in self._scope.names)
        return [report for report in found if report is not None]

    def _own_problems(self) -> list[Problem]:
        """Return the problems of the selected nodes themselves, without those inside of groups."""
        path, here = self._session.path, self._session.problems_here()
        return [each for name in self._scope.names for each in here.get(name, ()) if each.path == path]

    def _refresh_shapes(self) -> None:
        if len(self._scope.names) > 1:
            return
        for node in self._node_reports()[:1]:
            wanted = {(self.tr("in · {port}").format(port=port), port): str(spec) for port, spec in node.inputs.items()}
            wanted |= {(self.tr("out · {port}").format(port=p), p): str(spec) for p, spec in node.outputs.items()}
            for key in set(self._ports) - set(wanted):
                self._ports[key].setText("–")
            for key, text in wanted.items():
                if key not in self._ports:
                    self._ports[key] = self._port_section.add_value(key[0], text)
                self._ports[key].setText(text)
        cost = self._cost.of(self._session.path, self._scope.names[0])
        for label in (self._parameters, self._flops):
            label.setEnabled(not self._cost.is_stale)
        if cost is None:
            self._parameters.setText("–")
            self._flops.setText("–")
            return
        self._parameters.setText(units.count(cost.parameters))
        self._flops.setText(
            self.tr("{flops} FLOPs, {memory}").format(
                flops=units.count(cost.flops), memory=units.size(cost.activation_bytes)
            )
        )

    def _refresh_problems(self) -> None:
        here = self._session.problems_here()
        problems = tuple(each for name in self._scope.names for each in here.get(name, ()))
        if problems == self._problems:
            return
        self._problems = problems
        column = self._problem_section.column
        for old in self._problem_section.findChildren(ProblemRow):
            old.hide()
            old.deleteLater()
        for problem in problems:
            elsewhere = len(self._scope.names) > 1 or problem.path != self._session.path
            column.addWidget(ProblemRow(problem, self._session, show_node=elsewhere))
        self._problem_section.setVisible(bool(problems))
