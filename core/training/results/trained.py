"""A trained network together with what it needs to read raw rows: opened from a run's folder, or of a live session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core.data.preprocessing import Preprocessing
from core.errors import DataError, TrainingError
from core.graph.groups import with_weights_beside
from core.graph.project import Project
from core.model.build import build
from core.training.checkpoints import load_weights
from core.training.devices import pick_device
from core.training.network import Network
from core.training.objective import combined
from core.training.results.given import Raw
from core.training.results.predicting import Predictions, predict
from core.training.results.reading import OutputReader
from core.training.runs import Run, Which
from core.training.session import Session, check_same_data, open_session, ready_report


@dataclass(frozen=True, eq=False)
class Trained:
    """A network that was trained, with how rows become its inputs and how its outputs are read.

    ``readers`` are one an output, in the order of ``network.objectives``.
    """

    name: str
    project: Project
    network: Network
    preprocessing: Preprocessing
    readers: tuple[OutputReader, ...]

    def predict(self, columns: Raw) -> Predictions:
        """Return what the network says of raw rows; see ``core.training.results.predicting``.

        Raises:
            DataError: a column that the inputs need is not there, or columns differ in length.
            Cancelled: whoever watches the progress wants no more of it.
        """
        return predict(self.network, self.preprocessing, self.readers, columns, self.project.training.batch_size)

    def reader(self, output: str = "") -> OutputReader:
        """Return the reader of an output ("": the first); raise TrainingError where there is no such output."""
        found = next((each for each in self.readers if output in ("", each.output)), None)
        if found is None:
            names = ", ".join(each.output for each in self.readers)
            raise TrainingError(f"There is no output '{output}'. There are: {names}.")
        return found


def open_trained(run: Run | Path, which: Which = "best", device: str = "cpu") -> Trained:
    """Open what a run learned, from its folder alone: no data is read. The run may still be going on.

    Args:
        run: the run, or its folder.
        which: the best weights, or those of the last checkpoint.
        device: "auto", "cpu", "cuda", "mps" or "xpu".

    Raises:
        TrainingError: the run is damaged or has no such weights.
        ModelError: it uses a Python layer that is not trusted.
    """
    run = run if isinstance(run, Run) else Run.open(run)
    weights = run.weights(which)
    project = with_weights_beside(run.project(), run.base)
    report = ready_report(project)
    try:
        preprocessing = Preprocessing.from_json(run.preprocessing())
    except DataError as error:
        raise TrainingError(f"'{run.path / 'preprocessing.json'}' cannot be used: {error.message}") from error
    # Balanced class weights are counted in the data, which is not here; a prediction does not need them.
    objectives = [replace(each, class_weights="none") for each in combined(project, report.objectives)]
    network = Network(build(project, report.shapes), objectives, pick_device(device), project.training)
    load_weights(network.module, weights)
    network.module.eval()
    return _trained(run.name, project, network, preprocessing)


def trained_of(session: Session) -> Trained:
    """Return a live session's network as it is now; to be used from the thread that trains it, between its steps."""
    return _trained(session.project.name, session.project, session.network, session.prepared.preprocessing)


def open_measured(run: Run, which: Which = "best", base: Path | None = None, device: str | None = "cpu") -> Session:
    """Return a run's session, its data read again, with the run's best or last weights.

    ``base`` is the folder that file names in the project are relative to, where it has moved since.

    Raises:
        TrainingError: the run is damaged, has no such weights, or the data has changed.
        DataError: the data cannot be read.
    """
    session = open_session(run.project(), base or run.base, device)
    check_same_data(run, session)
    load_weights(session.network.module, run.weights(which))
    return session


def _trained(name: str, project: Project, network: Network, preprocessing: Preprocessing) -> Trained:
    readers = (
        OutputReader.of(objective, criterion, preprocessing)
        for objective, criterion in zip(network.objectives, network.criteria, strict=True)
    )
    return Trained(name, project, network, preprocessing, tuple(readers))
