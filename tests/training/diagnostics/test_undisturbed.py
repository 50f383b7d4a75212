"""Looking at every step changes no bit: weights, buffers, optimizer, random state, measured values."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.graph.project import Node
from core.training.checkpoints import read_weights
from core.training.diagnostics.store import FILE
from core.training.events import Diagnosed, EpochEnded, Pictured
from core.training.runs import Run
from tests.training.building import digits, linear, moons, trained
from tests.training.diagnostics.watching import Watched, attentive, encoder, grouped, sequence, watched
from tests.training.everything import everything

_LSTM = Node("lstm", "LSTM", {"hidden_size": 12, "num_layers": 2, "dropout": 0.3})

PROJECTS = {
    "batch norm and dropout": digits(),
    "two outputs, accumulated, averaged, clipped": everything(),
    "LSTM with dropout": sequence(_LSTM),
    "transformer": encoder(),
    "attention": attentive(),
    "repeated group": grouped(),
    "an optimizer that runs the network itself": moons(optimizer="LBFGS"),
    "bfloat16": digits(precision="bfloat16"),
    "Muon": digits(optimizer="Muon", head=(Node("flatten", "Flatten"), linear("wide", 20), linear("head", 10))),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_looking_at_every_step_changes_no_bit(name: str, tmp_path: Path) -> None:
    project = PROJECTS[name]
    (tmp_path / "run").mkdir()
    everything_pinned = tuple(project.graph.nodes.keys() - {"x", "out", "digit", "again"})[:16]
    unseen = watched(project, 4, look=False)
    random_state = torch.get_rng_state(), np.random.get_state()[1]
    seen = watched(project, 4, folder=tmp_path / "run", pinned=everything_pinned)
    assert _hash(seen) == _hash(unseen)
    assert torch.equal(torch.get_rng_state(), random_state[0])
    assert np.array_equal(np.random.get_state()[1], random_state[1])
    assert seen.diagnosed.step == 4
    assert seen.pictures()


def test_a_whole_run_is_the_same_with_and_without(tmp_path: Path) -> None:
    found = []
    for diagnostics in (True, False):
        run = tmp_path / str(diagnostics)
        _summary, events = trained(everything(diagnostics=diagnostics), run)
        watched_it = [each for each in events if isinstance(each, Diagnosed | Pictured)]
        assert bool(watched_it) == diagnostics == (run / FILE).is_file()
        epochs = [(each.training, each.validation) for each in events if isinstance(each, EpochEnded)]
        weights = [read_weights(Run.open(run).weights(which))[0] for which in ("last", "best")]
        found.append((epochs, [_digest(each) for each in weights]))
    assert found[0] == found[1]


def _hash(run: Watched) -> str:
    return _digest(run.course.state())


def _digest(value: Any) -> str:
    digest = hashlib.sha256()
    _add(digest, value)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    if isinstance(value, torch.Tensor):
        digest.update(value.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    elif isinstance(value, dict):
        for name in sorted(value, key=str):
            digest.update(str(name).encode())
            _add(digest, value[name])
    elif isinstance(value, list | tuple):
        for each in value:
            _add(digest, each)
    else:
        digest.update(repr(value).encode())
