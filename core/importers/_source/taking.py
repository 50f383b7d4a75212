"""The way back from source to canvas: runs a text that is trusted, and reads its classes one by one.

Every class of a written network is a group of the project, and every group is read on its own, with those that it uses
as single nodes: so what comes has the structure that the text has. Classes that stand in the text as the project writes
them are not read at all: they are what the project has.
"""

from __future__ import annotations

import ast
import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from core import trust
from core.errors import ImportFailed
from core.graph.adopting import Adopted, adopt
from core.graph.groups import group_id
from core.graph.names import snake_case
from core.graph.project import PYTHON_PREFIX, Project
from core.importers._kind import Imported
from core.importers._source.naming import defined
from core.importers._source.parts import ARGUMENTS, Built, Given
from core.importers._source.text import NetworkClass, default_network, networks, obstacle_of, segment, unchanged
from core.layers import catalogue
from core.loading import load
from core.model.lines import OWN_MODULES
from core.model.patience import TooLong, at_most
from core.model.python_code import CodeError, executed, running, stopped
from core.progress import report

if TYPE_CHECKING:
    from torch import nn

    from core.model.source import Source

LONGEST = 120.0
"""Seconds that a text may take to build its network and to run it a few times."""


def from_source(text: str, given: Sequence[Given], network: str = "") -> Imported:
    """Return the network that a text defines, each class that it uses as a group, without its fresh weights.

    ``given`` are the inputs in the order of ``forward``'s arguments, ``network`` the class (else ``default_network``).

    Raises:
        ImportFailed: the text is not trusted, cannot be read, raises (with the line), runs too long, needs arguments
            to be built, takes another number of inputs, or does what cannot be drawn.
        Cancelled: whoever watches the progress wants it to end.
    """
    project = Project(network or "Imported")
    return _guarded(text, lambda: _network(text, given, network, project, {}, frozenset()))


def taken_back(
    project: Project,
    text: str,
    given: Sequence[Given],
    written: Source | None = None,
    network: str = "",
    before: Sequence[Given] = (),
) -> Adopted:
    """Return the project with the network that a text defines, as ``core.graph.adopting`` brings them together.

    ``written`` is the source that the text was made from, ``before`` what enters there (else ``given``); what it says
    the same way stays as it is.

    Raises:
        ImportFailed, Cancelled: as ``from_source``.
        EditError: the groups would stand in each other.
    """
    own, there = known_classes(project, written), networks(text)
    network = network or default_network(there)
    same = unchanged(text, written.text) if written else frozenset()
    if network in same:
        return adopt(project, replace(project, groups={}, code={}))
    read = _guarded(text, lambda: _network(text, given, network, project, own, same))
    new, base = read.project, None
    if written is not None:
        for name, code in written.code.items():
            if not trust.is_trusted(code):
                raise ImportFailed(f"The Python layer '{name}' has not been run: look at its code and trust it.")
        then, entering = default_network(networks(written.text)), before or given
        if len(entering) == len(written.inputs):
            base = _patient(written.text, lambda: _network(written.text, entering, then, project, own, same)).project
    layers = {
        name: replace(project.code[name], source=_with_class(project.code[name].source, class_name, text))
        for class_name, kind in own.items()
        if (name := kind.removeprefix(PYTHON_PREFIX)) in project.code and kind.startswith(PYTHON_PREFIX)
        if class_name not in same and any(class_name == each.name for each in there)
    }
    return replace(adopt(project, replace(new, code={**new.code, **layers}), base), notes=read.notes)


def known_classes(project: Project, written: Source | None) -> dict[str, str]:
    """Return what the classes of the project's own source are here, by class: groups, Python layers, our modules."""
    found = {name: group_id(group) for name, group in (written.classes if written else {}).items()}
    found = {name: kind for name, kind in found.items() if name == kind.removeprefix("group:")}
    for name in written.code if written else ():
        found[name] = PYTHON_PREFIX + name
    for kind in catalogue:
        if kind.torch_class.startswith(OWN_MODULES):
            found.setdefault(kind.torch_class.rpartition(".")[2], kind.id)
    return found


def _with_class(source: str, name: str, text: str) -> str:
    """Return a Python layer's source with its class as it stands in a text."""
    before = segment(source, name)
    return source.replace(before, segment(text, name)) if before else source


# Running


def _guarded(text: str, work: Callable[[], Imported]) -> Imported:
    """Do what runs a text, unless it is not trusted or cannot be read."""
    problem = obstacle_of(text)
    if problem is not None:
        raise ImportFailed(f"Line {problem.line}: {problem.message}")
    if not trust.is_trusted(text):
        raise ImportFailed("The source has not been run: look at it and trust it.")
    return _patient(text, work)


def _patient(text: str, work: Callable[[], Imported]) -> Imported:
    load("torch")
    try:
        return at_most(LONGEST, work)
    except TooLong as error:
        raise ImportFailed(
            stopped(text, error).replace("the check of the network can go on", "you can go on")
        ) from error
    except CodeError as error:
        raise ImportFailed(_capital(str(error))) from error


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _network(
    text: str,
    given: Sequence[Given],
    network: str,
    project: Project,
    own: Mapping[str, str],
    same: frozenset[str],
) -> Imported:
    """Build and read the network; groups come in their own class's graph, but those that are the ``same``."""
    from core.importers._source.reading import Classes

    built = build(text, given, network)
    classes = Classes(built, project, own, same)
    graph = classes.read_all()
    groups = {name: group for name, group in classes.groups.items() if name not in same}
    found = Project(network or built.network, graph=graph, groups=groups, code=classes.layers)
    return Imported(found, notes=tuple(classes.notes))


def build(text: str, given: Sequence[Given], network: str = "") -> Built:
    """Run a text and build its network.

    Raises:
        CodeError: it raised.
        ImportFailed: there is no network in it, it needs arguments, or takes other inputs.
    """
    report(0, 3, "Building the network")
    found = {each.name: each for each in networks(text)}
    if not found:
        raise ImportFailed(
            "There is no class in this text that derives from nn.Module, no nn.Sequential that has a name, and no "
            "function that returns one of them."
        )
    name = network or default_network(tuple(found.values()))
    if name not in found:
        raise ImportFailed(f"There is no class '{name}' in this text. There are: {', '.join(found)}.")
    owner = found[name]
    if owner.lacking:
        raise ImportFailed(owner.lacking)
    if len(owner.inputs) != len(given):
        raise ImportFailed(
            f"Line {owner.line}: forward of {name} takes {len(owner.inputs)} inputs ({', '.join(owner.inputs)}), but "
            f"the shapes of {len(given)} are known."
        )
    names = executed(text)
    _remember_arguments(names)
    module = _made(text, names, owner)
    module.eval()
    wanted = tuple(replace(each, name=own) for each, own in zip(given, owner.inputs, strict=True))
    return Built(text, name, module, wanted, names["__name__"])


def _made(text: str, names: dict[str, Any], owner: NetworkClass) -> nn.Module:
    """Return the network; a value is made once more, so that its modules keep what they are built with."""
    from torch import nn

    with running(text, "cpu"):
        if owner.kind == "value":
            again = ast.Module([defined(ast.parse(text))[owner.name]], [])
            exec(compile(again, "<network>", "exec", dont_inherit=True), names)
            module = names[owner.name]
        else:
            module = names[owner.name]()
    if not isinstance(module, nn.Module):
        raise ImportFailed(f"Line {owner.line}: {owner.name} is a {type(module).__name__}, not a torch.nn.Module.")
    return _named(module) if type(module) is nn.Sequential else module


def _named(row: nn.Sequential) -> nn.Sequential:
    """Return a row whose modules are called by what they are, where they only have numbers."""
    from torch import nn

    from core.importers._torch.modules import kind_of_module

    found: dict[str, nn.Module] = {}
    for key, module in row.named_children():
        kind = kind_of_module(module)
        stem = kind.name_stem if kind is not None else snake_case(type(module).__name__)
        name = next(name for number in count(1) if (name := f"{stem}{number}") not in found)
        found[name if key.isdecimal() else key] = module
    return nn.Sequential(OrderedDict(found))


def _remember_arguments(names: Mapping[str, Any]) -> None:
    """Let every module of the classes of a text keep what it is built with."""
    from torch import nn

    for each in names.values():
        if isinstance(each, type) and issubclass(each, nn.Module) and each.__module__ == names["__name__"]:
            _remembering(each)


def _remembering(owner: type[nn.Module]) -> None:
    init: Any = owner.__init__
    signature = inspect.signature(init)

    def remember(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        if type(self) is owner:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            self.__dict__[ARGUMENTS] = dict(list(bound.arguments.items())[1:])
        init(self, *args, **kwargs)

    owner.__init__ = remember  # type: ignore[method-assign]  # the class is of this run alone
