"""Colours Python source in the colours of the theme."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from designer import theme
from designer.python.tokens import PLAIN, ROLES, Role, parts_of


def colour_of(role: Role, used: theme.Theme) -> QColor:
    """Return the colour of a part of the source; each role has its own in light and in dark."""
    families = {
        "keyword": "Convolution",
        "name": "Normalisation",
        "number": "Recurrent",
        "decorator": "Merge",
    }
    if role in families:
        return used.family(families[role])
    return QColor({"text": used.success, "comment": used.text_muted}.get(role, used.accent))


class PythonHighlighter(QSyntaxHighlighter):
    """Colours a document while it is typed; a text in three quotes reaches across lines."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[Role, QTextCharFormat] = {}
        self.follow_theme()

    def follow_theme(self) -> None:
        """Take the colours of the theme in use."""
        for role in ROLES:
            style = QTextCharFormat()
            style.setForeground(colour_of(role, theme.current()))
            style.setFontItalic(role == "comment")
            if role in ("keyword", "definition"):
                style.setFontWeight(QFont.Weight.DemiBold)
            self._formats[role] = style
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Colour one line."""
        parts, state = parts_of(text, max(PLAIN, self.previousBlockState()))
        for part in parts:
            self.setFormat(part.start, part.length, self._formats[part.role])
        self.setCurrentBlockState(state)
