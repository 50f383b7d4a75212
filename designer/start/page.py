"""The start page: go on with a recent project, start from a template, or from an empty canvas."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.errors import LayerwrightError
from core.graph.project import Project
from core.graph.templates import Template, templates
from designer import theme
from designer.icons import application_icon, icon
from designer.safety.recovery import RecoverySection
from designer.settings import Settings
from designer.start.cards import THUMBNAIL, FlowLayout, RecentCard, TemplateCard
from designer.theme import SPACE
from designer.widgets import TextLabel, failing, heading, muted

log = logging.getLogger(__name__)
_WIDTH = 1200
_FIRST = "digits"
"""The template that a newcomer does best to begin with; it is also that of the tour."""


class StartPage(QScrollArea):
    """Shows what can be opened; the window opens it. Templates are read after the first paint."""

    new_requested = Signal()
    open_requested = Signal()
    import_requested = Signal()
    recent_requested = Signal(object)
    """The path of a recent project."""
    template_requested = Signal(object)
    """The Project of a template, to be opened as an unsaved copy."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start_page")
        self._settings = settings
        self._cards: list[tuple[TemplateCard, Project]] = []
        self._waiting: Iterator[Template] | None = None
        self._loaded = False
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._load_next)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(SPACE)
        self._examples = QWidget()
        self._architectures = QWidget()
        self._flows = {each: FlowLayout(each, SPACE * 2) for each in (self._examples, self._architectures)}
        self.recovery = RecoverySection()
        self.setWidget(self._build())
        self.refresh_recent()
        theme.switch.changed.connect(self._on_theme_changed)

    @property
    def loaded(self) -> bool:
        """True once every template has its card."""
        return self._loaded

    def refresh_recent(self) -> None:
        """Show the recent projects as they are remembered now."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        projects = self._settings.recent()
        for project in projects:
            card = RecentCard(project, missing=not project.path.is_file())
            card.clicked.connect(lambda _checked=False, path=project.path: self._on_recent_clicked(path))
            card.removed.connect(self._on_removed)
            self._recent.addWidget(card)
        if not projects:
            self._recent.addWidget(muted(self.tr("Projects that you open or save appear here.")))

    def showEvent(self, event: QShowEvent) -> None:
        """Start reading the templates once the page is on the screen."""
        super().showEvent(event)
        self.refresh_recent()
        self.recovery.refresh()
        if self._waiting is None:
            self._waiting = iter(sorted(templates(), key=lambda each: each.id != _FIRST))
            QTimer.singleShot(30, self._timer, self._timer.start)

    def _build(self) -> QWidget:
        outer = QWidget()
        centring = QHBoxLayout(outer)
        centring.setContentsMargins(SPACE * 4, SPACE * 5, SPACE * 4, SPACE * 4)
        page = QWidget()
        page.setMaximumWidth(_WIDTH)
        centring.addStretch(1)
        centring.addWidget(page, 100)
        centring.addStretch(1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE * 4)
        column.addLayout(self._build_heading())
        column.addWidget(self.recovery)
        body = QHBoxLayout()
        body.setSpacing(SPACE * 5)
        body.addLayout(self._build_left(), 0)
        body.addLayout(self._build_gallery(), 1)
        column.addLayout(body, 1)
        return outer

    def _build_heading(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE * 2)
        picture = TextLabel(wrap=False)
        picture.setPixmap(application_icon().pixmap(52, 52))
        row.addWidget(picture)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(heading(self.tr("Layerwright"), 1.9))
        texts.addWidget(muted(self.tr("Draw a neural network, train it, and leave with plain PyTorch code.")))
        row.addLayout(texts, 1)
        return row

    def _build_left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE)
        self.new_button = self._button("new", self.tr("New empty project"), "start_new")
        self.new_button.clicked.connect(self.new_requested)
        self.open_button = self._button("open", self.tr("Open…"), "start_open")
        self.open_button.clicked.connect(self.open_requested)
        self.import_button = self._button("leave", self.tr("Import a network…"), "start_import")
        self.import_button.setToolTip(self.tr("From a file of ONNX, PyTorch or Keras, or from Python"))
        self.import_button.clicked.connect(self.import_requested)
        for button in (self.new_button, self.open_button, self.import_button):
            column.addWidget(button)
        column.addSpacing(SPACE * 2)
        title = heading(self.tr("Recent projects"), 1.15)
        title.setFixedWidth(300)
        column.addWidget(title)
        column.addLayout(self._recent)
        column.addStretch(1)
        return column

    def _build_gallery(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE)
        column.addWidget(heading(self.tr("Start from a template"), 1.15))
        column.addWidget(muted(self.tr("A complete network with its data, ready to be trained. It opens as a copy.")))
        column.addSpacing(SPACE)
        column.addWidget(self._examples)
        column.addSpacing(SPACE * 3)
        column.addWidget(heading(self.tr("Start from an architecture"), 1.15))
        column.addWidget(
            muted(self.tr("A network from the literature, to which you bring the data. It opens as a copy."))
        )
        column.addSpacing(SPACE)
        column.addWidget(self._architectures)
        column.addStretch(1)
        return column

    def _button(self, name: str, text: str, object_name: str) -> QPushButton:
        button = QPushButton(icon(name), f"  {text}")
        button.setObjectName(object_name)
        button.setAccessibleName(text)
        button.setIconSize(QSize(20, 20))
        button.setMinimumHeight(40)
        button.setAutoDefault(True)
        return button

    def _load_next(self) -> None:
        template = next(self._waiting, None) if self._waiting is not None else None
        if template is None:
            self._timer.stop()
            self._loaded = True
            return
        try:
            project = template.load()
        except LayerwrightError as error:
            log.warning("template %s: %s", template.id, error)
            self._flows[self._examples].addWidget(failing(str(error)))
            return
        card = TemplateCard(project.name, project.notes.partition("\n")[0])
        card.setObjectName(f"template_{template.id}")
        card.clicked.connect(lambda: self.template_requested.emit(project))
        self._cards.append((card, project))
        self._flows[self._examples if project.data.source else self._architectures].addWidget(card)
        self._draw(card, project)

    def _draw(self, card: TemplateCard, project: Project) -> None:
        from designer.canvas.thumbnail import graph_thumbnail

        card.set_picture(graph_thumbnail(project, THUMBNAIL - QSize(2, 1), theme.current()))

    def _on_theme_changed(self) -> None:
        self.new_button.setIcon(icon("new"))
        self.open_button.setIcon(icon("open"))
        self.import_button.setIcon(icon("leave"))
        for card, project in self._cards:
            self._draw(card, project)

    def _on_recent_clicked(self, path: Path) -> None:
        self.recent_requested.emit(path)

    def _on_removed(self, path: Path) -> None:
        self._settings.forget_recent(path)
        self.refresh_recent()
