"""What Cal.com tells us: verified, then put into the domain's words."""

import logging
import re
import traceback
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.calcom import CalCom, CalComSettings
from adapters.calcom.payload import REASON_CAP
from adapters.calcom.people import NAME_CAP
from adapters.calcom.values import cleaned, read_json
from domain.errors import NotAuthentic, NotUnderstood
from domain.inbound import BookingRequested, BookingSettled, CalendarNotice, Settlement, Unheeded
from tests.adapters.calcom_payloads import (
    ABSENT,
    PASSWORD,
    SECRET,
    answered,
    as_sent,
    attendee,
    booking,
    cancelled,
    post,
    requested,
    rescheduled,
    signature,
    webhook,
)

START = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
TOLD = datetime(2026, 5, 1, 8, tzinfo=UTC)
UID = "bookingUid00000000001"


def never_called(request: httpx.Request) -> httpx.Response:
    raise AssertionError("reading a webhook calls nobody")


NO_WIRE = httpx.AsyncClient(transport=httpx.MockTransport(never_called))


def calcom(secrets: tuple[str, ...] = (SECRET,), **known: str | None) -> CalCom:
    return CalCom(CalComSettings("https://api.cal.example", "cal_key", webhook_secrets=secrets, **known), NO_WIRE)


def read(document: object, **known: str | None) -> CalendarNotice:
    """What a signed webhook says."""
    return calcom(**known).receive(post(as_sent(document)))


def read_request(document: object, **known: str | None) -> BookingRequested:
    notice = read(document, **known)
    assert isinstance(notice, BookingRequested)
    return notice


# ---- The signature ----

BODY = as_sent(requested())


@pytest.mark.parametrize(
    "header",
    [
        signature(BODY),
        signature(BODY).upper(),
        "sha256=" + signature(BODY),
        "SHA256=" + signature(BODY).upper(),
        f"  {signature(BODY)} ",
    ],
)
def test_a_signature_is_taken_in_either_case_and_with_or_without_a_prefix(header: str) -> None:
    assert isinstance(calcom().receive(post(BODY, {"x-cal-signature-256": header})), BookingRequested)


@pytest.mark.parametrize("secret", ["old", "new"])
def test_any_of_several_secrets_will_do(secret: str) -> None:
    request = post(BODY, {"x-cal-signature-256": signature(BODY, secret)})
    assert isinstance(calcom(("old", "new")).receive(request), BookingRequested)


@pytest.mark.parametrize(
    "header",
    [
        signature(BODY, "somebody else's secret"),
        signature(BODY + b" "),
        signature(BODY)[:-1],
        signature(BODY) + "0",
        "sha256=",
        "sha256=sha256=" + signature(BODY),
        "sha1=" + signature(BODY),
        "é" * 64,
        "\ud800" * 64,
        "\x00",
        "0" * 100_000,
    ],
)
def test_a_wrong_signature_is_not_authentic_however_odd_it_is(header: str) -> None:
    with pytest.raises(NotAuthentic) as caught:
        calcom().receive(post(BODY, {"x-cal-signature-256": header}))
    assert caught.value.signed


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-cal-signature-256": ""},
        {"x-cal-signature-256": " "},
        {"x-cal-signature-256": "no-secret-provided"},
        {"x-signature": signature(BODY)},
    ],
)
def test_a_request_without_a_signature_is_told_apart_from_one_with_a_wrong_one(headers: dict[str, str]) -> None:
    with pytest.raises(NotAuthentic) as caught:
        calcom().receive(post(BODY, headers))
    assert not caught.value.signed


@pytest.mark.parametrize(("secrets", "signed_with"), [((), SECRET), (("",), ""), ((" ",), " "), (("", "  "), "")])
def test_without_a_secret_nothing_is_authentic_and_a_blank_secret_is_none(
    secrets: tuple[str, ...], signed_with: str
) -> None:
    with pytest.raises(NotAuthentic):
        calcom(secrets).receive(post(BODY, {"x-cal-signature-256": signature(BODY, signed_with)}))


def test_the_signature_comes_before_the_content() -> None:
    """A stranger does not learn from the answer whether we would have understood him."""
    with pytest.raises(NotAuthentic):
        calcom().receive(post(b"no json", {"x-cal-signature-256": "0" * 64}))


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "", "application/xml"])
def test_the_content_type_is_not_asked(content_type: str) -> None:
    """A custom payload template makes Cal.com label JSON as a form."""
    headers = {"x-cal-signature-256": signature(BODY), "content-type": content_type}
    assert isinstance(calcom().receive(post(BODY, headers)), BookingRequested)


# ---- Triggers ----


@pytest.mark.parametrize("written", [ABSENT, None, "yesterday", 17])
def test_a_notice_without_its_own_moment_is_taken_all_the_same(written: object) -> None:
    document = requested() | {"createdAt": written}
    if written is ABSENT:
        del document["createdAt"]
    notice = read(document)
    assert isinstance(notice, BookingRequested)
    assert notice.told_at is None


def test_a_requested_booking_is_read_whole() -> None:
    document = requested(attendees=[attendee(phoneNumber="+353 85 012 3456")])
    assert read(document) == BookingRequested(
        uid=UID,
        starts_at=START,
        ends_at=START + timedelta(minutes=30),
        patient_name="Sarah Jones",
        phone="+353850123456",
        language="en",
        time_zone="Europe/Dublin",
        practitioner="Dr. Lee",
        recurring=False,
        rescheduled_from=None,
        told_at=TOLD,
        email="sarah@example.org",
    )


@pytest.mark.parametrize(
    ("email", "read_as"),
    [
        ("o'neil+cal@mail.example.co.uk", "o'neil+cal@mail.example.co.uk"),
        ("12025550143@sms.cal.com", None),
        ("sarah@localhost", None),
        ("a@x.example, b@y.example", None),
        ("a@x.example\r\nBcc: b@y.example", None),
        ("Sarah <a@x.example>", None),
        (f"{'a' * 65}@x.example", None),
        (None, None),
        (7, None),
    ],
)
def test_an_address_is_read_only_where_it_is_plainly_one(email: object, read_as: str | None) -> None:
    document = requested(attendees=[attendee(email=email)], responses={})
    booking = read(document)
    assert isinstance(booking, BookingRequested)
    assert booking.email == read_as


@pytest.mark.parametrize(
    ("trigger", "changes", "how", "reason"),
    [
        ("BOOKING_CREATED", {"status": "ACCEPTED"}, Settlement.CONFIRMED, ""),
        ("BOOKING_CREATED", {"status": ABSENT}, Settlement.CONFIRMED, ""),
        ("BOOKING_CANCELLED", {"cancellationReason": "Feeling\nbetter"}, Settlement.CANCELLED, "Feeling better"),
        ("BOOKING_CANCELLED", {"cancellationReason": None}, Settlement.CANCELLED, ""),
        ("BOOKING_CANCELLED", {"requestReschedule": True}, Settlement.CANCELLED, ""),
        ("BOOKING_REJECTED", {"rejectionReason": "Fully booked"}, Settlement.REJECTED, "Fully booked"),
        ("BOOKING_REJECTED", {}, Settlement.REJECTED, ""),
    ],
)
def test_a_settling_trigger_says_how_the_booking_was_settled(
    trigger: str, changes: dict[str, object], how: Settlement, reason: str
) -> None:
    notice = read(webhook(trigger, booking(**changes)))
    assert notice == BookingSettled(UID, how, starts_at=START, reason=reason, told_at=TOLD)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (webhook("PING", {"title": "Test trigger event"}), "PING"),
        (webhook("BOOKING_PAYMENT_INITIATED", booking(status="ACCEPTED")), "BOOKING_PAYMENT_INITIATED"),
        (webhook("BOOKING_PAID", booking()), "BOOKING_PAID"),
        (webhook("BOOKING_NO_SHOW_UPDATED", {"bookingUid": UID}), "BOOKING_NO_SHOW_UPDATED"),
        ({"triggerEvent": "MEETING_STARTED", "uid": UID, "startTime": "2026-05-12T09:30:00Z"}, "MEETING_STARTED"),
        ({"triggerEvent": "MEETING_ENDED", "id": 501, "attendees": [{"locale": "en"}]}, "MEETING_ENDED"),
        (webhook("FORM_SUBMITTED", {}), "FORM_SUBMITTED"),
        (webhook("BOOKING_REASSIGNED", booking()), "BOOKING_REASSIGNED"),
        (webhook("A_TRIGGER_OF_TOMORROW", None), "A_TRIGGER_OF_TOMORROW"),
        ({"triggerEvent": "OOO_CREATED"}, "OOO_CREATED"),
    ],
)
def test_other_triggers_are_unheeded_and_say_which_they_are(document: object, why: str) -> None:
    notice = read(document)
    assert isinstance(notice, Unheeded)
    assert notice.why.startswith(f"{why}: ")


def test_the_test_button_is_told_apart_from_a_trigger_that_nobody_knows() -> None:
    ping, unknown = read(webhook("PING", {})), read(webhook("UNKNOWN", {}))
    assert isinstance(ping, Unheeded)
    assert isinstance(unknown, Unheeded)
    assert "test button" in ping.why
    assert unknown.why == "UNKNOWN: not a trigger that we follow"


@pytest.mark.parametrize("trigger", ["BOOKING_CREATED", "BOOKING_CANCELLED", "BOOKING_REJECTED"])
def test_a_settled_booking_has_the_phone_of_who_booked(trigger: str) -> None:
    answers = {"smsReminderNumber": answered("+12025550143")}
    notice = read(webhook(trigger, booking(status="ACCEPTED", responses=answers)))
    assert isinstance(notice, BookingSettled)
    assert notice.phone == "+12025550143"


def test_a_reason_is_cut_to_200_characters() -> None:
    notice = read(cancelled(cancellationReason="x" * 5000))
    assert isinstance(notice, BookingSettled)
    assert len(notice.reason) == 200


@pytest.mark.parametrize("status", ["PENDING", "pending"])
def test_a_created_booking_that_is_still_pending_was_confirmed_by_nobody(status: str) -> None:
    assert isinstance(read(webhook("BOOKING_CREATED", booking(status=status))), Unheeded)


def test_a_rescheduled_booking_settles_the_old_uid_and_confirms_the_new_one() -> None:
    moved_to = datetime(2026, 5, 14, 9, 30, tzinfo=UTC)
    phone = "+12025550143"
    new = BookingSettled("newUid000000000000001", Settlement.CONFIRMED, moved_to, phone=phone, told_at=TOLD)
    old = BookingSettled(UID, Settlement.RESCHEDULED, START, phone=phone, replaced_by=new, told_at=TOLD)
    assert read(rescheduled(attendees=[attendee(phoneNumber=phone)])) == old


@pytest.mark.parametrize("old_uid", [ABSENT, None, "", 17, "../x", "newUid000000000000001"])
def test_a_rescheduled_booking_whose_old_uid_is_not_told_is_a_confirmed_one(old_uid: object) -> None:
    notice = read(rescheduled(rescheduleUid=old_uid))
    assert isinstance(notice, BookingSettled)
    assert (notice.uid, notice.how, notice.replaced_by) == ("newUid000000000000001", Settlement.CONFIRMED, None)


def test_a_rescheduled_booking_that_is_pending_again_is_not_confirmed() -> None:
    notice = read(rescheduled(status="PENDING"))
    assert isinstance(notice, BookingSettled)
    assert (notice.uid, notice.how, notice.replaced_by) == (UID, Settlement.RESCHEDULED, None)
    assert isinstance(read(rescheduled(status="PENDING", rescheduleUid=None)), Unheeded)


def test_a_request_that_replaces_a_booking_names_the_old_one() -> None:
    assert read_request(requested(rescheduleUid="oldUid")).rescheduled_from == "oldUid"
    assert read_request(requested(rescheduleUid="no uid!")).rescheduled_from is None


@pytest.mark.parametrize(
    ("recurring_event", "recurring"), [({"freq": 2, "count": 4, "interval": 1}, True), (None, False), (ABSENT, False)]
)
def test_one_of_a_series_is_recurring(recurring_event: object, recurring: bool) -> None:
    assert read_request(requested(recurringEvent=recurring_event)).recurring is recurring


# ---- Seats ----

STAYER = attendee(phoneNumber="+12025550111", bookingSeat={"referenceUid": "seat-1"})
LEAVER = attendee(phoneNumber="+12025550122", bookingSeat={"referenceUid": "seat-2"})


@pytest.mark.parametrize(
    ("changes", "seat"),
    [
        ({}, False),
        ({"attendees": [STAYER, LEAVER], "seatsPerTimeSlot": 6}, False),
        ({"attendees": [STAYER, LEAVER]}, False),
        ({"attendees": [LEAVER], "seatsPerTimeSlot": 6}, True),
        ({"attendees": [], "seatsPerTimeSlot": 6}, True),
        ({"attendees": [LEAVER]}, True),
        ({"attendees": [STAYER, LEAVER], "seatsPerTimeSlot": 6, "attendeeSeatId": "seat-2"}, True),
        ({"attendeeSeatId": "seat-2"}, True),
    ],
)
def test_a_seat_that_is_given_up_is_told_apart_from_a_booking_that_is_cancelled(
    changes: dict[str, object], seat: bool
) -> None:
    notice = read(cancelled(**changes))
    assert isinstance(notice, BookingSettled)
    assert (notice.how, notice.seat) == (Settlement.CANCELLED, seat)


def test_a_given_up_seat_is_read_whole() -> None:
    document = cancelled(attendees=[LEAVER], seatsPerTimeSlot=6, cancellationReason="Ill")
    assert read(document) == BookingSettled(
        UID, Settlement.CANCELLED, starts_at=START, reason="Ill", seat=True, phone="+12025550122", told_at=TOLD
    )


def test_the_leavers_phone_is_never_taken_from_the_answers_of_who_booked_first() -> None:
    """In a seat's cancellation the answers are still those of the booking's first booker, who stays."""
    answers = {"attendeePhoneNumber": answered("+12025550111"), "phone": answered("+12025550111")}
    without_phone = read(
        cancelled(seatsPerTimeSlot=6, attendees=[attendee()], responses=answers, smsReminderNumber="+12025550111")
    )
    assert isinstance(without_phone, BookingSettled)
    assert without_phone.phone is None


@pytest.mark.parametrize(
    ("changes", "phone"),
    [
        ({"attendees": [LEAVER]}, "+12025550122"),
        ({"attendees": [STAYER, LEAVER], "attendeeSeatId": "seat-2"}, "+12025550122"),
        ({"attendees": [STAYER, LEAVER], "attendeeSeatId": "seat-9"}, None),
        ({"attendees": [STAYER], "attendeeSeatId": "seat-2"}, None),
        ({"attendees": [attendee(phoneNumber="+12025550122")], "attendeeSeatId": "seat-2"}, "+12025550122"),
        ({"attendees": []}, None),
        ({"attendees": [attendee(email="12025550122@sms.cal.com")]}, "+12025550122"),
    ],
)
def test_the_phone_of_a_given_up_seat_is_the_leavers(changes: dict[str, object], phone: str | None) -> None:
    notice = read(cancelled(seatsPerTimeSlot=6, **changes))
    assert isinstance(notice, BookingSettled)
    assert notice.phone == phone


# ---- Which booking ----


@pytest.mark.parametrize("uid", ["a", "a" * 64, "A-b_9", "-", "bkQ7mJ2pLx4Vn8Rt1YwZ3a"])
def test_a_uid_is_taken_as_it_is(uid: str) -> None:
    assert read_request(requested(uid=uid)).uid == uid


@pytest.mark.parametrize(
    "uid", ["a" * 65, "../x", "a b", "a/b", "a\n", "ü", "a\x00", 7, True, ["a"], {"a": 1}, "٣", "a?b", "%2e"]
)
def test_a_uid_of_another_shape_is_not_understood_and_not_repeated(uid: object) -> None:
    with pytest.raises(NotUnderstood, match=r"^uid is not") as caught:
        read(requested(uid=uid))
    assert not isinstance(uid, str) or len(uid) < 3 or uid not in str(caught.value)


@pytest.mark.parametrize("uid", [ABSENT, None, ""])
def test_a_missing_uid_is_taken_from_the_ical_uid(uid: object) -> None:
    assert read_request(requested(uid=uid)).uid == UID
    notice = read(cancelled(uid=uid))
    assert isinstance(notice, BookingSettled)
    assert notice.uid == UID


@pytest.mark.parametrize("sequence", [ABSENT, None, 0, "1", [], {}])
def test_a_sequence_that_was_not_raised_says_nothing_against_the_ical_uid(sequence: object) -> None:
    assert read_request(requested(uid=ABSENT, iCalSequence=sequence)).uid == UID


@pytest.mark.parametrize(
    "changes",
    [
        {"iCalUID": ABSENT},
        {"iCalUID": None},
        {"iCalUID": 5},
        {"iCalUID": "bookingUid00000000001@example.org"},
        {"iCalUID": "@Cal.com"},
        {"iCalUID": "a b@Cal.com"},
        {"iCalUID": "bookingUid00000000001@Cal.com\n"},
        {"rescheduleUid": "oldUid"},
        {"rescheduleId": 500},
        {"rescheduleStartTime": "2026-05-10T09:30:00Z"},
        {"iCalSequence": 1},
    ],
)
def test_the_ical_uid_does_not_stand_in_where_it_could_name_another_booking(changes: dict[str, object]) -> None:
    """A rescheduled booking keeps the iCalUID of the one that it replaced."""
    with pytest.raises(NotUnderstood, match=r"^uid is missing"):
        read(requested(uid=ABSENT, **changes))


# ---- The patient ----


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("Sarah Jones", "Somebody Else", "Sarah Jones"),
        ("", "Sarah Jones", "Sarah Jones"),
        (None, "Sarah Jones", "Sarah Jones"),
        (ABSENT, {"firstName": "Sarah", "lastName": "Jones"}, "Sarah Jones"),
        (ABSENT, {"firstName": "Sarah"}, "Sarah"),
        (ABSENT, {"firstName": None, "lastName": "Jones"}, "Jones"),
        (ABSENT, {}, ""),
        (ABSENT, None, ""),
        (7, ["Sarah"], ""),
        ("  Sarah \t\n  Jones ", None, "Sarah Jones"),
        ("Sarah\x00Jones", None, "Sarah Jones"),
        ("Sarah\u2028Jones", None, "Sarah Jones"),
        ("\ud800Sarah\udfff", None, "Sarah"),
        ("\u202eSarah\u200b", None, "Sarah"),
        ("Rene\u0301e", None, "Ren\u00e9e"),
        ("李 小龍", None, "李 小龍"),
        ("O'Brien-Ñandú 🙂", None, "O'Brien-Ñandú 🙂"),
        ("x" * 500, None, "x" * 60),
        ("x" * 59 + " y", None, "x" * 59),
        ("\x00\x1b", "Sarah", "Sarah"),
        ("\x00", "\x1b", ""),
    ],
)
def test_the_patients_name_is_attendee_zeros_or_the_answer_and_comes_cleaned(
    name: object, answer: object, expected: str
) -> None:
    document = requested(attendees=[attendee(name=name)], responses={"name": answered(answer)})
    assert read_request(document).patient_name == expected


def test_a_name_made_to_be_slow_is_cut_before_it_is_composed() -> None:
    assert len(cleaned("a" + "\u0301\u0316" * 1_000_000, NAME_CAP)) <= NAME_CAP


@pytest.mark.parametrize(
    ("organizer", "practitioner"),
    [
        ({"name": "Dr.\x07 Lee"}, "Dr. Lee"),
        ({"name": "x" * 500}, "x" * 60),
        ({"name": None}, ""),
        ({}, ""),
        (None, ""),
        ("Dr. Lee", ""),
        (ABSENT, ""),
    ],
)
def test_the_practitioner_is_the_organizer(organizer: object, practitioner: str) -> None:
    assert read_request(requested(organizer=organizer)).practitioner == practitioner


@pytest.mark.parametrize(
    ("changes", "language"),
    [
        ({"language": {"locale": "de"}}, "de"),
        ({"language": {"locale": "pt-BR"}}, "pt-BR"),
        ({"language": {"locale": "pt_BR"}}, "pt-BR"),
        ({"language": {"locale": "zh-Hant-TW"}}, "zh-Hant-TW"),
        ({"language": ABSENT, "locale": "fr"}, "fr"),
        ({"language": {"locale": "de"}, "locale": "fr"}, "de"),
        ({"language": {"locale": None}, "locale": "fr"}, "fr"),
        ({"language": ABSENT}, "en"),
        ({"language": "de"}, "en"),
        ({"language": {"locale": "../../etc"}}, "en"),
        ({"language": {"locale": "e"}}, "en"),
        ({"language": {"locale": "en\n"}}, "en"),
        ({"language": {"locale": "en" * 50}}, "en"),
        ({"language": {"locale": 5}}, "en"),
    ],
)
def test_the_language_is_the_bookers_locale_or_english(changes: dict[str, object], language: str) -> None:
    assert read_request(requested(attendees=[attendee(**changes)])).language == language


@pytest.mark.parametrize("attendees", [ABSENT, None, [], "x", {}, [None], [[]], ["x"], 7])
def test_without_an_attendee_the_answers_still_say_who_booked(attendees: object) -> None:
    answers = {"name": answered("Sarah"), "attendeePhoneNumber": answered("+12025550143")}
    notice = read_request(requested(attendees=attendees, responses=answers))
    assert (notice.patient_name, notice.phone) == ("Sarah", "+12025550143")


def test_only_attendee_zero_is_the_patient() -> None:
    """The others are guests, and in team events the other hosts too."""
    others = [attendee(name="", phoneNumber="+12025550199"), attendee(name="Dr. Who", phoneNumber="+12025550188")]
    assert read_request(requested(attendees=[attendee(), *others])).phone is None


# ---- The phone ----

PHONE = "+12025550143"
OTHER = "+12025550177"


def with_answers(**answers: object) -> dict[str, object]:
    return {"responses": {slug: answered(value) for slug, value in answers.items()}}


def with_attendee(**changes: object) -> dict[str, object]:
    return {"attendees": [attendee(**changes)]}


@pytest.mark.parametrize(
    ("changes", "phone"),
    [
        # the seven places
        (with_attendee(phoneNumber=PHONE), PHONE),
        (with_answers(attendeePhoneNumber=PHONE), PHONE),
        (with_answers(smsReminderNumber=PHONE), PHONE),
        ({"smsReminderNumber": PHONE}, PHONE),
        (with_answers(aiAgentCallPhoneNumber=PHONE), PHONE),
        (with_answers(phone=PHONE), PHONE),
        ({"userFieldsResponses": {"mobile-number": answered(PHONE)}}, PHONE),
        (with_answers(location={"value": "phone", "optionValue": PHONE}), PHONE),
        (with_attendee(email="12025550143@sms.cal.com"), PHONE),
        (with_attendee(email="+12025550143@SMS.cal.com"), PHONE),
        ({**with_attendee(email=None), **with_answers(email="12025550143@sms.cal.com")}, PHONE),
        # their order
        ({**with_attendee(phoneNumber=PHONE), **with_answers(attendeePhoneNumber=OTHER)}, PHONE),
        (with_answers(smsReminderNumber=OTHER, attendeePhoneNumber=PHONE), PHONE),
        ({**with_answers(smsReminderNumber=PHONE), "smsReminderNumber": OTHER}, PHONE),
        ({**with_answers(aiAgentCallPhoneNumber=OTHER), "smsReminderNumber": PHONE}, PHONE),
        (with_answers(phone=OTHER, aiAgentCallPhoneNumber=PHONE), PHONE),
        ({**with_answers(phone=PHONE), "userFieldsResponses": {"phone": answered(OTHER)}}, PHONE),
        (with_answers(location={"value": "phone", "optionValue": OTHER}, mobile=PHONE), PHONE),
        (
            {
                **with_answers(location={"value": "phone", "optionValue": PHONE}),
                **with_attendee(email="12025550177@sms.cal.com"),
            },
            PHONE,
        ),
        # the first that parses
        ({**with_attendee(phoneNumber=None), **with_answers(attendeePhoneNumber="call me", phone=PHONE)}, PHONE),
        ({**with_attendee(phoneNumber="+1"), **with_answers(smsReminderNumber=PHONE)}, PHONE),
        ({**with_attendee(phoneNumber=["x"]), **with_answers(attendeePhoneNumber={}, phone=PHONE)}, PHONE),
        # none
        ({}, None),
        ({"responses": {"attendeePhoneNumber": {"label": "phone_number", "isHidden": True}}}, None),
        ({"responses": PHONE, "userFieldsResponses": [PHONE]}, None),
        ({"responses": {"phone": PHONE}}, None),
        ({"organizer": {"name": "Dr. Lee", "phoneNumber": PHONE}}, None),
        # the clinic's own number, and numbers that stand for somewhere else
        ({**with_answers(location={"value": "userPhone", "optionValue": PHONE}), "location": PHONE}, None),
        (with_answers(location={"value": PHONE, "optionValue": ""}), None),
        ({"location": PHONE}, None),
        (with_attendee(email="12025550143@example.com"), None),
        (with_attendee(email="12025550143@sms.cal.com.example.com"), None),
        (with_attendee(email="@sms.cal.com"), None),
    ],
)
def test_the_phone_is_looked_up_in_seven_places_in_order(changes: dict[str, object], phone: str | None) -> None:
    assert read_request(requested(**changes)).phone == phone


@pytest.mark.parametrize(
    ("changes", "phone"),
    [
        ({**with_answers(**{"callback-line": PHONE}), **with_attendee(phoneNumber=OTHER)}, PHONE),
        ({"userFieldsResponses": {"callback-line": answered(PHONE)}, **with_attendee(phoneNumber=OTHER)}, PHONE),
        ({**with_answers(**{"callback-line": "none"}), **with_attendee(phoneNumber=OTHER)}, OTHER),
        (with_attendee(phoneNumber=OTHER), OTHER),
    ],
)
def test_the_clinics_own_phone_question_comes_first(changes: dict[str, object], phone: str) -> None:
    assert read_request(requested(**changes), phone_field="callback-line").phone == phone


@pytest.mark.parametrize(
    "slug",
    [
        "phone",
        "Phone",
        "phone-number",
        "phoneNumber",
        "phone_number",
        "your-phone-number",
        "yourPhone",
        "patient-phone",
        "mobile",
        "mobile-number",
        "cell",
        "tel",
        "whatsapp-number",
        "handynummer",
        "numero-de-telefono",
    ],
)
def test_a_question_whose_every_word_is_about_a_phone_is_one(slug: str) -> None:
    assert read_request(requested(**with_answers(**{slug: PHONE}))).phone == PHONE


@pytest.mark.parametrize(
    "slug",
    [
        "emergency-contact-phone",
        "emergencyPhone",
        "gp-phone",
        "clinic-phone-number",
        "phone-of-insurance",
        "phone-2",
        "work-phone",
        "number",
        "insurance-number",
        "hotel",
        "phonetics",
        "x" * 100_000 + "-phone",
        "phone-" * 20,
        "",
        "-",
    ],
)
def test_a_question_that_may_be_about_somebody_elses_phone_is_left_alone(slug: str) -> None:
    """Texting the wrong person tells of an appointment; texting nobody costs staff a call."""
    assert read_request(requested(**with_answers(**{slug: PHONE}))).phone is None


@pytest.mark.parametrize(
    ("number", "region", "phone"),
    [
        ("+1 (202) 555-0143", None, "+12025550143"),
        ("+1 (999) 999-9999", None, "+19999999999"),
        ("+44 7700 900123", None, "+447700900123"),
        ("+1 (555) 0102", None, "+15550102"),
        ("+٤٤٧٧٠٠٩٠٠١٢٣", None, "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        ("0044 7700 900123", "GB", "+447700900123"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("+44 7700 900123", "US", "+447700900123"),
        ("07700 900123", None, None),
        ("12025550143", None, None),
        ("555-0102", "US", None),
        ("07700 900123", "nowhere", None),
        ("+44 77", "GB", None),
        ("+0000000000", None, None),
        ("112", "DE", None),
        ("My number is +1 202 555 0143, call late", None, None),
        ("+1 202 555 0143" * 100, None, None),
        ("\x00", None, None),
        ("\ud800", "GB", None),
        ("", "GB", None),
    ],
)
def test_a_number_becomes_e164_or_nothing(number: str, region: str | None, phone: str | None) -> None:
    document = requested(attendees=[attendee(phoneNumber=number)])
    assert read_request(document, fallback_region=region).phone == phone


# ---- Time ----


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-05-12T09:30:00Z", START),
        ("2026-05-12T09:30:00.000Z", START),
        ("2026-05-12T09:30:00+00:00", START),
        ("2026-05-12T11:30:00+02:00", START),
        ("2026-05-12T00:30:00.250-09:00", START + timedelta(milliseconds=250)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_start_is_an_aware_moment_in_utc(written: str, moment: datetime) -> None:
    starts_at = read_request(requested(startTime=written)).starts_at
    assert starts_at == moment
    assert starts_at.tzinfo is UTC


UNREADABLE_MOMENTS = [
    ABSENT,
    None,
    "",
    1778578200,
    True,
    ["2026-05-12T09:30:00Z"],
    "2026-05-12",
    "2026-05-12T09:30:00",
    "2026-05-12 09:30:00Z",
    "2026-02-30T09:30:00Z",
    "2026-05-12T25:30:00Z",
    "2026-05-12T09:30:00+99:00",
    "20260512T093000Z",
    "2026-W20-2T09:30:00Z",
    "٢٠٢٦-05-12T09:30:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "1999-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "2026-05-12T09:30:00Z\n",
    "tomorrow",
]


@pytest.mark.parametrize("written", UNREADABLE_MOMENTS)
def test_a_request_without_a_readable_start_is_not_understood(written: object) -> None:
    with pytest.raises(NotUnderstood, match="startTime"):
        read(requested(startTime=written))


@pytest.mark.parametrize("written", UNREADABLE_MOMENTS)
def test_a_settled_booking_needs_no_start(written: object) -> None:
    notice = read(cancelled(startTime=written))
    assert isinstance(notice, BookingSettled)
    assert notice.starts_at is None


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        ({"endTime": "2026-05-12T10:15:00+00:00", "length": 30}, 45),
        ({"endTime": "2026-05-12T09:30:00Z"}, 0),
        ({"endTime": ABSENT, "length": 20}, 20),
        ({"endTime": "soon", "length": 20}, 20),
        ({"endTime": "2026-05-12T09:00:00Z", "length": 20}, 20),
        ({"endTime": ABSENT, "length": ABSENT}, 0),
        ({"endTime": ABSENT, "length": None}, 0),
        ({"endTime": ABSENT, "length": 1440}, 1440),
        ({"endTime": ABSENT, "length": 1441}, 0),
        ({"endTime": ABSENT, "length": -5}, 0),
        ({"endTime": ABSENT, "length": 10**40}, 0),
        ({"endTime": ABSENT, "length": 1e300}, 0),
        ({"endTime": ABSENT, "length": "30"}, 0),
    ],
)
def test_the_end_is_told_or_follows_from_the_length(changes: dict[str, object], minutes: int) -> None:
    assert read_request(requested(**changes)).ends_at == START + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("patients", "organizers", "zone"),
    [
        ("America/New_York", "Europe/London", "America/New_York"),
        ("America/Argentina/Buenos_Aires", None, "America/Argentina/Buenos_Aires"),
        ("Etc/GMT+5", None, "Etc/GMT+5"),
        ("UTC", None, "UTC"),
        ("Asia/Calcutta", None, "Asia/Calcutta"),
        (None, "Europe/London", "Europe/London"),
        (ABSENT, "Europe/London", "Europe/London"),
        ("Mars/Olympus", "Europe/London", "Europe/London"),
        (ABSENT, ABSENT, "Europe/Berlin"),
        (5, ["UTC"], "Europe/Berlin"),
        ("../../etc/passwd", "/etc/passwd", "Europe/Berlin"),
        ("", ".", "Europe/Berlin"),
        ("Europe", "America/", "Europe/Berlin"),
        ("Europe/London\n", "Europe\x00/London", "Europe/Berlin"),
        ("\ud800", "é", "Europe/Berlin"),
        ("x" * 100_000, "a/" * 50_000, "Europe/Berlin"),
        ("localtime", "posixrules", "Europe/Berlin"),
        ("right/Europe/London", "posix/Europe/London", "Europe/Berlin"),
        ("tzdata.zi", "zone.tab", "Europe/Berlin"),
        ("Factory", "__init__", "Europe/Berlin"),
    ],
)
def test_the_time_zone_is_the_patients_or_the_hosts_or_the_clinics(
    patients: object, organizers: object, zone: str
) -> None:
    host = {"name": "Dr. Lee"} if organizers is ABSENT else {"name": "Dr. Lee", "timeZone": organizers}
    document = requested(attendees=[attendee(timeZone=patients)], organizer=host)
    assert read_request(document, time_zone="Europe/Berlin").time_zone == zone


# ---- Hostile bodies ----


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"false",
        b"null",
        b"true",
        b"0",
        b'"BOOKING_REQUESTED"',
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"triggerEvent":' * 100_000,
        b'{"payload":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"NaN",
        b'{"triggerEvent":"BOOKING_REQUESTED","payload":{"length":NaN}}',
        b'{"triggerEvent":"BOOKING_REQUESTED","payload":{"length":-Infinity}}',
        b'{"triggerEvent":"BOOKING_REQUESTED","payload":{"length":' + b"9" * 10_000 + b"}}",
        b"\xff\xfe",
        b'{"triggerEvent":"\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"triggerEvent":"PING"}',
        '{"triggerEvent":"PING"}'.encode("utf-16"),
        b"\x00",
        b"triggerEvent=BOOKING_REQUESTED&uid=1",
        b'{"triggerEvent":"BOOKING_REQUESTED","payload":{}',
        b'{"triggerEvent":null,"payload":{}}',
        b'{"triggerEvent":"","payload":{}}',
        b'{"triggerEvent":["BOOKING_REQUESTED"],"payload":{}}',
        b'{"triggerEvent":{"a":1},"payload":{}}',
        b'{"triggerEvent":"BOOKING REQUESTED","payload":{}}',
        b'{"triggerEvent":"PING\\n","payload":{}}',
        b'{"triggerEvent":"\\ud800","payload":{}}',
        b'{"triggerEvent":"' + b"X" * 65 + b'","payload":{}}',
        b'{"triggerEvent":"BOOKING_REQUESTED"}',
        b'{"triggerEvent":"BOOKING_REQUESTED","payload":null}',
        b'{"triggerEvent":"BOOKING_CREATED","payload":[]}',
        b'{"triggerEvent":"BOOKING_CANCELLED","payload":"x"}',
        b'{"triggerEvent":"BOOKING_RESCHEDULED","payload":{}}',
    ],
)
def test_a_hostile_body_is_not_understood_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(NotUnderstood) as caught:
        calcom().receive(post(body))
    assert str(caught.value)
    with pytest.raises(NotAuthentic):
        calcom().receive(post(body, {}))


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_constant_that_is_not_json_spoils_a_body_that_is_whole_otherwise(constant: bytes) -> None:
    with pytest.raises(NotUnderstood):
        calcom().receive(post(BODY.replace(b'"length":30', b'"length":' + constant)))


def test_a_float_too_large_for_a_float_is_only_a_number() -> None:
    body = BODY.replace(b'"length":30', b'"length":1e999')
    assert body != BODY
    assert isinstance(calcom().receive(post(body)), BookingRequested)


# ---- What must not be told ----


def test_the_one_time_password_is_gone_as_soon_as_the_body_is_read() -> None:
    nested = requested(responses={"x": [{"oneTimePassword": PASSWORD}]})
    assert PASSWORD not in repr(read_json(as_sent(nested)))


def test_the_one_time_password_is_in_no_notice_and_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert PASSWORD not in repr(read(requested()))
    assert PASSWORD not in caplog.text


SECRETIVE = {
    "attendees": [attendee(name="Secretive Patient", email="secretive@example.org", phoneNumber="+12025550199")],
    "title": "Secretive Patient",
}


@pytest.mark.parametrize(
    "body",
    [
        as_sent(requested(**SECRETIVE))[:-1],
        as_sent(requested(**SECRETIVE, uid="Secretive Patient")),
        as_sent(requested(**SECRETIVE, uid=None, iCalUID="Secretive Patient")),
        as_sent(requested(**SECRETIVE, startTime="Secretive Patient")),
        as_sent(webhook("Secretive Patient", booking(**SECRETIVE))),
        as_sent(webhook("BOOKING_CREATED", "Secretive Patient" + PASSWORD)),
        as_sent({**requested(**SECRETIVE), "payload": [PASSWORD, "Secretive Patient"]}),
    ],
)
def test_an_error_repeats_nothing_of_the_payload(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NotUnderstood) as caught:
        calcom().receive(post(body))
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert PASSWORD not in told
    assert "ecretive" not in told
    assert "2025550199" not in told


def test_an_error_about_json_does_not_carry_the_document_along() -> None:
    """json's own error has it as `doc`, and would hang on ours as its context."""
    with pytest.raises(NotUnderstood) as caught:
        read_json(BODY[:-1])
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


# ---- Anything at all ----

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
HEEDED = ("BOOKING_REQUESTED", "BOOKING_CREATED", "BOOKING_CANCELLED", "BOOKING_REJECTED", "BOOKING_RESCHEDULED")


def assert_fit_for_the_domain(notice: object) -> None:
    """As domain/inbound.py promises: UTC, E.164, cleaned and bounded texts; and PostgreSQL takes no NUL."""
    assert is_dataclass(notice)
    for field in fields(notice):
        value = getattr(notice, field.name)
        if isinstance(value, str):
            assert "\x00" not in value
            assert len(value.encode()) <= 4 * REASON_CAP
        if isinstance(value, datetime):
            assert value.tzinfo is UTC
            assert 2000 <= value.year <= 2200
        if isinstance(value, BookingSettled):
            assert_fit_for_the_domain(value)
    uid, phone = getattr(notice, "uid", "x"), getattr(notice, "phone", None)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", uid)
    assert phone is None or re.fullmatch(r"\+[1-9][0-9]{3,16}", phone)


def assert_read_or_refused(document: object) -> None:
    try:
        notice = read(document, phone_field="phone", fallback_region="GB")
    except NotUnderstood:
        return
    assert_fit_for_the_domain(notice)


@settings(deadline=None)
@given(ANY_JSON)
def test_any_json_whatsoever_is_a_notice_or_not_understood(document: object) -> None:
    assert_read_or_refused(document)


@settings(deadline=None)
@given(st.sampled_from(HEEDED), ANY_JSON)
def test_any_payload_whatsoever_is_a_notice_or_not_understood(trigger: str, payload: object) -> None:
    assert_read_or_refused(webhook(trigger, payload))


FIELDS = sorted(
    {*booking(), "rescheduleUid", "rescheduleStartTime", "smsReminderNumber", "attendeeSeatId", "recurringEvent"}
    | {"cancellationReason", "rejectionReason"}
)
ATTENDEE_FIELDS = sorted({*attendee(), "phoneNumber", "locale", "bookingSeat"})
ANSWERS = ["name", "email", "phone", "attendeePhoneNumber", "smsReminderNumber", "location"]


@settings(deadline=None)
@given(
    st.sampled_from(HEEDED),
    st.dictionaries(st.sampled_from(FIELDS), ANY_JSON, max_size=3),
    st.dictionaries(st.sampled_from(ATTENDEE_FIELDS), ANY_JSON, max_size=3),
    st.dictionaries(st.sampled_from(ANSWERS), ANY_JSON | st.builds(answered, ANY_JSON), max_size=3),
)
def test_any_value_in_any_field_is_a_notice_or_not_understood(
    trigger: str, changes: dict[str, object], who: dict[str, object], answers: dict[str, object]
) -> None:
    whole = booking(status="ACCEPTED", attendees=[attendee(**who)], responses=answers)
    assert_read_or_refused(webhook(trigger, {**whole, **changes}))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_whatsoever_are_a_notice_or_not_understood(body: bytes) -> None:
    with suppress(NotUnderstood):
        assert isinstance(calcom().receive(post(body)), Unheeded)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["x-cal-signature-256", "content-type"]), ANY_TEXT))
def test_any_header_whatsoever_is_not_authentic_at_worst(headers: dict[str, str]) -> None:
    with pytest.raises(NotAuthentic):
        calcom().receive(post(BODY, headers))
