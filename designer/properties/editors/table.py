"""Which editor edits which type of parameter."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import ParameterType
from designer.properties.editors.base import Editor
from designer.properties.editors.boolean import BooleanEditor
from designer.properties.editors.choice import ChoiceEditor
from designer.properties.editors.fields import FieldsEditor
from designer.properties.editors.integer import IntegerEditor
from designer.properties.editors.ints import IntsEditor
from designer.properties.editors.loss import LossEditor
from designer.properties.editors.metrics import MetricsEditor
from designer.properties.editors.number import NumberEditor
from designer.properties.editors.target import TargetEditor
from designer.properties.editors.text import TextEditor

EDITORS: Mapping[ParameterType, type[Editor]] = {
    "int": IntegerEditor,
    "float": NumberEditor,
    "bool": BooleanEditor,
    "choice": ChoiceEditor,
    "text": TextEditor,
    "ints": IntsEditor,
    "floats": IntsEditor,
    "fields": FieldsEditor,
    "target": TargetEditor,
    "loss": LossEditor,
    "metrics": MetricsEditor,
}
