"""What the small commands print, and what holds for every command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cli.command import Command
from core.cli.main import commands
from core.graph.files import json_schema, load_project
from core.graph.templates import templates
from core.layers import catalogue
from core.parameters import parameters_of
from tests.cli.conftest import Drive, Trip, node

Change = Callable[[Callable[[dict[str, Any]], object]], Path]


@pytest.mark.parametrize("command", tuple(commands), ids=lambda command: command.id)
def test_every_command_explains_itself(cli: Drive, command: Command) -> None:
    outcome = cli(command.id, "--help")
    assert (outcome.status, outcome.err) == (0, "")
    assert f"usage: layerwright {command.id}" in outcome.out
    assert "exit status:" in outcome.out
    assert "--json" in outcome.out


def test_help_lists_every_command(cli: Drive) -> None:
    text = cli("--help").out
    assert all(command.id in text and command.help in text for command in commands)


def test_the_version_is_printed(cli: Drive) -> None:
    outcome = cli("--version")
    assert outcome.status == 0
    assert outcome.out.startswith("layerwright ")


def test_templates_are_listed(cli: Drive) -> None:
    found = cli("templates", "--json").objects
    assert [each["name"] for each in found] == [each.id for each in templates()]
    assert all(each["title"] and each["description"] for each in found)
    text = cli("templates").out
    assert all(each.id in text for each in templates())


@pytest.mark.parametrize("name", ["two-inputs", "Two_Inputs", "two inputs"])
def test_new_writes_a_template_whatever_the_spelling(cli: Drive, tmp_path: Path, name: str) -> None:
    outcome = cli("new", name, "-o", "a.layerwright", "--json")
    assert outcome.objects == [{"template": "two-inputs", "path": "a.layerwright"}]
    assert load_project(tmp_path / "a.layerwright").name == "Two inputs"


def test_new_replaces_a_file_only_when_told_to(cli: Drive, flowers: Path) -> None:
    before = flowers.read_bytes()
    refused = cli("new", "moons", "-o", flowers)
    assert refused.status == 2
    assert "--force" in refused.err
    assert flowers.read_bytes() == before
    assert cli("new", "moons", "-o", flowers, "--force").status == 0
    assert load_project(flowers).name == "Two moons"


def test_layers_gives_the_whole_catalogue(cli: Drive) -> None:
    found = {each["id"]: each for each in cli("layers", "--json").objects}
    assert list(found) == [kind.id for kind in catalogue]
    for kind in catalogue:
        assert [each["name"] for each in found[kind.id]["parameters"]] == [each.name for each in parameters_of(kind)]
        assert [each["name"] for each in found[kind.id]["inputs"]] == [port.name for port in kind.inputs]
    assert found["Conv2d"]["derived"] == ["in_channels"]
    text = cli("layers").out
    assert all(f" {kind.id} " in text for kind in catalogue)


def test_schema_is_that_of_project_files(cli: Drive) -> None:
    assert json.loads(cli("schema").out) == json_schema()
    assert cli("schema", "--json").objects == [json_schema()]


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_gives_shapes_and_types_of_every_node(cli: Drive, trip: Trip) -> None:
    outcome = cli("check", trip.project, "--json")
    (report,) = outcome.objects
    assert (outcome.status, outcome.err) == (0, "")
    assert list(report) == ["file", "ok", "nodes", "problems"]
    assert (report["file"], report["ok"], report["problems"]) == (str(trip.project), True, [])
    assert list(report["nodes"]) == list(load_project(trip.project).graph.nodes)
    assert report["nodes"]["image"] == {"in": [], "out": [["N", 1, 8, 8]], "dtype": ["float32"]}
    assert report["nodes"]["conv1"] == {"in": [["N", 1, 8, 8]], "out": [["N", 32, 8, 8]], "dtype": ["float32"]}
    assert report["nodes"]["digit"] == {"in": [["N", 10]], "out": [], "dtype": []}


def test_check_gives_an_entry_for_every_output_of_a_layer(cli: Drive) -> None:
    cli("new", "rows-as-sequence", "-o", "rows.layerwright")
    lstm = cli("check", "rows.layerwright", "--json").objects[0]["nodes"]["lstm1"]
    assert lstm["in"] == [["N", 8, 8]]
    assert lstm["out"] == [["N", 8, 64], [1, "N", 64], [1, "N", 64]]
    assert lstm["dtype"] == ["float32"] * 3


def test_check_reports_problems_with_their_fixes(cli: Drive, change: Change) -> None:
    path = change(lambda content: node(content, "hidden1")["params"].update(out_features=0))
    outcome = cli("check", path, "--json")
    (report,) = outcome.objects
    assert (outcome.status, report["ok"]) == (1, False)
    assert [each["node"] for each in report["problems"] if each["severity"] == "error"] == ["hidden1"]
    assert all(set(each) == {"severity", "node", "message", "fixes"} for each in report["problems"])
    text = cli("check", path)
    assert text.status == 1
    assert "has errors" in text.out
    assert "out_features must be at least 1, not 0" in text.out


def test_check_offers_its_fixes_by_name(cli: Drive, tmp_path: Path) -> None:
    cli("new", "digits", "-o", "a.layerwright")
    path = tmp_path / "a.layerwright"
    content = json.loads(path.read_text())
    node(content, "conv1")["params"]["kernel_size"] = 99
    path.write_text(json.dumps(content))
    (report,) = cli("check", path, "--json").objects
    assert any(fix.startswith("Set kernel_size") for each in report["problems"] for fix in each["fixes"])
    assert "fix: Set kernel_size" in cli("check", path).out


def test_check_goes_through_all_files_whatever_is_wrong_with_some(cli: Drive, trip: Trip) -> None:
    outcome = cli("check", "missing.layerwright", trip.project, "--json")
    assert outcome.status == 1
    missing, good = outcome.objects
    assert (missing["ok"], missing["nodes"], good["ok"]) == (False, {}, True)
    assert missing["problems"][0]["severity"] == "error"
    assert "missing.layerwright" in missing["problems"][0]["message"]
    assert "missing.layerwright" in outcome.err
    text = cli("check", "missing.layerwright", trip.project)
    assert (text.status, text.out) == (1, f"{trip.project}: ok\n")


def test_check_keeps_a_kind_that_is_not_installed_as_a_problem(cli: Drive, change: Change) -> None:
    path = change(lambda content: node(content, "tanh1").update(kind="NoSuchLayer"))
    outcome = cli("check", path, "--json")
    (report,) = outcome.objects
    assert outcome.status == 1
    assert report["problems"][0]["node"] == "tanh1"
    assert "NoSuchLayer" in report["problems"][0]["message"]
    assert report["nodes"]["tanh1"]["out"] == []
