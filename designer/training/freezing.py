"""What the menu of a node offers while a training goes on: to keep the layer from learning, or to let it learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.training.runner import STEERED, TrainingRunner

if TYPE_CHECKING:
    from designer.canvas.menus import CanvasMenu
    from designer.canvas.view import CanvasView


def offer_freezing(runner: TrainingRunner, view: CanvasView, menu: CanvasMenu) -> None:
    """Add the entry for the selected layers, where a run can be changed and they can learn."""
    if runner.state not in STEERED:
        return
    layers = runner.layers_of(view.session.selection, view.session.path)
    if not layers:
        return
    frees = all(each in runner.live.frozen for each in layers)
    text = runner.tr("Let learn in this run") if frees else runner.tr("Freeze in this run")
    menu.addSeparator()
    menu.offer(text, "", "snowflake", lambda: runner.toggle_frozen(layers))
