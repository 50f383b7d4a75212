"""Layers to be put into a link so that what flows there gets another shape: the usual way out for a shortcut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.graph.kinds import kind_of
from core.graph.project import End, Project
from core.model import fixes
from core.model.problems import Fix
from core.model.specs import Dim, TensorSpec

_SEQUENCES = ("Recurrent", "Attention")
_MAPS = ("Convolution", "Pooling", "Padding", "Vision")


@dataclass(frozen=True)
class Link:
    """A link by its target, with what flows through it."""

    project: Project
    target: End
    spec: TensorSpec

    @property
    def families(self) -> frozenset[str]:
        """The families of the layers that feed it, as far up as the shape stays the same."""
        found = set()
        source = self.project.graph.links.get(self.target)
        for _ in self.project.graph.nodes:
            node = self.project.graph.nodes.get(source.node) if source else None
            kind = kind_of(self.project, node) if node else None
            if node is None or kind is None or not kind.inputs:
                break
            found.add("Recurrent" if kind.id == "Embedding" else kind.family)
            if kind.family not in ("Activation", "Regularisation", "Normalisation"):
                break
            source = self.project.graph.links.get(End(node.name, kind.inputs[0].name))
        return frozenset(found)


def to_match(link: Link, other: TensorSpec, families: frozenset[str] = frozenset()) -> tuple[Fix, ...]:
    """Return what could be put into ``link`` so that it gives ``other``, which comes from layers of these families."""
    one = link.spec
    if not one.starts_with_batch or not other.starts_with_batch or one.dtype != "float32":
        return ()
    if one.rank != other.rank:
        return tuple(_ranks(link, other))
    differing = [axis for axis in range(1, one.rank) if one.dims[axis] != other.dims[axis]]
    if not differing or not all(one.dims[axis].fixed and other.dims[axis].fixed for axis in differing):
        return ()
    families |= link.families
    if one.rank == 2 or (one.rank == 3 and differing == [2] and not families.intersection(_MAPS)):
        width = other.dims[-1].a
        return (fixes.insert(link.project, "Linear", link.target, {"out_features": width}, f"with {_many(width)}"),)
    if one.rank > 5 or families.intersection(_SEQUENCES):
        return tuple(_crop(link, other)) if 1 in differing and one.rank == 3 else ()
    found = tuple(_projection(link, other, differing))
    return found or (tuple(_resized(link, other)) if 1 not in differing else ())


def _many(width: int) -> str:
    return f"{width} output{'s' if width > 1 else ''}"


def _ranks(link: Link, other: TensorSpec) -> Iterator[Fix]:
    """Give a vector the dimensions of a feature map or a sequence, as a gate or a context has them."""
    one, target = link.spec, link.target
    if one.rank == 2 and other.rank > 2 and one.dims[1].fixed and one.dims[1] == other.dims[1]:
        shape = (one.dims[1].a, *(1,) * (other.rank - 2))
        yield fixes.insert(link.project, "Reshape", target, {"shape": shape}, f"to {' × '.join(map(str, shape))}")
    elif one.rank + 1 == other.rank and one.dims[1:] == other.dims[2:]:
        yield fixes.insert(link.project, "Unsqueeze", target, {"dim": 1}, f"to {_grown(one)}")


def _grown(spec: TensorSpec) -> str:
    return " × ".join(map(str, (spec.dims[0], Dim(1, 1), *spec.dims[1:])))


def _projection(link: Link, other: TensorSpec, differing: list[int]) -> Iterator[Fix]:
    """A 1×1 convolution brings the channels to another number, and with a stride makes the map smaller."""
    one = link.spec
    stride = _stride(one, other)
    if not stride or (differing != [1] and stride == 1):
        return
    channels, dimensions = other.dims[1].a, one.rank - 2
    params = {"out_channels": channels, "kernel_size": 1, **({"stride": stride} if stride > 1 else {})}
    window = "of width 1" if dimensions == 1 else "×".join("1" * dimensions)
    what = f"{window} with {channels} channels{f' and stride {stride}' if stride > 1 else ''}"
    yield fixes.insert(link.project, f"Conv{dimensions}d", link.target, params, what)


def _stride(one: TensorSpec, other: TensorSpec) -> int:
    """Return the stride that makes the sizes of ``one`` those of ``other`` (1 where they agree), or 0."""
    pairs = list(zip(one.dims[2:], other.dims[2:], strict=True))
    if all(large == small for large, small in pairs):
        return 1
    if not all(large.fixed and small.fixed for large, small in pairs):
        return 0
    for stride in range(2, 33):
        if all((large.a - 1) // stride + 1 == small.a for large, small in pairs):
            return stride
    return 0


def _resized(link: Link, other: TensorSpec) -> Iterator[Fix]:
    """Resize or crop a map whose channels fit already."""
    one = link.spec
    sizes = tuple(dim.a for dim in other.dims[2:])
    if not all(dim.fixed for dim in (*one.dims[2:], *other.dims[2:])):
        return
    if any(small.a < large.a for small, large in zip(one.dims[2:], other.dims[2:], strict=True)):
        params = {"size": sizes, "scale_factor": None}
        yield fixes.insert(link.project, "Interpolate", link.target, params, f"to {' × '.join(map(str, sizes))}")
    else:
        yield from _crop(link, other)


def _crop(link: Link, other: TensorSpec) -> Iterator[Fix]:
    """Cut the borders off where the sizes differ by a little."""
    spare = [large.a - small.a for large, small in zip(link.spec.dims, other.dims, strict=True)]
    little = all(2 * rest <= size.a for rest, size in zip(spare[1:], other.dims[1:], strict=True))
    if min(spare) < 0 or not little:
        return
    first = next(axis for axis, rest in enumerate(spare) if rest)
    pad = tuple(-part for rest in reversed(spare[first:]) for part in (rest // 2, rest - rest // 2))
    sizes = " × ".join(str(dim) for dim in other.dims[first:])
    yield fixes.insert(link.project, "Pad", link.target, {"pad": pad}, f"that crops to {sizes}")
