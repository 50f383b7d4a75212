"""Everything that can be done from a menu, as one table: menus, tool bar, shortcuts and their help come from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence

from designer.command import EDIT, FILE, HELP, VIEW, Command
from designer.conditions import (
    any_nodes,
    anything_selected,
    can_close,
    can_redo,
    can_undo,
    is_open,
    nodes_selected,
    not_empty,
    several_tabs,
    several_views,
)
from designer.docks import DOCKS, DockSpec
from designer.drawing_commands import BOOKMARKS
from designer.icons import icon
from designer.importing.commands import IMPORT
from designer.inside.figures import PREFIX
from designer.keys.table import CANVAS, Binding, common
from designer.network_commands import NETWORK_COMMANDS
from designer.panel_commands import PANEL_COMMANDS
from designer.pictures.commands import COPY_PICTURE, EXPORT_PICTURE
from designer.training_commands import TRAINING_COMMANDS

if TYPE_CHECKING:
    from designer.window import Window


_K = QKeySequence.StandardKey

_STEP = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
SUBMENUS = {"heat": "Node colo&urs", "theme": "T&heme", "motion": "&Motion"}
"""What the menus are called in which the commands of a ``group`` are."""


def _find_parameter(window: Window) -> None:
    """Bring the properties to the front with the cursor in their search field."""
    if window.workspace is not None:
        window.workspace.show_panel(window.workspace.properties)
        window.workspace.properties.search()


def _dock(spec: DockSpec, *, separated: bool) -> Command:
    """Return the command that shows or hides a dock."""

    def toggle(window: Window) -> None:
        window.toggle_dock(spec.name)

    return Command(f"show_{spec.name}", VIEW, spec.title, toggle, spec.shortcut, "", is_open, separated=separated)


_INSIDE = (
    ("gradient_norm", "Colour by &gradient"),
    ("update_ratio", "Colour by u&pdate"),
    ("dead", "Colour by &dead units"),
    ("saturated", "Colour by &saturation"),
    ("weight_norm", "Colour by &weights"),
    ("forward_seconds", "Colour by time &forward"),
    ("backward_seconds", "Colour by time &backward"),
)
"""Figures of layers while they learn."""


def _heat_inside(key: str, text: str) -> Command:
    """Return the command that colours nodes by a figure of their layers."""

    def run(window: Window) -> None:
        window.set_heat(PREFIX + key)

    separated = key == _INSIDE[0][0]
    return Command(f"heat_{PREFIX}{key}", VIEW, text, run, when=is_open, separated=separated, group="heat")


COMMANDS: tuple[Command, ...] = (
    Command("new", FILE, "&New", lambda w: w.new_project(), _K.New, "new", tool_bar=True),
    Command("open", FILE, "&Open…", lambda w: w.open_dialog(), _K.Open, "open", tool_bar=True),
    Command("start", FILE, "S&tart page", lambda w: w.show_start(), "Ctrl+Home", "home"),
    Command("save", FILE, "&Save", lambda w: w.save(), _K.Save, "save", is_open, separated=True, tool_bar=True),
    Command("save_as", FILE, "Save &as…", lambda w: w.save_as(), "Ctrl+Shift+S", "", is_open),
    IMPORT,
    Command("export", FILE, "&Export…", lambda w: w.show_export(), "Ctrl+E", "export", any_nodes),
    EXPORT_PICTURE,
    Command("close_tab", FILE, "&Close tab", lambda w: w.close_tab(), "Ctrl+W", "close", can_close, separated=True),
    Command("quit", FILE, "&Quit", lambda w: w.close(), "Ctrl+Q"),
    Command("undo", EDIT, "&Undo", lambda w: w.undo(), _K.Undo, "undo", can_undo, tool_bar=True),
    Command("redo", EDIT, "&Redo", lambda w: w.redo(), ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", can_redo, tool_bar=True),
    Command("history", EDIT, "Undo &history", lambda w: w.show_history(), "Ctrl+Alt+Z", "", is_open),
    Command(
        "cut", EDIT, "Cu&t", lambda w: w.canvas.cut(), _K.Cut, "cut", anything_selected, separated=True, canvas=True
    ),
    Command("copy", EDIT, "&Copy", lambda w: w.canvas.copy(), _K.Copy, "copy", anything_selected, canvas=True),
    COPY_PICTURE,
    Command("paste", EDIT, "&Paste", lambda w: w.canvas.paste(), _K.Paste, "paste", is_open, canvas=True),
    Command(
        "paste_wires",
        EDIT,
        "Paste with &wires",
        lambda w: w.canvas.paste(wires=True),
        "Ctrl+Shift+V",
        "paste",
        is_open,
        canvas=True,
    ),
    Command(
        "duplicate",
        EDIT,
        "&Duplicate",
        lambda w: w.canvas.duplicate(),
        "Ctrl+D",
        "duplicate",
        anything_selected,
        canvas=True,
    ),
    Command(
        "delete",
        EDIT,
        "De&lete",
        lambda w: w.canvas.delete(),
        ("Del", "Backspace"),
        "delete",
        anything_selected,
        separated=True,
        canvas=True,
    ),
    Command(
        "delete_and_bridge",
        EDIT,
        "Delete and &bridge",
        lambda w: w.canvas.delete_and_bridge(),
        ("Ctrl+Del", "Ctrl+Backspace"),
        "bridge",
        nodes_selected,
        canvas=True,
    ),
    Command(
        "select_all",
        EDIT,
        "Select &all",
        lambda w: w.canvas.select_all(),
        _K.SelectAll,
        "select-all",
        not_empty,
        separated=True,
        canvas=True,
    ),
    Command(
        "select_upstream",
        EDIT,
        "&Select upstream",
        lambda w: w.canvas.keys.run("select_upstream"),
        "Ctrl+[",
        when=nodes_selected,
        canvas=True,
    ),
    Command(
        "select_downstream",
        EDIT,
        "Select d&ownstream",
        lambda w: w.canvas.keys.run("select_downstream"),
        "Ctrl+]",
        when=nodes_selected,
        canvas=True,
    ),
    Command("find", EDIT, "&Find…", lambda w: w.show_find(), "Ctrl+F", "search", is_open, separated=True),
    Command("find_next", EDIT, "Find &next", lambda w: w.walk_found(1), "F3", "", is_open),
    Command("find_previous", EDIT, "Find pre&vious", lambda w: w.walk_found(-1), "Shift+F3", "", is_open),
    Command("find_parameter", EDIT, "Find a para&meter…", _find_parameter, "Ctrl+Shift+F", "", nodes_selected),
    Command("zoom_in", VIEW, "Zoom &in", lambda w: w.zoom(1.25), ("Ctrl++", "Ctrl+="), "zoom-in", is_open),
    Command("zoom_out", VIEW, "Zoom &out", lambda w: w.zoom(0.8), "Ctrl+-", "zoom-out", is_open),
    Command(
        "zoom_actual",
        VIEW,
        "&Actual size",
        lambda w: w.canvas.set_zoom(1.0),
        ("1", "Ctrl+0"),
        when=is_open,
        canvas=True,
    ),
    Command(
        "zoom_fit",
        VIEW,
        "&Fit the network",
        lambda w: w.canvas.zoom_to_fit(),
        ("Home", "F"),
        "zoom-fit",
        not_empty,
        canvas=True,
        tool_bar=True,
    ),
    Command("minimap", VIEW, "O&verview", lambda w: w.toggle_minimap(), "Alt+M", "", is_open),
    Command(
        "heat_parameters",
        VIEW,
        "Colour by para&meters",
        lambda w: w.set_heat("parameters"),
        when=is_open,
        separated=True,
        group="heat",
    ),
    Command(
        "heat_multiply_adds",
        VIEW,
        "Colour by m&ultiply-adds",
        lambda w: w.set_heat("multiply_adds"),
        when=is_open,
        group="heat",
    ),
    Command("heat_memory", VIEW, "Colour by memor&y", lambda w: w.set_heat("memory"), when=is_open, group="heat"),
    *(_heat_inside(key, text) for key, text in _INSIDE),
    Command("heat_off", VIEW, "&No colours", lambda w: w.set_heat(""), when=is_open, group="heat"),
    Command(
        "split_right",
        VIEW,
        "Split to the ri&ght",
        lambda w: w.split(Qt.Orientation.Horizontal),
        "Ctrl+\\",
        "split-right",
        is_open,
        separated=True,
    ),
    Command(
        "split_below",
        VIEW,
        "Split &below",
        lambda w: w.split(Qt.Orientation.Vertical),
        ("Ctrl+Shift+\\", "Ctrl+|"),
        "split-below",
        is_open,
    ),
    Command("close_view", VIEW, "Close thi&s view", lambda w: w.close_view(), "Ctrl+Shift+W", "", several_views),
    Command("next_view", VIEW, "Ne&xt view", lambda w: w.next_view(), "Ctrl+F6", "", several_views),
    Command("next_tab", VIEW, "Next &tab", lambda w: w.tabs.step(1), "Ctrl+Tab", "", several_tabs, separated=True),
    Command(
        "previous_tab",
        VIEW,
        "Pr&evious tab",
        lambda w: w.tabs.step(-1),
        ("Ctrl+Shift+Tab", "Ctrl+Shift+Backtab"),
        "",
        several_tabs,
    ),
    *(_dock(spec, separated=spec is DOCKS[0]) for spec in DOCKS if spec.in_menu),
    *PANEL_COMMANDS,
    Command("show_outline", VIEW, "Outli&ne", lambda w: w.show_outline(), "Alt+4", "", is_open),
    Command("reset_layout", VIEW, "&Reset layout", lambda w: w.reset_layout(), "", "reset", is_open),
    Command(
        "theme_system",
        VIEW,
        "Theme of the &system",
        lambda w: w.set_theme("system"),
        "",
        "monitor",
        separated=True,
        group="theme",
    ),
    Command("theme_light", VIEW, "&Light theme", lambda w: w.set_theme("light"), "", "sun", group="theme"),
    Command("theme_dark", VIEW, "&Dark theme", lambda w: w.set_theme("dark"), "", "moon", group="theme"),
    Command("theme_contrast", VIEW, "&High contrast", lambda w: w.set_theme("contrast"), "", "contrast", group="theme"),
    Command("motion_system", VIEW, "As the &system asks", lambda w: w.set_motion("system"), group="motion"),
    Command("motion_full", VIEW, "&Full", lambda w: w.set_motion("full"), group="motion"),
    Command("motion_reduced", VIEW, "&Reduced", lambda w: w.set_motion("reduced"), group="motion"),
    *NETWORK_COMMANDS,
    *TRAINING_COMMANDS,
    *BOOKMARKS,
    Command(
        "command_palette",
        HELP,
        "&Find a command…",
        lambda w: w.command_palette.open(),
        ("Ctrl+K", "Ctrl+Shift+P"),
        "search",
    ),
    Command("keys_here", HELP, "Keys &of this place", lambda w: w.keys_overlay.toggle(), ("F1", "?"), "help"),
    Command("shortcuts", HELP, "&Keyboard shortcuts…", lambda w: w.show_shortcuts(), "Ctrl+F1", "keyboard"),
    Command("tour", HELP, "&Tour", lambda w: w.show_tour(), "", "play"),
    Command("log", HELP, "Show the &log file", lambda w: w.show_log(), "", "file"),
    Command("about", HELP, "&About Layerwright", lambda w: w.show_about(), "", "info"),
)


def sequences(command: Command) -> list[QKeySequence]:
    """Return a command's keys, the first of which is shown in the menu."""
    if isinstance(command.shortcut, tuple):
        return [QKeySequence(text) for text in command.shortcut]
    if isinstance(command.shortcut, str):
        return [QKeySequence(command.shortcut)] if command.shortcut else []
    return QKeySequence.keyBindings(command.shortcut)


def make_action(command: Command, window: Window) -> QAction:
    """Return the action of a command; it belongs to the window."""
    action = QAction(QCoreApplication.translate("Actions", command.text), window)
    action.setObjectName(f"action_{command.id}")
    action.setShortcuts(sequences(command))
    action.setCheckable(bool(command.group))
    action.triggered.connect(lambda _checked=False: command.run(window))
    return action


def give_icons(actions: Mapping[str, QAction]) -> None:
    """Give the actions their icons in the theme's colours."""
    for command in COMMANDS:
        if command.icon:
            actions[command.id].setIcon(icon(command.icon))


def name_rows(actions: Mapping[str, QAction], menu: str, window: Window) -> None:
    """Let the rows of a menu that is about to open say what they stand for now."""
    for command in COMMANDS:
        if command.menu == menu and command.shown:
            text = QCoreApplication.translate("Actions", command.text)
            name = command.shown(window) if window.workspace is not None else ""
            actions[command.id].setText(f"{text}  {name.replace('&', '&&')}" if name else text)


def bindings() -> tuple[Binding, ...]:
    """Return the commands as rows of the table of keys."""
    found = []
    for command in COMMANDS:
        place, keys = CANVAS if command.canvas else "", common(sequences(command))
        found.append(Binding(command.id, plain(command).rstrip("…"), place, menus_of(command), keys))
    return tuple(found)


def menus_of(command: Command) -> str:
    """Return the menus that lead to a command, the outer one first."""
    names = (command.menu, SUBMENUS.get(command.group, command.submenu))
    return _STEP.join(QCoreApplication.translate("Actions", name).replace("&", "") for name in names if name)


def plain(command: Command) -> str:
    """Return a command's text without the mark of its mnemonic."""
    return QCoreApplication.translate("Actions", command.text).replace("&", "")
