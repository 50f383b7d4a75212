"""The projects that come with Layerwright: complete examples, and architectures to which one brings the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import UnknownKindError, did_you_mean
from core.graph.files import load_project
from core.graph.project import Project

_FOLDER = Path(__file__).parents[2] / "resources" / "templates"


@dataclass(frozen=True)
class Template:
    """A project to start from: its short name, and its file."""

    id: str
    path: Path

    def load(self) -> Project:
        """Read the project."""
        return load_project(self.path)


def templates() -> tuple[Template, ...]:
    """Return all templates, by name."""
    return tuple(Template(path.stem, path) for path in sorted(_FOLDER.glob("*.layerwright")))


def template(name: str) -> Template:
    """Return the template of that name; case, spaces, hyphens and underscores make no difference.

    Raises:
        UnknownKindError: there is none; the message offers the nearest.
    """
    known = {each.id: each for each in templates()}
    plain = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    if plain not in known:
        raise UnknownKindError(
            f"There is no template '{name}'.{did_you_mean(plain, known)} There are: {', '.join(known)}."
        )
    return known[plain]
