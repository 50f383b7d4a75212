"""What the attention layers share: their sequence and mask ports, and the mask that hides later positions."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import Parameter, Port, Rule, Shape, Value
from core.layers._dtypes import beside_weights

FAMILY = "Attention"
KEYWORDS = ("attention", "transformer", "sequence")
HEADS_HELP = "How many attentions look at the sequence side by side; must divide the number of features."
CAUSAL = Parameter(
    "is_causal",
    "bool",
    False,
    "Whether each position sees only itself and earlier ones, so that none learns from what comes after it.",
)
_FLOAT32 = beside_weights()


def sequence_port(name: str, text: str, optional: bool = False) -> Port:
    """Return a port for a sequence."""
    return Port(name, f"{text}: batch × time × features.", ranks=(3,), unbatched=(2,), optional=optional)


def mask_port(name: str, text: str) -> Port:
    """Return a port for a mask over pairs of positions."""
    return Port(
        name,
        f"{text}: True where attention is blocked, or fractions added to the scores; time × time, or one per head.",
        dtype="any",
        ranks=(2, 3),
        optional=True,
    )


def padding_port(name: str, text: str) -> Port:
    """Return a port for a mask over the positions of each sample."""
    return Port(
        name,
        f"{text}: True where there is padding, which nobody attends to; batch × time.",
        dtype="any",
        ranks=(2,),
        unbatched=(1,),
        optional=True,
    )


def batch_first(_shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> Value:
    """Batches come first everywhere in Layerwright, so this is no choice."""
    return True


def sequences_beside_weights(dtypes: Mapping[str, str], values: Mapping[str, Value]) -> str:
    """Refuse all but float32 in the sequences; of the masks, PyTorch says itself what it takes."""
    return _FLOAT32({name: dtype for name, dtype in dtypes.items() if not name.endswith("mask")}, values)


def one_mask(flag: str, mask: str) -> Rule:
    """Refuse a mask that is linked where the parameter makes one already."""

    def rule(shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> str:
        if not parameters.get(flag) or mask not in shapes:
            return ""
        return (
            f"{flag} makes a mask that hides later positions, and another mask arrives at {mask}: set {flag} to False, "
            f"or remove the link to {mask}."
        )

    return rule


def causal_mask(sequence: str, dim: int, keep: str = "triu(1)") -> str:
    """Write the mask that is True where a position comes later."""
    length = f"{sequence}.shape[{dim}]"
    return f"torch.ones({length}, {length}, dtype=torch.bool, device={sequence}.device).{keep}"
