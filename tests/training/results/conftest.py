"""A few small networks, each trained once."""

from __future__ import annotations

import pytest

from core.training.results.trained import Trained, open_measured, open_trained
from core.training.runs import Run
from core.training.session import Session
from tests.training.building import diabetes, digits, moons, trained, with_training


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Images of 8 by 8 in ten classes, three epochs."""
    folder = tmp_path_factory.mktemp("digits") / "run"
    trained(digits(), folder)
    return Run.open(folder)


@pytest.fixture(scope="session")
def moons_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two classes by a single score."""
    folder = tmp_path_factory.mktemp("moons") / "run"
    trained(moons(), folder)
    return Run.open(folder)


@pytest.fixture(scope="session")
def diabetes_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A number, in its own units far from 0."""
    folder = tmp_path_factory.mktemp("diabetes") / "run"
    trained(with_training(diabetes(), epochs=5), folder)
    return Run.open(folder)


@pytest.fixture(scope="session")
def digits_net(digits_run: Run) -> Trained:
    """The digits' network, with its best weights."""
    return open_trained(digits_run)


@pytest.fixture(scope="session")
def digits_session(digits_run: Run) -> Session:
    """The same with the data."""
    return open_measured(digits_run)
