"""Vonage, as the promises need it. The JWT is made by hand: were it made by the library, one mistake would hide the
other."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import httpx

from adapters.vonage import Vonage, VonageSettings, http_client
from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import Blame, Delivery
from domain.ports import Answer, RawRequest
from tests.adapters.carriers.driver import (
    CLINIC,
    CLINICS_WHATSAPP,
    KEY,
    NOW,
    PATIENT,
    PUBLIC_URL,
    REPORTS,
    TEXTS,
    Driver,
    Handler,
    Said,
)

API_KEY, API_SECRET, SIGNATURE_SECRET = (
    "a1b2c3d4",
    "Zx9-api-secret-of-the-clinic-1",
    "Qy7-signature-secret-of-the-clinic",
)
SETTINGS = VonageSettings(API_KEY, API_SECRET, (SIGNATURE_SECRET,), CLINIC, PUBLIC_URL)
CODES = {
    Blame.PERMANENT: (422, "1050"),
    Blame.CONFIGURATION: (422, "1120"),
    Blame.ACCOUNT: (401, "unauthorized"),
    Blame.NO_WAY: (422, "1170"),
}
REPORTED: dict[Blame | None, str] = {
    Blame.OPTED_OUT: "1240",
    Blame.NO_WAY: "1190",
    Blame.FILTERED: "1210",
    Blame.CONFIGURATION: "1120",
    Blame.ACCOUNT: "1070",
    None: "1180",
}
STATUSES = {
    Delivery.SENT: "submitted",
    Delivery.DELIVERED: "delivered",
    Delivery.UNDELIVERED: "undeliverable",
}
SENT_AT = "2026-11-23T10:00:00.000Z"
ERRORS = "https://developer.vonage.com/api-errors/messages#"


class VonageDriver(Driver):
    """JSON, and a JWT (HS256) that names the body's hash and the time; it has no list, and tells an opt-out later."""

    name = "Vonage"
    ids = tuple(f"aaaaaaaa-bbbb-4ccc-8ddd-0123456789a{digit}" for digit in "bcd")
    dated = True
    thanks = (Answer(200), Answer(204))
    refusals: ClassVar = {NotAuthentic: 401, NotUnderstood: 400, TooLarge: 413, Conflict: 503, StorageAway: 503}
    unsigned_status = 503
    secrets = (API_SECRET, SIGNATURE_SECRET)

    templates = ("ask_visit", "termin_bestaetigen")

    def carrier(self, client: httpx.AsyncClient, **changes: Any) -> Vonage:
        return Vonage(replace(SETTINGS, **changes), client, lambda: NOW, time_limit=0.05)

    def client(self, handler: Handler) -> httpx.AsyncClient:
        return http_client(httpx.MockTransport(handler))

    def accepts(self) -> httpx.Response:
        return httpx.Response(202, json={"message_uuid": self.ids[0]})

    def refuses(self, blame: Blame, words: str = "no") -> httpx.Response | None:
        if blame not in CODES:
            return None
        status, code = CODES[blame]
        return httpx.Response(status, json={"type": ERRORS + code, "title": words, "detail": words, "instance": "i1"})

    def asked_in(self, request: httpx.Request) -> tuple[str, list[str], str, str]:
        message = json.loads(request.content)
        assert (message["channel"], message["message_type"]) == ("whatsapp", "template")
        assert message["whatsapp"] == {"policy": "deterministic", "locale": "de"}
        template = message["template"]
        return template["name"], template["parameters"], f"+{message['to']}", f"+{message['from']}"

    def said_in(self, request: httpx.Request) -> tuple[str, str, str]:
        message = json.loads(request.content)
        assert (message["channel"], message["message_type"]) == ("whatsapp", "text")
        return message["text"], f"+{message['to']}", f"+{message['from']}"

    def texted(self, said: Said) -> RawRequest:
        picture = {"channel": "mms", "message_type": "image", "image": {"url": "https://…", "caption": said.words}}
        usual = {"channel": "sms", "message_type": "text", "text": said.words, "sms": {"num_messages": "1"}}
        names = self._names(said.message_id, said.sender, said.recipient)
        return self._posted(TEXTS, (picture if said.pictures else usual) | names)

    def by_whatsapp(self, words: str, *, button: bool = False, recipient: str = CLINICS_WHATSAPP) -> RawRequest:
        said: dict[str, object] = {"message_type": "text", "text": words}
        if button:
            said = {"message_type": "button", "button": {"payload": "yes-1", "text": words}}
        return self._posted(TEXTS, {"channel": "whatsapp", **said} | self._names("", PATIENT, recipient))

    def from_elsewhere(self) -> RawRequest:
        words = {"channel": "viber_service", "message_type": "text", "text": "YES"}
        return self._posted(TEXTS, words | self._names("", PATIENT, CLINIC))

    def report(self, status: Delivery, key: str | None = KEY) -> RawRequest:
        return self._report(STATUSES.get(status, "submitted"), key, {})

    def report_blaming(self, blame: Blame | None, key: str = KEY) -> RawRequest | None:
        if blame not in REPORTED:
            return None
        error = {"type": ERRORS + REPORTED[blame], "title": REPORTED[blame], "detail": "no", "instance": "i1"}
        return self._report("rejected", key, {"error": error})

    def report_of_reading(self) -> RawRequest:
        return self._report("read", KEY, {"channel": "whatsapp"})

    def _report(self, status: str, key: str | None, more: dict[str, object]) -> RawRequest:
        known = {"client_ref": key} if key else {}
        names = {"message_uuid": self.ids[0], "to": PATIENT[1:], "from": CLINIC[1:], "timestamp": SENT_AT}
        return self._posted(f"{REPORTS}/{key}" if key else REPORTS, names | {"status": status} | known | more)

    def _names(self, message_id: str, sender: str, recipient: str) -> dict[str, object]:
        numbers = {"to": recipient.removeprefix("+"), "from": sender.removeprefix("+"), "timestamp": SENT_AT}
        return {"message_uuid": message_id or self.ids[0], **numbers}

    def _posted(self, path: str, document: dict[str, object]) -> RawRequest:
        return self.signed(path, json.dumps(document, ensure_ascii=False).encode())

    def signed(self, path: str, body: bytes, *, at: datetime = NOW, secret: str = "", **changes: object) -> RawRequest:
        claims = {
            "iat": int(at.timestamp()),
            "jti": "c5ba8f24",
            "iss": "Vonage",
            "payload_hash": hashlib.sha256(body).hexdigest(),
            "api_key": API_KEY,
            **changes,
        }
        headers = {"authorization": f"Bearer {jwt_of(claims, secret)}", "content-type": "application/json"}
        return RawRequest("POST", path, headers, body)

    def unsigned(self, request: RawRequest) -> RawRequest:
        return replace(request, headers={"content-type": request.headers["content-type"]})


def jwt_of(claims: dict[str, object], secret: str = "", header: dict[str, str] | None = None) -> str:
    """Header and claims in base64url, and their HMAC-SHA256."""
    told = ".".join(map(_encoded, (header or {"alg": "HS256", "typ": "JWT"}, claims)))
    return f"{told}.{_base64(hmac.new((secret or SIGNATURE_SECRET).encode(), told.encode(), 'sha256').digest())}"


def _encoded(document: object) -> str:
    return _base64(json.dumps(document).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
