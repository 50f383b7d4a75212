"""The document: the only owner of a project, the only place where it changes, and its history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core.graph.change import Change, difference
from core.graph.edits import Edit
from core.graph.edits.drawing import without_loose_routes
from core.graph.project import Project
from core.signal import Signal


@dataclass(frozen=True)
class Step:
    """One undo step: its label, what it changed, and the key by which the next edit may join it."""

    label: str
    change: Change
    merge_key: str = ""


class Document:
    """A project with its history. ``changed`` is emitted after every change with what differs; ``path`` is its file."""

    def __init__(self, project: Project | None = None, path: Path | None = None) -> None:
        self.project = project or Project()
        self.path = path
        self.changed: Signal[Change] = Signal()
        self.history_changed: Signal[None] = Signal()
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._saved: Project | None = self.project
        self._saved_at: int | None = 0
        self._macro: list[Change] | None = None

    def apply(self, edit: Edit) -> Change:
        """Apply an edit and return what it changed; nothing is recorded where it changes nothing.

        Raises:
            EditError: the edit does not fit; the project is as it was.
        """
        after = without_loose_routes(edit.apply(self.project))
        change = difference(self.project, after)
        if not change:
            return change
        self.project = after
        if self._macro is not None:
            self._macro.append(change)
        else:
            self._record(Step(edit.label, change, edit.merge_key))
        self._announce(change)
        return change

    @contextmanager
    def macro(self, label: str) -> Iterator[None]:
        """Make everything applied inside one undo step; where the block raises, all of it is taken back."""
        if self._macro is not None:
            yield
            return
        self._macro = []
        before = self.project
        try:
            yield
        except BaseException:
            taken_back = difference(self.project, before)
            self._macro = None
            self.project = before
            if taken_back:
                self._announce(taken_back)
            raise
        changes, self._macro = self._macro, None
        whole = Change()
        for change in changes:
            whole = whole.then(change)
        if whole:
            self._record(Step(label, whole))
            self.history_changed.emit(None)

    def end_merge(self) -> None:
        """Make the next edit a step of its own, whatever its merge key (a field was left, a drag ended)."""
        if self._done and self._done[-1].merge_key:
            self._done[-1] = Step(self._done[-1].label, self._done[-1].change)

    def undo(self) -> None:
        """Take the last step back; does nothing where there is none."""
        if self._done:
            step = self._done.pop()
            self._undone.append(Step(step.label, step.change))
            self.end_merge()
            self._perform(step.change.reversed())

    def redo(self) -> None:
        """Do the last undone step again; does nothing where there is none."""
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._perform(step.change)

    def go_to(self, position: int) -> None:
        """Undo or redo, as one change, until ``position`` steps are done; beyond the history, go to its end."""
        position = min(max(position, 0), self.step_count)
        before = project = self.project
        while len(self._done) > position:
            step = self._done.pop()
            self._undone.append(Step(step.label, step.change))
            project = step.change.reversed().apply(project)
        while len(self._done) < position:
            self._done.append(self._undone.pop())
            project = self._done[-1].change.apply(project)
        self.end_merge()
        if project is not before:
            self.project = project
            self._announce(difference(before, project))

    @property
    def step_count(self) -> int:
        """How many steps the history has, those that can be redone included."""
        return len(self._done) + len(self._undone)

    @property
    def position(self) -> int:
        """How many steps of the history are done."""
        return len(self._done)

    @property
    def saved_position(self) -> int | None:
        """The position at which the project was saved or opened; None where the history no longer leads there."""
        return self._saved_at

    def step_label(self, index: int) -> str:
        """Return the label of a step, counted from 0, the oldest; those that can be redone come last."""
        done = len(self._done)
        return (self._done[index] if index < done else self._undone[done - index - 1]).label

    @property
    def undo_label(self) -> str | None:
        """Label of the step that undo would take back, or None."""
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        """Label of the step that redo would do again, or None."""
        return self._undone[-1].label if self._undone else None

    @property
    def is_modified(self) -> bool:
        """True where the project differs from what was last saved or opened."""
        return self.project is not self._saved and self.project != self._saved

    def mark_saved(self, path: Path, moved: Callable[[Project], Project] | None = None) -> None:
        """Remember that the project as it is now is in this file.

        ``moved`` rewrites what names other files from the file's folder, where that is another one now: the project and
        every step of its history, so that no undo brings back what led to a file from the old folder.
        """
        before, self.path = self.project, path
        if moved is not None:
            self.project = moved(before)
            for steps in (self._done, self._undone):
                steps[:] = [replace(step, change=step.change.rewritten(moved)) for step in steps]
        self._saved = self.project
        self._saved_at = len(self._done)
        self.end_merge()
        change = difference(before, self.project)
        if change:
            self.changed.emit(change)
        self.history_changed.emit(None)

    def mark_unsaved(self) -> None:
        """Remember that the project is in no file as it is (a new project from a template)."""
        self._saved = self._saved_at = None
        self.history_changed.emit(None)

    def _record(self, step: Step) -> None:
        self._undone.clear()
        if self._saved_at is not None and self._saved_at > len(self._done):
            self._saved_at = None
        last = self._done[-1] if self._done else None
        if last and step.merge_key and last.merge_key == step.merge_key:
            merged = last.change.then(step.change)
            self._done.pop()
            if merged:
                self._done.append(Step(last.label, merged, step.merge_key))
        else:
            self._done.append(step)

    def _perform(self, change: Change) -> None:
        self.project = change.apply(self.project)
        self._announce(change)

    def _announce(self, change: Change) -> None:
        self.changed.emit(change)
        self.history_changed.emit(None)
