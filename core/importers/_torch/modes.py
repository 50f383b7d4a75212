"""Functions that are told whether the network learns: what they do then decides which layer they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from core.graph.project import End
from core.importers._torch.graph import Reader
from core.importers._torch.modules import tensors_in
from core.importers._torch.records import Call, by_name
from core.importers._torch.translations import NoWords
from core.importers._torch.worded import by_words
from core.layers import catalogue

DROPOUTS = {"dropout": "Dropout", "dropout1d": "Dropout1d", "dropout2d": "Dropout2d", "dropout3d": "Dropout3d",
            "alpha_dropout": "AlphaDropout", "feature_alpha_dropout": "FeatureAlphaDropout"}  # fmt: skip
_QUIET = ("alpha_dropout", "feature_alpha_dropout")
"""Functions that drop nothing unless they are told to; the others drop unless they are told not to."""
_NORMS = {
    "batch_norm": ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"),
    "instance_norm": ("input", "running_mean", "running_var", "weight", "bias", "use_input_stats", "momentum", "eps"),
}
_ATEN_NORM = (0, 3, 4, 1, 2, 5, 6, 7)
"""Where PyTorch's operators have the arguments of the functions."""
_DROPOUT = ("input", "p", "training")
_ATTENTION = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")


def dropped(reader: Reader, call: Call, name: str) -> None:
    """Dropout: the layer where it drops while training alone, nothing where it never does."""
    said = call.said(*_DROPOUT)
    if _share(call, name, said):
        raise NoWords("dropout that also drops in prediction")
    share: Any = said.get("p", 0.5)
    if call.training is not None:
        share = _share(call, name, by_name(_DROPOUT, *call.training))
    tensor = call.args[0] if call.args else call.kwargs["input"]
    if not share:
        reader.give(call.out, reader.end(tensor))
        return
    if name == "feature_dropout":
        name = f"dropout{max(1, tensor.dim() - 2)}d"
    path = reader.path(call, "dropout")
    reader.give(call.out, reader.node(catalogue[DROPOUTS[name]], {"p": float(share)}, [reader.end(tensor)], path))


def _share(call: Call, name: str, said: Mapping[str, Any]) -> float:
    """Return which share a call drops, given what it is told."""
    learning = said.get("training", said.get("train", call.aten or name not in _QUIET))
    share = said.get("p", 0.5)
    if not isinstance(learning, bool | int) or not isinstance(share, int | float):
        raise NoWords("dropout that depends on what arrives")
    return float(share) if learning else 0.0


def normalised(reader: Reader, call: Call, name: str) -> None:
    """Normalisation by a batch's own mean and variance, by running ones, or by the former only while training."""
    names: tuple[str, ...] = _NORMS[name]
    if call.aten:
        names = tuple(names[at] for at in _ATEN_NORM)
    key = "training" if name == "batch_norm" else "use_input_stats"
    said = call.said(*names)
    own = said.get(key, name == "instance_norm")
    later = None
    if call.training is not None:
        later = by_name(names, *call.training).get(key, name == "instance_norm")
    if own:
        if later is False:
            raise NoWords("normalisation by running values while training only")
        told = {**said, "running_mean": None, "running_var": None, key: True}
        by_words(reader, _told(call, names, told), name)
    elif later is False:
        _fixed(reader, call, name, said)
    else:
        by_words(reader, call, name)


def _told(call: Call, names: Sequence[str], said: Mapping[str, Any]) -> Call:
    """Return a call that is told other things, in the order of its arguments."""
    args = tuple(said[each] for each in names if each in said)
    left = {key: value for key, value in said.items() if key not in names}
    missing = [each for each in names if each not in said]
    if missing and names.index(missing[0]) < len(args):
        named = {key: said[key] for key in names if key in said}
        return replace(call, args=(), kwargs={**named, **left}, other_args=(), other_kwargs={**named, **left})
    return replace(call, args=args, kwargs=left, other_args=args, other_kwargs=left)


def _fixed(reader: Reader, call: Call, name: str, said: Mapping[str, Any]) -> None:
    """Add what is normalised by fixed values, also while training."""
    tensor, path = said["input"], reader.path(call, name)
    by_channel = (tensor.shape[1], *(1,) * (tensor.dim() - 2))

    def spread(key: str) -> End:
        end = reader.end(said[key])
        if len(by_channel) == 1:
            return end
        return reader.node("Reshape", {"shape": by_channel, "keep_batch": False}, [end], f"{path}_{key}")

    if not isinstance(said.get("running_mean"), Tensor) or not isinstance(said.get("running_var"), Tensor):
        raise NoWords("no values to normalise by")
    text = f"(a - b) / sqrt(c + {said.get('eps', 1e-5)!r})"
    ends = [reader.end(tensor), spread("running_mean"), spread("running_var")]
    end = reader.node("ScalarExpression", {"expression": text}, ends, path)
    for key, kind in (("weight", "Multiply"), ("bias", "Add")):
        if isinstance(said.get(key), Tensor):
            end = reader.node(kind, {}, [end, spread(key)], f"{path}_{kind.lower()}")
    reader.give(call.out, end)


def leaked(reader: Reader, call: Call, name: str) -> None:
    """RReLU: random slopes while training; where they never are, their mean."""
    names = ("input", "lower", "upper", "training")
    said = call.said(*names)
    if said.get("training", False):
        raise NoWords("slopes that are random in prediction, too")
    if call.training is None or by_name(names, *call.training).get("training", False):
        by_words(reader, call, name)
        return
    slope = (said.get("lower", 1 / 8) + said.get("upper", 1 / 3)) / 2
    source = reader.end(next(tensors_in((call.args, dict(call.kwargs)))))
    reader.give(
        call.out, reader.node("LeakyReLU", {"negative_slope": slope}, [source], reader.path(call, "leaky_relu"))
    )


def attended(reader: Reader, call: Call, name: str) -> None:
    """Attention; the share of weights that is dropped while training has no place in the layer."""
    if call.said(*_ATTENTION).get("dropout_p", 0.0):
        raise NoWords("dropout that also drops in prediction")
    share = 0.0 if call.training is None else by_name(_ATTENTION, *call.training).get("dropout_p", 0.0)
    if share:
        reader.draft.note(
            f"Attention in '{call.path or 'the network'}' drops {share} of its weights while training, for which the "
            "layer has no setting: it drops nothing here."
        )
    by_words(reader, call, name)
