"""When commands can be run: conditions on a window, which the tables of commands name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from designer.command import When

if TYPE_CHECKING:
    from designer.canvas.structure import Structure
    from designer.window import Window


def is_open(window: Window) -> bool:
    """A project is shown."""
    return window.workspace is not None


def several_tabs(window: Window) -> bool:
    """More than one tab is open."""
    return len(window.tabs.pages) > 1


def can_close(window: Window) -> bool:
    """The current tab can be closed: the start page stays where it is all there is."""
    return is_open(window) or several_tabs(window)


def several_views(window: Window) -> bool:
    """The project is shown in more than one view."""
    return window.workspace is not None and len(window.workspace.panes.panes) > 1


def drawn_selected(window: Window) -> bool:
    """Frames or notes are selected."""
    return window.workspace is not None and bool(window.workspace.session.drawn)


def anything_selected(window: Window) -> bool:
    """Nodes, frames or notes are selected."""
    return nodes_selected(window) or drawn_selected(window)


def structure(holds: Callable[[Structure], object]) -> When:
    """Return the condition that what is selected allows something about groups or shared layers."""
    return lambda window: window.workspace is not None and bool(holds(window.workspace.canvas.structure))


def inside_a_group(window: Window) -> bool:
    """The inside of a group is looked at."""
    return window.workspace is not None and bool(window.workspace.session.path)


def nodes_selected(window: Window) -> bool:
    """Nodes are selected."""
    return window.workspace is not None and bool(window.workspace.session.selection)


def not_empty(window: Window) -> bool:
    """The graph that is looked at has nodes."""
    return window.workspace is not None and bool(window.workspace.session.view.graph.nodes)


def can_undo(window: Window) -> bool:
    """There is a step to take back."""
    return window.workspace is not None and window.workspace.session.document.undo_label is not None


def can_redo(window: Window) -> bool:
    """There is an undone step."""
    return window.workspace is not None and window.workspace.session.document.redo_label is not None


def runner_in(*states: str) -> When:
    """Return the condition that training is in one of these states."""
    return lambda window: window.workspace is not None and window.workspace.runner.state in states


def any_nodes(window: Window) -> bool:
    """The project has nodes."""
    return window.workspace is not None and bool(window.workspace.session.project.graph.nodes)


def can_train(window: Window) -> bool:
    """There is something to train, and nothing is being trained."""
    return any_nodes(window) and window.workspace is not None and not window.workspace.runner.active


def can_stop(window: Window) -> bool:
    """Training goes on."""
    return window.workspace is not None and window.workspace.runner.state in ("starting", "running", "paused")
