"""Events survive JSON."""

from __future__ import annotations

import json

import pytest

from core.training.events import (
    Changed,
    CheckpointSaved,
    Confused,
    Diagnosed,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Message,
    Paused,
    Pictured,
    Progress,
    Resumed,
    RunStarted,
    StepEnded,
    event_from_json,
)

EVENTS: tuple[Event, ...] = (
    RunStarted("runs/a", 20, 45, "cpu", 1234, 1438, 359),
    StepEnded(7, 1, {"loss": 0.1 + 0.2, "out/loss": 0.3}, 1e-3),
    EpochEnded(1, 45, {"loss": 1.0}, {"loss": 0.5, "out/accuracy": 0.9}, 0.25, 1000.0),
    Confused(1, "out", ("no", "yes"), ((5, 1), (0, 7))),
    Progress(1, 20, 45, 900, 1000.0, 12.5),
    CheckpointSaved("best", 3),
    Paused(2, 50),
    Resumed(2, 50),
    Changed("learning-rate", 0.5, "learning rate 0.5", 2, 50),
    Changed("freeze", "conv1", "conv1 frozen", 2, 50),
    Changed("checkpoint", None, "checkpoint", 2, 50),
    Message("torch.compile does not work here.", "warning", "compile"),
    Diagnosed(7, 1, {"conv1": {"gradient_norm": 0.1, "dead": 0.0}, "block/0/fc": {}}, {"memory": 5e8}),
    Pictured(7, 1, "conv1", "map", [1, 2], "uint8", "AP8=", -0.5, 1.5),
    Finished("stopped", 2, 1, {"loss": 0.25}, 3.5),
    Finished("early", 9, 4, {"loss": 0.25}, 3.5),
    Failed("No memory.", "conv1", "Traceback …", {"batch_size": 16, "accumulate": 2}),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_the_same_after_json(event: Event) -> None:
    assert event_from_json(json.loads(json.dumps(event.to_json(), allow_nan=False))) == event


@pytest.mark.parametrize("value", [{}, {"event": "nothing"}, {"event": "paused"}, {"event": "paused", "x": 1}])
def test_what_is_no_event_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="event"):
        event_from_json(value)
