"""What a project is made of. Everything here is frozen: only edits, applied by the document, make the next project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from core.kinds import Value

Meaning = Literal[
    "number",
    "category",
    "flag",
    "labels",
    "date",
    "text",
    "sequence",
    "array",
    "image",
    "mask",
    "audio",
    "identifier",
]
"""What a field's values are. "labels" are any number of words a sample, "sequence" numbers of any length (steps, or
steps × features), "array" numbers of one fixed shape, "mask" a class for every pixel."""
UNUSABLE: tuple[Meaning, ...] = ("identifier",)
"""Meanings that have no way to become numbers, so that they can be neither input nor target."""
Role = Literal["input", "target", "weight", "group", "time", "split", "ignore"]
"""What a field is for. "weight" says how much each sample counts, "group" which samples stay together in one part,
"time" in which order they happened, "split" which part each belongs to."""
Encoding = str
"""How values become numbers: one of those that the field's meaning lists (``core.graph.meanings``)."""
Missing = str
"""What becomes of a missing value: one of those that the field's meaning lists."""
SplitMethod = Literal["stratified", "random", "group", "time", "column", "k-fold"]
Sampling = Literal["shuffle", "balanced"]
Device = Literal["auto", "cpu", "cuda", "mps", "xpu"]
Mode = Literal["", "bypass", "mute"]
Colour = Literal["", "red", "orange", "yellow", "green", "teal", "blue", "purple", "grey"]
"""What a node, a frame or a note may be marked with; "" is no mark. The theme says what each looks like."""
Point = tuple[float, float]
"""x and y in scene units."""

INPUT = "Input"
OUTPUT = "Output"
GROUP_PREFIX = "group:"
PYTHON_PREFIX = "python:"


@dataclass(frozen=True, order=True)
class End:
    """One end of a link: a node and one of its ports (slot ``inputs.1`` of a variadic port)."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


@dataclass(frozen=True)
class Node:
    """A layer on the canvas. ``params`` holds only what was set; everything else is the kind's default.

    ``name`` is a unique Python identifier: the attribute in the source and the prefix in the state dict. ``kind`` is
    the id of a layer kind, or ``group:Name`` or ``python:Name`` for a definition of the project's own.
    ``repeat`` stacks a group that many times (an expression is allowed), each time with weights of its own or, where
    it is ``tied``, with the same. ``shares`` names the node whose layer this one is: one set of weights, several calls;
    kind and parameters are then that node's. ``mode`` "bypass" passes on what arrives, "mute" gives nothing.
    ``colour`` and ``collapsed`` (only the name is shown) concern the eye alone. ``weights`` is what its tensors are
    called in the file that the project starts from, where that is not its name ("." : they have no name in front).
    ``extra`` keeps what a newer version or a missing plug-in wrote, so that saving loses nothing.
    """

    name: str
    kind: str
    params: Mapping[str, Value] = field(default_factory=dict)
    label: str = ""
    position: tuple[float, float] = (0.0, 0.0)
    repeat: int | str = 1
    tied: bool = False
    shares: str = ""
    mode: Mode = ""
    colour: Colour = ""
    collapsed: bool = False
    weights: str = ""
    extra: Mapping[str, Value] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Name of the group that the node uses, or an empty string."""
        return self.kind.removeprefix(GROUP_PREFIX) if self.kind.startswith(GROUP_PREFIX) else ""

    @property
    def python(self) -> str:
        """Name of the Python layer that the node uses, or an empty string."""
        return self.kind.removeprefix(PYTHON_PREFIX) if self.kind.startswith(PYTHON_PREFIX) else ""


@dataclass(frozen=True)
class Frame:
    """A titled area behind nodes, which carries along what lies inside. ``name`` is unique in its graph."""

    name: str
    title: str = ""
    position: Point = (0.0, 0.0)
    size: Point = (320.0, 240.0)
    colour: Colour = "grey"


@dataclass(frozen=True)
class Note:
    """A text on the canvas, in Markdown. ``name`` is unique in its graph."""

    name: str
    text: str = ""
    position: Point = (0.0, 0.0)
    size: Point = (240.0, 120.0)
    colour: Colour = "yellow"


@dataclass(frozen=True)
class Bookmark:
    """A place to come back to: the group nodes opened, the middle of the view in scene units, and the zoom."""

    path: tuple[str, ...] = ()
    centre: Point = (0.0, 0.0)
    zoom: float = 1.0


@dataclass(frozen=True)
class Graph:
    """Nodes by name, and links from the input end (which takes at most one) to the output end that feeds it.

    ``frames`` and ``notes`` (by name) and ``routes`` (by the link's input end: the points that its wire passes) are for
    the eye alone.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    links: Mapping[End, End] = field(default_factory=dict)
    frames: Mapping[str, Frame] = field(default_factory=dict)
    notes: Mapping[str, Note] = field(default_factory=dict)
    routes: Mapping[End, tuple[Point, ...]] = field(default_factory=dict)

    def of_kind(self, kind: str) -> tuple[Node, ...]:
        """Return the nodes of one kind, in order of their names."""
        return tuple(sorted((node for node in self.nodes.values() if node.kind == kind), key=lambda node: node.name))


@dataclass(frozen=True)
class GroupParameter:
    """A number that every use of a group may set, and expressions inside may name."""

    name: str
    default: int | float = 1
    help: str = ""


@dataclass(frozen=True)
class Group:
    """A network to be used as a layer, any number of times: one class in the written source.

    ``name`` is the name of that class. The Input and Output nodes of ``graph`` are its ports, by name in natural order.
    ``weights`` is the path of a ``.safetensors`` file that every use starts from ("" : from fresh weights).
    """

    name: str
    graph: Graph = Graph()
    parameters: tuple[GroupParameter, ...] = ()
    help: str = ""
    weights: str = ""
    extra: Mapping[str, Value] = field(default_factory=dict)

    @cached_property
    def uses(self) -> frozenset[str]:
        """Names of the groups that this one uses directly."""
        return frozenset(node.group for node in self.graph.nodes.values() if node.group)

    @cached_property
    def has_modes(self) -> bool:
        """True where a node inside is bypassed or muted."""
        return any(node.mode for node in self.graph.nodes.values())


@dataclass(frozen=True)
class PythonLayer:
    """The source of a ``torch.nn.Module`` written by the user. It is run only once the user has trusted it."""

    name: str
    source: str = ""
    extra: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """A column of a table, or the images, sounds, texts… of a set: what it means and how it becomes numbers.

    ``shape`` is one sample's shape as read (``()`` for a table's cell, ``(channels, height, width)`` for an image);
    0 stands for a size that differs between samples.
    ``categories`` lists the values of a category or flag in the order of their indices (of text: its tokens, once they
    were learnt). ``reason`` says why the meaning was inferred. ``options`` holds what was set of the options that the
    meaning declares (``core.graph.meanings``), ``augment`` the options of each augmentation by its id.
    """

    name: str
    meaning: Meaning
    role: Role = "input"
    shape: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    encoding: Encoding = "none"
    missing: Missing = "mean"
    reason: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)
    augment: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True)
class Split:
    """How samples are divided: shares of the whole, drawn with ``seed``; the rest is for training.

    "group" keeps the rows of one value of the field with the role "group" together, "time" takes the latest for
    testing and those before for validation, "column" reads the part from the field with the role "split". "k-fold"
    takes the share ``test`` away and divides the rest into ``folds`` of equal size, of which number ``fold`` (from 0)
    is for validation.
    """

    method: SplitMethod = "stratified"
    validation: float = 0.2
    test: float = 0.0
    seed: int = 0
    folds: int = 5
    fold: int = 0

    @property
    def validates(self) -> bool:
        """True where there may be a part for validation."""
        return self.validation > 0 or self.method in ("column", "k-fold")


@dataclass(frozen=True)
class Window:
    """Makes samples of ``length`` rows that follow one another in time; 0: each row is a sample.

    The target is the value ``horizon`` rows after the window's last (0: at its last). A sample begins every ``stride``
    rows; none reaches over the border of a group, or a gap in time that else goes on in equal steps.
    """

    length: int = 0
    horizon: int = 1
    stride: int = 1


@dataclass(frozen=True)
class DataBinding:
    """Where the samples come from. An empty ``source`` means that no data is bound yet.

    ``sampling`` "balanced" draws every class equally often in an epoch; ``window`` makes samples of a time series.
    """

    source: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    split: Split = Split()
    window: Window = Window()
    sampling: Sampling = "shuffle"

    def field(self, name: str) -> Field | None:
        """Return the field of that name."""
        return next((each for each in self.fields if each.name == name), None)

    def with_role(self, role: Role) -> tuple[Field, ...]:
        """Return the fields of one role, in their order."""
        return tuple(each for each in self.fields if each.role == role)


@dataclass(frozen=True)
class TrainingSettings:
    """How the network is trained; the defaults are plain training.

    ``optimizer_options`` and ``schedule_options`` hold only what differs from the defaults. ``decay`` "matrices" keeps
    weight decay away from biases and normalisation. ``combine`` says how the losses of several outputs become one.
    ``monitor`` names the curve that decides what is best ("validation/loss", "training/digit/accuracy"; "": the loss
    over the validation part, without one that of training), and training ends after ``patience`` epochs (0: never)
    without an improvement by more than ``min_delta``. ``clip`` limits gradients to ``clip_at``; ``accumulate`` batches
    make one step. ``average`` keeps an average of the weights, with which validation and the best checkpoint are made:
    "ema" with ``average_decay`` at every step, "swa" the mean over the epochs from the share ``average_start`` on.
    ``precision`` is that of the forward pass; ``compile`` uses ``torch.compile``. ``process`` trains in a process of
    its own. ``diagnostics`` looks into the network while it learns; ``loggers`` are the ids of what else is told of a
    run ("tensorboard", "mlflow"…), ``logger_options`` what was set of the options of each.
    """

    optimizer: str = "Adam"
    learning_rate: float = 1e-3
    optimizer_options: Mapping[str, Value] = field(default_factory=dict)
    batch_size: int = 32
    epochs: int = 20
    device: Device = "auto"
    seed: int = 0
    decay: Literal["all", "matrices"] = "all"
    schedule: str = "constant"
    schedule_options: Mapping[str, Value] = field(default_factory=dict)
    accumulate: int = 1
    combine: Literal["sum", "mean"] = "sum"
    monitor: str = ""
    patience: int = 0
    min_delta: float = 0.0
    clip: Literal["none", "norm", "value"] = "none"
    clip_at: float = 1.0
    average: Literal["none", "ema", "swa"] = "none"
    average_decay: float = 0.999
    average_start: float = 0.75
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    compile: bool = False
    process: bool = False
    diagnostics: bool = True
    loggers: tuple[str, ...] = ()
    logger_options: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True)
class Dimension:
    """One thing that a search varies: what stands at a place of the project.

    ``place`` is "variable/width", "node/conv1/kernel_size" (a parameter; a node inside a group is "node/Group:conv1"),
    "node/block1/repeat", "node/act1/kind", "node/drop1/mode" ("node/pad1/node.mode" where the layer has a parameter of
    that name) or "training/learning_rate". Numbers lie from ``low`` to
    ``high``, both included, in multiples of ``step`` from ``low`` (0: any), on a logarithmic scale where ``log`` is
    set; ``choices`` are values of any kind, in place of a range.
    """

    place: str
    low: float | int = 0
    high: float | int = 0
    step: float | int = 0
    log: bool = False
    choices: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Search:
    """What a sweep tries: ``trials`` networks, each with other values for the ``dimensions``.

    ``metric`` names the curve that is made best ("" : the one that training monitors). ``sampler`` draws the values,
    ``pruner`` ends trials early that go badly ("none": never); both by id. Trials are drawn from ``seed``.
    """

    dimensions: tuple[Dimension, ...] = ()
    trials: int = 50
    metric: str = ""
    sampler: str = "tpe"
    pruner: str = "median"
    seed: int = 0


@dataclass(frozen=True)
class Project:
    """All that a project file holds. ``variables`` are numbers that parameters may use in expressions.

    ``bookmarks`` are kept under the digits 1 to 9.

    ``groups`` and ``code`` are definitions by name; nodes of the graph and of groups use them. ``weights`` is the path
    of a ``.safetensors`` file that the network starts from, as far as names and shapes fit ("" : from fresh weights).
    """

    name: str = "Untitled"
    notes: str = ""
    variables: Mapping[str, int | float] = field(default_factory=dict)
    data: DataBinding = DataBinding()
    graph: Graph = Graph()
    training: TrainingSettings = TrainingSettings()
    groups: Mapping[str, Group] = field(default_factory=dict)
    code: Mapping[str, PythonLayer] = field(default_factory=dict)
    bookmarks: Mapping[str, Bookmark] = field(default_factory=dict)
    weights: str = ""
    search: Search = Search()
    extra: Mapping[str, Value] = field(default_factory=dict)

    def inside(self, group: str, values: Mapping[str, int | float] | None = None) -> Project:
        """Return this project as it looks from inside a group: its graph is the group's.

        The group's parameters (``values``, else their defaults) are variables there, before the project's own.

        Raises:
            KeyError: there is no such group.
        """
        definition = self.groups[group]
        own = {each.name: each.default for each in definition.parameters} | dict(values or {})
        return replace(self, graph=definition.graph, variables={**self.variables, **own})
