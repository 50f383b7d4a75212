"""The add palette: type a few letters, press Enter, and the layer stands there, linked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
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
from designer.canvas.compose import Spot
from designer.canvas.ranking import Offer, Wanted, offers
from designer.canvas.style import style_of
from designer.theme import current

_WIDTH, _ROW, _ROWS = 320, 42, 6
_OFFER = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class AddPalette(QFrame):
    """A field with a list under it, floating over the canvas."""

    chosen = Signal(str, object)
    """The id of a kind, and the Spot it was asked for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.setObjectName("addPalette")
        self.setAccessibleName(self.tr("Add a layer"))
        self._spot = Spot()
        self._wanted = Wanted()
        self._kinds: tuple[LayerKind, ...] = ()
        self.field = QLineEdit(self, placeholderText=self.tr("Add a layer…"))
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
        rows = QVBoxLayout(self)
        rows.setContentsMargins(6, 6, 6, 6)
        rows.setSpacing(4)
        rows.addWidget(self.field)
        rows.addWidget(self.list)
        self.setFixedWidth(_WIDTH)
        self.field.textChanged.connect(self._refill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._choose())
        self.hide()

    def open(self, place: QPoint, spot: Spot, wanted: Wanted, kinds: tuple[LayerKind, ...], text: str = "") -> None:
        """Show the palette at a place of its parent; ``text`` has been typed already."""
        self._spot, self._wanted, self._kinds = spot, wanted, kinds
        theme = current()
        self.setAutoFillBackground(True)
        self.setStyleSheet(
            f"#addPalette {{ background: {theme.raised}; border: 1px solid {theme.border}; border-radius: 8px; }}"
            f"#addPaletteList {{ background: {theme.raised}; }}"
            f"#addPaletteField {{ background: {theme.surface}; border: 1px solid {theme.accent}; border-radius: 5px; "
            f"padding: 6px 8px; color: {theme.text}; }}"
        )
        self.field.setText(text)
        self._refill(text)
        self.adjustSize()
        parent = self._host
        x = max(4, min(place.x(), parent.width() - self.width() - 4))
        y = max(4, min(place.y(), parent.height() - self.height() - 4))
        self.move(x, y)
        self.raise_()
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        self.field.end(False)

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
        self.list.clear()
        for offer in offers(self._kinds, text, self._wanted):
            item = QListWidgetItem(offer.kind.display)
            item.setData(_OFFER, offer)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, offer.kind.help)
            item.setToolTip(offer.why_not or offer.kind.help)
            self.list.addItem(item)
        if not self.list.count():
            nothing = QListWidgetItem(self.tr("No layer is called that."))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)
        self.list.setFixedHeight(_ROW * min(max(self.list.count(), 1), _ROWS) + 2)
        self.adjustSize()

    def _choose(self) -> None:
        item = self.list.currentItem()
        offer = item.data(_OFFER) if item else None
        if offer is not None:
            self.close_palette()
            self.chosen.emit(offer.kind.id, self._spot)

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
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            painter.drawRoundedRect(place, 5, 5)
        if offer.why_not:
            painter.setOpacity(0.6)
        style.draw_icon(painter, offer.kind.family, QRectF(place.x() + 8, place.y() + 9, 20, 20))
        painter.setPen(style.text)
        style.draw(painter, offer.kind.display, "name", place.x() + 38, place.y() + 4)
        painter.setPen(style.muted)
        family = offer.kind.family
        style.draw(painter, family, "chip", place.right() - 8 - style.width(family, "chip"), place.y() + 6)
        line = style.elided(offer.why_not or offer.kind.help, "chip", place.width() - 48)
        style.draw(painter, line, "chip", place.x() + 38, place.y() + 22)
        painter.restore()
