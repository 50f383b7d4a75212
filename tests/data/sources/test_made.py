"""Generated sets: each holds what its help says, the same for the same seed, and every loss has one to be tried on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.data.source import Array
from core.data.sources import sources
from core.graph.binding import target_field
from core.graph.project import Graph, Node, Project
from core.training.criterion import Criterion
from core.training.forms import expected
from core.training.losses import losses
from core.training.targets import adapted, class_count, fitting_type, possible, target_shape

MADE = [kind.id for kind in sources if any(each.name == "samples" for each in kind.parameters)]

TRIED_ON = {
    "cross_entropy": ("spirals", "class"),
    "nll": ("blobs", "class"),
    "focal": ("topics", "topic"),
    "multi_margin": ("tones", "form"),
    "bce_with_logits": ("moons", "class"),
    "bce": ("xor", "class"),
    "binary_focal": ("parity", "odd"),
    "soft_margin": ("circles", "class"),
    "multilabel_soft_margin": ("regions", "regions"),
    "multilabel_margin": ("regions", "regions"),
    "mse": ("adding", "sum"),
    "l1": ("diabetes", "progression"),
    "huber": ("waves", "load"),
    "smooth_l1": ("friedman", "y"),
    "log_cosh": ("friedman", "y"),
    "mape": ("diabetes", "progression"),
    "cosine": ("signals", "clean"),
    "poisson_nll": ("counts", "events"),
    "gaussian_nll": ("curve", "y"),
    "kl_div": ("shares", "shares"),
    "dice": ("shapes", "mask"),
    "tversky": ("shapes", "mask"),
    "ctc": ("spelling", "word"),
    "cosine_embedding": ("digit_pairs", "same"),
    "hinge_embedding": ("digit_pairs", "same"),
    "margin_ranking": ("preferences", "first is better"),
    "triplet": ("digit_triplets", "digit"),
    "triplet_distance": ("digit_triplets", "digit"),
}
"""By loss: a set that needs no file, and what of it is predicted."""


def values(source: str, name: str, **options: float) -> Array:
    found = read(source, options).columns[name].values
    assert isinstance(found, np.ndarray)
    return found


def learning(source: str, target: str) -> Project:
    """Return a project in which what enters a set is given, and a target of it is predicted."""
    binding = bind(source, {})
    inputs = [field for field in binding.fields if field.role == "input"]
    own = [Node(f"in{number}", "Input", {"fields": (field.name,)}) for number, field in enumerate(inputs)]
    nodes = [*own, Node("out", "Output", {"target": target})]
    return Project(data=binding, graph=Graph({node.name: node for node in nodes}))


def test_every_loss_has_a_set() -> None:
    assert set(TRIED_ON) == {loss.id for loss in losses}


@pytest.mark.parametrize(("loss_id", "source", "target"), [(loss, *tried) for loss, tried in TRIED_ON.items()])
def test_a_loss_and_its_gradient_are_finite_on_its_set(loss_id: str, source: str, target: str) -> None:
    project = learning(source, target)
    field = target_field(project, project.graph.nodes["out"])
    assert field is not None
    wanted = fitting_type(losses[loss_id], field, possible(field)[0])
    assert wanted is not None
    loss = adapted(losses[loss_id], wanted)
    part = load(project).training
    targets = part.targets["out"][:16]
    shape = expected(loss, target_shape(project, field), class_count(field))
    assert shape is not None
    steps = next(tensor.shape[1] for tensor in part.inputs.values())
    sizes = [size if isinstance(size, int) else (steps if loss.form == "steps" else 8) for size in shape]
    outputs = torch.randn(len(targets), *sizes, generator=torch.Generator().manual_seed(0), requires_grad=True)
    given = {"probabilities": torch.sigmoid, "log-probabilities": lambda each: each.log_softmax(1)}
    criterion = Criterion(loss)
    prepared = criterion.prepare(targets)
    arranged = criterion.arrange(given.get(loss.gives, lambda each: each)(outputs), prepared)
    value = criterion(arranged, prepared)
    value.backward()
    assert math.isfinite(value.item())
    assert outputs.grad is not None
    assert bool(outputs.grad.isfinite().all())
    assert bool((outputs.grad != 0).any())


@pytest.mark.parametrize("source", MADE)
def test_samples_depend_on_the_seed_alone_and_are_as_many_as_asked_for(source: str) -> None:
    first, other = read(source, {"samples": 40, "seed": 3}), read(source, {"samples": 40, "seed": 4})
    complete = {each.name: each.default for each in sources[source].parameters} | {"samples": 40, "seed": 3}
    again = sources[source].read(complete, None)
    assert first.rows == other.rows == 40
    assert first.digest == again.digest
    if source != "waves":
        assert first.digest != other.digest


def test_the_marked_numbers_add_up() -> None:
    steps, total = np.stack(values("adding", "steps", length=20)), values("adding", "sum", length=20)  # type: ignore[arg-type]
    assert steps.shape[1:] == (20, 2)
    assert (steps[:, :, 1].sum(1) == 2).all()
    assert (steps[:, :10, 1].sum(1) == 1).all()
    np.testing.assert_allclose((steps[:, :, 0] * steps[:, :, 1]).sum(1), total)


def test_a_copy_is_wanted_behind_the_question_mark() -> None:
    shown, copies = (values("copying", name, symbols=4, pause=6) for name in ("shown", "copy"))
    for given, wanted in zip(shown, copies, strict=True):
        assert given[4:] == "." * 6 + "?" + "." * 4
        assert wanted == "." * 11 + given[:4]
    prepared = load(learning("copying", "copy"))
    assert prepared.training.inputs["in0"].shape == prepared.training.targets["out"].shape == (800, 21)
    assert 1 not in prepared.training.inputs["in0"]  # nothing is unknown


def test_parity_counts_ones() -> None:
    bits, odd = values("parity", "bits"), values("parity", "odd")
    assert [("no", "yes")[int(sum(each)) % 2] for each in bits] == odd.tolist()


def test_frames_have_room_for_their_letters_and_ctc_can_learn_them() -> None:
    frames, words = values("spelling", "frames"), values("spelling", "word")
    assert len({len(each) for each in frames}) > 5
    assert all(len(steps) >= 2 * len(word) + 1 for steps, word in zip(frames, words, strict=True))
    assert set("".join(words)) == set("abcde")


def test_what_a_topic_is_can_be_told_by_its_own_words() -> None:
    texts, topics = values("topics", "text"), values("topics", "topic")
    assert {topic for text, topic in zip(texts, topics, strict=True) if "lighthouse" in text} == {"harbour"}
    assert all(8 <= len(text.split()) <= 24 for text in texts)


def test_sentences_follow_each_other_from_piece_to_piece() -> None:
    pieces = values("sentences", "text", samples=50, piece=32)
    assert {len(piece) for piece in pieces} == {32}
    whole = "".join(pieces)
    for sentence in whole.split(". ")[:-1]:
        assert sentence[0].isupper()
        assert not any(letter.isupper() for letter in sentence[1:])


def test_shares_are_distributions_and_counts_are_counts() -> None:
    shares = values("shares", "shares")
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    events, busyness = values("counts", "events"), values("counts", "busyness")
    assert (events >= 0).all()
    assert (events == np.floor(events)).all()
    rate = np.exp(1.2 + 0.9 * busyness - 0.6 * values("counts", "rain"))
    assert events.mean() == pytest.approx(rate.mean(), rel=0.05)
    assert (events - rate).var() == pytest.approx(rate.mean(), rel=0.15)  # of a Poisson distribution


def test_regions_hold_together_and_not_at_all() -> None:
    counts = [len(labels) for labels in values("regions", "regions")]
    assert set(counts) == {0, 1, 2, 3, 4}


def test_the_noise_of_the_curve_grows() -> None:
    x, y = values("curve", "x"), values("curve", "y")
    error = np.abs(y - np.sin(2 * x))
    assert error[x > 1].mean() > 3 * error[x < -1].mean()


def test_masks_cover_shapes_and_kinds_are_as_many_as_asked_for() -> None:
    image, mask = values("shapes", "image"), values("shapes", "mask")
    assert image.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1, 2, 3}
    bright = image.max(1)
    assert bright[mask > 0].mean() > bright[mask == 0].mean() + 60
    assert read("shapes", {"kinds": 1}).columns["mask"].categories == ("background", "circle")


def test_lines_show_the_digits_that_they_spell() -> None:
    lines, numbers = values("digit_lines", "line", digits=3), values("digit_lines", "number", digits=3)
    assert lines.shape[1:] == (1, 32, 96)
    assert {len(number) for number in numbers} == {1, 2, 3}
    inked = (lines.max((1, 2)) > 0).sum(1)
    lengths = np.array([len(number) for number in numbers])
    assert inked[lengths == 3].min() > inked[lengths == 1].max()


def test_triplets_hold_a_digit_one_alike_and_one_unlike() -> None:
    images, digits = values("digits", "image"), values("digits", "digit")
    shown = {image.tobytes(): digit for image, digit in zip(images, digits, strict=True)}
    columns = {name: values("digit_triplets", name) for name in ("anchor", "alike", "unlike", "digit")}
    anchor, alike, unlike = (
        [shown[image.tobytes()] for image in columns[name]] for name in ("anchor", "alike", "unlike")
    )
    assert anchor == alike == columns["digit"].tolist()
    assert all(one != other for one, other in zip(anchor, unlike, strict=True))
    assert not any((columns["anchor"][row] == columns["alike"][row]).all() for row in range(len(anchor)))


def test_tones_are_told_apart_by_their_form() -> None:
    sounds, forms = values("tones", "sound", noise=0.0), values("tones", "form", noise=0.0)
    steps = {form: np.mean([len(np.unique(sound)) for sound in sounds[forms == form]]) for form in np.unique(forms)}
    assert steps["square"] <= 3 < steps["sine"]
    assert load(learning("tones", "form")).training.inputs["in0"].shape == (320, 1, 1000)


def test_waves_can_be_taken_in_windows() -> None:
    binding = bind("waves", {})
    assert binding.split.method == "time"
    assert {field.name: field.role for field in binding.fields} == {"hour": "time", "warmth": "input", "load": "target"}
