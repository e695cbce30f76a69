"""How the doctor asks: within its time, without following anybody, and without telling what is secret."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from adapters.common.checking import Reply, Silence, silence_of
from entrypoints.doctor.asking import LONGEST_BODY, Asking

URL = "https://api.cal.com/v2/me"


def ask(handler: Callable[[httpx.Request], object], seconds: float = 5.0, **question: object) -> Reply:
    async def main() -> Reply:
        transport = httpx.MockTransport(handler)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport) as client:
            return await Asking(client, {"s3cret"}, seconds)(URL, **question)  # type: ignore[arg-type]

    return asyncio.run(main())


async def forever(request: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError("nobody waits for ever")


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 65_536
        await asyncio.sleep(0)


def test_an_answer_has_its_document_and_no_words() -> None:
    assert ask(lambda request: httpx.Response(200, json={"data": [1]})) == Reply(200, {"data": [1]})


def test_who_does_not_answer_is_not_waited_for() -> None:
    assert ask(forever, seconds=0.02).silence is Silence.SLOW


def test_an_answer_without_an_end_is_read_as_far_as_it_is_of_use() -> None:
    assert ask(lambda request: httpx.Response(200, content=endless())) == Reply(200)
    assert LONGEST_BODY < 10_000_000


def test_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(302, headers={"location": "https://example.net/"})

    assert ask(handle).status == 302
    assert seen == [URL]


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN'])
def test_a_body_that_is_no_json_has_no_document(body: bytes) -> None:
    assert ask(lambda request: httpx.Response(200, content=body)) == Reply(200)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"error": {"code": "X", "message": "Invalid API Key"}}, "Invalid API Key"),
        ({"statusCode": 400, "message": "bare"}, "bare"),
        ({"type": "about:blank", "title": "Unauthorized", "detail": "You did not"}, "Unauthorized: You did not"),
        ({"errors": [{"title": "Authentication failed", "detail": "no key"}]}, "Authentication failed: no key"),
        ({"message": "key s3cret of +1 202 555 0143\nforged line"}, "key … of …43 forged line"),
        ({"message": ["a", "b"]}, ""),
        ([1, 2], ""),
    ],
)
def test_what_went_wrong_is_told_in_the_others_words_but_nothing_secret(document: object, words: str) -> None:
    assert ask(lambda request: httpx.Response(400, content=json.dumps(document))).words == words


@pytest.mark.parametrize(
    ("cause", "silence"),
    [
        (socket.gaierror(-2, "Name or service not known"), Silence.NAME),
        (ssl.SSLCertVerificationError("self-signed certificate"), Silence.CERTIFICATE),
        (ConnectionRefusedError(111, "Connection refused"), Silence.REFUSED),
        (TimeoutError(), Silence.SLOW),
    ],
)
def test_why_there_was_no_answer_is_told_by_what_began_it(cause: Exception, silence: Silence) -> None:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    assert silence_of(error) is silence


@pytest.mark.parametrize(
    ("error", "silence"),
    [(httpx.ReadError("reset"), Silence.BROKEN), (httpx.ReadTimeout("slow"), Silence.SLOW)],
)
def test_a_connection_that_breaks_off_is_no_crash(error: Exception, silence: Silence) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    assert ask(handle).silence is silence


def test_a_key_with_a_character_that_cannot_be_sent_is_told_as_such() -> None:
    reply = ask(lambda request: httpx.Response(200), headers={"Authorization": "Bearer cal_live_…"})
    assert reply.silence is Silence.UNWRITABLE
