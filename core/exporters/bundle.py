"""One folder or zip that predicts by itself: network, weights, preprocessing, classes, model card and an example.

It was run in a Python of its own, on rows of the data, and gave what the application predicts, before it is in place.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError, ExportError, TrainingError, reason_of
from core.exporters._folder import place, predicts_alike, require_free, unpack, zipped
from core.exporters._kind import Exported, ExporterKind, ExportRequest

if TYPE_CHECKING:
    from core.exporters._network import Exportable

_HERE = Path(__file__).parent


def _export(request: ExportRequest) -> Exported:
    if request.run is None:
        raise ExportError("A bundle holds what was learnt from the data: train the network first, and export the run.")
    from core.exporters._network import exportable, write
    from core.training.results.trained import open_trained

    as_zip = request.path.suffix.lower() == ".zip"
    if not as_zip:
        require_free(request.path)
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
            unpack(Path(folder, "bundle"), files)
            predicts_alike(Path(folder, "bundle"), Path(folder), predicted, "The bundle")
        if as_zip:
            write(request.path, zipped(files, request.path.stem))
        else:
            place(request.path, files)
    except OSError as error:
        raise ExportError(f"'{request.path}' could not be written: {reason_of(error)}.") from error
    return Exported(request.path, network.notes)


def _refuse_unsupported(network: Exportable) -> None:
    from core.exporters._standalone_preprocess import unsupported

    assert network.preprocessing is not None
    fields = [network.preprocessing.fields[name] for name in network.preprocessing.needed]
    reasons = [f"'{each.name}': {why}." for each in fields if (why := unsupported(each.to_json()))]
    if reasons:
        raise ExportError("A bundle cannot prepare these inputs with PyTorch and numpy alone.", problems=reasons)


def _files(request: ExportRequest, network: Exportable, readers: Any) -> dict[str, bytes]:
    from core.exporters._bundle_parts import example_files, model_card, outputs_json, requirements
    from core.exporters._preparation import preprocess_text
    from core.training.checkpoints import weights_bytes

    assert network.preprocessing is not None
    assert network.rows is not None
    assert request.run is not None
    files = {
        "README.md": model_card(network, request, request.run, readers).encode(),
        "model.py": network.built.source.encode(),
        "weights.safetensors": weights_bytes(network.weights, network.metadata),
        "preprocessing.json": _json(network.preprocessing.to_json()),
        "outputs.json": _json(outputs_json(network, request, readers)),
        "requirements.txt": requirements(network.preprocessing).encode(),
        "predict.py": (_HERE / "_standalone_predict.py").read_bytes(),
        "preprocess.py": preprocess_text(network.preprocessing).encode(),
    }
    return files | example_files(network.preprocessing, network.rows)


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


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
