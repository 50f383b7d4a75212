"""A control steers a loop in another thread."""

from __future__ import annotations

import math
import threading

import pytest

from core.errors import TrainingError
from core.training.control import Control


def test_a_new_control_wants_nothing() -> None:
    control = Control()
    assert (control.wanted, control.paused, control.stopping, control.take_learning_rate()) == (
        False,
        False,
        False,
        None,
    )


def test_pause_holds_the_loop_until_resume() -> None:
    control, went_on = Control(), threading.Event()
    control.pause()
    assert control.paused
    assert control.wanted

    def loop() -> None:
        control.wait()
        went_on.set()

    thread = threading.Thread(target=loop)
    thread.start()
    assert not went_on.wait(0.05)
    control.resume()
    thread.join()
    assert went_on.is_set()
    control.take_learning_rate()
    assert not control.wanted


def test_stop_ends_a_pause_and_forbids_another() -> None:
    control = Control()
    control.pause()
    control.stop()
    control.wait()
    control.pause()
    assert control.stopping
    assert not control.paused
    assert control.wanted


def test_a_learning_rate_is_taken_once() -> None:
    control = Control()
    control.set_learning_rate(0.5)
    assert control.wanted
    assert (control.take_learning_rate(), control.take_learning_rate()) == (0.5, None)
    assert not control.wanted


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_learning_rate_is_refused(rate: float) -> None:
    with pytest.raises(TrainingError, match="above 0"):
        Control().set_learning_rate(rate)
