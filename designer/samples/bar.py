"""What the samples are chosen by: part, view, class, row; and what each view has to be set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QSlider, QSpinBox, QWidget

from core.data.sample_arrangement import Only, PartChoice
from core.data.samples import SampleField
from designer.icons import icon
from designer.samples.loader import Choice
from designer.theme import SPACE

ViewName = Literal["table", "images", "sounds", "texts", "curves"]
_ICONS: dict[ViewName, str] = {
    "table": "table",
    "images": "image",
    "sounds": "meaning_audio",
    "texts": "meaning_text",
    "curves": "meaning_sequence",
}
_FORMS: dict[str, ViewName] = {
    "picture": "images",
    "mask": "images",
    "sound": "sounds",
    "text": "texts",
    "curve": "curves",
}
_MOST_CLASSES = 300
LEAST_SIDE, MOST_SIDE, USUAL_SIDE = 24, 256, 72


def views_for(fields: Sequence[SampleField], *, windowed: bool) -> list[ViewName]:
    """Return the views that have something to show, the one that suits best first."""
    forms = {each.form for each in fields}
    known = [view for form, view in _FORMS.items() if form in forms or (windowed and view == "curves")]
    views: list[ViewName] = list(dict.fromkeys((*known, "table")))
    inputs = {each.form for each in fields if each.use == "input"} or forms
    for form in ("picture", "mask", "sound"):
        if form in inputs:
            return _first(views, _FORMS[form])
    if windowed:
        return _first(views, "curves")
    for form in ("text", "curve"):
        if form in inputs and "cell" not in inputs:
            return _first(views, _FORMS[form])
    return _first(views, "table")


def _first(views: list[ViewName], best: ViewName) -> list[ViewName]:
    return [best, *(view for view in views if view != best)]


@dataclass(frozen=True)
class _Knobs:
    """Widgets that belong to some views."""

    widget: QWidget
    views: tuple[ViewName, ...]


class SamplesBar(QWidget):
    """One line of controls; those that the view has no use for are hidden."""

    choice_changed = Signal()
    view_chosen = Signal(str)
    row_wanted = Signal(int)
    """The row of the source, from 0."""
    side_changed = Signal(int)
    overlay_changed = Signal()
    prepared_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.part = _combo("samples_part", self.tr("Part"))
        self.view = _combo("samples_view", self.tr("View"))
        self.only = _combo("samples_class", self.tr("Class"))
        self.row = QLineEdit()
        self.side = QSlider(Qt.Orientation.Horizontal)
        self.augmented = QCheckBox(self.tr("Augmented"))
        self.epoch = QSpinBox()
        self.overlay = QCheckBox(self.tr("Mask"))
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.prepared = QCheckBox(self.tr("As the network gets it"))
        self._has_masks = False
        self._augments = False
        self._set_up()
        self._lay_out()
        self._connect()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self.row.setObjectName("samples_row")
        self.row.setPlaceholderText(self.tr("Go to row"))
        self.row.setAccessibleName(self.tr("Go to row"))
        self.row.setToolTip(self.tr("Number of a row of the source; Enter shows it, in whichever part it is."))
        self.row.setFixedWidth(76)
        self.row.setValidator(QIntValidator(1, 2**31 - 1, self.row))
        for slider, name, title, least, most, value in (
            (self.side, "samples_side", self.tr("Size of the images"), LEAST_SIDE, MOST_SIDE, USUAL_SIDE),
            (self.opacity, "samples_opacity", self.tr("Opacity of the masks"), 10, 100, 50),
        ):
            slider.setObjectName(name)
            slider.setAccessibleName(title)
            slider.setToolTip(title)
            slider.setRange(least, most)
            slider.setValue(value)
            slider.setFixedWidth(70)
        self.overlay.setObjectName("samples_overlay")
        self.overlay.setToolTip(self.tr("Lay the mask over its image, or show it beside"))
        self.overlay.setChecked(True)
        self.augmented.setObjectName("samples_augmented")
        self.epoch.setObjectName("samples_epoch")
        self.epoch.setAccessibleName(self.tr("Epoch"))
        self.epoch.setPrefix(self.tr("epoch "))
        self.epoch.setRange(1, 99_999)
        self.epoch.setToolTip(self.tr("Every epoch draws anew: step through what training will see"))
        self.prepared.setObjectName("samples_prepared")
        self.prepared.setToolTip(self.tr("Show the numbers that the network gets, instead of the values as read"))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 4, SPACE, 4)
        row.setSpacing(SPACE - 2)
        self._knobs = (
            _Knobs(self.side, ("images",)),
            _Knobs(self.overlay, ("images",)),
            _Knobs(self.opacity, ("images",)),
            _Knobs(self.augmented, ("images", "sounds", "curves", "table")),
            _Knobs(self.epoch, ("images", "sounds", "curves", "table")),
            _Knobs(self.prepared, ("table",)),
        )
        for widget in (self.part, self.view, self.only):
            row.addWidget(widget)
        row.addStretch(1)
        for knob in self._knobs:
            row.addWidget(knob.widget)
        row.addWidget(self.row)

    def _connect(self) -> None:
        self.part.currentIndexChanged.connect(self._on_choice)
        self.only.currentIndexChanged.connect(self._on_choice)
        self.augmented.toggled.connect(self._on_choice)
        self.epoch.valueChanged.connect(self._on_choice)
        self.view.currentIndexChanged.connect(self._on_view)
        self.row.returnPressed.connect(lambda: self.row_wanted.emit(int(self.row.text() or "1") - 1))
        self.side.valueChanged.connect(self.side_changed)
        self.overlay.toggled.connect(self._on_overlay)
        self.opacity.valueChanged.connect(self.overlay_changed)
        self.prepared.toggled.connect(self.prepared_changed)

    # --- what is chosen -----------------------------------------------------------------------------------------------

    @property
    def choice(self) -> Choice:
        """Which samples are chosen, and how."""
        part: PartChoice = self.part.currentData() or "all"
        epoch = self.epoch.value() - 1 if self.augmented.isChecked() and self._can_augment(part) else None
        return Choice(part, epoch, self.only.currentData())

    @property
    def view_name(self) -> ViewName:
        """The view that is chosen."""
        name: ViewName = self.view.currentData() or "table"
        return name

    def _can_augment(self, part: PartChoice) -> bool:
        return self._augments and part == "training"

    def choose_part(self, part: PartChoice) -> None:
        """Choose a part, without a class."""
        with QSignalBlocker(self.part), QSignalBlocker(self.only):
            self.part.setCurrentIndex(max(0, self.part.findData(part)))
            self.only.setCurrentIndex(0)
        self._on_choice()

    # --- what can be chosen -------------------------------------------------------------------------------------------

    def show_parts(self, counts: Mapping[PartChoice, int]) -> None:
        """Offer these parts; the one that was chosen stays."""
        titles: dict[PartChoice, str] = {
            "training": self.tr("Training · {0:,}"),
            "validation": self.tr("Validation · {0:,}"),
            "test": self.tr("Test · {0:,}"),
            "all": self.tr("All rows · {0:,}"),
        }
        items = [(titles[part].format(count), part) for part, count in counts.items()]
        _fill(self.part, items)

    def show_fields(self, fields: Sequence[SampleField], views: Sequence[ViewName], *, keep: bool) -> None:
        """Offer views and classes; ``keep`` the view that is chosen, where there still is one."""
        titles: dict[ViewName, str] = {
            "table": self.tr("Table"),
            "images": self.tr("Images"),
            "sounds": self.tr("Sounds"),
            "texts": self.tr("Texts"),
            "curves": self.tr("Sequences"),
        }
        chosen = self.view_name if keep and self.view.count() else views[0]
        _fill(self.view, [(titles[view], view) for view in views])
        with QSignalBlocker(self.view):
            self.view.setCurrentIndex(max(0, self.view.findData(chosen)))
        for place, view in enumerate(views):
            self.view.setItemIcon(place, icon(_ICONS[view]))
        classes = [
            (f"{each.field.name}: {word}", Only(each.field.name, word))
            for each in fields
            if each.use == "target" and each.field.meaning in ("category", "flag")
            for word in each.field.categories[:_MOST_CLASSES]
        ]
        _fill(self.only, [(self.tr("All classes"), None), *classes])
        self.only.setVisible(bool(classes))
        self._has_masks = {"picture", "mask"} <= {each.form for each in fields}
        self._augments = any(each.field.augment for each in fields if each.use == "input")
        self.refresh()

    def refresh(self) -> None:
        """Show the controls of the view that is chosen."""
        view = self.view_name
        for knob in self._knobs:
            knob.widget.setVisible(view in knob.views)
        self.overlay.setVisible(view == "images" and self._has_masks)
        self.opacity.setVisible(view == "images" and self._has_masks and self.overlay.isChecked())
        possible = self._can_augment(self.part.currentData() or "all")
        self.augmented.setEnabled(possible)
        self.epoch.setVisible(self.epoch.isVisibleTo(self) and possible and self.augmented.isChecked())
        self.augmented.setToolTip(self._why_not_augmented(possible=possible))

    def _why_not_augmented(self, *, possible: bool) -> str:
        if possible:
            return self.tr("Show the samples as training augments them")
        if self._augments:
            return self.tr("Only the training part is augmented")
        return self.tr("No input is augmented. Choose augmentations for a field in the data panel.")

    def restyle(self) -> None:
        """Take the icons in the colours of the theme."""
        for place in range(self.view.count()):
            self.view.setItemIcon(place, icon(_ICONS[self.view.itemData(place)]))

    def _on_choice(self) -> None:
        self.refresh()
        self.choice_changed.emit()

    def _on_view(self) -> None:
        self.refresh()
        self.view_chosen.emit(self.view_name)

    def _on_overlay(self) -> None:
        self.refresh()
        self.overlay_changed.emit()


def _combo(name: str, title: str) -> QComboBox:
    combo = QComboBox()
    combo.setObjectName(name)
    combo.setAccessibleName(title)
    combo.setToolTip(title)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    combo.setMinimumContentsLength(6)
    combo.setMaximumWidth(180)
    return combo


def _fill(combo: QComboBox, items: Sequence[tuple[str, object]]) -> None:
    """Put other items into a box without telling; the one that was chosen stays chosen where it is still there."""
    before = combo.currentData()
    with QSignalBlocker(combo):
        combo.clear()
        for text, data in items:
            combo.addItem(text, data)
        kept = next((place for place, (_text, data) in enumerate(items) if data == before), 0)
        combo.setCurrentIndex(kept)
