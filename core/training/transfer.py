"""Edit while paused: a network that was changed goes on from the weights that still fit.

A layer is the same where its name is and its tensors have the same names and shapes; it then keeps weights, running
statistics and what the optimizer knows of them. All others start fresh. The run goes on in a folder of its own, whose
``run.json`` names the one it continues: a run folder holds one project as it was trained, so that it can be resumed to
the same bits, compared, and gone back to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import TrainingError
from core.graph.groups import without_weights
from core.graph.names import natural_key
from core.graph.project import Project
from core.model.build import build
from core.training.checkpoints import Checkpoints

if TYPE_CHECKING:
    from torch import Tensor

    from core.training.course import Course

Shapes = Mapping[str, tuple[int, ...]]
"""Of every tensor of a network by its name in the state dict."""


@dataclass(frozen=True)
class Transfer:
    """What becomes of the layers with weights, by their names (``block.0.conv`` inside a group).

    ``changed`` have other shapes than before; they start fresh, as ``new`` ones do. ``optimizer`` says whether what the
    optimizer knows of the kept weights is kept too.
    """

    kept: tuple[str, ...]
    changed: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    optimizer: bool

    @property
    def text(self) -> str:
        """Lines for people: what is kept, and what is not."""
        parts = (
            ("Keep their weights", self.kept),
            ("Start fresh, as their shapes changed", self.changed),
            ("New", self.new),
            ("Gone", self.gone),
        )
        lines = [f"{title}: {', '.join(names)}." for title, names in parts if names]
        if self.kept and not self.optimizer:
            lines.append("The optimizer starts fresh: it is another one.")
        return "\n".join(lines)


def plan_transfer(old: Project, new: Project) -> Transfer:
    """Return what would be kept from a network to its changed self, before anything is applied.

    Raises:
        ModelError: one of them cannot be built.
    """
    before, after = (shapes_of(build(without_weights(each)).module.state_dict()) for each in (old, new))
    return compare_shapes(before, after, same_optimizer=old.training.optimizer == new.training.optimizer)


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a state dict's tensors."""
    return {name: tuple(each.shape) for name, each in tensors.items()}


def compare_shapes(before: Shapes, after: Shapes, *, same_optimizer: bool) -> Transfer:
    """Compare two networks layer by layer."""
    old, new = _by_layer(before), _by_layer(after)
    both = old.keys() & new.keys()
    kept = {layer for layer in both if old[layer] == new[layer]}
    return Transfer(
        kept=_sorted(kept),
        changed=_sorted(both - kept),
        new=_sorted(new.keys() - both),
        gone=_sorted(old.keys() - both),
        optimizer=same_optimizer,
    )


def _by_layer(shapes: Shapes) -> dict[str, dict[str, tuple[int, ...]]]:
    """Group tensors by the module that holds them; one that the network holds itself is a layer of its own."""
    layers: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        layer, _, tensor = name.rpartition(".")
        layers.setdefault(layer or name, {})[tensor] = shape
    return layers


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=natural_key))


# --- applying ---------------------------------------------------------------------------------------------------------


def take_over(course: Course, run: Path) -> Transfer:
    """Let a new course go on from another run's last checkpoint, as far as its network is the same; return how far.

    Epochs and steps count on, the schedule goes on where it was in its plan. The order of batches begins anew with the
    epoch that was under way, for the data may have changed.

    Raises:
        TrainingError: that run has no checkpoint, or it is damaged.
    """
    state = Checkpoints(run / "checkpoints", {}).load_state()
    module = course.network.module
    own = module.state_dict()
    same = state["optimizer_kind"] == course.settings.optimizer
    transfer = compare_shapes(shapes_of(state["model"]), shapes_of(own), same_optimizer=same)
    if not transfer.kept:
        raise TrainingError(f"No layer of this network fits the weights of '{run.name}'. Start a new run instead.")
    kept = {name: state["model"][name] for name in own if (name.rpartition(".")[0] or name) in transfer.kept}
    module.load_state_dict({**own, **kept})
    if transfer.optimizer:
        _take_over_optimizer(course, state, kept)
    course.take_up(state["epoch"], state["step"])
    return transfer


def _take_over_optimizer(course: Course, state: Mapping[str, Any], kept: Mapping[str, Tensor]) -> None:
    """Put what the optimizer knew of each kept weight under the number that the weight has now."""
    known = _known(state["optimizer"], state["optimizer_names"])
    names = {id(each): name for name, each in course.network.module.named_parameters()}
    for part in getattr(course.optimizer, "parts", (course.optimizer,)):
        own = part.state_dict()
        weights = [each for group in part.param_groups for each in group["params"]]
        numbers = [number for group in own["param_groups"] for number in group["params"]]
        found = {
            number: known[name]
            for number, weight in zip(numbers, weights, strict=True)
            if (name := names[id(weight)]) in known and name in kept
        }
        part.load_state_dict({"state": found, "param_groups": own["param_groups"]})


def _known(stored: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return what a stored optimizer knew of each weight by name."""
    known: dict[str, Any] = {}
    rest = iter(names)
    for part in stored.get("parts", (stored,)):
        for group in part["param_groups"]:
            for number in group["params"]:
                name = next(rest)
                if number in part["state"]:
                    known[name] = part["state"][number]
    return known
