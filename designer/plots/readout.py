"""The table at the crosshair: what every curve is worth there, and what was changed there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QLabel, QWidget

from designer import theme
from designer.plots import style
from designer.plots.curves import CurveKey, RunCurves

Line = tuple[RunCurves, CurveKey, float]
"""A curve and its value."""
_NAMES = 0.45
"""Share of the plot's width that names may take."""
_WIDE = 400
_GAPS = "-_/ "
_WORD = re.compile(r"[^-_/ ]+[-_/ ]*|[-_/ ]+")


class Readout(QLabel):
    """Floats over a plot beside the crosshair."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAutoFillBackground(True)
        self.setMargin(theme.SPACE // 2)
        self.setFont(theme.scaled_font(self.font(), 0.9))
        self.hide()

    def show_lines(self, quantity: str, where: str, lines: Sequence[Line], notes: Sequence[str], area: QRectF) -> None:
        """Show as many lines as there is room for in the plot's area, the newest first, and notes."""
        room = max(1, int(area.height()) // self.fontMetrics().lineSpacing() - 2)
        colours = theme.current()
        several = len({run.path or run.index for run, _key, _value in lines}) > 1
        widest = int(area.width() * _NAMES)
        rows = []
        shown = list(lines)[: -room - 1 : -1]
        runs = told_apart([run.name for run, _key, _value in shown]) if several else {}
        for line in shown:
            name = _name(line, runs, area)
            if self.fontMetrics().horizontalAdvance(name) > widest:
                name = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, widest)
            rows.append(_row(quantity, line, name))
        if len(lines) > room:
            more = self.tr("… and {count} more").format(count=len(lines) - room)
            rows.append(f'<tr><td></td><td style="color:{colours.text_muted}">&nbsp;{more}</td></tr>')
        said = "".join(f"<br>⚑ {escape(note)}" for note in notes)
        head = f'<span style="color:{colours.text_muted}">{where}</span>'
        self.setText(f"{head}<table>{''.join(rows)}</table>{said}")
        self.adjustSize()

    def restyle(self) -> None:
        """Take the colours of the theme in use."""
        colours = theme.current()
        self.setStyleSheet(f"background: {colours.raised}; color: {colours.text}; border: 1px solid {colours.border};")

    def stand_beside(self, x: float, area: QRectF, widest: int) -> None:
        """Stand to the right of a place in the plot's area, or to its left where there is more room."""
        left = x + 8 if x < area.center().x() else x - 8 - self.width()
        self.move(int(max(0, min(left, widest - self.width()))), int(area.top()) + 4)


def told_apart(names: Sequence[str]) -> dict[str, str]:
    """Return names without the words with which all of them begin or end, by which nobody can tell them apart.

    Words end at hyphens, underscores, blanks and slashes: of ``day-a-net`` and ``day-b-net`` are left ``a`` and ``b``.
    """
    words = {name: _WORD.findall(name) for name in names}
    rest = list(words.values())
    if len(rest) < 2:
        return {name: name for name in names}
    shortest = min(map(len, rest))
    first = next((at for at in range(shortest) if len({each[at] for each in rest}) > 1), shortest - 1)
    kept = {name: each[first:] for name, each in words.items()}
    last = next(
        (at for at in range(1, shortest - first) if len({each[-at].strip(_GAPS) for each in kept.values()}) > 1),
        shortest - first,
    )
    return {name: "".join(each[: len(each) - last + 1]).strip(_GAPS) or name for name, each in kept.items()}


def _name(line: Line, runs: Mapping[str, str], area: QRectF) -> str:
    """Return a curve's name; of several runs in a narrow plot, where dashes tell the part, the run's only."""
    run, key, _value = line
    if not runs:
        return style.curve_text(key)
    if area.width() >= _WIDE:
        return f"{run.name} · {style.curve_text(key)}"
    return f"{runs[run.name]} · {style.curve_text(key)}" if key.output else runs[run.name]


def _row(quantity: str, line: Line, name: str) -> str:
    run, key, value = line
    colour = style.hue(theme.current(), run, key.output).name()
    mark = "╌" if key.part == "validation" else "─"
    return (
        f'<tr><td style="color:{colour}"><b>{mark}</b></td><td>&nbsp;{escape(name)}&nbsp;&nbsp;</td>'
        f'<td align="right">{style.value_text(quantity, value)}</td></tr>'
    )
