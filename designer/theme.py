"""One place for colours, fonts and spacing: the palettes (light, dark, high contrast) and the canvas's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from designer.style import OutlinedFusion

SPACE = 8
"""The spacing unit in pixels; margins and gaps are multiples or halves of it."""
RADIUS = 6
"""Corner radius of nodes and cards, in pixels."""


@dataclass(frozen=True)
class Theme:
    """Colours by role, as ``#rrggbb``. ``families`` colours layer families, ``series`` the curves of a plot."""

    name: str
    window: str
    surface: str
    """Lists, fields, cards."""
    raised: str
    """Node bodies and whatever floats above the canvas."""
    border: str
    text: str
    text_muted: str
    accent: str
    on_accent: str
    canvas: str
    grid: str
    wire: str
    wire_hover: str
    error: str
    warning: str
    success: str
    heat: str
    """Marks what costs most."""
    heat_card: str
    """The body of the node that costs most: texts are read on it."""
    families: Mapping[str, str]
    series: tuple[str, ...]
    marks: Mapping[str, str]
    """What a node, a frame or a note may be marked with, by the names that a project file has for it."""

    def mark(self, name: str) -> QColor:
        """Return the colour of a mark; one that nobody knows gets the muted text colour."""
        return QColor(self.marks.get(name, self.text_muted))

    def family(self, name: str) -> QColor:
        """Return the colour of a layer family; families that plug-ins add get the muted text colour."""
        return QColor(self.families.get(name, self.text_muted))


LIGHT = Theme(
    name="light",
    window="#f3f4f6",
    surface="#ffffff",
    raised="#ffffff",
    border="#cfd4dc",
    text="#1b1f27",
    text_muted="#5b6472",
    accent="#2f6fde",
    on_accent="#ffffff",
    canvas="#eceef2",
    grid="#dde0e6",
    wire="#7a8494",
    wire_hover="#2f6fde",
    error="#c42b2b",
    warning="#9a6200",
    success="#1d7f4e",
    heat="#c2510c",
    heat_card="#ffdc9c",
    families={
        "Input & output": "#3c4656",
        "Core": "#2f6fde",
        "Convolution": "#7a4fd0",
        "Pooling": "#a83f8f",
        "Normalisation": "#0f8a86",
        "Regularisation": "#6d7480",
        "Recurrent": "#b4561a",
        "Activation": "#3d8a2e",
        "Shape": "#87701a",
        "Merge": "#b8324a",
        "Padding": "#b52fc9",
        "Attention": "#86184a",
        "Vision": "#0f7fb0",
        "Arithmetic": "#7c4218",
        "Selection": "#245c24",
        "Values": "#5c1d7c",
        "Groups": "#24348f",
        "Python": "#0b5e52",
    },
    series=("#2f6fde", "#870f2d", "#96871e", "#d25a96", "#0f1ed2", "#691e87", "#a53c78", "#696900"),
    marks={
        "red": "#d0453f",
        "orange": "#d9772b",
        "yellow": "#d0a215",
        "green": "#4d9a4a",
        "teal": "#1f9a98",
        "blue": "#3d7fd9",
        "purple": "#8a63d2",
        "grey": "#7d8694",
    },
)

DARK = Theme(
    name="dark",
    window="#1d2026",
    surface="#262a32",
    raised="#2d323c",
    border="#434a57",
    text="#e8ebf0",
    text_muted="#a0a8b6",
    accent="#6ea3ff",
    on_accent="#0f1726",
    canvas="#17191e",
    grid="#22262d",
    wire="#8b95a6",
    wire_hover="#6ea3ff",
    error="#ff7b72",
    warning="#e9b44c",
    success="#5fcf94",
    heat="#ff9a5c",
    heat_card="#662a10",
    families={
        "Input & output": "#b6c0d0",
        "Core": "#6ea3ff",
        "Convolution": "#b095ff",
        "Pooling": "#ec8fd5",
        "Normalisation": "#4fd0cb",
        "Regularisation": "#a0a8b6",
        "Recurrent": "#f2a26b",
        "Activation": "#8ad47a",
        "Shape": "#dcc565",
        "Merge": "#ff8b9c",
        "Padding": "#d96bf2",
        "Attention": "#ff5fa2",
        "Vision": "#5cc8f5",
        "Arithmetic": "#c98a52",
        "Selection": "#3fb36b",
        "Values": "#8f86ff",
        "Groups": "#c9d6ff",
        "Python": "#f0f06a",
    },
    series=("#6ea3ff", "#f0f078", "#968700", "#96f0f0", "#b4c300", "#d24b96", "#f096a5", "#7869f0"),
    marks={
        "red": "#ef6b64",
        "orange": "#eb9350",
        "yellow": "#e3c04d",
        "green": "#79c26f",
        "teal": "#4cc3be",
        "blue": "#6fa8f5",
        "purple": "#ab8cf0",
        "grey": "#98a1b0",
    },
)


CONTRAST = replace(
    DARK,
    name="contrast",
    window="#000000",
    surface="#000000",
    raised="#0a0a0a",
    border="#9aa4b2",
    text="#ffffff",
    text_muted="#d5dbe5",
    accent="#ffd83d",
    on_accent="#000000",
    canvas="#000000",
    grid="#2a2a2a",
    wire="#e6e9ee",
    wire_hover="#ffd83d",
    error="#ff9d96",
    warning="#ffc94d",
    success="#7dffb4",
    heat="#ffb37a",
    heat_card="#5a2400",
)
"""High contrast: at least 7 to 1 for text and 3 to 1 for lines that mean something (the grid is only there to help)."""
THEMES = {"light": LIGHT, "dark": DARK, "contrast": CONTRAST}
CHOICES = ("system", *THEMES)
"""What the user can choose."""


class ThemeSwitch(QObject):
    """Holds the theme in use and says when it changes; views repaint on ``changed``."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.current = LIGHT
        self._choice = "system"

    @property
    def choice(self) -> str:
        """What the user chose: one of CHOICES."""
        return self._choice

    def apply(self, application: QApplication, choice: str) -> None:
        """Use a theme or what the system shows ("system"); give the application its style, palette and font."""
        self._choice = choice
        self._use(application, THEMES.get(choice) or _system_theme(application))

    def _use(self, application: QApplication, theme: Theme) -> None:
        self.current = theme
        application.setStyle(OutlinedFusion(self.current.border, self.current.text_muted))
        application.setPalette(palette_of(self.current))
        self.changed.emit()

    def follow_system(self, application: QApplication) -> None:
        """Follow the system between light, dark and high contrast while the choice is "system"."""
        hints = application.styleHints()
        accessibility = self._accessibility = hints.accessibility()  # Qt deletes what nobody holds
        hints.colorSchemeChanged.connect(
            lambda scheme: self._on_system_changed(application, _theme_for(scheme, accessibility.contrastPreference()))
        )
        accessibility.contrastPreferenceChanged.connect(
            lambda contrast: self._on_system_changed(application, _theme_for(hints.colorScheme(), contrast))
        )

    def _on_system_changed(self, application: QApplication, theme: Theme) -> None:
        if self._choice == "system" and theme is not self.current:
            self._use(application, theme)


def _system_theme(application: QApplication) -> Theme:
    hints = application.styleHints()
    accessibility = hints.accessibility()  # Qt deletes what nobody holds
    return _theme_for(hints.colorScheme(), accessibility.contrastPreference())


def _theme_for(scheme: Qt.ColorScheme, contrast: Qt.ContrastPreference) -> Theme:
    if contrast is Qt.ContrastPreference.HighContrast:
        return CONTRAST
    return DARK if scheme is Qt.ColorScheme.Dark else LIGHT


switch = ThemeSwitch()


def current() -> Theme:
    """Return the theme in use."""
    return switch.current


def palette_of(theme: Theme) -> QPalette:
    """Return the Qt palette of a theme, disabled roles included."""
    roles = QPalette.ColorRole
    colours = {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.surface,
        roles.AlternateBase: theme.window,
        roles.ToolTipBase: theme.raised,
        roles.ToolTipText: theme.text,
        roles.PlaceholderText: theme.text_muted,
        roles.Text: theme.text,
        roles.Button: theme.surface,
        roles.ButtonText: theme.text,
        roles.BrightText: theme.error,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.on_accent,
        roles.Link: theme.accent,
        roles.Accent: theme.accent,
        roles.Light: theme.raised,
        roles.Midlight: theme.border,
        roles.Mid: theme.border,
        roles.Dark: theme.border,
    }
    palette = QPalette()
    for role, colour in colours.items():
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText):
        disabled = QColor(theme.text_muted)
        disabled.setAlpha(150)
        palette.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    palette.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, QColor(theme.grid))
    return palette


def monospace(size: float | None = None) -> QFont:
    """Return the system's fixed-width font, in points."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    if size is not None:
        font.setPointSizeF(size)
    return font


def scaled_font(base: QFont, factor: float, *, bold: bool = False) -> QFont:
    """Return ``base`` at ``factor`` times its size."""
    font = QFont(base)
    font.setPointSizeF(base.pointSizeF() * factor)
    font.setBold(bold)
    return font
