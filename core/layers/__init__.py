"""The layer kinds, one family a file; ``catalogue`` finds them by walking this folder."""

from core.kinds import LayerKind
from core.registry import Registry

catalogue = Registry("core.layers", LayerKind, "layer kind")
