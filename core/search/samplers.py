"""The ways to draw the values of trials. Another one is another entry."""

from __future__ import annotations

from typing import Any

from core.search._optuna import as_it_is, optuna
from core.search.kinds import SamplerKind, kind_in

GRID = "grid"


def _tpe(seed: int) -> Any:
    # Running trials count as bad ones, so that several workers do not all try the same.
    return optuna().samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)


def _random(seed: int) -> Any:
    return optuna().samplers.RandomSampler(seed=seed)


def _quasi(seed: int) -> Any:
    return optuna().samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)


def _gaussian(seed: int) -> Any:
    return optuna().samplers.GPSampler(seed=seed)


def _genetic(seed: int) -> Any:
    return optuna().samplers.NSGAIISampler(seed=seed, population_size=20)


def _evolution(seed: int) -> Any:
    return optuna().samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)


SAMPLERS: tuple[SamplerKind, ...] = (
    SamplerKind("tpe", "Bayesian (TPE)", "Draws where good trials were dense: the one to begin with.", _tpe),
    SamplerKind("random", "Random", "Draws without looking back: a fair base to compare with.", _random),
    SamplerKind(GRID, "Grid", "Every combination in turn; of a range without steps five values.", None),
    SamplerKind("quasi", "Evenly spread", "Sobol points: random, but without gaps and clusters.", _quasi, "scipy"),
    SamplerKind(
        "gp",
        "Gaussian process",
        "Models the result; strong for few, costly trials and few numbers.",
        _gaussian,
        "scipy",
    ),
    SamplerKind("genetic", "Genetic", "Crosses and mutates good trials; needs a few hundred of them.", _genetic),
    SamplerKind(
        "cma-es", "CMA-ES", "Evolution for many numbers at once; choices are drawn at random.", _evolution, "cmaes"
    ),
)


def sampler_kind(name: str) -> SamplerKind:
    """Return a way to draw values.

    Raises:
        UnknownKindError: there is none of that id.
    """
    return kind_in(SAMPLERS, "sampler", name)


def make_sampler(name: str, seed: int) -> Any:
    """Return Optuna's sampler, made anew for every trial from the seed and the trial's number.

    What a trial is drawn from so depends on its number and the trials before alone: stopping, going on and a worker
    that died change nothing. The grid's combinations are put into the queue before they are drawn (``study.take``).
    """
    kind = sampler_kind(name)
    make = kind.make or _random
    base: Any = optuna().samplers.BaseSampler

    class Seeded(base):  # type: ignore[misc]
        """Hands every trial to a sampler of its own."""

        def before_trial(self, study: Any, trial: Any) -> None:
            with as_it_is():
                self._inner = make((seed * 1_000_003 + trial.number) % 2**31)
            self._inner.before_trial(study, trial)

        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            return self._inner.infer_relative_search_space(study, trial)

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> Any:
            with as_it_is():
                return self._inner.sample_relative(study, trial, search_space)

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
            return self._inner.sample_independent(study, trial, param_name, param_distribution)

    return Seeded()
