"""Rows of the table of commands: networks and weights from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from designer.command import FILE, NETWORK, Command
from designer.conditions import any_nodes

if TYPE_CHECKING:
    from core.graph.project import Project
    from designer.window import Window


def import_network(window: Window, source: str = "") -> None:
    """Show the dialog that imports a network; what the user opens there gets a tab of its own."""
    from designer.importing.dialog import ImportDialog

    dialog = ImportDialog(_folder(window), window, source)
    dialog.opened.connect(lambda project: open_imported(window, project))
    dialog.exec()
    dialog.deleteLater()


def open_imported(window: Window, project: Project) -> None:
    """Open what was imported in a tab of its own, laid out for the canvas, and offer what one does next."""
    from designer.importing.arranging import arranged
    from designer.importing.next_steps import NextSteps

    window.projects.open_template(arranged(project))
    workspace = window.workspace
    if workspace is not None:
        NextSteps(workspace.session, workspace.notice, lambda: workspace.show_panel(workspace.data))


def load_weights(window: Window, path: Path | None = None) -> None:
    """Show the dialog that loads weights into the network of the current project."""
    from designer.importing.weights_dialog import WeightsDialog

    if window.workspace is None:
        return
    dialog = WeightsDialog(window.workspace.session, _folder(window), window, path)
    dialog.exec()
    dialog.deleteLater()


def _folder(window: Window) -> Path:
    workspace = window.workspace
    base = workspace.session.base if workspace is not None else None
    return base or window.settings.folder


IMPORT = Command("import", FILE, "&Import…", import_network, "Ctrl+Shift+I", "leave", separated=True)
LOAD_WEIGHTS = Command("load_weights", NETWORK, "L&oad weights…", load_weights, "", "data", any_nodes, separated=True)
