"""Every optimizer trains, and its options are those of PyTorch."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from core.graph.project import Node, Project
from core.model.shapes import check
from core.parameters import check_value
from core.signatures import import_class
from core.training.budget import states_per_weight
from core.training.choices import impossible
from core.training.kinds import OptimizerKind
from core.training.optimizers import optimizers
from core.training.options import check_options, make_optimizer, options_of
from core.training.together import Together
from tests.training.building import (
    chain,
    data,
    digits,
    inputs,
    linear,
    moons,
    output,
    settings_with,
    with_params,
    with_training,
)

ALL = pytest.mark.parametrize("kind", tuple(optimizers), ids=lambda kind: kind.id)
DENSE = pytest.mark.parametrize(
    "kind", [each for each in optimizers if each.gradients != "sparse"], ids=lambda kind: kind.id
)
PACKED = {"betas": ("beta1", "beta2"), "etas": ("eta_minus", "eta_plus"), "step_sizes": ("step_min", "step_max")}


def _network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))


def _loss(network: nn.Module) -> Tensor:
    grid = torch.linspace(-1, 1, 30).view(10, 3)
    loss: Tensor = (network(grid) - grid.sum(1, keepdim=True)).square().mean()
    return loss


def _train(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _loss(network)
        loss.backward()
        return loss.detach()

    for _step in range(steps):
        if isinstance(optimizer, torch.optim.LBFGS):
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()


def test_every_optimizer_of_pytorch_is_offered() -> None:
    of_torch = {
        name
        for name, each in vars(torch.optim).items()
        if isinstance(each, type) and issubclass(each, torch.optim.Optimizer) and each is not torch.optim.Optimizer
    }
    assert {each.torch_class for each in optimizers} == {f"torch.optim.{name}" for name in of_torch}
    assert len(of_torch) == 15


@DENSE
def test_an_optimizer_lowers_the_loss_from_its_own_rate(kind: OptimizerKind) -> None:
    network = _network()
    before = _loss(network).item()
    _train(network, make_optimizer(kind, network.parameters(), kind.learning_rate, {}), 20)
    assert _loss(network).item() < before


def test_sparse_adam_moves_the_rows_that_were_used() -> None:
    table = nn.Embedding(5, 2, sparse=True)
    before = table.weight.detach().clone()
    optimizer = make_optimizer(optimizers["SparseAdam"], table.parameters(), 0.1, {})
    table(torch.tensor([1, 3])).sum().backward()
    optimizer.step()
    assert (table.weight != before).any(dim=1).tolist() == [False, True, False, True, False]


@ALL
def test_options_have_pytorchs_defaults_and_an_explanation(kind: OptimizerKind) -> None:
    found = {option.name: option for option in options_of(kind)}
    for option in found.values():
        assert option.help, f"{option.name} needs a line of help"
        assert check_value(option, option.default) == ""
    for name, argument in inspect.signature(import_class(kind.torch_class).__init__).parameters.items():
        names = PACKED.get(name, ("eps1", "eps2") if name == "eps" and "eps1" in found else ())
        wanted = dict(zip(names, argument.default, strict=True)) if names else {name: argument.default}
        wanted = {each: value for each, value in wanted.items() if each in found and each != "adjust_lr_fn"}
        assert {each: found.pop(each).default for each in wanted} == wanted
    assert set(found) <= {"adjust_lr_fn"}
    hidden = {"lr", "params", "fused", "foreach", "capturable", "differentiable", "maximize"}
    assert not hidden & {option.name for option in options_of(kind)}


@ALL
def test_fused_is_declared_where_pytorch_has_it(kind: OptimizerKind) -> None:
    assert kind.fused == ("fused" in inspect.signature(import_class(kind.torch_class)).parameters)
    optimizer = make_optimizer(kind, [nn.Parameter(torch.ones(2))], 0.1, {})
    if kind.fused:
        assert all(group["fused"] for group in optimizer.param_groups)


@ALL
def test_default_options_are_accepted(kind: OptimizerKind) -> None:
    options = {option.name: option.default for option in options_of(kind)}
    assert check_options(kind, options) == ()
    make_optimizer(kind, [nn.Parameter(torch.ones(1))], 0.1, options)


@pytest.mark.parametrize(
    ("kind", "options", "argument", "value"),
    [
        ("Adam", {"beta2": 0.9}, "betas", (0.9, 0.9)),
        ("Rprop", {"eta_minus": 0.3}, "etas", (0.3, 1.2)),
        ("Rprop", {"step_max": 2.0}, "step_sizes", (1e-6, 2.0)),
        ("Adafactor", {"eps2": 0.1}, "eps", (None, 0.1)),
    ],
)
def test_several_numbers_of_pytorchs_are_options_of_their_own(
    kind: str, options: dict[str, float], argument: str, value: tuple[float, float]
) -> None:
    optimizer = make_optimizer(optimizers[kind], [nn.Parameter(torch.ones(1))], 0.1, options)
    assert optimizer.defaults[argument] == value


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"beta1": 1.0}, "beta1 must be below 1"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
        ({"momentom": 0.9}, "no option 'momentom'"),
        ({"eps": "small"}, "eps must be a number"),
    ],
)
def test_options_that_do_not_fit_are_named(options: dict[str, object], said: str) -> None:
    problems = check_options(optimizers["Adam"], options)
    assert len(problems) == 1
    assert said in problems[0].message


def test_nesterov_needs_momentum() -> None:
    sgd = optimizers["SGD"]
    assert "momentum" in check_options(sgd, {"nesterov": True})[0].message
    assert check_options(sgd, {"nesterov": True, "momentum": 0.9}) == ()
    assert check_options(optimizers["Muon"], {"nesterov": True}) == ()
    assert "momentum" in check_options(optimizers["Muon"], {"momentum": 0.0})[0].message


def test_the_steps_of_rprop_have_an_order() -> None:
    assert "step_min" in check_options(optimizers["Rprop"], {"step_min": 2.0, "step_max": 1.0})[0].message


@pytest.mark.parametrize(
    ("kind", "numbers"), [("SGD", 0), ("Adagrad", 1), ("Muon", 1), ("Adam", 2), ("SparseAdam", 2), ("LBFGS", 202)]
)
def test_what_an_optimizer_keeps_for_every_weight_is_known(kind: str, numbers: int) -> None:
    assert states_per_weight(settings_with(optimizer=kind)) == numbers


# --- Muon and AdamW together ------------------------------------------------------------------------------------------


def test_muon_takes_the_matrices_and_leaves_the_rest_to_adamw() -> None:
    network = _network()
    optimizer = make_optimizer(optimizers["Muon"], network.parameters(), 1e-3, {"weight_decay": 0.02})
    assert isinstance(optimizer, Together)
    muon, adamw = optimizer.parts
    assert isinstance(muon, torch.optim.Muon)
    assert isinstance(adamw, torch.optim.AdamW)
    assert [each.dim() for each in muon.param_groups[0]["params"]] == [2, 2]
    assert [each.dim() for each in adamw.param_groups[0]["params"]] == [1, 1]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.02, 0.02]


def test_optimizers_together_do_what_they_do_apart() -> None:
    joined, apart = _network(), _network()
    _train(joined, make_optimizer(optimizers["Muon"], joined.parameters(), 1e-2, {}), 5)
    weights = [each for each in apart.parameters() if each.dim() == 2]
    others = [each for each in apart.parameters() if each.dim() != 2]
    muon = torch.optim.Muon(weights, lr=1e-2, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(others, lr=1e-2, weight_decay=0.1, fused=True)
    for _step in range(5):
        apart.zero_grad()
        _loss(apart).backward()
        muon.step()
        adamw.step()
    for one, other in zip(joined.parameters(), apart.parameters(), strict=True):
        assert torch.equal(one, other)


def test_optimizers_together_go_on_from_a_stored_state_to_the_bit() -> None:
    whole, first = _network(), _network()
    _train(whole, make_optimizer(optimizers["Muon"], whole.parameters(), 1e-2, {}), 6)
    optimizer = make_optimizer(optimizers["Muon"], first.parameters(), 1e-2, {})
    _train(first, optimizer, 3)
    buffer = io.BytesIO()
    torch.save(optimizer.state_dict(), buffer)
    buffer.seek(0)
    second = _network()
    second.load_state_dict(first.state_dict())
    other = make_optimizer(optimizers["Muon"], second.parameters(), 1e-2, {})
    other.load_state_dict(torch.load(buffer, weights_only=True))
    assert all(other.state[each] for each in second.parameters())
    _train(second, other, 3)
    for one, two in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_rate_set_in_the_groups_reaches_all_parts_also_after_loading() -> None:
    network = _network()
    optimizer = make_optimizer(optimizers["Muon"], network.parameters(), 1e-2, {})
    optimizer.load_state_dict(optimizer.state_dict())
    before = [each.detach().clone() for each in network.parameters()]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    _train(network, optimizer, 1)
    assert all(torch.equal(one, two) for one, two in zip(before, network.parameters(), strict=True))


def test_weights_added_later_are_trained_by_the_last_part() -> None:
    network, late = _network(), nn.Parameter(torch.ones(3))
    optimizer = make_optimizer(optimizers["Muon"], network.parameters(), 1e-2, {})
    optimizer.add_param_group({"params": [late]})
    assert len(optimizer.param_groups) == 3
    late.sum().backward()
    optimizer.step()
    assert bool((late < 1).all())
    optimizer.zero_grad()
    assert late.grad is None


# --- what is impossible -----------------------------------------------------------------------------------------------


def _reason(kind: str, project: Project) -> str:
    return impossible(optimizers[kind], project, check(project))


@pytest.mark.parametrize("make", [moons, digits])
@ALL
def test_only_sparse_adam_and_a_network_without_hidden_matrices_stand_in_the_way(
    kind: OptimizerKind, make: Callable[[], Project]
) -> None:
    project = make()
    reason = _reason(kind.id, project)
    if kind.id == "SparseAdam":
        assert "sparse gradients" in reason
    elif kind.id == "Muon" and project.name == "digits":
        assert "this network has none" in reason
    else:
        assert reason == ""


def test_muon_wants_a_hidden_matrix_that_may_learn() -> None:
    only_head = chain(inputs("x", "y"), linear("head", 1), output("class"))
    assert "none" in _reason("Muon", Project(data=data("moons"), graph=only_head))
    assert "none" in _reason("Muon", with_params(moons(), "hidden", frozen=True))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"accumulate": 2}, "accumulate"),
        ({"precision": "float16"}, "float16"),
        ({"decay": "matrices"}, "decay"),
    ],
)
def test_lbfgs_says_what_it_cannot_do(settings: dict[str, object], said: str) -> None:
    assert said in _reason("LBFGS", with_training(moons(), **settings))
    assert _reason("Adam", with_training(moons(), **settings)) == ""


def test_lbfgs_takes_no_mixed_samples_and_one_rate_only() -> None:
    project = digits()
    mixed = tuple(replace(each, augment={"mixup": {}}) for each in project.data.fields)
    assert "mixing" in _reason("LBFGS", replace(project, data=replace(project.data, fields=mixed)))
    assert "learning_rate_factor" in _reason("LBFGS", with_params(moons(), "head", learning_rate_factor=0.5))


def test_a_layer_whose_shapes_do_not_fit_is_no_reason_against_muon() -> None:
    graph = chain(inputs("x", "y"), Node("conv", "Conv2d", {"out_channels": 2, "kernel_size": 3}), output("class"))
    assert _reason("Muon", Project(data=data("moons"), graph=graph)) == ""
