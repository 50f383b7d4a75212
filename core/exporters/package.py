"""A trained project as plain PyTorch files: the network, its data, the loop that trained it, and a way to predict.

Before it is in place its data was compared with the run's, the network and ``predict.py`` with the application's
predictions, and the first epoch of ``train.py`` with the run's curve where that takes no longer than the run did.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError, ExportError, TrainingError, reason_of
from core.exporters._folder import place, predicts_alike, require_free, run_alone, unpack, zipped
from core.exporters._kind import Exported, ExporterKind, ExportRequest

if TYPE_CHECKING:
    from core.exporters._network import Exportable
    from core.training.results.trained import Trained
    from core.training.runs import Run
    from core.training.session import Session

_LONGEST_EPOCH = 30.0
"""Seconds that an epoch of the run may have taken so that it is trained again for the proof."""
_SAME = 1e-6, 1e-3
"""How near a curve has to come, relative to its values, and below what these count as that much."""
_SAME_COMPILED = 1e-2, 1.0
"""Compiled networks round otherwise where the compiler is another one, or fails, and training enlarges that."""
_STEERED = ("checkpoint", "pin", "sample")
"""Commands that change nothing of what is learnt."""
_LOAD = '''def load_network() -> nn.Module:
    """Return the network with its weights, ready to predict."""
    network: nn.Module = beside("model").Net()
    network.load_state_dict(torch.load(HERE / "weights.pt", map_location="cpu", weights_only=True))
    return network.eval()
'''
_DUMP = """
import sys
sys.path.insert(0, sys.argv[1])
import torch
from data import load
found = {name: (part.inputs, part.targets, getattr(part, "weights", None)) for name, part in load().items()}
torch.save(found, sys.argv[2])
"""
_TRAIN = """
import runpy, sys
import torch
torch.set_num_threads(int(sys.argv.pop(1)))
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("train.py")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def _export(request: ExportRequest) -> Exported:
    if request.run is None:
        raise ExportError(
            "A package says how a network was trained and what came of it: train the network first, and export the run."
        )
    from core.exporters._network import exportable, write
    from core.training.results.trained import open_trained

    as_zip = request.path.suffix.lower() == ".zip"
    if not as_zip:
        require_free(request.path)
    try:
        trained = open_trained(request.run, request.which)
        _refuse_steered(request.run)
        network = exportable(request, rows=True)
        session, epochs = _session(request.run), _epochs(request.run)
        files = _files(request, network, trained, session, epochs)
    except (TrainingError, DataError) as error:
        raise ExportError(error.message, problems=error.problems) from error
    try:
        with tempfile.TemporaryDirectory(prefix="layerwright-package-") as folder:
            notes = _prove(Path(folder), files, request, network, trained, session)
        if as_zip:
            write(request.path, zipped(files, request.path.stem))
        else:
            place(request.path, files)
    except OSError as error:
        raise ExportError(f"'{request.path}' could not be written: {reason_of(error)}.") from error
    return Exported(request.path, (*network.notes, *notes))


def _refuse_steered(run: Run) -> None:
    """Raise ExportError for a run that no loop of fixed settings follows."""
    from core.training.events import Changed

    changes = [each for each in run.events() if isinstance(each, Changed) and each.what not in _STEERED]
    if changes:
        raise ExportError(
            "The run was changed while it trained, which train.py cannot follow: train again with the settings that "
            "you want from the start.",
            problems=[f"Epoch {each.epoch}: {each.text}" for each in changes],
        )
    if run.settings.get("continues"):
        raise ExportError(
            f"The run went on from the weights of '{run.settings['continues']}': export that run instead."
        )


def _session(run: Run) -> Session:
    from core.training.session import check_same_data, open_session

    session = open_session(run.project(), run.base, "cpu")
    check_same_data(run, session)
    return session


def _epochs(run: Run) -> int:
    """Return for how many epochs the run was planned, or as many as it has where it was made longer."""
    return max(int(run.settings["epochs"]), run.summary().epochs)


# --- the files --------------------------------------------------------------------------------------------------------


def _files(
    request: ExportRequest, network: Exportable, trained: Trained, session: Session, epochs: int
) -> dict[str, bytes]:
    from core.exporters._bundle_parts import example_files, outputs_json, requirements
    from core.exporters._package.data import package_data
    from core.exporters._package.readme import package_readme
    from core.exporters._package.train import package_train
    from core.exporters.state_dict import to_state_dict

    assert network.preprocessing is not None
    assert network.rows is not None
    assert request.run is not None
    texts = package_train(session, epochs)
    data = package_data(session, request.run.base)
    files = {
        "README.md": package_readme(network, request, request.run, trained.readers, texts.modules).encode(),
        "requirements.txt": requirements(network.preprocessing).encode(),
        "model.py": network.built.source.encode(),
        "data.py": data.data.encode(),
        "preprocess.py": data.preprocess.encode(),
        "train.py": texts.train.encode(),
        "predict.py": _predict_text().encode(),
        "weights.pt": to_state_dict(network.weights),
        "preprocessing.json": _json(network.preprocessing.to_json()),
        "outputs.json": _json(outputs_json(network, request, trained.readers)),
        **{name: text.encode() for name, text in texts.modules.items()},
        **data.files,
    }
    if texts.starts:
        files["start.pt"] = to_state_dict(session.network.module.state_dict())
    return files | example_files(network.preprocessing, network.rows)


def _predict_text() -> str:
    """Return the bundle's ``predict.py``, which here reads the weights that ``train.py`` writes."""
    text = Path(__file__).with_name("_standalone_predict.py").read_text(encoding="utf-8")
    reads, loads, then = (text.index(f"def {name}(") for name in ("read_weights", "load_network", "read_json"))
    assert reads < loads < then
    return (text[:reads] + _LOAD + "\n\n" + text[then:]).replace("import struct\n", "").replace("_bundle_", "_package_")


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


# --- the proof --------------------------------------------------------------------------------------------------------


def _prove(
    elsewhere: Path,
    files: Mapping[str, bytes],
    request: ExportRequest,
    network: Exportable,
    trained: Trained,
    session: Session,
) -> tuple[str, ...]:
    """Raise ExportError unless the package computes what the application does; return what could not be compared."""
    from core.exporters._network import verify_outputs
    from core.exporters.python import instance

    assert request.run is not None
    assert network.rows is not None
    folder = elsewhere / "package"
    unpack(folder, files)
    verify_outputs(network, lambda: instance(files["model.py"].decode()), network.weights)
    _same_data(folder, elsewhere, session)
    try:
        predicted = trained.predict(network.rows)
    except DataError as error:
        raise ExportError(f"The network cannot predict its own rows: {error.message}") from error
    predicts_alike(folder, elsewhere, predicted, "The package")
    return _same_curve(folder, elsewhere, request.run)


def _same_data(folder: Path, elsewhere: Path, session: Session) -> None:
    import torch

    from core.exporters._network import distance

    path = elsewhere / "data.pt"
    run_alone(["-c", _DUMP, str(folder), str(path)], elsewhere, "The package", "The package prepares its data")
    found = torch.load(path, weights_only=True)
    parts = {"training": session.training, "validation": session.validation}
    for name, samples in parts.items():
        if samples is None:
            continue
        batch = samples.part(0, samples.count)
        inputs, targets, weights = found[name]
        pairs = [*zip(batch.inputs, inputs, strict=True)]
        pairs += zip(batch.targets, targets.values(), strict=True)
        pairs += [(batch.weights, weights)] if batch.weights is not None else []
        if any(distance(one.float(), other.float()) > _SAME[0] for one, other in pairs):
            raise ExportError(f"The package prepares the {name} data differently, so nothing was written.")


def _same_curve(folder: Path, elsewhere: Path, run: Run) -> tuple[str, ...]:
    """Train the first epoch in a Python of its own; raise ExportError unless its losses are the run's."""
    epochs, summary = run.epochs(), run.summary()
    seconds = summary.seconds / max(1, summary.epochs)
    device = run.settings.get("device")
    if not epochs or device != "cpu" or seconds > _LONGEST_EPOCH:
        why = f"an epoch of it took {seconds:.0f} s" if device == "cpu" else f"it was trained on {device}"
        return (
            f"train.py was not run to compare its curve with the run's, because {why}. To compare them yourself: "
            "python train.py --device cpu --epochs 1 --output elsewhere, and look at the curve in README.md.",
        )
    threads = str(run.settings.get("threads") or 1)
    arguments = [threads, str(folder / "train.py"), "--epochs", "1", "--device", "cpu", "--output", str(elsewhere)]
    run_alone(["-c", _TRAIN, *arguments], elsewhere, "The package", "The package trains an epoch")
    with (elsewhere / "curves.csv").open(newline="", encoding="utf-8") as file:
        found = next(csv.DictReader(file))
    wanted = {
        f"{part}/{name}": value
        for part, values in (("training", epochs[0].training), ("validation", epochs[0].validation))
        for name, value in values.items()
    }
    near, least = _SAME_COMPILED if run.project().training.compile else _SAME
    for name in found.keys() & wanted.keys():
        if abs(float(found[name]) - wanted[name]) > near * max(abs(wanted[name]), least):
            raise ExportError(
                f"train.py comes to another '{name}' in the first epoch ({float(found[name]):.9g}, the run had "
                f"{wanted[name]:.9g}), so nothing was written."
            )
    return ()


KINDS = (
    ExporterKind(
        "package",
        "Python package",
        ".zip",
        "Readable PyTorch files that train this network on its data again, to the same curve, and predict with it, as "
        "a zip or (without that ending) a folder: model.py, data.py, train.py, predict.py, the data and the weights.",
        _export,
        trained_only=True,
    ),
)
