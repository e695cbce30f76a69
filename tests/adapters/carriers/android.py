"""A phone gateway, as the promises need it."""

import hmac
import json
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import httpx

from adapters.android import AndroidGateway, AndroidSettings, http_client
from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import Blame, Delivery
from domain.ports import Answer, RawRequest
from tests.adapters.carriers.driver import CLINIC, KEY, NOW, PATIENT, REPORTS, TEXTS, Driver, Handler, Said

PASSWORD, SIGNING_KEY = "password-of-the-phone-0123456789", "signing-key-of-the-phone-0123456789"
SETTINGS = AndroidSettings("http://192.168.1.10:8080", "sms", PASSWORD, (SIGNING_KEY,), "US")
ERRORS = {
    Blame.PERMANENT: (400, "message is empty"),
    Blame.CONFIGURATION: (400, "failed to select device"),
    Blame.ACCOUNT: (401, "Unauthorized"),
    Blame.NO_WAY: (400, "invalid phone number"),
}
REASONS: dict[Blame | None, str] = {Blame.CONFIGURATION: "No SIMs found", None: "RESULT_ERROR_NO_SERVICE"}
EVENTS = {Delivery.SENT: "sms:sent", Delivery.DELIVERED: "sms:delivered", Delivery.UNDELIVERED: "sms:failed"}
DATE = "2026-11-23T12:00:00.000+02:00"  # the phone has a zone of its own


class AndroidDriver(Driver):
    """JSON, and HMAC-SHA256 over the body and the time. What we send has our key for an id; what comes in has a hash,
    to which the adapter adds the date."""

    name = "Android gateway"
    ids = tuple(f"{hashed}-{int(NOW.timestamp())}" for hashed in ("fffffffe", "1a2b3c4d", "5"))
    sent_id = KEY
    dated = True
    thanks = (Answer(200), Answer(204))
    refusals: ClassVar = {NotAuthentic: 401, NotUnderstood: 400, TooLarge: 413, Conflict: 503, StorageAway: 503}
    unsigned_status = 401
    secrets = (PASSWORD, SIGNING_KEY)

    short = named = None  # the SIM decides

    def carrier(self, client: httpx.AsyncClient, **changes: Any) -> AndroidGateway:
        return AndroidGateway(replace(SETTINGS, **changes), client, lambda: NOW, time_limit=0.05)

    def client(self, handler: Handler) -> httpx.AsyncClient:
        return http_client(httpx.MockTransport(handler))

    def accepts(self) -> httpx.Response:
        return httpx.Response(202, json={"id": KEY, "state": "Pending", "states": {"Pending": DATE}})

    def refuses(self, blame: Blame, words: str = "no") -> httpx.Response | None:
        if blame not in ERRORS:
            return None
        status, told = ERRORS[blame]
        return httpx.Response(status, json={"message": f"{told}: {words}"})

    def listed(self) -> httpx.Response:
        hashed = int(self.ids[1].partition("-")[0], 16)
        names = {"id": f"text:{hashed}", "type": "SMS", "sender": PATIENT, "recipient": CLINIC}
        return httpx.Response(200, json=[{**names, "contentPreview": "YES", "createdAt": DATE}])

    def looked_up(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/inbox":
            return self.listed()
        return httpx.Response(200, json={"id": KEY, "state": "Sent", "states": {"Pending": DATE}})

    def texted(self, said: Said) -> RawRequest:
        hashed = said.message_id.partition("-")[0]
        payload = {
            "messageId": hashed,
            "sender": said.sender,
            "recipient": said.recipient,
            "simNumber": 1,
            "receivedAt": DATE,
        }
        if said.pictures:
            parts = [{"partId": number, "contentType": "image/jpeg"} for number in range(said.pictures)]
            return self._posted(TEXTS, "mms:downloaded", payload | {"body": said.words, "attachments": parts})
        return self._posted(TEXTS, "sms:received", payload | {"message": said.words})

    def from_elsewhere(self) -> RawRequest:
        payload = {"messageId": "fffffffe", "sender": PATIENT, "data": "WUVT", "receivedAt": DATE}
        return self._posted(TEXTS, "sms:data-received", payload)

    def report(self, status: Delivery, key: str | None = KEY) -> RawRequest:
        payload = {"messageId": key or self.ids[0], "phoneNumber": PATIENT, "recipient": PATIENT, "simNumber": 1}
        return self._posted(REPORTS, EVENTS[status], payload)

    def report_blaming(self, blame: Blame | None, key: str = KEY) -> RawRequest | None:
        if blame not in REASONS:
            return None
        payload = {"messageId": key, "phoneNumber": PATIENT, "simNumber": 1, "reason": REASONS[blame]}
        return self._posted(REPORTS, "sms:failed", payload)

    def _posted(self, path: str, event: str, payload: dict[str, object]) -> RawRequest:
        document = {"deviceId": "d1", "event": event, "id": "e1", "payload": payload, "webhookId": "w1"}
        return self.signed(path, json.dumps(document, ensure_ascii=False).encode())

    def signed(self, path: str, body: bytes, *, at: datetime = NOW, secret: str = "") -> RawRequest:
        time = str(int(at.timestamp()))
        signature = hmac.new((secret or SIGNING_KEY).encode(), body + time.encode(), "sha256").hexdigest()
        headers = {"x-signature": signature, "x-timestamp": time, "content-type": "application/json"}
        return RawRequest("POST", path, headers, body)

    def unsigned(self, request: RawRequest) -> RawRequest:
        return replace(request, headers={"content-type": request.headers["content-type"]})
