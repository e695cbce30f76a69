"""What the half hours add up to: by week, by hour, and in all. Nothing here knows words, pages or pictures.

A row is a half hour in which something happened: `slot` is its beginning in milliseconds, the other columns are counts.
It belongs to the day and the hour of its beginning on the clinic's clock, however the clock was put forward or back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import TypeVar
from zoneinfo import ZoneInfo

OUTCOMES = ("confirmed", "cancelled", "expired")
WAITS = ("within_1m", "within_5m", "within_15m", "within_1h", "within_4h", "within_1d", "later")
COUNTS = (
    *("requested", *OUTCOMES, "changed_mind", "by_staff", "in_calendar"),
    *("heard", "decided", "unclear", *WAITS),
    *("texts", "segments", "delivered", "undelivered", "refused", "called_for_staff"),
)

Row = Mapping[str, int]
Group = TypeVar("Group")


@dataclass(frozen=True)
class Sums:
    """Counts, and the shares that follow from them: between 0 and 1, None where there is nothing to divide by."""

    counts: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    @property
    def outcomes(self) -> int:
        """Bookings that texts have settled: confirmed, cancelled or expired. Those that staff or Cal.com settled stand
        apart."""
        return sum(self[name] for name in OUTCOMES)

    @property
    def confirmation_rate(self) -> float | None:
        """Confirmed by text, of the bookings that texts have settled."""
        return _share(self["confirmed"], self.outcomes)

    @property
    def unclear_share(self) -> float | None:
        """Unclear texts, of those that decided something or should have."""
        return _share(self["unclear"], self["decided"] + self["unclear"])

    @property
    def delivery_rate(self) -> float | None:
        """Delivered texts, of those whose end the carrier has reported. What it refused was never on its way."""
        return _share(self["delivered"], self["delivered"] + self["undelivered"])

    @property
    def segments_per_text(self) -> float | None:
        """The carrier charges by segment."""
        return _share(self["segments"], self["texts"])

    @property
    def answered_by(self) -> list[float]:
        """For each of WAITS, the share of all answers that had come by then; all 0 without answers."""
        found, come = [], 0
        for name in WAITS:
            come += self[name]
            found.append(_share(come, sum(self[name] for name in WAITS)) or 0.0)
        return found

    @property
    def usual_wait(self) -> str | None:
        """The one of WAITS in which half of the answers had come."""
        return next((name for name, by in zip(WAITS, self.answered_by, strict=True) if by >= 1 / 2), None)


@dataclass(frozen=True)
class Span:
    """Whole weeks on the clinic's clock, Monday to Sunday; the week of `now` is the last of them."""

    now: datetime
    zone: ZoneInfo
    weeks: int

    @property
    def mondays(self) -> list[date]:
        """The first days of the weeks."""
        last = monday(self.now.astimezone(self.zone))
        return [last - timedelta(weeks=ago) for ago in reversed(range(self.weeks))]

    @property
    def since(self) -> datetime:
        return self._midnight(self.mondays[0])

    @property
    def until(self) -> datetime:
        return self._midnight(self.mondays[-1] + timedelta(weeks=1))

    @property
    def before(self) -> tuple[datetime, datetime]:
        """As many weeks just before, up to this weekday and time: so they may be compared with these."""
        return self._midnight(self.mondays[0] - timedelta(weeks=self.weeks)), self._shifted(self.now)

    def _shifted(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone).replace(tzinfo=None) - timedelta(weeks=self.weeks)
        return local.replace(tzinfo=self.zone)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)


@dataclass(frozen=True)
class Figures:
    """What the page shows. `weeks` by their Mondays, also empty ones; `hours` of the day from 0 to 23."""

    weeks: Mapping[date, Sums]
    hours: Mapping[int, Sums]
    total: Sums
    before: Sums


def figures(rows: Sequence[Row], span: Span) -> Figures:
    """Of the rows of the span and of what it is compared with."""
    inside, before = _within(rows, (span.since, span.until)), _within(rows, span.before)
    begun = [_local(row, span.zone) for row in inside]
    weeks = _grouped(map(monday, begun), inside)
    hours = _grouped((at.hour for at in begun), inside)
    return Figures(
        weeks={day: weeks.get(day, total([])) for day in span.mondays},
        hours={hour: hours.get(hour, total([])) for hour in range(24)},
        total=total(inside),
        before=total(before),
    )


def moments(rows: Sequence[Row], span: Span) -> dict[tuple[date, int], Sums]:
    """The sums of each day and hour of the span in which anything happened."""
    inside = _within(rows, (span.since, span.until))
    begun = [_local(row, span.zone) for row in inside]
    return _grouped(((at.date(), at.hour) for at in begun), inside)


def total(rows: Collection[Row]) -> Sums:
    """The sums of these rows."""
    columns = zip(*map(itemgetter(*COUNTS), rows), strict=True) if rows else [()] * len(COUNTS)
    return Sums(dict(zip(COUNTS, map(sum, columns), strict=True)))


def monday(at: datetime) -> date:
    """The first day of the week of a moment on the clinic's clock."""
    return at.date() - timedelta(days=at.weekday())


def _local(row: Row, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(row["slot"] / 1000, zone)


def _within(rows: Iterable[Row], span: tuple[datetime, datetime]) -> list[Row]:
    since, until = (at.timestamp() * 1000 for at in span)
    return [row for row in rows if since <= row["slot"] < until]


def _grouped(names: Iterable[Group], rows: Iterable[Row]) -> dict[Group, Sums]:
    """The sums of each group by its name, in the order in which the names appear."""
    groups: dict[Group, list[Row]] = {}
    for name, row in zip(names, rows, strict=True):
        groups.setdefault(name, []).append(row)
    return {name: total(found) for name, found in groups.items()}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
