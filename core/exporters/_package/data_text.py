"""Writes ``data.py``: how the raw columns of a package become samples, and the samples batches, in the app's order."""

from __future__ import annotations

import json

from core.errors import ExportError
from core.exporters._package.augment import augmenter_of, blends
from core.exporters._pruned import module_text
from core.graph.binding import INPUT_TARGET, NEXT_TARGET
from core.training.session import Session

_BLENDED = (
    "    partners: Tensor | None = None",
    '    """Of a batch whose samples are blended in pairs: with which of the batch each is blended."""',
    "    shares: Tensor | None = None",
    '    """How much is left of each sample itself."""',
)


def quoted(text: str) -> str:
    """Return a text as Python writes it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


class DataWriter:
    """Writes ``data.py`` for one project.

    ``cells`` and ``arrays`` are the columns by how they are stored, ``weight`` the one that says how much a sample
    counts, and ``filled`` whether some sample's class is missing or unknown.
    """

    def __init__(
        self, session: Session, cells: tuple[str, ...], arrays: tuple[str, ...], weight: str, filled: bool
    ) -> None:
        self.session, self.cells, self.arrays, self.weight, self.filled = session, cells, arrays, weight, filled
        self.preprocessing = session.prepared.preprocessing
        self.settings = session.project.training
        self.windowed = bool(session.project.data.window.length)
        self.balanced = session.project.data.sampling == "balanced"
        self.augmented, self.blended = bool(augmenter_of(session)), blends(session)
        self.sequences = [name for name in arrays if self.preprocessing.fields[name].field.meaning == "sequence"]

    def text(self) -> str:
        imports = [
            "import json",
            "from collections.abc import Callable, Iterator",
            "from dataclasses import dataclass",
            "from pathlib import Path",
            "from typing import Any",
            "import numpy as np",
            "import torch",
            "from torch import Tensor",
            "import preprocess",
        ]
        imports += ["import csv"] if self.cells else []
        imports += ["from dataclasses import replace", "from augment import augment"] if self.augmented else []
        definitions = [
            "HERE = Path(__file__).resolve().parent",
            f"BATCH_SIZE = {self.settings.batch_size}",
            "\n".join(["COLUMNS = (", *(f"    {quoted(name)}," for name in (*self.cells, *self.arrays)), ")"]),
            self._part(),
            self._read(),
            *self._classes(),
            self._prepare(),
            self._load(),
            *self._order(),
        ]
        docstring = "The data: read from the folder data, prepared as preprocessing.json says, and cut into batches."
        return module_text(docstring, imports, definitions)

    def _part(self) -> str:
        weights = self.weight != ""
        lines = [
            "@dataclass(frozen=True)",
            "class Part:",
            '    """Samples: inputs in the order in which they go into the network, targets by output."""',
            "",
            "    inputs: tuple[Tensor, ...]",
            "    targets: dict[str, Tensor]",
            *(["    weights: Tensor"] if weights else []),
            *(_BLENDED if self.blended else ()),
            "",
            "    def __len__(self) -> int:",
            "        return len(self.inputs[0])",
            "",
            "    @property",
            "    def device(self) -> torch.device:",
            '        """Where the samples are."""',
            "        return self.inputs[0].device",
            "",
            "    def take(self, rows: Tensor) -> Part:",
            '        """Return some of the samples, in that order."""',
            "        return self._each(lambda values: values.index_select(0, rows.to(self.device)))",
            "",
            "    def to(self, device: str) -> Part:",
            '        """Return the samples on a device."""',
            "        return self._each(lambda values: values.to(device))",
            "",
            "    def _each(self, change: Callable[[Tensor], Tensor]) -> Part:",
            "        return Part(",
            "            tuple(change(each) for each in self.inputs),",
            "            {name: change(each) for name, each in self.targets.items()},",
            *(["            change(self.weights),"] if weights else []),
            "        )",
        ]
        return "\n".join(lines)

    def _read(self) -> str:
        lines = [
            "def read(folder: Path) -> dict[str, Any]:",
            '    """Return the raw columns by name; None is a missing cell."""',
        ]
        lines.append("    columns: dict[str, Any] = {}")
        if self.cells:
            lines += [
                '    with (folder / "rows.csv").open(newline="", encoding="utf-8") as file:',
                "        rows = list(csv.DictReader(file))",
                "    if not rows:",
                "        raise SystemExit(f\"{folder / 'rows.csv'} is empty: it needs a line of names and rows.\")",
                "    columns |= {name: [row[name] or None for row in rows] for name in rows[0]}",
            ]
        if self.arrays:
            lines += [
                '    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:',
                "        columns |= {name: arrays[name] for name in arrays.files}",
            ]
        lines += [
            line
            for name in self.sequences
            for line in (
                f"    ends = np.cumsum(columns.pop({quoted(f'{name}/steps')}))[:-1]",
                f"    columns[{quoted(name)}] = np.split(columns[{quoted(name)}], ends)",
            )
        ]
        return "\n".join([*lines, "    return columns"])

    def _classes(self) -> list[str]:
        """Return the function from words to the indices of their classes; nothing where no target has any."""
        names = {self.preprocessing.targets[each.output] for each in self.session.network.objectives}
        fields = [each for name, each in self.preprocessing.fields.items() if name in names]
        if not any(each.field.meaning in ("category", "flag") for each in fields):
            return []
        filled = [
            "    # What is missing or no known class counts as the class that is most frequent.",
            '    classes[classes < 0] = field["state"]["fill"]',
        ]
        refused = [
            "    odd = sorted({str(cell) for cell, index in zip(cells, classes, strict=True) if index < 0})",
            "    if odd:",
            '        known = ", ".join(field["categories"])',
            "        raise SystemExit(f\"'{field['name']}' has {', '.join(odd)}; its classes are {known}.\")",
        ]
        head = [
            "def classes_of(field: dict[str, Any], cells: list[Any]) -> Any:",
            '    """Return the index of each cell\'s class."""',
            '    classes = preprocess.indices_of(cells, field["categories"])',
        ]
        return ["\n".join([*head, *(filled if self.filled else refused), "    return classes"])]

    def _prepare(self) -> str:
        given = "columns: dict[str, Any], rows: list[int]"
        given += ", windows: Any" if self.windowed else ""
        lines = [
            f"def prepare({given}) -> Part:",
            '    """Return the samples of some rows as the network and its losses take them."""',
            '    preprocessing = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))',
            '    fields = {each["name"]: each for each in preprocessing["fields"]}',
        ]
        if self.windowed:
            lines += [
                f"    every = range(len(columns[{quoted(self.cells[0])}]))"
                if self.cells
                else f"    every = range(len(columns[{quoted(self.arrays[0])}]))",
                "    by_row = preprocess.inputs_of(preprocessing, fields, columns, every)",
                "    inputs = {name: torch.from_numpy(values[windows]) for name, values in by_row.items()}",
            ]
        else:
            lines += [
                "    found = preprocess.inputs_of(preprocessing, fields, columns, rows)",
                "    inputs = {name: torch.from_numpy(values) for name, values in found.items()}",
            ]
        targets = [line for objective in self.session.network.objectives for line in self._target(objective.output)]
        order = ", ".join(f'inputs["{name}"]' for name in self.session.network.built.inputs)
        names = ", ".join(f'"{each.output}": {each.output}' for each in self.session.network.objectives)
        lines += [f"    {line}" for line in targets]
        comma = "," if len(self.session.network.built.inputs) == 1 else ""
        more = ""
        if self.weight:
            column = quoted(self.weight)
            lines.append(f"    weights = [preprocess.parse_number(columns[{column}][row]) for row in rows]")
            more = ", torch.tensor(weights)"
        return "\n".join([*lines, f"    return Part(({order}{comma}), {{{names}}}{more})"])

    def _target(self, output: str) -> list[str]:
        """Return the lines that make an output's target, as its loss needs it."""
        at = [each.output for each in self.session.network.objectives].index(output)
        prepared = self.session.training.part(0, 1).targets[at]
        kind = "long" if prepared.dtype.is_floating_point is False else "float"
        name = self.preprocessing.targets[output]
        follows = name.startswith(NEXT_TARGET) and name not in self.preprocessing.fields
        name = name.removeprefix(NEXT_TARGET) if follows else name
        if name not in self.preprocessing.fields:
            shape = ".reshape(len(rows))" if prepared.dim() == 1 else ""
            return [f'{output} = inputs["{name.removeprefix(INPUT_TARGET)}"]{shape}.{kind}()']
        meaning = self.preprocessing.fields[name].field.meaning
        lines = [f"cells = [columns[{quoted(name)}][row] for row in rows]"]
        shape = ".reshape(len(rows))" if prepared.dim() == 1 else ""
        if meaning in ("text", "sequence"):
            return [*lines, *_open_target(output, name, meaning, shape, follows=follows)]
        if meaning in ("category", "flag"):
            lines += [
                f"{output} = torch.from_numpy(classes_of(fields[{quoted(name)}], cells)).{kind}()",
            ]
        elif meaning == "labels":
            lines += [
                f'words = fields[{quoted(name)}]["categories"]',
                'holds = [[word in json.loads(cell or "[]") for word in words] for cell in cells]',
                f"{output} = torch.tensor(holds).float()",
            ]
        elif meaning == "mask":
            lines += [
                "classes = np.stack(cells).astype(np.int64)",
                f"{output} = torch.from_numpy(np.where(classes == 255, -100, classes)).{kind}()",
            ]
        else:
            first = "[:, :1]" if meaning == "number" else ""
            encoded = f'preprocess.ENCODERS["{meaning}"](fields[{quoted(name)}], cells){first}'
            lines += [f"encoded = {encoded}", f"{output} = torch.from_numpy(encoded){shape}"]
        return lines

    def _load(self) -> str:
        windows = ', split[f"{name}_windows"]' if self.windowed else ""
        return "\n".join(
            [
                'def load(folder: Path = HERE / "data") -> dict[str, Part]:',
                '    """Return the parts that have samples, by name: training, validation and test."""',
                "    try:",
                "        columns = read(folder)",
                '        with np.load(folder / "split.npz", allow_pickle=False) as file:',
                "            split = {name: file[name] for name in file.files}",
                "    except (OSError, ValueError) as error:",
                '        raise SystemExit(f"The data in {folder} cannot be read: {error}") from error',
                "    absent = [name for name in COLUMNS if name not in columns]",
                "    if absent:",
                "        raise SystemExit(f\"The data in {folder} lacks the columns {', '.join(absent)}.\")",
                "    count = len(columns[COLUMNS[0]])",
                "    if any((rows >= count).any() for rows in split.values()):",
                "        raise SystemExit(f\"{folder / 'split.npz'} names rows beyond the {count} that there are.\")",
                '    names = [name for name in ("training", "validation", "test") if len(split[name])]',
                f"    return {{name: prepare(columns, split[name].tolist(){windows}) for name in names}}",
            ]
        )

    # --- the order of the batches -------------------------------------------------------------------------------------

    def _order(self) -> list[str]:
        single = self.session.network.has_batch_norm and self.settings.batch_size > 1
        begin = (
            "order = balanced(part, generator)"
            if self.balanced
            else "order = torch.randperm(len(part), generator=generator)"
        )
        epoch = ", epoch: int" if self.augmented else ""
        lines = [
            f"def batches(part: Part, generator: torch.Generator{epoch}) -> Iterator[Part]:",
            f'    """Yield the batches of one epoch{" (from 0)" if epoch else ""}, in a new order."""',
            f"    {begin}",
            "    for rows in order.split(BATCH_SIZE):",
        ]
        if single:
            lines += [
                "        # Batch normalisation cannot train on a last batch of one sample.",
                "        if len(rows) > 1 or len(part) == 1:",
                *(f"            {line}" for line in self._taken()),
            ]
        else:
            lines += [f"        {line}" for line in self._taken()]
        return [*([self._balanced()] if self.balanced else []), "\n".join(lines)]

    def _taken(self) -> list[str]:
        if not self.augmented:
            return ["yield part.take(rows)"]
        found, more = "inputs, targets", ""
        if self.blended:
            found, more = "inputs, targets, mixing", ", partners=mixing.partners, shares=mixing.shares"
        return [
            "batch = part.take(rows)",
            f"{found} = augment(batch.inputs, batch.targets, rows.to(batch.device), epoch)",
            f"yield replace(batch, inputs=inputs, targets=targets{more})",
        ]

    def _balanced(self) -> str:
        """Return the function that draws every class equally often."""
        output = self._class_output()
        return "\n".join(
            [
                "def balanced(part: Part, generator: torch.Generator) -> Tensor:",
                '    """Return as many rows with every class equally often: rare ones come several times."""',
                f'    classes = part.targets["{output}"].long().cpu()',
                "    members = [torch.nonzero(classes == each)[:, 0] for each in classes.unique()]",
                "    share, rest = divmod(len(part), len(members))",
                "    extra = set(torch.randperm(len(members), generator=generator)[:rest].tolist())",
                "    drawn = []",
                "    for number, rows in enumerate(members):",
                "        wanted = share + (number in extra)",
                "        rounds = -(-wanted // len(rows))",
                "        shuffled = [rows[torch.randperm(len(rows), generator=generator)] for _ in range(rounds)]",
                "        drawn.append(torch.cat(shuffled)[:wanted])",
                "    together = torch.cat(drawn)",
                "    return together[torch.randperm(len(together), generator=generator)]",
            ]
        )

    def _class_output(self) -> str:
        classes = self.session.prepared.training.classes
        targets = self.session.training.part(0, self.session.training.count).targets
        for objective, values in zip(self.session.network.objectives, targets, strict=True):
            if classes is not None and values.dim() == 1 and bool((values.long() == classes).all()):
                return objective.output
        raise ExportError("Balanced sampling cannot be written for this target yet: draw the samples as they are.")


def _open_target(output: str, name: str, meaning: str, shape: str, *, follows: bool) -> list[str]:
    """Return the lines that make a target of an open length of ``cells``, padded with what does not count."""
    lines = [f"field = fields[{quoted(name)}]"]
    if meaning == "sequence":
        lines += [
            'steps = [preprocess.scaled(each, field["state"]) for each in preprocess.steps_of(field, cells)]',
            'tail = tuple(field["shape"][1:])',
            'encoded = preprocess.padded(steps, preprocess.length_of(field), "float32", tail, fill=np.nan)',
        ]
    else:
        lines += [
            'length = int(field["options"].get("length", 0))',
            'encoded = preprocess.padded(preprocess.tokens_of(field, cells), length, "int64", fill=-100)',
        ]
    if follows:
        lines += [
            "# What is to be predicted at each place is the token behind it.",
            "encoded = np.concatenate([encoded[:, 1:], np.full_like(encoded[:, :1], -100)], axis=1)",
        ]
    return [*lines, f"{output} = torch.from_numpy(encoded){shape}"]
