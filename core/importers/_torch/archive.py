"""Reads ``.pt2`` archives by themselves: a list of operators in JSON, and tensors as raw bytes.

PyTorch's own reader evaluates expressions as Python and unpickles what the file holds, so that a file could run
anything. Here nothing of a file is run but operators that are known, and nothing is unpickled but plain tensors.

The archive (of PyTorch 2.8 and later) is a zip whose entries are stored as they are: ``models/model.json``,
``data/weights/model_weights_config.json`` with the names of the entries that hold each tensor, and the same for
constants. https://docs.pytorch.org/docs/stable/export/pt2_archive.html
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import ImportFailed, reason_of

_MOST_JSON = 64 * 1024**2
_MOST_ENTRIES = 200_000
_MOST_VIEWS = 4
"""How many times the numbers of a file may be used in tensors that differ (a matrix and its transpose)."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
DTYPES: Mapping[int, torch.dtype] = {
    1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64, 6: torch.float16,
    7: torch.float32, 8: torch.float64, 12: torch.bool, 13: torch.bfloat16,
}  # fmt: skip
"""PyTorch's numbers for kinds of numbers in these files."""


class Archive:
    """A ``.pt2`` file that has been looked through; reading it runs nothing.

    Raises (all methods):
        ImportFailed: the file is damaged, of another format, or made to do harm.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_file():
            raise ImportFailed(f"'{path}' is no file but a folder or a device.")
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise ImportFailed(f"'{path}' cannot be read: {reason_of(error)}.") from error
        except (zipfile.BadZipFile, ValueError) as error:
            raise self.broken("it is no archive, or only a part of one") from error
        try:
            self.root = self._checked()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def broken(self, why: str) -> ImportFailed:
        """Return the error for a file that is not what it should be."""
        return ImportFailed(f"'{self.path}' cannot be opened as a PyTorch program (.pt2): {why}.")

    def _checked(self) -> str:
        """Look through the entries; return the folder that all of them are in."""
        entries = self._zip.infolist()
        if not entries or len(entries) > _MOST_ENTRIES:
            raise self.broken("it holds no entries, or far too many")
        names = [each.filename for each in entries]
        root = names[0].partition("/")[0]
        size = self.path.stat().st_size
        for each in entries:
            parts = each.filename.split("/")
            if ".." in parts or each.filename.startswith(("/", "\\")) or "\\" in each.filename or parts[0] != root:
                raise self.broken(f"its entry '{each.filename[:80]}' lies outside its folder")
            if each.compress_type != zipfile.ZIP_STORED or each.file_size > size:
                raise self.broken(f"its entry '{each.filename[:80]}' is packed, which PyTorch never does")
        if len(set(names)) != len(names):
            raise self.broken("it holds two entries of one name")
        if sum(each.file_size for each in entries) > size:
            raise self.broken("its entries lie upon each other")
        if f"{root}/models/model.json" not in names:
            raise self.broken(
                "it holds no models/model.json. Files of old versions have to be saved anew by PyTorch 2.8 or later"
            )
        return root

    def content(self, name: str) -> bytes:
        """Return an entry's content."""
        try:
            return self._zip.read(f"{self.root}/{name}")
        except KeyError as error:
            raise self.broken(f"its entry '{name[:80]}' is missing") from error
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
            raise self.broken(f"its entry '{name[:80]}' is damaged") from error

    def json(self, name: str) -> Any:
        """Return what an entry says."""
        content = self.content(name)
        if len(content) > _MOST_JSON:
            raise self.broken(f"its entry '{name}' is too large")
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self.broken(f"its entry '{name}' is no JSON") from error

    def tensors(self, folder: str) -> dict[str, Tensor]:
        """Return the tensors of ``weights`` or ``constants`` by their names in the module.

        Names of one tensor get the same one.
        """
        config = f"data/{folder}/model_{folder}_config.json"
        if f"{self.root}/{config}" not in self._zip.namelist():
            return {}
        made: dict[str, Tensor] = {}
        found: dict[str, Tensor] = {}
        claimed = 0
        try:
            for name, each in self.json(config)["config"].items():
                said = json.dumps([each["path_name"], each.get("tensor_meta")], sort_keys=True)
                if said not in made:
                    made[said] = self._tensor(f"data/{folder}", each)
                    claimed += made[said].nbytes
                if claimed > _MOST_VIEWS * self.path.stat().st_size:
                    raise self.broken(f"its {folder} are many times what the file holds")
                found[str(name)] = made[said]
            return found
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError) as error:
            raise self.broken(f"its list of {folder} is damaged") from error

    def _tensor(self, folder: str, said: Mapping[str, Any]) -> Tensor:
        name = said["path_name"]
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self.broken("it names an entry outside its folder")
        content = self.content(f"{folder}/{name}")
        if said.get("use_pickle"):
            return self._plain(content, name)
        meta = said["tensor_meta"]
        sizes, strides = ([int(each["as_int"]) for each in meta[key]] for key in ("sizes", "strides"))
        dtype = DTYPES[meta["dtype"]]
        if any(size < 0 for size in sizes) or any(step < 0 for step in strides):
            raise self.broken(f"'{name}' has impossible sizes")
        if math.prod(sizes) == 0:
            return torch.empty(sizes, dtype=dtype)
        stored = torch.frombuffer(bytearray(content), dtype=dtype)
        offset = int(meta["storage_offset"]["as_int"])
        last = offset + sum((size - 1) * step for size, step in zip(sizes, strides, strict=True))
        if offset < 0 or last >= stored.numel():
            raise self.broken(f"'{name}' holds fewer numbers than it says")
        if 0 in strides and math.prod(sizes) > stored.numel():
            raise self.broken(f"'{name}' holds fewer numbers than it says")
        return stored.as_strided(sizes, strides, offset).clone()

    def _plain(self, content: bytes, name: str) -> Tensor:
        """Read a tensor that was pickled, with the reader that takes nothing but tensors."""
        import pickle

        from core.training.pretrained.pickles import Costly, Trap, look_through

        file = io.BytesIO(content)
        try:
            look_through(file)
            found = torch.load(file, weights_only=True, map_location="cpu")
        except (
            *(Trap, Costly, pickle.UnpicklingError, zipfile.BadZipFile, MemoryError),
            *(RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, OSError),
            *(ArithmeticError, AssertionError),
        ) as error:
            raise self.broken(f"'{name}' holds more than a tensor, which was not read") from error
        if not isinstance(found, Tensor) or found.is_nested or found.layout is not torch.strided or found.is_meta:
            raise self.broken(f"'{name}' is no tensor")
        if found.nbytes > max(found.untyped_storage().nbytes(), found.element_size()):
            raise self.broken(f"'{name}' holds fewer numbers than it says")
        return found.detach()
