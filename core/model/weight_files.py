"""Whether the files of trained weights that groups start from are there and can be read, told before training starts.

Whether they fit is known only once the network is built: ``build`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from core.errors import reason_of
from core.graph.edits import SetGroupWeights
from core.graph.groups import needed
from core.graph.project import Project
from core.model.problems import Fix, Problem


def weight_file_problems(project: Project, base: Path | None) -> Iterator[Problem]:
    """Yield a warning for every group of the network whose file of weights is missing or is no such file.

    ``base`` is the folder of the project's file; without one, nothing is said of relative paths.
    """
    used = {node.group for node in project.graph.nodes.values() if node.group}
    for name in needed(project.groups, used):
        text = project.groups[name].weights
        if not text or (base is None and not Path(text).is_absolute()):
            continue
        path = (base or Path()) / text
        reason = _reason(path)
        if reason:
            user = next((node.name for node in project.graph.nodes.values() if node.group == name), "")
            yield Problem(
                "warning",
                f"The group {name} starts from the weights in '{path}', but {reason}. Training cannot start without "
                "them: choose another file in the group's form, or start from fresh weights.",
                user,
                fixes=(Fix(f"Start {name} fresh", SetGroupWeights(name, "")),),
            )


def _reason(path: Path) -> str:
    """Return why weights cannot be read from a file, to follow "but"; an empty string where they can."""
    try:
        found = path.stat()
        return "" if _is_safetensors(path, found.st_mtime_ns, found.st_size) else "that is no .safetensors file"
    except FileNotFoundError:
        return "there is no such file"
    except OSError as error:
        return f"it cannot be read: {reason_of(error)}"


@lru_cache(maxsize=64)
def _is_safetensors(path: Path, _changed: int, size: int) -> bool:
    """True where a file begins like one of safetensors: the length of its header, and the header's first brace.

    The format: 8 bytes of a little-endian length, then that many bytes of JSON.
    https://huggingface.co/docs/safetensors#format
    """
    with path.open("rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:] == b"{" and int.from_bytes(start[:8], "little") <= size - 8
