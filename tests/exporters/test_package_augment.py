"""A package changes its training samples by the same chance as the run did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.graph.edits import SetField
from core.graph.project import Project
from core.kinds import Value
from tests.exporters.packages import follow
from tests.exporters.test_package_metrics import pictures
from tests.exporters.test_package_targets import made, weighed
from tests.training.building import diabetes, digits, with_training


def augmented(project: Project, name: str, **augment: dict[str, Value]) -> Project:
    """Return a project in which one field is augmented."""
    field = next(each for each in project.data.fields if each.name == name)
    return SetField(replace(field, augment=augment)).apply(project)


@pytest.mark.slow
def test_samples_are_changed_by_the_same_chance(tmp_path: Path) -> None:
    few: dict[str, Any] = {"epochs": 2, "batch_size": 256}
    moved: dict[str, dict[str, Value]] = {"flip": {}, "shift": {}, "rotate": {"degrees": 40.0}, "zoom": {}}
    coloured: dict[str, dict[str, Value]] = {"colour": {}, "erase": {}, "noise": {}}
    table = with_training(diabetes(), **few)
    column = table.data.with_role("input")[2].name
    projects = {
        "images": augmented(digits(**few), "image", **moved, **coloured),
        "cut": augmented(digits(**few, accumulate=2), "image", flip={}, cutmix={"probability": 0.5}, mixup={}),
        "blended": augmented(table, column, mixup={"alpha": 1.0}),
        "weighed": augmented(weighed(), "bill_length_mm", mixup={}),
        "masks": augmented(made("shapes", 24), "image", **moved, flip_upright={}),
        "to themselves": augmented(pictures(), "image", **moved),
        "column": augmented(table, column, gaps={"probability": 0.3}, noise={"deviation": 0.2}),
        "text": augmented(with_training(made("topics", 48), accumulate=2), "text", forget={"probability": 0.3}),
        "steps": augmented(made("spelling", 24), "frames", delay={}, noise={}),
    }
    follow(projects, tmp_path)
