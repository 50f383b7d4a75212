"""Errors that nobody foresaw: they go to the log file and to a dialog from which they can be copied."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QObject, QStandardPaths, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

log = logging.getLogger("layerwright")
_LOG_BYTES = 1_000_000


def log_path() -> Path:
    """Return the log file, in the user's folder for such things."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
    return Path(folder) / "logs" / "layerwright.log"


def start_logging(path: Path) -> None:
    """Write the log to a file that is kept small; where that cannot be, to stderr."""
    handler: logging.Handler
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8")
    except OSError as error:
        handler = logging.StreamHandler(sys.stderr)
        print(f"layerwright: no log file, the log goes here: {error}", file=sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


class FailureReporter(QObject):
    """Takes what reaches the interpreter's hooks, in whatever thread, and shows it in the window's."""

    failed = Signal(str, str)
    """One line, and the traceback."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._showing = False
        self.failed.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over the hooks for exceptions of the main thread (slots and events too) and of other threads."""
        sys.excepthook = self.on_exception
        threading.excepthook = self._on_thread_exception

    def remove(self) -> None:
        """Give the hooks back: the application is ending."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log an exception and have it shown; Ctrl+C in the terminal closes the windows instead."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.closeAllWindows()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("unexpected error\n%s", details)
        sys.stderr.write(details)
        self.failed.emit(f"{kind.__name__}: {error}", details)

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self.on_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _show(self, line: str, details: str) -> None:
        if self._showing:
            return
        self._showing = True
        box = failure_box(line, details)
        box.exec()
        if box.clickedButton() is not None and box.clickedButton().objectName() == "copy_details":
            QGuiApplication.clipboard().setText(details)
        box.deleteLater()
        self._showing = False


def failure_box(line: str, details: str) -> QMessageBox:
    """Return the dialog that tells of an unexpected error."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("Failures", text)

    box = QMessageBox(QApplication.activeWindow())
    box.setObjectName("failure_box")
    box.setIcon(QMessageBox.Icon.Critical)
    box.setWindowTitle(tr("Something went wrong"))
    box.setText(tr("Layerwright met an error that it did not expect. Your project is still open."))
    box.setInformativeText(
        tr(
            "{line}\n\nSave your work under another name to be safe. "
            "Please report the details; they are also in\n{path}"
        ).format(line=line, path=log_path())
    )
    box.setDetailedText(details)
    copy = box.addButton(tr("Copy details"), QMessageBox.ButtonRole.ActionRole)
    copy.setObjectName("copy_details")
    box.addButton(QMessageBox.StandardButton.Close)
    return box
