"""The table of routes, and the table of errors."""

import logging
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from entrypoints.link.page import LinkPage
from entrypoints.web import files
from entrypoints.web.operations import Operations
from entrypoints.web.webhooks import ANOTHER_METHOD, Webhooks
from entrypoints.wiring import Service

log = logging.getLogger("replyes.web")

REFUSALS = {404: "there is nothing here", 405: ANOTHER_METHOD}


def build(service: Service, pages: Sequence[BaseRoute] = ()) -> Starlette:
    """The web application. `pages` are the desk's routes, and the sandbox's."""
    webhooks, operations = Webhooks(service), Operations(service)
    links = LinkPage(service, service.tokens)
    routes: list[BaseRoute] = [
        Route("/api/webhooks/cal", webhooks.calendar, methods=["POST"]),
        Route("/api/webhooks/cal/{clinic}", webhooks.calendar, methods=["POST"]),
        Route("/api/webhooks/sms/status", webhooks.reports, methods=["POST"]),
        Route("/api/webhooks/sms/status/{key}", webhooks.reports, methods=["POST"]),
        Route("/api/webhooks/sms", webhooks.texts, methods=["POST"]),
        Route("/api/webhooks/sms/{clinic}", webhooks.texts, methods=["POST"]),
        Route("/api/webhooks/sms", webhooks.texts_by_get, methods=["GET"]),
        Route("/api/webhooks/sms/{clinic}", webhooks.texts_by_get, methods=["GET"]),
        Route("/healthz", operations.alive),
        Route("/readyz", operations.ready),
        files.shared(),
        *links.routes(),
        *pages,
    ]
    web = Starlette(routes=routes, exception_handlers={404: _refused, 405: _refused, Exception: _failed})
    web.router.redirect_slashes = False  # a redirect is made of the Host header, and carriers follow it as a GET
    return web


async def _refused(request: Request, error: Exception) -> Response:
    """No such address, or another method. JSON, never text/plain: a carrier might text that to a patient."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = error.headers if isinstance(error, HTTPException) else None
    log.warning("%s %s refused: %s", request.method, _loggable(request.scope.get("raw_path", b"")), REFUSALS[status])
    return JSONResponse({"error": REFUSALS[status]}, status, headers)


def _loggable(path: bytes) -> str:
    """The path, without a confirm link's token: whoever has that may answer."""
    return "/c/…" if path.startswith(b"/c/") else path[:60].decode("latin-1")


async def _failed(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """A fault of ours: the server logs it. No body, because a carrier might text it to a patient."""
    return Response(status_code=500)
