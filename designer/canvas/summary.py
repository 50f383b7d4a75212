"""A node's main parameters in the field's shorthand (32 filters, kernel, stride), and its story for a tooltip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.kinds import LayerKind, Parameter, Value

if TYPE_CHECKING:
    from core.graph.project import Node
    from core.model.problems import Problem
    from core.model.reports import NodeReport

_SHORT = {"stride": "s", "padding": "p", "dilation": "d", "groups": "g"}
_PLAIN = frozenset(
    """out_features out_channels kernel_size output_size hidden_size num_embeddings embedding_dim
    shape fields target""".split()
)
_LONGEST = 40
_MOST_FIELDS = 2
"""How many fields are named on a node; of more, which would widen it, the number stands there."""
_TIMES = "\N{MULTIPLICATION SIGN}"


def main_parameters(kind: LayerKind | None, params: Mapping[str, Value], arguments: Mapping[str, Value]) -> str:
    """Return the line of main parameters; ``arguments`` are the values last resolved, for whatever was not set."""
    if kind is None:
        return " · ".join(f"{name} {_written(value)}" for name, value in list(params.items())[:3])
    declared = {parameter.name: parameter for parameter in kind.parameters}
    values = {name: _value(name, declared.get(name), params, arguments) for name in kind.face}
    if values.get("fields"):
        values.pop("shape", None)
    long, short = [], []
    for name, value in values.items():
        if value is None or value == () or value in ("", "auto") or (name.startswith("num_layers") and value == 1):
            continue
        if name in _SHORT:
            short.append(_named(_SHORT[name], value) if isinstance(value, str) else f"{_SHORT[name]}{_written(value)}")
        elif not isinstance(value, bool):
            long.append(_term(kind, name, value))
        elif value:
            long.append(name.replace("_", " "))
    return " · ".join((*long, " ".join(short)) if short else long)


def _value(
    name: str, parameter: Parameter | None, params: Mapping[str, Value], arguments: Mapping[str, Value]
) -> Value:
    if name in params:
        return params[name]
    if name in arguments:
        return arguments[name]
    return parameter.default if parameter and not parameter.required else None


def _term(kind: LayerKind, name: str, value: Value) -> str:
    if name == "fields" and isinstance(value, tuple):
        many = QCoreApplication.translate("Canvas", "{count} fields").format(count=len(value))
        return many if len(value) > _MOST_FIELDS else ", ".join(map(str, value))
    if name == "kernel_size" or (name == "output_size" and kind.torch_class):
        digits = kind.torch_class[-2:-1]
        if isinstance(value, int) and digits.isdecimal():
            value = (value,) * int(digits)
    return _written(value) if name in _PLAIN else _named(name.replace("_", " "), value)


def _named(name: str, value: Value) -> str:
    """Return ``blocks 3``; of an expression ``blocks = 2*depth``, or the one word where it is called the same."""
    if not isinstance(value, str):
        return f"{name} {_written(value)}"
    if value in (name.replace(" ", "_"), *(long for long, letter in _SHORT.items() if letter == name)):
        return value
    return f"{name} {value}" if value in ("same", "valid") else f"{name} = {value}"


def _written(value: Value) -> str:
    if isinstance(value, list | tuple):
        words = any(isinstance(each, str) and len(each) > 1 for each in value)
        return (", " if words else _TIMES).join(map(_written, value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def tooltip(
    node: Node, kind: LayerKind | None, report: NodeReport | None, problems: Iterable[Problem], stale: bool
) -> str:
    """Return rich text: name and kind, problems, the parameters that say something, shapes."""
    lines = [f"<b>{escape(node.name)}</b> &nbsp;{escape(kind.display if kind else node.kind)}"]
    if kind is None:
        text = QCoreApplication.translate("Canvas", "This kind is not installed. It is kept as it is in the file.")
        lines.append(f"<i>{text}</i>")
    if node.label:
        lines.append(f"<i>{escape(node.label)}</i>")
    marks = {"error": "✖", "warning": "⚠", "info": "ⓘ"}
    lines += [f"{marks[problem.severity]} {escape(problem.message)}" for problem in problems]
    rows = [(name, _written(value)[:_LONGEST]) for name, value in _telling(kind, node, report).items()]
    if report:
        rows += [(f"→ {port}", str(spec)) for port, spec in report.inputs.items()]
        rows += [(f"{port} →", str(spec)) for port, spec in report.outputs.items()]
    if rows:
        cells = "".join(f"<tr><td>{escape(name)}&nbsp;&nbsp;</td><td>{escape(text)}</td></tr>" for name, text in rows)
        lines.append(f"<table cellspacing='0'>{cells}</table>")
    if stale and report:
        lines.append(f"<i>{QCoreApplication.translate('Canvas', 'Checking…')}</i>")
    return "<br>".join(lines[:-1]) + ("<br>" if len(lines) > 1 else "") + lines[-1]


def _telling(kind: LayerKind | None, node: Node, report: NodeReport | None) -> dict[str, Value]:
    """Return what was set or found out, after what stands on the node; all defaults would make a page of it."""
    values = {**(report.arguments if report else {}), **node.params}
    if kind is None:
        return values
    names = dict.fromkeys((*kind.face, *node.params, *(name for name in values if name in kind.derived)))
    return {name: values[name] for name in names if name in values}


def problem_text(problems: Iterable[Problem]) -> str:
    """Return the problems' messages, one a line."""
    return "\n".join(problem.message for problem in problems)
