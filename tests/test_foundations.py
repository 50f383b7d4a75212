"""The small parts under everything: registries, signals, numbers as people read them, near names."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import units
from core.errors import EditError, LayerwrightError, LinkError, UnknownKindError, did_you_mean
from core.kinds import LayerKind
from core.machine import device_title
from core.registry import Registry
from core.signal import Signal

# ---- registry


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A kind package named ``some_kinds`` with two files of layers and one that does not count."""
    folder = tmp_path / "some_kinds"
    folder.mkdir()
    (folder / "__init__.py").touch()
    line = "from core.kinds import LayerKind\nKINDS = ({},)\n"
    (folder / "b.py").write_text(line.format("LayerKind('B', 'f', 'h')"))
    (folder / "a.py").write_text(line.format("LayerKind('A2', 'f', 'h'), LayerKind('A1', 'f', 'h')"))
    (folder / "_shared.py").write_text("raise AssertionError('not a kind')")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "some_kinds"]:
        del sys.modules[name]


def _registry() -> Registry[LayerKind]:
    return Registry("some_kinds", LayerKind, "layer kind")


def test_a_registry_finds_what_the_files_of_its_folder_declare_in_their_order(package: Path) -> None:
    assert [kind.id for kind in _registry()] == ["A2", "A1", "B"]
    assert "B" in _registry()
    assert _registry().find("C") is None


def test_an_unknown_id_raises_and_offers_the_nearest(package: Path) -> None:
    with pytest.raises(UnknownKindError, match=r"There is no layer kind 'a1'\. Did you mean 'A1'\?"):
        _registry()["a1"]


def test_an_id_declared_twice_and_entries_of_another_type_are_errors_of_ours(package: Path) -> None:
    (package / "c.py").write_text((package / "b.py").read_text())
    with pytest.raises(ValueError, match="declares the layer kind 'B' a second time"):
        list(_registry())
    (package / "c.py").write_text("KINDS = ('B',)")
    del sys.modules["some_kinds.c"]
    with pytest.raises(TypeError, match="must give a tuple of LayerKind"):
        list(_registry())


def test_plug_ins_are_added_and_one_that_fails_is_reported_and_stops_nothing(package: Path) -> None:
    (package.parent / "plug_in.py").write_text(
        "from core.kinds import LayerKind\nGOOD = (LayerKind('P', 'f', 'h'),)\nAGAIN = (LayerKind('B', 'f', 'h'),)\n"
    )
    installed = package.parent / "plug_in-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: plug-in\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(
        "[layerwright.some_kinds]\ngood = plug_in:GOOD\nagain = plug_in:AGAIN\ngone = no_such_module:KINDS\n"
    )
    importlib.invalidate_caches()
    registry = _registry()
    assert [kind.id for kind in registry] == ["A2", "A1", "B", "P"]
    assert {failure.entry_point for failure in registry.failures} == {"plug_in:AGAIN", "no_such_module:KINDS"}
    assert any("No module named" in failure.error for failure in registry.failures)


# ---- signal


def test_listeners_are_called_in_the_order_they_connected_until_they_disconnect() -> None:
    signal: Signal[int] = Signal()
    heard: list[tuple[str, int]] = []
    disconnect = signal.connect(lambda value: heard.append(("a", value)))
    signal.connect(lambda value: heard.append(("b", value)))
    signal.emit(1)
    disconnect()
    disconnect()
    signal.emit(2)
    assert heard == [("a", 1), ("b", 1), ("b", 2)]


def test_a_listener_that_connects_another_meanwhile_is_safe() -> None:
    signal: Signal[int] = Signal()
    heard: list[int] = []
    signal.connect(lambda _value: signal.connect(heard.append) and None)
    signal.emit(1)
    assert heard == []
    signal.emit(2)
    assert heard == [2]


# ---- numbers and names


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (units.count(0), "0"),
        (units.count(9_999), "9,999"),
        (units.count(12_345), "12.3 k"),
        (units.count(1_234_567), "1.23 M"),
        (units.count(61_100_840), "61.1 M"),
        (units.count(-25_000), "-25 k"),
        (units.count(999_999), "1 M"),
        (units.count(3e15), "3,000 T"),
        (units.size(1_010 * 1024), "1,010 KiB"),
        (units.size(0), "0 B"),
        (units.size(2048), "2 KiB"),
        (units.size(3 * 2**40), "3 TiB"),
        (units.duration(0.25), "0.2 s"),
        (units.duration(59.4), "59 s"),
        (units.duration(59.9), "1 min 0 s"),
        (units.duration(75), "1 min 15 s"),
        (units.duration(3_700), "1 h 1 min"),
        (units.plural(1, "epoch"), "1 epoch"),
        (units.plural(2_000, "epoch"), "2,000 epochs"),
    ],
)
def test_numbers_are_written_as_people_read_them(written: str, text: str) -> None:
    assert written == text


def test_near_names_are_offered_whatever_their_case_and_far_ones_are_not() -> None:
    assert did_you_mean("conv2D", ["Conv1d", "Conv2d"]) == " Did you mean 'Conv2d'?"
    assert did_you_mean("something", ["Conv1d"]) == ""


def test_an_error_shows_all_its_problems() -> None:
    error = LinkError("Two things.", problems=["one", "two"], node="a1")
    assert str(error) == "Two things.\n  - one\n  - two"
    assert (error.message, error.problems, error.node) == ("Two things.", ("one", "two"), "a1")
    assert isinstance(error, EditError)
    assert isinstance(error, LayerwrightError)


# ---- devices


@pytest.mark.parametrize(
    ("device", "title"),
    [
        ("auto", "Automatic"),
        ("cpu", "CPU"),
        ("cuda", "CUDA GPU"),
        ("mps", "Apple GPU"),
        ("xpu", "Intel GPU"),
        ("tpu", "tpu"),
        ("", ""),
    ],
)
def test_devices_have_one_name_for_people(device: str, title: str) -> None:
    assert device_title(device) == title
