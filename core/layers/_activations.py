"""What all activations have in common, so that each is declared by what sets it apart."""

from __future__ import annotations

from core.kinds import LayerKind, Parameter, Port

FRACTIONS = Port("input", "Fractions, in any number of dimensions.")
NUMBERS = Port("input", "Numbers, in any number of dimensions.", dtype="any", refuses=("bool",))
ANYTHING = Port("input", "Numbers or a mask, in any number of dimensions.", dtype="any")
_SAMPLES = (((2, 10),), ((2, 3, 8, 8),))


def activation(
    identifier: str,
    summary: str,
    formula: str,
    *keywords: str,
    stem: str = "",
    port: Port = FRACTIONS,
    output: Port | None = None,
    parameters: tuple[Parameter, ...] = (),
    hidden: tuple[str, ...] = (),
) -> LayerKind:
    """Return the kind of an activation that treats every value by itself; ``parameters`` are shown on its face."""
    return LayerKind(
        identifier,
        "Activation",
        summary,
        f"torch.nn.{identifier}",
        stem=stem,
        inputs=(port,),
        outputs=(output or Port("output"),),
        parameters=parameters,
        hidden=hidden,
        face=tuple(parameter.name for parameter in parameters),
        keywords=(*keywords, "activation", "nonlinearity"),
        samples=_SAMPLES,
        formula=formula,
    )
