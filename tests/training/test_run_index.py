"""The list of runs: searched, sorted, described, compared, deleted; and the log for TensorBoard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import TrainingError
from core.graph.document import Document
from core.graph.edits import RemoveNodes, SetParameters
from core.graph.project import Project
from core.training.control import Control
from core.training.events import Event
from core.training.job import Job
from core.training.loop import train
from core.training.run_comparison import comparison, graph_difference
from core.training.run_index import RunEntry, RunIndex, delete_run, in_order, measured, search
from core.training.run_labels import Labels, read_labels, write_labels
from core.training.runs import Run
from tests.training.building import moons


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three short runs, one of them damaged."""
    folder = tmp_path_factory.mktemp("runs")
    _train(moons(epochs=2), folder / "first")
    _train(replace(moons(width=2, epochs=1, batch_size=16), name="other"), folder / "second")
    damaged = folder / "damaged"
    damaged.mkdir()
    (damaged / "run.json").write_text("{")
    return folder


def _train(project: Project, folder: Path) -> None:
    train(Job(project, folder), lambda _event: None, Control())


def _names(runs: tuple[RunEntry, ...]) -> list[str]:
    return [each.name for each in runs]


class TestList:
    def test_lists_all_runs_and_says_what_is_wrong_with_one(self, root: Path) -> None:
        runs = RunIndex(root).refresh()
        assert sorted(_names(runs)) == ["damaged", "first", "second"]
        broken = next(each for each in runs if each.name == "damaged")
        assert "run.json" in broken.listing.problem
        assert broken.value("loss") is None
        assert broken.value("status") == "damaged"

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("", {"damaged", "first", "second"}),
            ("OTHER", {"second"}),
            ("is:completed", {"first", "second"}),
            ("is:completed -other", {"first"}),
            ("bce_with_logits", {"first"}),
            ("nothing-like-it", set()),
        ],
    )
    def test_is_searched_by_words(self, root: Path, text: str, found: set[str]) -> None:
        assert set(_names(search(RunIndex(root).refresh(), text))) == found

    def test_is_sorted_and_those_without_a_value_come_last(self, root: Path) -> None:
        runs = RunIndex(root).refresh()
        assert _names(in_order(runs, "batch_size")) == ["second", "first", "damaged"]
        assert _names(in_order(runs, "batch_size", descending=True)) == ["first", "second", "damaged"]
        assert _names(in_order(runs, "project"))[:2] == ["first", "second"]
        losses = [each.value("loss") for each in in_order(runs, "loss")]
        assert losses[-1] is None
        assert measured(runs)[0] == "loss"

    def test_is_brought_up_to_date_by_what_changed_alone(self, root: Path) -> None:
        index = RunIndex(root)
        before = {each.name: each for each in index.refresh()}
        write_labels(root / "first", Labels(("good one",), "keep", True))
        after = {each.name: each for each in index.refresh()}
        assert after["second"] is before["second"]
        assert after["first"].labels == Labels(("good one",), "keep", True)
        assert _names(search(index.refresh(), "tag:good")) == ["first"]
        assert _names(search(index.refresh(), "is:starred")) == ["first"]
        assert index.refresh()[0].path.parent == root


class TestLabels:
    def test_come_back_tidied(self, tmp_path: Path) -> None:
        assert read_labels(tmp_path) == Labels()
        write_labels(tmp_path, Labels(("  wide   net ", "", "wide net", "ä"), "a\nnote"))
        assert read_labels(tmp_path) == Labels(("wide net", "ä"), "a\nnote")

    @pytest.mark.parametrize("text", ["{", "[]", '{"tags": [1], "note": "", "starred": false}'])
    def test_that_are_damaged_are_named(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "labels.json").write_text(text)
        with pytest.raises(TrainingError, match=r"labels\.json"):
            read_labels(tmp_path)


class TestComparison:
    def test_shows_what_differs_and_nothing_else(self, root: Path) -> None:
        rows = {
            (row.section, row.name): row.values for row in comparison([Run.open(root / n) for n in ("first", "second")])
        }
        assert rows["Training", "batch_size"] == ("32", "16")
        assert rows["Training", "epochs"] == ("2", "1")
        assert rows["Outputs", "out: loss"] == ("bce_with_logits", "cross_entropy")
        assert rows["Network", "head"] == ("Linear(out_features=1)", "Linear(out_features=2)")
        assert ("Training", "seed") not in rows
        assert ("Network", "hidden") not in rows

    def test_shows_everything_where_that_is_asked_for(self, root: Path) -> None:
        runs = [Run.open(root / "first")]
        names = {row.name for row in comparison(runs, all_rows=True)}
        assert {"seed", "hidden", "source", "torch", "field x"} <= names
        assert comparison(runs) == ()

    def test_tells_the_fate_of_nodes_and_wires(self) -> None:
        old = moons()
        document = Document(old)
        document.apply(SetParameters({"hidden": {"out_features": 4}}))
        document.apply(RemoveNodes(frozenset({"tanh"}), bridge=True))
        found = graph_difference(old, document.project)
        assert found.nodes == {"hidden": "changed", "tanh": "removed"}
        assert found.links == {"tanh.input": "removed", "head.input": "changed"}
        assert set(found.graph.nodes) == set(old.graph.nodes)
        back = graph_difference(document.project, old)
        assert back.nodes == {"hidden": "changed", "tanh": "added"}
        assert graph_difference(old, old).nodes == {}

    def test_a_move_on_the_canvas_is_no_difference(self) -> None:
        old = moons()
        moved = {name: replace(node, position=(9.0, 9.0)) for name, node in old.graph.nodes.items()}
        assert graph_difference(old, replace(old, graph=replace(old.graph, nodes=moved))).nodes == {}


class TestDeleting:
    def test_removes_the_folder_and_only_runs(self, tmp_path: Path) -> None:
        _train(moons(epochs=1), tmp_path / "run")
        delete_run(tmp_path / "run")
        assert list(tmp_path.iterdir()) == []
        (tmp_path / "precious").mkdir()
        with pytest.raises(TrainingError, match="no run folder"):
            delete_run(tmp_path / "precious")
        assert (tmp_path / "precious").is_dir()

    def test_is_refused_while_it_is_trained(self, tmp_path: Path) -> None:
        refused = []

        def emit(_event: Event) -> None:
            if not refused:
                with pytest.raises(TrainingError, match="being trained") as caught:
                    delete_run(tmp_path / "run")
                refused.append(caught.value)

        train(Job(moons(epochs=1), tmp_path / "run"), emit, Control())
        assert refused
        assert (tmp_path / "run" / "summary.json").is_file()
