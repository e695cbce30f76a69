"""What becomes of a send, and where it can be looked up again."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from domain.inbound import Blame, InboundText
from domain.ports import Accepted, Carrier, FoundText, InDoubt, Rejected, Retry
from tests.adapters.carriers.driver import CLINIC, KEY, NOW, PATIENT, QUESTION, Driver
from tests.adapters.carriers.promises import outcome_of, promise

DISTURBANCES = (
    *(httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.CloseError),
    httpx.RemoteProtocolError,
)
NEVER_LEFT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol),
    httpx.LocalProtocolError,
)
DATE, LATER, EARLIER = (f"Mon, 23 Nov 2026 10:{when} GMT" for when in ("00:00", "00:07", "59:59"))
# Retry-After and the answer's own Date, and how long to wait then.
WAITS: list[tuple[dict[str, str], timedelta | None]] = [
    ({"Retry-After": "7"}, timedelta(seconds=7)),
    ({"Retry-After": LATER, "Date": DATE}, timedelta(seconds=7)),
    ({"Retry-After": DATE, "Date": EARLIER}, timedelta(0)),
    ({"Retry-After": LATER}, None),
    ({"Retry-After": "999999999"}, timedelta(days=1)),
    ({"Retry-After": "soon", "Date": DATE}, None),
    ({"Retry-After": "-7", "Date": DATE}, None),
    ({}, None),
]


def blamed(driver: Driver, blame: Blame) -> None:
    answer = driver.refuses(blame)
    assert answer is not None
    outcome = outcome_of(driver, answer)
    assert isinstance(outcome, Rejected), outcome
    assert outcome.blame is blame
    assert outcome.code


@promise("accepted: under the carrier's id")
def accepted(driver: Driver) -> None:
    assert outcome_of(driver, driver.accepts()) == Accepted(driver.sent_id)


@promise("our key goes along")
def key_goes_along(driver: Driver) -> None:
    bodies = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content.decode())
        return driver.accepts()

    driver.call(handler, lambda carrier: carrier.send(QUESTION))
    assert KEY in bodies[0]


@promise("rejected: this phone")
def rejected_for_the_phone(driver: Driver) -> None:
    blamed(driver, Blame.PERMANENT)


@promise("rejected: no way leads to this phone")
def rejected_for_the_way(driver: Driver) -> None:
    blamed(driver, Blame.NO_WAY)


@promise("rejected: a setting")
def rejected_for_a_setting(driver: Driver) -> None:
    blamed(driver, Blame.CONFIGURATION)


@promise("rejected: the account")
def rejected_for_the_account(driver: Driver) -> None:
    blamed(driver, Blame.ACCOUNT)


@promise("rejected: by a status alone")
def rejected_by_status(driver: Driver) -> None:
    blames = {400: Blame.PERMANENT, 422: Blame.PERMANENT, **dict.fromkeys((401, 403, 404, 405, 407), Blame.ACCOUNT)}
    for status, blame in blames.items():
        for content in (b"", b"<html>", b"[]", b"[" * 100_000):
            outcome = outcome_of(driver, httpx.Response(status, content=content))
            assert isinstance(outcome, Rejected)
            assert (outcome.code, outcome.blame) == (f"HTTP {status}", blame), content[:9]


@promise("rejected: opted out")
def rejected_for_an_opt_out(driver: Driver) -> str | None:
    if driver.refuses(Blame.OPTED_OUT) is not None:
        blamed(driver, Blame.OPTED_OUT)
        return None
    return (
        "told in a report" if driver.report_blaming(Blame.OPTED_OUT) else "keeps no list of them: ours is the only one"
    )


@promise("retry: too many, and the wait that is asked for")
def throttled(driver: Driver) -> None:
    for headers, after in WAITS:
        answer = httpx.Response(429, headers=headers, json={})
        outcome = outcome_of(driver, answer)
        assert isinstance(outcome, Retry), outcome
        assert outcome.after == after, headers


@promise("retry: never left this machine")
def never_left(driver: Driver) -> None:
    for error in NEVER_LEFT:
        assert outcome_of(driver, error) == Retry(error.__name__), "told without the URL, which names the phone"


@promise("in doubt: 5xx")
def in_doubt_by_status(driver: Driver) -> None:
    for status in (500, 502, 503, 504, 408):
        answer = httpx.Response(status, headers={"Retry-After": "7"}, json={"message": "no"})
        assert isinstance(outcome_of(driver, answer), InDoubt), status


@promise("in doubt: time-outs and broken connections")
def in_doubt_by_silence(driver: Driver) -> None:
    for error in DISTURBANCES:
        assert outcome_of(driver, error) == InDoubt(error.__name__), "told without the URL, which names the phone"


@promise("in doubt: an answer that never comes, after the time limit")
def in_doubt_for_ever(driver: Driver) -> None:
    assert driver.call(silent, lambda carrier: carrier.send(QUESTION)) == InDoubt("TimeoutError")


async def silent(request: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


@promise("in doubt: a 2xx without an id")
def in_doubt_without_an_id(driver: Driver) -> None:
    for status in (200, 201, 202):
        for content in (b"", b"<html>", b"[]", b'"yes"', b"{}", b"\xff", b"[" * 100_000, b'{"id": "\xff"}'):
            assert isinstance(outcome_of(driver, httpx.Response(status, content=content)), InDoubt), content[:9]


@promise("never repeats and never follows a redirect by itself")
def never_repeats(driver: Driver) -> None:
    for status in (301, 307, 308):
        answer = httpx.Response(status, headers={"Location": "https://elsewhere.example"})
        assert isinstance(outcome_of(driver, answer), InDoubt), status


@promise("find: what was sent")
def find(driver: Driver) -> str | None:
    found = _asked(driver, lambda carrier: carrier.find(QUESTION, NOW))
    if driver.listed() is None:
        return _has_no_list(driver, found)
    assert found == [FoundText(driver.sent_id, NOW)]
    return None


@promise("received: what was taken in")
def received(driver: Driver) -> str | None:
    heard = _asked(driver, lambda carrier: carrier.received(NOW))
    if driver.listed() is None:
        return _has_no_list(driver, heard)
    assert heard == [InboundText(driver.ids[1], PATIENT, CLINIC, "YES", sent_at=NOW)]
    return None


@promise("a list that cannot be read is not an empty one")
def unreadable(driver: Driver) -> None:
    for answer in (401, 500, 302, b"<html>", b"{}", b"", httpx.ConnectError, httpx.ReadTimeout, None):
        for told in _both(driver, silent if answer is None else _answering(answer)):
            assert isinstance(told, Retry), (answer, told)
            assert PATIENT[2:] not in told.detail


@promise("a list is asked for again after the wait that it asks for")
def list_throttled(driver: Driver) -> str | None:
    if driver.listed() is None:
        return "has none, and says so"
    found, heard = _both(driver, lambda request: httpx.Response(429, headers={"Retry-After": "7"}, json={}))
    for told in (found, heard):
        assert isinstance(told, Retry)
        assert told.after == timedelta(seconds=7)
    return None


def _both(driver: Driver, handler: Callable[[httpx.Request], Any]) -> list[object]:
    """What a look-up and the list of received texts say."""
    return [
        driver.call(handler, lambda carrier: carrier.find(QUESTION, NOW)),
        driver.call(handler, lambda carrier: carrier.received(NOW)),
    ]


def _answering(answer: int | bytes | type[Exception]) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, int):
            return httpx.Response(answer, headers={"Location": "https://elsewhere.example"}, json={})
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        raise answer(f"at {request.url}")

    return handler


def _asked(driver: Driver, work: Callable[[Carrier], object]) -> object:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET", "a look-up changes nothing"
        answer = driver.looked_up(request)
        assert answer is not None, "a carrier without a list is not asked for one"
        return answer

    return driver.call(handler, work)  # type: ignore[arg-type]


def _has_no_list(driver: Driver, told: object) -> str:
    assert isinstance(told, Retry), "absence must not look like an empty list"
    assert driver.receiver().lists_texts is False, "delivery and sweep would wait for a list that never comes"
    return "has none, and says so"
