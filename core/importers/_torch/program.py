"""The graph of operators in a ``.pt2`` archive as one that can be read; operators that are not known are not run."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from core.errors import ImportFailed
from core.importers._torch.aliases import ALIASES, ATEN, CASTS, IDENTITIES
from core.importers._torch.archive import DTYPES, Archive
from core.importers._torch.bounds import plain_numbers
from core.importers._torch.calls import HANDLED
from core.importers._torch.targets import name_of
from core.importers._torch.tracing import placed
from core.importers._torch.words import WORDS

_MOST_NUMBERS = 2**31
_MADE = frozenset(
    "zeros ones full arange zeros_like ones_like full_like new_zeros new_ones new_full scalar_tensor tril triu eye "
    "linspace sym_size sym_numel sym_constrain_range_for_size assert_scalar assert_tensor_metadata erf remainder fmod "
    "empty_like isnan isinf any all prod index_put index scatter sort cumprod meshgrid std_mean var_mean trunc "
    "outer fft_rfft fft_irfft fft_fft fft_ifft sinh cosh tan asin acos atan log2 log10 exp2".split()
)
"""Operators that only compute, besides those that have words."""
_NUMBERS = {name: plain_numbers(getattr(operator, name)) for name in
            "add sub mul floordiv truediv mod neg eq ne lt le gt ge pow and_ or_".split()}  # fmt: skip
_NUMBERS["getitem"] = operator.getitem
_PLAIN = ("as_int", "as_float", "as_bool", "as_string", "as_ints", "as_floats", "as_bools", "as_strings")
_TARGET = re.compile(r"torch\.ops\.aten\.(\w+)\.(\w+)")
_PART = re.compile(r"\w+")


@dataclass(frozen=True)
class Program:
    """A graph with the tensors that it holds, and what it takes: names, shapes (None: any batch) and dtypes."""

    graph: fx.GraphModule
    inputs: tuple[str, ...]
    shapes: tuple[tuple[int | None, ...], ...]
    dtypes: tuple[torch.dtype, ...]
    outputs: tuple[str, ...]
    open_lengths: bool = False
    rows: int = 2
    """Whole numbers below it can be looked up in all embeddings."""


class Unknown:
    """An operator that is not run: it gives zeros of the shapes that the file says."""

    def __init__(self, name: str, shapes: Sequence[Sequence[int | None]], dtypes: Sequence[torch.dtype]) -> None:
        self.__name__ = name
        self._shapes, self._dtypes = shapes, dtypes

    def __call__(self, *args: Any, **_named: Any) -> Any:
        first = next((each for each in args if isinstance(each, Tensor) and each.dim()), None)
        batch = first.shape[0] if first is not None else 1
        made = [
            torch.zeros([batch if size is None else size for size in shape], dtype=dtype)
            for shape, dtype in zip(self._shapes, self._dtypes, strict=True)
        ]
        return made[0] if len(made) == 1 else tuple(made)


def program(archive: Archive) -> Program:
    """Return the program of an archive.

    Raises:
        ImportFailed: the archive is damaged, or asks for what is not allowed.
    """
    said = archive.json("models/model.json")
    tensors = {**archive.tensors("weights"), **archive.tensors("constants")}
    try:
        return _Reading(archive, said["graph_module"], tensors).program()
    except (
        *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError),
        *(RecursionError, StopIteration, SyntaxError, MemoryError),
    ) as error:
        raise archive.broken(f"its graph is damaged ({type(error).__name__}: {error})") from error


class _Reading:
    """Makes one graph."""

    def __init__(self, archive: Archive, said: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        self.archive, self.said, self.tensors = archive, said["graph"], tensors
        self.signature, self.calls = said["signature"], said.get("module_call_graph") or []
        self.graph, self.root = fx.Graph(), nn.Module()
        self.nodes: dict[str, fx.Node] = {}
        self.rows = 2**20
        self.open_lengths = False
        self.batch = ""

    def program(self) -> Program:
        inputs = self._inputs()
        for each in self.said["nodes"]:
            self._node(each)
        wanted = [spec["user_output"]["arg"] for spec in self.signature["output_specs"] if "user_output" in spec]
        names = [each["as_tensor"]["name"] for each in wanted if "as_tensor" in each]
        self.graph.output(tuple(self.nodes[name] for name in names))
        metas = [self.said["tensor_values"][name] for name in inputs]
        graph = fx.GraphModule(self.root, self.graph)
        shapes = tuple(self._shape(each["sizes"]) for each in metas)
        dtypes = tuple(DTYPES[each["dtype"]] for each in metas)
        labels = self._labels(len(names))
        return Program(graph, tuple(inputs), shapes, dtypes, labels, self.open_lengths, self.rows)

    def _inputs(self) -> list[str]:
        found = []
        for spec in self.signature["input_specs"]:
            if "user_input" in spec:
                name = spec["user_input"]["arg"]["as_tensor"]["name"]
                first = self.said["tensor_values"][name]["sizes"][:1]
                self.batch = self.batch or (first[0].get("as_expr", {}).get("expr_str", "") if first else "")
                self.nodes[name] = self.graph.placeholder(self._plain(name))
                found.append(name)
                continue
            kind, value = next(iter(spec.items()))
            if kind not in ("parameter", "buffer", "tensor_constant"):
                raise self.archive.broken(f"it takes a {kind}, which is no tensor")
            path = value[f"{kind}_name"]
            if not all(_PART.fullmatch(part) for part in path.split(".")):
                raise self.archive.broken("a tensor has an impossible name")
            self._held(path, kind == "parameter")
            self.nodes[value["arg"]["name"]] = self.graph.get_attr(path)
        return found

    def _plain(self, name: str) -> str:
        if not _PART.fullmatch(name):
            raise self.archive.broken("an input has an impossible name")
        return name

    def _held(self, path: str, learned: bool) -> None:
        owner, tensor = self.root, self.tensors[path]
        *parts, last = path.split(".")
        for part in parts:
            inner = owner._modules.get(part)
            if inner is None:
                inner = nn.Module()
                owner.add_module(part, inner)
            owner = inner
        if learned:
            owner.register_parameter(last, nn.Parameter(tensor, requires_grad=tensor.is_floating_point()))
        else:
            owner.register_buffer(last, tensor)

    # Nodes

    def _node(self, said: Mapping[str, Any]) -> None:
        args = [self._argument(each["arg"]) for each in said["inputs"] if each.get("kind", 1) == 1]
        named = {each["name"]: self._argument(each["arg"]) for each in said["inputs"] if each.get("kind", 1) != 1}
        target = self._target(said)
        node = self.graph.call_function(target, tuple(args), named)
        stack = (said.get("metadata") or {}).get("nn_module_stack", "")
        parts = [tuple(each.split(",", 2)) for each in stack.split(";") if each.count(",") >= 2]
        placed(node, parts, "")
        if name_of(target)[0] == "embedding":
            weight = said["inputs"][0]["arg"]["as_tensor"]["name"]
            self.rows = min(self.rows, self._rows_of(weight))
        self._results(node, said["outputs"])

    def _rows_of(self, name: str) -> int:
        sizes = self.said["tensor_values"][name]["sizes"]
        return int(sizes[0].get("as_int", 2)) if sizes else 2

    def _results(self, node: fx.Node, outputs: Sequence[Mapping[str, Any]]) -> None:
        for number, each in enumerate(outputs):
            kind, value = next(iter(each.items()))
            if kind == "as_tensors":
                for at, one in enumerate(value):
                    self.nodes[one["name"]] = self.graph.call_function(operator.getitem, (node, at))
                continue
            if kind == "as_none":
                continue
            name = value["as_name"] if kind.startswith("as_sym") else value["name"]
            single = len(outputs) == 1
            self.nodes[name] = node if single else self.graph.call_function(operator.getitem, (node, number))

    def _target(self, said: Mapping[str, Any]) -> Callable[..., Any]:
        text = said["target"]
        first, _, last = text.rpartition(".")
        if first in ("_operator", "operator") and last in _NUMBERS:
            number: Callable[..., Any] = _NUMBERS[last]
            return number
        match = _TARGET.fullmatch(text)
        if match is None:
            raise self.archive.broken(f"it asks for '{text[:80]}', which is none of PyTorch's operators")
        name = match[1].strip("_")
        known = ALIASES.get(name, name)
        if known in _ALLOWED:
            packet = getattr(torch.ops.aten, match[1], None)
            found = getattr(packet, match[2], None)
            if isinstance(found, torch._ops.OpOverload):
                return found
        tensors = [each["as_tensor"]["name"] for each in said["outputs"] if "as_tensor" in each]
        tensors += [one["name"] for each in said["outputs"] for one in each.get("as_tensors", ())]
        metas = [self.said["tensor_values"][each] for each in tensors]
        shapes = [self._shape(each["sizes"]) for each in metas]
        return Unknown(name, shapes, [DTYPES[each["dtype"]] for each in metas])

    def _argument(self, said: Mapping[str, Any]) -> Any:
        kind, value = next(iter(said.items()))
        if kind in _PLAIN:
            self._refuse_huge(value)
            return _read(kind, value)
        if kind in ("as_sym_int", "as_sym_float", "as_sym_bool"):
            return self._number(value)
        if kind in ("as_sym_ints", "as_sym_floats", "as_sym_bools"):
            found = [self._number(each) for each in value]
            self._refuse_huge([each for each in found if isinstance(each, int)])
            return found
        if kind == "as_tensor":
            return self.nodes[value["name"]]
        if kind == "as_tensors":
            return [self.nodes[each["name"]] for each in value]
        if kind == "as_optional_tensors":
            return [self.nodes[each["as_tensor"]["name"]] if "as_tensor" in each else None for each in value]
        if kind == "as_scalar_type":
            return DTYPES[value]
        if kind == "as_device":
            return torch.device("cpu")
        if kind == "as_layout":
            return torch.strided
        if kind in ("as_none", "as_memory_format"):
            return None
        raise self.archive.broken(f"it holds a {kind.removeprefix('as_')}, which is no part of a network")

    def _number(self, said: Mapping[str, Any]) -> Any:
        kind, value = next(iter(said.items()))
        return self.nodes[value] if kind == "as_name" else value

    def _refuse_huge(self, value: Any) -> None:
        sizes = value if isinstance(value, list) and all(isinstance(each, int) for each in value) else []
        if math.prod(abs(each) or 1 for each in sizes) > _MOST_NUMBERS:
            raise self.archive.broken("it asks for a tensor that is far too large")

    def _shape(self, sizes: Sequence[Mapping[str, Any]]) -> tuple[int | None, ...]:
        """Return the sizes of a tensor: None for the batch, the file's own example for other open lengths."""
        found: list[int | None] = []
        for each in sizes:
            if "as_int" in each:
                found.append(int(each["as_int"]))
                continue
            said = each["as_expr"]
            if said["expr_str"] == self.batch:
                found.append(None)
            else:
                self.open_lengths = True
                found.append(int(said["hint"]["as_int"]))
        if math.prod(size or 1 for size in found) > _MOST_NUMBERS:
            raise self.archive.broken("it holds a tensor that is far too large")
        return tuple(found)

    def _labels(self, count: int) -> tuple[str, ...]:
        """Return the names of the outputs: the keys of the dictionary that the module returned, where it did."""
        for each in self.calls:
            if each.get("fqn") == "" and each.get("signature"):
                spec = json.loads(each["signature"]["out_spec"])[1]
                keys = json.loads(spec["context"]) if spec.get("type") == "builtins.dict" else []
                if len(keys) == count and all(isinstance(key, str) for key in keys):
                    return tuple(keys)
        return ("output",) if count == 1 else tuple(f"output{number}" for number in range(1, count + 1))


def _read(kind: str, value: Any) -> Any:
    """Return a value; fractions that are no numbers are written as words."""
    if kind == "as_floats":
        return [float(each) for each in value]
    return float(value) if kind == "as_float" else value


_ALLOWED = frozenset({*(name.removeprefix("nn.functional.") for name in WORDS), *ATEN, *HANDLED, *IDENTITIES, *CASTS,
                      *_MADE})  # fmt: skip


def failed(archive: Archive, error: Exception) -> ImportFailed:
    """Return the error for a program that PyTorch cannot run."""
    return archive.broken(
        f"PyTorch cannot run it: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    )
