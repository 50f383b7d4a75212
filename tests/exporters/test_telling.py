"""What an export says while it works and afterwards: progress in a terminal, notes to the user."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.cli.main import main
from core.cli.progress import shown_progress
from core.exporters import ExportRequest, exporters
from core.graph.files import load_project, save_project
from core.progress import report
from core.training.runs import Run
from tests.training.building import spirals, trained, with_training


@pytest.fixture
def lost(tmp_path: Path) -> Run:
    """A run whose data cannot be read any more."""
    trained(with_training(spirals(), epochs=1), tmp_path / "run")
    path = tmp_path / "run" / "project.layerwright"
    project = load_project(path)
    gone = replace(project.data, source="csv", options={"path": str(tmp_path / "gone.csv")})
    save_project(replace(project, data=gone), path)
    return Run.open(tmp_path / "run")


@pytest.mark.parametrize("kind", ["bundle", "pt2"])
def test_an_export_says_where_its_comparison_was_on_made_up_rows(kind: str, lost: Run, tmp_path: Path) -> None:
    made = exporters[kind].export(ExportRequest.of_run(lost, tmp_path / f"net{exporters[kind].suffix}"))
    assert made.path.is_file()
    (note,) = made.notes
    assert "made up" in note


def test_weights_alone_are_compared_without_rows_and_have_nothing_to_say(lost: Run, tmp_path: Path) -> None:
    assert exporters["safetensors"].export(ExportRequest.of_run(lost, tmp_path / "net.safetensors")).notes == ()


def test_the_command_line_prints_notes_beside_the_result(
    lost: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(lost.path), "--to", "pt2", "-o", str(tmp_path / "net.pt2"), "--json"]) == 0
    printed = capsys.readouterr()
    (answer,) = map(json.loads, printed.out.splitlines())
    assert "made up" in answer["notes"][0]
    assert "made up" in printed.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_shows_what_is_done_and_wipes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with open(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:  # noqa: PTH123
        patch.setattr(sys, "stderr", terminal)
        with shown_progress():
            report(0, 0, "Building the network")
            report(1, 4, "Comparing")
        print("end", file=terminal, flush=True)
        shown = ""
        while "end" not in shown:  # a terminal hands over what was written piece by piece
            shown += os.read(ours, 65536).decode()
    os.close(ours)
    pieces = shown.split("\r")
    assert pieces[0] == "Building the network …"
    assert pieces[1].strip() == "Comparing … 25 %"
    assert pieces[2].strip() == ""


def test_a_pipe_sees_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress():
        report(1, 4, "Comparing")
    assert capsys.readouterr().err == ""
