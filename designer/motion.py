"""Whether things may move by themselves: what the user chose, else what the platform asks for."""

from __future__ import annotations

import ctypes
import subprocess
import sys

from PySide6.QtCore import QObject, Signal

CHOICES = ("system", "reduced", "full")
_PATIENCE_MS = 300
"""How long the desktop may take to answer."""


class MotionSwitch(QObject):
    """``reduced`` is True where animations are to be left out: what they lead to is shown at once."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = "full"
        self.reduced = False

    def apply(self, choice: str) -> None:
        """Use "reduced", "full" or what the platform asks for."""
        self.choice = choice
        reduced = platform_reduces_motion() if choice == "system" else choice == "reduced"
        if reduced != self.reduced:
            self.reduced = reduced
            self.changed.emit()


switch = MotionSwitch()


def platform_reduces_motion() -> bool:
    """Ask the platform; where it does not say, nothing is reduced."""
    if sys.platform == "win32":
        animated = ctypes.c_int(1)
        get_client_area_animation = 0x1042
        ctypes.windll.user32.SystemParametersInfoW(get_client_area_animation, 0, ctypes.byref(animated), 0)
        return not animated.value
    if sys.platform == "darwin":
        command = ["/usr/bin/defaults", "read", "com.apple.universalaccess", "reduceMotion"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, check=False)
        return done.stdout.strip() == "1"
    return _portal("org.freedesktop.appearance", "reduced-motion") == 1 or (
        _portal("org.gnome.desktop.interface", "enable-animations") is False
    )


def _portal(namespace: str, key: str) -> object:
    """Return a setting of the desktop, through the interface that Linux desktops share; None where there is none."""
    try:
        from PySide6.QtDBus import QDBusConnection, QDBusInterface, QDBusMessage
    except ImportError:
        return None
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return None
    place = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings"
    settings = QDBusInterface(*place, bus)
    settings.setTimeout(_PATIENCE_MS)
    answer = settings.call("ReadOne", namespace, key)
    if answer.type() is not QDBusMessage.MessageType.ReplyMessage or not answer.arguments():
        return None
    found = answer.arguments()[0]
    return found.variant() if hasattr(found, "variant") else found
