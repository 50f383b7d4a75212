"""Which sample the pictures are made of: chosen here, shown with what is true of it and what the network says."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSignalBlocker, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QWidget

from core.data.sample_batch import Cell
from core.data.sample_forms import Classes, Picture, Sound, Tokens
from designer.inside.places import answering
from designer.inside.reading import Part, Said, said_by
from designer.inside.watcher import InsideWatcher
from designer.samples.pictures import image_of, inside
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconButton

_SIDE = 34
_MOST_TEXT = 60


class InputThumbnail(QWidget):
    """The sample itself, where it is a picture or a sound."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(_SIDE, _SIDE)
        self._shown: Picture | Classes | Sound | None = None
        self.hide()

    def show_value(self, cell: Cell | None) -> None:
        """Show a value, or nothing where it is no picture."""
        shown = cell.shown if cell is not None else None
        self._shown = shown if isinstance(shown, Picture | Classes | Sound) else None
        self.setVisible(self._shown is not None)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint it as large as fits."""
        if self._shown is None:
            return
        painter = QPainter(self)
        image = image_of(self._shown)
        place = inside(image.size(), QRectF(self.rect()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, place.width() < image.width())
        painter.drawImage(place, image)
        painter.end()


class SampleBar(QWidget):
    """Follows a watcher's sample and asks it for another."""

    def __init__(self, watcher: InsideWatcher) -> None:
        super().__init__()
        self.setObjectName("inside_sample")
        self._watcher = watcher
        self.previous = IconButton("chevron-left", self.tr("Previous sample"))
        self.next = IconButton("chevron-right", self.tr("Next sample"))
        self.index = QSpinBox()
        self.part = QComboBox()
        self.thumbnail = InputThumbnail()
        self.words = ElidedLabel()
        self._set_up()
        watcher.sample_changed.connect(self.refresh)
        watcher.record_changed.connect(self.refresh)
        self.refresh()

    def _set_up(self) -> None:
        self.previous.setObjectName("previous_sample")
        self.next.setObjectName("next_sample")
        self.previous.clicked.connect(lambda: self._step(-1))
        self.next.clicked.connect(lambda: self._step(1))
        self.index.setObjectName("sample_index")
        self.index.setAccessibleName(self.tr("Sample"))
        self.index.setMinimum(1)
        self.index.setKeyboardTracking(False)
        self.index.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.index.setFixedWidth(58)
        self.index.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.index.valueChanged.connect(lambda value: self._choose(self._watcher.sample[0], value - 1))
        self.part.setObjectName("sample_part")
        self.part.setAccessibleName(self.tr("Part of the data"))
        for part, text in (("validation", self.tr("validation")), ("training", self.tr("training"))):
            self.part.addItem(text, part)
        self.part.activated.connect(lambda row: self._choose(self.part.itemData(row), 0))
        self.words.setObjectName("sample_words")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for each in (self.previous, self.index, self.next, self.part):
            row.addWidget(each)
        row.addSpacing(SPACE // 2)
        row.addWidget(self.thumbnail)
        row.addSpacing(SPACE // 2)
        row.addWidget(self.words, 1)

    def _step(self, by: int) -> None:
        part, index = self._watcher.sample
        self._choose(part, index + by)

    def _choose(self, part: Part, index: int) -> None:
        self._watcher.show_sample(part, index)
        self.refresh()

    def refresh(self) -> None:
        """Show the sample, and what the network says of it now."""
        part, index = self._watcher.sample
        count = self._watcher.counts.get(part, 0)
        with QSignalBlocker(self.index):
            self.index.setMaximum(max(1, count))
            self.index.setValue(index + 1)
        self.index.setToolTip(self.tr("Sample {number} of {count}").format(number=index + 1, count=f"{count:,}"))
        self.previous.setEnabled(index > 0)
        self.next.setEnabled(index + 1 < count)
        for row in range(self.part.count()):
            if self.part.itemData(row) == part:
                self.part.setCurrentIndex(row)
        self._show_sample()

    def _show_sample(self) -> None:
        shown = self._watcher.shown_sample
        current = shown is not None and (shown.part, shown.index) == self._watcher.sample
        if shown is None or not current or shown.row is None:
            self.thumbnail.show_value(None)
            self.words.setText(shown.problem if shown is not None and current else "")
            return
        cells = [shown.row.cells[name] for name in shown.inputs if name in shown.row.cells]
        pictures = [each for each in cells if isinstance(each.shown, Picture | Classes | Sound)]
        self.thumbnail.show_value(pictures[0] if pictures else None)
        parts = [] if pictures else [_in_words(cells)]
        self.words.setText(" · ".join(filter(None, [*self.answers(), *parts])))

    def answers(self) -> list[str]:
        """Return for each output what is true and what the network says."""
        shown, record = self._watcher.shown_sample, self._watcher.record
        if shown is None or shown.row is None or self._watcher.project is None:
            return []
        nodes = answering(self._watcher.project)
        found = []
        for output, (target, fitted) in shown.targets.items():
            cell = shown.row.cells.get(target)
            truth = cell.decoded or cell.raw if cell is not None and cell.shown is None else ""
            picture = record.pictures.get((nodes.get(output, ""), "map"))
            said = said_by(picture[1], fitted) if picture is not None else None
            found.append(self._answer(output, truth, said))
        return [each for each in found if each]

    def _answer(self, output: str, truth: str, said: Said | None) -> str:
        """Return what an output says, and whether that is true: “digit: 7 (81 %) ✗ is 2”."""
        if said is None or not said.text:
            return self.tr("{output} is {truth}").format(output=output, truth=truth) if truth else ""
        text = f"{output}: {said.text}" + (f" ({said.share * 100:.0f} %)" if said.share is not None else "")
        if not truth:
            return text
        if said.share is not None and said.text == truth:
            return f"{text} ✓"
        sign = "✗ " if said.share is not None else ""
        return text + " " + sign + self.tr("is {truth}").format(truth=truth)


def _in_words(cells: list[Cell]) -> str:
    texts = []
    for cell in cells:
        tokens = isinstance(cell.shown, Tokens)
        texts.append(cell.raw if tokens or not cell.decoded else cell.decoded)
    text = ", ".join(filter(None, texts))
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
