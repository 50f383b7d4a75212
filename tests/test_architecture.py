"""Rules about the code that no linter of ours checks: what an import loads, sizes of files, packages of tests."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_SOURCES = sorted(path for part in ("core", "designer", "tests") for path in (_ROOT / part).rglob("*.py"))
_HEAVY = ("torch", "polars", "sklearn", "scipy", "pydantic", "PySide6", "pyqtgraph")


@dataclass(frozen=True)
class _Source:
    """What the rules ask of a file. The trees are not kept: collecting garbage would walk through all of them."""

    path: Path
    lines: int
    long: tuple[str, ...]
    """Functions of 60 lines and more."""
    imported: tuple[tuple[str, str], ...]
    """What it imports from modules, by its full name and its module's."""
    silent: bool
    """Says not why it exists."""


def _read(path: Path) -> _Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    long, imported = [], []
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef) and (each.end_lineno or 0) - each.lineno >= 60:
            long.append(each.name)
        elif isinstance(each, ast.ImportFrom) and each.module:
            imported += [(f"{each.module}.{one.name}", each.module) for one in each.names]
    silent = bool(tree.body) and not ast.get_docstring(tree)
    return _Source(path, len(text.splitlines()), tuple(long), tuple(imported), silent)


@pytest.fixture(scope="module")
def sources() -> dict[Path, _Source]:
    return {path: _read(path) for path in _SOURCES}


def _loaded_by(statement: str, watched: tuple[str, ...]) -> list[str]:
    """Return which of the watched libraries a fresh Python has loaded after a statement."""
    script = f"import sys\n{statement}\nprint(*(name for name in {watched!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def _modules(package: str) -> list[str]:
    paths = [path for path in _SOURCES if path.is_relative_to(_ROOT / package) and path.stem != "__main__"]
    return [".".join(path.relative_to(_ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]


@pytest.mark.parametrize("package", ["core/graph", "core/layers"])
def test_document_and_catalogue_load_without_heavy_libraries(package: str) -> None:
    imports = "\n".join(f"import {name}" for name in _modules(package) if name != "core.graph.schema")
    assert _loaded_by(f"{imports}\nfrom core.layers import catalogue\nassert catalogue.entries", _HEAVY) == []


@pytest.mark.parametrize(
    "module", ["core.kinds", "core.parameters", "core.expressions", "core.registry", "core.atomic"]
)
def test_the_foundations_load_without_heavy_libraries(module: str) -> None:
    assert _loaded_by(f"import {module}", _HEAVY) == []


def test_opening_a_project_loads_no_torch(tmp_path: Path) -> None:
    statement = (
        "from pathlib import Path; from core.graph.files import *; from core.graph.project import Project;"
        f"path = Path({str(tmp_path / 'a.layerwright')!r}); save_project(Project(), path); load_project(path)"
    )
    assert _loaded_by(statement, ("torch", "sklearn", "polars")) == []


def test_the_command_line_loads_no_qt() -> None:
    imports = "\n".join(f"import {name}" for name in _modules("core"))
    statement = f"{imports}\nfrom core.cli.main import parser\nparser()"
    assert _loaded_by(statement, ("PySide6", "shiboken6", "pyqtgraph")) == []


def test_the_command_line_starts_without_torch() -> None:
    assert _loaded_by("from core.cli.main import parser\nparser()", ("torch", "sklearn", "polars")) == []


def test_files_are_short_and_functions_fit_a_screen(sources: dict[Path, _Source]) -> None:
    assert [str(each.path) for each in sources.values() if each.lines >= 500] == []
    assert [f"{each.path}: {name}" for each in sources.values() for name in each.long] == []


def test_no_module_of_the_core_needs_itself_through_others_not_even_for_types(sources: dict[Path, _Source]) -> None:
    names = set(_modules("core"))
    needs: dict[str, set[str]] = {}
    for name in names:
        path = _ROOT.joinpath(*name.split("."))
        imported = sources[path / "__init__.py" if path.is_dir() else path.with_suffix(".py")].imported
        needs[name] = ({full if full in names else module for full, module in imported} & names) - {name}
    assert len(list(TopologicalSorter(needs).static_order())) == len(names)


def test_every_module_says_why_it_exists(sources: dict[Path, _Source]) -> None:
    assert [str(each.path) for each in sources.values() if each.silent] == []


def test_every_folder_of_tests_is_a_package() -> None:
    # Without it, tests/core would shadow core.
    folders = {path.parent for path in _SOURCES if path.is_relative_to(_ROOT / "tests")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_nothing_but_the_known_stands_at_the_top() -> None:
    folders = {each.name for each in _ROOT.iterdir() if each.is_dir() and not each.name.startswith(".")}
    assert {"core", "designer", "resources", "tests"} <= folders
    assert folders - {"core", "designer", "resources", "tests"} <= {"build", "dist", "shared", "runs"}
