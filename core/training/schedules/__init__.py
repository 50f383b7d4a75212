"""The schedules of the learning rate, one family a file; ``schedules`` finds them by walking this folder."""

from core.registry import Registry
from core.training.schedules._kind import ScheduleKind

schedules = Registry("core.training.schedules", ScheduleKind, "schedule")
