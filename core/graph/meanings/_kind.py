"""What a meaning is: which encodings and options a field of it has, and what a network gets of one sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from core.graph.project import Field, Role
from core.kinds import Parameter


@dataclass(frozen=True)
class Sample:
    """What a field gives of one sample: dtype and shape without the batch; a name stands for an open length."""

    dtype: Literal["float32", "int64", "bool"]
    shape: tuple[int | str, ...]


@dataclass(frozen=True)
class MeaningKind:
    """A meaning, declared once. How its values become numbers is in ``core.data.preparing``, in the file of its name.

    The first of ``encodings`` and of ``missing`` is the usual one; the first of ``target_encodings`` is that of a
    target. ``options`` are further settings, whose values are in ``Field.options``. ``as_input`` and ``as_target`` say
    what arrives of one sample, and raise ModelError where the field cannot be that (its message says why and what to
    do). ``parts`` are what an Input may take besides the values: ("length", "mask"), as ``name.length``.
    ``classes`` returns how many classes the field has as a target: 0 where it is measured, not chosen.
    """

    id: str
    title: str
    help: str
    encodings: tuple[str, ...]
    missing: tuple[str, ...]
    as_input: Callable[[Field], Sample]
    as_target: Callable[[Field], Sample]
    target_encodings: tuple[str, ...] = ("none",)
    options: tuple[Parameter, ...] = ()
    roles: tuple[Role, ...] = ("input", "target", "ignore")
    parts: tuple[str, ...] = ()
    classes: Callable[[Field], int] = lambda _field: 0
