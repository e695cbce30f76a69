"""Cal.com as the product meets it at the wire, with those habits of its that could hurt a patient.

Its moments: "look arrived"; "confirm arrived", "confirm done", "confirm answered", and the same for cancel; "echo
answered".
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.wire.accounts import API_KEY, API_VERSION, ONE_TIME_PASSWORD, WEBHOOK_SECRET
from tests.wire.servers import Fake, Moments, Request, Response

LIST_PATH = "/v2/bookings"
BOOKING_PATH = re.compile(r"/v2/bookings/([^/]+)(/\w+)?")
VERBS = {
    "concept": {("PATCH", "/confirm"): "confirm", ("DELETE", None): "cancel"},
    "live": {("POST", "/confirm"): "confirm", ("POST", "/cancel"): "cancel"},
}
STATUS = {
    "BOOKING_REQUESTED": "PENDING",
    "BOOKING_CREATED": "ACCEPTED",
    "BOOKING_CANCELLED": "CANCELLED",
    "BOOKING_REJECTED": "REJECTED",
}
HIDDEN_BY_THE_REAL_ONE = "Bad request: Please check your request data and try again"
USUALLY_TAKEN, MOST_TAKEN = 100, 250


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
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

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
        return self.courier.post_until_answered(self.webhook_url, *notice_of_request(booking))

    def calls_about(self, booking: Booking) -> list[Request]:
        return [request for request in self.requests if booking.uid in request.path]

    def answer(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        if (request.method, request.path) == ("GET", LIST_PATH):
            return Response(200, {"status": "success", "data": self._listed(request.query)})
        found = BOOKING_PATH.fullmatch(request.path)
        act = self._act(request, found[2]) if found else None
        if not found or not act:
            return _error(404, "NotFoundException", f"Cannot {request.method} {request.path}")
        booking = self.bookings.get(found[1])
        if booking is None:
            return _error(404, "NotFoundException", f"Booking with uid={found[1]} was not found in the database")
        self.moments.reach(f"{act} arrived", booking.phone)
        refusal = getattr(self, f"_{act}")(booking, request)
        return refusal or _success(booking, lambda: self.moments.reach(f"{act} answered", booking.phone))

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("cal-api-version") != API_VERSION:
            return _error(404, "NotFoundException", f"Cannot {request.method} {request.path}")
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return _error(401, "UnauthorizedException", "CustomThrottlerGuard - Invalid API Key")
        return None

    def _act(self, request: Request, path: str | None) -> str | None:
        return "look" if (request.method, path) == ("GET", None) else self.verbs.get((request.method, path))

    def _listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Those that wait for confirmation, in the order in which they were made. The only list that is asked for."""
        if query.get("status") != "unconfirmed":
            raise AssertionError(f"a list of what? {query}")
        made_after = datetime.fromisoformat(query.get("afterCreatedAt", "2000-01-01T00:00:00Z"))
        skip, take = int(query.get("skip", 0)), min(int(query.get("take", USUALLY_TAKEN)), MOST_TAKEN)
        pending = [one for one in list(self.bookings.values()) if one.status == "pending"]
        found = sorted((one for one in pending if one.created_at >= made_after), key=lambda one: one.created_at)
        return [_as_listed(booking) for booking in found[skip : skip + take]]

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
        answer = self.courier.post(self.webhook_url, *webhook(trigger, booking, **more)) if self.echoes else None
        if answer is not None:
            self.moments.reach("echo answered", booking.phone)
        if answer is not None and answer.status_code != 200:
            self.errors.append(AssertionError(f"{trigger} was answered with {answer.status_code} {answer.text}"))


def notice_of_request(booking: Booking) -> tuple[bytes, dict[str, str]]:
    """The webhook of a new booking, which holds what nobody may keep."""
    return webhook("BOOKING_REQUESTED", booking, oneTimePassword=ONE_TIME_PASSWORD)


def webhook(trigger: str, booking: Booking, **more: object) -> tuple[bytes, dict[str, str]]:
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


def _as_listed(booking: Booking) -> dict[str, Any]:
    """As API v2 writes a booking down, which is not as a webhook does."""
    attendee = {**_attendee(booking), "language": "en", "absent": False}
    return {
        "id": 501,
        "uid": booking.uid,
        "title": f"Checkup between Dr. Lee and {booking.name}",
        "status": booking.status,
        "start": _instant(booking.starts_at),
        "end": _instant(booking.starts_at + timedelta(minutes=30)),
        "duration": 30,
        "hosts": [{"id": 7, "name": "Dr. Lee", "email": "lee@clinic.example", "timeZone": "Europe/London"}],
        "attendees": [attendee],
        "bookingFieldsResponses": {"attendeePhoneNumber": booking.phone, "name": booking.name},
        "createdAt": _instant(booking.created_at),
    }


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
