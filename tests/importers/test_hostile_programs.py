"""PyTorch programs (.pt2) that ask for far more memory or time than they are: refused before either is taken."""

from __future__ import annotations

import io
import json
import operator
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import ImportFailed
from core.importers import ImportRequest, importers
from core.importers._reading import read_network
from core.importers._torch.bounds import Bounded, plain_numbers
from tests.importers import networks
from tests.importers.test_torch_export import changed, saved

Json = dict[str, Any]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(networks.Tower(), tmp_path_factory.mktemp("programs") / "tower.pt2", torch.randn(2, 5))


def _tensor(name: str) -> Json:
    return {"as_tensor": {"name": name}}


def call(target: str, given: list[Json], out: str, *, number: bool = False) -> Json:
    """Return a node of the graph."""
    return {
        "target": target if number else f"torch.ops.aten.{target}",
        "inputs": [{"name": "x", "arg": each, "kind": 1} for each in given],
        "outputs": [{"as_sym_int": {"as_name": out}} if number else _tensor(out)],
        "metadata": {},
    }


def ending_in(program: Path, nodes: list[Json], change: Callable[[Json], None] = lambda graph: None) -> Path:
    """Write a program with nodes after its own; what the last one gives is its output."""

    def edit(name: str, content: bytes) -> bytes:
        if name != "models/model.json":
            return content
        said = json.loads(content)["graph_module"]
        graph, last = said["graph"], nodes[-1]["outputs"][0].get("as_tensor") if nodes else None
        graph["nodes"] += nodes
        for each in nodes:
            graph["tensor_values"] |= {
                out["as_tensor"]["name"]: graph["tensor_values"]["x"] for out in each["outputs"] if "as_tensor" in out
            }
        if last:
            said["signature"]["output_specs"][0]["user_output"]["arg"]["as_tensor"] = last
        change(graph)
        return json.dumps({**json.loads(content), "graph_module": said}).encode()

    return changed(program, edit)


def read(path: Path) -> None:
    importers["pt2"].read(ImportRequest(str(path)))


_TWICE = {"as_tensors": [{"name": "a"}] * 64}
_ROWS = {"as_ints": [1, 2**20]}
_HUGE = {
    "zeros": [call("zeros.default", [{"as_ints": [2**31]}], "a"), call("cat.default", [_TWICE], "b")],
    "arange": [call("arange.default", [{"as_int": 10**14}], "a")],
    "eye": [call("eye.default", [{"as_int": 10**7}], "a")],
    "repeat": [call("repeat.default", [_tensor(one), _ROWS], other) for one, other in ("xa", "ab", "bc")],
    "expand": [
        call("expand.default", [_tensor("x"), {"as_ints": [2**30, -1, -1]}], "a"),
        call("matmul.default", [_tensor("a"), _tensor("a")], "b"),
    ],
    "interleave": [call("repeat_interleave.self_int", [_tensor("x"), {"as_int": 10**13}], "a")],
}


@pytest.mark.parametrize("nodes", _HUGE.values(), ids=_HUGE)
def test_a_program_that_makes_too_much_is_refused(program: Path, nodes: list[Json]) -> None:
    with pytest.raises(ImportFailed, match="more memory than this machine"):
        read(ending_in(program, nodes))


def test_a_tensor_that_is_doubled_again_and_again_is_stopped() -> None:
    made = [torch.ones(2**10)]

    def double() -> None:
        for _each in range(40):
            made.append(torch.cat([made[-1], made[-1]]))

    with Bounded("bomb", memory=2**20), pytest.raises(ImportFailed, match="more memory than this machine"):
        double()
    assert sum(each.nbytes for each in made) <= 2**18


def test_what_is_let_go_is_not_counted() -> None:
    with Bounded("program", memory=2**20):
        for _each in range(40):
            torch.zeros(2**13)
        kept = [torch.zeros(2**13) for _each in range(8)]
        with pytest.raises(ImportFailed):
            torch.zeros(2**13)
    assert len(kept) == 8


def test_a_step_that_computes_for_minutes_is_refused() -> None:
    wide = torch.ones(1, 1).expand(2**15, 2**15)
    with pytest.raises(ImportFailed, match="computes too long"), Bounded("program", memory=2**60):
        torch.mm(wide, wide)


def test_sizes_that_follow_from_numbers_are_looked_at() -> None:
    with pytest.raises(ImportFailed, match="more memory"), Bounded("program"):
        torch.repeat_interleave(torch.tensor([2**50]))
    with pytest.raises(ImportFailed, match="more memory"), Bounded("program"):
        torch.bincount(torch.tensor([2**50]))


def test_an_input_without_end_is_refused(program: Path) -> None:
    def widen(graph: Json) -> None:
        graph["tensor_values"]["x"]["sizes"][1] = {"as_int": 2**31}

    with pytest.raises(ImportFailed, match=r"more memory|PyTorch cannot run it"):
        read(ending_in(program, [], widen))


def test_a_size_that_is_no_number_is_refused(program: Path) -> None:
    def spoil(graph: Json) -> None:
        graph["tensor_values"]["x"]["sizes"][1] = {"as_int": float("inf")}

    with pytest.raises(ImportFailed, match="its graph is damaged"):
        read(ending_in(program, [], spoil))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("pow", [{"as_int": 3}, {"as_int": 10**9}]),
        ("mul", [{"as_string": "a"}, {"as_int": 10**12}]),
        ("mul", [{"as_ints": [1]}, {"as_int": 10**12}]),
        ("mod", [{"as_string": "%999999999999d"}, {"as_int": 1}]),
    ],
)
def test_numbers_cannot_be_made_to_grow_without_end(program: Path, name: str, given: list[Json]) -> None:
    nodes = [call(f"_operator.{name}", given, "k", number=True), call("relu.default", [_tensor("x")], "out")]
    with pytest.raises(ImportFailed, match=r"numbers alone|too large"):
        read(ending_in(program, nodes))


def test_numbers_beyond_what_sizes_can_be_are_stopped() -> None:
    product = plain_numbers(operator.mul)
    assert product(2**31, 2**31) == 2**62
    with pytest.raises(ValueError, match="too large"):
        product(2**62, 2**62)


def test_one_entry_for_many_tensors_is_refused(program: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name == "data/weights/weight_0":
            return bytes(2**20)
        if not name.endswith("model_weights_config.json"):
            return content
        said = json.loads(content)
        one = next(each for each in said["config"].values() if each["path_name"] == "weight_0")
        for number in range(50):
            sizes = {"sizes": [{"as_int": 2**18 - number}], "strides": [{"as_int": 1}]}
            meta = {**one["tensor_meta"], **sizes, "storage_offset": {"as_int": number}}
            said["config"][f"n{number}"] = {**one, "tensor_meta": meta}
        return json.dumps(said).encode()

    with pytest.raises(ImportFailed, match="many times what the file holds"):
        read(changed(program, change))


def test_a_pickled_tensor_that_takes_all_memory_is_refused(program: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("w/data.pkl", b"\x80\x02c__builtin__\nbytearray\n\x8a\x06\0\0\0\0\xff\x0f\x85R.")
        archive.writestr("w/version", b"3")

    def change(name: str, content: bytes) -> bytes:
        if name == "data/weights/weight_0":
            return inner.getvalue()
        return (
            content.replace(b'"use_pickle": false', b'"use_pickle": true') if name.endswith("config.json") else content
        )

    with pytest.raises(ImportFailed, match="holds more than a tensor"):
        read(changed(program, change))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("ending", ["pt2", "onnx", "keras", "h5"])
def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"net.{ending}"
    os.mkfifo(path)
    with pytest.raises(ImportFailed, match="a folder or a device"):
        read_network(ImportRequest(str(path)))
