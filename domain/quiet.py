"""The hours in which nobody is asked anything: a clinic's rule, on the patient's clock. Days of 23 and 25 hours,
half-hour zones and changed rules are the time zone database's business (zoneinfo); here is only the wall clock."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
AHEAD = range(3 * 24 * 60 * 60)  # seconds: longer than any wait for a turn, and shorter than from one jump to the next


@dataclass(frozen=True)
class QuietHours:
    """From `begin` to `end` on the patient's wall clock, `begin` included, `end` not. They may span midnight. The two
    differ."""

    begin: time
    end: time

    def cover(self, moment: datetime, zone: str) -> bool:
        """Whether it is quiet at this moment in this IANA zone."""
        wall = _local(moment, zone).time()
        if self.begin <= self.end:
            return self.begin <= wall < self.end
        return wall >= self.begin or wall < self.end

    def over_at(self, moment: datetime, zone: str) -> datetime:
        """The first moment from this one on at which it is not quiet."""
        return self._first(moment, zone, quiet=False)

    def next_at(self, moment: datetime, zone: str) -> datetime:
        """When it becomes quiet for the first time from this moment on; the moment itself where it is quiet already."""
        return self._first(moment, zone, quiet=True)

    def _first(self, moment: datetime, zone: str, *, quiet: bool) -> datetime:
        if self.cover(moment, zone) is quiet:
            return moment
        turns = sorted(_shown((self.begin, self.end), moment, zone) | _jump(moment, zone))
        return next(turn for turn in turns if turn > moment and self.cover(turn, zone) is quiet)


def _shown(walls: tuple[time, ...], moment: datetime, zone: str) -> set[datetime]:
    """When the clock shows one of `walls` in the days around this moment. On the day when clocks go back that may be
    twice."""
    today = _local(moment, zone).date()
    return {
        datetime.combine(today + days * DAY, wall, _zone(zone)).replace(fold=fold).astimezone(UTC)
        for wall in walls
        for days in range(-1, 3)
        for fold in (0, 1)
    }


def _jump(moment: datetime, zone: str) -> set[datetime]:
    """When the clock is put forward or back in the days after this moment: an hour that is skipped or lived twice can
    begin or end the quiet without showing the hour at which they would."""
    start = moment.replace(microsecond=0)
    before = _local(start, zone).utcoffset()
    after = bisect_left(
        AHEAD, True, key=lambda passed: _local(start + timedelta(seconds=passed), zone).utcoffset() != before
    )
    return {start + timedelta(seconds=after)} if after < len(AHEAD) else set()


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(_zone(zone))


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
