"""Lives at random: whatever patients, hosts, carriers and clocks do, no question and no reminder leaves at a wrong
hour, and nobody who may be asked is forgotten."""

import asyncio
import random
import re
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.storage.database import moment
from domain.clinics import Clinic, OnDoubt, OnExpiry
from domain.errands import Claimed
from domain.errors import Conflict
from domain.inbound import Settlement
from domain.lifecycle import OPEN
from domain.quiet import QuietHours
from tests.databases import new_database
from tests.domain.clocks import ZONES, is_quiet, quiet_hours, walk
from tests.examples import a_clinic
from tests.stories.world import Answer, Clock, World, a_world, drops_the_line, refuses

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PHONES = ("+12025550102", "+12025550103")
MOST_BOOKINGS = 6  # of one phone: a question about more names none of them
IN_MEMORY = Path("/dev/shm")
NIGHT = QuietHours(time(21), time(8))


class Life:
    """Some patients of one clinic, and what is known of them outside of the service."""

    def __init__(self, world: World, clinic: Clinic, zones: Sequence[str]) -> None:
        self.world = world
        self.hours = clinic.quiet_hours
        self.zones = dict(zip(PHONES, zones, strict=True))
        self.phone_of: dict[str, str] = {}
        self.starts: dict[str, datetime] = {}
        self.requested: dict[str, datetime] = {}
        self.settled: dict[str, datetime] = {}  # by the host
        self.asked: dict[str, datetime] = {}
        self.silent: set[str] = set()
        self._sent: list[tuple[datetime, dict[str, str]]] = []
        accept = world.phone.accept
        world.phone.accept = lambda request: self._taken(accept(request))  # type: ignore[method-assign]

    def _taken(self, response: httpx.Response) -> httpx.Response:
        self._sent.append((self.now, self.world.phone.texts[-1]))
        return response

    @property
    def now(self) -> datetime:
        return self.world.clock()

    def is_quiet(self, moment: datetime, uid: str) -> bool:
        return self.hours is not None and is_quiet(self.hours, moment, self.zones[self.phone_of[uid]])

    # -- What happens ---------------------------------------------------------------------------------------------

    async def passes(self, minutes: int) -> None:
        """Nobody works meanwhile."""
        self.world.clock.passes(minutes=minutes)

    async def passes_while_all_work(self, minutes: int) -> None:
        """Whatever is due is done at its moment."""
        until = self.now + minutes * MINUTE
        await self.all_work()
        while (due_at := await self._next_due()) and due_at <= until:
            self.world.clock.now = due_at
            await self.all_work()
        self.world.clock.now = until

    async def books(self, number: int, minutes: int) -> None:
        phone, uid = PHONES[number], f"bk{len(self.starts)}"
        if list(self.phone_of.values()).count(phone) < MOST_BOOKINGS:
            self.phone_of[uid], self.requested[uid] = phone, self.now
            await self._takes_place(uid, minutes)

    async def moves(self, number: int, minutes: int) -> None:
        if (uid := self._booking(number)) and uid not in self.settled:
            await self._takes_place(uid, minutes)

    async def _takes_place(self, uid: str, minutes: int) -> None:
        starts_at, phone = self.now + minutes * MINUTE, self.phone_of[uid]
        patient = {"phone": phone, "time_zone": self.zones[phone], "practitioner": f"Dr. {uid}"}
        told = await self.world.books(uid=uid, starts_at=starts_at, ends_at=starts_at + HOUR, **patient)
        if told == "accepted":
            self.starts[uid] = starts_at

    async def replies(self, number: int, words: str) -> None:
        phone = PHONES[number]
        await self.world.replies(words, sender=phone)
        if words == "STOP":
            self.silent.add(phone)
        elif words == "START":
            self.silent.discard(phone)

    async def settles(self, number: int, how: Settlement) -> None:
        if (uid := self._booking(number)) and uid not in self.settled:
            await self.world.calendar_says(how, uid)
            self.settled[uid] = self.now

    async def fails(self, how: str) -> None:
        self.world.phone.instead.append(self._failure(how))

    def _failure(self, how: str) -> Answer:
        if how == "taken, and the line drops":
            return lambda request: self.world.phone.accept(request) and drops_the_line(request)
        if how == "not taken, and the line drops":
            return drops_the_line
        return refuses(*{"busy": (429, 20429), "no such phone": (400, 21211), "opted out": (400, 21610)}[how])

    async def jobs_run(self) -> None:
        await self.world.expiry_runs()
        await self.world.reminders_run()

    async def all_work(self) -> None:
        await self.jobs_run()
        await self.works()

    async def works(self) -> None:
        """Carry out what is due, and judge every text that it sends."""
        before = {row.uid: row.state for row in await self.world.service.store.views.bookings()}
        silent, first = set(self.silent), len(self._sent)
        worker = self.world.service.worker
        while claimed := await worker.claim():
            await asyncio.gather(*map(self._carries_out, claimed))
        for at, text in self._sent[first:]:
            if "Reply YES" in text["Body"]:
                await self._judge(at, text, before, silent)

    async def _carries_out(self, claimed: Claimed) -> None:
        """Two texts in doubt that say the same are looked up at once, and found to be the same one: as in a worker, the
        second finds out the next time."""
        worker = self.world.service.worker
        try:
            await worker.carry_out(claimed)
        except Conflict as error:
            await worker._delivery(claimed).stumbled(claimed, error)

    async def comes_to_its_end(self) -> None:
        """All is well from now on, until nothing is left to do."""
        self.world.phone.instead.clear()
        await self.all_work()
        while due_at := await self._next_due():
            self.world.clock.now = due_at
            await self.all_work()

    def _booking(self, number: int) -> str | None:
        uids = list(self.starts)
        return uids[number % len(uids)] if uids else None

    async def _next_due(self) -> datetime | None:
        """When there is something to do next, up to the full second."""
        store = self.world.service.store
        found = await store.database.read(
            "SELECT min(remind_at) AS remind_at, min(expire_at) AS expire_at FROM bookings WHERE state IN "
            "('requested', 'sms_sent', 'invalid_reply')"
        )
        all_due = [await store.outbox.next_due(self.now), *(moment(value) for value in found[0].values())]
        ahead = [one for one in all_due if one is not None and one > self.now]
        return min(map(_full_second, ahead)) if ahead else None

    # -- What must be true ----------------------------------------------------------------------------------------

    async def _judge(self, at: datetime, text: dict[str, str], before: dict[str, str], silent: set[str]) -> None:
        named = re.findall(r"Dr\. (\w+)", text["Body"])
        until = at + timedelta(seconds=int(text["ValidityPeriod"]))
        assert named
        assert text["To"] not in silent, f"{text['To']} has opted out"
        for uid in named:
            booking = await self.world.service.store.ledger.booking(f"booking-main-{uid}")
            assert booking is not None
            assert booking.expire_at is not None
            assert self.phone_of[uid] == text["To"]
            assert uid not in self.settled, f"{uid} is settled by the host"
            assert before[uid] in OPEN, f"{uid} is {before[uid]}"
            assert at < self.starts[uid], f"{uid} has begun"
            assert at < booking.expire_at, f"{uid} is over"
            assert until <= booking.expire_at, f"{uid} is over before the text must be there"
            assert not self.is_quiet(at, uid), f"{uid}: it is quiet at {at}"
            assert not any(self.is_quiet(one, uid) for one in _before(until, at)), f"{uid}: it is quiet before {until}"
            self.asked.setdefault(uid, at)

    async def assert_that_nobody_is_forgotten(self) -> None:
        store = self.world.service.store
        called = {stream for item in await store.views.staff_inbox() for stream in item.bookings}
        for uid in self.starts:
            assert uid in self.asked or uid in self.settled or f"booking-main-{uid}" in called, uid

    def assert_that_all_were_asked_as_soon_as_possible(self) -> None:
        for uid, starts_at in self.starts.items():
            first = next(one for one in walk(self.requested[uid]) if not self.is_quiet(one, uid))
            if first < min(starts_at, self.settled.get(uid, starts_at)):
                assert self.asked.get(uid) == first, uid
            elif first >= starts_at:
                assert uid not in self.asked


def _full_second(moment: datetime) -> datetime:
    """The one that begins now, or else the next."""
    return moment.replace(microsecond=0) + (SECOND if moment.microsecond else timedelta())


def _before(until: datetime, since: datetime) -> Iterator[datetime]:
    for one in walk(since):
        if one >= until:
            return
        yield one


# -- Lives ------------------------------------------------------------------------------------------------------------

Step = tuple[Any, ...]
PATIENT = st.sampled_from([0, 0, 0, 1])
NUMBER = st.integers(0, 9)
SPAN = st.integers(1, 90) | st.integers(0, 48).map(lambda half_hours: 30 * half_hours) | st.integers(0, 3 * 24 * 60)
TO_THE_START = st.integers(1, 24 * 60) | st.integers(0, 10 * 24 * 60) | st.integers(2 * 24 * 60, 10 * 24 * 60)
FAILURES = ["busy", "taken, and the line drops", "not taken, and the line drops", "no such phone", "opted out"]
BOOKS = st.tuples(st.just(Life.books), PATIENT, TO_THE_START)
SETTLES = st.tuples(st.just(Life.settles), NUMBER, st.sampled_from(Settlement))
PASSES = st.tuples(st.just(Life.passes_while_all_work), SPAN)
WORDS = st.sampled_from(["YES", "NO", "maybe", "HELP", "STOP", "START"])
ANY_STEP: st.SearchStrategy[Step] = st.one_of(
    BOOKS,
    BOOKS,
    BOOKS,
    PASSES,
    PASSES,
    st.tuples(st.just(Life.passes), SPAN),
    st.tuples(st.just(Life.works)),
    st.tuples(st.just(Life.jobs_run)),
    st.tuples(st.just(Life.fails), st.sampled_from(FAILURES)),
    st.tuples(st.just(Life.replies), PATIENT, WORDS),
    st.tuples(st.just(Life.replies), PATIENT, WORDS),
    st.tuples(st.just(Life.moves), NUMBER, TO_THE_START),
    SETTLES,
)
CALM_STEP: st.SearchStrategy[Step] = st.one_of(
    BOOKS,
    BOOKS,
    PASSES,
    st.tuples(st.just(Life.replies), PATIENT, st.sampled_from(["YES", "NO", "maybe"])),
    SETTLES,
)
BEGINS = [  # the days before clocks are changed, somewhere, and one before none is
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 4, 3, 12, tzinfo=UTC),
    datetime(2026, 5, 8, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC),
]
BEGIN = st.builds(lambda day, minutes: day + minutes * MINUTE, st.sampled_from(BEGINS), st.integers(0, 24 * 60))
NEAR_CHANGES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]
SOME_ZONES = st.lists(st.sampled_from(NEAR_CHANGES) | st.sampled_from(ZONES), min_size=2, max_size=2)
HOURS = st.sampled_from([NIGHT, QuietHours(time(22), time(2, 30)), QuietHours(time(13), time(15))]) | quiet_hours()
CLINICS = st.builds(
    a_clinic,
    ask_settle=st.sampled_from([timedelta(), 10 * SECOND, 10 * MINUTE]),
    quiet_hours=HOURS | st.none(),
    remind_after=st.sampled_from([DAY, 12 * HOUR]),
    expire_after=st.sampled_from([2 * DAY, HOUR, 100 * DAY]),
    on_expiry=st.sampled_from(OnExpiry),
    on_doubt=st.sampled_from(OnDoubt),
)
CALM_CLINICS = st.builds(a_clinic, quiet_hours=HOURS, expire_after=st.sampled_from([2 * DAY, HOUR, 100 * DAY]))
LIVES = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@contextmanager
def _database() -> Iterator[str]:
    """In memory where there is a place for that: these lives are not about the disk."""
    with (
        tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder,
        new_database("sqlite", Path(folder)) as url,
    ):
        yield url


def lived(
    begin: datetime, clinic: Clinic, zones: Sequence[str], story: Callable[[Life], Coroutine[Any, Any, None]]
) -> None:
    """Run a story in a new world, from this moment on. Waits are shortened by chance, which is the same every time:
    otherwise the last of several tries might be one more on the other side of an hour."""
    chance = random.getstate()
    random.seed(5)

    async def run(database: str) -> None:
        async with a_world(database, clinic, Clock(begin)) as world:
            await story(Life(world, clinic, zones))

    try:
        with _database() as database:
            asyncio.run(run(database))
    finally:
        random.setstate(chance)


@given(BEGIN, CLINICS, SOME_ZONES, st.lists(ANY_STEP, min_size=8, max_size=30))
@LIVES
def test_whatever_happens_no_question_leaves_at_a_wrong_hour_and_nobody_is_forgotten(
    begin: datetime, clinic: Clinic, zones: list[str], steps: list[Step]
) -> None:
    async def story(life: Life) -> None:
        for step, *how in steps:
            await step(life, *how)
        await life.comes_to_its_end()
        await life.assert_that_nobody_is_forgotten()

    lived(begin, clinic, zones, story)


@given(BEGIN, CALM_CLINICS, SOME_ZONES, st.lists(CALM_STEP, min_size=4, max_size=16))
@LIVES
def test_where_nothing_fails_every_patient_is_asked_at_the_first_moment_that_is_not_quiet(
    begin: datetime, clinic: Clinic, zones: list[str], steps: list[Step]
) -> None:
    async def story(life: Life) -> None:
        for step, *how in steps:
            await step(life, *how)
            await life.all_work()
        await life.comes_to_its_end()
        life.assert_that_all_were_asked_as_soon_as_possible()

    lived(begin, clinic, zones, story)


async def opts_out_and_in_again(life: Life) -> None:
    await life.replies(0, "STOP")
    await life.books(0, 10 * 24 * 60)
    await life.passes_while_all_work(11 * 60)
    await life.replies(0, "START")


async def meets_a_carrier_that_is_busy_until_nine(life: Life) -> None:
    await life.passes_while_all_work(9 * 60 - 1)
    for _ in range(6):
        await life.fails("busy")
    await life.books(0, 10 * 24 * 60)


@pytest.mark.parametrize("happens", [opts_out_and_in_again, meets_a_carrier_that_is_busy_until_nine])
def test_a_booking_that_ends_in_the_night_does_not_keep_the_others_from_being_asked_in_the_morning(
    happens: Callable[[Life], Coroutine[Any, Any, None]],
) -> None:
    async def story(life: Life) -> None:
        await life.books(0, 21 * 60)  # tomorrow at nine in the morning; given up at seven
        await life.all_work()
        await happens(life)
        await life.passes_while_all_work(24 * 60)
        assert life.asked.get("bk1") == datetime(2026, 5, 9, 12, 0, tzinfo=UTC)

    noon, zones = datetime(2026, 5, 8, 16, 0, tzinfo=UTC), ["America/New_York"] * 2
    lived(noon, a_clinic(quiet_hours=NIGHT), zones, story)


def test_a_question_that_is_held_up_until_night_leaves_in_the_morning_however_short_the_patience_is() -> None:
    async def story(life: Life) -> None:
        for _ in range(6):
            await life.fails("busy")
        await life.books(0, 10 * 24 * 60)
        await life.passes_while_all_work(24 * 60)
        assert life.asked.get("bk0") == datetime(2026, 5, 9, 12, 0, tzinfo=UTC)

    evening, zones = datetime(2026, 5, 9, 0, 59, tzinfo=UTC), ["America/New_York"] * 2
    lived(evening, a_clinic(quiet_hours=NIGHT, expire_after=10 * HOUR), zones, story)


def test_a_question_that_leaves_late_after_a_failure_gives_the_same_time_to_answer() -> None:
    async def story(life: Life) -> None:
        await life.fails("busy")
        await life.books(0, 10 * 24 * 60)
        await life.works()
        await life.passes(20 * 60)
        await life.works()
        await life.passes(47 * 60)
        await life.jobs_run()
        assert await life.world.state("bk0") == "sms_sent"

    lived(datetime(2026, 5, 8, 16, 0, tzinfo=UTC), a_clinic(), ["America/New_York"] * 2, story)
