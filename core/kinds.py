"""What a layer kind is: the declaration from which palette, editor, shape check, source, help and tests follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Value = Any
"""A parameter's value: None, bool, int, float, str, or a tuple of these (all that JSON can hold)."""

Shape = tuple[int, ...]
DType = Literal["float", "int", "any"]
ParameterType = Literal["int", "float", "bool", "choice", "text", "ints", "fields", "target", "loss", "metrics"]


class _Required:
    """The default of a parameter that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True)
class Port:
    """A place where a link starts or ends.

    ``ranks`` are the numbers of dimensions accepted, batch included (empty: any). A *variadic* port takes any number of
    links, in its slots ``name.0``, ``name.1``, …; an *optional* one may stay free.
    """

    name: str
    help: str = ""
    dtype: DType = "float"
    ranks: tuple[int, ...] = ()
    optional: bool = False
    variadic: bool = False


@dataclass(frozen=True)
class Parameter:
    """One parameter of a layer: what may be typed and how it is explained.

    ``type`` "ints" is a whole number for every dimension alike or a tuple of ``length`` of them (``length`` 0: a tuple
    of any length, such as a shape). ``choices`` are the words allowed (for "ints" besides numbers: ``padding="same"``).
    ``minimum`` and ``maximum`` are inclusive unless ``exclusive`` is set. ``wildcard`` says what an entry of a shape
    may be besides a size: "name" a name for a dimension that stays open, "-1" one that follows from the others.
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
    wildcard: Literal["", "name", "-1"] = ""

    @property
    def required(self) -> bool:
        """True where there is no default: a value has to be given."""
        return self.default is REQUIRED


@dataclass(frozen=True)
class Call:
    """What a kind needs in order to write its line of ``forward``.

    ``module`` is ``self.<name>`` (empty for an operation), ``inputs`` the variables that arrive at each port (one per
    link), ``outputs`` the variable that each output port assigns (``_`` where nobody reads it).
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


_INPUT = (Port("input"),)
_OUTPUT = (Port("output"),)


FAMILIES = (
    "Input & output",
    "Core",
    "Activation",
    "Convolution",
    "Pooling",
    "Normalisation",
    "Regularisation",
    "Recurrent",
    "Shape",
    "Merge",
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
    (recurrent layers, which would otherwise unroll).
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
    def documentation(self) -> str:
        """Address of the PyTorch page of the module, or an empty string for an operation."""
        if not self.torch_class:
            return ""
        return f"https://docs.pytorch.org/docs/stable/generated/{self.torch_class}.html"

    def input_port(self, slot: str) -> Port | None:
        """Return the port that a link's end names: ``input``, or slot ``inputs.1`` of the variadic ``inputs``."""
        base, _, index = slot.partition(".")
        for port in self.inputs:
            if port.name == base and port.variadic == bool(index) and (not index or index.isdecimal()):
                return port
        return None

    def output_port(self, name: str) -> Port | None:
        """Return the output port of that name."""
        return next((port for port in self.outputs if port.name == name), None)
