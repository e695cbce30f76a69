"""The fake Cal.com API, as strict as the real one.

Two tables of routes: the concept page's verbs and the API's as shipped. A call that the chosen table does not have
gets the same 404 that the real server gives to a route it never heard of, before anybody looks at the key.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from entrypoints.sandbox.calendar import Calendar, Refused
from entrypoints.sandbox.keys import Keys
from entrypoints.sandbox.listing import page_of
from entrypoints.sandbox.payloads import Json, booking_json, instant
from entrypoints.sandbox.world import Arrow, Verbs, World

PREFIX = "/sandbox/cal"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
VERSION = "2024-08-13"
PATH = re.compile(r"/v2/bookings/(?P<uid>[^/]+)(?P<act>/\w+)?")
CANCEL_FIELDS = {"cancellationReason", "cancelSubsequentBookings"}


@dataclass(frozen=True)
class Ask:
    """One call: which booking, and what came along."""

    uid: str
    query: Mapping[str, str]
    body: Json


Handler = Callable[[Ask], Awaitable[dict[str, Any]]]


# The product reads the list every few minutes on its own account. In the log it would bury what people did.
UNLOGGED = ("GET", "/v2/bookings")


class CalApi:
    """Answers below /sandbox/cal, and writes every call into the log, but for the product's housekeeping."""

    def __init__(self, world: World, calendar: Calendar, keys: Keys) -> None:
        self._world = world
        self._calendar = calendar
        self._keys = keys
        reads: dict[tuple[str, str], Handler] = {
            ("GET", "/v2/me"): self._me,
            ("GET", "/v2/bookings"): self._list,
            ("GET", "/v2/bookings/:uid"): self._get,
        }
        self._tables: dict[Verbs, dict[tuple[str, str], Handler]] = {
            Verbs.CONCEPT: reads
            | {
                ("PATCH", "/v2/bookings/:uid/confirm"): self._confirm,
                ("DELETE", "/v2/bookings/:uid"): self._cancel,
            },
            Verbs.LIVE: reads
            | {
                ("POST", "/v2/bookings/:uid/confirm"): self._confirm,
                ("POST", "/v2/bookings/:uid/decline"): self._decline,
                ("POST", "/v2/bookings/:uid/cancel"): self._cancel,
            },
        }
        # Without the version header the real server silently becomes this one: no confirm, another cancel.
        self._old_table: dict[tuple[str, str], Handler] = {
            ("GET", "/v2/me"): self._me,
            ("GET", "/v2/bookings/:uid"): self._get_old,
            ("POST", "/v2/bookings/:uid/cancel"): self._cancel_old,
        }

    def routes(self) -> list[Route]:
        return [Route(PREFIX + "/{path:path}", self._serve, methods=METHODS)]

    async def _serve(self, request: Request) -> Response:
        path = request.url.path.removeprefix(PREFIX)
        uid, pattern = _taken_apart(path)
        if (request.method, pattern) == UNLOGGED:
            return await self._answer(request, uid, pattern)
        known = uid if self._world.booking(uid) else None
        call = self._world.call_began(Arrow.OUTWARD, request.method, path, uid=known)
        response = await self._answer(request, uid, pattern)
        self._world.call_ended(call, response.status_code)
        return response

    async def _answer(self, request: Request, uid: str, pattern: str) -> Response:
        try:
            return await self._handled(request, uid, pattern)
        except Refused as refusal:
            return self._refusal(refusal, request.url.path.removeprefix(PREFIX))

    async def _handled(self, request: Request, uid: str, pattern: str) -> Response:
        current = request.headers.get("cal-api-version") == VERSION
        table = self._tables[self._world.verbs] if current else self._old_table
        handler = table.get((request.method, pattern))
        if handler is None:
            path = request.url.path.removeprefix(PREFIX)
            raise Refused(404, f"Cannot {request.method} {path}", "NotFoundException")
        self._authorise(request)
        answer = await handler(Ask(uid, request.query_params, await _body(request)))
        created = not current and request.method == "POST"
        return JSONResponse({"status": "success", **answer}, 201 if created else 200)

    def _authorise(self, request: Request) -> None:
        """Stricter than the real one, whose GET and cancel also serve strangers: ours should never go without a key."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise Refused(401, "No authentication method provided", "UnauthorizedException")
        if key != self._keys.cal_api_key:
            raise Refused(401, "CustomThrottlerGuard - Invalid API Key", "UnauthorizedException")

    async def _me(self, _: Ask) -> dict[str, Any]:
        return {"data": {"id": 11, "username": "dr-lee", "email": "dr.lee@example.com", "timeZone": "America/New_York"}}

    async def _list(self, ask: Ask) -> dict[str, Any]:
        return page_of(self._world.bookings, ask.query, self._world.now())

    async def _get(self, ask: Ask) -> dict[str, Any]:
        return {"data": booking_json(self._calendar.known(ask.uid))}

    async def _get_old(self, ask: Ask) -> dict[str, Any]:
        data = booking_json(self._calendar.known(ask.uid))
        return {"data": data | {"status": data["status"].upper()}}

    async def _confirm(self, ask: Ask) -> dict[str, Any]:
        return {"data": booking_json(await self._calendar.confirm(ask.uid))}

    async def _decline(self, ask: Ask) -> dict[str, Any]:
        return {"data": booking_json(await self._calendar.decline(ask.uid, _text(ask.body, "reason")))}

    async def _cancel(self, ask: Ask) -> dict[str, Any]:
        for name in ask.body.keys() - CANCEL_FIELDS:
            raise Refused(400, f"{name} property is wrong,property {name} should not exist ")
        return {"data": booking_json(await self._calendar.cancel(ask.uid, _text(ask.body, "cancellationReason")))}

    async def _cancel_old(self, ask: Ask) -> dict[str, Any]:
        booking = await self._calendar.cancel(ask.uid, _text(ask.body, "cancellationReason"))
        return {"data": {"bookingId": booking.number, "bookingUid": booking.uid, "message": "Booking cancelled"}}

    def _refusal(self, refusal: Refused, path: str) -> Response:
        """The envelope of Cal.com's filters, or the bare shape of the errors that bypass them."""
        if refusal.code is None:
            return JSONResponse({"statusCode": refusal.status, "message": refusal.message}, refusal.status)
        error: Json = {"code": refusal.code, "message": refusal.message}
        if refusal.code != "TRPCError":
            phrase = HTTPStatus(refusal.status).phrase
            error["details"] = {"message": refusal.message, "error": phrase, "statusCode": refusal.status}
        envelope = {"status": "error", "timestamp": instant(self._world.now()), "path": path, "error": error}
        return JSONResponse(envelope, refusal.status)


def _taken_apart(path: str) -> tuple[str, str]:
    """("bk1", "/v2/bookings/:uid/confirm"); a path that names no booking is its own pattern."""
    match = PATH.fullmatch(path)
    return (match["uid"], f"/v2/bookings/:uid{match['act'] or ''}") if match else ("", path)


async def _body(request: Request) -> Json:
    """The JSON object that came along. Without its content type the real server does not look at it either."""
    raw = await request.body()
    if not raw or not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "The body is not a JSON object", "BadRequestException")
    return body


def _text(body: Json, name: str) -> str:
    value = body.get(name, "")
    return value if isinstance(value, str) else ""
