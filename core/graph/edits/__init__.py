"""Every way in which a project can change. An edit is a frozen value that makes the next project from this one.

An edit is all a feature needs to write: undo, redo, the change signal and merging follow from the difference between
the project before and after, so that no edit can forget to take something back.
"""

from core.graph.edits.base import Edit, Together
from core.graph.edits.definitions import (
    AddCode,
    AddDefinitions,
    DescribeGroup,
    RemoveCode,
    RemoveGroup,
    RenameCode,
    RenameGroup,
    SetCode,
    SetGroupParameters,
    SetGroupWeights,
)
from core.graph.edits.drawing import (
    RemoveDrawn,
    SetBookmark,
    SetCollapsed,
    SetColour,
    SetFrames,
    SetNotes,
    SetRoute,
)
from core.graph.edits.grouping import GroupNodes
from core.graph.edits.layers import SetMode, SetRepeat, ShareLayer
from core.graph.edits.links import Connect, Disconnect
from core.graph.edits.nodes import (
    DEFAULT,
    AddNodes,
    InsertOnLink,
    MoveNodes,
    RemoveNodes,
    Rename,
    SetKind,
    SetLabel,
    SetParameters,
)
from core.graph.edits.project import (
    BindData,
    Describe,
    ReplaceProject,
    SetField,
    SetSampling,
    SetSplit,
    SetTraining,
    SetVariables,
    SetWeights,
)
from core.graph.edits.search import SetSearch
from core.graph.edits.ungrouping import Ungroup
from core.graph.edits.within import PromotePort, Within

__all__ = [
    "DEFAULT",
    "AddCode",
    "AddDefinitions",
    "AddNodes",
    "BindData",
    "Connect",
    "Describe",
    "DescribeGroup",
    "Disconnect",
    "Edit",
    "GroupNodes",
    "InsertOnLink",
    "MoveNodes",
    "PromotePort",
    "RemoveCode",
    "RemoveDrawn",
    "RemoveGroup",
    "RemoveNodes",
    "Rename",
    "RenameCode",
    "RenameGroup",
    "ReplaceProject",
    "SetBookmark",
    "SetCode",
    "SetCollapsed",
    "SetColour",
    "SetField",
    "SetFrames",
    "SetGroupParameters",
    "SetGroupWeights",
    "SetKind",
    "SetLabel",
    "SetMode",
    "SetNotes",
    "SetParameters",
    "SetRepeat",
    "SetRoute",
    "SetSampling",
    "SetSearch",
    "SetSplit",
    "SetTraining",
    "SetVariables",
    "SetWeights",
    "ShareLayer",
    "Together",
    "Ungroup",
    "Within",
]
