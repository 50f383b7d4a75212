"""The metrics, one family a file; ``metrics`` finds them by walking this folder."""

from core.registry import Registry
from core.training.kinds import MetricKind

metrics = Registry("core.training.metrics", MetricKind, "metric")
