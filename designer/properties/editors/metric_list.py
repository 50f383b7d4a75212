"""The list of metrics that opens below a field: by family, with a search, top-k of any k, the recommended marked."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QCoreApplication, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

import core.training.metrics as package
from core.training.metrics import MetricKind, metrics
from designer import theme
from designer.properties.editors.base import QuietComboBox, Silenced, automatic
from designer.widgets import bold, muted

AUTOMATIC = "auto"
_ROLE = Qt.ItemDataRole.UserRole
_TOP = "top"
_LEAST_WIDTH, _HEIGHT = 300, 380


@dataclass(frozen=True)
class Offer:
    """What can be ticked: the metrics that suit, the ids of the recommended ones and of the ticked ones.

    ``classes`` is how many there are (0: not known), which k of top-k must stay below.
    """

    metrics: tuple[MetricKind, ...]
    recommended: frozenset[str] = frozenset()
    ticked: tuple[str, ...] = ()
    classes: int = 0


def _tr(text: str) -> str:
    return QCoreApplication.translate("Metrics", text)


@cache
def _files() -> dict[str, str]:
    """Return the file that each metric is declared in, by its id: metrics of one family share one."""
    modules = [each.name for each in pkgutil.iter_modules(package.__path__) if not each.name.startswith("_")]
    loaded = {name: importlib.import_module(f"{package.__name__}.{name}") for name in modules}
    return {kind.id: name for name, module in loaded.items() for kind in module.KINDS}


def family(metric: MetricKind) -> str:
    """Return the title of the family that a metric is listed under; those of plug-ins have one together."""
    titles = {
        "accuracy": _tr("Accuracy"),
        "top_k": _tr("Accuracy"),
        "precision_recall": _tr("Precision and recall"),
        "curves": _tr("Areas under curves"),
        "agreement": _tr("Agreement"),
        "probabilities": _tr("Probabilities"),
        "labels": _tr("Labels"),
        "numbers": _tr("Numbers"),
        "overlap": _tr("Overlap of areas"),
        "images": _tr("Images"),
        "sequences": _tr("Sequences"),
    }
    return titles.get(_files().get(metric.id, ""), _tr("Other"))


def is_top(metric_id: str) -> bool:
    """True for the accuracy among the k highest scores, whatever k is."""
    return metric_id.rpartition("_")[0] == _TOP and metrics.find(metric_id) is not None


class MetricBox(QuietComboBox):
    """Looks like a combo box, tells the chosen metrics, and opens the list in place of its own."""

    chosen = Signal(object)
    """The new tuple of metric ids."""

    def __init__(self, offer: Callable[[], Offer]) -> None:
        super().__init__()
        self._offer = offer
        self.list = MetricList(self)
        self.list.chosen.connect(self.chosen)
        self.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.addItem("")

    def tell(self, text: str) -> None:
        """Show what is chosen."""
        self.setToolTip(text)
        self.setItemText(0, text)

    def fill(self) -> None:
        """List what can be ticked now."""
        self.list.offer(self._offer())

    def showPopup(self) -> None:
        """Open the list below the field, above it where there is no room, within the screen."""
        self.fill()
        width = max(self.width(), _LEAST_WIDTH)
        self.list.resize(width, _HEIGHT)
        area = self.screen().availableGeometry()
        below = self.mapToGlobal(self.rect().bottomLeft())
        above = self.mapToGlobal(QPoint(0, 0)).y() - _HEIGHT
        top = below.y() if below.y() + _HEIGHT <= area.bottom() else max(area.top(), above)
        self.list.move(max(area.left(), min(below.x(), area.right() - width)), top)
        self.list.show()
        self.list.search.setFocus()


class MetricList(QFrame):
    """A search field, the metrics by family, and top-k with its k. Every tick is said at once."""

    chosen = Signal(object)
    """The new tuple of metric ids, in the order of the list."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("metric_list")
        self.setAccessibleName(self.tr("Metrics"))
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._offered = Offer(())
        self._ids: tuple[str, ...] = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search metrics"))
        self.search.setAccessibleName(self.tr("Search metrics"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show_found)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(12)
        self.tree.setFrameShape(QFrame.Shape.NoFrame)
        self.tree.setAccessibleName(self.tr("Metrics"))
        self.tree.itemChanged.connect(self._on_item)
        self.none = muted(self.tr("No metric matches."))
        self.top = QCheckBox(self.tr("Among the k highest scores, k ="))
        self.top.setAccessibleName(self.tr("Top-k accuracy"))
        self.k = QSpinBox()
        self.k.setRange(1, 999)
        self.k.setValue(5)
        self.k.setAccessibleName(self.tr("k of the top-k accuracy"))
        self.top.clicked.connect(self._on_top)
        self.k.valueChanged.connect(self._on_k)
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.top, 1)
        row.addWidget(self.k)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addWidget(self.none)
        column.addLayout(row)

    def offer(self, offered: Offer) -> None:
        """List what can be ticked, and tick what is."""
        self._offered, self._ids = offered, offered.ticked
        known = {each.id for each in offered.metrics}
        with Silenced(self.tree, self.search):
            self.search.clear()
            self.tree.clear()
            self._add(self.tree.invisibleRootItem(), AUTOMATIC, automatic(), self.tr("Chosen by what is predicted."))
            self._add_families()
            strange = [each for each in self._ids if each not in known and each != AUTOMATIC and not is_top(each)]
            for name in strange:
                kind = metrics.find(name)
                title = self.tr("{0} (does not suit)").format(kind.title if kind else name)
                self._add(self.tree.invisibleRootItem(), name, title, kind.help if kind else "")
            self.tree.expandAll()
        self._show_top()
        self._show_found("")

    def _add_families(self) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for metric in self._offered.metrics:
            if is_top(metric.id):
                continue
            title = family(metric)
            if title not in groups:
                group = QTreeWidgetItem(self.tree, [title])
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                group.setFont(0, bold(self.font()))
                groups[title] = group
            shown = metric.title
            if metric.id in self._offered.recommended:
                shown = self.tr("{0} · recommended").format(metric.title)
            self._add(groups[title], metric.id, shown, f"{metric.help} {metric.formula}".strip())

    def _add(self, group: QTreeWidgetItem, name: str, title: str, tip: str) -> None:
        item = QTreeWidgetItem(group, [title])
        item.setData(0, _ROLE, name)
        item.setSizeHint(0, QSize(0, self.fontMetrics().height() + theme.SPACE - 2))
        item.setToolTip(0, tip)
        item.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, tip)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Checked if name in self._ids else Qt.CheckState.Unchecked)
        if name in self._offered.recommended:
            item.setForeground(0, self.palette().color(QPalette.ColorRole.Link))

    def items(self) -> Iterable[QTreeWidgetItem]:
        """Return the items that can be ticked."""
        for group in self._groups():
            if group.data(0, _ROLE):
                yield group
            yield from _children(group)

    def _groups(self) -> Iterable[QTreeWidgetItem]:
        return _children(self.tree.invisibleRootItem())

    def _show_top(self) -> None:
        tops = [each for each in self._ids if is_top(each)]
        classes = self._offered.classes
        there = any(is_top(each.id) for each in self._offered.metrics) and classes != 2
        self.top.setVisible(there or bool(tops))
        self.k.setVisible(there or bool(tops))
        with Silenced(self.k, self.top):
            self.k.setMaximum(max(classes - 1, 1) if classes else 999)
            if tops:
                self.k.setValue(int(tops[0].rpartition("_")[2]))
            self.top.setChecked(bool(tops))

    def _show_found(self, text: str) -> None:
        words = text.lower().split()
        found = 0
        for item in self.items():
            kind = metrics.find(str(item.data(0, _ROLE)))
            told = f"{item.text(0)} {item.data(0, _ROLE)} {kind.help if kind else ''} {family(kind) if kind else ''}"
            item.setHidden(not all(word in told.lower() for word in words))
            found += not item.isHidden()
        for group in self._groups():
            if group.childCount():
                group.setHidden(all(item.isHidden() for item in _children(group)))
        self.none.setVisible(not found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from the search field to the list on Down."""
        if event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.tree.setFocus()
            for item in self.items():
                if not item.isHidden():
                    self.tree.setCurrentItem(item)
                    break
        else:
            super().keyPressEvent(event)

    # --- ticking ------------------------------------------------------------------------------------------------------

    def _on_item(self, item: QTreeWidgetItem) -> None:
        name, on = str(item.data(0, _ROLE)), item.checkState(0) is Qt.CheckState.Checked
        if name == AUTOMATIC:
            self._say((AUTOMATIC,) if on else ())
        else:
            kept = tuple(each for each in self._ids if each not in (AUTOMATIC, name))
            self._say((*kept, name) if on else kept)

    def _on_top(self, on: bool) -> None:
        kept = tuple(each for each in self._ids if each != AUTOMATIC and not is_top(each))
        self._say((*kept, f"{_TOP}_{self.k.value()}") if on else kept)

    def _on_k(self, k: int) -> None:
        if self.top.isChecked():
            self._say(tuple(f"{_TOP}_{k}" if is_top(each) else each for each in self._ids))

    def _say(self, ids: tuple[str, ...]) -> None:
        self._ids = tuple(dict.fromkeys(ids))
        with Silenced(self.tree):
            for item in self.items():
                ticked = item.data(0, _ROLE) in self._ids
                item.setCheckState(0, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        self._show_top()
        self.chosen.emit(self._ids)


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [child for at in range(item.childCount()) if (child := item.child(at)) is not None]
