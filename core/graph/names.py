"""Names: of nodes, which become attributes and variables in the source, and of definitions, which become classes."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Iterable

from core.errors import EditError

# The attributes of torch.nn.Module and the names the written source itself uses; a test holds the list against torch.
RESERVED = frozenset(
    """self torch nn F Net forward training dump_patches call_super_init T_destination
    add_module apply bfloat16 buffers children compile cpu cuda double eval extra_repr float get_buffer get_extra_state
    get_parameter get_submodule half ipu load_state_dict modules mtia named_buffers named_children named_modules
    named_parameters parameters register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
    share_memory state_dict penalty constrain to to_empty train type xpu zero_grad""".split()
)
RESERVED_CLASSES = frozenset({"Net", "F"})
"""Names of classes that the written source uses itself."""
_LONGEST = 100


def check_name(name: str, taken: Container[str] = ()) -> None:
    """Raise EditError where ``name`` cannot be a node's name, saying why."""
    _check_identifier(name)
    if keyword.iskeyword(name) or name in RESERVED or name.startswith("_"):
        raise EditError(f"'{name}' cannot be a name: Python or PyTorch uses it. Try '{name.strip('_')}1'.")
    if name in taken:
        raise EditError(f"There is already a node named '{name}'. Names are unique.")


def check_class_name(name: str, taken: Container[str] = ()) -> None:
    """Raise EditError where ``name`` cannot be the name of a group or of a Python layer, saying why."""
    _check_identifier(name)
    if keyword.iskeyword(name) or name in RESERVED_CLASSES:
        raise EditError(
            f"'{name}' cannot be the name of a group or Python layer: Python or the network's source uses it."
        )
    if not name[0].isupper():
        hint = f" Try '{better}'." if (better := name.strip("_").title().replace("_", "")).isidentifier() else ""
        raise EditError(f"'{name}' cannot be the name of a group or Python layer: it starts with a capital.{hint}")
    if name in taken:
        raise EditError(f"There is already a group or Python layer named '{name}'. Names are unique.")


def free_class_name(name: str, taken: Container[str]) -> str:
    """Return a definition's name, followed by the lowest number from 2 on that makes it unique where it is taken."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}{number}"
    return found


def _check_identifier(name: str) -> None:
    if len(name) > _LONGEST:
        raise EditError(f"'{name[:20]}…' cannot be a name: it has {len(name)} characters, {_LONGEST} are allowed.")
    if not name.isidentifier() or unicodedata.normalize("NFKC", name) != name:
        shown = name if name.isprintable() else ascii(name)[1:-1]
        raise EditError(f"'{shown}' cannot be a name: use letters, digits and underscores, not starting with a digit.")


def unique_name(stem: str, taken: Iterable[str]) -> str:
    """Return ``stem`` followed by the lowest number that makes it unique: ``conv1``, ``conv2``…"""
    taken = frozenset(taken)
    stem = re.sub(r"\d+$", "", stem)[: _LONGEST - 9] or "node"
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def free_name(stem: str, taken: Iterable[str]) -> str:
    """Return a node's name as near to ``stem`` as can be: it may hold other characters, be reserved or be taken."""
    taken = frozenset(taken)
    plain = re.sub(r"\W", "_", unicodedata.normalize("NFKC", stem)).strip("_")[: _LONGEST - 9]
    plain = plain if plain.isidentifier() else f"node_{plain}".rstrip("_")
    try:
        check_name(plain, taken)
    except EditError:
        return unique_name(plain, taken)
    return plain


def natural_key(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Sort key that puts ``conv2`` before ``conv10``; no two names share one."""
    parts = re.split(r"(\d+)", name)
    return tuple((int(part[:_LONGEST]), "") if part.isdecimal() else (0, part) for part in parts), name


def snake_case(name: str) -> str:
    """Return ``basic_block`` for ``BasicBlock``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
