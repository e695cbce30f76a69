"""The port `Ledger`: the log of facts, and the views beside it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import TypeVar

from eventsourcing.persistence import StoredEvent

from adapters.storage import rows, sealing
from adapters.storage.counting import counted
from adapters.storage.database import Database, Row, Statement, Write, milliseconds
from adapters.storage.group_commit import GroupCommit
from adapters.storage.secrets import StoredSecrets
from domain.booking import Booking
from domain.conversation import Conversation
from domain.errands import Kind
from domain.facts import Fact, conversation_id
from domain.inbound import Delivery
from domain.inbox import Item
from domain.ledger import Known, SentText, Work
from domain.lifecycle import State

FACTS = """
SELECT originator_id, originator_version, topic, state FROM stored_events
WHERE originator_id = :stream ORDER BY originator_version
"""
HISTORY = """
SELECT originator_id, originator_version, topic, state FROM stored_events
WHERE originator_id IN (:stream, :other) ORDER BY {position}
"""
TEXTS = """
SELECT * FROM (
    SELECT {position} AS position, originator_id, originator_version, topic, state FROM stored_events
    WHERE originator_id = :conversation
      AND topic IN ('conversation.heard', 'conversation.question_asked', 'text.sent', 'text.refused',
                    'text.delivery_reported')
    ORDER BY originator_version DESC LIMIT :limit
) AS of_phone
UNION ALL
SELECT {position} AS position, originator_id, originator_version, topic, state FROM stored_events
WHERE originator_id IN (SELECT stream FROM bookings WHERE conversation = :conversation
                        ORDER BY starts_at DESC LIMIT :bookings)
  AND topic IN ('text.sent', 'text.refused', 'text.delivery_reported')
"""
OPEN = """
SELECT stream FROM bookings
WHERE conversation = :conversation AND state IN ('requested', 'sms_sent', 'invalid_reply') ORDER BY starts_at, stream
"""
OVERDUE = """
SELECT stream FROM bookings
WHERE expire_at <= :now AND state IN ('requested', 'sms_sent', 'invalid_reply') ORDER BY expire_at LIMIT :limit
"""
TO_REMIND = """
SELECT stream FROM bookings
WHERE remind_at <= :now AND state IN ('sms_sent', 'invalid_reply') ORDER BY remind_at LIMIT :limit
"""
AHEAD = """
SELECT uid, stream, state FROM bookings WHERE clinic = :clinic AND starts_at > :now ORDER BY stream
"""
LATEST_BOOKINGS = 10  # of one phone
PHONE_DIGESTS = "phone digests"
QUESTION_IS_DUE = """
SELECT 1 FROM outbox
WHERE conversation = :conversation AND status = 'due'
  AND kind IN ('ask', 'ask_by_sms', 'ask_by_whatsapp', 'ask_by_email', 'remind')
"""
ITEM = "SELECT * FROM staff_inbox WHERE stream = :stream AND version = :version"
OPEN_ITEMS = """
SELECT staff_inbox.* FROM staff_inbox_bookings AS about
JOIN staff_inbox ON staff_inbox.stream = about.stream AND staff_inbox.version = about.version
WHERE about.booking = :booking AND staff_inbox.care <> 'done' ORDER BY at, staff_inbox.stream, staff_inbox.version
"""
MAY_HAVE_LEFT = "SELECT 1 FROM outbox WHERE errand = :errand AND attempted_at IS NOT NULL"

Stream = TypeVar("Stream", Booking, Conversation)


class StoredLedger:
    """Facts and views in one database. `wake` is called when a commit has queued errands."""

    def __init__(
        self,
        database: Database,
        commits: GroupCommit,
        wrapping: sealing.Wrapping,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.database = database
        self.commits = commits
        self.wrapping = wrapping
        self.wake = wake
        self._phone_secret: bytes | None = None

    async def open(self) -> None:
        """Read, or make, the key of the phone digests. Raises Misconfigured where ENCRYPTION_KEY is not its."""
        self._phone_secret = await StoredSecrets(self.database, self.commits, self.wrapping).of(PHONE_DIGESTS)

    def conversation_id(self, clinic: str, phone: str) -> str:
        """The stream of this phone at this clinic."""
        if self._phone_secret is None:
            raise RuntimeError("the ledger is not open yet")
        return conversation_id(clinic, sealing.phone_digest(self._phone_secret, phone))

    async def booking(self, stream: str) -> Booking | None:
        """The booking as its facts tell, None where there are none."""
        facts = await self.facts(stream)
        booking: Booking | None = reduce(lambda so_far, fact: fact.mutate(so_far), facts, None)
        return booking

    async def facts(self, stream: str) -> list[Fact]:
        """Every fact of a stream, in order; what is private is readable while its key exists."""
        return await self._to_facts(await self.database.read(FACTS, stream=stream))

    async def history(self, stream: str, other: str | None) -> list[Fact]:
        """The facts of two streams in the order in which they were stored."""
        return await self._to_facts(await self.database.read(HISTORY, stream=stream, other=other or stream))

    async def about(self, booking: str, conversation: str | None) -> list[Fact]:
        """The booking's facts, and those of its conversation in which its name stands, in the order in which they were
        stored. A conversation may be long: what is about other bookings is not even unsealed."""
        found = await self.database.read(HISTORY, stream=booking, other=conversation or booking)
        named = json.dumps(booking, ensure_ascii=False).encode()
        return await self._to_facts(
            [row for row in found if row["originator_id"] == booking or named in bytes(row["state"])]
        )

    async def texts(self, conversation: str, limit: int) -> list[Fact]:
        """The newest facts about texts from and to this phone, in the order in which they were stored: at most so many
        of the conversation itself, and those of its latest bookings."""
        found = await self.database.read(TEXTS, conversation=conversation, limit=limit, bookings=LATEST_BOOKINGS)
        return await self._to_facts(sorted(found, key=lambda row: row["position"]))

    async def _to_facts(self, found: list[Row]) -> list[Fact]:
        stored = [
            StoredEvent(row["originator_id"], row["originator_version"], row["topic"], row["state"]) for row in found
        ]
        keys = await self._keys(sealing.owners_in(row["state"] for row in found))
        return sealing.to_facts(stored, keys)

    async def conversation(self, stream: str) -> Conversation | None:
        """The conversation from its bounded memory."""
        found = await self.database.read("SELECT version, memory FROM conversations WHERE stream = :s", s=stream)
        if not found:
            return None
        return Conversation.remember(stream, found[0]["version"], json.loads(found[0]["memory"]))

    async def open_bookings(self, conversation: str) -> list[str]:
        """Streams of this phone's bookings that still wait for an answer, the earliest start first."""
        return [row["stream"] for row in await self.database.read(OPEN, conversation=conversation)]

    async def was_heard(self, clinic: str, message_id: str) -> bool:
        """Whether this inbound message has been recorded."""
        sql = "SELECT 1 FROM heard_messages WHERE clinic = :clinic AND message_id = :message_id"
        return bool(await self.database.read(sql, clinic=clinic, message_id=message_id))

    async def sent_text(self, message_id: str) -> SentText | None:
        """The text of ours that has this carrier's id."""
        sql = "SELECT * FROM sent_texts WHERE message_id = :message_id AND message_id <> ''"
        return _sent_text(await self.database.read(sql, message_id=message_id))

    async def sent_for(self, errand: str) -> SentText | None:
        """The accepted text of this errand."""
        return _sent_text(await self.database.read("SELECT * FROM sent_texts WHERE errand = :errand", errand=errand))

    async def may_have_left(self, errand: str) -> bool:
        """Whether an attempt at this errand is marked that has no outcome yet."""
        return bool(await self.database.read(MAY_HAVE_LEFT, errand=errand))

    async def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        """Streams of open bookings whose time is up at `now`, the longest overdue first."""
        return [row["stream"] for row in await self.database.read(OVERDUE, now=milliseconds(now), limit=limit)]

    async def to_remind(self, now: datetime, limit: int) -> Sequence[str]:
        """Streams of bookings that wait for an answer and have a reminder due, the longest due first."""
        return [row["stream"] for row in await self.database.read(TO_REMIND, now=milliseconds(now), limit=limit)]

    async def ahead(self, clinic: str, now: datetime) -> Sequence[Known]:
        """The clinic's bookings that have not begun, in the order of their streams."""
        found = await self.database.read(AHEAD, clinic=clinic, now=milliseconds(now))
        return [Known(row["uid"], row["stream"], State(row["state"])) for row in found]

    async def question_is_due(self, conversation: str) -> bool:
        """Whether a question to this phone is still to be sent, or being sent."""
        return bool(await self.database.read(QUESTION_IS_DUE, conversation=conversation))

    async def item(self, stream: str, version: int) -> Item | None:
        """An item of the staff's inbox."""
        found = await self.database.read(ITEM, stream=stream, version=version)
        return rows.item(found[0]) if found else None

    async def open_items(self, booking: str) -> Sequence[Item]:
        """The items about this booking that nobody is done with, the oldest first."""
        return [rows.item(row) for row in await self.database.read(OPEN_ITEMS, booking=booking)]

    async def append(self, work: Work) -> None:
        """Facts, views and errands in one commit."""
        facts = [(fact, stream) for stream in work.changed for fact in stream.new_facts()]
        keys, statements = await self._keys_for([fact for fact, _ in facts])
        statements += [rows.of_stream(stream) for stream in {id(one): one for _, one in facts}.values()]
        for fact, stream in facts:
            statements += rows.of_fact(fact, stream)
        statements += counted(facts)
        statements += _of_work(work)
        stored = sealing.to_stored([fact for fact, _ in facts], keys)
        if stored or statements:
            await self.commits.commit(Write(stored, statements, wakes=bool(work.errands or work.handled)))
        if work.errands:
            self.wake()

    async def _keys(self, owners: Iterable[str]) -> dict[str, bytes]:
        """The keys that exist. Nothing is kept in memory: a destroyed key is gone at once, in every process."""
        keys = {}
        for owner in owners:
            found = await self.database.read("SELECT sealed_key FROM patient_keys WHERE owner = :owner", owner=owner)
            if found:
                keys[owner] = self.wrapping.unwrap(found[0]["sealed_key"], owner)
        return keys

    async def _keys_for(self, facts: Sequence[Fact]) -> tuple[Mapping[str, bytes], list[Statement]]:
        """The keys to seal these facts with. A new owner's is stored in the same commit; if two processes make one
        for the same patient, one of the two commits is a conflict."""
        owners = sealing.owners_of(facts)
        keys, new = await self._keys(owners), []
        for owner in owners - keys.keys():
            keys[owner] = sealing.new_key()
            new.append(rows.new_key(owner, self.wrapping.wrap(keys[owner], owner)))
        return keys, new


def _of_work(work: Work) -> list[Statement]:
    statements = [rows.withdrawn(withdrawal) for withdrawal in work.withdrawals]
    statements += [rows.queued(errand) for errand in work.errands]
    if work.attempt:
        statements.append(rows.attempted(work.attempt))
    if work.given_up:
        statements.append(rows.given_up(work.given_up, must_match=True))
    if work.finished:
        statements.append(rows.finished(work.finished))
    if work.handled:
        statements.append(rows.handled(work.handled))
    return statements


def _sent_text(found: list[Row]) -> SentText | None:
    if not found:
        return None
    row = found[0]
    return SentText(
        message_id=row["message_id"],
        clinic=row["clinic"],
        stream=row["stream"],
        errand=row["errand"],
        kind=Kind(row["kind"]),
        bookings=tuple(json.loads(row["bookings"])),
        status=Delivery(row["status"]),
    )
