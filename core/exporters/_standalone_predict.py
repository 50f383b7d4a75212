"""Predicts with this network: python predict.py INPUT [-o OUTPUT]. It needs what requirements.txt lists.

INPUT is a table (.csv, .tsv) with a column for everything the network takes; images, arrays and sequences stand in it
as the names of files beside the table. Where the network takes one image, array or sequence only, INPUT may also be a
file of it (.npy, .png …) or a folder of such files; several columns of arrays may come as .npz.
The answers are printed as CSV, or written to OUTPUT: .csv, or .npz with arrays.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import io
import json
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

HERE = Path(__file__).resolve().parent
FILES = ("image", "array", "sequence")
BATCH = 256
MOST_COLUMNS = 100
Answer = dict[str, Any]


def beside(name: str) -> ModuleType:
    """Import the file NAME.py of this folder, wherever Python was started."""
    spec = importlib.util.spec_from_file_location(f"_bundle_{name}", HERE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{HERE / name}.py is missing.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a .safetensors file: eight bytes with the length of a JSON header, the header, the numbers."""
    types = {
        "F64": torch.float64,
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
        "I32": torch.int32,
        "I16": torch.int16,
        "I8": torch.int8,
        "U8": torch.uint8,
        "BOOL": torch.bool,
        "C64": torch.complex64,
    }
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    weights = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = (8 + length + place for place in entry["data_offsets"])
            numbers = bytearray(content[start:end])
            flat = torch.frombuffer(numbers, dtype=types[entry["dtype"]]) if numbers else torch.empty(0)
            weights[name] = flat.to(types[entry["dtype"]]).reshape(entry["shape"])
    return weights


def load_network() -> nn.Module:
    """Return the network with its weights, ready to predict."""
    network: nn.Module = beside("model").Net()
    network.load_state_dict(read_weights(HERE / "weights.safetensors"))
    return network.eval()


def read_json(name: str) -> dict[str, Any]:
    """Return the content of a JSON file of this folder."""
    content: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return content


# --- what comes in ----------------------------------------------------------------------------------------------------


def read_rows(path: Path, preprocessing: dict[str, Any], missing: list[str]) -> dict[str, list[Any]]:
    """Return the columns of a table, of an .npz file, or of one file (or a folder of files) for the only column."""
    meanings = {each["name"]: each["meaning"] for each in preprocessing["fields"]}
    if path.suffix.lower() == ".npz":
        return {name: _listed(values) for name, values in _loaded(path).items()}
    if path.is_dir() or path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return {_only(preprocessing): _files(path)}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SystemExit(f"{path} is no text in UTF-8: save the table as CSV in UTF-8.") from error
    head = text.split("\n", 1)[0]
    separator = max("\t,;|", key=head.count)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    if len(rows) < 2:
        raise SystemExit(f"{path} has no rows: it needs a line with the names of columns, and a line for each row.")
    names = [name.strip() for name in rows[0]]
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for row in rows[1:]:
        for name, cell in zip(names, [*row, *[""] * (len(names) - len(row))], strict=False):
            value: Any = None if cell.strip() in missing else cell
            if value is not None and meanings.get(name) in FILES:
                value = path.parent / cell.strip()
            columns[name].append(value)
    return columns


def _loaded(path: Path) -> Any:
    """Return the array of an .npy file, or those of an .npz file by name."""
    try:
        loaded = np.load(path, allow_pickle=False)
        return {name: loaded[name] for name in loaded.files} if path.suffix.lower() == ".npz" else loaded
    except (OSError, ValueError, EOFError) as error:
        raise SystemExit(f"{path} cannot be read: {error}") from error


def _listed(values: Any) -> list[Any]:
    return list(values.tolist()) if values.ndim == 1 else list(values)


def _only(preprocessing: dict[str, Any]) -> str:
    names = {name for each in preprocessing["inputs"].values() for name in each}
    if len(names) != 1:
        raise SystemExit(f"The network takes {', '.join(sorted(names))}: give a table with these columns.")
    return str(names.pop())


def _files(path: Path) -> list[Any]:
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.is_file())
        if not files:
            raise SystemExit(f"{path} holds no files.")
        return files
    return [path] if path.suffix.lower() != ".npy" else list(_loaded(path))


# --- what comes out ---------------------------------------------------------------------------------------------------


def said(reads: list[Any], raw: Tensor) -> Tensor:
    """Return scores or numbers, in whatever form the loss read the network's output."""
    way, number = (*reads, 0.0)[:2] if reads else ("", 0.0)
    if way == "cosine":
        likeness: Tensor = torch.nn.functional.cosine_similarity(raw[:, 0], raw[:, 1], dim=-1)
        return likeness - float(number)
    if way == "difference":
        return raw[:, 0] - raw[:, 1]
    if way == "distance":
        return float(number) - raw
    if way == "logit":
        return torch.logit(raw.double(), eps=1e-12)
    if way == "first":
        return raw[:, 0]
    return torch.exp(raw) if way == "exp" else raw


def texts(output: dict[str, Any], scores: Tensor, holds: Tensor | None) -> Answer:
    """Return the texts of the best tokens; ``holds`` (rows, steps) says where there is one. 0 and marks are left out.

    Where nobody said which step stands for which symbol (CTC), repeats are joined and blanks left out.
    """
    text = output["text"]
    if output["scores"] == "text":
        best = scores.argmax(2)
        again = torch.zeros_like(best, dtype=torch.bool)
        again[:, 1:] = best[:, 1:] == best[:, :-1]
        best = best.masked_fill(again, 0)
    else:
        best = scores.argmax(1)
        if holds is not None and holds.shape == best.shape:
            best = best.masked_fill(~holds, 0)
    tokens, first = text["tokens"], text["first"]
    tokenizer = None
    if text["tokenizer"]:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(text["tokenizer"])
    found = np.empty(len(best), dtype=object)
    for row, indices in enumerate(best.tolist()):
        kept = [index for index in indices if index == 1 or index >= first]
        if tokenizer is not None:
            found[row] = tokenizer.decode(kept, skip_special_tokens=False)
        elif tokens:
            found[row] = text["between"].join(tokens[index if index < len(tokens) else 1] for index in kept)
        else:
            found[row] = bytes(index - first for index in kept if index >= first).decode(errors="replace")
    return {"values": found}


def answer(output: dict[str, Any], raw: Tensor, in_units: Any, holds: Tensor | None) -> Answer:
    """Return what an output says: ``values`` of each row, and ``probabilities`` (rows, classes) where there are."""
    scores, classes = said(output["reads"], raw), np.array([*output["classes"], ""], dtype=object)
    kind, target = output["kind"], output["scores"]
    if kind == "text":
        return texts(output, scores.movedim(-1, 1) if target == "class" else scores, holds)
    if kind == "class" and target == "class":
        return {
            "values": classes[scores.argmax(1).numpy()],
            "probabilities": torch.softmax(scores.double(), 1).numpy(),
        }
    if kind == "class":
        yes = torch.sigmoid(scores.double().reshape(len(scores)))
        values = classes[(scores.reshape(len(scores)) > 0).long().numpy()]
        return {"values": values, "probabilities": torch.stack((1 - yes, yes), 1).numpy()}
    if kind == "labels":
        words = ["; ".join(word for word, on in zip(classes, row, strict=False) if on) for row in (scores > 0).numpy()]
        return {"values": np.array(words, dtype=object), "probabilities": torch.sigmoid(scores.double()).numpy()}
    if kind == "number":
        return {"values": in_units(output["units"], scores.numpy())}
    if kind == "mask":
        chosen = scores.argmax(1) if target == "class" else (scores > 0).long()
        return {"values": chosen.numpy()}
    return {"values": raw.double().numpy()}


def predict(columns: dict[str, list[Any]], device: str = "cpu") -> tuple[dict[str, Answer], list[int], dict[int, str]]:
    """Return the answers by output, the rows that have one, and why each other row has none."""
    preprocess, outputs = beside("preprocess"), read_json("outputs.json")
    network = load_network().to(device)
    try:
        inputs, rows, problems = preprocess.transform(read_json("preprocessing.json"), columns)
    except preprocess.Unreadable as error:
        raise SystemExit(f"The rows cannot be used: {error}") from error
    if not rows:
        return {}, rows, problems
    parts: dict[str, list[Tensor]] = {each["name"]: [] for each in outputs["outputs"]}
    tensors = [torch.from_numpy(np.require(inputs[name], requirements=["C", "W"])) for name in outputs["inputs"]]
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            result = network(*(each[start : start + BATCH].to(device) for each in tensors))
            for name, found in result.items() if isinstance(result, dict) else [(next(iter(parts)), result)]:
                parts[name].append(found.cpu())
    answers = {}
    holds = torch.from_numpy(inputs[outputs["text_input"]]) != 0 if outputs["text_input"] else None
    for each in outputs["outputs"]:
        raw = torch.cat(parts[each["name"]])
        answers[each["name"]] = {**answer(each, raw, preprocess.in_units, holds), "raw": raw.numpy()}
    return answers, rows, problems


def table(answers: dict[str, Answer], rows: list[int], problems: dict[int, str]) -> str:
    """Return the answers as CSV, a line for every given row."""
    classes = {each["name"]: each["classes"] for each in read_json("outputs.json")["outputs"]}
    columns: dict[str, list[Any]] = {}
    for name, found in answers.items():
        values = found["values"].reshape(len(rows), -1)
        if values.shape[1] > MOST_COLUMNS:
            raise SystemExit(f"'{name}' gives arrays, which fit into no table: write to a file that ends in .npz.")
        for place in range(values.shape[1]):
            columns[name if values.shape[1] == 1 else f"{name}/{place}"] = values[:, place].tolist()
        shares = found.get("probabilities")
        if shares is not None and shares.shape[1] <= MOST_COLUMNS:
            for place, word in enumerate(classes[name]):
                columns[f"{name}/{word}"] = shares[:, place].tolist()
    place_of = {row: place for place, row in enumerate(rows)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", *columns, *(["problem"] if problems else [])])
    for row in range(len(rows) + len(problems)):
        at = place_of.get(row)
        cells = [values[at] if at is not None else "" for values in columns.values()]
        writer.writerow([row + 1, *cells, *([problems.get(row, "")] if problems else [])])
    return text.getvalue()


def main() -> None:
    """Read the rows, predict, write the answers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, metavar="INPUT")
    parser.add_argument("-o", "--output", type=Path, metavar="OUTPUT")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, mps … (default: %(default)s)")
    options = parser.parse_args()
    if not options.input.exists():
        raise SystemExit(f"{options.input} does not exist.")
    missing = read_json("outputs.json")["missing_words"]
    columns = read_rows(options.input, read_json("preprocessing.json"), missing)
    answers, rows, problems = predict(columns, options.device)
    if options.output is not None and options.output.suffix == ".npz":
        arrays: dict[str, Any] = {"rows": np.array(rows, dtype=np.int64)}
        for name, found in answers.items():
            values = found["values"]
            arrays[name] = values.astype(np.str_) if values.dtype == object else values
            arrays |= {f"{name}/{part}": found[part] for part in ("probabilities", "raw") if part in found}
        np.savez_compressed(options.output, **arrays)
    elif options.output is not None:
        options.output.write_text(table(answers, rows, problems), encoding="utf-8")
    else:
        sys.stdout.write(table(answers, rows, problems))


if __name__ == "__main__":
    main()
