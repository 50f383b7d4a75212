"""The head of the data panel: what is bound, its file and options, what reading had to say, and how to change it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from core.data.source import SourceKind
from core.data.sources import sources
from core.kinds import Value
from designer import theme
from designer.data.notice import Notice
from designer.data.source_kinds import PATH, has_path, icon_of, takes_file, takes_folder
from designer.files import choose_existing, choose_folder
from designer.options_form import OptionsForm, with_value
from designer.properties.editors.base import Silenced
from designer.session import Session
from designer.widgets import ElidedLabel, IconButton, IconLabel, bold, breakable, muted


def _titles() -> dict[str, str]:
    """Return the options of all sources in words: ``missing_words`` is "Missing words"."""
    names = {parameter.name for kind in sources for parameter in kind.parameters}
    return {name: name.replace("_", " ").capitalize() for name in names}


class SourceCard(QWidget):
    """Title and options of the bound source. Changing them asks for a new binding."""

    change_requested = Signal()
    """Another source is wanted."""
    options_changed = Signal(object)
    """The source's options as they shall be."""
    reread_requested = Signal()
    """The files may have changed: they shall be read again."""
    remove_requested = Signal()
    keep_requested = Signal()
    """What could not be read shall be forgotten."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._kind: SourceKind | None = None
        self._options: dict[str, Value] = {}
        self._unconfirmed = False
        self._icon = IconLabel("data", "accent", 22)
        self._title = ElidedLabel()
        self._title.setFont(bold(self._title.font()))
        self.summary = muted()
        self.path = QLineEdit()
        self._file = QWidget()
        self._browse = IconButton("folder", self.tr("Choose a file"))
        self.notice = Notice("data_problem")
        self.keep = QPushButton(self.tr("Keep the data from before"))
        self.form = OptionsForm(session, titles=_titles())
        self.notes = muted()
        self._change = QPushButton(self.tr("Change"))
        self._reread = IconButton("reset", self.tr("Read the data again, as it is now"))
        self._remove = IconButton("delete", self.tr("Remove the data"))
        self._fold = QToolButton()
        self._set_up()
        self._lay_out()

    def _set_up(self) -> None:
        self.path.setObjectName("data_path")
        self.path.setAccessibleName(self.tr("File or folder"))
        self.path.editingFinished.connect(self._on_path_edited)
        self._browse.setObjectName("data_browse")
        self._browse.clicked.connect(self.browse)
        self._change.setObjectName("data_change")
        self._change.setAccessibleName(self.tr("Choose other data"))
        self._change.clicked.connect(self.change_requested)
        self._reread.setObjectName("data_reread")
        self._reread.clicked.connect(self.reread_requested)
        self._remove.setObjectName("data_remove")
        self._remove.clicked.connect(self.remove_requested)
        self.keep.setObjectName("data_keep")
        self.keep.clicked.connect(self.keep_requested)
        self.keep.hide()
        self._fold.setObjectName("data_options")
        self._fold.setText(self.tr("Reading options"))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setCheckable(True)
        self._fold.setAutoRaise(True)
        self._fold.toggled.connect(self._show_form)
        self.form.edited.connect(self._on_edited)
        self.form.finished.connect(self._on_finished)

    def _lay_out(self) -> None:
        head = QGridLayout()
        head.setHorizontalSpacing(theme.SPACE)
        head.setVerticalSpacing(0)
        head.setColumnStretch(1, 1)
        head.addWidget(self._icon, 0, 0, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._title, 0, 1)
        head.addWidget(self._change, 0, 2)
        head.addWidget(self._remove, 0, 3)
        head.addWidget(self.summary, 1, 1, 1, 3)
        row = QHBoxLayout(self._file)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.path, 1)
        row.addWidget(self._browse)
        row.addWidget(self._reread)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(head)
        layout.addWidget(self._file)
        layout.addWidget(self.notice)
        layout.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._fold)
        layout.addWidget(self.form)
        layout.addWidget(self.notes)

    # --- showing ------------------------------------------------------------------------------------------------------

    def show_source(self, source: str, options: Mapping[str, Value]) -> None:
        """Show a source with its options."""
        other = self._kind is None or self._kind.id != source
        kind = self._kind = sources.find(source)
        self._options = dict(options)
        self._unconfirmed = False
        self._title.setText(kind.title if kind else source)
        self._title.setToolTip(kind.help if kind else "")
        self._icon.set_icon(icon_of(kind) if kind else "data", "accent")
        parameters = tuple(each for each in kind.parameters if each.name != PATH) if kind else ()
        path = kind is not None and has_path(kind)
        self._file.setVisible(path)
        if kind is not None and path:
            self._show_path(kind)
        self._fold.setVisible(path and bool(parameters))
        if other:
            self._fold.setChecked(False)
        self.form.show_parameters(parameters, self._options)
        self._show_form()

    def _show_path(self, kind: SourceKind) -> None:
        if not self.path.hasFocus():
            with Silenced(self.path):
                self.path.setText(str(self._options.get(PATH, "")))
        told = next(each.help for each in kind.parameters if each.name == PATH)
        self.path.setToolTip("\n".join(line for line in (self.path.text(), told) if line))
        self.path.setPlaceholderText(told)
        tip = self.tr("Choose a folder") if takes_folder(kind) else self.tr("Choose a file")
        self._browse.setToolTip(tip)
        self._browse.setAccessibleName(tip)

    def _show_form(self, _unfolded: object = None) -> None:
        """Show the options: those of a file only on demand, for they are usually found out."""
        unfolded = self._fold.isChecked()
        self._fold.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self.form.setVisible(bool(self.form.editors) and (unfolded or self._fold.isHidden()))

    def show_failure(self, text: str, *, bound: bool) -> None:
        """Say why the source could not be read; there may be data from before."""
        self.summary.setText(self.tr("Not read. The data from before is kept.") if bound else self.tr("Not read."))
        self.keep.setVisible(bound)
        self.notice.say(text)
        self.notes.hide()
        if not self._fold.isHidden():
            self._fold.setChecked(True)

    def show_summary(self, text: str, notes: tuple[str, ...] = (), *, keep: bool = False) -> None:
        """Show how much data there is, and what reading had to decide; ``keep`` offers what was bound before."""
        self.summary.setText(text)
        self.keep.setVisible(keep)
        self.notes.setText(breakable("\n".join(notes)))
        self.notes.setVisible(bool(notes))

    # --- choosing -----------------------------------------------------------------------------------------------------

    def browse(self) -> None:
        """Ask for the file or folder; where the source reads either, ask which first."""
        kind = self._kind
        if kind is None:
            return
        if takes_file(kind) and takes_folder(kind):
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction(self.tr("A file…"), lambda: self._take(self.ask(kind, folder=False)))
            menu.addAction(self.tr("A folder…"), lambda: self._take(self.ask(kind, folder=True)))
            menu.popup(self._browse.mapToGlobal(self._browse.rect().bottomLeft()))
        else:
            self._take(self.ask(kind, folder=takes_folder(kind)))

    def ask(self, kind: SourceKind | None, *, folder: bool) -> Path | None:
        """Ask for a file or folder for a source (None: for whichever reads it); None where the user cancelled."""
        now = Path(self.path.text() or ".")
        start = now.parent if now.is_absolute() else (self._session.base or Path.home()) / now.parent
        what = kind.title if kind else self.tr("Data")
        if folder:
            return choose_folder(self, self.tr("{0}: choose a folder").format(what), start)
        return choose_existing(self, self.tr("{0}: choose a file").format(what), start, [self.tr("All files (*)")])

    def _take(self, path: Path | None) -> None:
        if path is not None:
            self._ask_for(PATH, str(path))

    def _on_path_edited(self) -> None:
        text = self.path.text().strip()
        if text and text != self._options.get(PATH):
            self._ask_for(PATH, text)

    def _on_edited(self, name: str, value: Value) -> None:
        text = self._kind is not None and any(
            each.name == name and each.type == "text" for each in self._kind.parameters
        )
        if text:  # words mean something only once they are complete
            self._options = with_value(self._options, name, value)
            self._unconfirmed = True
        else:
            self._ask_for(name, value)

    def _on_finished(self) -> None:
        if self._unconfirmed:
            self._unconfirmed = False
            self.options_changed.emit(dict(self._options))

    def _ask_for(self, name: str, value: Value) -> None:
        self._options = with_value(self._options, name, value)
        self.options_changed.emit(dict(self._options))
