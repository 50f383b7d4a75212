"""What a person says of a run: tags, a note, a star. Kept beside the run's own files, which nothing ever rewrites."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from core.atomic import write_atomically
from core.errors import TrainingError, reason_of

FILE = "labels.json"


@dataclass(frozen=True)
class Labels:
    """Words to find a run again by, a text of any length, and whether it stands out."""

    tags: tuple[str, ...] = ()
    note: str = ""
    starred: bool = False


def read_labels(run: Path) -> Labels:
    """Return what was said of a run; nothing where nobody said anything.

    Raises:
        TrainingError: the file is damaged.
    """
    path = run / FILE
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        labels = Labels(tuple(value["tags"]), value["note"], value["starred"])
    except FileNotFoundError:
        return Labels()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise TrainingError(f"'{path}' is damaged: {reason_of(error)}. Delete it to describe the run anew.") from error
    if not all(isinstance(tag, str) for tag in labels.tags) or not isinstance(labels.note, str):
        raise TrainingError(f"'{path}' is damaged: tags and note must be texts. Delete it to describe the run anew.")
    return labels


def write_labels(run: Path, labels: Labels) -> None:
    """Keep what is said of a run; tags without blanks around them, none twice.

    Raises:
        SaveError: it could not be written.
    """
    tags = tuple(dict.fromkeys(word for tag in labels.tags if (word := " ".join(tag.split()))))
    text = json.dumps({**asdict(labels), "tags": tags}, indent=2, ensure_ascii=False)
    write_atomically(run / FILE, (text + "\n").encode())
