"""The check in the background: what it trips over is reported, and what comes after is checked all the same."""

from __future__ import annotations

import threading
from typing import cast

from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer.opened import _Checker
from tests.designer.shell.conftest import iris


def test_a_check_that_fails_is_reported_and_does_not_end_those_that_follow(qtbot: QtBot) -> None:
    reported: list[str] = []
    answered: list[int] = []
    threading.excepthook = lambda failure: reported.append(failure.exc_type.__name__)
    checker = _Checker(lambda generation, _report: answered.append(generation))
    checker.submit(cast(Project, None), None)
    qtbot.waitUntil(lambda: bool(reported), timeout=60_000)
    assert answered == []
    checker.submit(iris(), None)
    qtbot.waitUntil(lambda: answered == [2], timeout=60_000)
    assert reported == ["AttributeError"]
    checker.close()
