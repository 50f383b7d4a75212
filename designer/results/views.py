"""The pictures of one output, of which those are shown that there is something for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from designer.results.class_table import ClassTable
from designer.results.confusion import ConfusionPage
from designer.results.curve_views import CalibrationView, CurvesView
from designer.results.gallery_model import Item
from designer.results.numbers import NumbersView
from designer.results.showing import answer_text
from designer.results.texts import TextsView

if TYPE_CHECKING:
    from core.training.results.outcome import OutputOutcome, Wrong

CONFUSION, CLASSES, NUMBERS, TEXTS, CURVES, CALIBRATION, WORST = (
    "confusion",
    "classes",
    "numbers",
    "texts",
    "curves",
    "calibration",
    "worst",
)


@dataclass(frozen=True)
class Page:
    """A picture: its name, whether there is anything to be seen of an output, and its table for a file."""

    name: str
    title: str
    widget: QWidget | None
    applies: Callable[[OutputOutcome], bool]
    rows: Callable[[], list[list[str]]] | None = None


class Views:
    """All pictures, made once."""

    def __init__(self) -> None:
        self.confusion, self.classes, self.numbers = ConfusionPage(), ClassTable(), NumbersView()
        self.texts, self.curves, self.calibration = TextsView(), CurvesView(), CalibrationView()
        self.pages = (
            Page(
                CONFUSION, _tr("Confusion"), self.confusion, lambda o: o.confusion is not None, self.confusion.csv_rows
            ),
            Page(CLASSES, _tr("Classes"), self.classes, lambda o: bool(o.lines), self.classes.lines.csv_rows),
            Page(NUMBERS, _tr("Numbers"), self.numbers, lambda o: o.points is not None, self.numbers.csv_rows),
            Page(TEXTS, _tr("Texts"), self.texts, lambda o: o.texts is not None, self.texts.csv_rows),
            Page(WORST, _tr("Worst"), None, lambda o: bool(o.worst)),
            Page(CURVES, _tr("ROC and PR"), self.curves, lambda o: bool(o.curves), self.curves.csv_rows),
            Page(
                CALIBRATION,
                _tr("Calibration"),
                self.calibration,
                lambda o: o.calibration is not None,
                self.calibration.csv_rows,
            ),
        )

    def show(self, output: OutputOutcome) -> None:
        """Show an output in all pictures."""
        if output.confusion is not None:
            self.confusion.item.show_counts(output.confusion.classes, output.confusion.counts)
        self.classes.lines.show_lines(output.lines)
        self.numbers.show_points(output.points)
        self.texts.show_texts(output.texts)
        self.curves.show_curves(output.curves)
        self.calibration.show_calibration(output.calibration)


def worst_items(output: OutputOutcome) -> list[Item]:
    """Return the samples with the highest loss, the worst first."""
    return [_item_of(each) for each in output.worst]


def _item_of(wrong: Wrong) -> Item:
    masks = None
    right: bool | None = None
    if isinstance(wrong.truth, np.ndarray):
        if wrong.truth.dtype.kind == "i" and isinstance(wrong.predicted, np.ndarray):
            masks = (wrong.truth, wrong.predicted)
    elif isinstance(wrong.truth, str | tuple):
        right = wrong.truth == wrong.predicted
    return Item(
        wrong.row,
        "" if wrong.truth is None or masks is not None else answer_text(wrong.truth),
        answer_text(wrong.predicted) if masks is None else _share_right(*masks),
        wrong.loss,
        wrong.probability,
        right,
        masks,
    )


def _share_right(truth: NDArray[np.int64], said: NDArray[np.int64]) -> str:
    """Return how much of a picture got the right class, in words; pixels that do not count are below 0."""
    counts = truth >= 0
    if not counts.any():
        return ""
    return _tr("{0} % right").format(f"{np.mean(truth[counts] == said[counts]) * 100:.0f}")


def cell_items(output: OutputOutcome, pairs: Sequence[tuple[int, int]]) -> list[Item]:
    """Return the samples in some cells of the confusion matrix, those with the highest loss first."""
    assert output.confusion is not None
    losses = loss_by_row(output)
    items = [
        Item(
            row,
            output.confusion.classes[true],
            output.confusion.classes[predicted],
            losses.get(row),
            right=true == predicted,
        )
        for true, predicted in pairs
        for row in output.confusion.rows_at(true, predicted).tolist()
    ]
    return sorted(items, key=lambda each: -(each.loss or 0.0))


def point_item(output: OutputOutcome, place: int) -> Item:
    """Return the sample of a point."""
    assert output.points is not None
    row = int(output.points.rows[place])
    truth, said = float(output.points.truth[place]), float(output.points.predicted[place])
    return Item(row, answer_text(truth), answer_text(said), loss_by_row(output).get(row))


def loss_by_row(output: OutputOutcome) -> dict[int, float]:
    """Return the loss of every sample by its row."""
    return dict(zip(output.rows.tolist(), output.losses.tolist(), strict=True))


def _tr(text: str) -> str:
    return QCoreApplication.translate("ResultViews", text)
