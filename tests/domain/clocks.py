"""Zones, moments and quiet hours for property tests, and a judge of quiet hours that walks the wall clock minute by
minute."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from domain.quiet import QuietHours

FIRST, LAST = datetime(2011, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
MINUTE, A_FEW_DAYS = timedelta(minutes=1), timedelta(days=6)  # no clock is changed twice in so few
ZONES = sorted(available_timezones() - {"Factory", "localtime"})


def is_quiet(hours: QuietHours, moment: datetime, zone: str) -> bool:
    """Counted from when the wall clock has shown the begin, round the clock."""
    wall = moment.astimezone(ZoneInfo(zone))
    since = (_minutes(wall.time()) - _minutes(hours.begin)) % (24 * 60)
    return since < (_minutes(hours.end) - _minutes(hours.begin)) % (24 * 60)


def _minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def walk(moment: datetime) -> Iterator[datetime]:
    """This moment, and each whole minute after it."""
    yield moment
    minute = moment.replace(second=0, microsecond=0)
    while True:
        yield (minute := minute + MINUTE)


@cache
def changes(zone: str) -> list[datetime]:
    """The first minutes after the clock of this zone has been put forward or back."""
    looks = [FIRST + number * A_FEW_DAYS for number in range((LAST - FIRST) // A_FEW_DAYS)]
    offsets = [_offset(one, zone) for one in looks]
    differ = [at for at, (before, after) in enumerate(pairwise(offsets)) if before != after]
    return [_change(looks[at], looks[at + 1], zone) for at in differ]


def _change(before: datetime, after: datetime, zone: str) -> datetime:
    """The change between these two moments, halved into a minute."""
    while (minutes := (after - before) // MINUTE) > 1:
        middle = before + minutes // 2 * MINUTE
        before, after = (middle, after) if _offset(middle, zone) == _offset(before, zone) else (before, middle)
    return after


def _offset(moment: datetime, zone: str) -> timedelta | None:
    return moment.astimezone(ZoneInfo(zone)).utcoffset()


@st.composite
def moments(draw: st.DrawFn, zone: str) -> datetime:
    """Any; more often one around which the clock is changed."""
    anchors = draw(st.sampled_from([changes(zone) or [FIRST], [FIRST]]))
    reach = 2 * 24 * 60 if anchors != [FIRST] else (LAST - FIRST).days * 24 * 60
    minutes = draw(st.integers(-reach, reach))
    seconds = draw(st.sampled_from([0, 0, 0.000_001, 30, 59.999_999]))
    return draw(st.sampled_from(anchors)) + timedelta(minutes=minutes, seconds=seconds)


@st.composite
def quiet_hours(draw: st.DrawFn) -> QuietHours:
    """Any; more often such that begin or end in the hours in which clocks are changed."""
    wall = st.one_of(st.integers(0, 24 * 60 - 1), st.integers(0, 4 * 60)).map(_wall)
    begin = draw(wall)
    return QuietHours(begin, draw(wall.filter(lambda end: end != begin)))


def _wall(minutes: int) -> time:
    return time(*divmod(minutes, 60))
