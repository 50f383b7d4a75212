"""What may run: a list of this machine's, outside of every project, that survives damage and forgets on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import trust
from core.errors import SaveError
from core.graph.templates import templates

SOURCE = "class Gate(nn.Module):\n    def forward(self, x):\n        return x\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def another_program(code: str) -> str:
    """Run a line of Python in another process with the same data folder; return what it prints."""
    import subprocess
    import sys

    root = Path(__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def test_nothing_is_trusted_at_first() -> None:
    assert not trust.is_trusted(SOURCE)


def test_trust_holds_for_exactly_this_text(folder: Path) -> None:
    trust.trust(SOURCE)
    assert trust.is_trusted(SOURCE)
    assert not trust.is_trusted(SOURCE + "\n")
    assert trust.list_path().is_relative_to(folder)
    trust.forget(SOURCE + "\n")


def test_trust_outlasts_the_program() -> None:
    text = SOURCE + "# kept\n"
    trust.trust(text)
    assert another_program(f"from core import trust; print(trust.is_trusted({text!r}))") == "True"
    trust.forget(text)
    assert another_program(f"from core import trust; print(trust.is_trusted({text!r}))") == "False"
    assert not trust.is_trusted(text)


def test_trust_that_another_program_gives_is_seen() -> None:
    text = SOURCE + "# given elsewhere\n"
    before = trust.changes()
    assert not trust.is_trusted(text)
    another_program(f"from core import trust; trust.trust({text!r})")
    assert trust.is_trusted(text)
    assert trust.changes() != before


def test_every_change_of_trust_is_told_apart() -> None:
    text = SOURCE + "# counted\n"
    first = trust.changes()
    trust.trust(text)
    second = trust.changes()
    trust.forget(text)
    assert len({first, second, trust.changes()}) == 3
    assert trust.changes() == trust.changes()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sources": 3}', b'{"sources": [1, null]}', b"\xff\x00"])
def test_a_damaged_list_trusts_nothing_and_is_replaced(content: bytes) -> None:
    text = SOURCE + f"# after {content!r}\n"
    trust.list_path().parent.mkdir(parents=True)
    trust.list_path().write_bytes(content)
    assert not trust.is_trusted(text)
    trust.trust(text)
    assert len(json.loads(trust.list_path().read_text())["sources"]) == 1
    trust.forget(text)


def test_trust_that_cannot_be_written_holds_until_the_end_of_the_program(folder: Path) -> None:
    text = SOURCE + "# unwritten\n"
    folder.write_text("a file where the folder should be")
    with pytest.raises(SaveError, match="could not be made"):
        trust.trust(text)
    assert trust.is_trusted(text)
    trust.forget(text)
    assert not trust.is_trusted(text)


def test_a_text_that_is_no_unicode_can_be_asked_about() -> None:
    assert not trust.is_trusted("x = '\ud800'")


@pytest.mark.parametrize("each", templates(), ids=lambda each: each.id)
def test_what_comes_with_layerwright_needs_no_trust(each: object) -> None:
    assert not each.load().code  # type: ignore[attr-defined]
