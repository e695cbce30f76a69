"""Telnyx's webhooks: whom we believe, what a text and a report become, and how they are answered."""

import base64
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telnyx import Telnyx
from domain.errors import NotAuthentic, NotUnderstood
from domain.inbound import Blame, ConsentHint, Delivery, DeliveryReport
from domain.ports import RawRequest
from tests.adapters.test_telnyx import CLINIC, ID, KEY, NOW, OLD_PAIR, PAIR, PATIENT, REPORTS, SETTINGS, message

TEXTS = "/api/webhooks/sms"
STATUS = f"{TEXTS}/status/{KEY}"
OTHER_KEY = KEY[:-1] + "1"
CLIENT = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500)))


def receiver(later: timedelta = timedelta(0)) -> Telnyx:
    """A Telnyx that only receives, some time after the signature was made."""
    return Telnyx(SETTINGS, CLIENT, lambda: NOW + later)


def signed(body: bytes, path: str = TEXTS, pair: Ed25519PrivateKey = PAIR, at: str | None = None) -> RawRequest:
    """A request with the signature by its documentation, written a second time."""
    time = at if at is not None else str(int(NOW.timestamp()))
    signature = base64.b64encode(pair.sign(time.encode() + b"|" + body)).decode()
    headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": time, "content-type": "application/json"}
    return RawRequest("POST", path, headers, body)


def event(payload: object, kind: str = "message.received", delivered_to: str | None = None) -> bytes:
    data = {
        "event_type": kind,
        "id": "b301ed3f-1490-491f-995f-6e64e69674d4",
        "payload": payload,
        "record_type": "event",
    }
    return json.dumps({"data": data, "meta": {"attempt": 1, "delivered_to": delivered_to}}).encode()


def inbound(**changes: object) -> RawRequest:
    return signed(event(message(ID, **changes)))


def reported(status: object = "delivered", kind: str = "message.finalized", **changes: object) -> bytes:
    sent = {
        "id": ID,
        "direction": "outbound",
        "from": {"phone_number": CLINIC},
        "to": [{"phone_number": PATIENT, "status": status}],
        "errors": [],
        "webhook_url": REPORTS,
    }
    return event({**sent, **changes}, kind)


# Texts


def test_both_keys_verify_while_they_are_rotated() -> None:
    assert receiver().receive_texts(signed(event(message(ID)), pair=OLD_PAIR))


@pytest.mark.parametrize(
    ("told", "hint"),
    [("STOP", ConsentHint.STOP), ("start", ConsentHint.START), ("HELP", ConsentHint.HELP), (None, None), (7, None)],
)
def test_what_telnyx_made_of_a_text_is_a_hint(told: object, hint: ConsentHint | None) -> None:
    [text] = receiver().receive_texts(inbound(autoresponse_type=told))
    assert (text.hint, text.text) == (hint, " Yes ")


@pytest.mark.parametrize("said", [None, 7, []])
def test_what_is_no_text_has_no_words(said: object) -> None:
    [text] = receiver().receive_texts(inbound(text=said))
    assert text.text == ""


def test_a_lone_surrogate_does_no_harm() -> None:
    [text] = receiver().receive_texts(signed(event(message(ID)).replace(b" Yes ", b"Yes\\ud83d")))
    assert text.text == "Yes "


def test_pictures_are_counted() -> None:
    [text] = receiver().receive_texts(inbound(media=[{"url": "https://x"}, {"url": "https://y"}], type="MMS"))
    assert text.pictures == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "RCS"},
        {"type": "WHATSAPP"},
        {"from": {"phone_number": "12345"}},
        {"from": {"phone_number": "12025550143"}},
        {"from": {"phone_number": "+12025550143\n"}},
        {"from": {"phone_number": "+1٢٠٢٥٥٥٠١٤٣"}},
        {"from": {}},
        {"from": None},
    ],
    ids=str,
)
def test_who_is_no_phone_is_nothing_for_us_and_logged_without_the_number(
    changes: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "replyes.telnyx")
    assert receiver().receive_texts(inbound(**changes)) == []
    assert ID in caplog.text
    assert "2025550143" not in caplog.text


@pytest.mark.parametrize("kind", ["call.initiated", ""])
def test_other_events_among_the_texts_are_nothing_for_us(kind: str) -> None:
    assert receiver().receive_texts(signed(event(message(ID), kind))) == []


# Whom we believe


def tampered(**changes: Any) -> RawRequest:
    return replace(inbound(), **changes)


BODY = event(message(ID))


def test_a_time_that_is_none_is_not_believed_even_if_it_was_signed() -> None:
    with pytest.raises(NotAuthentic):
        receiver().receive_texts(signed(BODY, at="0x6a"))


MALFORMED: dict[str, RawRequest] = {
    "not UTF-8": signed(BODY.replace(b"Yes", b"\xff")),
    "truncated before it was signed": signed(BODY[:-1]),
    "an event of the older API": signed(b'{"sms_id": "x", "direction": "inbound"}'),
    "data that is none": signed(b'{"data": []}'),
    "no payload": signed(event(None)),
    "no id": inbound(id=None),
    "a number for an id": inbound(id=17),
    "an id with a path in it": inbound(id="../../etc/passwd"),
    "an id with a line feed": inbound(id=ID + "\n"),
    "an id that is too long": inbound(id="a" * 65),
    "a GET": replace(inbound(), method="GET"),
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_signed_but_makes_no_sense_is_not_understood(request_: RawRequest) -> None:
    with pytest.raises(NotUnderstood) as caught:
        receiver().receive_texts(request_)
    assert "2025550143" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("id", "type", "from", "to", "text", "media", "autoresponse_type", "errors", "webhook_url")


@settings(deadline=None)
@given(changes=st.dictionaries(st.sampled_from(NAMES), json_values), kind=st.sampled_from(["received", "finalized"]))
def test_whatever_a_signed_event_holds_it_is_read_or_refused(changes: dict[str, object], kind: str) -> None:
    request = signed(event({**message(ID), **changes}, f"message.{kind}"))
    receive: Callable[[], list[Any]] = (
        (lambda: receiver().receive_texts(request))
        if kind == "received"
        else (lambda: receiver().receive_reports(request, KEY))
    )
    with suppress(NotUnderstood, NotAuthentic):
        assert len(receive()) <= 1


# Delivery reports


@pytest.mark.parametrize(
    ("kind", "told", "status"),
    [
        ("message.sent", "queued", Delivery.ACCEPTED),
        ("message.sent", "sending", Delivery.ACCEPTED),
        ("message.sent", "sent", Delivery.SENT),
        ("message.finalized", "delivered", Delivery.DELIVERED),
        ("message.finalized", "read", Delivery.DELIVERED),
        ("message.finalized", "delivery_unconfirmed", Delivery.SENT),
        ("message.finalized", "delivery_failed", Delivery.UNDELIVERED),
        ("message.finalized", "sending_failed", Delivery.UNDELIVERED),
        ("message.finalized", "expired", Delivery.UNDELIVERED),
    ],
)
def test_each_status_says_how_far_a_text_has_come(kind: str, told: str, status: Delivery) -> None:
    assert receiver().receive_reports(signed(reported(told, kind), STATUS), KEY) == [DeliveryReport(ID, status, KEY)]


@pytest.mark.parametrize("told", ["teleported", "webhook_delivered", None, 7, []], ids=str)
def test_a_status_that_says_nothing_is_no_report(told: object) -> None:
    assert receiver().receive_reports(signed(reported(told), STATUS), KEY) == []


@pytest.mark.parametrize("to", [None, [], ["x"], {"status": "delivered"}], ids=str)
def test_a_report_without_a_recipient_is_no_report(to: object) -> None:
    assert receiver().receive_reports(signed(reported(to=to), STATUS), KEY) == []


def test_another_event_among_the_reports_is_no_report() -> None:
    assert receiver().receive_reports(signed(event(message(ID), "call.initiated")), KEY) == []


@pytest.mark.parametrize(
    ("title", "opted_out"), [("Blocked due to STOP message", True), ("Unreachable", False), (None, False)]
)
def test_only_the_words_of_a_report_tell_that_the_phone_wants_no_texts(title: object, opted_out: bool) -> None:
    errors = [{"code": "40300", "title": title}]
    [report] = receiver().receive_reports(signed(reported("sending_failed", errors=errors), STATUS), KEY)
    assert (report.blame is Blame.OPTED_OUT, report.error_code) == (opted_out, "40300")


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([{"code": "40008", "title": "Undeliverable"}, {"code": "40001"}], "40008"),
        ([{"code": 40008}], "40008"),
        ([{"code": "<b>"}], ""),
        ([], ""),
        (None, ""),
        ("40008", ""),
    ],
    ids=str,
)
def test_a_failure_brings_its_code(errors: object, code: str) -> None:
    [report] = receiver().receive_reports(signed(reported("delivery_failed", errors=errors), STATUS), KEY)
    assert report.error_code == code


def test_where_only_the_delivery_names_the_url_that_is_signed_as_well() -> None:
    sent = json.loads(reported(webhook_url=None))["data"]["payload"]
    request = signed(event(sent, "message.finalized", REPORTS))
    [report] = receiver().receive_reports(request, KEY)
    assert report.key == KEY
    with pytest.raises(NotAuthentic):
        receiver().receive_reports(request, OTHER_KEY)


def test_a_key_that_nobody_signed_is_not_believed() -> None:
    [report] = receiver().receive_reports(signed(reported(webhook_url=None), STATUS), KEY)
    assert (report.message_id, report.key) == (ID, None)


@pytest.mark.parametrize(("webhook_url", "key"), [(REPORTS, KEY), (None, None), ("https://x/status/short", None)])
def test_a_report_that_came_without_a_key_in_the_path_takes_the_signed_one(
    webhook_url: str | None, key: str | None
) -> None:
    [report] = receiver().receive_reports(signed(reported(webhook_url=webhook_url), f"{TEXTS}/status"), None)
    assert report.key == key


# Answering
