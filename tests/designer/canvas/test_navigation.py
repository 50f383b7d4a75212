"""Wheel, two fingers and pinch: each moves the view in proportion, and what two fingers began is not changed midway."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPointingDevice, QWheelEvent

from designer.canvas.view import CanvasView

_Phase = Qt.ScrollPhase
_NONE, _CTRL, _SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def pad() -> QPointingDevice:
    """Return a touch pad as X11 tells of one: steps have an angle only, and no phase."""
    kind = QInputDevice.DeviceType.TouchPad, QPointingDevice.PointerType.Finger
    return QPointingDevice("pad", 7, *kind, QInputDevice.Capability.Scroll, 2, 0)


def scroll(
    canvas: CanvasView,
    pixels: QPoint,
    angle: QPoint,
    phase: Qt.ScrollPhase = _Phase.NoScrollPhase,
    keys: Qt.KeyboardModifier = _NONE,
    device: QPointingDevice | None = None,
) -> None:
    at = QPointF(60, 40)
    values = at, at, pixels, angle, Qt.MouseButton.NoButton, keys, phase, False
    source = Qt.MouseEventSource.MouseEventNotSynthesized
    canvas.wheelEvent(QWheelEvent(*values, source, device or QPointingDevice.primaryPointingDevice()))


def corner(canvas: CanvasView) -> QPointF:
    return canvas.mapToScene(QPoint(0, 0))


def test_momentum_goes_on_panning_whatever_is_pressed(canvas: CanvasView) -> None:
    before = corner(canvas)
    scroll(canvas, QPoint(0, -10), QPoint(0, -20), _Phase.ScrollUpdate)
    scroll(canvas, QPoint(0, -10), QPoint(0, -20), _Phase.ScrollMomentum, _CTRL)
    assert canvas.zoom == 1.0
    assert corner(canvas) == before + QPointF(0, 20)


def test_two_fingers_zoom_with_control_and_their_momentum_does_not_run_on(canvas: CanvasView) -> None:
    scroll(canvas, QPoint(0, 30), QPoint(0, 60), _Phase.ScrollUpdate, _CTRL)
    zoom = canvas.zoom
    assert zoom > 1.0
    before = corner(canvas)
    scroll(canvas, QPoint(0, 30), QPoint(0, 60), _Phase.ScrollMomentum)
    assert canvas.zoom == zoom
    assert corner(canvas) == before


def test_a_touch_pad_without_phases_pans_too(canvas: CanvasView) -> None:
    before = corner(canvas)
    scroll(canvas, QPoint(), QPoint(20, -40), device=pad())
    assert canvas.zoom == 1.0
    assert corner(canvas) == before + QPointF(-10, 20)


@pytest.mark.parametrize(("angle", "keys"), [(QPoint(0, -120), _SHIFT), (QPoint(-120, 0), _NONE)])
def test_shift_or_a_tilted_wheel_moves_sideways(canvas: CanvasView, angle: QPoint, keys: Qt.KeyboardModifier) -> None:
    before = corner(canvas)
    scroll(canvas, QPoint(), angle, keys=keys)
    assert canvas.zoom == 1.0
    assert corner(canvas) == before + QPointF(60, 0)


def test_a_pinch_zooms_at_the_fingers(canvas: CanvasView) -> None:
    at = QPointF(200, 150)
    place = canvas.mapToScene(at.toPoint())
    gesture = Qt.NativeGestureType.ZoomNativeGesture
    event = QNativeGestureEvent(gesture, pad(), 2, at, at, at, 0.25, QPointF())
    assert canvas.navigator.pinch(event)
    assert canvas.zoom == pytest.approx(1.25)
    assert (canvas.mapToScene(at.toPoint()) - place).manhattanLength() < 2
