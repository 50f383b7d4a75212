"""The row of the table of commands that predicts a whole file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from designer.command import TRAINING, Command
from designer.conditions import any_nodes

if TYPE_CHECKING:
    from designer.window import Window


def predict_file(window: Window, path: Path | None = None) -> None:
    """Show the dialog that predicts a file or folder with the network of a run."""
    from designer.predicting.dialog import PredictDialog

    workspace = window.workspace
    if workspace is None:
        return
    dialog = PredictDialog(workspace.runner, workspace.session.base or window.settings.folder, window)
    if path is not None:
        dialog.path.setText(str(path))
    dialog.exec()
    dialog.deleteLater()


PREDICT_FILE = Command("predict_file", TRAINING, "Predict a f&ile…", predict_file, "", "table", any_nodes)
