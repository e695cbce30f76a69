"""Many bookings: a few are made by the real code, and SQL multiplies them: their facts, and the rows beside them.

A sample's name stands in all its ids and nowhere else, so that a copy is the same text with another name.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.storage import migrations, opening
from adapters.storage.database import Write
from adapters.storage.ledger import StoredLedger
from adapters.storage.sealing import Wrapping
from bench.storage import Collected
from domain.booking import Booking
from domain.clinics import Clinic
from domain.conversation import Conversation
from domain.conversation_facts import Outcome
from domain.correspondence import HandedToStaff
from domain.deadlines import Deadlines
from domain.errands import Kind
from domain.facts import Moment, conversation_id
from domain.inbound import BookingRequested, InboundText
from domain.inbox import Care, Item, Staff
from domain.ledger import Work
from domain.replies import interpret
from tests.databases import another_process, kind_of

NOW = datetime(2026, 5, 8, 9, 0, tzinfo=UTC)
REQUESTED, FAR = NOW - timedelta(days=30), NOW + timedelta(days=365)
CLINIC = Clinic("main", "Cal.com Clinic", phone="+12025550100")
IDS = range(10_000_000, 90_000_000)  # the bookings lie scattered among each other, in the log and in every index
AT_A_TIME = 100_000
BATCH = 500

Ask = Callable[..., list[tuple[Any, ...]]]


# -- By the real code -------------------------------------------------------------------------------------------------


class Patient:
    """One phone with one booking, which has been asked about unless nobody has `asked`."""

    def __init__(self, name: str, deadlines: Deadlines, *, asked: bool = True) -> None:
        self.moment = Moment(REQUESTED, name)
        stream = conversation_id(CLINIC.key, name)
        self.conversation = Conversation.start(stream, CLINIC.key, "+12025550102", self.moment)
        self.books(name, deadlines, asked=asked)

    def says(self, words: str) -> "Patient":
        booking, meaning = self.booking, interpret(words)
        self.hears(words, f"SMreply{booking.uid}", Outcome.DECIDED)
        private = self.conversation.private(words)
        booking.reply(meaning.answer, f"SMreply{booking.uid}", private, meaning.rule, self.moment)
        booking.calendar_agrees("accepted", "call", self.moment)
        return self

    def says_something(self, words: str) -> "Patient":
        """Which nobody understands."""
        booking, meaning = self.booking, interpret(words)
        self.hears(words, f"SMunclear{booking.uid}", Outcome.UNCLEAR)
        private = self.conversation.private(words)
        booking.reply(meaning.answer, f"SMunclear{booking.uid}", private, meaning.rule, self.moment)
        return self

    def says_nothing(self) -> "Patient":
        self.booking.run_out(False, NOW, self.moment)
        return self

    def hears(self, words: str, message_id: str, outcome: Outcome) -> None:
        """The conversation hears a text."""
        text = InboundText(message_id, "+12025550102", CLINIC.phone, words)
        self.conversation.hear(text, interpret(words), outcome, self.moment, bookings=(self.booking.id,))

    def is_answered(self, words: str, errand: str) -> None:
        """A text of ours that is no question."""
        said = {"words": self.conversation.private(words), "bookings": (self.booking.id,)}
        told = {"message_id": f"SM{errand}", "proved_by": "call", "segments": 1}
        self.conversation.text_accepted(Kind.ANSWER, errand, self.moment, **said, **told)

    def needs_staff(self, reason: Staff, care: Care = Care.OPEN) -> "Patient":
        booking, named = self.booking, (self.booking.id,)
        booking.hand_to_staff(reason, self.moment, bookings=named)
        if care is not Care.OPEN:
            version = next(one for one in booking.new_facts() if isinstance(one, HandedToStaff)).originator_version
            booking.item_handled(
                Item(booking.id, version, CLINIC.key, reason, "", named, self.moment.at), care, "Ana", self.moment
            )
        return self

    @property
    def work(self) -> Work:
        return Work(changed=[self.conversation, self.booking])

    def books(self, uid: str, deadlines: Deadlines, *, asked: bool = True) -> None:
        """The booking of which everything afterwards speaks."""
        request = BookingRequested(
            uid=uid,
            starts_at=FAR,
            ends_at=FAR + timedelta(minutes=30),
            patient_name="Sarah Miller",
            phone="+12025550102",
            language="en",
            time_zone="America/New_York",
            practitioner="Dr. Lee",
            told_at=REQUESTED,
        )
        self.booking = Booking.request(CLINIC.key, request, self.conversation.id, deadlines, self.moment)
        self.conversation.join(self.booking.id, deadlines.ask_at, self.moment)
        if asked:
            self._asked(self.booking)

    def _asked(self, booking: Booking) -> None:
        errand, message_id, named = f"errand{booking.uid}", f"SM{booking.uid}", (booking.id,)
        words = "Cal.com Clinic: Hi Sarah! Confirm your appointment with Dr. Lee on Tue 12 May at 10:30 am?"
        self.conversation.ask(errand, named, words, self.moment)
        booking.put_question(errand, self.moment)
        accepted = {"message_id": message_id, "proved_by": "call"}
        self.conversation.text_accepted(Kind.ASK, errand, self.moment, bookings=named, **accepted)
        booking.question_accepted(errand, moment=self.moment, **accepted)


async def written(works: Sequence[Work], folder: Path) -> list[Write]:
    """What the real code stores of this."""
    url = f"{opening.SQLITE}{folder / 'scratch.db'}"
    migrations.migrate(url)
    database = opening.database(url)
    commits = Collected(database)
    ledger = StoredLedger(database, commits, Wrapping())
    for work in works:
        await ledger.append(work)
    await commits.close()
    await database.close()
    return commits.writes


async def begin(url: str, writes: Sequence[Write]) -> None:
    """Bring the database up to date, and write these."""
    migrations.migrate(url)
    database = opening.database(url)
    for first in range(0, len(writes), BATCH):
        batch = writes[first : first + BATCH]
        await asyncio.to_thread(database.write, batch)
        if error := next((write.error for write in batch if write.error), None):
            raise error
    await database.close()


# -- Many more of them by SQL -----------------------------------------------------------------------------------------

NUMBERS = """
WITH RECURSIVE counted(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM counted WHERE place + 1 < {count}),
numbers(n, id) AS (
    SELECT CAST({first} + place AS bigint), CAST({start} + ({first} + place) * {stride} AS text) FROM counted
)
"""
RENAMED = {  # a fact's bytes
    "sqlite": "CAST(replace(CAST(state AS text), '{name}', id) AS blob)",
    "postgresql": "convert_to(replace(convert_from(state, 'UTF8'), '{name}', id), 'UTF8')",
}
BEFORE = {
    "sqlite": ["PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"],
    "postgresql": ["SET work_mem = '200MB'", "SET maintenance_work_mem = '500MB'"],
}
INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": """
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        AND indexname NOT IN (SELECT conname FROM pg_constraint)
    """,
}
AFTERWARDS = {"sqlite": ["PRAGMA journal_mode = WAL"], "postgresql": ["VACUUM ANALYZE"]}
BOOKING, CONVERSATION = "booking-main-{name}", "conversation-main-{name}"


@dataclass(frozen=True)
class Copy:
    """How the rows of one table are copied: each column as an expression in which `{name}` is the sample, `id` the
    copy's name and `n` its number; `of` are the values of the first column that are the sample's; `beside` what is
    joined."""

    columns: Mapping[str, str]
    of: Sequence[str]
    beside: str = ""

    def insertion(self, table: str, sample: str, kind: str) -> str:
        """The statement, behind `numbers`."""
        values = ", ".join(self.columns.values()).replace("{state}", RENAMED[kind])
        theirs = ", ".join(f"'{one}'" for one in self.of)
        rows = f"(SELECT * FROM {table} WHERE {next(iter(self.columns))} IN ({theirs})) AS sample"
        sql = f"INSERT INTO {table} ({', '.join(self.columns)}) SELECT {values} FROM {rows} CROSS JOIN numbers"
        return f"{sql} {self.beside}".replace("{name}", sample)


def renamed(*columns: str) -> dict[str, str]:
    """Columns in which the sample's name stands."""
    return {column: f"replace({column}, '{{name}}', id)" for column in columns}


def same(*columns: str) -> dict[str, str]:
    """Columns that are the same in every copy."""
    return {column: column for column in columns}


FACTS = Copy({**renamed("originator_id"), **same("originator_version", "topic"), "state": "{state}"}, [BOOKING])
CONVERSATIONS = Copy({**renamed("stream"), **same("version"), **renamed("memory")}, [CONVERSATION])
KEYS = Copy({**renamed("owner"), **same("sealed_key")}, [CONVERSATION])


def multiply(
    url: str, counts: Mapping[str, int], copies: Mapping[str, Copy], prepare: Callable[[Ask], None] | None = None
) -> None:
    """So many copies of each sample. `prepare`: what is done on the same connection before."""
    kind, begun, stride = kind_of(url), 0, len(IDS) // sum(counts.values())
    with another_process(url) as ask:
        for statement in BEFORE[kind]:
            ask(statement)
        if prepare:
            prepare(ask)
        indexes = ask(INDEXES[kind])
        for name, _ in indexes:
            ask(f"DROP INDEX {name}")
        for sample, count in counts.items():
            for table, copy in copies.items():
                for counted in _numbers(range(begun, begun + count), stride):
                    ask(counted + copy.insertion(table, sample, kind))
            begun += count
        for statement in [*(sql for _, sql in indexes), *AFTERWARDS[kind]]:
            ask(statement)


def _numbers(numbers: range, stride: int) -> Iterator[str]:
    """The beginnings of statements that make rows for these numbers."""
    for first in numbers[::AT_A_TIME]:
        count = min(AT_A_TIME, numbers.stop - first)
        yield NUMBERS.format(count=count, first=first, start=IDS.start, stride=stride)


def size_of(url: str) -> str:
    """On the disk."""
    if opening.is_file(url):
        size = Path(opening.file_of(url)).stat().st_size
    else:
        with another_process(url) as ask:
            size = ask("SELECT pg_database_size(current_database())")[0][0]
    return f"{size / 1e9:.2f} GB"
