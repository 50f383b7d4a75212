"""Windows with networks to make pictures of."""

from __future__ import annotations

from tests.designer.shell.conftest import Hands, hands, open_project, settings, window

__all__ = ["Hands", "hands", "open_project", "settings", "window"]
