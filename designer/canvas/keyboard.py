"""Working on the wires without a mouse: a link drawn port by port, and everything before or after a node selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QObject, Qt, SignalInstance
from PySide6.QtGui import QKeyEvent

from core.graph.names import natural_key
from core.graph.order import downstream, execution_order, slot_key, upstream
from core.graph.project import End
from designer.canvas.fitting import misfit, port_of
from designer.canvas.gestures.gesture import Pointer
from designer.canvas.gestures.link import LinkGesture

if TYPE_CHECKING:
    from designer.canvas.face import PortFace
    from designer.canvas.view import CanvasView

_FORWARD = (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Tab)
_BACK = (Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Backtab)
_TAKE = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def select_ways(view: CanvasView, way: Literal["up", "down"]) -> None:
    """Select, besides what is selected, every node that leads to it ("up") or that it leads to ("down")."""
    session = view.session
    if not session.selection:
        session.told.emit(view.tr("Select a node first: what leads to it, or what follows it, is selected then."))
        return
    reach = upstream if way == "up" else downstream
    session.select(reach(session.view.graph, session.selection))


class KeyLink(QObject):
    """Draws a wire by keys: arrows choose a port of the selected node, Enter takes it, arrows choose where to, Enter.

    It leads the hand of the mouse's own gesture, so that preview, reasons and undo are the same.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._gesture: LinkGesture | None = None
        self._ports: list[PortFace] = []
        self._at = 0
        self.is_active = False

    @property
    def chosen(self) -> End | None:
        """The port that Enter would take now."""
        return self._ports[self._at].end if self.is_active else None

    def begin(self) -> None:
        """Begin at the one selected node, with its first output (else its first free input)."""
        selection = self._view.session.selection
        if len(selection) != 1:
            self._view.session.told.emit(self._view.tr("Select one node first: the wire begins there."))
            return
        item = self._view.canvas.nodes[next(iter(selection))]
        self._ports = [*item.face.outputs, *item.face.inputs]
        if not self._ports:
            return
        self._at, self.is_active = 0, True
        self._view.installEventFilter(self)
        for changed in self._changes():
            changed.connect(self._stop)
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take all keys while a link is being drawn; a click elsewhere ends it."""
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            self._press(event.key())
            return True
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Wheel):
            self._stop()
        return super().eventFilter(watched, event)

    def _press(self, key: int) -> None:
        if key in _FORWARD or key in _BACK:
            self._at = (self._at + (1 if key in _FORWARD else -1)) % len(self._ports)
            self._show()
        elif key in _TAKE:
            self._take()
        elif key == Qt.Key.Key_Escape:
            self._stop()

    def _take(self) -> None:
        session, start = self._view.session, self._ports[self._at]
        if self._gesture is not None:
            gesture, pointer, before = self._gesture, self._pointer(start), session.view.graph.links
            why = self._view.tip.text().partition("\n")[2]
            self._gesture = None
            self._stop()
            gesture.finish(pointer)
            if session.view.graph.links is before:
                session.refused.emit(why.rpartition("\n")[0] or self._view.tr("Nothing was linked."))
            else:
                session.select((start.end.node,))
            return
        gesture = LinkGesture(self._view, start)
        ports = self._targets(start, gesture)
        if not ports:
            self._stop()
            text = self._view.tr("There is no port that “{port}” could be linked to.")
            session.told.emit(text.format(port=start.end))
            return
        self._mark(None)
        gesture.start(self._pointer(start))
        self._gesture, self._ports, self._at = gesture, ports, 0
        self._show()

    def _targets(self, start: PortFace, gesture: LinkGesture) -> list[PortFace]:
        """Return the ports at the other side that a wire may end at: those that fit first, each in running order."""
        graph, canvas = self._view.session.view.graph, self._view.canvas
        fixed = gesture.source or gesture.target or start.end
        side = "input" if gesture.source else "output"
        blocked = (upstream if gesture.source else downstream)(graph, [fixed.node])
        order = execution_order(graph)
        rank = {name: at for at, name in enumerate((*order, *sorted(graph.nodes.keys() - set(order), key=natural_key)))}
        ports = [
            port
            for name, item in canvas.nodes.items()
            if name not in blocked
            for port in item.face.ports
            if port.side == side
        ]
        spec, project = canvas.spec_of(gesture.source) if gesture.source else None, self._view.session.view

        def fits(port: PortFace) -> bool:
            if gesture.source:
                return not misfit(port.port, spec)
            return not misfit(port_of(project, fixed), canvas.spec_of(port.end))

        def key(port: PortFace) -> tuple[bool, bool, bool, int, tuple[str, int]]:
            name = port.end.node
            behind = (rank[name] < rank[fixed.node]) is bool(gesture.source)
            return not fits(port), port.end in graph.links, behind, rank[name], slot_key(port.end.port)

        return sorted(ports, key=key)

    def _pointer(self, port: PortFace) -> Pointer:
        place = self._view.canvas.nodes[port.end.node].port_place(port.end)
        return Pointer(place, self._view.mapFromScene(place))

    def _show(self) -> None:
        """Bring the chosen port into view, show the wire to it, and say what it is."""
        port = self._ports[self._at]
        view, item = self._view, self._view.canvas.nodes[port.end.node]
        view.navigator.reveal(item.sceneBoundingRect())
        pointer = self._pointer(port)
        if self._gesture is not None:
            self._gesture.update(pointer)
            text = view.tr("to {port}").format(port=port.end)
        else:
            self._mark(port)
            text = view.tr("from {port}").format(port=port.end)
        keys = view.tr("arrows choose, Enter takes, Esc cancels")
        number = view.tr("{at} of {count}").format(at=self._at + 1, count=len(self._ports))
        why = view.tip.text() if self._gesture is not None and view.tip.isVisible() else ""
        view.tip.show_at(pointer.view, "\n".join(filter(None, (f"{text}  ({number})", why, keys))), wrong=bool(why))
        view.session.announced.emit(", ".join(filter(None, (text, number, why))))

    def _changes(self) -> tuple[SignalInstance, SignalInstance]:
        """Return what tells that the ports to choose from may be others now."""
        return self._view.session.view_changed, self._view.session.here_changed

    def _mark(self, chosen: PortFace | None) -> None:
        for port in self._ports:
            item = self._view.canvas.nodes.get(port.end.node)
            if item:
                item.set_look(hot=chosen.end if chosen and chosen.end.node == port.end.node else None)

    def _stop(self) -> None:
        if not self.is_active:
            return
        self._view.removeEventFilter(self)
        for changed in self._changes():
            changed.disconnect(self._stop)
        gesture, self._gesture = self._gesture, None
        self.is_active = False
        self._mark(None)
        if gesture is not None:
            gesture.cancel()
        self._view.tip.hide()
