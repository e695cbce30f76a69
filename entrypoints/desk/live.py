"""Tells every open page that there is news, by server-sent events. The page fetches what is new."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.responses import Response, StreamingResponse

from domain.errors import StorageAway
from entrypoints.desk.guard import Refused
from entrypoints.desk.visit import Visit

log = logging.getLogger("replyes.desk")

LOOK_EVERY = 1.0  # seconds
PING_EVERY = 15.0  # seconds; a browser that has gone is noticed only by writing to it
MOST_STREAMS = 200
NEVER = -1
HEADERS = {"X-Accel-Buffering": "no"}  # or nginx keeps the events back


class Live:
    """One look at the log each second, for all the pages that this process has open; none while there is none."""

    def __init__(self, position: Callable[[], Awaitable[int]], stopping: asyncio.Event) -> None:
        self._position = position
        self._stopping = stopping
        self._open = 0
        self._seen = NEVER
        self._news = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def events(self, visit: Visit) -> Response:
        """GET /events. Refused with 503 where too many pages are open."""
        if visit.request.method == "HEAD":  # its answer would never end
            return Response(media_type="text/event-stream")
        if self._open >= MOST_STREAMS:
            raise Refused(503, "too_many")
        return StreamingResponse(self.stream(), media_type="text/event-stream", headers=HEADERS)

    async def stream(self) -> AsyncIterator[str]:
        """One event at once, because the page may be old already; then one whenever the log has grown, until the server
        stops."""
        self._open += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            told = NEVER
            while not self._stopping.is_set():
                news = self._news
                if self._seen != told:
                    told = self._seen
                    yield f"data: {told}\n\n"
                elif not await _within(news.wait(), PING_EVERY):
                    yield ": still here\n\n"
        finally:
            self._open -= 1
            if not self._open and self._looking:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                self._tell(await self._position())
            except StorageAway as error:
                log.debug("no news: %s", error)
            except Exception:
                log.exception("looking for news failed")
            await _within(self._stopping.wait(), LOOK_EVERY)
        self._wake()

    def _tell(self, position: int) -> None:
        if position != self._seen:
            self._seen = position
            self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


async def _within(waiting: Awaitable[object], seconds: float) -> bool:
    """Whether it came in time."""
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        return False
    return True
