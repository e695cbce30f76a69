"""Tells every open page that there is news, by server-sent events. The page fetches what is new."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from starlette.responses import Response, StreamingResponse

from domain.errors import StorageAway
from entrypoints.desk.guard import Refused
from entrypoints.desk.visit import Visit

log = logging.getLogger("replyes.desk")

LOOK_EVERY = 1.0  # seconds
PING_EVERY = 15.0  # seconds; a browser that has gone is noticed only by writing to it
MOST_STREAMS = 200
NEVER = -1
Whose = Callable[[int, int], Awaitable[list[str]]]

HEADERS = {"X-Accel-Buffering": "no"}  # or nginx keeps the events back


class Live:
    """One look at the log each second, for all the pages that this process has open; none while there is none.

    `position` is how far the log goes. `whose` tells to which clinics the facts belong that stand behind one position,
    up to another, so that a page hears of its own clinic alone, and not even how much happens at others; None where
    there is only one."""

    def __init__(
        self, position: Callable[[], Awaitable[int]], stopping: asyncio.Event, whose: Whose | None = None
    ) -> None:
        self._position = position
        self._stopping = stopping
        self._whose = whose
        self._open = 0
        self._seen = NEVER
        self._newest: dict[str, int] = {}
        self._news: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._looking: asyncio.Task[None] | None = None

    async def events(self, visit: Visit) -> Response:
        """GET /events. Refused with 503 where too many pages are open."""
        if visit.request.method == "HEAD":  # its answer would never end
            return Response(media_type="text/event-stream")
        if self._open >= MOST_STREAMS:
            raise Refused(503, "too_many")
        return StreamingResponse(self.stream(visit.clinic.key), media_type="text/event-stream", headers=HEADERS)

    async def stream(self, clinic: str = "") -> AsyncIterator[str]:
        """One event at once, because the page may be old already; then one whenever the log has grown by facts of this
        clinic, until the server stops."""
        self._open += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            told = NEVER
            while not self._stopping.is_set():
                news = self._news[clinic]
                if (newest := self._newest_of(clinic)) != told:
                    told = newest
                    yield f"data: {told}\n\n"
                elif not await _within(news.wait(), PING_EVERY):
                    yield ": still here\n\n"
        finally:
            self._open -= 1
            if not self._open and self._looking:
                self._looking.cancel()
                self._looking, self._seen = None, NEVER
                self._newest.clear()

    async def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._tell(await self._position())
            except StorageAway as error:
                log.debug("no news: %s", error)
            except Exception:
                log.exception("looking for news failed")
            await _within(self._stopping.wait(), LOOK_EVERY)
        self._wake([*self._news])

    async def _tell(self, position: int) -> None:
        if position == self._seen:
            return
        clinics = [*self._news]
        if self._whose and self._seen != NEVER:
            clinics = await self._whose(self._seen, position)
        self._newest |= dict.fromkeys(clinics, position)
        self._seen = position
        self._wake(clinics)

    def _newest_of(self, clinic: str) -> int:
        """A page that opens while others are open hears of its clinic for the first time now."""
        return NEVER if self._seen == NEVER else self._newest.setdefault(clinic, self._seen)

    def _wake(self, clinics: Iterable[str]) -> None:
        for clinic in clinics:
            if news := self._news.pop(clinic, None):
                news.set()


async def _within(waiting: Awaitable[object], seconds: float) -> bool:
    """Whether it came in time."""
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        return False
    return True
