"""What a layer kind is: the declaration from which palette, editor, shape check, source, help and tests follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Value = Any
"""A parameter's value: None, bool, int, float, str, or a tuple of these (all that JSON can hold)."""

Shape = tuple[int, ...]
DType = Literal["float", "int", "bool", "any"]
ParameterType = Literal[
    "int", "float", "bool", "choice", "text", "ints", "floats", "fields", "target", "loss", "metrics", "options"
]
Section = Literal["", "Weights", "Training"]


class _Required:
    """The default of a parameter that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True)
class Port:
    """A place where a link starts or ends.

    ``ranks`` are the numbers of dimensions accepted, batch included (empty: any); ``unbatched`` those accepted besides
    where what arrives does not begin with the batch (a free parameter, a final state). A *variadic* input takes any
    number of links, in its slots ``name.0``, ``name.1``, …; a variadic output has as many slots as the kind's
    ``output_count`` says. An *optional* input may stay free. ``dtype`` "any" takes every dtype,
    but those that ``refuses`` names ("bool", "int64", …): what PyTorch has no kernel for though ``meta`` lets it pass.
    """

    name: str
    help: str = ""
    dtype: DType = "float"
    ranks: tuple[int, ...] = ()
    optional: bool = False
    variadic: bool = False
    unbatched: tuple[int, ...] = ()
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One parameter of a layer: what may be typed and how it is explained.

    ``type`` "ints" is a whole number for every dimension alike or a tuple of ``length`` of them (``length`` 0: a tuple
    of any length, such as a shape). ``choices`` are the words allowed (for "ints" besides numbers: ``padding="same"``).
    "floats" is the same for fractions. "options" are pairs of a name and a value. ``section`` groups parameters in the
    form; "" are the layer's own.
    ``minimum`` and ``maximum`` are inclusive unless ``exclusive`` is set. ``wildcard`` says what an entry of a shape
    may be besides a size: "name" a name for a dimension that stays open, "-1" one that follows from the others, "None"
    one that stays as it arrives. ``unit`` is what the number counts or is measured in, where its name and value leave
    one to guess ("features", "0–1" for a share); it is shown behind the value and is no part of it.
    """

    name: str
    type: ParameterType
    default: Value = REQUIRED
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    exclusive: bool = False
    choices: tuple[str, ...] = ()
    length: int = 0
    optional: bool = False
    wildcard: Literal["", "name", "-1", "None"] = ""
    section: Section = ""
    unit: str = ""

    @property
    def required(self) -> bool:
        """True where there is no default: a value has to be given."""
        return self.default is REQUIRED


@dataclass(frozen=True)
class Call:
    """What a kind needs in order to write its line of ``forward``.

    ``module`` is ``self.<name>`` (empty for an operation), ``inputs`` the variables that arrive at each port (one per
    link; an optional port without a link is absent), ``outputs`` the variable that each output slot assigns (``_``
    where nobody reads it; the slots of a variadic port are ``outputs.0``, ``outputs.1``, …).
    """

    module: str
    inputs: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, str]
    arguments: Mapping[str, Value]

    @property
    def input(self) -> str:
        """The variable of the first input port."""
        return next(iter(self.inputs.values()))[0]

    @property
    def output(self) -> str:
        """The variable of the first output port."""
        return next(iter(self.outputs.values()))

    def optional(self, port: str) -> str:
        """Return the variable that arrives at a port, or ``None`` as Python writes it where nothing does."""
        return next(iter(self.inputs.get(port, ())), "None")


def call_module(call: Call) -> str:
    """Write the ordinary line: ``conv1 = self.conv1(image)``."""
    arguments = ", ".join(variable for variables in call.inputs.values() for variable in variables)
    return f"{', '.join(call.outputs.values())} = {call.module}({arguments})"


Derive = Callable[[Mapping[str, Shape], Mapping[str, Value]], Value]
"""From the shapes at the input ports (batch included) and the parameters to the value of a derived parameter.

It may raise ``ModelError``, with a message for the user, where no value fits.
"""


def axis(port: str, index: int) -> Derive:
    """Derive the size of one axis of what arrives at a port (0 is the batch)."""

    def derive(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> Value:
        return shapes[port][index]

    return derive


Rule = Callable[[Mapping[str, Shape], Mapping[str, Value]], str]
"""From the shapes by input slot and the parameters to a message for the user, empty where all is well."""

DTypeRule = Callable[[Mapping[str, str], Mapping[str, Value]], str]
"""From the dtypes by input slot ("float32") and the parameters to a message for the user, empty where all is well."""

_INPUT = (Port("input"),)
_OUTPUT = (Port("output"),)


FAMILIES = (
    "Input & output",
    "Groups",
    "Python",
    "Core",
    "Activation",
    "Convolution",
    "Pooling",
    "Padding",
    "Normalisation",
    "Regularisation",
    "Recurrent",
    "Attention",
    "Vision",
    "Shape",
    "Merge",
    "Arithmetic",
    "Selection",
    "Values",
)
"""The order in which the palette shows families; those of plug-ins follow by name."""


def family_icon_name(family: str) -> str:
    """Return the name of a family's icon, without suffix: ``family_input_output``."""
    return "family_" + re.sub(r"[^a-z0-9]+", "_", family.lower()).strip("_")


@dataclass(frozen=True, eq=False)
class LayerKind:
    """A kind of layer or operation, declared once; compared and hashed by identity.

    ``torch_class`` is the dotted path of the module ("" for an operation, whose line ``call`` writes and whose
    parameters are all declared here). For a module, parameters are read from the torch signature; ``parameters``
    overrides those of the same name, ``hidden`` leaves some out, ``derived`` fills some from the incoming shapes.
    ``own`` names declared parameters that a derivation needs and the constructor does not take.
    ``samples`` are input shapes (one tuple of shapes per sample, batch included) and ``sample_parameters`` the values
    with which they work: the tests and the palette's previews use them.
    ``short_axis`` names a port and axis that may be probed at length 1 because the layer treats every position alike
    (recurrent layers, which would otherwise unroll); the first output keeps it. ``repeats`` names the parameters that
    say how often a part of the module is repeated whose output is shaped like its input: one is enough for the probe.

    ``construct`` writes the expression that makes the module (or the parameter or buffer) where it is more than the
    class with its arguments, such as ``nn.TransformerEncoder(nn.TransformerEncoderLayer(…), num_layers=2)``; it is
    given all values, derived ones included. ``output_count`` says how many slots a variadic output has.
    ``rules`` are what PyTorch asks of parameters and input shapes where running on ``meta`` would accept too much: they
    are given the shapes by slot and all values but the derived ones, and return a message for the user or nothing.
    ``dtype_rules`` are the same for dtypes, where what a port takes depends on parameters or on another port.
    ``mode`` is how the module is probed; "both" where training may refuse what evaluation accepts.
    ``formula`` is a line of mathematics for the learner; ``docs`` the name of the page in PyTorch's documentation
    where it is not ``torch_class`` (``torch.cat``). ``weights`` are the stems of the tensors that initialisers,
    constraints and penalties may be chosen for ("weight", "bias"); ``activates`` says that an activation may be chosen
    as a property of the layer. ``penalty`` names the parameter that, where it is not 0, makes the module's own
    ``penalty()`` part of the training loss.
    ``group`` names the project's group that the kind stands for. ``code`` is the user's own source, which defines the
    class that ``construct`` names: it must be trusted before it is run.
    """

    id: str
    family: str
    help: str
    torch_class: str = ""
    title: str = ""
    stem: str = ""
    inputs: tuple[Port, ...] = _INPUT
    outputs: tuple[Port, ...] = _OUTPUT
    parameters: tuple[Parameter, ...] = ()
    hidden: tuple[str, ...] = ()
    derived: Mapping[str, Derive] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    face: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    call: Callable[[Call], str] = call_module
    samples: tuple[tuple[Shape, ...], ...] = ()
    sample_parameters: Mapping[str, Value] = field(default_factory=dict)
    short_axis: tuple[str, int] | None = None
    repeats: tuple[str, ...] = ()
    construct: Callable[[Mapping[str, Value]], str] | None = None
    output_count: Callable[[Mapping[str, Value]], int] | None = None
    rules: tuple[Rule, ...] = ()
    dtype_rules: tuple[DTypeRule, ...] = ()
    mode: Literal["eval", "train", "both"] = "eval"
    formula: str = ""
    docs: str = ""
    weights: tuple[str, ...] = ()
    activates: bool = False
    penalty: str = ""
    group: str = ""
    code: str = ""

    @property
    def name_stem(self) -> str:
        """What a new node's name starts with: ``conv`` for ``conv1``, ``conv2``…"""
        return self.stem or self.id.lower()

    @property
    def display(self) -> str:
        """The kind's name as the user reads it."""
        return self.title or self.id

    @property
    def icon(self) -> str:
        """Name of the family's icon; see ``family_icon_name``."""
        return family_icon_name(self.family)

    @property
    def has_module(self) -> bool:
        """True where the layer is an attribute of the network: a module, a free parameter or a buffer."""
        return bool(self.torch_class or self.construct or self.group)

    @property
    def documentation(self) -> str:
        """Address of the PyTorch page of the module or function, or an empty string where there is none."""
        page = self.docs or (self.torch_class if self.torch_class.startswith("torch.") else "")
        return f"https://docs.pytorch.org/docs/stable/generated/{page}.html" if page else ""

    def input_port(self, slot: str) -> Port | None:
        """Return the port that a link's end names: ``input``, or slot ``inputs.1`` of the variadic ``inputs``."""
        return _port(self.inputs, slot)

    def output_port(self, slot: str) -> Port | None:
        """Return the port that a link's start names: ``output``, or slot ``outputs.1`` of the variadic ``outputs``."""
        return _port(self.outputs, slot)

    def input_slots(self, count: int) -> tuple[str, ...]:
        """Return the slots of the first inputs that can take ``count`` links."""
        found: list[str] = []
        for port in self.inputs:
            if port.variadic:
                found += [f"{port.name}.{index}" for index in range(count - len(found))]
            else:
                found.append(port.name)
        return tuple(found[:count])

    def output_slots(self, values: Mapping[str, Value]) -> tuple[str, ...]:
        """Return the slots of all output ports for these values of the parameters."""
        count = self.output_count(values) if self.output_count else 0
        return tuple(
            slot
            for port in self.outputs
            for slot in ([f"{port.name}.{index}" for index in range(count)] if port.variadic else [port.name])
        )


def _port(ports: tuple[Port, ...], slot: str) -> Port | None:
    base, _, index = slot.partition(".")
    for port in ports:
        if port.name == base and port.variadic == bool(index) and (not index or index.isdecimal()):
            return port
    return None
