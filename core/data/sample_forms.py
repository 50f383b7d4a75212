"""One value of a sample in a form that can be looked at: pixels, classes, waves, tokens, curves, and texts for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.fitted import FittedField
from core.data.preparing._pictures import as_floats
from core.data.preparing.audio import mel_spectrogram
from core.data.preparing.labels import labels_of
from core.data.source import Array
from core.data.values import number_text, parse_number
from core.graph.meanings.audio import MEL
from core.graph.meanings.text import MARKS, SPECIAL
from core.graph.project import Field
from core.loading import load

Form = Literal["cell", "picture", "mask", "sound", "text", "curve"]
"""How the values of a field are shown."""
NOWHERE = 255
"""The class of a pixel that counts nowhere."""
MOST_TOKENS = 400
MOST_TOKENS_LARGE = 20_000
_WAVE_POINTS = 800
_CURVE_POINTS = 2000
_FRAMES = 500
_MELS = 64
_FRAME, _SHORTEST_FRAME, _LONGEST_FRAME = 0.04, 128, 2048
"""Length of a frame of a spectrogram, in seconds, and its bounds in samples."""
_LOUDNESS = 11.5
"""How far below the loudest, in natural logarithms of energy, a spectrogram still shows something: 50 dB."""
_NUMBERS = 8
"""So many prepared numbers are written out, then they are only counted."""
_COLOURS = 3
_NOTHING = 1e-6
"""A share of a field's scale that no float32 can tell from nothing."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels: uint8 ``(height, width)`` in grey or ``(height, width, 3)``."""

    pixels: Array


@dataclass(frozen=True, eq=False)
class Classes:
    """The class of every pixel, uint8 ``(height, width)``: 255 where nothing counts."""

    indices: Array


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound: ``wave`` float32 ``(points, 2)`` is the least and the greatest of each stretch, all channels mixed.

    ``wave`` is empty where only a spectrogram was made of it. ``spectrogram`` is uint8 ``(pitches, frames)``, the
    highest pitch first, 255 the loudest.
    """

    wave: Array
    seconds: float
    rate: int
    spectrogram: Array


@dataclass(frozen=True)
class Token:
    """A piece of a text and its index; ``special`` ones stand for no text of their own (start, end, padding)."""

    text: str
    index: int
    unknown: bool = False
    special: bool = False


@dataclass(frozen=True)
class Tokens:
    """The first pieces of a text, and of how many."""

    tokens: tuple[Token, ...]
    count: int


@dataclass(frozen=True, eq=False)
class Curve:
    """Numbers one after the other: float64 ``(steps, features)``, NaN where there is none; ``count`` steps in all."""

    points: Array
    count: int


Shown = Picture | Classes | Sound | Tokens | Curve | None
_FORMS: dict[str, Form] = {
    "image": "picture",
    "mask": "mask",
    "audio": "sound",
    "text": "text",
    "sequence": "curve",
    "array": "curve",
}


def form_of(field: Field) -> Form:
    """Return how a field's values are shown."""
    return _FORMS.get(field.meaning, "cell")


# --- as read ----------------------------------------------------------------------------------------------------------


def raw_text(field: Field, value: Any) -> str:
    """Return a raw value in one line; empty where there is none."""
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return ""
    if field.meaning == "labels":
        return ", ".join(labels_of(value))
    if isinstance(value, np.ndarray):
        return _array_text(field, value)
    return number_text(float(value)) if isinstance(value, float | np.floating) else str(value)


def _array_text(field: Field, value: Array) -> str:
    if field.meaning in ("image", "mask"):
        height, width = value.shape[-2:]
        return f"{width} × {height}"
    if field.meaning == "sequence":
        features = f" of {value.shape[1]}" if value.ndim > 1 else ""
        return units.plural(len(value), "step") + features
    if field.meaning == "audio":
        return units.plural(value.shape[-1], "value")
    return " × ".join(str(size) for size in value.shape)


def raw_shown(field: Field, value: Any, rate: int, side: int) -> Shown:
    """Return a raw value as it looks before preparation; pictures no larger than ``side`` pixels."""
    if value is None or not isinstance(value, np.ndarray):
        return None
    if field.meaning == "image":
        return picture(_thinned(value, side))
    if field.meaning == "mask":
        return classes(_thinned(value, side))
    if field.meaning == "audio":
        return sound(value, rate)
    return curve(value) if field.meaning in ("sequence", "array") else None


def _thinned(image: Array, side: int) -> Array:
    step = max(1, -(-max(image.shape[-2:]) // side))
    return image[..., ::step, ::step]


# --- as prepared ------------------------------------------------------------------------------------------------------


def decoded_shown(fitted: FittedField, encoded: Array, length: int | None, rate: int, most_tokens: int) -> Shown:
    """Return one prepared value, brought back to its own terms.

    Args:
        fitted: the field.
        encoded: one sample as an input or target has it.
        length: how many of its steps have a value; None: all.
        rate: samples per second, of sounds as recorded.
        most_tokens: after so many, tokens are only counted.
    """
    field = fitted.field
    if field.meaning == "text":
        return tokens(fitted, encoded if length is None else encoded[:length], most_tokens)
    if field.meaning == "audio" and field.encoding == MEL:
        frames = encoded if length is None else encoded[:, : max(1, length)]
        seconds = frames.shape[1] * int(field.options.get("hop", 256)) / max(_rate(field, rate), 1)
        return Sound(np.zeros((0, 2), dtype=np.float32), seconds, _rate(field, rate), _loudness(frames))
    if form_of(field) == "cell":
        return None
    decoded = np.asarray(fitted.decode(encoded[None])[0])
    if field.meaning == "image":
        return picture(decoded)
    if field.meaning == "mask":
        return classes(decoded)
    if field.meaning == "audio":
        return sound(decoded if length is None else decoded[:, :length], _rate(field, rate))
    return curve(decoded if length is None else decoded[:length])


def _rate(field: Field, rate: int) -> int:
    return int(field.options.get("rate", 0) or rate)


def decoded_text(fitted: FittedField, encoded: Array) -> str:
    """Return what a prepared cell means in the field's own terms."""
    if form_of(fitted.field) != "cell":
        return ""
    decoded = np.asarray(fitted.decode(encoded[None] if encoded.ndim else encoded.reshape(1)), dtype=object)
    value = decoded.reshape(-1)[0] if decoded.size == 1 or fitted.field.meaning == "number" else decoded[0]
    if isinstance(value, float | np.floating):
        return decoded_number(fitted, float(value))
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return prepared_text(np.asarray(value)) if isinstance(value, np.ndarray) else raw_text(fitted.field, value)


def decoded_number(fitted: FittedField, value: float) -> str:
    """Return a number that was scaled back to its units, without what float32 left of a zero."""
    offset, scale = fitted.linear
    if offset and abs(value) < _NOTHING * abs(scale):
        value = 0.0
    return number_text(float(f"{value:.5g}"))


def prepared_text(encoded: Array) -> str:
    """Return the numbers that the network gets: written out where they are few, else their shape and range."""
    flat = np.asarray(encoded).reshape(-1)
    if len(flat) <= _NUMBERS:
        return "  ".join(_number(each) for each in flat)
    shape = " × ".join(str(size) for size in np.asarray(encoded).shape)
    present = flat[np.isfinite(flat.astype(np.float64))]
    if not len(present):
        return shape
    return f"{shape}: {_number(present.min())} to {_number(present.max())}"


def _number(value: Any) -> str:
    return str(int(value)) if np.asarray(value).dtype.kind in "iub" else number_text(parse_number(f"{value:.4g}"))


def picture(image: Array) -> Picture:
    """Return ``(channels, height, width)`` as pixels: uint8 as they are, floats in 0..1; three channels at most."""
    if image.dtype != np.uint8:
        image = np.clip(np.rint(as_floats(image) * 255), 0, 255).astype(np.uint8)
    pixels = image[0] if len(image) < _COLOURS else np.moveaxis(image[:_COLOURS], 0, -1)
    return Picture(np.ascontiguousarray(pixels))


def classes(indices: Array) -> Classes:
    """Return class indices ``(height, width)``; what is no class counts nowhere."""
    inside = (indices >= 0) & (indices < NOWHERE)
    return Classes(np.ascontiguousarray(np.where(inside, indices, NOWHERE).astype(np.uint8)))


def curve(values: Array) -> Curve:
    """Return steps, or steps × features, as a curve; an array of more dimensions one number after the other."""
    points = np.asarray(values, dtype=np.float64)
    points = points if points.ndim == 2 else points.reshape(-1, 1)
    step = max(1, -(-len(points) // _CURVE_POINTS))
    return Curve(points[::step], len(points))


def sound(waves: Array, rate: int) -> Sound:
    """Return ``(channels, samples)`` as wave and spectrogram."""
    mixed = np.asarray(waves, dtype=np.float32).mean(axis=0)
    rate = max(rate, 1)
    silent = mixed if len(mixed) else np.zeros(1, dtype=np.float32)
    frame = int(min(_LONGEST_FRAME, max(_SHORTEST_FRAME, 2 ** np.ceil(np.log2(rate * _FRAME)))))
    energy = mel_spectrogram(
        silent[None], rate, frame, max(frame // 4, len(silent) // _FRAMES), min(_MELS, frame // 8)
    )[0]
    return Sound(envelope(mixed), len(mixed) / rate, rate, _loudness(energy))


def envelope(wave: Array) -> NDArray[np.float32]:
    """Return the least and greatest of each stretch of a wave ``(samples,)``: ``(points, 2)``, 800 points at most."""
    count = min(_WAVE_POINTS, len(wave))
    if not count:
        return np.zeros((0, 2), dtype=np.float32)
    starts = np.linspace(0, len(wave), count, endpoint=False).astype(np.int64)
    return np.stack([np.minimum.reduceat(wave, starts), np.maximum.reduceat(wave, starts)], axis=1)


def _loudness(energy: Array) -> Array:
    top = float(energy.max()) if energy.size else 0.0
    shares = np.clip((energy - (top - _LOUDNESS)) / _LOUDNESS, 0, 1)
    return np.ascontiguousarray(np.rint(shares[::-1] * 255).astype(np.uint8))


def tokens(fitted: FittedField, indices: Array, most: int) -> Tokens:
    """Return the pieces of a text whose indices are these; negative ones count nowhere and are left out."""
    kept = [int(index) for index in indices if index >= 0]
    texts = _pieces(fitted, kept[:most])
    reserved = len(SPECIAL) + len(MARKS) * bool(fitted.field.options.get("marks", False))
    shown = tuple(
        Token(text, index, unknown=index == 1, special=index < reserved and index != 1)
        for text, index in zip(texts, kept[:most], strict=True)
    )
    return Tokens(shown, len(kept))


def _pieces(fitted: FittedField, indices: Sequence[int]) -> list[str]:
    known = fitted.classes
    texts = [known[index] if index < len(known) else SPECIAL[1] for index in indices]
    if fitted.field.encoding == "byte":
        return [_byte(text) for text in texts]
    if fitted.field.encoding == "bpe":
        tokenizer = load("tokenizers").Tokenizer.from_str(fitted.state["tokenizer"])
        first = len(SPECIAL) + len(MARKS) * bool(fitted.field.options.get("marks", False))
        return [
            str(tokenizer.decode([index], skip_special_tokens=False)) if index >= first else text
            for index, text in zip(indices, texts, strict=True)
        ]
    return texts


def _byte(text: str) -> str:
    if not text.startswith("0x"):
        return text
    value = int(text, 16)
    return chr(value) if 32 <= value < 127 else text.removeprefix("0x")
