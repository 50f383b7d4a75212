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

if TYPE_CHECKING:
    from designer.canvas.structure import Side, Structure
    from designer.canvas.view import CanvasView


class CanvasMenu(QMenu):
    """A menu that disappears for good once it is closed."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def offer(self, text: str, key: str, picture: str, act: Callable[[], object], *, enabled: bool = True) -> None:
        """Add an entry; the key is shown only, the canvas answers it."""
        entry = self.addAction(icon(picture) if picture else icon("more"), f"{text}\t{key}" if key else text)
        entry.setEnabled(enabled)
        entry.setIconVisibleInMenu(bool(picture))
        entry.triggered.connect(lambda _checked: act())


def node_menu(view: CanvasView, name: str) -> CanvasMenu:
    """Return the menu of a node that is selected."""
    menu, commands = CanvasMenu(view), view.commands
    linked = bool(links_of(view.session.view.graph, view.session.selection))
    menu.offer(view.tr("Add after…"), "Tab", "plus", view.open_palette_after_selection)
    menu.addSeparator()
    menu.offer(view.tr("Rename…"), "F2", "", lambda: view.rename(name))
    menu.offer(view.tr("Duplicate"), "Ctrl+D", "duplicate", view.duplicate)
    menu.offer(view.tr("Copy"), "Ctrl+C", "copy", view.copy)
    menu.offer(view.tr("Cut"), "Ctrl+X", "cut", view.cut)
    menu.addSeparator()
    _offer_structure(menu, view, name)
    menu.addSeparator()
    menu.offer(view.tr("Disconnect"), "", "", commands.disconnect, enabled=linked)
    menu.offer(view.tr("Delete"), "Del", "delete", view.delete)
    menu.offer(view.tr("Delete and bridge"), "Ctrl+Del", "bridge", view.delete_and_bridge, enabled=linked)
    if len(view.session.selection) > 1:
        menu.addSeparator()
        menu.offer(view.tr("Lay out selection"), "L", "layout", view.layout)
    return menu


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
    menu.offer(view.tr("Select all"), "Ctrl+A", "select-all", view.select_all, enabled=some)
    menu.offer(view.tr("Lay out"), "L", "layout", view.layout, enabled=some)
    menu.offer(view.tr("Fit"), "Home", "zoom-fit", view.zoom_to_fit, enabled=some)
    return menu
