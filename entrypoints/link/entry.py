"""An appointment as a file for a calendar, by RFC 5545."""

from datetime import datetime

from icalendar import Calendar, Event

from domain.booking import Booking
from domain.clinics import Clinic

MEDIA_TYPE = "text/calendar; charset=utf-8"


def entry(booking: Booking, clinic: Clinic, summary: str, now: datetime) -> bytes:
    """The file. Its UID is the booking's, so that a second download replaces the first."""
    event = Event()
    event.add("uid", f"{booking.uid}@replyes")
    event.add("dtstamp", now)
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", f"{summary}, {clinic.name}")
    event.add("status", "CONFIRMED")
    if clinic.phone:
        event.add("contact", clinic.phone)
    calendar = Calendar()
    calendar.add("prodid", "-//Replyes//Replyes//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
