"""Keras's layers that turn numbers to bins and bins to zeros and ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.errors import ImportFailed
from core.importers._keras.flow import Flow, Handler, Step, Unsupported


def _discretization(step: Step) -> Flow:
    """Count for every number the boundaries that it has reached: that is the bin it is in."""
    found = step.get("bin_boundaries")
    if not isinstance(found, list) or not found:
        raise Unsupported("the file does not hold its boundaries")
    if not all(isinstance(each, (int, float)) and math.isfinite(each) for each in found):
        raise ImportFailed(f"bin_boundaries of the layer '{step.layer.name}' are no finite numbers: {found!s:.100}.")
    x = step.scope.plain(step.scope.cast(step.x, "float32"))
    apart = step.add("Unsqueeze", {"dim": -1}, [x], "apart")
    bounds = step.scope.constant(found, (1,) * x.rank + (len(found),), f"{step.layer.name}_boundaries")
    reached = step.add("Compare", {"comparison": ">="}, [apart, bounds], "reached")
    count = step.add("Sum", {"dim": (-1,)}, [step.scope.cast(reached, "float32")], "count")
    return _encoded(step, step.scope.cast(count, "int64"), str(step.get("output_mode", "int")), len(found) + 1)


def _category_encoding(step: Step) -> Flow:
    if len(step.flows) > 1:
        raise Unsupported("it is given weights of its counts")
    x = step.scope.cast(step.scope.plain(step.x), "int64")
    return _encoded(step, x, str(step.get("output_mode", "multi_hot")), step.whole("num_tokens"))


def _encoded(step: Step, x: Flow, mode: str, depth: int) -> Flow:
    """Write numbers of categories as a layer of Keras gives them: as they are, or as zeros and ones."""
    if mode == "int":
        return step.add("Identity", {}, [x])
    if mode == "one_hot":
        x = step.add("Squeeze", {"dim": (-1,)}, [x], "squeezed") if x.rank > 1 and x.size(-1) == 1 else x
        made = step.add("OneHot", {"num_classes": depth}, [x], "marks")
        return step.scope.cast(made, "float32")
    kind = {"multi_hot": "Max", "binary": "Max", "count": "Sum"}.get(mode)
    if kind is None or x.rank < 2:
        raise Unsupported(f"its output_mode is '{mode[:40]}'")
    marks = step.scope.cast(step.add("OneHot", {"num_classes": depth}, [x], "marks"), "float32")
    return step.add(kind, {"dim": (1,)}, [marks])


LAYERS: Mapping[str, Handler] = {"Discretization": _discretization, "CategoryEncoding": _category_encoding}
"""By class of Keras: what makes nodes of it."""
