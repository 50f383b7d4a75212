"""Chooses what an answer is explained by: the method, the class, and for Grad-CAM the layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from designer.tryit.asking import Wish, convolutions
from designer.widgets import ElidedLabel

if TYPE_CHECKING:
    from core.training.results.saliency import Method
    from core.training.results.trained import Trained

_GRADIENTS: Method = "gradients"
_INTEGRATED: Method = "integrated gradients"
_GRAD_CAM: Method = "grad-cam"


class SaliencyBar(QWidget):
    """``changed`` says that another explanation is wanted, which ``wish`` tells.

    ``told`` says what the colours mean; whoever lays this out puts it below what is coloured.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("saliency")
        self.method = _combo("saliency_method", self.tr("What the answer rests on"), 12)
        self.target = _combo("saliency_class", self.tr("Which answer is explained"), 9)
        self.layer = _combo("saliency_layer", self.tr("Which layer Grad-CAM looks at"), 9)
        self.told = ElidedLabel()
        self._output = ""
        titles = (self.tr("Gradients"), self.tr("Integrated gradients"), self.tr("Grad-CAM"))
        self.method.addItem(self.tr("No explanation"), "")
        for method, title in zip((_GRADIENTS, _INTEGRATED, _GRAD_CAM), titles, strict=True):
            self.method.addItem(title, method)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for each in (self.method, self.target, self.layer):
            row.addWidget(each)
            each.currentIndexChanged.connect(self._on_changed)
        row.addStretch(1)
        self._show_state()

    def set_network(self, trained: Trained, output: str = "") -> None:
        """Offer the classes of an output and the layers of a network."""
        reader = trained.reader(output)
        self._output = reader.output
        layers = convolutions(trained)
        for combo, first, names in (
            (self.target, self.tr("Its answer"), reader.classes if reader.kind in ("class", "labels") else ()),
            (self.layer, self.tr("Last convolution"), layers),
        ):
            before = combo.currentData()
            with QSignalBlocker(combo):
                combo.clear()
                combo.addItem(first, "")
                for name in names:
                    combo.addItem(name, name)
                combo.setCurrentIndex(max(combo.findData(before), 0))
        self._show_state()

    @property
    def wish(self) -> Wish | None:
        """What is wanted; None where nothing is."""
        method = self.method.currentData()
        if not method:
            return None
        return Wish(method, self._output, self.target.currentData() or "", self.layer.currentData() or "")

    def tell(self, about: str) -> None:
        """Say what the colours mean."""
        signed = self.method.currentData() == _INTEGRATED
        text = self.tr("warm speaks for “{0}”, cool against it") if signed else self.tr("warm matters for “{0}”")
        self.told.setText(text.format(about) if about and self.wish is not None else "")

    def _on_changed(self) -> None:
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        method = self.method.currentData()
        self.target.setVisible(bool(method) and self.target.count() > 1)
        self.layer.setVisible(method == _GRAD_CAM and self.layer.count() > 1)
        if not method:
            self.told.setText("")


def _combo(name: str, text: str, letters: int) -> QComboBox:
    combo = QComboBox()
    combo.setObjectName(name)
    combo.setAccessibleName(text)
    combo.setToolTip(text)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(letters)
    return combo
