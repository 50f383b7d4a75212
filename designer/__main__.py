"""``layerwright``: hands sub-commands to the command line, and opens the designer for everything else.

Qt is imported only when the designer is to be opened, so that the command line works where Qt cannot.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

_BAD_USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``layerwright`` with these arguments (by default the process's own) and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and not _is_file(arguments):
        from core.cli.main import main as run_command

        return run_command(arguments)
    path = Path(arguments[0]) if arguments else None
    if path is not None and not path.is_file():
        return _refuse(f"there is no file '{path}'.")
    problem = _display_problem()
    if problem:
        return _refuse(problem)
    from designer.app import run

    return run(path)


def _is_file(arguments: list[str]) -> bool:
    """Return True where the one argument is a project to be opened, not a command."""
    first = arguments[0]
    if len(arguments) != 1 or first.startswith("-"):
        return False
    return first.endswith(".layerwright") or ("." in first and Path(first).is_file())


def _display_problem() -> str:
    """Return what is wrong where no window can be shown, else an empty string.

    Qt would end the process with an abort that nothing can catch.
    """
    shown = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if shown or not sys.platform.startswith("linux"):
        return ""
    return (
        "there is no display to open the designer on (DISPLAY and WAYLAND_DISPLAY are not set).\n"
        "  On a remote machine connect with 'ssh -X', or use the command line, which needs no screen:\n"
        "  'layerwright --help' lists its commands, 'layerwright new digits -o digits.layerwright' makes a project\n"
        "  and 'layerwright train digits.layerwright' trains it."
    )


def _refuse(message: str) -> int:
    print(f"layerwright: {message}", file=sys.stderr)
    return _BAD_USAGE


if __name__ == "__main__":
    sys.exit(main())
