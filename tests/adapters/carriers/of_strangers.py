"""Who is not believed, how everybody is answered, and what nobody gets to read."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import Blame, Delivery
from tests.adapters.carriers.driver import CLINIC, KEY, NOW, PATIENT, QUESTION, REPORTS, TEXTS, Driver, altered
from tests.adapters.carriers.promises import logged, outcome_of, promise, refusal, reports_of


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
    blank = replace(driver.text("YES"), headers=dict.fromkeys(driver.text("YES").headers, ""))
    for one in (error, other, refusal(carrier.receive_texts, blank)):
        assert isinstance(one, NotAuthentic)
        assert not one.signed
        assert carrier.answer_texts(one).status == carrier.answer_reports(one).status == driver.unsigned_status


@promise("altered by one letter: refused")
def altered_words(driver: Driver) -> None:
    request = driver.text("YES")
    error = refusal(driver.receiver().receive_texts, altered(request, request.body.replace(b"YES", b"YEP")))
    assert isinstance(error, NotAuthentic)


@promise("altered by one bit: refused")
def altered_bits(driver: Driver) -> None:
    carrier, request = driver.receiver(), driver.text("YES")
    for place in range(len(request.body)):
        body = bytearray(request.body)
        body[place] ^= 1 << place % 8
        if parse_qsl(body.decode("latin-1")) == parse_qsl(request.body.decode("latin-1")) and driver.signs_fields:
            continue  # %2b and %2B are one plus
        assert isinstance(refusal(carrier.receive_texts, altered(request, bytes(body))), NotAuthentic), place


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


@promise("no secret and no whole phone number in any log line, error or outcome")
def discreet(driver: Driver) -> None:
    with logged() as lines:
        told = [*_outcomes(driver), *_errors(driver)]
        carrier = driver.receiver()
        for request in (driver.text("YES"), driver.from_elsewhere(), driver.text("YES", sender="12345")):
            carrier.receive_texts(request)
    everything = "\n".join([*lines, *told])
    assert told
    for hidden in (PATIENT, PATIENT[1:], PATIENT[2:], CLINIC[2:], *driver.secrets):
        assert hidden not in everything, everything


def _outcomes(driver: Driver) -> Iterator[str]:
    for number in (PATIENT, "(202) 555-0143", "+1 202 555 0143", "202.555.0143"):
        words = f"The number {number} is bad\x00 for {driver.secrets[0]}, " + "no " * 10_000
        answers = [driver.refuses(blame, words) for blame in Blame]
        for answer in filter(None, answers):
            for status in (answer.status_code, 429, 500):
                answer.status_code = status
                outcome = outcome_of(driver, answer)
                assert len(repr(outcome)) < 600, "what is stored has an end"
                assert "555" not in repr(outcome)
                assert "\\x00" not in repr(outcome)
                yield repr(outcome)
    if driver.listed() is not None:
        found = driver.call(driver.looked_up, lambda carrier: carrier.find(QUESTION, NOW))  # type: ignore[arg-type]
        yield repr(found)


def _errors(driver: Driver) -> Iterator[str]:
    carrier, request, report = driver.receiver(), driver.text(f"call {PATIENT}"), driver.report(Delivery.SENT)
    spoilt = (driver.forged, driver.unsigned, lambda one: altered(one, one.body[:-3]))
    for spoil in spoilt:
        yield repr(refusal(carrier.receive_texts, spoil(request)))
        yield repr(refusal(reports_of(carrier), spoil(report)))
