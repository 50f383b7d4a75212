"""The list of reserved names is held against PyTorch, since ``core.graph`` may not import it."""

from __future__ import annotations

from torch import nn

from core.graph.names import RESERVED


def test_every_public_attribute_of_a_module_is_reserved() -> None:
    public = {name for name in dir(nn.Module()) if not name.startswith("_")}
    assert public <= RESERVED
