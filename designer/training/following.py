"""Following runs that other processes or machines train: their curves grow as their folders do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from designer.files import choose_folder
from designer.plots.panel import CurvesPanel

if TYPE_CHECKING:
    from designer.window import Window

_EVERY = 1000
"""Milliseconds between two looks at a folder."""


class Follower(QObject):
    """Looks at run folders again and again until their runs are over, and shows their curves. One belongs to a panel.

    A run that has not begun yet is waited for.
    """

    changed = Signal()
    """Other runs are followed now."""

    def __init__(self, curves: CurvesPanel) -> None:
        super().__init__(curves)
        self._curves = curves
        self._waiting: list[Path] = []
        self.followed: list[Path] = []
        """The runs that are not over."""
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(self._look)
        curves.shown_changed.connect(self._on_shown)

    @classmethod
    def of(cls, curves: CurvesPanel) -> Follower:
        """Return the one that belongs to a panel."""
        found = curves.findChild(cls)
        return found if isinstance(found, cls) else cls(curves)

    def follow(self, folder: Path) -> None:
        """Show a run's curves now, or once there is something in its folder, and what comes after."""
        if folder not in self.followed:
            self.followed.append(folder)
            self._waiting.append(folder)
            self.changed.emit()
        self._look()
        if self.followed:
            self._timer.start()

    def stop(self) -> None:
        """Follow nothing any more; the curves stay as they are."""
        self.followed.clear()
        self._waiting.clear()
        self._timer.stop()
        self.changed.emit()

    def _look(self) -> None:
        for folder in [each for each in self._waiting if (each / "run.json").is_file()]:
            self._waiting.remove(folder)
            self._curves.load_run(folder)
        self._curves.catch_up()
        self._on_shown()

    def _on_shown(self) -> None:
        """Let go of runs that are over, and of those that the user has taken away or that cannot be read."""
        shown = {run.path: run for run in self._curves.runs}
        over = [path for path in self.followed if str(path) in shown and shown[str(path)].complete]
        for path in over:
            self.followed.remove(path)
        if over:
            self.changed.emit()
        if not self.followed:
            self._timer.stop()


def ask_to_follow(window: Window) -> None:
    """Ask for the folder of a run that is trained elsewhere, and show its curves from now on."""
    assert window.workspace is not None
    root = window.runner.runs_root
    folder = choose_folder(window, window.tr("Follow a run: choose its folder"), root if root.is_dir() else Path.home())
    if folder is not None:
        follow(window, folder)


def follow(window: Window, folder: Path) -> None:
    """Show a run's curves in a window, and keep them up to date."""
    assert window.workspace is not None
    curves = window.workspace.curves
    Follower.of(curves).follow(folder)
    window.workspace.show_panel(curves)
    there = (folder / "run.json").is_file()
    text = (
        window.tr("The curves of “{0}” are kept up to date while it is trained.")
        if there
        else window.tr("There is no run in “{0}” yet: its curves appear once it begins.")
    )
    window.workspace.session.told.emit(text.format(folder.name))
