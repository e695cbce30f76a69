"""What the half hours add up to, on clocks that are put forward and back."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.storage.counting import SLOT_MS
from entrypoints.desk.figures import COUNTS, WAITS, Row, Span, Sums, figures, moments, total

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu")]
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 5, 13, 10, 30, tzinfo=UTC)


def row(at: datetime, **counts: int) -> Row:
    """The half hour in which this moment lies."""
    slot = int(at.timestamp() * 1000)
    return {**dict.fromkeys(COUNTS, 0), "slot": slot - slot % SLOT_MS, **counts}


def sums(**counts: int) -> Sums:
    return Sums({**dict.fromkeys(COUNTS, 0), **counts})


def half_hours(since: datetime, until: datetime) -> list[Row]:
    """Every one that begins in this time, with one text in each."""
    first, end = since.timestamp() // 1800 * 1800, until.timestamp()
    count = range(int(-(-(end - first) // 1800)))
    return [row(datetime.fromtimestamp(first + 1800 * number, UTC), texts=1) for number in count]


spans = st.builds(
    Span,
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(ZONES),
    st.sampled_from([1, 4, 12]),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Span, Sequence[Row]]:
    """A span, and half hours that begin in it."""
    span = draw(spans)
    possible = [
        one["slot"] for one in half_hours(span.since, span.until) if one["slot"] >= span.since.timestamp() * 1000
    ]
    slots = draw(st.lists(st.sampled_from(possible), max_size=30, unique=True))
    numbers = st.integers(0, 1000)
    return span, [
        {**dict.fromkeys(COUNTS, 0), "slot": slot, "confirmed": draw(numbers), "segments": draw(numbers)}
        for slot in sorted(slots)
    ]


# -- By week and by hour ----------------------------------------------------------------------------------------


@given(histories())
def test_weeks_hours_and_moments_add_up_to_the_rows(history: tuple[Span, Sequence[Row]]) -> None:
    span, rows = history
    found = figures(rows, span)
    for name in COUNTS:
        counted = sum(one[name] for one in rows)
        assert found.total[name] == counted
        for parts in (found.weeks, found.hours, moments(rows, span)):
            assert sum(part[name] for part in parts.values()) == counted


@given(spans)
def test_weeks_follow_each_other_from_monday_to_monday_and_the_last_is_now(span: Span) -> None:
    assert len(span.mondays) == span.weeks
    assert {monday.weekday() for monday in span.mondays} == {0}
    assert {later - earlier for earlier, later in pairwise(span.mondays)} <= {timedelta(weeks=1)}
    assert span.since <= span.now < span.until


@given(spans)
def test_every_half_hour_falls_in_the_week_and_the_hour_of_its_beginning(span: Span) -> None:
    since = span.since.timestamp() * 1000
    rows = [one for one in half_hours(span.since, span.until) if one["slot"] >= since]
    local = [datetime.fromtimestamp(one["slot"] / 1000, span.zone) for one in rows]
    found = figures(rows, span)
    by_week = Counter(max(monday for monday in span.mondays if monday <= at.date()) for at in local)
    assert {monday: week["texts"] for monday, week in found.weeks.items()} == by_week
    assert {hour: of["texts"] for hour, of in found.hours.items()} == Counter(at.hour for at in local)


@pytest.mark.parametrize(
    ("monday", "now", "slots"),
    [
        (date(2026, 3, 23), datetime(2026, 3, 29, 12, tzinfo=UTC), 2 * 167),
        (date(2026, 10, 19), datetime(2026, 10, 25, 12, tzinfo=UTC), 2 * 169),
        (date(2026, 5, 4), datetime(2026, 5, 10, 12, tzinfo=UTC), 2 * 168),
    ],
)
def test_a_week_in_which_the_clock_is_changed_is_shorter_or_longer(monday: date, now: datetime, slots: int) -> None:
    span = Span(now, BERLIN, 4)
    found = figures(half_hours(span.since, span.until), span)
    assert found.weeks[monday]["texts"] == slots


def test_the_hour_that_is_there_twice_counts_twice_and_the_one_that_is_skipped_never() -> None:
    autumn = Span(datetime(2026, 10, 25, 12, tzinfo=UTC), BERLIN, 1)
    spring = Span(datetime(2026, 3, 29, 12, tzinfo=UTC), BERLIN, 1)
    assert moments(half_hours(autumn.since, autumn.until), autumn)[date(2026, 10, 25), 2]["texts"] == 4
    assert (date(2026, 3, 29), 2) not in moments(half_hours(spring.since, spring.until), spring)


def test_a_week_without_anything_is_there_too() -> None:
    found = figures([row(NOW, texts=5)], Span(NOW, BERLIN, 4))
    assert [week["texts"] for week in found.weeks.values()] == [0, 0, 0, 5]


def test_it_is_compared_with_as_many_weeks_up_to_the_same_weekday_and_time() -> None:
    span = Span(NOW, BERLIN, 4)
    assert [at.isoformat() for at in span.before] == ["2026-03-23T00:00:00+01:00", "2026-04-15T12:30:00+02:00"]
    same_time = datetime(2026, 4, 15, 10, 30, tzinfo=UTC)
    rows = [row(same_time - timedelta(minutes=1), texts=1), row(same_time, texts=10), row(span.since, texts=100)]
    found = figures(rows, span)
    assert (found.before["texts"], found.total["texts"]) == (1, 100)


# -- Shares -----------------------------------------------------------------------------------------------------


def test_nothing_is_divided_by_nothing() -> None:
    nothing = total([])
    assert nothing == sums()
    assert nothing.confirmation_rate is nothing.unclear_share is nothing.delivery_rate is nothing.usual_wait is None
    assert nothing.segments_per_text is None
    assert nothing.answered_by == [0] * len(WAITS)


def test_the_confirmation_rate_is_of_what_texts_have_settled() -> None:
    counted = sums(confirmed=6, cancelled=2, expired=2, by_staff=50, in_calendar=50, changed_mind=1)
    assert (counted.outcomes, counted.confirmation_rate) == (10, 0.6)


def test_shares_of_replies_and_of_texts() -> None:
    counted = sums(decided=9, unclear=1, heard=40, delivered=3, undelivered=1, refused=9, texts=4, segments=5)
    assert (counted.unclear_share, counted.delivery_rate, counted.segments_per_text) == (0.1, 0.75, 1.25)


@pytest.mark.parametrize(
    ("answers", "usual"),
    [
        ({"within_1m": 1}, "within_1m"),
        ({"within_1m": 1, "within_5m": 1}, "within_1m"),
        ({"within_1m": 1, "within_5m": 2}, "within_5m"),
        ({"within_1m": 4, "later": 5}, "later"),
    ],
)
def test_the_usual_wait_is_the_one_in_which_half_of_the_answers_had_come(answers: dict[str, int], usual: str) -> None:
    assert sums(**answers).usual_wait == usual


@given(st.lists(st.integers(0, 1000), min_size=len(WAITS), max_size=len(WAITS)).filter(any))
def test_more_and_more_answers_have_come_and_at_last_all(answers: list[int]) -> None:
    by = sums(**dict(zip(WAITS, answers, strict=True))).answered_by
    assert by == sorted(by)
    assert by[-1] == 1
