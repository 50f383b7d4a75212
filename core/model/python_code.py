"""Runs the user's Python layers for the check: only trusted ones, each source once, with errors by line.

What a layer raises becomes a ``CodeError``; code that never ends is stopped (see ``patience``). What is not protected:
code that writes files, starts threads, takes all memory or sets torch's global seed does so, with the user's rights.
That is what trust is asked for. What it prints goes to the standard error, so that it does not mix with our output.
"""

from __future__ import annotations

import contextlib
import hashlib
import linecache
import math
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core import trust, units
from core.graph.python_layer import source_problems
from core.kinds import LayerKind
from core.model.patience import TooLong
from core.model.preconditions import Trouble
from core.model.specs import TensorSpec

if TYPE_CHECKING:
    import torch
    from torch import nn

MOST_BYTES = 256 * 1024**2
"""How large the inputs of a layer may be that has to be checked with numbers in them."""
_MODULE = "layerwright_python"
_LONGEST = 600


class CodeError(RuntimeError):
    """What the user's code raised, with its line: ``line 12: NameError: name 'x' is not defined``."""


def blocked(kind: LayerKind) -> tuple[Trouble, ...]:
    """Return what keeps a Python layer from being run at all: its source's problems, or that nobody trusted it."""
    problems = source_problems(kind)
    if problems:
        return tuple(Trouble("said", text=f"{each}") for each in problems)
    if trust.is_trusted(kind.code):
        return ()
    text = f"The Python layer '{kind.display}' has not been run: look at its code and trust it."
    return (Trouble("said", text=text),)


def construct(source: str, expression: str, training: bool, device: str) -> nn.Module:
    """Return the module that an expression such as ``MyLayer(width=8)`` makes.

    Where that cannot be done on ``meta``, because the constructor looks at numbers, it is made on the CPU and moved.

    Raises:
        CodeError: the source is not trusted, the code raised, or it made something else than a module.
    """
    try:
        return _construct(source, expression, training, device)
    except CodeError:
        if device != "meta":
            raise
    return _construct(source, expression, training, "cpu").to("meta")


def _construct(source: str, expression: str, training: bool, device: str) -> nn.Module:
    from torch import nn
    from torch.nn.parameter import is_lazy

    if not trust.is_trusted(source):
        raise CodeError("The code has not been trusted.")
    names = _namespace(source)
    with running(source, device):
        made = eval(expression, names)
        if not isinstance(made, nn.Module):
            raise CodeError(f"{expression} made a {type(made).__name__}, which is no nn.Module.")
        if any(map(is_lazy, made.parameters())):
            raise CodeError(
                "It holds a lazy module, whose sizes are known only after the first batch. Take the size as an "
                "argument of __init__ instead, such as in_features, which is filled in from what arrives."
            )
        return made.train(training)


def checked(module: Callable[..., object], outputs: int) -> Callable[..., object]:
    """Return a function that calls a module and raises CodeError where it returns anything but so many tensors."""
    import torch

    def call(*inputs: object, **named: object) -> object:
        result = module(*inputs, **named)
        found = result if outputs > 1 and isinstance(result, tuple | list) else (result,)
        if len(found) != outputs or not all(isinstance(each, torch.Tensor) for each in found):
            wanted = "one tensor" if outputs == 1 else f"{outputs} tensors"
            raise CodeError(
                f"forward returned {_described(result)}, but {wanted} must come out. Return a tensor, or write out the "
                "tuple in the return (or annotate it, -> tuple[Tensor, Tensor]), so that each entry is an output."
            )
        return result

    return call


def _described(result: object) -> str:
    import torch

    if isinstance(result, torch.Tensor):
        return "one tensor"
    many = f" of {len(result)}" if isinstance(result, tuple | list) else ""
    return "nothing (None)" if result is None else f"a {type(result).__name__}{many}"


@contextlib.contextmanager
def running(source: str, device: str) -> Iterator[None]:
    """Let the user's code run inside the block: new tensors are on ``device``, and what it raises is a CodeError.

    Weights drawn on the CPU come from a generator of their own, so that a training beside it goes on undisturbed.
    """
    import torch

    from core.model.seeding import Seeded

    private = Seeded(0) if device == "cpu" else contextlib.nullcontext()
    try:
        with contextlib.redirect_stdout(sys.stderr), torch.device(device), private:
            yield
    except CodeError:
        raise
    except (Exception, SystemExit) as error:
        raise CodeError(_said(source, error)) from error


def sample(spec: TensorSpec, sizes: tuple[int, ...]) -> torch.Tensor:
    """Return a tensor of ordinary numbers on the CPU: normal ones, zeros where they are whole, all True for masks."""
    import torch

    dtype = getattr(torch, spec.dtype)
    if dtype.is_floating_point:
        return torch.randn(sizes, dtype=dtype, generator=torch.Generator().manual_seed(0))
    return torch.ones(sizes, dtype=dtype) if dtype == torch.bool else torch.zeros(sizes, dtype=dtype)


def too_large(inputs: Mapping[str, TensorSpec], reason: str) -> str:
    """Return why a layer that failed on ``meta`` (for ``reason``) is not tried with numbers, or an empty string."""
    largest = max(sum(math.prod(spec.probe(which)) * spec.item_size for spec in inputs.values()) for which in (0, 1))
    if largest <= MOST_BYTES:
        return ""
    return (
        f"{reason} – It may work with numbers, but for that the check needs inputs of {units.size(largest)}, more than "
        f"the {units.size(MOST_BYTES)} it takes. Make forward run without looking at the numbers, or let less arrive."
    )


@lru_cache(maxsize=64)
def _namespace(source: str) -> dict[str, Any]:
    """Return the names that a source defines, which is run once."""
    return executed(source)


def executed(source: str) -> dict[str, Any]:
    """Run a source, which whoever calls this has seen to be trusted, and return the names that it defines.

    In tracebacks its lines are shown.

    Raises:
        CodeError: it raised.
    """
    import torch
    from torch import nn

    filename = _filename(source)
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"__name__": _MODULE, "torch": torch, "nn": nn}
    with running(source, "cpu"):
        exec(compile(source, filename, "exec", dont_inherit=True), names)
    return names


def _filename(source: str) -> str:
    return f"<python layer {hashlib.sha256(source.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}>"


def _said(source: str, error: BaseException) -> str:
    """Return ``line 12: NameError: …``, the line being the last one of the user's on the way to the error."""
    text = "".join(traceback.format_exception_only(error)).strip().removeprefix(f"{_MODULE}.")
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return _at_line(source, error, text)


def stopped(source: str, error: TooLong) -> str:
    """Return what is said of code that was stopped."""
    text = f"{error} It was stopped, so that the check of the network can go on. Look for a loop that never ends."
    return _at_line(source, error.cause, text)


def _at_line(source: str, error: BaseException, text: str) -> str:
    lines = [
        line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == _filename(source)
    ]
    return f"line {lines[-1]}: {text}" if lines else text
