"""Sounds, spectrograms, tables and texts: louder, later, noisier, with gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.data.augment._draws import Draws
from core.data.augment._kind import AugmentKind, Options
from core.graph.meanings.audio import MEL, WAVEFORM
from core.kinds import Parameter

if TYPE_CHECKING:
    from torch import Tensor

_UNKNOWN = 1
"""The index of a token that is not in the vocabulary."""


def _spread(each: Tensor, like: Tensor) -> Tensor:
    return each.view(-1, *[1] * (like.dim() - 1))


def _gain(sounds: Tensor, draws: Draws, options: Options) -> Tensor:
    most = float(options["decibels"])
    return sounds * _spread(10 ** (draws.between("gain", -most, most) / 20), sounds)


def _delay(sounds: Tensor, draws: Draws, options: Options) -> Tensor:
    """Move along the last axis, what leaves at one end comes in at the other."""
    import torch

    length = sounds.shape[-1]
    most = float(options["share"])
    moved = (draws.between("delay", -most, most) * length).round().long()
    places = (torch.arange(length, device=sounds.device) - moved[:, None]) % length
    return sounds.gather(-1, places.view(-1, *[1] * (sounds.dim() - 2), length).expand_as(sounds))


def _noise(values: Tensor, draws: Draws, options: Options) -> Tensor:
    noise = draws.normal("noise", values[0].numel()).view_as(values)
    return values + float(options["deviation"]) * noise


def _gaps(values: Tensor, draws: Draws, options: Options) -> Tensor:
    """Set values to 0, which after standardising is the mean: a network learns not to rely on any one."""
    import torch

    gone = draws.uniform("gaps", values[0].numel()).view_as(values) < float(options["probability"])
    return torch.where(gone, torch.zeros_like(values), values)


def _bands(spectrograms: Tensor, draws: Draws, options: Options) -> Tensor:
    """Blank out a band of frequencies and a stretch of time (Park et al., "SpecAugment", 2019)."""
    import torch

    lowest = spectrograms.amin((-2, -1), keepdim=True)
    for axis, name in ((-2, "frequencies"), (-1, "time")):
        size = spectrograms.shape[axis]
        length = draws.between(name, 0, float(options[name])) * size
        start = draws.uniform(f"{name} place")[:, 0] * (size - length)
        places = torch.arange(size, device=spectrograms.device)
        inside = (places >= start[:, None]) & (places < (start + length)[:, None])
        shape = [len(spectrograms), *[1] * (spectrograms.dim() - 1)]
        shape[axis] = size
        spectrograms = torch.where(inside.view(shape), lowest, spectrograms)
    return spectrograms


def _forget(tokens: Tensor, draws: Draws, options: Options) -> Tensor:
    import torch

    gone = draws.uniform("forget", tokens[0].numel()).view_as(tokens) < float(options["probability"])
    return torch.where(gone & (tokens > _UNKNOWN), torch.full_like(tokens, _UNKNOWN), tokens)


def _share(name: str, default: float, help: str) -> Parameter:
    return Parameter(name, "float", default, help, minimum=0, maximum=1, unit="0–1")


KINDS = (
    AugmentKind(
        "gain",
        "Louder and softer",
        "Changes the volume of a sound.",
        ("audio",),
        (Parameter("decibels", "float", 6.0, "The largest change.", minimum=0, maximum=60, unit="dB"),),
        change=_gain,
        encodings=(WAVEFORM,),
    ),
    AugmentKind(
        "delay",
        "Earlier and later",
        "Moves a sound along in time; its end comes in at its beginning.",
        ("audio", "sequence"),
        (_share("share", 0.1, "The furthest move, as a share of the length."),),
        change=_delay,
    ),
    AugmentKind(
        "noise",
        "Noise",
        "Adds normal noise to the values as the network gets them.",
        ("number", "array", "sequence", "image", "audio"),
        (Parameter("deviation", "float", 0.05, "Standard deviation of the noise.", minimum=0),),
        change=_noise,
    ),
    AugmentKind(
        "gaps",
        "Leave values out",
        "Sets values to 0, which is their mean once they are standardised.",
        ("number", "array", "sequence"),
        (_share("probability", 0.1, "How likely it is for each value."),),
        change=_gaps,
    ),
    AugmentKind(
        "bands",
        "Mask time and frequencies",
        "Blanks out a band of a spectrogram and a stretch of its time (SpecAugment).",
        ("audio",),
        (
            _share("frequencies", 0.2, "The widest band, as a share of all frequencies."),
            _share("time", 0.2, "The longest stretch, as a share of the time."),
        ),
        change=_bands,
        encodings=(MEL,),
    ),
    AugmentKind(
        "forget",
        "Forget tokens",
        "Replaces tokens of a text by the one for unknown words.",
        ("text",),
        (_share("probability", 0.1, "How likely it is for each token."),),
        change=_forget,
    ),
)
