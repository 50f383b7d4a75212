"""The metrics, one family a file; ``metrics`` finds them by walking this folder."""

from core.training.metrics._by_class import by_class
from core.training.metrics._kind import MetricKind, MetricRegistry

__all__ = ["MetricKind", "by_class", "metrics"]

metrics = MetricRegistry("core.training.metrics", MetricKind, "metric")
