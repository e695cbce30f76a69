"""What every carrier promises, whatever it speaks at the wire. A promise is kept, or it raises; what it returns tells
how it is kept where the carrier cannot do it as the others do."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx

from domain.errors import Conflict, NotAuthentic, NotUnderstood, ReplyesError, StorageAway, TooLarge
from domain.inbound import Blame, Delivery, InboundText
from domain.ports import Accepted, CallOutcome, Carrier, FoundText, InDoubt, RawRequest, Rejected, Retry
from tests.adapters.carriers.driver import (
    CLINIC,
    KEY,
    NOW,
    OTHER_KEY,
    PATIENT,
    QUESTION,
    REPORTS,
    TEXTS,
    Driver,
    altered,
)

Promise = Callable[[Driver], str | None]
PROMISES: dict[str, Promise] = {}

DISTURBANCES = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.RemoteProtocolError)
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
REFUSED = (NotAuthentic, NotUnderstood)


def promise(told: str) -> Callable[[Promise], Promise]:
    """Enter a promise into the table under this sentence."""

    def enter(kept: Promise) -> Promise:
        PROMISES[told] = kept
        return kept

    return enter


def outcome_of(driver: Driver, answer: httpx.Response | type[Exception]) -> CallOutcome:
    """What becomes of a send that is answered so; it must have cost exactly one request."""
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if isinstance(answer, httpx.Response):
            return answer
        raise answer(f"at https://example.org/?To={PATIENT}")

    outcome = driver.call(handler, lambda carrier: carrier.send(QUESTION))
    assert [request.method for request in requests] == ["POST"], "a send is one POST, whatever becomes of it"
    return outcome


def blamed(driver: Driver, blame: Blame) -> None:
    answer = driver.refuses(blame)
    assert answer is not None
    outcome = outcome_of(driver, answer)
    assert isinstance(outcome, Rejected), outcome
    assert outcome.blame is blame
    assert outcome.code


def refusal(work: Callable[[RawRequest], object], request: RawRequest) -> ReplyesError:
    """How the request is refused; anything but NotAuthentic and NotUnderstood breaks the promise."""
    try:
        told = work(request)
    except REFUSED as error:
        return error
    raise AssertionError(f"believed, as {told!r}")


def reports_of(carrier: Carrier, key: str | None = KEY) -> Callable[[RawRequest], object]:
    return lambda request: carrier.receive_reports(request, key)


# -- Sending ------------------------------------------------------------------------------------------------------


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
    request = driver.report_of_opt_out()
    if request is None:
        return "keeps no list of them: ours is the only one"
    (report,) = driver.receiver().receive_reports(request, KEY)
    assert (report.status, report.blame) == (Delivery.UNDELIVERED, Blame.OPTED_OUT)
    return "told in a report"


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


# -- Looking up ---------------------------------------------------------------------------------------------------


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


# -- Texts --------------------------------------------------------------------------------------------------------


@promise("a text: its id, sender, recipient and words")
def one_text(driver: Driver) -> None:
    for words in ("YES", " yes \n", "Sí, señor – 明日 🙂", ""):
        (text,) = driver.receiver().receive_texts(driver.text(words))
        assert text == InboundText(driver.ids[0], PATIENT, CLINIC, words), words


@promise("a text again: the same id")
def one_text_again(driver: Driver) -> None:
    request, carrier = driver.text("YES"), driver.receiver()
    assert carrier.receive_texts(request) == carrier.receive_texts(request)


@promise("several texts: each once")
def several_texts(driver: Driver) -> None:
    carrier = driver.receiver()
    requests = [driver.text(words, uid) for words, uid in zip(("YES", "no", "wait"), driver.ids, strict=True)]
    told = [text for request in requests for text in carrier.receive_texts(request)]
    assert [(text.message_id, text.text) for text in told] == list(zip(driver.ids, ("YES", "no", "wait"), strict=True))


@promise("a picture is no answer")
def a_picture(driver: Driver) -> None:
    (text,) = driver.receiver().receive_texts(driver.text("", pictures=1))
    assert text.pictures == 1


@promise("another channel is nothing for us")
def another_channel(driver: Driver) -> None:
    assert driver.receiver().receive_texts(driver.from_elsewhere()) == []


@promise("words come cleaned, and not without end")
def cleaned_words(driver: Driver) -> None:
    (text,) = driver.receiver().receive_texts(driver.text("Y\x00E\x1bS" + "!" * 50_000))
    assert text.text.startswith("Y E S!")
    assert len(text.text) <= 3200


@promise("the content type decides nothing")
def content_type(driver: Driver) -> None:
    request = driver.text("YES")
    for told in ("text/plain", "application/x-www-form-urlencoded", "application/json", "x" * 9_000, ""):
        (text,) = driver.receiver().receive_texts(replace(request, headers={**request.headers, "content-type": told}))
        assert text.text == "YES"


# -- Reports ------------------------------------------------------------------------------------------------------


@promise("reports: in any order, each by itself")
def reports(driver: Driver) -> None:
    carrier, statuses = driver.receiver(), (Delivery.UNDELIVERED, Delivery.DELIVERED, Delivery.SENT)
    for order in (statuses, statuses[::-1], statuses * 2):
        for status in order:
            (report,) = carrier.receive_reports(driver.report(status), KEY)
            assert (report.message_id, report.status, report.blame) == (driver.sent_id, status, None)


@promise("reports: our key comes back")
def key_comes_back(driver: Driver) -> None:
    (report,) = driver.receiver().receive_reports(driver.report(Delivery.SENT), KEY)
    assert report.key == KEY


@promise("reports: without a key as well")
def no_key(driver: Driver) -> None:
    (report,) = driver.receiver().receive_reports(driver.report(Delivery.SENT, None), None)
    assert (report.message_id, report.key) == (driver.ids[0], None)


@promise("reports: none moves to another text")
def key_of_another(driver: Driver) -> None:
    """Somebody posts a signed report to the path of another errand."""
    for key in (KEY, None):
        request = replace(driver.report(Delivery.SENT, key), path=f"{REPORTS}/{OTHER_KEY}")
        try:
            told = driver.receiver().receive_reports(request, OTHER_KEY)
        except REFUSED:
            continue
        assert [report.key for report in told] == [key]


# -- Strangers ----------------------------------------------------------------------------------------------------


@promise("forged: refused")
def forged(driver: Driver) -> None:
    carrier = driver.receiver()
    error = refusal(carrier.receive_texts, driver.forged(driver.text("YES")))
    other = refusal(reports_of(carrier), driver.forged(driver.report(Delivery.SENT)))
    for one in (error, other):
        assert isinstance(one, NotAuthentic)
        assert one.signed


@promise("unsigned: refused, and known as such")
def unsigned(driver: Driver) -> None:
    carrier = driver.receiver()
    error = refusal(carrier.receive_texts, driver.unsigned(driver.text("YES")))
    other = refusal(reports_of(carrier), driver.unsigned(driver.report(Delivery.SENT)))
    for one in (error, other):
        assert isinstance(one, NotAuthentic)
        assert not one.signed
        assert carrier.answer_texts(one).status == carrier.answer_reports(one).status == driver.unsigned_status


@promise("altered by one letter: refused")
def altered_words(driver: Driver) -> None:
    request = driver.text("YES")
    error = refusal(driver.receiver().receive_texts, altered(request, request.body.replace(b"YES", b"YEP")))
    assert isinstance(error, NotAuthentic)


@promise("stale: refused")
def stale(driver: Driver) -> str | None:
    request = driver.stale(driver.text("YES"))
    if not driver.dated:
        (text,) = driver.receiver().receive_texts(request)
        assert text.message_id == driver.ids[0]
        return "no date is signed; ids are remembered for ever"
    assert isinstance(refusal(driver.receiver().receive_texts, request), NotAuthentic)
    return None


@promise("replayed at another door: refused")
def replayed(driver: Driver) -> None:
    carrier = driver.receiver()
    text = replace(driver.text("YES"), path=f"{REPORTS}/{KEY}")
    report = replace(driver.report(Delivery.DELIVERED), path=TEXTS)
    refusal(reports_of(carrier), text)
    refusal(carrier.receive_texts, report)


@promise("truncated, empty, huge, not UTF-8: refused")
def broken_bodies(driver: Driver) -> None:
    carrier, request = driver.receiver(), driver.text("YES")
    bodies = [request.body[:-9], b"", b"\xff\xfe" * 50, request.body + b"x" * 900_000, b"[" * 100_000, b"null", b"\x00"]
    for body in bodies:
        for one in (altered(request, body), driver.forged(driver.signed(TEXTS, body))):
            assert isinstance(refusal(carrier.receive_texts, one), NotAuthentic), body[:9]
    for body in bodies[1:3] + bodies[4:]:  # signed, and still nonsense
        refusal(carrier.receive_texts, driver.signed(TEXTS, body))
        refusal(reports_of(carrier), driver.signed(f"{REPORTS}/{KEY}", body))


@promise("headers of any kind: refused, never a crash")
def odd_headers(driver: Driver) -> None:
    request = driver.text("YES")
    for name in set(request.headers) - {"content-type"}:
        for value in ("", " ", "Bearer", "Bearer a.b.c", "é" * 99, "x" * 99_999, "Basic YTpi"):
            refusal(driver.receiver().receive_texts, replace(request, headers={**request.headers, name: value}))


# -- Answers ------------------------------------------------------------------------------------------------------


@promise("answers: thanks that text nothing to the patient")
def thanks(driver: Driver) -> None:
    carrier = driver.receiver()
    assert (carrier.answer_texts(), carrier.answer_reports()) == driver.thanks
    assert all(not answer.body or answer.content_type == "text/xml" for answer in driver.thanks)


@promise("answers: a refusal has a status and no body")
def refusals(driver: Driver) -> None:
    carrier = driver.receiver()
    for kind, status in driver.refusals.items():
        for answer in (carrier.answer_texts(kind("why")), carrier.answer_reports(kind("why"))):
            assert (answer.status, answer.body, answer.content_type) == (status, b"", None), kind


@promise("answers: what is not stored is asked for again")
def asked_again(driver: Driver) -> None:
    assert set(driver.refusals) == {NotAuthentic, NotUnderstood, TooLarge, Conflict, StorageAway}
    assert all(driver.refusals[kind] >= 500 for kind in (Conflict, StorageAway))
    assert driver.receiver().answer_texts(ValueError()).status == 500


# -- Privacy ------------------------------------------------------------------------------------------------------


@promise("no secret and no whole phone number in any log line, error or outcome")
def discreet(driver: Driver) -> None:
    with _logged() as lines:
        told = [*_outcomes(driver), *_errors(driver)]
        carrier = driver.receiver()
        for request in (driver.text("YES"), driver.from_elsewhere(), driver.text("YES", sender="12345")):
            carrier.receive_texts(request)
    everything = "\n".join([*lines, *told])
    assert told
    for hidden in (PATIENT, PATIENT[1:], PATIENT[2:], CLINIC[2:], *driver.secrets):
        assert hidden not in everything, everything


def _outcomes(driver: Driver) -> Iterator[str]:
    words = f"The number {PATIENT} is bad for {driver.secrets[0]}"
    answers = [driver.refuses(blame, words) for blame in list(Blame)[:4]]
    for answer in (*(answer for answer in answers if answer), httpx.ReadTimeout, httpx.ConnectError):
        yield repr(outcome_of(driver, answer))


def _errors(driver: Driver) -> Iterator[str]:
    carrier, request, report = driver.receiver(), driver.text(f"call {PATIENT}"), driver.report(Delivery.SENT)
    spoilt = (driver.forged, driver.unsigned, lambda one: altered(one, one.body[:-3]))
    for spoil in spoilt:
        yield repr(refusal(carrier.receive_texts, spoil(request)))
        yield repr(refusal(reports_of(carrier), spoil(report)))


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Everything that our loggers say, down to DEBUG."""
    lines: list[str] = []
    handler, log = logging.Handler(), logging.getLogger("replyes")
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
