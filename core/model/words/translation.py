"""What a complaint of PyTorch becomes."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.problems import Fix


@dataclass(frozen=True)
class Translation:
    """The words, the parameter they are about (if one), and ways out."""

    message: str
    parameter: str = ""
    fixes: tuple[Fix, ...] = ()
