"""Augmentation: chance that depends on seed, epoch and sample alone; what it does to images, masks, sounds, tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.data.augment import augmentations
from core.data.augment._draws import Draws
from core.data.augmenting import Augmenter, augment_problems, make_augmenter
from core.data.dataset import Prepared, load
from core.graph.files import load_project
from core.graph.project import Field, Project
from core.kinds import Value

DIGITS = Path(__file__).parents[2] / "resources" / "templates" / "digits.layerwright"
ROWS = torch.tensor([3, 0, 250, 9, 77, 1200])


def _defaults(name: str, **options: Value) -> dict[str, Value]:
    return {each.name: each.default for each in augmentations[name].options} | options


def _digits(**augment: dict[str, Value]) -> tuple[Project, Prepared, Augmenter]:
    project = load_project(DIGITS)
    image = next(each for each in project.data.fields if each.meaning == "image")
    fields = tuple(replace(each, augment=augment) if each is image else each for each in project.data.fields)
    project = replace(project, data=replace(project.data, fields=fields))
    prepared = load(project)
    return project, prepared, make_augmenter(project, prepared.preprocessing, list(prepared.training.inputs))


def _images(prepared: Prepared, rows: Tensor = ROWS) -> list[Tensor]:
    return [next(iter(prepared.training.inputs.values()))[rows]]


class TestChance:
    def test_is_the_same_for_a_sample_in_any_batch(self) -> None:
        whole = Draws(5, 2, torch.arange(100)).uniform("x", 7)
        assert torch.equal(Draws(5, 2, torch.tensor([40, 3])).uniform("x", 7), whole[[40, 3]])

    @pytest.mark.parametrize("other", [Draws(6, 2, ROWS), Draws(5, 3, ROWS), Draws(5, 2, ROWS + 1)])
    def test_differs_by_seed_epoch_and_sample(self, other: Draws) -> None:
        own = Draws(5, 2, ROWS).uniform("x", 4)
        assert not (own == other.uniform("x", 4)).any()
        assert not (own == Draws(5, 2, ROWS).uniform("y", 4)).any()

    def test_is_spread_evenly(self) -> None:
        numbers = Draws(0, 0, torch.arange(20_000)).uniform("x", 5).double()
        assert (numbers.mean() - 0.5).abs() < 0.003
        assert (numbers.var() - 1 / 12).abs() < 0.002
        counts = torch.histc(numbers, 10, 0, 1)
        assert (counts / numbers.numel() - 0.1).abs().max() < 0.003
        correlations = torch.corrcoef(numbers.T) - torch.eye(5)
        assert correlations.abs().max() < 0.03

    def test_normal_numbers_have_mean_0_and_deviation_1(self) -> None:
        numbers = Draws(0, 0, torch.arange(20_000)).normal("x", 4)
        assert numbers.mean().abs() < 0.01
        assert (numbers.std() - 1).abs() < 0.01


class TestImages:
    def test_nothing_is_done_where_nothing_is_asked_for(self) -> None:
        _project, _prepared, augmenter = _digits()
        assert not augmenter

    @pytest.mark.parametrize("name", ["flip", "flip_upright", "shift", "rotate", "zoom", "colour", "erase", "noise"])
    def test_each_epoch_shows_something_else_and_the_same_again(self, name: str) -> None:
        _project, prepared, augmenter = _digits(**{name: {}})
        images = _images(prepared)
        kept = images[0].clone()
        first, again, later = (augmenter(images, [], ROWS, epoch).inputs[0] for epoch in (0, 0, 1))
        assert torch.equal(first, again)
        assert not torch.equal(first, later)
        assert first.shape == kept.shape
        assert torch.equal(images[0], kept), "the samples themselves were changed"

    def test_a_flip_mirrors_those_that_it_changes(self) -> None:
        _project, prepared, augmenter = _digits(flip={"probability": 0.5})
        rows = torch.arange(200)
        images = _images(prepared, rows)[0]
        flipped = augmenter([images], [], rows, 0).inputs[0]
        mirrored = (flipped == images.flip(-1)).flatten(1).all(1)
        kept = (flipped == images).flatten(1).all(1)
        assert (mirrored | kept).all()
        assert 60 < int((mirrored & ~kept).sum()) < 140

    def test_a_shift_moves_by_whole_pixels_and_black_comes_in(self) -> None:
        _project, prepared, augmenter = _digits(shift={"margin": 2})
        images = _images(prepared)[0]
        black = images.min()
        for before, after in zip(images, augmenter([images], [], ROWS, 0).inputs[0], strict=True):
            places = [(y, x) for y in range(-2, 3) for x in range(-2, 3)]
            framed = torch.nn.functional.pad(before, (2, 2, 2, 2), value=float(black))
            assert any(torch.allclose(framed[:, 2 + y : 10 + y, 2 + x : 10 + x], after, atol=1e-5) for y, x in places)

    def test_turning_by_no_angle_and_zooming_to_the_whole_change_nothing(self) -> None:
        _project, prepared, augmenter = _digits(rotate={"degrees": 0.0}, zoom={"least": 1.0})
        images = _images(prepared)[0]
        assert torch.allclose(augmenter([images], [], ROWS, 0).inputs[0], images, atol=1e-5)

    def test_a_mask_moves_with_its_image_and_keeps_its_classes(self) -> None:
        names = ("flip", "shift", "rotate", "zoom")
        _project, prepared, augmenter = _digits(**{name: {} for name in names})
        images = _images(prepared)[0]
        bright = (images[:, 0] > images.mean()).long()
        moved = augmenter([images], [bright], ROWS, 0)
        assert set(moved.targets[0].unique().tolist()) <= {-100, 0, 1}
        known = moved.targets[0] >= 0
        wanted = moved.inputs[0][:, 0] > images.mean()
        assert ((moved.targets[0] == 1) == wanted)[known].float().mean() > 0.85

    def test_an_autoencoder_learns_to_give_back_what_it_saw_moved(self) -> None:
        _project, prepared, augmenter = _digits(flip={"probability": 1.0})
        images = _images(prepared)[0]
        moved = augmenter([images], [images], ROWS, 0)
        assert torch.equal(moved.targets[0], moved.inputs[0])

    def test_what_an_autoencoder_gives_back_is_black_where_nothing_was_however_it_is_scaled(self) -> None:
        project, _prepared, _augmenter = _digits(rotate={"degrees": 40.0})
        (output,) = project.graph.of_kind("Output")
        (entry,) = project.graph.of_kind("Input")
        learns = replace(output, params={**output.params, "target": f"input:{entry.name}"})
        nodes = {**project.graph.nodes, output.name: learns}
        fields = tuple(
            replace(each, encoding="standardise") if each.meaning == "image" else each for each in project.data.fields
        )
        data = replace(project.data, fields=fields)
        project = replace(project, data=data, graph=replace(project.graph, nodes=nodes))
        prepared = load(project)
        augmenter = make_augmenter(project, prepared.preprocessing, [entry.name], [output.name])
        images = _images(prepared)[0]
        moved = augmenter([images], [images.clone()], ROWS, 0)
        assert not torch.equal(moved.inputs[0], images)
        assert torch.equal(moved.targets[0], moved.inputs[0])

    def test_colour_does_not_depend_on_how_images_are_scaled(self) -> None:
        project, prepared, augmenter = _digits(colour={})
        image = next(each for each in project.data.fields if each.meaning == "image")
        fields = tuple(replace(each, encoding="standardise") if each is image else each for each in project.data.fields)
        other = replace(project, data=replace(project.data, fields=fields))
        scaled = load(other)
        standardised = make_augmenter(other, scaled.preprocessing, list(scaled.training.inputs))
        fitted = scaled.preprocessing.fields[image.name]
        plain = prepared.preprocessing.fields[image.name]
        first = augmenter(_images(prepared), [], ROWS, 0).inputs[0]
        second = standardised(_images(scaled), [], ROWS, 0).inputs[0]
        np.testing.assert_allclose(plain.decode(first.numpy()), fitted.decode(second.numpy()), atol=1e-5)


class TestMixing:
    @pytest.mark.parametrize("name", ["mixup", "cutmix"])
    def test_shares_are_those_of_the_pixels(self, name: str) -> None:
        _project, prepared, augmenter = _digits(**{name: {"alpha": 1.0}})
        rows = torch.arange(64)
        images = _images(prepared, rows)[0]
        found = augmenter([images], [], rows, 0)
        assert found.mixing is not None
        shares, partners = found.mixing.shares, found.mixing.partners
        assert (partners != torch.arange(64)).all()
        assert ((shares >= 0) & (shares <= 1)).all()
        assert shares.std() > 0.05
        if name == "mixup":
            blend = shares.view(-1, 1, 1, 1)
            wanted = blend * images + (1 - blend) * images[partners]
            assert torch.allclose(found.inputs[0], wanted, atol=1e-5)
        else:
            own = (found.inputs[0] == images).float().mean((1, 2, 3))
            assert (own >= shares - 1e-6).all()

    def test_a_single_sample_stays_itself(self) -> None:
        _project, prepared, augmenter = _digits(mixup={})
        one = ROWS[:1]
        found = augmenter(_images(prepared, one), [], one, 0)
        assert found.mixing is not None
        assert found.mixing.shares.tolist() == [1.0]
        assert torch.equal(found.inputs[0], _images(prepared, one)[0])


class TestSignals:
    def test_only_the_columns_of_the_field_are_changed(self) -> None:
        project = load_project(DIGITS.with_name("flowers.layerwright"))
        name = project.data.with_role("input")[1].name
        fields = tuple(
            replace(each, augment={"noise": {"deviation": 1.0}}) if each.name == name else each
            for each in project.data.fields
        )
        project = replace(project, data=replace(project.data, fields=fields))
        prepared = load(project)
        node, names = next(iter(prepared.preprocessing.inputs.items()))
        augmenter = make_augmenter(project, prepared.preprocessing, [node])
        rows = torch.arange(20)
        before = prepared.training.inputs[node][rows]
        after = augmenter([before], [], rows, 0).inputs[0]
        changed = (before != after).all(0).tolist()
        assert changed == [each == name for each in names]

    @pytest.mark.parametrize(
        ("name", "shape"), [("gain", (6, 1, 200)), ("delay", (6, 1, 200)), ("bands", (6, 16, 40)), ("gaps", (6, 30))]
    )
    def test_sounds_and_sequences_keep_their_shape(self, name: str, shape: tuple[int, ...]) -> None:
        values = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        change = augmentations[name].change
        assert change is not None
        changed = change(values, Draws(0, 0, ROWS), _defaults(name))
        assert changed.shape == values.shape
        assert not torch.equal(changed, values)
        if name == "delay":
            assert torch.equal(changed.sort(-1).values, values.sort(-1).values)

    def test_forgotten_tokens_are_unknown_and_padding_stays(self) -> None:
        tokens = torch.tensor([[5, 6, 7, 0, 0]] * 6)
        change = augmentations["forget"].change
        assert change is not None
        changed = change(tokens, Draws(0, 0, ROWS), {"probability": 0.5})
        assert set(changed[:, :3].unique().tolist()) <= {1, 5, 6, 7}
        assert (changed[:, :3] == 1).any()
        assert (changed[:, 3:] == 0).all()


def test_what_is_wrong_is_said() -> None:
    field = Field("photo", "image", augment={"flipp": {}, "gain": {}, "rotate": {"degrees": 500.0}})
    first, second, third = augment_problems(field)
    assert "'flip'" in first
    assert "not for a field that holds image" in second
    assert "degrees" in third
