"""WhatsApp: which approved words a patient gets, what may be filled in, and what Twilio's list shows of it."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.common.whatsapp import ANY_LANGUAGE, WhatsApp, blanks_of
from domain.inbound import InboundText
from domain.ports import FoundText
from domain.ways import Way
from tests.adapters.carriers.driver import (
    BY_WHATSAPP,
    CLINIC,
    CLINICS_WHATSAPP,
    FREE,
    NOW,
    PATIENT,
    QUESTION,
    TEXTS,
)
from tests.adapters.carriers.twilio import SERVICE, TwilioDriver
from tests.adapters.carriers.vonage import SENT_AT, VonageDriver

TWILIO, VONAGE = TwilioDriver(), VonageDriver()


@pytest.mark.parametrize(
    ("templates", "language", "expected"),
    [
        ({ANY_LANGUAGE: "any"}, "fr", ("fr", "any")),
        ({"en": "a", "de": "b"}, "de", ("de", "b")),
        ({"en": "a", "de": "b"}, "fr", ("en", "a")),
        ({"de": "b", "en": "a"}, "fr", ("de", "b")),
        ({"en": "a", ANY_LANGUAGE: "any"}, "fr", ("fr", "any")),
        ({"en": "a", ANY_LANGUAGE: "any"}, "en", ("en", "a")),
        ({"en_GB": "a", "pt-BR": "b"}, "pt", ("pt-BR", "b")),
        ({"en_GB": "a", "pt-BR": "b"}, "en-US", ("en_GB", "a")),
    ],
)
def test_a_patient_gets_words_in_the_own_language_or_else_some(
    templates: dict[str, str], language: str, expected: tuple[str, str]
) -> None:
    assert WhatsApp(CLINICS_WHATSAPP, templates).template(language) == expected


@pytest.mark.parametrize(
    ("blank", "filled_in"),
    [
        ("Tue 10:30", "Tue 10:30"),
        ("1) Tue\n2) Wed\r\n", "1) Tue 2) Wed"),
        ("a\tb     c", "a b c"),
        ("", "–"),
        (" \n ", "–"),
        ("a\u2028b\xa0c", "a b c"),
    ],
)
def test_a_blank_is_filled_in_on_one_line_and_never_empty(blank: str, filled_in: str) -> None:
    assert blanks_of(replace(QUESTION, blanks=(blank,))) == [filled_in]


def listed(messages: list[dict[str, Any]], asked: list[dict[str, str]]) -> Any:
    """Twilio's list with these messages, whatever is asked for."""

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        return httpx.Response(200, json={"messages": messages, "next_page_uri": None})

    return handler


def test_a_services_list_holds_texts_by_whatsapp_too() -> None:
    asked: list[dict[str, str]] = []
    messages = json.loads(TWILIO.listed_by_whatsapp().content)["messages"]
    messages += [
        {**messages[0], "sid": "SM" + "1" * 32, "from": PATIENT, "to": CLINIC, "messaging_service_sid": SERVICE},
        {**messages[0], "sid": "SM" + "2" * 32, "from": PATIENT, "to": CLINIC},
        {**messages[0], "sid": "SM" + "3" * 32, "to": "whatsapp:+12025550177"},
    ]
    handler = listed(messages, asked)
    heard = TWILIO.call(handler, lambda carrier: carrier.received(NOW), sender=SERVICE, **TWILIO.speaking)
    assert isinstance(heard, list)
    assert {(one.by, one.recipient, one.pool) for one in heard} == {
        (Way.WHATSAPP, CLINICS_WHATSAPP, ""),
        (Way.SMS, CLINIC, SERVICE),
    }
    assert [sorted(one) for one in asked] == [["DateSent>", "PageSize"]]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, True),
        ({"body": "Dr. Lee: Tue 10:30, Wed 9:00"}, False),
        ({"to": PATIENT}, False),
        ({"direction": "inbound"}, False),
        ({"body": None}, False),
    ],
)
def test_a_template_is_found_by_every_blank_and_by_its_way(changes: dict[str, Any], found: bool) -> None:
    message = json.loads(TWILIO.listed_by_whatsapp().content)["messages"][2]
    handler = listed([{**message, **changes}], [])
    told = TWILIO.call(handler, lambda carrier: carrier.find(BY_WHATSAPP, NOW), **TWILIO.speaking)
    assert told == ([FoundText(TWILIO.ids[0], NOW)] if found else [])


def test_a_free_text_by_whatsapp_is_found_by_all_its_words() -> None:
    message = json.loads(TWILIO.listed_by_whatsapp().content)["messages"][1]
    handler = listed([{**message, "body": FREE.body + "!"}], [])
    assert TWILIO.call(handler, lambda carrier: carrier.find(FREE, NOW), **TWILIO.speaking) == []


@pytest.mark.parametrize(
    ("told", "words", "pictures"),
    [
        ({"message_type": "reply", "reply": {"id": "1", "title": "YES", "description": "…"}}, "YES", 0),
        ({"message_type": "button", "button": {"payload": "y", "text": "YES"}}, "YES", 0),
        ({"message_type": "image", "image": {"url": "https://…", "caption": "YES"}}, "YES", 1),
        ({"message_type": "reaction", "reaction": {"action": "react", "emoji": "👍"}}, "", 1),
    ],
)
def test_what_vonage_makes_of_whatsapps_messages(told: dict[str, object], words: str, pictures: int) -> None:
    document = {"channel": "whatsapp", "message_uuid": VONAGE.ids[0], "from": PATIENT[1:], "to": CLINICS_WHATSAPP[1:]}
    request = VONAGE.signed(TEXTS, json.dumps({**document, "timestamp": SENT_AT, **told}).encode())
    assert VONAGE.receiver(**VONAGE.speaking).receive_texts(request) == [
        InboundText(VONAGE.ids[0], PATIENT, CLINICS_WHATSAPP, words, pictures=pictures, by=Way.WHATSAPP)
    ]
