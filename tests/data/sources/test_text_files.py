"""Text files: whole ones in folders that are classes, lines, and pieces of one long text."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.data.source import RawData
from core.errors import DataError
from core.graph.project import Graph, Node, Project


def texts(path: Path, **options: object) -> RawData:
    return read("text_files", {"path": str(path), **options})  # type: ignore[dict-item]


def words(raw: RawData, name: str) -> list[str]:
    return list(raw.columns[name].values.tolist())  # type: ignore[union-attr]


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_files_in_folders_are_texts_with_classes_and_parts(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write(tmp_path / part / "pos" / "1.txt", "so good\r\nindeed")
        write(tmp_path / part / "neg" / "1.txt", "\ufeffso bad")
    write(tmp_path / "train" / "neg" / "2.txt", "")
    raw = texts(tmp_path)
    assert words(raw, "text") == ["so bad", "so good\nindeed", "so bad", "so good\nindeed"]
    assert words(raw, "label") == ["neg", "pos", "neg", "pos"]
    assert words(raw, "split") == ["test", "test", "train", "train"]
    assert "1 empty file left out, such as 'train/neg/2.txt'." in raw.notes


def test_lines_keep_the_class_of_their_file(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.txt", "one\n\n two \n")
    write(tmp_path / "b" / "1.txt", "three")
    raw = texts(tmp_path, sample="line")
    assert words(raw, "text") == ["one", "two", "three"]
    assert words(raw, "label") == ["a", "a", "b"]


def test_one_long_text_is_cut_into_pieces_that_a_network_continues(tmp_path: Path) -> None:
    text = "abcdefghij" * 12 + "k"
    path = write(tmp_path / "long.txt", text)
    raw = texts(path, piece=8)
    assert "".join(words(raw, "text")) == text[:120]
    binding = bind("text_files", {"path": str(path), "piece": 8})
    field = binding.fields[0]
    assert (field.encoding, dict(field.options)) == ("character", {"vocabulary": 258, "length": 8, "lower": False})
    nodes = [Node("text", "Input", {"fields": ("text",)}), Node("next", "Output", {"target": "next:text"})]
    prepared = load(Project(data=binding, graph=Graph({node.name: node for node in nodes})))
    inputs, targets = prepared.training.inputs["text"], prepared.training.targets["next"]
    assert inputs.shape == (12, 8)
    assert (targets[:, :-1] == inputs[:, 1:]).all()
    assert (targets[:, -1] == -100).all()


def test_old_encodings_are_read_with_a_note(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "café".encode("cp1252"))
    raw = texts(path, sample="file")
    assert words(raw, "text") == ["café"]
    assert "not UTF-8" in raw.notes[0]


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", " \n")
    with pytest.raises(DataError, match="holds no text"):
        texts(path)
    with pytest.raises(DataError, match="does not exist"):
        texts(tmp_path / "b.txt")
