"""Node names: valid Python identifiers that become attributes of the module and variables of ``forward``."""

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
    share_memory state_dict to to_empty train type xpu zero_grad""".split()
)
_LONGEST = 100


def check_name(name: str, taken: Container[str] = ()) -> None:
    """Raise EditError where ``name`` cannot be a node's name, saying why."""
    if len(name) > _LONGEST:
        raise EditError(f"'{name[:20]}…' cannot be a name: it has {len(name)} characters, {_LONGEST} are allowed.")
    if not name.isidentifier() or unicodedata.normalize("NFKC", name) != name:
        shown = name if name.isprintable() else ascii(name)[1:-1]
        raise EditError(f"'{shown}' cannot be a name: use letters, digits and underscores, not starting with a digit.")
    if keyword.iskeyword(name) or name in RESERVED or name.startswith("_"):
        raise EditError(f"'{name}' cannot be a name: Python or PyTorch uses it. Try '{name.strip('_')}1'.")
    if name in taken:
        raise EditError(f"There is already a node named '{name}'. Names are unique.")


def unique_name(stem: str, taken: Iterable[str]) -> str:
    """Return ``stem`` followed by the lowest number that makes it unique: ``conv1``, ``conv2``…"""
    taken = frozenset(taken)
    stem = re.sub(r"\d+$", "", stem) or "node"
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def natural_key(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Sort key that puts ``conv2`` before ``conv10``; no two names share one."""
    parts = re.split(r"(\d+)", name)
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in parts), name
