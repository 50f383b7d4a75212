"""The check against PyTorch's own operation database: every sample that a kind of the catalogue can express."""

from __future__ import annotations

from collections import Counter

import pytest

from core.importers._torch.words import WORDS
from core.layers import catalogue
from tests.conftest import Tell
from tests.model.databases import differences, summary
from tests.model.op_samples import error_samples, operations, samples

PARTS = 8
"""The operations are shared out to this many tests."""


@pytest.mark.parametrize("part", range(PARTS))
def test_the_check_agrees_with_every_sample_of_pytorchs_operation_database(part: int, told: Tell) -> None:
    counts: Counter[str] = Counter()
    wrong = [line for op in operations()[part::PARTS] for line in differences(samples(op), counts)]
    told(summary(f"op_db, part {part + 1} of {PARTS}", counts, wrong))
    assert not wrong, "\n".join(wrong)
    assert counts["compared"] > 500


def test_the_check_refuses_what_pytorchs_error_samples_refuse(told: Tell) -> None:
    counts: Counter[str] = Counter()
    wrong = [line for op in operations() for line in differences(error_samples(op), counts)]
    told(summary("op_db, wrong use", counts, wrong))
    assert not wrong, "\n".join(wrong)
    assert counts["refused by PyTorch"] > 70


def test_every_function_in_the_table_is_in_the_database_and_its_kind_in_the_catalogue() -> None:
    found = {name for op in operations() for name in (op.name, f"{op.name}.{op.variant_test_name}")}
    assert set(WORDS) <= found
    assert all(each.kind in catalogue for each in WORDS.values() if isinstance(each.kind, str))
