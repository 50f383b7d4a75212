"""The files of trained weights that a network and its groups start from: what they hold, and what of it fits.

Only their headers are read here, so that the check of an edit stays quick. Whether a group's file fits is known only
once the network is built: ``build`` says so.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import ModelError, reason_of
from core.graph.edits import SetGroupWeights, SetWeights
from core.graph.groups import needed
from core.graph.project import Project
from core.graph.weight_names import stored_name
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.model.tensors import Shapes, TensorShape, tensor_shapes
from core.units import plural

LONGEST_HEADER = 20_000_000
"""Bytes that the description of the tensors may have, for some 200,000 of them; the format would allow five times more,
which takes a minute to read."""
_MOST_AXES = 64
_KINDS = frozenset("F64 F32 F16 BF16 F8_E4M3 F8_E5M2 I64 I32 I16 I8 U64 U32 U16 U8 BOOL".split())
"""Kinds of number that tensors of a network can start from."""
_NAMED = 6
_ABOUT = "__metadata__"
_NO_FILE = "that is no .safetensors file"


@dataclass(frozen=True)
class Fit:
    """What of a file of weights a network starts from.

    ``found`` says by the network's names what a tensor is called in the file; ``fresh`` are tensors of the network for
    which the file has none, or one of another shape; ``unused`` are tensors of the file that no layer takes.
    """

    found: Mapping[str, str]
    fresh: tuple[str, ...]
    unused: tuple[str, ...]


def fit_of(project: Project, wanted: Shapes, stored: Shapes) -> Fit:
    """Compare a network with a file by names and shapes; nodes that were renamed since are known by their old name."""
    names = {name: stored_name(project, name) for name in wanted}
    found = {name: other for name, other in names.items() if stored.get(other) == wanted[name]}
    fresh = tuple(name for name in wanted if name not in found)
    used = set(found.values())
    return Fit(found, fresh, tuple(name for name in stored if name not in used))


def weight_file_problems(project: Project, base: Path | None, report: ShapeReport) -> Iterator[Problem]:
    """Yield what is wrong with files of weights: those that are missing or no such files, and tensors that do not fit.

    ``base`` is the folder of the project's file; without one, nothing is said of relative paths.
    """
    yield from _own_problems(project, base, report)
    used = {node.group for node in project.graph.nodes.values() if node.group}
    for name in needed(project.groups, used):
        path = _absolute(project.groups[name].weights, base)
        reason = _reason(path) if path is not None else ""
        if reason:
            user = next((node.name for node in project.graph.nodes.values() if node.group == name), "")
            yield Problem(
                "warning",
                f"The group {name} starts from the weights in '{path}', but {reason}. Training cannot start without "
                "them: choose another file in the group's form, or start from fresh weights.",
                user,
                fixes=(Fix(f"Start {name} fresh", SetGroupWeights(name, "")),),
            )


def _own_problems(project: Project, base: Path | None, report: ShapeReport) -> Iterator[Problem]:
    path = _absolute(project.weights, base)
    if path is None:
        return
    fix = Fix("Start fresh", SetWeights("", label="Start fresh"))
    reason = _reason(path)
    if reason:
        yield Problem(
            "warning",
            f"The network starts from the weights in '{path}', but {reason}. Training cannot start without them: put "
            "the file there, load others with Network, Load weights, or start from fresh weights.",
            parameter="weights",
            fixes=(fix,),
        )
        return
    wanted = tensor_shapes(project, report)
    fit = fit_of(project, wanted, stored_shapes(path)) if wanted else None
    if fit is None or not (fit.fresh or fit.unused):
        return
    if not fit.found:
        message = f"Nothing in '{path.name}' fits this network, neither by name nor by shape: all of it starts fresh."
        yield Problem("warning", message, parameter="weights", fixes=(fix,))
        return
    yield Problem("info", _difference(path.name, fit), _first_node(project, fit.fresh), parameter="weights")


def _difference(name: str, fit: Fit) -> str:
    whole = len(fit.found) + len(fit.fresh)
    parts = [f"The network starts from '{name}', which has {len(fit.found)} of its {plural(whole, 'tensor')}."]
    if fit.fresh:
        parts.append(f"Nothing in it fits {_listed(fit.fresh)}: fresh weights there.")
    if fit.unused:
        parts.append(f"No layer takes {_listed(fit.unused)} of the file.")
    return " ".join(parts)


def _listed(tensors: Iterable[str]) -> str:
    """Name the layers of tensors, up to a few."""
    layers = list(dict.fromkeys(name.rpartition(".")[0] or name for name in tensors))
    shown = ", ".join(f"'{each}'" for each in layers[:_NAMED])
    return f"{shown} and {len(layers) - _NAMED} more" if len(layers) > _NAMED else shown


def _first_node(project: Project, tensors: Iterable[str]) -> str:
    names = (name.partition(".")[0] for name in tensors)
    return next((name for name in names if name in project.graph.nodes), "")


def _absolute(text: str, base: Path | None) -> Path | None:
    """Return where a file is; None where that cannot be told, or no file is named."""
    return None if not text or (base is None and not Path(text).is_absolute()) else (base or Path()) / text


# --- what a file says of itself ---------------------------------------------------------------------------------------


def stored_shapes(path: Path) -> Shapes:
    """Return the tensors in a ``.safetensors`` file by name; a file that did not change is not read again.

    Raises:
        ModelError: it cannot be read, or is no such file.
    """
    try:
        state = path.stat()  # opening a pipe or a device could wait for ever
        if not stat.S_ISREG(state.st_mode):
            raise ModelError("that is a folder or a device")
        return _header(path, state.st_mtime_ns, state.st_size)
    except FileNotFoundError as error:
        raise ModelError("there is no such file") from error
    except OSError as error:
        raise ModelError(f"it cannot be read: {reason_of(error)}") from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, MemoryError) as error:
        raise ModelError(_NO_FILE) from error


def _reason(path: Path) -> str:
    """Return why weights cannot be read from a file, to follow "but"; an empty string where they can."""
    try:
        stored_shapes(path)
    except ModelError as error:
        return error.message
    return ""


@lru_cache(maxsize=64)
def _header(path: Path, _changed: int, size: int) -> Shapes:
    """Read the description at the beginning of a file: its length (8 bytes, little-endian), then that much JSON.

    https://huggingface.co/docs/safetensors#format
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= min(size - 8, LONGEST_HEADER):
            raise ValueError(length)
        content = json.loads(file.read(length))
    if any(len(each["shape"]) > _MOST_AXES for name, each in content.items() if name != _ABOUT):
        raise ValueError("dimensions")
    return {
        name: TensorShape(tuple(map(int, each["shape"])), each["dtype"].startswith(("F", "BF")))
        for name, each in content.items()
        if name != _ABOUT and each["dtype"] in _KINDS
    }
