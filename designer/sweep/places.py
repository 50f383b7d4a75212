"""Which place of a search a field of the window stands for."""

from __future__ import annotations

from core.search.places import TRAINING, node_place
from designer.properties.scope import RootScope, Scope, Values
from designer.training.scopes import OneScope

_TRAINING_KEYS = {
    "training": TRAINING,
    "training.optimizer_options": f"{TRAINING}/optimizer_options",
    "training.schedule_options": f"{TRAINING}/schedule_options",
}
_NOT_SEARCHED = frozenset({"monitor", "device", "process", "compile", "diagnostics", "loggers"})
_TYPES = frozenset({"int", "float", "ints", "floats", "bool", "choice", "loss"})


def place_of(scope: Values, name: str, kind: str) -> str:
    """Return the place of a parameter in the search; "" where it cannot be searched (several nodes, texts)."""
    if isinstance(scope, OneScope):
        head = _TRAINING_KEYS.get(scope.names[0], "")
        return f"{head}/{name}" if head and name not in _NOT_SEARCHED else ""
    if not isinstance(scope, Scope) or kind not in _TYPES or len(scope.targets) != 1:
        return ""
    group = "" if isinstance(scope, RootScope) else scope.session.group
    return node_place(group, next(iter(scope.targets)), name)
