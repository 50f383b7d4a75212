"""Which version of a distribution is installed, for reports and run folders."""

from __future__ import annotations

from importlib import metadata


def installed_version(name: str, otherwise: str) -> str:
    """Return the installed version of a distribution, or ``otherwise`` where it runs without being installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return otherwise
