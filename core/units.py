"""Numbers as people read them: counts, bytes, durations."""

from __future__ import annotations


def count(number: float) -> str:
    """Write a count with a metric prefix: ``1_234_567`` → ``1.23 M``; below 10,000 the exact number."""
    if abs(number) < 10_000:
        return f"{number:,.0f}"
    for scale, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if float(f"{abs(number):.3g}") >= scale:  # 999,999 is 1 M, not 1000 k
            return f"{_three_digits(number / scale)} {prefix}"
    raise AssertionError("unreachable")


def _three_digits(number: float) -> str:
    """Write three significant digits, or all before the point where there are more; never an exponent."""
    return f"{number:.3g}" if abs(number) < 999.5 else f"{number:,.0f}"


def size(byte_count: float) -> str:
    """Write a number of bytes with a binary prefix: ``2048`` → ``2 KiB``."""
    for prefix in ("B", "KiB", "MiB", "GiB"):
        if abs(byte_count) < 1024:
            return f"{_three_digits(byte_count)} {prefix}" if prefix != "B" else f"{byte_count:.0f} B"
        byte_count /= 1024
    return f"{_three_digits(byte_count)} TiB"


def duration(seconds: float) -> str:
    """Write a duration in seconds: ``0.25`` → ``0.2 s``, ``75`` → ``1 min 15 s``, ``3700`` → ``1 h 1 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def plural(number: int, noun: str) -> str:
    """``1, "epoch"`` → ``1 epoch``; ``3, "epoch"`` → ``3 epochs``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
