"""The add palette: type a few letters, press Enter, and the layer stands there, linked.

More than a name (``conv 32 > relu``) is a quick line: the palette shows what it makes instead of the list, and whoever
listens to ``line_typed`` and ``line_entered`` reads and builds it.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.kinds import LayerKind
from designer.canvas.beside import GAP, beside
from designer.canvas.compose import Spot
from designer.canvas.quick.board import WIDTH, QuickBoard, colour_field
from designer.canvas.quick.plan import is_line
from designer.canvas.ranking import Offer, Wanted, offers
from designer.canvas.style import style_of
from designer.elsewhere import HideElsewhere
from designer.theme import current

_WIDTH, _ROW, _ROWS = 320, 42, 6
_LEAST = 260
"""The width to which the palette may shrink where a node leaves it no more room, in pixels."""
_OFFER = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex
_Find = Callable[[str], list[Offer]]


class AddPalette(QFrame):
    """A field with a list under it, floating over the canvas."""

    chosen = Signal(str, object)
    """The id of a kind, and the Spot it was asked for."""
    line_typed = Signal(str, object)
    """A quick line as it stands after a key, and the Spot it is for."""
    line_entered = Signal(str, object)
    """A quick line that is to be built, and the Spot it is for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.setObjectName("addPalette")
        self.setAccessibleName(self.tr("Add a layer"))
        self.spot = Spot()
        self.typing_line = False
        """True while the text is a quick line."""
        self.history: list[str] = []
        """Lines to go back to with Up, the latest last."""
        self._back, self._draft = 0, ""
        self._lines = True
        self._kinds: tuple[LayerKind, ...] = ()
        self._find: _Find = lambda _text: []
        self._done: Callable[[str], object] = lambda _kind: None
        self._place = QPoint()
        self._node = QRect()
        self._make_parts()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(6, 6, 6, 6)
        rows.setSpacing(4)
        for part in (self.field, self.list, self.board, self.hint):
            rows.addWidget(part)
        self.setFixedWidth(_WIDTH)
        HideElsewhere(self, self.close_palette)
        self.setFocusProxy(self.field)
        self.field.textChanged.connect(self._refill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._choose())
        self.hide()

    def _make_parts(self) -> None:
        self.field = QLineEdit(self)
        self.field.setObjectName("addPaletteField")
        self.field.setAccessibleName(self.tr("Search layers"))
        self.field.setClearButtonEnabled(True)
        self.list = QListWidget(self)
        self.list.setObjectName("addPaletteList")
        self.list.setAccessibleName(self.tr("Layers found"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(_OfferDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.board = QuickBoard(self)
        self.hint = QLabel(self)
        self.hint.setObjectName("addPaletteHint")
        self.hint.setToolTip(
            self.tr(
                "Layers joined by >, with parameters behind their names: 32 by place, k3 by letter, bias=no by name.\n"
                "[a | b] are branches, an empty one passes on what arrives; (a > b) x3 repeats. Up: the last lines."
            )
        )

    def open(
        self, place: QPoint | QRect, spot: Spot, wanted: Wanted, kinds: tuple[LayerKind, ...], text: str = ""
    ) -> None:
        """Show the palette at a point of its parent, or beside a node's place; ``text`` has been typed already."""
        self.spot, self._kinds, self._lines = spot, kinds, True
        self._show(
            place,
            lambda typed: offers(kinds, typed, wanted),
            lambda kind: self.chosen.emit(kind, spot),
            self.tr("Add a layer…"),
            text,
        )

    def ask(self, place: QPoint | QRect, find: _Find, done: Callable[[str], object], title: str) -> None:
        """Show the palette for another choice of a kind: ``find`` lists what to offer, ``done`` gets the id chosen."""
        self._lines = False
        self._show(place, find, done, title, "")

    def _show(self, place: QPoint | QRect, find: _Find, done: Callable[[str], object], title: str, text: str) -> None:
        self._find, self._done, self._back = find, done, 0
        self._node = place if isinstance(place, QRect) else QRect()
        self._place = place.topRight() + QPoint(GAP, GAP) if isinstance(place, QRect) else place
        self.setAccessibleName(title)
        example = self.tr("or a line:  conv 32 k3 p1 > bn > relu")
        self.hint.setText(example + (self.tr("  (↑ last)") if self.history else ""))
        self.field.setPlaceholderText(title)
        theme = current()
        self.setAutoFillBackground(True)
        self.setStyleSheet(
            f"#addPalette {{ background: {theme.raised}; border: 1px solid {theme.border}; border-radius: 8px; }}"
            f"#addPaletteList, #quickSteps {{ background: {theme.raised}; }}"
            f"#addPaletteHint {{ color: {theme.text_muted}; padding: 1px 4px; }}"
            f"#addPaletteField {{ background: {theme.surface}; border: 1px solid {theme.accent}; border-radius: 5px; "
            f"padding: 6px 8px; color: {theme.text}; placeholder-text-color: {theme.text_muted}; }}"
        )
        if self.field.text() != text:
            self.field.setText(text)
        else:
            self._refill(text)
        self.fit()
        self.raise_()
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        self.field.end(False)

    def fit(self) -> None:
        """Take the size of what is shown, inside the parent and off the node that it is about."""
        self.setFixedWidth(min(WIDTH if self.typing_line else _WIDTH, max(self._host.width() - 8, 200)))
        self.list.setFixedHeight(_ROW * min(max(self.list.count(), 1), _ROWS) + 2)
        self.adjustSize()
        over = self.height() - (self._host.height() - 8)
        if over > 0:
            self.list.setFixedHeight(max(self.list.height() - over, _ROW + 2))
            self.adjustSize()
        found = beside(self.size(), _LEAST, self._node, self._host.rect()) if self._node.isValid() else None
        if found is not None:
            self.setFixedWidth(found.width())
            self.move(found.topLeft())
            return
        x = max(4, min(self._place.x(), self._host.width() - self.width() - 4))
        y = max(4, min(self._place.y(), self._host.height() - self.height() - 4))
        self.move(x, y)

    def close_palette(self) -> None:
        """Hide without choosing; the parent gets the keyboard back."""
        if self.isVisible():
            had_focus = self.field.hasFocus()
            self.hide()
            if had_focus:
                self._host.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def listed(self) -> list[str]:
        """The ids of the kinds in the list, from the top."""
        return [self._offer(row).kind.id for row in range(self.list.count())]

    def _offer(self, row: int) -> Offer:
        offer: Offer = self.list.item(row).data(_OFFER)
        return offer

    def _refill(self, text: str) -> None:
        found = self._find(text)
        self.typing_line = self._lines and is_line(text, self._kinds, found=bool(found))
        self.list.setVisible(not self.typing_line)
        self.board.setVisible(self.typing_line)
        self.hint.setVisible(self._lines and not text)
        if self.typing_line:
            self.line_typed.emit(text, self.spot)
        else:
            colour_field(self.field, (), None)
            self._fill(found)
        self.fit()

    def _fill(self, found: list[Offer]) -> None:
        self.list.clear()
        for offer in found:
            item = QListWidgetItem(offer.display)
            item.setData(_OFFER, offer)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, offer.help)
            item.setToolTip(offer.why_not or offer.help)
            self.list.addItem(item)
        if not self.list.count():
            nothing = QListWidgetItem(self.tr("No layer is called that."))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)

    def _choose(self) -> None:
        if self.typing_line:
            self.line_entered.emit(self.field.text(), self.spot)
            return
        item = self.list.currentItem()
        offer = item.data(_OFFER) if item else None
        if offer is not None:
            self.close_palette()
            self._done(offer.kind.id)

    def _recall(self, step: int) -> None:
        """Put one of the last lines into the field; 1 is one further back."""
        if not self._back:
            self._draft = self.field.text()
        self._back = max(0, min(self._back + step, len(self.history)))
        self.field.setText(self.history[-self._back] if self._back else self._draft)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows walk the list, Enter and Tab choose, Esc closes; losing the focus closes too."""
        if watched is self.field:
            if isinstance(event, QFocusEvent) and event.lostFocus():
                if event.reason() is not Qt.FocusReason.PopupFocusReason:
                    self.hide()
            elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
                return self._key(event.key())
        return super().eventFilter(watched, event)

    def _key(self, key: int) -> bool:
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._choose()
        elif key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            first = not self.field.text() and self.list.currentRow() <= 0 and step < 0
            if self.typing_line or (first and self._lines and self.history):
                self._recall(-step)
                return True
            self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
        else:
            return False
        return True


class _OfferDelegate(QStyledItemDelegate):
    """Draws the icon, the name, the family and one line of help."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(_WIDTH - 14, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        style, theme = style_of(), current()
        offer: Offer | None = index.data(_OFFER)
        place = QRectF(option.rect).adjusted(0, 1, 0, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if offer is None:
            painter.setPen(style.muted)
            style.draw(painter, index.data(), "text", place.x() + 10, place.y() + 10)
            painter.restore()
            return
        if option.state & QStyle.StateFlag.State_Selected:
            tint = QColor(theme.accent)
            tint.setAlpha(46)
            painter.setPen(QColor(theme.accent))
            painter.setBrush(tint)
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        if offer.why_not:
            painter.setOpacity(0.6)
        style.draw_icon(painter, offer.kind.family, QRectF(place.x() + 8, place.y() + 9, 20, 20))
        painter.setPen(style.text)
        style.draw(painter, offer.display, "name", place.x() + 38, place.y() + 4)
        painter.setPen(style.muted)
        family = offer.kind.family
        style.draw(painter, family, "chip", place.right() - 8 - style.width(family, "chip"), place.y() + 6)
        line = style.elided(offer.why_not or offer.help, "chip", place.width() - 48)
        style.draw(painter, line, "chip", place.x() + 38, place.y() + 22)
        painter.restore()
