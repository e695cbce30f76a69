"""Replay: the views are rebuilt from the log beside the live ones and compared with them; what differs is put right.

The service may go on writing. Facts and the rows that come of them are one commit, so a row that differs, and rested
while the log was read to its end, is wrong for good; any other is looked at again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from adapters.storage.database import Database, Write
from adapters.storage.group_commit import GroupCommit
from adapters.storage.mending import Difference
from adapters.storage.retelling import Retelling
from adapters.storage.scratch import Key, Scratch, View, pages, these
from adapters.storage.sealing import Wrapping
from domain.errors import ClaimLost, ReplyesError

COUNT = "SELECT count(*) AS facts FROM stored_events"
AGGREGATES = ("bookings", "conversations")
LOOKS = 1000  # each takes milliseconds, and a row has to rest for one


@dataclass
class Replayed:
    """How many facts were read, and how many rows differed."""

    facts: int = 0
    rows: int = 0


class Replay:
    """One run over an open database. `close` lets go of what was rebuilt beside."""

    def __init__(self, database: Database, commits: GroupCommit, wrapping: Wrapping) -> None:
        self.database = database
        self.commits = commits
        self.scratch = Scratch()
        self.retelling = Retelling(database, wrapping, self.scratch)
        self.done = Replayed()

    async def count(self) -> int:
        """How many facts there are to read."""
        return int((await self.database.read(COUNT))[0]["facts"])

    async def read(self, tell: Callable[[int], None]) -> None:
        """Rebuild the views from the log; tells how many more facts have been read."""
        self.done.facts += await self.retelling.catch_up(tell)

    async def compare(self, tell: Callable[[Difference], None], *, mends: bool) -> Replayed:
        """Compare the live views with the rebuilt ones; tells each difference. `mends` puts it right first."""
        for view in self.scratch.views:
            async for suspects in self._suspects(view):
                await self._settle(view, suspects, tell, mends=mends)
        return self.done

    def close(self) -> None:
        self.scratch.close()

    async def _suspects(self, view: View) -> AsyncIterator[list[Key]]:
        """Keys of rows that differ at the first look: what the log tells of, then what it knows nothing of."""
        async for rebuilt in pages(self.scratch, view):
            live = await these(self.database, view, list(rebuilt))
            yield [key for key, row in rebuilt.items() if live.get(key) != row]
        async for live in pages(self.database, view):
            known = await these(self.scratch, view, list(live))
            yield [key for key in live if key not in known]

    async def _settle(self, view: View, keys: list[Key], tell: Callable[[Difference], None], *, mends: bool) -> None:
        """Look at these rows until each is as it should be, or has been told. Raises ReplyesError where that never
        ends."""
        before, looks = await these(self.database, view, keys), 0
        while keys:
            if (looks := looks + 1) > LOOKS:
                raise ReplyesError(f"{len(keys)} rows of {view.name} never rest; try again when there is less to do")
            await self._read_on(view, keys)
            live, rebuilt = await these(self.database, view, keys), await these(self.scratch, view, keys)
            keys = [key for key in keys if live.get(key) != rebuilt.get(key)]
            resting = [key for key in keys if live.get(key) == before.get(key)]
            differences = [Difference(view, key, live.get(key), rebuilt.get(key)) for key in resting]
            for difference in await self._mended(differences) if mends else differences:
                keys.remove(difference.key)
                self.done.rows += 1
                tell(difference)
            before = live

    async def _read_on(self, view: View, keys: Sequence[Key]) -> None:
        """To the end of the log; and what these rows are made of once more, with the keys that patients have now."""
        self.done.facts += await self.retelling.catch_up()
        if view.name in AGGREGATES:
            for (stream,) in keys:
                await self.retelling.tell_again(stream)

    async def _mended(self, differences: Sequence[Difference]) -> list[Difference]:
        """Put them right; returns those to which nothing else happened meanwhile."""
        streams = {stream for difference in differences for stream in difference.streams}
        told = {stream: await self.retelling.version(stream) for stream in streams}
        read_to = self.retelling.position
        writes = [Write(statements=difference.put_right(told, read_to)) for difference in differences]
        stored = await asyncio.gather(*(self._is_stored(write) for write in writes))
        return [difference for difference, is_stored in zip(differences, stored, strict=True) if is_stored]

    async def _is_stored(self, write: Write) -> bool:
        try:
            await self.commits.commit(write)
        except ClaimLost:
            return False
        return True
