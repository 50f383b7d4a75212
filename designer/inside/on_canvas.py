"""What is seen inside the network, on the nodes of one canvas: live pictures, signs of trouble, colours by a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject

from core.graph.change import Change
from core.graph.project import INPUT, OUTPUT
from designer.canvas.heat_map import HeatMap, Measure
from designer.canvas.snapshot import Snapshot
from designer.inside.figures import BY_KEY, ON_NODES, PREFIX
from designer.inside.images import image_of, is_stretched
from designer.inside.places import Place, place_of
from designer.inside.tiles import tiles_of
from designer.inside.watcher import InsideWatcher, shown_at

if TYPE_CHECKING:
    from core.training.diagnostics.pictures import Picture
    from designer.canvas.node_item import NodeItem
    from designer.canvas.view import CanvasView

_SUMMED = ("forward_seconds", "backward_seconds")


class InsideOnCanvas(QObject):
    """Follows a watcher and keeps no state of its own but the images that were made last."""

    def __init__(self, view: CanvasView, watcher: InsideWatcher) -> None:
        super().__init__(view)
        self._view, self._watcher = view, watcher
        self._made: dict[Place, tuple[Picture, int, Snapshot]] = {}
        self._words = Snapshot()
        self._heat: HeatMap | None = None
        view.pin_requested.connect(self._on_pin_requested)
        watcher.refreshed.connect(self._refresh)
        watcher.pins.changed.connect(self._show_pictures)
        view.session.view_changed.connect(self._refresh)
        view.session.here_changed.connect(self._on_changed)
        watcher.session.changed.connect(self._on_project_changed)
        self._refresh()

    def _on_changed(self, change: Change) -> None:
        if change.only_positions:
            self._show_pictures()
        else:
            self._refresh()

    def _on_project_changed(self, change: Change) -> None:
        if "training" in change.parts:
            self._show_pictures()

    def colour(self, heat: HeatMap) -> None:
        """Let nodes be coloured by the figures of their layers."""
        self._heat = heat
        heat.others = {PREFIX + key: self._measure(key) for key in ON_NODES}

    def _measure(self, key: str) -> Measure:
        figure = BY_KEY[key]

        def figures(path: Place) -> dict[str, float]:
            found: dict[str, float] = {}
            for node, values in self._watcher.record.figures.items():
                place = place_of(node)
                if place[:-1] == path and key in values:
                    found.setdefault(place[-1], values[key])
            return found

        return Measure(figure.title, figures, figure.written, summed=key in _SUMMED)

    def _on_pin_requested(self, places: tuple[Place, ...]) -> None:
        nodes = self._view.session.view.graph.nodes
        can = tuple(each for each in places if nodes[each[-1]].kind not in (INPUT, OUTPUT))
        if can:
            self._watcher.toggle_pins(can)
        elif places:
            self._view.session.refused.emit(
                self.tr("Live pictures show what layers make; the sample itself is shown in the panel Inside.")
            )

    def _refresh(self) -> None:
        self._show_pictures()
        self._show_findings()
        if self._heat is not None and self._heat.measure.startswith(PREFIX):
            self._heat.refresh()

    def _show_pictures(self) -> None:
        path, pins = self._view.session.path, self._watcher.pins.places
        self._made = {place: each for place, each in self._made.items() if place in pins}
        for name, item in self._view.canvas.nodes.items():
            place = (*path, name)
            if place in pins:
                item.set_look(snapshot=self._snapshot(place), on_left=self._is_left(item))
            elif item.look.snapshot is not None:
                item.set_look(snapshot=None, on_left=False)

    def _is_left(self, item: NodeItem) -> bool:
        """Return True where a picture has room on the left only."""

        def free(*, left: bool) -> bool:
            place = item.snapshot_place(left=left).translated(item.scenePos())
            others = self._view.canvas.nodes.values()
            return not any(each is not item and each.scene_card().intersects(place) for each in others)

        return not free(left=False) and free(left=True)

    def _snapshot(self, place: Place) -> Snapshot:
        found = self._watcher.picture(place)
        if found is None:
            words = self._why_none(place)
            if words != self._words.words:
                self._words = Snapshot(words=words)
            return self._words
        step, picture = found
        known = self._made.get(place)
        if known is None or known[0] is not picture or known[1] != step:
            sheet = tiles_of(self._watcher.session, picture)
            shown = Snapshot(image_of(picture, sheet), stretched=is_stretched(picture, sheet))
            known = self._made[place] = (picture, step, shown)
        return known[2]

    def _why_none(self, place: Place) -> str:
        if not self._watcher.session.project.training.diagnostics and not self._watcher.is_live:
            return self.tr("Looking inside is turned off: see Inside.")
        if self._watcher.record.looks and not self._watcher.path(place):
            return self.tr("Not in the run that is shown")
        return self.tr("Appears while training")

    def _show_findings(self) -> None:
        found = shown_at(self._watcher.findings(), self._view.session.path)
        scene = self._view.canvas
        scene.findings = {name: tuple(each.text for each in findings) for name, findings in found.items()}
        for name, item in scene.nodes.items():
            item.set_look(finding=name in found)


def kind_title(kind: str) -> str:
    """Return what a kind of picture is called."""
    texts = {
        "map": QCoreApplication.translate("Inside", "Output"),
        "filters": QCoreApplication.translate("Inside", "Filters"),
        "attention": QCoreApplication.translate("Inside", "Attention"),
        "activations": QCoreApplication.translate("Inside", "Outputs"),
        "gradients": QCoreApplication.translate("Inside", "Gradients"),
        "weights": QCoreApplication.translate("Inside", "Weights"),
    }
    return texts[kind]
