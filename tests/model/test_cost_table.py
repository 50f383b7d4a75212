"""The table of costs: its rows, held against the reports they come from, and its texts, read back."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest

from core.graph.project import Node, Project
from core.model.build import build
from core.model.cost import CostReport, cost
from core.model.cost_table import FORMATS, CostRow, as_csv, as_latex, as_markdown, cost_rows, flat
from core.model.memory import MemoryReport, training_memory
from core.model.shapes import check
from tests.model import group_cases, grouping
from tests.model.building import chain, given, layer

Table = tuple[tuple[CostRow, ...], CostReport, MemoryReport]


def _table(project: Project) -> Table:
    shapes = check(project)
    assert shapes.ok, [problem.sentence for problem in shapes.problems]
    costs = cost(project, shapes)
    memory = training_memory(project, shapes, costs, 2)
    return cost_rows(project, shapes, costs, memory), costs, memory


def _by_name(project: Project) -> dict[str, CostRow]:
    return {row.name: row for row in flat(_table(project)[0])}


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


_GROUPED = [
    grouping.residual_stages,
    grouping.nested,
    group_cases.tied_repeat,
    grouping.siamese,
    group_cases.frozen,
    group_cases.two_streams,
    group_cases.switched_off,
]


@pytest.mark.parametrize("make", _GROUPED, ids=lambda make: make.__name__)
def test_the_uppermost_rows_add_up_to_the_total(make: Any) -> None:
    rows, costs, memory = _table(make())
    assert sum(row.cost.parameters for row in rows) == costs.parameters
    assert sum(row.cost.trainable for row in rows) == costs.trainable
    assert sum(row.cost.flops for row in rows) == costs.flops
    assert sum(row.memory for row in rows) == pytest.approx(memory.per_sample)


def test_the_rows_inside_a_group_are_those_of_one_repetition() -> None:
    rows = _by_name(grouping.residual_stages())
    stack = rows["layer2"]
    assert stack.title == "BasicBlock ×3"
    assert stack.repeat == 3
    assert [row.name for row in stack.inner][:3] == ["layer2/x", "layer2/conv1", "layer2/norm1"]
    assert 3 * sum(row.cost.parameters for row in stack.inner) == stack.cost.parameters
    assert 3 * sum(row.multiply_adds for row in stack.inner) == stack.multiply_adds
    assert 3 * sum(row.memory for row in stack.inner) == pytest.approx(stack.memory)
    assert rows["layer2/conv1"].cost.parameters == 16 * 16 * 9
    assert rows["layer2/conv1"].multiply_adds == 16 * 16 * 9 * 8 * 8


def test_rows_say_what_is_tied_and_what_is_shared() -> None:
    assert _by_name(group_cases.tied_repeat())["refine"].title == "Refine ×3 tied"
    shared = [row for row in _by_name(grouping.siamese()).values() if " = " in row.title]
    assert shared
    assert all(row.cost.parameters == 0 for each in shared for row in flat([each]))


def test_what_is_inside_a_frozen_group_is_not_trainable() -> None:
    rows = _by_name(group_cases.frozen())
    assert rows["backbone"].cost.parameters > 0
    assert all(row.cost.trainable == 0 for row in flat([rows["backbone"]]))
    assert rows["backbone/conv1"].cost.parameters > 0
    assert rows["conv"].cost.trainable == rows["conv"].cost.parameters


def test_nested_groups_count_the_copies_of_all_groups_around() -> None:
    rows = _by_name(grouping.nested())
    for name in ("stage1", "stage2"):
        assert sum(row.memory for row in rows[name].inner) == pytest.approx(rows[name].memory)
        rest = rows[f"{name}/rest"]
        assert rest.repeat * sum(row.memory for row in rest.inner) == pytest.approx(rest.memory)


def test_a_node_that_is_switched_off_has_no_row() -> None:
    nodes = given(8), replace(layer("fc", "Linear", out_features=8), mode="bypass"), Node("y", "Output")
    assert set(_by_name(chain(*nodes))) == {"x", "y"}


def test_csv_has_a_line_for_every_row_and_plain_numbers() -> None:
    table = _table(grouping.residual_stages())
    *lines, total = _read(as_csv(*table))
    assert [line["node"] for line in lines] == [row.name for row in flat(table[0])]
    outer = [line for line in lines if "/" not in line["node"]]
    for column in ("parameters", "trainable", "multiply_adds"):
        assert sum(int(line[column]) for line in outer) == int(total[column])
    assert int(total["parameters"]) == sum(
        each.numel() for each in build(grouping.residual_stages()).module.parameters()
    )
    assert int(total["training_bytes"]) == round(table[2].per_sample)
    conv = next(line for line in lines if line["node"] == "layer2/conv1")
    assert conv["output"] == "N × 16 × 8 × 8"
    assert next(line for line in lines if line["node"] == "layer2")["repeat"] == "3"


def test_markdown_is_one_table_with_as_many_cells_in_every_line() -> None:
    rows, costs, memory = _table(grouping.residual_stages())
    lines = as_markdown(rows, costs, memory).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert len(table) == 2 + len(list(flat(rows))) + 1
    assert f"**{costs.parameters:,}**" in table[-1]
    assert "FLOPs" in lines[-1]


def test_latex_escapes_what_would_be_a_command() -> None:
    rows, costs, memory = _table(chain(given(8), layer("my_layer", "Linear", out_features=3), Node("y", "Output")))
    text = as_latex(rows, costs, memory)
    assert r"my\_layer & Linear & N $\times$ 3 & 27 & 27 & 24 &" in text
    assert not re.search(r"(?<!\\)[_#]", text)
    begun = re.findall(r"\\begin\{(\w+)\}", text)
    assert sorted(begun) == sorted(re.findall(r"\\end\{(\w+)\}", text)) == ["table", "tabular"]
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {6}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_with_a_line_break_and_has_the_total(name: str) -> None:
    text = FORMATS[name](*_table(group_cases.tied_repeat()))
    assert text.endswith("\n")
    assert "total" in text
