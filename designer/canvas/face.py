"""What a node shows and where: its texts, its size and the places of its ports, computed once per change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QPointF

from core.graph.names import natural_key
from core.graph.order import slot_key
from core.graph.project import End, Node
from core.kinds import LayerKind, Port, Value
from core.layers import catalogue
from designer.canvas.style import GRID, Style
from designer.canvas.summary import main_parameters

Side = Literal["input", "output"]

MIN_WIDTH, MAX_WIDTH = 160.0, 280.0
TEXT_LEFT = 38.0
_PAD, _RIGHT = 9.0, 12.0
_SLOT_PITCH, _LABEL_PITCH = 32.0, 64.0
_CHIP_PITCH = 104.0


@dataclass(frozen=True)
class PortFace:
    """A port as drawn: its end in the graph, its place on the node, and whether something is linked there."""

    end: End
    side: Side
    centre: QPointF
    label: str = ""
    linked: bool = False
    extra: bool = False
    """The free slot that a variadic port always offers."""
    port: Port | None = None


@dataclass(frozen=True)
class Face:
    """A node as drawn, in its own coordinates: the top left corner is (0, 0)."""

    node: Node
    kind: LayerKind | None
    name: str
    kind_name: str
    line: str
    label: str
    width: float
    height: float
    top: float
    """Where the first row of text starts: below the labels of the inputs."""
    inputs: tuple[PortFace, ...]
    outputs: tuple[PortFace, ...]

    @property
    def family(self) -> str:
        """The family whose colour and icon it wears."""
        return self.kind.family if self.kind else ""

    @property
    def ports(self) -> tuple[PortFace, ...]:
        """All ports, inputs first."""
        return self.inputs + self.outputs


def make_face(
    node: Node, inputs: Collection[str], outputs: Collection[str], arguments: Mapping[str, Value], style: Style
) -> Face:
    """Return the face of a node.

    ``inputs`` and ``outputs`` are the names of its linked ports, ``arguments`` the values that the last check resolved.
    """
    kind = catalogue.find(node.kind)
    ins = _inputs(node, kind, inputs)
    outs = _outputs(node, kind, outputs)
    kind_name = kind.display if kind else node.kind
    line = main_parameters(kind, node.params, arguments)
    width = _width(node, kind_name, line, ins, outs, style)
    room = width - TEXT_LEFT - _RIGHT
    name = style.elided(node.name, "name", max(room - style.width(kind_name, "text") - 12, room * 0.45), middle=True)
    rows = style.metrics["name"].height()
    step = style.metrics["text"].height() + 1
    rows += step * (bool(line) + bool(node.label))
    label_row = style.metrics["chip"].height() + 2
    top = _PAD + (label_row if _labelled(ins) else 0)
    height = round(top + rows + _PAD + (label_row if _labelled(outs) else 0))
    return Face(
        node=node,
        kind=kind,
        name=name,
        kind_name=style.elided(kind_name, "text", room - style.width(name, "name") - 8),
        line=style.elided(line, "text", room),
        label=style.elided(node.label, "text", room),
        width=width,
        height=height,
        top=top,
        inputs=_spread(ins, width, 0.0, _LABEL_PITCH if _labelled(ins) else _SLOT_PITCH),
        outputs=_spread(outs, width, height, _CHIP_PITCH),
    )


def _inputs(node: Node, kind: LayerKind | None, linked: Collection[str]) -> list[PortFace]:
    def face(name: str, port: Port | None, *, label: str = "", extra: bool = False) -> PortFace:
        return PortFace(End(node.name, name), "input", QPointF(), label, name in linked, extra, port)

    if kind is None:
        return [face(name, None, label=name) for name in sorted(linked, key=slot_key)]
    found: list[PortFace] = []
    for port in kind.inputs:
        label = port.name if len(kind.inputs) > 1 else ""
        if not port.variadic:
            found.append(face(port.name, port, label=label))
            continue
        used = sorted((name for name in linked if name.startswith(f"{port.name}.")), key=slot_key)
        found += [face(name, port, label=label) for name in used]
        free = next(index for index in range(len(used) + 1) if f"{port.name}.{index}" not in linked)
        found.append(face(f"{port.name}.{free}", port, label=label, extra=True))
        found.sort(key=lambda each: slot_key(each.end.port) if each.port is port else ("", 0))
    return found


def _outputs(node: Node, kind: LayerKind | None, linked: Collection[str]) -> list[PortFace]:
    ports: list[tuple[str, Port | None]]
    if kind:
        ports = [(port.name, port) for port in kind.outputs]
    else:
        ports = [(name, None) for name in sorted(linked, key=natural_key)]
    return [
        PortFace(End(node.name, name), "output", QPointF(), name if len(ports) > 1 else "", name in linked, False, port)
        for name, port in ports
    ]


def _labelled(ports: list[PortFace]) -> bool:
    return any(port.label for port in ports)


def _width(node: Node, kind_name: str, line: str, ins: list[PortFace], outs: list[PortFace], style: Style) -> float:
    """Return a width on the double grid, so that centres of nodes of any width can line up on the grid."""
    head = style.width(node.name, "name") + 14 + style.width(kind_name, "text")
    text = max(head, style.width(line, "text"), style.width(node.label, "text")) + TEXT_LEFT + _RIGHT
    ports = max(
        len(ins) * (_LABEL_PITCH if _labelled(ins) else _SLOT_PITCH), len(outs) * _CHIP_PITCH if len(outs) > 1 else 0
    )
    step = 2 * GRID
    return max(step * -(-max(min(text, MAX_WIDTH), MIN_WIDTH) // step), step * -(-ports // step))


def _spread(ports: list[PortFace], width: float, y: float, pitch: float) -> tuple[PortFace, ...]:
    first = width / 2 - pitch * (len(ports) - 1) / 2
    return tuple(replace(port, centre=QPointF(first + number * pitch, y)) for number, port in enumerate(ports))
