"""What a node shows and where: its texts, its size and the places of its ports, computed once per change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from PySide6.QtCore import QCoreApplication, QPointF

from core.graph.names import natural_key
from core.graph.order import slot_key
from core.graph.project import End, Node
from core.graph.shorthand import main_parameters
from core.kinds import LayerKind, Port, Value
from designer.canvas.fitting import exits
from designer.canvas.style import GRID, Style

Side = Literal["input", "output"]

MIN_WIDTH, MAX_WIDTH = 160.0, 280.0
TEXT_LEFT = 38.0
GLYPH, MARK_PAD, MARK_GAP = 11.0, 5.0, 5.0
_PAD, _RIGHT = 9.0, 12.0
_SLOT_PITCH, _LABEL_PITCH = 32.0, 64.0
_CHIP_PITCH = 104.0
_LABEL_GAP = 10.0
_FEW = 3
"""More outputs than this write their shapes in two rows, so that they need half the width."""
TIMES = "\N{MULTIPLICATION SIGN}"


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
    row: int = 0
    """The row in which the shape at an output is written."""
    written: str = ""
    """The label as far as there is room for it."""
    crowded: bool = False
    """It stands close to its neighbours: what is written at it must be short."""

    @property
    def optional(self) -> bool:
        """True where nothing has to be linked."""
        return self.port is not None and self.port.optional


@dataclass(frozen=True)
class Mark:
    """A pill beside a node's kind: a glyph (the name of an icon, or nothing) and a few letters."""

    glyph: str
    text: str

    def width(self, style: Style) -> float:
        """Return how wide the pill is."""
        inside = style.width(self.text, "chip") + (GLYPH if self.glyph else 0)
        return inside + (3 if self.glyph and self.text else 0) + 2 * MARK_PAD


@dataclass(frozen=True)
class Circumstances:
    """What a node's face takes from around it: values that the last check found, and who shares its layer.

    ``repeat`` is the number that the check made of the node's own, which may be an expression (0: not known yet).
    """

    arguments: Mapping[str, Value] = field(default_factory=dict)
    slots: tuple[str, ...] | None = None
    """Slots of the outputs; None: those linked and one of every port."""
    repeat: int = 0
    sharers: int = 0
    unused_hidden: bool = False
    """Ports that nothing needs and nothing is linked to are left out."""
    searched: bool = False
    """A sweep tries other values here."""


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
    marks: tuple[Mark, ...] = ()
    """How often it is stacked, and whether its layer is shared."""
    stacked: bool = False
    searched: bool = False
    """A sweep tries other values of it; the mark of that takes no room, so that nothing moves for it."""

    @property
    def family(self) -> str:
        """The family whose colour and icon it wears."""
        return self.kind.family if self.kind else ""

    @property
    def ports(self) -> tuple[PortFace, ...]:
        """All ports, inputs first."""
        return self.inputs + self.outputs

    @property
    def is_group(self) -> bool:
        """True for a node that has an inside."""
        return bool(self.kind and self.kind.group)


def make_face(
    node: Node,
    kind: LayerKind | None,
    inputs: Collection[str],
    outputs: Collection[str],
    style: Style,
    around: Circumstances | None = None,
) -> Face:
    """Return the face of a node of a kind (None: nobody knows it); ``inputs`` and ``outputs`` are its linked slots."""
    around = around or Circumstances()
    ins = _inputs(node, kind, inputs)
    outs = _outputs(node, kind, outputs, around.slots)
    if around.unused_hidden:
        ins, outs = [port for port in ins if _is_used(port)], [port for port in outs if port is outs[0] or port.linked]
    if node.collapsed:
        ins, outs = _unlabelled(ins), _unlabelled(outs)
    kind_name = kind.display if kind else node.kind.partition(":")[2] or node.kind
    line = f"= {node.shares}" if node.shares else main_parameters(kind, node.params, around.arguments)
    label = node.label
    if node.collapsed:
        kind_name = line = label = ""
    stack = _stack(node, around.repeat)
    marks = _marks(node, stack, around.sharers)
    marked = sum(mark.width(style) + MARK_GAP for mark in marks)
    width = _width(node, (kind_name, line, label), ins, outs, style, marked)
    room = width - TEXT_LEFT - _RIGHT
    head = room - marked
    name = style.elided(node.name, "name", max(head - style.width(kind_name, "text") - 12, head * 0.45), middle=True)
    rows = style.metrics["name"].height()
    step = style.metrics["text"].height() + 1
    rows += step * (bool(line) + bool(label))
    label_row = style.metrics["chip"].height() + 2
    top = _PAD + (label_row if _labelled(ins) else 0)
    height = round(top + rows + _PAD + (label_row if _labelled(outs) else 0))
    return Face(
        node=node,
        kind=kind,
        name=name,
        kind_name=style.elided(kind_name, "text", head - style.width(name, "name") - 8),
        line=style.elided(line, "text", room),
        label=style.elided(label, "text", room),
        width=width,
        height=height,
        top=top,
        inputs=_spread(ins, width, 0.0, _input_pitch(ins, style), style),
        outputs=_spread(outs, width, height, _output_pitch(outs), style),
        marks=marks,
        stacked=bool(stack),
        searched=around.searched,
    )


def _marks(node: Node, stack: str, sharers: int) -> tuple[Mark, ...]:
    found = [Mark("", stack)] if stack else []
    if node.shares or sharers:
        found.append(Mark("link", str(sharers) if sharers and not node.shares else ""))
    return tuple(found)


def _stack(node: Node, known: int) -> str:
    """Return how often a node is stacked, and whether with one set of weights; nothing where it stands once."""
    count = str(node.repeat) if not isinstance(node.repeat, str) else f"{known or node.repeat}"
    if count == "1":
        return ""
    tied = QCoreApplication.translate("Canvas", "tied")
    return f"{TIMES}{count} {tied}" if node.tied else f"{TIMES}{count}"


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


def _outputs(
    node: Node, kind: LayerKind | None, linked: Collection[str], slots: Sequence[str] | None
) -> list[PortFace]:
    ports: list[tuple[str, Port | None]]
    if kind:
        shown = dict.fromkeys((*(slots if slots is not None else exits(kind)), *sorted(linked, key=slot_key)))
        ports = [(name, port) for name in shown if (port := kind.output_port(name))]
    else:
        ports = [(name, None) for name in sorted(linked, key=natural_key)]
    return [
        PortFace(
            End(node.name, name),
            "output",
            QPointF(),
            _output_label(name, port) if len(ports) > 1 else "",
            name in linked,
            False,
            port,
            row=number % 2 if len(ports) > _FEW else 0,
            crowded=len(ports) > _FEW,
        )
        for number, (name, port) in enumerate(ports)
    ]


def _output_label(slot: str, port: Port | None) -> str:
    return slot.partition(".")[2] if port and port.variadic else slot


def _is_used(port: PortFace) -> bool:
    """True for an input that is linked or has to be; a variadic port's free slot only where it is its first."""
    return port.linked or not (port.optional or (port.extra and not port.end.port.endswith(".0")))


def _unlabelled(ports: list[PortFace]) -> list[PortFace]:
    """Return ports without a label beside them."""
    return [replace(port, label="") for port in ports]


def _labelled(ports: list[PortFace]) -> bool:
    return any(port.label for port in ports)


def _input_pitch(ins: list[PortFace], style: Style) -> float:
    """Return how far inputs stand apart: as far as their labels need, but close where there are none."""
    if not _labelled(ins):
        return _SLOT_PITCH
    widest = max(style.width(port.label, "chip") for port in ins)
    return min(max(widest + _LABEL_GAP, _SLOT_PITCH), _LABEL_PITCH) if len(ins) > _FEW else _LABEL_PITCH


def _output_pitch(outs: list[PortFace]) -> float:
    return _CHIP_PITCH if len(outs) <= _FEW else _CHIP_PITCH / 2 + 4


def _width(
    node: Node, texts: tuple[str, str, str], ins: list[PortFace], outs: list[PortFace], style: Style, marked: float
) -> float:
    """Return a width on the double grid, so that centres of nodes of any width can line up on the grid.

    ``texts`` are the kind's name, the parameters and the label.
    """
    kind_name, line, label = texts
    head = style.width(node.name, "name") + 14 + style.width(kind_name, "text") + marked
    text = max(head, style.width(line, "text"), style.width(label, "text")) + TEXT_LEFT + _RIGHT
    ports = max(len(ins) * _input_pitch(ins, style), len(outs) * _output_pitch(outs) if len(outs) > 1 else 0)
    step = 2 * GRID
    return max(step * -(-max(min(text, MAX_WIDTH), MIN_WIDTH) // step), step * -(-ports // step))


def _spread(ports: list[PortFace], width: float, y: float, pitch: float, style: Style) -> tuple[PortFace, ...]:
    first = width / 2 - pitch * (len(ports) - 1) / 2
    room = pitch - _LABEL_GAP / 2
    return tuple(
        replace(port, centre=QPointF(first + number * pitch, y), written=style.elided(port.label, "chip", room))
        for number, port in enumerate(ports)
    )
