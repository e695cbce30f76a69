"""Is the account at Vonage set up for us?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.vonage import VonageSettings, checking
from domain.checks import Finding
from tests.adapters.checks_kit import PUBLIC_URL, REPORTS, TEXTS, WANTED, found, network, unclear, wrong

SETTINGS = VonageSettings("a1b2c3d4", "s3cret-of-vonage", ("signing-secret",), "+12025550100", PUBLIC_URL)
REST, APP = "https://rest.nexmo.com/account", "https://api.nexmo.com/v2/applications/app-1"
ELSEWHERE = "https://example.net/inbound"


def asked(settings: VonageSettings = SETTINGS, **changes: Any) -> list[Finding]:
    """With an account that is set up well, but for the changes."""
    urls = {"inbound_url": TEXTS, "status_url": REPORTS, **changes.get("urls", {})}
    webhooks = {name: {"address": url, "http_method": changes.get("method", "POST")} for name, url in urls.items()}
    messages = {"webhooks": webhooks, "version": changes.get("version", "v1")}
    number = {"msisdn": "12025550100", "features": ["SMS", "VOICE"], "app_id": "app-1", **changes.get("number", {})}
    documents = {
        f"{REST}/get-balance": changes.get("balance", {"value": 10.28, "autoReload": False}),
        f"{REST}/numbers": {"count": 1, "numbers": changes.get("numbers", [number])},
        APP: {"id": "app-1", "capabilities": {"messages": messages}},
    }
    return found(lambda ask: checking.check(settings, ask, WANTED), network(documents))


def test_an_account_that_is_set_up_well_has_only_what_the_api_does_not_tell() -> None:
    findings = asked()
    assert wrong(findings) == []
    assert len(unclear(findings)) == 1
    assert "Messages API" in unclear(findings)[0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"balance": (401, {"error-code": "401"})}, "refuses the credentials"),
        ({"balance": {"value": 0, "autoReload": False}}, "no credit"),
        ({"numbers": []}, "…00 is no number of this account"),
        ({"number": {"features": ["VOICE"]}}, "…00 cannot send or receive SMS"),
        ({"number": {"app_id": None}}, "…00 is linked to no application"),
        ({"urls": {"inbound_url": ELSEWHERE}}, f"inbound URL leads to {ELSEWHERE}, not to us"),
        ({"urls": {"inbound_url": REPORTS}}, "inbound URL leads to"),
        ({"urls": {"status_url": ""}}, "status URL leads to nowhere"),
        ({"version": "v0.1"}, "of version v0.1"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(changes: dict[str, Any], told: str) -> None:
    [fault] = wrong(asked(**changes))
    assert told in fault


def test_webhooks_that_come_by_get_are_faults() -> None:
    assert all("not by POST" in fault for fault in wrong(asked(method="GET")))
    assert len(wrong(asked(method="GET"))) == 2


def test_a_low_balance_is_worth_a_look_unless_it_is_filled_up_by_itself() -> None:
    assert "0.40 EUR" in unclear(asked(balance={"value": 0.4, "autoReload": False}))[0]
    assert len(unclear(asked(balance={"value": 0.4, "autoReload": True}))) == 1


@pytest.mark.parametrize("sender", ["12345", "Clinic"])
def test_a_sender_that_the_api_does_not_list_is_told_as_not_checked(sender: str) -> None:
    findings = asked(replace(SETTINGS, sender=sender))
    assert (wrong(findings), len(unclear(findings))) == ([], 2)


def test_a_stand_in_has_one_address_for_all() -> None:
    assert checking.rest_url("http://127.0.0.1:4010") == "http://127.0.0.1:4010"
