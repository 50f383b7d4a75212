"""How each meaning's values become numbers and come back, one file each; ``preparations`` finds them by walking."""

from core.data.preparing._kind import Preparation
from core.registry import Registry

preparations = Registry("core.data.preparing", Preparation, "preparation")
"""What is learnt from the training rows of a field of each meaning, and how its values are encoded and decoded."""
