"""The mark on a field that a sweep searches: its range below it, and the way to say so, from its menu or by a key."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QMenu, QSizePolicy, QWidget

from core.graph.project import Dimension
from core.kinds import Parameter
from core.search.dimensions import dimension_text, searched
from designer.icons import icon
from designer.properties.scope import Values
from designer.session import Session
from designer.sweep.places import place_of
from designer.widgets import IconButton

_KEYS = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)


class Badge(IconButton):
    """Says what is tried at a place, small and below the field; a click changes it. Hidden while nothing is."""

    def __init__(self, session: Session, place: str) -> None:
        super().__init__("search", "")
        self.setObjectName(f"searched_{place}")
        self._session, self._place = session, place
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(12, 12))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes from field to field; Alt+Ins is for the keyboard
        self.clicked.connect(self.ask)
        self.hide()

    def minimumSizeHint(self) -> QSize:
        """Give way where there is no room: the tool tip has the whole text."""
        return QSize(40, super().minimumSizeHint().height())

    def show_dimension(self, dimension: Dimension, prefix: str = "") -> None:
        """Show what is tried."""
        text = dimension_text(self._session.project, dimension)
        self.setText(f"{prefix}{text}")
        self.setToolTip(self.tr("A sweep tries {values} here. Click to change that.").format(values=text))
        self.setAccessibleName(self.tr("searched: {values}").format(values=text))

    def ask(self) -> None:
        """Let the user say what is tried."""
        from designer.sweep.dialog import ask_dimension

        ask_dimension(self._session, self._place, self.window())


class Marking(QObject):
    """Lets a row of a form be searched: "Search this…" in its menus, Alt+Ins in its field, a badge while it is."""

    def __init__(self, scope: Values, parameter: Parameter, grid: QGridLayout, line: int, parent: QObject) -> None:
        """Mark what stands at ``line`` of the grid: this parameter of what the scope edits."""
        super().__init__(parent)
        self._visible = True
        self._session: Session = scope.session
        self._grid, self._line = grid, line
        self.place = place_of(scope, parameter.name, parameter.type)
        self.badge: Badge | None = None
        """What is shown of it, from the first time that something is tried here."""
        grid.setRowMinimumHeight(line, 0)

    def refresh(self) -> None:
        """Show what is tried now."""
        dimension = searched(self._session.project.search, self.place) if self.place else None
        if dimension is not None:
            if self.badge is None:
                self.badge = Badge(self._session, self.place)
                self._grid.addWidget(self.badge, self._line, 1, 1, 2)
            self.badge.show_dimension(dimension)
        if self.badge is not None:
            self.badge.setVisible(dimension is not None and self._visible)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the mark with its row."""
        if visible != self._visible:
            self._visible = visible
            self.refresh()

    def takes(self, watched: QObject, event: QEvent) -> bool:
        """Offer the search in the menu of name and field, and take Alt+Ins; True where the event was that."""
        kind = event.type()
        if not self.place:
            return False
        if kind == QEvent.Type.ContextMenu and isinstance(event, QContextMenuEvent) and isinstance(watched, QWidget):
            self.menu(watched).popup(event.globalPos())
            return True
        if not (kind in _KEYS and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Insert):
            return False
        if not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            return False
        event.accept()
        if kind == QEvent.Type.KeyPress:
            self.ask(watched)
        return True

    def menu(self, over: QWidget) -> QMenu:
        """Return the menu of the name or the field: that of a line of text with the search behind it."""
        made = over.createStandardContextMenu() if isinstance(over, QLineEdit) else QMenu(over)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if made.actions():
            made.addSeparator()
        action = made.addAction(icon("search"), self.tr("Search this…") + "\tAlt+Ins")
        action.setObjectName("search_this")
        action.triggered.connect(lambda: self.ask(over))
        return made

    def ask(self, over: QObject) -> None:
        """Let the user say what is tried here."""
        from designer.sweep.dialog import ask_dimension

        if isinstance(over, QWidget):
            ask_dimension(self._session, self.place, over.window())
