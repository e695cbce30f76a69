"""Cal.com's webhook payloads, put into the domain's words.

The shapes were read in Cal.com's source (calcom/cal.com of October 2025, its successor Cal.diy 6.2) and in the webhook
guide of cal.com/docs. Three habits of Cal.com's explain this module:

- Nearly every field may be missing or null: each trigger builds its own payload, and `undefined` vanishes in JSON.
- One fact stands in several places; which of them is filled depends on the form, the trigger and the version.
- Most values were typed by a patient. They are cleaned before anybody stores them, and no error repeats them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from adapters.calcom.people import (
    booker_of,
    email_of,
    ends_at,
    is_seat_leaving,
    language_of,
    leaver_of,
    moment,
    name_of,
    patient_name,
    time_zone_of,
)
from adapters.calcom.phones import first_phone, own_phones, phone_of
from adapters.calcom.values import Json, PayloadHints, as_object, cleaned, uid_in
from domain.errors import NotUnderstood
from domain.inbound import BookingRequested, BookingSettled, CalendarNotice, Settlement, Unheeded

REASON_CAP = 200


def translate(document: object, hints: PayloadHints) -> CalendarNotice:
    """What a webhook's parsed body says. Raises NotUnderstood, which names the field and never its value."""
    trigger = _trigger(document)
    translator = _TRANSLATORS.get(trigger)
    if translator is None:
        return Unheeded(f"{trigger}: {_WHY_UNHEEDED.get(trigger, 'not a trigger that we follow')}")
    payload = as_object(document).get("payload")
    if not isinstance(payload, dict):
        raise NotUnderstood(f"{trigger}: payload is missing or is not an object")
    return _dated(translator(payload, hints), moment(as_object(document).get("createdAt")))


def _dated(notice: CalendarNotice, told_at: datetime | None) -> CalendarNotice:
    """With `createdAt`: the only moment of the event itself, the same at every repetition."""
    if isinstance(notice, Unheeded):
        return notice
    if isinstance(notice, BookingSettled) and notice.replaced_by:
        notice = replace(notice, replaced_by=replace(notice.replaced_by, told_at=told_at))
    return replace(notice, told_at=told_at)


def _trigger(document: object) -> str:
    if not isinstance(document, dict):
        raise NotUnderstood("the body is not a JSON object: the webhook must not have a custom payload template")
    trigger = document.get("triggerEvent")
    if not isinstance(trigger, str) or not _TRIGGER.fullmatch(trigger):
        raise NotUnderstood("triggerEvent is missing or is no trigger's name")
    return trigger


def requested(payload: Json, hints: PayloadHints) -> BookingRequested:
    """A booking that waits. Raises NotUnderstood where its uid or its start cannot be read."""
    uid = _uid(payload)
    starts_at = moment(payload.get("startTime"))
    if starts_at is None:
        raise NotUnderstood("BOOKING_REQUESTED: startTime is missing or is no moment with an offset")
    booker = booker_of(payload)
    organizer = as_object(payload.get("organizer"))
    return BookingRequested(
        uid=uid,
        starts_at=starts_at,
        ends_at=ends_at(payload, starts_at),
        patient_name=patient_name(payload, booker),
        phone=phone_of(payload, booker, hints),
        language=language_of(booker),
        time_zone=time_zone_of(booker, organizer, hints),
        practitioner=name_of(organizer.get("name")),
        recurring=bool(payload.get("recurringEvent")),
        email=email_of(payload, booker),
        rescheduled_from=_old_uid(payload, uid),
    )


def _created(payload: Json, hints: PayloadHints) -> CalendarNotice:
    """There is no BOOKING_CONFIRMED: a confirmed booking is told as a created one."""
    if is_pending(payload):
        return Unheeded("BOOKING_CREATED: still pending, so nobody has confirmed it")
    return _settled(payload, hints, Settlement.CONFIRMED)


def _cancelled(payload: Json, hints: PayloadHints) -> CalendarNotice:
    reason = cleaned(payload.get("cancellationReason"), REASON_CAP)
    if not is_seat_leaving(payload):
        return _settled(payload, hints, Settlement.CANCELLED, reason)
    return BookingSettled(
        uid=_uid(payload),
        how=Settlement.CANCELLED,
        starts_at=moment(payload.get("startTime")),
        reason=reason,
        seat=True,
        phone=first_phone(own_phones(leaver_of(payload)), hints),
    )


def _rejected(payload: Json, hints: PayloadHints) -> CalendarNotice:
    return _settled(payload, hints, Settlement.REJECTED, cleaned(payload.get("rejectionReason"), REASON_CAP))


def _rescheduled(payload: Json, hints: PayloadHints) -> CalendarNotice:
    """A rescheduled booking is a new one: `uid` names the new, `rescheduleUid` the old."""
    new = None if is_pending(payload) else _settled(payload, hints, Settlement.CONFIRMED)
    old_uid = _old_uid(payload, _uid(payload))
    if old_uid is None:
        return new or Unheeded("BOOKING_RESCHEDULED: the new booking is pending and the old one is not named")
    return BookingSettled(
        uid=old_uid,
        how=Settlement.RESCHEDULED,
        starts_at=moment(payload.get("rescheduleStartTime")),
        phone=phone_of(payload, booker_of(payload), hints),
        replaced_by=new,
    )


def _settled(payload: Json, hints: PayloadHints, how: Settlement, reason: str = "") -> BookingSettled:
    return BookingSettled(
        uid=_uid(payload),
        how=how,
        starts_at=moment(payload.get("startTime")),
        reason=reason,
        phone=phone_of(payload, booker_of(payload), hints),
    )


def is_pending(payload: Json) -> bool:
    """Whether it has the status of a booking that nobody has confirmed or refused, in either case of letters."""
    status = payload.get("status")
    return isinstance(status, str) and status.upper() == "PENDING"


# Cal.com's names are UPPER_SNAKE. The shape is checked because an unknown name is repeated in a notice.
_TRIGGER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")

_TRANSLATORS: Mapping[str, Callable[[Json, PayloadHints], CalendarNotice]] = {
    "BOOKING_REQUESTED": requested,
    "BOOKING_CREATED": _created,
    "BOOKING_CANCELLED": _cancelled,
    "BOOKING_REJECTED": _rejected,
    "BOOKING_RESCHEDULED": _rescheduled,
}
FOLLOWED = tuple(_TRANSLATORS)  # the triggers that a webhook has to have

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


_ICAL_UID = re.compile(r"([A-Za-z0-9_-]{1,64})@Cal\.com")
_RESCHEDULE_MARKS = ("rescheduleUid", "rescheduleId", "rescheduleStartTime")


def _uid(payload: Json) -> str:
    """`uid`, or the same from `iCalUID`: BOOKING_REQUESTED was seen without a uid (onehashai/Cal-ID#1560)."""
    uid = payload.get("uid")
    if uid is None or uid == "":
        return _uid_of_ical(payload)
    found = uid_in(uid)
    if found is None:
        raise NotUnderstood("uid is not 1 to 64 letters, digits, - or _")
    return found


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
    old_uid = uid_in(payload.get("rescheduleUid"))
    return None if old_uid == uid else old_uid
