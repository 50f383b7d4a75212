"""What each output learns: every choice is an edit of its node, and what does not suit says why."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QTableWidget
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.edits import AddCode, SetParameters
from core.graph.project import DataBinding, Node, Project
from core.training.losses import losses
from core.training.metrics import metrics
from designer.properties.editors.metric_list import AUTOMATIC, MetricList
from designer.properties.editors.metrics import MetricsEditor
from designer.session import Session
from designer.training.outputs import OutputCard
from designer.training.panel import TrainingPanel
from tests.designer.panels.conftest import chain, change, classifier

from .conftest import WAIT, MakePanel, Open, box, checked, choose, editor, entry, judged, two_heads


@pytest.fixture
def card(panel: TrainingPanel) -> OutputCard:
    return panel.cards["answer"]


def params(session: Session, name: str = "answer") -> dict[str, object]:
    return dict(session.project.graph.nodes[name].params)


def visible_texts(panel: TrainingPanel) -> list[str]:
    return [each.text() for each in panel.findChildren(QLabel) if each.isVisibleTo(panel)]


def metric_list(panel: TrainingPanel, name: str = "answer") -> MetricList:
    found = editor(panel, "metrics", name)
    assert isinstance(found, MetricsEditor)
    found.box.fill()
    return found.box.list


def tick(shown: MetricList, name: str, *, on: bool = True) -> None:
    (item,) = [each for each in shown.items() if each.data(0, Qt.ItemDataRole.UserRole) == name]
    item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)


def shown_ids(shown: MetricList) -> list[str]:
    return [str(each.data(0, Qt.ItemDataRole.UserRole)) for each in shown.items() if not each.isHidden()]


# --- loss -------------------------------------------------------------------------------------------------------------


def test_what_is_automatic_says_what_it_comes_to(panel: TrainingPanel) -> None:
    assert box(panel, "loss", "answer").currentText() == "Automatic (Cross-entropy)"
    assert box(panel, "metrics", "answer").itemText(0) == "Automatic (Accuracy)"


def test_the_loss_shows_its_help_and_formula(
    qtbot: QtBot, panel: TrainingPanel, iris: Session, card: OutputCard
) -> None:
    assert card.formula.text() == losses["cross_entropy"].formula
    choose(box(panel, "loss", "answer"), "Focal")
    assert params(iris)["loss"] == "focal"
    checked(qtbot, iris)
    assert card.formula.text() == losses["focal"].formula
    assert card.help.text() == losses["focal"].help


def test_losses_that_do_not_suit_are_listed_with_the_reason(panel: TrainingPanel) -> None:
    combo = box(panel, "loss", "answer")
    judged(combo)
    for loss in losses:
        assert combo.findText(loss.title) >= 0
    enabled, tip, spoken = entry(combo, "Mean squared error")
    assert not enabled
    assert "3 classes" in tip
    assert "3 classes" in spoken
    assert entry(combo, "Multi-class hinge")[0]


def test_an_own_loss_is_offered(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    source = (
        "import torch\nfrom torch import Tensor, nn\n\n\nclass Mine(nn.Module):\n"
        "    def forward(self, output: Tensor, target: Tensor) -> Tensor:\n"
        "        return torch.nn.functional.cross_entropy(output, target)\n"
    )
    change(iris, AddCode("Mine", source))
    checked(qtbot, iris)
    combo = box(panel, "loss", "answer")
    qtbot.waitUntil(lambda: combo.findText("Mine (your own)") >= 0, timeout=WAIT)


def test_loss_options_are_typed_one_undo_step_each(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    change(iris, SetParameters({"answer": {"loss": "focal"}}))
    checked(qtbot, iris)
    field = editor(panel, "gamma", "answer").focusProxy()
    assert field is not None
    field.setFocus()
    qtbot.keyClicks(field, "1.5")
    assert params(iris)["loss_options"] == (("gamma", 1.5),)
    iris.document.undo()
    assert "loss_options" not in params(iris)
    qtbot.keyClicks(field, "-1")
    assert "loss_options" not in params(iris)
    assert any("gamma must be" in text for text in visible_texts(panel))


# --- target -----------------------------------------------------------------------------------------------------------


def autoencoder() -> Project:
    data = bind("digits", {})
    image = next(each.name for each in data.fields if each.meaning == "image")
    graph = chain(Node("image1", "Input", {"fields": (image,)}), Node("pixels", "Output", {"target": "input:image1"}))
    return Project("Again", data=data, graph=graph)


def test_the_input_itself_can_be_the_target(qtbot: QtBot, open_session: Open, make_panel: MakePanel) -> None:
    session = open_session(autoencoder())
    panel = make_panel(session)
    combo = box(panel, "target", "pixels")
    assert combo.currentText() == "the input itself: image1"
    assert box(panel, "loss", "pixels").currentText() == "Automatic (Mean squared error)"
    assert not panel.cards["pixels"].below.rows["class_weights"].editor.isVisibleTo(panel)
    choose(combo, next(combo.itemText(row) for row in range(combo.count()) if "digit" in combo.itemText(row)))
    assert params(session, "pixels")["target"] == "digit"
    session.document.undo()
    assert combo.currentText() == "the input itself: image1"


def test_the_next_token_is_offered_for_texts_that_enter(open_session: Open, make_panel: MakePanel) -> None:
    from core.graph.project import Field

    fields = (
        Field("line", "text", options={"vocabulary": 30}),
        Field("kind", "category", "target", categories=("a", "b")),
    )
    data = DataBinding(fields=fields)
    graph = chain(Node("line1", "Input", {"fields": ("line",)}), Node("next", "Output", {"target": "next:line"}))
    panel = make_panel(open_session(Project("Language", data=data, graph=graph)))
    combo = box(panel, "target", "next")
    assert combo.currentText() == "next token of line"
    assert combo.findText("the input itself: line1") < 0


# --- class weights ----------------------------------------------------------------------------------------------------


def test_class_weights_are_given_by_the_names_of_the_classes(panel: TrainingPanel, iris: Session) -> None:
    weights = editor(panel, "class_weights", "answer")
    mode = weights.findChild(QComboBox)
    table = weights.findChild(QTableWidget)
    assert isinstance(mode, QComboBox)
    assert isinstance(table, QTableWidget)
    assert not table.isVisibleTo(panel)
    choose(mode, "Balanced")
    assert params(iris)["class_weights"] == "balanced"
    choose(mode, "One number a class")
    assert params(iris)["class_weights"] == (1.0, 1.0, 1.0)
    names = [item.text() for row in range(3) if (item := table.item(row, 0))]
    assert names == ["setosa", "versicolor", "virginica"]
    cell = table.item(1, 1)
    assert cell is not None
    cell.setText("2.5")
    assert params(iris)["class_weights"] == (1.0, 2.5, 1.0)
    cell.setText("many")
    assert params(iris)["class_weights"] == (1.0, 2.5, 1.0)
    assert any(
        "'many' is not a number" in each.text() for each in panel.findChildren(QLabel) if each.isVisibleTo(panel)
    )
    iris.document.undo()
    iris.document.undo()
    assert params(iris)["class_weights"] == "balanced"
    assert not table.isVisibleTo(panel)


def test_a_number_has_no_class_weights(open_session: Open, make_panel: MakePanel) -> None:
    panel = make_panel(open_session(two_heads()))
    assert not panel.cards["width"].below.rows["class_weights"].editor.isVisibleTo(panel)
    assert panel.cards["answer"].below.rows["class_weights"].editor.isVisibleTo(panel)


def test_outputs_have_weights_where_there_are_several(
    qtbot: QtBot, panel: TrainingPanel, open_session: Open, make_panel: MakePanel
) -> None:
    assert not panel.cards["answer"].below.rows["loss_weight"].editor.isVisibleTo(panel)
    session = open_session(two_heads())
    other = make_panel(session)
    field = other.cards["width"].below.rows["loss_weight"].editor.focusProxy()
    assert field is not None
    field.setFocus()
    qtbot.keyClicks(field, "0.25")
    assert params(session, "width")["loss_weight"] == 0.25
    session.document.undo()
    assert "loss_weight" not in params(session, "width")


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_a_metric_is_ticked_and_automatic_stands_alone(panel: TrainingPanel, iris: Session) -> None:
    shown = metric_list(panel)
    tick(shown, "f1")
    assert params(iris)["metrics"] == ("f1",)
    tick(shown, "kappa")
    assert params(iris)["metrics"] == ("f1", "kappa")
    assert "F1" in box(panel, "metrics", "answer").itemText(0)
    tick(shown, AUTOMATIC)
    assert "metrics" not in params(iris)
    iris.document.undo()
    assert params(iris)["metrics"] == ("f1", "kappa")
    iris.document.undo()
    assert params(iris)["metrics"] == ("f1",)


def test_only_metrics_that_suit_the_target_are_offered(panel: TrainingPanel) -> None:
    ids = shown_ids(metric_list(panel))
    assert "accuracy" in ids
    assert "mae" not in ids
    assert "iou" not in ids


def test_metrics_stand_by_family_with_the_recommended_marked(panel: TrainingPanel) -> None:
    shown = metric_list(panel)
    texts = [each.text(0) for each in shown.items()]
    families = [shown.tree.topLevelItem(at) for at in range(shown.tree.topLevelItemCount())]
    assert {"Accuracy", "Precision and recall", "Agreement"} <= {each.text(0) for each in families if each is not None}
    assert "Accuracy · recommended" in texts
    assert "Cohen's kappa" in texts


def test_every_metric_has_a_family() -> None:
    from designer.properties.editors.metric_list import family

    assert "Other" not in {family(each) for each in metrics}


def test_metrics_are_found_by_name_family_and_help(panel: TrainingPanel) -> None:
    shown = metric_list(panel)
    shown.search.setText("recall macro")
    assert "recall" in shown_ids(shown)
    assert "accuracy" not in shown_ids(shown)
    shown.search.setText("xyzzy")
    assert shown_ids(shown) == []
    assert not shown.none.isHidden()


def test_top_k_takes_any_k(qtbot: QtBot, open_session: Open, make_panel: MakePanel) -> None:
    data = bind("digits", {})
    image = next(each.name for each in data.fields if each.meaning == "image")
    graph = chain(
        Node("image1", "Input", {"fields": (image,)}),
        Node("flatten1", "Flatten"),
        Node("linear1", "Linear", {"out_features": 10}),
        Node("answer", "Output", {"target": "digit"}),
    )
    session = open_session(Project("Digits", data=data, graph=graph))
    shown = metric_list(make_panel(session))
    shown.k.setValue(4)
    shown.top.click()
    assert params(session)["metrics"] == ("top_4",)
    shown.k.setValue(2)
    assert params(session)["metrics"] == ("top_2",)
    checked(qtbot, session)
    assert session.report is not None
    assert [each.id for each in session.report.objectives[0].metrics] == ["top_2"]
    assert shown.k.maximum() == 9
    shown.top.click()
    assert params(session)["metrics"] == ()


# --- recommendations --------------------------------------------------------------------------------------------------


def advised(qtbot: QtBot, panel: TrainingPanel, name: str = "answer") -> OutputCard:
    card = panel.cards[name]
    qtbot.waitUntil(lambda: card.guidance.advice is not None and card.guidance.take.isVisible(), timeout=WAIT)
    return card


def test_what_is_recommended_is_set_up_with_one_click(
    qtbot: QtBot, iris: Session, open_session: Open, make_panel: MakePanel
) -> None:
    project = classifier(iris.project.data, classes=7)
    session = open_session(project)
    panel = make_panel(session)
    box_ = advised(qtbot, panel).guidance
    assert box_.kind.currentText() == "Many classes"
    assert "3 classes" in box_.why.text()
    box_.take.click()
    assert params(session)["loss"] == "cross_entropy"
    assert params(session)["metrics"] == ("accuracy", "balanced_accuracy")
    assert session.project.graph.nodes["linear2"].params["out_features"] == 3
    qtbot.waitUntil(lambda: box_.take.text() == "As advised", timeout=WAIT)
    assert not box_.take.isEnabled()
    session.document.undo()
    assert session.project == project


def test_another_kind_of_problem_is_looked_at_before_it_is_taken(
    qtbot: QtBot, open_session: Open, make_panel: MakePanel
) -> None:
    session = open_session(two_heads())
    panel = make_panel(session)
    guidance = advised(qtbot, panel, "width").guidance
    assert guidance.kind.currentText() == "Number"
    before = session.project
    at = guidance.kind.findText("Count")
    guidance.kind.setCurrentIndex(at)
    guidance.kind.activated.emit(at)
    qtbot.waitUntil(lambda: "Poisson" in guidance.why.text(), timeout=WAIT)
    assert session.project == before
    guidance.take.click()
    assert params(session, "width")["loss"] == "poisson_nll"
    session.document.undo()
    assert session.project == before


def test_cards_come_and_go_with_their_outputs(panel: TrainingPanel, iris: Session) -> None:
    from core.graph.edits import RemoveNodes

    change(iris, RemoveNodes(frozenset({"answer"})))
    assert not panel.cards
    iris.document.undo()
    assert set(panel.cards) == {"answer"}


def test_cards_are_the_root_s_while_a_group_is_open(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    from core.graph.edits import GroupNodes

    change(iris, GroupNodes(frozenset({"linear1", "relu1"}), "Hidden", "stage1"))
    assert iris.open_group("stage1")
    checked(qtbot, iris)
    choose(box(panel, "loss", "answer"), "Focal")
    assert params(iris)["loss"] == "focal"
