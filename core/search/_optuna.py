"""Optuna, loaded once and quietly, or the one message that says how to get it."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.errors import SearchError
from core.loading import load

MISSING = 'Sweeps need Optuna, which is not installed: pip install "layerwright[sweep]".'


def is_there() -> bool:
    """Return whether sweeps can be made here; nothing is loaded for that."""
    return importlib.util.find_spec("optuna") is not None


def optuna() -> Any:
    """Return the module; what it says besides errors stays unsaid, for the table of trials tells it.

    Raises:
        SearchError: it is not installed.
    """
    try:
        module = load("optuna")
    except ImportError as error:
        raise SearchError(MISSING) from error
    module.logging.set_verbosity(module.logging.ERROR)
    return module


@contextmanager
def as_it_is() -> Iterator[None]:
    """Take what Optuna calls experimental without its warning: a change there is for our tests to find."""
    category = optuna().exceptions.ExperimentalWarning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield
