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
from core.model.probe import quietly
from core.training.checkpoints import read_weights

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
_UNREADABLE = (RuntimeError, ValueError, KeyError, EOFError, OSError, AttributeError, TypeError, IndexError)
_FORBIDDEN = re.compile(r"(?:GLOBAL|global|class|function)\s+['\"]?([\w.]+)")


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
    if not tensors:
        raise ImportFailed(f"There are no weights in '{path}'.")
    plain, stripped = _without_fronts(tensors)
    return Stored(plain, ordered, (*notes, *stripped))


def _unpickled(path: Path) -> Any:
    try:
        if zipfile.is_zipfile(path):
            _refuse_bombs(path)
        with quietly():
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ImportFailed(_refusal(path, str(error))) from error
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
    return (
        f"'{path}' is more than weights: opening it would run '{wants[1]}', which could be any program. It was not "
        f"opened. {_ADVICE}"
    )


def _refuse_bombs(path: Path) -> None:
    """Refuse archives that unpack to more than they are: torch stores its tensors as they are."""
    with zipfile.ZipFile(path) as archive:
        if sum(each.file_size for each in archive.infolist()) > path.stat().st_size:
            raise ImportFailed(f"'{path}' would unpack to more than its size, which no file of PyTorch does.")


def _tensors_of(content: Any, path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Return the named tensors of what was read, and what was left out."""
    notes: list[str] = []
    for _level in range(_DEEPEST):
        if not isinstance(content, Mapping):
            break
        found = {str(name): each for name, each in content.items() if isinstance(each, Tensor)}
        if found:
            usable = {name: each.detach() for name, each in found.items() if _is_plain(each, path)}
            odd = [name for name in found if name not in usable]
            if odd:
                notes.append(f"Left out, as they are sparse or quantised: {', '.join(odd[:5])}.")
            return usable, notes
        inner = next((name for name in _WRAPPERS if isinstance(content.get(name), Mapping)), None)
        if inner is None:
            break
        notes.append(f"The weights are those under '{inner}'.")
        content = content[inner]
    raise ImportFailed(f"'{path}' holds no state dict, which is a dictionary of tensors by their names.")


def _is_plain(tensor: Tensor, path: Path) -> bool:
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_complex():
        return False
    if tensor.numel() * tensor.element_size() > max(tensor.untyped_storage().nbytes(), tensor.element_size()):
        raise ImportFailed(f"'{path}' claims tensors that are larger than what is in it.")
    return True


def _without_fronts(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    found, notes = dict(tensors), []
    changed = True
    while changed:
        changed = False
        for front in _IN_FRONT:
            if all(name.startswith(front) and name != front for name in found):
                found = {name.removeprefix(front): each for name, each in found.items()}
                notes.append(f"'{front}' was taken off in front of every name.")
                changed = True
    return found, notes
