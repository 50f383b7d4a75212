"""Makes graphs of modules: by symbolic tracing, and where that fails by ``torch.export``, whole or in parts."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import logging
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import fx, nn

from core.importers._folding import Scope
from core.importers._torch.learning import note_training
from core.importers._torch.modules import kind_of_module
from core.layers import catalogue

_CONTAINERS = ("MultiheadAttention", "TransformerEncoderLayer", "TransformerEncoder", "TransformerDecoderLayer",
               "TransformerDecoder", "Transformer")  # fmt: skip
_WRAPPED: Any = (math, torch.nn.utils.rnn)
"""Modules whose functions are calls in the graph, and not traced through; PyTorch says that there is one alone."""
WHOLE = "network"
"""What a module is called that is one layer of the graph around it."""
MORE = "while training"
"""Where a graph keeps the functions that are called while training alone."""
ERRORS = (Exception,)
"""What the user's own code may raise while it is traced is anything."""


class Tracer(fx.Tracer):
    """Traces down to the modules that have a kind, and to ``leaves`` by path; remembers in which calls it is.

    ``failed`` is the path of the innermost module in which tracing failed.
    """

    proxy_buffer_attributes = True

    def __init__(self, leaves: frozenset[str]) -> None:
        super().__init__(autowrap_modules=_WRAPPED)
        self.leaves = leaves
        self.failed = ""
        self._stack: list[Scope] = []
        self._calls: dict[str, int] = {}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """True where a module becomes one layer."""
        return module_qualified_name in self.leaves or kind_of_module(m) is not None

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Trace a module, or make a leaf of it."""
        path = self.path_of_module(m)
        if self.is_leaf_module(m, path):
            return super().call_module(m, forward, args, kwargs)
        number = self._calls.get(path, 0)
        self._calls[path] = number + 1
        self._stack.append(Scope(path, type(m).__name__, number))
        try:
            found = super().call_module(m, forward, args, kwargs)
        except ERRORS:
            self.failed = self.failed or path
            raise
        self._stack.pop()
        return found

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        """Note in which calls a node stands."""
        node = super().create_node(*args, **kwargs)
        node.meta["scopes"] = tuple(self._stack)
        return node


def traced(module: nn.Module, leaves: frozenset[str], given: int) -> fx.GraphModule:
    """Return the graph of a module that takes so many tensors; other arguments keep their defaults.

    Raises:
        Untraceable: it cannot be traced symbolically.
    """
    tracer = Tracer(leaves)
    arguments = list(inspect.signature(module.forward).parameters.values())
    fixed = {
        each.name: each.default
        for each in arguments[given:]
        if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and each.default is not inspect.Parameter.empty
    }
    try:
        with _makers_traced():
            graph = tracer.trace(module, concrete_args=fixed or None)
    except ERRORS as error:
        raise Untraceable(tracer.failed, error) from error

    def again(copied: nn.Module) -> fx.Graph:
        with _makers_traced():
            return Tracer(leaves).trace(copied, concrete_args=fixed or None)

    for node in graph.nodes:
        node.meta.pop("is_wrapped", None)  # else PyTorch would look for it in the graph's text, and never stop to
    more = note_training(module, graph, again)
    made = fx.GraphModule(tracer.root, graph)
    made.meta[MORE] = more
    return made


_MAKERS = ("arange", "zeros", "ones", "full", "empty", "eye", "linspace", "rand", "randn")
"""Functions of torch that make tensors of nothing, and so do not notice that a size is being traced."""


@contextlib.contextmanager
def _makers_traced() -> Iterator[None]:
    """Let functions that make tensors be traced where their sizes are; without such sizes they do what they do."""
    kept = {name: getattr(torch, name) for name in _MAKERS}

    def traced_maker(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def make(*args: Any, **kwargs: Any) -> Any:
            found: list[fx.Proxy] = []
            fx.node.map_aggregate(
                (args, kwargs), lambda each: found.append(each) if isinstance(each, fx.Proxy) else None
            )
            if not found:
                return function(*args, **kwargs)
            return found[0].tracer.create_proxy("call_function", function, args, kwargs)

        return make

    for name, function in kept.items():
        setattr(torch, name, traced_maker(function))
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(torch, name, function)


class Untraceable(Exception):
    """A module cannot be traced; ``path`` is the innermost one where that showed ("" for the whole)."""

    def __init__(self, path: str, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.path, self.error = path, error


def around(module: nn.Module, inputs: int) -> fx.GraphModule:
    """Return the graph of one call of a module that is one layer, called ``WHOLE``."""
    graph = fx.Graph()
    given = [graph.placeholder(f"input{number}") for number in range(1, inputs + 1)]
    root = nn.Module()
    root.add_module(WHOLE, module)
    graph.output(graph.call_module(WHOLE, tuple(given)))
    return fx.GraphModule(root, graph)


def exported(
    module: nn.Module,
    args: Sequence[Any],
    prefix: str = "",
    scopes: tuple[Scope, ...] = (),
    *,
    renewed: bool = False,
) -> fx.GraphModule:
    """Return the graph of operators of a module that is called with these arguments, for any batch.

    ``prefix`` is the path of the module in the network, which all names in the graph get. With ``renewed``, what is
    changed in its place is something new instead.

    Raises:
        Untraceable: PyTorch cannot export it.
    """
    from core.model.probe import quietly

    dims = tuple({0: torch.export.Dim.AUTO} if isinstance(each, torch.Tensor) and each.dim() else None for each in args)
    try:
        with quietly(), _silent(), torch.no_grad():
            program = torch.export.export(module, tuple(args), dynamic_shapes=(dims if dims else None), strict=False)
            if renewed:
                program = program.run_decompositions({})
            graph = program.module()
    except ERRORS as error:
        raise Untraceable(prefix, error) from error
    assert isinstance(graph, fx.GraphModule)
    for node in graph.graph.nodes:
        stack = node.meta.get("nn_module_stack") or {}
        placed(node, [(key, *value) for key, value in stack.items()], prefix, scopes)
    return graph


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep PyTorch from telling at length why it cannot export what then becomes something else."""
    logger = logging.getLogger("torch")
    level = logger.level
    others = [each for name, each in logging.root.manager.loggerDict.items() if name.startswith("torch.")]
    levels = [(each, each.level) for each in others if isinstance(each, logging.Logger)]
    try:
        for each in (logger, *(one for one, _level in levels)):
            each.setLevel(logging.CRITICAL)
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
        for each, before in levels:
            each.setLevel(before)


def placed(node: fx.Node, stack: Sequence[tuple[str, str, Any]], prefix: str, scopes: tuple[Scope, ...] = ()) -> None:
    """Note in which modules a node stands; ``stack`` holds key, path and class from the outermost in."""
    found, own = list(scopes), False
    for key, path, kind in stack:
        if not path or path.startswith("_empty"):
            continue
        path, _, number = path.partition("@")
        call = int(number) if number.isdecimal() else int((re.search(r"@(\d+)$", key) or [0, 0])[1])
        name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
        full = f"{prefix}.{path}" if prefix else path
        found.append(Scope(full, name.rpartition(".")[2], call))
        own = not name.startswith("torch.nn.")
    last = found[-1] if len(found) > len(scopes) else None
    if last is not None and not own and last.kind in catalogue and last.kind not in _CONTAINERS:
        node.meta["leaf"] = found.pop().path
    node.meta["scopes"] = tuple(found)
