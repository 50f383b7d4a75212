"""The editor of one of a few words; also the base of those that choose from the project."""

from __future__ import annotations

import html
from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.kinds import Parameter, Value
from designer.properties.editors.base import Context, Editor, QuietComboBox, Shown, Silenced, Special


class _Separator:
    """Stands for a line between choices."""


SEPARATOR = ("", _Separator())
"""May stand among the options: a thin line."""


class _Box(QuietComboBox):
    """Says when somebody is about to choose: it opens, or gets the keyboard."""

    opening = Signal()

    def showPopup(self) -> None:
        """Open the list."""
        self.opening.emit()
        super().showPopup()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Take the keyboard."""
        self.opening.emit()
        super().focusInEvent(event)


class ChoiceEditor(Editor):
    """A combo box of the parameter's choices. What cannot be chosen is listed, disabled, with the reason."""

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parameter, context, parent)
        self.box = _Box()
        self.box.setMinimumContentsLength(6)
        self.box.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setPlaceholderText(self.several_values())
        self.setFocusProxy(self.box)
        self._shown: Shown = Special.UNSET
        self._options: list[tuple[str, Value]] = []
        self.box.activated.connect(self._on_activated)
        self.box.opening.connect(self.judge)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        self.refresh()

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return what can be chosen: the text shown and the value."""
        if self.parameter.optional:
            yield self.tr("none"), None
        for word in self.parameter.choices:
            yield word, word

    def tip(self, value: Value) -> str:
        """Return what is said of a choice beside its name."""
        return ""

    def why_not(self, value: Value) -> str:
        """Return why a choice cannot be made in this project, or an empty string."""
        return ""

    def judge(self) -> None:
        """Find out what can be chosen now; done when somebody is about to choose, as it may take a moment."""
        model = self.box.model()
        if not isinstance(model, QStandardItemModel):
            return
        for row, (text, value) in enumerate(self._options):
            item = model.item(row)
            if not isinstance(value, _Separator) and item is not None:
                self._judge(item, text, value)

    def _judge(self, item: QStandardItem, text: str, value: Value) -> None:
        reason = self.why_not(value)
        item.setEnabled(not reason)
        item.setToolTip(f"<p>{html.escape(reason or self.tip(value))}</p>" if reason or self.tip(value) else "")
        item.setData(
            self.tr("{choice}, not possible: {reason}").format(choice=text, reason=reason) if reason else text,
            Qt.ItemDataRole.AccessibleTextRole,
        )
        item.setData(reason or self.tip(value), Qt.ItemDataRole.AccessibleDescriptionRole)

    def refresh(self) -> None:
        """Fill the list again where what can be chosen has changed."""
        options = list(self.options())
        if options != self._options:
            self._options = options
            with Silenced(self.box):
                self.box.clear()
                for text, value in options:
                    if isinstance(value, _Separator):
                        self.box.insertSeparator(self.box.count())
                    else:
                        self.box.addItem(text)
            self.show_value(self._shown)

    def show_value(self, value: Shown) -> None:
        """Show the value, or the default; a value that cannot be chosen any more is shown as such."""
        self._shown = value
        wanted = self.parameter.default if value is Special.UNSET else value
        values = [each for _text, each in self._options]
        with Silenced(self.box):
            while self.box.count() > len(self._options):
                self.box.removeItem(self.box.count() - 1)
            if value is Special.MIXED:
                self.box.setCurrentIndex(-1)
            elif wanted in values:
                self.box.setCurrentIndex(values.index(wanted))
            else:
                self.box.addItem(self.missing(wanted))
                self.box.setCurrentIndex(self.box.count() - 1)

    def missing(self, value: Value) -> str:
        """Return how a value is shown that cannot be chosen."""
        return self.tr("{value} (not available)").format(value=value)

    def _on_activated(self, index: int) -> None:
        if 0 <= index < len(self._options):
            self.edited.emit(self._options[index][1])
            self.finished.emit()
