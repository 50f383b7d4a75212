"""Raw rows in, answers in the target's terms out; every row is accounted for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.errors import Cancelled, DataError, TrainingError
from core.graph.project import Node, Project, Window
from core.progress import watching
from core.training.results.examining import examine
from core.training.results.trained import Trained, open_measured, open_trained, trained_of
from core.training.runs import Run
from tests.data.made import made, sample
from tests.training.building import PENGUINS, chain, inputs, linear, output, settings_with, trained
from tests.training.results.nets import penguins, triplets


def _raw(run: Run) -> dict[str, Any]:
    binding = run.project().data
    return {name: column.values for name, column in read(binding.source, binding.options).columns.items()}


def test_classes_come_with_softmax_probabilities(digits_run: Run, digits_net: Trained) -> None:
    found = digits_net.predict(_raw(digits_run))
    answer = found.answers["out"]
    assert (found.count, len(found.rows), found.problems, answer.kind) == (1797, 1797, {}, "class")
    assert answer.probabilities is not None
    np.testing.assert_allclose(answer.probabilities.sum(1), 1, atol=1e-12)
    assert [answer.classes[each] for each in answer.probabilities.argmax(1)] == answer.values.tolist()
    part = load(digits_run.project()).validation
    with torch.inference_mode():
        scores = digits_net.network.module(part.inputs["x"])
    np.testing.assert_allclose(answer.probabilities[part.rows], scores.softmax(1).numpy(), atol=1e-6)
    assert np.mean(answer.values == _raw(digits_run)["digit"]) > 0.9


def test_a_yes_or_no_of_one_score_has_both_probabilities(moons_run: Run) -> None:
    net = open_trained(moons_run)
    answer = net.predict({"x": [0.0, 1.0], "y": [1.0, -0.5]}).answers["out"]
    assert answer.values.tolist() == ["upper", "lower"]
    assert answer.probabilities is not None
    assert answer.probabilities.shape == (2, 2)
    assert answer.probabilities[0, 0] > 0.5 > answer.probabilities[1, 0]


def test_numbers_are_in_their_units(diabetes_run: Run) -> None:
    session = open_measured(diabetes_run)
    answer = open_trained(diabetes_run).predict(_raw(diabetes_run)).answers["out"]
    truth = np.asarray(_raw(diabetes_run)[session.network.objectives[0].target.name], dtype=float)
    mae = np.abs(answer.values - truth)[session.prepared.validation.rows].mean()
    meter = session.meter()
    assert session.validation is not None
    session.network.measure(session.validation, meter, 32)
    assert mae == pytest.approx(meter.values()["out/mae"], rel=1e-5)
    assert trained_of(session).predict(_raw(diabetes_run)).answers["out"].values == pytest.approx(answer.values)


def test_images_may_be_arrays_or_files_of_any_kind(digits_net: Trained, digits_run: Run, tmp_path: Path) -> None:
    grey = (np.clip(_raw(digits_run)["image"][3, 0], 0, 1) * 255).round().astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(np.stack([grey] * 3, -1)).save(tmp_path / "colour.png")
    np.save(tmp_path / "array.npy", grey)
    (tmp_path / "no.png").write_bytes(b"nothing")
    given = [grey, grey[None], tmp_path / "grey.png", str(tmp_path / "colour.png"), tmp_path / "array.npy", grey / 255]
    found = digits_net.predict(
        {"image": [*given, tmp_path / "no.png", tmp_path / "gone.png", None, "x" * 3, np.zeros(4)]}
    )
    assert found.rows.tolist() == [0, 1, 2, 3, 4, 5]
    shares = found.answers["out"].probabilities
    assert shares is not None
    np.testing.assert_allclose(shares, np.repeat(shares[:1], 6, 0), atol=1e-5)
    assert set(found.problems) == {6, 7, 8, 9, 10}
    assert "no.png" in found.problems[6]
    assert "gone.png" in found.problems[7]
    assert found.problems[8] == "'image' is missing: there is no image in this row."
    assert "shape (4,)" in found.problems[10]


def test_gaps_and_unknown_words_are_as_they_were_fitted(tmp_path: Path) -> None:
    binding = bind("csv", {"path": str(PENGUINS)})
    names = [each.name for each in binding.fields if each.meaning in ("number", "category") and each.role == "input"]
    target = binding.with_role("target")[0].name
    dropped = names[0]
    fields = tuple(replace(each, missing="drop row") if each.name == dropped else each for each in binding.fields)
    graph = chain(inputs(*names), linear("head", len(binding.with_role("target")[0].categories)), output(target))
    trained(
        Project(data=replace(binding, fields=fields), graph=graph, training=settings_with(epochs=1)), tmp_path / "r"
    )
    net = open_trained(tmp_path / "r")
    words = [each.name for each in binding.fields if each.name in names and each.meaning == "category"]
    numbers = [each for each in names if each not in words]
    columns: dict[str, list[Any]] = {name: [40.0, None, "x"] for name in numbers}
    columns |= {name: ["Nowhere", None, None] for name in words}
    columns[dropped] = [None, *columns[dropped][1:]] if dropped in words else [40.0, None, 41.0]
    found = net.predict(columns)
    assert 0 in found.rows or dropped in words
    assert f"'{dropped}' is missing" in found.problems[1]
    assert len(found.rows) + len(found.problems) == found.count == 3
    assert any("not among its categories" in each for each in found.notes) or not words


def test_a_row_whose_answer_is_no_number_is_told_and_takes_no_other_along(moons_run: Run) -> None:
    net = open_trained(moons_run)
    found = net.predict({"x": [0.1, 1e300, 0.5], "y": [0.2, 1e300, 0.1]})
    assert found.rows.tolist() == [0, 2]
    assert "NaN" in found.problems[1]
    assert len(net.predict({"x": [1e300], "y": [1e300]}).rows) == 0


def test_what_is_missing_or_uneven_is_said(digits_net: Trained, moons_run: Run) -> None:
    with pytest.raises(DataError, match="do not have what the inputs need") as caught:
        digits_net.predict({"imag": [1]})
    assert "Did you mean 'imag'?" in caught.value.problems[0]
    with pytest.raises(DataError) as caught:
        open_trained(moons_run).predict({"x": [1.0], "y": [1.0, 2.0]})
    assert "different lengths: 1, 2" in caught.value.problems[0]
    empty = digits_net.predict({"image": []})
    assert (empty.count, len(empty.rows), empty.answers) == (0, 0, {})


def test_it_tells_how_far_it_is_and_can_be_cancelled(digits_net: Trained, digits_run: Run) -> None:
    raw = _raw(digits_run)
    seen: list[int] = []
    with watching(lambda done, total, what: not seen.append(done) and total == 1797):  # type: ignore[func-returns-value]
        digits_net.predict(raw)
    assert seen[0] == 0
    assert seen[-1] == 1797
    assert len(seen) > 3
    with watching(lambda done, total, what: done < 500), pytest.raises(Cancelled):
        digits_net.predict(raw)


def test_the_last_weights_and_a_wrong_folder(digits_run: Run, tmp_path: Path) -> None:
    last, best = (open_trained(digits_run.path, which) for which in ("last", "best"))
    assert last.preprocessing == best.preprocessing or last.preprocessing.to_json() == best.preprocessing.to_json()
    with pytest.raises(TrainingError, match="There is no run folder"):
        open_trained(tmp_path / "nothing")
    with pytest.raises(TrainingError, match="no output 'x'"):
        best.reader("x")


def test_windows_say_which_rows_have_no_past(tmp_path: Path) -> None:
    lines = "\n".join(f"{step},{np.sin(step / 3):.4f}" for step in range(120))
    (tmp_path / "wave.csv").write_text(f"step,wave\n{lines}\n")
    binding = bind("csv", {"path": str(tmp_path / "wave.csv")})
    fields = tuple(
        replace(each, role="time" if each.name == "step" else "input", meaning="number", encoding="none")
        for each in binding.fields
    )
    binding = replace(binding, fields=fields, window=Window(5, 1, 1), split=replace(binding.split, method="time"))
    graph = chain(inputs("wave"), Node("flat", "Flatten"), linear("head", 1), output("wave"))
    trained(Project(data=binding, graph=graph, training=settings_with(epochs=1)), tmp_path / "run")
    found = open_trained(tmp_path / "run").predict({"wave": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, None, 0.7]})
    assert {0, 1, 2, 3} <= set(found.problems)
    assert "No whole window of 5 rows" in found.problems[0]
    assert {4, 5} <= set(found.rows.tolist())


def test_labels_of_sounds_in_arrays_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binding = made(monkeypatch, {"sound": sample("audio", 30, 0), "tags": sample("labels", 30, 0)})
    fields = tuple(
        replace(
            each,
            role="target" if each.name == "tags" else "input",
            encoding="waveform" if each.name == "sound" else each.encoding,
            options={**each.options, "rate": 8000, "seconds": 0.0125} if each.name == "sound" else each.options,
        )
        for each in binding.fields
    )
    count = len(next(each for each in fields if each.name == "tags").categories)
    graph = chain(inputs("sound"), Node("flat", "Flatten"), linear("head", count), output("tags"))
    project = Project(data=replace(binding, fields=fields), graph=graph, training=settings_with(epochs=1))
    trained(project, tmp_path / "run")
    import soundfile

    wave = np.sin(np.arange(200) / 5).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", wave[::2], 8000)
    net = open_trained(tmp_path / "run")
    found = net.predict({"sound": [wave[::2], wave[None, ::2], tmp_path / "a.wav", tmp_path / "b.wav"]})
    answer = found.answers["out"]
    assert (answer.kind, found.rows.tolist()) == ("labels", [0, 1, 2])
    assert "b.wav" in found.problems[3]
    assert answer.probabilities is not None
    held = answer.probabilities > 0.5
    assert [set(each) for each in answer.values] == [{answer.classes[i] for i in np.flatnonzero(row)} for row in held]
    np.testing.assert_allclose(answer.probabilities[2], answer.probabilities[0], atol=1e-2)


def test_what_compares_no_target_gives_what_the_network_gives(tmp_path: Path) -> None:
    project = triplets()
    trained(project, tmp_path / "run")
    run = Run.open(tmp_path / "run")
    images = {name: values[:5] for name, values in _raw(run).items() if name != "digit"}
    answer = open_trained(run).predict(images).answers["out"]
    assert (answer.kind, answer.values.shape, answer.probabilities) == ("values", (5, 3, 8), None)
    found = examine(open_measured(run)).outputs["out"]
    assert len(found.losses) == len(open_measured(run).prepared.validation)
    assert (found.worst[0].truth, found.confusion, found.points) == (None, None, None)


def test_what_enters_is_what_comes_out_of_an_autoencoder_in_its_units(tmp_path: Path) -> None:
    graph = chain(inputs("image"), Node("conv", "Conv2d", {"out_channels": 1, "kernel_size": 1}), output("input:x"))
    binding = bind("digits", {})
    fields = tuple(replace(each, encoding="min-max") if each.name == "image" else each for each in binding.fields)
    project = Project(data=replace(binding, fields=fields), graph=graph, training=settings_with(epochs=1))
    trained(project, tmp_path / "run")
    run = Run.open(tmp_path / "run")
    net, images = open_trained(run), _raw(run)["image"][:4]
    answer = net.predict({"image": images}).answers["out"]
    assert (answer.kind, answer.values.shape) == ("number", (4, 1, 8, 8))
    field = net.preprocessing.fields["image"]
    with torch.inference_mode():
        raw = net.network.module(torch.from_numpy(field.encode(images)))
    np.testing.assert_allclose(answer.values, field.decode(raw.numpy()), atol=1e-6)


def test_several_outputs_answer_at_once(tmp_path: Path) -> None:
    trained(penguins(), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    found = open_trained(run).predict(_raw(run))
    assert {name: answer.kind for name, answer in found.answers.items()} == {"class_": "class", "number": "number"}
    examined = examine(open_measured(run)).outputs
    assert examined["class_"].confusion is not None
    assert examined["number"].points is not None
