"""Pictures for papers: what they show, that nothing lies on anything else, and that grey print keeps families apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from core.graph.project import End, Graph, Node, Project
from core.graph.templates import template, templates
from core.layers import catalogue
from core.model.shapes import check
from core.pictures.drawing import Box, Curve, Drawing, Label, shortened, text_width
from core.pictures.levels import Publication
from core.pictures.publication import publication
from core.pictures.svg import as_svg
from core.pictures.tints import HUES, lightness_of, tints

_SVG = "{http://www.w3.org/2000/svg}"


def drawing_of(name: str, what: Publication | None = None, names: frozenset[str] | None = None) -> Drawing:
    project = template(name).load()
    return publication(project, check(project), what or Publication(), names=names)


def texts(drawing: Drawing) -> list[str]:
    return [item.text for part in drawing.parts for item in part.items if isinstance(item, Label)]


def cards(drawing: Drawing) -> list[Box]:
    """Return the boxes on which nodes are written (the last box of each part with a title and a text)."""
    found = []
    for part in drawing.parts:
        if part.title not in ("", "Legend", "Caption"):
            found.append([item for item in part.items if isinstance(item, Box)][-1])
    return found


def test_every_node_is_named_with_its_parameters_and_what_runs_out_of_it() -> None:
    shown = texts(drawing_of("digits"))
    assert shown.count("Conv2d") == 2
    assert {"image", "32 · 3×3 · s1 p1", "N×32×8×8", "Flatten", "N×1024", "digit"} <= set(shown)


def test_what_is_not_wanted_is_left_out() -> None:
    plain = texts(drawing_of("digits", Publication(shapes=False, parameters=False, legend=False)))
    assert not any(text.startswith("N×") or "3×3" in text or text == "Convolution" for text in plain)
    assert "conv1" in texts(drawing_of("digits", Publication(names=True)))
    assert "One net" in texts(drawing_of("digits", Publication(caption="One net")))


def test_a_repeated_group_says_how_often_and_expressions_are_worked_out() -> None:
    shown = texts(drawing_of("resnet18"))
    assert "BasicBlock ×2" in shown
    assert "channels 128 · blocks 2" in shown
    assert "channels 128" in texts(drawing_of("unet"))


def test_groups_can_be_opened_one_level() -> None:
    shown = texts(drawing_of("resnet18", Publication(expanded=True)))
    assert {"MaxPool2d", "Add", "BasicBlock ×2", "DownBlock", "AdaptiveAvgPool2d"} <= set(shown)


def test_some_nodes_alone_are_drawn_with_the_links_among_them() -> None:
    drawing = drawing_of("digits", Publication(legend=False), frozenset({"conv1", "norm1"}))
    assert len(cards(drawing)) == 2
    curves = [item for part in drawing.parts for item in part.items if isinstance(item, Curve) and not item.fill]
    assert len(curves) == 1


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("name", [each.id for each in templates()])
def test_no_card_lies_on_another_and_all_is_inside_of_the_picture(name: str, direction: str) -> None:
    project = template(name).load()
    what = Publication(direction="right" if direction == "right" else "down")
    drawing = publication(project, None, what)
    boxes = cards(drawing)
    assert len(boxes) == len(project.graph.nodes)
    for one, other in combinations(boxes, 2):
        apart = one.x + one.width < other.x or other.x + other.width < one.x
        assert apart or one.y + one.height < other.y or other.y + other.height < one.y, (one, other)
    for box in boxes:
        assert box.x > 0
        assert box.x + box.width < drawing.width
        assert box.y > 0
        assert box.y + box.height < drawing.height
    assert (drawing.width > drawing.height) is (direction == "right") or name in ("siamese", "two-inputs")


def test_long_wires_run_beside_the_cards() -> None:
    drawing = drawing_of("unet", Publication(legend=False))
    boxes = cards(drawing)
    for item in (item for part in drawing.parts for item in part.items if isinstance(item, Curve)):
        places = [item.start, *(segment[-1] for segment in item.segments)]
        for (x, top), (x_end, bottom) in pairwise(places):
            if x == x_end and bottom - top > 60:
                through = [box for box in boxes if box.x < x < box.x + box.width and top < box.y + 5 < bottom - 12]
                assert not through


def test_a_label_says_what_a_node_is_and_long_ones_are_cut_in_the_middle() -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (1, 8, 8)}),
        "act": Node("act", "ReLU", label="the first of all activations " * 5 + "here"),
    }
    project = Project(graph=Graph(nodes, {End("act", "input"): End("image", "output")}))
    shown = texts(publication(project, check(project), Publication()))
    assert any(text.startswith("the first") and "…" in text and text.endswith("here") for text in shown)


def test_an_unknown_kind_and_a_switched_off_node_are_drawn_too() -> None:
    nodes = {"odd": Node("odd", "Nowhere", {"size": 3}), "act": Node("act", "ReLU", mode="bypass")}
    project = Project(graph=Graph(nodes, {End("act", "input"): End("odd", "output")}))
    drawing = publication(project, check(project), Publication())
    assert {"Nowhere", "size 3", "ReLU"} <= set(texts(drawing))
    assert [box.dashed for box in cards(drawing)] == [False, True]


def test_tints_stay_apart_in_grey_and_black_text_is_read_on_them() -> None:
    made = tints(list(HUES))
    grey = [lightness_of(colour) for colour in made.values()]
    assert all(before - after > 1 for before, after in pairwise(grey))
    few = [lightness_of(colour) for colour in tints(list(HUES)[:5]).values()]
    assert all(before - after > 5 for before, after in pairwise(few))
    assert min(grey) > 66  # black on it has a contrast of more than 7 to 1


def test_every_family_has_a_hue() -> None:
    assert {kind.family for kind in catalogue} <= HUES.keys()


@pytest.mark.parametrize("name", ["digits", "resnet18", "unet"])
def test_the_file_is_valid_and_can_be_read_aloud(name: str) -> None:
    drawing = drawing_of(name)
    root = ElementTree.fromstring(as_svg(drawing))
    assert root.tag == f"{_SVG}svg"
    assert [float(each) for each in root.attrib["viewBox"].split()[2:]] == pytest.approx(
        [drawing.width, drawing.height], abs=0.01
    )
    title, described = root.find(f"{_SVG}title"), root.find(f"{_SVG}desc")
    assert title is not None
    assert title.text == template(name).load().name
    assert described is not None
    assert described.text
    assert described.text.startswith("A network of")
    assert len(root.findall(f".//{_SVG}text")) == len(texts(drawing))


def test_a_width_in_millimetres_keeps_the_proportions() -> None:
    drawing = drawing_of("digits")
    root = ElementTree.fromstring(as_svg(drawing, 84))
    assert root.attrib["width"] == "84mm"
    assert float(root.attrib["height"].removesuffix("mm")) == pytest.approx(
        84 * drawing.height / drawing.width, abs=0.01
    )


def test_names_with_signs_of_markup_and_control_characters_do_no_harm() -> None:
    nodes = {"act": Node("act", "ReLU", label='<script>"&\x00\x1f\ud800')}
    project = replace(Project(graph=Graph(nodes)), name="a < b & c")
    root = ElementTree.fromstring(as_svg(publication(project, None, Publication())).encode())
    assert root.find(f".//{_SVG}script") is None
    shown = [each.text for each in root.iter(f"{_SVG}text")]
    assert any(text and text.startswith('<script>"&') for text in shown)


def test_a_transparent_picture_has_no_ground() -> None:
    for ground in ("#ffffff", ""):
        drawing = drawing_of("digits", Publication(background=ground))
        grounds = [each for each in ElementTree.fromstring(as_svg(drawing)) if each.tag == f"{_SVG}rect"]
        assert [each.attrib["fill"] for each in grounds] == ([ground] if ground else [])


def test_texts_are_measured_and_cut_to_their_room() -> None:
    assert text_width("0000", 10, False) == pytest.approx(22.24)
    assert text_width("漢字", 10, False) == pytest.approx(20)
    cut = shortened("abcdefghijklmnop", 10, False, 40, text_width)
    assert cut.startswith("a")
    assert cut.endswith("p")
    assert "…" in cut
    assert text_width(cut, 10, False) <= 40
