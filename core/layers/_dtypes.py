"""What weights ask of the dtypes beside them, where running on ``meta`` would accept more than a real run."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import DTypeRule, Value


def beside_weights(*switches: str) -> DTypeRule:
    """Refuse all but float32 in a layer with weights: always, or where one of the parameters ``switches`` is set."""

    def rule(dtypes: Mapping[str, str], values: Mapping[str, Value]) -> str:
        if switches and not any(values.get(name) for name in switches):
            return ""
        other = next((dtype for dtype in dtypes.values() if dtype.startswith("float") and dtype != "float32"), "")
        return f"Its weights are float32, but {other} arrives: change what arrives to float32." if other else ""

    return rule
