"""The ledger: facts, views, errands and keys are one commit, and what was stored is what is read."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest

from adapters.storage import postgresql
from adapters.storage.database import milliseconds
from adapters.storage.ledger import StoredLedger
from adapters.storage.sealing import Wrapping
from domain.answers import Answers
from domain.confirmations import Confirmations, Receipt
from domain.conversation import Conversation
from domain.conversation_facts import Outcome
from domain.errands import Claimed, Errand, Kind
from domain.errors import Conflict, StorageAway
from domain.expiry import Expiry
from domain.inbound import Blame, BookingSettled, Delivery, Settlement
from domain.inbox import Staff
from domain.ledger import Known, SentText, Work
from domain.lifecycle import State
from domain.offering import Offering
from domain.outcomes import TextOutcomes
from domain.ports import Rejected
from domain.replies import interpret
from domain.speech import Speech
from domain.ways import Way
from tests.adapters.storage.rooms import Rooms, count, overheard, rooms
from tests.databases import another_process, column, kind_of, meddle, seen
from tests.examples import NOW, SARAH, START, UID, a_clinic, a_moment, a_request, a_text

pytestmark = pytest.mark.anyio

CLINICS = {"main": a_clinic()}
STREAM = f"booking-main-{UID}"
BEGIN = {"sqlite": ["BEGIN IMMEDIATE"], "postgresql": ["BEGIN", postgresql.LOCK]}
TABLES = ("stored_events", "bookings", "conversations", "heard_messages", "sent_texts", "staff_inbox", "outbox")


def books(store: Rooms, now: datetime = NOW, **changes: object) -> Awaitable[Receipt]:
    return Confirmations(store.ledger, CLINICS).receive("main", a_request(**changes), now)


def texts(store: Rooms, words: str, message_id: str = "SM1", **changes: object) -> Awaitable[Receipt]:
    return Answers(store.ledger, CLINICS).hear("main", a_text(words, message_id, **changes), NOW)


async def conversation(store: Rooms, phone: str = SARAH) -> Conversation:
    """A phone that is met for the first time."""
    return Conversation.start(store.ledger.conversation_id("main", phone), "main", phone, a_moment())


def hears(speaker: Conversation, message_id: str) -> Conversation:
    speaker.hear(a_text("hi", message_id), interpret("hi"), Outcome.NOTED, a_moment())
    return speaker


def says(speaker: Conversation, errand: str, message_id: str) -> Conversation:
    speaker.text_accepted(Kind.ANSWER, errand, a_moment(), message_id=message_id, proved_by="call")
    return speaker


def an_errand(stream: str, version: int = 2) -> Errand:
    return Errand(stream, version, Kind.ASK, "main", NOW, stream)


def sizes(database: str) -> dict[str, int]:
    return {table: size for table in (*TABLES, "patient_keys") if (size := count(database, table))}


# -- One commit ---------------------------------------------------------------------------------------------------


async def test_facts_rows_of_the_views_errands_and_keys_are_one_commit(store: Rooms, database: str) -> None:
    with overheard(store.database) as said:
        await books(store)
    assert said.count("COMMIT") == 1
    written = {"stored_events": 3, "bookings": 1, "conversations": 1, "outbox": 1, "patient_keys": 1}
    assert sizes(database) == written


async def test_where_an_errand_cannot_be_stored_nothing_is(store: Rooms, database: str) -> None:
    speaker = hears(await conversation(store), "SM1")
    work = Work(changed=[speaker], errands=[an_errand(speaker.id), an_errand(speaker.id)])
    with pytest.raises(Conflict):
        await store.ledger.append(work)
    assert sizes(database) == {}


async def test_where_a_row_of_a_view_cannot_be_stored_nothing_is(store: Rooms, database: str) -> None:
    await store.ledger.append(Work(changed=[hears(await conversation(store), "SM1")]))
    before = sizes(database)
    other = hears(await conversation(store, "+12025550103"), "SM1")
    with pytest.raises(Conflict):
        await store.ledger.append(Work(changed=[other], errands=[an_errand(other.id)]))
    assert sizes(database) == before


async def test_where_a_fact_cannot_be_stored_nothing_is(store: Rooms, database: str) -> None:
    await books(store)
    [first, second] = [await store.ledger.booking(STREAM) for _ in range(2)]
    assert first
    assert second
    first.staff_cancels("front desk", a_moment())
    await store.ledger.append(Work(changed=[first]))
    before = sizes(database)
    second.staff_confirms("doctor", a_moment())
    newcomer = await conversation(store, "+12025550103")
    with pytest.raises(Conflict):
        await store.ledger.append(Work(changed=[newcomer, second], errands=[an_errand(STREAM)]))
    assert sizes(database) == before
    assert column(database, "SELECT state FROM bookings") == ["cancelled"]


async def test_a_decision_that_stores_nothing_is_no_transaction(store: Rooms) -> None:
    await books(store)
    with overheard(store.database) as said:
        await store.ledger.append(Work(changed=[await store.ledger.booking(STREAM)]))  # type: ignore[list-item]
    assert said == []


async def test_the_worker_is_woken_after_a_commit_that_queued_errands_and_after_no_other(
    store: Rooms, database: str
) -> None:
    woken: list[int] = []
    ledger = StoredLedger(store.database, store.commits, Wrapping(), lambda: woken.append(count(database, "outbox")))
    await ledger.open()
    confirmations = Confirmations(ledger, CLINICS)
    await confirmations.receive("main", a_request(), NOW)
    assert woken == [1]
    await confirmations.receive("main", BookingSettled(UID, Settlement.CANCELLED), NOW)
    assert woken == [1]


# -- What was stored is what is read ------------------------------------------------------------------------------


async def test_a_booking_is_read_as_it_was_decided(store: Rooms) -> None:
    await books(store)
    booking = await store.ledger.booking(STREAM)
    assert booking
    booking.put_question("errand", a_moment())
    booking.question_accepted("errand", "SM9", "call", a_moment())
    booking.staff_confirms("front desk", a_moment())
    booking.hand_to_staff(Staff.NO_ANSWER, a_moment())
    await store.ledger.append(Work(changed=[booking]))
    again = await store.ledger.booking(STREAM)
    assert again
    assert [(fact.originator_version, type(fact).TOPIC) for fact in booking.new_facts()] == [
        (2, "booking.question_put"),
        (3, "booking.sms_sent"),
        (4, "booking.confirmed_by_staff"),
        (5, "staff.needed"),
    ]
    booking.collect_events()
    assert vars(again) == vars(booking)


async def test_a_stream_that_has_no_facts_is_none(store: Rooms) -> None:
    assert await store.ledger.booking("booking-main-nobody") is None
    assert await store.ledger.conversation("conversation-main-nobody") is None


async def asks(store: Rooms, booking_stream: str, errand: str) -> None:
    """The question about a booking has left, and the carrier has it."""
    speaker = await store.ledger.conversation(store.ledger.conversation_id("main", SARAH))
    booking = await store.ledger.booking(booking_stream)
    assert speaker
    assert booking
    speaker.ask(errand, (booking_stream,), "Reply YES", a_moment())
    accepted = {"message_id": f"SM {errand}", "proved_by": "call", "bookings": (booking_stream,)}
    speaker.text_accepted(Kind.ASK, errand, a_moment(), **accepted)
    booking.put_question(errand, a_moment())
    booking.question_accepted(errand, f"SM {errand}", "call", a_moment())
    await store.ledger.append(Work(changed=[speaker, booking]))


async def a_long_story(store: Rooms) -> str:
    """A conversation with something of everything, of which only the memory is kept."""
    await texts(store, "hello?", "SM-first")
    await books(store)
    await asks(store, STREAM, "one")
    await texts(store, "yes", "SM-yes")
    await books(store, uid="second")
    await asks(store, "booking-main-second", "other")
    for number, words in enumerate(["maybe", "START", "what?", "hm", "wrong number"]):
        await texts(store, words, f"SM{number}")
    stream = store.ledger.conversation_id("main", SARAH)
    speaker = await store.ledger.conversation(stream)
    assert speaker
    speaker.ask("third", (STREAM,), "Reply YES", a_moment())
    speaker.close_way(Way.WHATSAPP, Blame.NO_WAY, "63003", (STREAM,), a_moment())
    await store.ledger.append(Work(changed=[speaker]))
    return stream


async def test_a_conversation_remembers_what_its_facts_tell(store: Rooms) -> None:
    """A memory is enough to decide from: bounded, and the same as the whole history."""
    stream = await a_long_story(store)
    remembered = await store.ledger.conversation(stream)
    told: Conversation = reduce(lambda so_far, fact: fact.mutate(so_far), await store.ledger.facts(stream), None)
    assert remembered
    assert all(told.memory().values()), "the story has something to remember of every kind"
    assert remembered.memory() == told.memory()
    assert remembered.version == told.version


async def test_the_row_of_a_booking_shows_it_as_it_is_after_its_newest_fact(store: Rooms, database: str) -> None:
    await books(store)
    await books(store, NOW + timedelta(hours=1), starts_at=START + timedelta(days=1))
    await books(store, uid="settled", phone=None)
    settled = BookingSettled("settled", Settlement.REJECTED)
    await Confirmations(store.ledger, CLINICS).receive("main", settled, NOW + timedelta(hours=2))
    for stream in (STREAM, "booking-main-settled"):
        booking = await store.ledger.booking(stream)
        assert booking
        who = "version, clinic, uid, state, conversation, name, phone, practitioner"
        when = "starts_at, remind_at, expire_at, updated_at"
        assert seen(database, f"SELECT {who}, {when} FROM bookings WHERE stream = ?", stream) == [
            (
                *(booking.version, booking.clinic, booking.uid, booking.state, booking.conversation),
                *(booking.name and booking.name.text, booking.phone and booking.phone.text, booking.practitioner),
                *(milliseconds(at) for at in (booking.starts_at, *(booking.reminders[:1] or [None]))),
                *(milliseconds(at) for at in (booking.expire_at, booking.modified_on)),
            )
        ]


async def test_two_streams_are_told_in_the_order_in_which_they_were_stored(store: Rooms) -> None:
    await books(store)
    await texts(store, "hello?")
    await books(store, starts_at=START + timedelta(days=1))
    told = await store.ledger.history(STREAM, store.ledger.conversation_id("main", SARAH))
    assert [type(fact).TOPIC for fact in told] == [
        "booking.requested",
        "conversation.started",
        "conversation.booking_joined",
        "conversation.heard",
        "staff.needed",
        "booking.start_moved",
        "conversation.booking_joined",
    ]


async def test_what_is_about_a_booking_leaves_out_what_its_phone_says_about_others(store: Rooms) -> None:
    await books(store)
    await books(store, uid="another")
    conversation = store.ledger.conversation_id("main", SARAH)
    told = await store.ledger.about(STREAM, conversation)
    assert [type(fact).TOPIC for fact in told] == ["booking.requested", "conversation.booking_joined"]
    assert await store.ledger.about(STREAM, None) == told[:1]


async def test_what_is_read_was_committed_and_a_reader_waits_for_no_writer(store: Rooms, database: str) -> None:
    with another_process(database) as other:
        for statement in BEGIN[kind_of(database)]:
            other(statement)
        other("INSERT INTO heard_messages VALUES ('main', 'SM1')")
        assert not await store.ledger.was_heard("main", "SM1")
        other("COMMIT")
    assert await store.ledger.was_heard("main", "SM1")


async def test_a_database_that_cannot_be_read_is_away(store: Rooms, database: str) -> None:
    meddle(database, "DROP TABLE heard_messages")
    with pytest.raises(StorageAway):
        await store.ledger.was_heard("main", "SM1")


# -- Once ---------------------------------------------------------------------------------------------------------


async def test_a_message_is_heard_once_though_two_processes_receive_it(store: Rooms, database: str) -> None:
    async with rooms(database) as other:
        receipts = await asyncio.gather(*(texts(one, "hello") for one in (store, other, store, other)))
    assert sorted(receipts) == ["accepted", "duplicate", "duplicate", "duplicate"]
    assert column(database, "SELECT count(*) FROM stored_events WHERE topic = 'conversation.heard'") == [1]


async def test_the_same_message_id_at_another_clinic_is_another_message(store: Rooms) -> None:
    await texts(store, "hello")
    assert await store.ledger.was_heard("main", "SM1")
    assert not await store.ledger.was_heard("east", "SM1")


async def test_a_text_is_sent_once_for_each_errand(store: Rooms) -> None:
    with pytest.raises(Conflict):
        await store.ledger.append(Work(changed=[says(says(await conversation(store), "one", "SM1"), "one", "SM2")]))


async def test_a_message_id_belongs_to_one_errand_only(store: Rooms) -> None:
    with pytest.raises(Conflict):
        await store.ledger.append(Work(changed=[says(says(await conversation(store), "one", "SM1"), "other", "SM1")]))


async def test_texts_whose_id_the_carrier_has_not_named_are_no_conflict_and_are_found_by_their_errand(
    store: Rooms,
) -> None:
    speaker = says(says(await conversation(store), "one", ""), "other", "")
    await store.ledger.append(Work(changed=[speaker]))
    assert await store.ledger.sent_text("") is None
    expected = SentText("", "main", speaker.id, "other", Kind.ANSWER, (), Delivery.ACCEPTED)
    assert await store.ledger.sent_for("other") == expected


async def test_a_report_is_seen_at_the_text_that_it_reports_on(store: Rooms) -> None:
    speaker = says(says(await conversation(store), "one", "SM1"), "other", "SM2")
    report: dict[str, Any] = {"message_id": "SM1", "status": Delivery.DELIVERED, "error_code": ""}
    speaker.delivery_reported(Kind.ANSWER, "one", a_moment(), **report)
    await store.ledger.append(Work(changed=[speaker]))
    found = [await store.ledger.sent_text(message_id) for message_id in ("SM1", "SM2")]
    assert [text.status for text in found if text] == [Delivery.DELIVERED, Delivery.ACCEPTED]


async def test_a_text_is_recorded_though_the_question_about_a_new_start_was_refused(
    store: Rooms, database: str
) -> None:
    outcomes = TextOutcomes(store.ledger, CLINICS)
    await books(store)
    await outcomes.accepted(await the_question(store), "SM-out", "call", NOW)
    await books(store, starts_at=START + timedelta(days=1))
    await outcomes.rejected(await the_question(store), Rejected("30006"), NOW)
    assert await texts(store, "yes") == Receipt.ACCEPTED
    assert column(database, "SELECT message_id FROM heard_messages") == ["SM1"]


async def the_question(store: Rooms) -> Claimed:
    """The only errand there is, about to leave."""
    [claimed] = await store.outbox.claim(NOW, 2)
    prepared = await Speech(store.ledger, CLINICS, Offering(str, {})).prepare(claimed, NOW)
    assert prepared
    return prepared[0]


# -- What waits ---------------------------------------------------------------------------------------------------


async def test_open_bookings_are_those_of_the_phone_that_wait_the_earliest_start_first(store: Rooms) -> None:
    for days, uid in ((3, "late"), (1, "soonB"), (2, "middle"), (1, "soonA"), (1, "settled")):
        await books(store, uid=uid, starts_at=START + timedelta(days=days))
    await books(store, uid="stranger", phone="+12025550103")
    await Confirmations(store.ledger, CLINICS).receive("main", BookingSettled("settled", Settlement.CONFIRMED), NOW)
    waiting = await store.ledger.open_bookings(store.ledger.conversation_id("main", SARAH))
    assert waiting == [f"booking-main-{uid}" for uid in ("soonA", "soonB", "middle", "late")]


@pytest.mark.parametrize("state", State)
async def test_a_booking_waits_in_the_open_states_only(store: Rooms, database: str, state: State) -> None:
    await books(store)
    meddle(database, "UPDATE bookings SET state = ?", str(state))
    waiting = await store.ledger.open_bookings(store.ledger.conversation_id("main", SARAH))
    overdue = await store.ledger.overdue(START, 10)
    waits = state in (State.REQUESTED, State.SMS_SENT, State.INVALID_REPLY)
    assert (waiting, overdue) == (([STREAM], [STREAM]) if waits else ([], []))


async def test_overdue_are_those_whose_time_is_up_the_longest_overdue_first(store: Rooms) -> None:
    for hours, uid in ((3, "c"), (1, "b"), (2, "a"), (9, "later")):
        await books(store, NOW + timedelta(hours=hours), uid=uid, phone=None, starts_at=START + timedelta(days=9))
    up = NOW + timedelta(hours=3) + a_clinic().expire_after
    longest_first = [f"booking-main-{uid}" for uid in ("b", "a", "c")]
    assert await store.ledger.overdue(up, 10) == longest_first
    assert await store.ledger.overdue(up, 2) == longest_first[:2]
    assert await store.ledger.overdue(up - timedelta(milliseconds=1), 10) == longest_first[:2]


async def test_to_remind_are_those_who_have_the_question_and_whose_reminder_is_due_the_longest_due_first(
    store: Rooms, database: str
) -> None:
    hours = {"c": 3, "b": 1, "a": 2, "later": 9, "never": None}
    for uid, due in hours.items():
        await books(store, uid=uid)
        remind_at = due and milliseconds(NOW + timedelta(hours=due))
        meddle(database, "UPDATE bookings SET state = 'sms_sent', remind_at = ? WHERE uid = ?", remind_at, uid)
    due, longest_first = NOW + timedelta(hours=3), [f"booking-main-{uid}" for uid in ("b", "a", "c")]
    assert await store.ledger.to_remind(due, 10) == longest_first
    assert await store.ledger.to_remind(due, 2) == longest_first[:2]
    assert await store.ledger.to_remind(due - timedelta(milliseconds=1), 10) == longest_first[:2]


@pytest.mark.parametrize("state", State)
async def test_nobody_is_reminded_who_was_not_asked_or_has_answered(store: Rooms, database: str, state: State) -> None:
    await books(store)
    meddle(database, "UPDATE bookings SET remind_at = 1, state = ?", str(state))
    assert bool(await store.ledger.to_remind(NOW, 10)) is (state in (State.SMS_SENT, State.INVALID_REPLY))


async def test_the_expiry_job_ends_though_a_booking_is_up_within_the_same_millisecond(store: Rooms) -> None:
    """The view keeps milliseconds, the facts keep all: what the one calls overdue, the other may not."""
    await books(store, NOW + timedelta(microseconds=900))
    booking = await store.ledger.booking(STREAM)
    assert booking
    assert booking.expire_at
    before = await Expiry(store.ledger, CLINICS).run(booking.expire_at - timedelta(microseconds=300))
    after = await Expiry(store.ledger, CLINICS).run(booking.expire_at + timedelta(milliseconds=1))
    assert (before.done, after.done) == (0, 1)


async def test_the_expiry_job_of_two_processes_expires_each_booking_once(store: Rooms, database: str) -> None:
    for number in range(30):
        await books(store, uid=f"u{number}", phone=f"+120255501{number:02}")
    async with rooms(database) as other:
        passes = await asyncio.gather(*(Expiry(one.ledger, CLINICS).run(START) for one in (store, other)))
    assert sum(one.done for one in passes) == 30
    assert sum(one.failed for one in passes) == 0
    assert column(database, "SELECT count(*) FROM stored_events WHERE topic = 'booking.expired'") == [30]


async def test_bookings_ahead_are_those_of_the_clinic_that_have_not_begun_whatever_became_of_them(
    store: Rooms, database: str
) -> None:
    for days, uid in ((3, "late"), (1, "soon"), (1, "settled"), (0, "begun")):
        await books(store, uid=uid, starts_at=START + timedelta(days=days))
    await Confirmations(store.ledger, CLINICS).receive("main", BookingSettled("settled", Settlement.CANCELLED), NOW)
    meddle(database, "UPDATE bookings SET clinic = 'east' WHERE uid = 'late'")
    assert await store.ledger.ahead("main", START) == [
        Known("settled", "booking-main-settled", State.CANCELLED),
        Known("soon", "booking-main-soon", State.REQUESTED),
    ]
    assert await store.ledger.ahead("main", START + timedelta(days=1)) == []


async def test_a_question_may_have_left_while_its_attempt_is_marked(store: Rooms, database: str) -> None:
    await books(store)
    [errand] = column(database, "SELECT errand FROM outbox")
    assert not await store.ledger.may_have_left(errand)
    meddle(database, "UPDATE outbox SET attempted_at = 1")
    assert await store.ledger.may_have_left(errand)
    assert not await store.ledger.may_have_left("other")


# -- Storms -------------------------------------------------------------------------------------------------------

STORM = 64


async def test_every_booking_of_a_series_is_taken_in_though_they_arrive_at_once(store: Rooms) -> None:
    confirmations = Confirmations(store.ledger, CLINICS)
    weekly = [a_request(uid=f"u{week}", starts_at=START + timedelta(weeks=week)) for week in range(STORM)]
    receipts = await asyncio.gather(*(confirmations.receive("main", one, NOW) for one in weekly))
    assert receipts == [Receipt.ACCEPTED] * STORM


async def test_every_text_of_a_storm_from_one_phone_is_recorded(store: Rooms) -> None:
    answers = Answers(store.ledger, CLINICS)
    storm = [a_text("hello", f"SM{number}") for number in range(STORM)]
    receipts = await asyncio.gather(*(answers.hear("main", one, NOW) for one in storm))
    assert receipts == [Receipt.ACCEPTED] * STORM


async def test_requests_of_different_patients_at_once_are_no_conflicts(store: Rooms, database: str) -> None:
    await asyncio.gather(*(books(store, uid=f"u{number}", phone=f"+120255501{number:02}") for number in range(STORM)))
    assert count(database, "bookings") == STORM
    versions = "SELECT max(originator_version), count(*) FROM stored_events GROUP BY originator_id"
    assert all(highest == size for highest, size in seen(database, versions))
