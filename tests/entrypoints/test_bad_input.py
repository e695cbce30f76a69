"""What nobody should send, sent: each has a clear answer, one line in the log, and leaves nothing behind but the fact
where one is due."""

import gzip
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.calcom_payloads import ABSENT, PASSWORD, as_sent, attendee, booking, signature, webhook
from tests.databases import KINDS, new_database
from tests.entrypoints.conftest import (
    ACCOUNT,
    CAL,
    CLINIC,
    LONG_AGO,
    MOVED_START,
    PATIENT,
    SECRETS,
    SID,
    SMS,
    START,
    STATUS,
    UID,
    Product,
    Request,
    at,
    booked,
    cal,
    called_off,
    form,
    new_product,
    report,
    text,
    twilio_signature,
)

Step = Request | Callable[[Product], object]

NOT_AUTHENTIC, TWIML, EMPTY = '"not authentic"', "<Response/>", ""
ACCEPTED, DUPLICATE, IGNORED = '{"status":"accepted"}', '{"status":"duplicate"}', '{"status":"ignored"}'
BOOKED = ("booking.requested", "conversation.started", "conversation.booking_joined")
FOR_STAFF = ("booking.requested", "staff.needed")
FROM_A_STRANGER = ("conversation.started", "conversation.heard", "staff.needed")
KEY = "d0" * 16


@dataclass(frozen=True)
class Case:
    """`says`: what the body holds, "" for no body. `line`: what the one line in the log holds. `stores`: the facts that
    the request leaves, by topic. `given`: what came before it."""

    sentence: str
    request: Request
    status: int
    says: str
    line: str
    stores: Sequence[str] = ()
    given: Sequence[Step] = ()


def as_params(cases: Sequence[Case]) -> list[Any]:
    """The table for pytest, each row under its sentence."""
    return [pytest.param(case, id=case.sentence) for case in cases]


def asked(product: Product) -> None:
    """The patient has booked, and has our question."""
    product.send(cal(booked()))
    product.deliver()


def answered_yes(product: Product) -> None:
    """The patient has said YES; our call to Cal.com is still owed."""
    asked(product)
    product.send(text(MessageSid="SM" + "77" * 16))


def created(**changes: object) -> dict[str, Any]:
    """BOOKING_CREATED: somebody has confirmed."""
    return webhook("BOOKING_CREATED", booking(**{"startTime": START, "status": "ACCEPTED", **changes}))


def by(**changes: object) -> Request:
    """A request for a booking by an attendee who is somehow special."""
    return cal(booked(attendees=[attendee(**changes)]))


def nested(depth: int) -> bytes:
    return b'{"triggerEvent":"PING","payload":' + b"[" * depth + b"]" * depth + b"}"


def spelled(document: object, old: bytes, new: bytes) -> Request:
    """A signed document with bytes in it that json.dumps would not write."""
    body = as_sent(document)
    assert old in body
    return cal(body.replace(old, new))


UNSIGNED = Request(CAL, body=as_sent(booked()))
HUGE = b'{"triggerEvent":"PING","payload":"' + b"x" * 2_000_000 + b'"}'
GOOD_SIGNATURE = signature(as_sent(booked()))
UNTOLD = {"status": 401, "says": NOT_AUTHENTIC, "line": "NotAuthentic"}
TAKEN = {"status": 200, "says": ACCEPTED, "line": "accepted", "stores": BOOKED}
TO_STAFF = {"status": 200, "says": ACCEPTED, "line": "accepted", "stores": FOR_STAFF}
NO_JSON = {"status": 400, "says": "the body is not JSON", "line": "NotUnderstood"}
NO_UID = {"status": 400, "says": "uid is", "line": "NotUnderstood: uid is"}
NO_START = {"status": 400, "says": "startTime is", "line": "NotUnderstood: BOOKING_REQUESTED: startTime is"}
NO_TRIGGER = {"status": 400, "says": "triggerEvent is", "line": "NotUnderstood: triggerEvent is"}


def cal_signed(value: str | bytes) -> Request:
    return cal(booked(), headers=[("x-cal-signature-256", value)])


CALENDAR = [
    # who speaks
    Case("a webhook without a signature", UNSIGNED, **UNTOLD),
    Case("a webhook with an empty signature", cal_signed(""), **UNTOLD),
    Case("Cal.com's words for a webhook without a secret", cal_signed("no-secret-provided"), **UNTOLD),
    Case("a signature by another secret", cal(booked(), secret="guessed"), **UNTOLD),
    Case("a signature of another body", cal_signed(signature(b"{}")), **UNTOLD),
    Case("a signature cut short", cal_signed(GOOD_SIGNATURE[:-1]), **UNTOLD),
    Case("a signature with something behind it", cal_signed(GOOD_SIGNATURE + "00"), **UNTOLD),
    Case("a signature that is not ASCII", cal_signed("é".encode("latin-1") * 64), **UNTOLD),
    Case("a signature of 100 kB", cal_signed("0" * 100_000), **UNTOLD),
    Case(
        "two signatures, the false one last",
        cal(booked(), headers=[("x-cal-signature-256", GOOD_SIGNATURE), ("x-cal-signature-256", "0" * 64)]),
        **UNTOLD,
    ),
    Case(
        "two signatures, the right one last",
        cal(booked(), headers=[("x-cal-signature-256", "0" * 64), ("x-cal-signature-256", GOOD_SIGNATURE)]),
        **TAKEN,
    ),
    Case("a signature in upper case", cal_signed(GOOD_SIGNATURE.upper()), **TAKEN),
    Case("a signature with the prefix that others use", cal_signed("sha256=" + GOOD_SIGNATURE), **TAKEN),
    Case("a body changed on its way", Request(CAL, cal(booked()).headers, as_sent(booked(uid="another"))), **UNTOLD),
    Case("a text of Twilio's at the calendar's door", form({"Body": "YES"}, CAL), **UNTOLD),
    Case("an empty request without a signature", Request(CAL), **UNTOLD),
    Case(
        "a clinic that we do not have",
        cal(booked(), f"{CAL}/elsewhere"),
        status=404,
        says=NOT_AUTHENTIC,
        line="UnknownClinic",
    ),
    Case("a host that is none", cal(booked(), headers=[("host", "[")], secret="guessed"), **UNTOLD),
    # the body
    Case("no body", cal(b""), **NO_JSON),
    Case("a body of 2 MB", cal(HUGE), status=413, says="larger than", line="TooLarge"),
    Case("2 MB in pieces without a length", cal(HUGE, chunk=65_536), status=413, says="larger than", line="TooLarge"),
    Case(
        "2 MB that claim to be two bytes",
        cal(HUGE, headers=[("content-length", "2")]),
        status=413,
        says="larger than",
        line="TooLarge",
    ),
    Case("a length that is no number", cal(booked(), headers=[("content-length", "many")]), **TAKEN),
    Case("a body byte by byte", cal(booked(), chunk=1), **TAKEN),
    Case("what is not JSON", cal(b"uid=1&triggerEvent=BOOKING_REQUESTED"), **NO_JSON),
    Case("JSON cut off", cal(as_sent(booked())[:-2]), **NO_JSON),
    Case("two documents in one body", cal(as_sent(booked()) * 2), **NO_JSON),
    Case("JSON in UTF-16", cal(json.dumps(booked()).encode("utf-16")), **NO_JSON),
    Case("JSON in Latin-1", spelled(booked(), b"Sarah Jones", b"Sar\xe9"), **NO_JSON),
    Case("JSON behind a byte order mark", cal(b"\xef\xbb\xbf" + as_sent(booked())), **NO_JSON),
    Case("a NUL among the JSON", cal(b"\x00" + as_sent(booked())), **NO_JSON),
    Case(
        "compressed JSON",
        cal(gzip.compress(as_sent(booked()), mtime=0), headers=[("content-encoding", "gzip")]),
        **NO_JSON,
    ),
    Case("NaN for a number", spelled(booked(), b'"length":30', b'"length":NaN'), **NO_JSON),
    Case("a number of 5000 digits", spelled(booked(), b'"length":30', b'"length":' + b"9" * 5000), **NO_JSON),
    Case("a number beyond every float", spelled(booked(), b'"length":30', b'"length":1e999'), **TAKEN),
    Case("100 000 lists inside each other", cal(nested(100_000)), **NO_JSON),
    Case("JSON false", cal(False), status=400, says="not a JSON object", line="NotUnderstood"),
    Case("JSON null", cal(None), status=400, says="not a JSON object", line="NotUnderstood"),
    Case("a list of webhooks", cal([booked(), booked()]), status=400, says="not a JSON object", line="NotUnderstood"),
    Case(
        "JSON that is labelled as a form",
        cal(booked(), headers=[("content-type", "application/x-www-form-urlencoded")]),
        **TAKEN,
    ),
    Case("JSON that is labelled as nonsense", cal(booked(), headers=[("content-type", b"\xff;;")]), **TAKEN),
    # what it says
    Case("no trigger", cal({"payload": {}}), **NO_TRIGGER),
    Case("a trigger that is an object", cal({"triggerEvent": {}, "payload": {}}), **NO_TRIGGER),
    Case("a trigger that would forge a line in the log", cal(webhook("PING\nlevel=error", {})), **NO_TRIGGER),
    Case(
        "a trigger that we do not follow",
        cal(webhook("RECORDING_READY", {})),
        status=200,
        says=IGNORED,
        line="RECORDING_READY",
    ),
    Case("no payload", cal({"triggerEvent": "BOOKING_REQUESTED"}), status=400, says="payload is", line="payload is"),
    Case(
        "a payload that is a list",
        cal(webhook("BOOKING_CREATED", [])),
        status=400,
        says="payload is",
        line="payload is",
    ),
    Case("an empty payload", cal(webhook("BOOKING_REQUESTED", {})), **NO_UID),
    Case("no uid", cal(booked(uid=ABSENT, iCalUID=ABSENT)), **NO_UID),
    Case("an empty uid", cal(booked(uid="", iCalUID="")), **NO_UID),
    Case("a uid that is a number", cal(booked(uid=7)), **NO_UID),
    Case("a uid that leads elsewhere", cal(booked(uid="../../v2/me")), **NO_UID),
    Case("a uid with a space", cal(booked(uid="a b")), **NO_UID),
    Case("a uid with a NUL", cal(booked(uid="a\x00")), **NO_UID),
    Case("a uid with a line break behind it", cal(booked(uid="a\n")), **NO_UID),
    Case("a uid in another script", cal(booked(uid="бронь")), **NO_UID),
    Case("a uid that is too long", cal(booked(uid="u" * 65)), **NO_UID),
    Case("no start", cal(booked(startTime=None)), **NO_START),
    Case("a start without an offset", cal(booked(startTime="2099-05-12T09:30:00")), **NO_START),
    Case("a start on a day that does not exist", cal(booked(startTime="2099-02-30T09:30:00Z")), **NO_START),
    Case("a start at the end of time", cal(booked(startTime="9999-12-31T23:59:59Z")), **NO_START),
    Case("a start that is a number", cal(booked(startTime=4082081400)), **NO_START),
    Case(
        "a start in the past",
        cal(booked(startTime=LONG_AGO)),
        status=200,
        says=IGNORED,
        line=f"{UID} was requested: ignored",
    ),
    Case("an end before the start", cal(booked(endTime=LONG_AGO, length=-30)), **TAKEN),
    Case("a key that comes twice", spelled(booked(), b'"uid":', b'"uid":"../..","uid":'), **TAKEN),
    Case(
        "a name with NUL, bell and a change of direction", by(name="S\x00a\x07ra\u202eh", phoneNumber=PATIENT), **TAKEN
    ),
    Case("a name with half of a character", by(name="Sar\ud800ah", phoneNumber=PATIENT), **TAKEN),
    Case("a name of 10 kB", by(name="S" * 10_000, phoneNumber=PATIENT), **TAKEN),
    Case("a name that is a template", by(name="{clinic.__class__} %s ${x}", phoneNumber=PATIENT), **TAKEN),
    Case("a name that is a list", by(name=["Sarah"], phoneNumber=PATIENT), **TAKEN),
    Case("a zone that does not exist", by(timeZone="Mars/Olympus_Mons", phoneNumber=PATIENT), **TAKEN),
    Case("a zone that is somebody's file", by(timeZone="../../../etc/passwd", phoneNumber=PATIENT), **TAKEN),
    Case("a language that is somebody's file", by(language={"locale": "../../etc"}, phoneNumber=PATIENT), **TAKEN),
    Case("objects where lists should be, and lists for objects", cal(booked(responses=[], organizer=[1])), **TAKEN),
    # a booking without a phone that can be texted is a fact, and an item for staff
    Case("no phone", by(), **TO_STAFF),
    Case("a phone that is none", by(phoneNumber="please e-mail me"), **TO_STAFF),
    Case("a phone that is a number", by(phoneNumber=12025550143), **TO_STAFF),
    Case("an emergency number", by(phoneNumber="911"), **TO_STAFF),
    Case("a phone with too many digits", by(phoneNumber="+1" + "2" * 40), **TO_STAFF),
    Case("a phone of 10 kB", by(phoneNumber="+1" * 5_000), **TO_STAFF),
    Case("no attendees", cal(booked(attendees=[])), **TO_STAFF),
    Case("attendees that are words", cal(booked(attendees=["Sarah"])), **TO_STAFF),
    # again, and out of order
    Case("a webhook once more", cal(booked()), 200, DUPLICATE, "duplicate", given=[cal(booked())]),
    Case("a request after its cancellation", cal(booked()), 200, IGNORED, "ignored", given=[cal(called_off())]),
    Case(
        "a cancellation of what we never met",
        cal(called_off()),
        status=200,
        says=ACCEPTED,
        line="accepted",
        stores=["booking.seen_settled"],
    ),
    Case(
        "a confirmation from before the cancellation, played again",
        cal(at("08:05", created())),
        status=200,
        says=DUPLICATE,
        line="duplicate",
        given=[cal(booked()), cal(at("08:05", created())), cal(at("08:10", called_off()))],
    ),
    Case(
        "a confirmation that its cancellation has overtaken",
        cal(at("08:05", created())),
        status=200,
        says=DUPLICATE,
        line="duplicate",
        given=[cal(booked()), cal(at("08:10", called_off()))],
    ),
    Case(
        "the first request, played again after the booking was moved",
        cal(booked()),
        status=200,
        says=DUPLICATE,
        line="duplicate",
        given=[cal(booked()), cal(at("08:05", booked(startTime=MOVED_START)))],
    ),
    Case(
        "a cancellation while our own call is owed",
        cal(called_off()),
        status=200,
        says=ACCEPTED,
        line="accepted",
        stores=["booking.calendar_differs"],
        given=[answered_yes],
    ),
    # the address
    Case("GET for Cal.com", Request(CAL, method="GET"), 405, "another method", "refused"),
    Case("DELETE for Cal.com", Request(CAL, method="DELETE"), 405, "another method", "refused"),
    Case("an address that leads nowhere", cal(booked(), "/api/webhooks/cat"), 404, "nothing here", "refused"),
    Case("a path out of the path", cal(booked(), f"{CAL}/..%2F..%2F"), 404, "nothing here", "refused"),
    Case(
        "an address that would clear the screen",
        Request("/%1B%5B2J", method="GET"),
        status=404,
        says="nothing here",
        line="refused",
    ),
    Case(
        "a slash too many",
        cal(booked(), f"{CAL}/"),
        status=404,
        says="nothing here",
        line="refused",
    ),
]


def text_signed(value: str | bytes) -> Request:
    return text(headers=[("x-twilio-signature", value)])


FORBIDDEN = {"status": 403, "says": EMPTY, "line": "NotAuthentic"}
NOT_UNDERSTOOD = {"status": 400, "says": EMPTY, "line": "NotUnderstood"}
NOT_FOR_US = {"status": 200, "says": TWIML, "line": "nothing for us"}
HEARD = {"status": 200, "says": TWIML, "line": "accepted", "stores": FROM_A_STRANGER}
REPLIED = {"status": 200, "says": TWIML, "line": "accepted", "given": [asked]}
UNCLEAR = ("conversation.heard", "booking.reply_unclear")
FIELDS = [("AccountSid", ACCOUNT), ("MessageSid", SID), ("From", PATIENT), ("To", CLINIC), ("Body", "YES")]
TEXTS = [
    # who speaks
    Case("a text without a signature", Request(SMS, body=text().body), **FORBIDDEN),
    Case("a text with an empty signature", text_signed(""), **FORBIDDEN),
    Case("a text signed by another token", text(token="guessed"), **FORBIDDEN),
    Case("a text whose signature is not ASCII", text_signed("é".encode("latin-1") * 28), **FORBIDDEN),
    Case("a text whose signature is not base64", text_signed("%%%"), **FORBIDDEN),
    Case(
        "a text signed for http", text_signed(twilio_signature("http://replyes.example.org" + SMS, FIELDS)), **FORBIDDEN
    ),
    Case("a text signed for another address", Request(SMS, text(STATUS).headers, text().body), **FORBIDDEN),
    Case(
        "a text signed for the host that it names",
        text(
            headers=[
                ("host", "evil.example"),
                ("x-twilio-signature", twilio_signature("https://evil.example" + SMS, FIELDS)),
            ]
        ),
        **FORBIDDEN,
    ),
    Case("a text with a query that was not signed", Request(f"{SMS}?a=b", text().headers, text().body), **FORBIDDEN),
    Case("a text changed on its way", Request(SMS, text().headers, text(Body="NO").body), **FORBIDDEN),
    Case("a text for somebody else's account", text(AccountSid="AC" + "ff" * 16), **FORBIDDEN),
    Case("a text without an account", text(without="AccountSid"), **FORBIDDEN),
    Case("a webhook of Cal.com's at the carrier's door", cal(booked(), SMS), **FORBIDDEN),
    Case("a text for a clinic that we do not have", text(f"{SMS}/elsewhere"), 404, EMPTY, "UnknownClinic"),
    # the form
    Case("a signed text without a body", form({}), **FORBIDDEN),
    Case("a text of 2 MB", text(Body="x" * 2_000_000), status=413, says=EMPTY, line="TooLarge"),
    Case(
        "a text of 2 MB in pieces",
        Request(SMS, text().headers, b"Body=" + b"x" * 2_000_000, chunk=65_536),
        status=413,
        says=EMPTY,
        line="TooLarge",
    ),
    Case("JSON that is labelled as a form", Request(SMS, text().headers, b'{"Body":"YES"}'), **FORBIDDEN),
    Case("a form that is labelled as JSON", text(headers=[("content-type", "application/json")]), **HEARD),
    Case("bytes that are not UTF-8", Request(SMS, text().headers, b"Body=\xff"), **FORBIDDEN),
    Case("an escape that is not UTF-8", Request(SMS, text().headers, b"Body=%FF"), **FORBIDDEN),
    Case("a form of 300 fields", form([*FIELDS, *((f"Media{n}", "") for n in range(300))]), **FORBIDDEN),
    Case("a field whose name continues the address", form([*FIELDS, ("/status", "")]), **FORBIDDEN),
    Case("a field that comes twice and says the same", form([*FIELDS, ("Body", "YES")]), **HEARD),
    Case("a field that comes twice and says another", form([*FIELDS, ("Body", "NO")]), **NOT_UNDERSTOOD),
    Case("two senders", form([*FIELDS, ("From", "+12025550144")]), **NOT_UNDERSTOOD),
    Case("no message id", text(without="MessageSid"), **NOT_UNDERSTOOD),
    Case("a message id of 10 kB", text(MessageSid="SM" + "5e" * 5_000), **NOT_UNDERSTOOD),
    Case("a message id that leads elsewhere", text(MessageSid="../" + SID), **NOT_UNDERSTOOD),
    Case("a message id with a line break behind it", text(MessageSid=SID + "\n"), **NOT_UNDERSTOOD),
    # who texts
    Case("no sender", text(without="From"), **NOT_FOR_US),
    Case("a sender on WhatsApp", text(From=f"whatsapp:{PATIENT}"), **NOT_FOR_US),
    Case("a sender with a short code", text(From="72975"), **NOT_FOR_US),
    Case("a sender with a name", text(From="Bank"), **NOT_FOR_US),
    Case("a sender whose number is too long", text(From="+1" + "2" * 40), **NOT_FOR_US),
    # what is texted, by nobody that we know
    Case("a text without words", text(Body=""), **HEARD),
    Case("a text without a Body", text(without="Body"), **HEARD),
    Case("a text of NULs and bells", text(Body="\x00\x07\x1b[2J"), **HEARD),
    Case("a text of 10 kB", text(Body="YES " * 2_500), **HEARD),
    Case("a number of pictures that is none", text(NumMedia="lots"), **HEARD),
    Case("a hint that we do not know", text(OptOutType="MAYBE"), **HEARD),
    # what is texted, by a patient with an open question
    Case("an answer without words", text(Body=""), stores=UNCLEAR, **REPLIED),
    Case("a picture without words", text(Body="", NumMedia="1"), stores=UNCLEAR, **REPLIED),
    Case("an answer of 1600 emoji", text(Body="🤷" * 1600), stores=UNCLEAR, **REPLIED),
    Case(
        "an answer of 1600 thumbs up",
        text(Body="👍" * 1600),
        stores=("conversation.heard", "booking.confirmed"),
        **REPLIED,
    ),
    Case(
        "an answer whose end would be cut off",
        text(Body="YES " * 400 + "but cancel it"),
        stores=UNCLEAR,
        **REPLIED,
    ),
    Case("SQL for an answer", text(Body="'; DROP TABLE bookings; --"), stores=UNCLEAR, **REPLIED),
    Case("a YES with a NUL in it", text(Body="Y\x00ES"), stores=UNCLEAR, **REPLIED),
    # again
    Case("a text once more", text(), 200, TWIML, "duplicate", given=[asked, text()]),
    Case("another text under the same id", text(Body="NO"), 200, TWIML, "duplicate", given=[asked, text()]),
    Case("GET for a text", Request(SMS, method="GET"), 405, "another method", "refused"),
]

UNKNOWN = {"status": 204, "says": EMPTY, "line": SID}
FIRST_SID = f"SM{1:032x}"  # of the first text that we send
REPORTS = [
    Case("a report without a signature", Request(f"{STATUS}/{KEY}", body=report().body), **FORBIDDEN),
    Case("a report for another key", Request(f"{STATUS}/{'e1' * 16}", report().headers, report().body), **FORBIDDEN),
    Case("a report for somebody else's account", report(AccountSid="AC" + "ff" * 16), **FORBIDDEN),
    Case("a report in JSON", Request(STATUS, report().headers, b'{"MessageStatus":"delivered"}'), **FORBIDDEN),
    Case("a report of 2 MB", report(Junk="x" * 2_000_000), status=413, says=EMPTY, line="TooLarge"),
    Case("a report without a message id", report(without="MessageSid"), **NOT_UNDERSTOOD),
    Case("a report with a message id of 10 kB", report(MessageSid="SM" + "5e" * 5_000), **NOT_UNDERSTOOD),
    Case(
        "a report with two statuses", form([*FIELDS, *[("MessageStatus", s) for s in "ab"]], STATUS), **NOT_UNDERSTOOD
    ),
    Case("a report on a text that is not ours", report(), **UNKNOWN),
    Case("a report without a key, on a text that is not ours", report(STATUS), **UNKNOWN),
    Case("a report without a status", report(without="MessageStatus"), **UNKNOWN),
    Case(
        "a report with a status that nobody knows",
        report(MessageStatus="teleported"),
        **UNKNOWN,
    ),
    Case("a report whose key is a NUL", report(f"{STATUS}/%00"), **UNKNOWN),
    Case("a report whose key is not UTF-8", report(f"{STATUS}/%FF"), **UNKNOWN),
    Case("a report whose key is 3000 letters", report(f"{STATUS}/{'k' * 3000}"), **UNKNOWN),
    Case(
        "a report that comes after a better one",
        report(MessageSid=FIRST_SID, MessageStatus="sent"),
        status=204,
        says=EMPTY,
        line=FIRST_SID,
        given=[asked, report(MessageSid=FIRST_SID)],
    ),
    Case(
        "a failure with an error code of 10 kB",
        report(MessageSid=FIRST_SID, MessageStatus="failed", ErrorCode="3" * 10_000),
        status=204,
        says=EMPTY,
        line=FIRST_SID,
        stores=["text.delivery_reported", "staff.needed"],
        given=[asked],
    ),
    Case("GET for a report", Request(STATUS, method="GET"), 405, "another method", "refused"),
]


@pytest.mark.parametrize("case", [*as_params(CALENDAR), *as_params(TEXTS), *as_params(REPORTS)])
def test_bad_input_has_a_clear_answer_and_leaves_nothing_but_the_fact_that_is_due(
    case: Case, product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    prepare(product, case.given)
    calls, before, known = len(product.outside.calls), product.everything(), len(product.facts())
    caplog.clear()
    caplog.set_level(logging.INFO)

    response = product.send(case.request)[0]

    assert_clear(response, case)
    assert_one_safe_line(caplog.records, case)
    assert product.facts()[known:] == list(case.stores)
    assert case.stores or product.everything() == before
    assert len(product.outside.calls) == calls, "a webhook never waits for Cal.com or the carrier"

    after = product.everything()
    product.send(case.request)
    assert product.everything() == after, "the same request again changes nothing"
    assert PASSWORD not in str(after)


def prepare(product: Product, steps: Sequence[Step]) -> None:
    for step in steps:
        product.send(step) if isinstance(step, Request) else step(product)


def assert_clear(response: httpx.Response, case: Case) -> None:
    """The status, the words, and nothing that a carrier would text to a patient."""
    assert response.status_code == case.status
    assert case.says in response.text
    assert case.says or not response.content
    assert "text/plain" not in response.headers.get("content-type", "")


def assert_one_safe_line(records: Sequence[logging.LogRecord], case: Case) -> None:
    """One line of ours that names what happened; no traceback, no secret and no whole phone number in any line."""
    lines = [record for record in records if record.name.startswith("replyes") and record.name != "replyes.staff"]
    assert [line.levelno in (logging.INFO, logging.WARNING) for line in lines] == [True]
    assert case.line in lines[0].getMessage()
    assert lines[0].getMessage().isprintable()
    for record in records:
        assert record.exc_info is None
        assert not [secret for secret in (*SECRETS, PASSWORD, PATIENT[1:]) if secret in record.getMessage()]


# -- What is accepted, but not as it came ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("S\x00a\x07rah\r\nJones", "S a rah Jones"),
        ("\u202eSarah\u2066 Jones\ufeff", "Sarah Jones"),
        ("Sar\ud800ah", "Sarah"),
        ("  Sarah\u2028\u2029\u3000Jones ", "Sarah Jones"),
        ("Zoe\u0308", "Zoë"),
        ("S" * 10_000, "S" * 60),
        ("{clinic.__class__} %s ${x}", "{clinic.__class__} %s ${x}"),
        ({"firstName": "Sarah", "lastName": "Jones\x00"}, "Sarah Jones"),
        (["Sarah"], "Sarah Jones"),  # the answer to the form's own question stands in
    ],
)
def test_a_name_is_kept_as_one_short_line_of_what_can_be_read(product: Product, name: object, kept: str) -> None:
    product.send(by(name=name, phoneNumber=PATIENT))
    assert product.rows("SELECT name FROM bookings") == [(kept,)]


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus_Mons", "../../../etc/passwd", "/etc/localtime", "posixrules", "", None, 5]
)
def test_a_zone_that_does_not_exist_falls_back_to_the_hosts(product: Product, zone: object) -> None:
    product.send(by(timeZone=zone, phoneNumber=PATIENT))
    product.deliver()
    assert "Tue 12 May at 10:30 am" in sent(product)  # in London


@pytest.mark.parametrize("locale", ["../../etc", "xx", "en-GB-oxendict", "tlh", "e" * 500, None, 7])
def test_a_language_that_we_do_not_speak_is_answered_in_the_clinics(product: Product, locale: object) -> None:
    product.send(by(language={"locale": locale}, phoneNumber=PATIENT))
    product.deliver()
    assert "Reply YES to confirm" in sent(product)


@pytest.mark.parametrize("name", ["{clinic}", "%s", "${x}", "{{x", "x}"])
def test_a_name_is_no_template(product: Product, name: str) -> None:
    product.send(by(name=name, phoneNumber=PATIENT))
    product.deliver()
    assert f"Hi {name}!" in sent(product)


def sent(product: Product) -> str:
    """The one text that left."""
    (call,) = [call for call in product.outside.calls if call.method == "POST"]
    return dict(parse_qsl(call.content.decode()))["Body"]


# -- What only a person can settle ----------------------------------------------------------------------------

NO_PHONE = "The booking has no phone number that can be texted."


def test_a_booking_without_a_phone_waits_for_a_person(product: Product) -> None:
    product.send(by())
    assert [why for why, _ in product.staff()] == [NO_PHONE]
    assert product.state() == "requested"


def test_a_person_is_told_which_booking_has_no_phone(product: Product) -> None:
    product.send(by())
    assert product.staff() == [(NO_PHONE, [f"booking-main-{UID}"])]


# -- What arrives together ------------------------------------------------------------------------------------


def test_a_webhook_that_arrives_twenty_times_at_once_is_taken_once(product: Product) -> None:
    said = [response.json()["status"] for response in product.send(*[cal(booked())] * 20)]
    assert sorted(said) == ["accepted"] + ["duplicate"] * 19
    assert product.facts() == list(BOOKED)


def test_a_text_that_arrives_twenty_times_at_once_is_heard_once(product: Product) -> None:
    asked(product)
    assert {response.status_code for response in product.send(*[text()] * 20)} == {200}
    assert product.facts().count("conversation.heard") == 1
    assert product.state() == "confirmed"


def test_good_webhooks_do_not_suffer_from_bad_neighbours(product: Product) -> None:
    good = [cal(booked(uid=f"good{number}")) for number in range(5)]
    bad = [UNSIGNED, cal(b""), cal(HUGE), text(token="guessed"), by(name="\ud800"), Request(CAL, method="GET")]
    answers = product.send(*[request for pair in zip(good, bad, strict=False) for request in pair])
    assert [answer.json() for answer in answers[::2]] == [{"status": "accepted"}] * 5


def test_a_report_under_another_texts_id_proves_nothing_of_a_text_in_doubt(product: Product) -> None:
    asked(product)
    product.send(cal(booked(uid="other", attendees=[attendee(phoneNumber="+12025550144")])))
    product.outside.is_silent = True
    product.deliver()
    doubt = "SELECT errand, attempted_at, status FROM outbox WHERE attempted_at IS NOT NULL"
    ((errand, _, _),) = before = product.rows(doubt)
    (answer,) = product.send(report(f"{STATUS}/{errand}", MessageSid=FIRST_SID))
    assert (answer.status_code, answer.content) == (204, b"")
    assert product.rows(doubt) == before
    assert product.state("other") == "requested"


def test_a_question_about_too_many_bookings_still_tells_how_to_answer(product: Product) -> None:
    for week in range(20):
        product.send(cal(booked(uid=f"week{week}", recurringEvent={"count": 20})))
    product.deliver()
    assert "Reply YES" in sent(product)


# -- What nobody thought of -----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=KINDS)
def busy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for many requests."""
    with new_database(request.param, tmp_path_factory.mktemp("busy")) as url, new_product(url) as product:
        asked(product)
        yield product


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters())
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=9)
TRIGGERS = st.sampled_from(["REQUESTED", "CREATED", "CANCELLED", "REJECTED", "RESCHEDULED"]).map("BOOKING_{}".format)
PHONES = st.sampled_from([PATIENT, "+12025550144"]) | st.none() | st.text()
# Not "." and "..", which a client takes out of a path before it sends it.
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="/."), min_size=1)
WORDS = st.sampled_from(["YES", "NO", "STOP", "START", "HELP", "CANCEL", ""]) | st.text()


@given(trigger=TRIGGERS, uid=st.sampled_from([UID, "other"]), phone=PHONES, data=st.data())
@settings(max_examples=60)
def test_no_signed_webhook_is_too_strange(
    busy: Product, trigger: str, uid: str, phone: object, data: st.DataObject
) -> None:
    payload = booked(uid=uid, attendees=[attendee(phoneNumber=phone)])["payload"]
    strange = data.draw(st.dictionaries(st.sampled_from(sorted(payload)), JSON, max_size=3))
    (answer,) = busy.send(cal(webhook(trigger, {**payload, **strange})))
    assert answer.status_code in (200, 400)


@given(body=st.binary() | JSON.map(as_sent))
@settings(max_examples=60)
def test_no_signed_body_is_too_strange(busy: Product, body: bytes) -> None:
    (answer,) = busy.send(cal(body))
    assert answer.status_code in (200, 400)


@given(
    number=st.integers(0, 2**32),
    words=WORDS,
    strange=st.dictionaries(
        st.sampled_from(["From", "To", "NumMedia", "OptOutType", "MessageSid", "X"]), st.text(), max_size=2
    ),
)
@settings(max_examples=60)
def test_no_signed_text_is_too_strange(busy: Product, number: int, words: str, strange: dict[str, str]) -> None:
    (answer,) = busy.send(text(**{"MessageSid": f"SM{number:032x}", "Body": words, **strange}))
    assert answer.status_code in (200, 400)


@given(status=st.sampled_from(["sent", "delivered", "failed"]) | st.text(), code=st.text(), key=KEYS)
@settings(max_examples=60)
def test_no_signed_report_is_too_strange(busy: Product, status: str, code: str, key: str) -> None:
    path = f"{STATUS}/{quote(key, safe='')}"
    (answer,) = busy.send(report(path, MessageSid=FIRST_SID, MessageStatus=status, ErrorCode=code))
    assert answer.status_code in (204, 404)
