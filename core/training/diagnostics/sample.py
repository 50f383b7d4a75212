"""What pinned nodes make of one chosen sample: feature maps and attention, and the filters that make them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from core.training.diagnostics.pictures import Picture, attention_of, filters_of, map_of
from core.training.diagnostics.places import Place, Places
from core.training.diagnostics.recording import Recording
from core.training.diagnostics.undisturbed import undisturbed
from core.training.network import Network

_IMAGE_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
_ATTENTION_ARGUMENTS = (
    "query",
    "key",
    "value",
    "key_padding_mask",
    "need_weights",
    "attn_mask",
    "average_attn_weights",
    "is_causal",
)


def pictures(network: Network, places: Places, pinned: Iterable[str], inputs: Sequence[Tensor]) -> list[Picture]:
    """Return pictures of the pinned nodes for one sample (``inputs`` are a batch of it), in evaluation mode."""
    chosen = [places.by_path[path] for path in pinned if path in places.by_path]
    attentions = [(place, each) for place in chosen for each in _attentions(place)]
    calls: dict[nn.Module, dict[str, Any]] = {}
    recording = Recording(network.built, places, network.device)
    with undisturbed(network), torch.no_grad():
        network.module.eval()
        handles = [_keep_call(each, calls) for _place, each in attentions]
        try:
            with recording, network.precision.forward():
                network.module(*inputs)
        finally:
            for handle in handles:
                handle.remove()
        found = _maps(chosen, recording.outputs())
        for place, module in attentions:
            if module in calls:
                with network.precision.forward():
                    weights = module(**calls[module] | {"need_weights": True, "average_attn_weights": False})[1]
                found.append(attention_of(place.path, weights[0] if weights.dim() == _BATCHED else weights))
    return found + [filters_of(place.path, weight) for place in chosen for weight in _filters(place)]


_BATCHED = 4


def _maps(chosen: Sequence[Place], outputs: dict[str, Tensor]) -> list[Picture]:
    found = []
    for place in chosen:
        output = outputs.get(place.path)
        if output is not None and output.dim() and output.numel():
            found.append(map_of(place.path, output[0], channels_first=place.channels_first))
    return found


def _attentions(place: Place) -> list[nn.MultiheadAttention]:
    inside = (each for module in place.modules for each in module.modules())
    return [] if place.group else [each for each in inside if isinstance(each, nn.MultiheadAttention)]


def _filters(place: Place) -> list[Tensor]:
    found = [each.weight for each in place.modules if isinstance(each, _IMAGE_CONVOLUTIONS)]
    return [each for each in found if each.shape[2] > 1 or each.shape[3] > 1]


def _keep_call(module: nn.Module, calls: dict[nn.Module, dict[str, Any]]) -> Any:
    """Keep what the module is called with; a hook also keeps PyTorch from its fast path, which calls no module."""

    def keep(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        calls[module] = {**dict(zip(_ATTENTION_ARGUMENTS, args, strict=False)), **kwargs}

    return module.register_forward_pre_hook(keep, with_kwargs=True)


def first_filters(places: Places) -> tuple[str, ...]:
    """Return the first node with filters of images, if there is one: what is pinned until something else is."""
    return next(((each.path,) for each in places.by_path.values() if not each.group and _filters(each)), ())
