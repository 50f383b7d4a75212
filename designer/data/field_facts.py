"""What is under the table of fields: all about the current one, its distribution, and how it is prepared."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.data.meaning import CHOSEN
from core.data.preview import ColumnPreview
from core.graph.project import Field
from designer import theme
from designer.data.fields_model import FieldColumn, FieldsModel
from designer.options_form import LABEL_WIDTH
from designer.properties.editors.base import QuietComboBox, Silenced
from designer.widgets import ElidedLabel, bold, muted


class Distribution(QWidget):
    """A small histogram of numbers, or the counts of categories."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._counts: tuple[int, ...] = ()

    def sizeHint(self) -> QSize:
        """Small enough to stand beside two lines of text."""
        return QSize(88, 36)

    def show_counts(self, counts: tuple[int, ...]) -> None:
        """Show these counts as columns."""
        self._counts = counts
        self.setVisible(bool(counts))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint one column per count on a base line."""
        painter = QPainter(self)
        colours = theme.current()
        most = max(self._counts, default=0) or 1
        width = self.width() / max(1, len(self._counts))
        for place, count in enumerate(self._counts):
            height = (self.height() - 2) * count / most
            gap = 1.0 if width > 3 else 0.0
            column = QRectF(place * width, self.height() - 1 - height, width - gap, height)
            painter.fillRect(column, QColor(colours.accent))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(colours.border))
        painter.end()


class FieldFacts(QWidget):
    """Name, reason, figures and distribution of one field, and two choices that apply to all selected ones."""

    chosen = Signal(object, str)
    """A FieldColumn and the value for it."""

    def __init__(self, fields: FieldsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("field_facts")
        self._fields = fields
        self._name = ElidedLabel()
        self._name.setFont(bold(self._name.font()))
        self._text = muted()
        self._distribution = Distribution()
        self._choices = QWidget()
        self._grid = QGridLayout(self._choices)
        self._labels: dict[FieldColumn, QWidget] = {}
        self.boxes = {
            FieldColumn.ENCODING: self._box(0, FieldColumn.ENCODING, self.tr("Preparation")),
            FieldColumn.MISSING: self._box(1, FieldColumn.MISSING, self.tr("Missing cells")),
        }
        self._lay_out()

    def _box(self, row: int, column: FieldColumn, text: str) -> QuietComboBox:
        label = ElidedLabel(text)
        label.setFixedWidth(LABEL_WIDTH)
        self._labels[column] = label
        box = QuietComboBox()
        box.setObjectName(f"field_{column.name.lower()}")
        box.setAccessibleName(text)
        box.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.textActivated.connect(lambda value: self.chosen.emit(column, value))
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(box, row, 1)
        return box

    def _lay_out(self) -> None:
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE)
        self._grid.setVerticalSpacing(theme.SPACE // 2)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self._name)
        texts.addWidget(self._text)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE)
        head.addLayout(texts, 1)
        head.addWidget(self._distribution)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(head)
        layout.addWidget(self._choices)

    def show_field(self, row: int, column: ColumnPreview | None) -> None:
        """Show what is known of the field in a row of the model (below 0: none); the preview may come later."""
        field = self._fields.fields[row] if 0 <= row < len(self._fields.fields) else None
        self.setVisible(field is not None)
        if field is None:
            return
        self._name.setText(field.name)
        self._text.setText(" · ".join(line for line in (self._reason(field), self._figures(field, column)) if line))
        self._show_choices(row, column)
        counts: tuple[int, ...] = ()
        if column is not None and column.histogram is not None:
            counts = column.histogram.counts
        elif column is not None:
            counts = tuple(count for _word, count in column.counts[:40])
        self._distribution.show_counts(counts)

    def _show_choices(self, row: int, preview: ColumnPreview | None) -> None:
        """Offer what there is to choose; missing cells are no matter where there are none."""
        field = self._fields.fields[row]
        self._choices.setVisible(field.role != "ignore")
        for column, box in self.boxes.items():
            index = self._fields.index(row, column)
            choices = self._fields.choices(index)
            now = str(index.data())
            with Silenced(box):
                box.clear()
                box.addItems([*choices, *([] if now in choices else [now])])
                box.setCurrentText(now)
            box.setEnabled(len(choices) > 1)
            idle = column is FieldColumn.MISSING and preview is not None and not preview.missing
            for widget in (box, self._labels[column]):
                widget.setVisible(not idle and bool(choices))

    def _reason(self, field: Field) -> str:
        return self.tr("{0}: {1}").format(field.meaning, field.reason) if field.reason else field.meaning

    def _figures(self, field: Field, column: ColumnPreview | None) -> str:
        if column is None:
            return ""
        parts = []
        inferred = field.reason != CHOSEN
        if column.mean is not None:
            if not inferred or "from" not in field.reason:
                parts.append(self.tr("{0:.4g} to {1:.4g}").format(column.minimum, column.maximum))
            parts.append(self.tr("mean {0:.4g}").format(column.mean))
        elif field.meaning in ("category", "flag") and not inferred:
            parts.append(self.tr("{0:,} different values").format(column.distinct))
        if column.missing and not inferred:
            parts.append(self.tr("{0:,} missing").format(column.missing))
        return " · ".join(parts)
