"""Samples of several rows that follow one another in time, and the row that each shall predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.graph.project import Window

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Series:
    """Rows in order of time, and the windows over them.

    ``order`` are the source's rows, those of one group together, in time; ``ends`` the places in ``order`` where the
    windows have their last row; ``place`` is where each row of the source stands in ``order`` (-1: nowhere).
    """

    window: Window
    order: Rows
    ends: Rows
    place: Rows

    @classmethod
    def over(
        cls,
        window: Window,
        order: Rows,
        usable: NDArray[np.bool_],
        targeted: NDArray[np.bool_],
        borders: NDArray[np.int64] | None = None,
        *,
        ahead: int = 0,
    ) -> Series:
        """Lay windows over rows.

        Args:
            window: length and stride; a window begins every ``stride`` rows from the first of each run.
            order: rows of the source in time, those of a group together.
            usable: by row of the source, whether a window may hold it.
            targeted: by row of the source, whether it may be predicted.
            borders: by row of the source, a number for its group and part: no window holds rows of two, nor predicts
                one of another. None: all are one run.
            ahead: how many rows after the window's last the predicted one is.

        Raises:
            DataError: length, horizon or stride make no sense.
        """
        check_window(window)
        count = len(order)
        place = np.full(len(usable), -1, dtype=np.int64)
        place[order] = np.arange(count)
        runs = np.zeros(count, dtype=np.int64) if borders is None else borders[order]
        begins = np.concatenate([[True], runs[1:] != runs[:-1]]) if count else np.zeros(0, dtype=np.bool_)
        first = np.maximum.accumulate(np.where(begins, np.arange(count), 0)) if count else np.zeros(0, dtype=np.int64)
        starts = np.arange(max(count - window.length - ahead + 1, 0))
        last, target = starts + window.length - 1, starts + window.length - 1 + ahead
        gaps = np.concatenate([[0], np.cumsum(~usable[order])])
        fits = (first[starts] == first[target]) & ((starts - first[starts]) % window.stride == 0)
        fits &= (gaps[starts + window.length] == gaps[starts]) & targeted[order[target]]
        return cls(window, order, last[fits], place)

    def last_rows(self) -> Rows:
        """Return the last row of every window."""
        return self.order[self.ends]

    def target_rows(self, ahead: int) -> Rows:
        """Return the row that every window predicts."""
        return self.order[self.ends + ahead]

    def spans_ending(self, rows: Rows, ahead: int = 0) -> Rows:
        """Return the rows ``(windows, length)`` of the windows that end ``ahead`` rows before each of these."""
        ends = self.place[rows] - ahead
        spans: Rows = self.order[ends[:, None] + np.arange(1 - self.window.length, 1)]
        return spans


def check_window(window: Window) -> None:
    """Raise DataError where a window's numbers make no sense."""
    wanted = (("length", window.length, 1), ("horizon", window.horizon, 0), ("stride", window.stride, 1))
    problems = [
        f"The window's {name} must be at least {least}, not {number}."
        for name, number, least in wanted
        if number < least
    ]
    if problems:
        raise DataError("The window is not possible.", problems=problems)
