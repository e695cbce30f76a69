"""What is private to a patient: sealed in the log with the patient's own key, and gone with that key."""

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from adapters.storage import opening, sealing
from domain.answers import Answers
from domain.booking import Booking
from domain.confirmations import Confirmations, Receipt
from domain.conversation import Conversation
from domain.deadlines import deadlines
from domain.errors import Conflict, Misconfigured
from domain.facts import Private
from domain.ledger import Work
from tests.adapters.storage.history import PRIVATE, History, Step
from tests.adapters.storage.processes import at_once, meet_patients
from tests.adapters.storage.rooms import Rooms, count, rooms
from tests.adapters.storage.test_replay import HISTORIES
from tests.databases import column, empty, kind_of, meddle, seen, server
from tests.examples import NOW, SARAH, UID, a_clinic, a_moment, a_request, a_text

pytestmark = pytest.mark.anyio

CLINICS = {"main": a_clinic()}
STREAM = f"booking-main-{UID}"
ONE, OTHER = "one key of at least 32 characters", "another key of as many characters"
WORDS = "is quarter past fine for my knee?"
SECRETS = ("Sarah", "Miller", SARAH, SARAH[1:], SARAH[2:], WORDS, "knee")
PLAIN, WRAPPED = b"\x00", b"\x01"
MOVE = {
    "sqlite": "UPDATE stored_events SET state = CAST(replace(state, ?, ?) AS BLOB)",
    "postgresql": "UPDATE stored_events SET state = replace(encode(state, 'escape'), ?, ?)::bytea",
}


def books(store: Rooms, **changes: object) -> Awaitable[Receipt]:
    return Confirmations(store.ledger, CLINICS).receive("main", a_request(**changes), NOW)


def texts(store: Rooms, words: str, message_id: str = "SM1") -> Awaitable[Receipt]:
    return Answers(store.ledger, CLINICS).hear("main", a_text(words, message_id), NOW)


def log(database: str) -> bytes:
    """The whole log: every column of every row, and what is only encoded decoded."""
    raw = b"\n".join(
        value if isinstance(value, bytes) else str(value).encode()
        for row in seen(database, "SELECT * FROM stored_events")
        for value in row
    )
    plain = re.sub(rb"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), raw)
    boxes = b"\n".join(base64.b64decode(box) for box in re.findall(rb'"([A-Za-z0-9+/]{16,}={0,2})"', raw))
    return raw + plain + boxes


def on_the_disk(url: str) -> bytes:
    """Everything of this database that lies on the disk."""
    if kind_of(url) == "sqlite":
        path = Path(opening.file_of(url))
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    meddle(url, "CHECKPOINT")
    [oid] = column(url, "SELECT oid FROM pg_database WHERE datname = current_database()")
    folders = [server().folder / "pg_wal", server().folder / "base" / str(oid)]
    return b"".join(file.read_bytes() for folder in folders for file in folder.iterdir() if file.is_file())


async def read(database: str, encryption_key: str = "") -> tuple[Booking, list[Any]]:
    """The booking, and what its patient has said, at a store that is opened anew."""
    async with rooms(database, encryption_key) as store:
        booking = await store.ledger.booking(STREAM)
        facts = await store.ledger.facts(store.ledger.conversation_id("main", SARAH))
    assert booking
    return booking, [fact.words.text for fact in facts if type(fact).TOPIC == "conversation.heard"]


async def a_store_with_a_patient(database: str, encryption_key: str = "") -> None:
    async with rooms(database, encryption_key) as store:
        await books(store)
        await texts(store, WORDS)


# -- The log --------------------------------------------------------------------------------------------------------


async def test_no_name_phone_or_word_of_a_patient_stands_in_the_log(store: Rooms, database: str) -> None:
    await books(store, uid="withPhone")
    await books(store, uid="noPhone", phone=None)
    await texts(store, WORDS)
    found = log(database)
    assert b"Dr. Lee" in found, "what is not private is readable"
    assert not [secret for secret in SECRETS if secret.encode() in found]


@settings(max_examples=15, deadline=None)
@given(HISTORIES)
def test_whatever_happens_nothing_private_stands_in_the_log(lasting: tuple[str, str], history: list[Step]) -> None:
    url, _ = lasting
    empty(url)

    async def lived() -> None:
        async with rooms(url) as store:
            await History(store).run(history)

    asyncio.run(lived())
    found = log(url)
    assert not [secret for secret in PRIVATE if secret.encode() in found]


async def test_the_same_words_are_never_sealed_the_same_way(store: Rooms, database: str) -> None:
    await texts(store, WORDS, "SM1")
    await texts(store, WORDS, "SM2")
    states = column(database, "SELECT state FROM stored_events WHERE topic = 'conversation.heard'")
    assert len({json.loads(state)["words"]["box"] for state in states}) == 2


async def test_a_box_opens_for_its_owner_only(store: Rooms, database: str) -> None:
    """A box that was moved to another patient's fact tells nothing, whoever moved it."""
    await books(store)
    await texts(store, WORDS)
    thief = "conversation-main-thief"
    meddle(database, "INSERT INTO patient_keys SELECT ?, sealed_key FROM patient_keys", thief)
    owner = store.ledger.conversation_id("main", SARAH)
    meddle(database, MOVE[kind_of(database)], owner, thief)
    assert [fact.words for fact in await store.ledger.facts(owner) if hasattr(fact, "words")] == [Private(thief, None)]


# -- Ids ------------------------------------------------------------------------------------------------------------


async def test_an_id_does_not_reveal_the_phone_that_it_stands_for(lasting: tuple[str, str]) -> None:
    for url in lasting:
        empty(url)
    async with rooms(lasting[0]) as one, rooms(lasting[1]) as other:
        ids = [store.ledger.conversation_id("main", SARAH) for store in (one, other)]
        neighbour = one.ledger.conversation_id("main", SARAH[:-1] + "3")
    assert ids[0] != ids[1], "the digest is keyed: whoever tries all numbers needs this store's secret"
    assert all(SARAH[-length:] not in stream for stream in ids for length in range(5, len(SARAH)))
    assert sum(a == b for a, b in zip(ids[0][-32:], neighbour[-32:], strict=True)) < 16


async def test_a_phone_keeps_its_id_when_the_store_is_opened_again_or_by_another_process(database: str) -> None:
    ids = []
    for _ in range(2):
        async with rooms(database) as one, rooms(database) as other:
            ids += [one.ledger.conversation_id("main", SARAH), other.ledger.conversation_id("main", SARAH)]
    assert len(set(ids)) == 1


async def test_several_that_open_a_new_store_at_once_agree_on_its_secret(store: Rooms, database: str) -> None:
    meddle(database, "DELETE FROM store_secrets")
    async with AsyncExitStack() as stack:
        stores = await asyncio.gather(*(stack.enter_async_context(rooms(database)) for _ in range(4)))
        ids = {one.ledger.conversation_id("main", SARAH) for one in stores}
    assert len(ids) == 1


# -- ENCRYPTION_KEY -------------------------------------------------------------------------------------------------


async def test_with_an_encryption_key_no_raw_key_lies_on_the_disk(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []
    new_key = sealing.new_key
    monkeypatch.setattr(sealing, "new_key", lambda: made.append(new_key()) or made[-1])
    await a_store_with_a_patient(database, ONE)
    assert len(made) == 2, "the secret of the ids, and the patient's key"
    stored = column(database, "SELECT sealed_key FROM patient_keys UNION ALL SELECT sealed_key FROM store_secrets")
    assert {key[:1] for key in stored} == {WRAPPED}
    assert not [key for key in made if key in on_the_disk(database)]


async def test_what_was_sealed_with_the_encryption_key_is_read_with_it(database: str) -> None:
    await a_store_with_a_patient(database, ONE)
    booking, said = await read(database, ONE)
    assert (booking.name, said) == (Private(booking.conversation or "", "Sarah Miller"), [WORDS])


@pytest.mark.parametrize("wrong", [OTHER, ""], ids=["another key", "no key"])
async def test_a_wrong_or_missing_encryption_key_is_told_at_the_start_with_its_cure(database: str, wrong: str) -> None:
    await a_store_with_a_patient(database, ONE)
    with pytest.raises(Misconfigured, match=r"ENCRYPTION_KEY: .*; set the one used before"):
        async with rooms(database, wrong):
            pass


async def test_the_encryption_key_can_be_set_later(database: str) -> None:
    await a_store_with_a_patient(database)
    booking, said = await read(database, ONE)
    assert (booking.name and booking.name.text, said) == ("Sarah Miller", [WORDS])
    async with rooms(database, ONE) as store:
        await books(store, uid="newcomer", phone="+12025550103")
        newcomer = store.ledger.conversation_id("main", "+12025550103")
        [key] = column(database, "SELECT sealed_key FROM patient_keys WHERE owner = ?", newcomer)
        assert key[:1] == WRAPPED
        found = await store.ledger.booking("booking-main-newcomer")
        assert found
        assert found.name == Private(newcomer, "Sarah Miller")


@pytest.mark.parametrize("wrong", [OTHER, ""], ids=["another key", "no key"])
async def test_an_encryption_key_that_was_set_later_is_missed_at_the_start_too(database: str, wrong: str) -> None:
    async with rooms(database):
        pass
    await a_store_with_a_patient(database, ONE)
    with pytest.raises(Misconfigured):
        async with rooms(database, wrong):
            pass


# -- Erasure --------------------------------------------------------------------------------------------------------


async def test_without_its_key_a_fact_still_loads_and_reads_as_erased(database: str) -> None:
    await a_store_with_a_patient(database)
    meddle(database, "DELETE FROM patient_keys")
    booking, said = await read(database)
    owner = booking.conversation or ""
    assert (booking.name, booking.phone, said) == (Private(owner, None), Private(owner, None), [None])
    assert (booking.state, booking.practitioner) == ("requested", "Dr. Lee"), "the rest of the story is still told"


async def test_a_destroyed_key_is_gone_at_once_in_every_process(store: Rooms, database: str) -> None:
    await books(store)
    assert (await store.ledger.booking(STREAM)).name.readable == "Sarah Miller"  # type: ignore[union-attr]
    meddle(database, "DELETE FROM patient_keys")
    assert (await store.ledger.booking(STREAM)).name.readable == ""  # type: ignore[union-attr]


async def test_a_patient_who_comes_back_after_an_erasure_has_a_new_key_and_the_past_stays_erased(database: str) -> None:
    await a_store_with_a_patient(database)
    before = column(database, "SELECT sealed_key FROM patient_keys")
    meddle(database, "DELETE FROM patient_keys")
    async with rooms(database) as store:
        await texts(store, "hello again", "SM2")
    booking, said = await read(database)
    assert booking.name
    assert booking.name.text is None
    assert said == [None, "hello again"]
    assert column(database, "SELECT sealed_key FROM patient_keys") != before


async def test_the_key_of_a_booking_without_a_phone_is_its_own(store: Rooms, database: str) -> None:
    await books(store, phone=None)
    assert column(database, "SELECT owner FROM patient_keys") == [STREAM]


# -- Two processes, one new patient -----------------------------------------------------------------------------------


async def test_of_two_processes_that_make_a_key_for_the_same_patient_one_meets_a_conflict(
    store: Rooms, database: str
) -> None:
    """Each has made its key before either has stored one; the loser's facts are not stored under a key that is lost."""
    owner = store.ledger.conversation_id("main", SARAH)
    async with rooms(database) as other:
        outcomes = await asyncio.gather(
            store.ledger.append(Work(changed=[_booking("one", owner)])),
            other.ledger.append(Work(changed=[_booking("other", owner)])),
            return_exceptions=True,
        )
    assert sorted(type(outcome) for outcome in outcomes if outcome) == [Conflict]
    assert count(database, "bookings") == count(database, "patient_keys") == 1
    [stream] = column(database, "SELECT stream FROM bookings")
    assert (await store.ledger.booking(stream)).name == Private(owner, "Sarah Miller")  # type: ignore[union-attr]


async def test_of_two_requests_of_one_process_for_the_same_new_patient_none_is_lost(store: Rooms) -> None:
    await asyncio.gather(*(books(store, uid=uid) for uid in ("one", "other")))
    names = [(await store.ledger.booking(f"booking-main-{uid}")).name for uid in ("one", "other")]  # type: ignore[union-attr]
    assert [name.text for name in names if name] == ["Sarah Miller", "Sarah Miller"]


async def test_processes_that_meet_the_same_patients_at_once_leave_no_unreadable_fact(database: str) -> None:
    async with rooms(database) as store:
        outcomes = sum(at_once(meet_patients, (database, "a", 100), (database, "b", 100)), Counter[str]())
        assert outcomes["stored"] + outcomes["conflict"] == 200
        assert outcomes["stored"] == count(database, "bookings") >= 100
        for stream in column(database, "SELECT stream FROM bookings"):
            booking = await store.ledger.booking(stream)
            assert booking
            assert booking.name == Private(booking.conversation or "", "Sarah Miller")


def _booking(uid: str, conversation: str) -> Booking:
    request = a_request(uid=uid)
    return Booking.request("main", request, conversation, deadlines(NOW, request.starts_at, a_clinic()), a_moment())


def test_a_private_value_does_not_show_itself_in_a_log_line() -> None:
    assert "Sarah" not in repr(Private("owner", "Sarah"))
    assert "Sarah" not in f"{Conversation.start('c', 'main', 'Sarah', a_moment()).new_facts()}"
