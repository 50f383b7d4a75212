"""Starts the designer: application, theme, error reporting, window; torch is loaded only once the window is there."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from core.loading import imports
from core.versions import installed_version
from designer import motion, theme
from designer.failures import FailureReporter, log_path, start_logging
from designer.features import search_no_features
from designer.garbage import Collector
from designer.icons import application_icon
from designer.settings import Settings
from designer.window import Window

log = logging.getLogger(__name__)
_WARM_UP_MS = 400
"""Milliseconds after the first paint before the rest is loaded: the start page comes first."""


def make_application(arguments: Sequence[str]) -> QApplication:
    """Return the application with its name, icon and the translations of Qt's own texts."""
    search_no_features()
    application = QApplication(["layerwright", *arguments])
    application.setApplicationName("layerwright")
    application.setApplicationDisplayName("")
    application.setOrganizationName("layerwright")
    application.setApplicationVersion(installed_version("layerwright", "(from source)"))
    application.setDesktopFileName("layerwright")
    application.setWindowIcon(application_icon())
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(QLocale(), "qtbase", "_", folder):
        application.installTranslator(translator)
    return application


def run(path: Path | None = None) -> int:
    """Open the designer, with a project or what else is given, and return its exit status when it is closed."""
    application = make_application([])
    start_logging(log_path())
    reporter = FailureReporter(application)
    reporter.install()
    settings = Settings()
    theme.switch.apply(application, settings.theme)
    theme.switch.follow_system(application)
    motion.switch.apply(settings.motion)
    collector = Collector(application)
    window = Window(settings)
    window.tour_waits = not settings.tour_done
    window.show()
    log.info("started %s, Python %s", application.applicationVersion(), sys.version.split()[0])
    warm_up = threading.Thread(target=_load_torch, name="layerwright-warm-up", daemon=True)
    if path is not None:
        QTimer.singleShot(0, window, lambda: window.open_file(path))
    QTimer.singleShot(_WARM_UP_MS, window, lambda: _load_rest(warm_up))
    status = application.exec()
    if warm_up.ident is not None:
        warm_up.join()
    reporter.remove()
    window.deleteLater()
    application.processEvents()
    collector.stop()
    return status


def _load_rest(warm_up: threading.Thread) -> None:
    """Load what the first tab is made of here, as Qt's classes want it, then PyTorch in the background."""
    import designer.workspace  # noqa: F401

    warm_up.start()


def _load_torch() -> None:
    """Load all that the first project needs, so that it shows its shapes at once."""
    with imports:
        from core.training.warm import warm_up

        warm_up()
    gc.freeze()  # what PyTorch brought stays: to look through it for garbage would hold the window for 0.2 s each time
    log.info("PyTorch is loaded")
