"""The shape of a project file in pydantic's terms: types are checked strictly, unknown keys are kept.

Bounds are not checked here: a file may hold whatever the application can hold, and ``check`` reports what makes no
sense. Import this module inside functions; it loads pydantic.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Item

from core.graph import project


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    @property
    def unknown(self) -> dict[str, Any]:
        """What this version does not know, to be saved back unchanged."""
        return dict(self.__pydantic_extra__ or {})

    @property
    def known(self) -> dict[str, Any]:
        """The values of the declared fields, by field name."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class NodeModel(_Part):
    """A layer on the canvas."""

    name: str = Item(description="Unique Python identifier: the attribute in the source.")
    kind: str = Item(description="Id of the layer kind; one that is not installed is kept as it is.")
    params: dict[str, Any] = Item(default={}, description="What was set; every other parameter has its kind's default.")
    label: str = Item(default="", description="Free text shown with the name.")
    position: tuple[float, float] = Item(default=(0.0, 0.0), description="Top left corner on the canvas: x, y.")


class LinkModel(_Part):
    """A link from an output port to an input port, each written ``node.port``."""

    source: str = Item(alias="from", description="Output end, such as 'conv1.output'.")
    target: str = Item(alias="to", description="Input end, such as 'relu1.input' or 'add1.inputs.0'; one link each.")


class GraphModel(_Part):
    """The network: nodes and the links between them."""

    nodes: tuple[NodeModel, ...] = ()
    links: tuple[LinkModel, ...] = ()


class FieldModel(_Part):
    """A column of a table, or the images of a set."""

    name: str
    meaning: project.Meaning
    role: project.Role = "input"
    shape: tuple[int, ...] = Item(default=(), description="One sample's shape; empty for a table's cell.")
    categories: tuple[str, ...] = Item(default=(), description="Values of a category in the order of their indices.")
    encoding: project.Encoding = "none"
    missing: project.Missing = Item(default="mean", description="What stands in for a missing value.")
    reason: str = Item(default="", description="Why the meaning was inferred.")


class SplitModel(_Part):
    """How samples are divided; what is neither validation nor test is for training."""

    method: project.SplitMethod = "stratified"
    validation: float = Item(default=0.2, description="Share of all samples.")
    test: float = Item(default=0.0, description="Share of all samples.")
    seed: int = 0


class DataModel(_Part):
    """Where the samples come from."""

    source: str = Item(default="", description="Id of the data source; empty: no data is bound.")
    options: dict[str, Any] = Item(default={}, description="The source's parameters, such as the path of a CSV file.")
    fields: tuple[FieldModel, ...] = ()
    split: SplitModel = SplitModel()


class TrainingModel(_Part):
    """How the network is trained."""

    optimizer: str = "Adam"
    learning_rate: float = 1e-3
    optimizer_options: dict[str, Any] = Item(default={}, description="What differs from the optimizer's defaults.")
    batch_size: int = 32
    epochs: int = 20
    device: project.Device = "auto"
    seed: int = 0


class ProjectModel(_Part):
    """A Layerwright project."""

    format: int = Item(description="Version of this file format.")
    application: str = Item(default="Layerwright", description="What wrote the file.")
    name: str = "Untitled"
    notes: str = ""
    variables: dict[str, int | float] = Item(default={}, description="Numbers that parameters may use in expressions.")
    data: DataModel = DataModel()
    graph: GraphModel = GraphModel()
    training: TrainingModel = TrainingModel()
