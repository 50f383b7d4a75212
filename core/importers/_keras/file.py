"""The files a Keras model comes in, read without Keras: a zip of JSON and HDF5, or (legacy) one HDF5 file.

Weights that were saved alone, in one file or several, are read with the configuration that lies beside them.

Whatever such a file says is taken as data. Nothing is unpacked to disk, no link inside HDF5 is followed, and what a
file declares is held against what it holds before memory is taken for it.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import units
from core.errors import ImportFailed, reason_of
from core.loading import load

if TYPE_CHECKING:
    from torch import Tensor

Json = Any
_MOST_JSON = 64 * 2**20
_MOST_BYTES = 64 * 2**30
_MOST_PACKED = 200
"""Weights pack to two thirds at best; what claims to be this many times its bytes (and large) is a trap."""
_SMALL = 2**20
_CHUNK = 2**24
_DEEPEST = 64
_SHARD = re.compile(r"([\w.\- ]+)_\d{5}\.weights\.h5")
"""What Keras calls one of several files of weights."""
_MOST_SHARDS = 10_000
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_BROKEN = (
    *(OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, EOFError),
    *(zlib.error, zipfile.BadZipFile, MemoryError),
)
"""What zip, HDF5 and a configuration with the wrong kinds of values in it may raise."""
_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
_LEGACY_PARTS = {
    "query_dense": "query",
    "key_dense": "key",
    "value_dense": "value",
    "output_dense": "attention_output",
    "forward_layer": "forward_",
    "backward_layer": "backward_",
}


@dataclass(frozen=True)
class KerasFile:
    """A model's configuration, where its weights are, and the version of Keras that wrote it ("" : not told)."""

    config: Mapping[str, Json]
    weights: Store
    version: str = ""


class Store:
    """Where the weights of one layer (or model) are; each way to save them has one."""

    def layers(self, layers: Sequence[tuple[str, str]]) -> dict[str, Store]:
        """Return the stores of a model's layers, given as (name, class) in their order, by name."""
        raise NotImplementedError

    def inside(self, part: str) -> Store:
        """Return the store of a part that a layer keeps under an attribute, such as "cell"."""
        raise NotImplementedError

    def own(self) -> list[tuple[str, Tensor]]:
        """Return the layer's own weights in their order, each with the name that it has in the file."""
        raise NotImplementedError

    def everything(self) -> list[tuple[str, Tensor]]:
        """Return all weights of the layer and its parts."""
        raise NotImplementedError


@contextmanager
def opened(path: Path) -> Iterator[KerasFile]:
    """Open a ``.keras`` or legacy ``.h5`` file; its weights can be read inside the block.

    Raises:
        ImportFailed: it is no such file, damaged, a trap or too large, or h5py is missing.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise ImportFailed(f"{path} cannot be read: {reason_of(error)}.") from error
    h5py = _h5py()
    try:
        with ExitStack() as stack:
            if start == _SIGNATURE:
                hdf = stack.enter_context(h5py.File(path, "r"))
                yield _legacy(path, hdf, h5py) if "model_config" in hdf.attrs else _alone(path, hdf, h5py, stack)
            else:
                packed = stack.enter_context(zipfile.ZipFile(path))
                config = _json(path, packed, "config.json")
                metadata = _json(path, packed, "metadata.json") if "metadata.json" in packed.namelist() else {}
                files = [stack.enter_context(h5py.File(each, "r")) for each in _weights(path, packed)]
                version = str(_object(path, metadata).get("keras_version", ""))
                yield KerasFile(_object(path, config), _Tree(_reader(path, files, h5py), ""), version)
    except _BROKEN as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImportFailed(
            f"{path.name} is no Keras model that can be read ({said}). Save it again with model.save('name.keras')."
        ) from error


def _h5py() -> Any:
    try:
        return load("h5py")
    except ImportError as error:
        raise ImportFailed(
            "The weights of Keras models are read with the package h5py, which is missing: "
            'pip install "layerwright[data]".'
        ) from error


def _member(path: Path, packed: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Return a member of a zip, refusing one that is, or turns out to be, larger than it may be."""
    found = [each for each in packed.infolist() if each.filename == name]
    if len(found) != 1:
        has = "has no" if not found else "has more than one"
        raise ImportFailed(
            f"{path.name} {has} {name}: a Keras model is a zip of config.json and model.weights.h5. Save it again with "
            "model.save('name.keras')."
        )
    info = found[0]
    if info.file_size > limit:
        raise ImportFailed(
            f"{name} in {path.name} declares {units.size(info.file_size)}; at most {units.size(limit)} are read."
        )
    if info.file_size > _SMALL and info.file_size > _MOST_PACKED * max(1, info.compress_size):
        raise ImportFailed(
            f"{name} in {path.name} would grow from {units.size(info.compress_size)} to {units.size(info.file_size)}: "
            "no model packs so well, so that it is not unpacked."
        )
    chunks = bytearray()
    with packed.open(info) as stream:
        while chunk := stream.read(_CHUNK):
            chunks += chunk
            if len(chunks) > info.file_size:
                raise ImportFailed(f"{name} in {path.name} is longer than it declares: the file is damaged.")
    return bytes(chunks)


def _json(path: Path, packed: zipfile.ZipFile, name: str) -> Json:
    return _parsed(path, name, _member(path, packed, name, _MOST_JSON))


def _parsed(path: Path, name: str, text: str | bytes) -> Json:
    if len(text) > _MOST_JSON:
        raise ImportFailed(f"{name} in {path.name} is larger than {units.size(_MOST_JSON)}.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ImportFailed(f"{name} in {path.name} cannot be read: {why}.") from error


def _object(path: Path, found: Json) -> Mapping[str, Json]:
    if not isinstance(found, dict):
        raise ImportFailed(f"{path.name} does not hold the configuration of a model.")
    return found


def _weights(path: Path, packed: zipfile.ZipFile) -> list[io.BytesIO]:
    """Return the files of weights in a zip: one, or those that a map of weights names."""
    names = ["model.weights.h5"]
    if "model.weights.json" in packed.namelist():
        names = _shards(path, _json(path, packed, "model.weights.json"))
    return [io.BytesIO(_member(path, packed, name, _MOST_BYTES)) for name in names]


def _shards(path: Path, found: Json) -> list[str]:
    """Return the names of the files that a map of weights names; they lie beside it.

    Raises:
        ImportFailed: it names none, too many, or one that lies elsewhere.
    """
    places = _object(path, found).get("weight_map")
    entries = list(places.values()) if isinstance(places, dict) else []
    names = sorted({name for each in entries for name in (each if isinstance(each, list) else [each])})
    if not names or len(names) > _MOST_SHARDS or not all(_SHARD.fullmatch(name) for name in names):
        raise ImportFailed(f"The map of the weights of {path.name} does not name the files that hold them.")
    return names


def _alone(path: Path, hdf: Any, h5py: Any, stack: ExitStack) -> KerasFile:
    """Return a model whose weights were saved alone, with its configuration in a file beside them."""
    if not {"layers", "vars", "_layer_checkpoint_dependencies"}.intersection(hdf) and "layer_names" not in hdf.attrs:
        raise ImportFailed(
            f"{path.name} holds no Keras model, but other data. Save the whole model with model.save('name.keras')."
        )
    shard = _SHARD.fullmatch(path.name)
    base = shard[1] if shard else path.name.removesuffix(".h5").removesuffix(".weights")
    beside = path.with_name(f"{base}.json")
    if not beside.is_file():
        raise ImportFailed(
            f"{path.name} holds the weights of a Keras model alone, and nothing about its layers. Save the whole model "
            f"with model.save('name.keras'), or put the text that model.to_json() gives into {beside.name} beside it."
        )
    config = _object(path, _parsed(path, beside.name, _text(beside)))
    if "layer_names" in hdf.attrs:
        return KerasFile(config, _by_layer(_reader(path, [hdf], h5py), ""), _version(hdf))
    files, listed = [hdf], path.with_name(f"{base}.weights.json")
    if shard:
        if not listed.is_file():
            raise ImportFailed(f"{path.name} is one of several files of weights, but {listed.name} is not beside it.")
        others = [each for each in _shards(path, _parsed(path, listed.name, _text(listed))) if each != path.name]
        missing = next((each for each in others if not path.with_name(each).is_file()), "")
        if missing:
            raise ImportFailed(f"{path.name} is one of several files of weights, but {missing} is not beside it.")
        files += [stack.enter_context(h5py.File(path.with_name(each), "r")) for each in others]
    return KerasFile(config, _Tree(_reader(path, files, h5py), ""))


def _text(path: Path) -> bytes:
    size = path.stat().st_size
    if size > _MOST_JSON:
        raise ImportFailed(f"{path.name} has {units.size(size)}; at most {units.size(_MOST_JSON)} are read.")
    return path.read_bytes()


def _legacy(path: Path, hdf: Any, h5py: Any) -> KerasFile:
    config = _object(path, _parsed(path, "model_config", hdf.attrs["model_config"]))
    return KerasFile(config, _by_layer(_reader(path, [hdf], h5py), "model_weights/"), _version(hdf))


def _version(hdf: Any) -> str:
    found = hdf.attrs.get("keras_version", "")
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found)


def _by_layer(reader: _Reader, base: str) -> Store:
    groups: dict[str, list[tuple[str, str]]] = {}
    for layer in reader.names(base):
        names = reader.group(f"{base}{layer}").attrs.get("weight_names", ())
        texts = [each.decode() if isinstance(each, bytes) else str(each) for each in names]
        groups[layer] = [(text, f"{base}{layer}/{text}") for text in texts]
    return _Top(reader, groups)


def _reader(path: Path, files: Sequence[Any], h5py: Any) -> _Reader:
    readers = [_Reader(path, hdf, h5py) for hdf in files]
    return readers[0] if len(readers) == 1 else _Several(readers)


class _Reader:
    """Hands out arrays of an HDF5 file, and nothing that lies outside of it."""

    def __init__(self, path: Path, hdf: Any, h5py: Any) -> None:
        self.path, self.hdf, self.h5py = path, hdf, h5py
        self.size = max(1, hdf.id.get_filesize())

    def at(self, place: str) -> Any:
        """Return a group or data set, going step by step through hard links alone; None where there is none."""
        found = self.hdf
        parts = [part for part in place.split("/") if part]
        if len(parts) > _DEEPEST:
            raise ImportFailed(f"The weights in {self.path.name} are nested more than {_DEEPEST} deep.")
        for part in parts:
            if not isinstance(found, self.h5py.Group):
                return None
            link = found.get(part, getlink=True)
            if link is None:
                return None
            if not isinstance(link, self.h5py.HardLink):
                raise ImportFailed(
                    f"'{place}' in {self.path.name} is a link to another place or file, which is not followed: a Keras "
                    "model holds its own weights."
                )
            found = found[part]
        return found

    def group(self, place: str) -> Any:
        """Return the group at a place, or None."""
        found = self.at(place)
        return found if isinstance(found, self.h5py.Group) else None

    def names(self, place: str) -> list[str]:
        """Return the names in a group."""
        group = self.group(place)
        return list(group) if group is not None else []

    def tensor(self, place: str) -> Tensor:
        """Return the data set at a place as a tensor; fractions of any width become float32.

        Raises:
            ImportFailed: there is none, it is kept outside the file, or claims more than the file can hold.
        """
        found = self.at(place)
        if not isinstance(found, self.h5py.Dataset):
            raise ImportFailed(f"The weight '{place}' is missing in {self.path.name}.")
        if found.is_virtual or found.external:
            raise ImportFailed(
                f"The weight '{place}' in {self.path.name} lies in another file, which is not read: a Keras model "
                "holds its own weights."
            )
        if found.dtype.kind not in "fiub" or found.shape is None:
            raise ImportFailed(f"The weight '{place}' in {self.path.name} holds no numbers, but {found.dtype}.")
        if found.nbytes > _SMALL and found.nbytes > _MOST_PACKED * self.size:
            raise ImportFailed(
                f"The weight '{place}' claims {units.size(found.nbytes)}, but {self.path.name} has "
                f"{units.size(self.size)}: the file is damaged, or a trap."
            )
        import numpy as np

        kind = {"f": np.float32, "b": np.bool_}.get(found.dtype.kind, np.int64)
        torch = load("torch")
        made: Tensor = torch.from_numpy(np.asarray(found[()]).astype(kind, order="C").reshape(found.shape))
        return made


class _Several(_Reader):
    """Weights spread over several files, as if they were one."""

    def __init__(self, readers: Sequence[_Reader]) -> None:
        self.readers = readers

    def at(self, place: str) -> Any:
        return next((found for each in self.readers if (found := each.at(place)) is not None), None)

    def group(self, place: str) -> Any:
        found = [group for each in self.readers if (group := each.group(place)) is not None]
        return next((group for group in found if len(group.attrs)), found[0] if found else None)

    def names(self, place: str) -> list[str]:
        return list(dict.fromkeys(name for each in self.readers for name in each.names(place)))

    def tensor(self, place: str) -> Tensor:
        return next((each for each in self.readers if each.at(place) is not None), self.readers[0]).tensor(place)


class _Tree(Store):
    """Weights as ``.keras`` files have them: a tree of layers and their attributes, numbered within each."""

    def __init__(self, reader: _Reader, place: str) -> None:
        self.reader, self.place = reader, place

    def layers(self, layers: Sequence[tuple[str, str]]) -> dict[str, Store]:
        found: dict[str, Store] = {}
        base = next((f"{self.place}/{each}" for each in _CONTAINERS if self.reader.group(f"{self.place}/{each}")), "")
        entries = self.reader.names(base) if base else []
        for entry in entries:
            own = self.reader.group(f"{base}/{entry}/vars")
            name = own.attrs.get("name") if own is not None else None
            if isinstance(name, str) and name:
                found[name] = _Tree(self.reader, f"{base}/{entry}")
        if not found:
            found = {
                name: _Tree(self.reader, f"{base}/{entry}") for name, entry in numbered(layers) if entry in entries
            }
        return found

    def inside(self, part: str) -> Store:
        return _Tree(self.reader, f"{self.place}/{part}")

    def own(self) -> list[tuple[str, Tensor]]:
        place = f"{self.place}/vars"
        names = self.reader.names(place)
        order = sorted(names, key=lambda each: (not each.isdecimal(), int(each) if each.isdecimal() else 0, each))
        return [(f"{place}/{name}".lstrip("/"), self.reader.tensor(f"{place}/{name}")) for name in order]

    def everything(self) -> list[tuple[str, Tensor]]:
        found: list[tuple[str, Tensor]] = []
        todo = [self.place]
        while todo:
            place = todo.pop()
            for name in self.reader.names(place):
                here = f"{place}/{name}"
                if self.reader.group(here) is not None:
                    todo.append(here)
                else:
                    found.append((here.lstrip("/"), self.reader.tensor(here)))
        return sorted(found, key=lambda each: each[0])


def numbered(layers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield (name, entry) as Keras numbers what it saves: ``dense``, ``dense_1``, by class in the order of layers."""
    seen: dict[str, int] = {}
    for name, kind in layers:
        words = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", kind)))
        stem = words.lower()
        number = seen.get(stem, 0)
        seen[stem] = number + 1
        yield name, f"{stem}_{number}" if number else stem


class _Flat(Store):
    """Weights as legacy files have them: a list for every layer of the whole model, named by path."""

    def __init__(self, reader: _Reader, entries: Sequence[tuple[str, str]]) -> None:
        self.reader, self.entries = reader, entries

    def layers(self, layers: Sequence[tuple[str, str]]) -> dict[str, Store]:
        return {name: self._those(lambda part, name=name: part == name) for name, _kind in layers}

    def inside(self, part: str) -> Store:
        word = _LEGACY_PARTS.get(part, "")
        return self._those(lambda each: each.startswith(word)) if word else self

    def _those(self, wanted: Any) -> Store:
        return _Flat(self.reader, [each for each in self.entries if any(map(wanted, each[0].split("/")[:-1]))])

    def own(self) -> list[tuple[str, Tensor]]:
        return [(called, self.reader.tensor(place)) for called, place in self.entries]

    def everything(self) -> list[tuple[str, Tensor]]:
        return self.own()


class _Top(_Flat):
    """The whole of a legacy file: its layers are groups."""

    def __init__(self, reader: _Reader, groups: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        super().__init__(reader, ())
        self.groups = groups

    def layers(self, layers: Sequence[tuple[str, str]]) -> dict[str, Store]:
        return {name: _Flat(self.reader, self.groups.get(name, ())) for name, _kind in layers}
