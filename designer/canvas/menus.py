"""The menus of the right mouse button."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from core.graph.project import End
from designer.canvas.compose import Spot, links_of
from designer.icons import icon
from designer.keys.keymap import keymap
from designer.keys.table import CANVAS, written

if TYPE_CHECKING:
    from designer.canvas.structure import Side, Structure
    from designer.canvas.view import CanvasView


class CanvasMenu(QMenu):
    """A menu that disappears for good once it is closed."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def offer(self, text: str, key: str, picture: str, act: Callable[[], object], *, enabled: bool = True) -> None:
        """Add an entry; ``key`` is the canvas's default one for it, the one in use is shown, the canvas answers it."""
        shown = written(keymap.in_place_of(key, CANVAS))
        entry = self.addAction(icon(picture) if picture else icon("more"), f"{text}\t{shown}" if shown else text)
        entry.setEnabled(enabled)
        entry.setIconVisibleInMenu(bool(picture))
        entry.triggered.connect(lambda _checked: act())


def node_menu(view: CanvasView, name: str) -> CanvasMenu:
    """Return the menu of a node that is selected."""
    menu, commands = CanvasMenu(view), view.commands
    linked = bool(links_of(view.session.view.graph, view.session.selection))
    menu.offer(view.tr("Add after…"), "Tab", "plus", view.open_palette_after_selection)
    menu.offer(view.tr("Change type…"), "Shift+S", "", view.swap.ask)
    menu.addSeparator()
    menu.offer(view.tr("Rename…"), "F2", "", lambda: view.rename(name))
    menu.offer(view.tr("Duplicate"), "Ctrl+D", "duplicate", view.duplicate)
    menu.offer(view.tr("Copy"), "Ctrl+C", "copy", view.copy)
    menu.offer(view.tr("Cut"), "Ctrl+X", "cut", view.cut)
    menu.addSeparator()
    _offer_structure(menu, view, name)
    menu.addSeparator()
    offer_colour(menu, view)
    menu.offer(view.tr("Frame"), "C", "frame", view.drawn.add_frame)
    collapsed = all(view.session.view.graph.nodes[each].collapsed for each in view.session.selection)
    text = view.tr("Expand") if collapsed else view.tr("Collapse")
    menu.offer(text, "H", "collapse", view.drawn.toggle_collapsed)
    pinned = all(view.canvas.nodes[each].look.snapshot for each in view.session.selection)
    text = view.tr("Hide the live picture") if pinned else view.tr("Show a live picture")
    menu.offer(text, "Shift+V", "pin", view.pin_selected)
    menu.addSeparator()
    menu.offer(view.tr("Disconnect"), "", "", commands.disconnect, enabled=linked)
    menu.offer(view.tr("Delete"), "Del", "delete", view.delete)
    menu.offer(view.tr("Delete and bridge"), "Ctrl+Del", "bridge", view.delete_and_bridge, enabled=linked)
    if len(view.session.selection) > 1:
        menu.addSeparator()
        menu.offer(view.tr("Lay out selection"), "L", "layout", view.layout)
        _offer_placing(menu, view)
    return menu


def _offer_placing(menu: CanvasMenu, view: CanvasView) -> None:
    """Offer what puts the selected nodes in line."""
    submenu = menu.addMenu(view.tr("Align"))
    rows = (
        ("align_left", view.tr("Left edges"), "Shift+Left"),
        ("align_centre", view.tr("Centres below each other"), ""),
        ("align_right", view.tr("Right edges"), "Shift+Right"),
        ("align_top", view.tr("Top edges"), "Shift+Up"),
        ("align_middle", view.tr("Middles beside each other"), ""),
        ("align_bottom", view.tr("Bottom edges"), "Shift+Down"),
        ("distribute_across", view.tr("Equal distances across"), ""),
        ("distribute_down", view.tr("Equal distances down"), ""),
        ("straighten", view.tr("Straighten the wires"), "Q"),
    )
    for name, text, key in rows:
        entry = submenu.addAction(f"{text}\t{key}" if key else text)
        entry.triggered.connect(partial(_place, view, name))


def _place(view: CanvasView, name: str, _checked: bool = False) -> None:
    view.placing.commands[name]()


def offer_colour(menu: CanvasMenu, view: CanvasView, place: QPoint | None = None) -> None:
    """Offer the colours for what is selected, at a pixel of the view or beside the selection."""
    menu.offer(view.tr("Colour…"), "", "palette", lambda: view.drawn.ask_colour(place))


def _offer_structure(menu: CanvasMenu, view: CanvasView, name: str) -> None:
    """Offer what can be done about groups, repetition, sharing and switching off."""
    structure, nodes = view.structure, [view.session.view.graph.nodes[each] for each in view.session.selection]
    if structure.can_open():
        menu.offer(view.tr("Open group"), "Return", "enter", structure.open)
        menu.offer(view.tr("Repeat…"), "Ctrl+R", "repeat", structure.ask_repeat)
        menu.offer(view.tr("Save group to my blocks"), "", "save", structure.ask_save_block)
    menu.offer(view.tr("Group…"), "Ctrl+G", "group", structure.ask_group, enabled=structure.can_group())
    if structure.groups_selected():
        menu.offer(view.tr("Ungroup"), "Ctrl+Shift+G", "ungroup", structure.ungroup)
    menu.addSeparator()
    modes = {node.mode for node in nodes}
    bypass = view.tr("Switch on") if modes == {"bypass"} else view.tr("Bypass")
    mute = view.tr("Switch on") if modes == {"mute"} else view.tr("Mute")
    menu.offer(bypass, "B", "bypass", lambda: structure.toggle("bypass"))
    menu.offer(mute, "M", "mute", lambda: structure.toggle("mute"))
    menu.addSeparator()
    ends = structure.may_be_ports(name) if len(nodes) == 1 else []
    if ends:
        submenu = menu.addMenu(icon("leave"), view.tr("Make a port of the group"))
        for end, side in ends:
            submenu.addAction(end.port).triggered.connect(partial(_promote, structure, end, side))
    owners = structure.may_share_with(name) if len(nodes) == 1 else []
    if owners:
        submenu = menu.addMenu(icon("link"), view.tr("Share weights with"))
        for owner in owners:
            submenu.addAction(owner).triggered.connect(partial(_share, structure, name, owner))
    if structure.can_share():
        menu.offer(view.tr("Share weights"), "", "link", structure.share)
    if structure.sharing():
        menu.offer(view.tr("Separate weights"), "", "unlink", structure.separate)
    if structure.can_duplicate_shared():
        menu.offer(view.tr("Duplicate as shared copy"), "Ctrl+Shift+D", "duplicate", structure.duplicate_shared)


def _promote(structure: Structure, end: End, side: Side, _checked: bool = False) -> None:
    structure.promote(end, side)


def _share(structure: Structure, name: str, owner: str, _checked: bool = False) -> None:
    structure.share_with(name, owner)


def wire_menu(view: CanvasView, end: End, place: QPoint) -> CanvasMenu:
    """Return the menu of a wire."""
    menu = CanvasMenu(view)
    at = view.mapToScene(place)
    menu.offer(view.tr("Insert layer…"), "", "plus", lambda: view.open_palette(place, Spot((at.x(), at.y()), wire=end)))
    menu.offer(view.tr("Add point"), "", "", lambda: view.wiring.add_point(end, at))
    if view.wiring.has_points(end):
        menu.offer(view.tr("Delete points"), "", "", lambda: view.wiring.clear(end))
    menu.addSeparator()
    menu.offer(view.tr("Disconnect"), "Del", "delete", lambda: view.commands.disconnect_wire(end))
    return menu


def canvas_menu(view: CanvasView, place: QPoint) -> CanvasMenu:
    """Return the menu of the empty canvas."""
    menu = CanvasMenu(view)
    at = view.mapToScene(place)
    some = bool(view.session.view.graph.nodes)
    menu.offer(view.tr("Add layer…"), "Space", "plus", lambda: view.open_palette(place, Spot((at.x(), at.y()))))
    menu.offer(view.tr("Paste"), "Ctrl+V", "paste", lambda: view.commands.paste(at))
    menu.addSeparator()
    menu.offer(view.tr("Frame"), "C", "frame", lambda: view.drawn.add_frame(at))
    menu.offer(view.tr("Note"), "Shift+P", "note", lambda: view.drawn.add_note(at))
    menu.addSeparator()
    menu.offer(view.tr("Select all"), "Ctrl+A", "select-all", view.select_all, enabled=some)
    menu.offer(view.tr("Lay out"), "L", "layout", view.layout, enabled=some)
    menu.offer(view.tr("Fit"), "Home", "zoom-fit", view.zoom_to_fit, enabled=some)
    return menu
