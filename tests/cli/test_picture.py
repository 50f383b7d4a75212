"""``layerwright picture``: an SVG of a network without a window."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from core.graph.templates import template
from tests.cli.conftest import Drive


def test_the_picture_of_a_project_is_written(cli: Drive) -> None:
    outcome = cli("picture", template("resnet18").path, "-o", "net.svg", "--direction", "lr", "--width", "170")
    assert outcome.status == 0, outcome.err
    root = ElementTree.parse("net.svg").getroot()
    assert root.attrib["width"] == "170mm"
    assert float(root.attrib["height"].removesuffix("mm")) < 30
    assert "BasicBlock ×2" in [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_json_says_where_it_is(cli: Drive) -> None:
    outcome = cli("picture", template("digits").path, "-o", "net.svg", "--json", "--no-shapes", "--no-legend")
    assert outcome.objects == [{"file": "net.svg", "nodes": 12}]
    assert "N×" not in Path("net.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(("file", "width", "words"), [("net.png", "80", "must end in .svg"), ("net.svg", "0", "1 to")])
def test_what_cannot_be_written_is_refused(cli: Drive, file: str, width: str, words: str) -> None:
    outcome = cli("picture", template("digits").path, "-o", file, "--width", width)
    assert outcome.status == 2
    assert words in outcome.err
    assert not Path(file).exists()
