"""Edits of what belongs to the whole project: data, training, variables, description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.errors import EditError, did_you_mean
from core.graph.edits.base import ProjectEdit
from core.graph.edits.search import with_places_renamed
from core.graph.formulas import renamed, rewritten
from core.graph.groups import graphs, with_graphs
from core.graph.names import check_name
from core.graph.project import DataBinding, Field, Graph, Project, Sampling, Split, TrainingSettings, Window
from core.graph.weight_names import without_weight_names


@dataclass(frozen=True)
class BindData(ProjectEdit):
    """Bind another source of data (or, with an empty binding, none)."""

    binding: DataBinding
    label: str = "Change data"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, data=self.binding)


@dataclass(frozen=True)
class SetField(ProjectEdit):
    """Change what a field means or how it is prepared."""

    field: Field
    """The field as it shall be; its name says which."""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Change field {self.field.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        if project.data.field(self.field.name) is None:
            names = [each.name for each in project.data.fields]
            raise EditError(f"There is no field '{self.field.name}'.{did_you_mean(self.field.name, names)}")
        fields = tuple(self.field if each.name == self.field.name else each for each in project.data.fields)
        return replace(project, data=replace(project.data, fields=fields))


@dataclass(frozen=True)
class SetSplit(ProjectEdit):
    """Change how the samples are divided."""

    split: Split
    merge_key: str = ""
    label: str = "Change split"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, data=replace(project.data, split=self.split))


@dataclass(frozen=True)
class SetSampling(ProjectEdit):
    """Change which rows make a sample, and how often an epoch draws each."""

    window: Window
    sampling: Sampling
    merge_key: str = ""
    label: str = "Change sampling"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, data=replace(project.data, window=self.window, sampling=self.sampling))


@dataclass(frozen=True)
class SetTraining(ProjectEdit):
    """Change the training settings."""

    training: TrainingSettings
    merge_key: str = ""
    label: str = "Change training settings"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, training=self.training)


@dataclass(frozen=True)
class SetWeights(ProjectEdit):
    """Let the network start from the weights in a ``.safetensors`` file, or ("") from fresh ones.

    What nodes were called in the file before is forgotten: in this one they have the names that they have now.
    """

    path: str
    label: str = "Change weights"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(with_graphs(project, without_weight_names(project)), weights=self.path)


@dataclass(frozen=True)
class SetVariables(ProjectEdit):
    """Replace the project's variables.

    ``renamed`` says which get another name (old name to new): expressions that use them follow.
    """

    variables: Mapping[str, int | float]
    renamed: Mapping[str, str] = field(default_factory=dict)
    label: str = "Change variables"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        for name in self.variables:
            check_name(name)
        names = {old: new for old, new in self.renamed.items() if old in project.variables and new in self.variables}
        if names:
            project = with_graphs(project, {name: _follow(project, name, names) for name, _graph in graphs(project)})
            for old, new in names.items():
                project = with_places_renamed(project, f"variable/{old}/", f"variable/{new}/")
        return replace(project, variables=dict(self.variables))


def _follow(project: Project, group: str, names: Mapping[str, str]) -> Graph:
    """Return a graph whose expressions use the new names; a group's own parameters hide variables of their name."""
    own = {each.name for each in project.groups[group].parameters} if group else set()
    seen = {old: new for old, new in names.items() if old not in own}
    inside = project.inside(group) if group else project
    nodes = {
        name: rewritten(inside, node, lambda text: renamed(text, seen)) for name, node in inside.graph.nodes.items()
    }
    return replace(inside.graph, nodes=nodes)


@dataclass(frozen=True)
class Describe(ProjectEdit):
    """Change the project's name or notes."""

    name: str
    notes: str
    merge_key: str = ""
    label: str = "Change description"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, name=self.name, notes=self.notes)


@dataclass(frozen=True)
class ReplaceProject(ProjectEdit):
    """Take another project in place of this one: what a file says now, or what was recovered."""

    project: Project
    label: str

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return self.project
