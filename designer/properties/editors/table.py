"""Which editor edits which parameter: by its type, and a few by their name."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import Parameter, ParameterType
from designer.properties.editors.base import Editor
from designer.properties.editors.boolean import BooleanEditor
from designer.properties.editors.choice import ChoiceEditor
from designer.properties.editors.class_weights import ClassWeightsEditor
from designer.properties.editors.fields import FieldsEditor
from designer.properties.editors.integer import IntegerEditor
from designer.properties.editors.ints import IntsEditor
from designer.properties.editors.loss import LossEditor
from designer.properties.editors.metrics import MetricsEditor
from designer.properties.editors.number import NumberEditor
from designer.properties.editors.options import OptionsEditor
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
    "options": OptionsEditor,
}
_NAMED: Mapping[str, type[Editor]] = {"class_weights": ClassWeightsEditor}


def editor_of(parameter: Parameter) -> type[Editor]:
    """Return the editor of a parameter."""
    return _NAMED.get(parameter.name, EDITORS[parameter.type])
