"""What a training looks like on stderr: lines in a log, a bar besides in a terminal."""

from __future__ import annotations

import io
import os
import signal
import sys

import pytest

from core.cli.interrupts import Interrupts
from core.cli.progress import TrainingReporter, epoch_line, short_names, values_line
from core.training.control import Control
from core.training.events import EpochEnded, Event, Finished, Progress, RunStarted

ONE = {"loss": 0.75, "digit/loss": 0.75, "digit/accuracy": 0.78443}
TWO = {"loss": 1.5, "a/loss": 1.0, "b/loss": 0.5, "b/mae": 3.0}

EVENTS: tuple[Event, ...] = (
    RunStarted("runs/one", 12, 2, "cpu", 1, 64, 16),
    Progress(1, 12, 1, 24, 12_345.0, 90.0),
    EpochEnded(1, 2, ONE, ONE, 0.1, 1000.0),
    Finished("completed", 12, 9, ONE, 75.0),
)


def _shown(control: Control, *, as_json: bool = False) -> None:
    with TrainingReporter(control, as_json=as_json) as report:
        for event in EVENTS:
            report(event)


def test_values_of_one_output_are_named_without_it() -> None:
    assert short_names(ONE) == {"loss": 0.75, "accuracy": 0.78443}
    assert values_line(ONE) == "loss 0.7500  accuracy 0.7844"


def test_values_of_several_outputs_keep_their_names() -> None:
    assert short_names(TWO) == TWO


def test_lines_of_epochs_align() -> None:
    lines = [
        epoch_line(EpochEnded(epoch, 1, ONE, {"loss": loss}, 1.0, 1.0), 10) for epoch, loss in ((1, 2.0), (10, 1e3))
    ]
    assert lines[0] == "epoch  1/10  loss 0.7500     accuracy 0.7844     · validation  loss 2.000"
    assert lines[1] == "epoch 10/10  loss 0.7500     accuracy 0.7844     · validation  loss 1000"
    assert "validation" not in epoch_line(EpochEnded(1, 1, ONE, {}, 1.0, 1.0), 10)


def test_a_log_gets_lines_and_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    _shown(Control())
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "training 1 parameter on CPU: 64 training and 16 validation samples",
        "epoch  1/12  loss 0.7500     accuracy 0.7844     · validation  loss 0.7500     accuracy 0.7844",
        "completed after 12 epochs in 1 min 15 s",
        "best epoch 9: loss 0.7500  accuracy 0.7844",
    ]


def test_json_gives_every_event_and_the_lines_besides(capsys: pytest.CaptureFixture[str]) -> None:
    _shown(Control(), as_json=True)
    printed = capsys.readouterr()
    assert [line.split('"')[3] for line in printed.out.splitlines()] == [
        "run-started",
        "progress",
        "epoch-ended",
        "finished",
    ]
    assert "epoch  1/12" in printed.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_bar_that_is_wiped_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with open(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:  # noqa: PTH123
        patch.setattr(sys, "stderr", terminal)
        _shown(Control())
        terminal.flush()
        shown = ""
        while "best epoch" not in shown:  # a terminal hands over what was written piece by piece
            shown += os.read(ours, 65536).decode()
    os.close(ours)
    assert "epoch 1/12 |" in shown
    assert "4 %, 12.3 k samples/s, 1 min 30 s left" in shown
    wiped, _, last = shown.rpartition("completed after")
    assert wiped.rpartition("\r")[0].rpartition("\r")[2].strip() == ""
    assert "best epoch 9" in last


class _Closed(io.StringIO):
    """A stream whose reader has gone."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_training_stops_when_nobody_reads_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control()
    monkeypatch.setattr(sys, "stdout", _Closed())
    _shown(control, as_json=True)
    assert control.stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_the_training_and_the_second_leaves(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    control = Control()
    with Interrupts(control) as interrupts:
        signal.raise_signal(number)
        assert control.stopping
        assert interrupts.received == number
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before
