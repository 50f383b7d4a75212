"""``layerwright layers`` and ``layerwright schema``: what exists, for people and for programs."""

from __future__ import annotations

import argparse
import json
from typing import Any

from core.cli.command import DONE, Command, add_json, print_json, print_table, report_plugins
from core.graph.files import json_schema
from core.kinds import LayerKind, Parameter, Port
from core.layers import catalogue
from core.parameters import derived_of, parameters_of


def _port(port: Port) -> dict[str, Any]:
    return {
        "name": port.name,
        "help": port.help,
        "dtype": port.dtype,
        "ranks": list(port.ranks),
        "optional": port.optional,
        "variadic": port.variadic,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "type": parameter.type,
        "required": parameter.required,
        "default": None if parameter.required else parameter.default,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "choices": list(parameter.choices),
        "help": parameter.help,
    }


def _kind(kind: LayerKind) -> dict[str, Any]:
    return {
        "id": kind.id,
        "title": kind.display,
        "family": kind.family,
        "help": kind.help,
        "torch": kind.torch_class or None,
        "documentation": kind.documentation or None,
        "inputs": [_port(port) for port in kind.inputs],
        "outputs": [_port(port) for port in kind.outputs],
        "parameters": [_parameter(parameter) for parameter in parameters_of(kind)],
        "derived": list(derived_of(kind)),
    }


def _layers(options: argparse.Namespace) -> int:
    if options.json:
        for kind in catalogue:
            print_json(_kind(kind))
    else:
        print_table(("family", "layer", "what it does"), [(kind.family, kind.id, kind.help) for kind in catalogue])
    report_plugins(catalogue.failures)
    return DONE


def _schema(options: argparse.Namespace) -> int:
    if options.json:
        print_json(json_schema())
    else:
        print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return DONE


KINDS = (
    Command("layers", "list the layer kinds with their parameters", add_json, _layers),
    Command("schema", "print the JSON Schema of project files", add_json, _schema),
)
