"""The status bar: what is checked, what is selected, what is wrong, what the network costs, and the zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMetaObject, QObject, QSize, Qt
from PySide6.QtWidgets import QMenu, QStatusBar, QToolButton, QWidget

from core import units
from core.machine import device_title
from designer import theme
from designer.icons import icon
from designer.properties.cost import training_line
from designer.widgets import muted

if TYPE_CHECKING:
    from designer.window import Window
    from designer.workspace import Workspace

_MESSAGE_MS = 8000


class StatusBar(QStatusBar):
    """Follows one workspace at a time; messages have the left side to themselves."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._workspace: Workspace | None = None
        self._followed: list[QMetaObject.Connection] = []
        self._work = ""
        self.setSizeGripEnabled(False)
        self.check = muted(wrap=False)
        self.selection = muted(wrap=False)
        self.device = muted(wrap=False)
        self.size_label = muted(wrap=False)
        self.problems = self._button("status_problems")
        self.zoom = self._button("status_zoom")
        for name, widget in (
            ("status_check", self.check),
            ("status_selection", self.selection),
            ("status_problems", self.problems),
            ("size_label", self.size_label),
            ("status_device", self.device),
            ("status_zoom", self.zoom),
        ):
            widget.setObjectName(name)
            self.addPermanentWidget(widget)
        self.problems.clicked.connect(window.show_problems)
        self.zoom.setMenu(self._make_zoom_menu())
        self.zoom.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.zoom.setToolTip(self.tr("Zoom"))
        self._restyle()
        theme.switch.changed.connect(self._restyle)
        theme.switch.changed.connect(self._show_problems)
        self.follow(None)

    def say(self, text: str) -> None:
        """Show a message for a while."""
        self.showMessage(text.replace("\n", "  "), _MESSAGE_MS)

    def follow(self, workspace: Workspace | None) -> None:
        """Show the state of a project, or nothing."""
        for connection in self._followed:
            QObject.disconnect(connection)
        self._followed.clear()
        self._workspace = workspace
        self._work = ""
        self.clearMessage()
        self.setVisible(workspace is not None)
        if workspace is None:
            return
        session, cost = workspace.session, workspace.properties.cost
        self._followed += [
            session.changed.connect(lambda _change: self._show_check()),
            session.report_changed.connect(lambda _report: self._on_report()),
            session.working.connect(self._show_work),
            session.selection_changed.connect(lambda _names: self._show_selection()),
            session.view_changed.connect(self._show_selection),
            workspace.panes.zoom_changed.connect(self._show_zoom),
            cost.changed.connect(self._show_cost),
            cost.went_stale.connect(self._show_cost),
        ]
        self._on_report()
        self._show_selection()
        self._show_cost()
        self._show_zoom(workspace.canvas.zoom)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setAutoRaise(True)
        button.setIconSize(QSize(14, 14))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return button

    def _make_zoom_menu(self) -> QMenu:
        menu = QMenu(self)
        for name in ("zoom_actual", "zoom_fit", "zoom_in", "zoom_out"):
            menu.addAction(self._window.actions_by_id[name])
        return menu

    def _restyle(self) -> None:
        """Leave out the arrow of the menu, which would cut the text; what has a style sheet keeps an old palette."""
        self.zoom.setStyleSheet(
            f"QToolButton {{ color: {theme.current().text}; }} QToolButton::menu-indicator {{ image: none; }}"
        )

    # --- showing ------------------------------------------------------------------------------------------------------

    def _on_report(self) -> None:
        self._show_check()
        self._show_problems()

    def _show_check(self) -> None:
        if self._workspace is None:
            return
        session = self._workspace.session
        if self._work:
            text = self._work
        elif session.report is None:
            text = self.tr("Loading PyTorch…")
        else:
            text = self.tr("Checked") if session.report_is_current else self.tr("Checking…")
        self.check.setText(text)

    def _show_work(self, text: str) -> None:
        """Show what takes a while in the place of the check."""
        self._work = text
        self._show_check()

    def _show_problems(self) -> None:
        report = self._workspace.session.report if self._workspace is not None else None
        problems = report.problems if report is not None else ()
        severities, colours = {problem.severity for problem in problems}, theme.current()
        if not problems:
            name, colour = "check", colours.success
        else:
            worst = next(each for each in ("error", "warning", "info") if each in severities)
            name, colour = worst, {"error": colours.error, "warning": colours.warning, "info": colours.accent}[worst]
        self.problems.setIcon(icon(name, colour))
        self.problems.setText(units.plural(len(problems), self.tr("problem")) if problems else self.tr("No problems"))
        self.problems.setAccessibleName(self.problems.text())
        self.problems.setToolTip(self.tr("Show the list of problems (F8)"))
        self.problems.setVisible(report is not None)

    def _show_selection(self) -> None:
        if self._workspace is None:
            return
        count = len(self._workspace.session.selection)
        self.selection.setText(self.tr("{count} selected").format(count=count) if count else "")
        _show(self.selection, shown=bool(count))

    def _show_zoom(self, zoom: float) -> None:
        text = self.tr("{percent} %").format(percent=round(zoom * 100))
        self.zoom.setText(text)
        self.zoom.setAccessibleName(self.tr("Zoom {percent}").format(percent=text))

    def _show_cost(self) -> None:
        cost = self._workspace.properties.cost if self._workspace is not None else None
        if cost is None or cost.report is None:
            self.size_label.clear()
            self.device.clear()
            return
        text = self.tr("{parameters} parameters  ·  {flops} FLOPs per sample").format(
            parameters=units.count(cost.report.parameters), flops=units.count(cost.report.flops)
        )
        if cost.budget is not None:
            need = (
                self.tr("  ·  {size} to train") if cost.budget.fits else self.tr("  ·  {size} to train: does not fit")
            )
            text += need.format(size=units.size(cost.budget.needed))
            self.size_label.setToolTip(self.tr("Training takes {need}").format(need=training_line(cost.budget)))
        self.size_label.setText(text)
        self.size_label.setEnabled(not cost.is_stale)
        self.device.setText("" if cost.budget is None else device_title(cost.budget.device))
        self.device.setToolTip(self.tr("What training runs on"))
        _show(self.device, shown=cost.budget is not None)


def _show(widget: QWidget, *, shown: bool) -> None:
    if widget.isHidden() is shown:
        widget.setVisible(shown)
