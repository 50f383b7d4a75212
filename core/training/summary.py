"""How a run ended, in a few numbers: what the run list shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Status = Literal["running", "interrupted", "completed", "stopped", "failed"]
"""A run is "interrupted" where the process that trained it was killed."""


@dataclass(frozen=True)
class Summary:
    """``epochs`` and ``steps`` are those completed, ``seconds`` the time spent training (resumed runs: in all).

    ``best`` holds the validation values of ``best_epoch`` (training values where there is no validation set);
    ``best_epoch`` 0 means that no epoch was completed. ``message`` says why a run failed.
    """

    status: Status
    epochs: int = 0
    steps: int = 0
    best_epoch: int = 0
    best: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, float] = field(default_factory=dict)
    validation: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the summary as what JSON can hold."""
        return asdict(self)


_NUMBERS = frozenset({"epochs", "steps", "best_epoch", "seconds"})
_VALUES = frozenset({"best", "training", "validation"})


def summary_from_json(value: Mapping[str, Any]) -> Summary:
    """Return the summary that ``to_json`` described; what a newer version added is left out.

    Raises:
        TypeError: something that every summary has is missing, or is no number where it should be one.
    """
    known = {name: value[name] for name in (each.name for each in fields(Summary)) if name in value}
    wrong = [name for name, each in known.items() if not _fits(name, each)]
    if wrong:
        raise TypeError(f"{', '.join(wrong)} cannot be what it says")
    return Summary(**known)


def _fits(name: str, value: object) -> bool:
    if name in _NUMBERS:
        return isinstance(value, int | float)
    if name in _VALUES:
        return isinstance(value, dict) and all(isinstance(each, int | float) for each in value.values())
    return isinstance(value, str)
