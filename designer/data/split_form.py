"""How the samples are divided: method, shares and seed, with the numbers of samples that result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QSpinBox, QVBoxLayout, QWidget

from core.data.splits import PARTS, PartName
from core.graph.edits import SetSplit
from core.graph.project import Split, SplitMethod
from designer import theme
from designer.options_form import LABEL_WIDTH
from designer.properties.editors.base import QuietComboBox, Silenced
from designer.session import Session
from designer.widgets import ElidedLabel, muted

_METHODS: tuple[SplitMethod, ...] = ("stratified", "random")


class PercentBox(QDoubleSpinBox):
    """A share in per cent, with decimals only where they are needed; the wheel scrolls the form."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0.0, 95.0)
        self.setDecimals(2)
        self.setSingleStep(5.0)
        self.setSuffix(" %")

    def textFromValue(self, value: float) -> str:
        """Write 20 and 12.5."""
        return f"{value:g}"

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the form scroll."""
        event.ignore()


class SeedBox(QSpinBox):
    """A seed; the wheel scrolls the form."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0, 2_147_483_647)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the form scroll."""
        event.ignore()


class PartsBar(QWidget):
    """A thin bar with the share of each part: training, validation, test."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(6)
        self._counts: tuple[int, ...] = ()

    def show_counts(self, counts: tuple[int, ...]) -> None:
        """Show these numbers of samples."""
        self._counts = counts
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(100, 6)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the parts side by side."""
        painter = QPainter(self)
        paint_parts(painter, QRectF(self.rect()), self._counts, sum(self._counts))
        painter.end()


def part_colours() -> tuple[QColor, ...]:
    """Return the colours of training, validation and test."""
    series = theme.current().series
    return QColor(series[0]), QColor(series[1]), QColor(series[2])


def paint_parts(painter: QPainter, area: QRectF, counts: tuple[int, ...], whole: int) -> None:
    """Paint counts as segments of a bar that would be ``whole`` long."""
    x = area.left()
    for count, colour in zip(counts, part_colours(), strict=False):
        width = area.width() * count / whole if whole else 0.0
        painter.fillRect(QRectF(x, area.top(), width, area.height()), colour)
        x += width


class SplitForm(QWidget):
    """Edits the project's split. Steps of one field merge into one undo step."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.method = QuietComboBox()
        self.validation = PercentBox()
        self.test = PercentBox()
        self.seed = SeedBox()
        self._bar = PartsBar()
        self._counts = muted()
        self.method.addItems([self.tr("Stratified: keep class shares"), self.tr("Random")])
        self.method.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE // 2)
        grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        rows = (
            ("split_method", self.tr("Method"), self.method),
            ("split_validation", self.tr("Validation"), self.validation),
            ("split_test", self.tr("Test"), self.test),
            ("split_seed", self.tr("Seed"), self.seed),
        )
        for row, (name, text, widget) in enumerate(rows):
            label = ElidedLabel(text)
            label.setFixedWidth(LABEL_WIDTH)
            label.setBuddy(widget)
            widget.setObjectName(name)
            widget.setAccessibleName(text)
            grid.addWidget(label, row, 0)
            grid.addWidget(widget, row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(grid)
        layout.addSpacing(2)
        layout.addWidget(self._bar)
        layout.addWidget(self._counts)

    def _connect(self) -> None:
        self.method.activated.connect(lambda at: self._edit("method", replace(self._split, method=_METHODS[at])))
        self.validation.valueChanged.connect(
            lambda value: self._edit("validation", replace(self._split, validation=round(value / 100, 6)))
        )
        self.test.valueChanged.connect(
            lambda value: self._edit("test", replace(self._split, test=round(value / 100, 6)))
        )
        self.seed.valueChanged.connect(lambda value: self._edit("seed", replace(self._split, seed=value)))
        for box in (self.validation, self.test, self.seed):
            box.editingFinished.connect(self._session.document.end_merge)

    @property
    def _split(self) -> Split:
        return self._session.project.data.split

    def _edit(self, name: str, split: Split) -> None:
        self._session.apply(SetSplit(split, merge_key="" if name == "method" else f"split.{name}"))

    @property
    def counts_text(self) -> str:
        """How many samples each part has, as it is shown."""
        return self._counts.text()

    def refresh(self) -> None:
        """Show the project's split."""
        split = self._split
        with Silenced(self.method, self.validation, self.test, self.seed):
            self.method.setCurrentIndex(_METHODS.index(split.method))
            self.validation.setValue(split.validation * 100)
            self.test.setValue(split.test * 100)
            self.seed.setValue(split.seed)

    def show_counts(self, counts: Mapping[PartName, int], dropped: int) -> None:
        """Show how many samples each part has; an empty mapping clears it."""
        numbers = tuple(counts.get(part, 0) for part in PARTS)
        self._bar.show_counts(numbers)
        self._bar.setVisible(bool(counts))
        text = self.tr("{0:,} training · {1:,} validation · {2:,} test").format(*numbers) if counts else ""
        if dropped:
            text += self.tr(" · {0:,} dropped").format(dropped)
        self._counts.setText(text)
