"""Arrays from NumPy, IDX and HDF5 files: what their samples are, parts beside each other, and files that lie."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.data.source import Column, Lazy
from core.data.sources import _arrays
from core.errors import DataError
from tests.data.building import bound, write

RANDOM = np.random.default_rng(0)


def values(column: Column) -> np.ndarray:
    assert isinstance(column.values, np.ndarray)
    return column.values


def idx(array: np.ndarray, code: int = 0x08) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + array.tobytes()


# --- NPY --------------------------------------------------------------------------------------------------------------


def test_a_table_of_numbers_is_one_array(tmp_path: Path) -> None:
    table = RANDOM.normal(size=(12, 5))
    np.save(tmp_path / "table.npy", table)
    raw = read("npy", {"path": "table.npy"}, tmp_path)
    column = raw.columns["table"]
    assert (column.meaning, column.shape, values(column).dtype) == ("array", (5,), np.float32)
    np.testing.assert_allclose(values(column), table, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "dtype", "meaning", "sample"),
    [
        ((6, 28, 20), np.uint8, "image", (1, 28, 20)),
        ((6, 3, 28, 20), np.uint8, "image", (3, 28, 20)),
        ((6, 28, 20, 3), np.uint8, "image", (3, 28, 20)),
        ((6, 28, 20), np.float64, "array", (28, 20)),
        ((6, 4, 5, 7), np.int16, "array", (4, 5, 7)),
        ((6, 1), np.float32, "number", ()),
        ((6,), np.float32, "number", ()),
        ((6, 2), np.dtype(">f8"), "array", (2,)),
    ],
)
def test_type_and_shape_tell_what_samples_are(
    tmp_path: Path, shape: tuple[int, ...], dtype: type, meaning: str, sample: tuple[int, ...]
) -> None:
    array = RANDOM.integers(0, 200, shape).astype(dtype)
    if array.dtype.kind == "f":
        array += RANDOM.random(shape).astype(dtype)
    np.save(tmp_path / "things.npy", np.asfortranarray(array))
    column = read("npy", {"path": "things.npy"}, tmp_path).columns["things"]
    assert (column.meaning, column.shape) == (meaning, sample)
    if meaning == "image" and shape[-1] == 3:
        array = np.moveaxis(array, -1, 1)
    np.testing.assert_allclose(values(column).reshape(-1), array.reshape(-1), rtol=1e-6)


def test_values_that_are_missing_or_infinite_are_counted(tmp_path: Path) -> None:
    np.save(tmp_path / "table.npy", np.array([[1.0, np.nan, 1e300], [2.0, 3.0, np.inf]]))
    column = read("npy", {"path": "table.npy"}, tmp_path).columns["table"]
    assert column.reason.endswith("3 values missing or infinite")


def test_records_and_texts_are_fields_of_their_own(tmp_path: Path) -> None:
    records = np.array([(n / 2, f"k{n % 2}") for n in range(8)], dtype=[("size", "f4"), ("kind", "U4")])
    np.save(tmp_path / "records.npy", records)
    raw = read("npy", {"path": "records.npy"}, tmp_path)
    assert {name: column.meaning for name, column in raw.columns.items()} == {"size": "number", "kind": "category"}


def test_a_large_array_stays_in_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.data.sources.numpy_files.HELD", 1000)
    array = RANDOM.integers(0, 256, (50, 9, 7), dtype=np.uint8)
    np.save(tmp_path / "large.npy", array)
    column = read("npy", {"path": "large.npy"}, tmp_path).columns["large"]
    assert isinstance(column.values, Lazy)
    assert (column.shape, len(column)) == ((1, 9, 7), 50)
    rows = np.array([40, 3, 3, 0])
    np.testing.assert_array_equal(column.take(rows)[:, 0], array[rows])
    again = pickle.loads(pickle.dumps(column.values))
    np.testing.assert_array_equal(again.take(rows)[:, 0], array[rows])
    assert column.values.describe(2) == "large, row 3"
    assert column.values.digest() == again.digest()
    (tmp_path / "large.npy").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be read from row 2"):
        pickle.loads(pickle.dumps(again)).take(np.array([1]))


def header(shape: str, dtype: str = "<f4") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (header("(1000, 10)") + bytes(100), "only 100 B are there: the file was cut off"),
        (header("(10, 1000000000000000000000)"), "should have"),
        (header("(-5, 3)"), "cannot be read|no NumPy array|should have|from 1 to"),
        (header("(5, 0)"), "hold nothing"),
        (header("()") + bytes(4), "single value"),
        (header("(0, 3)"), "0 samples"),
        (header("(2,)", "<c8") + bytes(16), "complex numbers"),
        (header("__import__('os').system('true')"), "no NumPy array"),
        (b"\x93NUMPY\x09\x00" + bytes(100), "no NumPy array"),
        (b"PK\x03\x04" + bytes(100), "no NumPy array"),
        (b"\x93NUM", "no NumPy array"),
    ],
)
def test_files_that_lie_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read("npy", {"path": str(write(tmp_path, data, "bad.npy"))})
    assert "bad.npy" in str(caught.value)


def test_no_python_object_is_ever_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "objects.npz", things=np.array([object()], dtype=object))
    for source in ("npy", "npz"):
        with pytest.raises(DataError, match="Python objects, which could run code"):
            read(source, {"path": f"objects.{source}"}, tmp_path)


# --- NPZ --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_by_name_are_fields(tmp_path: Path, save: type[np.savez]) -> None:
    save(tmp_path / "set.npz", x=RANDOM.normal(size=(30, 4)), y=np.arange(30) % 3, weight=RANDOM.random(30))
    raw = read("npz", {"path": "set.npz"}, tmp_path)
    assert {name: (column.meaning, column.role) for name, column in raw.columns.items()} == {
        "x": ("array", "input"), "y": ("category", "target"), "weight": ("number", "input"),
    }  # fmt: skip
    assert raw.columns["y"].categories == ("0", "1", "2")


def test_parts_in_one_file_become_a_split_column(tmp_path: Path) -> None:
    images, labels = RANDOM.integers(0, 256, (40, 8, 8), dtype=np.uint8), (np.arange(40) % 4).astype(np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=images[:30], y_train=labels[:30], x_test=images[30:], y_test=labels[30:])
    raw = read("npz", {"path": "mnist.npz"}, tmp_path)
    assert {name: (column.meaning, column.role) for name, column in raw.columns.items()} == {
        "x": ("image", "input"), "y": ("category", "target"), "split": ("category", "split"),
    }  # fmt: skip
    np.testing.assert_array_equal(values(raw.columns["x"])[:, 0], images)
    assert values(raw.columns["split"]).tolist() == ["train"] * 30 + ["test"] * 10


def test_arrays_of_different_lengths_are_refused_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", x=np.zeros((30, 4)), y=np.zeros(29))
    with pytest.raises(DataError, match="different numbers of samples") as caught:
        read("npz", {"path": "set.npz"}, tmp_path)
    assert caught.value.problems == ("'x' has 30.", "'y' has 29.")


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole = io.BytesIO()
    np.savez_compressed(whole, x=RANDOM.normal(size=(300, 4)))
    data = whole.getvalue()
    flipped = bytearray(data)
    flipped[200:260] = bytes(60)
    for name, bad in {"cut": data[:500], "flipped": bytes(flipped), "text": b"a,b\n"}.items():
        with pytest.raises(DataError, match=f"{name}.npz"):
            read("npz", {"path": str(write(tmp_path, bad, f"{name}.npz"))})


def test_an_archive_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.data.sources.numpy_files.LIMIT", 2**24)
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"x{number}.npy", header(f"({2**20},)") + bytes(2**22))
    with pytest.raises(DataError, match="when it is unpacked"):
        read("npz", {"path": "bomb.npz"}, tmp_path)


# --- IDX --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """A folder with the four files of a small MNIST, packed."""
    for part, count in (("train", 60), ("t10k", 20)):
        images = RANDOM.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        write(tmp_path, gzip.compress(idx(images)), f"{part}-images-idx3-ubyte.gz")
        write(tmp_path, gzip.compress(idx(labels)), f"{part}-labels-idx1-ubyte.gz")
    return tmp_path


@pytest.mark.parametrize("chosen", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", ""])
def test_the_files_of_mnist_are_read_together(mnist: Path, chosen: str) -> None:
    raw = read("idx", {"path": str(mnist / chosen)})
    assert {name: (column.meaning, column.role) for name, column in raw.columns.items()} == {
        "image": ("image", "input"), "label": ("category", "target"), "split": ("category", "split"),
    }  # fmt: skip
    assert (raw.rows, raw.columns["image"].shape) == (80, (1, 28, 28))
    assert raw.columns["label"].categories == tuple("0123456789")
    assert values(raw.columns["split"]).tolist() == ["train"] * 60 + ["test"] * 20
    packed = gzip.decompress((mnist / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    assert values(raw.columns["image"])[:60].tobytes() == packed


def test_mnist_as_downloaded_can_be_loaded_for_training(mnist: Path) -> None:
    prepared = load(bound(bind("idx", {"path": str(mnist)})))
    assert prepared.counts == {"training": 48, "validation": 12, "test": 20}


def test_unpacked_files_and_other_names_are_known(tmp_path: Path) -> None:
    write(tmp_path, idx(np.arange(48, dtype=np.uint8).reshape(3, 4, 4)), "train-images.idx3-ubyte")
    write(tmp_path, idx(np.array([4, 1, 2], dtype=np.uint8)), "train-labels.idx1-ubyte")
    write(tmp_path, idx(np.zeros((9, 4, 4), dtype=np.uint8)), "emnist-letters-train-images-idx3-ubyte")
    raw = read("idx", {"path": str(tmp_path / "train-images.idx3-ubyte")})
    assert (list(raw.columns), raw.rows) == (["image", "label"], 3)
    assert values(raw.columns["label"]).tolist() == ["4", "1", "2"]


@pytest.mark.parametrize(("code", "dtype"), [(0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")])
def test_every_type_of_idx_is_read(tmp_path: Path, code: int, dtype: str) -> None:
    array = RANDOM.integers(-100, 100, (5, 3)).astype(dtype)
    raw = read("idx", {"path": str(write(tmp_path, idx(array, code), "numbers.idx"))})
    np.testing.assert_array_equal(values(raw.columns["values"]), array.astype(np.float32))


def test_a_part_without_labels_is_left_out_and_named(mnist: Path) -> None:
    (mnist / "t10k-labels-idx1-ubyte.gz").unlink()
    raw = read("idx", {"path": str(mnist)})
    assert (raw.rows, "split" in raw.columns) == (60, False)
    assert "'test'" in raw.notes[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (idx(np.zeros((3, 4), np.uint8))[:-5], "it was cut off"),
        (idx(np.zeros((3, 4), np.uint8)) + b"more", "goes on behind"),
        (struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**20, 100), "at most 2 GiB are read"),
        (gzip.compress(struct.pack(">HBB3I", 0, 8, 3, 4, 4, 4) + bytes(2**24)), "goes on behind"),
        (gzip.compress(idx(np.zeros((3, 4), np.uint8)))[:-12], "cannot be unpacked"),
        (struct.pack(">HBB", 0, 8, 3), "it was cut off"),
        (b"\x00\x00\x07\x01" + bytes(8), "is no IDX file"),
        (b"a,b\n1,2\n", "is no IDX file"),
    ],
    ids=["cut", "longer", "huge", "bomb", "cut archive", "header only", "type", "text"],
)
def test_broken_idx_files_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read("idx", {"path": str(write(tmp_path, data, "bad.idx"))})
    assert "bad.idx" in str(caught.value)


# --- HDF5 -------------------------------------------------------------------------------------------------------------


def test_data_sets_that_belong_together_are_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file["signal/wave"] = RANDOM.normal(size=(30, 16))
        file["label"] = np.arange(30) % 3
        file["name"] = [f"kind {n % 4}" for n in range(30)]
        file["scale"] = np.zeros(7)
        file["outside"] = h5py.ExternalLink("other.h5", "/secret")
    raw = read("hdf5", {"path": "set.h5"}, tmp_path)
    assert {name: (column.meaning, column.role) for name, column in raw.columns.items()} == {
        "label": ("category", "target"), "name": ("category", "input"), "signal/wave": ("array", "input"),
    }  # fmt: skip
    assert raw.notes == ("Left out for another number of samples: scale (7,).",)


def test_data_sets_of_parts_become_one_with_a_split(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "set.h5", "w") as file:
        for part, rows in (("train", 30), ("test", 9)):
            file[f"{part}/images"] = RANDOM.integers(0, 256, (rows, 6, 7), dtype=np.uint8)
            file[f"{part}/labels"] = np.arange(rows) % 3
    raw = read("hdf5", {"path": "set.h5"}, tmp_path)
    assert {name: (column.meaning, column.role) for name, column in raw.columns.items()} == {
        "images": ("image", "input"), "labels": ("category", "target"), "split": ("category", "split"),
    }  # fmt: skip
    assert raw.rows == 39
    assert raw.columns["split"].values.tolist() == ["test"] * 9 + ["train"] * 30
    assert raw.columns["labels"].values.tolist()[:3] == [0, 1, 2]


def test_data_sets_can_be_chosen(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file["a"], file["b"] = np.zeros((3, 2)), np.arange(7) / 2
    assert list(read("hdf5", {"path": "set.h5", "datasets": "/b"}, tmp_path).columns) == ["b"]
    with pytest.raises(DataError, match=r"no data set 'c'. Its data sets are: a \(3, 2\), b \(7,\)"):
        read("hdf5", {"path": "set.h5", "datasets": "a, c"}, tmp_path)
    with pytest.raises(DataError, match="different numbers of samples"):
        read("hdf5", {"path": "set.h5", "datasets": "a, b"}, tmp_path)


def test_a_large_data_set_stays_in_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.data.sources.hdf5.HELD", 1000)
    array = RANDOM.integers(0, 256, (50, 9, 7, 3), dtype=np.uint8)
    with h5py.File(tmp_path / "large.h5", "w") as file:
        file.create_dataset("images", data=array, compression="gzip", chunks=(10, 9, 7, 3))
    column = read("hdf5", {"path": "large.h5"}, tmp_path).columns["images"]
    assert isinstance(column.values, Lazy)
    rows = np.array([49, 0, 20, 20])
    expected = np.moveaxis(array[rows], -1, 1)
    np.testing.assert_array_equal(column.take(rows), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(column.values)).take(rows), expected)
    assert column.take(np.zeros(0, dtype=np.int64)).shape == (0, 3, 9, 7)


def test_hdf5_files_that_lie_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file.create_dataset("x", shape=(10**8, 1000), dtype="f4", chunks=(1000, 1000))
    with pytest.raises(DataError, match=r"'x' in .* declares 373 GiB"):
        read("hdf5", {"path": "empty.h5"}, tmp_path)
    with h5py.File(tmp_path / "none.h5", "w"):
        pass
    with pytest.raises(DataError, match="holds no data sets"):
        read("hdf5", {"path": "none.h5"}, tmp_path)
    whole = (tmp_path / "empty.h5").read_bytes()
    for name, data in {"cut": whole[:100], "text": b"a,b\n"}.items():
        with pytest.raises(DataError, match=f"{name}.h5 is no HDF5 file that can be read"):
            read("hdf5", {"path": str(write(tmp_path, data, f"{name}.h5"))})


def test_names_of_parts_are_recognised_only_where_all_are_complete() -> None:
    assert _arrays.parts_of(["x_train", "y_train", "x_test", "y_test"]) is not None
    assert _arrays.parts_of(["train_images", "test_images"]) == {
        "train_images": ("images", "train"), "test_images": ("images", "test"),
    }  # fmt: skip
    assert _arrays.parts_of(["x_train", "y_train", "x_test"]) is None
    assert _arrays.parts_of(["x", "y"]) is None
    assert _arrays.parts_of(["train", "test"]) is None
