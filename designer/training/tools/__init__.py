"""Trying a network out before it is trained: dialogs whose work runs in jobs and leaves everything as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from designer.training.tools.trial import TrialDialog
    from designer.window import Window


def ask_learning_rate(window: Window) -> TrialDialog:
    """Look for a learning rate."""
    from designer.training.tools.rate_finder import RateFinder

    return _opened(RateFinder(window.runner.session, window))


def ask_overfit(window: Window) -> TrialDialog:
    """Learn one batch by heart."""
    from designer.training.tools.overfit import OverfitDialog

    return _opened(OverfitDialog(window.runner.session, window))


def ask_dry_run(window: Window) -> TrialDialog:
    """Send one batch through everything."""
    from designer.training.tools.dry_run import DryRunDialog

    return _opened(DryRunDialog(window.runner.session, window))


def _opened(dialog: TrialDialog) -> TrialDialog:
    dialog.open()
    dialog.begin()
    return dialog
