"""The crash journal: whatever happens to its end, what was written whole comes back exactly."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.graph.delta import apply_hunks, hunks_between
from core.graph.document import Document
from core.graph.edits import AddCode, AddNodes, MoveNodes, SetParameters
from core.graph.files import checksum, project_from_text, project_to_text, save_project
from core.graph.journal import Journal, Slot, Unsaved, left_journals, read_journal
from core.graph.project import Node, Project
from tests.graph.building import chain
from tests.graph.test_history import _play

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal that writes every state at once and must not fail."""
    failures: list[str] = []
    made = Journal(tmp_path / "journals", failures.append, every=0.0)
    yield made
    made.close()
    assert not failures
    assert not list((tmp_path / "journals").glob("*"))


def _write(journal: Journal, project: Project, steps: int = 1, path: Path | None = None, digest: str = "") -> bytes:
    """Write a state; return the whole journal then."""
    journal.note(Unsaved(project, path, digest, steps))
    assert journal.settle()
    return journal.path.read_bytes()


def _left(journal: Journal, folder: Path) -> Path:
    """Copy a journal as a process that was killed would leave it: without its lock."""
    folder.mkdir(exist_ok=True)
    copy = folder / journal.path.name
    copy.write_bytes(journal.path.read_bytes())
    return copy


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_any_edit_undo_and_redo_the_journal_holds_exactly_what_a_save_would_write(
    journal: Journal, seed: int
) -> None:
    draw = random.Random(seed)
    document = Document(chain())
    for step in range(60):
        _play(document, draw, 3)
        _write(journal, document.project, step)
        found = read_journal(journal.path)
        assert found is not None
        assert found.text == project_to_text(document.project)
        assert found.steps == step
        assert project_from_text(found.text, "journal") == document.project


def test_torn_at_any_byte_the_last_line_costs_only_itself(journal: Journal, tmp_path: Path) -> None:
    document = Document(chain())
    _write(journal, document.project, 0)
    document.apply(AddNodes((Node("größer", "ReLU", {"note": 'a "b"\n\u2028c'}),)))
    before = _write(journal, document.project, 1)
    earlier = project_to_text(document.project)
    document.apply(SetParameters({"linear1": {"out_features": 99}}))
    document.apply(MoveNodes({"relu1": (12.5, 3.0)}))
    whole = _write(journal, document.project, 3)
    later = project_to_text(document.project)
    assert whole.startswith(before)
    torn = tmp_path / "torn.journal"
    for length in range(len(before), len(whole) + 1):
        torn.write_bytes(whole[:length])
        found = read_journal(torn)
        assert found is not None
        complete = length >= len(whole) - 1  # all but the line's end
        assert (found.text, found.steps) == ((later, 3) if complete else (earlier, 1))


def test_damage_in_the_middle_ends_the_journal_there_and_rubbish_is_no_journal(
    journal: Journal, tmp_path: Path
) -> None:
    texts, content = [], b""
    for features in range(4):
        project = SetParameters({"linear1": {"out_features": features}}).apply(chain())
        content = _write(journal, project, features)
        texts.append(project_to_text(project))
    lines = content.split(b"\n")
    damaged = tmp_path / "damaged.journal"
    draw = random.Random(0)
    for _ in range(300):
        row, line = (at := draw.randrange(1, 4)), bytearray(lines[at])
        line[draw.randrange(len(line))] ^= 1 << draw.randrange(7)
        damaged.write_bytes(b"\n".join([*lines[:row], bytes(line), *lines[row + 1 :]]))
        found = read_journal(damaged)
        assert found is not None
        assert found.text in texts
    for rubbish in (b"", b"\n", b"{}", b"[" * 100_000, b"\xff\xfe", lines[0][:-1], b'{"layerwright_journal": 2}'):
        damaged.write_bytes(rubbish)
        assert read_journal(damaged) is None
    assert read_journal(tmp_path / "none.journal") is None


def test_it_goes_when_all_is_saved_and_comes_back_with_the_next_change(journal: Journal) -> None:
    journal.note(None)
    assert not journal.path.exists()
    _write(journal, chain())
    journal.note(None)
    assert journal.settle()
    assert not list(journal.path.parent.iterdir())
    _write(journal, Project(name="again"))
    found = read_journal(journal.path)
    assert found is not None
    assert found.name == "again"


@pytest.mark.long
def test_many_changes_of_a_large_project_stay_bounded(journal: Journal) -> None:
    project = Project(notes="x" * 20_000)
    for index in range(120):
        nodes = tuple(Node(f"n{index}_{each}", "Linear", {"out_features": each}) for each in range(20))
        project = AddNodes(nodes).apply(project)
        content = _write(journal, project)
        assert len(content) < 3 * len(project_to_text(project)) + 2**18
    found = read_journal(journal.path)
    assert found is not None
    assert found.text == project_to_text(project)


def test_a_small_change_is_a_small_line(journal: Journal) -> None:
    project = AddNodes(tuple(Node(f"n{each}", "ReLU") for each in range(500))).apply(chain())
    before = len(_write(journal, project))
    project = SetParameters({"linear1": {"out_features": 9}}).apply(project)
    assert len(_write(journal, project)) - before < 400
    before = len(_write(journal, project))
    project = AddNodes((Node("last1", "ReLU"),)).apply(project)
    assert len(_write(journal, project)) - before < 600


def test_the_newest_state_counts_where_many_come_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path, lambda _reason: None, every=0.2)
    for index in range(200):
        journal.note(Unsaved(Project(name=f"p{index}"), steps=index))
    assert journal.settle()
    found = read_journal(journal.path)
    assert found is not None
    assert (found.name, found.steps) == ("p199", 199)
    assert len(journal.path.read_bytes().splitlines()) <= 3
    journal.close()


def test_only_what_nobody_writes_any_more_is_offered_newest_first(journal: Journal, tmp_path: Path) -> None:
    left = tmp_path / "left"
    _write(journal, Project(name="first"))
    first = _left(journal, left)
    first = first.rename(first.with_name("1.journal"))
    time.sleep(0.005)  # so that the times that are written differ
    _write(journal, Project(name="second"), 14)
    second = _left(journal, left)
    assert [each.name for each in left_journals(left)] == ["second", "first"]
    assert left_journals(left)[0].steps == 14
    assert left_journals(journal.path.parent) == ()
    assert sorted(each.name for each in left.iterdir()) == sorted([first.name, second.name])


def test_what_was_saved_just_before_the_end_is_not_offered(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "a.layerwright"
    digest = save_project(chain(), path)
    assert digest == checksum(path.read_bytes())
    changed = replace(chain(), name="changed")
    _write(journal, changed, 1, path, digest)
    copy = _left(journal, tmp_path / "left")
    assert [each.path for each in left_journals(copy.parent)] == [path]
    save_project(changed, path)
    assert left_journals(copy.parent) == ()
    assert not copy.exists()


def test_a_journal_that_is_taken_over_is_replaced_in_place(journal: Journal, tmp_path: Path) -> None:
    _write(journal, Project(name="lost"))
    copy = _left(journal, tmp_path / "left")
    slot = Slot(copy)
    assert slot.take()
    assert not Slot(copy).take()
    next_one = Journal(copy.parent, lambda _reason: None, slot=slot, every=0.0)
    found = read_journal(copy)
    assert found is not None
    assert found.name == "lost"
    _write(next_one, Project(name="found"))
    assert next_one.path == copy
    assert left_journals(copy.parent) == ()
    next_one.close()
    assert not list(copy.parent.iterdir())


def test_code_in_a_journal_stays_text(journal: Journal) -> None:
    source = "raise SystemExit('run')\n__import__('os')._exit(1)"
    project = AddCode("Mine", source).apply(chain())
    _write(journal, project)
    found = read_journal(journal.path)
    assert found is not None
    assert project_from_text(found.text, "journal").code["Mine"].source == source


def test_where_it_cannot_be_written_that_is_told_once_and_tried_again(tmp_path: Path) -> None:
    failures: list[str] = []
    folder = tmp_path / "journals"
    folder.write_text("a file where a folder is needed")
    journal = Journal(folder, failures.append, every=0.0)
    for name in "ab":
        journal.note(Unsaved(Project(name=name)))
        assert journal.settle()
    assert len(failures) == 1
    assert "exists" in failures[0]
    folder.unlink()
    _write(journal, Project(name="c"))
    assert read_journal(journal.path) is not None
    journal.close()
    assert len(failures) == 1


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX")
def test_a_full_disk_keeps_what_was_written_before(tmp_path: Path) -> None:
    # A limit on the size of files makes the real write fail half way, as a full disk does.
    script = f"""
import os, resource, signal
from pathlib import Path
from core.graph.journal import *
from core.graph.project import Project
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))
journal = Journal(Path({str(tmp_path)!r}), print, every=0.0)
for length in (10, 500, 9_000):
    journal.note(Unsaved(Project(name=str(length), notes="x" * length)))
    assert journal.settle()
os._exit(9)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    assert "too large" in done.stdout
    assert [each.name for each in left_journals(tmp_path)] == ["500"]


def test_hunks_turn_any_text_into_any_other() -> None:
    draw = random.Random(5)
    for _ in range(400):
        old = [draw.choice("abcdef") for _ in range(draw.randrange(30))]
        new = [line for line in old if draw.random() < 0.8]
        new[draw.randrange(len(new) + 1) : 0] = [draw.choice("abcxyz") for _ in range(draw.randrange(4))]
        assert apply_hunks(old, hunks_between(old, new)) == new
    many = [str(each) for each in range(3000)]
    other = [f"new {each}" if each % 3 else str(each) for each in range(2990)]
    assert apply_hunks(many, hunks_between(many, other)) == other
    with pytest.raises(ValueError, match="of 1"):
        apply_hunks(["a"], [(1, 1, [])])
