"""What happens inside the network: all layers with their figures, and one of them in detail. Live, or of an old run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.atomic import write_atomically
from core.errors import SaveError
from core.graph.change import Change
from core.graph.edits import SetTraining
from designer import theme
from designer.files import choose_new
from designer.inside.detail import PICTURE, LayerDetail, speed_text
from designer.inside.model import InsideModel
from designer.inside.places import place_of
from designer.inside.run_choice import RunChoice
from designer.inside.sample_bar import SampleBar
from designer.inside.table import InsideTable
from designer.inside.watcher import InsideWatcher
from designer.plots.exporting import save_png
from designer.theme import SPACE
from designer.widgets import IconButton, muted

_LARGEST = 768
"""Pixels of the longer side of a picture that is saved."""


class InsidePanel(QWidget):
    """Follows a watcher while it can be seen. The selection goes both ways between canvas and table."""

    def __init__(self, watcher: InsideWatcher) -> None:
        super().__init__()
        self.setObjectName("inside_panel")
        self.setAccessibleName(self.tr("Inside"))
        self._watcher, self._session = watcher, watcher.session
        self.model = InsideModel()
        self.table = InsideTable(self.model)
        self.detail = LayerDetail(watcher)
        self.run_choice = RunChoice(watcher)
        self.sample = SampleBar(watcher)
        self.speed = muted(wrap=False)
        self.export_button = IconButton("export", self.tr("Save figures or picture"))
        self.empty = muted()
        self.turn_on = QPushButton(self.tr("Look inside while training"))
        self._stack = QStackedWidget()
        self.setFocusProxy(self.table)
        self._set_up()
        self._lay_out()
        self._connect()
        self.refresh()

    def _set_up(self) -> None:
        self.export_button.setObjectName("inside_export")
        self.export_button.clicked.connect(self._show_export)
        self.empty.setObjectName("inside_empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.turn_on.setObjectName("inside_turn_on")
        self.turn_on.setAutoDefault(False)
        self.turn_on.clicked.connect(self._turn_on)
        self.speed.setObjectName("inside_whole")
        self.speed.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(SPACE, 2, SPACE // 2, 2)
        row.setSpacing(SPACE)
        row.addWidget(self.run_choice)
        row.addWidget(self.sample, 1)
        row.addWidget(self.speed)
        row.addWidget(self.export_button)
        nothing = QWidget()
        column = QVBoxLayout(nothing)
        column.addStretch(1)
        column.addWidget(self.empty)
        column.addWidget(self.turn_on, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self.detail)
        split.setSizes([520, 420])
        self._stack.addWidget(nothing)
        self._stack.addWidget(split)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(row)
        outer.addWidget(self._stack, 1)

    def _connect(self) -> None:
        watcher, session = self._watcher, self._session
        watcher.look_while(self.isVisible)
        watcher.refreshed.connect(self._on_refreshed)
        watcher.record_changed.connect(self._on_refreshed)
        watcher.sample_changed.connect(self._on_refreshed)
        self.run_choice.run_chosen.connect(watcher.show_run)
        self.table.chosen.connect(self._on_chosen)
        self.detail.chosen.connect(self._on_chosen)
        session.selection_changed.connect(self._follow_selection)
        session.view_changed.connect(self._follow_selection)
        session.changed.connect(self._on_changed)
        theme.switch.changed.connect(self._on_refreshed)

    def minimumSizeHint(self) -> QSize:
        """Leave the room to the canvas."""
        return QSize(300, 130)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _on_refreshed(self) -> None:
        if self.isVisible():
            self.refresh()

    def _on_changed(self, change: Change) -> None:
        if "training" in change.parts:
            self._on_refreshed()

    def refresh(self) -> None:
        """Show the newest of everything."""
        record = self._watcher.record
        self.model.show_record(record, self._watcher.findings())
        filled = bool(record.looks)
        self._stack.setCurrentIndex(1 if filled else 0)
        on = self._session.project.training.diagnostics
        self.empty.setText(self._why_empty(on=on))
        self.turn_on.setVisible(not on)
        self.sample.setVisible(filled)
        self.export_button.setEnabled(filled)
        self.speed.setText(speed_text(record.whole, short=True) if filled else "")
        if not filled:
            return
        self._follow_selection()
        self.detail.refresh()
        self.sample.refresh()

    def _why_empty(self, *, on: bool) -> str:
        if not on:
            return self.tr(
                "Looking inside is turned off. It takes at most 3 % of a training's time, and changes nothing of it."
            )
        if self._watcher.record.path is not None and not self._watcher.is_live:
            return self.tr("Nothing was looked at in this run.")
        return self.tr(
            "Gradients, updates, dead units, distributions and pictures of every layer appear here while training.\n"
            "Press Shift+V on a selected layer to see its picture on the canvas."
        )

    def _turn_on(self) -> None:
        training = self._session.project.training
        self._session.apply(SetTraining(replace(training, diagnostics=True), label=self.tr("Look inside")))

    # --- selection ----------------------------------------------------------------------------------------------------

    def _on_chosen(self, node: str) -> None:
        place = place_of(node)
        self._watcher.choose(place)
        self.detail.show_node(node)
        if (*self._session.path, *self._session.selection) != place:
            self._session.reveal(place[-1], place[:-1])
        self.table.select_place(place)

    def _follow_selection(self, _what: object = None) -> None:
        """Take on the layer that is selected on the canvas; with none or several, the last one stays."""
        if not self.isVisible() or not self.model.rowCount():
            return
        selected = self._session.selection
        if len(selected) == 1:
            place = (*self._session.path, *selected)
            if self.model.rows_at(place):
                self.table.select_place(place)
        node = self.table.node
        self._watcher.choose(place_of(node) if node else None)
        self.detail.show_node(node)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to look."""
        super().showEvent(event)
        self._watcher.watch()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks any more: only what is pinned is watched."""
        super().hideEvent(event)
        self._watcher.tell()

    # --- files --------------------------------------------------------------------------------------------------------

    def _show_export(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Figures as CSV…"), self._ask_csv)
        menu.addAction(self.tr("What is shown as PNG…"), self._ask_png)
        menu.popup(self.export_button.mapToGlobal(self.export_button.rect().bottomLeft()))

    def _ask_csv(self) -> None:
        path = choose_new(self, self.tr("Save the figures"), Path("inside.csv"), ["CSV (*.csv)"], suffix=".csv")
        if path is not None:
            self.save(path)

    def _ask_png(self) -> None:
        path = choose_new(self, self.tr("Save the picture"), Path("inside.png"), ["PNG (*.png)"], suffix=".png")
        if path is not None:
            self.save(path)

    def save(self, path: Path) -> None:
        """Write all figures (".csv"), or what is shown of the layer (".png"); where that fails, say why."""
        self._session.save(path, lambda: self._write(path))

    def _write(self, path: Path) -> None:
        if path.suffix == ".csv":
            write_atomically(path, self._watcher.record.csv().encode())
        else:
            self._save_picture(path)

    def _save_picture(self, path: Path) -> None:
        """Write a picture pixel by pixel, enlarged by a whole number; of other pages what is on the screen."""
        image = self.detail.large.shown_image() if self.detail.tabs.currentIndex() == PICTURE else None
        if image is None:
            save_png(self.detail, path)
            return
        times = max(1, _LARGEST // max(image.width(), image.height()))
        size = image.size() * times
        picture = QPixmap.fromImage(image.scaled(size, mode=Qt.TransformationMode.FastTransformation))
        if not picture.save(str(path), "PNG"):
            raise SaveError(f"'{path}' could not be written as a PNG picture. Choose another folder or name.")
