"""Is the account at Telnyx set up for us?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.telnyx import TelnyxSettings, checking
from domain.checks import Finding
from tests.adapters.checks_kit import PUBLIC_URL, TEXTS, WANTED, found, network, unclear, wrong

PUBLIC, OTHER = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=", "B6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
PROFILE, NUMBER = "4000eba1-a0c0-4563-9925-b25e842a7cb6", "+12025550100"
SETTINGS = TelnyxSettings("KEY0123", (PUBLIC,), NUMBER, PUBLIC_URL)
API = "https://api.telnyx.com/v2"
A_PROFILE = {"enabled": True, "webhook_url": TEXTS, "webhook_api_version": "2"}


def asked(settings: TelnyxSettings = SETTINGS, **changes: Any) -> list[Finding]:
    """With an account that is set up well, but for the changes."""
    number = {"phone_number": NUMBER, "messaging_profile_id": PROFILE, **changes.get("number", {})}
    profile = f"{API}/messaging_profiles/{PROFILE}"
    documents = {
        f"{API}/balance": changes.get("balance", {"data": {"available_credit": "400.00", "currency": "USD"}}),
        f"{API}/public_key": changes.get("public_key", {"data": {"public": PUBLIC}}),
        f"{API}/phone_numbers/messaging": {"data": changes.get("numbers", [number])},
        profile: {"data": {**A_PROFILE, **changes.get("profile", {})}},
        f"{profile}/autoresp_configs": changes.get("words", {"data": []}),
    }
    return found(lambda ask: checking.check(settings, ask, WANTED), network(documents))


def words(op: str, *keywords: str) -> dict[str, object]:
    return {"data": [{"op": op, "keywords": list(keywords), "country_code": "US"}]}


@pytest.mark.parametrize("sender", [NUMBER, PROFILE])
def test_an_account_that_is_set_up_well_has_nothing_to_look_at(sender: str) -> None:
    assert {one.verdict for one in asked(replace(SETTINGS, sender=sender))} == {"good"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"balance": (401, {"errors": [{"title": "Authentication failed"}]})}, "(HTTP 401: Authentication failed)"),
        ({"balance": {"data": {"available_credit": "0.00"}}}, "no credit"),
        ({"public_key": {"data": {"public": OTHER}}}, f"is not the account's -> set it to {OTHER}"),
        ({"numbers": []}, "…00 is no number of this account"),
        ({"number": {"messaging_profile_id": None}}, "…00 has no messaging profile"),
        ({"profile": {"enabled": False}}, "switched off"),
        ({"profile": {"webhook_url": None}}, "to nowhere, not to us"),
        ({"profile": {"webhook_api_version": "1"}}, "of API version 1"),
        ({"words": words("stop", "STOP", "Nein")}, "NEIN opts a patient out"),
        ({"words": words("stop", "yes")}, "YES opts a patient out"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(changes: dict[str, Any], told: str) -> None:
    [fault] = wrong(asked(**changes))
    assert told in fault


def test_the_usual_words_are_no_fault() -> None:
    assert unclear(asked(words=words("stop", "STOP", "CANCEL", "END", "QUIT", "STOP ALL"))) == []


def test_a_yes_that_telnyx_answers_by_itself_is_worth_a_look() -> None:
    assert "answers to YES as well" in unclear(asked(words=words("start", "START", "YES")))[0]


def test_what_the_api_does_not_tell_is_told_as_not_checked() -> None:
    findings = asked(words=(404, {}), public_key=(404, {}), balance={"data": {"available_credit": "?"}})
    assert (wrong(findings), len(unclear(findings))) == ([], 3)
