"""The choices of a picture as a form: what is shown, how it looks, and the file that it becomes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from designer.pictures.choices import RESOLUTIONS, WIDEST_MM, Choices
from designer.theme import SPACE
from designer.widgets import heading

_TICKS = ("shapes", "parameters", "names", "legend", "expanded")


class PictureForm(QWidget):
    """Shows choices and tells when they change; what does not concern the look or format chosen is hidden."""

    changed = Signal()

    def __init__(self, choices: Choices, *, inside: bool, selected: bool) -> None:
        super().__init__()
        parts = [("all", self.tr("The whole network"))]
        parts += [("here", self.tr("The group that is open"))] if inside else []
        parts += [("selection", self.tr("What is selected"))] if selected else []
        parts.append(("visible", self.tr("What the window shows")))
        self.combos = {
            "part": self._combo("part", self.tr("Show"), parts),
            "look": self._combo(
                "look",
                self.tr("Look"),
                [("publication", self.tr("For a publication")), ("canvas", self.tr("As on the canvas"))],
            ),
            "direction": self._combo(
                "direction", self.tr("Runs"), [("down", self.tr("Top to bottom")), ("right", self.tr("Left to right"))]
            ),
            "colours": self._combo(
                "colours",
                self.tr("Colours"),
                [("light", self.tr("Light")), ("dark", self.tr("Dark")), ("now", self.tr("As the window"))],
            ),
            "background": self._combo(
                "background",
                self.tr("Background"),
                [("solid", self.tr("Filled")), ("transparent", self.tr("Transparent"))],
            ),
            "format": self._combo(
                "format",
                self.tr("Format"),
                [
                    ("svg", self.tr("SVG (drawing)")),
                    ("pdf", self.tr("PDF (drawing)")),
                    ("png", self.tr("PNG (pixels)")),
                ],
            ),
            "resolution": self._combo(
                "resolution",
                self.tr("Resolution"),
                [(each, self._resolution(each)) for each in RESOLUTIONS],
            ),
        }
        titles = (
            self.tr("Shapes at the wires"),
            self.tr("Parameters"),
            self.tr("Names of the nodes"),
            self.tr("Legend of the families"),
            self.tr("Groups opened, one level deep"),
        )
        self.ticks = {name: self._tick(name, title) for name, title in zip(_TICKS, titles, strict=True)}
        self.caption = QLineEdit()
        self.width_mm = QDoubleSpinBox()
        self._own = choices
        self._lay_out()
        self.show_choices(choices)
        self._connect()

    def _combo(self, name: str, title: str, entries: list[tuple[str, str]] | list[tuple[int, str]]) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName(f"picture_{name}")
        combo.setAccessibleName(title)
        for value, text in entries:
            combo.addItem(text, value)
        return combo

    def _tick(self, name: str, title: str) -> QCheckBox:
        tick = QCheckBox(title)
        tick.setObjectName(f"picture_{name}")
        return tick

    def _resolution(self, dots: int) -> str:
        if dots % 96 == 0:
            return self.tr("{times}× ({dots} dots an inch)").format(times=dots // 96, dots=dots)
        return self.tr("{dots} dots an inch").format(dots=dots)

    def _lay_out(self) -> None:
        self.caption.setObjectName("picture_caption")
        self.caption.setPlaceholderText(self.tr("None"))
        self.width_mm.setObjectName("picture_width")
        self.width_mm.setAccessibleName(self.tr("Width"))
        self.width_mm.setRange(0, WIDEST_MM)
        self.width_mm.setDecimals(0)
        self.width_mm.setSuffix(self.tr(" mm"))
        self.width_mm.setSpecialValueText(self.tr("Natural size"))
        self.rows = QFormLayout()
        self.rows.setSpacing(SPACE)
        for name in ("part", "look", "direction", "colours", "background"):
            self.rows.addRow(self.combos[name].accessibleName(), self.combos[name])
        for tick in self.ticks.values():
            self.rows.addRow("", tick)
        self.rows.addRow(self.tr("Caption"), self.caption)
        self.rows.addRow(heading(self.tr("File")))
        for name in ("format", "resolution"):
            self.rows.addRow(self.combos[name].accessibleName(), self.combos[name])
        self.rows.addRow(self.tr("Width"), self.width_mm)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self.rows)
        column.addStretch(1)

    def show_choices(self, choices: Choices) -> None:
        """Show choices; one that is not offered now becomes the first that is."""
        for name, combo in self.combos.items():
            combo.setCurrentIndex(max(0, combo.findData(getattr(choices, name))))
        for name, tick in self.ticks.items():
            tick.setChecked(getattr(choices, name))
        self.caption.setText(choices.caption)
        self.width_mm.setValue(choices.width_mm)
        self._show_what_matters()

    def _connect(self) -> None:
        for combo in self.combos.values():
            combo.currentIndexChanged.connect(self._on_changed)
        for tick in self.ticks.values():
            tick.toggled.connect(self._on_changed)
        self.caption.textChanged.connect(self._on_changed)
        self.width_mm.valueChanged.connect(self._on_changed)

    def _on_changed(self, *_what: object) -> None:
        self._show_what_matters()
        self.changed.emit()

    def _show_what_matters(self) -> None:
        now = self.choices
        printed = now.look == "publication"
        for each in (self.combos["direction"], self.caption, *self.ticks.values()):
            self.rows.setRowVisible(each, printed)
        self.rows.setRowVisible(self.combos["colours"], not printed)
        self.rows.setRowVisible(self.combos["resolution"], now.format == "png")

    @property
    def choices(self) -> Choices:
        """What is chosen now."""
        chosen: dict[str, Any] = {name: combo.currentData() for name, combo in self.combos.items()}
        chosen |= {name: tick.isChecked() for name, tick in self.ticks.items()}
        return replace(self._own, **chosen, caption=self.caption.text().strip(), width_mm=self.width_mm.value())
