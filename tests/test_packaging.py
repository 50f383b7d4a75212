"""The wheel: one top-level package, everything the application needs in it, and the command runs from it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_NOT_SHIPPED = {"launcher", "screenshots"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network."""
    folder = tmp_path_factory.mktemp("wheel")
    script = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True)
    return folder / done.stdout.split()[-1]


def test_the_wheel_has_one_top_level_package_and_all_of_the_application(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"layerwright"}
    assert {"layerwright/__init__.py", "layerwright/__main__.py"} <= names
    for part in ("core", "designer"):
        paths = {path.relative_to(_ROOT) for path in (_ROOT / part).rglob("*.py")}
        assert {f"layerwright/_app/{path.as_posix()}" for path in paths} <= names
    shipped = {each.name for each in (_ROOT / "resources").iterdir() if each.is_dir()} - _NOT_SHIPPED
    for folder in shipped:
        for path in (_ROOT / "resources" / folder).rglob("*.*"):
            assert f"layerwright/_app/{path.relative_to(_ROOT).as_posix()}" in names


def test_the_command_runs_from_the_wheel_beside_a_foreign_core(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "core.py").write_text("raise ImportError('the wrong core')")
    script = (
        f"import sys; sys.path.insert(0, {str(site)!r}); sys.argv[1:] = ['schema'];"
        "import layerwright; assert layerwright.main() == 0; import core;"
        f"assert core.__file__.startswith({str(site)!r}), core.__file__; assert 'PySide6' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '"Layerwright project"' in done.stdout


def test_every_dependency_has_a_pinned_version() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    lines = (_ROOT / "constraints.txt").read_text().splitlines()
    pins = {line.partition("==")[0].lower().replace("_", "-") for line in lines if not line.startswith("#")}
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    wanted = [*project["dependencies"], *(each for each in extras if not each.startswith("layerwright["))]
    names = {each.partition(">")[0].partition("=")[0].lower() for each in wanted}
    assert names <= pins
    assert all("==" in line for line in lines if not line.startswith("#"))
    assert not any("+" in line or "/" in line for line in lines if not line.startswith("#"))
