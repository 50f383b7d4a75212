"""The optimizers, one family a file; ``optimizers`` finds them by walking this folder."""

from core.registry import Registry
from core.training.kinds import OptimizerKind

optimizers = Registry("core.training.optimizers", OptimizerKind, "optimizer")
