"""The outbox: an errand is in one worker's hands, for the length of a lease."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import pytest

from adapters.storage.rows import LEASE_MS
from domain.conversation import Conversation
from domain.errands import Claimed, Errand, Kind, Says
from domain.errors import ClaimLost, Conflict
from domain.inbox import Staff
from domain.ledger import Attempt, GivenUp, Withdrawal, Work
from tests.adapters.storage.processes import at_once, claim_all
from tests.adapters.storage.rooms import Rooms, column, count, meddle, rooms, seen
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


def row(path: Path, *columns: str) -> tuple[Any, ...]:
    [found] = seen(path, f"SELECT {', '.join(columns or '*')} FROM outbox")
    return found


def database_time() -> float:
    """SQLite's clock is the machine's, whatever the caller's `now` is."""
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


async def test_eight_workers_that_claim_at_once_never_hold_the_same_errand(store: Rooms, path: Path) -> None:
    errands = [a_text(number) for number in range(80)]
    await queue(store, *errands)
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(rooms(path)) for _ in range(8)]
        shares = await asyncio.gather(*(claim(worker, 5) for worker in workers for _ in range(3)))
    assert sorted(keys(joined(shares))) == sorted(keys(errands))


async def test_processes_that_claim_at_once_never_hold_the_same_errand(store: Rooms, path: Path) -> None:
    errands = [a_text(number) for number in range(100)]
    await queue(store, *errands)
    shares = at_once(claim_all, (path,), (path,), (path,))
    assert sorted(joined(shares)) == sorted(keys(errands))


async def test_an_idle_worker_writes_nothing(store: Rooms) -> None:
    await queue(store, a_text(1, LATER))
    statements: list[str] = []
    with store.database.recorder.datastore.get_connection(commit=True) as writer:
        writer._sqlite_conn.set_trace_callback(statements.append)
    assert await claim(store) == []
    assert statements == []


async def test_an_errand_whose_outcome_is_recorded_is_gone(store: Rooms) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await finish(store, claimed)
    assert await store.outbox.get(claimed.errand.key) is None


# -- Leases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [NOW, FAR_FUTURE], ids=["now", "far future"])
async def test_a_lease_runs_on_the_databases_clock_whatever_the_workers_shows(
    store: Rooms, path: Path, now: datetime
) -> None:
    await queue(store, a_text())
    before = database_time()
    assert len(await claim(store, now=now)) == 1
    [lease_until] = row(path, "lease_until")
    assert before + LEASE_MS - 2 <= lease_until <= database_time() + LEASE_MS
    assert await claim(store, now=FAR_FUTURE) == []


async def test_an_expired_lease_without_a_mark_makes_the_errand_simply_due(store: Rooms, path: Path) -> None:
    await queue(store, a_text())
    await claim_one(store)
    meddle(path, RAN_OUT)
    again = await claim_one(store)
    assert (again.attempts, again.in_doubt, again.text) == (2, False, "")


async def test_an_expired_lease_with_a_mark_puts_the_errand_in_doubt(store: Rooms, path: Path) -> None:
    await queue(store, a_text())
    await store.outbox.mark(Attempt(await claim_one(store), NOW, "the very words"))
    assert await claim(store) == []
    meddle(path, RAN_OUT)
    again = await claim_one(store)
    assert (again.attempts, again.in_doubt, again.attempted_at, again.text) == (2, True, NOW, "the very words")


async def test_a_mark_renews_the_lease(store: Rooms, path: Path) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    meddle(path, "UPDATE outbox SET lease_until = lease_until - 10000")
    before = database_time()
    await store.outbox.mark(Attempt(claimed, NOW, "words"))
    assert row(path, "lease_until")[0] >= before + LEASE_MS - 2


@pytest.mark.parametrize("claimed_by_another", [True, False], ids=["claimed by another", "claimed by nobody"])
async def test_a_mark_after_the_claim_is_lost_is_refused_with_everything_beside_it(
    store: Rooms, path: Path, claimed_by_another: bool
) -> None:
    await queue(store, a_text())
    slow = await claim_one(store)
    meddle(path, RAN_OUT)
    if claimed_by_another:
        await claim_one(store)
    before = row(path)
    speaker = Conversation.start(store.ledger.conversation_id("main", SARAH), "main", SARAH, a_moment())
    with pytest.raises(ClaimLost):
        await store.ledger.append(Work(changed=[speaker], attempt=Attempt(slow, NOW, "words")))
    with pytest.raises(ClaimLost):
        await store.outbox.mark(Attempt(slow, NOW, "words"))
    assert row(path) == before
    assert count(path, "stored_events") == 0


async def test_a_mark_on_an_errand_whose_outcome_is_recorded_is_refused(store: Rooms) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await finish(store, claimed)
    with pytest.raises(ClaimLost):
        await store.outbox.mark(Attempt(claimed, NOW))


async def test_a_worker_that_lost_its_claim_can_neither_put_the_errand_back_nor_give_it_up(
    store: Rooms, path: Path
) -> None:
    await queue(store, a_text())
    slow = await claim_one(store)
    meddle(path, RAN_OUT)
    await store.outbox.mark(Attempt(await claim_one(store), NOW, "the other's words"))
    before = row(path)
    await store.outbox.put_back(slow, LATER, "slow", attempted=False)
    await store.outbox.give_up(GivenUp(slow, "slow"))
    assert row(path) == before


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


async def test_an_errand_that_was_given_up_is_kept_and_claimed_no_more(store: Rooms, path: Path) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    await store.outbox.give_up(GivenUp(claimed, "x" * 1000))
    meddle(path, RAN_OUT)
    assert await claim(store, now=FAR_FUTURE) == []
    assert row(path, "status", "note") == ("dead", "x" * 500)
    assert await store.outbox.get(claimed.errand.key)


async def test_an_errand_is_given_up_in_the_commit_that_calls_staff_or_not_at_all(store: Rooms, path: Path) -> None:
    await queue(store, a_text())
    claimed = await claim_one(store)
    speaker = Conversation.start(store.ledger.conversation_id("main", SARAH), "main", SARAH, a_moment())
    speaker.hand_to_staff(Staff.TEXT_IN_DOUBT, a_moment())
    await store.ledger.append(Work(changed=[speaker], given_up=GivenUp(claimed, "in doubt")))
    assert (row(path, "status", "note"), count(path, "staff_inbox")) == (("dead", "in doubt"), 1)
    with pytest.raises(Conflict):
        await store.ledger.append(Work(changed=[speaker], given_up=GivenUp(claimed, "again")))
    assert row(path, "note") == ("in doubt",)


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


async def test_workers_that_claim_at_once_never_hold_two_errands_of_one_lane(store: Rooms, path: Path) -> None:
    lanes = {lane: list(range(1, 6)) for lane in ("a", "b", "c")}
    await queue(store, *(a_call(version, lane) for lane, versions in lanes.items() for version in versions))
    done: dict[str, list[int]] = {lane: [] for lane in lanes}
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(rooms(path)) for _ in range(4)]
        for _ in range(5):
            held = joined(await asyncio.gather(*(claim(worker) for worker in workers)))
            assert sorted(str(claimed.errand.lane) for claimed in held) == list(lanes)
            for claimed in held:
                done[str(claimed.errand.lane)].append(claimed.errand.version)
                await finish(store, claimed)
    assert done == lanes


# -- Withdrawal -----------------------------------------------------------------------------------------------------


async def test_a_withdrawal_drops_what_nobody_has_begun_in_its_lane_only(store: Rooms, path: Path) -> None:
    await queue(store, a_call(1), a_call(2), a_call(1, "other"), a_text(5))
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")]))
    assert sorted(column(path, "SELECT stream FROM outbox")) == ["other", "stream5"]


async def test_a_withdrawal_leaves_an_errand_that_is_in_a_workers_hands(store: Rooms) -> None:
    await queue(store, a_call(1), a_call(2))
    claimed = await claim_one(store)
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")]))
    await store.outbox.mark(Attempt(claimed, NOW))
    assert await store.outbox.get(a_call(2).key) is None


async def test_a_withdrawal_leaves_an_errand_that_may_have_been_carried_out(store: Rooms, path: Path) -> None:
    await queue(store, a_call(1))
    claimed = await claim_one(store)
    await store.outbox.mark(Attempt(claimed, NOW))
    await store.outbox.put_back(claimed, NOW, "in doubt", attempted=True)
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")]))
    assert (await claim_one(store)).in_doubt


async def test_a_withdrawal_drops_what_was_claimed_once_but_surely_not_begun(store: Rooms, path: Path) -> None:
    await queue(store, a_call(1))
    await claim_one(store)
    meddle(path, RAN_OUT)
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")]))
    assert count(path, "outbox") == 0


async def test_a_newer_decision_withdraws_the_older_and_stands_in_one_commit(store: Rooms, path: Path) -> None:
    await queue(store, a_call(1))
    await store.ledger.append(Work(withdrawals=[Withdrawal("booking")], errands=[a_call(2)]))
    assert column(path, "SELECT version FROM outbox") == [2]
