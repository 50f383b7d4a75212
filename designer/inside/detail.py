"""What there is to be seen of one layer: distributions over time, pictures, times of all layers, what looks wrong."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSlider,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.data.sample_forms import Tokens
from designer.inside.bars import TimeBars
from designer.inside.distribution import Distribution
from designer.inside.large import LargePicture
from designer.inside.on_canvas import kind_title
from designer.inside.record import HISTOGRAMS, PICTURES
from designer.inside.tiles import tiles_of
from designer.inside.watcher import InsideWatcher
from designer.theme import SPACE
from designer.widgets import ElidedLabel, muted

DISTRIBUTION, PICTURE, TIME, FINDINGS = range(4)
_KIND = 96


class LayerDetail(QWidget):
    """Shows the layer that is chosen in the table. ``chosen`` gives the path of another one that was clicked."""

    chosen = Signal(str)

    def __init__(self, watcher: InsideWatcher) -> None:
        super().__init__()
        self._watcher = watcher
        self.node = ""
        self.tabs = QTabBar()
        self.kind = QComboBox()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.distribution = Distribution()
        self.large = LargePicture()
        self.bars = TimeBars()
        self.speed = ElidedLabel()
        self.findings = QListWidget()
        self.nothing = muted()
        self._pages = QStackedWidget()
        self._following = True
        """The newest step is shown, whichever it is."""
        self._set_up()
        self._lay_out()

    def _set_up(self) -> None:
        self.tabs.setObjectName("inside_tabs")
        self.tabs.setAccessibleName(self.tr("What is shown of the layer"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        for text in (self.tr("Distribution"), self.tr("Picture"), self.tr("Time"), self.tr("Advice")):
            self.tabs.addTab(text)
        self.tabs.setTabText(FINDINGS, self._findings_title(9))
        self.tabs.setMinimumWidth(self.tabs.sizeHint().width())  # else the table would jump as advice comes and goes
        self.tabs.currentChanged.connect(lambda _page: self.refresh())
        self.kind.setObjectName("inside_kind")
        self.kind.setAccessibleName(self.tr("Kind"))
        self.kind.activated.connect(lambda _row: self.refresh())
        self.slider.setObjectName("inside_step")
        self.slider.setAccessibleName(self.tr("Step"))
        self.slider.setMinimumWidth(60)
        self.slider.valueChanged.connect(self._on_slid)
        self.distribution.picked.connect(self.slider.setValue)
        self.bars.chosen.connect(self.chosen)
        self.speed.setObjectName("inside_speed")
        self.findings.setObjectName("inside_findings")
        self.findings.setAccessibleName(self.tr("What looks wrong"))
        self.findings.setWordWrap(True)
        self.findings.setAlternatingRowColors(True)
        self.findings.setSpacing(2)
        self.findings.setFrameShape(QFrame.Shape.NoFrame)
        self.findings.itemClicked.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.findings.itemActivated.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.nothing.setObjectName("inside_nothing")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def _lay_out(self) -> None:
        for each in (self.slider, self.kind):
            policy = each.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # else the table would jump as pages change
            each.setSizePolicy(policy)
        self.kind.setFixedWidth(_KIND)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, SPACE // 2, 0)
        row.addWidget(self.tabs)
        row.addStretch(1)
        row.addWidget(self.slider)
        row.addWidget(self.kind)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self.bars)
        time = QWidget()
        column = QVBoxLayout(time)
        column.setContentsMargins(SPACE // 2, 2, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.speed)
        column.addWidget(scroll, 1)
        for page in (self.distribution, self.large, time, self.findings, self.nothing):
            self._pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(row)
        outer.addWidget(self._pages, 1)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def show_node(self, node: str) -> None:
        """Show another layer."""
        if node != self.node:
            self.node = node
            self._following = True
            self.refresh()

    def refresh(self) -> None:
        """Show the newest of what is chosen."""
        page = self.tabs.currentIndex()
        self.tabs.setTabText(FINDINGS, self._findings_title(len(self._watcher.findings())))
        nothing = (self._show_distribution, self._show_picture, self._show_times, self._show_findings)[page]()
        self.kind.setVisible(page in (DISTRIBUTION, PICTURE) and not nothing)
        self.slider.setVisible(page == DISTRIBUTION and not nothing)
        self.nothing.setText(nothing)
        self._pages.setCurrentIndex(self._pages.count() - 1 if nothing else page)

    def _findings_title(self, count: int) -> str:
        return self.tr("Advice ({count})").format(count=count) if count else self.tr("Advice")

    def _show_distribution(self) -> str:
        found = self._watcher.record.histograms
        kinds = [kind for kind in HISTOGRAMS if (self.node, kind) in found]
        kind = self._offer(kinds)
        if not self.node:
            return self.tr("Choose a layer in the table or on the canvas.")
        if not kind:
            return self.tr("Nothing was counted of this layer yet.")
        steps = found[self.node, kind]
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, len(steps) - 1)
            if self._following:
                self.slider.setValue(len(steps) - 1)
        self.distribution.show_histograms(steps, self.slider.value())
        return ""

    def _on_slid(self, position: int) -> None:
        self._following = position == self.slider.maximum()
        self.distribution.set_position(position)

    def _show_picture(self) -> str:
        found = self._watcher.record.pictures
        kinds = [kind for kind in PICTURES if (self.node, kind) in found]
        kind = self._offer(kinds)
        if not self.node:
            return self.tr("Choose a layer in the table or on the canvas.")
        if not kind:
            self.large.show_picture(None, None)
            return (
                self.tr("Pictures of this layer appear with the next look.")
                if self._watcher.is_live
                else self.tr("There is no picture of this layer.")
            )
        picture = found[self.node, kind][1]
        sheet = tiles_of(self._watcher.session, picture)
        self.large.show_picture(picture, sheet, self._tokens() if kind == "attention" else ())
        return ""

    def _offer(self, kinds: list[str]) -> str:
        """Offer these kinds; return the one that is chosen, or the first."""
        known = [self.kind.itemData(row) for row in range(self.kind.count())]
        if known != kinds:
            before = self.kind.currentData()
            self.kind.clear()
            for each in kinds:
                self.kind.addItem(kind_title(each), each)
            if before in kinds:
                self.kind.setCurrentIndex(kinds.index(before))
        self.kind.setEnabled(len(kinds) > 1)
        return str(self.kind.currentData() or "")

    def _tokens(self) -> tuple[str, ...]:
        shown = self._watcher.shown_sample
        if shown is None or shown.row is None or (shown.part, shown.index) != self._watcher.sample:
            return ()
        texts = (shown.row.cells[name].shown for name in shown.inputs if name in shown.row.cells)
        found = next((each for each in texts if isinstance(each, Tokens)), None)
        return tuple(each.text for each in found.tokens) if found is not None else ()

    def _show_times(self) -> str:
        record = self._watcher.record
        self.bars.show_figures(record.figures, self.node)
        self.speed.setText(speed_text(record.whole))
        return "" if self.bars.rows else self.tr("Times of layers are not measured on this device.")

    def _show_findings(self) -> str:
        found = self._watcher.findings()
        texts = [(each.node, each.text) for each in found]
        known = [
            (self.findings.item(row).data(Qt.ItemDataRole.UserRole), self.findings.item(row).text())
            for row in range(self.findings.count())
        ]
        if texts != known:
            self.findings.clear()
            for node, text in texts:
                item = QListWidgetItem(text)
                item.setData(Qt.ItemDataRole.UserRole, node)
                self.findings.addItem(item)
        return "" if found else self.tr("Nothing looks wrong.")


def speed_text(figures: Mapping[str, float], *, short: bool = False) -> str:
    """Return throughput and memory in one line, as far as they are known."""
    parts = []
    if "samples_per_second" in figures:
        parts.append(f"{units.count(figures['samples_per_second'])} samples/s")
    if "device_memory" in figures:
        parts.append(f"{units.size(figures['device_memory'])} on the device")
    if "memory" in figures and not (short and "device_memory" in figures):
        parts.append(f"{units.size(figures['memory'])} memory")
    if "samples" in figures and not short:
        parts.append(f"times of {units.plural(int(figures['samples']), 'sample')}")
    return " · ".join(parts)
