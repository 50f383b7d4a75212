"""Notes as formatted text: Markdown is laid out, and nothing that it names is loaded or run."""

from __future__ import annotations

import re

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QPalette,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFragment,
)

from designer import theme
from designer.canvas.style import Style

_INDENT = 18.0
_LONGEST = 20_000
"""Characters of a note that are shown; the rest is kept, and seen in the editor."""
_DEEPEST_QUOTE = re.compile(r"^((?:[ \t]*>){8})[ \t>]+", re.MULTILINE)
_SCHEMES = ("http", "https", "mailto")
_FACTORS = {1: 1.4, 2: 1.2, 3: 1.05}


class NoteText(QTextDocument):
    """A document that has nothing but its text: no picture, no style sheet, no file is ever read."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Give nothing, whatever is asked for."""
        return None


def note_text(text: str, style: Style, width: float) -> NoteText:
    """Lay a note's Markdown out in a width (scene units); HTML stays text, a picture is replaced by its description."""
    document = NoteText()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(0)
    document.setIndentWidth(_INDENT)
    document.setDefaultFont(style.fonts["text"])
    features = QTextDocument.MarkdownFeature
    shown = _DEEPEST_QUOTE.sub(r"\1 ", text[:_LONGEST])
    document.setMarkdown(shown, features.MarkdownDialectGitHub | features.MarkdownNoHTML)
    _dress(document, style)
    document.setTextWidth(max(width, 1.0))
    return document


def address_of(href: str) -> QUrl | None:
    """Return where a link leads, or None for anything but the web and mail."""
    url = QUrl(href, QUrl.ParsingMode.StrictMode)
    return url if url.isValid() and url.scheme().lower() in _SCHEMES else None


def _dress(document: NoteText, style: Style) -> None:
    """Give headings, code and links the look of the canvas, and take pictures out."""
    cursor = QTextCursor(document)
    block = document.begin()
    while block.isValid():
        level = block.blockFormat().headingLevel()
        code = block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)
        for fragment in _fragments(block.begin()):
            cursor.setPosition(fragment.position())
            cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
            written = fragment.charFormat()
            if written.isImageFormat():
                plain = QTextCharFormat()
                plain.setForeground(QColor(style.theme.text_muted))
                cursor.insertText(_description(written), plain)
            else:
                cursor.mergeCharFormat(_format(written, level, code, style))
        cursor.setPosition(block.position())
        cursor.mergeBlockFormat(_spacing(level, first=block.blockNumber() == 0))
        block = block.next()


def _fragments(iterator: object) -> list[QTextFragment]:
    """Return the pieces of a block from the last to the first, so that replacing one moves no other."""
    found: list[QTextFragment] = []
    while not iterator.atEnd():  # type: ignore[attr-defined]  # QTextBlock.iterator has no name in the stubs
        found.append(iterator.fragment())  # type: ignore[attr-defined]
        iterator += 1  # type: ignore[operator]
    return found[::-1]


def _description(picture: QTextCharFormat) -> str:
    image = picture.toImageFormat()
    return f"[{image.property(QTextFormat.Property.ImageAltText) or image.name() or '…'}]"


def _format(written: QTextCharFormat, level: int, code: bool, style: Style) -> QTextCharFormat:
    look, base = QTextCharFormat(), style.fonts["text"]
    look.setForeground(QColor(style.theme.text))
    if level:
        look.clearProperty(QTextFormat.Property.FontSizeAdjustment)
        look.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
        look.setFontPointSize(base.pointSizeF() * _FACTORS.get(level, 1.0))
        look.setFontWeight(QFont.Weight.Bold)
    if code or written.fontFixedPitch():
        mono = theme.monospace(base.pointSizeF() * 0.95)
        look.setFontFamilies(mono.families() or [mono.family()])
        tint = QColor(style.theme.text)
        tint.setAlpha(18)
        look.setBackground(tint)
    if written.isAnchor():
        look.setForeground(QColor(style.theme.accent))
        look.setFontUnderline(True)
    return look


def _spacing(level: int, *, first: bool) -> QTextBlockFormat:
    spacing = QTextBlockFormat()
    spacing.setTopMargin(0 if first else 6 if level else 2)
    spacing.setBottomMargin(3)
    return spacing


def text_palette(style: Style) -> QPalette:
    """Return the palette in which a note is drawn."""
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Text, QColor(style.theme.text))
    return palette
