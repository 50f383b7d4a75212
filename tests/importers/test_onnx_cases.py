"""The standard's own node cases: each comes in and gives the right numbers, or is refused by name. None is wrong."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from core.errors import ImportFailed
from core.importers import ImportRequest
from core.importers._onnx.flow import Flow, plain
from core.importers._onnx.model import Refused, opened
from core.importers._onnx.proof import loaded, outputs
from core.importers.onnx import Stuck, walked
from tests.conftest import Tell

_FLOOR = 1650
"""How many of the 1,884 cases have to pass: a little less than do, so that a new version of ONNX may bring others."""
_PARTS = 4
_SPREAD = 15
"""The cases are tried in parts, which can run beside one another, and of which some hold a few more that pass."""
_HALF = (TensorProto.FLOAT16, TensorProto.BFLOAT16)


def _array(value: Any) -> Any:
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, np.generic) else value


class _Case:
    """One case of the standard, whose further inputs may stand in the model as weights."""

    def __init__(self, case: Any) -> None:
        self.model, self.case = case.model, case
        self.given, self.wanted = ([_array(each) for each in part] for part in case.data_sets[0])

    def ways(self) -> Iterator[tuple[list[str], bool]]:
        """Yield which inputs stay inputs, and whether axis 0 is read as no batch; the likeliest first."""
        names = [each.name for each in self.model.graph.input]
        arrays = [each for each in self.given if isinstance(each, np.ndarray)]
        if len(arrays) == len(names) and names:
            first = arrays[0].shape[:1]
            yield (
                [name for name, each in zip(names, arrays, strict=True) if each.ndim and each.shape[:1] == first],
                False,
            )
        yield names[:1], True
        yield names, True

    def with_weights(self, kept: Sequence[str]) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
        """Return the model with all inputs but those ``kept`` as weights, and what the others are given."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        given = {}
        for value, array in zip(list(model.graph.input), self.given, strict=False):
            if value.name in kept or not isinstance(array, np.ndarray):
                given[value.name] = array
            else:
                model.graph.initializer.append(numpy_helper.from_array(array, value.name))
                model.graph.input.remove(value)
        return model, given

    def difference(self, flow: Flow, found: dict[str, np.ndarray]) -> str:
        """Return what differs from the outputs that the standard gives, or an empty string."""
        values = (*self.model.graph.input, *self.model.graph.output)
        coarse = 2e-2 if any(each.type.tensor_type.elem_type in _HALF for each in values) else 0
        for value, raw in zip(self.model.graph.output, self.wanted, strict=False):
            have = found[value.name]
            try:
                wanted = plain(np.asarray(raw))
            except Refused:
                return f"{value.name} is no tensor"
            if have.shape != wanted.shape or have.dtype.kind != wanted.dtype.kind:
                return f"{value.name} is {have.shape} {have.dtype}, not {wanted.shape} {wanted.dtype}"
            relative, absolute = max(self.case.rtol, 1e-3, coarse), max(self.case.atol, 1e-5, coarse)
            if not np.allclose(have, wanted, rtol=relative, atol=absolute, equal_nan=True):
                return f"{value.name} has other numbers"
        return ""


def _outcome(case: _Case) -> tuple[str, str]:
    """Return "passes", "refused" (with the reason) or "wrong" (with the difference)."""
    refused = ""
    for kept, single in case.ways():
        try:
            model, given = case.with_weights(kept)
            flow = walked(opened(model), ImportRequest(""), single)
            made = flow.draft.finished()
            if made.opaque:
                refused = refused or made.notes[-1]
                continue
            module = loaded(made)
            if isinstance(module, str):
                return "wrong", f"it cannot be built: {module}"
            difference = case.difference(flow, outputs(flow, module, given))
            return ("wrong", difference) if difference else ("passes", "")
        except (ImportFailed, Stuck) as error:
            refused = refused or str(error)
    return "refused", refused


@cache
def _cases() -> tuple[Any, ...]:
    from onnx.backend.test.loader import load_node_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cases themselves overflow and divide by zero
        return tuple(load_node_model_tests())


@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PARTS))
def test_the_cases_of_the_standard_pass_or_are_refused_by_name(part: int, told: Tell) -> None:
    cases = _cases()[part::_PARTS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        found = {case.name: _outcome(_Case(case)) for case in cases}
    counts = Counter(outcome for outcome, _ in found.values())
    told(f"ONNX node cases: {counts['passes']} of {len(cases)} pass, {counts['refused']} are refused by name.")
    wrong = {name: why for name, (outcome, why) in found.items() if outcome == "wrong"}
    assert not wrong
    assert all(why for outcome, why in found.values() if outcome == "refused")
    assert counts["passes"] >= _FLOOR // _PARTS - _SPREAD
