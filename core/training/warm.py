"""Loads PyTorch with all that a check takes, so that the first project that is opened shows its shapes at once."""

from __future__ import annotations

from functools import cache

from core.graph.templates import template
from core.loading import imports
from core.training.check import check_project

__all__ = ["check_project", "warm_up"]


@cache
def warm_up() -> None:
    """Check a project that comes with Layerwright; later calls do nothing."""
    with imports:
        check_project(template("digits").load())
