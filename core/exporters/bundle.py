"""One folder or zip that predicts by itself: network, weights, preprocessing, classes, model card and an example.

It was run in a Python of its own, on rows of the data, and gave what the application predicts, before it is in place.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError, ExportError, TrainingError, reason_of
from core.exporters._kind import ExporterKind, ExportRequest
from core.progress import report

if TYPE_CHECKING:
    from core.exporters._network import Exportable
    from core.training.results.predicting import Predictions

_HERE = Path(__file__).parent
_CODE = {"predict.py": "_standalone_predict.py", "preprocess.py": "_standalone_preprocess.py"}
_STEP = 0.1
"""Seconds between two looks at whether the export is still wanted."""


def _export(request: ExportRequest) -> Path:
    if request.run is None:
        raise ExportError("A bundle holds what was learnt from the data: train the network first, and export the run.")
    from core.exporters._network import exportable, write
    from core.training.results.trained import open_trained

    as_zip = request.path.suffix.lower() == ".zip"
    if not as_zip:
        _require_free(request.path)
    try:
        trained = open_trained(request.run, request.which)
    except TrainingError as error:
        raise ExportError(error.message, problems=error.problems) from error
    network = exportable(request, rows=True)
    assert network.preprocessing is not None
    assert network.rows is not None
    _refuse_unsupported(network)
    files = _files(request, network, trained.readers)
    try:
        predicted = trained.predict(network.rows)
    except DataError as error:
        raise ExportError(f"The network cannot predict its own rows: {error.message}") from error
    try:
        with tempfile.TemporaryDirectory(prefix="layerwright-bundle-") as folder:
            _unpack(Path(folder, "bundle"), files)
            _compare(_run(Path(folder, "bundle"), Path(folder)), predicted)
        if as_zip:
            write(request.path, _zipped(files, request.path.stem))
        else:
            _place(request.path, files)
    except OSError as error:
        raise ExportError(f"'{request.path}' could not be written: {reason_of(error)}.") from error
    return request.path


def _refuse_unsupported(network: Exportable) -> None:
    from core.exporters._standalone_preprocess import unsupported

    assert network.preprocessing is not None
    fields = [network.preprocessing.fields[name] for name in network.preprocessing.needed]
    reasons = [f"'{each.name}': {why}." for each in fields if (why := unsupported(each.to_json()))]
    if reasons:
        raise ExportError("A bundle cannot prepare these inputs with PyTorch and numpy alone.", problems=reasons)


def _files(request: ExportRequest, network: Exportable, readers: Any) -> dict[str, bytes]:
    import torch

    from core.exporters._bundle_parts import example_files, model_card, outputs_json
    from core.training.checkpoints import weights_bytes

    assert network.preprocessing is not None
    assert network.rows is not None
    assert request.run is not None
    version = torch.__version__.partition("+")[0]
    pillow = any(network.preprocessing.fields[name].field.meaning == "image" for name in network.preprocessing.needed)
    requirements = [f"torch>={version}", "numpy>=1.26", *(["pillow"] if pillow else [])]
    files = {
        "README.md": model_card(network, request, request.run, readers).encode(),
        "model.py": network.built.source.encode(),
        "weights.safetensors": weights_bytes(network.weights, network.metadata),
        "preprocessing.json": _json(network.preprocessing.to_json()),
        "outputs.json": _json(outputs_json(network, request, readers)),
        "requirements.txt": ("\n".join(requirements) + "\n").encode(),
    }
    files |= {name: (_HERE / source).read_bytes() for name, source in _CODE.items()}
    return files | example_files(network.preprocessing, network.rows)


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


# --- the proof --------------------------------------------------------------------------------------------------------


def _unpack(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _run(bundle: Path, elsewhere: Path) -> Path:
    """Run ``predict.py`` on its example in a Python of its own, started elsewhere; return the file of its answers."""
    answers = elsewhere / "answers.npz"
    command = [sys.executable, "-I", str(bundle / "predict.py"), str(bundle / "example.csv"), "-o", str(answers)]
    process = subprocess.Popen(command, cwd=elsewhere, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while True:
            report(0, 0, "Running the bundle in a Python of its own")
            try:
                _out, errors = process.communicate(timeout=_STEP)
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        last = (errors.strip().splitlines() or ["it says nothing"])[-1]
        raise ExportError(f"The bundle does not run by itself, so nothing was written: {last}")
    return answers


def _compare(path: Path, predicted: Predictions) -> None:
    """Raise ExportError unless the bundle's answers are the application's."""
    import numpy as np
    import torch

    from core.exporters._network import TOLERANCE, distance

    with np.load(path, allow_pickle=False) as found:
        if found["rows"].tolist() != predicted.rows.tolist():
            raise ExportError("The bundle answers other rows than the application does, so nothing was written.")
        for name, answer in predicted.answers.items():
            if answer.kind in ("class", "labels"):
                words = ["; ".join(each) if isinstance(each, tuple) else each or "" for each in answer.values]
                wrong = words != found[name].tolist()
            elif answer.kind == "text":
                raise ExportError(f"'{name}' gives texts, which a bundle cannot read off the network's scores.")
            else:
                wanted = torch.from_numpy(np.ascontiguousarray(answer.values.astype(np.float64)))
                wrong = (
                    distance(wanted.flatten(), torch.from_numpy(found[name].astype(np.float64)).flatten()) > TOLERANCE
                )
            if answer.probabilities is not None:
                shares = torch.from_numpy(answer.probabilities)
                wrong |= distance(shares, torch.from_numpy(found[f"{name}/probabilities"])) > TOLERANCE
            if wrong:
                raise ExportError(f"The bundle predicts something else for '{name}', so nothing was written.")


# --- in place ---------------------------------------------------------------------------------------------------------


def _zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", (2020, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def _require_free(path: Path) -> None:
    """Raise ExportError where something lies in the folder that a bundle would go into, or there is no place for it."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"'{path}' is there already and not empty: choose another name for the folder.")
    if not path.parent.is_dir():
        raise ExportError(f"'{path}' could not be written: there is no folder '{path.parent}'.")


def _place(path: Path, files: Mapping[str, bytes]) -> None:
    """Put the folder where it belongs in one step."""
    _require_free(path)
    with tempfile.TemporaryDirectory(prefix=".layerwright-", dir=path.parent) as beside:
        whole = Path(beside, path.name)
        _unpack(whole, files)
        if path.exists():
            path.rmdir()
        whole.rename(path)


KINDS = (
    ExporterKind(
        "bundle",
        "Bundle",
        ".zip",
        "All that is needed to predict with PyTorch and numpy alone, as a zip or (without that ending) a folder: "
        "network, weights, preprocessing, classes, a model card and an example. Then: python predict.py input.csv.",
        _export,
        trained_only=True,
    ),
)
