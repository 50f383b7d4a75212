"""What is known of a value before anything runs: constants, and what follows from shapes, worked out ahead.

A length that stays open has two sizes, those of the two probes of the check. What is computed from shapes is computed
with both: where the results are the same it is a constant, else they say how it follows from open lengths.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.importers._onnx.file import package
from core.importers._onnx.model import Op, Refused
from core.loading import load

MOST = 2**27
"""Values that a folded constant may have; more is not worked out ahead."""
_NEVER = ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli")
_WINDOWS = ("BlackmanWindow", "HammingWindow", "HannWindow")
_GROWING = frozenset("ConstantOfShape Expand Tile Range OneHot EyeLike Pad Resize CenterCropPad".split()) | {*_WINDOWS}
_BROADCASTING = frozenset(
    """Add Sub Mul Div Pow Mod Max Min Mean Sum And Or Xor Equal Greater GreaterOrEqual Less LessOrEqual Where Clip
    BitShift BitwiseAnd BitwiseOr BitwiseXor PRelu""".split()
)
_KEEPING = frozenset(
    """Abs Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh BitwiseNot Cast CastLike Ceil Celu Compress Cos Cosh CumSum
    CumProd DequantizeLinear Det Elu Erf Exp Flatten Floor GatherElements Gelu HardSigmoid HardSwish Hardmax Identity
    IsInf IsNaN LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg NonZero Not QuantizeLinear
    Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare Relu Reshape Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice
    Softmax Softplus Softsign Split Sqrt Squeeze Swish Tan Tanh ThresholdedRelu TopK Transpose Trilu Unique Unsqueeze
    DepthToSpace SpaceToDepth Dropout""".split()
)
"""Operations whose results are no larger than the largest of what they take (NonZero: times its dimensions)."""
_TOGETHER = frozenset("Concat Gather GatherND MatMul Gemm Einsum".split())
"""Operations whose results are at most as large as the sizes of all that they take, multiplied."""
_QUICK = 4096
"""Values that are put together without the reference."""
_MOST_STEPS = 2**34
"""Multiplications that a folded product may take."""


@dataclass(frozen=True, eq=False)
class Known:
    """A value's two sizes or contents (the same array twice for a constant); ``name`` of the initialiser that it is.

    ``origin`` is what made it, and ``index`` which of its outputs it is.
    """

    first: np.ndarray
    second: np.ndarray
    name: str = ""
    origin: Op | None = None
    index: int = 0

    @property
    def fixed(self) -> bool:
        """True for a constant."""
        if self.first is self.second:
            return True
        return self.first.shape == self.second.shape and bool(np.array_equal(self.first, self.second))


def constant(array: Any, name: str = "") -> Known:
    """Return a constant."""
    found = np.asarray(array)
    return Known(found, found, name)


def folded(op: Op, inputs: Sequence[Known | None]) -> tuple[Known, ...]:
    """Return what an operation gives whose inputs are all known.

    Raises:
        Refused: it is random, would be too large, or the reference cannot run it.
    """
    if op.type in _NEVER:
        raise Refused("it draws random numbers")
    same = all(each is None or each.first is each.second for each in inputs)
    first = _run(op, [None if each is None else each.first for each in inputs])
    second = first if same else _run(op, [None if each is None else each.second for each in inputs])
    found = []
    for index, (one, two) in enumerate(zip(first, second, strict=True)):
        equal = one is two or (one.shape == two.shape and np.array_equal(one, two))
        found.append(Known(one, one if equal else two, "", op, index))
    return tuple(found)


def _run(op: Op, arrays: Sequence[np.ndarray | None]) -> list[np.ndarray]:
    quick = _quick(op, arrays)
    if quick is not None:
        return [quick]
    _require_small(op, arrays)
    onnx = package()
    reference: Any = load("onnx.reference")
    names = [name if array is not None else "" for name, array in zip(op.inputs, arrays, strict=True)]
    given = {name: array for name, array in zip(names, arrays, strict=True) if array is not None}
    try:
        node = onnx.NodeProto()
        node.CopyFrom(op.proto)
        del node.input[:]
        node.input.extend(names)
        values = [
            onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in given.items()
        ]
        outputs = [onnx.helper.make_value_info(name, onnx.TypeProto()) for name in op.outputs if name]
        graph = onnx.helper.make_graph([node], "constant", values, outputs)
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid(op.domain, op.version)])
        with np.errstate(all="ignore"):
            found = iter(reference.ReferenceEvaluator(model).run(None, given))
    except Exception as error:  # what the reference raises has no common kind
        raise Refused(f"its constant inputs cannot be worked out ({error})") from error
    results = [np.asarray(next(found)) if name else np.zeros(0) for name in op.outputs]
    if any(each.dtype.kind in "OSU" for each in results):
        raise Refused("it gives something else than numbers")
    return results


def _quick(op: Op, arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Work out the few operations of which shapes are made, without the reference."""
    given = [each for each in arrays if each is not None]
    if len(given) != len(arrays) or len(op.outputs) != 1:
        return None
    if op.type == "Identity":
        return given[0]
    rows = all(each.ndim == 1 for each in given) and sum(each.size for each in given) <= _QUICK
    if op.type == "Concat" and rows and len({each.dtype for each in given}) == 1:
        return np.concatenate(given)
    if op.type == "Gather" and given[0].ndim == 1 and given[1].ndim <= 1 and given[0].size:
        index = np.where(given[1] < 0, given[1] + len(given[0]), given[1])
        return np.asarray(given[0][index]) if np.all((index >= 0) & (index < len(given[0]))) else None
    if op.type == "Transpose" and sorted(op.get("perm", ())) == list(range(given[0].ndim)):
        return np.transpose(given[0], op.get("perm"))
    return None


def _require_small(op: Op, arrays: Sequence[np.ndarray | None]) -> None:
    """Raise Refused where the result would be huge, or might be, before anything is allocated for it."""
    given = [each for each in arrays if each is not None]
    largest = max((each.size for each in given), default=1)
    if op.type in _GROWING:
        estimate = _grown(op, arrays)
    elif op.type in _BROADCASTING:
        estimate = _together([each.shape for each in given])
    elif op.type == "Concat":
        estimate = sum(each.size for each in given)
    elif op.type in ("MatMul", "Gemm"):
        estimate = _product_size(given)
    elif op.type in _TOGETHER:
        estimate = math.prod(max(1, each.size) for each in given)
    elif op.type in _KEEPING:
        estimate = largest * (max(1, given[0].ndim) if op.type == "NonZero" else 1)
    else:
        raise Refused("it takes nothing but constants, and is not worked out ahead")
    if estimate > MOST:
        raise Refused(f"it would come to {estimate:,} constant values")


def _together(shapes: Sequence[tuple[int, ...]]) -> int:
    try:
        return math.prod(np.broadcast_shapes(*shapes))
    except ValueError as error:
        raise Refused("what it takes does not fit together") from error


def _product_size(given: Sequence[np.ndarray]) -> int:
    """Return how many values a matrix product has, at least; more where it takes too many steps."""
    one, two = given[0], given[1]
    inner = max(1, min(max((*each.shape[-2:], 1)) for each in (one, two)))
    rows, columns = (
        one.size // max(1, min(one.shape[-2:], default=1)),
        two.size // max(1, min(two.shape[-2:], default=1)),
    )
    size = rows * columns
    return size if size * inner <= _MOST_STEPS else max(size, MOST + 1)


def _grown(op: Op, arrays: Sequence[np.ndarray | None]) -> int:
    first = arrays[0]
    if first is None:
        return 0
    second = arrays[1] if len(arrays) > 1 and arrays[1] is not None else np.zeros(0)
    if op.type == "Range":
        start, stop, step = (float(each.ravel()[0]) if each is not None else 1.0 for each in arrays[:3])
        return int(min(2.0**60, abs(stop - start) / max(abs(step), 1e-30))) + 1
    with np.errstate(all="ignore"):
        if op.type == "ConstantOfShape" or op.type in _WINDOWS:
            return _product(first)
        if op.type == "Expand":
            return _product(np.maximum(second.ravel(), 1)) * max(1, first.size)
        if op.type == "OneHot":
            return first.size * int(max(_product(second.ravel()[:1]), 0))
        if op.type == "EyeLike":
            return first.size
        if op.type == "Tile":
            return first.size * _product(second)
        if op.type == "Pad":
            pads = np.asarray(second if second.size else op.get("pads", ())).ravel().tolist()
            half = len(pads) // 2
            return max(1, first.size) * math.prod(
                1 + abs(int(low)) + abs(int(high)) for low, high in zip(pads[:half], pads[half:], strict=False)
            )
        factors = [float(each) for array in arrays[1:] if array is not None for each in array.ravel()[:16]]
        return int(min(2.0**60, max(1, first.size) * math.prod(max(1.0, abs(each)) for each in factors)))


def _product(sizes: np.ndarray) -> int:
    return math.prod(abs(int(each)) for each in np.asarray(sizes).ravel())
