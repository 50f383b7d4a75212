"""Project files: ``*.layerwright``, JSON that a person can read, that diffs well in git and that loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from core.atomic import write_atomically
from core.errors import ProjectError, SaveError, reason_of
from core.graph.content import FORMAT, Content, from_content, problems_of, to_content
from core.graph.jsontext import JsonTextError, doubts, frozen, layout, parse, short, short_type
from core.graph.project import Project
from core.loading import load

SUFFIX = ".layerwright"
LARGEST = 64 * 2**20
_SHOWN = 50

Migration = Callable[[Content], Content]


def _to_loggers(content: Content) -> Content:
    """TensorBoard was the only logger, and a switch of its own."""
    training = content.get("training")
    if not isinstance(training, Mapping) or not isinstance(training.get("tensorboard"), bool):
        return content
    kept = {key: value for key, value in training.items() if key != "tensorboard"}
    return {**content, "training": kept | ({"loggers": ["tensorboard"]} if training["tensorboard"] else {})}


MIGRATIONS: Mapping[int, Migration] = {
    1: lambda content: content,  # format 2 adds groups, Python layers, and what nodes say of them
    2: lambda content: content,  # format 3 adds meanings, roles and splits, and what they and training may be told
    3: _to_loggers,  # format 4 adds the weights that a network starts from and what a sweep tries
}
"""By format number: what makes the content of the next format from it."""


def load_project(path: Path) -> Project:
    """Read a project file. Nothing in it is executed, and kinds that are not installed are kept as they are.

    Raises:
        ProjectError: the file cannot be read or is no project; ``problems`` holds everything that is wrong with it.
    """
    try:
        if path.exists() and not path.is_file():
            raise ProjectError(f"'{path}' is not a file but a folder or a device.")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise ProjectError(f"There is no file '{path}'.") from error
    except (OSError, ValueError) as error:
        raise ProjectError(f"'{path}' cannot be read: {reason_of(error)}.") from error
    if len(content) > LARGEST:
        raise ProjectError(f"'{path}' is larger than {LARGEST // 2**20} MiB: it is no project file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProjectError(f"'{path}' is no project file: it is not UTF-8 text (byte {error.start}).") from error
    return project_from_text(text, str(path))


def checksum(content: bytes) -> str:
    """Return the checksum by which what a file says is known again."""
    return blake2b(content, digest_size=16).hexdigest()


def save_project(project: Project, path: Path) -> str:
    """Write a project file so that a crash or a full disk leaves the old one intact; return its ``checksum``.

    Raises:
        SaveError: it could not be written; what was there before is intact.
    """
    content = project_to_text(project).encode()
    if len(content) > LARGEST:
        raise SaveError(f"'{path}' would be larger than {LARGEST // 2**20} MiB, more than a project file may be.")
    write_atomically(path, content)
    return checksum(content)


def project_from_text(text: str, origin: str) -> Project:
    """Read a project from the text of a file; ``origin`` names it in messages.

    Raises:
        ProjectError: it is no project; ``problems`` holds everything that is wrong with it.
    """
    try:
        content, problems = parse(text)
    except JsonTextError as error:
        raise ProjectError(f"'{origin}' cannot be read. {error}") from error
    if not isinstance(content, dict):
        raise ProjectError(f"'{origin}' is no project file: it holds {short_type(content)} where an object should be.")
    version = content.get("format")
    if type(version) is int and version > FORMAT:
        raise ProjectError(
            f"'{origin}' was written by a newer version of Layerwright (file format {version}; this version reads up "
            f"to {FORMAT}). Install the newest Layerwright to open it. The file is unchanged."
        )
    if type(version) is not int or version < 1:
        named = f"must be a whole number from 1 on, not {short(version)}" if "format" in content else "is missing"
        problems.insert(0, f"format: {named}. Is this a project file?")
    else:
        content = frozen(migrate(content, MIGRATIONS, FORMAT))
        problems += problems_of(content)
    if problems:
        raise ProjectError(f"'{origin}' cannot be opened.", problems=_at_most(problems))
    return from_content(content)


def project_to_text(project: Project) -> str:
    """Write a project as the text of a file. Equal projects give equal text, whatever their history.

    Raises:
        SaveError: a value is of a kind that a file cannot hold; ``problems`` says which.
    """
    content = to_content(project)
    try:
        problems = doubts(content)
        if problems:
            raise SaveError("The project cannot be written.", problems=_at_most(problems))
        return layout(content) + "\n"
    except ValueError as error:
        raise SaveError(f"The project cannot be written. {error}") from error


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a project file."""
    load("core.graph.schema")
    from core.graph.schema import ProjectModel

    schema = ProjectModel.model_json_schema(by_alias=True)
    schema["properties"]["format"]["const"] = FORMAT
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Layerwright project"}


def migrate(content: Content, migrations: Mapping[int, Migration], newest: int) -> Content:
    """Bring the content of an older file up to the newest format, one format at a time."""
    while content["format"] < newest:
        version = content["format"]
        content = {**migrations[version](content), "format": version + 1}
    return content


def _at_most(problems: list[str]) -> list[str]:
    more = len(problems) - _SHOWN
    return problems if more <= 0 else [*problems[:_SHOWN], f"… and {more:,} more."]
