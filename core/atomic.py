"""Writing a file so that a crash, a full disk or a pulled plug leaves either the old content or the new, never half."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from core.errors import SaveError, reason_of

# What file systems answer that cannot flush a folder (network shares, some FUSE ones): the file itself is flushed.
_NO_FOLDER_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM})


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file's content; a symbolic link is followed, and the permissions of what was there are kept.

    Raises:
        SaveError: the file could not be written; what was there before is intact and nothing is left beside it.
    """
    try:
        target = Path(os.path.realpath(path))
        _refuse_what_is_no_file(target)
        temporary = target.with_name(f".layerwright-{os.urandom(8).hex()}.tmp")
        try:
            _write_new(temporary, content)
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o7777)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _flush_folder(target.parent)
    except (OSError, ValueError) as error:
        message = f"'{path}' could not be written: {reason_of(error)}. What was there before is unchanged."
        raise SaveError(message) from error


def _refuse_what_is_no_file(target: Path) -> None:
    if not target.parent.is_dir():
        raise OSError(f"there is no folder '{target.parent}'")
    if target.is_symlink():
        raise OSError("its symbolic links lead in a circle")
    if target.is_dir():
        raise OSError("it is a folder")
    if target.exists():
        if not target.is_file():
            raise OSError("it is a device or a pipe, not a file")
        target.open("r+b").close()  # a file that may not be written shall not be replaced either


def _write_new(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the new name durable; a power cut after this finds the new content."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_FLUSH:
            raise
