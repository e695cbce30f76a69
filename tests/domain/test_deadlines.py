"""When to ask and when to give up."""

from datetime import timedelta

import pytest

from domain.deadlines import deadlines
from tests.examples import NOW, a_clinic

S, M, H, D = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("starts_in", "asks_in", "expires_in"),
    [
        (4 * D, 10 * S, 10 * S + 48 * H),
        (2 * D, 10 * S, 2 * D - 2 * H),
        (3 * H, 10 * S, 1 * H),
        (125 * M, 10 * S, 125 * M),
        (2 * H, 10 * S, 2 * H),
        (1 * H, 10 * S, 1 * H),
        (65 * S, timedelta(0), 65 * S),
        (5 * S, timedelta(0), 5 * S),
    ],
)
def test_a_booking_is_asked_after_the_settling_time_and_given_up_at_the_first_limit(
    starts_in: timedelta, asks_in: timedelta, expires_in: timedelta
) -> None:
    dates = deadlines(NOW, NOW + starts_in, a_clinic(ask_settle=10 * S))
    assert (dates.ask_at - NOW, dates.expire_at - NOW) == (asks_in, expires_in)
