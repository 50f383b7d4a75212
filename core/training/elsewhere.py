"""A folder with all that a training needs, to be run on other machines, and the command lines that run it there.

Every path in it is relative, so that the folder can go anywhere as it is. Run with the same seed it gives the run that
the project would give here.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from core.atomic import write_atomically
from core.data.source import no_files
from core.data.sources import sources
from core.errors import DataError, SaveError
from core.graph.files import SUFFIX, save_project
from core.graph.project import Project
from core.kinds import Value
from core.progress import report

README = "README.txt"
_DATA, _WEIGHTS = "data", "weights"
_PORT = 29500


@dataclass(frozen=True)
class Parcel:
    """What was written. ``files`` are copied from here (absolute) to there (relative to the folder).

    Where they were not ``copied``, the user has to do it.
    """

    folder: Path
    project: str
    files: tuple[tuple[Path, str], ...]
    copied: bool

    @property
    def run(self) -> str:
        """The folder of the run, as the command lines name it."""
        return f"runs/{PurePosixPath(self.project).stem}"


def pack(project: Project, base: Path | None, folder: Path, *, copy_data: bool = True) -> Parcel:
    """Write a project with what it reads into a folder that is empty or does not exist yet.

    ``base`` is the folder that file names in the project start from. Without ``copy_data`` only weights are copied.

    Raises:
        SaveError: the folder holds something already, or cannot be written.
        DataError: a file that the project reads does not exist.
    """
    start = base or Path.cwd()
    word = re.sub(r"[^\w-]+", "-", project.name).strip("-").lower() or "project"
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise SaveError(f"'{folder}' holds something already. Choose a new folder or an empty one.")
        folder.mkdir(parents=True, exist_ok=True)
        moved, data = _with_data(project, start)
        moved, weights = _with_weights(moved, start)
        taken = [*weights, *(data if copy_data else ())]
        for number, (source, target) in enumerate(taken):
            report(number, len(taken), target)
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / target)
    except OSError as error:
        raise SaveError(f"'{folder}' cannot be written: {error.strerror or error}.") from error
    save_project(moved, folder / f"{word}{SUFFIX}")
    parcel = Parcel(folder, f"{word}{SUFFIX}", tuple(data), copied=copy_data)
    write_atomically(folder / README, _readme(parcel).encode())
    return parcel


def _with_data(project: Project, start: Path) -> tuple[Project, list[tuple[Path, str]]]:
    """Return the project with its data beside it, and which file goes where."""
    kind = sources.find(project.data.source)
    if kind is None or kind.files is no_files:
        return project, []
    given: dict[str, Value] = {each.name: "" if each.required else each.default for each in kind.parameters}
    files = [Path(each) for each in kind.files(given | dict(project.data.options), start)]
    options = dict(project.data.options)
    targets: dict[Path, str] = {}
    for name in [each.name for each in kind.parameters if each.type == "text"]:
        value = options.get(name)
        if not isinstance(value, str) or not value.strip():
            continue
        meant = (start / Path(value).expanduser()).absolute()
        inside = [each for each in files if each.absolute() == meant or meant in each.absolute().parents]
        if not inside:
            continue
        options[name] = _inside(value, _DATA)
        for each in inside:
            rest = each.absolute().relative_to(meant).as_posix()
            targets[each.absolute()] = options[name] if rest == "." else f"{options[name]}/{rest}"
    for missing in [each for each in targets if not each.exists()]:
        raise DataError(f"The file '{missing}', which the project reads, does not exist.")
    return replace(project, data=replace(project.data, options=options)), list(targets.items())


def _with_weights(project: Project, start: Path) -> tuple[Project, list[tuple[Path, str]]]:
    """Return the project with the weights that it starts from beside it, and which file goes where."""
    found: dict[Path, str] = {}

    def moved(path: str) -> str:
        if not path.strip():
            return path
        source = (start / Path(path).expanduser()).absolute()
        if not source.is_file():
            raise DataError(f"The weights '{source}', which the network starts from, do not exist.")
        return found.setdefault(source, _inside(path, _WEIGHTS))

    groups = {name: replace(each, weights=moved(each.weights)) for name, each in project.groups.items()}
    return replace(project, groups=groups, weights=moved(project.weights)), list(found.items())


def _inside(path: str, folder: str) -> str:
    """Return a path as it is where it stays below its start, else one below ``folder``."""
    pure = Path(path)
    stays = not pure.is_absolute() and not path.startswith("~") and ".." not in pure.parts
    return pure.as_posix() if stays else f"{folder}/{pure.name}"


# --- command lines ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Places:
    """How many processes on each of how many machines; ``host`` is the address of the first one."""

    processes: int = 1
    machines: int = 1
    host: str = "first-machine"


def command_line(parcel: Parcel, places: Places) -> str:
    """Return what is to be typed in the folder: on every machine the same.

    The two dashes keep torchrun from reading ``--run`` as the start of an option of its own.
    """
    train = ["train", parcel.project, "--run", parcel.run]
    if places.machines > 1:
        where = ["--nnodes", str(places.machines), "--nproc-per-node", str(places.processes)]
        meet = ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"{places.host}:{_PORT}"]
        return shlex.join(["torchrun", *where, *meet, "-m", "--", "layerwright", *train])
    if places.processes > 1:
        where = ["--standalone", "--nproc-per-node", str(places.processes)]
        return shlex.join(["torchrun", *where, "-m", "--", "layerwright", *train])
    return shlex.join(["layerwright", *train])


def other_lines(parcel: Parcel, places: Places) -> dict[str, str]:
    """Return other ways of starting the same, by what starts them; empty for one process or several machines."""
    if places.processes < 2 or places.machines > 1:
        return {}
    train = ["train", parcel.project, "--run", parcel.run]
    count = str(places.processes)
    return {
        "layerwright": shlex.join(["layerwright", *train, "--processes", count]),
        "accelerate": shlex.join(["accelerate", "launch", "--num_processes", count, "-m", "layerwright", *train]),
    }


def _readme(parcel: Parcel) -> str:
    return "\n".join(_lines(parcel)) + "\n"


def _lines(parcel: Parcel) -> Iterator[str]:
    ways: Mapping[str, Places] = {
        "In one process": Places(),
        "In two processes of one machine, one for each GPU": Places(2),
        "On two machines with four GPUs each (the same line on both)": Places(4, 2),
    }
    yield "What it takes to train this network on another machine."
    yield ""
    yield "Install Layerwright there: pip install layerwright[distributed]. Then type in this folder:"
    for title, places in ways.items():
        yield from ("", f"{title}:", f"    {command_line(parcel, places)}")
    yield ""
    yield f"The run is written to {parcel.run}. Add --resume to go on with one that was stopped."
    yield "Several machines go on only where all of them see that folder."
    if parcel.files and not parcel.copied:
        yield from ("", "The data is not in this folder. Copy it first:")
        yield from (f"    {source}  to  {target}" for source, target in parcel.files)
