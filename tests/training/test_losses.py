"""Every loss of PyTorch is there, says what it expects, and is exactly PyTorch's however the samples are cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from core.training.criterion import Criterion, refusal
from core.training.forms import expected, matches
from core.training.kinds import LossKind
from core.training.loss_options import check_options, options_of
from core.training.losses import losses
from core.training.targets import adapted, automatic_loss
from tests.training.loss_cases import CASES, CLASSES, SAMPLES, prepared

ALL = pytest.mark.parametrize("loss", tuple(losses), ids=lambda loss: loss.id)
EACH = pytest.mark.parametrize("case", CASES)


def _cut(*tensors: Tensor, size: int) -> Iterator[tuple[Tensor, ...]]:
    return zip(*(each.split(size) for each in tensors), strict=True)


def test_every_loss_of_torch_has_a_kind_or_is_an_alias_of_one() -> None:
    wanted = set(torch.nn.modules.loss.__all__)
    own = {each.torch_class.rpartition(".")[2] for each in losses if each.torch_class.startswith("torch.nn.")}
    aliases = {name for each in losses for name in each.aliases}
    assert len(wanted) == 23
    assert wanted == own | aliases
    assert not own & aliases


def test_every_loss_has_a_case() -> None:
    assert {each.id for each in losses} == {case.loss.id for case in CASES.values()}


def test_cross_entropy_behind_a_linear_is_linear_cross_entropy() -> None:
    torch.manual_seed(0)
    fused = nn.modules.loss.LinearCrossEntropyLoss(6, CLASSES)
    samples, targets = torch.randn(8, 6), torch.arange(8) % CLASSES
    scores = samples @ fused.linear.weight.T
    assert torch.isclose(Criterion(losses["cross_entropy"])(scores, targets), fused(samples, targets))


@EACH
@pytest.mark.parametrize("size", [1, 7, 64, SAMPLES])
def test_batches_add_up_to_the_loss_of_the_whole(case: str, size: int) -> None:
    found = CASES[case]
    criterion, outputs, targets = prepared(found)
    total = count = 0.0
    for one, other in _cut(outputs, targets, size=size):
        part = float(criterion.count(other))
        total += float(criterion(one, other)) * part
        count += part
    assert total / count == pytest.approx(float(found.whole(found.outputs, found.targets)), rel=1e-6, abs=1e-7)


@EACH
def test_weights_of_one_change_nothing_and_those_of_zero_leave_out(case: str) -> None:
    criterion, outputs, targets = prepared(CASES[case])
    plain, ones = criterion(outputs, targets), torch.ones(SAMPLES)
    assert criterion(outputs, targets, ones) == pytest.approx(float(plain), rel=1e-5)
    assert float(criterion.count(targets, ones)) == pytest.approx(float(criterion.count(targets)))
    first = (torch.arange(SAMPLES) < 20).float()
    assert criterion(outputs, targets, first) == pytest.approx(float(criterion(outputs[:20], targets[:20])), rel=1e-5)
    assert float(criterion.count(targets, first)) == pytest.approx(float(criterion.count(targets[:20])))


@EACH
def test_each_is_the_loss_of_every_sample_by_itself(case: str) -> None:
    criterion, outputs, targets = prepared(CASES[case])
    found = criterion.each(outputs, targets)
    assert found.shape == (SAMPLES,)
    rows = range(0, SAMPLES, 9)
    single = [float(criterion(outputs[row : row + 1], targets[row : row + 1])) for row in rows]
    assert found[list(rows)].tolist() == pytest.approx(single, rel=1e-5, abs=1e-6)


@EACH
def test_gradients_flow_and_are_finite(case: str) -> None:
    found = CASES[case]
    criterion = found.criterion()
    targets = criterion.prepare(found.targets)
    raw = found.outputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(criterion(criterion.arrange(raw, targets), targets), raw)
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0
    weighed = criterion(criterion.arrange(raw, targets), targets, torch.rand(SAMPLES))
    (gradient,) = torch.autograd.grad(weighed, raw)
    assert gradient.isfinite().all()


@EACH
def test_mixed_samples_count_for_both_of_their_targets(case: str) -> None:
    criterion, outputs, targets = prepared(CASES[case])
    partners = torch.arange(SAMPLES).flip(0)
    loss, count = criterion.mixed(outputs, targets, partners, torch.ones(SAMPLES))
    assert float(loss) == pytest.approx(float(criterion(outputs, targets)), rel=1e-5)
    assert float(count) == pytest.approx(float(criterion.count(targets)))
    shares = torch.full((SAMPLES,), 0.25)
    mixed, count = criterion.mixed(outputs, targets, partners, shares)
    one, other = criterion(outputs, targets), criterion(outputs, targets[partners])
    both = 0.25 * one * criterion.count(targets) + 0.75 * other * criterion.count(targets[partners])
    assert float(mixed * count) == pytest.approx(float(both), rel=1e-5)


@EACH
def test_the_loss_accepts_what_fits_without_data(case: str) -> None:
    found = CASES[case]
    shape = tuple(found.outputs.shape)
    assert refusal(found.loss, "float32", shape, tuple(found.targets.shape[1:])) == ""


@EACH
def test_the_expected_shape_is_what_the_loss_takes(case: str) -> None:
    found = CASES[case]
    sample = tuple(found.targets.shape[1:])
    classes = found.outputs.shape[-1] if found.outputs.dim() < 4 else found.outputs.shape[1]
    wanted = expected(found.loss, () if sample == (1,) else sample, classes)
    assert wanted is not None
    assert matches(found.loss, wanted, tuple(found.outputs.shape[1:]))
    assert not matches(found.loss, wanted, (*found.outputs.shape[1:], 9))


@EACH
def test_a_loss_never_broadcasts(case: str) -> None:
    found = CASES[case]
    criterion = found.criterion()
    targets = criterion.prepare(found.targets)
    for wrong in (found.outputs[:1], found.outputs[None], torch.zeros(SAMPLES, 9, 9, 9)):
        with pytest.raises((RuntimeError, ValueError), match=r"match|shape|invalid|size"):
            criterion(criterion.arrange(wrong, targets), targets)


@ALL
def test_a_loss_explains_itself(loss: LossKind) -> None:
    assert loss.title
    assert loss.help.endswith(".")
    assert loss.expects
    assert loss.formula
    assert loss.documentation.endswith(f"{loss.torch_class}.html") or not loss.torch_class.startswith("torch")
    for option in options_of(loss):
        assert option.help.endswith("."), option.name
        assert not option.required
        assert check_options(loss, {option.name: option.default}) == []


@pytest.mark.parametrize("wanted", ["class", "binary", "labels", "number", "text"])
def test_one_loss_is_chosen_for_every_kind_of_target(wanted: str) -> None:
    found = [each for each in losses if each.automatic and wanted in (each.target, *each.also)]
    assert len(found) == 1
    chosen = automatic_loss(wanted)  # type: ignore[arg-type]  # the literal's words
    assert (chosen.id, chosen.target) == (found[0].id, wanted)


@pytest.mark.parametrize(
    ("loss", "options", "said"),
    [
        ("huber", {"delta": 0.0}, "greater than 0"),
        ("cross_entropy", {"label_smoothing": 2.0}, "between 0 and 1"),
        ("multi_margin", {"p": 3}, "between 1 and 2"),
        ("mse", {"beta": 1.0}, "has no option 'beta'"),
        ("cross_entropy", {"reduction": "sum"}, "has no option 'reduction'"),
        ("focal", {"gama": 1.0}, "Did you mean 'gamma'?"),
        ("poisson_nll", {"full": 1}, "True or False"),
        ("triplet_distance", {"distance": "cosin"}, "Did you mean 'cosine'?"),
        ("huber", {"delta": "2*width"}, "must be a number"),
    ],
)
def test_options_that_do_not_fit_are_said(loss: str, options: dict[str, object], said: str) -> None:
    (problem,) = check_options(losses[loss], options)
    assert said in problem.message


@pytest.mark.parametrize(
    ("loss", "options", "module"),
    [
        ("huber", {"delta": 0.3}, nn.HuberLoss(delta=0.3)),
        ("smooth_l1", {"beta": 0.2}, nn.SmoothL1Loss(beta=0.2)),
        ("cross_entropy", {"label_smoothing": 0.2}, nn.CrossEntropyLoss(label_smoothing=0.2)),
        ("multi_margin", {"p": 2, "margin": 0.5}, nn.MultiMarginLoss(2, 0.5)),
        ("kl_div", {"log_target": True}, nn.KLDivLoss(reduction="batchmean", log_target=True)),
    ],
)
def test_options_reach_the_module(loss: str, options: dict[str, object], module: nn.Module) -> None:
    case = CASES[loss]
    criterion = Criterion(case.loss, options)
    targets = criterion.prepare(case.targets)
    outputs = criterion.arrange(case.outputs, targets)
    assert float(criterion(outputs, targets)) == pytest.approx(float(module(outputs, targets)), rel=1e-6)


def test_overlap_of_one_area_reads_one_score_a_pixel() -> None:
    loss = adapted(losses["dice"], "binary")
    assert (loss.form, loss.activation, loss.expects) == ("same", "Sigmoid", "one score per pixel")
