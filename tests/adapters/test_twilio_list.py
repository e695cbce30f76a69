"""Twilio's list of received texts: what we ask for, which messages count, and what they become."""

import asyncio
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.twilio import Twilio, http_client
from adapters.twilio.api import MOST_PAGES
from domain.inbound import InboundText
from domain.ports import Retry
from tests.adapters.test_twilio import (
    ACCOUNT,
    CLINIC,
    OTHER_SID,
    PATIENT,
    SETTINGS,
    SID,
    AsyncHandler,
    Handler,
    answered,
    at,
    broken,
    call,
    refused,
)

SINCE = datetime(2026, 11, 23, 10, 0, 0, 900_000, tzinfo=UTC)
THIRD_SID = "MM" + "7a" * 16
SERVICE = "MG" + "1b" * 16
OF_A_SERVICE = replace(SETTINGS, sender=SERVICE)
LIST = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

Outcome = list[InboundText] | Retry


def written(seconds: int) -> str:
    """A moment as Twilio writes it."""
    return f"Mon, 23 Nov 2026 10:00:{seconds:02} +0000"


def heard(sid: object = SID, seconds: int = 5, **changes: object) -> dict[str, object]:
    """A patient's text as it stands in the list."""
    fields = {
        "sid": sid,
        "from": PATIENT,
        "to": CLINIC,
        "body": " Yes ",
        "direction": "inbound",
        "status": "received",
        "num_media": "0",
        "date_created": written(seconds),
        "date_sent": written(seconds),
        "messaging_service_sid": None,
    }
    return {**fields, **changes}


def page(*messages: object, following: object = None) -> Handler:
    return answered(200, {"messages": messages, "next_page_uri": following})


def ask(handler: Handler | AsyncHandler, since: datetime = SINCE, settings: Any = SETTINGS) -> Outcome:
    return call(handler, lambda twilio: twilio.received(since), settings)


def read(*messages: object, settings: Any = SETTINGS) -> list[InboundText]:
    """What a single page gives."""
    outcome = ask(page(*messages), settings=settings)
    assert isinstance(outcome, list)
    return outcome


def ids(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, list)
    return [text.message_id for text in outcome]


def asked(since: datetime = SINCE, settings: Any = SETTINGS) -> httpx.Request:
    requests = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return page()(request)

    ask(handler, since, settings)
    (request,) = requests
    return request


# What is asked


def test_the_list_is_asked_for_texts_to_our_number_since_that_day() -> None:
    request = asked()
    assert (request.method, request.url.host, request.url.path) == ("GET", "api.twilio.com", LIST)
    assert dict(request.url.params) == {"DateSent>": "2026-11-23", "PageSize": "1000", "To": CLINIC}
    assert b"DateSent%3E=2026-11-23" in request.url.query.split(b"&")
    assert request.headers["Authorization"].startswith("Basic ")


def test_a_messaging_service_has_several_numbers_so_none_is_asked_for() -> None:
    assert dict(asked(settings=OF_A_SERVICE).url.params) == {"DateSent>": "2026-11-23", "PageSize": "1000"}


@pytest.mark.parametrize(
    ("since", "day"),
    [
        (datetime(2026, 5, 1, 23, 30, tzinfo=timezone(timedelta(hours=-4))), "2026-05-02"),
        (datetime(2026, 5, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), "2026-04-30"),
    ],
)
def test_the_day_is_that_of_utc(since: datetime, day: str) -> None:
    assert asked(since).url.params["DateSent>"] == day


# What a text becomes


def test_a_received_text_is_read_whole() -> None:
    assert read(heard(num_media="2")) == [
        InboundText(
            message_id=SID, sender=PATIENT, recipient=CLINIC, text=" Yes ", pictures=2, hint=None, sent_at=at(5)
        )
    ]


@pytest.mark.parametrize(
    ("said", "text"),
    [("Y\x00E\x07S", "Y E S"), ("yes\nplease", "yes\nplease"), ("y" * 3201, "y" * 3200), ("", ""), (None, ""), (7, "")],
)
def test_a_text_comes_as_clean_and_bounded_as_from_a_webhook(said: object, text: str) -> None:
    assert read(heard(body=said))[0].text == text


@pytest.mark.parametrize(("told", "pictures"), [("3", 3), (3, 3), (None, 0), ("many", 0), ("-1", 0), ("9" * 5000, 0)])
def test_pictures_are_counted_and_a_bad_count_is_none(told: object, pictures: int) -> None:
    assert read(heard(num_media=told))[0].pictures == pictures


@pytest.mark.parametrize(
    ("dates", "moment"),
    [
        ({"date_sent": written(7), "date_created": written(3)}, at(7)),
        ({"date_sent": None, "date_created": written(3)}, at(3)),
        ({"date_sent": "", "date_created": written(3)}, at(3)),
        ({"date_sent": "Mon, 23 Nov 2026 11:00:03 +0100"}, at(3)),
    ],
)
def test_a_text_is_dated_by_when_it_was_sent_or_else_by_when_it_was_made(
    dates: dict[str, object], moment: datetime
) -> None:
    assert read(heard(**dates))[0].sent_at == moment


# Which messages count


@pytest.mark.parametrize(
    "other",
    [
        {"direction": "outbound-api"},
        {"direction": "outbound-reply"},
        {"direction": None},
        {"from": "whatsapp:+12025550143"},
        {"from": "rcs:+12025550143"},
        {"from": "12345"},
        {"from": "Clinic"},
        {"from": None},
        {"from": [PATIENT]},
        {"to": "+12025550199"},
        {"to": None},
        {"date_sent": "Mon, 23 Nov 2026 09:59:59 +0000"},
        {"date_sent": None, "date_created": "Mon, 23 Nov 2026 09:59:59 +0000"},
    ],
    ids=str,
)
def test_what_is_no_text_of_a_patient_to_us_since_then_is_left_out(other: dict[str, object]) -> None:
    assert ids(read(heard(**other), heard(OTHER_SID))) == [OTHER_SID]


def test_a_text_of_the_same_second_counts_because_twilio_knows_no_fractions() -> None:
    assert ids(read(heard(seconds=0))) == [SID]


def test_a_service_hears_what_came_to_its_own_numbers_only() -> None:
    """The account may have numbers for other things, and a NO to one of those cancels no appointment."""
    messages = [
        heard(SID, to="+12025550101", messaging_service_sid=SERVICE),
        heard(OTHER_SID, to="+12025550102", messaging_service_sid="MG" + "2c" * 16),
        heard(THIRD_SID, to="+12025550103", messaging_service_sid=None),
    ]
    [text] = read(*messages, settings=OF_A_SERVICE)
    assert (text.message_id, text.recipient) == (SID, "+12025550101")


def test_texts_come_oldest_first_and_those_of_one_second_in_the_lists_reverse_order() -> None:
    assert ids(read(heard("SMc", 9), heard("SMd", 4), heard("SMb", 4), heard("SMa", 4), heard("SMe", 7))) == [
        "SMa",
        "SMb",
        "SMd",
        "SMe",
        "SMc",
    ]


UNREADABLE = [
    heard(sid=None),
    heard(sid=""),
    heard(sid="CA" + "5e" * 16),
    heard(sid=f"{OTHER_SID}\n"),
    heard(OTHER_SID, date_sent="yesterday"),
    heard(OTHER_SID, date_sent=None, date_created=None),
    heard(OTHER_SID, date_sent="Mon, 23 Nov 2026 10:00:00 +99999999999999"),
]


def test_texts_that_cannot_be_read_hide_no_others_and_are_counted_in_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    assert ids(read(*UNREADABLE, heard())) == [SID]
    [line] = [record for record in caplog.records if record.name == "replyes.twilio"]
    assert (line.levelname, line.getMessage()) == (
        "WARNING",
        f"Twilio's list: {len(UNREADABLE)} received texts cannot be read",
    )


# The pages


def paged(*pages: list[dict[str, object]], asked: list[httpx.Request] | None = None) -> Handler:
    """A list of these pages, each of which names the next."""

    def handler(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("Page", "0"))
        if asked is not None:
            asked.append(request)
        following = f"{LIST}?DateSent%3E=2026-11-23&Page={number + 1}" if number + 1 < len(pages) else None
        return page(*pages[number], following=following)(request)

    return handler


def test_the_pages_are_followed_and_each_id_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[httpx.Request] = []
    pages = [heard(THIRD_SID, 9), heard(OTHER_SID, 7)], [heard(OTHER_SID, 7), heard(SID, 5)]
    assert ids(ask(paged(*pages, asked=asked))) == [SID, OTHER_SID, THIRD_SID]
    assert [dict(request.url.params).get("Page") for request in asked] == [None, "1"]
    assert all(request.headers["Authorization"] for request in asked)
    assert [record for record in caplog.records if record.name == "replyes.twilio"] == []


def test_a_list_without_end_is_told_as_far_as_it_was_read_and_not_as_if_it_were_whole(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked: list[httpx.Request] = []
    pages = [[heard(f"SM{number:032x}", 30 - number)] for number in range(MOST_PAGES + 5)]
    assert len(ids(ask(paged(*pages, asked=asked)))) == len(asked) == MOST_PAGES
    assert f"goes on after {MOST_PAGES} messages" in caplog.text


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.example/Messages.json?",
        "@elsewhere.example/2010-04-01/Messages.json?",
        "//elsewhere.example/",
        "/2010-04-01/Accounts/AC1/Messages.json?",
        17,
    ],
)
def test_credentials_do_not_follow_a_next_page_that_leads_elsewhere(
    following: object, caplog: pytest.LogCaptureFixture
) -> None:
    hosts = []

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return page(heard(), following=following)(request)

    assert ids(ask(handler)) == [SID]
    assert hosts == ["api.twilio.com"]
    assert "received texts may be missing" in caplog.text


# No list

NO_LISTS: dict[str, Handler] = {
    "authentication": refused(401, 20003),
    "no such account": refused(404, 20404),
    "internal error": refused(500, 20500),
    "moved": answered(302, None, Location="https://elsewhere.example"),
    "no JSON": answered(200, b"<html>"),
    "no messages": answered(200, {}),
    "messages that are none": answered(200, {"messages": None}),
    "messages that are words": answered(200, {"messages": ["SM"]}),
    "a next page that is no URL": page(heard(), following=f"{LIST}?\x00"),
    "cannot connect": broken(httpx.ConnectError),
    "reading takes too long": broken(httpx.ReadTimeout),
    "closed without an answer": broken(httpx.RemoteProtocolError),
}


@pytest.mark.parametrize("handler", NO_LISTS.values(), ids=NO_LISTS.keys())
def test_a_list_that_cannot_be_read_is_not_an_empty_list(handler: Handler) -> None:
    outcome = ask(handler)
    assert isinstance(outcome, Retry)
    assert "2025550143" not in outcome.detail


def test_a_list_that_breaks_off_is_asked_for_again_as_a_whole() -> None:
    whole = paged([heard()], [heard(OTHER_SID)])

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if "Page" in request.url.params else whole(request)

    assert isinstance(ask(handler), Retry)


def test_each_page_ends_after_the_time_limit() -> None:
    async def silent(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    assert ask(silent) == Retry("the message list: TimeoutError")


def test_the_time_limit_is_one_for_each_page_and_not_for_all() -> None:
    whole = paged(*[[heard(f"SM{number}")] for number in range(4)])

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.15)  # four of them take longer than one may
        return whole(request)

    async def patiently() -> Outcome:
        async with http_client(httpx.MockTransport(slow)) as client:
            return await Twilio(SETTINGS, client, time_limit=0.5).received(SINCE)

    assert len(ids(asyncio.run(patiently()))) == 4


# Anything at all

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(heard())


@settings(deadline=None)
@given(ANY_JSON)
def test_any_json_whatsoever_is_a_list_or_asked_for_again(document: object) -> None:
    assert isinstance(ask(answered(200, document)), list | Retry)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), ANY_JSON, max_size=3), max_size=3))
def test_any_value_in_any_field_is_read_or_left_out(changes: list[dict[str, object]]) -> None:
    odd = [heard(OTHER_SID, 6) | change for change in changes]
    texts = read(*odd, heard())
    assert SID in ids(texts)
    for text in texts:
        assert (text.sender, text.recipient, text.hint) == (PATIENT, CLINIC, None)
        assert text.sent_at is not None
        assert text.sent_at >= at(0)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), st.just("Zanzibar-7") | st.just(["Zanzibar-7"]), max_size=5))
def test_no_value_of_a_message_is_ever_logged(changes: dict[str, object]) -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("replyes")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        read(heard() | changes)
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    told = json.dumps(lines)
    assert "Zanzibar" not in told
    assert "2025550143" not in told
