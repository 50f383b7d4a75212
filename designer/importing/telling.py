"""What dialogs that read files of others have in common: which endings hold weights, and errors in plain words."""

from __future__ import annotations

from core.errors import LayerwrightError

WEIGHTS = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
"""Endings of files that hold weights alone; those of ``core.training.pretrained.reading``, which needs torch."""
_PROBLEMS = 8


def error_text(error: Exception) -> str:
    """Return an error in plain words, with the first of the problems that it lists."""
    if not isinstance(error, LayerwrightError):
        return str(error) or type(error).__name__
    return "\n".join((error.message, *(f"•  {each}" for each in error.problems[:_PROBLEMS])))
