"""A package follows the curve of texts, masks and the user's own losses and layers, and reads texts off scores."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ExportError
from core.exporters import ExportRequest, exporters
from core.graph.edits import SetField
from core.graph.project import Graph, Node, Project, PythonLayer
from core.training.runs import Run
from core.trust import forget, trust
from tests.exporters.packages import follow
from tests.exporters.test_elsewhere import penguins
from tests.exporters.test_package_metrics import labelled, measured
from tests.training.building import (
    chain,
    data,
    diabetes,
    inputs,
    linear,
    output,
    settings_with,
    spirals,
    trained,
    with_params,
    with_training,
)
from tests.training.results.nets import GRAPHS, node

LOSS = '''"""Somebody's own loss."""


class Power(nn.Module):
    """The mean of a power of the error."""

    def __init__(self, power: float = 2.0, each: bool = True):
        super().__init__()
        self.power, self.each = power, each

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        values = (output.squeeze() - target).abs() ** self.power
        return values if self.each else values.mean()
'''
LAYER = '''
class Bend(nn.Module):
    """A layer of one's own."""

    def __init__(self, in_features: int, slope: float = 0.5):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(in_features))
        self.slope = slope

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return torch.where(input > self.shift, input, self.slope * input)
'''


def made(source: str, samples: int, graph: Graph | None = None) -> Project:
    """A network for a generated set."""
    graph = graph or GRAPHS[source]
    settings = settings_with(epochs=2, batch_size=16)
    return Project(source, data=data(source, samples=samples), graph=graph, training=settings)


def tagging(table: Path) -> Project:
    """Says of every word whether it is an animal, a colour, or neither."""
    kinds = {"fox": "animal", "owl": "animal", "red": "colour", "grey": "colour", "the": "other", "sees": "other"}
    words = list(kinds)
    lines = [[words[(row * step) % 6] for step in range(1, 3 + row % 4)] for row in range(1, 40)]
    rows = [f"{' '.join(line)},{' '.join(kinds[word] for word in line)}" for line in lines]
    table.write_text("\n".join(["line,tags", *rows]))
    binding = data("csv", path=str(table))
    fields = tuple(
        replace(each, meaning="text", encoding="word", role=role, options={"vocabulary": 12, "length": 6})
        for each, role in zip(binding.fields, ("input", "target"), strict=True)
    )
    embedding = node("table", "Embedding", num_embeddings=12, embedding_dim=6)
    graph = chain(inputs("line"), embedding, linear("head", 12), output("tags", loss="cross_entropy"))
    training = settings_with(epochs=2, batch_size=8)
    return Project("tags", data=replace(binding, fields=fields), graph=graph, training=training)


def pieces(samples: int) -> Project:
    """Says which pieces of words come next in made sentences."""
    project = made("sentences", samples)
    text = next(each for each in project.data.fields if each.name == "text")
    cut = replace(text, encoding="bpe", options={**text.options, "vocabulary": 34})
    return SetField(cut).apply(project)


def series(path: Path) -> Project:
    """From numbers of any length to as many others."""
    rows = [[(row * step % 7) / 7 for step in range(1, 4 + row % 5)] for row in range(40)]
    path.write_text("\n".join(json.dumps({"past": row, "double": [2 * each for each in row]}) for row in rows))
    binding = data("json_lines", path=str(path))
    roles = {"past": "input", "double": "target"}
    fields = tuple(
        replace(each, meaning="sequence", role=roles[each.name], options={"length": 7}) for each in binding.fields
    )
    graph = chain(inputs("past"), linear("hidden", 4), linear("head", 7), output("double"))
    training = settings_with(epochs=2, batch_size=8)
    return Project("series", data=replace(binding, fields=fields), graph=graph, training=training)


def own(project: Project, **options: object) -> Project:
    """Return a project that learns by a loss of its user's own."""
    trust(LOSS)
    code = {**project.code, "Power": PythonLayer("Power", LOSS)}
    project = replace(project, code=code)
    return with_params(project, "out", loss="python:Power", loss_options=tuple(options.items()))


def bent(project: Project) -> Project:
    """Return the project of a number with a layer of its user's own."""
    trust(LAYER)
    nodes = project.graph.nodes
    middle = (nodes["hidden"], Node("bend", "python:Bend"), nodes["head"])
    graph = chain(nodes["x"], *middle, nodes["out"])
    return replace(project, graph=graph, code={"Bend": PythonLayer("Bend", LAYER)})


def weighed() -> Project:
    """A number of penguins, where a column says how much each row counts."""
    project = penguins()
    roles = {"bill_length_mm": "input", "body_mass_g": "target", "year": "weight"}
    fields = tuple(replace(each, role=roles.get(each.name, "ignore")) for each in project.data.fields)
    graph = chain(inputs("bill_length_mm"), linear("head", 1), output("body_mass_g"))
    return replace(project, data=replace(project.data, fields=fields), graph=graph)


@pytest.mark.slow
def test_texts_masks_and_own_losses_follow_their_curve(tmp_path: Path) -> None:
    small = with_training(diabetes(), epochs=2, batch_size=128)
    projects = {
        "ctc": measured(made("spelling", 48)),
        "next": measured(with_training(made("sentences", 48), accumulate=2)),
        "pieces": pieces(48),
        "tags": measured(tagging(tmp_path / "tags.csv")),
        "series": measured(series(tmp_path / "series.jsonl")),
        "mask": measured(made("shapes", 24)),
        "balanced mask": with_params(made("shapes", 24), "out", class_weights="balanced"),
        "dice": with_params(made("shapes", 24), "out", loss="dice"),
        "own": own(bent(small), power=1.5),
        "one number": own(small, each=False),
        "weighed": own(weighed(), each=False),
        "margins": with_params(
            labelled(tmp_path / "labels.csv"), "out", loss="multilabel_margin", class_weights="none"
        ),
        "scores": measured(with_params(spirals(), "out", loss="multi_margin")),
    }
    follow(projects, tmp_path)


@pytest.mark.long
def test_a_package_of_a_text_is_proved_by_its_predictions(tmp_path: Path) -> None:
    trained(made("spelling", 32), tmp_path / "run")
    request = ExportRequest.of_run(Run.open(tmp_path / "run"), tmp_path / "package")
    made_at = exporters["package"].export(request)
    assert made_at.notes == ()
    assert "metrics.py" in (made_at.path / "README.md").read_text()
    assert "texts" in (made_at.path / "predict.py").read_text()


@pytest.mark.slow
def test_a_bundle_of_a_text_prepares_texts_and_nothing_else(tmp_path: Path) -> None:
    trained(pieces(32), tmp_path / "run")
    path = exporters["bundle"].export(ExportRequest.of_run(Run.open(tmp_path / "run"), tmp_path / "bundle.zip")).path
    with zipfile.ZipFile(path) as archive:
        preprocess = archive.read("bundle/preprocess.py").decode()
        assert "tokenizers" in archive.read("bundle/requirements.txt").decode()
    assert "def encode_text(" in preprocess
    assert "def encode_number(" not in preprocess
    assert "def encode_image(" not in preprocess


def test_a_loss_that_is_not_trusted_any_more_is_not_run(tmp_path: Path) -> None:
    trained(own(with_training(diabetes(), epochs=1, batch_size=256)), tmp_path / "run")
    forget(LOSS)
    with pytest.raises(ExportError) as error:
        exporters["package"].export(ExportRequest.of_run(Run.open(tmp_path / "run"), tmp_path / "package"))
    assert "trust" in str(error.value)
    assert not (tmp_path / "package").exists()
