"""Masks: which steps of a sequence count, as Keras carries it beside a tensor from layer to layer.

An Embedding or a Masking begins one, most layers pass it on, and few look at it: recurrent layers, attention and the
mean over time. Files of functional models name the mask that a layer is given; others leave it to be found again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.importers._keras.config import Layer
from core.importers._keras.flow import Flow, Step, flows_in
from core.importers._keras.operation import is_operation

_PASS = frozenset(
    """Dense Activation ReLU LeakyReLU ELU PReLU Softmax BatchNormalization LayerNormalization GroupNormalization
    UnitNormalization Normalization Rescaling Identity ActivityRegularization Dropout AlphaDropout GaussianDropout
    GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D Masking MultiHeadAttention Attention
    AdditiveAttention GroupedQueryAttention GroupQueryAttention TimeDistributed""".split()
)
"""Layers whose outputs have the mask of their first input."""
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_LOOK = (*_RECURRENT, "Softmax", "MultiHeadAttention", "Attention", "AdditiveAttention", "GlobalAveragePooling1D")
_BEGIN = ("Embedding", "Masking")
_MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
TAKE = ("MultiHeadAttention",)
"""Layers that take the masks off the tensors they are given: in Keras 3, whatever comes after does not see them."""
COUNTED = "While training, Keras leaves masked steps out of the loss, too; here they count."
_LOST = (
    "Here the mask ends at '{}': where steps are masked, predictions differ from Keras's; where none is, they are the "
    "same."
)


def mask_of(step: Step, at: int = 0) -> Flow | None:
    """Return the mask of one of the tensors that a layer is given in one argument.

    It is the one that the file names, or the one that arrives beside the tensor. Keras passes the latter on only where
    no second argument holds tensors.
    """
    given = step.kwargs.get("mask")
    if flows_in(given):
        found = given if isinstance(given, list) else [given]
        return found[at] if at < len(found) and isinstance(found[at], Flow) else None
    named = [value for key, value in step.kwargs.items() if key != "mask"]
    if sum(bool(flows_in(each)) for each in [*step.args, *named]) > 1:
        return None
    return step.flows[at].mask if at < len(step.flows) else None


def with_masks(step: Step, made: Sequence[Flow]) -> list[Flow]:
    """Return the outputs of a layer with the masks that Keras gives them."""
    layer, cls = step.layer, step.layer.cls
    if cls in _BEGIN and not layer.is_custom:
        return list(made)
    plain = [replace(flow, mask=None) for flow in made]
    masks = [flow.mask for flow in step.flows if flow.mask is not None]
    if layer.is_model:
        return list(made)
    if is_operation(layer.module) or layer.is_custom or not (masks or flows_in(step.kwargs.get("mask"))):
        return plain
    if cls in _RECURRENT:
        pair = cls == "Bidirectional" and "merge_mode" in step.config and step.config["merge_mode"] is None
        count = (1 + pair) * gives_sequences(step)
        return [replace(flow, mask=mask_of(step)) if at < count else flow for at, flow in enumerate(plain)]
    if cls in _MERGES:
        return [replace(plain[0], mask=_joined(step, masks)), *plain[1:]]
    first = step.flows[0].mask if step.flows and cls in _PASS else None
    return [replace(plain[0], mask=first), *plain[1:]] if plain else plain


def _joined(step: Step, masks: Sequence[Flow]) -> Flow | None:
    """Return where at least one of the merged tensors counts; None where one of them has no mask."""
    if len(masks) < len(step.flows):
        return None
    if step.layer.cls == "Dot" or (step.layer.cls == "Concatenate" and step.get("axis", -1) not in (-1, 2)):
        step.note(_LOST.format(step.layer.name))
        return None
    joined = masks[0]
    for number, mask in enumerate(masks[1:]):
        if mask.end != joined.end:
            joined = step.add("LogicalOr", {}, [joined, mask], f"mask{number or ''}")
    return joined


def tell_of_inner(step: Step, inner: Layer) -> None:
    """Say where a TimeDistributed has a mask that the layer inside it would look at."""
    if not flows_in(step.kwargs.get("mask")) and step.x.mask is None:
        return
    if inner.is_model or inner.cls in _LOOK:
        step.note(
            f"Here '{step.layer.name}' does not hand its mask to the layer inside it ({inner.cls}): where steps are "
            "masked, predictions may differ from Keras's; where none is, they are the same."
        )


def gives_sequences(step: Step) -> bool:
    """Return True where a recurrent layer gives what every step gave."""
    inner = step.config.get("layer")
    config = inner.get("config") if isinstance(inner, dict) else step.config
    return bool(isinstance(config, dict) and config.get("return_sequences"))
