"""Quiet hours, against a walk over the wall clock minute by minute."""

from datetime import UTC, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.quiet import QuietHours
from tests.domain.clocks import ZONES, changes, is_quiet, moments, quiet_hours, walk

NIGHT = QuietHours(time(21), time(8))
BERLIN = "Europe/Berlin"
AT_A_PLACE = st.sampled_from(ZONES).flatmap(lambda zone: st.tuples(st.just(zone), moments(zone)))


@given(AT_A_PLACE, quiet_hours())
def test_it_is_quiet_while_the_wall_clock_is_between_begin_and_end(
    here: tuple[str, datetime], hours: QuietHours
) -> None:
    zone, moment = here
    assert hours.cover(moment, zone) == is_quiet(hours, moment, zone)


@given(AT_A_PLACE, quiet_hours())
def test_quiet_is_over_at_the_first_moment_that_is_not_quiet(here: tuple[str, datetime], hours: QuietHours) -> None:
    zone, moment = here
    assert hours.over_at(moment, zone) == next(one for one in walk(moment) if not is_quiet(hours, one, zone))


@given(AT_A_PLACE, quiet_hours())
def test_it_is_next_quiet_at_the_first_moment_that_is_quiet(here: tuple[str, datetime], hours: QuietHours) -> None:
    zone, moment = here
    assert hours.next_at(moment, zone) == next(one for one in walk(moment) if is_quiet(hours, one, zone))


@pytest.mark.parametrize(
    ("zone", "hours", "moment", "next_at"),
    [
        pytest.param(BERLIN, "21:00-08:00", "2026-05-08 20:59", "2026-05-08 21:00", id="in the evening"),
        pytest.param(BERLIN, "21:00-08:00", "2026-05-08 21:00", "2026-05-08 21:00", id="now, exactly"),
        pytest.param(BERLIN, "21:00-08:00", "2026-05-08 23:00", "2026-05-08 23:00", id="already"),
        pytest.param(BERLIN, "21:00-08:00", "2026-05-08 08:00", "2026-05-08 21:00", id="not at the end"),
        pytest.param(BERLIN, "13:00-15:00", "2026-05-08 15:00", "2026-05-09 13:00", id="not before tomorrow"),
        pytest.param(BERLIN, "00:00-06:00", "2026-12-31 12:00", "2027-01-01 00:00", id="with the new year"),
        pytest.param(BERLIN, "02:30-08:00", "2026-03-29 01:00", "2026-03-29 03:00", id="when its hour is skipped"),
        pytest.param(BERLIN, "02:10-02:50", "2026-03-29 01:00", "2026-03-30 02:10", id="not when all of it is skipped"),
        pytest.param(BERLIN, "02:10-02:50", "2026-03-28 02:50", "2026-03-30 02:10", id="in two days, for that"),
        pytest.param(BERLIN, "02:30-08:00", "2026-10-25 01:00", "2026-10-25 02:30+02:00", id="at the first 02:30"),
        pytest.param(
            BERLIN, "22:00-02:30", "2026-10-25 02:45+02:00", "2026-10-25 02:00+01:00", id="once more at 02:00"
        ),
        pytest.param("America/New_York", "02:30-08:00", "2026-03-08 01:00", "2026-03-08 03:00", id="New York, skipped"),
        pytest.param("Australia/Lord_Howe", "02:15-08:00", "2026-10-04 01:00", "2026-10-04 02:30", id="a half hour"),
        pytest.param("Pacific/Apia", "10:00-12:00", "2011-12-29 13:00", "2011-12-31 10:00", id="not on a skipped day"),
        pytest.param(
            "America/St_Johns",
            "23:30-23:45",
            "2006-10-29 00:00-02:30",
            "2006-10-28 23:30-03:30",
            id="yesterday, when the clock goes back over midnight",
        ),
    ],
)
def test_it_is_next_quiet_then(zone: str, hours: str, moment: str, next_at: str) -> None:
    begin, end = map(time.fromisoformat, hours.split("-"))
    assert QuietHours(begin, end).next_at(_moment(moment, zone), zone) == _moment(next_at, zone)


def test_quiet_that_the_clock_jumps_out_of_is_over_to_the_second() -> None:
    hours = QuietHours(time(22), time(2, 30))
    asleep = _moment("2026-03-28 23:00:00.250", BERLIN)
    assert hours.over_at(asleep, BERLIN) == _moment("2026-03-29 03:00", BERLIN)


@pytest.mark.parametrize("year", [1970, 2000, 2038, 2100, 2200])
def test_quiet_hours_hold_in_every_year_that_a_booking_may_have(year: int) -> None:
    midnight = datetime(year, 12, 31, 23, 0, tzinfo=UTC)
    assert NIGHT.over_at(midnight, BERLIN) == datetime(year + 1, 1, 1, 7, 0, tzinfo=UTC)


@given(st.sampled_from(ZONES))
@example("Africa/Cairo")
@example("America/Recife")
@settings(max_examples=50)
def test_no_clock_is_changed_twice_within_the_days_that_are_looked_ahead(zone: str) -> None:
    found = changes(zone)
    assert all((after - before).days >= 4 for before, after in pairwise(found))


def _moment(wall: str, zone: str) -> datetime:
    written = datetime.fromisoformat(wall)
    return (written if written.tzinfo else written.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
