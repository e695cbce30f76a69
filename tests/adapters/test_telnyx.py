"""Telnyx at the wire: what we POST, what we make of every answer, and what its records tell."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.telnyx import Telnyx, TelnyxSettings, http_client
from domain.errors import Misconfigured
from domain.inbound import Blame, ConsentHint, InboundText
from domain.ports import Accepted, FoundText, InDoubt, OutgoingText, Rejected, Retry
from tests.adapters.outcomes import outcome_of
from tests.adapters.test_twilio import AsyncHandler, Handler, answered, broken

API_KEY = "KEY" + "0123456789abcdef" * 2
PAIR, OLD_PAIR = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
ID, OTHER_ID = "40385f64-5717-4562-b3fc-2c963f66afa6", "834f3d53-8a3c-4aa0-a733-7f2d682a72df"
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
PATIENT, CLINIC = "+12025550143", "+12025550100"
KEY = "d0" * 16
QUESTION = OutgoingText(KEY, PATIENT, "Dr. Lee, Tue 10:30. Reply YES or NO – merci ☎", timedelta(hours=2))
NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
SINCE = NOW.replace(microsecond=900_000)
REPORTS = f"https://replyes.example.org/api/webhooks/sms/status/{KEY}"

T = TypeVar("T")


def public(pair: Ed25519PrivateKey) -> str:
    return base64.b64encode(pair.public_key().public_bytes_raw()).decode()


SETTINGS = TelnyxSettings(API_KEY, (public(PAIR), public(OLD_PAIR)), CLINIC, "https://replyes.example.org")


def call(
    handler: Handler | AsyncHandler, work: Callable[[Telnyx], Awaitable[T]], settings: TelnyxSettings = SETTINGS
) -> T:
    """Run one piece of work against a Telnyx whose network is the handler."""

    async def main() -> T:
        async with http_client(httpx.MockTransport(handler)) as client:
            return await work(Telnyx(settings, client, lambda: NOW, time_limit=0.05))

    return asyncio.run(main())


def asked_for(
    handler: Handler, work: Callable[[Telnyx], Awaitable[object]], settings: TelnyxSettings = SETTINGS
) -> list[httpx.Request]:
    """The requests that a piece of work makes."""
    requests: list[httpx.Request] = []

    def noted(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return handler(request)

    call(noted, work, settings)
    return requests


# Sending


def queued(message_id: object = ID) -> Handler:
    return answered(200, {"data": {"id": message_id, "record_type": "message", "to": [{"status": "queued"}]}})


def refused(status: int, code: object, **words: str) -> Handler:
    return answered(status, {"errors": [{"code": code, "title": "no", **words}]})


def rejected(code: str, blame: Blame) -> Rejected:
    return Rejected(code, "", blame)


PERMANENT, CONFIGURATION, ACCOUNT = Blame.PERMANENT, Blame.CONFIGURATION, Blame.ACCOUNT
SOON = timedelta(seconds=7)

OUTCOMES: dict[str, tuple[Handler, Accepted | Rejected | Retry | InDoubt]] = {
    "queued": (queued(), Accepted(ID)),
    "queued with nonsense for an id": (queued("../../x"), InDoubt("")),
    "a wrong key": (refused(401, "10009"), rejected("10009", ACCOUNT)),
    "no permission": (refused(403, "10010"), rejected("10010", ACCOUNT)),
    "a revoked key": (refused(403, "20002"), rejected("20002", ACCOUNT)),
    "an inactive account": (refused(403, "20012"), rejected("20012", ACCOUNT)),
    "no funds": (refused(402, "20100"), rejected("20100", ACCOUNT)),
    "texts switched off for the account": (refused(400, "40314"), rejected("40314", ACCOUNT)),
    "a sender without a profile": (refused(400, "40305"), rejected("40305", CONFIGURATION)),
    "a number that is not for texts": (refused(400, "40100"), rejected("40100", CONFIGURATION)),
    "an unregistered sender": (refused(400, "40010"), rejected("40010", CONFIGURATION)),
    "an unverified toll-free number": (refused(400, "40329"), rejected("40329", CONFIGURATION)),
    "a disabled profile": (refused(403, "40312"), rejected("40312", CONFIGURATION)),
    "a profile without numbers": (refused(400, "40321"), rejected("40321", CONFIGURATION)),
    "a country that is not allowed": (refused(400, "40309"), rejected("40309", CONFIGURATION)),
    "a callback URL that is refused": (refused(422, "10003"), rejected("10003", CONFIGURATION)),
    "opted out": (refused(400, "40300"), rejected("40300", Blame.OPTED_OUT)),
    "opted out, told with a 403": (refused(403, "40300"), rejected("40300", Blame.OPTED_OUT)),
    "opted out, told with a 409": (refused(409, "40300"), rejected("40300", Blame.OPTED_OUT)),
    "opted out, the code a number": (refused(400, 40300), rejected("40300", Blame.OPTED_OUT)),
    "an invalid number": (refused(400, "40310"), rejected("40310", Blame.NO_WAY)),
    "a landline": (refused(400, "40001"), rejected("40001", Blame.NO_WAY)),
    "not E.164": (refused(422, "10016"), rejected("10016", PERMANENT)),
    "too long": (refused(400, "40302"), rejected("40302", PERMANENT)),
    "a code that nobody knows": (refused(400, "99999"), rejected("99999", PERMANENT)),
    "no code": (answered(400, {"errors": []}), rejected("HTTP 400", PERMANENT)),
    "a code that is none": (refused(400, "<b>"), rejected("HTTP 400", PERMANENT)),
    "errors that are none": (answered(422, {"errors": "no"}), rejected("HTTP 422", PERMANENT)),
    "several errors, one that we know": (
        answered(400, {"errors": [{"code": "10015"}, {"code": "40300"}]}),
        rejected("40300", Blame.OPTED_OUT),
    ),
    "too many requests": (refused(429, "10011"), Retry("")),
    "too many, told with a 400": (refused(400, "10011"), Retry("")),
    "the queue is full": (refused(400, "40318"), Retry("")),
    "the day's limit": (refused(400, "40016"), Retry("")),
    "the same key is under way": (answered(409, {"errors": [{"title": "Conflict"}]}), InDoubt("")),
    "the same key said something else": (refused(422, "10015", detail="Idempotency-Key was reused"), InDoubt("")),
    "internal error with the code of a refusal": (refused(500, "40310"), InDoubt("")),
}


@pytest.mark.parametrize(("handler", "expected"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_each_answer_has_one_outcome_and_costs_one_post(
    handler: Handler, expected: Accepted | Rejected | Retry | InDoubt
) -> None:
    assert outcome_of(handler, lambda wire: call(wire, lambda telnyx: telnyx.send(QUESTION))) == expected


async def silent(request: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


def test_a_text_is_one_document_with_our_key_in_the_webhooks_url() -> None:
    [request] = asked_for(queued(), lambda telnyx: telnyx.send(QUESTION))
    assert str(request.url) == "https://api.telnyx.com/v2/messages"
    assert request.headers["Authorization"] == f"Bearer {API_KEY}"
    assert json.loads(request.content) == {
        "from": CLINIC,
        "to": PATIENT,
        "text": QUESTION.body,
        "type": "SMS",
        "webhook_url": REPORTS,
        "use_profile_webhooks": False,
    }


def test_a_text_that_is_sent_again_has_the_same_idempotency_key_and_the_same_bytes() -> None:
    async def twice(telnyx: Telnyx) -> None:
        await telnyx.send(QUESTION)
        await telnyx.send(replace(QUESTION, valid_for=timedelta(hours=1)))

    first, second = asked_for(queued(), twice)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == KEY
    assert first.content == second.content


def test_a_messaging_profile_sends_instead_of_a_number() -> None:
    [request] = asked_for(queued(), lambda telnyx: telnyx.send(QUESTION), replace(SETTINGS, sender=PROFILE))
    document = json.loads(request.content)
    assert document["messaging_profile_id"] == PROFILE
    assert "from" not in document


def test_a_trailing_slash_in_a_setting_makes_no_double_slash() -> None:
    settings = replace(SETTINGS, public_url="https://replyes.example.org/", api_url="http://127.0.0.1:4010/")
    [request] = asked_for(queued(), lambda telnyx: telnyx.send(QUESTION), settings)
    assert str(request.url) == "http://127.0.0.1:4010/v2/messages"
    assert json.loads(request.content)["webhook_url"] == REPORTS


# The records


def record(message_id: object = ID, seconds: int = 5, **changes: object) -> dict[str, object]:
    """A text of ours as it stands in the records."""
    return {
        "record_type": "message_detail_record",
        "uuid": message_id,
        "direction": "outbound",
        "cli": CLINIC,
        "cld": PATIENT,
        "created_at": f"2026-11-23T10:00:{seconds:02}Z",
        "delivery_status_webhook_url": REPORTS,
        **changes,
    }


def page(*records: object, pages: object = 1) -> Handler:
    return answered(200, {"data": records, "meta": {"total_pages": pages, "page_number": 1}})


def look_up(handler: Handler | AsyncHandler) -> list[FoundText] | Retry:
    return call(handler, lambda telnyx: telnyx.find(QUESTION, SINCE))


def at(seconds: int) -> datetime:
    return NOW.replace(second=seconds)


def test_a_text_is_found_by_our_key_in_its_webhooks_url_oldest_first() -> None:
    found = look_up(page(record(OTHER_ID, 9), record(ID, 3), record("another-one", 4, delivery_status_webhook_url="x")))
    assert found == [FoundText(ID, at(3)), FoundText(OTHER_ID, at(9))]


@pytest.mark.parametrize(
    "other",
    [
        {"created_at": "2026-11-23T09:59:59Z"},
        {"delivery_status_webhook_url": None},
        {"delivery_status_webhook_url": REPORTS[:-1] + "1"},
        {"delivery_status_webhook_url": REPORTS + "0"},
    ],
    ids=str,
)
def test_what_is_older_or_another_errands_text_is_not_found(other: dict[str, object]) -> None:
    assert look_up(page(record(**other))) == []


def test_the_records_are_asked_by_recipient_and_day_page_by_page() -> None:
    requests = asked_for(page(pages=2), lambda telnyx: telnyx.find(QUESTION, SINCE))
    assert [dict(request.url.params) for request in requests] == [
        {
            "filter[record_type]": "messaging",
            "filter[direction]": "outbound",
            "filter[created_at][gte]": "2026-11-23",
            "filter[cld]": PATIENT,
            "sort": "-created_at",
            "page[size]": "50",
            "page[number]": number,
        }
        for number in ("1", "2")
    ]
    assert all(request.method == "GET" and request.headers["Authorization"] for request in requests)


def test_records_without_end_are_left_after_a_few_pages() -> None:
    assert len(asked_for(page(pages=999), lambda telnyx: telnyx.find(QUESTION, SINCE))) == 3


@pytest.mark.parametrize(
    "handler",
    [
        refused(401, "10009"),
        refused(500, "10007"),
        answered(302, None, Location="https://elsewhere.example"),
        answered(200, b"<html>"),
        answered(200, {}),
        answered(200, {"data": ["x"]}),
        page(record(created_at=None)),
        page(record(created_at="yesterday")),
        page(record(message_id=None)),
        broken(httpx.ConnectError),
        broken(httpx.ReadTimeout),
        silent,
    ],
)
def test_a_list_that_cannot_be_read_is_not_an_empty_list(handler: Handler) -> None:
    for outcome in (look_up(handler), call(handler, lambda telnyx: telnyx.received(SINCE))):
        if isinstance(outcome, list):  # of received texts, one that cannot be read hides no other
            assert outcome == []
            continue
        assert isinstance(outcome, Retry)
        assert "2025550143" not in outcome.detail


def heard(message_id: object = ID, seconds: int = 5, **changes: object) -> dict[str, object]:
    """A patient's text as it stands in the records, without its words."""
    return record(message_id, seconds, **{"direction": "inbound", "cli": PATIENT, "cld": CLINIC, **changes})


def message(message_id: str, **changes: object) -> dict[str, Any]:
    """A patient's text as the API tells it."""
    return {
        "id": message_id,
        "direction": "inbound",
        "type": "SMS",
        "from": {"phone_number": PATIENT},
        "to": [{"phone_number": CLINIC}],
        "text": " Yes ",
        "media": [],
        **changes,
    }


def inbox(*records: object, pages: int = 1, **changes: object) -> Handler:
    """The records, and behind each of them its message; `gone` is one that Telnyx does not have any more."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/detail_records":
            return page(*records, pages=pages)(request)
        message_id = request.url.path.removeprefix("/v2/messages/")
        return (
            httpx.Response(404)
            if message_id == "gone-gone"
            else httpx.Response(200, json={"data": message(message_id, **changes)})
        )

    return handler


def ask(handler: Handler, settings: TelnyxSettings = SETTINGS) -> list[InboundText] | Retry:
    return call(handler, lambda telnyx: telnyx.received(SINCE), settings)


def test_received_texts_come_with_words_and_dates_oldest_first_and_once() -> None:
    texts = ask(inbox(heard(OTHER_ID, 9), heard(ID, 3), heard(ID, 3)))
    first = InboundText(ID, PATIENT, CLINIC, " Yes ", sent_at=at(3))
    assert texts == [first, replace(first, message_id=OTHER_ID, sent_at=at(9))]


def test_received_texts_tell_pictures_and_what_telnyx_made_of_them() -> None:
    changes = {"media": [{"url": "x"}, {"url": "y"}], "type": "MMS", "text": None, "autoresponse_type": "STOP"}
    [text] = list(ask(inbox(heard(), **changes)))  # type: ignore[arg-type]
    assert (text.pictures, text.text, text.hint) == (2, "", ConsentHint.STOP)


@pytest.mark.parametrize(
    ("settings", "asked"),
    [(SETTINGS, ("filter[cld]", CLINIC)), (replace(SETTINGS, sender=PROFILE), ("filter[profile_id]", PROFILE))],
)
def test_texts_are_asked_for_by_our_number_or_by_our_profile(settings: TelnyxSettings, asked: tuple[str, str]) -> None:
    [request] = asked_for(page(), lambda telnyx: telnyx.received(SINCE), settings)
    assert request.url.params["filter[direction]"] == "inbound"
    assert request.url.params[asked[0]] == asked[1]


@pytest.mark.parametrize(
    "other",
    [
        heard(created_at="2026-11-23T09:59:59Z"),
        heard(cli="Bank"),
        heard("gone-gone"),
        heard(created_at="x"),
        heard(None),
    ],
    ids=str,
)
def test_what_is_older_from_no_phone_or_unreadable_hides_no_other_text(other: dict[str, object]) -> None:
    texts = ask(inbox(other, heard(OTHER_ID)))
    assert isinstance(texts, list)
    assert [text.message_id for text in texts] == [OTHER_ID]


def test_a_list_that_goes_on_is_told_as_far_as_it_was_read(caplog: pytest.LogCaptureFixture) -> None:
    texts = ask(inbox(heard(), pages=999))
    assert isinstance(texts, list)
    assert len(texts) == 1
    assert "goes on after 10 messages" in caplog.text


def test_words_that_are_refused_for_now_make_the_whole_list_wait() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        told = page(heard()) if "detail_records" in request.url.path else answered(429, {}, Retry_After="7")
        return told(request)

    outcome = ask(handler)
    assert isinstance(outcome, Retry)
    assert outcome.after == SOON


# Settings


@pytest.mark.parametrize(
    "blank",
    [
        {"api_key": ""},
        {"public_keys": ()},
        {"public_keys": ("",)},
        {"public_keys": (public(PAIR), "c2hvcnQ=")},
        {"public_keys": ("no base64",)},
        {"public_keys": (base64.b64encode(bytes(32)).decode(),)},
    ],
    ids=str,
)
def test_a_key_that_is_none_is_refused(blank: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        replace(SETTINGS, **blank)


def test_settings_that_are_printed_show_no_secret() -> None:
    assert API_KEY not in repr(SETTINGS)
