"""What counts in a loss: classes by their weights, samples by theirs; padding not at all; the user's own loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from core.graph.project import Field, Project, PythonLayer
from core.model.python_code import CodeError
from core.training.arranging import least_steps
from core.training.criterion import Criterion, class_counts, class_weights, refusal
from core.training.losses import losses
from core.training.objective import OutputObjective
from core.training.own_loss import own_loss, usable
from core.training.targets import adapted
from core.trust import trust

_THREE = Field("kind", "category", "target", categories=("a", "b", "c"))
_SOURCE = """
class Mine(nn.Module):
    '''A loss of one's own.'''

    def __init__(self, power: float = 2.0):
        super().__init__()
        self.power = power

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return {}
"""
_MEAN = _SOURCE.format("((output - target).abs() ** self.power).mean()")
_EACH = _SOURCE.format("(output - target).abs() ** self.power")


def _scores(*sizes: int) -> torch.Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1))


def _own(source: str, **options: float) -> Criterion:
    trust(source)
    loss, message = own_loss(Project(code={"Mine": PythonLayer("Mine", source)}), "python:Mine", "number")
    assert loss is not None, message
    return Criterion(loss, options)


# --- class weights ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cross_entropy", "nll"])
def test_class_weights_are_those_of_pytorch(name: str) -> None:
    weights = torch.tensor([1.0, 2.0, 0.5])
    targets, scores = torch.arange(20) % 3, _scores(20, 3).log_softmax(1)
    module = {"cross_entropy": nn.CrossEntropyLoss, "nll": nn.NLLLoss}[name](weight=weights)
    criterion = Criterion(losses[name], class_weights=weights)
    assert torch.isclose(criterion(scores, targets), module(scores, targets))
    assert float(criterion.count(targets)) == float(weights[targets].sum())
    ones = torch.ones(20)
    assert torch.isclose(criterion(scores, targets, ones), module(scores, targets))


@pytest.mark.parametrize("name", ["cross_entropy", "nll", "focal", "multi_margin"])
def test_weighted_batches_add_up_to_the_whole(name: str) -> None:
    criterion = Criterion(losses[name], class_weights=torch.tensor([1.0, 5.0, 0.2]))
    targets, scores, samples = torch.arange(23) % 3, _scores(23, 3).log_softmax(1), torch.rand(23) + 0.1
    for weights in (None, samples):
        total = count = 0.0
        for start in range(0, 23, 4):
            rows = slice(start, start + 4)
            some = None if weights is None else weights[rows]
            part = float(criterion.count(targets[rows], some))
            total += float(criterion(scores[rows], targets[rows], some)) * part
            count += part
        assert total / count == pytest.approx(float(criterion(scores, targets, weights)), rel=1e-6)


def test_a_weighted_yes_or_no_is_weighted_cross_entropy_of_two_classes() -> None:
    weights, targets, score = torch.tensor([0.3, 2.0]), torch.arange(12) % 2, _scores(12)
    criterion = Criterion(adapted(losses["bce_with_logits"], "binary"), class_weights=weights)
    both = torch.stack((torch.zeros(12), score), 1)
    wanted = nn.CrossEntropyLoss(weight=weights)(both, targets)
    assert torch.isclose(criterion(score, criterion.prepare(targets)), wanted)


def test_weights_of_labels_are_factors_of_their_yes() -> None:
    factors, targets, scores = torch.tensor([1.0, 3.0]), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), _scores(2, 2)
    criterion = Criterion(adapted(losses["bce_with_logits"], "labels"), class_weights=factors)
    assert torch.isclose(criterion(scores, targets), nn.BCEWithLogitsLoss(pos_weight=factors)(scores, targets))
    assert criterion.count(targets) == 2


def _objective(loss: str = "cross_entropy", weights: str | tuple[float, ...] = "balanced") -> OutputObjective:
    return OutputObjective("out", _THREE, losses[loss], classes=3, class_weights=weights)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    targets = torch.tensor([0] * 7 + [1] * 2 + [2])
    counts = class_counts(losses["cross_entropy"], targets, 3)
    wanted = compute_class_weight("balanced", classes=np.arange(3), y=targets.numpy())
    found = class_weights(_objective(), counts)
    assert found is not None
    assert found.tolist() == pytest.approx(wanted.tolist())


def test_a_class_that_never_occurs_weighs_nothing_and_padding_is_not_counted() -> None:
    counts = class_counts(losses["cross_entropy"], torch.tensor([[0, 0, -100], [2, -100, -100]]), 3)
    assert counts.tolist() == [2, 0, 1]
    found = class_weights(_objective(), counts)
    assert found is not None
    assert found.tolist() == pytest.approx([0.75, 0.0, 1.5])


@pytest.mark.parametrize("name", ["cross_entropy", "nll", "focal", "multi_margin"])
def test_a_batch_of_classes_that_weigh_nothing_has_no_loss(name: str) -> None:
    criterion = Criterion(losses[name], class_weights=torch.tensor([1.0, 0.0, 2.0]))
    targets = torch.tensor([1, 1])
    assert float(criterion(_scores(2, 3).log_softmax(1), targets)) == float(criterion.count(targets)) == 0.0


def test_balanced_labels_weigh_yes_against_no() -> None:
    loss = adapted(losses["bce_with_logits"], "labels")
    objective = OutputObjective(
        "out", Field("topics", "labels", categories=("a", "b")), loss, classes=2, class_weights="balanced"
    )
    counts = class_counts(loss, torch.tensor([[1.0, 0.0]] * 3 + [[0.0, 0.0]]), 2)
    found = class_weights(objective, counts)
    assert found is not None
    assert found.tolist() == pytest.approx([1 / 3, 1.0])


def test_given_weights_need_no_counts_but_balanced_ones_do() -> None:
    given = Criterion.of(_objective(weights=(1.0, 2.0, 3.0)))
    assert float(given.count(torch.tensor([0, 2]))) == 4.0
    with pytest.raises(ValueError, match="counts"):
        Criterion.of(_objective())


# --- what does not count ----------------------------------------------------------------------------------------------


def test_a_batch_in_which_nothing_counts_has_no_loss_and_no_gradient() -> None:
    criterion = Criterion(losses["cross_entropy"])
    outputs = _scores(2, 3, 5).requires_grad_()
    targets = torch.full((2, 3), -100)
    loss = criterion(criterion.arrange(outputs, targets), targets)
    loss.backward()
    assert float(loss.detach()) == float(criterion.count(targets)) == 0.0
    assert outputs.grad is not None
    assert not outputs.grad.any()
    assert criterion.each(criterion.arrange(outputs.detach(), targets), targets).tolist() == [0.0, 0.0]


def test_missing_numbers_give_no_gradient() -> None:
    criterion = Criterion(losses["mse"], padded=True)
    outputs = torch.ones(2, 3, requires_grad=True)
    criterion(outputs, torch.tensor([[0.0, float("nan"), 1.0], [float("nan")] * 3])).backward()
    assert outputs.grad is not None
    assert outputs.grad.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_tokens_count_one_each_so_that_long_texts_count_more() -> None:
    criterion = Criterion(losses["cross_entropy"])
    targets = torch.tensor([[1, 2, 3, 4], [1, -100, -100, -100]])
    outputs = criterion.arrange(_scores(2, 4, 5), targets)
    wanted = functional.cross_entropy(outputs, targets)
    assert torch.isclose(criterion(outputs, targets), wanted)
    assert float(criterion.count(targets)) == 5.0


def test_texts_of_one_token_are_texts_still() -> None:
    criterion = Criterion(losses["cross_entropy"])
    targets, outputs = criterion.prepare(torch.tensor([[1], [2]])), _scores(2, 1, 5)
    arranged = criterion.arrange(outputs, targets)
    assert torch.isclose(criterion(arranged, targets), functional.cross_entropy(outputs[:, 0], targets[:, 0]))


def test_a_text_that_is_too_long_is_left_out_by_ctc_and_can_be_told_before() -> None:
    texts = torch.tensor([[1, 1, 2], [1, 2, 3], [4, -100, -100]])
    assert least_steps(texts).tolist() == [4, 3, 1]
    loss = losses["ctc"]
    outputs = _scores(3, 3, 5)
    assert float(Criterion(loss)(outputs, texts)) > 0
    assert Criterion(loss).each(outputs, texts)[0] == 0.0
    assert not Criterion(loss, {"zero_infinity": False}).each(outputs, texts)[0].isfinite()


@pytest.mark.parametrize("name", ["dice", "tversky"])
def test_overlap_does_not_see_pixels_that_do_not_count(name: str) -> None:
    criterion = Criterion(losses[name])
    outputs, targets = _scores(2, 3, 4, 4), torch.zeros(2, 4, 4, dtype=torch.int64)
    targets[:, 2:] = -100
    before = criterion(outputs, targets)
    outputs[:, :, 2:] += 5
    assert torch.equal(criterion(outputs, targets), before)


def test_class_weights_weigh_the_areas_of_dice() -> None:
    outputs, targets = _scores(2, 3, 4, 4), torch.zeros(2, 4, 4, dtype=torch.int64)
    one = torch.tensor([1.0, 0.0, 0.0])
    first = Criterion(losses["dice"], class_weights=one)(outputs, targets)
    claimed = outputs.softmax(1)[:, 0].flatten(1).sum(1)
    assert torch.isclose(first, (1 - (2 * claimed + 1) / (claimed + 16 + 1)).mean())


# --- the user's own ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [_MEAN, _EACH])
def test_an_own_loss_is_used_with_its_options(source: str) -> None:
    criterion = _own(source, power=3.0)
    outputs, targets = _scores(9, 1), torch.zeros(9, 1)
    prepared = criterion.prepare(targets)
    arranged = criterion.arrange(outputs, prepared)
    wanted = outputs.abs() ** 3
    assert torch.isclose(criterion(arranged, prepared), wanted.mean())
    assert torch.allclose(criterion.each(arranged, prepared), wanted[:, 0])
    weights = torch.arange(9.0)
    assert torch.isclose(criterion(arranged, prepared, weights), (wanted[:, 0] * weights).sum() / weights.sum())
    assert criterion.count(prepared) == 9


def test_an_own_loss_that_nobody_trusts_is_not_run() -> None:
    project = Project(code={"Mine": PythonLayer("Mine", _MEAN + "# not looked at\n")})
    loss, message = own_loss(project, "python:Mine", "number")
    assert loss is None
    assert "trust" in message


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (_SOURCE.format("output").replace(", target: torch.Tensor", ""), "its forward has to be def forward"),
        (_MEAN.replace("power: float = 2.0", "power: float"), "needs a default"),
        (_MEAN.replace("power: float = 2.0", "in_features: int, power: float = 2.0"), "nothing fills in in_features"),
    ],
)
def test_a_layer_that_can_be_no_loss_says_why(code: str, said: str) -> None:
    trust(code)
    project = Project(code={"Mine": PythonLayer("Mine", code)})
    loss, message = own_loss(project, "python:Mine", "number")
    assert loss is None
    assert said in message
    assert usable(project) == ()


def test_usable_layers_are_listed_and_others_suggested() -> None:
    project = Project(code={"Mine": PythonLayer("Mine", _MEAN)})
    assert usable(project) == ("python:Mine",)
    assert "Did you mean 'python:Mine'?" in own_loss(project, "python:Mime", "number")[1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("(output - target).missing()", "line 10: AttributeError"),
        ("3.0", "forward returned a float"),
        ("output @ target", "line 10: RuntimeError"),
    ],
)
def test_what_an_own_loss_does_wrong_is_said_before_training(body: str, said: str) -> None:
    criterion = _own(_SOURCE.format(body))
    assert said in refusal(criterion.kind, "float32", (4, 3), (3,))


def test_an_own_loss_in_untrusted_code_raises_when_it_is_made() -> None:
    kind = _own(_EACH).kind
    changed = type(kind)(**{**vars(kind), "code": kind.code + "\n"})
    with pytest.raises(CodeError, match="trusted"):
        Criterion(changed)


# --- speed ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted"), [("cross_entropy", "class"), ("bce_with_logits", "binary"), ("mse", "number")]
)
def test_the_plain_path_is_one_call_of_the_module(name: str, wanted: str) -> None:
    criterion = Criterion(losses[name])
    calls: list[str] = []
    criterion.module.register_forward_hook(lambda *_: calls.append(wanted))
    raw = _scores(8, 3 if name == "cross_entropy" else 1)
    targets = criterion.prepare(torch.arange(8) % 2)
    criterion(criterion.arrange(raw, targets), targets)
    assert calls == [wanted]
    assert criterion.count(targets) == 8.0
