"""Networks for generated sets of every kind of target, trained for one epoch: what they say need not be right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from core.data.bind import bind
from core.graph.project import End, Graph, Node, Project
from core.training.runs import Run
from tests.training.building import PENGUINS, chain, inputs, linear, output, settings_with, trained


def node(name: str, kind: str, **params: Any) -> Node:
    """Return a node."""
    return Node(name, kind, params)


def _embedded(field: str, words: int, *rest: Node) -> Graph:
    embedding = node("embedding", "Embedding", num_embeddings=words, embedding_dim=8)
    return chain(inputs(field), embedding, *rest)


GRAPHS: dict[str, Graph] = {
    "shapes": chain(
        inputs("image"),
        node("conv1", "Conv2d", out_channels=8, kernel_size=3, padding=1),
        node("relu", "ReLU"),
        node("conv2", "Conv2d", out_channels=4, kernel_size=1),
        output("mask"),
    ),
    "spelling": chain(inputs("frames"), linear("hidden", 16), Node("tanh", "Tanh"), linear("head", 7), output("word")),
    "topics": _embedded("text", 68, node("mean", "Mean", dim=1), linear("head", 4), output("topic")),
    "sentences": _embedded("text", 34, linear("head", 34), output("next:text")),
    "tones": chain(
        inputs("sound"),
        node("conv1", "Conv1d", out_channels=8, kernel_size=9, stride=4),
        node("relu", "ReLU"),
        node("pool", "AdaptiveAvgPool1d", output_size=1),
        node("flatten", "Flatten"),
        linear("head", 4),
        output("form"),
    ),
    "regions": chain(
        inputs("x", "y"), linear("hidden", 16), Node("tanh", "Tanh"), linear("head", 4), output("regions")
    ),
}


def triplets() -> Project:
    """Three images side by side, brought into a space of eight dimensions; their loss compares no target."""
    names = ("anchor", "alike", "unlike")
    nodes, links = [], {}
    for place, name in enumerate(names):
        nodes += [node(name, "Input", fields=(name,)), node(f"flat_{name}", "Flatten"), linear(f"to_{name}", 8)]
        links[End(f"flat_{name}", "input")] = End(name, "output")
        links[End(f"to_{name}", "input")] = End(f"flat_{name}", "output")
        links[End("stack", f"inputs.{place}")] = End(f"to_{name}", "output")
    links[End("out", "input")] = End("stack", "output")
    nodes += [node("stack", "Stack", dim=1), output("digit", loss="triplet")]
    graph = Graph({each.name: each for each in nodes}, links)
    return Project("triplets", data=bind("digit_triplets", {}), graph=graph, training=settings_with(epochs=1))


def penguins() -> Project:
    """Words by index and numbers in an Input each; a class and a number as outputs."""
    binding = bind("csv", {"path": str(PENGUINS)})
    words, numbers = (
        tuple(each.name for each in binding.with_role("input") if each.meaning == meaning)
        for meaning in ("category", "number")
    )
    fields = tuple(replace(each, encoding="index") if each.name in words else each for each in binding.fields)
    target = binding.with_role("target")[0]
    nodes = [
        node("words", "Input", fields=words),
        node("numbers", "Input", fields=numbers),
        node("embedding", "Embedding", num_embeddings=6, embedding_dim=4),
        node("flatten", "Flatten"),
        node("joined", "Concatenate", dim=1),
        linear("to_class", len(target.categories)),
        linear("to_number", 1),
        node("class_", "Output", target=target.name),
        node("number", "Output", target=numbers[0]),
    ]
    chained = {"embedding": "words", "flatten": "embedding", "to_class": "joined", "to_number": "joined"}
    chained |= {"class_": "to_class", "number": "to_number"}
    links = {End(after, "input"): End(before, "output") for after, before in chained.items()}
    links |= {End("joined", f"inputs.{n}"): End(each, "output") for n, each in enumerate(("flatten", "numbers"))}
    graph = Graph({each.name: each for each in nodes}, links)
    return Project("penguins", data=replace(binding, fields=fields), graph=graph, training=settings_with(epochs=1))


def one_epoch(source: str, folder: Path, **settings: Any) -> Run:
    """Train the network of a set, and return its run."""
    binding = bind(source, {})
    trained(Project(source, data=binding, graph=GRAPHS[source], training=settings_with(epochs=1, **settings)), folder)
    return Run.open(folder)
