"""Background jobs: answers, errors, progress, stale answers, and an end without leftovers."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from designer.jobs import Cancelled, Lane, Progress


@pytest.fixture
def owner(qtbot: QtBot) -> QObject:
    return QObject()


def fail(error: Exception) -> None:
    raise error


def test_the_answer_arrives_in_the_thread_that_asked(qtbot: QtBot, owner: QObject) -> None:
    lane, threads = Lane(owner, "test"), []
    answers: list[str] = []
    lane.submit(lambda _progress: threading.current_thread().name, answers.append, fail)
    lane.busy_changed.connect(lambda _busy: threads.append(threading.current_thread()))
    assert lane.busy
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == ["layerwright-test"]
    assert threads == [threading.main_thread()]
    assert not lane.busy


def test_what_the_work_raises_is_handed_over(qtbot: QtBot, owner: QObject) -> None:
    lane, errors = Lane(owner, "test"), []
    lane.submit(lambda _progress: 1 // 0, lambda _answer: None, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], ZeroDivisionError)


def test_a_newer_job_cancels_the_older_and_drops_its_answer(qtbot: QtBot, owner: QObject) -> None:
    lane, answers = Lane(owner, "test"), []
    started, go = threading.Event(), threading.Event()
    cancelled: list[bool] = []

    def slow(progress: Progress) -> str:
        started.set()
        go.wait()
        cancelled.append(progress.cancelled)
        return "old"

    lane.submit(slow, answers.append, fail)
    assert started.wait(10)
    lane.submit(lambda _progress: "new", answers.append, fail)
    go.set()
    qtbot.waitUntil(lambda: bool(answers) and bool(cancelled))
    lane.close()
    qtbot.wait(20)
    assert answers == ["new"]
    assert cancelled == [True]


def test_progress_is_reported(qtbot: QtBot, owner: QObject) -> None:
    lane, seen = Lane(owner, "test"), []
    lane.progressed.connect(lambda fraction, text: seen.append((fraction, text)))
    answers: list[object] = []
    lane.submit(lambda progress: progress.report(0.5, "half"), answers.append, fail)
    qtbot.waitUntil(lambda: bool(answers))
    assert seen == [(0.5, "half")]


@pytest.mark.parametrize("end", ["close", "destroy"])
def test_the_end_cancels_and_joins_what_runs(qtbot: QtBot, owner: QObject, end: str) -> None:
    lane, answers = Lane(owner, "test"), []
    started, ended = threading.Event(), threading.Event()

    def work(progress: Progress) -> None:
        started.set()
        try:
            while True:
                progress.check()
        except Cancelled:
            ended.set()
            raise

    lane.submit(work, answers.append, answers.append)
    assert started.wait(10)
    if end == "close":
        lane.close()
    else:
        owner.deleteLater()
        qtbot.wait(1)
    qtbot.waitUntil(ended.is_set)
    assert answers == []


def test_a_closed_lane_takes_no_more_work(qtbot: QtBot, owner: QObject) -> None:
    lane, answers = Lane(owner, "test"), []
    lane.close()
    lane.submit(lambda _progress: 1, answers.append, fail)
    qtbot.wait(20)
    assert answers == []
    assert not lane.busy
