"""Files of weights that are made to do harm: they get an error, at once and in little memory, and run nothing."""

from __future__ import annotations

import collections
import io
import json
import os
import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import ImportFailed, ModelError, TrainingError
from core.machine import physical_memory
from core.model.weight_files import stored_shapes
from core.training.checkpoints import read_weights
from core.training.pretrained.reading import Stored, read_stored


def zipped(
    tmp_path: Path, pickled: bytes, numbers: bytes = bytes(16), extra: Mapping[str, bytes] | None = None
) -> Path:
    """Write a file as ``torch.save`` does, with any pickle in it."""
    path = tmp_path / "w.pt"
    with zipfile.ZipFile(path, "w") as archive:
        entries = {"w/data.pkl": pickled, "w/data/0": numbers, "w/version": b"3\n", **(extra or {})}
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


_NUMBERS = "the numbers"


class _Tensor:
    """Pickles as a tensor that claims these sizes of a storage that claims so many numbers."""

    def __init__(self, sizes: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> None:
        hooks: dict[str, Any] = collections.OrderedDict()
        self.said = (_NUMBERS, offset, sizes, strides, False, hooks)

    def __reduce__(self) -> tuple[Any, ...]:
        return torch._utils._rebuild_tensor_v2, self.said


def claimed(tmp_path: Path, tensor: _Tensor, numbers: int, key: str = "0") -> Path:
    class Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
        def persistent_id(self, each: object) -> object:
            return ("storage", torch.FloatStorage, key, "cpu", numbers) if each == _NUMBERS else None

    file = io.BytesIO()
    Pickler(file, 2).dump({"first.weight": tensor})
    return zipped(tmp_path, file.getvalue())


@pytest.mark.parametrize(
    ("tensor", "numbers", "key"),
    [
        (_Tensor((2**20, 2**20), (2**20, 1)), 2**40, "0"),
        (_Tensor((100, 100), (100, 1)), 4, "0"),
        (_Tensor((2**20, 2**20), (0, 0)), 4, "0"),
        (_Tensor((2, 2), (2, 1), -8), 4, "0"),
        (_Tensor((2, 2), (-2, 1)), 4, "0"),
        (_Tensor((2**33, 2**33, 4), (0, 0, 1)), 4, "0"),
        (_Tensor((2, 2), (2, 1)), -5, "0"),
        (_Tensor((2, 2), (2, 1)), 4, "../../../../etc/passwd"),
    ],
)
def test_tensors_beyond_their_numbers_are_refused(tensor: _Tensor, numbers: int, key: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"damaged|larger than what is in it"):
        read_stored(claimed(tmp_path, tensor, numbers, key))


_DOUBLED = b"".join(b"0h%ch%c\x86q%c" % (each, each, each + 1) for each in range(80))


@pytest.mark.parametrize(
    ("pickled", "said"),
    [
        (b"\x80\x02})q\x00" + _DOUBLED + b"K\x01s.", "build far more"),  # a key whose hash takes 2**80 steps
        (b"\x80\x02c__builtin__\nbytearray\n\x8a\x06\0\0\0\0\xff\x0f\x85R.", "would run 'bytearray'"),
        (b"\x80\x02c_codecs\nencode\nX\x02\0\0\0aaX\x09\0\0\0 PunyCode\x86R.", "more than weights"),
        (b"\x80\x02c_codecs\nencode\nX\x02\0\0\0aaX\x03\0\0\0abc\x86R.", "damaged"),
        (b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\0\0\0itemsK\x05sb.", "no state dict"),
        (b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\0\0\0itemscos\nsystem\nsb.", "would run 'os.system'"),
        (b"\x80\x02" + b"}X\x01\0\0\0m" * 20_000 + b"}" + b"s" * 20_000 + b".", "no state dict"),
        (b"\x80\x02}q\0X\x0a\0\0\0state_dicth\0s.", "no state dict"),  # a dictionary that holds itself
        (b"\x80\x02X\xff\xff\xff\x7fabc.", "damaged"),
        (b"\x80\x020000.", "damaged"),
        (b"", "damaged"),
    ],
)
def test_pickles_that_are_traps_are_refused(pickled: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=said):
        read_stored(zipped(tmp_path, pickled))
    (tmp_path / "bare.pt").write_bytes(pickled)
    with pytest.raises(ImportFailed):
        read_stored(tmp_path / "bare.pt")


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, b"\x80\x02}.", extra={"w/DATA.PKL": b"cos\nsystem\n(S'true'\ntR."})
    with pytest.raises(ImportFailed, match="two entries of one name"):
        read_stored(path)


def test_what_a_layer_cannot_take_is_left_out(tmp_path: Path) -> None:
    odd = {
        "sparse": torch.eye(4).to_sparse(),
        "meta": torch.empty(2**20, 2**20, device="meta"),
        "complex": torch.ones(2, dtype=torch.complex64),
        "bits": torch.zeros(4, dtype=torch.uint8).view(torch.bits8),
    }
    torch.save({**odd, "first.bias": torch.ones(6)}, tmp_path / "w.pt")
    found = read_stored(tmp_path / "w.pt")
    assert list(found.tensors) == ["first.bias"]
    assert "Left out" in found.notes[0]
    torch.save(odd, tmp_path / "odd.pt")
    with pytest.raises(ImportFailed, match="that can be loaded"):
        read_stored(tmp_path / "odd.pt")


@pytest.mark.parametrize("name", ["module." * 100_000 + "x", "." * 100_000])
def test_names_without_end_are_refused(name: str, tmp_path: Path) -> None:
    torch.save({name: torch.ones(2)}, tmp_path / "w.pt")
    with pytest.raises(ImportFailed, match="far too long"):
        read_stored(tmp_path / "w.pt")


@pytest.mark.parametrize("zipped_", [True, False])
def test_a_checkpoint_with_all_that_a_training_keeps_is_read(tmp_path: Path, *, zipped_: bool) -> None:
    module = torch.nn.Linear(4, 6)
    optimiser = torch.optim.Adam(module.parameters())
    module(torch.ones(2, 4)).sum().backward()
    optimiser.step()
    content = {
        "rng": torch.get_rng_state(),
        "about": b"bytes",
        "optimizer": optimiser.state_dict(),
        "model": module.state_dict(),
    }
    torch.save(content, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped_)
    found: Stored = read_stored(tmp_path / "w.pt")
    assert torch.equal(found.tensors["weight"], module.weight)
    assert found.notes == ("The weights are those under 'model'.",)


def test_a_flipped_bit_in_the_numbers_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save({"a": torch.full((64,), 7.0)}, path)
    content = bytearray(path.read_bytes())
    content[content.index(struct.pack("<f", 7.0) * 64) + 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ImportFailed, match="damaged"):
        read_stored(path)


def test_an_old_file_whose_numbers_are_not_those_it_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save({"a": torch.ones(4)}, path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    name = re.findall(rb"\d{9,}", content)[-1]
    at = content.rindex(name)
    path.write_bytes(content[:at] + b"x" * len(name) + content[at + len(name) :])
    with pytest.raises(ImportFailed, match="damaged"):
        read_stored(path)


@pytest.mark.skipif(not physical_memory(), reason="the system does not say how much memory there is")
def test_a_file_larger_than_memory_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    with path.open("wb") as file:
        file.write(b"c")  # a name that goes on to the end of the file
        file.truncate(2 * physical_memory())
    with pytest.raises(ImportFailed, match="more than this machine has memory for"):
        read_stored(path)


# --- safetensors ------------------------------------------------------------------------------------------------------


def described(tmp_path: Path, header: bytes, numbers: bytes = bytes(8), length: int | None = None) -> Path:
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + numbers)
    return path


def tensor(**said: Any) -> bytes:
    return json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **said}}).encode()


@pytest.mark.parametrize(
    ("header", "length"),
    [
        (b"{}", 2**63),
        (b"{}", 2**64 - 1),
        (b"", None),
        (b"[1]", None),
        (b'{"\xff\xfe": 1}', None),
        (b"[" * 100_000, None),
        (tensor(data_offsets=[8, 16]), None),
        (tensor(dtype="F64"), None),
        (tensor(shape=[2**32, 2**32, 2]), None),
        (tensor(shape=[-2]), None),
        (tensor(shape=[1] * 5000 + [2]), None),
        (tensor(shape=[2], extra=1).replace(b"[2]", b"[1e999]"), None),
        (tensor().replace(b'{"a"', b'{"b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "a"'), None),
        (b" " * 20_000_001, None),
    ],
)
def test_descriptions_that_lie_are_refused(header: bytes, length: int | None, tmp_path: Path) -> None:
    path = described(tmp_path, header, length=length)
    with pytest.raises(ImportFailed, match="cannot be read"):
        read_stored(path)
    with pytest.raises(TrainingError, match="cannot be read"):
        read_weights(path)


def test_numbers_that_no_layer_has_are_not_taken(tmp_path: Path) -> None:
    path = described(tmp_path, tensor(dtype="F4", shape=[16]))
    assert not stored_shapes(path)
    with pytest.raises(ImportFailed, match="that can be loaded"):
        read_stored(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_in_the_place_of_weights_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    os.mkfifo(path)
    with pytest.raises(ModelError, match="a folder or a device"):
        stored_shapes(path)
    with pytest.raises(TrainingError, match="a folder or a device"):
        read_weights(path)
    with pytest.raises(ImportFailed):
        read_stored(path)
