"""Signatures with a date: what was signed is believed for five minutes, and no time but the signed one counts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import NotAuthentic
from domain.ports import RawRequest
from tests.adapters.carriers.android import AndroidDriver
from tests.adapters.carriers.driver import NOW, TEXTS, Driver
from tests.adapters.carriers.telnyx import TelnyxDriver

EVERY = [
    (TelnyxDriver(), "telnyx-timestamp", "telnyx-signature-ed25519"),
    (AndroidDriver(), "x-timestamp", "x-signature"),
]
every_dated = pytest.mark.parametrize(
    ("driver", "timestamp", "signature"), EVERY, ids=lambda one: getattr(one, "name", "")
)
SECONDS = int(NOW.timestamp())


def refused(driver: Driver, request: RawRequest) -> None:
    for receive in (driver.receiver().receive_texts, lambda one: driver.receiver().receive_reports(one, None)):
        with pytest.raises(NotAuthentic) as caught:
            receive(request)
        assert caught.value.signed


@every_dated
@pytest.mark.parametrize("minutes", [-5, 5])
def test_five_minutes_are_still_believed_and_a_second_more_is_not(
    driver: Driver, timestamp: str, signature: str, minutes: int
) -> None:
    body, edge = driver.text("YES").body, NOW + timedelta(minutes=minutes)
    assert driver.receiver().receive_texts(driver.signed(TEXTS, body, at=edge))
    refused(driver, driver.signed(TEXTS, body, at=edge + timedelta(seconds=minutes // 5)))


@every_dated
@pytest.mark.parametrize(
    "told",
    [
        "",
        "now",
        "0x6a",
        str(SECONDS + 1),
        str(SECONDS * 1000),
        "9" * 5000,
        "١٧٩٥٤٢٨٠٠٠",
        f"+{SECONDS}",
        str(SECONDS)[1:],
    ],
)
def test_a_time_that_was_not_signed_or_is_none_proves_nothing(
    driver: Driver, timestamp: str, signature: str, told: str
) -> None:
    request = driver.text("YES")
    refused(driver, replace(request, headers={**request.headers, timestamp: told}))


@every_dated
def test_a_digit_of_the_time_cannot_move_into_the_body(driver: Driver, timestamp: str, signature: str) -> None:
    request, time = driver.text("YES"), str(SECONDS)
    moved = replace(request, body=request.body + time[:1].encode(), headers={**request.headers, timestamp: time[1:]})
    refused(driver, moved)


@every_dated
@pytest.mark.parametrize("given", ["AAAA", "ab" * 64, "é" * 88, "\udcff" * 64, "A" * 86 + "==", "sha256=" + "0" * 64])
def test_a_signature_that_is_none_proves_nothing(driver: Driver, timestamp: str, signature: str, given: str) -> None:
    request = driver.text("YES")
    refused(driver, replace(request, headers={**request.headers, signature: given}))
    refused(driver, replace(request, headers={**request.headers, signature: "\n" + request.headers[signature]}))
    refused(driver, replace(request, headers={**request.headers, signature: request.headers[signature][:32]}))


@every_dated
def test_the_same_json_written_otherwise_is_another_body(driver: Driver, timestamp: str, signature: str) -> None:
    request = driver.text("YES")
    refused(driver, replace(request, body=request.body + b" "))
    refused(driver, replace(request, body=request.body.replace(b": ", b":")))
