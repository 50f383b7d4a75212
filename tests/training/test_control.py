"""A control steers a loop in another thread."""

from __future__ import annotations

import json
import math
import threading
import time

import pytest

from core.errors import TrainingError
from core.training.control import Command, Control, command_from_json


def test_a_new_control_wants_nothing() -> None:
    control = Control()
    assert (control.wanted, control.paused, control.stopping, control.take()) == (False, False, False, ())


def test_pause_holds_the_loop_until_resume_and_takes_no_processor_time() -> None:
    control, went_on = Control(), threading.Event()
    control.pause()
    assert control.paused
    assert control.wanted
    used: list[float] = []

    def loop() -> None:
        began = time.thread_time()
        control.wait()
        used.append(time.thread_time() - began)
        went_on.set()

    thread = threading.Thread(target=loop)
    thread.start()
    assert not went_on.wait(0.3)
    control.resume()
    thread.join()
    assert went_on.is_set()
    assert used[0] < 0.1, "waiting is no work"
    assert not control.wanted


def test_a_paused_loop_wakes_for_a_command_and_is_still_paused() -> None:
    control, woken = Control(), threading.Event()
    control.pause()
    thread = threading.Thread(target=lambda: (control.wait(), woken.set()))
    thread.start()
    control.freeze("conv1")
    thread.join()
    assert woken.is_set()
    assert control.take() == (Command("freeze", "conv1"),)
    assert control.paused
    assert control.wanted


def test_stop_ends_a_pause_and_forbids_another() -> None:
    control = Control()
    control.pause()
    control.stop()
    control.wait()
    control.pause()
    assert control.stopping
    assert not control.paused
    assert control.wanted


def test_commands_are_taken_once_and_in_their_order() -> None:
    control = Control()
    control.set_learning_rate(0.5)
    control.set_epochs(7)
    control.unfreeze("head")
    control.checkpoint()
    assert control.wanted
    assert [each.what for each in control.take()] == ["learning-rate", "epochs", "unfreeze", "checkpoint"]
    assert control.take() == ()
    assert not control.wanted


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_learning_rate_is_refused(rate: float) -> None:
    with pytest.raises(TrainingError, match="above 0"):
        Control().set_learning_rate(rate)


def test_impossible_epochs_and_layers_are_refused() -> None:
    with pytest.raises(TrainingError, match="whole number above 0, not 0"):
        Control().set_epochs(0)
    with pytest.raises(TrainingError, match="Name the layer"):
        Control().freeze("")


def test_commands_are_handed_on_those_given_before_too() -> None:
    control, sent = Control(), list[Command]()
    control.set_learning_rate(0.5)
    control.pause()
    control.forward(sent.append)
    control.resume()
    control.stop()
    assert sent == [Command("learning-rate", 0.5), Command("pause"), Command("resume"), Command("stop")]
    control.forward(None)
    control.checkpoint()
    assert len(sent) == 4


def test_a_command_is_the_same_after_json() -> None:
    for command in (Command("learning-rate", 0.1 + 0.2), Command("freeze", "block.conv"), Command("pause")):
        assert command_from_json(json.loads(json.dumps(command.to_json()))) == command
    with pytest.raises(ValueError, match="no command 'dance'"):
        command_from_json({"what": "dance"})
