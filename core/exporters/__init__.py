"""The exporters, one format a file; ``exporters`` finds them by walking this folder."""

from core.exporters._kind import Exported, ExporterKind, ExportRequest
from core.registry import Registry

__all__ = ["ExportRequest", "Exported", "ExporterKind", "exporters"]

exporters = Registry("core.exporters", ExporterKind, "exporter")
