"""What fields may mean, one file each; ``meanings`` finds them by walking this folder."""

from core.graph.meanings._kind import MeaningKind
from core.registry import Registry

meanings = Registry("core.graph.meanings", MeaningKind, "meaning")
