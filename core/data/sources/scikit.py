"""The small textbook data sets that scikit-learn carries: they need no download and no file."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.data.source import Array, Column, RawData, SourceKind
from core.kinds import Parameter, Value

_DIABETES = {
    "bmi": "body mass index",
    "bp": "blood pressure",
    "s1": "total cholesterol",
    "s2": "low-density lipoproteins",
    "s3": "high-density lipoproteins",
    "s4": "cholesterol ratio",
    "s5": "log triglycerides",
    "s6": "blood sugar",
}


def _bunch(loader: str, **options: bool) -> Any:
    """Call a loader of ``sklearn.datasets``, imported only now because it is slow to import."""
    return getattr(importlib.import_module("sklearn.datasets"), loader)(**options)


def _classes(indices: Array, categories: Sequence[str], reason: str) -> Column:
    """Return the target column of a classification set from its class indices."""
    words = np.array(categories, dtype=object)[indices]
    return Column(words, "category", tuple(categories), reason, role="target")


def _numbers(table: Array, names: Sequence[str]) -> dict[str, Column]:
    return {
        name: Column(np.ascontiguousarray(table[:, index], dtype=np.float64), "number", reason="measured numbers")
        for index, name in enumerate(names)
    }


def digit_images() -> tuple[Array, Array]:
    """Return all digits: images float64 ``(1797, 8, 8)`` from 0 to 1, and which digit each is."""
    bunch = _bunch("load_digits")
    return bunch.images / 16, bunch.target


def _digits() -> RawData:
    bunch = _bunch("load_digits")
    images = (bunch.images[:, None] / 16).astype(np.float32)
    digits = _classes(bunch.target, [str(digit) for digit in range(10)], "10 digits: the class of each image")
    return RawData({"image": Column(images, "image", reason="grey images of 8 by 8, 0 to 1"), "digit": digits})


def _digit_pairs(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Make pairs of the digits, half of them of the same digit; every image is in one pair at most."""
    bunch = _bunch("load_digits")
    images, digits = (bunch.images[:, None] / 16).astype(np.float32), bunch.target
    generator = np.random.Generator(np.random.PCG64(options["seed"]))
    order = np.argsort(generator.random(len(digits)), kind="stable")
    alike = [order[digits[order] == digit] for digit in range(10)]
    same = np.concatenate([rows[: len(rows) // 4 * 2].reshape(-1, 2) for rows in alike])
    rest = np.setdiff1d(order, same)
    other = rest[: len(rest) // 2 * 2][np.argsort(generator.random(len(rest) // 2 * 2), kind="stable")].reshape(-1, 2)
    while (equal := np.flatnonzero(digits[other[:, 0]] == digits[other[:, 1]])).size:
        place = int(generator.random() * len(other))
        other[[equal[0], place], 1] = other[[place, equal[0]], 1]
    pairs = np.concatenate([same, other])
    words = np.array(["no", "yes"], dtype=object)[(np.arange(len(pairs)) < len(same)).astype(np.int64)]
    shuffled = np.argsort(generator.random(len(pairs)), kind="stable")
    reason = "grey images of 8 by 8, 0 to 1"
    return RawData(
        {
            "first": Column(images[pairs[shuffled, 0]], "image", reason=reason),
            "second": Column(images[pairs[shuffled, 1]], "image", reason=reason),
            "same": Column(
                words[shuffled], "flag", ("no", "yes"), "whether both images show the same digit", role="target"
            ),
        }
    )


def _iris() -> RawData:
    bunch = _bunch("load_iris")
    species = _classes(bunch.target, [str(name) for name in bunch.target_names], "3 species: the class of each flower")
    return RawData({**_numbers(bunch.data, bunch.feature_names), "species": species})


def _wine() -> RawData:
    bunch = _bunch("load_wine")
    names = [name.replace("_", " ") for name in bunch.feature_names]
    cultivar = _classes(bunch.target, ["1", "2", "3"], "3 cultivars: the class of each wine")
    return RawData({**_numbers(bunch.data, names), "cultivar": cultivar})


def _breast_cancer() -> RawData:
    bunch = _bunch("load_breast_cancer")
    # scikit-learn counts malignant as 0; here it is the second, "positive" class, so that recall speaks of it.
    diagnosis = _classes(1 - bunch.target, ["benign", "malignant"], "2 diagnoses: the class of each tumour")
    return RawData({**_numbers(bunch.data, [str(name) for name in bunch.feature_names]), "diagnosis": diagnosis})


def _diabetes() -> RawData:
    bunch = _bunch("load_diabetes", scaled=False)
    names = [_DIABETES.get(name, name) for name in bunch.feature_names]
    progression = Column(bunch.target.astype(np.float64), "number", reason="the score to predict", role="target")
    return RawData({**_numbers(bunch.data, names), "progression": progression})


def _read(load: Callable[[], RawData], _options: Mapping[str, Value], _base: Path | None) -> RawData:
    return load()


KINDS = (
    SourceKind(
        "digits", "Digits", "1,797 handwritten digits as images of 8 by 8 pixels, 10 classes.", partial(_read, _digits)
    ),
    SourceKind(
        "digit_pairs",
        "Pairs of digits",
        "898 pairs of handwritten digits: do both show the same one? No image is in two pairs.",
        _digit_pairs,
        (Parameter("seed", "int", 0, "The same seed makes the same pairs.", minimum=0),),
    ),
    SourceKind("iris", "Iris flowers", "150 flowers of 3 species, 4 measurements each.", partial(_read, _iris)),
    SourceKind("wine", "Wine", "178 wines of 3 cultivars, 13 chemical measurements each.", partial(_read, _wine)),
    SourceKind(
        "breast_cancer",
        "Breast cancer",
        "569 tumours, benign or malignant, 30 measurements each.",
        partial(_read, _breast_cancer),
    ),
    SourceKind(
        "diabetes",
        "Diabetes",
        "442 patients, 10 measurements each, and how far the disease went in a year (a number).",
        partial(_read, _diabetes),
    ),
)
