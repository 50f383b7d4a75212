"""Asks what enters a network where the canvas cannot tell: shapes and kinds of number, one row for each input."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from core.graph.kinds import ports_of
from core.graph.project import INPUT
from core.importers._source.parts import Given
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import failing, heading, muted

_DTYPES = ("float32", "int64", "bool")
_LENGTH = 8
"""Taken for a dimension that stays open, such as the length of a sequence."""


def known_inputs(session: Session) -> list[Given]:
    """Return what the Input nodes give, in the natural order of their names, where the check knows it."""
    report = session.report
    found = []
    for name in ports_of(session.project.graph, INPUT):
        node = report.shapes.nodes.get(name) if report else None
        spec = next(iter(node.outputs.values()), None) if node else None
        if spec is not None:
            found.append(Given(name, tuple(dim.at(2, _LENGTH) for dim in spec.dims[1:]), spec.dtype))
    return found


class GivenPage(QWidget):
    """A row for each argument of ``forward``; ``complete`` is true where nothing has to be asked."""

    def __init__(self, arguments: Sequence[str], known: Sequence[Given]) -> None:
        super().__init__()
        self.setObjectName("source_given")
        self.complete = len(arguments) == len(known)
        self.rows: list[tuple[str, QLineEdit, QComboBox]] = []
        self.failure = failing()
        self.failure.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(heading(self.tr("What enters the network")))
        text = self.tr(
            "Say the shape of one sample of each input of forward, without the batch: 3, 32, 32 for an image in "
            "colours."
        )
        if not self.complete:
            counts = self.tr("forward takes {0} inputs, the canvas has {1} whose shapes are known.")
            text = f"{counts.format(len(arguments), len(known))} {text}"
        column.addWidget(muted(text))
        form = QFormLayout()
        by_name = {each.name: each for each in known}
        for index, name in enumerate(arguments):
            like = by_name.get(name) or (known[index] if index < len(known) else None)
            shape = QLineEdit(", ".join(map(str, like.shape)) if like else "")
            shape.setAccessibleName(self.tr("Shape of {0}").format(name))
            dtype = QComboBox()
            dtype.addItems(_DTYPES)
            dtype.setAccessibleName(self.tr("Kind of number of {0}").format(name))
            dtype.setCurrentText(like.dtype if like and like.dtype in _DTYPES else _DTYPES[0])
            row = QHBoxLayout()
            row.addWidget(shape, 1)
            row.addWidget(dtype)
            form.addRow(name, row)
            self.rows.append((name, shape, dtype))
        column.addLayout(form)
        column.addWidget(self.failure)
        column.addStretch(1)

    def read(self) -> tuple[Given, ...]:
        """Return what was typed; empty where something cannot be read, which is then said."""
        found = []
        for name, field, dtype in self.rows:
            sizes = [
                each.strip() for each in field.text().replace("×", ",").replace("x", ",").split(",") if each.strip()
            ]
            if not all(each.isdecimal() and int(each) > 0 for each in sizes) or not field.text().strip():
                self.failure.setText(
                    self.tr("'{0}' is no shape for {1}: write whole numbers above 0 with commas between them.").format(
                        field.text(), name
                    )
                )
                self.failure.show()
                field.setFocus()
                return ()
            found.append(Given(name, tuple(map(int, sizes)), dtype.currentText()))
        return tuple(found)
