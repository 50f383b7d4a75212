"""What is right and wrong: equal to scikit-learn, and every number leads back to its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

import core.data.dataset as dataset
from core.errors import Cancelled, DataError
from core.progress import watching
from core.training.results.examining import examine
from core.training.results.outcome import OutputOutcome
from core.training.results.trained import open_measured, open_trained
from core.training.runs import Run
from core.training.session import Session
from tests.training.results.nets import one_epoch


def _digits(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """Return the true classes and the probabilities of the validation part."""
    part = session.prepared.validation
    session.network.module.eval()
    with torch.inference_mode():
        scores = session.network.module(part.inputs["x"])
    return part.targets["out"].numpy(), scores.double().softmax(1).numpy()


def test_the_confusion_matrix_counts_and_names_rows(digits_session: Session) -> None:
    truth, shares = _digits(digits_session)
    found = examine(digits_session).outputs["out"].confusion
    assert found is not None
    np.testing.assert_array_equal(found.counts, reference.confusion_matrix(truth, shares.argmax(1)))
    rows = digits_session.prepared.validation.rows
    for true in range(10):
        for predicted in range(10):
            expected = rows[(truth == true) & (shares.argmax(1) == predicted)]
            assert found.rows_at(true, predicted).tolist() == expected.tolist()


def test_the_worst_come_first_and_say_what_they_are(digits_session: Session) -> None:
    truth, shares = _digits(digits_session)
    found = examine(digits_session).outputs["out"]
    losses = -np.log(shares[np.arange(len(truth)), truth])
    np.testing.assert_allclose(found.losses, losses, atol=1e-5)
    order = np.argsort(-losses)[:50]
    assert [each.row for each in found.worst] == digits_session.prepared.validation.rows[order].tolist()
    assert found.worst[0].truth == str(truth[order[0]])
    assert found.worst[0].predicted == str(shares[order[0]].argmax())
    assert found.worst[0].probability == pytest.approx(shares[order[0]].max(), abs=1e-6)
    assert len(examine(digits_session, worst=3).outputs["out"].worst) == 3


def test_curves_have_the_areas_of_scikit_learn(digits_session: Session, moons_run: Run) -> None:
    truth, shares = _digits(digits_session)
    curves = examine(digits_session).outputs["out"].curves
    assert [each.name for each in curves] == [str(digit) for digit in range(10)]
    for digit, curve in enumerate(curves):
        yes = truth == digit
        assert curve.auroc == pytest.approx(reference.roc_auc_score(yes, shares[:, digit]), abs=1e-9)
        assert curve.average_precision == pytest.approx(
            reference.average_precision_score(yes, shares[:, digit]), abs=1e-9
        )
    (curve,) = examine(open_measured(moons_run), "training").outputs["out"].curves
    assert np.trapezoid(curve.roc[1], curve.roc[0]) == pytest.approx(curve.auroc, abs=1e-3)


def test_the_table_of_classes_is_that_of_scikit_learn(digits_session: Session) -> None:
    truth, shares = _digits(digits_session)
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        truth, shares.argmax(1), zero_division=0.0
    )
    lines = examine(digits_session).outputs["out"].lines
    assert [each.samples for each in lines] == support.tolist()
    for name, expected in (("precision", precision), ("recall", recall), ("f1", f1)):
        np.testing.assert_allclose([getattr(each, name) for each in lines], expected, atol=1e-12)


def test_calibration_bins_hold_all_samples(digits_session: Session) -> None:
    truth, shares = _digits(digits_session)
    found = examine(digits_session).outputs["out"].calibration
    assert found is not None
    assert sum(found.counts) == len(truth)
    inside = (shares.max(1) > found.edges[-2]) & (shares.max(1) <= found.edges[-1])
    assert found.counts[-1] == inside.sum()
    assert found.confidence[-1] == pytest.approx(shares.max(1)[inside].mean())
    assert found.accuracy[-1] == pytest.approx((shares.argmax(1) == truth)[inside].mean())
    assert 0 < found.error < 0.5


def test_numbers_against_the_truth_are_in_their_units(diabetes_run: Run) -> None:
    session = open_measured(diabetes_run)
    found = examine(session).outputs["out"]
    points = found.points
    assert points is not None
    assert points.rows.tolist() == session.prepared.validation.rows.tolist()
    meter = session.meter()
    assert session.validation is not None
    session.network.measure(session.validation, meter, 64)
    assert np.abs(points.residuals).mean() == pytest.approx(meter.values()["out/mae"], rel=1e-6)
    assert reference.r2_score(points.truth, points.predicted) == pytest.approx(meter.values()["out/r2"], abs=1e-6)
    worst = found.worst[0]
    place = points.rows.tolist().index(worst.row)
    assert (worst.truth, worst.predicted) == (points.truth[place], points.predicted[place])
    assert isinstance(worst.truth, float)
    assert found.confusion is None


def test_masks_are_counted_by_pixel(tmp_path: Path) -> None:
    session = open_measured(one_epoch("shapes", tmp_path / "run"))
    found = examine(session).outputs["out"]
    part = session.prepared.validation
    with torch.inference_mode():
        given = session.network.module.eval()(part.inputs["x"]).argmax(1).numpy()
    truth = part.targets["out"].numpy()
    assert found.confusion is not None
    np.testing.assert_array_equal(
        found.confusion.counts, reference.confusion_matrix(truth.ravel(), given.ravel(), labels=range(4))
    )
    expected = reference.jaccard_score(truth.ravel(), given.ravel(), average=None, labels=range(4), zero_division=0.0)
    np.testing.assert_allclose([each.iou for each in found.lines], expected)
    both = ((truth == 1) & (given == 1)).any((1, 2))
    assert found.confusion.rows_at(1, 1).tolist() == part.rows[both].tolist()
    assert found.worst[0].predicted.shape == (32, 32)
    assert found.curves == ()


def test_texts_are_compared_letter_by_letter(tmp_path: Path) -> None:
    run = one_epoch("spelling", tmp_path / "run")
    session = open_measured(run)
    found = examine(session).outputs["out"]
    meter = session.meter()
    assert session.validation is not None
    session.network.measure(session.validation, meter, 64)
    texts = found.texts
    assert texts is not None
    assert texts.rate == pytest.approx(meter.values()["out/cer"])
    assert len(texts.pairs) == len(session.prepared.validation)
    assert sum(each.edits for each in texts.pairs) == texts.edits
    assert all(_distance(each.truth, each.predicted) == each.edits for each in texts.pairs if "<" not in each.predicted)
    assert {each.row for each in texts.pairs} == set(session.prepared.validation.rows.tolist())


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row = row, [place]
        for index, each in enumerate(other, 1):
            row.append(min(before[index] + 1, row[-1] + 1, before[index - 1] + (each != letter)))
    return row[-1]


def test_tokens_that_follow_are_texts_too(tmp_path: Path) -> None:
    run = one_epoch("sentences", tmp_path / "run")
    found = examine(open_measured(run)).outputs["out"]
    assert found.texts is not None
    assert found.texts.tokens == sum(each.length for each in found.texts.pairs)
    given = open_trained(run).predict({"text": ["the", ""]})
    assert (given.answers["out"].kind, len(given.answers["out"].values[0]) > 0) == ("text", True)
    assert given.problems or given.answers["out"].values[1] == ""


def test_labels_have_lines_and_curves(tmp_path: Path) -> None:
    session = open_measured(one_epoch("regions", tmp_path / "run"))
    found = examine(session).outputs["out"]
    part = session.prepared.validation
    with torch.inference_mode():
        scores = session.network.module.eval()(part.inputs["x"]).numpy()
    truth = part.targets["out"].numpy()
    assert [each.name for each in found.lines] == list(found.classes)
    assert [each.samples for each in found.lines] == truth.sum(0).tolist()
    for column, curve in enumerate(found.curves):
        assert curve.auroc == pytest.approx(reference.roc_auc_score(truth[:, column], scores[:, column]), abs=1e-9)
    assert isinstance(found.worst[0].truth, tuple)


def test_streamed_data_gives_the_same(digits_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    held = examine(open_measured(digits_run)).outputs["out"]
    monkeypatch.setattr(dataset, "HELD_BYTES", 0)
    session = open_measured(digits_run)
    assert session.prepared.validation.streamed
    streamed = examine(session).outputs["out"]
    np.testing.assert_allclose(streamed.losses, held.losses, atol=1e-6)
    assert _counts(streamed) == _counts(held)
    assert [each.row for each in streamed.worst] == [each.row for each in held.worst]


def _counts(outcome: OutputOutcome) -> list[list[int]]:
    assert outcome.confusion is not None
    found: list[list[int]] = outcome.confusion.counts.tolist()
    return found


def test_a_part_without_rows_and_a_cancel_are_said(digits_session: Session) -> None:
    with pytest.raises(DataError, match="There are no test rows"):
        examine(digits_session, "test")
    with watching(lambda done, _total, _what: done < 300), pytest.raises(Cancelled):
        examine(digits_session)


def test_a_network_that_trains_goes_on_training_afterwards(digits_session: Session) -> None:
    digits_session.network.train()
    examine(digits_session)
    assert digits_session.network.module.training
    digits_session.network.module.eval()
