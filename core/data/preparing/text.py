"""Texts as the indices of their tokens; the vocabulary is learnt from the training rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import IGNORE, Preparation, State
from core.data.preparing._padding import lengths_or_mask, padded
from core.data.source import Array
from core.data.values import as_words, missing
from core.errors import DataError
from core.graph.meanings._options import values as options_of
from core.graph.meanings.text import MARKS, OPTIONS, SPECIAL, vocabulary
from core.graph.project import Field
from core.loading import load

_WORDS = re.compile(r"\w+|[^\w\s]")
_PAD, _UNKNOWN, _START, _END = range(4)


def _reserved(field: Field) -> int:
    return len(SPECIAL) + len(MARKS) * bool(options_of(field, OPTIONS)["marks"])


def _text(field: Field, cell: str | None) -> str:
    text = cell or ""
    return text.lower() if options_of(field, OPTIONS)["lower"] and field.encoding != "byte" else text


def _cut(field: Field, text: str) -> Sequence[str]:
    return _WORDS.findall(text) if field.encoding == "word" else text


def _fit(field: Field, values: Array, _rate: int) -> State:
    if field.encoding == "byte":
        return {}
    texts = [_text(field, cell) for cell in _cells(values)]
    if not any(texts):
        raise DataError(f"'{field.name}' has no text in the training rows.")
    if field.encoding == "bpe":
        return {"tokenizer": _train(field, texts)}
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_cut(field, text))
    least, room = options_of(field, OPTIONS)["rare"], vocabulary(field) - _reserved(field)
    ranked = sorted((token for token in counts if counts[token] >= least), key=lambda token: (-counts[token], token))
    return {"tokens": ranked[: max(room, 0)]}


def _cells(values: Array) -> list[str | None]:
    """Return the texts with their spaces as they are; numbers and the like as people write them."""
    if all(isinstance(cell, str) or cell is None for cell in values.tolist()):
        return list(values.tolist())
    return list(as_words(values).tolist())


def _train(field: Field, texts: list[str]) -> str:
    """Learn byte pair encoding (Sennrich, Haddow and Birch 2016) on bytes; return the tokenizer as JSON."""
    tokenizers = _tokenizers()
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token=SPECIAL[_UNKNOWN]))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    options = options_of(field, OPTIONS)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary(field),
        min_frequency=options["rare"],
        special_tokens=[*SPECIAL, *(MARKS if options["marks"] else ())],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return str(tokenizer.to_str())


def _tokenizers() -> Any:
    try:
        return load("tokenizers")
    except ImportError as error:
        raise DataError(
            "Byte pair encoding needs the package tokenizers: pip install layerwright[data]. Or choose words, "
            "characters or bytes."
        ) from error


@lru_cache(maxsize=8)
def _restored(json: str) -> Any:
    return _tokenizers().Tokenizer.from_str(json)


@lru_cache(maxsize=8)
def _places(tokens: tuple[str, ...], first: int) -> dict[str, int]:
    return {token: index for index, token in enumerate(tokens, first)}


def _indices(field: Field, state: State, values: Array) -> list[Array]:
    texts = [_text(field, cell) for cell in _cells(values)]
    first = _reserved(field)
    if field.encoding == "byte":
        rows = [[first + byte for byte in text.encode()] for text in texts]
    elif field.encoding == "bpe":
        encoded = _restored(state["tokenizer"]).encode_batch(texts, add_special_tokens=False)
        most = vocabulary(field)
        rows = [[index if index < most else _UNKNOWN for index in each.ids] for each in encoded]
    else:
        places = _places(tuple(state["tokens"]), first)
        rows = [[places.get(token, _UNKNOWN) for token in _cut(field, text)] for text in texts]
    if options_of(field, OPTIONS)["marks"]:
        length = options_of(field, OPTIONS)["length"]
        rows = [[_START, *(row[: max(length - 2, 0)] if length else row), _END] for row in rows]
    return [np.array(row, dtype=np.int64) for row in rows]


def _encode(field: Field, state: State, values: Array) -> Array:
    return padded(_indices(field, state, values), options_of(field, OPTIONS)["length"], _PAD, "int64")


def _encode_target(field: Field, state: State, values: Array) -> Array:
    return padded(_indices(field, state, values), options_of(field, OPTIONS)["length"], IGNORE, "int64")


def _part(field: Field, state: State, values: Array, part: str) -> Array:
    lengths = np.array([len(each) for each in _indices(field, state, values)], dtype=np.int64)
    return lengths_or_mask(lengths, options_of(field, OPTIONS)["length"], part)


def tokens_of(field: Field, state: State) -> tuple[str, ...]:
    """Return what each index stands for, from 0 on; bytes as ``0x41``."""
    reserved = (*SPECIAL, *MARKS)[: _reserved(field)]
    if field.encoding == "byte":
        return (*reserved, *(f"0x{byte:02X}" for byte in range(256)))
    if field.encoding == "bpe":
        known = _restored(state["tokenizer"]).get_vocab()
        return tuple(sorted(known, key=lambda token: int(known[token])))
    return (*reserved, *state["tokens"])


def _decode(field: Field, state: State, encoded: Array) -> Array:
    """Return the texts of rows of indices; padding and marks are left out."""
    first = _reserved(field)
    tokens = () if field.encoding in ("byte", "bpe") else tokens_of(field, state)
    texts = np.empty(len(encoded), dtype=object)
    for row, indices in enumerate(encoded.astype(np.int64)):
        kept = [index for index in indices.tolist() if index == _UNKNOWN or index >= first]
        if field.encoding == "byte":
            texts[row] = bytes(i - first for i in kept if i >= first).decode(errors="replace")
        elif field.encoding == "bpe":
            texts[row] = _restored(state["tokenizer"]).decode(kept, skip_special_tokens=False)
        else:
            between = " " if field.encoding == "word" else ""
            texts[row] = between.join(tokens[i] if i < len(tokens) else SPECIAL[_UNKNOWN] for i in kept)
    return texts


def _gaps(_field: Field, values: Array) -> NDArray[np.bool_]:
    return missing(values)


KINDS = (Preparation("text", _fit, _encode, _decode, _encode_target, _gaps, _part, pad=_PAD, pad_target=IGNORE),)
