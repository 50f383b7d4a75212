"""Rows of the table of commands: training, changing a run while it goes on, and trying a network out before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.command import TRAINING, Command
from designer.conditions import can_stop, can_train, is_open, runner_in
from designer.predicting.commands import PREDICT_FILE
from designer.training.tools import ask_dry_run, ask_learning_rate, ask_overfit

if TYPE_CHECKING:
    from designer.training.bar import TrainBar
    from designer.window import Window

_LIVE = "C&hange the run"
_TOOLS = "Tr&y out"
_AWAY = "Else&where"


def _run_elsewhere(window: Window) -> None:
    from designer.training.elsewhere import ask_elsewhere  # the first window does not wait for what draws curves

    ask_elsewhere(window)


def _follow_run(window: Window) -> None:
    from designer.training.following import ask_to_follow

    ask_to_follow(window)


def _bar(window: Window) -> TrainBar:
    assert window.workspace is not None
    return window.workspace.train_bar


def can_train_more(window: Window) -> bool:
    """The last run has ended and can go on."""
    return window.workspace is not None and window.workspace.runner.can_resume


def can_take_over(window: Window) -> bool:
    """The network was changed since a run that it can go on from."""
    return window.workspace is not None and window.workspace.runner.can_take_over


def can_freeze(window: Window) -> bool:
    """A run goes on, and layers are selected that can learn."""
    return _is_steered(window) and window.workspace is not None and bool(window.workspace.runner.selected_layers())


def can_try(window: Window) -> bool:
    """There is something to train, and nothing is being trained: trials would disturb each other."""
    return can_train(window) and not any(each.runner.active for each in window.projects.open_ones)


def _resume(window: Window) -> None:
    runner = window.runner
    if runner.run is not None:
        runner.resume(runner.run, isolated=runner.isolated)


def _freeze(window: Window) -> None:
    window.runner.toggle_frozen(window.runner.selected_layers())


_is_steered = runner_in("running", "paused")

TRAINING_COMMANDS: tuple[Command, ...] = (
    Command("train", TRAINING, "&Train", lambda w: w.train(), "F5", "play", can_train),
    Command("pause", TRAINING, "&Pause", lambda w: w.runner.pause(), "F6", "pause", runner_in("running")),
    Command("resume", TRAINING, "&Continue", lambda w: w.runner.go_on(), "F7", "play", runner_in("paused")),
    Command("stop", TRAINING, "&Stop", lambda w: w.runner.stop(), "Shift+F5", "stop", can_stop),
    Command(
        "find_rate",
        TRAINING,
        "Find a &learning rate…",
        ask_learning_rate,
        "",
        "chart",
        can_try,
        submenu=_TOOLS,
        separated=True,
    ),
    Command("overfit", TRAINING, "&Overfit one batch…", ask_overfit, "", "chart", can_try, submenu=_TOOLS),
    Command("dry_run", TRAINING, "&Dry run…", ask_dry_run, "", "table", can_try, submenu=_TOOLS),
    Command(
        "take_over",
        TRAINING,
        "&Go on with the changed network…",
        lambda w: _bar(w).ask_takeover(),
        "Shift+F7",
        "fix",
        can_take_over,
        separated=True,
    ),
    Command("train_more", TRAINING, "Train &more epochs…", lambda w: _bar(w).ask_more(), "", "plus", can_train_more),
    Command("resume_run", TRAINING, "&Resume the last run", _resume, "", "play", can_train_more),
    Command(
        "adjust_run",
        TRAINING,
        "&Learning rate and epochs…",
        lambda w: _bar(w).open_controls(),
        "Ctrl+F5",
        "sliders",
        _is_steered,
        separated=True,
        submenu=_LIVE,
    ),
    Command("freeze", TRAINING, "&Freeze or free the layer", _freeze, "", "snowflake", can_freeze, submenu=_LIVE),
    Command(
        "checkpoint",
        TRAINING,
        "Take a &checkpoint now",
        lambda w: w.runner.checkpoint(),
        "",
        "save",
        _is_steered,
        submenu=_LIVE,
    ),
    PREDICT_FILE,
    Command("run_elsewhere", TRAINING, "&Run elsewhere…", _run_elsewhere, "", "export", is_open, submenu=_AWAY),
    Command("follow_run", TRAINING, "&Follow a run…", _follow_run, "", "chart", is_open, submenu=_AWAY),
    Command(
        "show_training",
        TRAINING,
        "Training s&ettings",
        lambda w: w.show_training(),
        "Alt+6",
        "",
        is_open,
        separated=True,
    ),
)
