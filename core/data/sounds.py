"""Sound files: their length and rate from the first bytes alone, their samples when they are asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.folders import Files, RowsOfFiles
from core.data.preparing.audio import resampled
from core.data.source import Array, Column, Lazy
from core.errors import DataError, reason_of
from core.kinds import Value
from core.loading import load
from core.progress import report

LONGEST_USUAL = 10.0
"""Sounds of different lengths are cut to this many seconds at most, unless the user chooses."""
Content = Path | BytesIO


@dataclass(frozen=True)
class SoundHeader:
    """What a sound is before its samples are read; ``rate`` is in samples per second."""

    channels: int
    samples: int
    rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.samples / self.rate


def library() -> Any:
    """Return the package soundfile; raise DataError that says how to install it where it is missing."""
    try:
        return load("soundfile")
    except (ImportError, OSError) as error:  # OSError: its own library is not found
        raise DataError(
            "Sounds are read by soundfile, which is not installed: pip install layerwright[data]"
        ) from error


def read_sound_header(content: Content, name: str) -> SoundHeader:
    """Return what a file says at its beginning; raise DataError, naming it, where it is no sound or holds none."""
    soundfile = library()
    try:
        with soundfile.SoundFile(content) as sound:
            header = SoundHeader(sound.channels, sound.frames, sound.samplerate)
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise DataError(f"{name} is damaged or no sound that can be read: {reason_of(error)}") from error
    if header.samples < 1:
        raise DataError(f"{name} is empty: it holds no sound.")
    return header


def read_samples(content: Content, name: str, rate: int) -> Array:
    """Return a sound as float32 ``(channels, samples)`` in -1..1 at a rate; raise DataError where it cannot be read."""
    soundfile = library()
    try:
        samples, found = soundfile.read(content, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise DataError(f"{name} is damaged or cannot be read: {reason_of(error)}") from error
    return np.ascontiguousarray(resampled(np.ascontiguousarray(samples.T), found, rate), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Sounds(Lazy):
    """Sounds that are read when they are asked for, all at one ``rate``."""

    headers: tuple[SoundHeader, ...]
    rate: int

    @abstractmethod
    def content(self, row: int) -> Content:
        """Return where a sound's bytes are."""

    def __len__(self) -> int:
        return len(self.headers)

    def take(self, rows: NDArray[np.int64]) -> Array:
        """Return objects ``(rows,)`` of float32 ``(channels, samples)``."""
        values = np.empty(len(rows), dtype=object)
        for place, row in enumerate(rows.tolist()):
            values[place] = read_samples(self.content(row), self.describe(row), self.rate)
        return values


@dataclass(frozen=True, eq=False)
class SoundFiles(RowsOfFiles, Sounds):
    """Sound files below a folder."""

    files: Files

    def digest(self) -> str:
        """Return a text that changes with names and sizes of the files, and with the rate."""
        return f"{self.files.digest} {self.rate}"


@dataclass(frozen=True)
class ExaminedSounds:
    """The headers of many sounds: ``rows`` are those that could be read, ``bad`` says what is wrong with the others."""

    rows: tuple[int, ...]
    headers: tuple[SoundHeader, ...]
    bad: tuple[str, ...]

    @property
    def rate(self) -> int:
        """The rate that most of them have."""
        return Counter(each.rate for each in self.headers).most_common(1)[0][0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        notes = []
        if self.bad:
            more = f" (and {len(self.bad) - 5:,} more)" if len(self.bad) > 5 else ""
            notes.append(f"{units.plural(len(self.bad), 'sound')} left out: {' '.join(self.bad[:5])}{more}")
        other = [each.rate for each in self.headers if each.rate != self.rate]
        if other:
            listed = ", ".join(f"{rate:,}" for rate in sorted(set(other))[:5])
            notes.append(
                f"Recorded at other rates ({listed} Hz) and brought to {self.rate:,} Hz: "
                f"{units.plural(len(other), 'sound')}."
            )
        return tuple(notes)


def examine_sounds(count: int, content: Callable[[int], Content], name: Callable[[int], str]) -> ExaminedSounds:
    """Read the headers of sounds, reporting how far it is.

    Raises:
        DataError: not one of them can be read, or the package soundfile is missing.
        Cancelled: whoever watches wants it to end.
    """
    library()
    rows, headers, bad = [], [], []
    for row in range(count):
        if row % 64 == 0:
            report(row, count, "looking at the sounds")
        try:
            headers.append(read_sound_header(content(row), name(row)))
            rows.append(row)
        except DataError as error:
            bad.append(error.message)
    if not rows:
        raise DataError(f"None of the {units.plural(count, 'sound')} can be read.", problems=bad[:10])
    return ExaminedSounds(tuple(rows), tuple(headers), tuple(bad))


def sound_column(values: Sounds) -> Column:
    """Return sounds as a column, with a length and a number of channels to start with where they differ in theirs."""
    channels, samples = ({getattr(each, name) for each in values.headers} for name in ("channels", "samples"))
    seconds = [each.seconds for each in values.headers]
    sample = (channels.pop() if len(channels) == 1 else 0, samples.pop() if len(samples) == 1 else 0)
    options = usual_length(values.headers, values.rate, sample)
    span = f"{min(seconds):.2g}" if sample[1] else f"{min(seconds):.2g} to {max(seconds):.2g}"
    reason = f"{units.plural(len(values), 'sound')} of {span} s at {values.rate:,} Hz"
    if not sample[1]:
        reason += f"; suggested length {options['seconds']:g} s"
    return Column(values, "audio", reason=reason, sample=sample, rate=values.rate, options=options)


def usual_length(headers: Sequence[SoundHeader], rate: int, sample: tuple[int, int]) -> dict[str, Value]:
    """Return the options with which sounds become equal: the length that nine of ten do not exceed, 10 s at most."""
    options: dict[str, Value] = {"rate": rate}
    if not sample[0]:
        options["channels"] = "1"
    if sample[1] and all(each.rate == rate for each in headers):
        options["seconds"] = sample[1] / rate
    else:
        longest = float(np.quantile([each.seconds for each in headers], 0.9))
        options["seconds"] = max(0.01, min(LONGEST_USUAL, round(longest, 2)))
    return options
