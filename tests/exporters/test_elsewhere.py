"""ONNX, torch.export and bundles give, by other means, what the application predicts, or are refused by node."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors import safe_open
from torch import nn

from core.data.preprocessing import Preprocessing
from core.errors import Cancelled, ExportError
from core.exporters import ExportRequest, exporters
from core.exporters._converting import ERRORS, Conversion, exported, is_fixed
from core.exporters._network import Runner, by_name, exportable, first_difference
from core.exporters._recurrent import with_loops
from core.exporters._rows import UNKNOWN_WORD, raw_rows
from core.exporters.onnx import repair, to_onnx, write_in_two
from core.graph.files import load_project
from core.graph.project import Node, Project, Window
from core.progress import watching
from core.training.results.trained import open_trained
from core.training.runs import Run
from tests.training.building import (
    PENGUINS,
    chain,
    data,
    digits,
    inputs,
    linear,
    output,
    settings_with,
    spirals,
    trained,
    with_training,
)

TEMPLATES = Path(__file__).parents[2] / "resources" / "templates"


def template(name: str) -> Project:
    return load_project(TEMPLATES / f"{name}.layerwright")


def penguins(**fields: dict[str, object]) -> Project:
    binding = data("csv", path=str(PENGUINS))
    changed = tuple(replace(each, **fields.get(each.name, {})) for each in binding.fields)
    binding = replace(binding, fields=changed)
    columns = [each.name for each in binding.with_role("input")]
    target = binding.with_role("target")[0].name
    graph = chain(inputs(*columns), linear("hidden", 8), Node("relu", "ReLU"), linear("head", 3), output(target))
    return Project("penguins", data=binding, graph=graph, training=settings_with(epochs=1))


def images(*nodes: Node) -> Project:
    graph = chain(inputs("image"), *nodes, Node("flatten", "Flatten"), linear("head", 10), output("digit"))
    return Project("images", data=data("digits"), graph=graph, training=settings_with(epochs=1))


def untrained(kind: str, project: Project, folder: Path) -> Path:
    return exporters[kind].export(ExportRequest(project, folder / f"net{exporters[kind].suffix}")).path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A trained table with numbers and categories, some of them missing; to be read only."""
    folder = tmp_path_factory.mktemp("penguins") / "run"
    trained(penguins(), folder)
    return Run.open(folder)


def answers_of(bundle: Path, table: Path, elsewhere: Path) -> list[dict[str, str]]:
    elsewhere.mkdir()
    block = (
        "import sys; sys.modules.update(core=None, designer=None, layerwright=None, safetensors=None, polars=None); "
    )
    start = f"sys.argv = ['predict.py', {str(table)!r}]; import runpy; runpy.run_path({str(bundle / 'predict.py')!r}, "
    command = [sys.executable, "-I", "-c", f"{block}{start}run_name='__main__')"]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(done.stdout.splitlines()))


def test_rows_to_compare_with_have_gaps_and_unknown_words(run: Run) -> None:
    rows = raw_rows(run, Preprocessing.from_json(run.preprocessing())).columns
    assert {len(values) for values in rows.values()} == {len(rows["year"])}
    assert all(any(cell is None for cell in values) for values in rows.values())
    assert UNKNOWN_WORD in rows["island"]
    assert UNKNOWN_WORD not in rows["year"]


def test_windows_are_compared_on_rows_with_gaps(tmp_path: Path) -> None:
    project = penguins()
    window = Window(4, 1, 1)
    middle = (linear("hidden", 4), Node("flatten", "Flatten"), linear("head", 3))
    graph = chain(project.graph.nodes["x"], *middle, project.graph.nodes["out"])
    trained(replace(project, graph=graph, data=replace(project.data, window=window)), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    found = raw_rows(run, Preprocessing.from_json(run.preprocessing()))
    assert found.stored
    assert all(any(cell is None for cell in values) for values in found.columns.values())
    assert UNKNOWN_WORD in found.columns["island"]


def test_rows_that_were_made_up_are_told(tmp_path: Path) -> None:
    table = tmp_path / "penguins.csv"
    table.write_bytes(PENGUINS.read_bytes())
    project = penguins()
    moved = replace(project, data=replace(project.data, options={**project.data.options, "path": str(table)}))
    trained(moved, tmp_path / "run")
    lost = Run.open(tmp_path / "run")
    table.unlink()
    (note,) = exporters["bundle"].export(ExportRequest.of_run(lost, tmp_path / "bundle")).notes
    assert "made up" in note
    with pytest.raises(ExportError, match=r"penguins\.csv"):
        exporters["package"].export(ExportRequest.of_run(lost, tmp_path / "package"))


def test_a_bundle_predicts_by_itself_what_the_application_predicts(run: Run, tmp_path: Path) -> None:
    """From a zip, that nothing lies beside; the folder that others become is what lies in it."""
    done = exporters["bundle"].export(ExportRequest.of_run(run, tmp_path / "net.zip"))
    assert done.notes == ()
    assert [each.name for each in tmp_path.iterdir()] == ["net.zip"]
    with zipfile.ZipFile(done.path) as archive:
        assert archive.testzip() is None
        assert {"net/predict.py", "net/model.py", "net/example.csv", "net/README.md"} <= set(archive.namelist())
        archive.extractall(tmp_path / "unpacked")
    path = tmp_path / "unpacked" / "net"
    found = answers_of(path, path / "example.csv", tmp_path / "elsewhere")
    rows = raw_rows(run, Preprocessing.from_json(run.preprocessing())).columns
    (answer,) = open_trained(run).predict(rows).answers.values()
    assert answer.probabilities is not None
    assert [each[answer.output] for each in found] == answer.values.tolist()
    shares = [[float(each[f"{answer.output}/{name}"]) for name in answer.classes] for each in found]
    np.testing.assert_allclose(shares, answer.probabilities, rtol=0, atol=1e-5)
    text = (path / "README.md").read_text()
    assert "bill_length_mm" in text
    assert "accuracy" in text
    with safe_open(path / "weights.safetensors", "pt") as file:
        assert json.loads(file.metadata()["preprocessing"]) == run.preprocessing()


FIELDS: list[dict[str, dict[str, object]]] = [
    {
        "bill_length_mm": {"encoding": "quantile", "options": {"indicator": True}},
        "bill_depth_mm": {"encoding": "robust", "missing": "median"},
        "flipper_length_mm": {"encoding": "min-max", "options": {"log": "log1p", "clip_high": 90.0}},
        "body_mass_g": {"encoding": "max-abs", "options": {"log": "signed log", "clip_low": 5.0}},
        "island": {"options": {"unknown": "own category"}},
        "sex": {"missing": "own category"},
    },
    {
        "bill_length_mm": {"missing": "drop row", "encoding": "none"},
        "island": {"options": {"unknown": "most frequent", "rare": 60}},
        "sex": {"missing": "zeros"},
    },
]


@pytest.mark.slow
@pytest.mark.parametrize("fields", FIELDS, ids=["bent", "dropped"])
def test_every_preparation_of_tables_is_in_the_bundle(fields: dict[str, dict[str, object]], tmp_path: Path) -> None:
    trained(penguins(**fields), tmp_path / "run")
    path = exporters["bundle"].export(ExportRequest.of_run(Run.open(tmp_path / "run"), tmp_path / "bundle")).path
    assert (path / "predict.py").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "two-task", "lstm-text"])
def test_templates_become_bundles(name: str, tmp_path: Path) -> None:
    trained(with_training(template(name), epochs=1, device="cpu"), tmp_path / "run")
    path = exporters["bundle"].export(ExportRequest.of_run(Run.open(tmp_path / "run"), tmp_path / "bundle")).path
    assert (path / "example.csv").is_file()


def test_a_bundle_needs_a_run_and_an_empty_place(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="train the network first"):
        exporters["bundle"].export(ExportRequest(spirals(), tmp_path / "net.zip"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").write_text("kept")
    with pytest.raises(ExportError, match="not empty"):
        exporters["bundle"].export(ExportRequest.of_run(run, tmp_path / "full"))
    assert (tmp_path / "full" / "kept").read_text() == "kept"


@pytest.mark.parametrize("kind", ["onnx", "pt2", "bundle"])
def test_a_cancelled_export_writes_nothing(kind: str, run: Run, tmp_path: Path) -> None:
    with pytest.raises(Cancelled), watching(lambda _done, _total, what: "Reading" not in what):
        exporters[kind].export(ExportRequest.of_run(run, tmp_path / f"net{exporters[kind].suffix}"))
    assert not list(tmp_path.iterdir())


# --- ONNX and torch.export --------------------------------------------------------------------------------------------


def test_onnx_is_called_as_the_design_is_and_takes_any_batch(run: Run, tmp_path: Path) -> None:
    path = exporters["onnx"].export(ExportRequest.of_run(run, tmp_path / "net.onnx")).path
    model = onnx.load(path)
    onnx.checker.check_model(model)
    told = {each.key: each.value for each in model.metadata_props}
    assert json.loads(told["preprocessing"]) == run.preprocessing()
    assert told["project"] == "penguins"
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert sys.prefix.encode() not in path.read_bytes()
    session = onnxruntime.InferenceSession(str(path))
    assert ([each.name for each in session.get_inputs()], [each.name for each in session.get_outputs()]) == (
        ["x"],
        ["out"],
    )
    network = open_trained(run).network
    for count in (1, 5):
        given = torch.randn(count, model.graph.input[0].type.tensor_type.shape.dim[1].dim_value)
        with torch.inference_mode():
            (wanted,) = network.forward([given])
        (found,) = session.run(None, {"x": given.numpy()})
        np.testing.assert_allclose(found, wanted.numpy(), rtol=0, atol=1e-5)


def test_a_torch_program_takes_any_batch(run: Run, tmp_path: Path) -> None:
    path = exporters["pt2"].export(ExportRequest.of_run(run, tmp_path / "net.pt2")).path
    module = torch.export.load(path).module()
    network = open_trained(run).network
    given = torch.randn(7, network.module.hidden.in_features)  # type: ignore[arg-type, union-attr]
    torch.testing.assert_close(module(given), network.forward([given])[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["siamese", pytest.param("rows-as-sequence", marks=pytest.mark.long), "two-task", "lstm-text"]
)
def test_templates_become_onnx(name: str, tmp_path: Path) -> None:
    path = untrained("onnx", template(name), tmp_path)
    names = {each.name for each in onnx.load(path).graph.input}
    assert names == {each.name for each in template(name).graph.of_kind("Input")}


@pytest.mark.parametrize("name", ["moons", "siamese", "two-task", "digits"])
def test_templates_become_torch_programs(name: str, tmp_path: Path) -> None:
    assert untrained("pt2", template(name), tmp_path).stat().st_size > 0


REPAIRED = {
    "GRU": (Node("rows", "Squeeze", {"dim": 1}), Node("gru", "GRU", {"hidden_size": 6})),
    "PixelUnshuffle": (
        Node("conv", "Conv2d", {"out_channels": 3, "kernel_size": 3, "padding": 1}),
        Node("unshuffle", "PixelUnshuffle", {"downscale_factor": 2}),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("layer", REPAIRED)
def test_what_the_onnx_exporter_gets_wrong_in_silence_is_right_or_refused(layer: str, tmp_path: Path) -> None:
    project = images(*REPAIRED[layer])
    path = untrained("onnx", project, tmp_path)
    module = exportable(ExportRequest(project, path)).built.module
    given = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    (found,) = onnxruntime.InferenceSession(str(path)).run(None, {"x": given.numpy()})
    with torch.inference_mode():
        np.testing.assert_allclose(found, module(given).numpy(), rtol=0, atol=1e-5)
    if layer == "GRU":
        _a_reset_gate_that_comes_first_is_repaired(onnx.load(path))


def _a_reset_gate_that_comes_first_is_repaired(model: onnx.ModelProto) -> None:
    (gru,) = (each for each in model.graph.node if each.op_type == "GRU")
    kept = [each for each in gru.attribute if each.name != "linear_before_reset"]
    del gru.attribute[:]
    gru.attribute.extend(kept)
    repair(model)
    (repaired,) = (each for each in gru.attribute if each.name == "linear_before_reset")
    assert repaired.i == 1


@pytest.mark.slow
def test_what_onnx_has_no_operator_for_is_told_by_node(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"'leaky' cannot be exported to ONNX.*rrelu") as refused:
        untrained("onnx", images(Node("conv", "Conv2d", {"out_channels": 2}), Node("leaky", "RReLU")), tmp_path)
    assert refused.value.node == "leaky"
    assert not list(tmp_path.iterdir())


class Repeats(nn.Module):
    """Treats its steps one by one in Python, which tracing writes out for as many as it sees."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.stack([each * (place + 1) for place, each in enumerate(tokens.float().unbind(1))], 1)


def test_a_length_that_tracing_fixes_is_told(tmp_path: Path) -> None:
    network = exportable(ExportRequest(template("lstm-text"), tmp_path / "net.pt2"))
    with pytest.raises(ERRORS) as fixed:
        exported(network, Repeats())
    assert is_fixed(fixed.value)


CELLS: list[tuple[type[nn.RNNBase], dict[str, Any]]] = [
    (nn.LSTM, {"num_layers": 2, "bidirectional": True}),
    (nn.LSTM, {"batch_first": True, "bias": False}),
    (nn.GRU, {"batch_first": True, "bidirectional": True}),
    (nn.RNN, {"nonlinearity": "relu"}),
    (nn.RNN, {"num_layers": 2}),
]


@pytest.mark.parametrize(("layer", "options"), CELLS)
def test_recurrent_layers_as_loops_compute_the_same(layer: type[nn.RNNBase], options: dict[str, Any]) -> None:
    made = nn.Sequential(layer(5, 6, **options)).eval()
    looped = with_loops(made)
    assert looped.state_dict().keys() == made.state_dict().keys()
    given = torch.randn(4, 7, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        (outputs, ends), (wanted, last) = looped(given), made(given)
        torch.testing.assert_close(outputs, wanted)
        torch.testing.assert_close(ends, last)
        again, start = looped[0](given, ends), made[0](given, last)
        torch.testing.assert_close(again, start)


def test_a_recurrent_network_becomes_a_program_for_any_length(tmp_path: Path) -> None:
    project = template("lstm-text")
    path = untrained("pt2", project, tmp_path)
    program = torch.export.load(path).module()
    network = exportable(ExportRequest(project, path)).built.module
    for steps in (3, 29):
        tokens = torch.randint(1, 5, (2, steps), generator=torch.Generator().manual_seed(steps))
        with torch.inference_mode():
            torch.testing.assert_close(program(tokens), network(tokens))


@pytest.mark.slow
def test_weights_too_large_for_one_file_lie_beside_it(tmp_path: Path) -> None:
    network = exportable(ExportRequest(digits(), tmp_path / "net.onnx"))
    model = to_onnx(network, network.built.module, network.built.outputs)
    seen: list[Path] = []
    write_in_two(tmp_path / "net.onnx", model, seen.append)
    assert seen[0].parent != tmp_path
    assert {each.name for each in tmp_path.iterdir()} == {"net.onnx", "net.onnx.data"}
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"))
    (image,) = network.example
    (found,) = session.run(None, {"x": image.numpy()})
    np.testing.assert_allclose(found, network.built.module(image).detach().numpy(), rtol=0, atol=1e-5)


def test_a_format_may_give_a_number_where_the_network_gives_none() -> None:
    graph = chain(
        inputs("image"), Node("flatten", "Flatten"), linear("scores", 10), Node("root", "Sqrt"), output("digit")
    )
    project = Project("roots", data=data("digits"), graph=graph, training=settings_with(epochs=1))
    network = exportable(ExportRequest(project, Path("net.onnx")))
    module, names = network.built.module, network.built.outputs
    expected = module(*network.example)
    assert 0 < torch.isnan(expected).sum() < expected.numel()
    assert not first_difference(network, lambda given: by_name(module(*given).nan_to_num(), names))
    assert "where it is NaN" in first_difference(network, lambda given: by_name(module(*given) * torch.nan, names))


def test_a_format_that_computes_something_else_is_refused_by_the_first_node_that_differs() -> None:
    network = exportable(ExportRequest(digits(), Path("net.onnx")))

    def wrong(module: nn.Module, names: Sequence[str]) -> Runner:
        after = ("x", "conv1", "norm", "relu1")
        return lambda given: {
            name: value if name in after else value + 1e-3 for name, value in by_name(module(*given), names).items()
        }

    conversion = Conversion("Other", network, wrong, lambda run, _names: run)
    with pytest.raises(ExportError, match=r"something else.*'pool1' is the first node that differs") as refused:
        conversion.verify(conversion.converted())
    assert refused.value.node == "pool1"
