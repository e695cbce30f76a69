"""Twilio at the wire: what we POST, what we make of every answer, and whom we believe."""

import asyncio
import base64
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.twilio import Twilio, TwilioSettings, http_client
from domain.errors import Misconfigured, NotAuthentic, NotUnderstood
from domain.inbound import Blame, ConsentHint, Delivery, DeliveryReport, InboundText
from domain.ports import Accepted, FoundText, InDoubt, OutgoingText, RawRequest, Rejected, Retry
from tests.adapters.outcomes import outcome_of

ACCOUNT = "AC" + "0a" * 16
TOKEN = "7f" * 16
OLD_TOKEN = "3c" * 16
SID = "SM" + "5e" * 16
OTHER_SID = "SM" + "6f" * 16
PATIENT = "+12025550143"
CLINIC = "+12025550100"
KEY = "d0" * 16
SETTINGS = TwilioSettings(ACCOUNT, (TOKEN, OLD_TOKEN), CLINIC, "https://replyes.example.org")
QUESTION = OutgoingText(KEY, PATIENT, "Dr. Lee, Tue 10:30. Reply YES or NO – merci ☎", timedelta(hours=2))
SINCE = datetime(2026, 11, 23, 10, 0, 0, 900_000, tzinfo=UTC)
TEXTS, REPORTS = "/api/webhooks/sms", f"/api/webhooks/sms/status/{KEY}"

T = TypeVar("T")
Fields = dict[str, str] | list[tuple[str, str]]
Handler = Callable[[httpx.Request], httpx.Response]
AsyncHandler = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def call(
    handler: Handler | AsyncHandler, work: Callable[[Twilio], Awaitable[T]], settings: TwilioSettings = SETTINGS
) -> T:
    """Run one piece of work against a Twilio whose network is the handler."""

    async def main() -> T:
        async with http_client(httpx.MockTransport(handler)) as client:
            return await work(Twilio(settings, client, time_limit=0.05))

    return asyncio.run(main())


def signature(url: str, pairs: Iterable[tuple[str, str]], token: str = TOKEN, digest: str = "sha1") -> str:
    """Twilio's signature by its documentation, written a second time."""
    signed = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), digest).digest()).decode()


def pairs_of(fields: Fields) -> list[tuple[str, str]]:
    return list(fields.items()) if isinstance(fields, dict) else fields


def signed(fields: Fields, path: str = TEXTS, token: str = TOKEN, digest: str = "sha1") -> RawRequest:
    pairs = pairs_of(fields)
    header = signature("https://replyes.example.org" + path, pairs, token, digest)
    return RawRequest("POST", path, {"x-twilio-signature": header}, urlencode(pairs).encode())


def inbound(**changes: str) -> dict[str, str]:
    """An SMS as Twilio tells of it; the places are often blank, and signed."""
    return {
        "ToCountry": "US",
        "ToState": "",
        "FromCity": "",
        "SmsMessageSid": SID,
        "NumMedia": "0",
        "MessageSid": SID,
        "AccountSid": ACCOUNT,
        "SmsStatus": "received",
        "Body": " Yes ",
        "From": PATIENT,
        "To": CLINIC,
        "ApiVersion": "2010-04-01",
        **changes,
    }


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in inbound().items() if key != name}


def report(**changes: str) -> dict[str, str]:
    fields = {"MessageSid": SID, "MessageStatus": "sent", "SmsStatus": "sent", "AccountSid": ACCOUNT, "To": PATIENT}
    return {**fields, **changes}


CLIENT_FOR_RECEIVERS = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500)))


def receiver(settings: TwilioSettings = SETTINGS) -> Twilio:
    """A Twilio that only receives."""
    return Twilio(settings, CLIENT_FOR_RECEIVERS)


# Sending


def answered(status: int, document: object = None, /, **headers: str) -> Handler:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, content=content, headers=named)


def broken(error: type[Exception]) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("at https://api.twilio.com?To=+12025550143")

    return handler


def refused(status: int, code: int) -> Handler:
    return answered(status, {"code": code, "message": "no", "more_info": "https://…", "status": status})


def rejected(code: str, blame: Blame) -> Rejected:
    return Rejected(code, "", blame)


PERMANENT, CONFIGURATION, OPTED_OUT = Blame.PERMANENT, Blame.CONFIGURATION, Blame.OPTED_OUT
REFUSED_ACCOUNT = Blame.ACCOUNT
SOON = timedelta(seconds=7)

OUTCOMES: dict[str, tuple[Handler, Accepted | Rejected | Retry | InDoubt]] = {
    "created": (answered(201, {"sid": SID, "status": "queued"}), Accepted(SID)),
    "created, an MMS": (answered(201, {"sid": "MM" + "5E" * 16}), Accepted("MM" + "5E" * 16)),
    "created with nonsense for an id": (answered(201, {"sid": "yes"}), InDoubt("")),
    "created with a number for an id": (answered(201, {"sid": 17}), InDoubt("")),
    "authentication": (refused(401, 20003), rejected("20003", REFUSED_ACCOUNT)),
    "forbidden, unknown code": (refused(403, 29999), rejected("29999", REFUSED_ACCOUNT)),
    "no such account": (refused(404, 20404), rejected("20404", REFUSED_ACCOUNT)),
    "account not active": (refused(400, 20005), rejected("20005", REFUSED_ACCOUNT)),
    "account suspended": (refused(400, 30002), rejected("30002", REFUSED_ACCOUNT)),
    "no account of ours": (refused(400, 10001), rejected("10001", REFUSED_ACCOUNT)),
    "forbidden region": (refused(403, 21408), rejected("21408", CONFIGURATION)),
    "region not enabled": (refused(400, 21408), rejected("21408", CONFIGURATION)),
    "sender is no Twilio number": (refused(400, 21606), rejected("21606", CONFIGURATION)),
    "sender cannot send": (refused(400, 21601), rejected("21601", CONFIGURATION)),
    "no sender": (refused(400, 21603), rejected("21603", CONFIGURATION)),
    "sender of another account": (refused(400, 21660), rejected("21660", CONFIGURATION)),
    "trial account": (refused(400, 21608), rejected("21608", CONFIGURATION)),
    "callback URL refused": (refused(400, 21609), rejected("21609", CONFIGURATION)),
    "unregistered 10DLC": (refused(400, 30034), rejected("30034", CONFIGURATION)),
    "opted out": (refused(400, 21610), rejected("21610", OPTED_OUT)),
    "opted out, told with a 403": (refused(403, 21610), rejected("21610", OPTED_OUT)),
    "invalid number": (refused(400, 21211), rejected("21211", Blame.NO_WAY)),
    "landline": (refused(400, 21635), rejected("21635", Blame.NO_WAY)),
    "a code that nobody knows": (refused(400, 99999), rejected("99999", PERMANENT)),
    "no code": (answered(400, {"message": "no"}), rejected("HTTP 400", PERMANENT)),
    "a code that is none": (answered(400, {"code": "<b>"}), rejected("HTTP 400", PERMANENT)),
    "the newer shape of errors": (
        answered(400, {"type": "https://…", "title": "Opted out", "status": 400, "code": 21610, "detail": "no"}),
        rejected("21610", OPTED_OUT),
    ),
    "queue full": (refused(400, 21611), Retry("")),
    "daily limit": (refused(400, 63038), Retry("")),
    "too many requests": (refused(429, 20429), Retry("")),
    "queue full, wait seconds": (answered(400, {"code": 21611}, Retry_After="7"), Retry("", SOON)),
    "internal error with the code of a full queue": (refused(500, 21611), InDoubt("")),
}


@pytest.mark.parametrize(("handler", "expected"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_each_answer_has_one_outcome_and_costs_one_post(
    handler: Handler, expected: Accepted | Rejected | Retry | InDoubt
) -> None:
    assert outcome_of(handler, lambda wire: call(wire, lambda twilio: twilio.send(QUESTION))) == expected


def posted(settings: TwilioSettings = SETTINGS, text: OutgoingText = QUESTION) -> httpx.Request:
    requests = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(201, json={"sid": SID})

    call(handler, lambda twilio: twilio.send(text), settings)
    return requests[0]


def form_of(request: httpx.Request) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode(), strict_parsing=True))


def test_a_text_is_one_form_with_our_key_in_the_callback() -> None:
    request = posted()
    assert str(request.url) == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert form_of(request) == {
        "To": PATIENT,
        "From": CLINIC,
        "Body": QUESTION.body,
        "StatusCallback": f"https://replyes.example.org/api/webhooks/sms/status/{KEY}",
        "ValidityPeriod": "7200",
    }


def test_the_first_token_sends() -> None:
    credentials = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert posted().headers["Authorization"] == f"Basic {credentials}"


def test_a_messaging_service_sends_instead_of_a_number() -> None:
    form = form_of(posted(replace(SETTINGS, sender="MG" + "1b" * 16)))
    assert form["MessagingServiceSid"] == "MG" + "1b" * 16
    assert "From" not in form


def test_a_trailing_slash_in_a_setting_makes_no_double_slash() -> None:
    settings = replace(SETTINGS, public_url="https://replyes.example.org/", api_url="http://127.0.0.1:4010/")
    request = posted(settings)
    assert str(request.url) == f"http://127.0.0.1:4010/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert form_of(request)["StatusCallback"] == f"https://replyes.example.org{REPORTS}"


@pytest.mark.parametrize(
    ("valid_for", "seconds"),
    [
        (timedelta(seconds=-5), "1"),
        (timedelta(0), "1"),
        (timedelta(seconds=59, microseconds=900_000), "59"),
        (timedelta(hours=10), "36000"),
        (timedelta(days=9), "36000"),
    ],
)
def test_the_validity_stays_within_twilios_bounds(valid_for: timedelta, seconds: str) -> None:
    assert form_of(posted(text=replace(QUESTION, valid_for=valid_for)))["ValidityPeriod"] == seconds


# Looking up


def listed(sid: Any = SID, seconds: Any = 0, **changes: Any) -> dict[str, object]:
    created = f"Mon, 23 Nov 2026 10:00:{seconds:02} +0000"
    fields = {"to": PATIENT, "body": QUESTION.body, "direction": "outbound-api", "date_sent": None}
    return {"sid": sid, "date_created": created, **fields, **changes}


def look_up(handler: Handler | AsyncHandler) -> list[FoundText] | Retry:
    return call(handler, lambda twilio: twilio.find(QUESTION, SINCE))


def page(*messages: object, following: object = None) -> Handler:
    return answered(200, {"messages": messages, "next_page_uri": following})


def at(seconds: int) -> datetime:
    return datetime(2026, 11, 23, 10, 0, seconds, tzinfo=UTC)


def test_copies_are_found_oldest_first() -> None:
    found = look_up(page(listed(OTHER_SID, 9), listed(SID, 3)))
    assert found == [FoundText(SID, at(3)), FoundText(OTHER_SID, at(9))]


def test_a_message_of_the_same_second_counts_because_twilio_knows_no_fractions() -> None:
    assert look_up(page(listed(seconds=0))) == [FoundText(SID, at(0))]


@pytest.mark.parametrize(
    "other",
    [
        {"date_created": "Mon, 23 Nov 2026 09:59:59 +0000"},
        {"body": QUESTION.body + " "},
        {"body": None},
        {"to": "+12025550144"},
        {"direction": "inbound"},
        {"direction": None},
    ],
    ids=str,
)
def test_what_is_older_or_another_message_is_not_found(other: dict[str, object]) -> None:
    assert look_up(page(listed(**other), listed(OTHER_SID, direction="outbound-reply"))) == [
        FoundText(OTHER_SID, at(0))
    ]


def test_other_zones_are_the_same_moment() -> None:
    assert look_up(page(listed(date_created="Mon, 23 Nov 2026 11:00:03 +0100"))) == [FoundText(SID, at(3))]


def test_the_list_is_asked_by_recipient_only_and_page_by_page() -> None:
    requests = []
    following = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=%2B12025550143&Page=1&PageToken=PA"

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        first = {"messages": [listed(OTHER_SID, 9)], "next_page_uri": following}
        last = {"messages": [listed(OTHER_SID, 9), listed(SID, 3)], "next_page_uri": None}
        return httpx.Response(200, json=last if request.url.params.get("PageToken") else first)

    assert look_up(handler) == [FoundText(SID, at(3)), FoundText(OTHER_SID, at(9))]
    assert [dict(request.url.params) for request in requests] == [
        {"To": PATIENT, "PageSize": "100"},
        {"To": PATIENT, "Page": "1", "PageToken": "PA"},
    ]
    assert all(request.method == "GET" and request.headers["Authorization"] for request in requests)


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.example/Messages.json?",
        "@elsewhere.example/2010-04-01/Messages.json?",
        "//elsewhere.example/",
        "/2010-04-01/Accounts/AC1/Messages.json?",
        17,
        "",
    ],
)
def test_credentials_do_not_follow_a_next_page_that_leads_elsewhere(following: object) -> None:
    hosts = []

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(200, json={"messages": [listed()], "next_page_uri": following})

    assert look_up(handler) == [FoundText(SID, at(0))]
    assert hosts == ["api.twilio.com"]


def test_a_list_without_end_is_left_after_a_few_pages() -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        endless = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page={len(asked)}"
        return httpx.Response(200, json={"messages": [], "next_page_uri": endless})

    assert look_up(handler) == []
    assert len(asked) == 3


@pytest.mark.parametrize(
    "handler",
    [
        refused(401, 20003),
        refused(404, 20404),
        refused(500, 20500),
        answered(302, None, Location="https://elsewhere.example"),
        answered(200, b"<html>"),
        answered(200, {}),
        answered(200, {"messages": None}),
        answered(200, {"messages": ["SM"]}),
        page(listed(date_created=None)),
        page(listed(date_created="yesterday")),
        page(listed(date_created="Mon, 23 Nov 2026 10:00:00 +99999999999999")),
        page(listed(sid="")),
        page(listed(sid=None)),
        page(following=f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?\x00"),
        broken(httpx.ConnectError),
        broken(httpx.ReadTimeout),
        broken(httpx.RemoteProtocolError),
    ],
)
def test_a_list_that_cannot_be_read_is_not_an_empty_list(handler: Handler) -> None:
    outcome = look_up(handler)
    assert isinstance(outcome, Retry)
    assert "2025550143" not in outcome.detail


# Receiving


def test_a_patients_answer_is_translated() -> None:
    assert receiver().receive_texts(signed(inbound())) == [
        InboundText(message_id=SID, sender=PATIENT, recipient=CLINIC, text=" Yes ")
    ]


@pytest.mark.parametrize(("token", "digest"), [(TOKEN, "sha1"), (OLD_TOKEN, "sha1"), (OLD_TOKEN, "sha256")])
def test_every_token_verifies_with_both_digests(token: str, digest: str) -> None:
    assert receiver().receive_texts(signed(inbound(), token=token, digest=digest))


def test_neither_content_type_nor_host_header_is_believed() -> None:
    request = signed(inbound())
    headers = {**request.headers, "content-type": "application/json", "host": "evil.example"}
    assert receiver().receive_texts(replace(request, headers=headers))
    forged = signature(f"https://evil.example{TEXTS}", inbound().items())
    with pytest.raises(NotAuthentic):
        receiver().receive_texts(replace(request, headers={**headers, "x-twilio-signature": forged}))


@pytest.mark.parametrize(
    ("public_url", "signed_url"),
    [
        ("https://replyes.example.org", "https://replyes.example.org:443"),
        ("https://replyes.example.org:8443", "https://replyes.example.org"),
        ("https://replyes.example.org/", "https://replyes.example.org"),
        ("https://clinics.example/replyes", "https://clinics.example/replyes"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_the_public_url_is_what_is_signed_with_or_without_its_port(public_url: str, signed_url: str) -> None:
    header = signature(signed_url + TEXTS + "?t=a%20b", inbound().items())
    request = RawRequest("POST", TEXTS, {"x-twilio-signature": header}, urlencode(inbound()).encode(), query="t=a%20b")
    assert receiver(replace(SETTINGS, public_url=public_url)).receive_texts(request)


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ("STOP", ConsentHint.STOP),
        ("start", ConsentHint.START),
        ("Help", ConsentHint.HELP),
        ("", None),
        ("UNKNOWN", None),
    ],
)
def test_what_the_carrier_made_of_a_text_is_a_hint(told: str, hint: ConsentHint | None) -> None:
    [text] = receiver().receive_texts(signed(inbound(OptOutType=told)))
    assert text.hint is hint
    assert text.text == " Yes "


@pytest.mark.parametrize(
    ("told", "pictures"),
    [("2", 2), ("", 0), ("-1", 0), ("1.5", 0), ("many", 0), ("٣", 0), ("9" * 5000, 0)],
)
def test_pictures_are_counted_and_a_bad_count_is_none(told: str, pictures: int) -> None:
    [text] = receiver().receive_texts(signed(inbound(NumMedia=told)))
    assert text.pictures == pictures


@pytest.mark.parametrize(
    "sender",
    [
        "whatsapp:+12025550143",
        "rcs:+12025550143",
        "12345",
        "12025550143",
        "Clinic",
        "client:alice",
        "",
        "+02025550143",
        "+120255",
        "+1202555014312345",
        "+١٢٠٢٥٥٥٠١٤٣",
        "+1٢٠٢٥٥٥٠١٤٣",
        "+12025550143\n",
        "+1 202 555 0143",
    ],
)
def test_who_is_no_phone_is_nothing_for_us_and_logged_without_the_number(
    sender: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "replyes.twilio")
    assert receiver().receive_texts(signed(inbound(From=sender))) == []
    [line] = [record.getMessage() for record in caplog.records if record.name == "replyes.twilio"]
    assert SID in line
    assert sender[-2:].strip() in line
    assert len(sender) <= 2 or sender not in line
    assert "\n" not in line


def tampered(**changes: Any) -> RawRequest:
    return replace(signed(inbound()), **changes)


def headed(value: str) -> RawRequest:
    return tampered(headers={"x-twilio-signature": value})


def encoded(body: bytes, url: str = f"https://replyes.example.org{TEXTS}") -> RawRequest:
    """A body that is no proper form, with the signature that a lenient reader would find for it."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return RawRequest("POST", TEXTS, {"x-twilio-signature": signature(url, pairs)}, body)


BODY = urlencode(inbound()).encode()
FORGED: dict[str, RawRequest] = {
    "another token": signed(inbound(), token="1d" * 16),
    "no token": signed(inbound(), token=""),
    "another path": tampered(path="/api/webhooks/sms/other"),
    "a query that was not signed": tampered(query="a=1"),
    "a signature of another request": headed(signature("https://replyes.example.org", [])),
    "a signature of half the length": headed(signed(inbound()).headers["x-twilio-signature"][:14]),
    "a signature that is not ASCII": headed("é" * 28),
    "a signature with a lone surrogate": headed("\udcff" * 28),
    "a signature of the right length": headed("A" * 27 + "="),
    "an unknown digest by header": tampered(
        headers={"x-twilio-signature": "x", "x-twilio-webhooks-signature-settings": "key=k,algorithm=NONE"}
    ),
    "a blank field left out": tampered(body=BODY.replace(b"ToState=&", b"")),
    "a field added": tampered(body=BODY + b"&NumMedia=1"),
    "a JSON body": tampered(body=json.dumps(inbound()).encode()),
    "bytes that are not UTF-8": encoded(BODY + b"&X=\xff"),
    "escapes that are not UTF-8": encoded(BODY + b"&X=%FF"),
    "a lone surrogate": encoded(BODY + b"&X=%ED%A0%80"),
    "more fields than Twilio sends": encoded(BODY + b"".join(b"&X%d=" % number for number in range(200))),
    "another account": signed(inbound(AccountSid="AC" + "1b" * 16)),
    "no account": signed(without("AccountSid")),
    "a path with a broken IPv6 host": tampered(path="//[::1" + TEXTS),
    "a surrogate in the path": tampered(path=TEXTS + "\udcff"),
    "a method that nobody signed": RawRequest("GET", TEXTS, {"x-twilio-signature": "x"}, b""),
}


@pytest.mark.parametrize("receive", ["texts", "reports"])
@pytest.mark.parametrize("request_", FORGED.values(), ids=FORGED.keys())
def test_what_twilio_did_not_sign_for_us_is_not_authentic(request_: RawRequest, receive: str) -> None:
    twilio = receiver()
    with pytest.raises(NotAuthentic) as caught:
        twilio.receive_texts(request_) if receive == "texts" else twilio.receive_reports(request_, KEY)
    assert caught.value.signed


@pytest.mark.parametrize("public_url", ["https://host:99999", "https://host:x", "https://[::1", "", "://"])
def test_a_public_url_that_makes_no_sense_believes_nobody_and_breaks_nothing(public_url: str) -> None:
    with pytest.raises(NotAuthentic):
        receiver(replace(SETTINGS, public_url=public_url)).receive_texts(headed("A" * 28))


@pytest.mark.parametrize(("origin", "piece"), [(REPORTS, f"/status/{KEY}"), (TEXTS + "?t=1", "?t=1")])
def test_a_signature_cannot_be_moved_to_another_url_of_ours(origin: str, piece: str) -> None:
    """URL, names and values are signed with nothing in between, so a name could hold the end of the URL."""
    moved = [(piece, ""), *inbound().items()]
    url = "https://replyes.example.org"
    assert signature(url + origin, inbound().items()) == signature(url + TEXTS, moved)
    with pytest.raises(NotAuthentic):
        receiver().receive_texts(signed(moved))


MALFORMED: dict[str, RawRequest] = {
    "no id": signed(without("MessageSid")),
    "a blank id": signed(inbound(MessageSid="")),
    "an id of another kind": signed(inbound(MessageSid="CA" + "5e" * 16)),
    "an id that is too long": signed(inbound(MessageSid=SID + "0" * 40)),
    "an id with a line feed": signed(inbound(MessageSid=SID + "\n")),
    "an id with a path in it": signed(inbound(MessageSid="SM../../" + "5e" * 12 + "aa")),
    "two ids": signed([*inbound().items(), ("MessageSid", OTHER_SID)]),
    "two accounts": signed([*inbound().items(), ("AccountSid", "AC" + "1b" * 16)]),
    "two senders": signed([*inbound().items(), ("From", "+12025550144")]),
    "two bodies": signed([*inbound().items(), ("Body", "NO")]),
    "two recipients": signed([*inbound().items(), ("To", "+12025550144")]),
    "two hints": signed([*inbound(OptOutType="STOP").items(), ("OptOutType", "START")]),
    "two numbers of pictures": signed([*inbound().items(), ("NumMedia", "1")]),
    "a GET": RawRequest(
        "GET",
        TEXTS,
        {"x-twilio-signature": signature(f"https://replyes.example.org{TEXTS}?{urlencode(inbound())}", [])},
        b"",
        query=urlencode(inbound()),
    ),
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_signed_but_makes_no_sense_is_not_understood(request_: RawRequest) -> None:
    with pytest.raises(NotUnderstood):
        receiver().receive_texts(request_)


def test_a_field_that_comes_twice_alike_or_that_we_do_not_use_does_no_harm() -> None:
    fields = [*inbound().items(), ("From", PATIENT), ("Extra.Field", "1"), ("Extra.Field", "2")]
    assert len(receiver().receive_texts(signed(fields))) == 1


names = st.builds(str.__add__, st.sampled_from("abcxyz"), st.text(max_size=8))
values = st.text(max_size=20)


@settings(deadline=None)
@given(extra=st.lists(st.tuples(names, values), max_size=12), order=st.randoms(use_true_random=False))
def test_whatever_fields_twilio_adds_its_signature_holds(extra: list[tuple[str, str]], order: Any) -> None:
    fields = [*inbound().items(), *extra]
    order.shuffle(fields)
    assert len(receiver().receive_texts(signed(fields))) == 1


@settings(deadline=None)
@given(place=st.integers(0, 27), other=st.characters(codec="latin-1"))
def test_one_changed_character_in_the_signature_breaks_it(place: int, other: str) -> None:
    header = signed(inbound()).headers["x-twilio-signature"]
    if header[place] == other:
        return
    with pytest.raises(NotAuthentic):
        receiver().receive_texts(headed(header[:place] + other + header[place + 1 :]))


@settings(deadline=None)
@given(body=st.binary(max_size=200), header=st.text(max_size=40), path=st.text(max_size=40), query=st.text(max_size=40))
def test_noise_is_never_anything_but_not_authentic(body: bytes, header: str, path: str, query: str) -> None:
    with pytest.raises(NotAuthentic):
        receiver().receive_texts(RawRequest("POST", path, {"x-twilio-signature": header}, body, query))


# Delivery reports


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("queued", Delivery.ACCEPTED),
        ("accepted", Delivery.ACCEPTED),
        ("scheduled", Delivery.ACCEPTED),
        ("sending", Delivery.ACCEPTED),
        ("sent", Delivery.SENT),
        ("delivered", Delivery.DELIVERED),
        ("read", Delivery.DELIVERED),
        ("partially_delivered", Delivery.DELIVERED),
        ("undelivered", Delivery.UNDELIVERED),
        ("failed", Delivery.UNDELIVERED),
        ("canceled", Delivery.UNDELIVERED),
    ],
)
def test_each_status_says_how_far_a_text_has_come(told: str, status: Delivery) -> None:
    request = signed(report(MessageStatus=told), REPORTS)
    assert receiver().receive_reports(request, KEY) == [DeliveryReport(SID, status, KEY)]


@pytest.mark.parametrize("told", ["receiving", "received", "teleported", "SENT "])
def test_a_status_that_says_nothing_is_no_report(told: str) -> None:
    assert receiver().receive_reports(signed(report(MessageStatus=told), REPORTS), KEY) == []


def test_the_older_name_of_the_status_is_read_where_the_newer_is_missing() -> None:
    fields = {key: value for key, value in report(SmsStatus="delivered").items() if key != "MessageStatus"}
    [told] = receiver().receive_reports(signed(fields, "/api/webhooks/sms/status"), None)
    assert (told.status, told.key) == (Delivery.DELIVERED, None)


@pytest.mark.parametrize(
    ("told", "code"), [("30003", "30003"), ("", ""), ("<b>", ""), ("9" * 11, ""), ("30003\n", ""), ("٣", "")]
)
def test_an_error_code_is_a_number_or_nothing(told: str, code: str) -> None:
    [failed] = receiver().receive_reports(signed(report(MessageStatus="failed", ErrorCode=told), REPORTS), KEY)
    assert failed.error_code == code


@pytest.mark.parametrize(
    "fields",
    [
        {**report(), "MessageSid": ""},
        {**report(), "MessageSid": "x", "MessageStatus": "teleported"},
        [*report().items(), ("MessageStatus", "failed")],
        [*report().items(), ("MessageSid", OTHER_SID)],
    ],
)
def test_a_report_without_one_id_and_one_status_is_not_understood(fields: Fields) -> None:
    with pytest.raises(NotUnderstood):
        receiver().receive_reports(signed(fields, REPORTS), KEY)


# Answering


# Settings


@pytest.mark.parametrize("blank", [{"account_sid": ""}, {"auth_tokens": ()}, {"auth_tokens": (TOKEN, "")}], ids=str)
def test_a_blank_credential_with_which_anybody_could_sign_is_refused(blank: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        replace(SETTINGS, **blank)


def test_settings_that_are_printed_show_no_token() -> None:
    assert TOKEN not in repr(SETTINGS)
    assert OLD_TOKEN not in repr(SETTINGS)
