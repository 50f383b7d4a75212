"""PyTorch programs (.pt2) come in as they are; what is damaged or hostile gets an error and runs nothing."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from core.errors import ImportFailed
from core.exporters import ExportRequest, exporters
from core.graph.project import Node
from core.importers import ImportRequest, importers
from core.importers._verify import built
from core.model.build import build
from core.model.probe import quietly
from tests.importers import networks
from tests.model.building import chain, given


def saved(module: nn.Module, path: Path, *inputs: torch.Tensor, dynamic: bool = True) -> Path:
    """Export a module with PyTorch itself."""
    shapes = tuple({0: torch.export.Dim.DYNAMIC} if dynamic else None for _ in inputs)
    with quietly():
        program = torch.export.export(module.eval(), inputs, dynamic_shapes=shapes, strict=False)
        torch.export.save(program, path)
    return path


@pytest.mark.parametrize(
    ("module", "inputs"),
    [
        (networks.SqueezeNet(), [torch.randn(2, 3, 32, 32)]),
        (networks.LSTMClassifier(), [torch.randint(0, 20, (2, 5))]),
        (networks.Siamese(), [torch.randn(2, 5), torch.randn(2, 5)]),
        (networks.GPT(), [torch.randint(0, 20, (2, 8))]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_program_gives_what_its_module_gives(module: nn.Module, inputs: list[torch.Tensor], tmp_path: Path) -> None:
    path = saved(module, tmp_path / "net.pt2", *inputs)
    imported = importers["pt2"].read(ImportRequest(str(path)))
    assert not imported.opaque
    assert len(imported.notes) == isinstance(module, networks.GPT)  # of a table that two layers had together
    network, _inputs, outputs = built(imported)
    batch = [torch.cat([each, each, each]) for each in inputs]
    with torch.no_grad():
        wanted, found = module(*batch), network(*batch)
    pairs = [(wanted[key], found[key]) for key in outputs] if isinstance(wanted, dict) else [(wanted, found)]
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in pairs)
    state = module.state_dict()
    assert all(torch.equal(imported.weights[key], state[name]) for key, name in imported.names.items() if name in state)


def test_our_own_export_comes_back(tmp_path: Path) -> None:
    project = chain(
        given(3, 8, 8),
        Node("conv", "Conv2d", {"out_channels": 4}),
        Node("norm", "BatchNorm2d"),
        Node("relu", "ReLU"),
        Node("flat", "Flatten"),
        Node("dense", "Linear", {"out_features": 5}),
        Node("y", "Output"),
    )
    path = exporters["pt2"].export(ExportRequest(project, tmp_path / "net.pt2")).path
    imported = importers["pt2"].read(ImportRequest(str(path)))
    kinds = [node.kind for node in imported.project.graph.nodes.values()]
    assert kinds == [node.kind for node in project.graph.nodes.values()]
    assert imported.project.graph.nodes["conv"].params == {"out_channels": 4}
    network, _inputs, _outputs = built(imported)
    batch = torch.randn(5, 3, 8, 8)
    with torch.no_grad():
        assert torch.allclose(build(project).module.eval()(batch), network(batch), atol=1e-5)


def test_a_program_for_one_batch_size_is_told_of(tmp_path: Path) -> None:
    path = saved(networks.Tower(), tmp_path / "net.pt2", torch.randn(4, 5), dynamic=False)
    imported = importers["pt2"].read(ImportRequest(str(path)))
    assert imported.notes == ("The program was exported for batches of 4 only; it was compared with such batches.",)


class _Zeroed(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(x)
        y[:, 0] = 0
        return y


def test_a_program_that_changes_part_of_what_it_gives_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = saved(_Zeroed(), tmp_path / "net.pt2", torch.randn(2, 4))
    with pytest.raises(ImportFailed, match="what 'relu' gives is changed in part, in its place"):
        importers["pt2"].read(ImportRequest(str(path)))


# --- hostile files ----------------------------------------------------------------------------------------------------


class _Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return saved(networks.Tower(), tmp_path / "tower.pt2", torch.randn(2, 5))


def changed(program: Path, change: Callable[[str, bytes], bytes | None], compress: int = zipfile.ZIP_STORED) -> Path:
    """Write a program anew, each entry as ``change`` returns it (None: without it)."""
    path = program.with_name("changed.pt2")
    with zipfile.ZipFile(program) as old, zipfile.ZipFile(path, "w", compress) as new:
        for each in old.infolist():
            content = change(each.filename.partition("/")[2], old.read(each))
            if content is not None:
                new.writestr(each.filename, content)
    return path


def _in_graph(find: str, put: str) -> Callable[[str, bytes], bytes]:
    def change(name: str, content: bytes) -> bytes:
        if name != "models/model.json":
            return content
        assert find.encode() in content
        return content.replace(find.encode(), put.encode())

    return change


def test_pickles_are_not_unpickled(program: Path) -> None:
    harm = program.with_name("harm")

    def change(name: str, content: bytes) -> bytes:
        if name == "data/weights/weight_0":
            return pickle.dumps(_Harm(harm))
        return (
            content.replace(b'"use_pickle": false', b'"use_pickle": true') if name.endswith("config.json") else content
        )

    with pytest.raises(ImportFailed, match="holds more than a tensor"):
        importers["pt2"].read(ImportRequest(str(changed(program, change))))
    assert not harm.exists()


def test_pickled_examples_are_never_looked_at(program: Path) -> None:
    harm = program.with_name("harm")
    buffer = io.BytesIO()
    torch.save(_Harm(harm), buffer)
    path = changed(program, lambda name, content: buffer.getvalue() if name.endswith("model.pt") else content)
    assert importers["pt2"].read(ImportRequest(str(path))).weights
    assert not harm.exists()


def test_expressions_are_not_evaluated(program: Path) -> None:
    harm = program.with_name("harm")
    with zipfile.ZipFile(program) as archive:
        said = json.loads(archive.read("tower/models/model.json"))
    sizes = said["graph_module"]["graph"]["tensor_values"]["x"]["sizes"]
    symbol = sizes[0]["as_expr"]["expr_str"]
    put = f"__import__('pathlib').Path('{harm}').touch()"
    path = changed(program, _in_graph(f'"{symbol}"', json.dumps(put)))
    importers["pt2"].read(ImportRequest(str(path)))
    assert not harm.exists()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("os.system", "none of PyTorch's operators"),
        ("torch.ops.aten.__class__.mro", "_class__"),
        ("torch.load", "none of PyTorch's operators"),
        ("_operator.methodcaller", "none of PyTorch's operators"),
    ],
)
def test_targets_that_are_no_operators_are_refused(program: Path, target: str, said: str) -> None:
    path = changed(program, _in_graph("torch.ops.aten.relu.default", target))
    if said.startswith("_"):
        assert importers["pt2"].read(ImportRequest(str(path))).opaque
        return
    with pytest.raises(ImportFailed, match=said):
        importers["pt2"].read(ImportRequest(str(path)))


def test_operators_that_read_files_are_not_run(program: Path) -> None:
    path = changed(program, _in_graph("torch.ops.aten.relu.default", "torch.ops.aten.from_file.default"))
    imported = importers["pt2"].read(ImportRequest(str(path)))
    assert imported.opaque == ("from_file",)


def test_a_zip_bomb_is_refused(program: Path) -> None:
    path = changed(
        program, lambda name, content: bytes(10**7) if name == "byteorder" else content, zipfile.ZIP_DEFLATED
    )
    with pytest.raises(ImportFailed, match="is packed, which PyTorch never does"):
        importers["pt2"].read(ImportRequest(str(path)))


@pytest.mark.parametrize("name", ["tower/../../evil", "/evil", "other/evil", "tower\\..\\evil"])
def test_entries_outside_the_folder_are_refused(program: Path, name: str) -> None:
    with zipfile.ZipFile(program, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    with pytest.raises(ImportFailed, match="lies outside its folder"):
        importers["pt2"].read(ImportRequest(str(program)))


def test_tensors_that_point_outside_are_refused(program: Path) -> None:
    path = changed(program, lambda _name, content: content.replace(b'"weight_0"', b'"../../weight"'))
    with pytest.raises(ImportFailed, match="outside its folder"):
        importers["pt2"].read(ImportRequest(str(path)))


def test_a_tensor_with_fewer_numbers_than_it_says_is_refused(program: Path) -> None:
    path = changed(program, lambda name, content: content[:8] if name == "data/weights/weight_0" else content)
    with pytest.raises(ImportFailed, match="fewer numbers than it says"):
        importers["pt2"].read(ImportRequest(str(path)))


@pytest.mark.parametrize("length", [0, 100, 4000])
def test_a_truncated_file_is_refused(program: Path, length: int) -> None:
    path = program.with_name("short.pt2")
    path.write_bytes(program.read_bytes()[:length])
    with pytest.raises(ImportFailed, match=r"cannot be opened as a PyTorch program"):
        importers["pt2"].read(ImportRequest(str(path)))


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"no", b"[" * 100_000, b'{"graph_module": {}}'])
def test_a_damaged_graph_is_refused(program: Path, content: bytes) -> None:
    path = changed(program, lambda name, old: content if name == "models/model.json" else old)
    with pytest.raises(ImportFailed, match="cannot be opened as a PyTorch program"):
        importers["pt2"].read(ImportRequest(str(path)))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="cannot be read: No such file"):
        importers["pt2"].read(ImportRequest(str(tmp_path / "no.pt2")))
