"""What floats over the window for a moment goes when a press lands elsewhere, and stays when it lands on itself.

Losing the keyboard does not tell: a tab or a tool button takes no focus, so whatever floats would be left standing
over what the user has left; and a press on a text or a margin inside would hand the focus to what lies below.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class HideElsewhere(QObject):
    """Closes a widget when the mouse is pressed outside it and its menus; listens only while the widget is shown.

    ``close`` hides it and gives the keyboard back, unless the press has given it to something else already.
    """

    def __init__(self, floating: QWidget, close: Callable[[], object]) -> None:
        super().__init__(floating)
        self._floating, self._close = floating, close
        floating.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        floating.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        floating.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the widget being shown and hidden, and look at every press while it is shown."""
        kind = event.type()
        if watched is self._floating and kind in (QEvent.Type.Show, QEvent.Type.Hide):
            application = QCoreApplication.instance()
            if application is not None:
                application.removeEventFilter(self)
                if kind is QEvent.Type.Show:
                    application.installEventFilter(self)
        elif kind is QEvent.Type.MouseButtonPress and isinstance(watched, QWidget) and not self._owns(watched):
            self._close()
        return False

    def _owns(self, widget: QObject | None) -> bool:
        while widget is not None and widget is not self._floating:
            widget = widget.parent()
        return widget is not None
