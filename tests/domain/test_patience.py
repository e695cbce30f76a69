"""How long to wait before trying again."""

from datetime import timedelta

import pytest

from domain.patience import LONGEST, backoff


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (1000, 300)])
def test_the_wait_doubles_up_to_five_minutes(attempts: int, seconds: int) -> None:
    assert backoff(attempts, 0) == timedelta(seconds=seconds)


@pytest.mark.parametrize("chance", [0.0, 0.3, 0.999])
def test_chance_shortens_a_wait_by_a_half_at_most(chance: float) -> None:
    assert LONGEST / 2 <= backoff(20, chance) <= LONGEST
