"""Telnyx, as the promises need it."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.telnyx import Telnyx, TelnyxSettings, http_client
from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import Blame, Delivery
from domain.ports import Answer, RawRequest
from tests.adapters.carriers.driver import (
    CLINIC,
    KEY,
    NAME,
    NOW,
    PATIENT,
    PUBLIC_URL,
    REPORTS,
    TEXTS,
    Driver,
    Handler,
    Said,
)

API_KEY, PRIVATE_KEY = "KEY-of-the-clinic-0123456789abcdef", "private-key-of-the-account"
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
CODES = {
    Blame.PERMANENT: (400, "40302"),
    Blame.CONFIGURATION: (400, "40305"),
    Blame.ACCOUNT: (401, "10009"),
    Blame.OPTED_OUT: (409, "40300"),
    Blame.NO_WAY: (400, "40310"),
}
REPORTED: dict[Blame | None, tuple[str, str]] = {
    Blame.OPTED_OUT: ("40300", "Blocked due to STOP message"),
    Blame.NO_WAY: ("40001", "Not routable"),
    Blame.FILTERED: ("40002", "Blocked as spam - temporary"),
    Blame.CONFIGURATION: ("40010", "Not 10DLC registered"),
    Blame.ACCOUNT: ("20012", "Account inactive"),
    None: ("40006", "Recipient server unavailable"),
}
STATUSES = {Delivery.SENT: "sent", Delivery.DELIVERED: "delivered", Delivery.UNDELIVERED: "delivery_failed"}
DATE = "2026-11-23T10:00:00Z"


def pair(secret: str) -> Ed25519PrivateKey:
    """The key pair of a secret."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())


PUBLIC_KEY = base64.b64encode(pair(PRIVATE_KEY).public_key().public_bytes_raw()).decode()
SETTINGS = TelnyxSettings(API_KEY, (PUBLIC_KEY,), CLINIC, PUBLIC_URL)


class TelnyxDriver(Driver):
    """JSON, and Ed25519 over the time and the body; its list has no words, so each text is asked for by itself."""

    name = "Telnyx"
    ids = tuple(f"40385f64-5717-4562-b3fc-2c963f66afa{digit}" for digit in "678")
    dated = True
    thanks = (Answer(200), Answer(204))
    refusals: ClassVar = {NotAuthentic: 401, NotUnderstood: 400, TooLarge: 413, Conflict: 503, StorageAway: 503}
    unsigned_status = 401
    secrets = (API_KEY, PRIVATE_KEY)

    named: ClassVar = {"sender": NAME, "profile_of_name": PROFILE}
    pooled: ClassVar = ({"sender": PROFILE}, PROFILE)

    def carrier(self, client: httpx.AsyncClient, **changes: Any) -> Telnyx:
        return Telnyx(replace(SETTINGS, **changes), client, lambda: NOW, time_limit=0.05)

    def client(self, handler: Handler) -> httpx.AsyncClient:
        return http_client(httpx.MockTransport(handler))

    def accepts(self) -> httpx.Response:
        return httpx.Response(200, json={"data": {"id": self.ids[0], "to": [{"status": "queued"}]}})

    def refuses(self, blame: Blame, words: str = "no") -> httpx.Response | None:
        if blame not in CODES:
            return None
        status, code = CODES[blame]
        return httpx.Response(status, json={"errors": [{"code": code, "title": "no", "detail": words}]})

    def listed(self) -> httpx.Response:
        usual = {"created_at": DATE, "record_type": "message_detail_record"}
        ours = {"uuid": self.ids[0], "cli": CLINIC, "cld": PATIENT}
        ours["delivery_status_webhook_url"] = f"{PUBLIC_URL}{REPORTS}/{KEY}"
        heard = {"uuid": self.ids[1], "cli": PATIENT, "cld": CLINIC}
        return httpx.Response(200, json={"data": [heard | usual, ours | usual], "meta": {"total_pages": 1}})

    def looked_up(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/detail_records"):
            answer = json.loads(self.listed().content)
            cld = request.url.params["filter[cld]"]
            return httpx.Response(200, json={**answer, "data": [one for one in answer["data"] if one["cld"] == cld]})
        return httpx.Response(200, json={"data": self._message("YES", request.url.path.rpartition("/")[2], PATIENT)})

    def texted(self, said: Said) -> RawRequest:
        message = self._message(said.words, said.message_id, said.sender, said.recipient)
        message |= {"messaging_profile_id": said.pool} if said.pool else {}
        return self._posted(TEXTS, "message.received", message | {"media": [{"url": "https://…"}] * said.pictures})

    def from_elsewhere(self) -> RawRequest:
        return self._posted(TEXTS, "message.received", self._message("YES", self.ids[0], PATIENT) | {"type": "RCS"})

    def report(self, status: Delivery, key: str | None = KEY) -> RawRequest:
        return self._report(status, key, [])

    def report_blaming(self, blame: Blame | None, key: str = KEY) -> RawRequest | None:
        if blame not in REPORTED:
            return None
        code, title = REPORTED[blame]
        return self._report(Delivery.UNDELIVERED, key, [{"code": code, "title": title}])

    def _report(self, status: Delivery, key: str | None, errors: list[object]) -> RawRequest:
        path = f"{REPORTS}/{key}" if key else REPORTS
        to = [{"phone_number": PATIENT, "status": STATUSES[status]}]
        message = {"id": self.ids[0], "direction": "outbound", "to": to, "errors": errors}
        message["webhook_url"] = PUBLIC_URL + path
        return self._posted(path, "message.sent" if status is Delivery.SENT else "message.finalized", message)

    def _message(self, words: str, message_id: str, sender: str, recipient: str = CLINIC) -> dict[str, object]:
        numbers = {"from": {"phone_number": sender}, "to": [{"phone_number": recipient}]}
        return {"id": message_id, "direction": "inbound", "type": "SMS", "text": words, "media": [], **numbers}

    def _posted(self, path: str, kind: str, message: dict[str, object]) -> RawRequest:
        event = {"data": {"event_type": kind, "id": "e1", "occurred_at": DATE, "payload": message}}
        return self.signed(path, json.dumps(event, ensure_ascii=False).encode())

    def signed(self, path: str, body: bytes, *, at: datetime = NOW, secret: str = "") -> RawRequest:
        time = str(int(at.timestamp()))
        signature = base64.b64encode(pair(secret or PRIVATE_KEY).sign(f"{time}|".encode() + body)).decode()
        headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": time, "content-type": "application/json"}
        return RawRequest("POST", path, headers, body)

    def unsigned(self, request: RawRequest) -> RawRequest:
        return replace(request, headers={"content-type": request.headers["content-type"]})
