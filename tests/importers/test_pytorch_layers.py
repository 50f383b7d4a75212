"""Every module that has a kind comes back as that kind, set as it was, with its weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from core.importers._torch.modules import derived_values
from core.importers.pytorch import module_to_draft
from core.kinds import LayerKind
from core.layers import catalogue
from core.model.probe import construct
from core.parameters import resolve


class Holding(nn.Module):
    """A network of one layer."""

    def __init__(self, layer: nn.Module, inputs: int) -> None:
        super().__init__()
        self.layer, self.inputs = layer, inputs

    def forward(
        self, a: Tensor, b: Tensor | None = None, c: Tensor | None = None, d: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        return self.layer(*(a, b, c, d)[: self.inputs])


def _all() -> list[LayerKind]:
    kinds = [kind for kind in catalogue if kind.torch_class]
    return [kind for kind in kinds if kind.id != "MultiheadAttention"]  # PyTorch's takes key and value in any case


@pytest.mark.parametrize("kind", _all(), ids=lambda kind: kind.id)
def test_a_module_comes_back_as_its_kind(kind: LayerKind) -> None:
    sample = kind.samples[0]
    values, _problems = resolve(kind, kind.sample_parameters, {})
    shapes = dict(zip(kind.input_slots(len(sample)), sample, strict=True))
    module = construct(kind, values | derived_values(kind, kind.sample_parameters, shapes), False, "cpu")
    assert isinstance(module, nn.Module)
    ports = {slot: kind.input_port(slot) for slot in shapes}
    whole = {slot for slot, port in ports.items() if port is not None and port.dtype == "int"}
    inputs = [torch.zeros(shape).long() if slot in whole else torch.rand(shape) for slot, shape in shapes.items()]
    imported = module_to_draft(Holding(module, len(inputs)), inputs, verify=False)
    (node,) = [each for each in imported.project.graph.nodes.values() if each.kind not in ("Input", "Output")]
    assert node.kind == kind.id
    found, _problems = resolve(kind, node.params, {})
    assert {name: _each(value) for name, value in found.items()} == {
        name: _each(value) for name, value in values.items()
    }
    state = module.state_dict()
    assert imported.names == {f"{node.name}.{key}": f"layer.{key}" for key in state}


def _each(value: object) -> object:
    """Return one number for a size that is the same in every direction."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value
