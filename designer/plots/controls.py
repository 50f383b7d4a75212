"""The row above the plots: axis, scale, smoothing, reset, and what goes in and out as files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from designer import theme
from designer.files import choose_new
from designer.icons import icon
from designer.plots.plot import View
from designer.widgets import muted


class CurveControls(QWidget):
    """Holds the View that all plots share; asks for everything else with signals."""

    view_changed = Signal()
    reset_requested = Signal()
    load_requested = Signal(object)
    """The path of a run folder."""
    csv_requested = Signal(object)
    png_requested = Signal(object)
    """The path to write."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: list[tuple[QToolButton, str]] = []
        self.epoch = self._button("axis_epoch", self.tr("Epoch"), self.tr("Epochs on the x axis"), checkable=True)
        self.step = self._button("axis_step", self.tr("Step"), self.tr("Steps on the x axis"), checkable=True)
        self.log = self._button(
            "log_axis", self.tr("Log"), self.tr("Logarithmic y axis"), checkable=True, picture="log-axis"
        )
        self.slider = QSlider(Qt.Orientation.Horizontal)
        whole, earlier, save = (
            self.tr("Show all curves whole"),
            self.tr("Compare with an earlier run"),
            self.tr("Save the curves"),
        )
        self.reset = self._button("reset_view", self.tr("Reset view"), whole, picture="reset")
        self.load = self._button("load_run", self.tr("Load run…"), earlier, picture="open")
        self.export = self._button("export_curves", self.tr("Export"), save, picture="export")
        self._value = muted("0.00", wrap=False)
        self._set_up()
        self._lay_out()

    def _set_up(self) -> None:
        axes = QButtonGroup(self)
        axes.addButton(self.epoch)
        axes.addButton(self.step)
        self.epoch.setChecked(True)
        self.slider.setObjectName("smoothing")
        self.slider.setAccessibleName(self.tr("Smoothing"))
        self.slider.setToolTip(self.tr("Smoothing: how much each point remembers of those before (as in TensorBoard)"))
        self.slider.setRange(0, 99)
        self.slider.setMinimumWidth(50)
        self.slider.setMaximumWidth(110)
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("0.00"))
        menu = QMenu(self.export)
        menu.addAction(self.tr("Numbers as CSV…"), self._ask_csv)
        menu.addAction(self.tr("Picture as PNG…"), self._ask_png)
        self.export.setMenu(menu)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.load.clicked.connect(self._ask_run)
        self.reset.clicked.connect(self.reset_requested)
        for button in (self.epoch, self.log):
            button.toggled.connect(self.view_changed)
        self.slider.valueChanged.connect(self._on_smoothing)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 3, theme.SPACE, 3)
        layout.setSpacing(2)
        layout.addWidget(self.epoch)
        layout.addWidget(self.step)
        layout.addSpacing(theme.SPACE)
        layout.addWidget(self.log)
        layout.addSpacing(theme.SPACE)
        self._caption = QLabel(self.tr("Smoothing"))
        layout.addWidget(self._caption)
        layout.addSpacing(theme.SPACE // 2)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self._value)
        layout.addStretch(2)
        for button in (self.reset, self.load, self.export):
            layout.addWidget(button)

    @property
    def view(self) -> View:
        """How the curves are to be shown."""
        return View("epoch" if self.epoch.isChecked() else "step", self.log.isChecked(), self.slider.value() / 100)

    def set_filled(self, filled: bool) -> None:
        """Enable what needs curves only where there are some."""
        for each in (self.epoch, self.step, self.log, self.slider, self.reset, self.export, self._caption, self._value):
            each.setEnabled(filled)

    def changeEvent(self, event: QEvent) -> None:
        """Take the icons in the new theme's colours."""
        if event.type() == QEvent.Type.PaletteChange:
            for button, name in self._icons:
                button.setIcon(icon(name))
        super().changeEvent(event)

    def _button(self, name: str, text: str, tip: str, *, checkable: bool = False, picture: str = "") -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(checkable)
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        if picture:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIcon(icon(picture))
            self._icons.append((button, picture))
        return button

    def _on_smoothing(self, value: int) -> None:
        self._value.setText(f"{value / 100:.2f}")
        self.view_changed.emit()

    def _ask_run(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose a run folder"))
        if folder:
            self.load_requested.emit(Path(folder))

    def _ask_csv(self) -> None:
        path = choose_new(self, self.tr("Save the numbers"), Path("curves.csv"), ["CSV (*.csv)"])
        if path is not None:
            self.csv_requested.emit(path)

    def _ask_png(self) -> None:
        path = choose_new(self, self.tr("Save the picture"), Path("curves.png"), ["PNG (*.png)"])
        if path is not None:
            self.png_requested.emit(path)
