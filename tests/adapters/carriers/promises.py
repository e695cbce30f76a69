"""What every carrier promises, whatever it speaks at the wire. A promise is kept, or it raises; what it returns tells
how it is kept where the carrier cannot do it as the others do. The promises stand in the files of_*.py."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from domain.errors import NotAuthentic, NotUnderstood, ReplyesError
from domain.ports import CallOutcome, Carrier, OutgoingText, RawRequest
from tests.adapters.carriers.driver import KEY, PATIENT, QUESTION, Driver

Promise = Callable[[Driver], str | None]
PROMISES: dict[str, Promise] = {}

REFUSED = (NotAuthentic, NotUnderstood)


def promise(told: str) -> Callable[[Promise], Promise]:
    """Enter a promise into the table under this sentence."""

    def enter(kept: Promise) -> Promise:
        PROMISES[told] = kept
        return kept

    return enter


def outcome_of(driver: Driver, answer: httpx.Response | type[Exception], text: OutgoingText = QUESTION) -> CallOutcome:
    """What becomes of a send that is answered so; it must have cost exactly one request."""
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if isinstance(answer, httpx.Response):
            return answer
        raise answer(f"at https://example.org/?To={PATIENT}")

    outcome = driver.call(handler, lambda carrier: carrier.send(text))
    assert [request.method for request in requests] == ["POST"], "a send is one POST, whatever becomes of it"
    return outcome


def refusal(work: Callable[[RawRequest], object], request: RawRequest) -> ReplyesError:
    """How the request is refused; anything but NotAuthentic and NotUnderstood breaks the promise."""
    try:
        told = work(request)
    except REFUSED as error:
        return error
    raise AssertionError(f"believed, as {told!r}")


def reports_of(carrier: Carrier, key: str | None = KEY) -> Callable[[RawRequest], object]:
    return lambda request: carrier.receive_reports(request, key)


@contextmanager
def logged(at_least: int = logging.DEBUG) -> Iterator[list[str]]:
    """What all loggers say, down to this level."""
    lines: list[str] = []
    handler, log = logging.Handler(), logging.getLogger()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    level = log.level
    log.addHandler(handler)
    log.setLevel(at_least)
    try:
        yield lines
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
