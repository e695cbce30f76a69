"""How Cal.com writes a booking down: once in the API's answers, once in webhooks."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from entrypoints.sandbox.world import Booking

Json = dict[str, Any]

ZONE = ZoneInfo("America/New_York")
ZONE_LABEL = "New York time"
EVENT_TYPE = {"id": 77, "slug": "consultation"}
PLACE = "12 Sample Street"

# What Cal.com calls the state in a webhook, and how it writes the moment of the start there.
TRIGGERS = {
    "BOOKING_REQUESTED": ("PENDING", "Z"),
    "BOOKING_CREATED": ("ACCEPTED", ".000Z"),
    "BOOKING_REJECTED": ("REJECTED", ".000Z"),
    "BOOKING_CANCELLED": ("CANCELLED", "+00:00"),
}


def booking_json(booking: Booking) -> Json:
    """A booking in an answer of the API, version 2024-08-13."""
    answer: Json = {
        "id": booking.number,
        "uid": booking.uid,
        "title": _title(booking),
        "description": "",
        "hosts": [
            {"id": 11, "name": booking.practitioner, "email": _email(booking.practitioner), "timeZone": str(ZONE)}
        ],
        "status": booking.status.value,
        "start": instant(booking.starts_at),
        "end": instant(booking.ends_at),
        "duration": _minutes(booking),
        "eventTypeId": EVENT_TYPE["id"],
        "eventType": EVENT_TYPE,
        "location": PLACE,
        "absentHost": False,
        "createdAt": instant(booking.created_at),
        "updatedAt": instant(booking.updated_at),
        "metadata": {},
        "icsUid": f"{booking.uid}@Cal.com",
        "attendees": [{**_attendee(booking), "language": booking.language, "absent": False}],
        "guests": [],
        "bookingFieldsResponses": {
            "name": booking.patient,
            "email": _email(booking.patient),
            "attendeePhoneNumber": booking.phone,
        },
    }
    if booking.reason:
        answer["cancellationReason"] = booking.reason
    return answer


def webhook_body(trigger: str, booking: Booking, now: datetime, reason: str = "") -> bytes:
    """A webhook, in the bytes that are signed and sent: compact, and UTF-8 without escapes."""
    payload = _payload(trigger, booking) | _extras(trigger, booking, reason)
    envelope = {"triggerEvent": trigger, "createdAt": instant(now), "payload": payload}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def instant(moment: datetime) -> str:
    """2026-03-05T15:00:00.000Z"""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _payload(trigger: str, booking: Booking) -> Json:
    status, ending = TRIGGERS[trigger]
    return {
        "bookerUrl": "https://cal.com",
        "type": EVENT_TYPE["slug"],
        "title": _title(booking),
        "description": "",
        "additionalNotes": "",
        "customInputs": {},
        "startTime": f"{booking.starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{ending}",
        "endTime": f"{booking.ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{ending}",
        "organizer": _organizer(booking),
        "attendees": [
            _attendee(booking) | {"language": {"locale": booking.language}, "utcOffset": _utc_offset(booking)}
        ],
        "responses": _responses(booking),
        "userFieldsResponses": {},
        "location": PLACE,
        "destinationCalendar": None if trigger == "BOOKING_REQUESTED" else [],
        "hideOrganizerEmail": False,
        "requiresConfirmation": True,
        "eventTypeId": EVENT_TYPE["id"],
        "eventTitle": "Consultation",
        "eventDescription": None,
        "seatsPerTimeSlot": None,
        "customReplyToEmail": None,
        "price": 0,
        "currency": "usd",
        "length": _minutes(booking),
        "uid": booking.uid,
        "bookingId": booking.number,
        "iCalUID": f"{booking.uid}@Cal.com",
        "status": status,
    }


def _extras(trigger: str, booking: Booking, reason: str) -> Json:
    """What only this trigger carries."""
    if trigger == "BOOKING_REQUESTED":
        # The real one carries a live credential here; a product that stores or logs it should be found out.
        return {"oneTimePassword": str(uuid4()), "iCalSequence": 0, "metadata": {}, "organizationId": None}
    if trigger == "BOOKING_CANCELLED":
        by = _email(booking.practitioner)
        return {"cancellationReason": reason, "cancelledBy": by, "requestReschedule": False, "iCalSequence": 1}
    return {"rejectionReason": reason} if trigger == "BOOKING_REJECTED" else {}


def _title(booking: Booking) -> str:
    return f"Consultation between {booking.practitioner} and {booking.patient}"


def _email(name: str) -> str:
    """dr.lee@example.com"""
    return (re.sub(r"[^a-z0-9]+", ".", name.lower()).strip(".") or "patient") + "@example.com"


def _minutes(booking: Booking) -> int:
    return int((booking.ends_at - booking.starts_at).total_seconds() // 60)


def _utc_offset(booking: Booking) -> int:
    offset = booking.starts_at.astimezone(ZONE).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def _attendee(booking: Booking) -> Json:
    return {
        "name": booking.patient,
        "email": _email(booking.patient),
        "timeZone": str(ZONE),
        "phoneNumber": booking.phone,
    }


def _organizer(booking: Booking) -> Json:
    email = _email(booking.practitioner)
    return {
        "id": 11,
        "name": booking.practitioner,
        "email": email,
        "username": email.partition("@")[0].replace(".", "-"),
        "timeZone": str(ZONE),
        "language": {"locale": "en"},
        "timeFormat": "h:mma",
        "utcOffset": _utc_offset(booking),
    }


def _responses(booking: Booking) -> Json:
    def answered(label: str, value: object) -> Json:
        return {"label": label, "value": value, "isHidden": False}

    return {
        "name": answered("your_name", booking.patient),
        "email": answered("email_address", _email(booking.patient)),
        "attendeePhoneNumber": answered("phone_number", booking.phone),
        "location": answered("location", {"value": "inPerson", "optionValue": ""}),
        "title": {"label": "what_is_this_meeting_about", "isHidden": True},
        "notes": {"label": "additional_notes", "isHidden": False},
        "guests": answered("additional_guests", []),
    }
