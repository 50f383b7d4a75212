"""Everything that can be done from a menu, as one table: menus, tool bar, shortcuts and their help come from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence

from designer.icons import icon

if TYPE_CHECKING:
    from designer.canvas.structure import Structure
    from designer.window import Window

Run = Callable[["Window"], object]
When = Callable[["Window"], bool]
Shortcut = QKeySequence.StandardKey | str


def _always(_window: Window) -> bool:
    return True


def _open(window: Window) -> bool:
    return window.workspace is not None


def _structure(holds: Callable[[Structure], object]) -> When:
    return lambda window: window.workspace is not None and bool(holds(window.workspace.canvas.structure))


def _inside(window: Window) -> bool:
    return window.workspace is not None and bool(window.workspace.session.path)


def _selected(window: Window) -> bool:
    return window.workspace is not None and bool(window.workspace.session.selection)


def _not_empty(window: Window) -> bool:
    return window.workspace is not None and bool(window.workspace.session.view.graph.nodes)


def _can_undo(window: Window) -> bool:
    return window.workspace is not None and window.workspace.session.document.undo_label is not None


def _can_redo(window: Window) -> bool:
    return window.workspace is not None and window.workspace.session.document.redo_label is not None


def _runner_in(*states: str) -> When:
    return lambda window: window.workspace is not None and window.workspace.runner.state in states


def _any_nodes(window: Window) -> bool:
    return window.workspace is not None and bool(window.workspace.session.project.graph.nodes)


def _can_train(window: Window) -> bool:
    return _any_nodes(window) and window.workspace is not None and not window.workspace.runner.active


def _can_stop(window: Window) -> bool:
    return window.workspace is not None and window.workspace.runner.state in ("starting", "running", "paused")


@dataclass(frozen=True)
class Command:
    """One row; ``text`` is translated in the context "Actions".

    ``menu`` names the menu; ``separated`` draws a line above; ``canvas`` keys act only on the canvas.

    ``tool_bar`` puts it on the tool bar, ``group`` makes it one of several of which exactly one is chosen.
    """

    id: str
    menu: str
    text: str
    run: Run
    shortcut: Shortcut | tuple[str, ...] = ""
    icon: str = ""
    when: When = _always
    separated: bool = False
    canvas: bool = False
    tool_bar: bool = False
    group: str = ""


_K = QKeySequence.StandardKey
MENUS = ("&File", "&Edit", "&View", "&Network", "&Training", "&Help")
FILE, EDIT, VIEW, NETWORK, TRAINING, HELP = MENUS

COMMANDS: tuple[Command, ...] = (
    Command("new", FILE, "&New", lambda w: w.new_project(), _K.New, "new", tool_bar=True),
    Command("open", FILE, "&Open…", lambda w: w.open_dialog(), _K.Open, "open", tool_bar=True),
    Command("start", FILE, "S&tart page", lambda w: w.show_start(), "Ctrl+Home", "home", _open),
    Command("save", FILE, "&Save", lambda w: w.save(), _K.Save, "save", _open, separated=True, tool_bar=True),
    Command("save_as", FILE, "Save &as…", lambda w: w.save_as(), "Ctrl+Shift+S", "", _open),
    Command("export", FILE, "&Export…", lambda w: w.show_export(), "Ctrl+E", "export", _any_nodes, separated=True),
    Command("quit", FILE, "&Quit", lambda w: w.close(), "Ctrl+Q", separated=True),
    Command("undo", EDIT, "&Undo", lambda w: w.undo(), _K.Undo, "undo", _can_undo, tool_bar=True),
    Command("redo", EDIT, "&Redo", lambda w: w.redo(), ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", _can_redo, tool_bar=True),
    Command("cut", EDIT, "Cu&t", lambda w: w.canvas.cut(), _K.Cut, "cut", _selected, separated=True, canvas=True),
    Command("copy", EDIT, "&Copy", lambda w: w.canvas.copy(), _K.Copy, "copy", _selected, canvas=True),
    Command("paste", EDIT, "&Paste", lambda w: w.canvas.paste(), _K.Paste, "paste", _open, canvas=True),
    Command(
        "duplicate", EDIT, "&Duplicate", lambda w: w.canvas.duplicate(), "Ctrl+D", "duplicate", _selected, canvas=True
    ),
    Command(
        "delete",
        EDIT,
        "De&lete",
        lambda w: w.canvas.delete(),
        _K.Delete,
        "delete",
        _selected,
        separated=True,
        canvas=True,
    ),
    Command(
        "delete_and_bridge",
        EDIT,
        "Delete and &bridge",
        lambda w: w.canvas.delete_and_bridge(),
        "Ctrl+Del",
        "bridge",
        _selected,
        canvas=True,
    ),
    Command(
        "select_all",
        EDIT,
        "Select &all",
        lambda w: w.canvas.select_all(),
        _K.SelectAll,
        "select-all",
        _not_empty,
        separated=True,
        canvas=True,
    ),
    Command("zoom_in", VIEW, "Zoom &in", lambda w: w.zoom(1.25), ("Ctrl++", "Ctrl+="), "zoom-in", _open),
    Command("zoom_out", VIEW, "Zoom &out", lambda w: w.zoom(0.8), "Ctrl+-", "zoom-out", _open),
    Command("zoom_actual", VIEW, "&Actual size", lambda w: w.canvas.set_zoom(1.0), "Ctrl+0", "", _open),
    Command(
        "zoom_fit",
        VIEW,
        "&Fit the network",
        lambda w: w.canvas.zoom_to_fit(),
        "Home",
        "zoom-fit",
        _not_empty,
        canvas=True,
        tool_bar=True,
    ),
    Command(
        "heat_parameters",
        VIEW,
        "Colour by para&meters",
        lambda w: w.set_heat("parameters"),
        when=_open,
        separated=True,
        group="heat",
    ),
    Command(
        "heat_multiply_adds",
        VIEW,
        "Colour by m&ultiply-adds",
        lambda w: w.set_heat("multiply_adds"),
        when=_open,
        group="heat",
    ),
    Command("heat_memory", VIEW, "Colour by memor&y", lambda w: w.set_heat("memory"), when=_open, group="heat"),
    Command("heat_off", VIEW, "&No cost colours", lambda w: w.set_heat(""), when=_open, group="heat"),
    Command("show_library", VIEW, "&Library", lambda w: w.toggle_dock("library"), "Alt+1", "", _open, separated=True),
    Command("show_properties", VIEW, "&Properties", lambda w: w.toggle_dock("inspector"), "Alt+2", "", _open),
    Command("show_results", VIEW, "Problems and &curves", lambda w: w.toggle_dock("results"), "Alt+3", "", _open),
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
    Command("theme_light", VIEW, "Li&ght theme", lambda w: w.set_theme("light"), "", "sun", group="theme"),
    Command("theme_dark", VIEW, "&Dark theme", lambda w: w.set_theme("dark"), "", "moon", group="theme"),
    Command("find_layer", NETWORK, "&Search the library", lambda w: w.focus_library(), "Ctrl+L", "search", _open),
    Command(
        "layout",
        NETWORK,
        "&Arrange",
        lambda w: w.canvas.layout(),
        "L",
        "layout",
        _not_empty,
        canvas=True,
        tool_bar=True,
    ),
    Command(
        "group",
        NETWORK,
        "&Group…",
        lambda w: w.canvas.structure.ask_group(),
        "Ctrl+G",
        "group",
        _structure(lambda s: s.can_group()),
        separated=True,
        canvas=True,
    ),
    Command(
        "ungroup",
        NETWORK,
        "&Ungroup",
        lambda w: w.canvas.structure.ungroup(),
        "Ctrl+Shift+G",
        "ungroup",
        _structure(lambda s: s.groups_selected()),
        canvas=True,
    ),
    Command(
        "open_group",
        NETWORK,
        "&Open group",
        lambda w: w.canvas.structure.open(),
        "Ctrl+Return",
        "enter",
        _structure(lambda s: s.can_open()),
        canvas=True,
    ),
    Command(
        "leave_group",
        NETWORK,
        "&Leave group",
        lambda w: w.canvas.structure.leave(),
        "Alt+Up",
        "leave",
        _inside,
        canvas=True,
    ),
    Command(
        "repeat",
        NETWORK,
        "&Repeat…",
        lambda w: w.canvas.structure.ask_repeat(),
        "Ctrl+R",
        "repeat",
        _structure(lambda s: s.can_open()),
        canvas=True,
    ),
    Command(
        "save_block",
        NETWORK,
        "Save group to my &blocks",
        lambda w: w.canvas.structure.ask_save_block(),
        "",
        "save",
        _structure(lambda s: s.can_open()),
    ),
    Command(
        "bypass",
        NETWORK,
        "B&ypass",
        lambda w: w.canvas.structure.toggle("bypass"),
        "B",
        "bypass",
        _selected,
        separated=True,
        canvas=True,
    ),
    Command("mute", NETWORK, "&Mute", lambda w: w.canvas.structure.toggle("mute"), "M", "mute", _selected, canvas=True),
    Command(
        "share",
        NETWORK,
        "S&hare weights",
        lambda w: w.canvas.structure.share(),
        "",
        "link",
        _structure(lambda s: s.can_share()),
        separated=True,
    ),
    Command(
        "separate",
        NETWORK,
        "S&eparate weights",
        lambda w: w.canvas.structure.separate(),
        "",
        "unlink",
        _structure(lambda s: s.sharing()),
    ),
    Command(
        "duplicate_shared",
        NETWORK,
        "&Duplicate as shared copy",
        lambda w: w.canvas.structure.duplicate_shared(),
        "Ctrl+Shift+D",
        "duplicate",
        _structure(lambda s: s.can_duplicate_shared()),
        canvas=True,
    ),
    Command(
        "python_layer",
        NETWORK,
        "New P&ython layer…",
        lambda w: w.definitions.new_python_layer(),
        "",
        "family_python",
        _open,
        separated=True,
    ),
    Command("use_project", NETWORK, "Use a pro&ject as a layer…", lambda w: w.definitions.ask_project(), "", "", _open),
    Command("problems", NETWORK, "Show &problems", lambda w: w.show_problems(), "F8", "warning", _open, separated=True),
    Command("cost", NETWORK, "Show &cost", lambda w: w.show_cost(), "F9", "table", _open),
    Command("train", TRAINING, "&Train", lambda w: w.train(), "F5", "play", _can_train),
    Command("pause", TRAINING, "&Pause", lambda w: w.runner.pause(), "F6", "pause", _runner_in("running")),
    Command("resume", TRAINING, "&Continue", lambda w: w.runner.resume(), "F7", "play", _runner_in("paused")),
    Command("stop", TRAINING, "&Stop", lambda w: w.runner.stop(), "Shift+F5", "stop", _can_stop),
    Command("shortcuts", HELP, "&Keyboard shortcuts", lambda w: w.show_shortcuts(), "F1", "keyboard"),
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


def refresh_action(action: QAction, command: Command, window: Window) -> None:
    """Enable or disable the action, and give it its icon in the theme's colour."""
    action.setEnabled(command.when(window))
    if command.icon:
        action.setIcon(icon(command.icon))


def plain(command: Command) -> str:
    """Return a command's text without the mark of its mnemonic."""
    return QCoreApplication.translate("Actions", command.text).replace("&", "")
