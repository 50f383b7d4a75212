"""What a node costs, for its tool tip: the figures of the cost panel, as they were last worked out."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core import units
from designer import theme
from designer.costs.model import FIGURES, CostColumn, titles, written

if TYPE_CHECKING:
    from core.model.cost_table import CostRow
    from designer.canvas.scene import CanvasScene
    from designer.properties.cost import CostWatcher

_COLUMNS = (CostColumn.PARAMETERS, CostColumn.MULTIPLY_ADDS, CostColumn.MEMORY)
_UNKNOWN = "…"

Line = tuple[str, str]


def cost_lines(scene: CanvasScene, name: str) -> list[Line]:
    """Return titles and figures (rich text) of a node of the graph that is looked at; none where it costs nothing.

    Figures of an earlier network are grey, with a "…" behind them; where there is none yet, the "…" stands alone. Where
    the check found errors, nothing is counted, and nothing is said.
    """
    watcher = scene.costs
    kind = scene.nodes[name].face.kind
    if watcher is None or kind is None or not kind.outputs:
        return []
    row = next((row for row in watcher.rows(scene.session.path) if row.path[-1] == name), None)
    waiting = not watcher.is_current
    if row is None:
        return [(titles()[column], _grey(_UNKNOWN)) for column in _COLUMNS] if waiting and _has_place(scene) else []
    if not any(FIGURES[column](row) for column in _COLUMNS):
        return []
    told = [(titles()[column], escape(_figure(column, row, watcher))) for column in _COLUMNS]
    return [(title, _grey(f"{text} {_UNKNOWN}")) for title, text in told] if waiting else told


def _has_place(scene: CanvasScene) -> bool:
    """Return True where figures are on their way: those of a network with errors are not."""
    report = scene.session.report
    return report is None or report.shapes.ok


def _figure(column: CostColumn, row: CostRow, watcher: CostWatcher) -> str:
    figure = written(column, FIGURES[column](row))
    if column is CostColumn.PARAMETERS:
        return figure
    per_sample = QCoreApplication.translate("Canvas", "{figure} per sample").format(figure=figure)
    held = watcher.held(row.cost) if column is CostColumn.MEMORY else 0
    if not held:
        return per_sample
    weights = QCoreApplication.translate("Canvas", "{size} for weights").format(size=units.size(held))
    return f"{per_sample} + {weights}" if row.memory else weights


def _grey(text: str) -> str:
    return f'<font color="{theme.current().text_muted}">{text}</font>'
