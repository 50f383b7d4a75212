"""Facts about a field in words: its range, its mean, how many values differ and how many are missing."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication

from core.data.preview import FieldFacts, Measure

_DAY = 86_400


def _tr(text: str) -> str:
    return QCoreApplication.translate("Figures", text)


def figures(facts: FieldFacts, reason: str = "") -> str:
    """Return the facts in one line, parted by points, without what the reason for the meaning has said already."""
    if facts.problem:
        return facts.problem
    parts = []
    if facts.least is not None and facts.most is not None and facts.mean is not None:
        least, mean, most = (_number(each, facts.measure) for each in (facts.least, facts.mean, facts.most))
        span = _tr("all {0}").format(least) if least == most else _tr("{0} to {1}").format(least, most)
        if not (least in reason and most in reason):
            parts.append(_with_unit(span, facts.measure))
        if least != most and facts.measure != "date":
            parts.append(_tr("mean {0}").format(mean))
    if facts.distinct and "different" not in reason:
        parts.append(_tr("{0:,} different").format(facts.distinct))
    if facts.missing:
        share = _share(facts.missing, facts.looked_at)
        parts.append(_tr("{0:,} missing ({1})").format(facts.missing, share))
    elif facts.looked_at == facts.rows:
        parts.append(_tr("none missing"))
    if facts.looked_at < facts.rows:
        parts.append(_tr("from {0:,} of {1:,} samples").format(facts.looked_at, facts.rows))
    return " · ".join(parts)


def _share(count: int, whole: int) -> str:
    share = 100 * count / max(whole, 1)
    return f"{share:.1f} %" if 0 < share < 10 else f"{share:.0f} %"


def _number(value: float, measure: Measure) -> str:
    if measure == "date":
        try:
            moment = datetime.fromtimestamp(value, UTC)
        except (OverflowError, ValueError, OSError):
            return f"{value:.4g}"
        return moment.date().isoformat() if value % _DAY == 0 else moment.strftime("%Y-%m-%d %H:%M")
    if abs(value) < 1e6 and value == int(value):
        return f"{int(value):,}" if measure in ("letters", "steps") else str(int(value))
    return f"{value:.4g}"


def _with_unit(text: str, measure: Measure) -> str:
    units = {
        "letters": _tr("{0} letters"),
        "brightness": _tr("brightness {0}"),
        "seconds": _tr("{0} s"),
        "steps": _tr("{0} steps"),
    }
    return units.get(measure, "{0}").format(text)
