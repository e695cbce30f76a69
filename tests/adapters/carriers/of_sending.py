"""What becomes of a send, and where it can be looked up again."""

from collections.abc import Callable
from datetime import timedelta

import httpx

from domain.inbound import Blame, InboundText
from domain.ports import Accepted, Carrier, FoundText, InDoubt, Rejected, Retry
from tests.adapters.carriers.driver import CLINIC, KEY, NOW, PATIENT, QUESTION, Driver
from tests.adapters.carriers.promises import outcome_of, promise

DISTURBANCES = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.RemoteProtocolError)
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


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
    outcome = outcome_of(driver, driver.throttles())
    assert isinstance(outcome, Retry), outcome
    assert outcome.after == timedelta(seconds=7)


@promise("retry: never left this machine")
def never_left(driver: Driver) -> None:
    for error in NEVER_LEFT:
        assert isinstance(outcome_of(driver, error), Retry), error


@promise("in doubt: 5xx")
def in_doubt_by_status(driver: Driver) -> None:
    for status in (500, 502, 503, 504, 408):
        answer = httpx.Response(status, headers={"Retry-After": "7"}, json={"message": "no"})
        assert isinstance(outcome_of(driver, answer), InDoubt), status


@promise("in doubt: time-outs and broken connections")
def in_doubt_by_silence(driver: Driver) -> None:
    for error in DISTURBANCES:
        assert isinstance(outcome_of(driver, error), InDoubt), error


@promise("in doubt: a 2xx without an id")
def in_doubt_without_an_id(driver: Driver) -> None:
    for content in (b"", b"<html>", b"[]", b'"yes"', b"{}", b"\xff", b"[" * 100_000):
        assert isinstance(outcome_of(driver, httpx.Response(200, content=content)), InDoubt), content[:9]


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
