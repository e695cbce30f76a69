"""Twilio, as the promises need it."""

import base64
import hmac
import json
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import httpx

from adapters.twilio import Twilio, TwilioSettings, http_client
from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import Blame, Delivery
from domain.ports import Answer, RawRequest
from tests.adapters.carriers.driver import (
    CLINIC,
    CLINICS_WHATSAPP,
    FILLED_IN,
    FREE,
    KEY,
    NOW,
    PATIENT,
    PUBLIC_URL,
    QUESTION,
    REPORTS,
    TEXTS,
    Driver,
    Handler,
    Said,
)

ACCOUNT, TOKEN, SERVICE = "AC" + "0a" * 16, "7f" * 16, "MG" + "9c" * 16
SETTINGS = TwilioSettings(ACCOUNT, (TOKEN,), CLINIC, PUBLIC_URL)
CODES = {
    Blame.PERMANENT: (400, 21617),
    Blame.CONFIGURATION: (400, 21606),
    Blame.ACCOUNT: (401, 20003),
    Blame.OPTED_OUT: (400, 21610),
    Blame.NO_WAY: (400, 21635),
}
REPORTED: dict[Blame | None, str] = {
    Blame.OPTED_OUT: "30004",
    Blame.NO_WAY: "30006",
    Blame.FILTERED: "30007",
    Blame.CONFIGURATION: "30034",
    Blame.ACCOUNT: "30002",
    None: "30003",
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
    signs_fields = True
    thanks = (Answer(200, NOTHING_TO_SAY, "text/xml"), Answer(204))
    refusals: ClassVar = {NotAuthentic: 403, NotUnderstood: 400, TooLarge: 413, Conflict: 503, StorageAway: 503}
    unsigned_status = 403
    secrets = (TOKEN,)

    pooled: ClassVar = ({"sender": SERVICE}, SERVICE)
    templates = ("HX" + "1b" * 16, "HX" + "2c" * 16)

    def carrier(self, client: httpx.AsyncClient, **changes: Any) -> Twilio:
        return Twilio(replace(SETTINGS, **changes), client, time_limit=0.05)

    def client(self, handler: Handler) -> httpx.AsyncClient:
        return http_client(httpx.MockTransport(handler))

    def accepts(self) -> httpx.Response:
        return httpx.Response(201, json={"sid": self.ids[0], "status": "queued"})

    def refuses(self, blame: Blame, words: str = "no") -> httpx.Response | None:
        if blame not in CODES:
            return None
        status, code = CODES[blame]
        return httpx.Response(status, json={"code": code, "message": words, "status": status})

    def asked_in(self, request: httpx.Request) -> tuple[str, list[str], str, str]:
        form = dict(parse_qsl(request.content.decode()))
        assert "Body" not in form, "Twilio takes approved words or free ones"
        blanks = json.loads(form["ContentVariables"])
        assert list(blanks) == [str(number) for number in range(1, len(blanks) + 1)]
        return (form["ContentSid"], [*blanks.values()], *self._numbers(form))

    def said_in(self, request: httpx.Request) -> tuple[str, str, str]:
        form = dict(parse_qsl(request.content.decode()))
        assert "ContentSid" not in form
        return (form["Body"], *self._numbers(form))

    def _numbers(self, form: dict[str, str]) -> tuple[str, str]:
        to, sender = (form[name].partition("whatsapp:")[2] for name in ("To", "From"))
        return to, sender

    def listed(self) -> httpx.Response:
        copy = {"sid": self.ids[0], "to": PATIENT, "from": CLINIC, "body": QUESTION.body, "direction": "outbound-api"}
        heard = {"sid": self.ids[1], "to": CLINIC, "from": PATIENT, "body": "YES", "direction": "inbound"}
        return self._page(heard, copy)

    def listed_by_whatsapp(self) -> httpx.Response:
        sent = {"to": f"whatsapp:{PATIENT}", "from": f"whatsapp:{CLINICS_WHATSAPP}", "direction": "outbound-api"}
        asked = {"sid": self.ids[0], "body": f"{FILLED_IN[0]}: bitte bestätigen: {FILLED_IN[1]} {FILLED_IN[2]}"}
        heard = {"sid": self.ids[2], "to": sent["from"], "from": sent["to"], "body": "YES", "direction": "inbound"}
        return self._page(heard, {"sid": self.ids[1], "body": FREE.body} | sent, asked | sent)

    def _page(self, *messages: dict[str, str]) -> httpx.Response:
        usual = {"date_created": DATE, "date_sent": DATE, "num_media": "0"}
        page = {"messages": [message | usual for message in messages], "next_page_uri": None}
        return httpx.Response(200, json=page)

    def texted(self, said: Said) -> RawRequest:
        fields = {"MessageSid": said.message_id, "AccountSid": ACCOUNT, "From": said.sender, "To": said.recipient}
        service = {"MessagingServiceSid": said.pool} if said.pool else {}
        return self._posted(
            TEXTS, {**fields, "Body": said.words, "NumMedia": str(said.pictures), "FromCity": "", **service}
        )

    def by_whatsapp(self, words: str, *, button: bool = False, recipient: str = CLINICS_WHATSAPP) -> RawRequest:
        usual = {"MessageSid": self.ids[0], "AccountSid": ACCOUNT, "NumMedia": "0", "ProfileName": "Sarah"}
        said = {"ButtonText": words, "ButtonPayload": "yes-1", "Body": ""} if button else {"Body": words}
        numbers = {"From": f"whatsapp:{PATIENT}", "To": f"whatsapp:{recipient}"}
        return self._posted(TEXTS, {**usual, **said, **numbers})

    def from_elsewhere(self) -> RawRequest:
        return self.text("YES", sender=f"rcs:{PATIENT}")

    def report(self, status: Delivery, key: str | None = KEY) -> RawRequest:
        fields = {"MessageSid": self.ids[0], "MessageStatus": STATUSES[status], "AccountSid": ACCOUNT, "To": PATIENT}
        return self._posted(f"{REPORTS}/{key}" if key else REPORTS, fields)

    def report_blaming(self, blame: Blame | None, key: str = KEY) -> RawRequest | None:
        if blame not in REPORTED:
            return None
        fields = {"MessageSid": self.ids[0], "AccountSid": ACCOUNT, "To": PATIENT, "MessageStatus": "undelivered"}
        return self._posted(f"{REPORTS}/{key}", {**fields, "ErrorCode": REPORTED[blame]})

    def report_of_reading(self) -> RawRequest:
        fields = {"MessageSid": self.ids[0], "MessageStatus": "read", "AccountSid": ACCOUNT}
        return self._posted(f"{REPORTS}/{KEY}", {**fields, "To": f"whatsapp:{PATIENT}"})

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
