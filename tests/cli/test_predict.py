"""``predict`` and ``evaluate --worst``: what a run's network says of files."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_iris

from core.training.results.trained import open_trained
from tests.cli.conftest import Drive, Trip, drive

_COLUMNS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")


@pytest.fixture(scope="session")
def flowers_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flowers of the template, trained."""
    folder = tmp_path_factory.mktemp("flowers")
    assert drive("new", "flowers", "-o", folder / "flowers.layerwright").status == 0
    trained = drive("train", folder / "flowers.layerwright", "--run", folder / "run", "--device", "cpu")
    assert trained.status == 0
    return folder / "run"


@pytest.fixture(scope="session")
def table() -> pl.DataFrame:
    """The flowers' measures, and a column that no input needs."""
    frame = pl.DataFrame(load_iris().data, schema=list(_COLUMNS))
    return frame.with_columns(note=pl.lit("x"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve digits as files, one that is none, and something else."""
    images = tmp_path / "images"
    (images / "more").mkdir(parents=True)
    for number, pixels in enumerate(load_digits().images[:12]):
        place = images if number < 6 else images / "more"
        Image.fromarray((pixels * 255 / 16).round().astype(np.uint8)).save(place / f"{number}.png")
    (images / "broken.png").write_bytes(b"not an image")
    (images / "readme.md").write_text("other")
    return images


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "jsonl", "xlsx"])
def test_tables_of_every_kind_are_predicted(
    cli: Drive, flowers_run: Path, table: pl.DataFrame, tmp_path: Path, suffix: str
) -> None:
    source = tmp_path / f"new.{suffix}"
    if suffix == "xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        for row in [table.columns, *table.rows()]:
            book.active.append(list(row))
        book.save(source)
    else:
        write = {
            "csv": table.write_csv,
            "tsv": lambda path: table.write_csv(path, separator="\t"),
            "parquet": table.write_parquet,
            "jsonl": table.write_ndjson,
        }
        write[suffix](source)
    outcome = cli("predict", flowers_run, source, "-o", "out.parquet", "--device", "cpu", "--json")
    assert outcome.status == 0, outcome.err
    assert outcome.objects == [{"path": "out.parquet", "rows": 150, "predicted": 150, "problems": {}}]
    found = pl.read_parquet("out.parquet")
    answer = open_trained(flowers_run).predict({name: table[name].to_numpy() for name in _COLUMNS}).answers["species"]
    assert found["species"].to_list() == answer.values.tolist()
    assert found.columns == ["row", "species", *(f"species/{name}" for name in answer.classes)]
    assert answer.probabilities is not None
    np.testing.assert_allclose(found.drop("row", "species").to_numpy(), answer.probabilities, atol=1e-6)
    assert np.mean(found["species"].to_numpy() == load_iris().target_names[load_iris().target]) > 0.8


def test_csv_goes_to_stdout_and_gaps_are_told(
    cli: Drive, flowers_run: Path, table: pl.DataFrame, tmp_path: Path
) -> None:
    table.head(3).write_csv(tmp_path / "new.csv")
    outcome = cli("predict", flowers_run, "new.csv", "--device", "cpu")
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert [each["row"] for each in rows] == ["1", "2", "3"]
    assert sum(float(rows[0][name]) for name in rows[0] if "/" in name) == pytest.approx(1)
    lines = cli("predict", flowers_run, "new.csv", "--device", "cpu", "--json").objects
    assert [each["species"] for each in lines] == [each["species"] for each in rows]


def test_a_folder_of_images_is_predicted_and_what_is_none_is_said(
    cli: Drive, trip: Trip, folder: Path, tmp_path: Path
) -> None:
    outcome = cli("predict", trip.run, folder, "-o", "out.csv", "--device", "cpu")
    assert (outcome.status, outcome.out) == (0, "out.csv\n")
    found = pl.read_csv("out.csv", schema_overrides={"digit": pl.String})
    assert len(found) == 13
    assert found["file"].to_list()[-1] == "more/11.png"
    broken = found.filter(pl.col("file") == "broken.png")
    assert broken["digit"].to_list() == [None]
    assert "broken.png" in broken["problem"].item()
    assert "1 row of 13 have no prediction" in outcome.err
    whole = found.filter(pl.col("problem").is_null())
    right = [str(load_digits().target[int(Path(each).stem)]) for each in whole["file"]]
    assert np.mean(np.array(right) == whole["digit"].to_numpy()) > 0.7


def test_single_images_and_arrays_are_predicted(cli: Drive, trip: Trip, folder: Path, tmp_path: Path) -> None:
    (one,) = cli("predict", trip.run, folder / "3.png", "--device", "cpu", "--json").objects
    assert one["file"] == "3.png"
    images = load_digits().images[:5].astype(np.float32) / 16
    np.save(tmp_path / "five.npy", images[:, None])
    lines = cli("predict", trip.run, "five.npy", "--device", "cpu", "--json").objects
    assert [each["row"] for each in lines] == [1, 2, 3, 4, 5]
    assert lines[3]["digit"] == one["digit"]
    assert cli("predict", trip.run, "five.npy", "-o", "out.npz", "--device", "cpu").status == 0
    with np.load("out.npz") as stored:
        assert stored["digit"].tolist() == [each["digit"] for each in lines]
        assert stored["digit/probabilities"].shape == (5, 10)


def test_what_cannot_be_predicted_is_refused(cli: Drive, flowers_run: Path, trip: Trip, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("sepal length (cm),b\n1,2\n")
    refused = cli("predict", flowers_run, "few.csv", "--device", "cpu")
    assert refused.status == 1
    assert "The column 'petal width (cm)' is missing." in refused.err
    assert cli("predict", flowers_run, "gone.csv").status == 1
    assert "does not exist" in cli("predict", flowers_run, "gone.csv").err
    wrong = cli("predict", flowers_run, "few.csv", "-o", "out.docx")
    assert wrong.status == 2
    assert ".csv, .tsv, .parquet" in wrong.err
    (tmp_path / "strange.bin").write_bytes(b"\0\1")
    assert "takes 'image' (image)" in cli("predict", trip.run, "strange.bin").err
    (tmp_path / "bad.png").write_bytes(b"no")
    nothing = cli("predict", trip.run, "bad.png", "-o", "out.csv")
    assert nothing.status == 1
    assert "bad.png" in nothing.err


def test_evaluate_names_the_worst(cli: Drive, trip: Trip) -> None:
    (answer,) = cli("evaluate", trip.run, "--device", "cpu", "--worst", 4, "--json").objects
    worst = answer["worst"]["digit"]
    losses = [each["loss"] for each in worst]
    assert losses == sorted(losses, reverse=True)
    assert len(worst) == 4
    truth = load_digits().target
    assert [each["truth"] for each in worst] == [str(truth[each["row"] - 1]) for each in worst]
    assert answer["values"].keys() >= {"loss", "digit/accuracy"}
    text = cli("evaluate", trip.run, "--device", "cpu", "--worst", 2).out.splitlines()
    assert text[-5] == "worst of digit:"
    assert text[-2].split()[0] == str(worst[0]["row"])
    assert cli("evaluate", trip.run, "--worst", 0).status == 2
