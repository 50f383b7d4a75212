"""How the samples are divided: method, shares and seed, with what comes of it for every class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from core.data.preview import Preview
from core.data.splits import MOST_FOLDS, PARTS, part_of
from core.graph.edits import SetSplit
from core.graph.project import Field, Role, Split, SplitMethod
from designer import theme
from designer.data.bars import BarRow, Bars, paint_parts, part_colours
from designer.data.boxes import CountBox, PercentBox, Rows
from designer.data.changes import Choice, role_choices
from designer.properties.editors.base import QuietComboBox, Silenced
from designer.session import Session
from designer.widgets import TextLabel, failing, muted

_METHODS: tuple[SplitMethod, ...] = ("stratified", "random", "group", "time", "column", "k-fold")
NEEDED: Mapping[SplitMethod, Role] = {"group": "group", "time": "time", "column": "split"}
"""The role that one field must have for a method."""
_DOT = 9


def _title(method: SplitMethod) -> str:
    told = QCoreApplication.translate
    return {
        "stratified": told("SplitForm", "Stratified: keep class shares"),
        "random": told("SplitForm", "Random"),
        "group": told("SplitForm", "By group: keep groups together"),
        "time": told("SplitForm", "By time: the latest for testing"),
        "column": told("SplitForm", "By a field that names the part"),
        "k-fold": told("SplitForm", "k-fold: one of several folds"),
    }[method]


class PartsBar(QWidget):
    """A thin bar with the share of each part, and the key of the colours below it."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: tuple[int, ...] = ()

    def show_counts(self, counts: tuple[int, ...]) -> None:
        """Show these numbers of samples."""
        self._counts = counts
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(100, 6 + theme.SPACE // 2 + self.fontMetrics().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the parts side by side, then which is which."""
        painter = QPainter(self)
        paint_parts(painter, QRectF(0, 0, self.width(), 6), self._counts, sum(self._counts))
        painter.setFont(theme.scaled_font(self.font(), 0.92))
        metrics = painter.fontMetrics()
        x, top = 0.0, 6 + theme.SPACE // 2
        for text, colour in zip(parts_text(self._counts), part_colours(), strict=False):
            painter.fillRect(QRectF(x, top + (metrics.height() - _DOT) / 2, _DOT, _DOT), colour)
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.drawText(QRectF(x + _DOT + 4, top, self.width(), metrics.height()), 0, text)
            x += _DOT + 4 + metrics.horizontalAdvance(text) + theme.SPACE * 1.5
        painter.end()


def parts_text(counts: tuple[int, ...]) -> tuple[str, ...]:
    """Return how many samples each part has, in words."""
    told = QCoreApplication.translate
    texts = (
        told("SplitForm", "{0:,} training"),
        told("SplitForm", "{0:,} validation"),
        told("SplitForm", "{0:,} test"),
    )
    return tuple(text.format(count) for text, count in zip(texts, counts, strict=False))


class SplitForm(QWidget):
    """Edits the project's split. Steps of one field merge into one undo step."""

    role_requested = Signal(str, str)
    """A field's name and the role that it shall have."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.method = QuietComboBox()
        self.method.addItems([_title(method) for method in _METHODS])
        self.method.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.validation = PercentBox()
        self.test = PercentBox()
        self.folds = CountBox(2, MOST_FOLDS)
        self.fold = CountBox(1, 5)
        self.seed = CountBox()
        self.lacking: TextLabel = failing()
        self.give_role = QPushButton()
        self.menu = QMenu(self)
        self._lack = QWidget()
        self._parts = PartsBar()
        self._text = ""
        self.classes = Bars()
        self._classes_title = muted()
        self.notes = muted()
        self.problem: TextLabel = failing()
        self._rows = Rows()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        add = self._rows.add
        add("split_method", self.tr("Method"), self.method)
        add(
            "split_validation",
            self.tr("Validation"),
            self.validation,
            self.tr("The share that measures training."),
        )
        add("split_test", self.tr("Test"), self.test, self.tr("The share kept for the very end."))
        add("split_folds", self.tr("Folds"), self.folds, self.tr("Into how many parts the rest is divided."))
        add("split_fold", self.tr("Fold"), self.fold, self.tr("Which of them is for validation."))
        add("split_seed", self.tr("Seed"), self.seed, self.tr("The same seed gives the same parts."))
        self.give_role.setObjectName("split_give_role")
        self.give_role.setText(self.tr("Choose field"))
        self.give_role.setMenu(self.menu)
        row = QHBoxLayout(self._lack)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.lacking, 1)
        row.addWidget(self.give_role)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(self._rows)
        layout.addWidget(self._lack)
        layout.addWidget(self.problem)
        layout.addSpacing(2)
        layout.addWidget(self._parts)
        layout.addWidget(self._classes_title)
        layout.addWidget(self.classes)
        layout.addWidget(self.notes)

    def _connect(self) -> None:
        self.method.activated.connect(lambda at: self._edit("", method=_METHODS[at]))
        self.validation.valueChanged.connect(lambda value: self._edit("validation", validation=round(value / 100, 6)))
        self.test.valueChanged.connect(lambda value: self._edit("test", test=round(value / 100, 6)))
        self.folds.valueChanged.connect(
            lambda value: self._edit("folds", folds=value, fold=min(self._split.fold, value - 1))
        )
        self.fold.valueChanged.connect(lambda value: self._edit("fold", fold=value - 1))
        self.seed.valueChanged.connect(lambda value: self._edit("seed", seed=value))
        for box in (self.validation, self.test, self.folds, self.fold, self.seed):
            box.editingFinished.connect(self._session.document.end_merge)
        self.menu.aboutToShow.connect(self._fill_menu)

    @property
    def _split(self) -> Split:
        return self._session.project.data.split

    def _edit(self, name: str, **changes: object) -> None:
        split = replace(self._split, **changes)  # type: ignore[arg-type]
        self._session.apply(SetSplit(split, merge_key=f"split.{name}" if name else ""))

    @property
    def counts_text(self) -> str:
        """How many samples each part has, as it is shown."""
        return self._text

    # --- showing ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the project's split."""
        split, show = self._split, self._rows.show_row
        with Silenced(self.method, self.validation, self.test, self.folds, self.fold, self.seed):
            self.method.setCurrentIndex(_METHODS.index(split.method))
            self.validation.setValue(split.validation * 100)
            self.test.setValue(split.test * 100)
            self.folds.setValue(split.folds)
            self.fold.setMaximum(split.folds)
            self.fold.setSuffix(self.tr(" of {0}").format(split.folds))
            self.fold.setValue(split.fold + 1)
            self.seed.setValue(split.seed)
        folds, column = split.method == "k-fold", split.method == "column"
        drawn = not column or not self._names_validation()
        show(self.validation, not folds and drawn)
        show(self.test, not column)
        show(self.folds, folds)
        show(self.fold, folds)
        show(self.seed, split.method != "time" and drawn)
        role = self.missing_role
        self._lack.setVisible(bool(role))
        self.lacking.setText(self.tr("No field has the role {0}, which this needs.").format(role) if role else "")
        if role:
            self.problem.hide()

    def _names_validation(self) -> bool:
        """Say whether the field with the role "split" says itself what is for validation: then nothing is drawn."""
        fields = self._session.project.data.with_role("split")
        return not fields or any(part_of(word) == "validation" for word in fields[0].categories)

    @property
    def missing_role(self) -> Role | None:
        """The role that the method needs and no field has."""
        data = self._session.project.data
        role = NEEDED.get(data.split.method)
        in_order = role == "time" and data.window.length > 0  # then the rows count as ordered in time
        return None if role is None or in_order or data.with_role(role) else role

    def _fill_menu(self) -> None:
        self.menu.clear()
        self.menu.setToolTipsVisible(True)
        role = self.missing_role
        if role is None:
            return
        for field, choice in self._candidates(role):
            action = self.menu.addAction(field.name)
            action.setEnabled(not choice.why_not)
            action.setToolTip(choice.why_not or field.reason)
            action.triggered.connect(lambda _on=False, name=field.name: self.role_requested.emit(name, role))

    def _candidates(self, role: Role) -> list[tuple[Field, Choice]]:
        """Return all fields with whether they can have a role; those that can come first, targets last of these."""
        found = []
        for field in self._session.project.data.fields:
            choice = next(each for each in role_choices([field]) if each.word == role)
            found.append((field, choice))
        return sorted(found, key=lambda pair: (bool(pair[1].why_not), pair[0].role == "target"))

    def show_preview(self, found: Preview | None) -> None:
        """Show what came of the split; None: not known yet."""
        counts = tuple(found.split_counts.get(part, 0) for part in PARTS) if found and found.split_counts else ()
        self._parts.show_counts(counts)
        self._parts.setVisible(bool(counts))
        self._text = " · ".join(parts_text(counts))
        if found and found.dropped:
            self._text += self.tr(" · {0:,} left out").format(found.dropped)
        self._parts.setAccessibleDescription(self._text)
        self._parts.setToolTip(self._text)
        self._show_classes(found)
        notes = found.split_notes if found else ()
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        self.problem.setText(found.split_problem if found else "")
        self.problem.setVisible(bool(self.problem.text()) and self.missing_role is None)

    def _show_classes(self, found: Preview | None) -> None:
        by_part = found.class_counts if found else {}
        used = [part for part in PARTS if found and found.split_counts.get(part, 0)]
        words = {"training": self.tr("training"), "validation": self.tr("validation"), "test": self.tr("test")}
        rows = []
        for name in next(iter(by_part.values()), {}):
            counts = tuple(by_part[part].get(name, 0) for part in PARTS)
            absent = [words[part] for part in used if not by_part[part].get(name, 0)]
            lacking = self.tr("no sample in {0}").format(", ".join(absent)) if absent and sum(counts) else ""
            text = " / ".join(f"{by_part[part].get(name, 0):,}" for part in used)
            rows.append(BarRow(name, counts, text, " · ".join(parts_text(counts)), lacking))
        self.classes.show_rows(rows)
        self._classes_title.setText(self.tr("Classes of {0}").format(found.classes_of) if rows and found else "")
        self._classes_title.setVisible(bool(rows))
