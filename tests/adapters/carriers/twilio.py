"""Twilio, as the promises need it."""

import base64
import hmac
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

import httpx

from adapters.twilio import Twilio, TwilioSettings, http_client
from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import Blame, Delivery
from domain.ports import Answer, RawRequest
from tests.adapters.carriers.driver import (
    CLINIC,
    KEY,
    NOW,
    PATIENT,
    PUBLIC_URL,
    QUESTION,
    REPORTS,
    TEXTS,
    Driver,
    Handler,
)

ACCOUNT, TOKEN = "AC" + "0a" * 16, "7f" * 16
SETTINGS = TwilioSettings(ACCOUNT, (TOKEN,), CLINIC, PUBLIC_URL)
CODES = {
    Blame.PERMANENT: (400, 21617),
    Blame.CONFIGURATION: (400, 21606),
    Blame.ACCOUNT: (401, 20003),
    Blame.OPTED_OUT: (400, 21610),
    Blame.NO_WAY: (400, 21635),
}
STATUSES = {
    Delivery.ACCEPTED: "queued",
    Delivery.SENT: "sent",
    Delivery.DELIVERED: "delivered",
    Delivery.UNDELIVERED: "undelivered",
}
DATE = "Mon, 23 Nov 2026 10:00:00 +0000"
NOTHING_TO_SAY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


class TwilioDriver(Driver):
    """A form, signed together with its URL by HMAC-SHA1; the signature has no date."""

    name = "Twilio"
    ids = ("SM" + "5e" * 16, "SM" + "6f" * 16, "MM" + "7a" * 16)
    dated = False
    thanks = (Answer(200, NOTHING_TO_SAY, "text/xml"), Answer(204))
    refusals: ClassVar = {NotAuthentic: 403, NotUnderstood: 400, TooLarge: 413, Conflict: 503, StorageAway: 503}
    unsigned_status = 403
    secrets = (TOKEN,)

    def carrier(self, client: httpx.AsyncClient) -> Twilio:
        return Twilio(SETTINGS, client, time_limit=0.05)

    def client(self, handler: Handler) -> httpx.AsyncClient:
        return http_client(httpx.MockTransport(handler))

    def accepts(self) -> httpx.Response:
        return httpx.Response(201, json={"sid": self.ids[0], "status": "queued"})

    def refuses(self, blame: Blame, words: str = "no") -> httpx.Response:
        status, code = CODES[blame]
        return httpx.Response(status, json={"code": code, "message": words, "status": status})

    def listed(self) -> httpx.Response:
        usual = {"date_created": DATE, "date_sent": DATE, "num_media": "0"}
        copy = {"sid": self.ids[0], "to": PATIENT, "from": CLINIC, "body": QUESTION.body, "direction": "outbound-api"}
        heard = {"sid": self.ids[1], "to": CLINIC, "from": PATIENT, "body": "YES", "direction": "inbound"}
        return httpx.Response(200, json={"messages": [heard | usual, copy | usual], "next_page_uri": None})

    def text(self, words: str, message_id: str = "", *, pictures: int = 0, sender: str = PATIENT) -> RawRequest:
        fields = {"MessageSid": message_id or self.ids[0], "AccountSid": ACCOUNT, "From": sender, "To": CLINIC}
        return self._posted(TEXTS, {**fields, "Body": words, "NumMedia": str(pictures), "FromCity": ""})

    def from_elsewhere(self) -> RawRequest:
        return self.text("YES", sender=f"whatsapp:{PATIENT}")

    def report(self, status: Delivery, key: str | None = KEY) -> RawRequest:
        fields = {"MessageSid": self.ids[0], "MessageStatus": STATUSES[status], "AccountSid": ACCOUNT, "To": PATIENT}
        return self._posted(f"{REPORTS}/{key}" if key else REPORTS, fields)

    def _posted(self, path: str, fields: dict[str, str]) -> RawRequest:
        return self.signed(path, urlencode(fields).encode())

    def signed(self, path: str, body: bytes, *, at: datetime = NOW, secret: str = "") -> RawRequest:
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        told = PUBLIC_URL + path + "".join(name + value for name, value in sorted(set(pairs)))
        signature = base64.b64encode(hmac.new((secret or TOKEN).encode(), told.encode(), "sha1").digest()).decode()
        form = "application/x-www-form-urlencoded"
        return RawRequest("POST", path, {"x-twilio-signature": signature, "content-type": form}, body)

    def unsigned(self, request: RawRequest) -> RawRequest:
        return replace(request, headers={"content-type": request.headers["content-type"]})
