"""The choice of a device: what this machine does not have is listed but cannot be chosen, and says why."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel

from designer.properties.editors.base import QuietComboBox, Silenced

DEVICES = ("auto", "cpu", "cuda", "mps")


class DeviceBox(QuietComboBox):
    """Emits ``device_chosen`` with the id of a device."""

    device_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._titles = {
            "auto": self.tr("Automatic"),
            "cpu": self.tr("CPU"),
            "cuda": self.tr("NVIDIA GPU (CUDA)"),
            "mps": self.tr("Apple GPU (MPS)"),
        }
        self._items = QStandardItemModel(self)
        for device in DEVICES:
            self._items.appendRow(QStandardItem(self._titles[device]))
        self.setModel(self._items)
        self.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda at: self.device_chosen.emit(DEVICES[at]))

    def show_available(self, devices: tuple[str, ...]) -> None:
        """Tell which devices this machine has, the fastest first."""
        self._items.item(0).setText(self.tr("Automatic: {0}").format(self._titles[devices[0]]))
        for row, device in enumerate(DEVICES):
            there = device == "auto" or device in devices
            item = self._items.item(row)
            item.setEnabled(there)
            reason = "" if there else self.tr("PyTorch finds no {0} on this machine.").format(self._titles[device])
            item.setToolTip(reason)
            item.setText(item.text() if there else self.tr("{0}: not found here").format(self._titles[device]))

    def show_device(self, device: str) -> None:
        """Show the project's choice."""
        with Silenced(self):
            self.setCurrentIndex(DEVICES.index(device))
        self.setToolTip(str(self._items.item(self.currentIndex()).data(Qt.ItemDataRole.ToolTipRole) or ""))
