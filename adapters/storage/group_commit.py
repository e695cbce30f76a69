"""Group commit: what arrives while one transaction is being written is the next transaction.

There is no waiting window, so a lone request waits for nothing, and under load many requests share one fsync.
Each request is answered after the commit that holds it.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from adapters.storage.database import Database, Row, Statement, Write
from domain.errors import StorageAway

LARGEST_BATCH = 500
PATIENCE = 8.0  # seconds; a carrier waits 15 for its answer


class GroupCommit:
    """One list of waiting writes, one thread that stores them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._waiting: list[tuple[Write, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False
        self.problem = ""  # why the last batch could not be stored
        self._thread = ThreadPoolExecutor(1, "replyes-writer")

    async def commit(self, write: Write) -> list[Row]:
        """Store one write; returns what its statements returned. A caller that is cancelled does not take its write
        back. Raises what went wrong with this write: Conflict, ClaimLost, StorageAway. A write that waits too long for
        a slow database is withdrawn; one that is under way by then may be stored all the same, and whoever sends it
        again finds it there."""
        if self._is_closed:
            raise StorageAway("the process is stopping")
        stored = asyncio.get_running_loop().create_future()
        waiting = (write, stored)
        self._waiting.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(stored)
        except TimeoutError:
            with suppress(ValueError):
                self._waiting.remove(waiting)
            raise StorageAway("the database is slow: nobody knows yet whether it has taken the write") from None
        return write.rows

    async def try_out(self) -> None:
        """Write something that changes nothing. Raises StorageAway."""
        await self.commit(Write(statements=[Statement("UPDATE installation SET value = value")]))

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
                await self._store(batch)
        finally:
            self._task = None

    async def _store(self, batch: list[tuple[Write, asyncio.Future[None]]]) -> None:
        """Whatever happens, everybody in the batch hears of it."""
        loop, failure = asyncio.get_running_loop(), None
        try:
            await loop.run_in_executor(self._thread, self.database.write, [write for write, _ in batch])
        except Exception as error:
            failure = error
        for write, stored in batch:
            _resolve(stored, failure or write.error)
        self.problem = _problem([failure or write.error for write, _ in batch])

    async def close(self) -> None:
        """Finish what is waiting, then stop the thread."""
        self._is_closed = True
        if self._task is not None:
            await asyncio.shield(self._task)
        self._thread.shutdown()


def _problem(errors: list[Exception | None]) -> str:
    return next((str(error) for error in errors if isinstance(error, StorageAway)), "")


def _resolve(stored: "asyncio.Future[None]", error: Exception | None) -> None:
    if error is None:
        stored.set_result(None)
    else:
        stored.set_exception(error)
        stored.exception()  # a caller that has gone away leaves nobody to retrieve it
