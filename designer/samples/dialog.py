"""One sample large: every field as it was read, and as the network gets it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from core.data.sample_batch import Cell
from core.data.sample_forms import Classes, Curve, Picture, Shown, Sound, Tokens
from core.data.samples import Large, SampleField, large
from core.errors import LayerwrightError
from core.graph.project import Project
from designer.data.reading import watched
from designer.jobs import Lane
from designer.samples import drawing
from designer.samples.loader import Choice
from designer.samples.pictures import paint_image
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconButton, IconLabel, Rule, TextLabel, failing, heading, muted

_PICTURE, _SOUND, _CURVE = 220, 170, 130
_WIDTH = 240
_MOST_TEXT = 4000


class ShownBox(QWidget):
    """Paints a picture, a mask, a sound, a curve or tokens as large as there is room."""

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self.shown = shown
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self._needed(_WIDTH))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the height that all tokens need in the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.setFixedHeight(self._needed(event.size().width()))

    def sizeHint(self) -> QSize:
        """As high as the form needs."""
        return QSize(_WIDTH, self.height())

    def _needed(self, width: int) -> int:
        """Return the height that all tokens take; of everything else a fixed one."""
        if isinstance(self.shown, Tokens):
            return round(drawing.lines_needed(self.shown, width - 2, QFontMetricsF(self.font()))) + 4
        if isinstance(self.shown, Picture | Classes):
            return _PICTURE
        return _SOUND if isinstance(self.shown, Sound) else _CURVE

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint what is shown."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if isinstance(self.shown, Picture | Classes):
            paint_image(painter, area, self.shown)
        elif isinstance(self.shown, Sound):
            half = area.height() / 2 - 2
            drawing.paint_wave(painter, QRectF(area.left(), area.top(), area.width(), half), self.shown)
            below = QRectF(area.left(), area.bottom() - half, area.width(), half)
            drawing.paint_spectrogram(painter, below, self.shown)
        elif isinstance(self.shown, Curve):
            drawing.paint_curve(painter, area, self.shown)
        elif isinstance(self.shown, Tokens):
            drawing.paint_tokens(painter, area, self.shown)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Tell about the token under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and isinstance(self.shown, Tokens):
            area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            placed = drawing.laid_out(self.shown, area, QFontMetricsF(self.font()))
            found = next((each for each in placed if each.area.contains(event.pos())), None)
            QToolTip.showText(event.globalPos(), drawing.token_tip(found) if found else "", self)
            return True
        return super().event(event)


class SampleDialog(QDialog):
    """Shows one sample at a time; the arrow keys and buttons go to its neighbours."""

    def __init__(
        self, parent: QWidget, project: Project, base: Path | None, choice: Choice, fields: tuple[SampleField, ...]
    ) -> None:
        super().__init__(parent)
        self.setObjectName("sample_dialog")
        self.setWindowTitle(self.tr("Sample"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.place, self.count = 0, 0
        self._project, self._base, self._choice, self._fields = project, base, choice, fields
        self._lane = Lane(self, "sample")
        self.title = heading("", 1.15)
        self.detail = ElidedLabel(role=QPalette.ColorRole.PlaceholderText)
        self.back = IconButton("chevron-up", self.tr("Sample before"))
        self.forth = IconButton("chevron-down", self.tr("Next sample"))
        self.back.clicked.connect(lambda: self.show_place(self.place - 1))
        self.forth.clicked.connect(lambda: self.show_place(self.place + 1))
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._lay_out()
        self.resize(760, 560)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.title)
        row.addWidget(self.detail, 1)
        row.addWidget(self.back)
        row.addWidget(self.forth)
        self.title.setWordWrap(False)
        self.title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)
        column.addLayout(row)
        column.addWidget(Rule())
        column.addWidget(self._area, 1)

    @property
    def busy(self) -> bool:
        """True while a sample is read."""
        return self._lane.busy

    def boxes(self) -> list[ShownBox]:
        """Return what is painted, in its order."""
        page = self._area.widget()
        return page.findChildren(ShownBox) if page is not None else []

    def show_place(self, place: int, count: int = 0) -> None:
        """Read and show a sample; ``count`` is how many there are (0: as many as before)."""
        self.count = count or self.count
        self.place = max(0, min(place, self.count - 1))
        self.back.setEnabled(self.place > 0)
        self.forth.setEnabled(self.place < self.count - 1)
        project, base, choice, wanted = self._project, self._base, self._choice, self.place

        def read() -> Large:
            return large(project, base, choice.part, wanted, choice.epoch, choice.only)

        self._lane.submit(watched(read), self._show, self._on_failed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the neighbours with the arrow keys."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        step = steps.get(Qt.Key(event.key()), 0)
        if step:
            self.show_place(self.place + step)
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Close; what is being read is given up."""
        self._lane.close()
        super().done(result)

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self._area.setWidget(failing(str(error)))

    def _show(self, found: Large) -> None:
        row = found.row
        self.title.setText(self.tr("Row {0:,}").format(row.row + 1))
        parts = [self.tr("{0:,} of {1:,}").format(self.place + 1, self.count)]
        parts += [self.tr("in no part: left out")] if not row.part else [self.tr("{0} part").format(row.part)]
        parts += (
            [self.tr("augmented, epoch {0}").format(self._choice.epoch + 1)] if self._choice.epoch is not None else []
        )
        parts += [self.tr("blended: {0}").format(row.mixed)] if row.mixed else []
        self.detail.setText("   ".join(parts))
        page = QWidget()
        grid = QGridLayout(page)
        grid.setHorizontalSpacing(2 * SPACE)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        for column, text in ((1, self.tr("As read")), (2, self.tr("As the network gets it"))):
            grid.addWidget(muted(text, wrap=False), 0, column)
        for line, each in enumerate(self._fields, 1):
            cell = row.cells[each.field.name]
            grid.addWidget(_name(each), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(_before(cell, found.before.get(each.field.name)), line, 1, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(_after(each, cell), line, 2, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(len(self._fields) + 1, 1)
        self._area.setWidget(page)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Samples", text)


def _name(shown: SampleField) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(IconLabel(f"meaning_{shown.field.meaning}", "accent" if shown.use == "target" else "text_muted"))
    label = ElidedLabel(shown.field.name)
    label.setFixedWidth(130)
    row.addWidget(label)
    return box


def _stacked(*widgets: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    for widget in widgets:
        column.addWidget(widget)
    return box


def _before(cell: Cell, shown: Shown) -> QWidget:
    if cell.problem:
        return failing(cell.problem)
    if cell.missing:
        return muted(_tr("missing"))
    parts: list[QWidget] = [ShownBox(shown)] if shown is not None else []
    return _stacked(*parts, TextLabel(cell.raw[:_MOST_TEXT]))


def _after(field: SampleField, cell: Cell) -> QWidget:
    if not cell.prepared:
        return muted("" if field.use else _tr("not used by the network"))
    parts: list[QWidget] = [ShownBox(cell.shown)] if cell.shown is not None else []
    parts.append(TextLabel(cell.prepared))
    if cell.decoded and cell.decoded != cell.raw:
        parts.append(muted(_tr("that is {0}").format(cell.decoded)))
    return _stacked(*parts)
