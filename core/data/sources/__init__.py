"""The data sources, one family a file; ``sources`` finds them by walking this folder."""

from core.data.source import SourceKind
from core.registry import Registry

sources = Registry("core.data.sources", SourceKind, "data source")
