"""The loggers, one a file; ``loggers`` finds them by walking this folder."""

from core.registry import Registry
from core.training.loggers._kind import LoggerKind

__all__ = ["LoggerKind", "loggers"]

loggers = Registry("core.training.loggers", LoggerKind, "logger")
