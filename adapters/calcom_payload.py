"""Cal.com's webhook payloads, put into the domain's words.

The shapes were read in Cal.com's source (calcom/cal.com of October 2025, its successor Cal.diy 6.2) and in the webhook
guide of cal.com/docs. Three habits of Cal.com's explain this module:

- Nearly every field may be missing or null: each trigger builds its own payload, and `undefined` vanishes in JSON.
- One fact stands in several places; which of them is filled depends on the form, the trigger and the version.
- Most values were typed by a patient. They are cleaned before anybody stores them, and no error repeats them.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers

from domain.errors import NotUnderstood
from domain.inbound import BookingRequested, BookingSettled, CalendarNotice, Settlement, Unheeded

Json = Mapping[str, object]

NAME_CAP = 60
REASON_CAP = 200


@dataclass(frozen=True)
class PayloadHints:
    """What a clinic knows that its payloads do not say.

    `phone_field` is the slug of the booking question that asks for the phone, "" where there is none of its own.
    `fallback_region` is the ISO region ("GB") of numbers without a plus, None to refuse them.
    `time_zone` stands in where neither patient nor host has a zone that exists.
    """

    phone_field: str = ""
    fallback_region: str | None = None
    time_zone: str = "UTC"


# ---- JSON ----


def read_json(body: bytes) -> object:
    """The JSON value that `body` holds, without any `oneTimePassword`. Raises NotUnderstood.

    That password confirms the booking without a login (Cal.com's /api/verify-booking-token), so it is dropped while it
    is parsed: what never exists cannot be logged. For the same reason the error is raised outside of `suppress`:
    json's own error carries the whole document and would hang on ours as its context.
    """
    with suppress(ValueError, RecursionError):
        return json.loads(body.decode("utf-8"), object_hook=_without_password, parse_constant=_refuse_constant)
    raise NotUnderstood("the body is not JSON in UTF-8: the webhook in Cal.com must not have a custom payload template")


def _without_password(found: dict[str, object]) -> dict[str, object]:
    found.pop("oneTimePassword", None)
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def as_object(value: object) -> Json:
    """`value` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


# ---- Triggers ----


def translate(document: object, hints: PayloadHints) -> CalendarNotice:
    """What a webhook's parsed body says. Raises NotUnderstood, which names the field and never its value."""
    trigger = _trigger(document)
    translator = _TRANSLATORS.get(trigger)
    if translator is None:
        return Unheeded(f"{trigger}: {_WHY_UNHEEDED.get(trigger, 'not a trigger that we follow')}")
    payload = as_object(document).get("payload")
    if not isinstance(payload, dict):
        raise NotUnderstood(f"{trigger}: payload is missing or is not an object")
    return translator(payload, hints)


def _trigger(document: object) -> str:
    if not isinstance(document, dict):
        raise NotUnderstood("the body is not a JSON object: the webhook must not have a custom payload template")
    trigger = document.get("triggerEvent")
    if not isinstance(trigger, str) or not _TRIGGER.fullmatch(trigger):
        raise NotUnderstood("triggerEvent is missing or is no trigger's name")
    return trigger


def _requested(payload: Json, hints: PayloadHints) -> CalendarNotice:
    uid = _uid(payload)
    starts_at = _moment(payload.get("startTime"))
    if starts_at is None:
        raise NotUnderstood("BOOKING_REQUESTED: startTime is missing or is no moment with an offset")
    booker = _attendee(payload)
    organizer = as_object(payload.get("organizer"))
    return BookingRequested(
        uid=uid,
        starts_at=starts_at,
        ends_at=_ends_at(payload, starts_at),
        patient_name=_patient_name(payload, booker),
        phone=_phone(payload, booker, hints),
        language=_language(booker),
        time_zone=_time_zone(booker, organizer, hints),
        practitioner=_name(organizer.get("name")),
        recurring=bool(payload.get("recurringEvent")),
        rescheduled_from=_old_uid(payload, uid),
    )


def _created(payload: Json, hints: PayloadHints) -> CalendarNotice:
    """There is no BOOKING_CONFIRMED: a confirmed booking is told as a created one."""
    if _is_pending(payload):
        return Unheeded("BOOKING_CREATED: still pending, so nobody has confirmed it")
    return _settled(payload, hints, Settlement.CONFIRMED)


def _cancelled(payload: Json, hints: PayloadHints) -> CalendarNotice:
    reason = cleaned(payload.get("cancellationReason"), REASON_CAP)
    if not _is_seat_leaving(payload):
        return _settled(payload, hints, Settlement.CANCELLED, reason)
    return BookingSettled(
        uid=_uid(payload),
        how=Settlement.CANCELLED,
        starts_at=_moment(payload.get("startTime")),
        reason=reason,
        seat=True,
        phone=_first_phone(_own_phones(_leaver(payload)), hints),
    )


def _rejected(payload: Json, hints: PayloadHints) -> CalendarNotice:
    return _settled(payload, hints, Settlement.REJECTED, cleaned(payload.get("rejectionReason"), REASON_CAP))


def _rescheduled(payload: Json, hints: PayloadHints) -> CalendarNotice:
    """A rescheduled booking is a new one: `uid` names the new, `rescheduleUid` the old."""
    new = None if _is_pending(payload) else _settled(payload, hints, Settlement.CONFIRMED)
    old_uid = _old_uid(payload, _uid(payload))
    if old_uid is None:
        return new or Unheeded("BOOKING_RESCHEDULED: the new booking is pending and the old one is not named")
    return BookingSettled(
        uid=old_uid,
        how=Settlement.RESCHEDULED,
        starts_at=_moment(payload.get("rescheduleStartTime")),
        phone=_phone(payload, _attendee(payload), hints),
        replaced_by=new,
    )


def _settled(payload: Json, hints: PayloadHints, how: Settlement, reason: str = "") -> BookingSettled:
    return BookingSettled(
        uid=_uid(payload),
        how=how,
        starts_at=_moment(payload.get("startTime")),
        reason=reason,
        phone=_phone(payload, _attendee(payload), hints),
    )


def _is_pending(payload: Json) -> bool:
    status = payload.get("status")
    return isinstance(status, str) and status.upper() == "PENDING"


# Cal.com's names are UPPER_SNAKE. The shape is checked because an unknown name is repeated in a notice.
_TRIGGER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")

_TRANSLATORS: Mapping[str, Callable[[Json, PayloadHints], CalendarNotice]] = {
    "BOOKING_REQUESTED": _requested,
    "BOOKING_CREATED": _created,
    "BOOKING_CANCELLED": _cancelled,
    "BOOKING_REJECTED": _rejected,
    "BOOKING_RESCHEDULED": _rescheduled,
}

_WHY_UNHEEDED = {
    "PING": "the test button of Cal.com's webhook page",
    # Its status says ACCEPTED although the booking is unpaid and pending.
    "BOOKING_PAYMENT_INITIATED": "unpaid; BOOKING_REQUESTED follows the payment",
    "BOOKING_PAID": "BOOKING_CREATED tells the same booking",
    "BOOKING_NO_SHOW_UPDATED": "told after the appointment",
    # These two are flat: their fields stand beside triggerEvent, without a payload.
    "MEETING_STARTED": "the appointment has begun",
    "MEETING_ENDED": "the appointment is over",
}


# ---- Which booking ----

# A uid stands in URLs and in stream ids. Cal.com's own are 22 letters and digits (short-uuid).
_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ICAL_UID = re.compile(r"([A-Za-z0-9_-]{1,64})@Cal\.com")
_RESCHEDULE_MARKS = ("rescheduleUid", "rescheduleId", "rescheduleStartTime")


def _uid(payload: Json) -> str:
    """`uid`, or the same from `iCalUID`: BOOKING_REQUESTED was seen without a uid (onehashai/Cal-ID#1560)."""
    uid = payload.get("uid")
    if uid is None or uid == "":
        return _uid_of_ical(payload)
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise NotUnderstood("uid is not 1 to 64 letters, digits, - or _")
    return uid


def _uid_of_ical(payload: Json) -> str:
    ical_uid = payload.get("iCalUID")
    match = _ICAL_UID.fullmatch(ical_uid) if isinstance(ical_uid, str) else None
    if match is None or _was_rescheduled(payload):
        raise NotUnderstood("uid is missing, and iCalUID cannot stand in for it")
    return match[1]


def _was_rescheduled(payload: Json) -> bool:
    """A rescheduled booking keeps the iCalUID of the first, so there it would name the wrong one.

    Newer versions drop the rescheduling fields from BOOKING_REQUESTED; what is left is a sequence number that has
    been raised more often than by the one step of a cancellation.
    """
    if any(payload.get(mark) is not None for mark in _RESCHEDULE_MARKS):
        return True
    sequence = payload.get("iCalSequence")
    return isinstance(sequence, int) and sequence > (1 if payload.get("status") == "CANCELLED" else 0)


def _old_uid(payload: Json, uid: str) -> str | None:
    """The booking that this one replaces. One that does not have the shape of a uid was never taken in by us."""
    old_uid = payload.get("rescheduleUid")
    if not isinstance(old_uid, str) or not _UID.fullmatch(old_uid) or old_uid == uid:
        return None
    return old_uid


# ---- Who ----


def _attendees(payload: Json) -> list[object]:
    attendees = payload.get("attendees")
    return attendees if isinstance(attendees, list) else []


def _attendee(payload: Json) -> Json:
    """The booker. The others are guests, and in team events the other hosts too: they are never texted."""
    attendees = _attendees(payload)
    return as_object(attendees[0]) if attendees else {}


def _is_seat_leaving(payload: Json) -> bool:
    """Whether a BOOKING_CANCELLED tells of one seat only, while the booking lives on.

    Older versions name no seat (cancelAttendeeSeat.ts): the payload is that of the whole booking, with the leaver as
    its only attendee. The last seat looks the same. Taking a whole cancellation for a seat costs one look at the
    calendar; the other way round would drop the patients who stay.
    """
    if payload.get("attendeeSeatId") is not None:
        return True
    is_seated = bool(payload.get("seatsPerTimeSlot")) or "bookingSeat" in _attendee(payload)
    return is_seated and len(_attendees(payload)) <= 1


def _leaver(payload: Json) -> Json:
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


def _patient_name(payload: Json, booker: Json) -> str:
    return _name(booker.get("name")) or _name(_answer(as_object(payload.get("responses")), "name"))


def _name(value: object) -> str:
    """A name is a string, or the two fields of a form that asks for them apart."""
    if isinstance(value, dict):
        parts = (cleaned(value.get(part), NAME_CAP) for part in ("firstName", "lastName"))
        return cleaned(" ".join(parts), NAME_CAP)
    return cleaned(value, NAME_CAP)


def cleaned(value: object, cap: int) -> str:
    """`value` as one line of at most `cap` characters, without control and format characters and lone surrogates;
    "" where it is not a string.

    Composed (NFC), because a decomposed "é" is not in the SMS alphabet and makes the text cost twice. It is cut before
    as well, because composing takes quadratic time on a long run of combining marks.
    """
    if not isinstance(value, str):
        return ""
    spaced = "".join(" " if unicodedata.category(char) == "Cc" else char for char in value[: 10 * cap])
    visible = "".join(char for char in spaced if unicodedata.category(char) not in ("Cf", "Cs"))
    return " ".join(unicodedata.normalize("NFC", visible).split())[:cap].rstrip()


_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")


def _language(booker: Json) -> str:
    """The booker's locale as Cal.com writes it: "en", "pt-BR", "zh-TW". "en" where there is none."""
    for locale in (as_object(booker.get("language")).get("locale"), booker.get("locale")):
        if isinstance(locale, str) and _LOCALE.fullmatch(locale):
            return locale.replace("_", "-")
    return "en"


# ---- When ----

# As Cal.com writes moments: "2026-03-05T15:00:00Z" (requested), "….000Z" (from its database), "…+00:00" (cancelled).
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
# Moments near the ends of the calendar make any sum with a deadline overflow.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_DAY_IN_MINUTES = 24 * 60


def _moment(value: object) -> datetime | None:
    """An aware moment in UTC; None where there is none that can be read."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _ends_at(payload: Json, starts_at: datetime) -> datetime:
    ends_at = _moment(payload.get("endTime"))
    if ends_at is not None and ends_at >= starts_at:
        return ends_at
    minutes = payload.get("length")
    if isinstance(minutes, int) and 0 <= minutes <= _DAY_IN_MINUTES:
        return starts_at + timedelta(minutes=minutes)
    return starts_at


_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")
# zoneinfo finds these where the system has them: they differ from machine to machine, or count leap seconds.
_NOT_A_PLACE = re.compile(r"(posix|right)/.*|localtime|posixrules|Factory")


def _time_zone(booker: Json, organizer: Json, hints: PayloadHints) -> str:
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


# ---- The phone ----


def _answer(responses: Json, slug: str) -> object:
    """The answer to one question of the booking form. An unanswered question has a label and no value."""
    return as_object(responses.get(slug)).get("value")


def _phone(payload: Json, booker: Json, hints: PayloadHints) -> str | None:
    """The booker's phone in E.164 from the first place that holds one; None where none does."""
    return _first_phone(_phones(payload, booker, hints), hints)


def _phones(payload: Json, booker: Json, hints: PayloadHints) -> Iterator[object]:
    """Every place where Cal.com may put the booker's phone, the surest first."""
    responses = as_object(payload.get("responses"))
    custom = as_object(payload.get("userFieldsResponses"))
    if hints.phone_field:
        yield _answer(responses, hints.phone_field)
        yield _answer(custom, hints.phone_field)
    yield booker.get("phoneNumber")
    yield _answer(responses, "attendeePhoneNumber")
    yield _answer(responses, "smsReminderNumber")
    yield payload.get("smsReminderNumber")
    yield _answer(responses, "aiAgentCallPhoneNumber")
    yield from _phone_questions(responses)
    yield from _phone_questions(custom)
    yield _phone_of_location(responses)
    yield _phone_of_email(booker.get("email"))
    yield _phone_of_email(_answer(responses, "email"))


def _own_phones(attendee: Json) -> Iterator[object]:
    """The places that belong to this attendee alone. When a seat is given up, the rest of the payload is still about
    the booking's first booker, who stays."""
    yield attendee.get("phoneNumber")
    yield _phone_of_email(attendee.get("email"))


def _first_phone(candidates: Iterator[object], hints: PayloadHints) -> str | None:
    numbers = (_e164(candidate, hints.fallback_region) for candidate in candidates)
    return next((number for number in numbers if number is not None), None)


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# A question of the clinic's own counts as the patient's phone only if every word of its slug is known here. A missed
# phone costs a call by staff (or the setting CAL_PHONE_FIELD); the phone of an "emergency-contact-phone" would tell
# somebody else of the appointment.
_PHONE_WORDS = _words(
    "phone phonenumber telephone tel mobile mobilephone mobilenumber cell cellphone sms whatsapp",
    "telefon telefonnummer mobil mobilnummer mobiltelefon handy handynummer",
    "telefono celular movil telefone telemovel cellulare telefoon telefoonnummer mobiel",
)
_FILL_WORDS = _words("number no nr num numero nummer de di do my your patient patients for reminder reminders")
_SLUG_CAP = 64
_CAMEL_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def _phone_questions(responses: Json) -> Iterator[object]:
    return (_answer(responses, slug) for slug in responses if _asks_for_phone(slug))


def _asks_for_phone(slug: str) -> bool:
    spaced = _CAMEL_HUMP.sub("-", slug[: _SLUG_CAP + 1])
    words = {word.casefold() for word in _BETWEEN_WORDS.split(spaced) if word}
    return len(slug) <= _SLUG_CAP and bool(words & _PHONE_WORDS) and words <= _PHONE_WORDS | _FILL_WORDS


def _phone_of_location(responses: Json) -> object:
    """The number where the host calls the patient. Never that of the location "userPhone": it is the clinic's own."""
    location = as_object(_answer(responses, "location"))
    return location.get("optionValue") if location.get("value") == "phone" else None


_PHONE_EMAIL = re.compile(r"\+?(\d{7,15})@sms\.cal\.com", re.ASCII | re.IGNORECASE)


def _phone_of_email(email: object) -> str | None:
    """Cal.com invents "12025550143@sms.cal.com" for who books with a phone alone (contructEmailFromPhoneNumber.ts)."""
    match = _PHONE_EMAIL.fullmatch(email) if isinstance(email, str) else None
    return f"+{match[1]}" if match else None


def _e164(value: object, region: str | None) -> str | None:
    """A number with a plus as it stands, one without as `region` would dial it.

    Possible is enough, because fictitious numbers (Ofcom's +44 7700 900xxx) are not valid. A local number, which lacks
    its area code, is possible as well; without a plus it cannot be dialled from elsewhere, so there it is refused.
    """
    if not isinstance(value, str):
        return None
    number = _parsed(value, None)
    if number is not None:
        return _formatted(number) if phonenumbers.is_possible_number(number) else None
    number = _parsed(value, region)
    if number is None:
        return None
    length = phonenumbers.is_possible_number_with_reason(number)
    return _formatted(number) if length == phonenumbers.ValidationResult.IS_POSSIBLE else None


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _formatted(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
