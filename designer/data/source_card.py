"""The head of the data panel: what is bound, its file and options, and the way to another source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from core.data.sources import sources
from core.graph.project import DataBinding
from core.kinds import Value
from designer import theme
from designer.data.source_choice import fill_menu
from designer.files import choose_existing
from designer.options_form import OptionsForm, with_value
from designer.properties.editors.base import Silenced
from designer.session import Session
from designer.widgets import ElidedLabel, IconButton, IconLabel, bold, muted

_PATH = "path"


def shown_path(path: Path, base: Path | None) -> str:
    """Return the path as it goes into the project: relative to the project's folder where it lies within it."""
    if base is not None and path.is_relative_to(base):
        return str(path.relative_to(base))
    return str(path)


def _titles() -> dict[str, str]:
    """Return the options of all sources in words: ``missing_words`` is "Missing words"."""
    names = {parameter.name for kind in sources for parameter in kind.parameters}
    return {name: name.replace("_", " ").capitalize() for name in names}


class SourceCard(QWidget):
    """Title and options of the bound source. Changing them asks for a new binding."""

    source_chosen = Signal(str)
    options_changed = Signal(object)
    """The source's options as they shall be."""
    path_chosen = Signal(object)
    """The path of a file to read."""
    remove_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._options: dict[str, Value] = {}
        self._title = ElidedLabel()
        self._title.setFont(bold(self._title.font()))
        self._summary = muted()
        self.path = QLineEdit()
        self._file = QWidget()
        self._browse = IconButton("folder", self.tr("Choose a file"))
        self.form = OptionsForm(session, titles=_titles())
        self.menu = QMenu(self)
        self._change = QPushButton()
        self._fold = QToolButton()
        self._set_up()
        self._lay_out()

    def _set_up(self) -> None:
        self.path.setObjectName("data_path")
        self.path.setAccessibleName(self.tr("File"))
        self.path.setPlaceholderText(self.tr("Path of a CSV file"))
        self.path.editingFinished.connect(self._on_path_edited)
        self._browse.setObjectName("data_browse")
        self._browse.clicked.connect(self.browse)
        self._change.setObjectName("data_change")
        self._change.setText(self.tr("Change"))
        self._change.setAccessibleName(self.tr("Choose other data"))
        self._change.setMenu(self.menu)
        self._fold.setObjectName("data_options")
        self._fold.setText(self.tr("Reading options"))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setCheckable(True)
        self._fold.setAutoRaise(True)
        self._fold.toggled.connect(self._show_form)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.form.edited.connect(self._on_edited)

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self._title)
        texts.addWidget(self._summary)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE)
        head.addWidget(IconLabel("data", "accent", 22), 0, Qt.AlignmentFlag.AlignVCenter)
        head.addLayout(texts, 1)
        head.addWidget(self._change, 0, Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout(self._file)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.path, 1)
        row.addWidget(self._browse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE)
        layout.addLayout(head)
        layout.addWidget(self._file)
        layout.addWidget(self._fold)
        layout.addWidget(self.form)

    def show_binding(self, source: str, options: Mapping[str, Value], binding: DataBinding) -> None:
        """Show a source with its options; ``binding`` is what the project has, which may be older."""
        kind = sources.find(source)
        self._options = dict(options)
        self._title.setText(kind.title if kind else source)
        parameters = kind.parameters if kind else ()
        has_file = any(each.name == _PATH for each in parameters)
        self._file.setVisible(has_file)
        if has_file and not self.path.hasFocus():
            with Silenced(self.path):
                self.path.setText(str(options.get(_PATH, "")))
                self.path.setToolTip(self.path.text())
        self._fold.setVisible(has_file)
        self.form.show_parameters((each for each in parameters if each.name != _PATH), self._options)
        self._show_form()
        if source != binding.source:
            self._summary.setText("")

    def _show_form(self, _unfolded: object = None) -> None:
        """Show the options: those of a file only on demand, for they are usually found out."""
        unfolded = self._fold.isChecked()
        self._fold.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self.form.setVisible(bool(self.form.editors) and (unfolded or self._fold.isHidden()))

    def show_failure(self, text: str) -> None:
        """Say that the source could not be read, and offer its options."""
        self._summary.setText(text)
        self._fold.setChecked(True)

    def show_summary(self, text: str) -> None:
        """Show how much data there is."""
        self._summary.setText(text)

    def browse(self) -> None:
        """Ask for a file."""
        now = Path(self.path.text() or ".")
        start = now.parent if now.is_absolute() else (self._session.base or Path.home()) / now.parent
        filters = self.tr("Tables (*.csv *.tsv *.txt);;All files (*)").split(";;")
        path = choose_existing(self, self.tr("Choose a table"), start, filters)
        if path is not None:
            self.path_chosen.emit(path)

    def _fill_menu(self) -> None:
        fill_menu(self.menu, self.source_chosen.emit)
        self.menu.addSeparator()
        self.menu.addAction(self.tr("Remove data"), self.remove_requested.emit)

    def _on_path_edited(self) -> None:
        text = self.path.text().strip()
        if text and text != self._options.get(_PATH):
            self._on_edited(_PATH, text)

    def _on_edited(self, name: str, value: Value) -> None:
        self._options = with_value(self._options, name, value)
        self.options_changed.emit(dict(self._options))
