"""Notes what every node gives and how long it takes while a network runs, without changing what it computes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from core.model.build import Built
from core.training.diagnostics.places import Places


class Recording(TorchFunctionMode):
    """A context around a forward pass, and if times are wanted also around the backward pass of it.

    Modules are followed by hooks. What a node's line of the source computes without a module (a sum, an activation that
    is a layer's property) is seen as the torch function that the line calls.
    """

    def __init__(self, built: Built, places: Places, device: torch.device) -> None:
        super().__init__()
        self._built = built
        self._places = places
        self._timed = device.type in ("cpu", "cuda")
        self._events = device.type == "cuda"
        self._handles: list[Any] = []
        self._inside = 0
        self._spans: list[tuple[str, Any, Any]] = []
        self._turns: list[tuple[str, Any]] = []
        self._outputs: dict[str, tuple[Tensor, int]] = {}

    # --- while the network runs ---------------------------------------------------------------------------------------

    def __enter__(self) -> Recording:
        for path, place in self._places.by_path.items():
            for module in place.modules:
                self._follow(path, module, leaf=not place.group)
        super().__enter__()  # type: ignore[no-untyped-call]  # as in torch
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _follow(self, path: str, module: nn.Module, *, leaf: bool) -> None:
        begun: list[Any] = []

        def before(_module: nn.Module, _inputs: Any) -> None:
            self._inside += leaf
            begun.append(self._now())

        def after(_module: nn.Module, _inputs: Any, result: Any) -> None:
            self._spans.append((path, begun.pop(), self._now()))
            self._inside -= leaf
            self._note(path, result)

        self._handles += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]

    def __torch_function__(
        self, func: Any, types: Iterable[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        path = "" if self._inside else self._path()
        if not path:
            return func(*args, **(kwargs or {}))
        begun = self._now()
        result = func(*args, **(kwargs or {}))
        self._spans.append((path, begun, self._now()))
        self._note(path, result)
        return result

    def _path(self) -> str:
        """Return the node whose line of the source calls, or nothing."""
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename == self._built.filename:
                line = frame.f_lineno
                node = self._built.nodes_by_line.get(line) or self._built.group_lines.get(line, ("", ""))[1]
                if node:
                    path = self._places.prefixes.get(id(frame.f_locals.get("self")), "?") + node
                    return path if path in self._places.by_path else ""
            frame = frame.f_back  # type: ignore[assignment]  # the last one has none
        return ""

    def _note(self, path: str, result: Any) -> None:
        while isinstance(result, tuple | list) and result:
            result = result[0]
        if isinstance(result, Tensor) and result.layout == torch.strided:
            self._outputs[path] = (result, result._version)
            if result.requires_grad and not self._places.by_path[path].group:
                turn = partial(self._take_turn, path)
                result.register_hook(turn)  # type: ignore[no-untyped-call]

    def _take_turn(self, path: str, _gradient: Tensor) -> None:
        self._turns.append((path, self._now()))

    def _now(self) -> Any:
        if not self._events:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    # --- what was seen ------------------------------------------------------------------------------------------------

    def outputs(self) -> dict[str, Tensor]:
        """Return what the nodes gave, by path, but for what was overwritten since; detached."""
        found = self._outputs.items()
        return {path: tensor.detach() for path, (tensor, version) in found if tensor._version == version}

    def backward(self, ends: Sequence[Tensor], weights: Sequence[Tensor]) -> None:
        """Run the backward pass from what the network returned to its weights, to time it; no ``grad`` is touched."""
        ends = [each for each in ends if each.requires_grad]
        if self._timed and ends and weights:
            torch.autograd.grad([each.sum() for each in ends], weights, allow_unused=True)
            self._turns.append(("", self._now()))

    def seconds(self) -> dict[str, dict[str, float]]:
        """Return ``forward_seconds`` and ``backward_seconds`` by path; those of groups hold what is inside."""
        if not self._timed:
            return {}
        if self._events:
            torch.cuda.synchronize()
        found: dict[str, dict[str, float]] = {}
        for path, begun, ended in self._spans:
            figures = found.setdefault(path, {})
            figures["forward_seconds"] = figures.get("forward_seconds", 0.0) + self._between(begun, ended)
        for (path, begun), (_next, ended) in zip(self._turns, self._turns[1:], strict=False):
            spent = self._between(begun, ended)
            names = path.split("/")
            for above in ("/".join(names[: depth + 1]) for depth in range(len(names))):
                if above in self._places.by_path:
                    figures = found.setdefault(above, {})
                    figures["backward_seconds"] = figures.get("backward_seconds", 0.0) + spent
        return found

    def _between(self, begun: Any, ended: Any) -> float:
        return float(begun.elapsed_time(ended)) / 1000 if self._events else float(ended - begun)
