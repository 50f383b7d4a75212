"""For every loss: outputs as a network gives them, targets as the data gives them, and PyTorch's loss of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.training.criterion import Criterion
from core.training.kinds import LossKind, TargetType
from core.training.losses import losses
from core.training.targets import adapted

SAMPLES = 70
CLASSES = 5


@dataclass(frozen=True)
class Case:
    """A loss at a kind of target; ``whole`` is given raw outputs and targets of all samples."""

    loss: LossKind
    outputs: Tensor
    targets: Tensor
    whole: Callable[[Tensor, Tensor], Tensor]
    padded: bool = False

    def criterion(self) -> Criterion:
        """Return the criterion at work."""
        return Criterion(self.loss, padded=self.padded)


def _random(*sizes: int, seed: int = 0) -> Tensor:
    return torch.randn(SAMPLES, *sizes, generator=torch.Generator().manual_seed(seed))


def _classes(*sizes: int, count: int = CLASSES) -> Tensor:
    return torch.randint(0, count, (SAMPLES, *sizes), generator=torch.Generator().manual_seed(7))


def _signs(targets: Tensor) -> Tensor:
    return torch.where(targets > 0, 1.0, -1.0)


def _one(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    return outputs[:, 0], targets.float()


def _case(
    name: str,
    outputs: Tensor,
    targets: Tensor,
    whole: Callable[[Tensor, Tensor], Tensor],
    wanted: TargetType | None = None,
    *,
    padded: bool = False,
) -> Case:
    loss = losses[name]
    return Case(adapted(loss, wanted or loss.target), outputs, targets, whole, padded)


def _texts() -> Tensor:
    """Texts of 1 to 6 of the symbols 1 to 4, padded with -100; some hold a symbol twice in a row."""
    texts = 1 + _classes(6, count=CLASSES - 1)
    lengths = 1 + _classes(count=6)
    return torch.where(torch.arange(6) < lengths[:, None], texts, -100)


def _ctc(outputs: Tensor, targets: Tensor) -> Tensor:
    lengths = (targets != -100).sum(1)
    steps = torch.full((len(outputs),), outputs.shape[1])
    logs = functional.log_softmax(outputs, 2).transpose(0, 1)
    return nn.CTCLoss(zero_infinity=True)(logs, targets.clamp(min=0), steps, lengths)


def _multilabel_margin(outputs: Tensor, targets: Tensor) -> Tensor:
    rows = []
    for output, target in zip(outputs, targets, strict=True):
        yes = target.nonzero().flatten().tolist()
        no = [label for label in range(len(target)) if label not in yes]
        parts = [(1 - output[i] + output[j]).clamp(min=0) for i in yes for j in no]
        rows.append(sum(parts, torch.zeros(())) / len(target))
    return torch.stack(rows).mean()


def _dice(outputs: Tensor, targets: Tensor) -> Tensor:
    found = []
    for output, target in zip(outputs, targets, strict=True):
        shares = output.softmax(0)
        counts = (target >= 0).float()
        for label in range(len(output)):
            wanted = (target == label).float()
            claimed = shares[label] * counts
            found.append(1 - (2 * (claimed * wanted).sum() + 1) / (claimed.sum() + wanted.sum() + 1))
    return torch.stack(found).mean()


def _tversky(outputs: Tensor, targets: Tensor) -> Tensor:
    found = []
    for output, target in zip(outputs, targets, strict=True):
        wanted, claimed = target.float(), output[0].sigmoid()
        right = (wanted * claimed).sum()
        divisor = right + 0.3 * (claimed * (1 - wanted)).sum() + 0.7 * (wanted * (1 - claimed)).sum()
        found.append(1 - (right + 1) / (divisor + 1))
    return torch.stack(found).mean()


def _binary_focal(outputs: Tensor, targets: Tensor) -> Tensor:
    chance = outputs[:, 0].sigmoid()
    yes = -0.25 * (1 - chance) ** 2 * chance.log()
    no = -0.75 * chance**2 * (1 - chance).log()
    return torch.where(targets > 0, yes, no).mean()


def _focal(outputs: Tensor, targets: Tensor) -> Tensor:
    chance = outputs.softmax(1)[torch.arange(len(outputs)), targets]
    return (-((1 - chance) ** 2) * chance.log()).mean()


def _with_holes(targets: Tensor, hole: float) -> Tensor:
    holes = torch.rand(targets.shape, generator=torch.Generator().manual_seed(3)) < 0.3
    return torch.where(holes, torch.tensor(hole, dtype=targets.dtype), targets)


def _padded_mse(outputs: Tensor, targets: Tensor) -> Tensor:
    known = ~targets.isnan()
    return nn.MSELoss()(outputs[..., 0][known], targets[known])


def _masked_bce(outputs: Tensor, targets: Tensor) -> Tensor:
    known = targets >= 0
    return nn.BCEWithLogitsLoss()(outputs[:, 0][known], targets[known].float())


_NUMBER = (_random(1), _random(1, seed=1))
_SCORES = (_random(CLASSES), _classes())
_SCORE = (_random(1), _classes(count=2))
_LABELS = (_random(4), _classes(4, count=2).float())
_PAIR = (_random(2, 6), _classes(count=2))
_TRIPLET = (_random(3, 6), _classes())
_VECTORS = (_random(6), _random(6, seed=1))
_SHARES = (_random(6).log_softmax(1), _random(6, seed=1).softmax(1))
_PIXELS = (_random(3, 4, 5), _with_holes(_classes(4, 5, count=3), -100))
_LOGS = (_SCORES[0].log_softmax(1), _SCORES[1])
_CHANCE = (_SCORE[0].sigmoid(), _SCORE[1])
_TOKENS = (_random(6, CLASSES), _with_holes(_classes(6), -100))


def _number(module: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda outputs, targets: module(outputs[:, 0], targets[:, 0])


CASES = {
    "cross_entropy": _case("cross_entropy", *_SCORES, nn.CrossEntropyLoss()),
    "nll": _case("nll", *_LOGS, nn.NLLLoss()),
    "focal": _case("focal", *_SCORES, _focal),
    "multi_margin": _case("multi_margin", *_SCORES, nn.MultiMarginLoss()),
    "bce_with_logits": _case("bce_with_logits", *_SCORE, lambda o, t: nn.BCEWithLogitsLoss()(*_one(o, t))),
    "bce": _case("bce", *_CHANCE, lambda o, t: nn.BCELoss()(*_one(o, t))),
    "binary_focal": _case("binary_focal", *_SCORE, _binary_focal),
    "soft_margin": _case("soft_margin", *_SCORE, lambda o, t: nn.SoftMarginLoss()(o[:, 0], _signs(t))),
    "multilabel_soft_margin": _case("multilabel_soft_margin", *_LABELS, nn.MultiLabelSoftMarginLoss()),
    "multilabel_margin": _case("multilabel_margin", *_LABELS, _multilabel_margin),
    "mse": _case("mse", *_NUMBER, _number(nn.MSELoss())),
    "l1": _case("l1", *_NUMBER, _number(nn.L1Loss())),
    "huber": _case("huber", *_NUMBER, _number(nn.HuberLoss())),
    "smooth_l1": _case("smooth_l1", *_NUMBER, _number(nn.SmoothL1Loss())),
    "log_cosh": _case("log_cosh", *_NUMBER, lambda o, t: (o - t).cosh().log().mean()),
    "mape": _case("mape", *_NUMBER, lambda o, t: (100 * ((o - t) / t).abs()).mean()),
    "cosine": _case("cosine", *_VECTORS, lambda o, t: (1 - functional.cosine_similarity(o, t)).mean()),
    "poisson_nll": _case("poisson_nll", _NUMBER[0], _classes(1).float(), _number(nn.PoissonNLLLoss())),
    "gaussian_nll": _case(
        "gaussian_nll",
        _random(2),
        _NUMBER[1],
        lambda o, t: nn.GaussianNLLLoss()(o[:, 0], t[:, 0], functional.softplus(o[:, 1])),
    ),
    "kl_div": _case("kl_div", *_SHARES, nn.KLDivLoss(reduction="batchmean")),
    "ctc": _case("ctc", _random(12, CLASSES), _texts(), _ctc),
    "cosine_embedding": _case(
        "cosine_embedding", *_PAIR, lambda o, t: nn.CosineEmbeddingLoss()(o[:, 0], o[:, 1], _signs(t))
    ),
    "hinge_embedding": _case(
        "hinge_embedding", _SCORE[0].abs(), _SCORE[1], lambda o, t: nn.HingeEmbeddingLoss()(o[:, 0], _signs(t))
    ),
    "margin_ranking": _case(
        "margin_ranking", _random(2), _SCORE[1], lambda o, t: nn.MarginRankingLoss()(o[:, 0], o[:, 1], _signs(t))
    ),
    "triplet": _case("triplet", *_TRIPLET, lambda o, _: nn.TripletMarginLoss()(o[:, 0], o[:, 1], o[:, 2])),
    "triplet_distance": _case(
        "triplet_distance",
        *_TRIPLET,
        lambda o, _: nn.TripletMarginWithDistanceLoss(
            distance_function=lambda a, b: 1 - functional.cosine_similarity(a, b)
        )(o[:, 0], o[:, 1], o[:, 2]),
    ),
    "dice": _case("dice", *_PIXELS, _dice),
    "tversky": _case("tversky", _random(1, 4, 5), _classes(4, 5, count=2), _tversky, "binary"),
    # further shapes of outputs and targets
    "cross_entropy of pixels": _case("cross_entropy", *_PIXELS, nn.CrossEntropyLoss()),
    "cross_entropy of tokens": _case(
        "cross_entropy", *_TOKENS, lambda o, t: nn.CrossEntropyLoss()(o.flatten(0, 1), t.flatten())
    ),
    "focal of pixels": _case(
        "focal",
        *_PIXELS,
        lambda o, t: _focal(o.movedim(1, -1)[t >= 0], t[t >= 0]),
    ),
    "bce_with_logits of labels": _case("bce_with_logits", *_LABELS, nn.BCEWithLogitsLoss(), "labels"),
    "bce_with_logits of pixels": _case(
        "bce_with_logits",
        _random(1, 4, 5),
        _with_holes(_classes(4, 5, count=2), -100),
        _masked_bce,
        padded=True,
    ),
    "mse of images": _case("mse", _random(2, 3, 4), _random(2, 3, 4, seed=1), nn.MSELoss()),
    "mse of padded series": _case(
        "mse", _random(6, 1), _with_holes(_random(6, seed=1), float("nan")), _padded_mse, padded=True
    ),
}


def prepared(case: Case) -> tuple[Criterion, Tensor, Tensor]:
    """Return the criterion with arranged outputs and prepared targets of all samples."""
    criterion = case.criterion()
    targets = criterion.prepare(case.targets)
    return criterion, criterion.arrange(case.outputs, targets), targets
