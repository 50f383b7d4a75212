"""The check against PyTorch's own module database: every sample that the catalogue can express, in both modes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conftest import Tell
from tests.model.databases import differences, summary
from tests.model.module_samples import error_samples, samples


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_the_check_agrees_with_every_sample_of_pytorchs_module_database(training: bool, told: Tell) -> None:
    counts: Counter[str] = Counter()
    wrong = list(differences(samples(training), counts))
    told(summary(f"module_db, {'training' if training else 'evaluation'}", counts, wrong))
    assert not wrong, "\n".join(wrong)
    assert counts["compared"] > 600


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_the_check_refuses_what_pytorchs_error_samples_refuse(training: bool, told: Tell) -> None:
    counts: Counter[str] = Counter()
    wrong = list(differences(error_samples(training), counts))
    told(summary("module_db, wrong use", counts, wrong))
    assert not wrong, "\n".join(wrong)
    assert counts["refused by PyTorch"] > 20
