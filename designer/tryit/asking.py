"""Asks a trained network about given rows, and what its answers rest on; free of Qt, to be run in jobs."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.data.source import Array
from core.errors import DataError, LayerwrightError
from core.loading import imports
from designer.results.painting import Heat
from designer.results.showing import Shown, shown_of

if TYPE_CHECKING:
    from core.training.results.reading import Answer
    from core.training.results.saliency import Attribution, Explanation, Method
    from core.training.results.trained import Trained

Columns = Mapping[str, Sequence[Any] | Array]


@dataclass(frozen=True)
class Wish:
    """Which explanation is wanted: a method, the output, the class ("": the one that was chosen) and the layer."""

    method: Method
    output: str = ""
    target: str = ""
    layer: str = ""


@dataclass(frozen=True, eq=False)
class Reply:
    """What a network says of one sample: what entered, an answer an output, and what those rest on by Input."""

    shown: tuple[Shown, ...]
    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()
    heat: Mapping[str, Heat] | None = None
    explained: str = ""
    """What the heat is about: a class, or the output's name."""
    problem: str = ""
    """Why there is no heat."""


def ask(trained: Trained, columns: Columns, wish: Wish | None, lock: threading.Lock) -> Reply:
    """Return what a network says of the last of the rows that has an answer.

    Raises:
        DataError: there is no answer; the message says why.
    """
    with lock:
        shown = shown_of(trained.preprocessing, columns)
        found = trained.predict(columns)
        if not len(found.rows):
            raise DataError(" ".join(dict.fromkeys(found.problems.values())) or "There is no row to be predicted.")
        answers = tuple(_last(each) for each in found.answers.values())
        reply = Reply(shown, answers, found.notes)
        return reply if wish is None else _explained(trained, columns, wish, reply)


def _last(answer: Answer) -> Answer:
    shares = None if answer.probabilities is None else answer.probabilities[-1:]
    return replace(answer, values=answer.values[-1:], probabilities=shares)


def _explained(trained: Trained, columns: Columns, wish: Wish, reply: Reply) -> Reply:
    with imports:
        from core.training.results.saliency import explain

    try:
        found = explain(trained, columns, wish.method, output=wish.output, target=wish.target or None, layer=wish.layer)
    except LayerwrightError as error:
        return Reply(reply.shown, reply.answers, reply.notes, problem=str(error))
    heat = {name: _heat(each) for name, each in found.attributions.items() if len(each.values)}
    return Reply(reply.shown, reply.answers, reply.notes, heat, _about(found))


def _about(found: Explanation) -> str:
    chosen = found.chosen[-1] if found.chosen else None
    return chosen or found.output


def _heat(attribution: Attribution) -> Heat:
    tokens = attribution.tokens[-1] if attribution.tokens else ()
    return Heat.of(attribution.values[-1], attribution.columns, tokens)


def convolutions(trained: Trained) -> tuple[str, ...]:
    """Return the names of the layers that Grad-CAM can look at."""
    from torch import nn

    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    return tuple(name for name, module in trained.network.module.named_modules() if isinstance(module, kinds))
