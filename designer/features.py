"""Keeps PySide from reading the source of every module that Python imports, in search of features that we do not use.

With them a module could write Qt's names in other ways. The search read all of PyTorch's text as the window starts,
which costs half a second and 90 MB, and asks modules that are half loaded for attributes: where two threads import
at once, that could end the import of pydantic.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import PySide6.QtCore  # noqa: F401 - it brings what is spoken to


def search_no_features() -> None:
    """Tell PySide of all modules that are imported from now on that they use none of its features."""
    feature = importlib.import_module("shibokensupport.feature")
    if hasattr(feature, "_mod_uses_pyside"):  # else this PySide does it in another way, and is left to it
        feature._mod_uses_pyside = _uses_none  # type: ignore[attr-defined]


def _uses_none(_module: ModuleType) -> bool:
    return False
