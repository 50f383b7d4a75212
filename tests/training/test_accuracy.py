"""What a newcomer trains first reaches what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.bind import bind
from core.graph.project import Node, Project
from tests.training.building import PENGUINS, chain, digits, inputs, linear, output, settings_with, trained


@pytest.mark.long
def test_digits_reaches_97_percent_within_20_epochs(tmp_path: Path) -> None:
    summary, _events = trained(digits(epochs=20), tmp_path / "run")
    assert summary.best["out/accuracy"] >= 0.97


def test_a_table_with_gaps_and_words_can_be_learnt(tmp_path: Path) -> None:
    binding = bind("csv", {"path": PENGUINS.name}, PENGUINS.parent)
    columns = [field.name for field in binding.with_role("input") if field.meaning in ("number", "category", "flag")]
    columns = [name for name in columns if name != "species"]
    graph = chain(inputs(*columns), linear("hidden", 16), Node("relu", "ReLU"), linear("head", 3), output("species"))
    project = Project(
        "penguins", data=binding, graph=graph, training=settings_with(epochs=40, learning_rate=0.01, batch_size=8)
    )
    summary, _events = trained(project, tmp_path / "run", base=PENGUINS.parent)
    assert summary.best["out/accuracy"] >= 0.85
