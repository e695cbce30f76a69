"""The table of routes, and the table of errors."""

import json
from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from entrypoints.web.operations import Operations
from entrypoints.web.webhooks import Webhooks
from entrypoints.wiring import Service


def build(service: Service, extra: Sequence[BaseRoute] = (), home: str | None = None) -> Starlette:
    """The web application. `extra` are the sandbox's routes; `home` is where "/" leads."""
    webhooks, operations = Webhooks(service), Operations(service)
    routes: list[BaseRoute] = [
        Route("/api/webhooks/cal", webhooks.calendar, methods=["POST"]),
        Route("/api/webhooks/cal/{clinic}", webhooks.calendar, methods=["POST"]),
        Route("/api/webhooks/sms/status", webhooks.reports, methods=["POST"]),
        Route("/api/webhooks/sms/status/{key}", webhooks.reports, methods=["POST"]),
        Route("/api/webhooks/sms", webhooks.texts, methods=["POST"]),
        Route("/api/webhooks/sms/{clinic}", webhooks.texts, methods=["POST"]),
        Route("/healthz", operations.alive),
        Route("/readyz", operations.ready),
        *extra,
    ]
    if home is not None:
        routes.append(Route("/", _redirect_to(home)))
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _wrong_method, Exception: _failed})


def _redirect_to(home: str) -> Callable[[Request], Awaitable[Response]]:
    async def redirect(request: Request) -> Response:  # noqa: ARG001
        return RedirectResponse(home)

    return redirect


async def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """JSON, never text/plain: a carrier might read a plain text as something to text to a patient."""
    return _json({"error": "there is nothing here"}, 404)


async def _wrong_method(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _json({"error": "this address takes another method"}, 405)


async def _failed(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """A fault of ours: the server logs it. No body, because a carrier might text it to a patient."""
    return Response(status_code=500)


def _json(content: object, status: int) -> Response:
    return Response(json.dumps(content), status, media_type="application/json")
