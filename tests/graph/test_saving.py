"""Saving: whatever goes wrong, the old file is intact and nothing is left beside it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.atomic import write_atomically
from core.errors import SaveError
from core.graph.files import load_project, save_project
from core.graph.project import Project
from tests.graph.building import chain

_ROOT = Path(__file__).parents[2]
_NOBODY = 65534


def _only(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_full_disk_leaves_the_old_file_intact(tmp_path: Path) -> None:
    path = tmp_path / "a.layerwright"
    save_project(chain(), path)
    # A limit on the size of files makes the real write fail half way, as a full disk does.
    script = f"""
import resource, signal
from pathlib import Path
from core.errors import SaveError
from core.graph.files import save_project
from core.graph.project import Project
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    save_project(Project(notes="x" * 300_000), Path({str(path)!r}))
except SaveError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True)
    assert "could not be written: File too large. What was there before is unchanged." in done.stdout
    assert load_project(path) == chain()
    assert _only(tmp_path) == ["a.layerwright"]


def test_a_process_killed_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.layerwright"
    save_project(chain(), path)
    script = f"""
from pathlib import Path
from core.graph.files import save_project
from core.graph.project import Project
print("saving", flush=True)
while True:
    save_project(Project(name="new", notes="x" * 1_000_000), Path({str(path)!r}))
"""
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", script], cwd=_ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == "saving\n"
            process.kill()
            process.wait()
        assert load_project(path).name in ("chain", "new")


@pytest.fixture
def folder_of_a_user() -> Iterator[Path]:
    """A folder of an ordinary user, as whom the test runs (root may write anywhere)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() != 0:
            yield folder
            return
        os.chown(folder, _NOBODY, -1)
        os.seteuid(_NOBODY)
        try:
            yield folder
        finally:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
@pytest.mark.parametrize("protected", ["folder", "file"])
def test_what_is_read_only_stays_as_it_is(folder_of_a_user: Path, protected: str) -> None:
    path = folder_of_a_user / "a.layerwright"
    save_project(chain(), path)
    target = path if protected == "file" else folder_of_a_user
    mode = target.stat().st_mode
    target.chmod(mode & ~0o222)
    with pytest.raises(SaveError, match="Permission denied"):
        save_project(Project(), path)
    target.chmod(mode)
    assert load_project(path) == chain()
    assert _only(folder_of_a_user) == ["a.layerwright"]


def test_a_place_that_takes_no_file_is_named_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for path, reason in (
        (tmp_path / "none" / "a.layerwright", "there is no folder"),
        (file / "a.layerwright", "there is no folder"),
        (tmp_path, "it is a folder"),
        (Path(os.devnull), "not a file"),
        (tmp_path / ("a" * 300), "name too long"),
        (tmp_path / "a\0b", "null"),
    ):
        with pytest.raises(SaveError) as caught:
            save_project(chain(), path)
        assert reason.lower() in str(caught.value).lower()
    assert _only(tmp_path) == ["file"]
    assert file.read_text() == "x"


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.layerwright"
    link.symlink_to(tmp_path / "real" / "a.layerwright")
    save_project(chain(), link)
    save_project(Project(name="again"), link)
    assert link.is_symlink()
    assert load_project(tmp_path / "real" / "a.layerwright").name == "again"
    assert _only(tmp_path / "real") == ["a.layerwright"]


def test_links_that_lead_in_a_circle_are_a_save_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(SaveError):
        save_project(chain(), tmp_path / "a")
    assert _only(tmp_path) == ["a", "b"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
def test_permissions_are_kept_and_those_of_a_new_file_follow_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a"
    (tmp_path / "plain").touch()
    write_atomically(path, b"1")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    path.chmod(0o640)
    write_atomically(path, b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_bytes() == b"2"


def test_a_relative_path_is_written_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_project(chain(), Path("a.layerwright"))
    assert load_project(tmp_path / "a.layerwright") == chain()
