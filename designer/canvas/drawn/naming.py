"""What frames and notes are called where they are listed: in the outline, and to assistive technology."""

from __future__ import annotations

from collections.abc import Collection

from core.graph.project import Frame, Graph, Note
from designer.canvas.drawn.places import drawn_of

_SIGNS = " #>*-`_=\t"
_LONGEST = 40


def described(graph: Graph, names: Collection[str]) -> list[str]:
    """Return what is said about frames and notes by name: in the outline, and to assistive technology."""
    frames, notes = drawn_of(graph, names)
    return [*map(frame_name, frames), *map(note_name, notes)]


def frame_name(frame: Frame) -> str:
    """Return what a frame is called where it is listed."""
    return frame.title or frame.name


def note_name(note: Note) -> str:
    """Return what a note is called where it is listed: the beginning of its text without the signs of Markdown."""
    line = next((line for line in note.text.splitlines() if line.strip(_SIGNS)), "")
    plain = line.strip(_SIGNS)
    return (f"{plain[:_LONGEST]}…" if len(plain) > _LONGEST + 1 else plain) or note.name
