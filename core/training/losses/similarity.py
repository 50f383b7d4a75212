"""Losses for what is alike, and what comes before what: several vectors or scores in one output, stacked on axis 1."""

from core.kinds import Parameter
from core.training.kinds import LossKind

_ALIKE = ("flag", "category")
_TRIPLET = "three vectors stacked on axis 1: anchor, one like it, one unlike it"
_MARGIN = Parameter(
    "margin", "float", 1.0, "By how much what is unlike has to be farther away.", minimum=0, exclusive=True
)

KINDS = (
    LossKind(
        "cosine_embedding",
        "Cosine embedding",
        "Vectors of a pair shall point the same way where they are alike, else not.",
        "torch.nn.CosineEmbeddingLoss",
        target="binary",
        form="pair",
        meanings=_ALIKE,
        expects="two vectors stacked on axis 1",
        formula="1 − cos(a, b) for yes, max(0, cos(a, b) − margin) for no",
        options=(
            Parameter(
                "margin",
                "float",
                0.0,
                "Pairs that are not alike count while their cosine is above this.",
                minimum=-1,
                maximum=1,
            ),
        ),
    ),
    LossKind(
        "hinge_embedding",
        "Hinge embedding",
        "The output is a distance: small where a pair is alike, else at least the margin.",
        "torch.nn.HingeEmbeddingLoss",
        target="binary",
        gives="distance",
        meanings=_ALIKE,
        expects="one distance",
        formula="z for yes, max(0, margin − z) for no",
        options=(Parameter("margin", "float", 1.0, "How far apart pairs shall be that are not alike.", minimum=0),),
    ),
    LossKind(
        "margin_ranking",
        "Ranking",
        "Of two scores the first shall be higher for yes, the second for no.",
        "torch.nn.MarginRankingLoss",
        target="binary",
        form="two",
        gives="scores",
        meanings=_ALIKE,
        expects="two scores",
        formula="max(0, margin − y · (z₁ − z₂)),  y = ±1",
        options=(Parameter("margin", "float", 0.0, "By how much the one score shall be higher.", minimum=0),),
    ),
    LossKind(
        "triplet",
        "Triplet",
        "An anchor shall be nearer to what is like it than to what is not. The target is not looked at.",
        "torch.nn.TripletMarginLoss",
        target="none",
        form="triplet",
        expects=_TRIPLET,
        formula="max(0, ‖a − p‖ − ‖a − n‖ + margin)",
        options=(
            _MARGIN,
            Parameter("p", "float", 2.0, "The norm: 2 is the straight distance, 1 the sum.", minimum=0, exclusive=True),
            Parameter(
                "swap",
                "bool",
                False,
                "Take the distance between the one alike and the one unlike where that is smaller.",
            ),
        ),
    ),
    LossKind(
        "triplet_distance",
        "Triplet with a chosen distance",
        "The triplet loss with another distance, such as the cosine. The target is not looked at.",
        "core.training.loss_modules.distance.TripletDistanceLoss",
        target="none",
        form="triplet",
        expects=_TRIPLET,
        formula="max(0, d(a, p) − d(a, n) + margin)",
        options=(_MARGIN,),
        aliases=("TripletMarginWithDistanceLoss",),
    ),
)
