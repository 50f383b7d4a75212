"""Sounds: as a waveform, or as the energy of each pitch over time."""

from __future__ import annotations

from core.errors import ModelError
from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import OPEN, values
from core.graph.project import Field
from core.kinds import Parameter

WAVEFORM, MEL = "waveform", "mel spectrogram"
OPTIONS = (
    Parameter(
        "rate", "int", 0, "Samples per second that every sound is brought to; 0: as recorded.", minimum=0, unit="Hz"
    ),
    Parameter(
        "seconds",
        "float",
        0.0,
        "Length of every sound: longer ones are cut, shorter ones padded with silence; 0: as long as the longest.",
        minimum=0,
        unit="s",
    ),
    Parameter("channels", "choice", "keep", "1 mixes all channels into one.", choices=("keep", "1")),
    Parameter("n_fft", "int", 1024, "For the spectrogram: samples in a frame.", minimum=16, maximum=65536),
    Parameter("hop", "int", 256, "For the spectrogram: samples from one frame to the next.", minimum=1),
    Parameter("mels", "int", 64, "For the spectrogram: how many pitches are told apart.", minimum=1, maximum=512),
    Parameter(
        "standardise", "bool", False, "Subtract the mean of the training rows and divide by their standard deviation."
    ),
)


def sample_count(field: Field) -> int:
    """Return how many samples every sound has after preparation; 0 where sounds differ."""
    chosen = values(field, OPTIONS)
    if not chosen["seconds"]:
        return 0
    if not chosen["rate"]:
        raise ModelError(f"'{field.name}' has a length in seconds, but no rate: set its samples per second.")
    return max(1, round(float(chosen["seconds"]) * int(chosen["rate"])))


def _sound(field: Field) -> Sample:
    chosen = values(field, OPTIONS)
    count = sample_count(field)
    if field.encoding == MEL:
        return Sample("float32", (chosen["mels"], 1 + count // chosen["hop"] if count else OPEN))
    channels = 1 if chosen["channels"] == "1" else next(iter(field.shape), 0)
    if channels < 1:
        raise ModelError(f"'{field.name}' holds sounds with different numbers of channels. Choose 1 channel for it.")
    return Sample("float32", (channels, count or OPEN))


KINDS = (
    MeaningKind(
        "audio",
        "Audio",
        "Sounds, as the waveform or as a mel spectrogram: the logarithm of the energy at each pitch, frame by frame.",
        (WAVEFORM, MEL),
        ("drop row",),
        _sound,
        _sound,
        (WAVEFORM, MEL),
        OPTIONS,
        parts=("length", "mask"),
    ),
)
