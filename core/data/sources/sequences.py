"""Sequences and texts made from a seed: the classic tasks on which memory, alignment and language can be tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.data.source import Column, RawData, SourceKind
from core.data.sources._made import SEED, Draws, draws, noise, numbers, objects, samples, text, words
from core.kinds import Parameter, Value

_RESERVED = 2
"""The indices of a vocabulary that stand for padding and unknown."""
_SYMBOLS = "12345678"
_LETTERS = "abcde"

_TOPICS: Mapping[str, Sequence[str]] = {
    "kitchen": "bread butter salt oven knife plate soup pepper spoon kettle onion flour".split(),
    "harbour": "boat anchor sail rope gull wave captain mast tide crane deck lighthouse".split(),
    "garden": "rose spade seed bee apple hedge soil leaf tulip rake worm blossom".split(),
    "station": "train ticket platform whistle rail clock engine luggage signal tunnel carriage bridge".split(),
}
_SHARED = "the a and of with is was near old new small large by under over it there then".split()

_GRAMMAR: Mapping[str, Sequence[str]] = {
    "S": ("N V N.", "N V N and N V N.", "when N V N, N V N.", "N is A.", "every K that V N is A."),
    "N": ("the K", "a A K", "the K of N", "no K"),
    "K": ("fox", "miller", "river", "king", "lamp", "boat", "owl", "clock"),
    "V": ("sees", "follows", "carries", "finds", "forgets", "paints"),
    "A": ("old", "green", "quiet", "clever", "small"),
}
_DEEPEST = 4


def _adding(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """The adding problem of Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with numbers from 0 to 1.

    Of each step's two values the first is a number, the second marks two steps, one in each half.
    """
    drawn, count, length = draws(options), options["samples"], options["length"]
    steps = np.zeros((count, length, 2), dtype=np.float32)
    steps[:, :, 0] = drawn.uniform(count, length)
    half = length // 2
    rows = np.arange(count)
    first, second = drawn.below(half, count), half + drawn.below(length - half, count)
    steps[rows, first, 1] = steps[rows, second, 1] = 1
    total = (steps[:, :, 0] * steps[:, :, 1]).sum(1)
    reason = f"{length:,} steps: a number, and whether it is marked"
    return RawData(
        {
            "steps": Column(objects(list(steps)), "sequence", reason=reason, sample=(length, 2)),
            "sum": numbers(total, "the sum of the two marked numbers", "target"),
        }
    )


def _copy(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """The copying task: symbols to be kept over a pause and given back (Hochreiter and Schmidhuber, 1997)."""
    drawn, kept, pause = draws(options), options["symbols"], options["pause"]
    rows = drawn.below(len(_SYMBOLS), options["samples"], kept).tolist()
    shown = ["".join(_SYMBOLS[symbol] for symbol in row) for row in rows]
    given = [f"{each}{'.' * pause}?{'.' * kept}" for each in shown]
    wanted = [f"{'.' * (kept + pause + 1)}{each}" for each in shown]
    length: dict[str, Value] = {"length": kept * 2 + pause + 1}
    columns = {
        "shown": text(given, f"{kept} symbols, a pause, and a question mark", vocabulary=_RESERVED + len(_SYMBOLS) + 2),
        "copy": text(
            wanted, "the symbols again, behind the question mark", "target", vocabulary=_RESERVED + len(_SYMBOLS) + 1
        ),
    }
    return RawData({name: _with(column, length) for name, column in columns.items()})


def _with(column: Column, options: Mapping[str, Value]) -> Column:
    return Column(
        column.values, column.meaning, reason=column.reason, role=column.role,
        options={**column.options, **options}, encoding=column.encoding,
    )  # fmt: skip


def _parity(options: Mapping[str, Value], _base: Path | None) -> RawData:
    bits = draws(options).below(2, options["samples"], options["length"]).astype(np.float32)
    reason = f"{options['length']} zeros and ones"
    return RawData(
        {
            "bits": Column(objects(list(bits)), "sequence", reason=reason, sample=(options["length"],)),
            "odd": words(bits.sum(1) % 2, ("no", "yes"), "whether the number of ones is odd", flag=True),
        }
    )


def _frames(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Words whose letters each last some frames, with pauses between: where they stand is not said."""
    drawn = draws(options)
    looks = Draws(0).normal(len(_LETTERS), 8)
    frames, written = [], []
    for _ in range(options["samples"]):
        letters = drawn.below(len(_LETTERS), int(3 + drawn.below(4, 1)[0])).tolist()
        lasting, pauses = 2 + drawn.below(4, len(letters)), 1 + drawn.below(3, len(letters) + 1)
        pieces = [np.zeros((pauses[0], 8))]
        for place, letter in enumerate(letters):
            pieces += [np.repeat(looks[letter][None], lasting[place], axis=0), np.zeros((pauses[place + 1], 8))]
        clean = np.concatenate(pieces)
        frames.append((clean + drawn.normal(*clean.shape) * options["noise"]).astype(np.float32))
        written.append("".join(_LETTERS[letter] for letter in letters))
    column = Column(objects(frames), "sequence", reason="frames of 8 values, as many as it took", sample=(0, 8))
    word = text(
        written, "the letters in their order, without their places", "target", vocabulary=_RESERVED + len(_LETTERS)
    )
    return RawData({"frames": column, "word": word})


def _topics(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Sentences of words that are common to all topics and words of one."""
    drawn, count = draws(options), options["samples"]
    names = tuple(_TOPICS)
    topics = drawn.below(len(names), count)
    rows = []
    for topic in topics.tolist():
        length = int(8 + drawn.below(17, 1)[0])
        own = drawn.uniform(length) < options["own_words"]
        rows.append(" ".join(drawn.one(_TOPICS[names[topic]] if each else _SHARED) for each in own.tolist()))
    vocabulary = _RESERVED + sum(map(len, _TOPICS.values())) + len(_SHARED)
    column = text(rows, "8 to 24 words", vocabulary=vocabulary, letters=False)
    return RawData({"text": column, "topic": words(topics, names, f"{len(names)} topics: what the text is about")})


def _grammar(options: Mapping[str, Value], _base: Path | None) -> RawData:
    drawn, piece = draws(options), options["piece"]
    wanted = options["samples"] * piece
    parts: list[str] = []
    length = 0
    while length < wanted:
        sentence = _expanded("S", drawn, 0)
        parts.append(sentence[0].upper() + sentence[1:])
        length += len(sentence) + 1
    whole = " ".join(parts)
    pieces = [whole[start : start + piece] for start in range(0, wanted, piece)]
    letters = len(set(whole))
    column = text(pieces, f"pieces of {piece} letters of one long text", vocabulary=_RESERVED + letters)
    return RawData({"text": _with(column, {"length": piece, "lower": False})})


def _expanded(symbol: str, drawn: Draws, depth: int) -> str:
    """Return a text by the rules of the grammar; deep down only the shortest rule of a symbol is taken."""
    rules = _GRAMMAR[symbol]
    rule = drawn.one(rules) if depth < _DEEPEST else rules[0]
    return "".join(
        _expanded(letter, drawn, depth + 1) if letter in _GRAMMAR and not _inside(rule, place) else letter
        for place, letter in enumerate(rule)
    )


def _inside(rule: str, place: int) -> bool:
    """True where a capital is part of a word, so that it is no symbol."""
    beside = rule[max(place - 1, 0) : place] + rule[place + 1 : place + 2]
    return any(letter.isalpha() for letter in beside)


def _signals(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Sums of two sines with noise, and without."""
    drawn, count = draws(options), options["samples"]
    time = np.linspace(0, 1, 64, endpoint=False)
    clean = np.zeros((count, 64))
    for _ in range(2):
        height, pitch, phase = (drawn.uniform(count, 1) for _ in range(3))
        clean += (0.3 + height) * np.sin(2 * np.pi * ((1 + 6 * pitch) * time + phase))
    noisy = clean + drawn.normal(count, 64) * options["noise"]
    return RawData(
        {
            "noisy": Column(noisy.astype(np.float32), "array", reason="64 values: two sines and noise"),
            "clean": Column(clean.astype(np.float32), "array", reason="the same without noise", role="target"),
        }
    )


def _length(default: int, most: int = 10_000) -> Parameter:
    return Parameter("length", "int", default, "Steps in a sequence.", minimum=2, maximum=most)


KINDS = (
    SourceKind(
        "adding",
        "Adding problem",
        "Two numbers in a long sequence are marked, and their sum is wanted: a test of memory.",
        _adding,
        (samples(1000, 100_000), _length(50), SEED),
    ),
    SourceKind(
        "copying",
        "Copying task",
        "Symbols are shown, and wanted again after a pause: a token at every step.",
        _copy,
        (
            samples(1000, 100_000),
            Parameter("symbols", "int", 5, "How many symbols have to be kept.", minimum=1, maximum=100),
            Parameter("pause", "int", 10, "Steps between showing and asking.", minimum=0, maximum=5000),
            SEED,
        ),
    ),
    SourceKind("parity", "Parity", "Is the number of ones odd?", _parity, (samples(1000, 100_000), _length(12), SEED)),
    SourceKind(
        "spelling",
        "Letters in frames",
        "Frames of numbers and the letters in them, without their places: for CTC.",
        _frames,
        (samples(600, 100_000), noise(0.2, "every value"), SEED),
    ),
    SourceKind(
        "topics",
        "Topics of texts",
        "Short texts about one of four topics.",
        _topics,
        (
            samples(800, 100_000),
            Parameter(
                "own_words", "float", 0.3, "Share of words that tell the topic.", minimum=0, maximum=1, unit="0–1"
            ),
            SEED,
        ),
    ),
    SourceKind(
        "sentences",
        "Sentences of a grammar",
        "One long text by the rules of a small grammar, in pieces: what comes next?",
        _grammar,
        (samples(400, 100_000), Parameter("piece", "int", 64, "Letters in a piece.", minimum=8, maximum=4096), SEED),
    ),
    SourceKind(
        "signals",
        "Noisy signals",
        "Signals of 64 values with noise, and without: the noise is to be taken away.",
        _signals,
        (samples(600, 100_000), noise(0.5, "the noisy ones"), SEED),
    ),
)
