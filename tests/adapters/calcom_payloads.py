"""Cal.com's webhooks, and bookings of its API, as the tests need them: whole ones, changed where a test says so."""

import hashlib
import hmac
import json
from typing import Any

from domain.ports import RawRequest

SECRET = "webhook-secret"
PASSWORD = "5b1a7d42-one-time-password"

Document = dict[str, Any]


class Absent:
    """In place of a value: the field is not there at all."""


ABSENT = Absent()


def changed(fields: Document, changes: Document) -> Document:
    """`fields` with `changes`, and without what they declare absent."""
    return {name: value for name, value in {**fields, **changes}.items() if value is not ABSENT}


def answered(value: object) -> Document:
    """The answer to a question of the booking form."""
    return {"label": "a question", "value": value, "isHidden": False}


def attendee(**changes: object) -> Document:
    """Who booked. Without a phone: the tests put it where they look for it."""
    fields = {
        "name": "Sarah Jones",
        "email": "sarah@example.org",
        "timeZone": "Europe/Dublin",
        "language": {"locale": "en"},
        "utcOffset": 0,
    }
    return changed(fields, changes)


def booking(**changes: object) -> Document:
    """A payload with everything that every booking trigger has."""
    fields = {
        "uid": "bookingUid00000000001",
        "bookingId": 501,
        "type": "checkup",
        "title": "Checkup between Dr. Lee and Sarah Jones",
        "startTime": "2026-05-12T09:30:00Z",
        "endTime": "2026-05-12T10:00:00Z",
        "length": 30,
        "organizer": {"id": 7, "name": "Dr. Lee", "email": "lee@clinic.example", "timeZone": "Europe/London"},
        "attendees": [attendee()],
        "responses": {"name": answered("Sarah Jones"), "email": answered("sarah@example.org")},
        "userFieldsResponses": {},
        "location": "5 Main Street",
        "iCalUID": "bookingUid00000000001@Cal.com",
        "iCalSequence": 0,
        "seatsPerTimeSlot": None,
        "status": "PENDING",
    }
    return changed(fields, changes)


def listed(**changes: object) -> Document:
    """The same booking as the API lists it; the patient's language is a word there, and an answer is its value."""
    fields = {
        "id": 501,
        "uid": "bookingUid00000000001",
        "title": "Checkup between Dr. Lee and Sarah Jones",
        "description": None,
        "hosts": [{"id": 7, "name": "Dr. Lee", "email": "lee@clinic.example", "timeZone": "Europe/London"}],
        "status": "pending",
        "start": "2026-05-12T09:30:00.000Z",
        "end": "2026-05-12T10:00:00.000Z",
        "duration": 30,
        "eventType": {"id": 3, "slug": "checkup"},
        "location": "5 Main Street",
        "absentHost": False,
        "createdAt": "2026-05-01T08:00:00.000Z",
        "updatedAt": None,
        "metadata": {},
        "icsUid": "bookingUid00000000001@Cal.com",
        "attendees": [attendee(language="en", absent=False)],
        "guests": [],
        "bookingFieldsResponses": {"name": "Sarah Jones", "email": "sarah@example.org"},
    }
    return changed(fields, changes)


def webhook(trigger: object, payload: object) -> Document:
    """A payload in its envelope."""
    return {"triggerEvent": trigger, "createdAt": "2026-05-01T08:00:00.000Z", "payload": payload}


def requested(**changes: object) -> Document:
    """BOOKING_REQUESTED, with its live password."""
    return webhook("BOOKING_REQUESTED", booking(**{"oneTimePassword": PASSWORD, **changes}))


def cancelled(**changes: object) -> Document:
    fields = {"status": "CANCELLED", "iCalSequence": 1, "startTime": "2026-05-12T09:30:00+00:00"}
    return webhook("BOOKING_CANCELLED", booking(**{**fields, **changes}))


def rescheduled(**changes: object) -> Document:
    fields = {
        "uid": "newUid000000000000001",
        "rescheduleUid": "bookingUid00000000001",
        "rescheduleStartTime": "2026-05-12T09:30:00Z",
        "startTime": "2026-05-14T09:30:00Z",
        "status": "ACCEPTED",
    }
    return webhook("BOOKING_RESCHEDULED", booking(**{**fields, **changes}))


def as_sent(document: object) -> bytes:
    """The bytes that JSON.stringify would give."""
    return json.dumps(document, separators=(",", ":")).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(body: bytes, headers: dict[str, str] | None = None) -> RawRequest:
    """The webhook as it arrives; signed, unless the headers are given."""
    signed = {"x-cal-signature-256": signature(body)} if headers is None else headers
    return RawRequest("POST", "/api/webhooks/cal", {"content-type": "application/json", **signed}, body)
