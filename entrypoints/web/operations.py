"""For those who keep the service running: is it alive, is it ready?"""

import asyncio
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.errors import StorageAway
from entrypoints.wiring import Service, clock

PATIENCE = 2.0  # seconds; whoever asks does not wait longer than that
STUCK_AFTER = timedelta(seconds=30)  # a worker looks for work every second


class Operations:
    """Health checks. `readyz` asks every part that this process needs."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def alive(self, request: Request) -> Response:  # noqa: ARG002
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:  # noqa: ARG002
        """503 while the database cannot be read or written, or the worker of this process is stuck."""
        parts = {"database": await self._database(), "worker": self._worker()}
        told = {name: said for name, said in parts.items() if said}
        if any(said != "ok" for said in told.values()):
            return JSONResponse({"status": "away", **told}, 503)
        return JSONResponse({"status": "ok", **told})

    async def _database(self) -> str:
        """A write is only tried while the last one failed, so that asking costs nothing."""
        store = self.service.store
        try:
            async with asyncio.timeout(PATIENCE):
                await store.database.read("SELECT 1 FROM stored_events LIMIT 1")
                if store.commits.problem:
                    await store.commits.try_out()
        except StorageAway as error:
            return str(error)
        except TimeoutError:
            return f"the database has not answered for {PATIENCE:.0f} seconds"
        return "ok"

    def _worker(self) -> str:
        """Empty where this process has none, or it has not begun."""
        turned_at = self.service.worker.turned_at
        if turned_at is None:
            return ""
        return "ok" if clock() - turned_at < STUCK_AFTER else "the worker has not looked for work for 30 seconds"
