"""The settings of the selected fields: why they mean what they do, facts, preparation, options, augmentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.data.meaning import CHOSEN
from core.data.preview import FieldFacts
from core.graph.meanings import meanings
from core.graph.meanings.audio import MEL
from core.graph.project import Field
from core.kinds import Parameter, Value
from designer import theme
from designer.data.augment_form import AugmentForm
from designer.data.bars import BarRow, Bars, Distribution
from designer.data.changes import (
    PREPARED,
    Changed,
    Choice,
    common,
    encoding_choices,
    missing_choices,
    role_help,
    shared,
    to_encoding,
    to_missing,
)
from designer.data.fields_model import meaning_icon
from designer.data.figures import figures
from designer.options_form import LABEL_WIDTH, OptionsForm, with_value
from designer.properties.editors.base import QuietComboBox, Shown, Silenced, Special
from designer.session import Session
from designer.widgets import ElidedLabel, IconButton, IconLabel, bold, muted

_ONLY_WITH: Mapping[str, Callable[[Field], bool]] = {
    **dict.fromkeys(("n_fft", "hop", "mels"), lambda field: field.encoding == MEL),
    "constant": lambda field: field.missing == "constant",
    **dict.fromkeys(("unknown", "rare", "indicator"), lambda field: field.role == "input" or field.meaning == "text"),
}
"""Options that mean something only with certain other settings."""


def titled(name: str) -> str:
    """Return the name of an option in words: ``clip_low`` is "Clip low"."""
    return name.replace("_", " ").capitalize()


def _option_titles() -> dict[str, str]:
    told = {
        "lower": QCoreApplication.translate("FieldSettings", "Small letters"),
        "rare": QCoreApplication.translate("FieldSettings", "Least count"),
        "marks": QCoreApplication.translate("FieldSettings", "Start, end mark"),
        "n_fft": QCoreApplication.translate("FieldSettings", "FFT size"),
    }
    return {each.name: told.get(each.name, titled(each.name)) for kind in meanings for each in kind.options}


class FieldSettings(QWidget):
    """Shows the selected fields and asks for changes of all of them at once."""

    change_requested = Signal(object, str)
    """A ``Changed`` for every selected field, and the merge key ("": a step of its own)."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("field_settings")
        self._fields: tuple[Field, ...] = ()
        self._icon = IconLabel("meaning_number", "accent", 18)
        self._name = ElidedLabel()
        self._name.setFont(bold(self._name.font()))
        self.reason = muted()
        self.figures = muted()
        self.distribution = Distribution()
        self.values = Bars()
        self._grid = QGridLayout()
        self.encoding = self._box(0, "field_encoding", self.tr("Encoding"))
        self.missing = self._box(1, "field_missing", self.tr("Missing values"))
        self.options = OptionsForm(session, titles=_option_titles())
        self.reset = IconButton("reset", self.tr("Set the options back to what is usual"))
        self.augment = AugmentForm(session)
        self._lay_out()
        self.encoding[1].textActivated.connect(lambda word: self.change_requested.emit(to_encoding(word), ""))
        self.missing[1].textActivated.connect(lambda word: self.change_requested.emit(to_missing(word), ""))
        self.options.edited.connect(self._on_option)
        self.reset.clicked.connect(lambda: self.change_requested.emit(_plain, ""))
        self.augment.change_requested.connect(self.change_requested)

    def _box(self, row: int, name: str, text: str) -> tuple[QWidget, QuietComboBox]:
        label = ElidedLabel(text)
        label.setFixedWidth(LABEL_WIDTH)
        box = QuietComboBox()
        box.setObjectName(name)
        box.setAccessibleName(text)
        box.setPlaceholderText(self.tr("several values"))
        box.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        label.setBuddy(box)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(box, row, 1)
        return label, box

    def _lay_out(self) -> None:
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE)
        self._grid.setVerticalSpacing(theme.SPACE // 2)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self.reset.setObjectName("field_reset")
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE)
        head.addWidget(self._icon)
        head.addWidget(self._name, 1)
        head.addWidget(self.reset)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self.reason)
        texts.addWidget(self.figures)
        facts = QHBoxLayout()
        facts.setSpacing(theme.SPACE)
        facts.addLayout(texts, 1)
        facts.addWidget(self.distribution)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(head)
        layout.addLayout(facts)
        layout.addWidget(self.values)
        layout.addLayout(self._grid)
        layout.addWidget(self.options)
        layout.addWidget(self.augment)

    def show_fields(self, fields: tuple[Field, ...], facts: Mapping[str, FieldFacts]) -> None:
        """Show these fields (none: nothing); facts that are not known yet may come later."""
        self._fields = fields
        self.setVisible(bool(fields))
        if not fields:
            return
        one = fields[0] if len(fields) == 1 else None
        self._name.setText(one.name if one else self.tr("{0:,} fields").format(len(fields)))
        meaning = common(fields, "meaning")
        self._icon.set_icon(meaning_icon(meaning) if meaning else "table", "accent")
        self.reason.setText(self._reason(one) if one else self._names())
        self._show_facts(facts.get(one.name) if one else None)
        self._show_box(self.encoding, shared(fields, encoding_choices), common(fields, "encoding"))
        missing = shared(fields, missing_choices)
        none_missing = all(name in facts and not facts[name].missing for name in (each.name for each in fields))
        idle = (none_missing and common(fields, "missing") in _usual_missing(fields)) or len(missing) < 2
        self._show_box(self.missing, () if idle else missing, common(fields, "missing"))
        self._show_options(meaning)
        self.augment.show_fields(fields)

    def _names(self) -> str:
        names = [each.name for each in self._fields]
        shown = ", ".join(names[:6])
        return shown if len(names) <= 6 else self.tr("{0} and {1:,} more").format(shown, len(names) - 6)

    def _reason(self, field: Field) -> str:
        told = self.tr("{0}: {1}").format(field.meaning, field.reason) if field.reason else field.meaning
        return told if field.role in ("input", "target") else f"{told}. {role_help(field.role)}"

    def _show_facts(self, facts: FieldFacts | None) -> None:
        reason = self._fields[0].reason
        self.figures.setText(figures(facts, "" if reason == CHOSEN else reason) if facts else "")
        self.figures.setVisible(bool(self.figures.text()))
        self.distribution.show_counts(facts.histogram.counts if facts and facts.histogram else ())
        counted = facts.counts if facts else ()
        whole = sum(count for _word, count in counted)
        in_pixels = bool(self._fields) and self._fields[0].meaning == "mask"
        rows = []
        for word, count in counted:
            share = f"{100 * count / max(whole, 1):.1f} %"
            rows.append(BarRow(word, (count,), share if in_pixels else f"{count:,}", f"{count:,} ({share})"))
        self.values.show_rows(rows)

    def _show_box(self, pair: tuple[QWidget, QuietComboBox], choices: tuple[Choice, ...], now: str | None) -> None:
        label, box = pair
        words = [each.word for each in choices]
        with Silenced(box):
            box.clear()
            box.addItems(words)
            if now is not None and now not in words:
                box.addItem(now)
            box.setCurrentIndex(-1 if now is None else box.findText(now))
        for widget in (label, box):
            widget.setVisible(bool(words))
        box.setEnabled(len(words) > 1)

    def _show_options(self, meaning: str | None) -> None:
        prepared = meaning is not None and all(each.role in PREPARED for each in self._fields)
        parameters = tuple(filter(self._applies, meanings[meaning].options)) if meaning and prepared else ()
        values = {each.name: shown for each in parameters if (shown := self._value(each)) is not Special.UNSET}
        self.options.show_parameters(parameters, values)
        names = {each.name for each in parameters}
        self.reset.setVisible(any(names & set(field.options) for field in self._fields))

    def _applies(self, parameter: Parameter) -> bool:
        fits = _ONLY_WITH.get(parameter.name)
        return fits is None or all(fits(field) for field in self._fields)

    def _value(self, parameter: Parameter) -> Shown:
        values = [field.options.get(parameter.name, Special.UNSET) for field in self._fields]
        first: Shown = values[0]
        return first if all(each == first for each in values) else Special.MIXED

    def _on_option(self, name: str, value: Value) -> None:
        names = ",".join(field.name for field in self._fields)
        self.change_requested.emit(_with_option(name, value), f"field.{names}.{name}")


def _usual_missing(fields: tuple[Field, ...]) -> set[str]:
    return {meanings[field.meaning].missing[0] for field in fields} | {"drop row"}


def _with_option(name: str, value: Value) -> Changed:
    return lambda field: replace(field, options=with_value(field.options, name, value))


def _plain(field: Field) -> Field:
    """Return the field without options, but for those without which it could not be used."""
    needed = {"height", "width", "channels", "rate"} if field.meaning in ("image", "mask", "audio") else set()
    return replace(field, options={name: value for name, value in field.options.items() if name in needed})
