"""By which ways a carrier goes, from which senders, and whose fault it is where neither leads to the patient."""

import json
import logging
from dataclasses import replace

import httpx

from domain.inbound import Blame, Delivery, InboundText
from domain.ports import Accepted, FoundText, OutgoingText, Rejected, Retry
from domain.ways import Way
from tests.adapters.carriers.driver import (
    BY_WHATSAPP,
    CLINIC,
    CLINICS_WHATSAPP,
    FILLED_IN,
    FREE,
    KEY,
    NAME,
    NOW,
    PATIENT,
    QUESTION,
    SHORT_CODE,
    Driver,
)
from tests.adapters.carriers.promises import logged, promise

NO_WHATSAPP = "does not speak it; refused without a call"
ANOTHER = "+12025550177"  # another number of the same account


# -- Blames -------------------------------------------------------------------------------------------------------


def report_blames(driver: Driver, blame: Blame) -> str | None:
    """Whether a report of a text that did not arrive tells this blame."""
    request = driver.report_blaming(blame)
    if request is None:
        return "not told in a report"
    (report,) = driver.receiver().receive_reports(request, KEY)
    assert (report.status, report.blame) == (Delivery.UNDELIVERED, blame)
    assert report.error_code
    return None


@promise("reports: no way leads to this phone")
def no_way(driver: Driver) -> str | None:
    return report_blames(driver, Blame.NO_WAY)


@promise("reports: a filter has stopped it")
def filtered(driver: Driver) -> str | None:
    return report_blames(driver, Blame.FILTERED)


@promise("reports: the phone wants no texts")
def opted_out(driver: Driver) -> str | None:
    return report_blames(driver, Blame.OPTED_OUT)


@promise("reports: what passes is nobody's fault")
def passing(driver: Driver) -> None:
    request = driver.report_blaming(None)
    assert request is not None
    (report,) = driver.receiver().receive_reports(request, KEY)
    assert (report.status, report.blame) == (Delivery.UNDELIVERED, None)


@promise("reports: what is ours to mend is told once in the log, with its cure")
def ours_to_mend(driver: Driver) -> None:
    for blame in (Blame.CONFIGURATION, Blame.ACCOUNT):
        request, carrier = driver.report_blaming(blame), driver.receiver()
        if request is None:
            continue
        with logged(logging.ERROR) as lines:
            told = [report.blame for _ in range(3) for report in carrier.receive_reports(request, KEY)]
        assert told == [blame] * 3
        assert len(lines) == 1
        assert "https://" in lines[0]


# -- WhatsApp -----------------------------------------------------------------------------------------------------


@promise("by WhatsApp: not without its being set up, and then without a call")
def no_whatsapp(driver: Driver) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.method}, although there is no WhatsApp")

    for text in (BY_WHATSAPP, FREE, replace(QUESTION, by=Way.EMAIL)):
        outcome = driver.call(handler, lambda carrier, one=text: carrier.send(one))  # type: ignore[misc]
        assert isinstance(outcome, Rejected)
        assert outcome.blame is Blame.NO_WAY
    assert not driver.receiver().speaks_whatsapp


def sent(driver: Driver, text: OutgoingText) -> tuple[httpx.Request, object]:
    """The one request in which a text leaves where WhatsApp is set up, and what comes of it."""
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return driver.accepts()

    outcome = driver.call(handler, lambda carrier: carrier.send(text), **driver.speaking)
    (request,) = requests
    return request, outcome


@promise("by WhatsApp: asked in the words that were approved, in the patient's language")
def asked_by_whatsapp(driver: Driver) -> str | None:
    if driver.templates is None:
        return NO_WHATSAPP
    request, outcome = sent(driver, BY_WHATSAPP)
    assert outcome == Accepted(driver.sent_id)
    assert driver.receiver(**driver.speaking).speaks_whatsapp
    assert driver.asked_in(request) == (driver.templates[1], FILLED_IN, PATIENT, CLINICS_WHATSAPP)
    assert KEY in request.content.decode()
    return None


@promise("by WhatsApp: answered in free words")
def answered_by_whatsapp(driver: Driver) -> str | None:
    if driver.templates is None:
        return NO_WHATSAPP
    request, _ = sent(driver, FREE)
    assert driver.said_in(request) == (FREE.body, PATIENT, CLINICS_WHATSAPP)
    return None


@promise("by WhatsApp: texts and buttons are heard")
def heard_by_whatsapp(driver: Driver) -> str | None:
    if driver.templates is None:
        return NO_WHATSAPP
    carrier = driver.receiver(**driver.speaking)
    for button in (False, True):
        (text,) = carrier.receive_texts(driver.by_whatsapp("YES", button=button))
        assert text == InboundText(driver.ids[0], PATIENT, CLINICS_WHATSAPP, "YES", by=Way.WHATSAPP)
        assert carrier.is_for_us(text)
    (other,) = carrier.receive_texts(driver.by_whatsapp("YES", recipient=ANOTHER))
    assert not carrier.is_for_us(other)
    assert not carrier.is_for_us(replace(text, recipient=CLINIC))
    return None


@promise("by WhatsApp: nothing for us where it is not set up")
def unheard_by_whatsapp(driver: Driver) -> str | None:
    if driver.templates is None:
        return NO_WHATSAPP
    assert driver.receiver().receive_texts(driver.by_whatsapp("YES")) == []
    return None


@promise("by WhatsApp: found again, and what was missed is fetched")
def listed_by_whatsapp(driver: Driver) -> str | None:
    if driver.templates is None:
        return NO_WHATSAPP
    answer = driver.listed_by_whatsapp()
    if answer is None:
        return "has no list, and says so"
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["To"])
        page = json.loads(answer.content)
        page["messages"] = [one for one in page["messages"] if one["to"] == asked[-1]]
        return httpx.Response(200, json=page)

    for text, uid in ((BY_WHATSAPP, driver.ids[0]), (FREE, driver.ids[1])):
        found = driver.call(handler, lambda carrier, one=text: carrier.find(one, NOW), **driver.speaking)  # type: ignore[misc]
        assert found == [FoundText(uid, NOW)], text
    heard = driver.call(handler, lambda carrier: carrier.received(NOW), **driver.speaking)
    assert heard == [InboundText(driver.ids[2], PATIENT, CLINICS_WHATSAPP, "YES", sent_at=NOW, by=Way.WHATSAPP)]
    return None


@promise("by WhatsApp: read is delivered")
def read_by_whatsapp(driver: Driver) -> str | None:
    request = driver.report_of_reading()
    if request is None:
        return NO_WHATSAPP
    (report,) = driver.receiver(**driver.speaking).receive_reports(request, KEY)
    assert (report.status, report.key) == (Delivery.DELIVERED, KEY)
    return None


# -- Senders ------------------------------------------------------------------------------------------------------


@promise("a name sends, takes no replies, and nothing is fetched for it")
def name_as_sender(driver: Driver) -> str | None:
    if driver.named is None:
        return "sends from its own number only"
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return driver.accepts()

    assert driver.call(handler, lambda carrier: carrier.send(QUESTION), **driver.named) == Accepted(driver.sent_id)
    assert NAME in requests[0].content.decode().replace("+", " ")
    carrier = driver.receiver(**driver.named)
    (text,) = carrier.receive_texts(driver.text("YES"))
    assert (carrier.takes_replies, carrier.is_for_us(text)) == (False, False)
    if carrier.lists_texts:
        assert driver.call(handler, lambda carrier: carrier.received(NOW), **driver.named) == []
    else:
        assert isinstance(driver.call(handler, lambda carrier: carrier.received(NOW), **driver.named), Retry)
    assert len(requests) == 1
    return None


@promise("for us: our number, with the plus or without it, and no other")
def for_our_number(driver: Driver) -> str | None:
    carrier = driver.receiver()
    assert carrier.takes_replies
    for recipient in (CLINIC, CLINIC[1:]):
        (text,) = carrier.receive_texts(driver.text("YES", recipient=recipient))
        assert carrier.is_for_us(text), recipient
    others = [carrier.receive_texts(driver.text("YES", recipient=one))[0] for one in (ANOTHER, SHORT_CODE, "")]
    if driver.named is None:
        assert all(map(carrier.is_for_us, others))
        return "has one number, and all is for it"
    assert not any(map(carrier.is_for_us, others))
    return None


@promise("for us: our short code, and no number")
def for_our_short_code(driver: Driver) -> str | None:
    if driver.short is None:
        return "sends from its own number only"
    carrier = driver.receiver(**driver.short)
    (ours,) = carrier.receive_texts(driver.text("YES", recipient=SHORT_CODE))
    (other,) = carrier.receive_texts(driver.text("YES"))
    assert (carrier.takes_replies, carrier.is_for_us(ours), carrier.is_for_us(other)) == (True, True, False)
    return None


@promise("for us: every number of our pool, and none beside it")
def for_our_pool(driver: Driver) -> str | None:
    if driver.pooled is None:
        return "has no pools"
    changes, pool = driver.pooled
    carrier = driver.receiver(**changes)
    for recipient, told, is_ours in ((CLINIC, pool, True), (ANOTHER, pool, True), (CLINIC, "", False)):
        (text,) = carrier.receive_texts(driver.text("YES", recipient=recipient, pool=told))
        assert (text.recipient, text.pool, carrier.is_for_us(text)) == (recipient, told, is_ours)
    (text,) = driver.receiver().receive_texts(driver.text("YES", pool=pool))
    assert driver.receiver().is_for_us(text), "a number of ours may belong to a pool as well"
    return None
