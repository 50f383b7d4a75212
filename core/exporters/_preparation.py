"""Writes ``preprocess.py`` of bundles and packages: the part of our standing preparation that their fields use."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from core.data.preprocessing import Preprocessing
from core.exporters import _standalone_cells as cells
from core.exporters import _standalone_preprocess as standing
from core.exporters import _standalone_series as series
from core.exporters._package.gathered import gathered
from core.exporters._pruned import module_text

_DOCUMENTATION = (
    "Raw rows as the network's inputs, by what preprocessing.json says, which was learnt from the training rows."
)


def preprocess_text(preprocessing: Preprocessing, user: str = "") -> str:
    """Return ``preprocess.py``: what prediction needs, and what the text of its ``user`` names as ``preprocess.X``."""
    entries = [preprocessing.entry(name) for names in preprocessing.inputs.values() for name in names]
    kinds = {f".{each.part}" if each.part else each.field.meaning for each in entries}
    kinds |= set(re.findall(r'preprocess\.ENCODERS\["(\w+)"\]', user))
    dropping = {each.field.meaning for each in entries if each.field.missing == "drop row"}
    tables = {
        "ENCODERS": _table("ENCODERS: dict[str, Callable[[Field, Cells], Array]]", standing.ENCODERS, kinds),
        "GAPS": _table("GAPS: dict[str, Callable[[Any], bool]]", standing.GAPS, dropping),
    }
    wanted = [(standing.__name__, "transform"), (standing.__name__, "in_units")]
    for name in sorted(set(re.findall(r"preprocess\.(\w+)", user))):
        home = next(each for each in (standing, series, cells) if hasattr(each, name))
        wanted.append((getattr(getattr(home, name), "__module__", home.__name__), name))
    left = gathered(wanted, replaced=tables)
    return module_text(_DOCUMENTATION, left.imports, left.definitions)


def _table(head: str, functions: Mapping[str, Callable[..., object]], kept: Collection[str]) -> str:
    rows = [f'    "{name}": {each.__name__},' for name, each in functions.items() if name in kept]
    return "\n".join([f"{head} = {{", *rows, "}"]) if rows else f"{head} = {{}}"
