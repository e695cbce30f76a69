"""The store with group commit, and the same store with one transaction for each request."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from adapters.storage import migrations, opening
from adapters.storage.database import Database, Row, Statement, Write
from adapters.storage.group_commit import GroupCommit
from adapters.storage.ledger import StoredLedger
from adapters.storage.outbox import StoredOutbox
from adapters.storage.sealing import Wrapping
from bench.contest import Pair, Request, at_once
from domain.answers import Answers
from domain.clinics import Clinic
from domain.confirmations import Confirmations
from domain.errands import Claimed
from domain.inbound import BookingRequested, InboundText
from domain.outcomes import TextOutcomes
from domain.speech import Speech

NOW = datetime(2026, 5, 8, 9, 0, tzinfo=UTC)
START = NOW + timedelta(days=4)
CLINIC = Clinic("main", "Cal.com Clinic", phone="+12025550100", ask_settle=timedelta(0))
CLINICS = {CLINIC.key: CLINIC}


class OneEach(GroupCommit):
    """The other way: as many transactions as requests, in the order of their arrival."""

    async def commit(self, write: Write) -> list[Row]:
        await asyncio.get_running_loop().run_in_executor(self._thread, self.database.write, [write])
        if write.error:
            raise write.error
        return write.rows


class Collected(GroupCommit):
    """Stores nothing, and keeps what would have been stored."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.writes: list[Write] = []

    async def commit(self, write: Write) -> list[Row]:
        self.writes.append(write)
        return []


class Side:
    """The use cases on one way of writing."""

    def __init__(self, commits: GroupCommit) -> None:
        self.commits = commits
        self.ledger = StoredLedger(commits.database, commits, Wrapping())
        self.outbox = StoredOutbox(commits.database, commits)
        self.confirmations = Confirmations(self.ledger, CLINICS)
        self.answers = Answers(self.ledger, CLINICS)
        self.speech = Speech(self.ledger, CLINICS)
        self.outcomes = TextOutcomes(self.ledger, CLINICS)


class Arena:
    """One database with both ways of writing to it. Every heat has patients of its own."""

    def __init__(self, group: Side, each: Side, nowhere: Side, collected: Collected) -> None:
        self.group, self.each, self.nowhere, self.collected = group, each, nowhere, collected
        self._numbers = itertools.count()

    async def commits(self, requests: int) -> Pair:
        """What a webhook stores, decided beforehand: the commit alone."""
        ours, others = [await self._decided(requests) for _ in range(2)]
        return _each(self.group.commits.commit, ours), _each(self.each.commits.commit, others)

    async def receives(self, requests: int) -> Pair:
        """A webhook: load, decide, append."""
        return self._booking(self.group, requests), self._booking(self.each, requests)

    async def hears(self, requests: int) -> Pair:
        """A YES of a patient who has been asked: load, understand, decide, append."""
        ours, others = [await self._asked(requests) for _ in range(2)]
        return self._answering(self.group, ours), self._answering(self.each, others)

    def _booking(self, side: Side, requests: int) -> list[Request]:
        notices = [self._notice(next(self._numbers)) for _ in range(requests)]
        return [partial(side.confirmations.receive, CLINIC.key, notice, NOW) for notice in notices]

    def _answering(self, side: Side, phones: Sequence[str]) -> list[Request]:
        texts = [InboundText(f"SM{next(self._numbers)}", phone, CLINIC.phone, "Yes please") for phone in phones]
        return [partial(side.answers.hear, CLINIC.key, text, NOW) for text in texts]

    async def _decided(self, requests: int) -> list[Write]:
        for request in self._booking(self.nowhere, requests):
            await request()
        decided, self.collected.writes = self.collected.writes, []
        return decided

    async def _asked(self, patients: int) -> list[str]:
        """The phones of patients whose question has left."""
        notices = [self._notice(next(self._numbers)) for _ in range(patients)]
        await self.group.commits.commit(Write(statements=[Statement("DELETE FROM outbox")]))  # left by earlier heats
        await at_once([partial(self.group.confirmations.receive, CLINIC.key, one, NOW) for one in notices])
        await at_once([partial(self._ask, claimed) for claimed in await self.group.outbox.claim(NOW, patients)])
        return [str(notice.phone) for notice in notices]

    async def _ask(self, claimed: Claimed) -> None:
        prepared = await self.group.speech.prepare(claimed, NOW)
        if prepared:
            await self.group.outcomes.accepted(prepared[0], f"SM{next(self._numbers)}", "call", NOW)

    def _notice(self, number: int) -> BookingRequested:
        return BookingRequested(
            uid=f"uid{number}",
            starts_at=START,
            ends_at=START + timedelta(minutes=30),
            patient_name="Sarah Miller",
            phone=f"+1202{number:07}",
            language="en",
            time_zone="America/New_York",
            practitioner="Dr. Lee",
        )


@asynccontextmanager
async def arena(url: str) -> AsyncIterator[Arena]:
    """A new database, open for both."""
    migrations.migrate(url)
    database = opening.database(url)
    collected = Collected(database)
    ways = GroupCommit(database), OneEach(database), collected
    group, each, nowhere = (Side(way) for way in ways)
    try:
        for side in (group, each, nowhere):
            await side.ledger.open()
        yield Arena(group, each, nowhere, collected)
    finally:
        for way in ways:
            await way.close()
        await database.close()


def _each(commit, writes: Sequence[Write]) -> list[Request]:  # type: ignore[no-untyped-def]
    return [partial(commit, write) for write in writes]
