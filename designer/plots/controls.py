"""The row above the plots: axis, scales, smoothing, following, reset, and what goes in and out as files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from designer import theme
from designer.files import choose_new
from designer.icons import icon
from designer.plots import style
from designer.plots.curves import AXES, Axis
from designer.plots.plot import View
from designer.widgets import muted


class CurveControls(QWidget):
    """Holds the View that all plots share; asks for everything else with signals."""

    view_changed = Signal()
    reset_requested = Signal()
    list_toggled = Signal(bool)
    load_requested = Signal(object)
    """The path of a run folder."""
    export_requested = Signal(str, object)
    """"csv", "png" or "svg", and the path to write."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: list[tuple[QToolButton, str]] = []
        self.axis = QComboBox()
        self.list = self._button("show_list", self.tr("List"), self.tr("Show the list of curves and runs"))
        self.log = self._button("log_axis", self.tr("Log y"), self.tr("Logarithmic y axis"))
        self.log_x = self._button("log_x_axis", self.tr("Log x"), self.tr("Logarithmic x axis"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        follow = self.tr("Move a stretch that you zoomed into along with the run that is training")
        self.follow = self._button("follow", self.tr("Follow"), follow)
        whole, earlier, save = (
            self.tr("Show all curves whole (double-click a plot, or Home)"),
            self.tr("Compare with an earlier run"),
            self.tr("Save the curves"),
        )
        self.reset = self._button("reset_view", self.tr("Reset view"), whole, "reset")
        self.load = self._button("load_run", self.tr("Load run…"), earlier, "open")
        self.export = self._button("export_curves", self.tr("Export"), save, "export")
        self._value = muted("0.00", wrap=False)
        self._set_up()
        self._lay_out()

    def _set_up(self) -> None:
        self.axis.setObjectName("x_axis")
        self.axis.setAccessibleName(self.tr("What the x axis counts"))
        self.axis.setToolTip(self.tr("What the x axis counts"))
        for axis in AXES:
            self.axis.addItem(style.axis_text(axis).capitalize(), axis)
        self.slider.setObjectName("smoothing")
        self.slider.setAccessibleName(self.tr("Smoothing"))
        self.slider.setToolTip(self.tr("Smoothing: how much each point remembers of those before (as in TensorBoard)"))
        self.slider.setRange(0, 99)
        self.slider.setMinimumWidth(50)
        self.slider.setMaximumWidth(110)
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("0.00"))
        menu = QMenu(self.export)
        menu.addAction(self.tr("Numbers as CSV…"), partial(self._ask_export, "csv"))
        menu.addAction(self.tr("Picture as PNG…"), partial(self._ask_export, "png"))
        menu.addAction(self.tr("Drawing as SVG…"), partial(self._ask_export, "svg"))
        self.export.setMenu(menu)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for button in (self.list, self.log, self.log_x, self.follow):
            button.setCheckable(True)
        self.list.setChecked(True)
        self.list.toggled.connect(self.list_toggled)
        self.load.clicked.connect(self._ask_run)
        self.reset.clicked.connect(self.reset_requested)
        self.axis.currentIndexChanged.connect(self.view_changed)
        for button in (self.log, self.log_x, self.follow):
            button.toggled.connect(self.view_changed)
        self.slider.valueChanged.connect(self._on_smoothing)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 3, theme.SPACE, 3)
        layout.setSpacing(2)
        layout.addWidget(self.list)
        layout.addSpacing(theme.SPACE // 2)
        layout.addWidget(self.axis)
        layout.addSpacing(theme.SPACE)
        layout.addWidget(self.log_x)
        layout.addWidget(self.log)
        layout.addSpacing(theme.SPACE)
        self._caption = QLabel(self.tr("Smoothing"))
        layout.addWidget(self._caption)
        layout.addSpacing(theme.SPACE // 2)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self._value)
        layout.addStretch(2)
        for button in (self.follow, self.reset, self.load, self.export):
            layout.addWidget(button)

    @property
    def view(self) -> View:
        """How the curves are to be shown."""
        axis: Axis = self.axis.currentData()
        smoothing = self.slider.value() / 100
        return View(axis, self.log.isChecked(), smoothing, self.log_x.isChecked(), self.follow.isChecked())

    def set_axis(self, axis: Axis) -> None:
        """Count something else on the x axis."""
        self.axis.setCurrentIndex(AXES.index(axis))

    def set_filled(self, filled: bool) -> None:
        """Enable what needs curves only where there are some."""
        buttons = (self.list, self.log, self.log_x, self.follow, self.reset, self.export)
        for each in (*buttons, self.axis, self.slider, self._caption, self._value):
            each.setEnabled(filled)

    def changeEvent(self, event: QEvent) -> None:
        """Take the icons in the new theme's colours."""
        if event.type() == QEvent.Type.PaletteChange:
            for button, name in self._icons:
                button.setIcon(icon(name))
        super().changeEvent(event)

    def _button(self, name: str, text: str, tip: str, picture: str = "") -> QToolButton:
        """Make a button that shows its picture, or its text where it has none."""
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        if picture:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
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

    def _ask_export(self, kind: str) -> None:
        title = self.tr("Save the numbers") if kind == "csv" else self.tr("Save the picture")
        path = choose_new(self, title, Path(f"curves.{kind}"), [f"{kind.upper()} (*.{kind})"], suffix=f".{kind}")
        if path is not None:
            self.export_requested.emit(kind, path)
