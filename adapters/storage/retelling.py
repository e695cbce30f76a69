"""The log, told once more: every fact in the log's order, through the same `rows` as in the moment when it was stored,
into views beside the live ones. It never reacts, so it never queues an errand.

A conversation goes on from its row, as it does when it is live; a booking needs all its facts. Only so many streams are
kept at hand: a log of a million facts needs no more memory than a log of ten thousand.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping

from adapters.storage import rows, unsealing
from adapters.storage.counting import counted
from adapters.storage.database import Database, Row, Statement
from adapters.storage.scratch import Scratch
from adapters.storage.sealing import Wrapping
from domain.booking import Booking
from domain.conversation import Conversation
from domain.errors import ReplyesError
from domain.facts import Fact

BATCH = 1000  # facts
AT_HAND = 5000  # streams

LOG = """
SELECT {position} AS position, originator_id, originator_version, topic, state FROM stored_events
WHERE {position} > :after ORDER BY {position} LIMIT :limit
"""
STREAM = """
SELECT originator_id, originator_version, topic, state FROM stored_events
WHERE originator_id = :stream AND originator_version > :after AND originator_version <= :until
ORDER BY originator_version LIMIT :limit
"""
MEMORY = "SELECT version, memory FROM conversations WHERE stream = :stream"
VERSION = """
SELECT version FROM bookings WHERE stream = :stream UNION ALL SELECT version FROM conversations WHERE stream = :stream
"""

Stream = Booking | Conversation


class Retelling:
    """The views in `scratch` are those of the log up to `position`."""

    def __init__(self, database: Database, wrapping: Wrapping, scratch: Scratch) -> None:
        self.database = database
        self.wrapping = wrapping
        self.scratch = scratch
        self.position = 0
        self._at_hand: OrderedDict[str, Stream] = OrderedDict()

    async def catch_up(self, tell: Callable[[int], None] = lambda _: None) -> int:
        """Read the log to its end; returns how many facts that were, and tells so on the way."""
        count = 0
        while True:
            found = await self.database.read(LOG, after=self.position, limit=BATCH)
            if found:
                await self._take(found)
                self.position = found[-1]["position"]
            count += len(found)
            tell(len(found))
            if len(found) < BATCH:
                return count

    async def version(self, stream: str) -> int:
        """How far this stream has been told; 0 where nothing is known of it."""
        found = await self.scratch.read(VERSION, stream=stream)
        return int(found[0]["version"]) if found else 0

    async def tell_again(self, stream: str) -> None:
        """One stream from its beginning, as far as it has been told, with the keys of now: a patient may have been
        erased since."""
        found = await self._load(stream, await self.version(stream))
        if found is not None:
            self.scratch.write([rows.of_stream(found)])
            self._keep({stream: found})

    async def _take(self, found: list[Row]) -> None:
        streams: dict[str, Stream] = {}
        beside: list[Statement] = []
        told: list[tuple[Fact, Stream]] = []
        for fact in await unsealing.facts(self.database, self.wrapping, found):
            before = streams.get(fact.originator_id) or await self._before(fact)
            stream = _after(before, fact)
            streams[fact.originator_id] = stream
            beside += rows.of_fact(fact, stream)
            told.append((fact, stream))
        self.scratch.write([*(rows.of_stream(stream) for stream in streams.values()), *beside, *counted(told)])
        self._keep(streams)

    async def _before(self, fact: Fact) -> Stream | None:
        """The stream as it stood before this fact."""
        stream, version = fact.originator_id, fact.originator_version - 1
        if not version:
            return None
        if kept := self._at_hand.get(stream):
            return kept
        if found := await self.scratch.read(MEMORY, stream=stream):
            return Conversation.remember(stream, found[0]["version"], json.loads(found[0]["memory"]))
        return await self._load(stream, version)

    async def _load(self, stream: str, version: int) -> Stream | None:
        so_far: Stream | None = None
        while (told := so_far.version if so_far else 0) < version:
            found = await self.database.read(STREAM, stream=stream, after=told, until=version, limit=BATCH)
            for fact in await unsealing.facts(self.database, self.wrapping, found):
                so_far = _after(so_far, fact)
            if not found:
                break
        return so_far

    def _keep(self, streams: Mapping[str, Stream]) -> None:
        """Those that changed last stay at hand."""
        for name, stream in streams.items():
            self._at_hand[name] = stream
            self._at_hand.move_to_end(name)
        while len(self._at_hand) > AT_HAND:
            self._at_hand.popitem(last=False)


def _after(before: Stream | None, fact: Fact) -> Stream:
    """Raises ReplyesError where the log has a gap."""
    told = before.version if before else 0
    after: Stream | None = fact.mutate(before) if fact.originator_version == told + 1 else None  # type: ignore[assignment]
    if after is None:
        raise ReplyesError(f"the log has a gap: {fact.originator_id} goes from {told} to {fact.originator_version}")
    return after
