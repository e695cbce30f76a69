"""For those who keep the service running: is it alive, is it ready?"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.errors import StorageAway
from entrypoints.wiring import Service


class Operations:
    """Health checks. `readyz` asks the parts that a webhook needs."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def alive(self, request: Request) -> Response:  # noqa: ARG002
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:  # noqa: ARG002
        """503 while the database does not answer."""
        try:
            await self.service.store.database.read("SELECT 1 FROM stored_events LIMIT 1")
        except StorageAway as error:
            return JSONResponse({"status": "away", "database": str(error)}, 503)
        return JSONResponse({"status": "ok", "database": "ok"})
