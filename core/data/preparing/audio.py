"""Sounds: resampled, cut or padded, as waveform or mel spectrogram."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import Preparation, State
from core.data.preparing._padding import lengths_or_mask, padded
from core.data.preparing._scaling import scaling
from core.data.source import Array
from core.errors import DataError
from core.graph.meanings import meanings
from core.graph.meanings._options import values as options_of
from core.graph.meanings.audio import MEL, OPTIONS, sample_count
from core.graph.project import Field

_FLOOR = 1e-10
_ZEROS = 16
"""Zero crossings on each side of the kernel that resamples: more are sharper and slower."""


def resampled(sound: Array, rate: int, wanted: int) -> Array:
    """Return a sound ``(channels, samples)`` at another rate.

    Each output is the sum of the inputs around it, weighted by a sinc under a Hann window whose cut-off is half the
    lower rate (J. O. Smith, "Digital Audio Resampling", CCRMA). The rates are reduced by their common divisor, so that
    the weights repeat after ``wanted / divisor`` outputs and one convolution computes each phase.
    """
    if rate == wanted or not sound.shape[1]:
        return sound
    divisor = math.gcd(rate, wanted)
    old, new = rate // divisor, wanted // divisor
    kernel, reach = _kernel(old, new)
    import torch
    from torch.nn.functional import conv1d, pad

    count = -(-sound.shape[1] * new // old)
    waves = torch.from_numpy(np.require(sound, dtype="float32", requirements=["C", "W"]))[:, None]
    phases = conv1d(pad(waves, (reach, reach + old)), torch.from_numpy(kernel)[:, None], stride=old)
    return np.asarray(phases.transpose(1, 2).reshape(len(sound), -1)[:, :count].numpy())


@lru_cache(maxsize=8)
def _kernel(old: int, new: int) -> tuple[Array, int]:
    """Return the weights ``(new, taps)`` of each phase, and how many samples they reach back."""
    cut = min(old, new) / old
    reach = math.ceil(_ZEROS / cut)
    places = np.arange(-reach, reach + old)[None, :] - (np.arange(new) * old / new)[:, None]
    inside = np.clip(places * cut, -_ZEROS, _ZEROS)
    weights = np.sinc(inside) * np.cos(inside * np.pi / _ZEROS / 2) ** 2 * cut
    return weights.astype(np.float32), reach


@lru_cache(maxsize=8)
def mel_filters(rate: int, n_fft: int, mels: int) -> NDArray[np.float32]:
    """Return the weights ``(mels, n_fft // 2 + 1)`` of frequencies in each band.

    Triangles that overlap by half, evenly spaced from 0 to half the rate in mel = 2595 · log10(1 + f / 700)
    (O'Shaughnessy, "Speech Communication", 1987).
    """
    highest = 2595 * math.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, mels + 2) / 2595) - 1)
    frequencies = np.linspace(0, rate / 2, n_fft // 2 + 1)
    rising = (frequencies - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - frequencies) / (corners[2:] - corners[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def mel_spectrogram(waves: Array, rate: int, n_fft: int, hop: int, mels: int) -> Array:
    """Return the natural logarithm of the energy in each band: float32 ``(rows, mels, 1 + samples // hop)``.

    The energy is |STFT|² under a periodic Hann window of ``n_fft`` samples, whose middle is at every ``hop``-th sample
    (zeros beyond the ends), weighted by ``mel_filters``; below 1e-10 it counts as that.

    Args:
        waves: float32 ``(rows, samples)``.
        rate: samples per second.
    """
    import torch

    tensor = torch.from_numpy(np.require(waves, dtype="float32", requirements=["C", "W"]))
    window = torch.hann_window(n_fft)
    spectrum = torch.stft(tensor, n_fft, hop, window=window, pad_mode="constant", return_complex=True)
    energy = torch.from_numpy(mel_filters(rate, n_fft, mels)) @ spectrum.abs().square()
    return np.asarray(energy.clamp(min=_FLOOR).log().numpy())


def _options(field: Field) -> dict[str, Any]:
    return options_of(field, OPTIONS)


def _waves(field: Field, state: State, values: Array) -> list[Array]:
    """Return every sound at the rate and with the channels wanted: ``(samples, channels)``."""
    options = _options(field)
    rate, found = state["rate"] or options["rate"], []
    for each in values:
        sound = np.asarray(each, dtype=np.float32)
        if options["channels"] == "1" or field.encoding == MEL:
            sound = sound.mean(axis=0, keepdims=True)
        found.append(resampled(sound, rate, options["rate"] or rate).T)
    if len({each.shape[1] for each in found}) > 1:
        raise DataError(f"'{field.name}' has sounds with different numbers of channels: choose 1 channel for it.")
    return found


def _steps(field: Field, state: State, values: Array) -> list[Array]:
    """Return each sound before scaling, cut to the length wanted: samples or frames, each with its values.

    Each is computed alone, so that its numbers do not depend on what is prepared beside it.
    """
    options, count = _options(field), sample_count(field)
    waves = [each[: count or len(each)] for each in _waves(field, state, values)]
    if field.encoding != MEL:
        return waves
    rate = options["rate"] or state["rate"]
    sizes = options["n_fft"], options["hop"], options["mels"]
    silence = np.zeros((1, 1), dtype=np.float32)
    return [mel_spectrogram((each if len(each) else silence).T, rate, *sizes)[0].T for each in waves]


def _length(field: Field) -> int:
    """Return how many samples or frames every sound has; 0 where they differ."""
    count = sample_count(field)
    return 1 + count // int(_options(field)["hop"]) if count and field.encoding == MEL else count


def _fit(field: Field, values: Array, rate: int) -> State:
    options = _options(field)
    if not (rate or options["rate"]):
        raise DataError(f"'{field.name}' has no rate: set its samples per second.")
    state: State = {"rate": rate, "offset": 0.0, "scale": 1.0}
    if not options["standardise"]:
        return state
    pieces = (_steps(field, state, values[row : row + 1])[0].reshape(-1, 1) for row in range(len(values)))
    (offset,), (scale,) = scaling("standardise", pieces, field.name)
    return {**state, "offset": offset, "scale": scale}


def _encode(field: Field, state: State, values: Array) -> Array:
    offset, scale = np.float32(state["offset"]), np.float32(state["scale"])
    rows = [(each - offset) / scale for each in _steps(field, state, values)]
    width = rows[0].shape[1] if rows else int(meanings["audio"].as_input(field).shape[0])
    return np.ascontiguousarray(np.swapaxes(padded(rows, _length(field), 0, "float32", (width,)), 1, 2))


def _decode(_field: Field, state: State, encoded: Array) -> Array:
    decoded: Array = encoded.astype(np.float64) * state["scale"] + state["offset"]
    return decoded


def _part(field: Field, state: State, values: Array, part: str) -> Array:
    lengths = np.array([len(each) for each in _waves(field, state, values)], dtype=np.int64)
    if field.encoding == MEL:
        lengths = 1 + np.minimum(lengths, sample_count(field) or lengths) // _options(field)["hop"]
    return lengths_or_mask(lengths, _length(field), part)


KINDS = (Preparation("audio", _fit, _encode, _decode, part=_part),)
