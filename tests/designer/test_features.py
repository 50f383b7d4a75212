"""PySide does not read the source of what is imported once the designer has started."""

from __future__ import annotations

import subprocess
import sys

STARTED = """
import linecache
from designer.app import make_application
{start}
import wave
print([name for name in linecache.cache if name.endswith("wave.py")] != [])
"""


def read_of(start: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", STARTED.format(start=start)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_text_of_a_module_is_not_read_where_it_is_only_imported() -> None:
    assert read_of("") == "True", "if PySide does so no more, designer/features.py can go"
    assert read_of("application = make_application([])") == "False"
