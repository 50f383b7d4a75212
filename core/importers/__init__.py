"""The importers, one format a file; ``importers`` finds them by walking this folder."""

from core.importers._kind import Imported, ImporterKind, ImportRequest
from core.registry import Registry

__all__ = ["ImportRequest", "Imported", "ImporterKind", "importers"]

importers = Registry("core.importers", ImporterKind, "importer")
