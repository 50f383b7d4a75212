"""``layerwright COMMAND``: everything that the designer does, without a screen."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from core.cli.command import BAD_USAGE, DONE, FAILED, Command, UsageError, note, report_error, report_plugins
from core.cli.processes import leave
from core.errors import LayerwrightError, reason_of, sentence
from core.registry import Registry
from core.versions import installed_version

commands = Registry("core.cli.commands", Command, "command")

_PIPE_CLOSED = 141  # 128 + SIGPIPE, which Windows does not have

_STATUSES = """\
exit status:
  0    done
  1    the project, the run or its data has errors or cannot be read, or the work failed
  2    the command line is wrong; nothing was done
  130  interrupted by Ctrl-C, 143 by a request to terminate (a training is kept and can be resumed)

Results go to stdout, remarks and progress to stderr. With --json every line on stdout is a JSON object;
where a command cannot do its work the last one is {"error": ..., "problems": [...], "node": ...}.
"""


class _Version(argparse.Action):
    """Print the installed version and leave."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: object) -> None:
        """Print the version."""
        print(f"layerwright {installed_version('layerwright', '(not installed)')}")
        parser.exit()


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Leaves room for the longest command beside its help."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)


class _Parser(argparse.ArgumentParser):
    """A parser that raises what is wrong instead of ending the process, and takes options by their full names only."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=_STATUSES,
            formatter_class=_HelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Print how the command is used, and raise UsageError."""
        note(self.format_usage().rstrip())
        raise UsageError(sentence(message))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = _Parser(
        prog="layerwright",
        description="Design, train and export neural networks.\n\n"
        "'layerwright' opens the designer, 'layerwright FILE' opens a project in it. The rest needs no screen:",
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="print the version")
    subparsers = whole.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for command in commands:
        sub = subparsers.add_parser(command.id, help=command.help, description=f"{command.help.capitalize()}.")
        command.arguments(sub)
        sub.set_defaults(perform=command.run)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; errors go to stderr in plain words."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's encoding lacks shall not end a command.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = _run(arguments)
        print(end="", flush=True)
        leave(status)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has gone. Python flushes stdout again at its end, which must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status


def _run(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    try:
        options = parser().parse_args(arguments)
        report_plugins(commands.failures)
        return int(options.perform(options))
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else DONE
    except KeyboardInterrupt:
        note("layerwright: interrupted")
        return 128 + signal.SIGINT
    except BrokenPipeError:
        raise
    except UsageError as error:
        report_error(error, as_json=as_json)
        return BAD_USAGE
    except LayerwrightError as error:
        report_error(error, as_json=as_json)
    except OSError as error:
        where = f"'{error.filename}': " if error.filename else ""
        report_error(LayerwrightError(f"{where}{reason_of(error)}."), as_json=as_json)
    except Exception as error:
        traceback.print_exc()
        told = sentence(f"An error in Layerwright itself: {type(error).__name__}: {error}")
        message = f"{told} Please report it with the above."
        report_error(LayerwrightError(message), as_json=as_json)
    return FAILED
