"""Writes Keras files by hand, without Keras: small ones, odd ones and hostile ones."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Json = Any
Weights = Mapping[str, np.ndarray]


def layer(cls: str, name: str, module: str = "keras.layers", **config: Json) -> dict[str, Json]:
    return {"module": module, "class_name": cls, "config": {"name": name, **config}, "registered_name": None}


def entry(*shape: int | None, name: str = "x", dtype: str = "float32") -> dict[str, Json]:
    return layer("InputLayer", name, batch_shape=[None, *shape], dtype=dtype)


def sequential(*layers: dict[str, Json]) -> dict[str, Json]:
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}


def tensor(name: str, *shape: int | None, call: int = 0, index: int = 0) -> dict[str, Json]:
    config = {"shape": [None, *shape], "dtype": "float32", "keras_history": [name, call, index]}
    return {"class_name": "__keras_tensor__", "config": config}


def called(found: dict[str, Json], *calls: list[Json], **kwargs: Json) -> dict[str, Json]:
    nodes = [{"args": list(args), "kwargs": kwargs} for args in calls]
    return {**found, "name": found["config"]["name"], "inbound_nodes": nodes}


def functional(inputs: list[str], outputs: list[str], *layers: dict[str, Json]) -> dict[str, Json]:
    config = {
        "name": "model",
        "layers": [{"name": each["config"]["name"], "inbound_nodes": [], **each} for each in layers],
        "input_layers": [[name, 0, 0] for name in inputs],
        "output_layers": [[name, 0, 0] for name in outputs],
    }
    return {"module": "keras", "class_name": "Functional", "config": config}


def dense(name: str, units: int, **config: Json) -> dict[str, Json]:
    return layer("Dense", name, units=units, **{"activation": "linear", "use_bias": True, **config})


def hdf5(weights: Weights, change: Callable[[h5py.File], None] | None = None) -> bytes:
    """The bytes of an HDF5 file: data sets by path ("layers/dense/vars/0")."""
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        for path, array in weights.items():
            file[path] = array
        if change:
            change(file)
    return held.getvalue()


def write(path: Path, config: Json, weights: Weights | bytes | None = None, **members: bytes) -> Path:
    """Write a ``.keras`` file; ``config`` may be text that is no JSON."""
    stored = weights if isinstance(weights, bytes) else hdf5(weights or {})
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        file.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        file.writestr("model.weights.h5", stored)
        for name, content in members.items():
            file.writestr(name, content)
    return path


def numbered(*shapes: tuple[int, ...], name: str = "dense", seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights of one layer, by path."""
    random = np.random.default_rng(seed)
    return {f"layers/{name}/vars/{at}": random.normal(size=shape).astype("f") for at, shape in enumerate(shapes)}
