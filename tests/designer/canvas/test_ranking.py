"""What the add palette offers, and in which order."""

from __future__ import annotations

from core.layers import catalogue
from designer.canvas.ranking import Wanted, offers


def ids(text: str, wanted: Wanted | None = None) -> list[str]:
    return [offer.kind.id for offer in offers(catalogue, text, wanted or Wanted())]


def test_every_kind_is_found_first_by_its_own_name() -> None:
    for kind in catalogue:
        assert ids(kind.display)[0] == kind.id


def test_keywords_and_abbreviations_find_a_kind() -> None:
    assert ids("dense")[0] == "Linear"
    assert "BatchNorm2d" in ids("bn2d")
    assert "Add" in ids("residual")[:2]
    assert ids("xyzzy") == []


def test_without_a_text_the_usual_followers_come_first_one_of_each_family() -> None:
    families = [offer.kind.family for offer in offers(catalogue, "", Wanted(takes=1, after="Convolution"))][:4]
    assert families == ["Activation", "Normalisation", "Pooling", "Convolution"]


def test_what_must_take_or_give_a_link_is_left_out_where_it_cannot() -> None:
    assert "Input" not in ids("", Wanted(takes=1))
    assert "Output" not in ids("", Wanted(gives=True))
