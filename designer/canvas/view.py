"""The canvas widget: turns mouse, keys, wheel and drops into gestures and commands."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QLabel, QToolTip, QWidget

from designer import theme
from designer.canvas import dropping, menus, wording
from designer.canvas.backdrop import draw_backdrop
from designer.canvas.bookmarks import Bookmarks
from designer.canvas.commands import Commands
from designer.canvas.compose import Spot
from designer.canvas.drawn import touch
from designer.canvas.drawn.tools import DrawnTools
from designer.canvas.keys import Keys
from designer.canvas.laying_out import LayingOut
from designer.canvas.mouse import Mouse
from designer.canvas.navigation import Navigator
from designer.canvas.palette import AddPalette
from designer.canvas.placing import Placing
from designer.canvas.quick.lines import QuickLines
from designer.canvas.ranking import kinds_for
from designer.canvas.rename import RenameEditor
from designer.canvas.scene import CanvasScene
from designer.canvas.structure import Structure
from designer.canvas.swap import Swap
from designer.canvas.tip import Tip
from designer.canvas.wiring import Wiring
from designer.session import Session


class CanvasView(QGraphicsView):
    """The network of one session, to look at and to work on."""

    edit_requested = Signal(str)
    """A node's parameters are to be edited (Enter, or a double click on the node)."""
    zoom_changed = Signal(float)
    blocks_changed = Signal()
    node_menu_made = Signal(object)
    """The CanvasMenu of the selected nodes: whoever else has to offer something adds it."""
    block_dropped = Signal(object, object)
    """The user's own blocks have changed: a group was saved as one."""
    pin_requested = Signal(object)
    """The places of selected nodes, from the root on, whose live pictures are to be shown or hidden."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = CanvasScene(session, self)
        self.navigator = Navigator(self)
        self.commands = Commands(self)
        self.laying_out = LayingOut(self)
        self.structure = Structure(self)
        self.wiring = Wiring(self)
        self.placing = Placing(self)
        self.tip = Tip(self)
        self.palette_box = AddPalette(self)
        self.quick = QuickLines(self)
        self.swap: Swap = Swap(self)
        self.rename_editor = RenameEditor(self)
        self._hint = QLabel(self, alignment=Qt.AlignmentFlag.AlignCenter)
        self.mouse = Mouse(self)
        self.drawn = DrawnTools(self)
        self.bookmarks = Bookmarks(self)
        self._shown_before = False
        self._path = session.path
        self._cameras: dict[tuple[str, ...], tuple[float, QPointF]] = {}
        self._set_up()
        self.keys = Keys(self)
        self.palette_box.chosen.connect(self.commands.add)
        self.rename_editor.renamed.connect(self.commands.rename)
        session.here_changed.connect(self._show_hint)
        session.view_changed.connect(self._show_other)
        session.selection_changed.connect(self._describe)
        session.drawn_changed.connect(lambda _names: self._describe(self.session.selection))
        session.report_changed.connect(self._on_report_changed)
        session.reveal_requested.connect(self._on_reveal_requested)
        theme.switch.changed.connect(self._follow_theme)
        self._show_colours()
        self._show_hint()

    def _set_up(self) -> None:
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Network"))
        self.setScene(self.canvas)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._hint.setObjectName("canvasHint")
        self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._hint.setText(self.tr("Drag a layer here from the library,\nor press Tab and type its name."))

    # Commands that menus and tool bars call

    @property
    def zoom(self) -> float:
        """Pixels per scene unit."""
        return self.navigator.zoom

    def zoom_to_fit(self) -> None:
        """Show the selection, or everything where nothing is selected."""
        drawn = self.session.drawn
        if drawn or not self.session.selection:
            rect = self.canvas.extent(self.session.selection, drawn) if drawn else self.canvas.cards()
            self.navigator.show_rect(rect)
            self.zoom_changed.emit(self.zoom)
        else:
            self.zoom_to(self.session.selection)

    def zoom_to(self, names: Iterable[str]) -> None:
        """Show the named nodes."""
        self.navigator.show_rect(self.canvas.cards(list(names)))
        self.zoom_changed.emit(self.zoom)

    def set_zoom(self, zoom: float) -> None:
        """Zoom (1.0: one pixel per scene unit) about the middle of the view."""
        self.navigator.zoom_to(zoom)
        self.zoom_changed.emit(self.zoom)

    def zoom_by(self, factor: float) -> None:
        """Zoom in or out about the middle of the view."""
        self.set_zoom(self.zoom * factor)

    def copy(self) -> None:
        """Copy the selection."""
        self.commands.copy()

    def cut(self) -> None:
        """Copy the selection and delete it."""
        if self.commands.copy():
            self.commands.delete()

    def paste(self, wires: bool = False) -> None:
        """Paste at the pointer, or in the middle where that is elsewhere; ``wires``: linked as the originals are."""
        self.commands.paste(self.pointer_place(), wires)

    def duplicate(self) -> None:
        """Put a copy of the selection beside it."""
        self.commands.duplicate()

    def delete(self) -> None:
        """Delete the selected nodes and wires."""
        self.commands.delete()

    def delete_and_bridge(self) -> None:
        """Delete the selected nodes and link what fed them to what they fed."""
        self.commands.delete(bridge=True)

    def select_all(self) -> None:
        """Select every node, frame and note."""
        graph = self.session.view.graph
        self.session.select(graph.nodes, {**graph.frames, **graph.notes})

    def layout(self) -> None:
        """Lay out the selection (two or more nodes), or everything."""
        self.laying_out.run()

    def add_kind(self, kind_id: str, at: QPointF | None = None) -> bool:
        """Add a layer after the selection and link it, or free at a point of the scene; return False if refused."""
        spot = Spot((at.x(), at.y())) if at is not None else self.commands.spot_after_selection()
        return self.commands.add(kind_id, spot)

    def rename_selected(self) -> None:
        """Let the user type a new name for the one selected node, a frame's title, a note's text."""
        if not self.drawn.edit_selected() and len(self.session.selection) == 1:
            self.rename(next(iter(self.session.selection)))

    def rename(self, name: str) -> None:
        """Let the user type a new name for a node."""
        item = self.canvas.nodes[name]
        self.navigator.reveal(item.sceneBoundingRect())
        place = self.mapFromScene(item.scene_card()).boundingRect()
        self.rename_editor.open(name, QRect(place.x(), place.y(), max(place.width(), 140), 30))

    def enter_selected(self) -> None:
        """Look into the one selected node; see ``enter``. Edit the one selected frame or note."""
        if not self.drawn.edit_selected() and len(self.session.selection) == 1:
            self.enter(next(iter(self.session.selection)))

    def enter(self, name: str) -> None:
        """Look at the inside of a group; ask for the parameters of any other node to be edited."""
        if not self.session.open_group(name):
            self.edit_requested.emit(name)

    def open_palette_after_selection(self, text: str = "") -> None:
        """Open the add palette for a node after the selection; where nothing is selected, for one at the pointer."""
        spot = self.commands.spot_after_selection()
        if not self.session.selection:
            wire = self.wiring.chosen()
            self.open_palette(*wire, text) if wire else self._open_palette_at_pointer(text)
            return
        self.open_palette(self.mapFromScene(self.canvas.cards(self.session.selection)).boundingRect(), spot, text)

    def _open_palette_at_pointer(self, text: str = "") -> None:
        place = self._pointer_or_middle()
        at = self.mapToScene(place)
        spot = Spot((at.x(), at.y()), wire=self.mouse.wire_at(at)) if self.session.view.graph.nodes else Spot()
        self.open_palette(place, spot, text)

    def open_palette(self, place: QPoint | QRect, spot: Spot, text: str = "") -> None:
        """Open the add palette at a pixel of the viewport, or beside a node there, for a node at a spot."""
        kinds = kinds_for(self.session.view, self.session.group)
        self.palette_box.open(place, spot, self.commands.wanted(spot), kinds, text)

    def pointer_place(self) -> QPointF:
        """Return where the pointer is in the scene, or the middle of the view where the pointer is elsewhere."""
        return self.mapToScene(self._pointer_or_middle())

    def _pointer_or_middle(self) -> QPoint:
        here = self.viewport().mapFromGlobal(self.cursor().pos())
        return here if self.viewport().rect().contains(here) else self.viewport().rect().center()

    def pin_selected(self) -> None:
        """Ask for live pictures of the selected nodes, or for none where all of them have one."""
        self.pin_requested.emit(tuple((*self.session.path, name) for name in sorted(self.session.selection)))

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin the gesture that the button and the place under it stand for."""
        self.palette_box.close_palette()
        self.mouse.press(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let the gesture follow, or show what is under the pointer."""
        self.mouse.move(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish the gesture."""
        self.mouse.release(event)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go into what is under the pointer, or add something there."""
        self.palette_box.close_palette()
        self.mouse.double_click(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of what is under the pointer (from the keyboard: of the selection)."""
        if self.mouse.busy or (event.reason() is QContextMenuEvent.Reason.Mouse and self.mouse.is_stroke(event)):
            return
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        if by_key and (self.session.selection or self.session.drawn):
            pixel = self.mapFromScene(self.canvas.first_selected())
            self.menu_at(pixel).popup(self.viewport().mapToGlobal(pixel))
        else:
            self.menu_at(event.pos()).popup(event.globalPos())
        event.accept()

    def menu_at(self, pixel: QPoint) -> menus.CanvasMenu:
        """Return the menu of what is at a pixel of the viewport; a node there is selected first."""
        place = self.mapToScene(pixel)
        node = self.canvas.node_at(place)
        wire = None if node else self.mouse.wire_at(place)
        drawn = None if node else touch.menu_at(self, pixel, behind=wire is None)
        if drawn:
            return drawn
        if node is None:
            return menus.wire_menu(self, wire, pixel) if wire else menus.canvas_menu(self, pixel)
        if node.name not in self.session.selection:
            self.session.select([node.name])
        menu = menus.node_menu(self, node.name)
        self.node_menu_made.emit(menu)
        return menu

    # Keys, wheel, touch pad

    def event(self, event: QEvent) -> bool:
        """Take letters before a menu's shortcut does, and during a gesture every key: nothing may change under it."""
        override = event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and (self.mouse.busy or self.keys.is_letter(event)):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc cancels; Space pans while held; the rest is in the table of keys."""
        if event.key() == Qt.Key.Key_Escape:
            if not (self.mouse.cancel() or self.laying_out.cancel()):
                self._step_back()
        elif event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self.mouse.hold_space()
        elif not self.mouse.busy and not self.keys.press(event):
            event.ignore()

    def _step_back(self) -> None:
        """Select nothing; where nothing was selected, leave the group."""
        if self.session.selection or self.session.drawn or self.canvas.selected_wires:
            self.session.select(())
            self.canvas.select_wires(())
        else:
            self.structure.leave()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A tap of Space opens the add palette at the pointer."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat() and self.mouse.let_space_go():
            self._open_palette_at_pointer()
        else:
            self.keys.release(event)

    def focusNextPrevChild(self, following: bool) -> bool:
        """Tab adds a layer; Shift+Tab leaves the canvas as everywhere."""
        return False if following else super().focusNextPrevChild(following)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget a held key: its release goes elsewhere."""
        self.mouse.let_space_go()
        self.keys.let_go()
        super().focusOutEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer, or pan with two fingers."""
        self.palette_box.close_palette()
        self.navigator.wheel(event)
        self.zoom_changed.emit(self.zoom)

    def viewportEvent(self, event: QEvent) -> bool:
        """Tool tips, pinches, and the pointer leaving."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            self._show_tooltip(event)
            return True
        if isinstance(event, QNativeGestureEvent) and self.navigator.pinch(event):
            self.zoom_changed.emit(self.zoom)
            return True
        if event.type() is QEvent.Type.Leave and not self.mouse.busy:
            self.canvas.hover_wire(None)
        return super().viewportEvent(event)

    def _show_tooltip(self, event: QHelpEvent) -> None:
        place = self.mapToScene(event.pos())
        node = self.canvas.node_at(place)
        wire = None if node else self.mouse.wire_at(place)
        text = wording.node_tooltip(self.canvas, node.name) if node else touch.tooltip_at(self, place)
        if wire:
            text = wording.wire_tooltip(self.canvas, wire)
        QToolTip.showText(event.globalPos(), text, self.viewport())

    # Drops from the library

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take layer kinds and nothing else."""
        event.setAccepted(dropping.kind_in(self, event.mimeData()) is not None)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Highlight the wire that the layer would go into."""
        event.setAccepted(dropping.hover(self, event))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The layer went elsewhere."""
        dropping.leave(self)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the layer."""
        dropping.leave(self)
        kind = dropping.kind_in(self, event.mimeData())
        if kind:
            event.acceptProposedAction()
            dropping.drop(self, kind, event)
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    # Looks

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Fill the canvas and draw the grid, coarser further out."""
        draw_backdrop(painter, QRectF(rect), self.zoom)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the network the first time."""
        super().showEvent(event)
        if not self._shown_before:
            self._shown_before = True
            if self.canvas.nodes or self.canvas.drawn.items():
                self.navigator.show_first(self.canvas.cards())
            else:
                self.navigator.centre(QPointF(0, self.height() / 4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the hint in the middle."""
        super().resizeEvent(event)
        self._hint.setGeometry(self.viewport().rect())

    def _show_hint(self, _change: object = None) -> None:
        self._hint.setVisible(not self.session.view.graph.nodes)

    def _show_other(self) -> None:
        """Look at another graph where it was looked at before, or at all of it the first time."""
        self.mouse.forget()
        for floating in (self.tip, self.palette_box, self.rename_editor, *self.structure.questions):
            floating.hide()
        self._cameras[self._path] = self.zoom, self.mapToScene(self.viewport().rect().center())
        self._path = self.session.path
        known = self._cameras.get(self._path)
        if known:
            self.navigator.zoom_to(known[0])
            self.navigator.centre(known[1])
        else:
            self.navigator.show_first(self.canvas.cards())
        self.zoom_changed.emit(self.zoom)
        self._show_hint()
        self._describe(self.session.selection)

    def _follow_theme(self) -> None:
        self.canvas.follow_theme()
        self._show_colours()

    def _show_colours(self) -> None:
        self._hint.setStyleSheet(f"#canvasHint {{ color: {theme.current().text_muted}; }}")
        self.viewport().update()

    def _on_reveal_requested(self, name: str) -> None:
        self.navigator.reveal(self.canvas.extent({name} & self.session.selection, {name} & self.session.drawn))

    def _on_report_changed(self, _report: object) -> None:
        self._describe(self.session.selection)

    def _describe(self, selection: frozenset[str]) -> None:
        """Tell assistive technology what is selected: a graphics view is a blank wall to it otherwise."""
        said = filter(None, (wording.spoken(self.canvas, selection), wording.spoken_drawn(self.canvas)))
        self.setAccessibleDescription("; ".join(said) or self.tr("Nothing selected."))
