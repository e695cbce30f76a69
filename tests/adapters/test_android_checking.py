"""Is the phone gateway set up for us?"""

from typing import Any

import httpx
import pytest

from adapters.android import AndroidSettings, checking
from domain.checks import Finding
from tests.adapters.checks_kit import REPORTS, TEXTS, WANTED, found, network, unclear, wrong

PHONE = "http://192.168.1.10:8080"
SETTINGS = AndroidSettings(PHONE, "sms", "password-of-the-app", ("signing-key-of-16-and-more",))
EVENTS = {
    "sms:received": TEXTS,
    "mms:downloaded": TEXTS,
    "sms:sent": REPORTS,
    "sms:delivered": REPORTS,
    "sms:failed": REPORTS,
}


def asked(events: dict[str, str] | None = None, **documents: Any) -> list[Finding]:
    """With a phone that is set up well, but for the changes."""
    usual = [{"id": event, "event": event, "url": url} for event, url in {**EVENTS, **(events or {})}.items() if url]
    answers = {"health": {"status": "pass"}, "webhooks": usual, **documents}
    handler = network({f"{PHONE}/{name}": answer for name, answer in answers.items()})
    return found(lambda ask: checking.check(SETTINGS, ask, WANTED), handler)


def test_a_phone_that_is_set_up_well_has_only_its_signing_key_to_look_at() -> None:
    findings = asked()
    assert wrong(findings) == []
    assert len(unclear(findings)) == 1
    assert "ANDROID_GATEWAY_SIGNING_KEY" in unclear(findings)[0]


@pytest.mark.parametrize("event", ["sms:received", "sms:sent", "sms:delivered", "sms:failed"])
def test_a_missing_webhook_is_a_fault_with_the_call_that_registers_it(event: str) -> None:
    [fault] = wrong(asked({event: ""}))
    assert f"no webhook is registered for {event}" in fault
    assert f'{{"event": "{event}", "url": "{EVENTS[event]}"}}' in fault


def test_a_webhook_that_goes_elsewhere_is_a_fault() -> None:
    [fault] = wrong(asked({"sms:received": "https://user:secret@example.net/hook?token=1"}))
    assert "sms:received goes to https://example.net/hook, not to us" in fault


def test_pictures_are_worth_a_look_only() -> None:
    findings = asked({"mms:downloaded": ""})
    assert (wrong(findings), len(unclear(findings))) == ([], 2)


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ({"webhooks": (401, {"message": "Unauthorized"})}, "correct ANDROID_GATEWAY_USER"),
        ({"webhooks": httpx.ConnectTimeout("asleep")}, "whether the phone is on"),
        ({"health": (500, {"status": "fail"})}, "the gateway is not well"),
    ],
)
def test_a_phone_that_does_not_work_is_told_with_its_cure(documents: dict[str, Any], told: str) -> None:
    [fault] = wrong(asked(**documents))
    assert told in fault


def test_an_older_server_without_a_health_check_is_no_fault() -> None:
    assert wrong(asked(health=(404, {}))) == []


def test_a_phone_that_warns_is_worth_a_look() -> None:
    assert "warns" in unclear(asked(health={"status": "warn"}))[0]
