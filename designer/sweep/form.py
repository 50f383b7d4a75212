"""What a sweep tries and how: the places that are searched, the curve, the sampler, the pruner, how many trials."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.graph.edits import SetSearch
from core.graph.kinds import kind_of
from core.graph.project import Search
from core.parameters import parameters_of
from core.search.dimensions import dimension_problem, dimension_text
from core.search.places import TRAINING, VARIABLE, node_place, title_of
from core.search.pruners import PRUNERS
from core.search.samplers import SAMPLERS
from designer import theme
from designer.properties.editors.base import QuietComboBox, Silenced
from designer.session import Session
from designer.sweep.dialog import ask_dimension, remove_dimensions
from designer.sweep.node_marks import structure_offered, structure_titles
from designer.widgets import IconButton, failing, muted

_MOST_TRIALS, _MOST_WORKERS = 1_000_000, 64
_COMMON = ("learning_rate", "batch_size", "optimizer", "optimizer_options/weight_decay", "schedule", "epochs")
_NUMBERS = ("int", "float", "ints", "floats", "bool", "choice")


class SweepForm(QScrollArea):
    """Edits the project's search; every change is one undoable step. ``workers`` belongs to this machine alone."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("sweep_form")
        self.setAccessibleName(self.tr("What is searched"))
        self._session = session
        self.places = QTreeWidget()
        self.empty = muted(
            self.tr(
                "Nothing is searched yet. Right-click a setting or a layer's parameter and choose “Search this…”, "
                "or press Alt+Ins in its field."
            )
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.message = failing()
        self.message.setObjectName("sweep_message")
        self.curve, self.sampler, self.pruner = QuietComboBox(), QuietComboBox(), QuietComboBox()
        self.trials, self.workers = QSpinBox(), QSpinBox()
        self._lay_out()
        self._fill_choices()
        self._connect()
        self.refresh()

    # --- the form -----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        column.setSpacing(theme.SPACE // 2)
        self._set_up_places()
        column.addWidget(self.empty, 1)
        column.addWidget(self.places, 1)
        column.addLayout(self._buttons())
        column.addWidget(self.message)
        form = QFormLayout()
        form.setSpacing(theme.SPACE // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        numbers = (("trials", self.tr("Trials"), self.trials), ("workers", self.tr("Workers"), self.workers))
        row = QHBoxLayout()
        row.addWidget(self.trials, 1)
        row.addWidget(muted(self.tr("workers"), wrap=False))
        row.addWidget(self.workers, 1)
        named = (
            ("metric", self.tr("Best by"), self.curve),
            ("sampler", self.tr("Sampler"), self.sampler),
            ("pruner", self.tr("End early"), self.pruner),
        )
        for name, title, field in (*named, *numbers):
            field.setObjectName(f"sweep_{name}")
            field.setAccessibleName(title)
            field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        form.addRow(self.tr("Trials"), row)
        for _name, title, field in named:
            form.addRow(title, field)
        for box in (self.curve, self.sampler, self.pruner):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
        column.addLayout(form)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(250)

    def _set_up_places(self) -> None:
        self.places.setObjectName("sweep_places")
        self.places.setAccessibleName(self.tr("What is searched"))
        self.places.setHeaderLabels([self.tr("Searched"), self.tr("Values")])
        self.places.setRootIsDecorated(False)
        self.places.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.places.setMinimumHeight(78)
        self.places.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def _buttons(self) -> QHBoxLayout:
        self.add = IconButton("plus", self.tr("Search something else"))
        self.edit = IconButton("sliders", self.tr("Change the range or the choices (Enter)"))
        self.remove = IconButton("minus", self.tr("Search no longer (Del)"))
        row = QHBoxLayout()
        for name, button in (("add", self.add), ("edit", self.edit), ("remove", self.remove)):
            button.setObjectName(f"sweep_{name}")
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _fill_choices(self) -> None:
        for row, kind in enumerate(SAMPLERS):
            self.sampler.addItem(kind.title, kind.id)
            self.sampler.setItemData(row, kind.why_not or kind.help, Qt.ItemDataRole.ToolTipRole)
            model = self.sampler.model()
            if kind.why_not and isinstance(model, QStandardItemModel):
                model.item(row).setEnabled(False)
        for row, each in enumerate(PRUNERS):
            self.pruner.addItem(each.title, each.id)
            self.pruner.setItemData(row, each.help, Qt.ItemDataRole.ToolTipRole)
        self.trials.setRange(1, _MOST_TRIALS)
        self.workers.setRange(1, _MOST_WORKERS)
        self.workers.setValue(max(1, min(4, (os.cpu_count() or 1) // 2)))
        self.workers.setToolTip(self.tr("How many trials are trained at the same time, each in a process of its own."))
        self.trials.setToolTip(self.tr("How many networks are tried in all."))

    def _connect(self) -> None:
        self.add.clicked.connect(self._open_add_menu)
        self.edit.clicked.connect(self._edit)
        self.remove.clicked.connect(self._remove)
        self.places.itemActivated.connect(lambda *_: self._edit())
        self.places.itemSelectionChanged.connect(self._allow)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.places)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._remove)
        for name, box in (("metric", self.curve), ("sampler", self.sampler), ("pruner", self.pruner)):
            box.activated.connect(lambda _row, name=name, box=box: self._set(name, box.currentData()))
        self.trials.valueChanged.connect(lambda value: self._set("trials", value))
        self.trials.editingFinished.connect(self._session.document.end_merge)
        self._session.changed.connect(lambda _change: self.refresh())
        self._session.report_changed.connect(lambda _report: self.refresh())

    # --- showing ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the project's search as it is now."""
        search = self._session.project.search
        self._show_places(search)
        self._show_metrics(search)
        for box, value in ((self.sampler, search.sampler), (self.pruner, search.pruner)):
            with Silenced(box):
                box.setCurrentIndex(box.findData(value))
            box.setToolTip(str(box.currentData(Qt.ItemDataRole.ToolTipRole) or ""))
        with Silenced(self.trials):
            self.trials.setValue(search.trials)
        self._allow()

    def _show_places(self, search: Search) -> None:
        ready = self._session.report is not None  # parameters are read from torch, which the check's thread is loading
        chosen = set(self._chosen())
        self.places.clear()
        wrong = []
        for each in search.dimensions:
            project = self._session.project
            title = title_of(project, each.place) if ready else each.place
            text = dimension_text(project, each) if ready else ""
            item = QTreeWidgetItem(self.places, [title, text])
            item.setData(0, Qt.ItemDataRole.UserRole, each.place)
            problem = dimension_problem(project, each) if ready else ""
            item.setToolTip(0, problem or each.place)
            item.setToolTip(1, problem or text)
            if problem:
                wrong.append(problem)
                for column in (0, 1):
                    item.setForeground(column, self.palette().brightText())
            item.setSelected(each.place in chosen)
        self.places.setVisible(bool(search.dimensions))
        self.empty.setVisible(not search.dimensions)
        self.message.setText(wrong[0] if wrong else "")
        self.message.setVisible(bool(wrong))

    def _show_metrics(self, search: Search) -> None:
        from core.training.monitor import available_curves

        report = self._session.report
        with Silenced(self.curve):
            self.curve.clear()
            self.curve.addItem(self.tr("As training"), "")
            self.curve.setItemData(0, self.tr("The curve that training monitors"), Qt.ItemDataRole.ToolTipRole)
            if report is not None:
                validated = self._session.project.data.split.validates
                for curve in available_curves(report.objectives, validation=validated):
                    self.curve.addItem(curve.replace("/", " / "), curve)
            if search.metric and self.curve.findData(search.metric) < 0:
                self.curve.addItem(search.metric, search.metric)
            self.curve.setCurrentIndex(max(0, self.curve.findData(search.metric)))

    def _allow(self) -> None:
        count = len(self._chosen())
        self.edit.setEnabled(count == 1)
        self.remove.setEnabled(count > 0)

    # --- edits --------------------------------------------------------------------------------------------------------

    def _chosen(self) -> list[str]:
        return [item.data(0, Qt.ItemDataRole.UserRole) for item in self.places.selectedItems()]

    def _set(self, name: str, value: Any) -> None:
        search = self._session.project.search
        if getattr(search, name) != value:
            changes: dict[str, Any] = {name: value}
            self._session.apply(SetSearch(replace(search, **changes), merge_key=f"search.{name}"))

    def _edit(self) -> None:
        chosen = self._chosen()
        if len(chosen) == 1:
            ask_dimension(self._session, chosen[0], self.window())

    def _remove(self) -> None:
        chosen = self._chosen()
        if chosen:
            remove_dimensions(self._session, chosen)

    def add_menu(self) -> QMenu:
        """Return what may be searched: variables, the usual settings, and the parameters of the selected layer."""
        menu, project = QMenu(self), self._session.project
        parts: list[tuple[str, list[tuple[str, str]]]] = [
            (self.tr("Variables"), [(name, f"{VARIABLE}/{name}") for name in project.variables]),
            (self.tr("Training"), [(each.rpartition("/")[2], f"{TRAINING}/{each}") for each in _COMMON]),
        ]
        view = self._session.view
        for name in sorted(self._session.selection)[:1]:
            kind = kind_of(view, view.graph.nodes[name])
            if kind is not None and self._session.report is not None:
                own = [each for each in parameters_of(kind) if each.type in _NUMBERS and not each.section]
                titles = structure_titles()
                offered = structure_offered(project, self._session.group, name)
                structure = [(titles[what], place) for what, place in offered.items()]
                entries = [(each.name, node_place(self._session.group, name, each.name)) for each in own] + structure
                parts.append((name, entries))
        for title, entries in parts:
            submenu = menu.addMenu(title)
            submenu.setEnabled(bool(entries))
            for text, place in entries:
                action = submenu.addAction(text)
                action.setObjectName(f"add_{place}")
                action.triggered.connect(
                    lambda _checked=False, place=place: ask_dimension(self._session, place, self.window())
                )
        return menu

    def _open_add_menu(self) -> None:
        menu = self.add_menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))
