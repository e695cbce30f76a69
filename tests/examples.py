"""Canonical examples: a clinic, a patient, a booking. Every test may use them, and change what it is about."""

from datetime import UTC, datetime, timedelta

from domain.booking import Booking
from domain.clinics import Clinic
from domain.deadlines import deadlines
from domain.facts import Moment
from domain.inbound import BookingRequested, InboundText

NOW = datetime(2026, 5, 8, 9, 0, tzinfo=UTC)
START = datetime(2026, 5, 12, 14, 30, tzinfo=UTC)  # Tuesday, 10:30 am in New York
SARAH = "+12025550102"
CLINIC_NUMBER = "+12025550100"
UID = "bkSarah1"


def a_clinic(**changes: object) -> Clinic:
    settings: dict[str, object] = {
        "key": "main",
        "name": "Cal.com Clinic",
        "phone": "+12025550199",
        "ask_settle": timedelta(0),
        "booking_link": "https://cal.example/dr-lee",
    }
    return Clinic(**(settings | changes))  # type: ignore[arg-type]


def a_request(**changes: object) -> BookingRequested:
    fields: dict[str, object] = {
        "uid": UID,
        "starts_at": START,
        "ends_at": START + timedelta(minutes=30),
        "patient_name": "Sarah Miller",
        "phone": SARAH,
        "language": "en",
        "time_zone": "America/New_York",
        "practitioner": "Dr. Lee",
    }
    return BookingRequested(**(fields | changes))  # type: ignore[arg-type]


def a_moment(after: timedelta = timedelta(0)) -> Moment:
    return Moment(NOW + after, "c0ffee")


def a_booking(**changes: object) -> Booking:
    """Requested, not yet asked."""
    request = a_request(**changes)
    dates = deadlines(NOW, request.starts_at, a_clinic())
    return Booking.request("main", request, "conversation-main-5a4a", dates, a_moment())


def a_text(words: str, message_id: str = "SM" + "0" * 32, **changes: object) -> InboundText:
    fields: dict[str, object] = {"sender": SARAH, "recipient": CLINIC_NUMBER, "message_id": message_id, "text": words}
    return InboundText(**(fields | changes))  # type: ignore[arg-type]
