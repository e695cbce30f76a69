"""The outbox: an errand is in one worker's hands, for the length of a lease."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, TypeVar

import pytest

from adapters.storage.rows import LEASE_MS
from domain.channels import Channel, Condition
from domain.conversation import Conversation
from domain.errands import Claimed, Errand, Kind, Says
from domain.errors import ClaimLost, Conflict
from domain.inbox import Staff
from domain.ledger import Attempt, GivenUp, Withdrawal, Work
from tests.adapters.storage.crowd import SOON
from tests.adapters.storage.processes import at_once, claim_all
from tests.adapters.storage.rooms import Rooms, count, opened, overheard, rooms
from tests.databases import column, kind_of, meddle, seen
from tests.examples import NOW, SARAH, a_moment

pytestmark = pytest.mark.anyio
T = TypeVar("T")

FAR_FUTURE = NOW + timedelta(days=20_000)
LATER = NOW + timedelta(hours=1)
RAN_OUT = "UPDATE outbox SET lease_until = 1"


def a_text(number: int = 1, due_at: datetime | None = None) -> Errand:
    queued_at = NOW - timedelta(seconds=100 - number)  # in the order of the numbers
    return Errand(f"stream{number}", number, Kind.ANSWER, "main", queued_at, due_at=due_at, says=Says.HELP)


def a_call(version: int, lane: str = "booking") -> Errand:
    return Errand(lane, version, Kind.CANCEL_IN_CALENDAR, "main", NOW, lane=lane)


async def queue(store: Rooms, *errands: Errand) -> None:
    await store.ledger.append(Work(errands=list(errands)))


async def claim(store: Rooms, limit: int = 100, now: datetime = NOW) -> list[Claimed]:
    return await store.outbox.claim(now, limit)


async def claim_one(store: Rooms) -> Claimed:
    [claimed] = await claim(store)
    return claimed


async def finish(store: Rooms, claimed: Claimed) -> None:
    await store.ledger.append(Work(finished=claimed.errand.key))


def keys(errands: Sequence[Errand | Claimed]) -> list[str]:
    return [one.errand.key if isinstance(one, Claimed) else one.key for one in errands]


def joined(shares: Iterable[list[T]]) -> list[T]:
    return list(chain.from_iterable(shares))


def row(database: str, *columns: str) -> tuple[Any, ...]:
    [found] = seen(database, f"SELECT {', '.join(columns or '*')} FROM outbox")
    return found


def database_time() -> float:
    """The database's clock is the machine's, whatever the caller's `now` is."""
    return datetime.now(UTC).timestamp() * 1000


# -- One worker only ------------------------------------------------------------------------------------------------


async def test_an_errand_is_claimed_as_it_was_queued(store: Rooms) -> None:
    errand = replace(a_call(3), conversation="c", bookings=("b1", "b2"), says=Says.QUESTION, due_at=NOW)
    await queue(store, errand)
    assert await claim(store) == [Claimed(errand, attempts=1)]
    assert await store.outbox.get(errand.key) == Claimed(errand, attempts=1)


async def test_an_errand_without_a_date_comes_back_without_one(store: Rooms) -> None:
    await queue(store, a_text())
    assert (await claim_one(store)).errand == a_text()


async def test_what_is_claimed_is_not_claimed_again(store: Rooms) -> None:
    await queue(store, a_text())
    assert len(await claim(store)) == 1
    assert await claim(store) == []


async def test_eight_workers_that_claim_at_once_never_hold_the_same_errand(store: Rooms, database: str) -> None:
    errands = [a_text(number) for number in range(80)]
    await queue(store, *errands)
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(rooms(database)) for _ in range(8)]
        shares = await asyncio.gather(*(claim(worker, 5) for worker in workers for _ in range(3)))
    assert sorted(keys(joined(shares))) == sorted(keys(errands))


async def test_processes_that_claim_at_once_never_hold_the_same_errand(store: Rooms, database: str) -> None:
    errands = [a_text(number) for number in range(100)]
    await queue(store, *errands)
    shares = at_once(claim_all, *[(database,)] * 3)
    assert sorted(joined(shares)) == sorted(keys(errands))


async def test_an_idle_worker_writes_nothing(store: Rooms) -> None:
    await queue(store, a_text(1, LATER))
    with overheard(store.database) as said:
        assert await claim(store) == []
        assert await store.outbox.waiting(NOW) == []
    assert said == []


async def test_an_errand_whose_outcome_is_recorded_is_gone(store: Rooms) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await finish(store, claimed)
    assert await store.outbox.get(claimed.errand.key) is None


# -- Leases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [NOW, FAR_FUTURE], ids=["now", "far future"])
async def test_a_lease_runs_on_the_databases_clock_whatever_the_workers_shows(
    store: Rooms, database: str, now: datetime
) -> None:
    await queue(store, a_text())
    before = database_time()
    assert len(await claim(store, now=now)) == 1
    [lease_until] = row(database, "lease_until")
    assert before + LEASE_MS - 2 <= lease_until <= database_time() + LEASE_MS
    assert await claim(store, now=FAR_FUTURE) == []


async def test_an_expired_lease_without_a_mark_makes_the_errand_simply_due(store: Rooms, database: str) -> None:
    await queue(store, a_text())
    await claim_one(store)
    meddle(database, RAN_OUT)
    again = await claim_one(store)
    assert (again.attempts, again.in_doubt, again.text) == (2, False, "")


async def test_an_expired_lease_with_a_mark_puts_the_errand_in_doubt(store: Rooms, database: str) -> None:
    await queue(store, a_text())
    await store.outbox.mark(Attempt(await claim_one(store), NOW, "the very words"))
    assert await claim(store) == []
    meddle(database, RAN_OUT)
    again = await claim_one(store)
    assert (again.attempts, again.in_doubt, again.attempted_at, again.text) == (2, True, NOW, "the very words")


async def test_a_mark_renews_the_lease(store: Rooms, database: str) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    meddle(database, "UPDATE outbox SET lease_until = lease_until - 10000")
    before = database_time()
    await store.outbox.mark(Attempt(claimed, NOW, "words"))
    assert row(database, "lease_until")[0] >= before + LEASE_MS - 2


@pytest.mark.parametrize("claimed_by_another", [True, False], ids=["claimed by another", "claimed by nobody"])
async def test_a_mark_after_the_claim_is_lost_is_refused_with_everything_beside_it(
    store: Rooms, database: str, claimed_by_another: bool
) -> None:
    await queue(store, a_text())
    slow = await claim_one(store)
    meddle(database, RAN_OUT)
    if claimed_by_another:
        await claim_one(store)
    before = row(database)
    speaker = Conversation.start(store.ledger.conversation_id("main", SARAH), "main", SARAH, a_moment())
    with pytest.raises(ClaimLost):
        await store.ledger.append(Work(changed=[speaker], attempt=Attempt(slow, NOW, "words")))
    with pytest.raises(ClaimLost):
        await store.outbox.mark(Attempt(slow, NOW, "words"))
    assert row(database) == before
    assert count(database, "stored_events") == 0


async def test_a_mark_on_an_errand_whose_outcome_is_recorded_is_refused(store: Rooms) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await finish(store, claimed)
    with pytest.raises(ClaimLost):
        await store.outbox.mark(Attempt(claimed, NOW))


async def test_a_worker_that_lost_its_claim_can_neither_put_the_errand_back_nor_give_it_up(
    store: Rooms, database: str
) -> None:
    await queue(store, a_text())
    slow = await claim_one(store)
    meddle(database, RAN_OUT)
    await store.outbox.mark(Attempt(await claim_one(store), NOW, "the other's words"))
    before = row(database)
    await store.outbox.put_back(slow, LATER, "slow", attempted=False)
    await store.outbox.give_up(GivenUp(slow, "slow"))
    assert row(database) == before


# -- Giving back ----------------------------------------------------------------------------------------------------


async def test_an_errand_that_was_put_back_comes_again_when_it_is_due(store: Rooms) -> None:
    await queue(store, a_text())
    await store.outbox.put_back(await claim_one(store), LATER, "busy", attempted=False)
    assert await claim(store, now=LATER - timedelta(milliseconds=1)) == []
    assert len(await claim(store, now=LATER)) == 1


@pytest.mark.parametrize("attempted", [True, False], ids=["perhaps done", "surely not done"])
async def test_putting_back_keeps_or_clears_the_mark(store: Rooms, attempted: bool) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await store.outbox.mark(Attempt(claimed, NOW, "words"))
    await store.outbox.put_back(claimed, NOW, "why", attempted=attempted)
    again = await claim_one(store)
    assert (again.in_doubt, again.text, again.resent) == (attempted, "words", False)


async def test_a_doubt_that_was_answered_by_sending_once_more_is_remembered(store: Rooms) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await store.outbox.put_back(claimed, NOW, "sent once more", attempted=False, resent=True)
    again = await claim_one(store)
    await store.outbox.put_back(again, NOW, "busy", attempted=False)
    assert (again.resent, (await claim_one(store)).resent) == (True, True)


async def test_an_errand_that_was_given_up_is_kept_and_claimed_no_more(store: Rooms, database: str) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await store.outbox.give_up(GivenUp(claimed, "x" * 1000))
    meddle(database, RAN_OUT)
    assert await claim(store, now=FAR_FUTURE) == []
    assert row(database, "status", "note") == ("dead", "x" * 500)
    assert await store.outbox.get(claimed.errand.key)


async def test_an_errand_is_given_up_in_the_commit_that_calls_staff_or_not_at_all(store: Rooms, database: str) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    speaker = Conversation.start(store.ledger.conversation_id("main", SARAH), "main", SARAH, a_moment())
    speaker.hand_to_staff(Staff.TEXT_IN_DOUBT, a_moment())
    await store.ledger.append(Work(changed=[speaker], given_up=GivenUp(claimed, "in doubt")))
    assert (row(database, "status", "note"), count(database, "staff_inbox")) == (("dead", "in doubt"), 1)
    with pytest.raises(Conflict):
        await store.ledger.append(Work(changed=[speaker], given_up=GivenUp(claimed, "again")))
    assert row(database, "note") == ("in doubt",)


# -- Order ----------------------------------------------------------------------------------------------------------


async def test_what_is_at_once_comes_first_then_what_has_been_due_the_longest(store: Rooms) -> None:
    due = [a_text(1, NOW - timedelta(hours=1)), a_text(2, NOW), a_text(3), a_text(4, NOW - timedelta(hours=2))]
    await queue(store, *due, a_text(5, LATER))
    order = [await claim(store, 1) for _ in range(5)]
    assert keys(joined(order)) == keys([due[2], due[3], due[0], due[1]])


async def test_a_worker_with_few_hands_takes_what_has_been_due_the_longest(store: Rooms) -> None:
    due = [a_text(number, NOW - timedelta(minutes=number)) for number in range(10)]
    await queue(store, *due)
    assert set(keys(await claim(store, 4))) == set(keys(due[-4:]))


async def test_one_claim_gives_its_errands_in_the_order_in_which_they_are_due(store: Rooms) -> None:
    due = [a_text(number, NOW - timedelta(minutes=number)) for number in range(20)]
    await queue(store, *due)
    assert keys(await claim(store)) == keys(due[::-1])


async def test_the_next_errand_that_is_not_due_yet_is_told_with_its_time(store: Rooms) -> None:
    assert await store.outbox.next_due(NOW) is None
    await queue(store, a_text(1), a_text(2, NOW), a_text(3, LATER), a_text(4, LATER + timedelta(hours=1)))
    assert await store.outbox.next_due(NOW) == LATER
    assert await store.outbox.next_due(LATER) == LATER + timedelta(hours=1)
    assert await store.outbox.next_due(LATER + timedelta(hours=1)) is None


# -- Lanes ----------------------------------------------------------------------------------------------------------


async def test_errands_of_one_lane_are_carried_out_one_at_a_time_and_in_order(store: Rooms) -> None:
    await queue(store, a_call(3), a_call(1), a_call(2))
    order = []
    while claimed := await claim(store):
        assert len(claimed) == 1
        order += [claimed[0].errand.version]
        await finish(store, claimed[0])
    assert order == [1, 2, 3]


async def test_an_errand_waits_for_an_earlier_one_of_its_lane_that_was_put_back(store: Rooms) -> None:
    await queue(store, a_call(1), a_call(2))
    await store.outbox.put_back(await claim_one(store), LATER, "busy", attempted=False)
    assert await claim(store) == []
    [claimed] = await claim(store, now=LATER)
    assert claimed.errand.version == 1


async def test_different_lanes_do_not_wait_for_each_other(store: Rooms) -> None:
    await queue(store, a_call(1, "a"), a_call(2, "b"), a_call(9, "a"), a_text(5), a_text(6))
    assert len(await claim(store)) == 4


async def test_workers_that_claim_at_once_never_hold_two_errands_of_one_lane(store: Rooms, database: str) -> None:
    lanes = {lane: list(range(1, 6)) for lane in ("a", "b", "c")}
    await queue(store, *(a_call(version, lane) for lane, versions in lanes.items() for version in versions))
    done: dict[str, list[int]] = {lane: [] for lane in lanes}
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(rooms(database)) for _ in range(4)]
        for _ in range(5):
            held = joined(await asyncio.gather(*(claim(worker) for worker in workers)))
            assert sorted(str(claimed.errand.lane) for claimed in held) == list(lanes)
            for claimed in held:
                done[str(claimed.errand.lane)].append(claimed.errand.version)
                await finish(store, claimed)
    assert done == lanes


# -- Withdrawal -----------------------------------------------------------------------------------------------------


async def test_a_withdrawal_drops_what_nobody_has_begun_in_its_lane_only(store: Rooms, database: str) -> None:
    await queue(store, a_call(1), a_call(2), a_call(1, "other"), a_text(5))
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")]))
    assert sorted(column(database, "SELECT stream FROM outbox")) == ["other", "stream5"]


async def test_a_withdrawal_leaves_an_errand_that_is_in_a_workers_hands(store: Rooms) -> None:
    await queue(store, a_call(1), a_call(2))
    claimed = await claim_one(store)
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")]))
    await store.outbox.mark(Attempt(claimed, NOW))
    assert await store.outbox.get(a_call(2).key) is None


async def test_a_withdrawal_leaves_an_errand_that_may_have_been_carried_out(store: Rooms, database: str) -> None:
    await queue(store, a_call(1))
    claimed = await claim_one(store)
    await store.outbox.mark(Attempt(claimed, NOW))
    await store.outbox.put_back(claimed, NOW, "in doubt", attempted=True)
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")]))
    assert (await claim_one(store)).in_doubt


async def test_a_withdrawal_drops_what_was_claimed_once_but_surely_not_begun(store: Rooms, database: str) -> None:
    await queue(store, a_call(1))
    await claim_one(store)
    meddle(database, RAN_OUT)
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")]))
    assert count(database, "outbox") == 0


async def test_a_newer_decision_withdraws_the_older_and_stands_in_one_commit(store: Rooms, database: str) -> None:
    await queue(store, a_call(1))
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")], errands=[a_call(2)]))
    assert column(database, "SELECT version FROM outbox") == [2]


# -- Channels -------------------------------------------------------------------------------------------------------

MAIN_SMS, MAIN_CALENDAR = Condition("main", Channel.SMS), Condition("main", Channel.CALENDAR)


def for_east(errand: Errand) -> Errand:
    return replace(
        errand, stream=f"{errand.stream} of east", lane=errand.lane and f"{errand.lane} of east", clinic="east"
    )


async def condition(store: Rooms, now: datetime = NOW) -> Condition:
    """How the only channel stands for which something is due."""
    [found] = await store.outbox.waiting(now)
    return found


async def test_a_claim_through_a_channel_takes_what_goes_through_it_and_nothing_else(store: Rooms) -> None:
    texts, calls = [a_text(1), a_text(2)], [a_call(1, "one"), a_call(1, "other")]
    await queue(store, *texts, *calls, *(for_east(errand) for errand in (a_text(3), a_call(1))))
    assert sorted(keys(await store.outbox.claim(NOW, 100, MAIN_SMS))) == sorted(keys(texts))
    assert sorted(keys(await store.outbox.claim(NOW, 100, MAIN_CALENDAR))) == sorted(keys(calls))
    assert {claimed.errand.clinic for claimed in await claim(store)} == {"east"}


async def test_whoever_answers_a_patient_comes_before_who_begins(store: Rooms) -> None:
    begins = [replace(a_text(number), kind=kind) for number, kind in enumerate((Kind.ASK, Kind.REMIND))]
    answers = [a_text(number, NOW) for number in range(10, 13)]
    await queue(store, *begins, *answers)
    order = [await claim(store, 1) for _ in range(5)]
    assert keys(joined(order)) == keys(answers + begins)


async def test_the_channels_that_wait_are_those_for_which_something_is_due_and_in_nobodys_hands(store: Rooms) -> None:
    assert await store.outbox.waiting(NOW) == []
    await queue(store, a_text(1, LATER), a_call(1), for_east(a_text(2)))
    assert await store.outbox.waiting(NOW) == [Condition("east", Channel.SMS), MAIN_CALENDAR]
    assert await store.outbox.waiting(LATER) == [Condition("east", Channel.SMS), MAIN_CALENDAR, MAIN_SMS]
    await claim(store)
    assert await store.outbox.waiting(NOW) == []


async def test_what_was_given_up_waits_for_nothing(store: Rooms) -> None:
    await queue(store, a_text())
    await store.outbox.give_up(GivenUp(await claim_one(store), "no"))
    assert await store.outbox.waiting(FAR_FUTURE) == []


# -- A channel that refuses us --------------------------------------------------------------------------------------


async def refused(store: Rooms, now: datetime = NOW) -> bool:
    """The carrier has refused our account, in the hands of a worker that is then gone. Whether that is news."""
    claimed = await claim_one(store)
    is_news = await store.outbox.trip(claimed, now, "20003")
    await store.outbox.put_back(claimed, NOW, "refused", attempted=False)
    return is_news


async def test_a_channel_that_refused_us_is_shut_for_a_minute_and_that_is_news(store: Rooms) -> None:
    await queue(store, a_text())
    assert await refused(store)
    assert await condition(store) == replace(MAIN_SMS, shut_until=NOW + timedelta(minutes=1), trips=1)


async def test_a_channel_that_refuses_us_again_is_shut_twice_as_long_but_for_a_quarter_of_an_hour_at_most(
    store: Rooms,
) -> None:
    await queue(store, a_text())
    now, pauses, news = NOW, [], []
    for _ in range(7):
        news.append(await refused(store, now))
        shut_until = (await condition(store, now)).shut_until
        assert shut_until
        pauses.append((shut_until - now).total_seconds() / 60)
        now = shut_until
    assert pauses == [1, 2, 4, 8, 15, 15, 15]
    assert news == [True] + [False] * 6


async def test_of_many_errands_that_are_refused_at_the_same_time_one_finds_it_to_be_news(
    store: Rooms, database: str
) -> None:
    await queue(store, *(a_text(number) for number in range(12)))
    claimed = await claim(store)
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(rooms(database)) for _ in range(4)]
        refusals = [worker.outbox.trip(one, NOW, "20003") for one in claimed for worker in workers]
        assert sum(await asyncio.gather(*refusals)) == 1
    await queue(store, a_text(99))
    assert await condition(store) == replace(MAIN_SMS, shut_until=NOW + timedelta(minutes=1), trips=1)


async def test_a_channel_that_is_shut_stays_shut_no_longer_for_another_refusal(store: Rooms) -> None:
    await queue(store, a_text())
    await refused(store)
    assert not await refused(store, NOW + timedelta(seconds=59))
    assert await condition(store) == replace(MAIN_SMS, shut_until=NOW + timedelta(minutes=1), trips=1)


async def test_a_refusal_shuts_one_channel_of_one_clinic(store: Rooms) -> None:
    await queue(store, a_text())
    await refused(store)
    await queue(store, a_call(1), for_east(a_text(2)))
    waiting = await store.outbox.waiting(NOW)
    assert {(one.clinic, one.channel): one.trips for one in waiting} == {
        ("east", "sms"): 0,
        ("main", "calendar"): 0,
        ("main", "sms"): 1,
    }


async def test_an_errand_that_is_claimed_from_a_channel_that_refused_us_finds_out_whether_it_works_again(
    store: Rooms,
) -> None:
    await queue(store, a_text(1), a_text(2))
    [usual] = await store.outbox.claim(NOW, 1, MAIN_SMS)
    [first] = await store.outbox.claim(NOW, 1, replace(MAIN_SMS, trips=1))
    assert (usual.probes, first.probes) == (False, True)


async def test_a_channel_that_works_again_is_open_and_its_next_refusal_is_news(store: Rooms) -> None:
    await queue(store, a_text())
    await refused(store)
    claimed = await claim_one(store)
    await store.outbox.reopen(claimed)
    await store.outbox.put_back(claimed, NOW, "busy", attempted=False)
    assert await condition(store) == MAIN_SMS
    assert await refused(store)
    assert await condition(store) == replace(MAIN_SMS, shut_until=NOW + timedelta(minutes=1), trips=1)


async def test_why_a_channel_is_shut_is_kept_until_it_is_open_again(store: Rooms, database: str) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await store.outbox.trip(claimed, NOW, "x" * 1000)
    assert column(database, "SELECT why FROM channels") == ["x" * 500]
    await store.outbox.reopen(claimed)
    assert column(database, "SELECT why FROM channels") == [""]


# -- A channel that asks for a pause --------------------------------------------------------------------------------


async def test_a_channel_that_asked_for_a_pause_is_shut_until_then_and_was_not_refused(store: Rooms) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await store.outbox.pause(claimed, LATER, "429")
    await store.outbox.put_back(claimed, NOW, "429", attempted=False)
    assert await condition(store) == replace(MAIN_SMS, shut_until=LATER)


async def test_a_pause_is_never_shortened(store: Rooms) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    for until in (LATER, LATER - timedelta(minutes=1), LATER + timedelta(minutes=1), NOW):
        await store.outbox.pause(claimed, until, "429")
    await store.outbox.put_back(claimed, NOW, "429", attempted=False)
    assert (await condition(store)).shut_until == LATER + timedelta(minutes=1)


async def test_a_pause_of_a_channel_that_refused_us_leaves_it_refused(store: Rooms) -> None:
    await queue(store, a_text())
    await refused(store)
    claimed = await claim_one(store)
    await store.outbox.pause(claimed, LATER, "429")
    await store.outbox.put_back(claimed, NOW, "429", attempted=False)
    assert await condition(store) == replace(MAIN_SMS, shut_until=LATER, trips=1)


# -- The pace of a sender -------------------------------------------------------------------------------------------

SPAN = 1000.0  # seconds for one text: so slow that the test's own time makes no difference


async def turns_of(*stores: Rooms, each: int = 1, clinic: str = "main") -> list[int]:
    """How many texts are before each of those who book the sender at the same time."""
    booking = [store.outbox.take_turn_to_send(clinic, SPAN) for _ in range(each) for store in stores]
    return sorted(round(seconds / SPAN) for seconds in await asyncio.gather(*booking))


async def test_a_sender_that_is_free_sends_at_once_and_then_one_text_after_the_other(store: Rooms) -> None:
    assert await store.outbox.take_turn_to_send("main", SPAN) == 0
    assert [round(await store.outbox.take_turn_to_send("main", SPAN) / SPAN) for _ in range(3)] == [1, 2, 3]


async def test_workers_that_book_the_sender_at_once_get_turns_that_do_not_overlap(store: Rooms, database: str) -> None:
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(rooms(database)) for _ in range(4)]
        assert await turns_of(store, *workers, each=6) == list(range(30))


async def test_each_clinic_has_a_sender_of_its_own(store: Rooms) -> None:
    assert await turns_of(store, each=3) == [0, 1, 2]
    assert await turns_of(store, each=2, clinic="east") == [0, 1]


async def test_a_turn_is_counted_on_the_databases_clock(store: Rooms, database: str) -> None:
    before = database_time()
    await store.outbox.take_turn_to_send("main", 5)
    [free_at] = column(database, "SELECT free_at FROM channels")
    assert before + 5000 - 2 <= free_at <= database_time() + 5000
    meddle(database, "UPDATE channels SET free_at = ?", int(database_time() + SPAN * 1000))
    assert round(await store.outbox.take_turn_to_send("main", 5) / SPAN, 1) == 1


async def test_a_sender_that_rested_has_saved_nothing_up(store: Rooms, database: str) -> None:
    await store.outbox.take_turn_to_send("main", SPAN)
    meddle(database, "UPDATE channels SET free_at = ?", int(database_time() - SPAN * 1000))
    assert await turns_of(store, each=3) == [0, 1, 2]


async def test_for_how_long_a_sender_is_booked_is_told_with_its_channel(store: Rooms) -> None:
    await queue(store, a_text())
    await turns_of(store, each=3)
    ahead = (await condition(store)).ahead.total_seconds()
    assert 2.9 * SPAN < ahead <= 3 * SPAN


async def test_a_turn_to_send_opens_no_channel_that_is_shut(store: Rooms) -> None:
    await queue(store, a_text())
    await refused(store)
    await turns_of(store)
    found = await condition(store)
    assert (found.shut_until, found.trips) == (NOW + timedelta(minutes=1), 1)


async def test_a_sender_that_is_free_is_booked_for_no_time(store: Rooms) -> None:
    await queue(store, a_text())
    await store.outbox.take_turn_to_send("main", 0)
    assert (await condition(store)).ahead == timedelta(0)


# -- Waking ---------------------------------------------------------------------------------------------------------


async def test_a_commit_that_queued_an_errand_wakes_the_workers_of_other_processes(store: Rooms, database: str) -> None:
    async with opened(database) as other:
        rung = asyncio.Event()
        watching = asyncio.create_task(other.watch(rung.set))
        if kind_of(database) == "postgresql":
            await asyncio.wait_for(rung.wait(), SOON)  # whatever happened before it listened
            rung.clear()
        await asyncio.sleep(0)  # the first look
        await queue(store, a_text())
        await asyncio.wait_for(rung.wait(), SOON)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
