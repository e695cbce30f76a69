"""The list of unconfirmed bookings: what we ask for, which bookings count, and what they become."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.calcom import Patience
from adapters.calcom.listing import PAGE_SIZE, PAGES
from domain.inbound import Blame, BookingRequested
from domain.ports import Rejected, Retry
from tests.adapters.calcom_payloads import ABSENT, as_sent, attendee, listed
from tests.adapters.test_calcom_api import (
    KEY,
    MINUTE,
    NEVER_SENT,
    PERHAPS_SENT,
    Recorder,
    bare,
    calcom,
    failure,
    kind,
    never,
    page,
    run,
    turned_away,
)
from tests.adapters.test_calcom_webhooks import ANY_JSON, assert_fit_for_the_domain

UID, OTHER_UID = "bookingUid00000000001", "bookingUid00000000002"
START = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
SINCE = datetime(2026, 5, 1, 7, 0, 0, 123_456, tzinfo=UTC)
PHONE, OTHER = "+12025550143", "+12025550177"

Outcome = list[BookingRequested] | Rejected | Retry


def answer(*bookings: object) -> httpx.Response:
    """One page, with the counts that Cal.com adds and nobody should need."""
    return httpx.Response(200, json={"status": "success", "data": bookings, "pagination": {"hasNextPage": False}})


def full(first: int) -> httpx.Response:
    """A page with as many bookings as it can hold."""
    return answer(*[listed(uid=f"uid{number}") for number in range(first, first + PAGE_SIZE)])


def ask(*answers: httpx.Response | Exception, since: datetime | None = SINCE, **known: Any) -> Outcome:
    outcome: Outcome = run(calcom(Recorder(*answers), **known).unconfirmed(since))
    return outcome


def found(*bookings: object, since: datetime | None = SINCE, **known: Any) -> list[BookingRequested]:
    """What a single page gives."""
    outcome = ask(answer(*bookings), since=since, **known)
    assert isinstance(outcome, list)
    return outcome


def only(**changes: object) -> BookingRequested:
    (booking,) = found(listed(**changes))
    return booking


def asked(*answers: httpx.Response, since: datetime | None = SINCE) -> list[dict[str, str]]:
    """The queries of the pages that were asked for."""
    wire = Recorder(*answers)
    run(calcom(wire).unconfirmed(since))
    assert set(wire.calls()) == {("GET", "/v2/bookings")}
    return [dict(request.url.params) for request in wire.requests]


# ---- What is asked ----


@pytest.mark.parametrize(
    "since", [SINCE, SINCE.astimezone(timezone(timedelta(hours=-4)))], ids=["in UTC", "in another zone"]
)
def test_the_list_is_asked_for_what_waits_and_was_made_since_then(since: datetime) -> None:
    assert asked(answer(), since=since) == [
        {
            "status": "unconfirmed",
            "afterCreatedAt": "2026-05-01T07:00:00.123Z",
            "sortCreated": "asc",
            "take": "250",
            "skip": "0",
        }
    ]


def test_without_a_moment_everything_that_waits_is_asked_for() -> None:
    assert asked(answer(), since=None) == [{"status": "unconfirmed", "sortCreated": "asc", "take": "250", "skip": "0"}]


def test_the_list_is_asked_for_with_the_key_and_the_version() -> None:
    wire = Recorder(answer())
    run(calcom(wire).unconfirmed(None))
    (request,) = wire.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["cal-api-version"] == "2024-08-13"
    assert request.content == b""


# ---- The pages ----


def test_a_page_that_is_not_full_is_the_last_one() -> None:
    assert [query["skip"] for query in asked(full(0), full(250), answer(listed()))] == ["0", "250", "500"]


def test_the_bookings_of_all_pages_are_told_once_each() -> None:
    outcome = ask(full(0), answer(listed(uid="uid249"), listed(uid="uid250")))
    assert isinstance(outcome, list)
    assert [booking.uid for booking in outcome] == [f"uid{number}" for number in range(251)]


def test_a_server_that_does_not_turn_its_pages_is_not_asked_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    assert len(asked(full(0))) == 2
    assert "more than could be read" in caplog.text


def test_a_list_without_end_is_left_after_some_pages_and_what_was_read_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pages = [full(number * PAGE_SIZE) for number in range(PAGES + 5)]
    outcome = ask(*pages)
    assert isinstance(outcome, list)
    assert len(outcome) == PAGES * PAGE_SIZE
    assert "more than could be read" in caplog.text


@pytest.mark.parametrize("pages", [(answer(),), (answer(listed()),), (full(0), answer())])
def test_a_list_that_was_read_to_its_end_is_not_worth_a_word(
    pages: tuple[httpx.Response, ...], caplog: pytest.LogCaptureFixture
) -> None:
    ask(*pages)
    assert [record for record in caplog.records if record.name == "replyes.calcom"] == []


@pytest.mark.parametrize(
    "later", [failure(500, "boom"), failure(429, "slow"), httpx.ReadTimeout("slow"), page(200)], ids=kind
)
def test_a_list_that_breaks_off_is_asked_for_again_as_a_whole(later: httpx.Response | Exception) -> None:
    assert isinstance(ask(full(0), later), Retry)


# ---- No list ----


@pytest.mark.parametrize(
    ("told", "after"),
    [
        (failure(429, "Too many requests"), MINUTE),
        (failure(429, "Too many requests", retry_after="7"), timedelta(seconds=7)),
        (failure(500, "Internal server error"), None),
        (failure(503, "Maintenance", retry_after="120"), timedelta(seconds=120)),
        (page(524), None),
        (failure(408, "Request time-out"), None),
        (page(200), None),
        (page(200, ""), None),
        (httpx.Response(200, json=[]), None),
        (httpx.Response(200, json={"data": None}), None),
        (httpx.Response(200, json={"data": {"bookings": []}}), None),
        (answer(listed(), None), None),
        (answer([listed()]), None),
        (answer("booking"), None),
        (httpx.Response(204), None),
    ],
)
def test_the_list_is_asked_for_again_where_the_answer_is_none(told: httpx.Response, after: timedelta | None) -> None:
    outcome = ask(told)
    assert isinstance(outcome, Retry)
    assert outcome.after == after


@pytest.mark.parametrize("error", NEVER_SENT + PERHAPS_SENT, ids=kind)
def test_the_list_is_asked_for_again_where_there_is_no_answer(error: Exception) -> None:
    assert isinstance(ask(error), Retry)


def test_each_page_ends_in_time_even_if_the_server_keeps_it_open() -> None:
    assert isinstance(run(calcom(never, Patience(call=0.01)).unconfirmed(None)), Retry)


@pytest.mark.parametrize(
    ("told", "code", "blame"),
    [
        (turned_away(401, "CustomThrottlerGuard - Invalid API Key"), "401", Blame.ACCOUNT),
        (turned_away(403, "no access"), "403", Blame.ACCOUNT),
        (failure(404, "Cannot GET /v2/bookings"), "404", Blame.ACCOUNT),
        (page(404), "404", Blame.ACCOUNT),
        (page(301), "301", Blame.ACCOUNT),
        (bare(401, "not yours"), "401", Blame.CONFIGURATION),
        (failure(400, "take must not be greater than 100"), "400", Blame.PERMANENT),
        (failure(404, "no such thing"), "404", Blame.PERMANENT),
    ],
)
def test_the_list_is_rejected_where_asking_again_would_not_help(told: httpx.Response, code: str, blame: Blame) -> None:
    outcome = ask(told)
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.blame) == (code, blame)


def test_no_detail_has_the_key() -> None:
    for told in (failure(400, f"Your key {KEY} is odd"), turned_away(401, KEY), failure(500, "x" * 190 + KEY)):
        assert KEY[:12] not in repr(ask(told))


# ---- Which bookings count ----


@pytest.mark.parametrize("status", ["accepted", "rejected", "cancelled", "awaiting_host", "", None, 7, ABSENT])
def test_only_what_is_pending_waits(status: object) -> None:
    assert [booking.uid for booking in found(listed(status=status), listed(uid=OTHER_UID))] == [OTHER_UID]


@pytest.mark.parametrize(
    ("made", "counts"),
    [
        ("2026-05-01T06:59:59.999Z", False),
        ("2026-05-01T07:00:00.122Z", False),
        ("2026-05-01T07:00:00.123Z", True),
        ("2026-05-01T03:00:01.000-04:00", True),
        ("2026-05-01T08:59:59.000+02:00", False),
        (None, True),
        (ABSENT, True),
        ("yesterday", True),
    ],
)
def test_what_was_made_earlier_is_left_out_even_if_the_server_does_not_heed_the_filter(
    made: object, counts: bool
) -> None:
    assert bool(found(listed(createdAt=made))) is counts


def test_without_a_moment_no_booking_is_too_old() -> None:
    assert found(listed(createdAt="2019-01-01T00:00:00.000Z"), since=None)


def test_bookings_are_told_in_the_order_in_which_they_were_made() -> None:
    bookings = [
        listed(uid="undated", createdAt=None),
        listed(uid="second", createdAt="2026-05-01T09:00:00.000Z"),
        listed(uid="first", createdAt="2026-05-01T08:00:00.000Z"),
        listed(uid="third", createdAt="2026-05-01T09:00:00.000Z"),
    ]
    assert [booking.uid for booking in found(*bookings)] == ["first", "second", "third", "undated"]


UNREADABLE = [
    listed(uid=None),
    listed(uid="../me"),
    listed(uid=ABSENT, bookingUid=UID),
    listed(uid="noStart", start=None),
    listed(uid="oddStart", start="Tuesday"),
    {"status": "pending"},
]


def test_bookings_that_cannot_be_read_hide_no_others_and_are_counted_in_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    assert [booking.uid for booking in found(*UNREADABLE, listed())] == [UID]
    (line,) = [record for record in caplog.records if record.name == "replyes.calcom"]
    assert (line.levelname, line.getMessage()) == (
        "WARNING",
        f"Cal.com's list: {len(UNREADABLE)} unconfirmed bookings cannot be read",
    )


# ---- What they become ----


def test_a_listed_booking_is_read_whole() -> None:
    assert only(
        attendees=[attendee(language="de", phoneNumber="+353 85 012 3456", absent=False)],
        rescheduledFromUid="oldUid",
        recurringBookingUid="series",
    ) == BookingRequested(
        uid=UID,
        starts_at=START,
        ends_at=START + timedelta(minutes=30),
        patient_name="Sarah Jones",
        phone="+353850123456",
        language="de",
        time_zone="Europe/Dublin",
        practitioner="Dr. Lee",
        recurring=True,
        rescheduled_from="oldUid",
        told_at=None,
        email="sarah@example.org",
    )


def test_most_of_a_booking_may_be_missing() -> None:
    (booking,) = found({"uid": UID, "status": "PENDING", "start": "2026-05-12T09:30:00Z"}, time_zone="Europe/Paris")
    assert booking == BookingRequested(UID, START, START, "", None, "en", "Europe/Paris", "")


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"end": ABSENT}, "ends_at", START + timedelta(minutes=30)),
        ({"end": ABSENT, "duration": 45}, "ends_at", START + timedelta(minutes=45)),
        ({"end": None, "duration": None}, "ends_at", START),
        ({"start": "2026-05-12T11:30:00+02:00"}, "starts_at", START),
        ({"hosts": []}, "practitioner", ""),
        ({"hosts": None}, "practitioner", ""),
        ({"hosts": [{"name": "Dr.\x07 Lee"}, {"name": "Dr. Novak"}]}, "practitioner", "Dr. Lee"),
        ({"attendees": [attendee(timeZone="Mars/Base")]}, "time_zone", "Europe/London"),
        ({"attendees": [attendee(timeZone=None)], "hosts": []}, "time_zone", "UTC"),
        ({"attendees": [attendee(language="pt-BR")]}, "language", "pt-BR"),
        ({"attendees": [attendee(language=ABSENT)]}, "language", "en"),
        ({"attendees": [attendee(language={"locale": "de"})]}, "language", "en"),
        ({"attendees": [attendee(name=""), attendee(name="A guest")]}, "patient_name", "Sarah Jones"),
        (
            {"attendees": [], "bookingFieldsResponses": {"name": {"firstName": "Zoe", "lastName": "Ray"}}},
            "patient_name",
            "Zoe Ray",
        ),
        ({"attendees": [attendee(name=" Sarah\n\x00Jones ")]}, "patient_name", "Sarah Jones"),
        ({"recurringBookingUid": None}, "recurring", False),
        ({"rescheduledFromUid": "../me"}, "rescheduled_from", None),
        ({"rescheduledFromUid": UID}, "rescheduled_from", None),
    ],
)
def test_each_part_has_its_place_and_its_fallback(changes: dict[str, object], field: str, expected: object) -> None:
    assert getattr(only(**changes), field) == expected


def with_answers(**answers: object) -> dict[str, object]:
    return {"bookingFieldsResponses": answers}


def with_attendee(**changes: object) -> dict[str, object]:
    return {"attendees": [attendee(language="en", **changes)]}


@pytest.mark.parametrize(
    ("changes", "phone"),
    [
        (with_attendee(phoneNumber=PHONE), PHONE),
        (with_answers(attendeePhoneNumber=PHONE), PHONE),
        (with_answers(smsReminderNumber=PHONE), PHONE),
        (with_answers(aiAgentCallPhoneNumber=PHONE), PHONE),
        (with_answers(**{"mobile-number": PHONE}), PHONE),
        (with_answers(location={"value": "phone", "optionValue": PHONE}), PHONE),
        (with_attendee(email="12025550143@sms.cal.com"), PHONE),
        ({"attendees": [], **with_answers(email="12025550143@sms.cal.com")}, PHONE),
        ({"attendees": [attendee(bookingFieldsResponses={"phone": PHONE})], "bookingFieldsResponses": ABSENT}, PHONE),
        # their order
        ({**with_attendee(phoneNumber=PHONE), **with_answers(attendeePhoneNumber=OTHER)}, PHONE),
        (with_answers(smsReminderNumber=OTHER, attendeePhoneNumber=PHONE), PHONE),
        (with_answers(aiAgentCallPhoneNumber=OTHER, smsReminderNumber=PHONE), PHONE),
        ({**with_attendee(email="12025550177@sms.cal.com"), **with_answers(phone=PHONE)}, PHONE),
        ({**with_attendee(phoneNumber="call me"), **with_answers(attendeePhoneNumber=PHONE)}, PHONE),
        # none, and somebody else's
        ({}, None),
        ({"bookingFieldsResponses": [PHONE]}, None),
        ({"location": PHONE}, None),
        (with_answers(location={"value": "userPhone", "optionValue": PHONE}), None),
        (with_answers(**{"emergency-contact-phone": PHONE}), None),
        ({"hosts": [{"name": "Dr. Lee", "phoneNumber": PHONE}]}, None),
        ({"attendees": [attendee(), attendee(phoneNumber=PHONE)]}, None),
    ],
)
def test_the_phone_stands_where_it_stands_in_a_webhook(changes: dict[str, object], phone: str | None) -> None:
    assert only(**changes).phone == phone


def test_the_clinics_own_phone_question_comes_first() -> None:
    booking = listed(**with_attendee(phoneNumber=OTHER), **with_answers(**{"callback-line": PHONE}))
    assert found(booking, phone_field="callback-line")[0].phone == PHONE


def test_a_number_without_a_plus_is_the_clinics_regions() -> None:
    booking = listed(**with_answers(attendeePhoneNumber="(202) 555-0143"))
    assert found(booking, fallback_region="US")[0].phone == PHONE


def test_a_one_time_password_is_in_no_booking_and_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bookings = found(listed(oneTimePassword="5b1a7d42-pass"), listed(uid=None, oneTimePassword="5b1a7d42-pass"))
    assert "5b1a7d42" not in repr(bookings) + caplog.text


# ---- Anything at all ----


def reading(document: object) -> Outcome:
    response = httpx.Response(200, content=as_sent(document))
    return ask(response, since=SINCE, phone_field="phone", fallback_region="GB")


def assert_read(document: object) -> None:
    outcome = reading(document)
    if isinstance(outcome, list):
        for booking in outcome:
            assert_fit_for_the_domain(booking)
            assert booking.told_at is None
    else:
        assert outcome == replace(outcome, detail="HTTP 200 without a list of bookings")


@settings(deadline=None)
@given(ANY_JSON)
def test_any_json_whatsoever_is_a_list_or_asked_for_again(document: object) -> None:
    assert_read(document)


@settings(deadline=None)
@given(st.lists(ANY_JSON, max_size=3))
def test_any_page_whatsoever_is_a_list_or_asked_for_again(bookings: list[object]) -> None:
    assert_read({"status": "success", "data": bookings})


FIELDS = sorted({*listed(), "rescheduledFromUid", "recurringBookingUid"})
ATTENDEE_FIELDS = sorted({*attendee(), "phoneNumber", "absent", "bookingFieldsResponses", "seatUid"})
ANSWERS = ["name", "email", "phone", "attendeePhoneNumber", "smsReminderNumber", "location"]


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(FIELDS), ANY_JSON, max_size=3),
    st.dictionaries(st.sampled_from(ATTENDEE_FIELDS), ANY_JSON, max_size=3),
    st.dictionaries(st.sampled_from(ANSWERS), ANY_JSON, max_size=3),
)
def test_any_value_in_any_field_is_read_or_left_out(
    changes: dict[str, object], who: dict[str, object], answers: dict[str, object]
) -> None:
    odd = {**listed(attendees=[attendee(**who)], bookingFieldsResponses=answers), **changes}
    outcome = reading({"data": [odd, listed(uid=OTHER_UID)]})
    assert isinstance(outcome, list)
    assert OTHER_UID in [booking.uid for booking in outcome]
    for booking in outcome:
        assert_fit_for_the_domain(booking)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), st.just("Zanzibar-7") | st.just(["Zanzibar-7"]), max_size=5))
def test_no_value_of_a_booking_is_ever_logged(changes: dict[str, object]) -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("replyes")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        reading({"data": [listed() | changes]})
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    assert "Zanzibar" not in "".join(lines)
    assert "Sarah" not in "".join(lines)
