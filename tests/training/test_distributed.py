"""Several processes train one run: the curves, the files and the endings are those of one process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.cli.processes import HELD
from core.errors import TrainingError
from core.graph.files import save_project
from core.training.batches import Batch, Samples
from core.training.checkpoints import read_weights
from core.training.distributed import Shared, Team, joined, processes_around, share_of
from core.training.events import Failed, Message
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from tests.training.building import StopsAfter, moons, trained
from tests.training.together import STOPPED_AT, exact, exploding, stopping

ROOT = Path(__file__).parents[2]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two real processes, started by torchrun, left behind."""
    folder = tmp_path_factory.mktemp("together")
    train(Job(stopping(), folder / "stopped-1", threads=1), lambda _event: None, StopsAfter(STOPPED_AT))
    command = [*TORCHRUN, "-m", "tests.training.together", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert result.returncode != 0, result.stderr  # the last of what they do is to die
    assert (folder / "died.0.json").is_file(), result.stderr
    return folder


def _curves(run: Path) -> list[dict[str, float]]:
    return [{**{f"t {k}": v for k, v in e.training.items()}, **e.validation} for e in Run.open(run).epochs()]


def _assert_same(one: Path, other: Path, tolerance: float = 1e-5) -> None:
    first, second = _curves(one), _curves(other)
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert a == pytest.approx(b, rel=tolerance, abs=tolerance)
    for which in ("last", "best"):
        weights, others = (read_weights(Run.open(run).weights(which))[0] for run in (one, other))  # type: ignore[arg-type]
        for name, weight in weights.items():
            torch.testing.assert_close(weight, others[name], rtol=1e-3, atol=1e-4)  # LBFGS enlarges rounding


@pytest.mark.slow
class TestTwoProcesses:
    @pytest.mark.parametrize("name", list(exact()))
    def test_the_curves_are_those_of_one(self, together: Path, tmp_path: Path, name: str) -> None:
        summary, _ = trained(exact()[name], tmp_path / "run")
        _assert_same(together / name, tmp_path / "run")
        theirs = Run.open(together / name).summary()
        assert (theirs.status, theirs.epochs, theirs.steps, theirs.best_epoch) == (
            summary.status,
            summary.epochs,
            summary.steps,
            summary.best_epoch,
        )

    def test_each_reads_its_own_rows_alone(self, together: Path) -> None:
        rows = [json.loads((together / f"rows.{rank}.json").read_text()) for rank in (0, 1)]
        before = 328  # to know the targets, both look at them
        assert sum(rows) == 2 * before + 2 * (320 + 80)
        assert max(rows) - min(rows) <= 2 * 8 + 2

    def test_only_the_first_tells_and_writes(self, together: Path) -> None:
        assert json.loads((together / "short-once.0.json").read_text()) > 3
        assert json.loads((together / "short-once.1.json").read_text()) == 0
        started = [each for each in Run.open(together / "short").events() if type(each).__name__ == "RunStarted"]
        assert len(started) == 1
        assert Run.open(together / "short").settings["processes"] == 2

    def test_batch_statistics_are_the_mean_of_both_and_said_to_be_local(self, together: Path) -> None:
        for name in ("everything", "swa"):
            run = Run.open(together / name)
            assert run.summary().status == "completed"
            assert run.epochs()[-1].validation["loss"] < run.epochs()[0].training["loss"]
            texts = [each.text for each in run.events() if isinstance(each, Message)]
            assert any("Batch normalisation" in each for each in texts)

    def test_a_run_goes_on_with_another_number_of_processes_which_is_said(self, together: Path, tmp_path: Path) -> None:
        trained(stopping(), tmp_path / "whole")
        texts = [each.text for each in Run.open(together / "stopped-1").events() if isinstance(each, Message)]
        assert any(each.startswith("2 processes train together") for each in texts)
        assert Run.open(together / "stopped-2").summary().status == "stopped"
        stopped_at = Run.open(together / "stopped-2").summary().steps
        assert 0 < stopped_at < 48
        trained(stopping(), together / "stopped-2", resume=True)
        _assert_same(together / "stopped-2", tmp_path / "whole")
        _assert_same(together / "stopped-1", tmp_path / "whole")

    def test_values_that_are_not_finite_end_both_with_the_same_words_and_the_last_good_step(
        self, together: Path, tmp_path: Path
    ) -> None:
        first, second = (json.loads((together / f"not-finite.{rank}.json").read_text()) for rank in (0, 1))
        assert first == second
        assert "finite" in first or "NaN" in first or "infinit" in first
        with pytest.raises(TrainingError) as alone:
            trained(exploding(), tmp_path / "alone")
        assert first == f"TrainingError: {alone.value}"
        both, one = Run.open(together / "not-finite"), Run.open(tmp_path / "alone")
        assert (both.summary().status, both.summary().steps) == ("failed", one.summary().steps)
        assert one.summary().steps > 1
        states = [torch.load(each.path / "checkpoints" / "last.state.pt", weights_only=True) for each in (both, one)]
        assert [each["step"] for each in states] == [one.summary().steps] * 2
        for name, weight in states[0]["model"].items():
            torch.testing.assert_close(weight, states[1]["model"][name], rtol=1e-4, atol=1e-4)

    def test_a_killed_process_ends_the_other_and_the_run_can_go_on(self, together: Path) -> None:
        message = json.loads((together / "died.0.json").read_text())
        assert "Another process of this training has ended" in message
        run = Run.open(together / "died")
        assert run.summary().status == "failed"
        failed = [each for each in run.events() if isinstance(each, Failed)]
        assert [each.cause for each in failed] == ["died"]
        done = run.summary().steps
        summary, _ = trained(moons(), run.path, resume=True, epochs=done // 40 + 2)
        assert summary.status == "completed"


@pytest.mark.slow
def test_the_command_line_starts_stops_and_goes_on(tmp_path: Path) -> None:
    save_project(moons(batch_size=8, epochs=2000), tmp_path / "moons.layerwright")
    run = tmp_path / "run"
    command = [sys.executable, "-c", "import sys; from core.cli.main import main; sys.exit(main())"]
    command += ["train", str(tmp_path / "moons.layerwright"), "--run", str(run), "--processes", "2", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch-ended":
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=600)
    assert process.returncode == 130, err
    assert err.count("stopping") == 1
    assert f"--run {run} --resume --processes 2" in err
    summary = Run.open(run).summary()
    assert summary.status == "stopped"
    assert out.count('"summary"') == 1


@pytest.mark.long
@pytest.mark.parametrize("starter", ["layerwright", "torchrun"])
def test_where_the_one_that_started_them_is_killed_all_end_and_the_run_is_kept(starter: str, tmp_path: Path) -> None:
    save_project(moons(batch_size=8, epochs=100_000), tmp_path / "moons.layerwright")
    run = tmp_path / "run"
    script = tmp_path / "start.py"
    script.write_text("import sys; from core.cli.main import main; sys.exit(main())")
    begin = [*TORCHRUN, "--", str(script)] if starter == "torchrun" else [sys.executable, str(script)]
    train_it = ["train", str(tmp_path / "moons.layerwright"), f"--run={run}", "--json"]
    command = [*begin, *train_it, *([] if starter == "torchrun" else ["--processes", "2"])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch-ended":
                process.kill()
                break
        assert process.stdout.read()  # to its end: nobody has it any more
    assert Run.open(run).summary().status == "stopped"


@pytest.mark.skipif(os.name == "nt", reason="a request to terminate has another exit status there")
def test_a_process_is_asked_to_terminate_once_its_input_ends() -> None:
    code = "import time; from core.cli.processes import follow_launcher as follow; follow(); print(flush=True); "
    code += "time.sleep(1e6)"
    environment = {**os.environ, HELD: "1"}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"\n"
        assert process.poll() is None
        process.stdin.close()
        assert process.wait() == -signal.SIGTERM


@pytest.mark.parametrize(
    ("count", "size", "least"), [(10, 3, 1), (2, 3, 1), (1, 2, 1), (5, 2, 2), (3, 2, 2), (1031, 7, 2)]
)
def test_the_slices_are_the_whole_once(count: int, size: int, least: int) -> None:
    rows: list[int] = []
    lengths = []
    for rank in range(size):
        start, stop = share_of(count, rank, size, least)
        rows += range(start, stop)
        lengths.append(stop - start)
    assert rows == list(range(count))
    assert all(length == 0 or length >= min(least, count) for length in lengths)
    assert max(lengths) - min(length for length in lengths if length) <= 1


def test_an_empty_slice_is_a_batch_of_nothing_and_reads_one_row() -> None:
    samples = _Counting(7)
    cpu = torch.device("cpu")
    shared = Shared(samples, Team(2, 3, cpu))
    found = list(shared.batches([torch.arange(5), torch.arange(5, 7)]))
    assert [each.rows.tolist() for each in found] == [[3, 4], []]
    assert samples.read == [[3, 4], [5]]
    assert found[1].inputs[0].shape == (0, 2)
    assert shared.count == 7


class _Counting(Samples):
    def __init__(self, count: int) -> None:
        self._count = count
        self.read: list[list[int]] = []

    @property
    def count(self) -> int:
        return self._count

    def take(self, rows: Tensor, epoch: int | None = None) -> Batch:
        self.read.append(rows.tolist())
        return Batch([torch.zeros(len(rows), 2)], [torch.zeros(len(rows))], rows)


def test_one_process_is_no_team(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert processes_around() == 1
    with joined("cpu") as team:
        assert team is None
