"""Samples as they come out of the pipeline: the same numbers as training gets, decoded, and only those asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.augmenting import make_augmenter
from core.data.bind import bind
from core.data.dataset import load
from core.data.sample_arrangement import Only, pipeline
from core.data.sample_forms import Classes, Curve, Picture, Sound, Tokens
from core.data.samples import CHUNK, large, locate, overview, part_facts, samples
from core.data.source import Column
from core.errors import Cancelled, DataError
from core.graph.project import DataBinding, Project, Split, Window
from core.progress import watching
from tests.data.building import PENGUINS, bound, with_field
from tests.data.made import Shelf, made, objects, sample

ALL = 10_000
MEANINGS = ("number", "category", "flag", "labels", "date", "text", "sequence", "array", "image", "mask", "audio")


@pytest.fixture
def penguins() -> Project:
    return bound(bind("csv", {"path": str(PENGUINS)}))


def written(numbers: torch.Tensor) -> str:
    return "  ".join(f"{each:.4g}".removesuffix(".0") for each in numbers.tolist())


# --- numbers and words ------------------------------------------------------------------------------------------------


def test_the_numbers_are_those_that_training_gets(penguins: Project) -> None:
    prepared = load(penguins)
    page = samples(penguins, None, "validation", 0, ALL)
    assert [row.row for row in page.rows] == prepared.validation.rows.tolist()
    names = prepared.preprocessing.inputs["input1"]
    name = "bill_length_mm"
    assert name in names
    width = 0
    for each in names[: names.index(name)]:
        field = prepared.preprocessing.fields[each]
        width += field.encode(np.array([np.nan]) if field.field.meaning == "number" else objects([None])).shape[1]
    column = prepared.validation.inputs["input1"][:, width]
    assert [row.cells[name].prepared for row in page.rows] == [written(each[None]) for each in column]
    answers = prepared.validation.targets["output1"].tolist()
    assert [row.cells["species"].prepared for row in page.rows] == [str(each) for each in answers]


def test_a_number_is_shown_as_read_as_prepared_and_in_its_units_again(penguins: Project) -> None:
    for row in samples(penguins, None, "training", 0, 40).rows:
        cell = row.cells["body_mass_g"]
        if not cell.missing:
            assert float(cell.decoded) == pytest.approx(float(cell.raw), rel=1e-4)
            assert cell.prepared != cell.raw


def test_a_missing_cell_is_marked_and_says_what_it_was_filled_with(penguins: Project) -> None:
    rows = [row for row in samples(penguins, None, "all", 0, ALL).rows if row.cells["body_mass_g"].missing]
    assert rows
    cell = rows[0].cells["body_mass_g"]
    assert (cell.raw, cell.prepared) == ("", "0")
    mean = part_facts(penguins, None, "training")["body_mass_g"].mean
    assert mean is not None
    assert float(cell.decoded) == pytest.approx(mean, rel=1e-3)


def test_fields_that_the_network_does_not_use_are_shown_as_read(penguins: Project) -> None:
    binding = with_field(penguins.data, "island", role="ignore")
    project = bound(binding)
    shown = {each.field.name: each.use for each in overview(project, None).fields}
    assert (shown["island"], shown["species"], shown["year"]) == ("", "target", "input")
    cell = samples(project, None, "training", 0, 1).rows[0].cells["island"]
    assert cell.raw
    assert not cell.prepared


def test_what_the_inputs_take_decides_and_not_the_role(penguins: Project) -> None:
    project = bound(penguins.data, {"input1": ["year"]})
    assert pipeline(project).inputs == ("year",)
    assert pipeline(Project(data=penguins.data)).targets == ("species",)


# --- rows, parts and filters ------------------------------------------------------------------------------------------


def test_pages_follow_one_another_and_end_with_the_part(penguins: Project) -> None:
    whole = samples(penguins, None, "training", 0, ALL)
    assert whole.count == len(whole.rows) == overview(penguins, None).counts["training"]
    page = samples(penguins, None, "training", 5, 3)
    assert [row.row for row in page.rows] == [row.row for row in whole.rows[5:8]]
    assert [row.place for row in page.rows] == [5, 6, 7]
    assert samples(penguins, None, "training", whole.count, 10).rows == ()


def test_the_parts_together_with_what_is_left_out_are_all_rows(penguins: Project) -> None:
    project = replace(penguins, data=with_field(penguins.data, "sex", missing="drop row"))
    found = overview(project, None)
    left_out = [row for row in samples(project, None, "all", 0, ALL).rows if not row.part]
    assert left_out
    assert found.counts["training"] + found.counts["validation"] + len(left_out) == found.counts["all"]
    assert all(row.cells["sex"].missing for row in left_out)


def test_samples_of_one_class_can_be_chosen(penguins: Project) -> None:
    page = samples(penguins, None, "training", 0, ALL, only=Only("species", "Gentoo"))
    assert page.count == len(page.rows) > 0
    assert {row.cells["species"].raw for row in page.rows} == {"Gentoo"}
    assert samples(penguins, None, "training", 0, ALL, only=Only("species", "Emperor")).count == 0


def test_every_row_of_the_source_is_found_in_its_part(penguins: Project) -> None:
    for row in range(0, overview(penguins, None).rows, 7):
        part, place = locate(penguins, None, row)
        assert samples(penguins, None, part, place, 1).rows[0].row == row
    with pytest.raises(DataError, match="There is no row"):
        locate(penguins, None, 10**6)


def test_where_the_rows_cannot_be_divided_they_are_shown_as_read(penguins: Project) -> None:
    project = replace(penguins, data=replace(penguins.data, split=Split("group")))
    found = overview(project, None)
    assert "group" in found.problem
    assert list(found.counts) == ["all"]
    row = samples(project, None, "all", 0, 1).rows[0]
    assert row.cells["species"].raw
    assert not row.cells["species"].prepared


def test_facts_are_those_of_the_part(penguins: Project) -> None:
    parts = [part_facts(penguins, None, part) for part in ("training", "validation", "all")]
    counts = [sum(count for _word, count in facts["species"].counts) for facts in parts]
    assert counts[0] + counts[1] == counts[2] == overview(penguins, None).rows
    assert parts[0]["body_mass_g"].histogram is not None
    assert sum(facts["sex"].missing for facts in parts[:2]) == parts[2]["sex"].missing > 0


# --- every meaning ----------------------------------------------------------------------------------------------------


def binding_of(monkeypatch: pytest.MonkeyPatch, meaning: str, *, lazy: bool = False, rows: int = 40) -> Project:
    column = sample(meaning, rows, 0)
    if lazy:
        assert isinstance(column.values, np.ndarray)
        column = replace(column, values=Shelf(column.values), sample=column.shape)
    columns = {"given": column, "answer": replace(sample("flag", rows, 0), role="target")}
    return Project(data=made(monkeypatch, columns))


@pytest.mark.parametrize("meaning", MEANINGS)
def test_every_meaning_is_read_prepared_and_shown(monkeypatch: pytest.MonkeyPatch, meaning: str) -> None:
    forms = {"text": Tokens, "sequence": Curve, "array": Curve, "image": Picture, "mask": Classes, "audio": Sound}
    project = binding_of(monkeypatch, meaning)
    assert not overview(project, None).problem
    rows = samples(project, None, "training", 0, ALL).rows
    assert rows
    for row in rows:
        cell = row.cells["given"]
        assert not row.problems
        assert cell.prepared
        assert isinstance(cell.shown, forms.get(meaning, type(None)))
    found = large(project, None, "training", 3)
    assert found.row.row == rows[3].row
    assert (found.before["given"] is None) == (meaning not in forms or meaning == "text")


@pytest.mark.parametrize("meaning", ["image", "mask", "audio", "sequence"])
def test_of_what_is_read_row_by_row_only_the_page_is_read(monkeypatch: pytest.MonkeyPatch, meaning: str) -> None:
    project = binding_of(monkeypatch, meaning, lazy=True, rows=400)
    assert project.data.fields
    shelf = _shelf(project)
    assert overview(project, None).counts["all"] == 400
    before = shelf.taken
    samples(project, None, "training", 0, 8)
    learnt = shelf.taken - before - 8
    assert learnt <= 320, "what is learnt is learnt from training rows, once"
    before = shelf.taken
    samples(project, None, "training", 200, 8)
    assert shelf.taken - before == 8


def _shelf(project: Project) -> Shelf:
    from core.data.reading import read

    values = read(project.data.source, project.data.options).columns["given"].values
    assert isinstance(values, Shelf)
    return values


def test_images_have_the_size_that_the_network_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    project = binding_of(monkeypatch, "image")
    data = with_field(
        project.data, "given", options={"height": 10, "width": 12, "channels": "1"}, encoding="standardise"
    )
    cell = samples(replace(project, data=data), None, "training", 0, 1).rows[0].cells["given"]
    assert isinstance(cell.shown, Picture)
    assert (cell.shown.pixels.shape, cell.shown.pixels.dtype) == ((10, 12), np.uint8)
    assert cell.prepared.startswith("1 × 10 × 12: -")


def test_unscaled_pixels_come_back_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).integers(0, 256, (20, 3, 5, 6), dtype=np.uint8)
    columns = {"given": Column(values, "image"), "answer": replace(sample("flag", 20, 0), role="target")}
    data = made(monkeypatch, columns)
    for encoding in ("none", "standardise", "min-max", "imagenet"):
        project = Project(data=with_field(data, "given", encoding=encoding))
        for row in samples(project, None, "training", 0, ALL).rows:
            shown = row.cells["given"].shown
            assert isinstance(shown, Picture)
            assert np.array_equal(shown.pixels, np.moveaxis(values[row.row], 0, -1))


@pytest.mark.parametrize("encoding", ["word", "character", "byte", "bpe"])
def test_tokens_have_the_indices_that_the_network_gets(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    project = binding_of(monkeypatch, "text")
    project = bound(with_field(project.data, "given", encoding=encoding), {"input1": ["given"]})
    tensors = load(project).training.inputs["input1"].tolist()
    for row, indices in zip(samples(project, None, "training", 0, ALL).rows, tensors, strict=True):
        shown = row.cells["given"].shown
        assert isinstance(shown, Tokens)
        assert [token.index for token in shown.tokens] == [index for index in indices if index]
        between = " " if encoding == "word" else ""
        assert between.join(token.text for token in shown.tokens) == row.cells["given"].raw


def test_a_word_that_is_not_in_the_vocabulary_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    project = binding_of(monkeypatch, "text")
    project = replace(project, data=with_field(project.data, "given", options={"vocabulary": 4, "marks": False}))
    rows = samples(project, None, "training", 0, ALL).rows
    shown = [token for row in rows if isinstance(found := row.cells["given"].shown, Tokens) for token in found.tokens]
    assert {token.unknown for token in shown} == {True, False}
    assert {token.index for token in shown if token.unknown} == {1}


def test_a_mel_spectrogram_comes_with_its_waveform(monkeypatch: pytest.MonkeyPatch) -> None:
    project = binding_of(monkeypatch, "audio")
    data = with_field(project.data, "given", encoding="mel spectrogram", options={"rate": 8000, "mels": 20, "hop": 16})
    shown = samples(replace(project, data=data), None, "training", 0, 1).rows[0].cells["given"].shown
    assert isinstance(shown, Sound)
    assert shown.spectrogram.shape[0] == 20
    assert len(shown.wave) > 0
    assert shown.rate == 8000


def test_the_loudest_pitch_of_a_tone_is_the_one_that_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    time = np.arange(8000) / 8000
    tones = [np.sin(2 * np.pi * pitch * time)[None].astype(np.float32) for pitch in (300, 3000)] * 10
    column = Column(objects(tones), "audio", sample=(1, 0), rate=8000)
    data = made(monkeypatch, {"given": column, "answer": replace(sample("flag", 20, 0), role="target")})
    low, high = (samples(Project(data=data), None, "all", place, 1).rows[0].cells["given"].shown for place in (0, 1))
    assert isinstance(low, Sound)
    assert isinstance(high, Sound)
    loudest = [int(each.spectrogram.sum(axis=1).argmax()) for each in (low, high)]
    assert loudest[1] < loudest[0], "the highest pitch is the first row"
    assert low.seconds == 1


# --- windows, augmentation, troubles ----------------------------------------------------------------------------------


def test_with_windows_a_sample_shows_the_rows_before(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(60, dtype=np.float64)
    columns = {"x": Column(values, "number"), "y": Column(values * 2, "number", role="target")}
    data = replace(made(monkeypatch, columns), window=Window(5, 2), split=Split("time", 0.2))
    project = bound(data)
    page = samples(project, None, "training", 0, ALL)
    assert [row.row for row in page.rows] == load(project).training.rows.tolist()
    for row in page.rows:
        shown = row.cells["x"].shown
        assert isinstance(shown, Curve)
        assert shown.points[:, 0] == pytest.approx(np.arange(row.row - 6, row.row - 1), abs=1e-5)
        assert row.cells["x"].decoded == f"{row.row - 6} … {row.row - 2}"
        assert float(row.cells["y"].raw) == 2 * row.row


def augmented(data: DataBinding) -> Project:
    name = next(field.name for field in data.with_role("input"))
    return bound(with_field(data, name, augment={"flip": {}, "rotate": {}}))


def test_augmented_samples_are_those_that_training_sees_in_that_epoch() -> None:
    project = augmented(bind("digits", {}))
    prepared = load(project)
    rows = torch.arange(CHUNK, 3 * CHUNK)
    tensors = [prepared.training.inputs["input1"][rows]]
    page = samples(project, None, "training", CHUNK, 2 * CHUNK, epoch=3)
    wanted = make_augmenter(project, prepared.preprocessing, ["input1"])(tensors, [], rows, 3).inputs[0]
    for row, pixels in zip(page.rows, wanted.numpy(), strict=True):
        shown = row.cells["image"].shown
        assert isinstance(shown, Picture)
        assert np.array_equal(shown.pixels, np.clip(np.rint(pixels[0] * 255), 0, 255))
    again = samples(project, None, "training", CHUNK + 2, 1, epoch=3).rows[0].cells["image"].shown
    assert isinstance(again, Picture)
    assert np.array_equal(again.pixels, np.clip(np.rint(wanted[2, 0].numpy() * 255), 0, 255))


def pixels_of(project: Project, part: str, epoch: int | None) -> list[np.ndarray]:
    assert part in ("training", "validation")
    rows = samples(project, None, "training" if part == "training" else "validation", 0, 8, epoch=epoch).rows
    return [shown.pixels for row in rows if isinstance(shown := row.cells["image"].shown, Picture)]


def test_each_epoch_draws_anew_and_validation_never_is_augmented() -> None:
    project = augmented(bind("digits", {}))
    plain, first, second = (pixels_of(project, "training", epoch) for epoch in (None, 0, 1))
    assert not np.array_equal(plain, first)
    assert not np.array_equal(first, second)
    assert np.array_equal(pixels_of(project, "validation", None), pixels_of(project, "validation", 0))


def test_a_mask_moves_with_its_image() -> None:
    data = bind("shapes", {})
    project = Project(data=with_field(data, "image", augment={"flip": {"probability": 1.0}}))
    before, after = (samples(project, None, "training", 0, 4, epoch=epoch).rows for epoch in (None, 0))
    for old, new in zip(before, after, strict=True):
        was, became = old.cells["mask"].shown, new.cells["mask"].shown
        assert isinstance(was, Classes)
        assert isinstance(became, Classes)
        assert np.array_equal(was.indices[:, ::-1], became.indices)


def test_a_blended_sample_says_with_which_row() -> None:
    data = bind("digits", {})
    project = Project(data=with_field(data, "image", augment={"mixup": {"alpha": 1.0}}))
    rows = samples(project, None, "training", 0, CHUNK, epoch=0).rows
    known = {row.row + 1 for row in rows}
    told = [row.mixed for row in rows if row.mixed]
    assert told
    assert all(int(each.rsplit(" ", 1)[1].replace(",", "")) in known for each in told)
    assert large(project, None, "training", 3, epoch=0).row.mixed == rows[3].mixed


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for word in ("cat", "dog"):
        (tmp_path / word).mkdir()
        for number in range(10):
            size = (int(random.integers(20, 60)), int(random.integers(20, 60)), 3)
            Image.fromarray(random.integers(0, 256, size, dtype=np.uint8)).save(tmp_path / word / f"{number}.png")
    return tmp_path


def test_an_image_that_cannot_be_read_is_named_and_the_others_are_shown(pictures: Path) -> None:
    broken = pictures / "cat" / "3.png"
    data = broken.read_bytes()
    broken.write_bytes(data[:60] + bytes(len(data) - 80) + data[-20:])  # its end is that of a whole file
    project = Project(data=bind("images", {"path": str(pictures)}))
    rows = samples(project, None, "all", 0, ALL).rows
    bad = [row for row in rows if row.problems]
    assert len(bad) == 1
    assert bad[0].problems[0].startswith(f"Row {bad[0].row + 1}: ")
    assert "3.png" in bad[0].problems[0]
    shapes = {shown.pixels.shape for row in rows if isinstance(shown := row.cells["image"].shown, Picture)}
    assert len(shapes) == 1, "images of all sizes have one once they are prepared"
    part, place = locate(project, None, bad[0].row)
    assert samples(project, None, part, place, 1, epoch=0).rows[0].problems


def test_reading_can_be_cancelled(penguins: Project) -> None:
    overview(penguins, None)
    with watching(lambda _done, _total, _what: False), pytest.raises(Cancelled):
        samples(penguins, None, "training", 0, ALL)


def test_data_that_is_gone_is_told() -> None:
    project = Project(data=DataBinding("csv", {"path": "/nowhere/table.csv"}))
    with pytest.raises(DataError, match=r"table\.csv"):
        overview(project, None)


def test_with_the_next_token_as_target_the_rows_are_those_of_training(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [None if row % 5 == 2 else f"a b c {row % 3}" for row in range(40)]
    data = made(monkeypatch, {"line": Column(objects(texts), "text")})
    project = bound(with_field(data, "line", missing="empty"), {"input1": ["line"]}, {"output1": "next:line"})
    rows = [row.row for row in samples(project, None, "training", 0, ALL).rows]
    assert rows == load(project).training.rows.tolist()
    assert all(texts[row] is not None for row in rows)


def test_no_role_is_told_and_everything_is_shown_as_read(penguins: Project) -> None:
    ignored = tuple(replace(field, role="ignore") for field in penguins.data.fields)
    project = Project(data=replace(penguins.data, fields=ignored))
    assert "roles" in overview(project, None).problem
    assert samples(project, None, "all", 0, 2).rows[0].cells["species"].raw
