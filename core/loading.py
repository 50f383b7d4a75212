"""One heavy import at a time: Python hands half-loaded modules to a thread that imports what another is importing.

PyTorch and pydantic are loaded late and in whichever thread needs them first. Whoever imports them does it through
``load``, or holds ``imports`` meanwhile; once they are loaded that costs next to nothing.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType

imports = threading.RLock()
"""Held while PyTorch, pydantic and what they bring are being imported."""


def load(name: str) -> ModuleType:
    """Return the module of that dotted name, imported while no other thread imports heavy ones.

    Raises:
        ImportError: there is none, or it cannot be imported.
    """
    module = sys.modules.get(name)
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        return module
    with imports:
        return importlib.import_module(name)
