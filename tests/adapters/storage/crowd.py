"""Writes that arrive at a database while it is held back, so that they share a transaction."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from adapters.storage.database import Database, Write
from adapters.storage.group_commit import GroupCommit
from tests.adapters.storage.rooms import hearing, writer_of

SOON = 30  # seconds until a test that hangs fails


class Held:
    """A database whose batches and transactions are counted, and held back until they are let go."""

    def __init__(self, database: Database, url: str) -> None:
        self.inner = database
        self.url = url
        self.batches: list[int] = []
        self.tried_apart: list[bool] = []
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self._store = database._store
        database._store = self._counted  # type: ignore[method-assign]

    def write(self, writes: Sequence[Write]) -> None:
        self.begun.set()
        assert self.let_go.wait(SOON)
        self.batches.append(len(writes))
        self.inner.write(writes)

    def _counted(self, writes: Sequence[Write], *, apart: bool) -> None:
        self.tried_apart.append(apart)
        self._store(writes, apart=apart)

    def tell(self, setting: str) -> None:
        """Change a setting of the writer's own connection."""
        writer_of(self.inner).execute(setting)


class Crowd:
    """Writes that arrive while another one is being stored, so that they are one batch."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.commits = GroupCommit(held)  # type: ignore[arg-type]
        self.tasks: list[asyncio.Task[Any]] = []

    async def arrives(self, *writes: Write) -> None:
        first = asyncio.create_task(self.commits.commit(hearing("first")))
        await asyncio.to_thread(self.held.begun.wait, SOON)
        self.tasks = [first, *(asyncio.create_task(self.commits.commit(write)) for write in writes)]
        await asyncio.sleep(0)  # each task runs until it waits

    async def outcomes(self) -> list[Any]:
        """What became of the writes: the rows they returned, or what went wrong."""
        self.held.let_go.set()
        outcomes = await asyncio.wait_for(asyncio.gather(*self.tasks, return_exceptions=True), SOON)
        await self.commits.close()
        return outcomes[1:]


def returned(message_id: str) -> list[dict[str, str]]:
    return [{"message_id": message_id}]
