"""Reads a user's Python layer from its syntax tree: class, parameters, ports, and what is wrong. Nothing of it is run.

The layer is the class that derives from ``nn.Module``: the one named like the definition, else the last one. Arguments
of ``__init__`` become parameters, those of ``forward`` input ports, what it returns output ports. Sizes that a layer
usually takes from what arrives are filled in, where they have no default: ``in_features``, ``input_size``,
``input_dim``, ``embed_dim`` and ``d_model`` are the last dimension of the first input, ``in_channels`` and
``num_features`` its dimension 1. Helper classes, functions, imports and constants may stand in the same text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from core.errors import sentence
from core.graph import annotations as notes
from core.graph.annotations import UNREADABLE, Hint, is_none
from core.kinds import REQUIRED, Parameter, Port, Value
from core.signatures import described_arguments, plain_text
from core.weights import TRAINING_NAMES

SIZES: Mapping[str, int] = {
    "in_features": -1,
    "input_size": -1,
    "input_dim": -1,
    "embed_dim": -1,
    "d_model": -1,
    "in_channels": 1,
    "num_features": 1,
}
"""Arguments that are filled in from the first input where they have no default, and the dimension that they are."""

GIVEN_NAMES: Mapping[str, str] = {"torch": "torch", "nn": "torch.nn"}
"""What the written network has imported already, so that a layer needs no import for it."""
_TAKEN = frozenset({"Net", "torch", "nn", "F"})
_UNIVERSAL = frozenset({"device", "dtype"})
_CONTAINERS = frozenset({"dict", "Dict", "Mapping", "list", "List", "Sequence", "set"})
_MODULE = "torch.nn."


@dataclass(frozen=True)
class SourceProblem:
    """What is wrong in a line of the source (counted from 1), in plain words."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True)
class Argument:
    """An argument of ``__init__`` that the written constructor may name.

    ``axis`` is the dimension of the first input that fills it in, None where it is a parameter. ``spread`` is how many
    times a single number is repeated, where the code takes nothing but a tuple of that many.
    """

    parameter: Parameter
    axis: int | None = None
    spread: int = 0


@dataclass(frozen=True)
class PythonSource:
    """What could be read of a source. ``keywords`` are the inputs that ``forward`` takes by name only."""

    class_name: str
    help: str = ""
    arguments: tuple[Argument, ...] = ()
    inputs: tuple[Port, ...] = (Port("input", dtype="any"),)
    outputs: tuple[Port, ...] = (Port("output", dtype="any"),)
    keywords: frozenset[str] = frozenset()
    problems: tuple[SourceProblem, ...] = ()


def read_source(name: str, source: str) -> PythonSource:
    """Return what the source of the definition ``name`` says; what is wrong is in ``problems``. Never raises."""
    try:
        tree = ast.parse(source)
        compile(tree, "<python layer>", "exec", dont_inherit=True)  # finds what a parser lets pass; runs nothing
    except SyntaxError as error:
        message = sentence(f"Python cannot read this: {error.msg}")
        return PythonSource(name, problems=(SourceProblem(error.lineno or 1, message),))
    except (ValueError, RecursionError, MemoryError) as error:
        return PythonSource(name, problems=(SourceProblem(1, sentence(f"Python cannot read this: {error}")),))
    try:
        return _Reader(name, tree).read()
    except RecursionError:
        return PythonSource(name, problems=(SourceProblem(1, "An expression is nested too deeply to be read."),))


class _Reader:
    """Reads one syntax tree."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self.problems: list[SourceProblem] = []
        self.aliases = dict(GIVEN_NAMES)
        self.classes: dict[str, ast.ClassDef] = {}
        self.constants: dict[str, Value] = {}
        for statement in _statements(tree.body):
            self._take_in(statement)

    def read(self) -> PythonSource:
        owner = self._choose()
        if owner is None:
            return PythonSource(self.name, problems=tuple(self.problems))
        forward = self._method(owner, "forward")
        inputs, keywords = self._inputs(owner, forward)
        found = PythonSource(
            owner.name,
            _summary(owner),
            tuple(self._arguments(owner, self._method(owner, "__init__"), has_input=bool(inputs))),
            inputs,
            self._outputs(forward),
            keywords,
        )
        return replace(found, problems=tuple(sorted(self.problems, key=lambda each: each.line)))

    def _report(self, node: ast.AST, message: str) -> None:
        self.problems.append(SourceProblem(getattr(node, "lineno", 1), message))

    # What stands at the top level

    def _take_in(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Import):
            for each in statement.names:
                first = each.name.partition(".")[0]
                self.aliases[each.asname or first] = each.name if each.asname else first
        elif isinstance(statement, ast.ImportFrom):
            for each in statement.names:
                self.aliases[each.asname or each.name] = f"{statement.module or ''}.{each.name}"
        elif isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if isinstance(statement, ast.ClassDef):
                self.classes[statement.name] = statement
            if statement.name in _TAKEN:
                self._report(statement, f"{statement.name} is a name of the written network: choose another one.")
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    value = notes.read_value(statement.value, self.constants)
                    if value is not UNREADABLE:
                        self.constants[target.id] = value

    def _dotted(self, node: ast.expr) -> str:
        """Return the full path that a base class stands for: ``torch.nn.Module`` for ``nn.Module``."""
        if isinstance(node, ast.Attribute):
            return f"{self._dotted(node.value)}.{node.attr}"
        return self.aliases.get(node.id, node.id) if isinstance(node, ast.Name) else ""

    def _is_module(self, owner: ast.ClassDef, seen: frozenset[str] = frozenset()) -> bool:
        for base in owner.bases:
            path = self._dotted(base)
            if path.startswith(_MODULE):
                return True
            inner = self.classes.get(path)
            if inner is not None and path not in seen and self._is_module(inner, seen | {path}):
                return True
        return False

    def _choose(self) -> ast.ClassDef | None:
        named = self.classes.get(self.name)
        if named is not None and (self._is_module(named) or named.bases):
            return named
        found = sorted((each for each in self.classes.values() if self._is_module(each)), key=lambda each: each.lineno)
        if not found:
            where = min((each.lineno for each in self.classes.values()), default=1)
            message = (
                "There is no layer: a class that derives from nn.Module is needed, such as class MyLayer(nn.Module)."
            )
            self.problems.append(SourceProblem(where, message))
            return None
        last = found[-1]
        used = {node.id for each in found for node in ast.walk(each) if isinstance(node, ast.Name)}
        rivals = [each.name for each in found[:-1] if each.name not in used]
        if rivals and last.name not in used:
            self._report(
                last,
                f"Both {rivals[-1]} and {last.name} could be the layer, and neither uses the other. Take one of them "
                f"away, or give it the name of the definition: {self.name}.",
            )
        return last

    def _method(self, owner: ast.ClassDef, name: str, seen: frozenset[str] = frozenset()) -> ast.FunctionDef | None:
        """Return a method of a class or of those it derives from in this text, as ``self.problems`` may say why not."""
        own = [each for each in owner.body if isinstance(each, ast.FunctionDef) and each.name == name]
        if own:
            return own[-1]
        for base in owner.bases:
            path = self._dotted(base)
            inner = self.classes.get(path)
            if inner is not None and path not in seen:
                return self._method(inner, name, seen | {path})
            if path != f"{_MODULE}Module":
                self._report(
                    owner,
                    f"{owner.name} takes its {name} from {ast.unparse(base)}, which is not in this text. Write "
                    f"{'an' if name == '__init__' else 'a'} {name} of its own.",
                )
                return None
        if name == "forward":
            self._report(owner, f"{owner.name} has no forward method: def forward(self, x) says what it computes.")
        return None

    # Parameters

    def _arguments(self, owner: ast.ClassDef, method: ast.FunctionDef | None, has_input: bool) -> Iterator[Argument]:
        if method is None:
            return
        texts = _described(owner) | _described(method)
        for each in method.args.posonlyargs[1:]:
            self._report(each, f"{each.arg} can only be given by its place: remove the / from __init__.")
        for argument, default in _with_defaults(method):
            if argument.arg in _UNIVERSAL:
                continue
            found = self._argument(argument, default, texts.get(argument.arg, ""), has_input)
            if found is not None:
                yield found

    def _argument(self, argument: ast.arg, default: ast.expr | None, text: str, has_input: bool) -> Argument | None:
        name, annotation = argument.arg, argument.annotation
        hint = notes.read_hint(annotation) if annotation is not None else None
        axis = SIZES.get(name) if default is None and has_input else None
        if axis is not None and (annotation is None or hint == Hint("int")):
            return Argument(Parameter(name, "int", help=text), axis)
        value = REQUIRED if default is None else notes.read_value(default, self.constants)
        if annotation is None and value is not REQUIRED and value is not UNREADABLE:
            hint = notes.hint_of_value(value)
        if hint is None or value is UNREADABLE:
            if value is REQUIRED:
                said = f"its type {ast.unparse(annotation)} cannot be set here" if annotation else "its type is unknown"
                self._report(
                    argument,
                    f"{name} of __init__ needs a value, but {said}. Annotate it as int, float, bool, str, "
                    "Literal[…] or tuple[int, …], or give it a default.",
                )
            return None  # its own default serves
        if name in TRAINING_NAMES:
            self._report(argument, f"{name} is an option that every layer has: give this argument another name.")
            return None
        return Argument(_parameter(name, hint, value, text), spread=0 if hint.single else hint.length)

    # Ports

    def _inputs(self, owner: ast.ClassDef, method: ast.FunctionDef | None) -> tuple[tuple[Port, ...], frozenset[str]]:
        if method is None:
            return PythonSource(owner.name).inputs, frozenset()
        texts = _described(method)
        keywords = {each.arg for each in method.args.kwonlyargs}
        ports: list[Port] = []
        for argument, default in _with_defaults(method):
            if argument.arg not in keywords:
                ports += self._port(argument, default, texts)
        rest = method.args.vararg
        if rest is not None:
            ports.append(Port(rest.arg, texts.get(rest.arg, ""), dtype="any", variadic=True, optional=bool(ports)))
        for argument, default in _with_defaults(method):
            if argument.arg in keywords:
                ports += self._port(argument, default, texts)
        if not ports:
            self._report(method, "forward takes no tensor: def forward(self, x) gives the layer an input.")
        return tuple(ports), frozenset(keywords)

    def _port(self, argument: ast.arg, default: ast.expr | None, texts: Mapping[str, str]) -> Iterator[Port]:
        name, annotation = argument.arg, argument.annotation
        free = default is not None and is_none(default)
        if default is not None and not free:
            return  # a setting with a value of its own, no tensor
        if not notes.mentions_tensor(annotation):
            if default is None:
                said = ast.unparse(annotation) if annotation else ""
                self._report(
                    argument,
                    f"{name} of forward is a {said}, but only tensors flow through links. Give it a default, or make "
                    "it an argument of __init__.",
                )
            return
        optional = free or (annotation is not None and any(map(is_none, notes.members(annotation))))
        yield Port(name, texts.get(name, ""), dtype="any", optional=optional)

    def _outputs(self, method: ast.FunctionDef | None) -> tuple[Port, ...]:
        single = (Port("output", dtype="any"),)
        if method is None:
            return single
        returned = list(_returns(method))
        values = [each.value for each in returned if each.value is not None]
        tuples = [each for each in values if isinstance(each, ast.Tuple)]
        annotation = method.returns
        count = self._counted(method, returned) if annotation is None else self._annotated_count(annotation)
        if count is None:
            return single
        named = next((each.elts for each in tuples if len(each.elts) == count), [])
        names = [each.id if isinstance(each, ast.Name) else "" for each in named] or [""] * count
        distinct = [name if names.count(name) == 1 else "" for name in names]
        return tuple(Port(name or f"output{at}", dtype="any") for at, name in enumerate(distinct, 1))

    def _annotated_count(self, annotation: ast.expr) -> int | None:
        """Return how many tensors an annotation promises in a tuple; None for one tensor."""
        node = notes.unquoted(annotation)
        parts = notes.sequence(node)
        base = node.value if isinstance(node, ast.Subscript) else node
        if is_none(node):
            self._report(annotation, "forward must return a tensor, but its annotation says None.")
        elif notes.last_name(base) in _CONTAINERS:
            self._report(
                annotation,
                f"forward returns a {notes.last_name(base)}. Return one tensor, or a tuple such as tuple[Tensor, "
                "Tensor], whose entries become the outputs.",
            )
        elif parts is not None:
            if not any(isinstance(each, ast.Constant) and each.value is ... for each in parts):
                return len(parts)
            self._report(annotation, "forward returns any number of tensors. Say how many: tuple[Tensor, Tensor].")
        return None

    def _counted(self, method: ast.FunctionDef, returned: list[ast.Return]) -> int | None:
        """Return how many entries the returned tuples have; None for one tensor."""
        if not any(each.value is not None for each in returned):
            self._report(method, "forward returns nothing: end it with a return.")
            return None
        counts: dict[int | None, ast.Return] = {}
        for each in returned:
            if isinstance(each.value, ast.Dict | ast.List | ast.Set):
                kind = type(each.value).__name__.lower()
                self._report(each, f"forward returns a {kind}. Return one tensor, or a tuple of tensors.")
                return None
            if isinstance(each.value, ast.Tuple):
                if any(isinstance(item, ast.Starred) for item in each.value.elts):
                    self._report(
                        each, "How many tensors forward returns is unknown: annotate it -> tuple[Tensor, Tensor]."
                    )
                    return None
                counts.setdefault(len(each.value.elts), each)
            else:
                counts.setdefault(None, each)
        if len(counts) > 1:
            first, other = sorted(each.lineno for each in counts.values())[:2]
            message = f"forward returns another number of values here than in line {first}."
            self.problems.append(SourceProblem(other, message))
        return next(iter(counts))


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, with those behind ``if`` and ``try``."""
    for each in body:
        yield each
        if isinstance(each, ast.If):
            yield from _statements([*each.body, *each.orelse])
        elif isinstance(each, ast.Try):
            handlers = [inner for handler in each.handlers for inner in handler.body]
            yield from _statements([*each.body, *handlers, *each.orelse, *each.finalbody])


def _with_defaults(method: ast.FunctionDef) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Yield the arguments of a method without ``self``, each with its default."""
    given = method.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [*[None] * (len(plain) - len(given.defaults)), *given.defaults]
    pairs = [*list(zip(plain, defaults, strict=True))[1:], *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    yield from pairs


def _returns(method: ast.FunctionDef) -> Iterator[ast.Return]:
    """Yield the return statements of a method itself, in their order, not those of functions inside it."""
    waiting: list[ast.AST] = list(reversed(method.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Return):
            yield node
        waiting += reversed(list(ast.iter_child_nodes(node)))


def _described(node: ast.ClassDef | ast.FunctionDef) -> dict[str, str]:
    return described_arguments(ast.get_docstring(node) or "")


def _summary(owner: ast.ClassDef) -> str:
    paragraph = (ast.get_docstring(owner) or "").strip().partition("\n\n")[0]
    return plain_text(paragraph)


def _parameter(name: str, hint: Hint, value: Value, text: str) -> Parameter:
    fraction = hint.type == "int" and isinstance(value, float)
    return Parameter(
        name,
        "float" if fraction else hint.type,
        value,
        text,
        choices=hint.choices,
        length=hint.length,
        optional=hint.optional or value is None,
    )
