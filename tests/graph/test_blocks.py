"""A folder of one's own blocks, and whole projects as groups."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import EditError, ProjectError, SaveError
from core.graph.blocks import blocks, load_block, project_as_group, save_block
from core.graph.files import save_project
from core.graph.project import Graph, Group, GroupParameter, Node, Project, PythonLayer
from core.graph.templates import template
from tests.graph.building import block, chain, end, graph, stack


def _nested() -> Project:
    """``Outer`` uses ``Block``, ``Mine`` and the variable ``depth``; nobody uses ``Other``."""
    made = graph("x:Input b1:group:Block p1:python:Mine l1:Linear y:Output", "x.output>b1.x b1.y>y.input")
    nodes = {**made.nodes, "l1": Node("l1", "Linear", {"out_features": "depth"})}
    inner = replace(block(), graph=replace(block().graph, nodes={**block().graph.nodes, "l2": nodes["l1"]}))
    groups = {"Block": inner, "Outer": Group("Outer", Graph(nodes, made.links)), "Other": Group("Other")}
    code = {name: PythonLayer(name, "pass") for name in ("Mine", "Yours")}
    return Project(variables={"depth": 3, "other": 1}, groups=groups, code=code)


def test_a_block_holds_what_it_needs_and_depends_on_nothing_outside(tmp_path: Path) -> None:
    path = save_block(_nested(), "Outer", tmp_path)
    assert path == tmp_path / "Outer.layerblock"
    edit = load_block(Project(), path, (40.0, 60.0))
    after = edit.apply(Project())
    assert (set(after.groups), set(after.code)) == ({"Block", "Outer"}, {"Mine"})
    assert after.variables == {}
    assert after.groups["Outer"].parameters == (GroupParameter("depth", 3),)
    assert after.groups["Block"].parameters == (GroupParameter("width", 4), GroupParameter("depth", 3))
    assert after.groups["Outer"].graph.nodes["b1"].params == {"depth": "depth"}
    assert after.graph.nodes == {"outer1": Node("outer1", "group:Outer", position=(40.0, 60.0))}
    assert [each.name for each in tmp_path.iterdir()] == ["Outer.layerblock"]


def test_the_folder_lists_blocks_by_name_and_says_which_are_damaged(tmp_path: Path) -> None:
    assert blocks(tmp_path / "none") == ()
    save_block(replace(stack(), groups={"Block": replace(block(), help="two layers")}), "Block", tmp_path)
    (tmp_path / "Bad.layerblock").write_text("{")
    save_project(chain(), tmp_path / "Chain.layerblock")
    (tmp_path / "notes.txt").write_text("not a block")
    bad, good, none = blocks(tmp_path)
    assert (good.name, good.help, good.problem, good.path) == ("Block", "two layers", "", tmp_path / "Block.layerblock")
    assert (bad.name, none.name) == ("Bad", "Chain")
    assert "cannot be read" in bad.problem
    assert "is no block" in none.problem
    with pytest.raises(ProjectError, match="is no block"):
        load_block(Project(), tmp_path / "Chain.layerblock")


def test_a_block_that_is_not_there_or_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EditError, match="no group 'Blok'"):
        save_block(stack(), "Blok", tmp_path)
    with pytest.raises(SaveError, match="no folder"):
        save_block(stack(), "Block", tmp_path / "none")


def test_a_block_saved_again_replaces_the_old_one(tmp_path: Path) -> None:
    save_block(stack(), "Block", tmp_path)
    save_block(replace(stack(), groups={"Block": Group("Block", help="new")}), "Block", tmp_path)
    assert [each.help for each in blocks(tmp_path)] == ["new"]


def test_a_project_becomes_a_group_with_its_own_groups_and_variables() -> None:
    source = replace(stack(), groups={"Block": replace(block(), help="other")})
    nodes = {**source.graph.nodes, "block1": Node("block1", "group:Block", {"width": "depth"})}
    source = replace(source, graph=Graph(nodes, source.graph.links))
    after = project_as_group(source, "Backbone", "backbone.safetensors").apply(stack())
    group = after.groups["Backbone"]
    assert set(after.groups) == {"Block", "Block2", "Backbone"}
    assert group.graph.nodes["block1"] == Node("block1", "group:Block2", {"width": "depth"})
    assert group.graph.links == source.graph.links
    assert (group.parameters, group.weights) == ((GroupParameter("depth", 3),), "backbone.safetensors")
    assert after.graph == stack().graph


def test_the_ports_of_a_project_keep_shapes_and_leave_data_behind() -> None:
    after = project_as_group(template("flowers").load(), "Flowers").apply(Project())
    nodes = after.groups["Flowers"].graph.nodes
    assert nodes["measurements"].params == {"shape": (4,), "dtype": "float32"}
    assert nodes["species"].params == {}
    assert after.groups["Flowers"].help.startswith("Tells three species")


def test_a_project_may_be_named_like_one_of_its_groups() -> None:
    after = project_as_group(stack(), "Block").apply(Project())
    assert set(after.groups) == {"Block", "Block2"}
    assert after.groups["Block2"].graph.links[end("block1.x")] == end("image1.output")
    with pytest.raises(EditError, match="starts with a capital"):
        project_as_group(stack(), "block")
