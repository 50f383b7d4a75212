"""Starts Layerwright, however it was installed.

A wheel carries ``core``, ``designer`` and ``resources`` in ``layerwright/_app``, because other distributions use those
names at the top level too; a development install runs them from the repository. Either folder goes first on the path.
"""

from __future__ import annotations

import sys
from pathlib import Path


def application_folder() -> Path:
    """Return the folder that holds ``core``, ``designer`` and ``resources``."""
    here = Path(__file__).resolve().parent
    packaged = here / "_app"
    return packaged if packaged.is_dir() else here.parents[2]


def main() -> int:
    """Run Layerwright with the arguments of the command line and return its exit status."""
    sys.path.insert(0, str(application_folder()))
    from designer.__main__ import main as run

    return run()
