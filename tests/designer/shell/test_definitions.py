"""Layers of a project's own making: a new Python layer, and a saved project used as a layer, with its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core import trust
from core.graph.edits import AddNodes, Connect, GroupNodes, SetCode, SetGroupWeights
from core.graph.project import End, Graph, Group, Node, Project, TrainingSettings
from designer.definitions import class_name
from designer.problems.row import ProblemRow
from designer.properties.group_form import GroupForm
from designer.python.dialog import PythonDialog
from designer.widgets import PrimaryButton
from designer.window import Window
from tests.designer.shell.conftest import Hands, iris, saved, wait_for_check

Open = Callable[[Project], Window]
INNER = Graph({"x": Node("x", "Input"), "lin": Node("lin", "Linear", {"out_features": 6}), "y": Node("y", "Output")})


def encoder() -> Project:
    """Return a project with a variable and a group Hidden that stands alone: four features become six."""
    links = {End("lin", "input"): End("x", "output"), End("y", "input"): End("lin", "output")}
    hidden = Group("Hidden", replace(INNER, links=links))
    nodes = (
        Node("x", "Input", {"shape": (4,)}),
        Node("wide", "Linear", {"out_features": "width"}),
        Node("inner", "group:Hidden"),
        Node("y", "Output"),
    )
    chain = {
        End("wide", "input"): End("x", "output"),
        End("inner", "x"): End("wide", "output"),
        End("y", "input"): End("inner", "y"),
    }
    graph = Graph({node.name: node for node in nodes}, chain)
    return Project("My encoder", graph=graph, groups={"Hidden": hidden}, variables={"width": 8})


@pytest.fixture
def flowers(open_project: Open) -> Window:
    """The classifier of flowers, with a group Hidden of its own, that trains for one epoch."""
    window = open_project(replace(iris(), training=TrainingSettings(epochs=1, batch_size=32, device="cpu")))
    assert window.workspace is not None
    window.workspace.session.apply(GroupNodes(frozenset({"hidden", "relu1"}), "Hidden", "stage1"))
    window.workspace.session.select(["flower"])
    return window


def add_encoder(window: Window, hands: Hands, folder: Path, project: Project | None = None) -> str:
    """Use a saved project as a layer, through menu and dialog; return the node's name."""
    assert window.workspace is not None
    session = window.workspace.session
    hands.choose(saved(project or encoder(), folder / "encoder.layerwright"))
    before = session.project.graph.nodes.keys()
    window.actions_by_id["use_project"].trigger()
    (added,) = session.project.graph.nodes.keys() - before
    return added


def weights_of(project: Project, path: Path) -> Path:
    """Write the fresh weights of a project as those of a training."""
    from safetensors.torch import save_file

    from core.model.build import build

    save_file({name: each.contiguous() for name, each in build(project).module.state_dict().items()}, path)
    return path


def test_a_project_becomes_a_group_and_its_groups_keep_clear_of_those_here(
    flowers: Window, hands: Hands, tmp_path: Path
) -> None:
    assert flowers.workspace is not None
    session = flowers.workspace.session
    before = session.project
    added = add_encoder(flowers, hands, tmp_path)
    assert set(session.project.groups) == {"Hidden", "Hidden2", "MyEncoder"}
    assert session.project.groups["Hidden"] == before.groups["Hidden"]
    inner = session.project.groups["MyEncoder"]
    assert inner.graph.nodes["inner"].kind == "group:Hidden2"
    assert [(each.name, each.default) for each in inner.parameters] == [("width", 8)]
    assert session.project.graph.links[End(added, "x")] == End("flower", "output")
    assert session.selection == {added}
    assert "group:MyEncoder" in [
        row.data(Qt.ItemDataRole.UserRole) for row in flowers.workspace.library.shown.matches()
    ]
    assert session.document.undo_label == "Use My encoder as a layer"
    flowers.actions_by_id["undo"].trigger()
    assert session.project == before


def test_a_project_that_cannot_be_read_says_why_and_changes_nothing(
    qtbot: QtBot, flowers: Window, hands: Hands, tmp_path: Path
) -> None:
    assert flowers.workspace is not None
    session = flowers.workspace.session
    before = session.project
    broken = tmp_path / "broken.layerwright"
    broken.write_text("no project")
    hands.choose(broken)
    with qtbot.waitSignal(session.refused) as refused:
        flowers.actions_by_id["use_project"].trigger()
    assert "broken.layerwright" in refused.args[0]
    assert session.project is before


def test_a_relative_file_of_weights_in_the_other_project_is_found_from_here(
    flowers: Window, hands: Hands, tmp_path: Path
) -> None:
    assert flowers.workspace is not None
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = encoder()
    hidden = replace(other.groups["Hidden"], weights="hidden.safetensors")
    add_encoder(flowers, hands, elsewhere, replace(other, groups={"Hidden": hidden}))
    assert flowers.workspace.session.project.groups["Hidden2"].weights == str(elsewhere / "hidden.safetensors")


def add_with_weights(qtbot: QtBot, window: Window, hands: Hands, folder: Path, weights: Project) -> Group:
    """Use the encoder, which starts from the weights of another project, as a layer; return the group."""
    assert window.workspace is not None
    session = window.workspace.session
    weights_of(weights, folder / "trained.safetensors")
    hands.choose(saved(replace(encoder(), weights="trained.safetensors"), folder / "encoder.layerwright"))
    window.actions_by_id["use_project"].trigger()
    qtbot.waitUntil(lambda: "MyEncoder" in session.project.groups, timeout=60_000)
    return session.project.groups["MyEncoder"]


def test_the_weights_that_the_other_project_starts_from_come_along(
    qtbot: QtBot, flowers: Window, hands: Hands, tmp_path: Path
) -> None:
    from core.model.build import build

    assert flowers.workspace is not None
    source = replace(encoder(), training=TrainingSettings(seed=7))
    group = add_with_weights(qtbot, flowers, hands, tmp_path, source)
    assert group.weights == str(tmp_path / "trained.safetensors")
    module = build(flowers.workspace.session.project).module.state_dict()
    (name,) = (each for each in module if each.endswith("wide.weight"))
    assert module[name].equal(build(source).module.state_dict()["wide.weight"])


def test_weights_that_are_not_of_the_whole_network_stay_behind_and_that_is_said(
    qtbot: QtBot, flowers: Window, hands: Hands, tmp_path: Path
) -> None:
    assert flowers.workspace is not None
    said: list[str] = []
    flowers.workspace.session.told.connect(said.append)
    group = add_with_weights(qtbot, flowers, hands, tmp_path, replace(encoder(), variables={"width": 9}))
    assert not group.weights
    qtbot.waitUntil(lambda: any("stayed behind" in each for each in said), timeout=60_000)


def train(qtbot: QtBot, window: Window, state: str) -> None:
    wait_for_check(qtbot, window)
    assert window.workspace is not None
    runner = window.workspace.runner
    assert runner.start(), runner.reasons()
    qtbot.waitUntil(lambda: runner.state == state, timeout=60_000)


def link_encoder(window: Window, name: str) -> None:
    assert window.workspace is not None
    window.workspace.session.apply(Connect(End(name, "y"), End("stage1", "flower")))


@pytest.fixture
def encoded(qtbot: QtBot, flowers: Window, hands: Hands, tmp_path: Path) -> Window:
    """The classifier behind an encoder that came from another project."""
    added = add_encoder(flowers, hands, tmp_path)
    link_encoder(flowers, added)
    wait_for_check(qtbot, flowers)
    return flowers


def choose_weights(window: Window, hands: Hands, path: Path) -> None:
    """Choose trained weights in the form of the group MyEncoder."""
    assert window.workspace is not None
    session, properties = window.workspace.session, window.workspace.properties
    session.open_group(next(iter(session.selection)))
    assert isinstance(properties.form, GroupForm)
    hands.choose(path)
    properties.form.choose.click()
    session.go_to(())


def test_trained_weights_of_the_other_project_are_what_training_starts_from(
    qtbot: QtBot, encoded: Window, hands: Hands, tmp_path: Path
) -> None:
    from core.graph.groups import with_weights_beside
    from core.model.build import build

    path = weights_of(replace(encoder(), training=TrainingSettings(seed=7)), tmp_path / "trained.safetensors")
    choose_weights(encoded, hands, path)
    assert encoded.workspace is not None
    session = encoded.workspace.session
    assert session.project.groups["MyEncoder"].weights == "trained.safetensors"
    wait_for_check(qtbot, encoded)
    assert [
        row for row in encoded.workspace.problems.findChildren(ProblemRow) if "weights" in row.problem.message
    ] == []
    module = build(with_weights_beside(session.project, session.base)).module
    trained = build(replace(encoder(), training=TrainingSettings(seed=7))).module.state_dict()
    (name,) = (each for each in module.state_dict() if each.endswith("wide.weight"))
    assert module.state_dict()[name].equal(trained["wide.weight"])
    train(qtbot, encoded, "finished")


def test_weights_of_another_network_are_told_in_plain_words_when_training_starts(
    qtbot: QtBot, encoded: Window, hands: Hands, tmp_path: Path
) -> None:
    other = replace(encoder(), variables={"width": 9})
    choose_weights(encoded, hands, weights_of(other, tmp_path / "other.safetensors"))
    train(qtbot, encoded, "failed")
    assert encoded.workspace is not None
    assert encoded.workspace.notice.isVisible()
    told = encoded.workspace.notice.accessibleName()
    assert "The weights of 'MyEncoder'" in told
    assert "of another network" in told
    assert "'wide.weight' is 9 × 4 in the file; the network needs 8 × 4." in told


@pytest.mark.parametrize(
    ("content", "told"), [(None, "there is no such file"), (b"not weights at all", "no .safetensors file")]
)
def test_a_file_that_cannot_be_the_weights_is_a_problem_before_training(
    qtbot: QtBot, encoded: Window, tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    assert encoded.workspace is not None
    session = encoded.workspace.session
    session.apply(SetGroupWeights("MyEncoder", str(path)))
    wait_for_check(qtbot, encoded)
    (row,) = (each for each in encoded.workspace.problems.findChildren(ProblemRow) if told in each.problem.message)
    assert row.problem.severity == "warning"
    button = row.findChild(QPushButton, "fix_button")
    assert isinstance(button, QPushButton)
    button.click()
    assert session.project.groups["MyEncoder"].weights == ""


def dialog_of(window: Window) -> PythonDialog:
    return next(each for each in window.findChildren(PythonDialog) if each.isVisible())


def test_a_new_python_layer_is_written_trusted_and_added_once(qtbot: QtBot, flowers: Window) -> None:
    assert flowers.workspace is not None
    session = flowers.workspace.session
    before = set(session.project.graph.nodes)
    flowers.actions_by_id["python_layer"].trigger()
    dialog = dialog_of(flowers)
    assert isinstance(dialog.trust, PrimaryButton)
    qtbot.waitUntil(dialog.trust.isEnabled)
    qtbot.mouseClick(dialog.trust, Qt.MouseButton.LeftButton)
    (name,) = session.project.code
    (added,) = session.project.graph.nodes.keys() - before
    assert session.project.graph.nodes[added].kind == f"python:{name}"
    assert trust.is_trusted(session.project.code[name].source)
    wait_for_check(qtbot, flowers)
    qtbot.waitUntil(lambda: not [each for each in flowers.findChildren(PythonDialog) if each.isVisible()])


def test_editing_a_python_node_opens_its_code_and_adds_nothing(qtbot: QtBot, flowers: Window) -> None:
    from core.graph.edits import AddCode
    from designer.python.template import TEMPLATE

    assert flowers.workspace is not None
    session = flowers.workspace.session
    session.apply(AddCode("Gate", TEMPLATE.format(name="Gate")))
    session.apply(AddNodes((Node("gate1", "python:Gate"),)))
    before = set(session.project.graph.nodes)
    assert flowers.workspace.definitions.edit_code("gate1")
    dialog = dialog_of(flowers)
    session.apply(SetCode("Gate", TEMPLATE.format(name="Gate") + "\n"))
    dialog.reject()
    assert set(session.project.graph.nodes) == before
    assert not flowers.workspace.definitions.edit_code("logits")


def test_a_block_that_is_gone_says_so(qtbot: QtBot, flowers: Window, tmp_path: Path) -> None:
    assert flowers.workspace is not None
    with qtbot.waitSignal(flowers.workspace.session.refused) as refused:
        flowers.workspace.definitions.add_block(tmp_path / "gone.layerblock", QPointF(0, 0))
    assert "gone.layerblock" in refused.args[0]


@pytest.mark.parametrize(
    ("project", "name"),
    [
        ("Two inputs", "TwoInputs"),
        ("resnet-18", "Resnet18"),
        ("3 stages", "Stages"),
        ("…", "Network"),
        ("class", "Class"),
    ],
)
def test_a_class_is_named_after_the_project(project: str, name: str) -> None:
    assert class_name(project) == name
