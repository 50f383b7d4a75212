"""The libraries underneath: faults of theirs that would end the process, so that an update cannot bring them back."""

from __future__ import annotations

import subprocess
import sys


def test_calls_into_qt_lose_no_references_to_none() -> None:
    # PySide6 6.12.0 on Python 3.11 loses one per call, which ends the process after some thousands.
    script = """
import sys
from PySide6.QtCore import QObject
thing = QObject()
thing.setObjectName("warm")
before = sys.getrefcount(None)
for _ in range(1_000):
    thing.setObjectName("x")
print(before - sys.getrefcount(None))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100
