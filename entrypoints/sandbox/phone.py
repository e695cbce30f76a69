"""The fake Twilio API, and the phone behind it."""

import base64
import binascii
import secrets
from collections.abc import Awaitable, Callable, Mapping

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from entrypoints.sandbox.courier import Courier
from entrypoints.sandbox.keys import SENDER, Keys
from entrypoints.sandbox.twilio import (
    API_VERSION,
    BLOCKING,
    LIFTING,
    error_json,
    faults,
    list_json,
    message_json,
    segments,
)
from entrypoints.sandbox.world import NO_ANSWER, Arrow, Direction, Message, World
from entrypoints.web.forms import read_form

PREFIX = "/sandbox/twilio"
ACCOUNT = PREFIX + "/2010-04-01/Accounts/{account}"
REPORTS = ("sent", "delivered")

Endpoint = Callable[[Request], Awaitable[Response]]


class Phone:
    """Takes the clinic's texts, and sends the patient's."""

    def __init__(self, world: World, courier: Courier, keys: Keys) -> None:
        self._world = world
        self._courier = courier
        self._keys = keys

    def routes(self) -> list[Route]:
        return [
            Route(ACCOUNT + ".json", self._account, methods=["GET"]),
            Route(ACCOUNT + "/Messages.json", self._messages, methods=["GET", "POST"]),
        ]

    async def reply(self, phone: str, text: str) -> Message:
        """The patient sends a text. The carrier acts on its keywords first, then tells the product."""
        message = self._record(phone, Direction.IN, text, "received")
        self._heed(phone, text)
        answer = await self._courier.post_reply(self._inbound_fields(message))
        if answer is None or not answer.is_success:
            self._world.mark(message, f"refused {answer.status_code if answer else NO_ANSWER}")
        elif answer.headers.get("content-type", "").startswith("text/plain") and answer.text:
            # The real one texts a plain answer to the patient, so a stray "OK" has to show up here as well.
            self._record(phone, Direction.OUT, answer.text, "delivered")
        return message

    async def _answered(self, request: Request, endpoint: Endpoint) -> Response:
        if _is_housekeeping(request):
            return self._stranger(request) or await endpoint(request)
        path, note = request.url.path.removeprefix(PREFIX), "SMS" if request.method == "POST" else ""
        call = self._world.call_began(Arrow.OUTWARD, request.method, path, note=note)
        response = self._stranger(request) or await endpoint(request)
        self._world.call_ended(call, response.status_code)
        return response

    async def _account(self, request: Request) -> Response:
        return await self._answered(request, self._fetch_account)

    async def _messages(self, request: Request) -> Response:
        return await self._answered(request, self._send if request.method == "POST" else self._list)

    async def _fetch_account(self, _: Request) -> Response:
        return JSONResponse({"sid": self._keys.account_sid, "status": "active"})

    def _stranger(self, request: Request) -> Response | None:
        if not self._authentic(request.headers.get("authorization", "")):
            return JSONResponse(error_json(401, 20003, "Authenticate"), 401)
        if request.path_params["account"] != self._keys.account_sid:
            return JSONResponse(error_json(404, 20404, "The requested resource was not found"), 404)
        return None

    def _authentic(self, header: str) -> bool:
        scheme, _, given = header.partition(" ")
        try:
            pair = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        expected = f"{self._keys.account_sid}:{self._keys.auth_token}"
        return scheme == "Basic" and secrets.compare_digest(pair.encode(), expected.encode())

    async def _list(self, request: Request) -> Response:
        try:
            return JSONResponse(list_json(self._world, self._keys.account_sid, request.query_params))
        except ValueError:
            return JSONResponse(error_json(400, 20001, "DateSent is not a date."), 400)

    async def _send(self, request: Request) -> Response:
        form = await read_form(request)
        for code, text in faults(form, self._world):
            return JSONResponse(error_json(400, code, text), 400)
        message = self._record(form["To"], Direction.OUT, form["Body"], "queued")
        # The reports leave after the answer: a product must not need them to arrive in any order.
        reports = BackgroundTask(self._report, message, form.get("StatusCallback"))
        return JSONResponse(message_json(message, self._keys.account_sid), 201, background=reports)

    async def _report(self, message: Message, callback: str | None) -> None:
        for status in REPORTS:
            self._world.mark(message, status)
            if callback:
                await self._courier.post_report(callback, self._report_fields(message, status), status)

    def _record(self, phone: str, direction: Direction, text: str, status: str) -> Message:
        sid = "SM" + secrets.token_hex(16)
        message = Message(sid, phone, direction, text, self._world.now(), status)
        self._world.add_message(message)
        return message

    def _heed(self, phone: str, text: str) -> None:
        """A bare STOP, or a word like it, blocks the phone at the carrier; a bare START lifts that."""
        word = text.strip().upper()
        if word in BLOCKING:
            self._world.block(phone)
        elif word in LIFTING:
            self._world.unblock(phone)

    def _report_fields(self, message: Message, status: str) -> Mapping[str, str]:
        return {
            "SmsSid": message.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": message.phone,
            "MessageSid": message.sid,
            "AccountSid": self._keys.account_sid,
            "From": SENDER,
            "ApiVersion": API_VERSION,
        }

    def _inbound_fields(self, message: Message) -> Mapping[str, str]:
        """The blank ones are part of what is signed."""
        places = {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "State", "Zip")}
        return places | {
            "FromCountry": "US",
            "ToCountry": "US",
            "MessageSid": message.sid,
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "AccountSid": self._keys.account_sid,
            "From": message.phone,
            "To": SENDER,
            "Body": message.text,
            "NumMedia": "0",
            "NumSegments": str(segments(message.text)),
            "SmsStatus": "received",
            "ApiVersion": API_VERSION,
        }


def _is_housekeeping(request: Request) -> bool:
    """Whether the product reads what has come in since some day, as it does every few minutes on its own account. In
    the log it would bury what people did. To look for one text of its own, the product asks without a day."""
    return request.method == "GET" and "DateSent>" in request.query_params
