"""Starts the processes of one training on this machine, as ``torchrun`` does, and ends them together.

They find each other by the environment variables that ``torchrun`` sets, so that both ways of starting are one to
them. It is done here because ``torchrun`` itself loads PyTorch once more, kills whoever still writes a checkpoint half
a minute after Ctrl-C, and answers a process that died with a page of its own traceback.

Whoever started them may be killed, too. Then each ends in good order, so that none goes on that nobody could end.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import core
from core.cli.command import DONE, FAILED, note

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from core.cli.main import main; sys.exit(main(sys.argv[1:]))"
_LOOK_SECONDS = 0.05
_LAST_WORDS = 20.0
"""Seconds that the others have to notice that one of them has ended, before they are ended too."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
HELD = "LAYERWRIGHT_HELD_BY_INPUT"
"""Set in a process whose standard input ends where the one that started it does."""
_TORCHRUN = "TORCHELASTIC_RUN_ID"
_PARENT_SECONDS = 1.0


def run_together(count: int, arguments: Sequence[str]) -> int:
    """Run Layerwright's command line with the same arguments in so many processes; return the exit status of all.

    Ctrl-C and a request to terminate go to every one of them. Where one fails, the others are ended after a while.
    """
    root = str(Path(core.__file__).resolve().parents[1])
    command = [sys.executable, "-P", "-c", _START, root, *arguments]
    own_group: dict[str, Any] = {} if os.name == "nt" else {"start_new_session": True}  # Ctrl-C is passed on once
    running = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, **own_group)
        for environment in _environments(count)
    ]

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for each in running:
            if each.poll() is None and os.name != "nt":
                each.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in _SIGNALS}
    try:
        return _watched(running)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for each in running:
            if each.poll() is None:
                each.kill()
            each.wait()
            assert each.stdin is not None
            each.stdin.close()


def follow_launcher() -> None:
    """Ask this process to terminate, as Ctrl-C would, once the one that started it together with others is gone."""
    if os.environ.get(HELD):
        wait = _wait_for_end_of_input
    elif _TORCHRUN in os.environ and os.name == "posix":
        wait = _wait_for_other_parent
    else:
        return
    threading.Thread(target=_terminate_after, args=(wait,), name="layerwright-launcher", daemon=True).start()


def leave(status: int) -> None:
    """End this process, if it is one of several, without taking it apart: all that it had to write is written.

    To take it apart is what rarely ends it with SIGABRT: threads of PyTorch's communication outlive what they use.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _terminate_after(wait: Callable[[], None]) -> None:
    wait()
    signal.raise_signal(signal.SIGTERM)


def _wait_for_end_of_input() -> None:
    while os.read(0, 1 << 10):
        pass


def _wait_for_other_parent() -> None:
    first = os.getppid()
    while os.getppid() == first:
        time.sleep(_PARENT_SECONDS)


def _environments(count: int) -> list[dict[str, str]]:
    """Return the environment of each process, under the names that torch.distributed reads."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, (os.cpu_count() or 1) // count))
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "OMP_NUM_THREADS": threads,
        HELD: "1",
    }
    return [{**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]


def _watched(running: Sequence[subprocess.Popen[bytes]]) -> int:
    """Wait for all; return the status of the first that failed, and say so where it could not say it itself."""
    failed, deadline = DONE, 0.0
    left = dict(enumerate(running, 1))
    while left:
        for number, each in list(left.items()):
            status = each.poll()
            if status is None:
                continue
            del left[number]
            if status and not failed:
                failed, deadline = status, time.monotonic() + _LAST_WORDS
                if status < 0:
                    name = signal.Signals(-status).name
                    note(f"process {number} of {len(running)} was killed ({name}), and the others end with it")
        if failed and time.monotonic() > deadline:
            for each in left.values():
                each.kill()
        time.sleep(_LOOK_SECONDS)
    return failed if failed >= 0 else FAILED
