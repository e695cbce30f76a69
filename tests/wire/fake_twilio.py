"""Twilio as the product meets it at the wire, with the phones behind it.

Its moments: "text arrived", "text accepted", "text answered".
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.wire.accounts import ACCOUNT, BASIC, CLINIC, TOKEN
from tests.wire.servers import Fake, Moments, Request, Response

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
USUALLY_LISTED, MOST_LISTED = 50, 1000


@dataclass(frozen=True)
class Text:
    """One text that the carrier has accepted, and so one text on the patient's phone."""

    sid: str
    to: str
    body: str
    callback: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def kind(self) -> str:
        """What it is to its reader."""
        if "Reply YES " in self.body:
            return "question"
        return "acknowledgement" if re.match("Confirmed|No problem", self.body) else self.body

    @property
    def key(self) -> str:
        """The errand's key, which only the product understands."""
        return self.callback.rpartition("/")[2]


@dataclass(frozen=True)
class Inbound:
    """One text that the carrier has taken in from a phone."""

    sid: str
    phone: str
    words: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def form(self) -> dict[str, str]:
        """As the carrier posts it."""
        return {
            "MessageSid": self.sid,
            "AccountSid": ACCOUNT,
            "From": self.phone,
            "FromCity": "",
            "To": CLINIC,
            "Body": self.words,
            "NumMedia": "0",
            "SmsStatus": "received",
        }


class FakeTwilio(Fake):
    """Twilio's Messages API with the phones behind it. `rings` is called when a text has reached a phone. The next text
    to a phone in `loses` is never accepted, and nobody is told; texts to a phone in `lags` are not in the list yet."""

    def __init__(self, moments: Moments, product_url: str) -> None:
        self.product_url = product_url
        self.texts: list[Text] = []
        self.received: list[Inbound] = []
        self.rings: Callable[[Text], object] = lambda text: None
        self.loses: set[str] = set()
        self.lags: set[str] = set()
        super().__init__(moments)

    def say(self, phone: str, words: str, sid: str = "") -> httpx.Response:
        """The patient sends a text. Told until it is answered, as Twilio does when the webhook asks for retries."""
        text = Inbound(sid or new_sid(), phone, words)
        self.received.append(text)
        return self._post(f"{self.product_url}/api/webhooks/sms", text.form)

    def report(self, text: Text, status: str) -> httpx.Response:
        """Tell how far a text has come."""
        return self._post(text.callback, report_form(text, status))

    def texts_to(self, phone: str) -> list[Text]:
        return [text for text in self.texts if text.to == phone]

    def posts(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    def answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != BASIC:
            return Response(401, {"code": 20003, "message": "Authenticate", "status": 401})
        if request.path != MESSAGES:
            return Response(404, {"code": 20404, "message": "The requested resource was not found", "status": 404})
        return self._send(request.form) if request.method == "POST" else self._list(request.query)

    def _send(self, form: Mapping[str, str]) -> Response:
        self.moments.reach("text arrived", form["To"])
        if form["To"] in self.loses:
            self.loses.remove(form["To"])
            return Response(500, {"code": 20500, "message": "Internal Server Error", "status": 500})
        text = Text(new_sid(), form["To"], form["Body"], form["StatusCallback"])
        self.texts.append(text)
        self.moments.reach("text accepted", text.to)
        return Response(201, as_listed(text), lambda: self._arrives(text))

    def _arrives(self, text: Text) -> None:
        self.moments.reach("text answered", text.to)
        self.rings(text)

    def _list(self, query: Mapping[str, str]) -> Response:
        """Newest first, both directions, page by page."""
        to, day = query.get("To"), date.fromisoformat(query.get("DateSent>", "2000-01-01"))
        found: list[Text | Inbound] = [text for text in list(self.texts) if to in (None, text.to)]
        found = [text for text in found if text.to not in self.lags]
        found += [text for text in list(self.received) if to in (None, CLINIC) and text.at.date() >= day]
        found.sort(key=lambda text: text.at, reverse=True)
        size, page = min(int(query.get("PageSize", USUALLY_LISTED)), MOST_LISTED), int(query.get("Page", 0))
        end = (page + 1) * size
        following = f"{MESSAGES}?{urlencode({**query, 'Page': page + 1})}" if end < len(found) else None
        listed = [as_listed(text) for text in found[page * size : end]]
        return Response(200, {"messages": listed, "page": page, "next_page_uri": following})

    def _post(self, url: str, form: Mapping[str, str]) -> httpx.Response:
        return self.courier.post_until_answered(url, *signed(url, form))


def signed(url: str, form: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """The body and the headers, signed as Twilio does it: the URL, and every field's name and value in the order of the
    names."""
    content = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), content.encode(), hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return urlencode(form).encode(), headers


def report_form(text: Text, status: str) -> dict[str, str]:
    """As the carrier posts how far a text has come."""
    return {"MessageSid": text.sid, "MessageStatus": status, "AccountSid": ACCOUNT, "From": CLINIC, "To": text.to}


def new_sid() -> str:
    """A message's id, as Twilio makes them."""
    return "SM" + secrets.token_hex(16)


def as_listed(text: Text | Inbound) -> dict[str, Any]:
    """A message as the API writes it down."""
    if isinstance(text, Inbound):
        ends = {"from": text.phone, "to": CLINIC, "body": text.words, "direction": "inbound", "status": "received"}
    else:
        ends = {"from": CLINIC, "to": text.to, "body": text.body, "direction": "outbound-api", "status": "queued"}
    dates = {"date_created": _date(text.at), "date_sent": _date(text.at) if isinstance(text, Inbound) else None}
    return {"sid": text.sid, "account_sid": ACCOUNT, "num_media": "0", "error_code": None, **ends, **dates}


def _date(moment: datetime) -> str:
    return format_datetime(moment.replace(microsecond=0))
