"""The shape of a project file in pydantic's terms: types are checked strictly, unknown keys are kept.

Bounds are not checked here: a file may hold whatever the application can hold, and ``check`` reports what makes no
sense. Import this module inside functions; it loads pydantic.
"""

from __future__ import annotations

from typing import Any, Literal

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
    repeat: int | str = Item(default=1, description="How often a group is stacked; an expression is allowed.")
    tied: bool = Item(default=False, description="Whether all repetitions have the same weights.")
    shares: str = Item(default="", description="The node of the same graph whose layer this one is, too.")
    mode: project.Mode = Item(default="", description="'bypass' passes on what arrives, 'mute' gives nothing.")
    colour: project.Colour = Item(default="", description="A mark for the eye.")
    collapsed: bool = Item(default=False, description="Whether only the name is shown.")
    weights: str = Item(default="", description="What its tensors are called in the project's file of weights.")


class LinkModel(_Part):
    """A link from an output port to an input port, each written ``node.port``."""

    source: str = Item(alias="from", description="Output end, such as 'conv1.output'.")
    target: str = Item(alias="to", description="Input end, such as 'relu1.input' or 'add1.inputs.0'; one link each.")
    route: tuple[tuple[float, float], ...] = Item(default=(), description="Points that the wire passes: x, y.")


class FrameModel(_Part):
    """A titled area behind nodes."""

    name: str
    title: str = ""
    position: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (320.0, 240.0)
    colour: project.Colour = "grey"


class NoteModel(_Part):
    """A text on the canvas, in Markdown."""

    name: str
    text: str = ""
    position: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (240.0, 120.0)
    colour: project.Colour = "yellow"


class BookmarkModel(_Part):
    """A place of the canvas to come back to."""

    path: tuple[str, ...] = Item(default=(), description="The group nodes to be opened, from the root on.")
    centre: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0


class GraphModel(_Part):
    """The network: nodes and the links between them, and what is drawn around them."""

    nodes: tuple[NodeModel, ...] = ()
    links: tuple[LinkModel, ...] = ()
    frames: tuple[FrameModel, ...] = ()
    annotations: tuple[NoteModel, ...] = ()


class GroupParameterModel(_Part):
    """A number that every use of a group may set."""

    name: str
    default: int | float = 1
    help: str = ""


class GroupModel(GraphModel):
    """A network to be used as a layer; its Input and Output nodes are the ports."""

    name: str = Item(description="Name of the class in the source; nodes that use it are of kind 'group:Name'.")
    help: str = ""
    parameters: tuple[GroupParameterModel, ...] = ()
    weights: str = Item(default="", description="Path of the file that every use's weights start from.")


class PythonLayerModel(_Part):
    """A layer written in Python. It is run only once the user has trusted it."""

    name: str = Item(description="Nodes that use it are of kind 'python:Name'.")
    source: tuple[str, ...] = Item(default=(), description="The source, line by line.")


class FieldModel(_Part):
    """A column of a table, or the images, sounds, texts of a set."""

    name: str
    meaning: project.Meaning
    role: project.Role = "input"
    shape: tuple[int, ...] = Item(default=(), description="One sample's shape; empty for a table's cell, 0 for open.")
    categories: tuple[str, ...] = Item(default=(), description="Values of a category in the order of their indices.")
    encoding: str = Item(default="none", description="How values become numbers.")
    missing: str = Item(default="mean", description="What stands in for a missing value.")
    reason: str = Item(default="", description="Why the meaning was inferred.")
    options: dict[str, Any] = Item(default={}, description="What differs from the defaults of its meaning's options.")
    augment: dict[str, dict[str, Any]] = Item(default={}, description="Augmentations by id, with their options.")


class SplitModel(_Part):
    """How samples are divided; what is neither validation nor test is for training."""

    method: project.SplitMethod = "stratified"
    validation: float = Item(default=0.2, description="Share of all samples.")
    test: float = Item(default=0.0, description="Share of all samples.")
    seed: int = 0
    folds: int = Item(default=5, description="For k-fold: into how many parts the rows are divided.")
    fold: int = Item(default=0, description="For k-fold: which part is for validation, from 0.")


class WindowModel(_Part):
    """Makes samples of rows that follow one another in time."""

    length: int = Item(default=0, description="Rows of a sample; 0: each row is one.")
    horizon: int = Item(default=1, description="How many rows after the window's last the target stands.")
    stride: int = Item(default=1, description="Rows from one sample's begin to the next.")


class DataModel(_Part):
    """Where the samples come from."""

    source: str = Item(default="", description="Id of the data source; empty: no data is bound.")
    options: dict[str, Any] = Item(default={}, description="The source's parameters, such as the path of a CSV file.")
    fields: tuple[FieldModel, ...] = ()
    split: SplitModel = SplitModel()
    window: WindowModel = WindowModel()
    sampling: project.Sampling = Item(default="shuffle", description="'balanced' draws all classes equally often.")


class TrainingModel(_Part):
    """How the network is trained."""

    optimizer: str = "Adam"
    learning_rate: float = 1e-3
    optimizer_options: dict[str, Any] = Item(default={}, description="What differs from the optimizer's defaults.")
    decay: Literal["all", "matrices"] = Item(default="all", description="What weight decay is applied to.")
    schedule: str = Item(default="constant", description="Id of the learning-rate schedule.")
    schedule_options: dict[str, Any] = Item(default={}, description="What differs from the schedule's defaults.")
    batch_size: int = 32
    accumulate: int = Item(default=1, description="Batches whose gradients make one step.")
    epochs: int = 20
    combine: Literal["sum", "mean"] = Item(default="sum", description="How several outputs' losses become one.")
    monitor: str = Item(default="", description="The curve that decides what is best, such as 'validation/loss'.")
    patience: int = Item(default=0, description="Epochs without improvement after which training ends; 0: never.")
    min_delta: float = Item(default=0.0, description="The least change that counts as an improvement.")
    clip: Literal["none", "norm", "value"] = Item(default="none", description="How gradients are limited.")
    clip_at: float = Item(default=1.0, description="What gradients are limited to.")
    average: Literal["none", "ema", "swa"] = Item(default="none", description="Which average of the weights is kept.")
    average_decay: float = Item(default=0.999, description="For ema: the share of the average kept at every step.")
    average_start: float = Item(default=0.75, description="For swa: the share of the epochs before averaging begins.")
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    compile: bool = Item(default=False, description="Whether torch.compile is used.")
    process: bool = Item(default=False, description="Whether training runs in a process of its own.")
    diagnostics: bool = Item(default=True, description="Whether training looks into the network.")
    loggers: tuple[str, ...] = Item(default=(), description="Ids of the loggers that are told of a run.")
    logger_options: dict[str, dict[str, Any]] = Item(default={}, description="What was set of each logger's options.")
    device: project.Device = "auto"
    seed: int = 0


class DimensionModel(_Part):
    """One thing that a search varies."""

    place: str = Item(description="Such as 'variable/width', 'node/conv1/kernel_size' or 'training/learning_rate'.")
    low: int | float = Item(default=0, description="The least number, included.")
    high: int | float = Item(default=0, description="The largest number, included.")
    step: int | float = Item(default=0, description="Numbers are multiples of this from the least one; 0: any.")
    log: bool = Item(default=False, description="Whether numbers are drawn on a logarithmic scale.")
    choices: tuple[Any, ...] = Item(default=(), description="The values, in place of a range.")


class SearchModel(_Part):
    """What a sweep tries."""

    dimensions: tuple[DimensionModel, ...] = ()
    trials: int = 50
    metric: str = Item(default="", description="The curve that is made best; empty: the one that training monitors.")
    sampler: str = "tpe"
    pruner: str = "median"
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
    groups: tuple[GroupModel, ...] = Item(default=(), description="Networks that nodes use as layers.")
    code: tuple[PythonLayerModel, ...] = Item(default=(), description="Layers written in Python.")
    bookmarks: dict[Literal["1", "2", "3", "4", "5", "6", "7", "8", "9"], BookmarkModel] = Item(
        default={}, description="Places of the canvas to come back to, by digit."
    )
    training: TrainingModel = TrainingModel()
    weights: str = Item(default="", description="Path of the file that the network's weights start from.")
    search: SearchModel = SearchModel()
