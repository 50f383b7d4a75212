"""Reads what stands behind a layer's name in a quick line into the kind's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.errors import did_you_mean
from core.expressions import Number, is_expression, names_in
from core.graph.quickline.syntax import Argument, LineProblem
from core.kinds import LayerKind, Parameter, Value
from core.parameters import parameters_of, parse_value, resolve

LETTERS: dict[str, tuple[str, ...]] = {
    "a": ("activation", "alpha"),
    "c": ("out_channels", "num_classes"),
    "d": ("dilation", "dim"),
    "e": ("embedding_dim",),
    "f": ("dim_feedforward", "out_features"),
    "g": ("groups", "num_groups"),
    "h": ("num_heads", "nhead", "hidden_size"),
    "k": ("k", "kernel_size"),
    "l": ("num_layers", "num_encoder_layers"),
    "n": ("num_layers", "num_embeddings", "num_groups", "num_classes"),
    "o": ("out_channels", "out_features", "output_size"),
    "p": ("p", "padding", "dropout"),
    "s": ("stride", "scale_factor", "upscale_factor", "downscale_factor", "size"),
}
"""Short letters, each for the first of these parameters that the kind has: ``k3``, ``p1``, ``h8``."""
WORDS: dict[str, tuple[str, ...]] = {
    "act": ("activation",),
    "bidir": ("bidirectional",),
    "channels": ("out_channels",),
    "factor": ("scale_factor", "upscale_factor", "downscale_factor"),
    "features": ("out_features",),
    "heads": ("num_heads", "nhead"),
    "hidden": ("hidden_size",),
    "kernel": ("kernel_size",),
    "layers": ("num_layers",),
    "out": ("out_channels", "out_features"),
    "pad": ("padding", "pad"),
    "rate": ("p", "dropout"),
    "size": ("size", "output_size", "kernel_size"),
    "units": ("out_features", "hidden_size"),
}
"""Longer names besides the parameters' own."""
_PLACES = {
    "Upsample": ("scale_factor", "mode"),
    "Interpolate": ("scale_factor", "mode"),
    "UpsamplingNearest2d": ("scale_factor",),
    "UpsamplingBilinear2d": ("scale_factor",),
}
"""Parameters by place where the first that the node shows is not what one means by a number."""
_LETTERED = re.compile(r"([^\W\d_]+(?:_[^\W\d_]+)*)(-?[\d.].*|\(.*\))", re.DOTALL)
_REFUSED = re.compile(r"(?:no-?|!)([^\W\d]\w*)", re.IGNORECASE)
_NUMBERS = ("int", "float", "ints", "floats")
_TEXTS = ("fields", "metrics", "target", "loss")


def read_arguments(
    kind: LayerKind, arguments: Sequence[Argument], variables: Mapping[str, Number]
) -> tuple[dict[str, Value], LineProblem | None]:
    """Return the parameters that the arguments set, and the first problem with one of them.

    Raises:
        ModelError: the kind's module class cannot be imported.
    """
    reader = _Reader(kind, variables)
    for argument in arguments:
        try:
            reader.read(argument)
        except ValueError as error:
            return reader.params, LineProblem(argument.start, argument.end, str(error))
    return reader.params, reader.wrong()


class _Reader:
    """Reads one layer's arguments. Its methods raise ValueError with a message for the user."""

    def __init__(self, kind: LayerKind, variables: Mapping[str, Number]) -> None:
        self.kind = kind
        self.variables = variables
        self.params: dict[str, Value] = {}
        self.written: dict[str, Argument] = {}
        self.parameters = {each.name: each for each in parameters_of(kind)}

    def read(self, argument: Argument) -> None:
        """Take over one argument."""
        if argument.name:
            self._set(argument, self._named(argument.name), argument.text)
        elif not (self._lettered(argument) or self._word(argument)):
            self._set(argument, self._placed(argument), argument.text)

    def wrong(self) -> LineProblem | None:
        """Return what does not fit once everything is read: a value out of range, an unknown variable."""
        _values, problems = resolve(self.kind, self.params, self.variables)
        for problem in problems:
            argument = self.written.get(problem.name)
            if argument:
                return LineProblem(argument.start, argument.end, self._explained(problem.message, argument))
        return None

    def _explained(self, message: str, argument: Argument) -> str:
        text, lettered = argument.text, _LETTERED.fullmatch(argument.text)
        if (
            argument.name
            or not text.isidentifier()
            or text in self.variables
            or (lettered and self._known(lettered[1]))
        ):
            return message
        words = [word for each in self.parameters.values() for word in each.choices]
        hint = did_you_mean(text, [*words, *self.parameters, *self.variables])
        return f"'{text}' is neither a word nor a variable that {self.kind.display} can use here.{hint}"

    def _set(self, argument: Argument, parameter: Parameter, text: str) -> None:
        if parameter.name in self.params:
            raise ValueError(f"{parameter.name} is given twice.")
        if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
            text = text[1:-1]
        self.params[parameter.name] = parse_value(parameter, text)
        self.written[parameter.name] = argument

    def _lettered(self, argument: Argument) -> bool:
        """Take ``k3``, ``heads8``, ``k(3, 5)``; leave what is an expression over known variables."""
        found = _LETTERED.fullmatch(argument.text)
        if found is None:
            return False
        parameter = self._known(found[1])
        if parameter is None:
            names = names_in(argument.text)
            if names and names <= self.variables.keys():
                return False
            raise ValueError(f"{self.kind.display} has no parameter '{found[1]}'.{self._letters()}")
        self._set(argument, parameter, found[2])
        return True

    def _word(self, argument: Argument) -> bool:
        """Take a choice of any parameter (``same``), a switch (``bidirectional``), a switch off (``no-bias``)."""
        text = argument.text.strip("\"'")
        for parameter in sorted(self.parameters.values(), key=self._importance):
            if text.lower() in map(str.lower, parameter.choices) and parameter.name not in self.params:
                self._set(argument, parameter, text)
                return True
        refused = _REFUSED.fullmatch(text)
        for word, value in ((text, "yes"), (refused[1] if refused else "", "no")):
            switch = self._known(word) if word and word not in self.variables else None
            if switch is not None and switch.type == "bool":
                self._set(argument, switch, value)
                return True
        return False

    def _importance(self, parameter: Parameter) -> tuple[bool, bool]:
        return parameter.name not in self.kind.face, bool(parameter.section)

    def _placed(self, argument: Argument) -> Parameter:
        places = _PLACES.get(self.kind.id, self.kind.face)
        numeric = argument.text[:1].isdigit() or argument.text[:1] in "(-."
        for name in places:
            parameter = self.parameters.get(name)
            if parameter is None or name in self.params or (numeric and parameter.type in _TEXTS):
                continue
            if parameter.type in (*_NUMBERS, *_TEXTS, "text") or not is_expression(argument.text):
                return parameter
        named = f"takes {', '.join(places)} by place; this is one too many" if places else "takes nothing by place"
        raise ValueError(f"{self.kind.display} {named}.{self._letters()}")

    def _named(self, name: str) -> Parameter:
        parameter = self._known(name)
        if parameter is not None:
            return parameter
        if name in self.kind.derived:
            raise ValueError(f"{name} is filled in from what arrives at {self.kind.display}: leave it out.")
        hint = did_you_mean(name, self.parameters)
        raise ValueError(f"{self.kind.display} has no parameter '{name}'.{hint or self._letters()}")

    def _known(self, name: str) -> Parameter | None:
        """Return the parameter of that name, letter or word, or the only one whose name begins so."""
        lower = name.lower()
        for each in (name, lower, *LETTERS.get(lower, ()), *WORDS.get(lower, ())):
            if each in self.parameters:
                return self.parameters[each]
        if len(lower) < 3:
            return None
        found = [each for each in self.parameters.values() if each.name.startswith(lower) and not each.section]
        return found[0] if len(found) == 1 else None

    def _letters(self) -> str:
        """Say which letters the kind knows."""
        known = {letter: self._known(letter) for letter in LETTERS}
        listed = ", ".join(f"{letter} for {each.name}" for letter, each in known.items() if each)
        own = ", ".join(name for name, each in self.parameters.items() if not each.section)
        return f" Letters: {listed}." if listed else f" It has {own}." if own else " It has no parameters."


def count_of(text: str, variables: Mapping[str, Number]) -> int | str:
    """Return how often something is repeated: a number, or the expression where it is one.

    Raises:
        ValueError: it is neither.
    """
    inner = text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text
    if inner.isdecimal():
        return int(inner)
    if not is_expression(inner):
        raise ValueError(f"Repetitions are a whole number or an expression such as (2*depth), not '{text}'.")
    unknown = sorted(names_in(inner) - variables.keys())
    if unknown:
        raise ValueError(f"There is no variable '{unknown[0]}'.{did_you_mean(unknown[0], variables)}")
    return inner
