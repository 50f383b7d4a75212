"""What is tried at one place: a range with its scale and steps, or choices to be ticked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import LayerwrightError, SearchError
from core.graph.edits import SetSearch
from core.graph.edits.search import with_dimension, without_dimension
from core.graph.project import Dimension, Project
from core.kinds import Value
from core.search.dimensions import dimension_problem, proposed, searched
from core.search.places import KIND, MODE, Spot, alternatives, spot
from designer import theme
from designer.session import Session
from designer.widgets import PrimaryButton, failing, heading, muted

_MOST_ROWS, _GAP = 10, 2
_MOST_LISTED = 60
"""Choices that are listed to be ticked; of more one writes the few that one wants."""


class DimensionDialog(QDialog):
    """Edits the dimension of one place. ``dimension`` is what was entered; ``removed`` that nothing is to be tried."""

    def __init__(self, project: Project, where: Spot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dimension_dialog")
        self.setWindowTitle(self.tr("Search {name}").format(name=where.title))
        self._project, self._where = project, where
        known = searched(project.search, where.place)
        self._first = known or proposed(where)
        self._listed = self._tickable()
        self.removed = False
        self.dimension = self._first
        self.ranged = QRadioButton(self.tr("A range"))
        self.chosen = QRadioButton(self.tr("Choices"))
        self.low, self.high, self.step = QLineEdit(), QLineEdit(), QLineEdit()
        self.log = QCheckBox(
            self.tr("logarithmic: as many between 1 and 10 as between 10 and 100")
            if where.draws == "int"
            else self.tr("logarithmic: as many between 0.001 and 0.01 as between 0.01 and 0.1")
        )
        self.words = QLineEdit()
        self.ticks = QListWidget()
        self.message = failing()
        self.message.setObjectName("dimension_message")
        self.agree = PrimaryButton(self.tr("Search this"))
        self._lay_out(is_known=known is not None)
        self._fill()
        self._connect()
        self._judge()
        by_range = self.ranged.isChecked() and self._where.draws != "choice"
        (self.low if by_range else self.ticks if self._listed else self.words).setFocus()

    # --- the form -----------------------------------------------------------------------------------------------------

    def _lay_out(self, *, is_known: bool) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * theme.SPACE,) * 4)
        column.setSpacing(theme.SPACE)
        column.addWidget(heading(self._where.title))
        now = self._where.text(self._where.value)
        column.addWidget(muted(self.tr("A sweep tries other values here. Now it is {value}.").format(value=now)))
        if self._where.draws != "choice":
            column.addWidget(self.ranged)
            form = QFormLayout()
            form.setContentsMargins(theme.SPACE * 3, 0, 0, 0)
            self.low.setObjectName("range_low")
            self.high.setObjectName("range_high")
            self.step.setObjectName("range_step")
            whole = self._where.draws == "int"
            self.step.setPlaceholderText(self.tr("any whole number") if whole else self.tr("any number"))
            form.addRow(self.tr("From"), self.low)
            form.addRow(self.tr("To"), self.high)
            form.addRow(self.tr("In steps of"), self.step)
            form.addRow("", self.log)
            column.addLayout(form)
            column.addWidget(self.chosen)
        if self._listed:
            column.addWidget(self.ticks)
        else:
            self.words.setObjectName("choices")
            self.words.setAccessibleName(self.tr("Choices"))
            self.words.setPlaceholderText("16, 32, 64")
            indented = QHBoxLayout()
            indented.setContentsMargins(theme.SPACE * 3 if self._where.draws != "choice" else 0, 0, 0, 0)
            indented.addWidget(self.words)
            column.addLayout(indented)
        column.addWidget(self.message)
        column.addLayout(self._button_row(is_known=is_known))
        self.setMinimumWidth(400)

    def _button_row(self, *, is_known: bool) -> QHBoxLayout:
        remove, cancel = QPushButton(self.tr("Do not search")), QPushButton(self.tr("Cancel"))
        remove.setObjectName("do_not_search")
        remove.clicked.connect(self._remove)
        remove.setVisible(is_known)
        cancel.clicked.connect(self.reject)
        self.agree.setObjectName("search_agreed")
        self.agree.clicked.connect(self.accept)
        self.agree.setDefault(True)
        for button in (remove, cancel):
            button.setAutoDefault(False)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(remove)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.agree)
        return row

    def _tickable(self) -> tuple[Value, ...]:
        """Return the values that can be ticked; none where one has to write them."""
        parameter = self._where.parameter
        if parameter.type == "bool":
            return (False, True)
        if self._where.structure == KIND:
            return tuple(dict.fromkeys((*alternatives(self._project, self._where.place), *self._first.choices)))
        if self._where.structure == MODE:
            return ("", "bypass", "mute")
        if parameter.type == "choice" and len(parameter.choices) <= _MOST_LISTED:
            return parameter.choices
        return ()

    def _fill(self) -> None:
        first, text = self._first, self._where.text
        by_choice = bool(first.choices) or self._where.draws == "choice"
        self.chosen.setChecked(by_choice)
        self.ranged.setChecked(not by_choice)
        if not by_choice:
            self.low.setText(f"{first.low:.12g}")
            self.high.setText(f"{first.high:.12g}")
            self.step.setText(f"{first.step:.12g}" if first.step else "")
            self.log.setChecked(first.log)
        self.words.setText(", ".join(map(text, first.choices)))
        self.ticks.setObjectName("ticks")
        self.ticks.setAccessibleName(self.tr("Choices"))
        for value in self._listed:
            item = QListWidgetItem(text(value), self.ticks)
            item.setData(Qt.ItemDataRole.UserRole, value)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if value in first.choices else Qt.CheckState.Unchecked)
        self._fit_list()

    def _fit_list(self) -> None:
        """Let the list be as high as what it holds, up to some rows."""
        self.ticks.setSpacing(_GAP)
        count, frame = self.ticks.count(), 2 * self.ticks.frameWidth()
        height = min(count, _MOST_ROWS) * (self.ticks.sizeHintForRow(0) + 2 * _GAP) + frame + 2 * _GAP
        self.ticks.setMinimumHeight(height)
        if count <= _MOST_ROWS:
            self.ticks.setMaximumHeight(height)

    def _connect(self) -> None:
        for line in (self.low, self.high, self.step, self.words):
            line.textChanged.connect(self._judge)
        for button in (self.ranged, self.chosen, self.log):
            button.toggled.connect(self._judge)
        self.ticks.itemChanged.connect(self._judge)

    # --- what was entered ---------------------------------------------------------------------------------------------

    def _judge(self, *_event: object) -> None:
        """Say what is wrong with what was entered; only what can be searched is taken."""
        by_range = self._where.draws != "choice" and self.ranged.isChecked()
        for each in (self.low, self.high, self.step, self.log):
            each.setEnabled(by_range)
        self.words.setEnabled(not by_range)
        self.ticks.setEnabled(not by_range)
        message = ""
        try:
            self.dimension = self._range() if by_range else Dimension(self._where.place, choices=self._choices())
            message = self._too_few() or dimension_problem(self._project, self.dimension)
        except SearchError as error:
            message = str(error)
        for head in (self._where.place, self._where.title):
            message = message.removeprefix(f"{head}: ")
        self.message.setText(message[:1].upper() + message[1:])
        self.agree.setEnabled(not message)

    def _too_few(self) -> str:
        by_choice = self._where.draws == "choice" or self.chosen.isChecked()
        return self.tr("Choose at least two.") if by_choice and len(self.dimension.choices) < 2 else ""

    def _range(self) -> Dimension:
        low, high = self._number(self.low), self._number(self.high)
        step = self._number(self.step) if self.step.text().strip() else 0
        return Dimension(self._where.place, low, high, step, self.log.isChecked())

    def _number(self, line: QLineEdit) -> int | float:
        try:
            number = float(line.text())
        except ValueError as error:
            raise SearchError(self.tr("“{0}” is no number.").format(line.text())) from error
        return int(number) if self._where.draws == "int" and number.is_integer() else number

    def _choices(self) -> tuple[Value, ...]:
        if self._listed:
            items = [self.ticks.item(row) for row in range(self.ticks.count())]
            checked = [each for each in items if each.checkState() is Qt.CheckState.Checked]
            return tuple(each.data(Qt.ItemDataRole.UserRole) for each in checked)
        return tuple(self._where.read(each.strip()) for each in self.words.text().split(",") if each.strip())

    def _remove(self) -> None:
        self.removed = True
        self.accept()


def ask_dimension(session: Session, place: str, parent: QWidget) -> bool:
    """Let the user say what a sweep tries at a place: one undoable step. False where nothing was changed."""
    try:
        where = spot(session.project, place)
    except LayerwrightError as error:
        session.refused.emit(str(error))
        return False
    dialog = DimensionDialog(session.project, where, parent)
    agreed = dialog.exec() == QDialog.DialogCode.Accepted
    removed, dimension = dialog.removed, dialog.dimension
    dialog.deleteLater()
    if agreed and removed:
        return remove_dimensions(session, [place])
    search = session.project.search
    label = session.tr("Search {name}").format(name=where.title)
    return agreed and session.apply(SetSearch(with_dimension(search, dimension), label=label))


def remove_dimensions(session: Session, places: Sequence[str]) -> bool:
    """Search these places no longer: one undoable step."""
    search = session.project.search
    for place in places:
        search = without_dimension(search, place)
    label = session.tr("Search no longer")
    return session.apply(SetSearch(search, label=label))
