"""The observer of a run: decides when to look, puts together what is seen, tells and keeps it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from core.errors import SaveError, TrainingError
from core.training.batches import Batch
from core.training.diagnostics.activations import Seen, look
from core.training.diagnostics.histograms import histogram, values_of
from core.training.diagnostics.memory import memory
from core.training.diagnostics.pictures import Kind, Picture, event_of
from core.training.diagnostics.places import places_of
from core.training.diagnostics.sample import first_filters, pictures
from core.training.diagnostics.store import Look, Store
from core.training.diagnostics.weights import Weights
from core.training.events import Diagnosed, Message
from core.training.recorder import Emit
from core.training.session import Session

Part = Literal["training", "validation"]
MOST_PINNED = 16
SHARE = 0.03
"""Of the time from the end of a look to the end of the next, at most so much is spent on looking."""
SHORTEST = 0.25
_MOST_EARLY = 200
"""Looks grow rarer as a run goes on, so that its log stays small: a pause is at least this part of what has passed."""
_MOST_SAMPLES = 64
_KEPT_SECONDS = 2.0
_DIGITS = 5


def make_observer(session: Session, emit: Emit, folder: Path | None = None) -> Diagnostics | None:
    """Return the observer of a run, or None where the project wants none. ``folder`` is that of the run."""
    return Diagnostics(session, emit, folder) if session.project.training.diagnostics else None


class Diagnostics:
    """Looks into a session's network at some steps; see ``core.training.diagnostics`` for what it finds.

    ``share`` is how much of the time looking may take, ``shortest`` the fewest seconds between two looks.
    """

    def __init__(
        self, session: Session, emit: Emit, folder: Path | None, *, share: float = SHARE, shortest: float = SHORTEST
    ) -> None:
        self._session = session
        self._network = session.network
        self._emit = emit
        self._store = Store(folder) if folder else None
        self._share = share
        self._shortest = shortest
        self._places = places_of(session.project, session.network)
        self._weights = Weights(self._places.by_path)
        self._pinned = first_filters(self._places)
        self._sample: tuple[Part, int] = ("validation" if session.validation else "training", 0)
        settings = session.project.training
        self._samples_per_step = settings.batch_size * max(1, settings.accumulate)
        self._steps_per_epoch = max(1, -(-session.order().steps // max(1, settings.accumulate)))
        self._inputs: list[Tensor] = []
        self._blind = False
        self._spent = self._next = self._keep_next = 0.0
        self._started = time.perf_counter()
        self._last: tuple[int, float] | None = None

    # --- for whoever watches, from any thread -------------------------------------------------------------------------

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of all nodes that can be pinned."""
        return tuple(self._places.by_path)

    @property
    def pinned(self) -> tuple[str, ...]:
        """The nodes of which pictures are made."""
        return self._pinned

    def set_pinned(self, paths: Iterable[str]) -> None:
        """Make pictures of these nodes from the next look on, which comes soon.

        Raises:
            TrainingError: there is no such node, or there are more than 16.
        """
        wanted = tuple(dict.fromkeys(paths))
        if missing := next((each for each in wanted if each not in self._places.by_path), ""):
            raise TrainingError(f"There is no node '{missing}' in the network that is trained.")
        if len(wanted) > MOST_PINNED:
            raise TrainingError(f"{len(wanted)} nodes are too many to watch at once: pin at most {MOST_PINNED}.")
        self._pinned = wanted
        self._next = 0.0

    def set_sample(self, index: int, part: Part = "validation") -> None:
        """Show what the network makes of this sample of a part of the data, counted from 0.

        Raises:
            TrainingError: the part is empty or has fewer samples.
        """
        samples = self._session.validation if part == "validation" else self._session.training
        count = samples.count if samples else 0
        if not 0 <= index < count:
            raise TrainingError(f"There is no sample {index} in the {part} part: it has {count}.")
        self._sample = (part, index)
        self._next = 0.0

    def obey(self, what: str, value: str) -> None:
        """Carry out the command ``pin`` (a JSON list of paths) or ``sample`` (a JSON list of index and part).

        To be called by the loop, paused or not: the pictures that are asked for are made at once.

        Raises:
            TrainingError: it cannot be done.
        """
        if what == "pin":
            self.set_pinned(json.loads(value))
        else:
            self.set_sample(*json.loads(value))
        if self._last is not None:
            step = self._last[0]
            for each in self._thumbnails(self._pinned):
                self._emit(event_of(each, step + 1, step // self._steps_per_epoch + 1))

    # --- for the loop -------------------------------------------------------------------------------------------------

    def wants(self, step: int) -> bool:
        """Say whether the last look is paid off; the first step is always looked at."""
        return time.perf_counter() >= self._next

    def before_step(self, step: int) -> None:
        """Remember the weights."""
        began = time.perf_counter()
        self._inputs = []
        self._weights.before()
        self._spent = time.perf_counter() - began

    def after_backward(self, step: int, batch: Batch) -> None:
        """Look at the gradients, and keep some samples of the batch for the look at the activations."""
        began = time.perf_counter()
        scaler = self._network.precision.scaler
        clipped = self._session.project.training.clip != "none"
        self._weights.gradients(1.0 if scaler is None or clipped else scaler.get_scale())
        self._inputs = [each[:_MOST_SAMPLES] for each in batch.inputs]
        self._spent += time.perf_counter() - began

    def after_step(self, step: int) -> None:
        """Look at weights and activations, and tell what there is to see."""
        began = time.perf_counter()
        if not self._inputs:  # the optimizer ran the network itself
            self._weights.gradients()
            self._inputs = list(self._session.training.part(0, _MOST_SAMPLES).inputs)
        self._look(step)
        self._inputs = []
        now = time.perf_counter()
        self._spent += now - began
        pause = max(self._shortest, (now - self._started) / _MOST_EARLY) if self._shortest else 0.0
        self._next = now + max(pause, self._spent * (1 / self._share - 1))

    # --- one look -----------------------------------------------------------------------------------------------------

    def _look(self, step: int) -> None:
        began = time.perf_counter()
        taken, epoch = step + 1, step // self._steps_per_epoch + 1
        weights = self._weights.after()
        together = weights.pop("")
        seen, thumbnails = self._pictures_and_activations(self._pinned)
        histograms = list(self._histograms(seen))
        whole = {name: each for name, each in together.items() if name == "gradient_norm"}
        whole |= self._speed(step) | memory(self._network.device) | {"samples": float(len(self._inputs[0]))}
        whole["look_seconds"] = self._spent + time.perf_counter() - began
        self._emit(Diagnosed(taken, epoch, self._nodes(weights, seen), _rounded(whole)))
        pinned = self._pinned
        for each in (*(one for one in histograms if one.node in pinned), *thumbnails):
            self._emit(event_of(each, taken, epoch))
        self._keep(taken, epoch, histograms, thumbnails)

    def _pictures_and_activations(self, pinned: tuple[str, ...]) -> tuple[Seen, list[Picture]]:
        if self._blind:
            return Seen(), []
        try:
            return look(self._network, self._places, self._inputs), self._thumbnails(pinned)
        # A Python layer may raise anything where it is run once more than it counts on; training shall not end by it.
        except Exception as error:
            self._blind = True
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            text = f"The outputs of the layers cannot be looked at: {reason} Training goes on without that."
            self._emit(Message(text, "warning", "diagnostics"))
            return Seen(), []

    def _thumbnails(self, pinned: tuple[str, ...]) -> list[Picture]:
        if not pinned:
            return []
        part, index = self._sample
        samples = self._session.validation if part == "validation" else self._session.training
        assert samples is not None
        batch = samples.take(torch.tensor([index]))
        return pictures(self._network, self._places, pinned, batch.inputs)

    def _histograms(self, seen: Seen) -> Iterable[Picture]:
        weights = {path: values_of(each.weights) for path, each in self._places.by_path.items() if each.weights}
        kinds: tuple[tuple[Kind, Mapping[str, Tensor]], ...] = (
            ("activations", seen.values),
            ("gradients", self._weights.gradient_values),
            ("weights", weights),
        )
        for kind, found in kinds:
            for path, values in found.items():
                counts, reach = histogram(values)
                yield Picture(path, kind, counts, -reach, reach)

    def _nodes(self, weights: Mapping[str, Mapping[str, float]], seen: Seen) -> dict[str, dict[str, float]]:
        found = {}
        for path, place in self._places.by_path.items():
            figures = {**weights.get(path, {}), **seen.figures.get(path, {})}
            if not math.isfinite(figures.get("weight_norm", 0.0)):
                figures["weights_not_finite"] = _not_finite(values_of(place.weights))
            if not math.isfinite(figures.get("gradient_norm", 0.0)) and self._network.precision.scaler is None:
                figures["gradients_not_finite"] = _not_finite(self._weights.gradient_values[path])
            if figures := _rounded(figures):
                found[path] = figures
        return found

    def _speed(self, step: int) -> dict[str, float]:
        now, last = time.perf_counter(), self._last
        self._last = (step, now)
        if last is None or step <= last[0]:
            return {}
        return {"samples_per_second": (step - last[0]) * self._samples_per_step / (now - last[1])}

    def _keep(self, step: int, epoch: int, histograms: list[Picture], thumbnails: list[Picture]) -> None:
        if self._store is None:
            return
        now = time.perf_counter()
        kept = list(histograms)
        if thumbnails and now >= self._keep_next:
            kept += thumbnails
            self._keep_next = now + max(_KEPT_SECONDS, (now - self._started) / _MOST_EARLY)
        try:
            self._store.append(Look(step, epoch, tuple(kept)))
        except SaveError as error:
            self._store = None
            self._emit(Message(f"{error.message} Training goes on; histograms are no longer kept.", "warning", "disk"))


def _not_finite(values: Tensor) -> float:
    return 1 - float(values.isfinite().float().mean())


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Return what is finite, to five significant digits: the log holds many of them."""
    finite = {name: each for name, each in figures.items() if math.isfinite(each)}
    return {name: float(f"{each:.{_DIGITS}g}") if name != "memory" else each for name, each in finite.items()}
