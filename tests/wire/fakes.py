"""Cal.com and Twilio as the product meets them at the wire, with those habits of theirs that could hurt a patient.

Their moments: "look arrived"; "confirm arrived", "confirm done", "confirm answered", and the same for cancel; "echo
answered"; "text arrived", "text accepted", "text answered".
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.wire.servers import Fake, Moments, Request, Response

API_KEY = "cal_live_0123456789abcdef"
API_VERSION = "2024-08-13"
WEBHOOK_SECRET = "webhook-secret"
ONE_TIME_PASSWORD = "5b1a7d42-one-time-password"

ACCOUNT = "AC" + "0a" * 16
TOKEN = "7f" * 16
CLINIC = "+12025550100"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()

BOOKING_PATH = re.compile(r"/v2/bookings/([^/]+)(/\w+)?")
VERBS = {
    "concept": {("PATCH", "/confirm"): "confirm", ("DELETE", None): "cancel"},
    "live": {("POST", "/confirm"): "confirm", ("POST", "/cancel"): "cancel"},
}
STATUS = {"BOOKING_REQUESTED": "PENDING", "BOOKING_CREATED": "ACCEPTED", "BOOKING_CANCELLED": "CANCELLED"}
HIDDEN_BY_THE_REAL_ONE = "Bad request: Please check your request data and try again"


def days_ahead(days: int) -> datetime:
    """10:30 in the morning in Kolkata, where clocks are never put back."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=5, minute=0, second=0, microsecond=0)


@dataclass
class Booking:
    """One booking in Cal.com. `changes` are all states that it was put into."""

    uid: str = "bookingUid00000000001"
    name: str = "Sarah Jones"
    phone: str = "+12025550143"
    starts_at: datetime = field(default_factory=lambda: days_ahead(10))
    status: str = "pending"
    changes: list[str] = field(default_factory=list)

    def change(self, status: str) -> None:
        self.status = status
        self.changes.append(status)


class FakeCalCom(Fake):
    """Cal.com's API with one of the two tables of verbs, and its webhooks. `echoes`: whether it tells us of our own
    confirm and cancel, and waits for our answer inside the call, as the real one does."""

    def __init__(self, moments: Moments, webhook_url: str, verbs: str = "live") -> None:
        self.webhook_url = webhook_url
        self.verbs = VERBS[verbs]
        self.bookings: dict[str, Booking] = {}
        self.echoes = True
        super().__init__(moments)

    def request(self, booking: Booking) -> httpx.Response:
        """The patient has taken a slot. Told until it is answered, as a self-hosted Cal.com with a queue does."""
        self.bookings[booking.uid] = booking
        body, headers = _webhook("BOOKING_REQUESTED", booking, oneTimePassword=ONE_TIME_PASSWORD)
        return self.courier.post_until_answered(self.webhook_url, body, headers)

    def calls_about(self, booking: Booking) -> list[Request]:
        return [request for request in self.requests if booking.uid in request.path]

    def answer(self, request: Request) -> Response:
        found = BOOKING_PATH.fullmatch(request.path)
        act = self._act(request, found[2]) if found else None
        if not found or not act or request.headers.get("cal-api-version") != API_VERSION:
            return _error(404, "NotFoundException", f"Cannot {request.method} {request.path}")
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return _error(401, "UnauthorizedException", "CustomThrottlerGuard - Invalid API Key")
        booking = self.bookings.get(found[1])
        if booking is None:
            return _error(404, "NotFoundException", f"Booking with uid={found[1]} was not found in the database")
        self.moments.reach(f"{act} arrived", booking.phone)
        refusal = getattr(self, f"_{act}")(booking, request)
        return refusal or _success(booking, lambda: self.moments.reach(f"{act} answered", booking.phone))

    def _act(self, request: Request, path: str | None) -> str | None:
        return "look" if (request.method, path) == ("GET", None) else self.verbs.get((request.method, path))

    def _look(self, booking: Booking, request: Request) -> None:
        """A look changes nothing."""

    def _confirm(self, booking: Booking, request: Request) -> Response | None:
        """Only what is accepted already is refused: a cancelled booking would be revived."""
        if booking.status == "accepted":
            return _error(400, "TRPCError", HIDDEN_BY_THE_REAL_ONE)
        booking.change("accepted")
        self.moments.reach("confirm done", booking.phone)
        self._echo("BOOKING_CREATED", booking)
        return None

    def _cancel(self, booking: Booking, request: Request) -> Response | None:
        """A host has to give a reason. The webhook is answered before the booking is cancelled."""
        is_json = request.headers.get("content-type") == "application/json"
        body = request.json if is_json and request.body else {}
        if booking.status == "cancelled":
            return Response(400, {"statusCode": 400, "message": "This booking has already been cancelled"})
        if body.keys() != {"cancellationReason"}:
            return Response(400, {"statusCode": 400, "message": "Cancellation reason is required"})
        self._echo("BOOKING_CANCELLED", booking, **body)
        booking.change("cancelled")
        self.moments.reach("cancel done", booking.phone)
        return None

    def _echo(self, trigger: str, booking: Booking, **more: object) -> None:
        """One attempt. An answer that is no 200 changes nothing here, but it is an error of the product's."""
        answer = self.courier.post(self.webhook_url, *_webhook(trigger, booking, **more)) if self.echoes else None
        if answer is not None:
            self.moments.reach("echo answered", booking.phone)
        if answer is not None and answer.status_code != 200:
            self.errors.append(AssertionError(f"{trigger} was answered with {answer.status_code} {answer.text}"))


def _webhook(trigger: str, booking: Booking, **more: object) -> tuple[bytes, dict[str, str]]:
    """The body as JSON.stringify writes it, and the headers that sign it."""
    payload = {
        "uid": booking.uid,
        "bookingId": 501,
        "type": "checkup",
        "title": f"Checkup between Dr. Lee and {booking.name}",
        "startTime": _instant(booking.starts_at),
        "endTime": _instant(booking.starts_at + timedelta(minutes=30)),
        "length": 30,
        "organizer": {"id": 7, "name": "Dr. Lee", "email": "lee@clinic.example", "timeZone": "Europe/London"},
        "attendees": [_attendee(booking)],
        "responses": {"attendeePhoneNumber": {"label": "phone_number", "value": booking.phone}},
        "status": STATUS[trigger],
        **more,
    }
    envelope = {"triggerEvent": trigger, "createdAt": _instant(datetime.now(UTC)), "payload": payload}
    body = json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {"Content-Type": "application/json", "X-Cal-Signature-256": signature}


def _attendee(booking: Booking) -> dict[str, object]:
    return {
        "name": booking.name,
        "email": "patient@example.org",
        "timeZone": "Asia/Kolkata",
        "language": {"locale": "en"},
        "phoneNumber": booking.phone,
    }


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _success(booking: Booking, then: Callable[[], None]) -> Response:
    return Response(200, {"status": "success", "data": {"uid": booking.uid, "status": booking.status}}, then)


def _error(status: int, code: str, message: str) -> Response:
    return Response(status, {"status": "error", "error": {"code": code, "message": message}})


@dataclass(frozen=True)
class Text:
    """One text that the carrier has accepted, and so one text on the patient's phone."""

    sid: str
    to: str
    body: str
    callback: str
    created_at: datetime

    @property
    def kind(self) -> str:
        """What it is to its reader."""
        if "Reply YES to confirm" in self.body:
            return "question"
        return "acknowledgement" if re.match("Confirmed|No problem", self.body) else self.body


class FakeTwilio(Fake):
    """Twilio's Messages API with the phones behind it. `rings` is called when a text has reached a phone. The next text
    to a phone in `loses` is never accepted, and nobody is told; texts to a phone in `lags` are not in the list yet."""

    def __init__(self, moments: Moments, product_url: str) -> None:
        self.product_url = product_url
        self.texts: list[Text] = []
        self.rings: Callable[[Text], object] = lambda text: None
        self.loses: set[str] = set()
        self.lags: set[str] = set()
        super().__init__(moments)

    def say(self, phone: str, words: str, sid: str = "") -> httpx.Response:
        """The patient sends a text. Told until it is answered, as Twilio does when the webhook asks for retries."""
        form = {
            "MessageSid": sid or new_sid(),
            "AccountSid": ACCOUNT,
            "From": phone,
            "FromCity": "",
            "To": CLINIC,
            "Body": words,
            "NumMedia": "0",
            "SmsStatus": "received",
        }
        return self._post(f"{self.product_url}/api/webhooks/sms", form)

    def report(self, text: Text, status: str) -> httpx.Response:
        """Tell how far a text has come."""
        form = {"MessageSid": text.sid, "MessageStatus": status, "AccountSid": ACCOUNT, "From": CLINIC, "To": text.to}
        return self._post(text.callback, form)

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
        text = Text(new_sid(), form["To"], form["Body"], form["StatusCallback"], datetime.now(UTC))
        self.texts.append(text)
        self.moments.reach("text accepted", text.to)
        return Response(201, _message(text), lambda: self._arrives(text))

    def _arrives(self, text: Text) -> None:
        self.moments.reach("text answered", text.to)
        self.rings(text)

    def _list(self, query: Mapping[str, str]) -> Response:
        """Newest first."""
        found = [text for text in reversed(self.texts) if text.to == query.get("To", text.to)]
        listed = [_message(text) for text in found if text.to not in self.lags]
        return Response(200, {"messages": listed, "page": 0, "next_page_uri": None})

    def _post(self, url: str, form: Mapping[str, str]) -> httpx.Response:
        """Signed as Twilio does it: the URL, and every field's name and value in the order of the names."""
        signed = url + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        return self.courier.post_until_answered(url, urlencode(form).encode(), headers)


def new_sid() -> str:
    """A message's id, as Twilio makes them."""
    return "SM" + secrets.token_hex(16)


def _message(text: Text) -> dict[str, Any]:
    return {
        "sid": text.sid,
        "account_sid": ACCOUNT,
        "to": text.to,
        "from": CLINIC,
        "body": text.body,
        "status": "queued",
        "direction": "outbound-api",
        "date_created": format_datetime(text.created_at.replace(microsecond=0)),
        "date_sent": None,
        "error_code": None,
    }
