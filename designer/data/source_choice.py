"""Choosing a source of data: the buttons of the empty state, and the same choice as a menu."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.data.source import SourceKind, no_files
from core.data.sources import sources
from designer import theme
from designer.icons import icon
from designer.widgets import heading, muted

_COLUMNS = 2


def grouped_sources() -> tuple[tuple[str, tuple[SourceKind, ...]], ...]:
    """Return all sources under the titles of their groups: files, bundled sets, generated ones."""
    groups: dict[str, list[SourceKind]] = {}
    for kind in sources:
        files, generated = kind.files is not no_files, bool(kind.parameters)
        groups.setdefault("files" if files else "generated" if generated else "bundled", []).append(kind)
    titles = (
        ("bundled", QCoreApplication.translate("SourceChoice", "Bundled sets")),
        ("generated", QCoreApplication.translate("SourceChoice", "Generated")),
        ("files", QCoreApplication.translate("SourceChoice", "Your files")),
    )
    return tuple((title, tuple(groups[name])) for name, title in titles if name in groups)


def _picture(kind: SourceKind) -> str:
    return "open" if kind.files is not no_files else "chart" if kind.parameters else "table"


def fill_menu(menu: QMenu, choose: Callable[[str], None]) -> None:
    """Fill a menu with all sources; ``choose`` is called with the id of the one chosen."""
    menu.clear()
    menu.setToolTipsVisible(True)
    for title, kinds in grouped_sources():
        menu.addSection(title)
        for kind in kinds:
            text = kind.title + "…" if kind.files is not no_files else kind.title
            action = menu.addAction(icon(_picture(kind)), text)
            action.setToolTip(kind.help)
            action.triggered.connect(lambda _on=False, source=kind.id: choose(source))


class SourceChoice(QWidget):
    """The empty state: says that there is no data yet and offers every source as a button."""

    chosen = Signal(str)
    """The id of a source."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data_empty")
        self._buttons: list[tuple[QToolButton, SourceKind]] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(heading(self.tr("No data yet"), 1.2))
        layout.addWidget(muted(self.tr("Choose what the network shall learn from, or drop a CSV file here.")))
        for title, kinds in grouped_sources():
            layout.addSpacing(theme.SPACE)
            layout.addWidget(heading(title))
            layout.addLayout(self._grid(kinds))
        layout.addStretch(1)
        theme.switch.changed.connect(self._restyle)

    def _grid(self, kinds: Iterable[SourceKind]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE // 2)
        for column in range(_COLUMNS):
            grid.setColumnStretch(column, 1)
        for place, kind in enumerate(kinds):
            grid.addWidget(self._button(kind), place // _COLUMNS, place % _COLUMNS)
        return grid

    def _button(self, kind: SourceKind) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"source_{kind.id}")
        button.setText(kind.title + "…" if kind.files is not no_files else kind.title)
        button.setToolTip(kind.help)
        button.setAccessibleDescription(kind.help)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIcon(icon(_picture(kind)))
        button.setIconSize(QSize(16, 16))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setMinimumHeight(30)
        button.clicked.connect(lambda: self.chosen.emit(kind.id))
        self._buttons.append((button, kind))
        return button

    def _restyle(self) -> None:
        for button, kind in self._buttons:
            button.setIcon(icon(_picture(kind)))
