"""A phone's webhooks: whom we believe, what a text and a report become, and how they are answered."""

import hmac
import json
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.android import AndroidGateway
from domain.errors import NotAuthentic, NotUnderstood
from domain.inbound import Delivery, DeliveryReport
from domain.ports import RawRequest
from tests.adapters.test_android import (
    CLINIC,
    KEY,
    NOW,
    OLD_SIGNING_KEY,
    PATIENT,
    SETTINGS,
    SIGNING_KEY,
    heard,
    read,
)
from tests.adapters.test_telnyx_webhooks import json_values

TEXTS, STATUS = "/api/webhooks/sms", "/api/webhooks/sms/status"
SECONDS = int(NOW.timestamp())
ID = f"fffffffe-{SECONDS}"
CLIENT = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500)))


def receiver(later: timedelta = timedelta(0), region: str | None = "US") -> AndroidGateway:
    """A gateway that only receives, some time after the signature was made."""
    return AndroidGateway(replace(SETTINGS, fallback_region=region), CLIENT, lambda: NOW + later)


def signed(body: bytes, path: str = TEXTS, key: str = SIGNING_KEY, at: str | None = None) -> RawRequest:
    """A request with the signature by the app's manual, written a second time."""
    time = at if at is not None else str(SECONDS)
    signature = hmac.new(key.encode(), body + time.encode(), "sha256").hexdigest()
    return RawRequest("POST", path, {"x-signature": signature, "x-timestamp": time}, body)


def event(kind: str, payload: object) -> bytes:
    document = {"deviceId": "ffffffffceb0b1db", "event": kind, "id": "Ey6ECgOkVVFjz3CL48B8C", "webhookId": "x"}
    return json.dumps({**document, "payload": payload}).encode()


def said(**changes: object) -> dict[str, object]:
    """A patient's text as the phone tells of it, in its own zone."""
    return {
        "messageId": "fffffffe",
        "message": " Yes ",
        "sender": PATIENT,
        "recipient": CLINIC,
        "phoneNumber": PATIENT,
        "simNumber": 1,
        "receivedAt": "2026-11-23T12:00:00.000+02:00",
        **changes,
    }


def inbound(**changes: object) -> RawRequest:
    return signed(event("sms:received", said(**changes)))


def report(kind: str = "sms:delivered", **changes: object) -> RawRequest:
    payload = {"messageId": KEY, "phoneNumber": PATIENT, "recipient": PATIENT, "simNumber": None, **changes}
    return signed(event(kind, payload), STATUS)


# Texts


def test_both_keys_verify_while_they_are_changed() -> None:
    assert receiver().receive_texts(signed(event("sms:received", said()), key=OLD_SIGNING_KEY))


def test_the_webhook_and_the_inbox_give_a_text_the_same_id() -> None:
    [listed] = read(heard(-2, 5))
    [told] = receiver().receive_texts(inbound(receivedAt="2026-11-23T10:00:05Z"))
    assert listed.message_id == told.message_id


def test_two_texts_with_the_same_hash_on_two_days_have_two_ids() -> None:
    [first] = receiver().receive_texts(inbound())
    [second] = receiver().receive_texts(inbound(receivedAt="2026-11-24T12:00:00.000+02:00"))
    assert first.message_id != second.message_id


def test_a_text_that_the_phone_could_not_deliver_for_days_has_its_own_date() -> None:
    """The phone signs each try anew, so that it is believed; something newer may have overtaken it."""
    late = signed(event("sms:received", said()), at=str(SECONDS + 86_400))
    [text] = receiver(timedelta(days=1)).receive_texts(late)
    assert (text.message_id, text.sent_at) == (ID, NOW)


def test_an_older_app_names_the_sender_otherwise_and_no_recipient() -> None:
    [text] = receiver().receive_texts(inbound(sender=None, recipient=None))
    assert (text.sender, text.recipient) == (PATIENT, "")


@pytest.mark.parametrize(
    ("sender", "region", "number"),
    [
        ("2025550143", "US", PATIENT),
        ("(202) 555-0143", "US", PATIENT),
        ("12025550143", "US", PATIENT),
        ("+44 7700 900123", "US", "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        ("+12025550143", None, PATIENT),
    ],
)
def test_a_sender_without_its_country_is_completed(sender: str, region: str | None, number: str) -> None:
    [text] = receiver(region=region).receive_texts(inbound(sender=sender))
    assert text.sender == number


@pytest.mark.parametrize(
    ("sender", "region"),
    [
        ("2025550143", None),
        ("5550143", "US"),
        ("12345", "US"),
        ("Bank", "US"),
        ("1-800-FLOWERS", "US"),
        ("+1٢٠٢٥٥٥٠١٤٣", "US"),
        ("+" + "1" * 40, "US"),
        ("", "US"),
        (17, "US"),
    ],
)
def test_who_is_no_phone_is_nothing_for_us_and_logged_without_the_number(
    sender: object, region: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert receiver(region=region).receive_texts(inbound(sender=sender, phoneNumber=None)) == []
    assert ID in caplog.text
    assert "5550143" not in caplog.text


@pytest.mark.parametrize("words", [None, 7, []])
def test_what_is_no_text_has_no_words(words: object) -> None:
    [text] = receiver().receive_texts(inbound(message=words))
    assert text.text == ""


def test_a_picture_message_comes_with_its_words_and_their_number() -> None:
    payload = {**said(messageId="1042", body="Yes", message=None), "attachments": [{"partId": 1}, {"partId": 2}]}
    [text] = receiver().receive_texts(signed(event("mms:downloaded", payload)))
    assert (text.message_id, text.text, text.pictures) == (f"1042-{SECONDS}", "Yes", 2)


@pytest.mark.parametrize("kind", ["mms:received", "sms:data-received", "system:ping", "sms:batch:received"])
def test_other_events_among_the_texts_are_nothing_for_us(kind: str) -> None:
    assert receiver().receive_texts(signed(event(kind, said()))) == []


# Whom we believe


def tampered(**changes: Any) -> RawRequest:
    return replace(inbound(), **changes)


def headed(**changes: str) -> RawRequest:
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    return tampered(headers={**inbound().headers, **names})


BODY = event("sms:received", said())


def test_whom_no_key_signed_is_not_believed() -> None:
    with pytest.raises(NotAuthentic):
        receiver().receive_texts(signed(BODY, key=""))


def test_a_signature_in_capitals_is_the_same() -> None:
    assert receiver().receive_texts(headed(x_signature=inbound().headers["x-signature"].upper()))


MALFORMED: dict[str, RawRequest] = {
    "not UTF-8": signed(BODY.replace(b"Yes", b"\xff")),
    "truncated before it was signed": signed(BODY[:-1]),
    "no event": signed(b'{"payload": {"messageId": "x"}}'),
    "no payload": signed(event("sms:received", None)),
    "no id": inbound(messageId=None),
    "a number for an id": inbound(messageId=17),
    "an id with a path in it": inbound(messageId="../x"),
    "an id with a line feed": inbound(messageId="abc\n"),
    "an id that is too long": inbound(messageId="a" * 65),
    "no date": inbound(receivedAt=None),
    "a date that is none": inbound(receivedAt="today"),
    "a GET": replace(inbound(), method="GET"),
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_signed_but_makes_no_sense_is_not_understood(request_: RawRequest) -> None:
    with pytest.raises(NotUnderstood) as caught:
        receiver().receive_texts(request_)
    assert "2025550143" not in str(caught.value)


NAMES = ("messageId", "message", "sender", "recipient", "receivedAt", "attachments", "reason", "body")
KINDS = ("sms:received", "mms:downloaded", "sms:failed")


@settings(deadline=None)
@given(changes=st.dictionaries(st.sampled_from(NAMES), json_values), kind=st.sampled_from(KINDS))
def test_whatever_a_signed_event_holds_it_is_read_or_refused(changes: dict[str, object], kind: str) -> None:
    request = signed(event(kind, said(**changes)))
    with suppress(NotUnderstood):
        assert len(receiver().receive_texts(request)) <= 1
    with suppress(NotUnderstood):
        assert len(receiver().receive_reports(request, None)) <= 1


# Delivery reports


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("sms:sent", Delivery.SENT),
        ("sms:delivered", Delivery.DELIVERED),
        ("sms:failed", Delivery.UNDELIVERED),
    ],
)
@pytest.mark.parametrize("key", [None, KEY, "e1" * 16])
def test_each_event_says_how_far_a_text_has_come_and_names_our_key_itself(
    kind: str, status: Delivery, key: str | None
) -> None:
    assert receiver().receive_reports(report(kind), key) == [DeliveryReport(KEY, status, KEY)]


@pytest.mark.parametrize("kind", ["sms:sent", "sms:delivered", "sms:failed"])
def test_a_report_among_the_texts_is_refused_so_that_the_phone_tries_again(kind: str) -> None:
    with pytest.raises(NotUnderstood):
        receiver().receive_texts(report(kind))


@pytest.mark.parametrize("kind", ["sms:received", "mms:downloaded"])
def test_a_text_among_the_reports_is_refused_so_that_the_phone_tries_again(kind: str) -> None:
    with pytest.raises(NotUnderstood):
        receiver().receive_reports(signed(event(kind, said())), None)


@pytest.mark.parametrize("kind", ["mms:received", "system:ping", "sms:teleported"])
def test_other_events_among_the_reports_are_nothing_for_us(kind: str) -> None:
    assert receiver().receive_reports(report(kind), None) == []


@pytest.mark.parametrize("message_id", ["PyDmBQZZXYmyxMwED8Fzy", "D0" * 16])
def test_what_others_have_sent_with_this_phone_has_no_key_of_ours(message_id: str) -> None:
    [told] = receiver().receive_reports(report(messageId=message_id), KEY)
    assert (told.message_id, told.key) == (message_id, None)


@pytest.mark.parametrize("key", [None, "", 17, KEY + "\n", "x" * 65])
def test_a_report_without_an_id_is_not_understood(key: object) -> None:
    with pytest.raises(NotUnderstood):
        receiver().receive_reports(report(messageId=key), None)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("Send result: RESULT_ERROR_GENERIC_FAILURE (1)", "RESULT_ERROR_GENERIC_FAILURE"),
        ("Delivery result from SC +12025550199: 70", "STATUS_70"),
        ("Delivery result: 1", "STATUS_1"),
        ("TTL expired", "TTL_EXPIRED"),
        ("Can't send message: No SIMs found", "NO_SIM"),
        ("Can't send message: +12025550143 is bad", ""),
        ("Unknown", ""),
        (None, ""),
        (17, ""),
    ],
)
def test_a_failure_brings_its_reason_as_a_code_without_any_number_of_a_phone(reason: object, code: str) -> None:
    [failed] = receiver().receive_reports(report("sms:failed", reason=reason), None)
    assert failed.error_code == code


def test_no_log_line_holds_a_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receiver().receive_reports(report("system:ping"), None)
    receiver().receive_texts(inbound(sender="Bank"))
    assert "2025550143" not in caplog.text


# Answering
