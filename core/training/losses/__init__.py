"""The losses, one family a file; ``losses`` finds them by walking this folder."""

from core.registry import Registry
from core.training.kinds import LossKind

losses = Registry("core.training.losses", LossKind, "loss")
