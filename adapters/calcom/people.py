"""Who a payload speaks of, and when: the booker, who leaves a seat, names, languages, moments and zones."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from adapters.calcom.phones import answer_to
from adapters.calcom.values import Json, PayloadHints, as_object, cleaned

NAME_CAP = 60
# What mail servers take without quoting; no character that could begin another header or another recipient.
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{4,250}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
INVENTED = "@sms.cal.com"  # for who books with a phone alone


def _attendees(payload: Json) -> list[object]:
    attendees = payload.get("attendees")
    return attendees if isinstance(attendees, list) else []


def booker_of(payload: Json) -> Json:
    """The booker. The others are guests, and in team events the other hosts too: they are never texted."""
    attendees = _attendees(payload)
    return as_object(attendees[0]) if attendees else {}


def is_seat_leaving(payload: Json) -> bool:
    """Whether a BOOKING_CANCELLED tells of one seat only, while the booking lives on.

    Older versions name no seat (cancelAttendeeSeat.ts): the payload is that of the whole booking, with the leaver as
    its only attendee. The last seat looks the same. Taking a whole cancellation for a seat costs one look at the
    calendar; the other way round would drop the patients who stay.
    """
    if payload.get("attendeeSeatId") is not None:
        return True
    is_seated = bool(payload.get("seatsPerTimeSlot")) or "bookingSeat" in booker_of(payload)
    return is_seated and len(_attendees(payload)) <= 1


def leaver_of(payload: Json) -> Json:
    """Who gives up the seat: the one whose seat is named, else the only attendee, unless that one sits elsewhere.

    Newer versions build the payload after the leaver is gone, so the only attendee may be one who stays.
    """
    attendees = [as_object(attendee) for attendee in _attendees(payload)]
    seat = payload.get("attendeeSeatId")
    for attendee in attendees:
        if seat is not None and _seat_of(attendee) == seat:
            return attendee
    if len(attendees) != 1 or (seat is not None and _seat_of(attendees[0]) is not None):
        return {}
    return attendees[0]


def _seat_of(attendee: Json) -> object:
    return as_object(attendee.get("bookingSeat")).get("referenceUid")


def patient_name(payload: Json, booker: Json) -> str:
    return name_of(booker.get("name")) or name_of(answer_to(as_object(payload.get("responses")), "name"))


def email_of(payload: Json, booker: Json) -> str | None:
    """Where the booker can be written to; None for an address that Cal.com has invented, and for what is none."""
    for candidate in (booker.get("email"), answer_to(as_object(payload.get("responses")), "email")):
        if isinstance(candidate, str) and EMAIL.fullmatch(candidate) and not candidate.lower().endswith(INVENTED):
            return candidate
    return None


def name_of(value: object) -> str:
    """A name is a string, or the two fields of a form that asks for them apart."""
    if isinstance(value, dict):
        parts = (cleaned(value.get(part), NAME_CAP) for part in ("firstName", "lastName"))
        return cleaned(" ".join(parts), NAME_CAP)
    return cleaned(value, NAME_CAP)


_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")


def language_of(booker: Json) -> str:
    """The booker's locale as Cal.com writes it: "en", "pt-BR", "zh-TW". "en" where there is none."""
    for locale in (as_object(booker.get("language")).get("locale"), booker.get("locale")):
        if isinstance(locale, str) and _LOCALE.fullmatch(locale):
            return locale.replace("_", "-")
    return "en"


# As Cal.com writes moments: "2026-03-05T15:00:00Z" (requested), "….000Z" (from its database), "…+00:00" (cancelled).
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
# Moments near the ends of the calendar make any sum with a deadline overflow.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_DAY_IN_MINUTES = 24 * 60


def moment(value: object) -> datetime | None:
    """An aware moment in UTC; None where there is none that can be read."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def ends_at(payload: Json, starts_at: datetime) -> datetime:
    ends_at = moment(payload.get("endTime"))
    if ends_at is not None and ends_at >= starts_at:
        return ends_at
    minutes = payload.get("length")
    if isinstance(minutes, int) and 0 <= minutes <= _DAY_IN_MINUTES:
        return starts_at + timedelta(minutes=minutes)
    return starts_at


_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")
# zoneinfo finds these where the system has them: they differ from machine to machine, or count leap seconds.
_NOT_A_PLACE = re.compile(r"(posix|right)/.*|localtime|posixrules|Factory")


def time_zone_of(booker: Json, organizer: Json, hints: PayloadHints) -> str:
    for zone in (booker.get("timeZone"), organizer.get("timeZone")):
        if isinstance(zone, str) and _is_time_zone(zone):
            return zone
    return hints.time_zone


def _is_time_zone(name: str) -> bool:
    """Whether zoneinfo knows `name`. The shape comes first: zoneinfo reads a file of that name, and a patient's browser
    wrote it."""
    if not _ZONE.fullmatch(name) or _NOT_A_PLACE.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # not a zone's file; a directory; no such file
        return False
    return True
