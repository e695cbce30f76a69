"""A phone gateway at the wire: what we POST, what we make of every answer, how a text is found again, and its inbox."""

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import pytest

from adapters.android import AndroidGateway, AndroidSettings, http_client
from domain.errors import Misconfigured
from domain.inbound import Blame, InboundText
from domain.ports import Accepted, FoundText, InDoubt, OutgoingText, Rejected, Retry
from tests.adapters.outcomes import outcome_of
from tests.adapters.test_twilio import AsyncHandler, Handler, answered, broken

PASSWORD, SIGNING_KEY, OLD_SIGNING_KEY = "phone-password", "a-long-signing-key", "an-old-signing-key"
PATIENT, CLINIC = "+12025550143", "+12025550100"
KEY = "d0" * 16
LONG = "Dr. Lee, Tue 10:30 – merci ☎ " * 20
QUESTION = OutgoingText(KEY, PATIENT, LONG, timedelta(hours=2))
NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
SINCE = NOW.replace(microsecond=900_000)
CLOUD = "https://api.sms-gate.app/3rdparty/v1"
SETTINGS = AndroidSettings(CLOUD, "clinic", PASSWORD, (SIGNING_KEY, OLD_SIGNING_KEY), "US")

T = TypeVar("T")


def call(
    handler: Handler | AsyncHandler,
    work: Callable[[AndroidGateway], Awaitable[T]],
    settings: AndroidSettings = SETTINGS,
) -> T:
    """Run one piece of work against a gateway whose network is the handler."""

    async def main() -> T:
        async with http_client(httpx.MockTransport(handler)) as client:
            return await work(AndroidGateway(settings, client, lambda: NOW, time_limit=0.05))

    return asyncio.run(main())


def send(handler: Handler | AsyncHandler) -> object:
    return call(handler, lambda gateway: gateway.send(QUESTION))


def asked_for(
    handler: Handler, work: Callable[[AndroidGateway], Awaitable[object]], settings: AndroidSettings = SETTINGS
) -> list[httpx.Request]:
    """The requests that a piece of work makes."""
    requests: list[httpx.Request] = []

    def noted(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return handler(request)

    call(noted, work, settings)
    return requests


# Sending


def state(key: object = KEY, **changes: object) -> dict[str, object]:
    """A message of ours as the gateway tells of it."""
    return {
        "id": key,
        "deviceId": "PyDmBQZZXYmyxMwED8Fzy",
        "state": "Pending",
        "recipients": [{"phoneNumber": PATIENT, "state": "Pending"}],
        "states": {"Pending": "2026-11-23T12:00:05.000+02:00"},
        **changes,
    }


def queued(key: object = KEY) -> Handler:
    return answered(202, state(key))


def refused(status: int, words: str = "no", /, **headers: str) -> Handler:
    return answered(status, {"message": words}, **headers)


def rejected(status: int, blame: Blame) -> Rejected:
    return Rejected(f"HTTP {status}", "", blame)


OUTCOMES: dict[str, tuple[Handler, Accepted | Rejected | Retry | InDoubt]] = {
    "queued": (queued(), Accepted(KEY)),
    "queued, told with a 201": (answered(201, state()), Accepted(KEY)),
    "queued under another id": (queued("PyDmBQZZXYmyxMwED8Fzy"), InDoubt("")),
    "a wrong password": (refused(401, "Unauthorized"), rejected(401, Blame.ACCOUNT)),
    "no phone is registered": (
        refused(400, "failed to select device: record not found"),
        rejected(400, Blame.CONFIGURATION),
    ),
    "an invalid number": (refused(400, "invalid phone number"), rejected(400, Blame.NO_WAY)),
    "refused with a number for words": (answered(400, {"message": 17}), rejected(400, Blame.PERMANENT)),
    "the server's queue is full": (refused(503, "queue limits exceeded"), Retry("")),
    "unavailable, nobody says why": (answered(503, b"", Retry_After="7"), InDoubt("")),
}


@pytest.mark.parametrize(("handler", "expected"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_each_answer_has_one_outcome_and_costs_one_post(
    handler: Handler, expected: Accepted | Rejected | Retry | InDoubt
) -> None:
    assert outcome_of(handler, send) == expected


async def silent(request: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


def taken(look: Handler) -> Handler:
    """A gateway that knows our id already, and what it tells of it."""
    return lambda request: httpx.Response(409) if request.method == "POST" else look(request)


@pytest.mark.parametrize("status", ["Pending", "Processed", "Sent", "Delivered", "Failed"])
def test_an_id_that_is_taken_means_that_an_earlier_post_came_through(status: str) -> None:
    requests = asked_for(taken(answered(200, state(state=status))), lambda gateway: gateway.send(QUESTION))
    assert [(request.method, request.url.path) for request in requests] == [
        ("POST", "/3rdparty/v1/messages"),
        ("GET", f"/3rdparty/v1/messages/{KEY}"),
    ]
    assert send(taken(answered(200, state(state=status)))) == Accepted(KEY)


@pytest.mark.parametrize(
    "look",
    [
        answered(404, b""),
        answered(500, b""),
        answered(200, state("another")),
        answered(200, b"<html>"),
        broken(httpx.ConnectError),
        broken(httpx.ReadTimeout),
    ],
)
def test_an_id_that_is_taken_but_cannot_be_looked_up_is_a_doubt(look: Handler) -> None:
    assert isinstance(send(taken(look)), InDoubt)


def test_a_look_up_of_a_taken_id_has_no_time_of_its_own() -> None:
    async def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(409) if request.method == "POST" else await silent(request)

    assert send(handler) == InDoubt("TimeoutError")


def test_a_long_text_is_one_document_with_our_key_as_its_id() -> None:
    [request] = asked_for(queued(), lambda gateway: gateway.send(QUESTION))
    assert str(request.url) == f"{CLOUD}/messages"
    credentials = base64.b64encode(f"clinic:{PASSWORD}".encode()).decode()
    assert request.headers["Authorization"] == f"Basic {credentials}"
    assert json.loads(request.content) == {
        "id": KEY,
        "textMessage": {"text": LONG},
        "phoneNumbers": [PATIENT],
        "ttl": 7200,
        "withDeliveryReport": True,
    }


def test_a_phone_in_the_house_has_a_shorter_address() -> None:
    settings = replace(SETTINGS, url="http://192.168.1.10:8080/")
    [request] = asked_for(queued(), lambda gateway: gateway.send(QUESTION), settings)
    assert str(request.url) == "http://192.168.1.10:8080/messages"


@pytest.mark.parametrize(("valid_for", "seconds"), [(-5, 5), (0, 5), (59.9, 59), (864_000, 864_000)])
def test_the_validity_is_never_shorter_than_the_gateway_takes(valid_for: float, seconds: int) -> None:
    text = replace(QUESTION, valid_for=timedelta(seconds=valid_for))
    [request] = asked_for(queued(), lambda gateway: gateway.send(text))
    assert json.loads(request.content)["ttl"] == seconds


# Looking up


def look_up(handler: Handler | AsyncHandler) -> list[FoundText] | Retry:
    return call(handler, lambda gateway: gateway.find(QUESTION, SINCE))


@pytest.mark.parametrize(
    ("dates", "created_at"),
    [
        ({"createdAt": "2026-11-23T10:00:03.5Z"}, NOW.replace(second=3, microsecond=500_000)),
        ({}, NOW.replace(second=5)),
        ({"states": {}}, SINCE),
        ({"createdAt": "2001-01-01T00:00:00Z"}, datetime(2001, 1, 1, tzinfo=UTC)),
    ],
    ids=["by the server", "by the phone", "untold", "by a phone whose clock is wrong"],
)
def test_a_text_is_found_by_its_id_whatever_its_words_and_its_date(
    dates: dict[str, object], created_at: datetime
) -> None:
    assert look_up(answered(200, state(isHashed=True, **dates))) == [FoundText(KEY, created_at)]
    [request] = asked_for(answered(200, state()), lambda gateway: gateway.find(QUESTION, SINCE))
    assert (request.method, str(request.url)) == ("GET", f"{CLOUD}/messages/{KEY}")


def test_an_id_that_the_gateway_does_not_know_is_not_found() -> None:
    assert look_up(answered(404, b"")) == []


@pytest.mark.parametrize("changed", [{"id": "another"}, {"createdAt": "yesterday"}, {"createdAt": 17}], ids=str)
def test_an_answer_about_another_message_or_without_a_date_is_not_an_absence(changed: dict[str, object]) -> None:
    assert isinstance(look_up(answered(200, {**state(), **changed})), Retry)


# The inbox


def heard(hashed: int = -2, seconds: int = 5, **changes: object) -> dict[str, object]:
    """A patient's text as it stands in the list."""
    return {
        "id": f"text:{hashed}",
        "type": "SMS",
        "sender": PATIENT,
        "recipient": CLINIC,
        "simNumber": 1,
        "contentPreview": " Yes ",
        "createdAt": f"2026-11-23T12:00:{seconds:02}.000+02:00",
        **changes,
    }


def ask(handler: Handler, settings: AndroidSettings = SETTINGS) -> list[InboundText] | Retry:
    return call(handler, lambda gateway: gateway.received(SINCE), settings)


def read(*messages: object) -> list[InboundText]:
    outcome = ask(answered(200, messages))
    assert isinstance(outcome, list)
    return outcome


def test_received_texts_come_oldest_first_and_once_with_the_id_that_a_webhook_gives_them() -> None:
    first, second = NOW.replace(second=5), NOW.replace(second=9)
    assert read(heard(255, 9), heard(-2, 5), heard(-2, 5)) == [
        InboundText(f"fffffffe-{int(first.timestamp())}", PATIENT, CLINIC, " Yes ", sent_at=first),
        InboundText(f"ff-{int(second.timestamp())}", PATIENT, CLINIC, " Yes ", sent_at=second),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"createdAt": "2026-11-23T09:59:59Z"},
        {"createdAt": None},
        {"sender": "Bank"},
        {"sender": None},
        {"type": "MMS_DOWNLOADED"},
        {"id": None},
        {"id": "a b"},
        {"contentPreview": None},
        {"isEncrypted": True},
    ],
    ids=str,
)
def test_what_is_older_from_no_phone_or_unreadable_hides_no_other_text(other: dict[str, object]) -> None:
    assert [text.message_id[:3] for text in read({**heard(), **other}, heard(255))] == ["ff-"]


def test_the_inbox_is_asked_for_texts_since_then_page_by_page() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        full = request.url.params["offset"] == "0"
        return httpx.Response(200, json=[heard(number) for number in range(500 if full else 1)])

    requests = asked_for(handler, lambda gateway: gateway.received(SINCE))
    asked = {"type": "SMS", "from": "2026-11-23T10:00:00Z", "limit": "500"}
    assert [dict(request.url.params) for request in requests] == [{**asked, "offset": "0"}, {**asked, "offset": "500"}]


def test_an_inbox_without_end_is_told_as_far_as_it_was_read(caplog: pytest.LogCaptureFixture) -> None:
    texts = ask(answered(200, [heard(number) for number in range(500)]))
    assert isinstance(texts, list)
    assert len(texts) == 500
    assert "goes on after 5000 messages" in caplog.text


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_older_gateway_says_that_it_has_no_list(status: int) -> None:
    outcome = ask(answered(status, b""))
    assert outcome == Retry(f"this gateway does not list received texts: HTTP {status}")


def test_no_log_line_holds_a_number_or_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    read(heard(), heard(createdAt=None), heard(sender="Bank"))
    assert "2025550143" not in caplog.text
    assert "Yes" not in caplog.text


# Settings


@pytest.mark.parametrize(
    "blank",
    [{"url": ""}, {"user": ""}, {"password": ""}, {"signing_keys": ()}, {"signing_keys": (SIGNING_KEY, "aB3dE6gH")}],
    ids=str,
)
def test_a_blank_credential_or_a_short_signing_key_is_refused_and_not_told(blank: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured) as caught:
        replace(SETTINGS, **blank)
    assert "aB3dE6gH" not in str(caught.value)


def test_settings_that_are_printed_show_no_secret() -> None:
    assert not any(secret in repr(SETTINGS) for secret in (PASSWORD, SIGNING_KEY, OLD_SIGNING_KEY))
