"""Weights and the state of a training run on disk: written whole or not at all, read without executing anything."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor

from core.atomic import write_atomically
from core.errors import ModelError, TrainingError
from core.model.weight_files import stored_shapes

Weights = Mapping[str, Tensor]
_STATE_FORMAT = 1
_UNREADABLE = (RuntimeError, ValueError, KeyError, EOFError, OSError, pickle.UnpicklingError, zipfile.BadZipFile)


def weights_metadata(project: str, classes: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what every weights file says about itself; ``classes`` are the names of each output's classes."""
    words = {output: list(names) for output, names in classes.items() if names}
    return {"application": "layerwright", "project": project, "class_names": json.dumps(words)}


def weights_bytes(weights: Weights, metadata: Mapping[str, str]) -> bytes:
    """Return the content of a safetensors file; a tensor that appears under two names is stored twice."""
    plain = {name: each.detach().cpu().contiguous().clone() for name, each in weights.items()}
    return to_safetensors(plain, metadata={"format": "pt", **metadata})


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the weights in a safetensors file, on the CPU, and its metadata.

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        stored_shapes(path)
        with safe_open(path, "pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})
    except ModelError as error:
        raise TrainingError(
            f"The weights '{path}' cannot be read, they are missing or damaged: {error.message}."
        ) from error
    except (SafetensorError, OSError, ValueError, RuntimeError, MemoryError) as error:
        raise TrainingError(f"The weights '{path}' cannot be read, the file is damaged: {error}") from error


def load_weights(module: torch.nn.Module, path: Path) -> dict[str, str]:
    """Put the weights in a file into a module, and return the file's metadata.

    Raises:
        TrainingError: the file cannot be read, or belongs to another network.
    """
    weights, metadata = read_weights(path)
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()[1:]]
        raise TrainingError(f"The weights '{path}' belong to another network.", problems=lines) from error
    return metadata


@dataclass(frozen=True)
class Best:
    """The best weights so far: after which epoch, and the values measured then."""

    epoch: int
    value: float
    values: Mapping[str, float]
    weights: Weights


class Checkpoints:
    """The ``checkpoints`` folder of a run. ``metadata`` is written into every weights file."""

    def __init__(self, folder: Path, metadata: Mapping[str, str]) -> None:
        self._folder = folder
        self._metadata = dict(metadata)
        self._saved_best: int | None = None

    @property
    def state_path(self) -> Path:
        """The file to resume from."""
        return self._folder / "last.state.pt"

    def save_last(self, epoch: int, state: Mapping[str, Any]) -> None:
        """Write the last weights, and the state (which holds them too, so that one file is enough to resume).

        Raises:
            SaveError: they could not be written; the checkpoint before is intact.
        """
        self._save_weights("last", state["model"], {"epoch": str(epoch)})
        buffer = io.BytesIO()
        torch.save({"format": _STATE_FORMAT, **state}, buffer)
        write_atomically(self.state_path, buffer.getvalue())

    def save_best(self, best: Best) -> bool:
        """Write the best weights unless they are there already; return whether that was needed.

        Raises:
            SaveError: they could not be written; the ones before are intact.
        """
        if best.epoch == self._saved_best:
            return False
        described = {"epoch": str(best.epoch), "value": repr(best.value), "values": json.dumps(dict(best.values))}
        self._save_weights("best", best.weights, described)
        self._saved_best = best.epoch
        return True

    def _save_weights(self, which: str, weights: Weights, described: Mapping[str, str]) -> None:
        content = weights_bytes(weights, {**self._metadata, **described})
        write_atomically(self._folder / f"{which}.safetensors", content)

    def load_state(self) -> dict[str, Any]:
        """Return the stored state, tensors on the CPU.

        Raises:
            TrainingError: there is none, or it is damaged, or a newer version wrote it.
        """
        path = self.state_path
        if not path.is_file():
            raise TrainingError(f"The run '{self._folder.parent}' ended before its first checkpoint; start a new one.")
        try:
            # torch does not look at the checksums: a flipped bit would silently become another weight.
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
            if damaged is not None:
                raise zipfile.BadZipFile(f"the checksum of {damaged} is wrong")
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except _UNREADABLE as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TrainingError(f"'{path}' is damaged, the run cannot be resumed: {reason}") from error
        if state.get("format") != _STATE_FORMAT:
            raise TrainingError(f"'{path}' was written by another version of Layerwright.")
        return state

    def load_best(self) -> Best | None:
        """Return the best weights on disk, or None where there are none (or only a copy of the last).

        Raises:
            TrainingError: the file is damaged.
        """
        path = self._folder / "best.safetensors"
        if not path.is_file():
            return None
        weights, metadata = read_weights(path)
        if not int(metadata.get("epoch", "0")):
            return None
        self._saved_best = int(metadata["epoch"])
        return Best(self._saved_best, float(metadata["value"]), json.loads(metadata["values"]), weights)
