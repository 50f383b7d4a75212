"""Reads the tensors of a file of weights as other programs write them; nothing in such a file is ever run."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import ImportFailed, TrainingError, reason_of
from core.machine import physical_memory
from core.model.probe import quietly
from core.training.checkpoints import read_weights
from core.training.pretrained.pickles import Costly, Trap, look_through
from core.units import size

PICKLED = (".pt", ".pth", ".bin", ".ckpt")
SAFE = ".safetensors"
SUFFIXES = (SAFE, *PICKLED)
"""Endings of files that are read as weights alone."""
_WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "weights", "network", "net")
"""Under which a checkpoint keeps the state dict, in this order."""
_IN_FRONT = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put in front of every name."""
_DEEPEST = 4
_ADVICE = "Write its weights alone, with torch.save(model.state_dict(), path) or as safetensors, and load those."
_UNREADABLE = (
    *(RuntimeError, ValueError, LookupError, EOFError, OSError),
    *(AttributeError, TypeError, ArithmeticError, AssertionError),
)
_FORBIDDEN = re.compile(r"(?:GLOBAL|global|class|function)\s+['\"]?([\w.]+)")
_LONGEST_NAME, _MOST_STEPS = 500, 64
"""Letters of a tensor's name, and parts between its dots."""
_USUAL = frozenset(
    "float64 float32 float16 bfloat16 float8_e4m3fn float8_e5m2 int64 int32 int16 int8 uint8 bool".split()
)
"""Kinds of number that layers can take over."""


@dataclass(frozen=True)
class Stored:
    """The tensors of a file by name. ``ordered``: they stand in the order in which the network has them."""

    tensors: Mapping[str, Tensor]
    ordered: bool
    notes: tuple[str, ...] = ()


def read_stored(path: Path) -> Stored:
    """Read a ``.safetensors`` file, or a state dict that torch wrote, by itself or in a checkpoint, on the CPU.

    Raises:
        ImportFailed: it cannot be read, is damaged, would run code, claims more than it holds, or has no weights.
    """
    if not path.is_file():
        raise ImportFailed(f"There is no file '{path}'.")
    if path.suffix.lower() == SAFE:
        try:
            tensors, _metadata = read_weights(path)
        except TrainingError as error:
            raise ImportFailed(error.message) from error
        notes: list[str] = []
        ordered = False  # the format sorts them
    elif path.suffix.lower() in PICKLED:
        tensors, notes = _tensors_of(_unpickled(path), path)
        ordered = True
    else:
        raise ImportFailed(f"'{path.name}' is no file of weights: they end in {', '.join(SUFFIXES)}.")
    tensors, left_out = _plain_ones(tensors, path)
    if not tensors:
        raise ImportFailed(" ".join((f"There are no weights in '{path}' that can be loaded.", *left_out)))
    plain, stripped = _without_fronts(tensors)
    return Stored(plain, ordered, (*notes, *left_out, *stripped))


def _unpickled(path: Path) -> Any:
    memory = physical_memory()
    if 0 < memory < path.stat().st_size:
        raise ImportFailed(f"'{path}' has {size(path.stat().st_size)}, more than this machine has memory for.")
    try:
        with path.open("rb") as file, quietly():
            look_through(file)
            return torch.load(file, map_location="cpu", weights_only=True)
    except Trap as error:
        raise ImportFailed(f"'{path}' {error}: it was not opened.") from error
    except Costly as error:
        raise ImportFailed(_would_run(path, str(error))) from error
    except pickle.UnpicklingError as error:
        raise ImportFailed(_refusal(path, str(error))) from error
    except MemoryError as error:
        raise ImportFailed(f"'{path}' takes more memory than there is.") from error
    except (zipfile.BadZipFile, *_UNREADABLE) as error:
        if "TorchScript" in str(error):
            raise ImportFailed(
                f"'{path}' is a whole network as TorchScript, not its weights alone. {_ADVICE}"
            ) from error
        reason = f": {reason_of(error)}" if isinstance(error, OSError) else ""
        raise ImportFailed(f"'{path}' is damaged, or no file of weights that PyTorch wrote{reason}.") from error


def _refusal(path: Path, text: str) -> str:
    """Say in plain words why torch would not open a file."""
    wants = _FORBIDDEN.search(text)
    if wants is None:
        return f"'{path}' is damaged, or no file of weights that PyTorch wrote."
    return _would_run(path, wants[1])


def _would_run(path: Path, what: str) -> str:
    return (
        f"'{path}' is more than weights: opening it would run '{what}', which could be any program. It was not "
        f"opened. {_ADVICE}"
    )


def _tensors_of(content: Any, path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Return the named tensors of what was read, and what else is to be said.

    What a dictionary has is asked of ``dict``, since a file may put something else in the place of its methods.
    """
    notes: list[str] = []
    for _level in range(_DEEPEST):
        if not isinstance(content, dict):
            break
        inner = next((name for name in _WRAPPERS if isinstance(dict.get(content, name), dict)), None)
        if inner is None:
            named = ((name, each) for name, each in dict.items(content) if isinstance(name, str))
            found = {name: each.detach() for name, each in named if isinstance(each, Tensor)}
            if found:
                return found, notes
            break
        notes.append(f"The weights are those under '{inner}'.")
        content = dict.get(content, inner)
    raise ImportFailed(f"'{path}' holds no state dict, which is a dictionary of tensors by their names.")


def _plain_ones(tensors: Mapping[str, Tensor], path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors that layers can take over, and what is to be said of the others."""
    for name in tensors:
        if len(name) > _LONGEST_NAME or name.count(".") >= _MOST_STEPS:
            raise ImportFailed(f"'{path}' has a tensor with a name that is far too long: '{name[:40]}…'.")
    usable = {name: each for name, each in tensors.items() if _is_plain(each, path)}
    odd = [name for name in tensors if name not in usable]
    if not odd:
        return usable, []
    return usable, [f"Left out, as they are sparse, quantised or without numbers: {', '.join(odd[:5])}."]


def _is_plain(tensor: Tensor, path: Path) -> bool:
    if tensor.is_nested or tensor.is_meta or tensor.layout is not torch.strided or tensor.is_quantized:
        return False
    if str(tensor.dtype).removeprefix("torch.") not in _USUAL:
        return False
    if tensor.numel() * tensor.element_size() > max(tensor.untyped_storage().nbytes(), tensor.element_size()):
        raise ImportFailed(f"'{path}' claims tensors that are larger than what is in it.")
    return True


def _without_fronts(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    found, notes = dict(tensors), list[str]()
    changed = True
    while changed:
        changed = False
        for front in _IN_FRONT:
            if all(name.startswith(front) and name != front for name in found):
                found = {name.removeprefix(front): each for name, each in found.items()}
                notes[:] = dict.fromkeys((*notes, f"'{front}' was taken off in front of every name."))
                changed = True
    return found, notes
