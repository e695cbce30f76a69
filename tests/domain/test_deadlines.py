"""When to ask, when to remind, when to give up."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clinics import Clinic
from domain.deadlines import Deadlines, deadlines, from_question
from domain.quiet import QuietHours
from tests.domain.clocks import ZONES, is_quiet, moments, quiet_hours, walk
from tests.domain.deadline_cases import CASES, Case, D, H, M, S, Settings
from tests.examples import a_clinic

EACH = [pytest.param(case, id=f"{about}: {case.about}") for about, cases in CASES.items() for case in cases]


@pytest.mark.parametrize("case", EACH)
def test_a_booking_has_these_moments_on_the_wall_clock_of_its_patient(case: Case) -> None:
    plan = from_question if case.is_late else deadlines
    found = plan(_moment(case.requested, case.zone), _moment(case.starts, case.zone), _clinic(case.settings), case.zone)
    assert (
        _wall(found.ask_at, case.zone) if found.ask_at else None,
        [_wall(one, case.zone) for one in found.remind_at],
        _wall(found.expire_at, case.zone),
    ) == (case.asks, case.reminds, case.expires)


def test_no_two_cases_are_about_the_same() -> None:
    told = [(about, case.about) for about, cases in CASES.items() for case in cases]
    assert len(told) == len(set(told))


@dataclass(frozen=True)
class Plan:
    """Any request at any clinic, and the moments that it was given."""

    zone: str
    requested: datetime
    starts: datetime
    clinic: Clinic
    found: Deadlines

    @property
    def texts(self) -> list[datetime]:
        """The question and its reminders."""
        return [self.found.ask_at, *self.found.remind_at] if self.found.ask_at else []

    def is_quiet(self, moment: datetime) -> bool:
        return self.clinic.quiet_hours is not None and is_quiet(self.clinic.quiet_hours, moment, self.zone)

    def first_loud(self, since: datetime) -> datetime:
        """The first moment from this one on that is not quiet."""
        return next(one for one in walk(since) if not self.is_quiet(one))


SPANS = st.sampled_from([0 * S, 10 * S, 10 * M, 15 * M, 3 * H, 12 * H, D, 2 * D, 3 * D, 10 * D, 100 * D])
CLINICS = st.builds(
    a_clinic,
    ask_settle=st.sampled_from([0 * S, 10 * S, 10 * M, 3 * H, D]),
    quiet_hours=quiet_hours() | st.just(QuietHours(time(21), time(8))) | st.none(),
    remind_after=SPANS,
    ask_again_before=st.lists(SPANS, max_size=5).map(tuple),
    expire_after=SPANS,
    expire_before_start=SPANS,
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    zone, clinic = draw(st.sampled_from(ZONES)), draw(CLINICS)
    requested = draw(moments(zone))
    minutes = draw(st.integers(-5, 15) | st.integers(0, 24 * 60) | st.integers(0, 200 * 24 * 60))
    starts = requested + timedelta(minutes=minutes, seconds=draw(st.sampled_from([0, 0, 1, 30])))
    return Plan(zone, requested, starts, clinic, deadlines(requested, starts, clinic, zone))


@given(plans())
def test_no_question_and_no_reminder_is_planned_for_quiet_hours(plan: Plan) -> None:
    assert not any(map(plan.is_quiet, plan.texts))


@given(plans())
def test_every_text_is_planned_between_the_request_and_the_start_and_after_the_one_before(plan: Plan) -> None:
    assert all(plan.requested <= one < plan.starts for one in plan.texts)
    assert all(before < after for before, after in pairwise(plan.texts))


@given(plans())
def test_nobody_is_reminded_after_the_expiry_and_nothing_expires_after_the_start(plan: Plan) -> None:
    assert all(one <= plan.found.expire_at for one in plan.texts)
    assert plan.found.expire_at <= plan.starts


@given(plans())
def test_nobody_is_asked_only_where_it_is_quiet_from_the_request_until_the_start(plan: Plan) -> None:
    if plan.found.ask_at is None:
        assert all(map(plan.is_quiet, takewhile(lambda one: one < plan.starts, walk(plan.requested))))
        assert (plan.found.remind_at, plan.found.expire_at) == ((), plan.starts)


@given(plans())
def test_the_question_leaves_at_the_first_moment_that_is_not_quiet(plan: Plan) -> None:
    """After the settling time, or after the request where that would be in the last minute before the start."""
    settled = plan.first_loud(plan.requested + plan.clinic.ask_settle)
    at_once = plan.first_loud(plan.requested)
    expected = settled if settled < plan.starts - M else at_once
    assert plan.found.ask_at == (expected if expected < plan.starts else None)


@given(plans())
def test_a_late_question_leaves_at_the_first_moment_that_is_not_quiet(plan: Plan) -> None:
    expected = plan.first_loud(plan.requested)
    found = from_question(plan.requested, plan.starts, plan.clinic, plan.zone)
    assert found.ask_at == (expected if expected < plan.starts else None)


def _clinic(settings: Settings) -> Clinic:
    begin, _, end = str(settings.get("quiet_hours", "")).partition("-")
    quiet = QuietHours(time.fromisoformat(begin), time.fromisoformat(end)) if begin else None
    return a_clinic(**(settings | {"quiet_hours": quiet}))


def _moment(wall: str, zone: str) -> datetime:
    """What a case has written. A time that the clock of the zone never shows has no place in a case."""
    written = datetime.fromisoformat(wall)
    moment = (written if written.tzinfo else written.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    assert _wall(moment, zone) == wall
    return moment


def _wall(moment: datetime, zone: str) -> str:
    """As a case writes it: seconds only where there are some, the offset only where the clock shows this time twice."""
    local = moment.astimezone(ZoneInfo(zone))
    is_shown_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    precise = "seconds" if local.second else "minutes"
    return (local if is_shown_twice else local.replace(tzinfo=None)).isoformat(" ", precise)
