"""Batches: balanced sampling, sample weights, and data that is read while training instead of held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.data import dataset
from core.graph.project import Project
from core.graph.templates import template
from core.training.batches import Held, Order
from core.training.session import Session, open_session
from core.training.streaming import Streamed

CPU = torch.device("cpu")


@pytest.fixture(params=["digits", "flowers"])
def project(request: pytest.FixtureRequest) -> Project:
    return template(request.param).load()


@pytest.fixture
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "HELD_BYTES", 0)


def _epoch(session: Session, epoch: int | None) -> list[torch.Tensor]:
    order = session.order()
    order.shuffle()
    rows = [order.next() for _ in range(order.steps)]
    return [tensor for batch in session.training.batches(rows, epoch) for tensor in (*batch.inputs, *batch.targets)]


@pytest.mark.usefixtures("nothing_held")
def test_streamed_batches_are_those_that_would_be_held(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    streamed = open_session(project, None, "cpu")
    monkeypatch.setattr(dataset, "HELD_BYTES", 2**30)
    held = open_session(project, None, "cpu")
    assert isinstance(streamed.training, Streamed)
    assert isinstance(held.training, Held)
    assert streamed.training.count == held.training.count
    for one, other in zip(_epoch(streamed, 0), _epoch(held, 0), strict=True):
        assert torch.equal(one, other)
    assert streamed.validation is not None
    assert held.validation is not None
    first, second = streamed.validation.part(5, 9), held.validation.part(5, 9)
    assert first.rows.tolist() == second.rows.tolist() == [5, 6, 7, 8]
    assert torch.equal(first.inputs[0], second.inputs[0])


@pytest.mark.usefixtures("nothing_held")
def test_leaving_in_the_middle_of_an_epoch_ends_its_threads(project: Project) -> None:
    import threading

    session = open_session(project, None, "cpu")
    order = session.order()
    order.shuffle()
    batches = session.training.batches([order.next() for _ in range(order.steps)], 0)
    assert next(iter(batches)).count > 0
    assert any(each.name.startswith("reading") for each in threading.enumerate())
    del batches
    assert not any(each.name.startswith("reading") for each in threading.enumerate())


def test_augmented_training_does_not_depend_on_the_size_of_batches() -> None:
    project = template("digits").load()
    fields = tuple(
        replace(each, augment={"rotate": {}, "noise": {}}) if each.meaning == "image" else each
        for each in project.data.fields
    )
    session = open_session(replace(project, data=replace(project.data, fields=fields)), None, "cpu")
    rows = torch.arange(48)
    whole = session.training.take(rows, 3).inputs[0]
    parts = torch.cat([each.inputs[0] for each in session.training.batches(rows.split(7), 3)])
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, session.training.take(rows, 4).inputs[0])
    assert torch.equal(session.training.take(rows).inputs[0], session.training.take(rows, None).inputs[0])


class TestBalancedSampling:
    classes = torch.tensor([0] * 90 + [1] * 9 + [2] * 1 + [-1] * 3)

    def _epoch(self, order: Order) -> torch.Tensor:
        order.shuffle()
        return torch.cat([order.next() for _ in range(order.steps)])

    def _order(self, seed: int = 0) -> Order:
        return Order(len(self.classes), 10, seed, CPU, drop_single=False, classes=self.classes)

    def test_draws_every_class_equally_often(self) -> None:
        drawn = self.classes[self._epoch(self._order())]
        counts = torch.bincount(drawn, minlength=3)
        assert counts.sum() == len(self.classes)
        assert counts.max() - counts.min() <= 1
        assert (drawn >= 0).all()

    def test_takes_all_samples_of_a_class_before_one_comes_again(self) -> None:
        rows = self._epoch(self._order())
        rare = torch.bincount(rows[self.classes[rows] == 1], minlength=99)[90:99]
        assert rare.max() - rare.min() <= 1
        common = rows[self.classes[rows] == 0]
        assert len(common.unique()) == len(common)

    def test_goes_on_exactly_from_a_stored_state(self) -> None:
        order = self._order(7)
        self._epoch(order)
        order.shuffle()
        order.next()
        state = order.state()
        rest = [order.next().tolist() for _ in range(order.steps - 1)]
        after = self._epoch(order)
        other = self._order(1)
        other.load_state(state)
        assert [other.next().tolist() for _ in range(other.steps - 1)] == rest
        assert torch.equal(self._epoch(other), after)

    def test_is_what_a_project_asks_for(self) -> None:
        project = template("moons").load()
        project = replace(project, data=replace(project.data, sampling="balanced"))
        session = open_session(project, None, "cpu")
        order = session.order()
        order.shuffle()
        classes = session.prepared.training.classes
        assert classes is not None
        drawn = classes[torch.cat([order.next() for _ in range(order.steps)])]
        counts = torch.bincount(drawn)
        assert abs(int(counts[0] - counts[1])) <= 1


def test_sample_weights_reach_the_batches(tmp_path: Path) -> None:
    table = tmp_path / "weighted.csv"
    rows = "\n".join(f"{i / 10},{i % 3},{'ab'[i % 2]}" for i in range(60))
    table.write_text(f"x,w,y\n{rows}\n")
    from core.data.bind import bind
    from core.data.meaning import with_role

    project = template("flowers").load()
    binding = bind("csv", {"path": str(table)}, None)
    fields = []
    for each in binding.fields:
        role = {"w": "weight", "y": "target"}.get(each.name, "input")
        fields.append(with_role(replace(each, meaning="number") if each.name == "w" else each, role))  # type: ignore[arg-type]
    graph = project.graph
    nodes = dict(graph.nodes)
    for name, node in nodes.items():
        if node.kind == "Input":
            nodes[name] = replace(node, params={"fields": ("x",)})
        elif node.kind == "Output":
            nodes[name] = replace(node, params={"target": "y"})
        elif node.kind == "Linear" and node.params.get("out_features") == 3:
            nodes[name] = replace(node, params={**node.params, "out_features": 2})
    project = replace(project, data=replace(binding, fields=tuple(fields)), graph=replace(graph, nodes=nodes))
    session = open_session(project, None, "cpu")
    batch = session.training.take(torch.arange(10))
    assert batch.weights is not None
    read = [float(row.split(",")[1]) for row in rows.splitlines()]
    assert batch.weights.tolist() == [read[row] for row in session.prepared.training.rows[:10]]
